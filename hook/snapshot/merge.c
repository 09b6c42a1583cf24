#include "snapshot/merge.h"

#define ROOM_AT_FIRST 32 /* where few of very many may be wanted */

struct merge {
    const struct restriction_choice *choice;
    struct arena *arena;
    struct restriction *list;
    size_t count, room;
    bool any;
    uint64_t last; /* id of the restriction before, kept or not */
    bool memory;
};

static bool grow(struct merge *m)
{
    size_t room = m->room * 2;
    struct restriction *larger = arena_alloc(m->arena, room, sizeof *larger);
    m->memory = !larger;
    if (!larger)
        return false;
    memcpy(larger, m->list, m->count * sizeof *larger);
    m->list = larger;
    m->room = room;
    return true;
}

/* false: out of order, or out of memory. */
static bool take(struct merge *m, const struct restriction *restriction)
{
    if (m->any && restriction->id <= m->last)
        return false;
    m->any = true;
    m->last = restriction->id;
    if (m->choice->wanted && !m->choice->wanted(m->choice->asker, restriction))
        return true;
    if (m->count == m->room && !grow(m))
        return false;
    m->list[m->count] = *restriction;
    restriction_name_types(&m->list[m->count++]);
    return true;
}

static bool merge_all(struct merge *m, const struct place_record *own,
                      const struct place_record *above)
{
    struct cursor own_at = own->restrictions, above_at = above->restrictions;
    uint32_t own_left = own->restriction_count, above_left = above->restriction_count;
    struct restriction mine = {0}, theirs = {0};
    if (own_left && !place_next_bare_restriction(&own_at, &mine))
        return false;
    if (above_left && !place_next_bare_restriction(&above_at, &theirs))
        return false;
    while (own_left || above_left) {
        bool take_own = own_left && (!above_left || mine.id <= theirs.id);
        bool skip_theirs = above_left && (!take_own || theirs.id == mine.id);
        if (!take(m, take_own ? &mine : &theirs))
            return false;
        if (take_own && --own_left && !place_next_bare_restriction(&own_at, &mine))
            return false;
        if (skip_theirs && --above_left && !place_next_bare_restriction(&above_at, &theirs))
            return false;
    }
    return true;
}

enum status restrictions_merge(const struct place_record *own, const struct place_record *above,
                               const struct restriction_choice *choice, struct arena *arena,
                               const struct restriction **list, size_t *count, struct error *err)
{
    size_t most = (size_t)own->restriction_count + above->restriction_count;
    struct merge m = {.choice = choice, .arena = arena, .room = most};
    if (choice->wanted && most > ROOM_AT_FIRST)
        m.room = ROOM_AT_FIRST;
    m.list = arena_alloc(arena, m.room, sizeof *m.list);
    m.memory = !m.list;
    if (m.memory || !merge_all(&m, own, above))
        return m.memory
                   ? error_set(err, STATUS_MEMORY,
                               "out of memory, or over the memory limit of a push")
                   : error_set(err, STATUS_FORMAT,
                               "the snapshot is damaged: its list of restrictions is malformed");
    *list = m.list;
    *count = m.count;
    return STATUS_OK;
}
