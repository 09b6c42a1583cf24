#include "command/replay_kept.h"

#include <stdlib.h>

#define FIRST_ROOM ((size_t)64)
/* Sorted and cut down as soon as there are twice as many as are wanted. */
#define MOST ((size_t)2 * REPLAY_CHANGES_MAX)
#define KEPT_MEMORY ((size_t)2 * 1024 * 1024 * 1024)

/* Times of records are ISO 8601 of one form: their order is that of their bytes. */
static int by_time(const void *a, const void *b)
{
    const struct replay_change *x = a, *y = b;
    int order = text_compare(x->time, y->time);
    return order ? order : text_compare(x->id, y->id);
}

static bool copy_change(struct replay_change *to, const struct replay_change *from,
                        struct arena *arena)
{
    struct text *const texts[] = {&to->id,         &to->time, &to->user,
                                  &to->repository, &to->why,  &to->rule};
    *to = *from;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (text_absent(*texts[i]))
            continue;
        *texts[i] = arena_text(arena, *texts[i]);
        if (!texts[i]->at)
            return false;
    }
    return true;
}

/* Sorts, and moves the newest into `to`. */
static bool newest(struct replay_kept *kept, struct replay_change *to, struct arena *arena,
                   size_t *count)
{
    if (kept->count)
        qsort(kept->changes, kept->count, sizeof *kept->changes, by_time);
    size_t from = kept->count > REPLAY_CHANGES_MAX ? kept->count - REPLAY_CHANGES_MAX : 0;
    *count = kept->count - from;
    for (size_t i = 0; i < *count; i++)
        if (!copy_change(&to[i], &kept->changes[from + i], arena))
            return false;
    return true;
}

static bool cut_down(struct replay_kept *kept)
{
    struct arena texts;
    arena_init(&texts, KEPT_MEMORY);
    size_t count;
    /* To the front, in order: what is overwritten was copied already. */
    bool good = newest(kept, kept->changes, &texts, &count);
    arena_free(&kept->texts);
    kept->texts = texts;
    kept->count = count;
    return good;
}

static bool grow(struct replay_kept *kept)
{
    if (kept->count < kept->room)
        return true;
    if (kept->count >= MOST)
        return cut_down(kept);
    size_t room = kept->room ? kept->room * 2 : FIRST_ROOM;
    if (room > MOST)
        room = MOST;
    struct replay_change *changes = realloc(kept->changes, room * sizeof *changes);
    if (!changes)
        return false;
    if (!kept->room)
        arena_init(&kept->texts, KEPT_MEMORY);
    kept->changes = changes;
    kept->room = room;
    return true;
}

bool replay_kept_add(struct replay_kept *kept, const struct replay_change *change)
{
    if (!grow(kept) || !copy_change(&kept->changes[kept->count], change, &kept->texts))
        return false;
    kept->count++;
    return true;
}

bool replay_kept_finish(struct replay_kept *kept, struct arena *arena,
                        const struct replay_change **out, size_t *count)
{
    struct replay_change *changes = arena_alloc(arena, kept->count + 1, sizeof *changes);
    *out = changes;
    return changes && newest(kept, changes, arena, count);
}

void replay_kept_free(struct replay_kept *kept)
{
    free(kept->changes);
    arena_free(&kept->texts);
    *kept = (struct replay_kept){.count = 0};
}
