#include "command/writers.h"

#include <stdlib.h>

#include "command/peers.h"

struct search {
    struct standing_question *question;
    struct snapshot *snapshot;
    struct writers *out;
    struct peers *peers;
    struct repository_record repository;
    struct project_record project;
    struct place_record global;
    uint64_t *ids; /* of users with a grant */
    size_t id_count, id_room;
    bool everyone;
};

static enum status out_of_memory(struct error *err)
{
    return error_set(err, STATUS_MEMORY, "out of memory");
}

static bool gives_write(enum permission permission)
{
    return permission_on_repository(permission) >= PERMISSION_REPO_WRITE;
}

/* ------------------------------------------------------------------ the places */

static enum status damaged(const struct layout_key *key, struct error *err)
{
    return snapshot_damaged(err, (struct text){key->bytes, key->size}, "is malformed");
}

static enum status read_places(struct search *s, struct error *err)
{
    struct layout_key key;
    struct text body;
    const struct snapshot_repository *repository = &s->question->repository;
    layout_key_pair(&key, "repo/", repository->project_key, repository->slug);
    enum status status = snapshot_find(s->snapshot, &key, NULL, &body, err);
    if (status == STATUS_OK && !decode_repository(body, &s->repository))
        status = damaged(&key, err);
    if (status != STATUS_OK)
        return status;
    layout_key_name(&key, "project/", repository->project_key, true);
    status = snapshot_find(s->snapshot, &key, NULL, &body, err);
    if (status == STATUS_OK && !decode_project(body, &s->project))
        status = damaged(&key, err);
    if (status != STATUS_OK)
        return status;
    layout_key_name(&key, "global", TEXT(""), false);
    status = snapshot_find(s->snapshot, &key, NULL, &body, err);
    if (status == STATUS_OK && !decode_global(body, &s->global))
        status = damaged(&key, err);
    return status;
}

/* ------------------------------------------------------------------ users with a grant */

static enum status add_id(struct search *s, uint64_t id, struct error *err)
{
    if (s->id_count == s->id_room) {
        size_t room = s->id_room ? s->id_room * 2 : 256;
        uint64_t *ids = realloc(s->ids, room * sizeof *ids);
        if (!ids)
            return out_of_memory(err);
        s->ids = ids;
        s->id_room = room;
    }
    s->ids[s->id_count++] = id;
    return STATUS_OK;
}

