#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/prefault.h"

#define ARENA_BLOCK_SIZE ((size_t)32 * 1024)
#define ARENA_LATER_SIZE \
    ((size_t)64 * 1024) /* of a block behind the first ones, its head included */
#define ARENA_FIRST_BYTES ((size_t)64 * 1024) /* what malloc() has ready at the start */

struct arena_block {
    struct arena_block *older;
    size_t mapped; /* bytes; 0: from malloc() */
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
        if (block->mapped)
            munmap(block, block->mapped);
        else
            free(block);
        block = older;
    }
    *arena = (struct arena){.cap = arena->cap};
}

/* Cleared if `cleared`, or if it comes from the kernel. */
static struct arena_block *arena_new_block(struct arena *arena, size_t room, bool cleared)
{
    size_t total = sizeof(struct arena_block) + room;
    if (total < room || total > arena->cap - arena->used)
        return NULL;
    bool map = prefault_wanted(total);
    struct arena_block *block = map       ? prefaulted_map(total)
                                : cleared ? calloc(1, total)
                                          : malloc(total);
    if (!block)
        return NULL;
    block->mapped = map ? total : 0;
    arena->used += total;
    return block;
}

/* A large piece has a block of its own, behind the open one. */
static void *arena_alloc_large(struct arena *arena, size_t bytes)
{
    struct arena_block *block = arena_new_block(arena, bytes, true);
    if (!block)
        return NULL;
    struct arena_block **place = arena->block ? &arena->block->older : &arena->block;
    block->older = *place;
    *place = block;
    return block->data;
}

static bool arena_open_block(struct arena *arena)
{
    size_t room = ARENA_LATER_SIZE - sizeof(struct arena_block);
    struct arena_block *block = NULL;
    if (arena->used >= ARENA_FIRST_BYTES)
        block = arena_new_block(arena, room, false);
    if (!block) {
        room = ARENA_BLOCK_SIZE;
        block = arena_new_block(arena, room, false);
    }
    if (!block)
        return false;
    block->older = arena->block;
    arena->block = block;
    arena->next = (char *)block->data;
    arena->end = arena->next + room;
    return true;
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
    if (bytes > ARENA_BLOCK_SIZE / 4)
        return arena_alloc_large(arena, bytes);
    if ((size_t)(arena->end - arena->next) < bytes && !arena_open_block(arena))
        return NULL;
    /* Cleared piece by piece: a decision mostly needs a fraction of its first block. */
    void *piece = arena->next;
    arena->next += bytes;
    return memset(piece, 0, bytes);
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

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    char *out = need < 0 ? NULL : arena_alloc(arena, (size_t)need + 1, 1);
    if (out)
        vsnprintf(out, (size_t)need + 1, format, again);
    va_end(again);
    return out;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *out = arena_vprintf(arena, format, args);
    va_end(args);
    return out;
}
