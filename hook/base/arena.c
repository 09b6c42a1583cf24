#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_BLOCK_SIZE ((size_t)32 * 1024)

struct arena_block {
    struct arena_block *older;
    max_align_t data[];
};

void arena_init(struct arena *arena, size_t cap)
{
    *arena = (struct arena){.cap = cap};
}

void arena_free(struct arena *arena)
{
    struct arena_block *block = arena->block;
    while (block) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
    *arena = (struct arena){.cap = arena->cap};
}

static void *arena_grow(struct arena *arena, size_t bytes)
{
    size_t room = bytes > ARENA_BLOCK_SIZE / 4 ? bytes : ARENA_BLOCK_SIZE;
    size_t total = sizeof(struct arena_block) + room;
    if (total < room || total > arena->cap - arena->used)
        return NULL;
    /* calloc: a fresh page from the kernel is zero already, and is not touched twice. */
    struct arena_block *block = calloc(1, total);
    if (!block)
        return NULL;
    arena->used += total;
    char *data = (char *)block->data;
    if (room == bytes && arena->block) { /* a large piece must not waste the open block */
        block->older = arena->block->older;
        arena->block->older = block;
        return data;
    }
    block->older = arena->block;
    arena->block = block;
    arena->next = data + bytes;
    arena->end = data + room;
    return data;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size)
        return NULL;
    size_t bytes = count * size;
    size_t align = _Alignof(max_align_t);
    bytes = (bytes + align - 1) / align * align;
    if (!bytes)
        bytes = align;
    if (arena->next && (size_t)(arena->end - arena->next) >= bytes) {
        char *piece = arena->next;
        arena->next += bytes;
        return piece;
    }
    return arena_grow(arena, bytes);
}

struct text arena_text(struct arena *arena, struct text t)
{
    char *copy = arena_alloc(arena, t.size + 1, 1);
    if (!copy)
        return TEXT_NONE;
    if (t.size)
        memcpy(copy, t.at, t.size);
    return (struct text){copy, t.size};
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *out = need < 0 ? NULL : arena_alloc(arena, (size_t)need + 1, 1);
    if (out)
        vsnprintf(out, (size_t)need + 1, format, again);
    va_end(again);
    return out;
}
