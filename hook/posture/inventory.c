#include "posture/inventory.h"

#include <stdlib.h>
#include <string.h>

/* While the records are read: counts first, then the arrays are filled. */
struct reading {
    struct inventory *out;
    struct arena *arena;
    const unsigned char **members; /* by group number: ids as in the record */
    struct error *err;
    bool counting;
};

typedef bool take_record(struct reading *r, struct text name, struct text body);

static enum answer licensed_answer(uint8_t licensed)
{
    return licensed == LICENSED_YES  ? ANSWER_YES
           : licensed == LICENSED_NO ? ANSWER_NO
                                     : ANSWER_CANNOT_TELL;
}

static bool take_user(struct reading *r, struct text name, struct text body)
{
    struct inventory *out = r->out;
    struct user_record user;
    (void)name;
    if (r->counting)
        return ++out->user_count != 0;
    if (!decode_user(body, &user))
        return false;
    out->users[out->user_count++] = (struct inventory_user){
        .id = user.id,
        .name = user.name,
        .active = user.flags & USER_ACTIVE,
        .licensed = licensed_answer(user.licensed),
        .global = user.global,
        .global_unsure = user.flags & USER_GLOBAL_UNSURE,
    };
    return true;
}

static bool take_group(struct reading *r, struct text name, struct text body)
{
    struct group_record group;
    (void)name;
    if (r->counting)
        return ++r->out->group_count != 0;
    if (!decode_group(body, &group) || group.number >= r->out->group_count)
        return false;
    r->out->groups[group.number].name = group.name;
    r->out->groups[group.number].incomplete = group.flags & GROUP_INCOMPLETE;
    r->out->groups[group.number].mentioned = group.flags & GROUP_MENTIONED;
    return true;
}

static bool take_members(struct reading *r, struct text name, struct text body)
{
    uint64_t number;
    const unsigned char *ids;
    uint32_t count;
    if (r->counting)
        return true;
    if (!text_parse_u64(name, UINT32_MAX, true, &number) || number >= r->out->group_count ||
        !decode_members(body, &ids, &count))
        return false;
    r->members[number] = ids;
    r->out->groups[number].member_count = count;
    return true;
}

static bool take_project(struct reading *r, struct text name, struct text body)
{
    struct inventory *out = r->out;
    struct project_record project;
    if (r->counting)
        return ++out->project_count != 0;
    if (!decode_project(body, &project))
        return false;
    out->projects[out->project_count++] = (struct inventory_place){name, body, project.id};
    return true;
}

static bool take_repository(struct reading *r, struct text name, struct text body)
{
    struct inventory *out = r->out;
    struct repository_record repository;
    if (r->counting)
        return ++out->repository_count != 0;
    if (!decode_repository(body, &repository))
        return false;
    out->repositories[out->repository_count++] = (struct inventory_place){name, body,
                                                                          repository.id};
    return true;
}

static bool take_key(struct reading *r, struct text name, struct text body)
{
    struct inventory *out = r->out;
    struct key_record key;
    uint64_t id;
    if (r->counting)
        return ++out->key_count != 0;
    if (!text_parse_u64(name, UINT64_MAX, true, &id) || !decode_key(body, &key))
        return false;
    out->keys[out->key_count++] = (struct inventory_key){id, body};
    return true;
}

static bool take_global(struct reading *r, struct text name, struct text body)
{
    (void)name;
    return r->counting || decode_global(body, &r->out->global);
}

static bool take_parts(struct reading *r, struct text name, struct text body)
{
    (void)name;
    r->out->parts = body;
    return true;
}

static const struct {
    const char *prefix;
    take_record *take;
} records[] = {
    {"user/", take_user},       {"group/", take_group},     {"group-members/", take_members},
    {"repo/", take_repository}, {"project/", take_project}, {"key/", take_key},
    {"global", take_global},    {"parts", take_parts},
};

