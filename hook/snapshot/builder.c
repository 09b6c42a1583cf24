#include "snapshot/builder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/publish.h"
#include "snapshot/reader.h"
#include "snapshot/rows.h"
#include "snapshot/verify.h"

#define ROWS_FIRST 64

enum status rows_add(struct rows *rows, const void *row, struct error *err)
{
    if (rows->count == rows->room) {
        size_t room = rows->room ? rows->room + rows->room / 2 : ROWS_FIRST;
        void *at = room < SIZE_MAX / rows->size ? realloc(rows->at, room * rows->size) : NULL;
        if (!at)
            return error_set(err, STATUS_MEMORY, "out of memory");
        rows->at = at;
        rows->room = room;
    }
    memcpy((char *)rows->at + rows->count * rows->size, row, rows->size);
    rows->count++;
    return STATUS_OK;
}

void rows_sort(struct builder *b, struct rows *rows, row_compare *compare)
{
    if (rows->count > 1)
        qsort_r(rows->at, rows->count, rows->size, compare, b);
}

void rows_unique(struct rows *rows, bool (*same)(const void *a, const void *b))
{
    char *base = rows->at;
    size_t kept = rows->count ? 1 : 0;
    for (size_t i = 1; i < rows->count; i++) {
        if (same(base + (kept - 1) * rows->size, base + i * rows->size))
            continue;
        if (kept != i)
            memcpy(base + kept * rows->size, base + i * rows->size, rows->size);
        kept++;
    }
    rows->count = kept;
}

const void *rows_find(const struct rows *rows, uint64_t id)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *row = (const char *)rows->at + middle * rows->size;
        uint64_t found;
        memcpy(&found, row, sizeof found);
        if (found == id)
            return row;
        if (found < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

enum status builder_cancelled(const struct builder *b, struct error *err)
{
    if (b->cancel && *b->cancel)
        return error_set(err, STATUS_DEADLINE, "interrupted; nothing was changed");
    return STATUS_OK;
}

enum status builder_new(const volatile sig_atomic_t *cancel, struct builder **out,
                        struct error *err)
{
    struct builder *b = calloc(1, sizeof *b);
    if (!b)
        return error_set(err, STATUS_MEMORY, "out of memory");
    b->cancel = cancel;
    pool_init(&b->pool);
    buffer_init(&b->blobs, SIZE_MAX / 2);
    b->users.size = sizeof(struct user_row);
    b->groups.size = sizeof(struct group_row);
    b->members.size = sizeof(struct member_row);
    b->projects.size = sizeof(struct project_row);
    b->repositories.size = sizeof(struct repository_row);
    b->user_grants.size = b->group_grants.size = b->key_grants.size = sizeof(struct grant_row);
    b->levels.size = sizeof(struct level_row);
    b->branches.size = sizeof(struct branch_row);
    b->models.size = b->restrictions.size = sizeof(struct blob_row);
    b->keys.size = sizeof(struct key_row);
    b->services.size = sizeof(struct service_row);
    b->notes.size = sizeof(uint32_t);
    *out = b;
    return STATUS_OK;
}

void builder_free(struct builder *b)
{
    if (!b)
        return;
    struct rows *all[] = {
        &b->users,  &b->groups,   &b->members, &b->projects,     &b->repositories,
        &b->levels, &b->branches, &b->models,  &b->restrictions, &b->user_grants,
        &b->keys,   &b->services, &b->notes,   &b->group_grants, &b->key_grants,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]->at);
    free(b->listed.slots);
    pool_free(&b->pool);
    buffer_free(&b->blobs);
    free(b);
}

/* Texts into the pool; the first failure stays in *status. */
static uint32_t add_text(struct builder *b, struct text t, const char *what, enum status *status,
                         struct error *err)
{
    uint32_t number = 0;
    if (*status != STATUS_OK)
        return 0;
    if (t.size > LAYOUT_TEXT_MAX)
        *status = error_set(err, STATUS_LIMIT, "%s has %zu bytes; more than %d are not supported",
                            what, t.size, LAYOUT_TEXT_MAX);
    else
        *status = pool_add(&b->pool, t, &number, err);
    return number;
}

