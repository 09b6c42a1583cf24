#include "posture/usage_table.h"

#include <stdlib.h>

static uint64_t hash_of(const struct seen *seen)
{
    uint64_t hash = text_hash(seen->ref);
    hash ^= (uint64_t)seen->repository * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= (seen->who * 4 + (uint64_t)seen->what) * UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 29;
}

int usage_table_compare(const struct seen *a, const struct seen *b)
{
    if (a->repository != b->repository)
        return a->repository < b->repository ? -1 : 1;
    if (a->what != b->what)
        return a->what < b->what ? -1 : 1;
    if (a->who != b->who)
        return a->who < b->who ? -1 : 1;
    return text_compare(a->ref, b->ref);
}

/* Where it is, or the free slot where it belongs (what is 0 there). */
static struct seen *slot_of(const struct usage_table *table, const struct seen *seen)
{
    size_t at = (size_t)hash_of(seen) & (table->room - 1);
    while (table->slots[at].what && usage_table_compare(&table->slots[at], seen) != 0)
        at = (at + 1) & (table->room - 1);
    return &table->slots[at];
}

static bool grow(struct usage_table *table)
{
    struct usage_table larger = {.room = table->room ? table->room * 2 : 1024,
                                 .count = table->count};
    larger.slots = calloc(larger.room, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < table->room; i++)
        if (table->slots[i].what)
            *slot_of(&larger, &table->slots[i]) = table->slots[i];
    free(table->slots);
    *table = larger;
    return true;
}

bool usage_table_add(struct usage_table *table, const struct seen *seen, struct arena *arena)
{
    if (table->count * 2 >= table->room && !grow(table))
        return false;
    struct seen *slot = slot_of(table, seen);
    if (slot->what)
        return true;
    struct text ref = seen->ref.size ? arena_text(arena, seen->ref) : TEXT("");
    if (text_absent(ref))
        return false;
    *slot = *seen;
    slot->ref = ref;
    table->count++;
    return true;
}

static int compare_slots(const void *a, const void *b)
{
    return usage_table_compare(a, b);
}

const struct seen *usage_table_sorted(struct usage_table *table, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->room; i++)
        if (table->slots[i].what)
            table->slots[kept++] = table->slots[i];
    if (kept)
        qsort(table->slots, kept, sizeof *table->slots, compare_slots);
    *count = kept;
    return table->slots;
}

void usage_table_free(struct usage_table *table)
{
    free(table->slots);
    table->slots = NULL;
    table->room = table->count = 0;
}