static enum status add_members(struct search *s, uint32_t group, struct error *err)
{
    struct layout_key key;
    struct text body;
    const unsigned char *ids;
    uint32_t count;
    layout_key_id(&key, "group-members/", group);
    enum status status = snapshot_find(s->snapshot, &key, NULL, &body, err);
    if (status == STATUS_NOT_FOUND) /* nobody is in it */
        return STATUS_OK;
    if (status == STATUS_OK && !decode_members(body, &ids, &count))
        status = damaged(&key, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        status = add_id(s, layout_load64(ids + (size_t)i * 8), err);
    return status;
}

static enum status add_place(struct search *s, const struct place_record *place, struct error *err)
{
    enum status status = STATUS_OK;
    if (place->incomplete & INCOMPLETE_GRANTS)
        s->everyone = true;
    for (uint32_t i = 0; i < place->group_count && status == STATUS_OK; i++) {
        struct group_grant grant = place_group(place, i);
        if (!gives_write(grant.permission))
            continue;
        if (grant.incomplete)
            s->everyone = true;
        status = add_members(s, grant.group, err);
    }
    for (uint32_t i = 0; i < place->user_count && status == STATUS_OK; i++) {
        enum permission permission;
        uint64_t id = place_user(place, i, &permission);
        if (gives_write(permission))
            status = add_id(s, id, err);
    }
    return status;
}

/* Who owns a personal project is known by id, or by name alone. */
static enum status add_owner(struct search *s, struct error *err)
{
    const struct view *view = &s->question->instance->view;
    struct snapshot_user user;
    if (!(s->project.flags & PROJECT_PERSONAL))
        return STATUS_OK;
    if (s->project.owner_id)
        return add_id(s, s->project.owner_id, err);
    enum status status = view->user(view->self, s->project.owner_name, &user, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return status == STATUS_OK ? add_id(s, user.id, err) : status;
}

static enum status find_ids(struct search *s, struct error *err)
{
    s->everyone = gives_write(s->project.default_permission);
    enum status status = add_place(s, &s->repository.place, err);
    if (status == STATUS_OK)
        status = add_place(s, &s->project.place, err);
    if (status == STATUS_OK)
        status = add_place(s, &s->global, err);
    return status == STATUS_OK ? add_owner(s, err) : status;
}

/* ------------------------------------------------------------------ each of them */

static enum status add_writer(struct search *s, const struct principal *principal,
                              const struct standing *standing, struct error *err)
{
    struct writers *out = s->out;
    if (standing->may_write == ANSWER_NO)
        return STATUS_OK;
    if (out->count == out->room) {
        size_t room = out->room ? out->room * 2 : 64;
        struct writer *items = realloc(out->items, room * sizeof *items);
        if (!items)
            return out_of_memory(err);
        out->items = items;
        out->room = room;
    }
    out->items[out->count++] = (struct writer){*principal, standing};
    return STATUS_OK;
}

static enum status judge(struct search *s, const struct principal *principal,
                         const struct standing **out, struct error *err)
{
    struct standing *standing = arena_alloc(&s->question->instance->arena, 1, sizeof *standing);
    if (!standing)
        return out_of_memory(err);
    *out = standing;
    s->out->judged++;
    return standing_find(s->question, principal, NULL, standing, err);
}

static enum permission direct_grant(const struct place_record *place, uint64_t id)
{
    enum permission permission;
    return place_find_user(place, id, &permission) ? permission : PERMISSION_NONE;
}

static enum status look_at(struct search *s, const struct user_record *user, struct error *err)
{
    struct arena *arena = &s->question->instance->arena;
    struct principal principal;
    const struct standing **slot;
    const struct peer peer = {
        .user = *user,
        .on_repository = direct_grant(&s->repository.place, user->id),
        .on_project = direct_grant(&s->project.place, user->id),
    };
    enum status status = peers_slot(s->peers, &peer, &slot, err);
    if (status == STATUS_OK && *slot && (*slot)->may_write == ANSWER_NO)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = principal_user(user->name, user->id, arena, &principal, err);
    if (status == STATUS_OK && !*slot)
        status = judge(s, &principal, slot, err);
    return status == STATUS_OK ? add_writer(s, &principal, *slot, err) : status;
}

static enum status look_at_everyone(struct search *s, struct error *err)
{
    struct text key, body, prefix = TEXT("user/");
    uint32_t position = 0;
    for (;;) {
        struct user_record user;
        enum status status = snapshot_next(s->snapshot, &position, &key, &body, err);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status == STATUS_OK && !text_starts(key, prefix))
            continue;
        if (status == STATUS_OK && !decode_user(body, &user))
            status = snapshot_damaged(err, key, "is malformed");
        if (status == STATUS_OK)
            status = look_at(s, &user, err);
        if (status != STATUS_OK)
            return status;
    }
}

/* By id: whose name another user has now cannot log in with it. */
static enum status look_at_id(struct search *s, uint64_t id, struct error *err)
{
    struct layout_key key;
    struct text body, name;
    struct user_record user;
    layout_key_id(&key, "user-id/", id);
    enum status status = snapshot_find(s->snapshot, &key, NULL, &body, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK && !decode_text(body, &name))
        status = damaged(&key, err);
    if (status != STATUS_OK)
        return status;
    layout_key_name(&key, "user/", name, true);
    status = snapshot_find(s->snapshot, &key, NULL, &body, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK && !decode_user(body, &user))
        status = damaged(&key, err);
    if (status != STATUS_OK || user.id != id)
        return status;
    return look_at(s, &user, err);
}

static int compare_ids(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static enum status look_at_ids(struct search *s, struct error *err)
{
    enum status status = STATUS_OK;
    if (s->id_count)
        qsort(s->ids, s->id_count, sizeof *s->ids, compare_ids);
    for (size_t i = 0; i < s->id_count && status == STATUS_OK; i++)
        if (!i || s->ids[i] != s->ids[i - 1])
            status = look_at_id(s, s->ids[i], err);
    return status;
}

static int compare_writers(const void *left, const void *right)
{
    const struct writer *a = left, *b = right;
    int order = text_compare_fold(a->principal.name, b->principal.name);
    return order ? order : text_compare(a->principal.name, b->principal.name);
}

static enum status find_users(struct search *s, struct error *err)
{
    struct writers *out = s->out;
    enum status status = find_ids(s, err);
    if (status == STATUS_OK)
        status = peers_new(s->question, &s->peers, err);
    if (status == STATUS_OK)
        status = s->everyone ? look_at_everyone(s, err) : look_at_ids(s, err);
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, compare_writers);
    out->users = snapshot_meta_record(s->snapshot)->counts[COUNT_USERS];
    out->closed = out->users > out->count ? out->users - out->count : 0;
    return status;
}

/* ------------------------------------------------------------------ keys and tokens */

static int compare_keys(const void *left, const void *right)
{
    const struct repository_key *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

static enum status look_at_key(struct search *s, const struct service_names *services,
                               const struct repository_key *key, struct error *err)
{
    struct instance *instance = s->question->instance;
    struct principal principal;
    const struct standing *standing;
    size_t before = s->out->count;
    enum status status = principal_key(&instance->view, services, key->id, key->label,
                                       &instance->arena, &principal, err);
    if (status == STATUS_OK)
        status = judge(s, &principal, &standing, err);
    if (status == STATUS_OK)
        status = add_writer(s, &principal, standing, err);
    if (status == STATUS_OK && s->out->count == before)
        s->out->keys_closed++;
    return status;
}

static enum status find_keys(struct search *s, struct error *err)
{
    struct instance *instance = s->question->instance;
    const struct view *view = &instance->view;
    const struct repository_key *granted;
    struct service_names services = {NULL, 0};
    size_t count;
    enum status status = view->repository_keys(view->self, s->question->project_key,
                                               s->question->slug, &granted, &count, err);
    if (status != STATUS_OK || !count)
        return status;
    struct repository_key *keys = arena_alloc(&instance->arena, count, sizeof *keys);
    if (!keys)
        return out_of_memory(err);
    memcpy(keys, granted, count * sizeof *keys);
    qsort(keys, count, sizeof *keys, compare_keys);
    status = service_names_read(s->snapshot, &instance->arena, &services, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (!i || keys[i].id != keys[i - 1].id) /* of the repository and of the project, too */
            status = look_at_key(s, &services, &keys[i], err);
    return status;
}

static enum status find_tokens(struct search *s, struct error *err)
{
    enum status status = STATUS_OK;
    for (int of_project = 0; of_project < 2 && status == STATUS_OK; of_project++) {
        struct principal token;
        const struct standing *standing;
        status = principal_token(&s->question->repository, of_project,
                                 &s->question->instance->arena, &token, err);
        if (status == STATUS_OK)
            status = judge(s, &token, &standing, err);
        if (status == STATUS_OK)
            status = add_writer(s, &token, standing, err);
    }
    return status;
}

/* Access keys speak git alone: with them nobody merges, edits a file or uses the web interface. */
static bool keys_can(const struct push *push)
{
    return push->trigger == TRIGGER_PUSH || push->trigger == TRIGGER_UNKNOWN;
}

enum status writers_find(struct standing_question *question, struct writers *out, struct error *err)
{
    struct search search = {
        .question = question, .snapshot = question->instance->snapshot, .out = out};
    *out = (struct writers){.items = NULL};
    enum status status = read_places(&search, err);
    if (status == STATUS_OK)
        status = find_users(&search, err);
    if (status == STATUS_OK && keys_can(&question->check.push))
        status = find_keys(&search, err);
    if (status == STATUS_OK)
        status = find_tokens(&search, err);
    peers_free(search.peers);
    free(search.ids);
    return status;
}

void writers_free(struct writers *writers)
{
    free(writers->items);
    *writers = (struct writers){.items = NULL};
}
