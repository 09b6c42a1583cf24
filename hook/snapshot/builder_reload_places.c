/*
 * builder_reload_places.c - the old snapshot's projects and repositories, with what is granted and
 * restricted there, unless it was told anew.
 */
#include "snapshot/reload.h"

/* ------------------------------------------------------------------ what stays */

struct fate {
    bool row;     /* the place is taken as it was */
    bool content; /* … and what is granted and restricted there */
};

static bool is_in(const struct rows *ids, uint64_t id)
{
    return rows_find(ids, id);
}

static struct fate fate_of_project(const struct reload *r, uint64_t id, uint32_t key)
{
    bool told = is_in(&r->told.projects, id), anew = is_in(&r->told.project_parts, id);
    if (anew || is_in(&r->b->gone_projects, id))
        return (struct fate){false, false};
    /* Who lost the name to another one is deleted, or has a name that nobody has told. */
    bool stays = !told && !told_other_project(&r->told, r->b, id, key);
    return (struct fate){stays, stays || told};
}

static enum status pool(const struct reload *r, struct text t, uint32_t *number)
{
    return pool_add(&r->b->pool, t, number, r->err);
}

/* The old record of a project by its key. */
static enum status find_project(const struct reload *r, struct text name,
                                struct project_record *out, struct fate *fate)
{
    struct layout_key key;
    struct text body;
    uint32_t number;
    layout_key_name(&key, "project/", name, true);
    enum status status = snapshot_find(r->old, &key, NULL, &body, r->err);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !decode_project(body, out)))
        return reload_malformed(r);
    if (status == STATUS_OK)
        status = pool(r, out->key, &number);
    if (status == STATUS_OK)
        *fate = fate_of_project(r, out->id, number);
    return status;
}

static struct fate fate_of_repository(const struct reload *r,
                                      const struct repository_record *repository, uint32_t slug,
                                      uint64_t project, struct fate above)
{
    uint64_t id = repository->id;
    bool told = is_in(&r->told.repositories, id);
    bool anew = is_in(&r->told.repository_parts, id) || is_in(&r->told.project_parts, project) ||
                is_in(&r->b->gone_repositories, id);
    if (anew)
        return (struct fate){false, false};
    bool stays = !told && above.content &&
                 !told_other_repository(&r->told, r->b, id, project, slug);
    return (struct fate){stays, stays || told};
}

/* ------------------------------------------------------------------ content */

static enum status take_groups(const struct reload *r, struct place place,
                               const struct place_record *old)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < old->group_count; i++) {
        struct group_grant grant = place_group(old, i);
        if (grant.group >= r->group_count)
            return reload_malformed(r);
        struct grant_row row = {.place = place.id,
                                .who = r->group_names[grant.group],
                                .scope = (uint8_t)place.scope,
                                .permission = (uint8_t)grant.permission,
                                .old = true};
        status = facts_row(r->b, &r->b->group_grants, &row, STATUS_OK, r->err);
    }
    return status;
}

static enum status take_users(struct reload *r, struct place place, const struct place_record *old,
                              bool stays)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < old->user_count; i++) {
        enum permission permission;
        uint64_t id = place_user(old, i, &permission);
        struct grant_row row = {.place = place.id,
                                .who = id,
                                .scope = (uint8_t)place.scope,
                                .permission = (uint8_t)permission,
                                .old = true};
        status = reload_name(r, stays ? &r->users.stays : &r->users.goes, id);
        if (stays)
            status = facts_row(r->b, &r->b->user_grants, &row, status, r->err);
    }
    return status;
}

static enum status take_keys(struct reload *r, struct place place, const struct place_record *old,
                             bool stays)
{
    enum status status = STATUS_OK;
    struct cursor keys = old->keys;
    for (uint32_t i = 0; status == STATUS_OK && i < old->key_count; i++) {
        struct repository_key key;
        if (!place_next_key(&keys, &key))
            return reload_malformed(r);
        struct grant_row row = {.place = place.id,
                                .who = key.id,
                                .scope = (uint8_t)place.scope,
                                .permission = (uint8_t)key.permission,
                                .old = true};
        status = reload_name(r, stays ? &r->keys.stays : &r->keys.goes, key.id);
        if (stays)
            status = facts_row(r->b, &r->b->key_grants, &row, status, r->err);
    }
    return status;
}

static enum status take_restrictions(const struct reload *r, struct place place,
                                     const struct place_record *old)
{
    struct cursor at = old->restrictions;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < old->restriction_count; i++) {
        size_t size = cursor_u32(&at);
        const unsigned char *bytes = cursor_bytes(&at, size);
        if (!bytes || !blobs_restriction(r->b, place, (struct text){(const char *)bytes, size},
                                         &status, r->err))
            return reload_malformed(r);
    }
    return status;
}

static enum status take_model(const struct reload *r, struct place place,
                              const struct place_record *old)
{
    if (!old->model.configured)
        return STATUS_OK;
    enum status status = builder_model(r->b, place, &old->model, r->err);
    if (status == STATUS_OK)
        ROW(struct blob_row, r->b->models, r->b->models.count - 1)->old = true;
    return status;
}

static enum status take_mark(const struct reload *r, struct place place, unsigned what)
{
    struct mark_row row = {
        .place = place.id, .scope = (uint8_t)place.scope, .what = (uint8_t)what};
    return what ? facts_row(r->b, &r->b->marks, &row, STATUS_OK, r->err) : STATUS_OK;
}

