/*
 * builder_join.c - sorts what was told, drops what was told twice, and numbers the groups.
 *
 * Every order is total over the content of the rows (never over numbers of the pool, which depend on
 * the order of arrival), so that the result does not depend on the order of pages.
 */
#include <stdlib.h>

#include "snapshot/rows.h"

#define COMPARE(x, y) ((x) < (y) ? -1 : (x) > (y))

static struct text text_at(const struct builder *b, uint32_t number)
{
    return pool_text(&b->pool, number);
}
static int compare_texts(const struct builder *b, uint32_t x, uint32_t y)
{
    return x == y ? 0 : text_compare(text_at(b, x), text_at(b, y));
}
static int compare_folded(const struct builder *b, uint32_t x, uint32_t y)
{
    return x == y ? 0 : text_compare_fold(text_at(b, x), text_at(b, y));
}

/* ------------------------------------------------------------------ users */

/* By id; the listed one first; then by content. */
static int by_user(const void *a, const void *c, void *builder)
{
    const struct user_row *x = a, *y = c;
    int order = COMPARE(x->id, y->id);
    if (!order)
        order = COMPARE(y->listed, x->listed);
    if (!order)
        order = COMPARE(y->active, x->active);
    if (!order)
        order = compare_texts(builder, x->name, y->name);
    if (!order)
        order = compare_texts(builder, x->slug, y->slug);
    /* An answer may leave the address out: the longer one first. */
    return order ? order : compare_texts(builder, y->email, x->email);
}
static bool same_user(const void *a, const void *c)
{
    return ((const struct user_row *)a)->id == ((const struct user_row *)c)->id;
}

struct name_order {
    uint32_t name, row;
};
static int by_name(const void *a, const void *c, void *builder)
{
    const struct name_order *x = a, *y = c;
    const struct builder *b = builder;
    int order = compare_folded(b, x->name, y->name);
    if (order)
        return order;
    const struct user_row *u = ROW(struct user_row, b->users, x->row);
    const struct user_row *v = ROW(struct user_row, b->users, y->row);
    order = COMPARE(v->listed, u->listed);
    return order ? order : COMPARE(v->id, u->id); /* the newer one first */
}

/* One name, two ids: somebody was renamed or deleted while pages were read. Who is in the list of
 * users has the name; two of the list cannot be. */
static enum status shadow_users(struct builder *b, struct error *err)
{
    struct rows names = {.size = sizeof(struct name_order)};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < b->users.count; i++) {
        struct name_order item = {ROW(struct user_row, b->users, i)->name, i};
        status = rows_add(&names, &item, err);
    }
    rows_sort(b, &names, by_name);
    for (size_t i = 1; status == STATUS_OK && i < names.count; i++) {
        const struct name_order *before = ROW(struct name_order, names, i - 1);
        const struct name_order *item = ROW(struct name_order, names, i);
        if (compare_folded(b, before->name, item->name))
            continue;
        struct user_row *user = ROW(struct user_row, b->users, item->row);
        const struct user_row *first = ROW(struct user_row, b->users, before->row);
        if (user->listed && first->listed)
            status = error_set(err, STATUS_FORMAT,
                               "users %llu and %llu have the same name: users changed while they "
                               "were read, run sync again",
                               (unsigned long long)first->id, (unsigned long long)user->id);
        user->shadowed = true;
    }
    free(names.at);
    return status;
}

/* ------------------------------------------------------------------ groups */

static int by_group(const void *a, const void *c, void *builder)
{
    const struct group_row *x = a, *y = c;
    int order = compare_folded(builder, x->name, y->name);
    if (!order)
        order = COMPARE(y->listed, x->listed);
    return order ? order : compare_texts(builder, x->name, y->name);
}

/* Named in a grant or by a member, but not in the list of groups: it exists no longer, or the list
 * would have it. It keeps its grants and has no members beyond those that were told. */
static enum status mention_groups(struct builder *b, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < b->group_grants.count; i++) {
        struct group_row row = {
            .name = (uint32_t)ROW(struct grant_row, b->group_grants, i)->who};
        if (i && ROW(struct grant_row, b->group_grants, i - 1)->who == row.name)
            continue;
        status = rows_add(&b->groups, &row, err);
    }
    for (size_t i = 0; status == STATUS_OK && i < b->members.count; i++) {
        struct group_row row = {.name = ROW(struct member_row, b->members, i)->group};
        if (i && ROW(struct member_row, b->members, i - 1)->group == row.name)
            continue;
        status = rows_add(&b->groups, &row, err);
    }
    return status;
}

