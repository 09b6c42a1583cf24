/*
 * builder_facts.c - what a builder is told, as rows.
 */
#include "snapshot/rows.h"

uint32_t facts_text(struct builder *b, struct text t, const char *what, enum status *status,
                    struct error *err)
{
    uint32_t number = 0;
    if (*status != STATUS_OK)
        return 0;
    if (t.size > LAYOUT_TEXT_MAX)
        *status = error_set(err, STATUS_LIMIT, "%s has %zu bytes; more than %d are not supported",
                            what, t.size, LAYOUT_TEXT_MAX);
    else if (!b->checking)
        *status = pool_add(&b->pool, t, &number, err);
    return number;
}

enum status facts_row(const struct builder *b, struct rows *rows, const void *row,
                      enum status status, struct error *err)
{
    if (status == STATUS_OK)
        status = builder_cancelled(b, err);
    return status == STATUS_OK && !b->checking ? rows_add(rows, row, err) : status;
}

enum status builder_user(struct builder *b, const struct builder_user *user, struct error *err)
{
    /* Each grant describes its user again: a million times, at the largest instances. */
    if (!user->listed && id_set_has(&b->listed, user->id))
        return builder_cancelled(b, err);
    enum status status = STATUS_OK;
    if (user->listed && !b->checking)
        status = id_set_add(&b->listed, user->id, err);
    struct text slug = user->slug.size ? user->slug : user->name;
    struct user_row row = {.id = user->id, .active = user->active, .listed = user->listed};
    row.name = facts_text(b, user->name, "the name of a user", &status, err);
    row.slug = facts_text(b, slug, "the slug of a user", &status, err);
    row.email = facts_text(b, user->email, "the e-mail address of a user", &status, err);
    return facts_row(b, &b->users, &row, status, err);
}

enum status builder_group(struct builder *b, struct text name, bool incomplete, struct error *err)
{
    enum status status = STATUS_OK;
    struct group_row row = {.incomplete = incomplete, .listed = true};
    row.name = facts_text(b, name, "the name of a group", &status, err);
    return facts_row(b, &b->groups, &row, status, err);
}

enum status builder_group_gone(struct builder *b, struct text name, struct error *err)
{
    enum status status = STATUS_OK;
    struct group_row row = {.gone = true};
    row.name = facts_text(b, name, "the name of a group", &status, err);
    return facts_row(b, &b->groups, &row, status, err);
}

enum status builder_member(struct builder *b, struct text group, uint64_t user_id,
                           struct error *err)
{
    enum status status = STATUS_OK;
    struct member_row row = {.user = user_id};
    row.group = facts_text(b, group, "the name of a group", &status, err);
    return facts_row(b, &b->members, &row, status, err);
}

enum status builder_project(struct builder *b, const struct builder_project *project,
                            struct error *err)
{
    enum status status = STATUS_OK;
    struct project_row row = {
        .id = project->id, .owner_id = project->owner_id, .current = project->current};
    row.flags = (uint8_t)((project->personal ? PROJECT_PERSONAL : 0) |
                          (project->is_public ? PROJECT_PUBLIC : 0));
    row.key = facts_text(b, project->key, "the key of a project", &status, err);
    row.owner_name = facts_text(b, project->owner_name, "the name of an owner", &status, err);
    return facts_row(b, &b->projects, &row, status, err);
}

enum status builder_repository(struct builder *b, const struct builder_repository *repository,
                               struct error *err)
{
    enum status status = STATUS_OK;
    struct repository_row row = {.id = repository->id,
                                 .project = repository->project_id,
                                 .origin = repository->origin_id,
                                 .current = repository->current};
    row.flags = (uint8_t)((repository->archived ? REPOSITORY_ARCHIVED : 0) |
                          (repository->is_public ? REPOSITORY_PUBLIC : 0));
    row.slug = facts_text(b, repository->slug, "the slug of a repository", &status, err);
    return facts_row(b, &b->repositories, &row, status, err);
}

/* Levels of a scope; a level of another scope would be granted by mistake. */
static bool permission_fits(enum grant_scope scope, enum permission p)
{
    switch (scope) {
    case GRANT_GLOBAL:
        return p >= PERMISSION_LICENSED_USER && p <= PERMISSION_SYS_ADMIN;
    case GRANT_PROJECT:
        return p >= PERMISSION_PROJECT_READ && p <= PERMISSION_PROJECT_ADMIN;
    case GRANT_REPOSITORY:
        return p >= PERMISSION_REPO_READ && p <= PERMISSION_REPO_ADMIN;
    }
    return false;
}

static enum status add_grant(const struct builder *b, struct rows *rows, struct place place,
                             uint64_t who, enum permission permission, struct error *err)
{
    if (!permission_fits(place.scope, permission))
        return error_set(err, STATUS_FORMAT, "%s cannot be granted there",
                         permission_name(permission));
    struct grant_row row = {.place = place.scope == GRANT_GLOBAL ? 0 : place.id,
                            .who = who,
                            .scope = (uint8_t)place.scope,
                            .permission = (uint8_t)permission};
    return facts_row(b, rows, &row, STATUS_OK, err);
}

