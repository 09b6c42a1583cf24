/*
 * builder_places.c - the records of projects, repositories and access keys, with what is granted and
 * restricted there.
 */
#include "snapshot/writing.h"

static size_t end_of_grants(const struct rows *grants, size_t first, enum grant_scope scope,
                            uint64_t place)
{
    size_t end = first;
    while (end < grants->count && ROW(struct grant_row, *grants, end)->scope == (uint8_t)scope &&
           ROW(struct grant_row, *grants, end)->place == place)
        end++;
    return end;
}

static void put_grants(struct writing *w, enum grant_scope scope, uint64_t place)
{
    struct builder *b = w->b;
    struct buffer *out = &w->body;
    size_t first = join_first_grant(&b->group_grants, scope, place);
    size_t end = end_of_grants(&b->group_grants, first, scope, place);
    put_u32(out, (uint32_t)(end - first));
    for (size_t i = first; i < end; i++) {
        const struct grant_row *grant = ROW(struct grant_row, b->group_grants, i);
        const struct group_row *group = ROW(struct group_row, b->groups, grant->who);
        put_u32(out, (uint32_t)grant->who);
        put_u8(out, group->incomplete ? GROUP_INCOMPLETE : 0);
        put_u8(out, grant->permission);
    }
    b->counts[COUNT_GRANTS] += end - first;
    first = join_first_grant(&b->user_grants, scope, place);
    end = end_of_grants(&b->user_grants, first, scope, place);
    put_u32(out, (uint32_t)(end - first));
    for (size_t i = first; i < end; i++) {
        const struct grant_row *grant = ROW(struct grant_row, b->user_grants, i);
        put_u64(out, grant->who);
        put_u8(out, grant->permission);
    }
    b->counts[COUNT_GRANTS] += end - first;
}

static void put_keys(struct writing *w, enum grant_scope scope, uint64_t place)
{
    struct builder *b = w->b;
    size_t first = join_first_grant(&b->key_grants, scope, place);
    size_t end = end_of_grants(&b->key_grants, first, scope, place);
    put_u32(&w->body, (uint32_t)(end - first));
    for (size_t i = first; i < end; i++) {
        const struct grant_row *grant = ROW(struct grant_row, b->key_grants, i);
        const struct key_row *key = rows_find(&b->keys, grant->who);
        put_u64(&w->body, grant->who);
        put_u8(&w->body, grant->permission);
        put_text(&w->body, key ? writing_text(w, key->label) : TEXT(""));
    }
    b->counts[COUNT_GRANTS] += end - first;
}

static struct text blob_at(const struct builder *b, const struct blob_row *row)
{
    return (struct text){b->blobs.data + row->at, row->size};
}

static void put_model(struct writing *w, enum grant_scope scope, uint64_t place)
{
    struct builder *b = w->b;
    size_t at = join_first_blob(&b->models, scope, place);
    const struct blob_row *row = at < b->models.count ? ROW(struct blob_row, b->models, at) : NULL;
    bool there = row && row->scope == (uint8_t)scope && row->place == place;
    put_u8(&w->body, there);
    if (there)
        buffer_text(&w->body, blob_at(b, row));
}

/* The same restriction in the same words among those of the project? Then one copy is enough. */
static bool is_in_project(const struct builder *b, const struct blob_row *row, size_t first,
                          uint64_t project)
{
    for (size_t i = first; i < b->restrictions.count; i++) {
        const struct blob_row *above = ROW(struct blob_row, b->restrictions, i);
        if (above->scope != GRANT_PROJECT || above->place != project || above->id > row->id)
            return false;
        if (above->id == row->id)
            return text_equal(blob_at(b, above), blob_at(b, row));
    }
    return false;
}

static void put_restrictions(struct writing *w, enum grant_scope scope, uint64_t place,
                             uint64_t project)
{
    struct builder *b = w->b;
    size_t above = scope == GRANT_REPOSITORY
                       ? join_first_blob(&b->restrictions, GRANT_PROJECT, project)
                       : b->restrictions.count;
    size_t count_at = w->body.size;
    uint32_t count = 0;
    put_u32(&w->body, 0);
    for (size_t i = join_first_blob(&b->restrictions, scope, place); i < b->restrictions.count;
         i++) {
        const struct blob_row *row = ROW(struct blob_row, b->restrictions, i);
        if (row->scope != (uint8_t)scope || row->place != place)
            break;
        if (is_in_project(b, row, above, project))
            continue;
        put_u32(&w->body, row->size);
        buffer_text(&w->body, blob_at(b, row));
        count++;
    }
    if (!w->body.failed)
        layout_store32((unsigned char *)w->body.data + count_at, count);
    b->counts[COUNT_RESTRICTIONS] += count;
}

static void put_place(struct writing *w, enum grant_scope scope, uint64_t place, uint64_t project)
{
    put_grants(w, scope, place);
    put_keys(w, scope, place);
    put_model(w, scope, place);
    put_restrictions(w, scope, place, project);
}

static void count_incomplete(struct writing *w, unsigned bits)
{
    w->b->counts[COUNT_INCOMPLETE_PLACES] += bits != 0;
}

