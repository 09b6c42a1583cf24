/*
 * builder_people.c - the records of users, groups and service users.
 */
#include <stdlib.h>

#include "snapshot/writing.h"

void writing_licensed_groups(struct writing *w)
{
    const struct builder *b = w->b;
    w->group_licensed = calloc(b->groups.count + 1, sizeof *w->group_licensed);
    if (!w->group_licensed) {
        writing_fail(w, error_set(w->err, STATUS_MEMORY, "out of memory"));
        return;
    }
    for (size_t i = 0; i < b->group_grants.count; i++) {
        const struct grant_row *grant = ROW(struct grant_row, b->group_grants, i);
        if (grant->scope == GRANT_GLOBAL) /* every global level implies LICENSED_USER */
            w->group_licensed[grant->who] = true;
    }
}

static enum permission global_grant(const struct builder *b, uint64_t user)
{
    for (size_t i = join_first_grant(&b->user_grants, GRANT_GLOBAL, 0); i < b->user_grants.count;
         i++) {
        const struct grant_row *grant = ROW(struct grant_row, b->user_grants, i);
        if (grant->scope != GRANT_GLOBAL || grant->who > user)
            break;
        if (grant->who == user)
            return (enum permission)grant->permission;
    }
    return PERMISSION_NONE;
}

static void write_user(struct writing *w, const struct user_row *user, size_t first_member,
                       size_t member_count, bool unsure, bool license_unsure)
{
    struct builder *b = w->b;
    bool global_unsure = b->global_incomplete;
    enum permission global = global_grant(b, user->id);
    bool licensed = global != PERMISSION_NONE;
    for (size_t i = 0; i < member_count; i++)
        licensed = licensed ||
                   w->group_licensed[ROW(struct member_row, b->members, first_member + i)->group];
    struct buffer *out = writing_begin(w);
    put_u64(out, user->id);
    put_text(out, writing_text(w, user->name));
    put_text(out, writing_text(w, user->slug));
    put_text(out, writing_text(w, user->email));
    put_u8(out, (uint8_t)((user->active ? USER_ACTIVE : 0) | (unsure ? USER_GROUPS_UNSURE : 0) |
                          (global_unsure ? USER_GLOBAL_UNSURE : 0) |
                          (user->listed ? 0 : USER_MENTIONED)));
    put_u8(out, licensed                          ? LICENSED_YES
                : license_unsure || global_unsure ? LICENSED_UNSURE
                                                  : LICENSED_NO);
    put_u8(out, (uint8_t)global);
    put_u32(out, (uint32_t)member_count);
    for (size_t i = 0; i < member_count; i++)
        put_u32(out, ROW(struct member_row, b->members, first_member + i)->group);
    layout_key_name(&w->key, "user/", writing_text(w, user->name), true);
    if (!user->shadowed)
        writing_record(w);
    out = writing_begin(w);
    put_text(out, writing_text(w, user->name));
    layout_key_id(&w->key, "user-id/", user->id);
    writing_record(w);
}

void writing_users(struct writing *w)
{
    struct builder *b = w->b;
    bool unsure = false, license_unsure = false;
    for (size_t i = 0; i < b->groups.count; i++)
        if (ROW(struct group_row, b->groups, i)->incomplete) {
            unsure = true;
            license_unsure = license_unsure || w->group_licensed[i];
            b->counts[COUNT_INCOMPLETE_GROUPS]++;
        }
    size_t member = 0;
    for (size_t i = 0; i < b->users.count && w->status == STATUS_OK; i++) {
        const struct user_row *user = ROW(struct user_row, b->users, i);
        while (member < b->members.count &&
               ROW(struct member_row, b->members, member)->user < user->id)
            member++;
        size_t first = member;
        while (member < b->members.count &&
               ROW(struct member_row, b->members, member)->user == user->id)
            member++;
        write_user(w, user, first, member - first, unsure, license_unsure);
    }
    b->counts[COUNT_USERS] = b->users.count;
}

/* Several users may have one address: the active ones first, then by id. */
static int by_email(const void *a, const void *c, void *builder)
{
    const struct user_row *x = a, *y = c;
    const struct builder *b = builder;
    int order = text_compare_fold(pool_text(&b->pool, x->email), pool_text(&b->pool, y->email));
    if (!order)
        order = (int)y->active - (int)x->active;
    return order ? order : x->id < y->id ? -1 : x->id > y->id;
}

void writing_emails(struct writing *w)
{
    struct builder *b = w->b;
    rows_sort(b, &b->users, by_email);
    struct text last = TEXT_NONE;
    for (size_t i = 0; i < b->users.count && w->status == STATUS_OK; i++) {
        const struct user_row *user = ROW(struct user_row, b->users, i);
        struct text email = writing_text(w, user->email);
        if (!email.size || text_equal_fold(email, last))
            continue;
        last = email;
        put_u64(writing_begin(w), user->id);
        layout_key_name(&w->key, "email/", email, true);
        writing_record(w);
    }
}

static int by_group_member(const void *a, const void *c, void *builder)
{
    const struct member_row *x = a, *y = c;
    (void)builder;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return x->user < y->user ? -1 : x->user > y->user;
}

void writing_groups(struct writing *w)
{
    struct builder *b = w->b;
    rows_sort(b, &b->members, by_group_member);
    size_t member = 0;
    for (uint32_t i = 0; i < b->groups.count && w->status == STATUS_OK; i++) {
        const struct group_row *group = ROW(struct group_row, b->groups, i);
        uint8_t flags = (uint8_t)((group->incomplete ? GROUP_INCOMPLETE : 0) |
                                  (group->listed ? 0 : GROUP_MENTIONED));
        size_t first = member;
        while (member < b->members.count &&
               ROW(struct member_row, b->members, member)->group == i)
            member++;
        struct buffer *out = writing_begin(w);
        put_u32(out, i);
        put_u8(out, flags);
        put_text(out, writing_text(w, group->name));
        put_u32(out, (uint32_t)(member - first));
        layout_key_name(&w->key, "group/", writing_text(w, group->name), true);
        writing_record(w);
        out = writing_begin(w);
        put_u8(out, flags);
        put_text(out, writing_text(w, group->name));
        layout_key_id(&w->key, "group-number/", i);
        writing_record(w);
        out = writing_begin(w);
        put_u32(out, (uint32_t)(member - first));
        for (size_t k = first; k < member; k++)
            put_u64(out, ROW(struct member_row, b->members, k)->user);
        layout_key_id(&w->key, "group-members/", i);
        writing_record(w);
    }
    b->counts[COUNT_GROUPS] = b->groups.count;
}

void writing_services(struct writing *w)
{
    struct builder *b = w->b;
    for (size_t i = 0; i < b->services.count && w->status == STATUS_OK; i++) {
        const struct service_row *service = ROW(struct service_row, b->services, i);
        put_u64(writing_begin(w), service->key);
        layout_key_name(&w->key, "service/", writing_text(w, service->name), false);
        writing_record(w);
    }
    b->counts[COUNT_SERVICES] = b->services.count;
}

