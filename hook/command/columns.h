/*
 * columns.h - a table for people: cells that are aligned below their heads.
 *
 * Cells are escaped for a terminal as they are added. All memory is the table's own.
 */
#ifndef REFGATE_COMMAND_COLUMNS_H
#define REFGATE_COMMAND_COLUMNS_H

#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"

#define COLUMNS_MAX 12

struct columns_row {
    struct text cells[COLUMNS_MAX];
};
struct columns {
    struct arena arena;
    struct columns_row *rows;
    size_t count, row_count, row_room;
    bool failed; /* out of memory */
};

void columns_init(struct columns *columns, size_t count); /* at most COLUMNS_MAX */
void columns_free(struct columns *columns);
/* `cells` has as many as the table has columns; an absent one is empty. The first row is the head. */
void columns_row(struct columns *columns, const struct text *cells);
/* Each row with `indent` blanks in front and none at its end. A column that is empty but for its head
 * is left out. */
void columns_print(const struct columns *columns, unsigned indent, FILE *out);

#endif
