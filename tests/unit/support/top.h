/*
 * top.h - a directory of its own for each case of a test: for cmocka_unit_test_setup_teardown().
 */
#ifndef REFGATE_TESTS_UNIT_TOP_H
#define REFGATE_TESTS_UNIT_TOP_H

#include <limits.h>

#include "unit/scratch.h"

static char top[PATH_MAX];

static inline const char *at(const char *name)
{
    return scratch_path(top, name);
}

static inline int set_up(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    scratch_remove(top);
    return 0;
}

#endif