static void merge_groups(struct builder *b)
{
    rows_sort(b, &b->groups, by_group);
    size_t kept = 0;
    for (size_t i = 0; i < b->groups.count; i++) {
        struct group_row *row = ROW(struct group_row, b->groups, i);
        struct group_row *last = kept ? ROW(struct group_row, b->groups, kept - 1) : NULL;
        if (last && !compare_folded(b, last->name, row->name))
            last->incomplete = last->incomplete || row->incomplete;
        else
            *ROW(struct group_row, b->groups, kept++) = *row;
    }
    b->groups.count = kept;
}

uint32_t join_group_number(const struct builder *b, uint32_t name)
{
    size_t low = 0, high = b->groups.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_folded(b, ROW(struct group_row, b->groups, middle)->name, name);
        if (!order)
            return (uint32_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return GROUP_NONE;
}

static int by_member(const void *a, const void *c, void *builder)
{
    const struct member_row *x = a, *y = c;
    (void)builder;
    int order = COMPARE(x->user, y->user);
    return order ? order : COMPARE(x->group, y->group);
}
static bool same_member(const void *a, const void *c)
{
    return !by_member(a, c, NULL);
}

/* Names become numbers. A restriction's group that does not exist has no members: GROUP_NONE. */
static void number_groups(struct builder *b)
{
    for (size_t i = 0; i < b->group_grants.count; i++) {
        struct grant_row *row = ROW(struct grant_row, b->group_grants, i);
        row->who = join_group_number(b, (uint32_t)row->who);
    }
    for (size_t i = 0; i < b->members.count; i++) {
        struct member_row *row = ROW(struct member_row, b->members, i);
        row->group = join_group_number(b, row->group);
    }
    for (size_t i = 0; i < b->restrictions.count; i++) {
        const struct blob_row *row = ROW(struct blob_row, b->restrictions, i);
        if (!row->groups_at)
            continue;
        unsigned char *at = (unsigned char *)b->blobs.data + row->at + row->groups_at;
        uint32_t count = layout_load32(at);
        at += 4;
        for (uint32_t k = 0; k < count; k++) {
            uint32_t number = join_group_number(b, layout_load32(at));
            layout_store32(at, number);
            if (number != GROUP_NONE && ROW(struct group_row, b->groups, number)->incomplete)
                at[4] = GROUP_INCOMPLETE;
            at += 7 + (at[5] | at[6] << 8);
        }
    }
}

/* ------------------------------------------------------------------ the rest */

static int by_project(const void *a, const void *c, void *builder)
{
    const struct project_row *x = a, *y = c;
    int order = COMPARE(x->id, y->id);
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
        order = COMPARE(x->project, y->project);
    if (!order)
        order = COMPARE(x->flags, y->flags);
    if (!order)
        order = COMPARE(y->origin, x->origin);
    return order ? order : compare_texts(builder, x->slug, y->slug);
}
static bool same_repository(const void *a, const void *c)
{
    return ((const struct repository_row *)a)->id == ((const struct repository_row *)c)->id;
}

static int by_grant(const void *a, const void *c, void *builder)
{
    const struct grant_row *x = a, *y = c;
    (void)builder;
    int order = COMPARE(x->scope, y->scope);
    if (!order)
        order = COMPARE(x->place, y->place);
    if (!order)
        order = COMPARE(x->who, y->who);
    return order ? order : COMPARE(y->permission, x->permission); /* the highest first */
}
static bool same_grant(const void *a, const void *c)
{
    const struct grant_row *x = a, *y = c;
    return x->scope == y->scope && x->place == y->place && x->who == y->who;
}

static int by_level(const void *a, const void *c, void *builder)
{
    const struct level_row *x = a, *y = c;
    (void)builder;
    int order = COMPARE(x->project, y->project);
    return order ? order : COMPARE(y->permission, x->permission);
}
static bool same_level(const void *a, const void *c)
{
    return ((const struct level_row *)a)->project == ((const struct level_row *)c)->project;
}

static int by_branch(const void *a, const void *c, void *builder)
{
    const struct branch_row *x = a, *y = c;
    int order = COMPARE(x->repository, y->repository);
    return order ? order : compare_texts(builder, x->ref, y->ref);
}
static bool same_branch(const void *a, const void *c)
{
    return ((const struct branch_row *)a)->repository == ((const struct branch_row *)c)->repository;
}

static int by_blob(const void *a, const void *c, void *builder)
{
    const struct blob_row *x = a, *y = c;
    const struct builder *b = builder;
    int order = COMPARE(x->scope, y->scope);
    if (!order)
        order = COMPARE(x->place, y->place);
    if (!order)
        order = COMPARE(x->id, y->id);
    if (order)
        return order;
    struct text p = {b->blobs.data + x->at, x->size}, q = {b->blobs.data + y->at, y->size};
    return text_compare(p, q);
}
static bool same_blob(const void *a, const void *c)
{
    const struct blob_row *x = a, *y = c;
    return x->scope == y->scope && x->place == y->place && x->id == y->id;
}

/* The fullest first: a key in an exemption is shorter than the one in the list of keys. */
static int by_key(const void *a, const void *c, void *builder)
{
    const struct key_row *x = a, *y = c;
    int order = COMPARE(x->id, y->id);
    if (!order)
        order = COMPARE(y->flags, x->flags);
    if (!order)
        order = COMPARE(y->last_used_ms, x->last_used_ms);
    if (!order)
        order = COMPARE(y->bits, x->bits);
    if (!order)
        order = COMPARE(x->created_ms, y->created_ms);
    if (!order)
        order = COMPARE(x->expires_ms, y->expires_ms);
    if (!order)
        order = compare_texts(builder, y->fingerprint, x->fingerprint);
    if (!order)
        order = compare_texts(builder, y->algorithm, x->algorithm);
    return order ? order : compare_texts(builder, y->label, x->label);
}
static bool same_key(const void *a, const void *c)
{
    return ((const struct key_row *)a)->id == ((const struct key_row *)c)->id;
}

static int by_service(const void *a, const void *c, void *builder)
{
    const struct service_row *x = a, *y = c;
    int order = compare_texts(builder, x->name, y->name);
    return order ? order : COMPARE(x->key, y->key);
}
static bool same_service(const void *a, const void *c)
{
    const struct service_row *x = a, *y = c;
    return x->name == y->name && x->key == y->key;
}

static int by_note(const void *a, const void *c, void *builder)
{
    const uint32_t *x = a, *y = c;
    return compare_texts(builder, *x, *y);
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
    rows_sort(b, &b->projects, by_project);
    rows_sort(b, &b->repositories, by_slug_name);
    for (size_t i = 1; status == STATUS_OK && i < b->repositories.count; i++) {
        const struct repository_row *x = ROW(struct repository_row, b->repositories, i - 1);
        const struct repository_row *y = x + 1;
        if (x->project == y->project && !compare_folded(b, x->slug, y->slug))
            status = same_name("repositories", x->id, y->id, err);
    }
    rows_sort(b, &b->repositories, by_repository);
    return status;
}

/* ------------------------------------------------------------------ places */

size_t join_first_grant(const struct rows *grants, enum grant_scope scope, uint64_t place)
{
    struct grant_row wanted = {.scope = (uint8_t)scope, .place = place};
    size_t low = 0, high = grants->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct grant_row *row = ROW(struct grant_row, *grants, middle);
        int order = COMPARE(row->scope, wanted.scope);
        if ((order ? order : COMPARE(row->place, wanted.place)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t join_first_blob(const struct rows *blobs, enum grant_scope scope, uint64_t place)
{
    size_t low = 0, high = blobs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct blob_row *row = ROW(struct blob_row, *blobs, middle);
        int order = COMPARE(row->scope, (uint8_t)scope);
        if ((order ? order : COMPARE(row->place, place)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum status join_rows(struct builder *b, struct error *err)
{
    enum status status = mention_groups(b, err);
    if (status != STATUS_OK)
        return status;
    if (b->groups.count >= GROUP_NONE || b->users.count >= UINT32_MAX)
        return error_set(err, STATUS_LIMIT, "too many users or groups");
    merge_groups(b);
    number_groups(b);
    const struct {
        struct rows *rows;
        row_compare *compare;
        bool (*same)(const void *a, const void *c);
    } steps[] = {
        {&b->users, by_user, same_user},
        {&b->members, by_member, same_member},
        {&b->projects, by_project, same_project},
        {&b->repositories, by_repository, same_repository},
        {&b->user_grants, by_grant, same_grant},
        {&b->group_grants, by_grant, same_grant},
        {&b->key_grants, by_grant, same_grant},
        {&b->levels, by_level, same_level},
        {&b->branches, by_branch, same_branch},
        {&b->models, by_blob, same_blob},
        {&b->restrictions, by_blob, same_blob},
        {&b->keys, by_key, same_key},
        {&b->services, by_service, same_service},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        rows_sort(b, steps[i].rows, steps[i].compare);
        rows_unique(steps[i].rows, steps[i].same);
        status = builder_cancelled(b, err);
        if (status != STATUS_OK)
            return status;
    }
    rows_sort(b, &b->notes, by_note);
    for (size_t i = 1; i < b->services.count; i++)
        if (ROW(struct service_row, b->services, i)->name ==
            ROW(struct service_row, b->services, i - 1)->name)
            return error_set(err, STATUS_FORMAT,
                             "a service user is mapped to two access keys (%llu and %llu)",
                             (unsigned long long)ROW(struct service_row, b->services, i - 1)->key,
                             (unsigned long long)ROW(struct service_row, b->services, i)->key);
    status = check_names(b, err);
    if (status == STATUS_OK)
        status = shadow_users(b, err);
    return status == STATUS_OK ? join_check(b, err) : status;
}
