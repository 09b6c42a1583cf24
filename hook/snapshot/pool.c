#include "snapshot/pool.h"

#include <stdlib.h>

#define POOL_BYTES_MAX ((size_t)UINT32_MAX - 16)
#define POOL_SLOTS_FIRST 4096

void pool_init(struct pool *pool)
{
    *pool = (struct pool){0};
    buffer_init(&pool->bytes, POOL_BYTES_MAX);
}

void pool_free(struct pool *pool)
{
    buffer_free(&pool->bytes);
    free(pool->slots);
    pool_init(pool);
}

struct text pool_text(const struct pool *pool, uint32_t number)
{
    uint32_t size;
    memcpy(&size, pool->bytes.data + number, sizeof size);
    return (struct text){pool->bytes.data + number + sizeof size, size};
}

/* The slot where the text is, or the empty one where it belongs. */
static size_t find_slot(const struct pool *pool, struct text t)
{
    size_t slot = (size_t)text_hash(t) & (pool->slot_count - 1);
    while (pool->slots[slot] && !text_equal(pool_text(pool, pool->slots[slot] - 1), t))
        slot = (slot + 1) & (pool->slot_count - 1);
    return slot;
}

static bool grow(struct pool *pool)
{
    struct pool larger = *pool;
    larger.slot_count = pool->slot_count ? pool->slot_count * 2 : POOL_SLOTS_FIRST;
    larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < pool->slot_count; i++)
        if (pool->slots[i])
            larger.slots[find_slot(&larger, pool_text(pool, pool->slots[i] - 1))] = pool->slots[i];
    free(pool->slots);
    pool->slots = larger.slots;
    pool->slot_count = larger.slot_count;
    return true;
}

enum status pool_add(struct pool *pool, struct text t, uint32_t *number, struct error *err)
{
    if (pool->used * 2 >= pool->slot_count && !grow(pool))
        return error_set(err, STATUS_MEMORY, "out of memory");
    size_t slot = find_slot(pool, t);
    if (!pool->slots[slot]) {
        uint32_t at = (uint32_t)pool->bytes.size, size = (uint32_t)t.size;
        buffer_add(&pool->bytes, &size, sizeof size);
        buffer_text(&pool->bytes, t);
        if (pool->bytes.failed)
            return error_set(err, STATUS_MEMORY, "out of memory");
        pool->slots[slot] = at + 1;
        pool->used++;
    }
    *number = pool->slots[slot] - 1;
    return STATUS_OK;
}
