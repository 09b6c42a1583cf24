/*
 * view.c - policy/view.h answered from the snapshot file.
 *
 * Whatever the size of the instance, a question reads one to three records. Those of the repository,
 * the project and the user of a push are asked for several times, so the last one of each is kept
 * decoded.
 */
#include <stdlib.h>

#include "snapshot/merge.h"
#include "snapshot/reader.h"

struct kept { /* the key of the last record of its kind; none while key.size is 0 */
    struct text key;
};

struct reading {
    struct snapshot *snapshot;
    struct arena *arena;
    struct kept project_kept, repository_kept, user_kept, global_kept;
    struct project_record project;
    struct repository_record repository;
    struct user_record user;
    struct place_record global;
    struct restriction_choice choice;
};

static enum status out_of_memory(struct error *err)
{
    return error_set(err, STATUS_MEMORY, "out of memory, or over the memory limit of a push");
}

static enum status malformed(struct error *err, const struct layout_key *key)
{
    return snapshot_damaged(err, (struct text){key->bytes, key->size}, "is malformed");
}

static bool is_kept(const struct kept *kept, const struct layout_key *key)
{
    return kept->key.size && text_equal(kept->key, (struct text){key->bytes, key->size});
}

static void keep(struct reading *r, struct kept *kept, const struct layout_key *key)
{
    struct text copy = arena_text(r->arena, (struct text){key->bytes, key->size});
    *kept = (struct kept){.key = copy}; /* out of memory: not kept */
}

static enum status find_project(struct reading *r, struct text project_key, struct error *err)
{
    struct layout_key key READ_INTO;
    struct text body;
    layout_key_name(&key, "project/", project_key, true);
    if (is_kept(&r->project_kept, &key))
        return STATUS_OK;
    enum status status = snapshot_find_place(r->snapshot, &key, PLACE_PROJECT, &r->choice, r->arena,
                                             &body, err);
    if (status != STATUS_OK)
        return status;
    r->project_kept.key = TEXT_NONE;
    if (!decode_project(body, &r->project))
        return malformed(err, &key);
    keep(r, &r->project_kept, &key);
    return STATUS_OK;
}

