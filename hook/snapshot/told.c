#include <stdlib.h>

#include "snapshot/reload.h"

static int by_group_name(const void *a, const void *c, void *builder)
{
    const uint32_t *x = a, *y = c;
    return compare_folded(builder, *x, *y);
}
static int by_key(const void *a, const void *c, void *builder)
{
    const struct told_key *x = a, *y = c;
    int order = compare_folded(builder, x->key, y->key);
    return order ? order : COMPARE(x->id, y->id);
}
static int by_slug(const void *a, const void *c, void *builder)
{
    const struct told_slug *x = a, *y = c;
    int order = COMPARE(x->project, y->project);
    if (!order)
        order = compare_folded(builder, x->slug, y->slug);
    return order ? order : COMPARE(x->id, y->id);
}

/* The first row that is not before `wanted`. */
static size_t first_at(const struct rows *rows, const void *wanted, row_compare *compare,
                       const struct builder *b)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *row = (const char *)rows->at + middle * rows->size;
        if (compare(row, wanted, (void *)(uintptr_t)b) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum status collect_users(struct told *told, struct builder *b, struct error *err)
{
    enum status status = STATUS_OK;
    join_users(b);
    told->user_count = b->users.count;
    for (size_t i = 0; status == STATUS_OK && i < b->users.count; i++)
        status = id_set_add(&told->users, ROW(struct user_row, b->users, i)->id, err);
    for (size_t i = 0; status == STATUS_OK && i < b->groups.count; i++)
        status = rows_add(&told->groups, &ROW(struct group_row, b->groups, i)->name, err);
    return status;
}

static enum status collect_projects(struct told *told, const struct builder *b, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < b->projects.count; i++) {
        const struct project_row *project = ROW(struct project_row, b->projects, i);
        const struct told_key key = {project->key, project->id};
        status = rows_add(&told->projects, &project->id, err);
        if (status == STATUS_OK)
            status = rows_add(&told->keys, &key, err);
    }
    for (size_t i = 0; status == STATUS_OK && i < b->parts.count; i++) {
        const struct part_row *part = ROW(struct part_row, b->parts, i);
        status = rows_add(part->scope == GRANT_PROJECT ? &told->project_parts
                                                       : &told->repository_parts,
                          &part->place, err);
    }
    return status;
}

/* When the parts that are projects are known and sorted. */
static enum status collect_repositories(struct told *told, const struct builder *b,
                                        struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < b->repositories.count; i++) {
        const struct repository_row *row = ROW(struct repository_row, b->repositories, i);
        const struct told_slug slug = {.project = row->project, .id = row->id, .slug = row->slug};
        status = rows_add(&told->repositories, &row->id, err);
        if (status == STATUS_OK)
            status = rows_add(&told->slugs, &slug, err);
        if (status == STATUS_OK && rows_find(&told->project_parts, row->project))
            status = rows_add(&told->repository_parts, &row->id, err);
    }
    return status;
}

enum status told_collect(struct told *told, struct builder *b, struct error *err)
{
    told->groups.size = sizeof(uint32_t);
    told->projects.size = told->repositories.size = sizeof(uint64_t);
    told->project_parts.size = told->repository_parts.size = sizeof(uint64_t);
    told->keys.size = sizeof(struct told_key);
    told->slugs.size = sizeof(struct told_slug);
    enum status status = collect_users(told, b, err);
    if (status == STATUS_OK)
        status = collect_projects(told, b, err);
    rows_sort(b, &told->groups, by_group_name);
    rows_sort(b, &told->projects, rows_by_id);
    rows_sort(b, &told->keys, by_key);
    rows_sort(b, &told->project_parts, rows_by_id);
    if (status == STATUS_OK)
        status = collect_repositories(told, b, err);
    rows_sort(b, &told->repositories, rows_by_id);
    rows_sort(b, &told->slugs, by_slug);
    rows_sort(b, &told->repository_parts, rows_by_id);
    /* For rows_find(): the join sorts them, too. */
    rows_sort(b, &b->gone_projects, rows_by_id);
    rows_sort(b, &b->gone_repositories, rows_by_id);
    told->services = b->services.count;
    for (size_t i = 0; i < b->marks.count; i++)
        told->global_incomplete = told->global_incomplete ||
                                  ROW(struct mark_row, b->marks, i)->scope == GRANT_GLOBAL;
    return status;
}

void told_free(struct told *told)
{
    struct rows *all[] = {&told->groups, &told->projects,      &told->repositories,    &told->keys,
                          &told->slugs,  &told->project_parts, &told->repository_parts};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]->at);
    free(told->users.slots);
}

bool told_group(const struct told *told, const struct builder *b, uint32_t name)
{
    size_t i = first_at(&told->groups, &name, by_group_name, b);
    return i < told->groups.count && !compare_folded(b, *ROW(uint32_t, told->groups, i), name);
}

bool told_other_project(const struct told *told, const struct builder *b, uint64_t id, uint32_t key)
{
    const struct told_key wanted = {.key = key};
    for (size_t i = first_at(&told->keys, &wanted, by_key, b); i < told->keys.count; i++) {
        const struct told_key *row = ROW(struct told_key, told->keys, i);
        if (compare_folded(b, row->key, key))
            break;
        if (row->id != id)
            return true;
    }
    return false;
}

bool told_other_repository(const struct told *told, const struct builder *b, uint64_t id,
                           uint64_t project, uint32_t slug)
{
    const struct told_slug wanted = {.project = project, .slug = slug};
    for (size_t i = first_at(&told->slugs, &wanted, by_slug, b); i < told->slugs.count; i++) {
        const struct told_slug *row = ROW(struct told_slug, told->slugs, i);
        if (row->project != project || compare_folded(b, row->slug, slug))
            break;
        if (row->id != id)
            return true;
    }
    return false;
}
