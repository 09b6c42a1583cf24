/*
 * arena.h - memory that is freed all at once.
 *
 * One push is one process: what it allocates lives until the decision is written. An arena has a
 * cap, so that the number of refs or rules cannot take the machine (semantics.md 8, [limits]).
 * Nothing from an arena is freed on its own.
 */
#ifndef REFGATE_BASE_ARENA_H
#define REFGATE_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

struct arena_block;
struct arena {
    struct arena_block *block; /* newest */
    char *next, *end;
    size_t used, cap; /* bytes taken from malloc, most that may be taken */
};

void arena_init(struct arena *arena, size_t cap);
void arena_free(struct arena *arena); /* also of a zeroed arena; it can be used again after init */
/* Zeroed, aligned for any type; NULL when out of memory or over the cap. count*size is checked. */
void *arena_alloc(struct arena *arena, size_t count, size_t size) MUST_CHECK;
/* A NUL-terminated copy; at==NULL on failure. */
struct text arena_text(struct arena *arena, struct text t) MUST_CHECK;
/* printf into the arena; NULL on failure. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    PRINTF_LIKE(2, 0) MUST_CHECK;

#endif
