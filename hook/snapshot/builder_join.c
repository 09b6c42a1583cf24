/*
 * builder_join.c - sorts what was told, drops what was told twice, and numbers the groups.
 *
 * Every order is total over the content of the rows (never over numbers of the pool, which depend on
 * the order of arrival), so that the result does not depend on the order of pages.
 */
#include <stdlib.h>

#include "snapshot/rows.h"

/* ------------------------------------------------------------------ users */

/* By id; what was told first; of that the listed one; then by content. */
static int by_user(const void *a, const void *c, void *builder)
{
    const struct user_row *x = a, *y = c;
    int order = COMPARE(x->id, y->id);
    if (!order)
        order = COMPARE(x->old, y->old);
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

void join_users(struct builder *b)
{
    rows_sort(b, &b->users, by_user);
    rows_unique(&b->users, same_user);
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
    order = COMPARE(u->shadowed, v->shadowed);
    if (!order)
        order = COMPARE(u->old, v->old);
    if (!order)
        order = COMPARE(v->listed, u->listed);
    return order ? order : COMPARE(v->id, u->id); /* the newer one first */
}

/* One name, two ids: somebody was renamed or deleted while pages were read. Who is in the list of
 * users has the name; two of the list cannot be. Before who was in an older list, who is mentioned now
 * has it. */
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
        if (user->listed && first->listed && !user->old)
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
    if (!order)
        order = COMPARE(x->gone, y->gone);
    if (!order)
        order = COMPARE(x->old, y->old);
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
        else if (!row->gone) /* sorted last: nothing else names it */
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

static int by_grant(const void *a, const void *c, void *builder)
{
    const struct grant_row *x = a, *y = c;
    (void)builder;
    int order = COMPARE(x->scope, y->scope);
    if (!order)
        order = COMPARE(x->place, y->place);
    if (!order)
        order = COMPARE(x->who, y->who);
    if (!order)
        order = COMPARE(x->old, y->old);
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
    if (!order)
        order = COMPARE(x->old, y->old);
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
    if (!order)
        order = COMPARE(x->old, y->old);
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
    if (!order)
        order = COMPARE(x->old, y->old);
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
        order = COMPARE(y->flags != 0, x->flags != 0);
    if (!order)
        order = COMPARE(x->old, y->old);
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
    join_anew(b);
    enum status status = join_places(b, err);
    if (status == STATUS_OK)
        status = mention_groups(b, err);
    if (status != STATUS_OK)
        return status;
    if (b->groups.count >= GROUP_NONE || b->users.count >= UINT32_MAX)
        return error_set(err, STATUS_LIMIT, "too many users or groups");
    merge_groups(b);
    number_groups(b);
    join_users(b);
    const struct {
        struct rows *rows;
        row_compare *compare;
        bool (*same)(const void *a, const void *c);
    } steps[] = {
        {&b->members, by_member, same_member},
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
    status = shadow_users(b, err);
    if (status == STATUS_OK)
        status = join_marks(b, err);
    return status == STATUS_OK ? join_check(b, err) : status;
}
