/*
 * builder_join_places.c - projects and repositories, each once and where it is now; what is gone goes
 * with all that was told of it; marks and parts.
 */
#include <stdlib.h>

#include "snapshot/rows.h"

static int by_project(const void *a, const void *c, void *builder)
{
    const struct project_row *x = a, *y = c;
    int order = COMPARE(x->id, y->id);
    if (!order)
        order = COMPARE(x->old, y->old);
    if (!order)
        order = COMPARE(y->current, x->current);
    if (!order)
        order = COMPARE(x->flags, y->flags); /* private first: the smaller grant */
    if (!order)
        order = compare_texts(builder, x->key, y->key);
    if (!order)
        order = COMPARE(y->owner_id, x->owner_id);
    return order ? order : compare_texts(builder, x->owner_name, y->owner_name);
}
static bool same_project(const void *a, const void *c)
{
    return ((const struct project_row *)a)->id == ((const struct project_row *)c)->id;
}

static int by_repository(const void *a, const void *c, void *builder)
{
    const struct repository_row *x = a, *y = c;
    int order = COMPARE(x->id, y->id);
    if (!order)
        order = COMPARE(x->old, y->old);
    if (!order)
        order = COMPARE(y->current, x->current);
    if (!order)
        order = COMPARE(x->project, y->project);
    if (!order)
        order = COMPARE(x->flags, y->flags);
    if (!order)
        order = COMPARE(y->origin, x->origin);
    return order ? order : compare_texts(builder, x->slug, y->slug);
}

/* ------------------------------------------------------------------ names */

static int by_key_name(const void *a, const void *c, void *builder)
{
    const struct project_row *x = a, *y = c;
    int order = compare_folded(builder, x->key, y->key);
    return order ? order : COMPARE(x->id, y->id);
}

static int by_slug_name(const void *a, const void *c, void *builder)
{
    const struct repository_row *x = a, *y = c;
    int order = COMPARE(x->project, y->project);
    if (!order)
        order = compare_folded(builder, x->slug, y->slug);
    return order ? order : COMPARE(x->id, y->id);
}

static enum status same_name(const char *what, uint64_t x, uint64_t y, struct error *err)
{
    return error_set(err, STATUS_FORMAT,
                     "%s %llu and %llu have the same name: the instance changed while it was read, "
                     "run sync again",
                     what, (unsigned long long)x, (unsigned long long)y);
}

/* Two places of one name would hide each other. Leaves both sorted by id. */
static enum status check_names(struct builder *b, struct error *err)
{
    enum status status = STATUS_OK;
    rows_sort(b, &b->projects, by_key_name);
    for (size_t i = 1; status == STATUS_OK && i < b->projects.count; i++) {
        const struct project_row *x = ROW(struct project_row, b->projects, i - 1), *y = x + 1;
        if (!compare_folded(b, x->key, y->key))
            status = same_name("projects", x->id, y->id, err);
    }
    rows_sort(b, &b->projects, rows_by_id);
    rows_sort(b, &b->repositories, by_slug_name);
    for (size_t i = 1; status == STATUS_OK && i < b->repositories.count; i++) {
        const struct repository_row *x = ROW(struct repository_row, b->repositories, i - 1);
        const struct repository_row *y = x + 1;
        if (x->project == y->project && !compare_folded(b, x->slug, y->slug))
            status = same_name("repositories", x->id, y->id, err);
    }
    rows_sort(b, &b->repositories, rows_by_id);
    return status;
}

/* ------------------------------------------------------------------ gone */

static bool is_gone(const struct builder *b, uint8_t scope, uint64_t place)
{
    if (scope == GRANT_PROJECT)
        return rows_find(&b->gone_projects, place);
    return scope == GRANT_REPOSITORY && rows_find(&b->gone_repositories, place);
}

/* Of the rows of one repository the first counts, unless it is a list's and its project is gone: then
 * another list may have seen it elsewhere. A repository without a place is gone with its project. */