enum status builder_grant_user(struct builder *b, struct place place, uint64_t user_id,
                               enum permission permission, struct error *err)
{
    return add_grant(b, &b->user_grants, place, user_id, permission, err);
}

enum status builder_grant_group(struct builder *b, struct place place, struct text group,
                                enum permission permission, struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t name = facts_text(b, group, "the name of a group", &status, err);
    return status == STATUS_OK ? add_grant(b, &b->group_grants, place, name, permission, err)
                               : status;
}

enum status builder_grant_key(struct builder *b, struct place place, uint64_t key_id,
                              enum permission permission, struct error *err)
{
    return add_grant(b, &b->key_grants, place, key_id, permission, err);
}

enum status builder_default_permission(struct builder *b, uint64_t project_id,
                                       enum permission permission, struct error *err)
{
    if (!permission_fits(GRANT_PROJECT, permission))
        return error_set(err, STATUS_FORMAT, "%s cannot be granted on a project",
                         permission_name(permission));
    struct level_row row = {.project = project_id, .permission = (uint8_t)permission};
    return facts_row(b, &b->levels, &row, STATUS_OK, err);
}

enum status builder_default_branch(struct builder *b, uint64_t repository_id, struct text ref,
                                   struct error *err)
{
    enum status status = STATUS_OK;
    struct branch_row row = {.repository = repository_id};
    row.ref = facts_text(b, ref, "the name of a branch", &status, err);
    return facts_row(b, &b->branches, &row, status, err);
}

enum status builder_key(struct builder *b, const struct builder_key *key, struct error *err)
{
    enum status status = STATUS_OK;
    struct key_row row = {
        .id = key->id,
        .bits = key->bits,
        .flags = (uint8_t)((key->created_known ? KEY_CREATED_KNOWN : 0) |
                           (key->use_known ? KEY_USE_KNOWN : 0) | (key->used ? KEY_USED : 0) |
                           (key->expiry_known ? KEY_EXPIRY_KNOWN : 0) |
                           (key->expires ? KEY_EXPIRES : 0)),
        .created_ms = key->created_ms,
        .last_used_ms = key->last_used_ms,
        .expires_ms = key->expires_ms,
    };
    row.label = facts_text(b, key->label, "the label of an access key", &status, err);
    row.algorithm = facts_text(b, key->algorithm, "the algorithm of an access key", &status, err);
    row.fingerprint =
        facts_text(b, key->fingerprint, "the fingerprint of an access key", &status, err);
    return facts_row(b, &b->keys, &row, status, err);
}

enum status builder_service(struct builder *b, struct text name, uint64_t key_id,
                            struct error *err)
{
    enum status status = STATUS_OK;
    struct service_row row = {.key = key_id};
    row.name = facts_text(b, name, "the name of a service user", &status, err);
    return facts_row(b, &b->services, &row, status, err);
}

enum status builder_gone(struct builder *b, struct place place, struct error *err)
{
    if (place.scope != GRANT_PROJECT && place.scope != GRANT_REPOSITORY)
        return error_set(err, STATUS_USAGE, "only a project or a repository can be gone");
    return facts_row(b, place.scope == GRANT_PROJECT ? &b->gone_projects : &b->gone_repositories,
                     &place.id, STATUS_OK, err);
}

enum status builder_incomplete(struct builder *b, struct place place, unsigned what,
                               struct error *err)
{
    const unsigned all =
        INCOMPLETE_GRANTS | INCOMPLETE_RESTRICTIONS | INCOMPLETE_MODEL | INCOMPLETE_KEYS;
    struct mark_row row = {.place = place.scope == GRANT_GLOBAL ? 0 : place.id,
                           .scope = (uint8_t)place.scope,
                           .what = (uint8_t)what};
    if (what & ~all || place.scope < GRANT_GLOBAL || place.scope > GRANT_REPOSITORY)
        return error_set(err, STATUS_USAGE, "no such thing can be incomplete");
    return what ? facts_row(b, &b->marks, &row, STATUS_OK, err) : builder_cancelled(b, err);
}

enum status builder_part(struct builder *b, struct place place, int64_t started_ms,
                         struct error *err)
{
    struct part_row row = {
        .place = place.id, .scope = (uint8_t)place.scope, .started_ms = started_ms};
    if (place.scope != GRANT_PROJECT && place.scope != GRANT_REPOSITORY)
        return error_set(err, STATUS_USAGE, "only a project or a repository can be a part");
    return facts_row(b, &b->parts, &row, STATUS_OK, err);
}

enum status builder_note(struct builder *b, struct text note, struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t number = facts_text(b, note, "a note", &status, err);
    for (size_t i = 0; i < b->notes.count; i++)
        if (*ROW(uint32_t, b->notes, i) == number)
            return status;
    return facts_row(b, &b->notes, &number, status, err);
}