/* Users and keys are noted also where they are not taken. */
static enum status take_place(struct reload *r, struct place place, const struct place_record *old,
                              bool stays)
{
    enum status status = take_users(r, place, old, stays);
    if (status == STATUS_OK)
        status = take_keys(r, place, old, stays);
    if (status != STATUS_OK || !stays)
        return status;
    status = take_groups(r, place, old);
    if (status == STATUS_OK)
        status = take_restrictions(r, place, old);
    if (status == STATUS_OK)
        status = take_model(r, place, old);
    return status == STATUS_OK ? take_mark(r, place, old->incomplete) : status;
}

/* ------------------------------------------------------------------ records */

static bool is_local(const void *row, void *self)
{
    (void)self;
    return ((const struct mark_row *)row)->scope != GRANT_GLOBAL;
}

/* They are told anew always; what could not be read then is as it was, and as old as the rest. */
enum status reload_global(struct reload *r, struct text body)
{
    const struct place everywhere = {GRANT_GLOBAL, 0};
    struct place_record old;
    if (!decode_global(body, &old))
        return reload_malformed(r);
    if (r->told.global_incomplete)
        rows_filter(&r->b->marks, is_local, NULL);
    return take_place(r, everywhere, &old, r->told.global_incomplete);
}

enum status reload_project(struct reload *r, struct text body)
{
    struct builder *b = r->b;
    struct project_record old;
    struct project_row row = {.old = true};
    if (!decode_project(body, &old))
        return reload_malformed(r);
    enum status status = pool(r, old.key, &row.key);
    if (status == STATUS_OK)
        status = pool(r, old.owner_name, &row.owner_name);
    if (status != STATUS_OK)
        return status;
    struct fate fate = fate_of_project(r, old.id, row.key);
    row.id = old.id;
    row.owner_id = old.owner_id;
    row.flags = old.flags & (PROJECT_PERSONAL | PROJECT_PUBLIC);
    if (old.owner_id)
        status = reload_name(r, fate.row ? &r->users.stays : &r->users.goes, old.owner_id);
    if (fate.row)
        status = facts_row(b, &b->projects, &row, status, r->err);
    struct level_row level = {.project = old.id,
                              .permission = (uint8_t)old.default_permission,
                              .old = true};
    if (fate.content && old.default_permission != PERMISSION_NONE)
        status = facts_row(b, &b->levels, &level, status, r->err);
    return status == STATUS_OK ? take_place(r, (struct place){GRANT_PROJECT, old.id}, &old.place,
                                            fate.content)
                               : status;
}

enum status reload_repository(struct reload *r, struct text body)
{
    struct builder *b = r->b;
    struct repository_record old;
    struct project_record project;
    struct fate above;
    struct repository_row row = {.old = true};
    struct branch_row branch = {.old = true};
    if (!decode_repository(body, &old))
        return reload_malformed(r);
    enum status status = find_project(r, old.key, &project, &above);
    if (status == STATUS_OK)
        status = pool(r, old.slug, &row.slug);
    if (status == STATUS_OK)
        status = pool(r, old.default_branch, &branch.ref);
    if (status != STATUS_OK)
        return status;
    struct fate fate = fate_of_repository(r, &old, row.slug, project.id, above);
    row.id = branch.repository = old.id;
    row.project = project.id;
    row.origin = old.origin_id;
    row.flags = old.flags & (REPOSITORY_ARCHIVED | REPOSITORY_PUBLIC);
    if (fate.row)
        status = facts_row(b, &b->repositories, &row, status, r->err);
    if (fate.content && old.flags & REPOSITORY_BRANCH_KNOWN)
        status = facts_row(b, &b->branches, &branch, status, r->err);
    return status == STATUS_OK ? take_place(r, (struct place){GRANT_REPOSITORY, old.id},
                                            &old.place, fate.content)
                               : status;
}

/* A part stays as long as what it was a part of is not told anew. */
static enum status take_part(const struct reload *r, const struct part_record *part)
{
    struct project_record project;
    struct repository_record repository;
    struct fate fate;
    struct layout_key name;
    struct text body;
    uint32_t slug;
    struct part_row row = {.scope = GRANT_PROJECT, .started_ms = part->started_ms};
    enum status status = find_project(r, part->key, &project, &fate);
    if (status != STATUS_OK)
        return status;
    row.place = project.id;
    if (part->slug.size) {
        layout_key_pair(&name, "repo/", part->key, part->slug);
        status = snapshot_find(r->old, &name, NULL, &body, r->err);
        if (status == STATUS_NOT_FOUND ||
            (status == STATUS_OK && !decode_repository(body, &repository)))
            return reload_malformed(r);
        if (status == STATUS_OK)
            status = pool(r, repository.slug, &slug);
        if (status != STATUS_OK)
            return status;
        fate = fate_of_repository(r, &repository, slug, project.id, fate);
        row.scope = GRANT_REPOSITORY;
        row.place = repository.id;
    }
    return fate.content ? facts_row(r->b, &r->b->parts, &row, STATUS_OK, r->err) : STATUS_OK;
}

enum status reload_parts(struct reload *r, struct text body)
{
    struct cursor parts;
    struct part_record part;
    uint32_t count;
    enum status status = STATUS_OK;
    if (!decode_parts(body, &parts, &count))
        return reload_malformed(r);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        if (!decode_next_part(&parts, &part))
            return reload_malformed(r);
        status = take_part(r, &part);
    }
    return status;
}
