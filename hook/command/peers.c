#include "command/peers.h"

#include <stdlib.h>
#include <string.h>

#define NAME_PLAIN_MAX 255 /* what Bitbucket stores; longer ones are judged by themselves */
#define KIND_MEMORY ((size_t)1024 * 1024 * 1024)

struct kind { /* of people */
    struct text key;
    const struct standing *standing;
};

struct peers {
    struct arena arena;
    unsigned char *groups; /* a bit for each group that somebody names here */
    uint64_t group_count;
    struct text *names; /* named by themselves: sorted without ASCII case */
    uint64_t *ids;      /* likewise: sorted */
    size_t name_count, name_room, id_count, id_room;
    struct kind **slots; /* open addressing; a power of two, at most half full */
    size_t slot_count, used;
    struct buffer key; /* of the user in hand */
};

static enum status out_of_memory(struct error *err)
{
    return error_set(err, STATUS_MEMORY, "out of memory");
}

/* ------------------------------------------------------------------ who and what is named */

static void name_group(struct peers *peers, uint32_t group)
{
    if (group < peers->group_count)
        peers->groups[group / 8] |= (unsigned char)(1u << group % 8);
}

static bool group_named(const struct peers *peers, uint32_t group)
{
    /* A number that the snapshot's count does not cover: it counts, to be on the safe side. */
    return group >= peers->group_count || (peers->groups[group / 8] & 1u << group % 8);
}

static enum status name_user(struct peers *peers, struct text name, struct error *err)
{
    if (!name.size)
        return STATUS_OK;
    if (peers->name_count == peers->name_room) {
        size_t room = peers->name_room ? peers->name_room * 2 : 64;
        struct text *names = realloc(peers->names, room * sizeof *names);
        if (!names)
            return out_of_memory(err);
        peers->names = names;
        peers->name_room = room;
    }
    peers->names[peers->name_count++] = name;
    return STATUS_OK;
}

static enum status name_id(struct peers *peers, uint64_t id, struct error *err)
{
    if (!id)
        return STATUS_OK;
    if (peers->id_count == peers->id_room) {
        size_t room = peers->id_room ? peers->id_room * 2 : 64;
        uint64_t *ids = realloc(peers->ids, room * sizeof *ids);
        if (!ids)
            return out_of_memory(err);
        peers->ids = ids;
        peers->id_room = room;
    }
    peers->ids[peers->id_count++] = id;
    return STATUS_OK;
}

static void name_grants(struct peers *peers, const struct group_grant *groups, size_t count)
{
    for (size_t i = 0; i < count; i++)
        name_group(peers, groups[i].group);
}

static enum status name_exempt(struct peers *peers, const struct exemptions *list,
                               struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < list->user_count && status == STATUS_OK; i++) {
        status = name_id(peers, list->users[i].id, err);
        if (status == STATUS_OK)
            status = name_user(peers, list->users[i].name, err);
    }
    for (size_t i = 0; i < list->group_count; i++)
        name_group(peers, list->groups[i].group);
    return status;
}

static enum status name_users(struct peers *peers, const struct text_list *list, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < list->count && status == STATUS_OK; i++)
        status = name_user(peers, list->items[i], err);
    return status;
}

static enum status name_groups(struct peers *peers, const struct view *view,
                               const struct text_list *list, struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        struct snapshot_group group;
        enum status status = view->group(view->self, list->items[i], &group, err);
        if (status == STATUS_OK)
            name_group(peers, group.group);
        else if (status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_OK;
}

static enum status name_policy(struct peers *peers, const struct policy *policy,
                               const struct view *view, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < policy->rule_count && status == STATUS_OK; i++) {
        const struct rule *rule = &policy->rules[i];
        status = name_users(peers, &rule->users, err);
        if (status == STATUS_OK)
            status = name_users(peers, &rule->except_users, err);
        if (status == STATUS_OK)
            status = name_groups(peers, view, &rule->groups, err);
        if (status == STATUS_OK)
            status = name_groups(peers, view, &rule->except_groups, err);
    }
    for (size_t i = 0; i < policy->service_account_count && status == STATUS_OK; i++)
        status = name_user(peers, policy->service_accounts[i].name, err);
    return status;
}

static enum status name_place(struct peers *peers, const struct snapshot_repository *repository,
                              const struct view *view, struct error *err)
{
    const struct group_grant *global;
    size_t count;
    enum status status = view->global_groups(view->self, &global, &count, err);
    if (status != STATUS_OK)
        return status;
    name_grants(peers, global, count);
    name_grants(peers, repository->groups, repository->group_count);
    name_grants(peers, repository->project.groups, repository->project.group_count);
    status = name_id(peers, repository->project.owner_id, err);
    if (status == STATUS_OK)
        status = name_user(peers, repository->project.owner_name, err);
    for (size_t i = 0; i < repository->restriction_count && status == STATUS_OK; i++) {
        struct exemptions list;
        status = view->exemptions(view->self, &repository->restrictions[i], &list, err);
        if (status == STATUS_OK)
            status = name_exempt(peers, &list, err);
    }
    return status;
}