static enum status add_row(struct rows *rows, const void *row, enum status status,
                           struct error *err)
{
    return status == STATUS_OK ? rows_add(rows, row, err) : status;
}

/* The slot of an id, or the empty one where it belongs. */
static size_t id_slot(const struct id_set *set, uint64_t id)
{
    size_t slot = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (set->slot_count - 1);
    while (set->slots[slot] && set->slots[slot] != id)
        slot = (slot + 1) & (set->slot_count - 1);
    return slot;
}

static bool id_set_has(const struct id_set *set, uint64_t id)
{
    return set->slot_count && id && set->slots[id_slot(set, id)] == id;
}

static enum status id_set_add(struct id_set *set, uint64_t id, struct error *err)
{
    if (!id)
        return STATUS_OK;
    if (set->used * 2 >= set->slot_count) {
        struct id_set larger = {.slot_count = set->slot_count ? set->slot_count * 2 : 1024};
        larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
        if (!larger.slots)
            return error_set(err, STATUS_MEMORY, "out of memory");
        for (size_t i = 0; i < set->slot_count; i++)
            if (set->slots[i])
                larger.slots[id_slot(&larger, set->slots[i])] = set->slots[i];
        larger.used = set->used;
        free(set->slots);
        *set = larger;
    }
    size_t slot = id_slot(set, id);
    set->used += !set->slots[slot];
    set->slots[slot] = id;
    return STATUS_OK;
}

enum status builder_user(struct builder *b, const struct builder_user *user, struct error *err)
{
    /* Each grant describes its user again: a million times, at the largest instances. */
    if (!user->listed && id_set_has(&b->listed, user->id))
        return builder_cancelled(b, err);
    enum status status = builder_cancelled(b, err);
    if (status == STATUS_OK && user->listed)
        status = id_set_add(&b->listed, user->id, err);
    struct text slug = user->slug.size ? user->slug : user->name;
    struct user_row row = {.id = user->id, .active = user->active, .listed = user->listed};
    row.name = add_text(b, user->name, "the name of a user", &status, err);
    row.slug = add_text(b, slug, "the slug of a user", &status, err);
    row.email = add_text(b, user->email, "the e-mail address of a user", &status, err);
    return add_row(&b->users, &row, status, err);
}

enum status builder_group(struct builder *b, struct text name, bool incomplete, struct error *err)
{
    enum status status = STATUS_OK;
    struct group_row row = {.incomplete = incomplete, .listed = true};
    row.name = add_text(b, name, "the name of a group", &status, err);
    return add_row(&b->groups, &row, status, err);
}

enum status builder_member(struct builder *b, struct text group, uint64_t user_id,
                           struct error *err)
{
    enum status status = STATUS_OK;
    struct member_row row = {.user = user_id};
    row.group = add_text(b, group, "the name of a group", &status, err);
    return add_row(&b->members, &row, status, err);
}

enum status builder_project(struct builder *b, const struct builder_project *project,
                            struct error *err)
{
    enum status status = STATUS_OK;
    struct project_row row = {.id = project->id, .owner_id = project->owner_id};
    row.flags = (uint8_t)((project->personal ? PROJECT_PERSONAL : 0) |
                          (project->is_public ? PROJECT_PUBLIC : 0));
    row.key = add_text(b, project->key, "the key of a project", &status, err);
    row.owner_name = add_text(b, project->owner_name, "the name of an owner", &status, err);
    return add_row(&b->projects, &row, status, err);
}