static enum status choose_repositories(struct builder *b, struct error *err)
{
    struct rows lost = {.size = sizeof(uint64_t)};
    enum status status = STATUS_OK;
    size_t kept = 0, next;
    for (size_t i = 0; status == STATUS_OK && i < b->repositories.count; i = next) {
        const struct repository_row *row = ROW(struct repository_row, b->repositories, i);
        const struct repository_row *chosen = NULL;
        uint64_t id = row->id;
        for (next = i; next < b->repositories.count; next++) {
            const struct repository_row *other = ROW(struct repository_row, b->repositories, next);
            if (other->id != id)
                break;
            bool candidate = next == i || !row->current;
            if (!chosen && candidate && !rows_find(&b->gone_projects, other->project))
                chosen = other;
        }
        if (rows_find(&b->gone_repositories, id))
            continue;
        if (chosen)
            *ROW(struct repository_row, b->repositories, kept++) = *chosen;
        else
            status = rows_add(&lost, &id, err);
    }
    b->repositories.count = kept;
    for (size_t i = 0; status == STATUS_OK && i < lost.count; i++)
        status = rows_add(&b->gone_repositories, ROW(uint64_t, lost, i), err);
    rows_sort(b, &b->gone_repositories, rows_by_id);
    free(lost.at);
    return status;
}

static bool project_stays(const void *row, void *builder)
{
    const struct project_row *project = row;
    return !is_gone(builder, GRANT_PROJECT, project->id);
}
static bool grant_stays(const void *row, void *builder)
{
    const struct grant_row *grant = row;
    return !is_gone(builder, grant->scope, grant->place);
}
static bool level_stays(const void *row, void *builder)
{
    const struct level_row *level = row;
    return !is_gone(builder, GRANT_PROJECT, level->project);
}
static bool branch_stays(const void *row, void *builder)
{
    const struct branch_row *branch = row;
    return !is_gone(builder, GRANT_REPOSITORY, branch->repository);
}
static bool blob_stays(const void *row, void *builder)
{
    const struct blob_row *blob = row;
    return !is_gone(builder, blob->scope, blob->place);
}
static bool mark_stays(const void *row, void *builder)
{
    const struct mark_row *mark = row;
    return !is_gone(builder, mark->scope, mark->place);
}
static bool part_stays(const void *row, void *builder)
{
    const struct part_row *part = row;
    return !is_gone(builder, part->scope, part->place);
}

struct key_use {
    struct rows gone, stays; /* uint64_t ids of keys */
};
static bool key_stays(const void *row, void *self)
{
    const struct key_row *key = row;
    const struct key_use *use = self;
    return rows_find(&use->stays, key->id) || !rows_find(&use->gone, key->id);
}

/* Access keys that were granted only where nothing is any more. */
static enum status drop_keys(struct builder *b, struct error *err)
{
    struct key_use use = {{.size = sizeof(uint64_t)}, {.size = sizeof(uint64_t)}};
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < b->key_grants.count; i++) {
        const struct grant_row *grant = ROW(struct grant_row, b->key_grants, i);
        status = rows_add(grant_stays(grant, b) ? &use.stays : &use.gone, &grant->who, err);
    }
    rows_sort(b, &use.gone, rows_by_id);
    rows_sort(b, &use.stays, rows_by_id);
    if (status == STATUS_OK)
        rows_filter(&b->keys, key_stays, &use);
    free(use.gone.at);
    free(use.stays.at);
    return status;
}

static enum status drop_gone(struct builder *b, struct error *err)
{
    const struct {
        struct rows *rows;
        bool (*stays)(const void *row, void *builder);
    } steps[] = {
        {&b->projects, project_stays},    {&b->user_grants, grant_stays},
        {&b->group_grants, grant_stays},  {&b->key_grants, grant_stays},
        {&b->levels, level_stays},        {&b->branches, branch_stays},
        {&b->models, blob_stays},         {&b->restrictions, blob_stays},
        {&b->marks, mark_stays},          {&b->parts, part_stays},
    };
    if (!b->gone_projects.count && !b->gone_repositories.count)
        return STATUS_OK;
    enum status status = drop_keys(b, err);
    for (size_t i = 0; status == STATUS_OK && i < sizeof steps / sizeof steps[0]; i++)
        rows_filter(steps[i].rows, steps[i].stays, b);
    return status;
}