static int compare_names(const void *left, const void *right)
{
    return text_compare_fold(*(const struct text *)left, *(const struct text *)right);
}

static int compare_ids(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

enum status peers_new(const struct standing_question *question, struct peers **out,
                      struct error *err)
{
    const struct view *view = &question->instance->view;
    struct peers *peers = calloc(1, sizeof *peers);
    *out = peers;
    if (!peers)
        return out_of_memory(err);
    arena_init(&peers->arena, KIND_MEMORY);
    buffer_init(&peers->key, SIZE_MAX);
    peers->group_count = snapshot_meta_record(question->instance->snapshot)->counts[COUNT_GROUPS];
    if (peers->group_count > UINT32_MAX)
        peers->group_count = 0;
    peers->groups = arena_alloc(&peers->arena, (size_t)peers->group_count / 8 + 1, 1);
    peers->slot_count = 64;
    peers->slots = calloc(peers->slot_count, sizeof(struct kind *));
    if (!peers->groups || !peers->slots)
        return out_of_memory(err);
    enum status status = name_place(peers, &question->repository, view, err);
    if (status == STATUS_OK)
        status = name_policy(peers, &question->instance->policy, view, err);
    if (peers->name_count)
        qsort(peers->names, peers->name_count, sizeof *peers->names, compare_names);
    if (peers->id_count)
        qsort(peers->ids, peers->id_count, sizeof *peers->ids, compare_ids);
    return status;
}

void peers_free(struct peers *peers)
{
    if (!peers)
        return;
    arena_free(&peers->arena);
    buffer_free(&peers->key);
    free(peers->names);
    free(peers->ids);
    free(peers->slots);
    free(peers);
}

size_t peers_count(const struct peers *peers)
{
    return peers->used;
}

/* ------------------------------------------------------------------ kinds of people */

static bool plain(struct text name)
{
    for (size_t i = 0; i < name.size; i++)
        if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f)
            return false;
    return name.size && name.size <= NAME_PLAIN_MAX;
}

static bool named(const struct peers *peers, const struct user_record *user)
{
    return !plain(user->name) ||
           (peers->id_count &&
            bsearch(&user->id, peers->ids, peers->id_count, sizeof *peers->ids, compare_ids)) ||
           (peers->name_count && bsearch(&user->name, peers->names, peers->name_count,
                                         sizeof *peers->names, compare_names));
}

static void make_key(struct peers *peers, const struct peer *peer)
{
    const struct user_record *user = &peer->user;
    const unsigned char head[] = {
        user->flags & (USER_ACTIVE | USER_GROUPS_UNSURE | USER_GLOBAL_UNSURE),
        user->licensed,
        (unsigned char)user->global,
        (unsigned char)peer->on_repository,
        (unsigned char)peer->on_project,
        named(peers, user),
    };
    peers->key.size = 0;
    buffer_add(&peers->key, head, sizeof head);
    for (uint32_t i = 0; i < user->group_count; i++)
        if (group_named(peers, layout_load32(user->groups + (size_t)i * 4)))
            buffer_add(&peers->key, user->groups + (size_t)i * 4, 4);
    if (head[sizeof head - 1])
        buffer_add(&peers->key, &user->id, sizeof user->id);
}

static struct kind **find_slot(struct kind **slots, size_t count, struct text key)
{
    size_t at = (size_t)text_hash(key) & (count - 1);
    while (slots[at] && !text_equal(slots[at]->key, key))
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static bool grow(struct peers *peers)
{
    size_t count = peers->slot_count * 2;
    struct kind **slots = calloc(count, sizeof(struct kind *));
    if (!slots)
        return false;
    for (size_t i = 0; i < peers->slot_count; i++)
        if (peers->slots[i])
            *find_slot(slots, count, peers->slots[i]->key) = peers->slots[i];
    free(peers->slots);
    peers->slots = slots;
    peers->slot_count = count;
    return true;
}

enum status peers_slot(struct peers *peers, const struct peer *peer, const struct standing ***slot,
                       struct error *err)
{
    make_key(peers, peer);
    if (peers->key.failed || (peers->used * 2 >= peers->slot_count && !grow(peers)))
        return out_of_memory(err);
    struct kind **at = find_slot(peers->slots, peers->slot_count, buffer_view(&peers->key));
    if (!*at) {
        struct kind *kind = arena_alloc(&peers->arena, 1, sizeof *kind);
        struct text key = arena_text(&peers->arena, buffer_view(&peers->key));
        if (!kind || !key.at)
            return out_of_memory(err);
        kind->key = key;
        *at = kind;
        peers->used++;
    }
    *slot = &(*at)->standing;
    return STATUS_OK;
}