static enum status walk(struct reading *r)
{
    uint32_t position = 0;
    struct text key, body;
    enum status status;
    while ((status = snapshot_next(r->out->snapshot, &position, &key, &body, r->err)) == STATUS_OK)
        for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
            struct text prefix = text_of(records[i].prefix);
            if (!text_starts(key, prefix))
                continue;
            if (!records[i].take(r, text_skip(key, prefix.size), body))
                return snapshot_damaged(r->err, key, "is malformed");
            break;
        }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static bool make_room(struct reading *r)
{
    struct inventory *out = r->out;
    out->users = arena_alloc(r->arena, out->user_count, sizeof *out->users);
    out->groups = arena_alloc(r->arena, out->group_count, sizeof *out->groups);
    out->projects = arena_alloc(r->arena, out->project_count, sizeof *out->projects);
    out->repositories = arena_alloc(r->arena, out->repository_count, sizeof *out->repositories);
    out->keys = arena_alloc(r->arena, out->key_count, sizeof *out->keys);
    out->by_id = arena_alloc(r->arena, out->repository_count, sizeof *out->by_id);
    r->members = arena_alloc(r->arena, out->group_count, sizeof *r->members);
    out->user_count = out->project_count = out->repository_count = out->key_count = 0;
    return out->users && out->groups && out->projects && out->repositories && out->keys &&
           out->by_id && r->members;
}

/* ------------------------------------------------------------------ in order */

static int compare_users(const void *a, const void *b)
{
    uint64_t x = ((const struct inventory_user *)a)->id, y = ((const struct inventory_user *)b)->id;
    return (x > y) - (x < y);
}
static int compare_keys(const void *a, const void *b)
{
    uint64_t x = ((const struct inventory_key *)a)->id, y = ((const struct inventory_key *)b)->id;
    return (x > y) - (x < y);
}
static int compare_places(const void *a, const void *b)
{
    return text_compare(((const struct inventory_place *)a)->key,
                        ((const struct inventory_place *)b)->key);
}

static int compare_ids(const void *a, const void *b, void *self)
{
    const struct inventory *inventory = self;
    uint64_t x = inventory->repositories[*(const uint32_t *)a].id;
    uint64_t y = inventory->repositories[*(const uint32_t *)b].id;
    return (x > y) - (x < y);
}

/* "prj/app" before "prj-2/app": by project first, then by slug. */
static int compare_repositories(const void *a, const void *b)
{
    struct text x = ((const struct inventory_place *)a)->key;
    struct text y = ((const struct inventory_place *)b)->key, project_x, project_y;
    (void)text_next_field(&x, '/', &project_x);
    (void)text_next_field(&y, '/', &project_y);
    int order = text_compare(project_x, project_y);
    return order ? order : text_compare(x, y);
}

#define SORT(array, count, compare)                                 \
    do {                                                            \
        if (count)                                                  \
            qsort((array), (count), sizeof((array)[0]), (compare)); \
    } while (0)

static void put_in_order(struct inventory *out)
{
    SORT(out->users, out->user_count, compare_users);
    SORT(out->keys, out->key_count, compare_keys);
    SORT(out->projects, out->project_count, compare_places);
    SORT(out->repositories, out->repository_count, compare_repositories);
    for (uint32_t i = 0; i < out->repository_count; i++)
        out->by_id[i] = i;
    if (out->repository_count)
        qsort_r(out->by_id, out->repository_count, sizeof *out->by_id, compare_ids, out);
    for (uint32_t i = 0; i < out->user_count; i++) {
        const struct inventory_user *user = &out->users[i];
        out->licensed_count += user->active && user->licensed == ANSWER_YES;
        out->licensed_unsure += user->active && user->licensed == ANSWER_CANNOT_TELL;
    }
}

/* Ids into places; members whom the snapshot does not know are left out. */
static bool join_members(struct reading *r)
{
    struct inventory *out = r->out;
    for (uint32_t g = 0; g < out->group_count; g++) {
        struct inventory_group *group = &out->groups[g];
        uint32_t *members = arena_alloc(r->arena, group->member_count, sizeof *members);
        if (!members)
            return false;
        uint32_t count = 0;
        for (uint32_t i = 0; i < group->member_count; i++) {
            uint32_t user = inventory_user_by_id(out, layout_load64(r->members[g] + (size_t)i * 8));
            if (user == INVENTORY_NONE)
                continue;
            members[count++] = user;
            group->live_count += out->users[user].active && out->users[user].licensed == ANSWER_YES;
        }
        group->members = members;
        group->member_count = count;
    }
    return true;
}