static enum status find_repository(struct reading *r, struct text project_key, struct text slug,
                                   struct error *err)
{
    struct layout_key key READ_INTO;
    struct text body;
    layout_key_pair(&key, "repo/", project_key, slug);
    if (is_kept(&r->repository_kept, &key))
        return STATUS_OK;
    enum status status = snapshot_find_place(r->snapshot, &key, PLACE_REPOSITORY, &r->choice,
                                             r->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    r->repository_kept.key = TEXT_NONE;
    if (!decode_repository(body, &r->repository))
        return malformed(err, &key);
    keep(r, &r->repository_kept, &key);
    return STATUS_OK;
}

static enum status find_user(struct reading *r, struct text name, struct error *err)
{
    struct layout_key key READ_INTO;
    struct text body;
    layout_key_name(&key, "user/", name, true);
    if (is_kept(&r->user_kept, &key))
        return STATUS_OK;
    enum status status = snapshot_find(r->snapshot, &key, r->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    r->user_kept.key = TEXT_NONE;
    if (!decode_user(body, &r->user))
        return malformed(err, &key);
    keep(r, &r->user_kept, &key);
    return STATUS_OK;
}

static enum status find_global(struct reading *r, struct error *err)
{
    struct layout_key key READ_INTO;
    struct text body;
    layout_key_name(&key, "global", TEXT(""), false);
    if (is_kept(&r->global_kept, &key))
        return STATUS_OK;
    enum status status = snapshot_find(r->snapshot, &key, r->arena, &body, err);
    if (status == STATUS_NOT_FOUND)
        return snapshot_damaged(err, TEXT("global"), "is missing");
    if (status != STATUS_OK)
        return status;
    if (!decode_global(body, &r->global))
        return malformed(err, &key);
    keep(r, &r->global_kept, &key);
    return STATUS_OK;
}

static enum status view_meta(void *self, struct snapshot_meta *out, struct error *err)
{
    const struct reading *r = self;
    (void)err;
    *out = r->snapshot->meta.meta;
    return STATUS_OK;
}

static enum answer licensed_answer(uint8_t licensed)
{
    switch (licensed) {
    case LICENSED_NO:
        return ANSWER_NO;
    case LICENSED_YES:
        return ANSWER_YES;
    default:
        return ANSWER_CANNOT_TELL;
    }
}

static enum status view_user(void *self, struct text name, struct snapshot_user *out,
                             struct error *err)
{
    struct reading *r = self;
    enum status status = find_user(r, name, err);
    if (status != STATUS_OK)
        return status;
    const struct user_record *user = &r->user;
    uint32_t *groups = arena_alloc(r->arena, user->group_count, sizeof *groups);
    if (!groups)
        return out_of_memory(err);
    for (uint32_t i = 0; i < user->group_count; i++) {
        groups[i] = layout_load32(user->groups + (size_t)i * 4);
        if (i && groups[i] <= groups[i - 1])
            return error_set(err, STATUS_FORMAT,
                             "the snapshot is damaged: its list of a user's groups is malformed");
    }
    *out = (struct snapshot_user){
        .id = user->id,
        .name = user->name,
        .slug = user->slug,
        .email = user->email,
        .active = user->flags & USER_ACTIVE,
        .licensed = licensed_answer(user->licensed),
        .global = user->global,
        .global_unsure = user->flags & USER_GLOBAL_UNSURE,
        .groups = groups,
        .group_count = user->group_count,
        .groups_complete = user->flags & USER_GROUPS_UNSURE ? ANSWER_CANNOT_TELL : ANSWER_YES,
    };
    return STATUS_OK;
}

/* The records that hold one id. */
static enum status find_id(const struct reading *r, const struct layout_key *key, uint64_t *id,
                           struct error *err)
{
    struct text body;
    uint64_t found;
    enum status status = snapshot_find(r->snapshot, key, r->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    if (!decode_id(body, &found))
        return malformed(err, key);
    *id = found;
    return STATUS_OK;
}

static enum status view_email_user(void *self, struct text address, uint64_t *user_id,
                                   struct error *err)
{
    struct layout_key key READ_INTO;
    if (!address.size)
        return error_set(err, STATUS_NOT_FOUND, "an empty address is nobody's");
    layout_key_name(&key, "email/", address, true);
    return find_id(self, &key, user_id, err);
}

static enum status view_service(void *self, struct text name, uint64_t *key_id, struct error *err)
{
    struct layout_key key READ_INTO;
    layout_key_name(&key, "service/", name, false);
    return find_id(self, &key, key_id, err);
}

static enum status copy_groups(const struct reading *r, const struct place_record *place,
                               const struct group_grant **out, size_t *count, struct error *err)
{
    struct group_grant *groups = arena_alloc(r->arena, place->group_count, sizeof *groups);
    if (!groups)
        return out_of_memory(err);
    for (uint32_t i = 0; i < place->group_count; i++) {
        groups[i] = place_group(place, i);
        if (!layout_permission_valid((uint8_t)groups[i].permission) ||
            (i && groups[i].group <= groups[i - 1].group))
            return error_set(err, STATUS_FORMAT,
                             "the snapshot is damaged: its list of group grants is malformed");
    }
    *out = groups;
    *count = place->group_count;
    return STATUS_OK;
}

static enum status project_out(const struct reading *r, struct snapshot_project *out,
                               struct error *err)
{
    const struct project_record *project = &r->project;
    struct snapshot_project result = {
        .id = project->id,
        .key = project->key,
        .personal = project->flags & PROJECT_PERSONAL,
        .is_public = project->flags & PROJECT_PUBLIC,
        .owner_id = project->owner_id,
        .owner_name = project->owner_name,
        .incomplete = project->place.incomplete,
        .default_permission = project->default_permission,
    };
    enum status status = copy_groups(r, &project->place, &result.groups, &result.group_count, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

static enum status view_project(void *self, struct text project_key, struct snapshot_project *out,
                                struct error *err)
{
    enum status status = find_project(self, project_key, err);
    return status == STATUS_OK ? project_out(self, out, err) : status;
}

static enum status view_repository(void *self, struct text project_key, struct text slug,
                                   struct snapshot_repository *out, struct error *err)
{
    struct reading *r = self;
    enum status status = find_repository(r, project_key, slug, err);
    if (status != STATUS_OK)
        return status;
    status = find_project(r, project_key, err);
    if (status == STATUS_NOT_FOUND) /* the builder writes none without the other */
        return snapshot_damaged(err, project_key, "of a project is missing");
    if (status != STATUS_OK)
        return status;
    const struct repository_record *repository = &r->repository;
    struct snapshot_repository result = {
        .id = repository->id,
        .project_key = repository->key,
        .slug = repository->slug,
        .archived = repository->flags & REPOSITORY_ARCHIVED,
        .is_public = repository->flags & REPOSITORY_PUBLIC,
        .incomplete = repository->place.incomplete,
        .default_branch_known = repository->flags & REPOSITORY_BRANCH_KNOWN,
        .default_branch = repository->default_branch,
        .model = repository->place.model.configured ? repository->place.model
                                                    : r->project.place.model,
    };
    status = copy_groups(r, &repository->place, &result.groups, &result.group_count, err);
    if (status == STATUS_OK)
        status = restrictions_merge(&repository->place, &r->project.place, &r->choice, r->arena,
                                    &result.restrictions, &result.restriction_count, err);
    if (status == STATUS_OK)
        status = project_out(r, &result.project, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

static enum status view_repository_name(void *self, uint64_t id, struct text *project_key,
                                        struct text *slug, struct error *err)
{
    const struct reading *r = self;
    struct layout_key key READ_INTO;
    struct text body, a, b;
    layout_key_id(&key, "repo-id/", id);
    enum status status = snapshot_find(r->snapshot, &key, r->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    if (!decode_texts(body, &a, &b))
        return malformed(err, &key);
    *project_key = a;
    *slug = b;
    return STATUS_OK;
}

static enum status view_project_name(void *self, uint64_t id, struct text *project_key,
                                     struct error *err)
{
    const struct reading *r = self;
    struct layout_key key READ_INTO;
    struct text body, name;
    layout_key_id(&key, "project-id/", id);
    enum status status = snapshot_find(r->snapshot, &key, r->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    if (!decode_text(body, &name))
        return malformed(err, &key);
    *project_key = name;
    return STATUS_OK;
}

static enum status view_user_grant(void *self, enum grant_scope scope, struct text project_key,
                                   struct text slug, struct text user_name, enum permission *out,
                                   struct error *err)
{
    struct reading *r = self;
    const struct place_record *place = &r->repository.place;
    enum status status = find_user(r, user_name, err);
    if (status != STATUS_OK)
        return status;
    if (scope == GRANT_GLOBAL) {
        status = find_global(r, err);
        place = &r->global;
    } else if (scope == GRANT_PROJECT) {
        status = find_project(r, project_key, err);
        place = &r->project.place;
    } else {
        status = find_repository(r, project_key, slug, err);
    }
    if (status != STATUS_OK)
        return status;
    enum permission permission;
    if (!place_find_user(place, r->user.id, &permission))
        return error_set(err, STATUS_NOT_FOUND, "no direct grant");
    if (!layout_permission_valid((uint8_t)permission))
        return error_set(err, STATUS_FORMAT, "the snapshot is damaged: a grant is malformed");
    *out = permission;
    return STATUS_OK;
}

static enum status view_global_groups(void *self, const struct group_grant **out, size_t *count,
                                      struct error *err)
{
    struct reading *r = self;
    enum status status = find_global(r, err);
    return status == STATUS_OK ? copy_groups(r, &r->global, out, count, err) : status;
}

static enum status view_group(void *self, struct text name, struct snapshot_group *out,
                              struct error *err)
{
    const struct reading *r = self;
    struct layout_key key READ_INTO;
    struct text body;
    struct group_record group;
    layout_key_name(&key, "group/", name, true);
    enum status status = snapshot_find(r->snapshot, &key, r->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    if (!decode_group(body, &group))
        return malformed(err, &key);
    *out = (struct snapshot_group){group.number, group.flags & GROUP_INCOMPLETE};
    return STATUS_OK;
}

static enum status view_group_name(void *self, uint32_t group, struct text *out, struct error *err)
{
    const struct reading *r = self;
    struct layout_key key READ_INTO;
    struct text body, name;
    uint8_t flags;
    layout_key_id(&key, "group-number/", group);
    enum status status = snapshot_find(r->snapshot, &key, r->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    if (!decode_group_number(body, &flags, &name))
        return malformed(err, &key);
    *out = name;
    return STATUS_OK;
}

static enum status view_repository_keys(void *self, struct text project_key, struct text slug,
                                        const struct repository_key **out, size_t *count,
                                        struct error *err)
{
    struct reading *r = self;
    enum status status = find_repository(r, project_key, slug, err);
    if (status != STATUS_OK)
        return status;
    status = find_project(r, project_key, err);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND
                   ? snapshot_damaged(err, project_key, "of a project is missing")
                   : status;
    const struct place_record *own = &r->repository.place, *above = &r->project.place;
    size_t total = (size_t)own->key_count + above->key_count;
    struct repository_key *keys = arena_alloc(r->arena, total, sizeof *keys);
    if (!keys)
        return out_of_memory(err);
    struct cursor own_at = own->keys, above_at = above->keys;
    for (size_t i = 0; i < total; i++) {
        bool of_project = i >= own->key_count;
        if (!place_next_key(of_project ? &above_at : &own_at, &keys[i]))
            return error_set(err, STATUS_FORMAT,
                             "the snapshot is damaged: its list of access keys is malformed");
        keys[i].of_project = of_project;
    }
    *out = keys;
    *count = total;
    return STATUS_OK;
}

static enum status view_access_key(void *self, uint64_t id, struct snapshot_key *out,
                                   struct error *err)
{
    const struct reading *r = self;
    struct layout_key key READ_INTO;
    struct text body;
    struct key_record record;
    layout_key_id(&key, "key/", id);
    enum status status = snapshot_find(r->snapshot, &key, r->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    if (!decode_key(body, &record))
        return malformed(err, &key);
    uint8_t flags = record.flags;
    *out = (struct snapshot_key){
        .id = id,
        .label = record.label,
        .algorithm = record.algorithm,
        .fingerprint = record.fingerprint,
        .bits = record.bits,
        .created_ms = record.created_ms,
        .last_used_ms = record.last_used_ms,
        .expires_ms = record.expires_ms,
        .created_known = flags & KEY_CREATED_KNOWN,
        .ever_used = !(flags & KEY_USE_KNOWN) ? ANSWER_CANNOT_TELL
                     : flags & KEY_USED       ? ANSWER_YES
                                              : ANSWER_NO,
        .expires = !(flags & KEY_EXPIRY_KNOWN) ? ANSWER_CANNOT_TELL
                   : flags & KEY_EXPIRES       ? ANSWER_YES
                                               : ANSWER_NO,
        .places = record.place_count,
    };
    return STATUS_OK;
}

static enum status view_exemptions(void *self, const struct restriction *restriction,
                                   struct exemptions *out, struct error *err)
{
    const struct reading *r = self;
    struct text bytes = {restriction->exemptions, restriction->exemptions_size};
    struct exemptions result;
    bool memory;
    if (decode_exemptions(bytes, r->arena, &result, &memory)) {
        *out = result;
        return STATUS_OK;
    }
    if (memory)
        return out_of_memory(err);
    return error_set(err, STATUS_FORMAT,
                     "the snapshot is damaged: the exemptions of restriction %llu are malformed",
                     (unsigned long long)restriction->id);
}

/* The list is short: what was read anew since the last full crawl. */
static enum status view_part(void *self, struct text project_key, struct text slug,
                             int64_t *started_ms, struct error *err)
{
    const struct reading *r = self;
    struct layout_key key READ_INTO;
    struct text body;
    struct cursor parts;
    uint32_t count;
    int64_t latest = r->snapshot->meta.meta.started_ms;
    bool found = false;
    layout_key_name(&key, "parts", TEXT(""), false);
    enum status status = snapshot_find(r->snapshot, &key, r->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    if (!decode_parts(body, &parts, &count))
        return malformed(err, &key);
    for (uint32_t i = 0; i < count; i++) {
        struct part_record part;
        if (!decode_next_part(&parts, &part))
            return malformed(err, &key);
        if (!text_equal_fold(part.key, project_key) ||
            (part.slug.size && !text_equal_fold(part.slug, slug)) || part.started_ms <= latest)
            continue;
        latest = part.started_ms;
        found = true;
    }
    if (!found)
        return error_set(err, STATUS_NOT_FOUND, "it is as old as the rest of the snapshot");
    *started_ms = latest;
    return STATUS_OK;
}

static void view_choose_restrictions(void *self, restriction_wanted *wanted, const void *asker)
{
    struct reading *r = self;
    r->project_kept = r->repository_kept = (struct kept){TEXT_NONE}; /* others may be wanted now */
    r->choice = (struct restriction_choice){wanted, asker};
}

struct view snapshot_view(struct snapshot *snapshot, struct arena *arena)
{
    struct reading *r = arena_alloc(arena, 1, sizeof *r);
    if (!r)
        return snapshot_view_missing(STATUS_MEMORY, "out of memory");
    r->snapshot = snapshot;
    r->arena = arena;
    return (struct view){
        .self = r,
        .meta = view_meta,
        .user = view_user,
        .email_user = view_email_user,
        .service = view_service,
        .repository = view_repository,
        .project = view_project,
        .repository_name = view_repository_name,
        .project_name = view_project_name,
        .user_grant = view_user_grant,
        .global_groups = view_global_groups,
        .group = view_group,
        .group_name = view_group_name,
        .repository_keys = view_repository_keys,
        .access_key = view_access_key,
        .part = view_part,
        .exemptions = view_exemptions,
        .choose_restrictions = view_choose_restrictions,
    };
}

struct view snapshot_view_missing(enum status code, const char *problem)
{
    return (struct view){.problem = problem, .problem_code = code};
}
