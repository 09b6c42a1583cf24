/*
 * builder_case.h - what the cases of a builder's tests share: a directory, an arena, an error, and the
 * instance of small_snapshot.h to add to.
 */
#ifndef REFGATE_TESTS_UNIT_BUILDER_CASE_H
#define REFGATE_TESTS_UNIT_BUILDER_CASE_H

#include "top.h"
#include "unit/small_snapshot.h"

static struct error error;
static struct arena arena;

#define GOOD(call) assert_int_equal((call), STATUS_OK)

static const struct place prj = {GRANT_PROJECT, 2}, app = {GRANT_REPOSITORY, 84},
                          everywhere = {GRANT_GLOBAL, 0};

static inline int builder_set_up(void **state)
{
    arena_init(&arena, 1 << 20);
    return set_up(state);
}

static inline int builder_tear_down(void **state)
{
    arena_free(&arena);
    return tear_down(state);
}

static inline struct builder *new_builder(void)
{
    struct builder *b;
    GOOD(builder_new(NULL, &b, &error));
    return b;
}

static inline struct builder *small_builder(void)
{
    struct builder *b = new_builder();
    small_fill(b, false);
    return b;
}

#endif