static uint8_t default_permission(const struct builder *b, uint64_t project)
{
    const struct level_row *row = rows_find(&b->levels, project);
    return row ? row->permission : PERMISSION_NONE;
}

static void write_project(struct writing *w, const struct project_row *project)
{
    struct text key = writing_text(w, project->key);
    struct buffer *out = writing_begin(w);
    put_u64(out, project->id);
    put_text(out, key);
    put_u8(out, project->flags);
    count_incomplete(w, project->flags >> PLACE_INCOMPLETE_SHIFT);
    put_u64(out, project->owner_id);
    put_text(out, writing_text(w, project->owner_name));
    put_u8(out, default_permission(w->b, project->id));
    put_place(w, GRANT_PROJECT, project->id, 0);
    layout_key_name(&w->key, "project/", key, true);
    writing_record(w);
    put_text(writing_begin(w), key);
    layout_key_id(&w->key, "project-id/", project->id);
    writing_record(w);
}

static void write_repository(struct writing *w, const struct repository_row *repository,
                             struct text branch)
{
    const struct project_row *project = rows_find(&w->b->projects, repository->project);
    if (!project) {
        writing_fail(w, error_set(w->err, STATUS_FORMAT,
                          "repository %llu belongs to project %llu, which was not listed",
                          (unsigned long long)repository->id,
                          (unsigned long long)repository->project));
        return;
    }
    struct text key = writing_text(w, project->key), slug = writing_text(w, repository->slug);
    struct buffer *out = writing_begin(w);
    put_u64(out, repository->id);
    put_text(out, key);
    put_text(out, slug);
    put_u8(out, (uint8_t)(repository->flags | (branch.size ? REPOSITORY_BRANCH_KNOWN : 0)));
    count_incomplete(w, repository->flags >> PLACE_INCOMPLETE_SHIFT);
    put_text(out, branch);
    put_u64(out, repository->origin);
    put_place(w, GRANT_REPOSITORY, repository->id, project->id);
    layout_key_pair(&w->key, "repo/", key, slug);
    writing_record(w);
    out = writing_begin(w);
    put_text(out, key);
    put_text(out, slug);
    layout_key_id(&w->key, "repo-id/", repository->id);
    writing_record(w);
}

void writing_places(struct writing *w)
{
    struct builder *b = w->b;
    writing_begin(w);
    put_grants(w, GRANT_GLOBAL, 0);
    if (b->global_incomplete)
        put_u8(&w->body, b->global_incomplete);
    count_incomplete(w, b->global_incomplete);
    layout_key_name(&w->key, "global", TEXT(""), false);
    writing_record(w);
    for (size_t i = 0; i < b->projects.count && w->status == STATUS_OK; i++)
        write_project(w, ROW(struct project_row, b->projects, i));
    size_t branch = 0;
    for (size_t i = 0; i < b->repositories.count && w->status == STATUS_OK; i++) {
        const struct repository_row *repository = ROW(struct repository_row, b->repositories, i);
        while (branch < b->branches.count &&
               ROW(struct branch_row, b->branches, branch)->repository < repository->id)
            branch++;
        bool known = branch < b->branches.count &&
                     ROW(struct branch_row, b->branches, branch)->repository == repository->id;
        write_repository(w, repository,
                         known ? writing_text(w, ROW(struct branch_row, b->branches, branch)->ref)
                               : TEXT(""));
    }
    b->counts[COUNT_PROJECTS] = b->projects.count;
    b->counts[COUNT_REPOSITORIES] = b->repositories.count;
}

static int by_key_place(const void *a, const void *c, void *builder)
{
    const struct grant_row *x = a, *y = c;
    (void)builder;
    if (x->who != y->who)
        return x->who < y->who ? -1 : 1;
    if (x->scope != y->scope)
        return x->scope < y->scope ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

void writing_keys(struct writing *w)
{
    struct builder *b = w->b;
    rows_sort(b, &b->key_grants, by_key_place);
    size_t grant = 0;
    for (size_t i = 0; i < b->keys.count && w->status == STATUS_OK; i++) {
        const struct key_row *key = ROW(struct key_row, b->keys, i);
        while (grant < b->key_grants.count &&
               ROW(struct grant_row, b->key_grants, grant)->who < key->id)
            grant++;
        size_t first = grant;
        while (grant < b->key_grants.count &&
               ROW(struct grant_row, b->key_grants, grant)->who == key->id)
            grant++;
        struct buffer *out = writing_begin(w);
        put_text(out, writing_text(w, key->label));
        put_text(out, writing_text(w, key->algorithm));
        put_text(out, writing_text(w, key->fingerprint));
        put_u32(out, key->bits);
        put_u8(out, key->flags);
        put_i64(out, key->created_ms);
        put_i64(out, key->last_used_ms);
        put_i64(out, key->expires_ms);
        put_u32(out, (uint32_t)(grant - first));
        for (size_t k = first; k < grant; k++) {
            const struct grant_row *row = ROW(struct grant_row, b->key_grants, k);
            put_u8(out, row->scope == GRANT_PROJECT);
            put_u64(out, row->place);
            put_u8(out, row->permission);
        }
        layout_key_id(&w->key, "key/", key->id);
        writing_record(w);
    }
    b->counts[COUNT_KEYS] = b->keys.count;
}

