#include "snapshot/rows.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST 64

enum status rows_add(struct rows *rows, const void *row, struct error *err)
{
    if (rows->count == rows->room) {
        size_t room = rows->room ? rows->room + rows->room / 2 : ROWS_FIRST;
        void *at = room < SIZE_MAX / rows->size ? realloc(rows->at, room * rows->size) : NULL;
        if (!at)
            return error_set(err, STATUS_MEMORY, "out of memory");
        rows->at = at;
        rows->room = room;
    }
    memcpy((char *)rows->at + rows->count * rows->size, row, rows->size);
    rows->count++;
    return STATUS_OK;
}

void rows_sort(struct builder *b, struct rows *rows, row_compare *compare)
{
    if (rows->count > 1)
        qsort_r(rows->at, rows->count, rows->size, compare, b);
}

void rows_unique(struct rows *rows, bool (*same)(const void *a, const void *b))
{
    char *base = rows->at;
    size_t kept = rows->count ? 1 : 0;
    for (size_t i = 1; i < rows->count; i++) {
        if (same(base + (kept - 1) * rows->size, base + i * rows->size))
            continue;
        if (kept != i)
            memcpy(base + kept * rows->size, base + i * rows->size, rows->size);
        kept++;
    }
    rows->count = kept;
}

const void *rows_find(const struct rows *rows, uint64_t id)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *row = (const char *)rows->at + middle * rows->size;
        uint64_t found;
        memcpy(&found, row, sizeof found);
        if (found == id)
            return row;
        if (found < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void rows_filter(struct rows *rows, bool (*keep)(const void *row, void *self), void *self)
{
    char *base = rows->at;
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (!keep(base + i * rows->size, self))
            continue;
        if (kept != i)
            memcpy(base + kept * rows->size, base + i * rows->size, rows->size);
        kept++;
    }
    rows->count = kept;
}

int rows_by_id(const void *a, const void *b, void *builder)
{
    uint64_t x, y;
    (void)builder;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return COMPARE(x, y);
}

/* The slot of an id, or the empty one where it belongs. */
static size_t id_slot(const struct id_set *set, uint64_t id)
{
    size_t slot = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (set->slot_count - 1);
    while (set->slots[slot] && set->slots[slot] != id)
        slot = (slot + 1) & (set->slot_count - 1);
    return slot;
}

bool id_set_has(const struct id_set *set, uint64_t id)
{
    return set->slot_count && id && set->slots[id_slot(set, id)] == id;
}

enum status id_set_add(struct id_set *set, uint64_t id, struct error *err)
{
    if (!id)
        return STATUS_OK;
    if (set->used * 2 >= set->slot_count) {
        struct id_set larger = {.slot_count = set->slot_count ? set->slot_count * 2 : 1024};
        larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
        if (!larger.slots)
            return error_set(err, STATUS_MEMORY, "out of memory");
        for (size_t i = 0; i < set->slot_count; i++)
            if (set->slots[i])
                larger.slots[id_slot(&larger, set->slots[i])] = set->slots[i];
        larger.used = set->used;
        free(set->slots);
        *set = larger;
    }
    size_t slot = id_slot(set, id);
    set->used += !set->slots[slot];
    set->slots[slot] = id;
    return STATUS_OK;
}
