/*
 * failing_memory.h - memory that runs out at the first, second, … request; for tests that are linked
 * with FAILING_MEMORY (tests/flags.mk).
 *
 *     for (size_t nth = 1; !memory_spared(); nth++) {
 *         memory_refuse(nth, true);
 *         status = ...;
 *         memory_grant();
 *         (memory_spared(): nothing was refused, and this is how it ends then)
 *     }
 */
#ifndef REFGATE_TESTS_UNIT_FAILING_MEMORY_H
#define REFGATE_TESTS_UNIT_FAILING_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/arena.h"

static struct {
    bool armed, refused;
    bool for_good; /* all that come after it, too */
    size_t asked, nth;
} failing_memory;

static bool memory_refuses(void)
{
    if (!failing_memory.armed)
        return false;
    failing_memory.asked++;
    bool now = failing_memory.asked == failing_memory.nth ||
               (failing_memory.for_good && failing_memory.asked > failing_memory.nth);
    failing_memory.refused = failing_memory.refused || now;
    return now;
}

static inline void memory_refuse(size_t nth, bool for_good)
{
    failing_memory.armed = true;
    failing_memory.refused = false;
    failing_memory.for_good = for_good;
    failing_memory.asked = 0;
    failing_memory.nth = nth;
}

static inline void memory_grant(void)
{
    failing_memory.armed = false;
}

/* Was nothing refused the last time? Before the first time, false. */
static inline bool memory_spared(void)
{
    return failing_memory.nth && !failing_memory.refused;
}

/* Before another series. */
static inline void memory_begin(void)
{
    failing_memory.armed = false;
    failing_memory.nth = 0;
}

/* The linker sends each request here (-Wl,--wrap). Within arena.c requests are not seen, so those of
 * its callers are. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *piece, size_t size);
void *__real_arena_alloc(struct arena *arena, size_t count, size_t size);
struct text __real_arena_text(struct arena *arena, struct text t);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *piece, size_t size);
void *__wrap_arena_alloc(struct arena *arena, size_t count, size_t size);
struct text __wrap_arena_text(struct arena *arena, struct text t);
char *__wrap_arena_printf(struct arena *arena, const char *format, ...);

void *__wrap_malloc(size_t size)
{
    return memory_refuses() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_refuses() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *piece, size_t size)
{
    return memory_refuses() ? NULL : __real_realloc(piece, size);
}

void *__wrap_arena_alloc(struct arena *arena, size_t count, size_t size)
{
    return memory_refuses() ? NULL : __real_arena_alloc(arena, count, size);
}

struct text __wrap_arena_text(struct arena *arena, struct text t)
{
    return memory_refuses() ? TEXT_NONE : __real_arena_text(arena, t);
}

char *__wrap_arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *out = memory_refuses() ? NULL : arena_vprintf(arena, format, args);
    va_end(args);
    return out;
}

#endif