enum status builder_repository(struct builder *b, const struct builder_repository *repository,
                               struct error *err)
{
    enum status status = builder_cancelled(b, err);
    struct repository_row row = {
        .id = repository->id, .project = repository->project_id, .origin = repository->origin_id};
    row.flags = (uint8_t)((repository->archived ? REPOSITORY_ARCHIVED : 0) |
                          (repository->is_public ? REPOSITORY_PUBLIC : 0));
    row.slug = add_text(b, repository->slug, "the slug of a repository", &status, err);
    return add_row(&b->repositories, &row, status, err);
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

static enum status add_grant(struct rows *rows, struct place place, uint64_t who,
                             enum permission permission, struct error *err)
{
    if (!permission_fits(place.scope, permission))
        return error_set(err, STATUS_FORMAT, "%s cannot be granted there",
                         permission_name(permission));
    struct grant_row row = {.place = place.scope == GRANT_GLOBAL ? 0 : place.id,
                            .who = who,
                            .scope = (uint8_t)place.scope,
                            .permission = (uint8_t)permission};
    return rows_add(rows, &row, err);
}

enum status builder_grant_user(struct builder *b, struct place place, uint64_t user_id,
                               enum permission permission, struct error *err)
{
    return add_grant(&b->user_grants, place, user_id, permission, err);
}

enum status builder_grant_group(struct builder *b, struct place place, struct text group,
                                enum permission permission, struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t name = add_text(b, group, "the name of a group", &status, err);
    return status == STATUS_OK ? add_grant(&b->group_grants, place, name, permission, err) : status;
}

enum status builder_grant_key(struct builder *b, struct place place, uint64_t key_id,
                              enum permission permission, struct error *err)
{
    return add_grant(&b->key_grants, place, key_id, permission, err);
}

enum status builder_default_permission(struct builder *b, uint64_t project_id,
                                       enum permission permission, struct error *err)
{
    if (!permission_fits(GRANT_PROJECT, permission))
        return error_set(err, STATUS_FORMAT, "%s cannot be granted on a project",
                         permission_name(permission));
    struct level_row row = {.project = project_id, .permission = (uint8_t)permission};
    return rows_add(&b->levels, &row, err);
}

enum status builder_default_branch(struct builder *b, uint64_t repository_id, struct text ref,
                                   struct error *err)
{
    enum status status = STATUS_OK;
    struct branch_row row = {.repository = repository_id};
    row.ref = add_text(b, ref, "the name of a branch", &status, err);
    return add_row(&b->branches, &row, status, err);
}

static enum status check_size(struct text t, const char *what, struct error *err)
{
    if (t.size > LAYOUT_TEXT_MAX)
        return error_set(err, STATUS_LIMIT, "%s has %zu bytes; more than %d are not supported",
                         what, t.size, LAYOUT_TEXT_MAX);
    return STATUS_OK;
}

static enum status add_blob(struct builder *b, struct rows *rows, struct blob_row *row,
                            struct error *err)
{
    if (b->blobs.failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (b->blobs.size - row->at > UINT32_MAX / 2)
        return error_set(err, STATUS_LIMIT, "a restriction is too large");
    row->size = (uint32_t)(b->blobs.size - row->at);
    return rows_add(rows, row, err);
}

enum status builder_model(struct builder *b, struct place place, const struct branch_model *model,
                          struct error *err)
{
    struct blob_row row = {.place = place.id, .scope = (uint8_t)place.scope, .at = b->blobs.size};
    enum status status = check_size(model->development, "the development branch", err);
    if (status == STATUS_OK)
        status = check_size(model->production, "the production branch", err);
    for (size_t i = 0; status == STATUS_OK && i < model->category_count; i++) {
        status = check_size(model->category[i].id, "a branch category", err);
        if (status == STATUS_OK)
            status = check_size(model->category[i].prefix, "the prefix of a branch category", err);
    }
    if (status != STATUS_OK)
        return status;
    put_u8(&b->blobs, (uint8_t)((model->development_set ? MODEL_DEVELOPMENT : 0) |
                                (model->production_set ? MODEL_PRODUCTION : 0) |
                                (model->development_default ? MODEL_DEVELOPMENT_DEFAULT : 0) |
                                (model->production_default ? MODEL_PRODUCTION_DEFAULT : 0)));
    put_text(&b->blobs, model->development);
    put_text(&b->blobs, model->production);
    put_u8(&b->blobs, (uint8_t)model->category_count);
    for (size_t i = 0; i < model->category_count; i++) {
        put_u8(&b->blobs, model->category[i].enabled);
        put_text(&b->blobs, model->category[i].id);
        put_text(&b->blobs, model->category[i].prefix);
    }
    return add_blob(b, &b->models, &row, err);
}

static enum status check_restriction(const struct builder_restriction *r, struct error *err)
{
    enum status status = check_size(r->head.type_text, "the type of a restriction", err);
    if (status == STATUS_OK)
        status = check_size(r->head.matcher_type_text, "the matcher of a restriction", err);
    if (status == STATUS_OK)
        status = check_size(r->head.matcher_id, "the pattern of a restriction", err);
    for (size_t i = 0; status == STATUS_OK && i < r->exempt.user_count; i++)
        status = check_size(r->exempt.users[i].name, "the name of an exempt user", err);
    for (size_t i = 0; status == STATUS_OK && i < r->exempt.group_count; i++)
        status = check_size(r->exempt.groups[i].name, "the name of an exempt group", err);
    return status;
}

/* Sorted, so that two listings of one restriction are the same bytes. */
static int compare_users(const void *a, const void *b)
{
    const struct exempt_user *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return text_compare(x->name, y->name);
}
static int compare_groups(const void *a, const void *b)
{
    const struct exempt_group *x = a, *y = b;
    int order = text_compare_fold(x->name, y->name);
    return order ? order : text_compare(x->name, y->name);
}
static int compare_ids(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static void *sorted_copy(const void *items, size_t count, size_t size,
                         int (*compare)(const void *, const void *))
{
    void *copy = malloc(count * size + 1);
    if (copy && count) {
        memcpy(copy, items, count * size);
        qsort(copy, count, size, compare);
    }
    return copy;
}

static enum status put_exemptions(struct builder *b, const struct exemptions *exempt,
                                  struct blob_row *row, struct error *err)
{
    if (!exempt->user_count && !exempt->group_count && !exempt->access_key_count)
        return STATUS_OK;
    struct exempt_user *users =
        sorted_copy(exempt->users, exempt->user_count, sizeof *users, compare_users);
    struct exempt_group *groups =
        sorted_copy(exempt->groups, exempt->group_count, sizeof *groups, compare_groups);
    uint64_t *keys =
        sorted_copy(exempt->access_keys, exempt->access_key_count, sizeof *keys, compare_ids);
    enum status status = users && groups && keys ? STATUS_OK
                                                 : error_set(err, STATUS_MEMORY, "out of memory");
    struct buffer *out = &b->blobs;
    if (status == STATUS_OK) {
        put_u32(out, (uint32_t)exempt->user_count);
        for (size_t i = 0; i < exempt->user_count; i++) {
            put_u64(out, users[i].id);
            put_text(out, users[i].name);
        }
        row->groups_at = (uint32_t)(out->size - row->at);
        put_u32(out, (uint32_t)exempt->group_count);
    }
    for (size_t i = 0; status == STATUS_OK && i < exempt->group_count; i++) {
        put_u32(out, add_text(b, groups[i].name, "the name of a group", &status, err));
        put_u8(out, 0);
        put_text(out, groups[i].name);
    }
    if (status == STATUS_OK) {
        put_u32(out, (uint32_t)exempt->access_key_count);
        for (size_t i = 0; i < exempt->access_key_count; i++)
            put_u64(out, keys[i]);
    }
    free(users);
    free(groups);
    free(keys);
    return status;
}

enum status builder_restriction(struct builder *b, struct place place,
                                const struct builder_restriction *restriction, struct error *err)
{
    const struct restriction *head = &restriction->head;
    struct blob_row row = {
        .place = place.id, .scope = (uint8_t)place.scope, .id = head->id, .at = b->blobs.size};
    enum status status = check_restriction(restriction, err);
    if (status != STATUS_OK)
        return status;
    put_u64(&b->blobs, head->id);
    put_u8(&b->blobs, (uint8_t)((head->of_project ? RESTRICTION_OF_PROJECT : 0) |
                                (head->matcher_active ? 0 : RESTRICTION_INACTIVE)));
    put_u8(&b->blobs, (uint8_t)head->type);
    put_u8(&b->blobs, (uint8_t)head->matcher);
    if (head->type == RESTRICTION_UNKNOWN)
        put_text(&b->blobs, head->type_text);
    if (head->matcher == MATCHER_UNKNOWN)
        put_text(&b->blobs, head->matcher_type_text);
    put_text(&b->blobs, head->matcher_id);
    status = put_exemptions(b, &restriction->exempt, &row, err);
    return status == STATUS_OK ? add_blob(b, &b->restrictions, &row, err) : status;
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
    row.label = add_text(b, key->label, "the label of an access key", &status, err);
    row.algorithm = add_text(b, key->algorithm, "the algorithm of an access key", &status, err);
    row.fingerprint =
        add_text(b, key->fingerprint, "the fingerprint of an access key", &status, err);
    return add_row(&b->keys, &row, status, err);
}

enum status builder_service(struct builder *b, struct text name, uint64_t key_id,
                            struct error *err)
{
    enum status status = STATUS_OK;
    struct service_row row = {.key = key_id};
    row.name = add_text(b, name, "the name of a service user", &status, err);
    return add_row(&b->services, &row, status, err);
}

enum status builder_note(struct builder *b, struct text note, struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t number = add_text(b, note, "a note", &status, err);
    for (size_t i = 0; i < b->notes.count; i++)
        if (*ROW(uint32_t, b->notes, i) == number)
            return status;
    return add_row(&b->notes, &number, status, err);
}

/* What was written, read by the code that the hook will read it with. */
static enum status read_back(int fd, struct builder_summary *summary, struct error *err)
{
    struct stat st;
    struct snapshot *snapshot;
    int copy = dup(fd);
    if (copy < 0 || fstat(fd, &st) < 0) {
        if (copy >= 0)
            close(copy);
        return error_set(err, STATUS_IO, "cannot read the new snapshot back");
    }
    enum status status =
        snapshot_open_fd(copy, (uint64_t)st.st_size, 0, SNAPSHOT_MAPPED, &snapshot, err);
    if (status != STATUS_OK)
        return error_prefix(err, "the new snapshot was not written correctly");
    status = snapshot_verify(snapshot, NULL, NULL, err);
    if (status != STATUS_OK)
        error_prefix(err, "the new snapshot was not written correctly");
    summary->size = (uint64_t)st.st_size;
    snapshot_close(snapshot);
    return status;
}

enum status builder_finish(struct builder *b, const struct builder_header *header, const char *path,
                           uint64_t max_size, struct builder_summary *summary, struct error *err)
{
    struct publication publication;
    struct builder_summary result = {0};
    enum status status = join_rows(b, err);
    if (status != STATUS_OK)
        return status;
    status = publication_begin(&publication, path, err);
    if (status == STATUS_OK)
        status = write_records(b, header, publication.fd, max_size, &result, err);
    if (status == STATUS_OK)
        status = read_back(publication.fd, &result, err);
    if (status == STATUS_OK)
        status = builder_cancelled(b, err);
    if (status == STATUS_OK)
        status = publication_commit(&publication, err);
    publication_end(&publication);
    if (status == STATUS_OK)
        *summary = result;
    return status;
}