enum status join_places(struct builder *b, struct error *err)
{
    rows_sort(b, &b->gone_projects, rows_by_id);
    rows_sort(b, &b->gone_repositories, rows_by_id);
    rows_sort(b, &b->projects, by_project);
    rows_unique(&b->projects, same_project);
    rows_sort(b, &b->repositories, by_repository);
    enum status status = choose_repositories(b, err);
    if (status == STATUS_OK)
        status = drop_gone(b, err);
    if (status == STATUS_OK)
        status = check_names(b, err);
    return status == STATUS_OK ? builder_cancelled(b, err) : status;
}

/* ------------------------------------------------------------------ marks and parts */

static enum status apply_mark(struct builder *b, const struct mark_row *mark, struct error *err)
{
    uint8_t bits = (uint8_t)(mark->what << PLACE_INCOMPLETE_SHIFT);
    enum status status = join_check_place(b, mark->scope, mark->place,
                                          "a note of what could not be read", err);
    if (status != STATUS_OK)
        return status;
    if (mark->scope == GRANT_GLOBAL) {
        b->global_incomplete |= mark->what;
    } else if (mark->scope == GRANT_PROJECT) {
        struct project_row *first = b->projects.at;
        const struct project_row *row = rows_find(&b->projects, mark->place);
        first[row - first].flags |= bits;
    } else {
        struct repository_row *first = b->repositories.at;
        const struct repository_row *row = rows_find(&b->repositories, mark->place);
        first[row - first].flags |= bits;
    }
    return STATUS_OK;
}

/* Of two for one place the later one. */
static int by_part(const void *a, const void *c, void *builder)
{
    const struct part_row *x = a, *y = c;
    (void)builder;
    int order = COMPARE(x->scope, y->scope);
    if (!order)
        order = COMPARE(x->place, y->place);
    return order ? order : COMPARE(y->started_ms, x->started_ms);
}
static bool same_part(const void *a, const void *c)
{
    const struct part_row *x = a, *y = c;
    return x->scope == y->scope && x->place == y->place;
}

static const struct part_row *find_part(const struct builder *b, uint8_t scope, uint64_t place)
{
    struct part_row wanted = {.scope = scope, .place = place, .started_ms = INT64_MAX};
    size_t low = 0, high = b->parts.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_part(ROW(struct part_row, b->parts, middle), &wanted, NULL) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct part_row *part = low < b->parts.count ? ROW(struct part_row, b->parts, low) : NULL;
    return part && same_part(part, &wanted) ? part : NULL;
}

/* A project's part is a part of each of its repositories: an older one of a repository says nothing.
 * (While repositories' rows are dropped, the projects' before them stay where they are.) */
static bool part_counts(const void *row, void *builder)
{
    const struct builder *b = builder;
    const struct part_row *part = row;
    if (part->scope != GRANT_REPOSITORY)
        return true;
    const struct repository_row *repository = rows_find(&b->repositories, part->place);
    const struct part_row *above =
        repository ? find_part(b, GRANT_PROJECT, repository->project) : NULL;
    return !above || above->started_ms < part->started_ms;
}

enum status join_marks(struct builder *b, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < b->marks.count; i++)
        status = apply_mark(b, ROW(struct mark_row, b->marks, i), err);
    rows_sort(b, &b->parts, by_part);
    rows_unique(&b->parts, same_part);
    for (size_t i = 0; status == STATUS_OK && i < b->parts.count; i++) {
        const struct part_row *part = ROW(struct part_row, b->parts, i);
        status = join_check_place(b, part->scope, part->place, "a part", err);
    }
    if (status == STATUS_OK)
        rows_filter(&b->parts, part_counts, b);
    return status;
}
