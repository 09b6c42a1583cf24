#include "command/replay_tally.h"

#include <stdlib.h>

#define FIRST_SLOTS ((size_t)256)

static size_t slot_of(const struct replay_tally *tally, struct text name)
{
    size_t at = (size_t)text_hash(name) & (tally->slot_count - 1);
    while (tally->slots[at] && !text_equal_fold(tally->counts[tally->slots[at] - 1].name, name))
        at = (at + 1) & (tally->slot_count - 1);
    return at;
}

/* Room for one more row, with at least half of the slots free. */
static bool grow(struct replay_tally *tally)
{
    if (tally->count < tally->room)
        return true;
    size_t slot_count = tally->slot_count ? tally->slot_count * 2 : FIRST_SLOTS;
    size_t room = slot_count / 2;
    if (room > UINT32_MAX)
        return false;
    struct replay_count *counts = realloc(tally->counts, room * sizeof *counts);
    if (counts)
        tally->counts = counts;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (!counts || !slots) {
        free(slots);
        return false;
    }
    free(tally->slots);
    tally->slots = slots;
    tally->slot_count = slot_count;
    tally->room = room;
    for (size_t i = 0; i < tally->count; i++)
        slots[slot_of(tally, counts[i].name)] = (uint32_t)i + 1;
    return true;
}

struct replay_count *replay_tally_row(struct replay_tally *tally, struct text name,
                                      struct arena *arena)
{
    if (!grow(tally))
        return NULL;
    size_t slot = slot_of(tally, name);
    if (tally->slots[slot])
        return &tally->counts[tally->slots[slot] - 1];
    struct text copy = arena_text(arena, name);
    if (!copy.at)
        return NULL;
    tally->counts[tally->count] = (struct replay_count){.name = copy};
    tally->slots[slot] = (uint32_t)++tally->count;
    return &tally->counts[tally->count - 1];
}

static uint64_t weight(const struct replay_count *row)
{
    return row->rejected + row->accepted + row->otherwise + row->open;
}

static int descending(uint64_t a, uint64_t b)
{
    return a > b ? -1 : a < b;
}

static int by_weight(const void *a, const void *b)
{
    const struct replay_count *x = a, *y = b;
    int order = descending(weight(x), weight(y));
    if (!order)
        order = descending(x->watched, y->watched);
    return order ? order : text_compare(x->name, y->name);
}

void replay_tally_sort(struct replay_tally *tally)
{
    size_t kept = 0;
    for (size_t i = 0; i < tally->count; i++)
        if (weight(&tally->counts[i]) || tally->counts[i].watched)
            tally->counts[kept++] = tally->counts[i];
    tally->count = kept;
    if (kept)
        qsort(tally->counts, kept, sizeof *tally->counts, by_weight);
}

void replay_tally_free(struct replay_tally *tally)
{
    free(tally->counts);
    free(tally->slots);
    *tally = (struct replay_tally){.count = 0};
}
