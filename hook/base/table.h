/*
 * table.h - names for the values of an enum, both ways.
 *
 * Every enum that people see (levels, classes, kinds, verdicts, …) has one table; parser, printer,
 * help text and tests read the same one.
 */
#ifndef REFGATE_BASE_TABLE_H
#define REFGATE_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct name_value {
    const char *name;
    int value;
};

/* Exact match of the name; false leaves *value as it is. `fold`: without ASCII case. */
bool table_value(const struct name_value *table, size_t count, struct text name, bool fold,
                 int *value);
/* The first name of the value, or NULL. */
const char *table_name(const struct name_value *table, size_t count, int value);
#define TABLE_COUNT(table) (sizeof(table) / sizeof((table)[0]))

#endif