enum status inventory_read(struct snapshot *snapshot, struct arena *arena, struct inventory *out,
                           struct error *err)
{
    struct error own = {STATUS_OK, ""};
    struct reading r = {.out = out, .arena = arena, .err = err ? err : &own, .counting = true};
    *out = (struct inventory){.snapshot = snapshot};
    enum status status = walk(&r);
    if (status != STATUS_OK)
        return status;
    r.counting = false;
    if (!make_room(&r))
        return error_set(err, STATUS_MEMORY, "out of memory");
    status = walk(&r);
    if (status != STATUS_OK)
        return status;
    put_in_order(out);
    return join_members(&r) ? STATUS_OK : error_set(err, STATUS_MEMORY, "out of memory");
}

/* ------------------------------------------------------------------ looking up */

uint32_t inventory_user_by_id(const struct inventory *inventory, uint64_t id)
{
    const struct inventory_user wanted = {.id = id};
    const struct inventory_user *found = inventory->user_count
                                             ? bsearch(&wanted, inventory->users,
                                                       inventory->user_count, sizeof wanted,
                                                       compare_users)
                                             : NULL;
    return found ? (uint32_t)(found - inventory->users) : INVENTORY_NONE;
}

uint32_t inventory_user_by_name(const struct inventory *inventory, struct text name)
{
    struct layout_key key;
    struct text body;
    struct user_record user;
    layout_key_name(&key, "user/", name, true);
    if (snapshot_find(inventory->snapshot, &key, NULL, &body, NULL) != STATUS_OK ||
        !decode_user(body, &user))
        return INVENTORY_NONE;
    return inventory_user_by_id(inventory, user.id);
}

const struct inventory_key *inventory_key_by_id(const struct inventory *inventory, uint64_t id)
{
    const struct inventory_key wanted = {.id = id};
    return inventory->key_count ? bsearch(&wanted, inventory->keys, inventory->key_count,
                                          sizeof wanted, compare_keys)
                                : NULL;
}

uint32_t inventory_repository_by_id(const struct inventory *inventory, uint64_t id)
{
    uint32_t low = 0, high = inventory->repository_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, at = inventory->by_id[middle];
        if (inventory->repositories[at].id == id)
            return at;
        if (inventory->repositories[at].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return INVENTORY_NONE;
}

/* The key of a record, without its prefix, as a place to look for. */
static struct inventory_place place_of(const struct layout_key *key, const char *prefix)
{
    struct text name = {key->bytes, key->size};
    return (struct inventory_place){.key = key->size ? text_skip(name, strlen(prefix)) : TEXT("")};
}

uint32_t inventory_repository_by_name(const struct inventory *inventory, struct text project,
                                      struct text slug)
{
    struct layout_key key;
    layout_key_pair(&key, "repo/", project, slug);
    const struct inventory_place wanted = place_of(&key, "repo/"), *found = NULL;
    if (inventory->repository_count && !memchr(project.at ? project.at : "", '/', project.size))
        found = bsearch(&wanted, inventory->repositories, inventory->repository_count,
                        sizeof wanted, compare_repositories);
    return found ? (uint32_t)(found - inventory->repositories) : INVENTORY_NONE;
}

uint32_t inventory_project_by_name(const struct inventory *inventory, struct text project)
{
    struct layout_key key;
    layout_key_name(&key, "project/", project, true);
    const struct inventory_place wanted = place_of(&key, "project/"), *found = NULL;
    if (inventory->project_count)
        found = bsearch(&wanted, inventory->projects, inventory->project_count, sizeof wanted,
                        compare_places);
    return found ? (uint32_t)(found - inventory->projects) : INVENTORY_NONE;
}

void inventory_repositories(const struct inventory *inventory, uint32_t project, uint32_t *from,
                            uint32_t *until)
{
    struct text key = inventory->projects[project].key;
    uint32_t low = 0, high = inventory->repository_count;
    while (low < high) { /* the first whose project is not before this one */
        uint32_t middle = low + (high - low) / 2;
        struct text rest = inventory->repositories[middle].key, at;
        (void)text_next_field(&rest, '/', &at);
        if (text_compare(at, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *from = low;
    for (*until = low; *until < inventory->repository_count; ++*until) {
        struct text rest = inventory->repositories[*until].key, at;
        (void)text_next_field(&rest, '/', &at);
        if (!text_equal(at, key))
            return;
    }
}
