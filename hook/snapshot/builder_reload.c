/*
 * builder_reload.c - an old snapshot's facts into a builder that was told some of them anew.
 *
 * The old file is verified first, whole: what refers to what, and counts. From then on its records
 * are as trustworthy as an answer of Bitbucket. Twice through the file: places and groups first, then
 * people and keys, since who is named only in what is not taken goes with it.
 */
#include <stdlib.h>

#include "snapshot/reload.h"
#include "snapshot/verify.h"

enum status reload_name(const struct reload *r, struct id_set *set, uint64_t id)
{
    return id_set_add(set, id, r->err);
}

static enum status pool(const struct reload *r, struct text t, uint32_t *number)
{
    return pool_add(&r->b->pool, t, number, r->err);
}

static bool number_of_key(const struct reload *r, const char *prefix, uint64_t *out)
{
    return text_parse_u64(text_skip(r->key, text_of(prefix).size), UINT64_MAX, true, out);
}

/* What was told of people and keys names them, too. */
static enum status name_told(struct reload *r)
{
    const struct builder *b = r->b;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < b->user_grants.count; i++)
        status = reload_name(r, &r->users.stays, ROW(struct grant_row, b->user_grants, i)->who);
    for (size_t i = 0; status == STATUS_OK && i < b->members.count; i++)
        status = reload_name(r, &r->users.stays, ROW(struct member_row, b->members, i)->user);
    for (size_t i = 0; status == STATUS_OK && i < b->key_grants.count; i++)
        status = reload_name(r, &r->keys.stays, ROW(struct grant_row, b->key_grants, i)->who);
    return status;
}

/* ------------------------------------------------------------------ groups and members */

static enum status read_group_name(struct reload *r, uint32_t number)
{
    struct layout_key key;
    struct text body, name;
    uint8_t flags;
    layout_key_id(&key, "group-number/", number);
    enum status status = snapshot_find(r->old, &key, NULL, &body, r->err);
    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && !decode_group_number(body, &flags, &name)))
        return snapshot_damaged(r->err, (struct text){key.bytes, key.size}, "is malformed");
    return status == STATUS_OK ? pool(r, name, &r->group_names[number]) : status;
}

static enum status read_group_names(struct reload *r)
{
    uint64_t count = snapshot_meta_record(r->old)->counts[COUNT_GROUPS];
    enum status status = STATUS_OK;
    if (count >= GROUP_NONE)
        return snapshot_damaged(r->err, TEXT("meta"), "is malformed");
    r->group_names = calloc((size_t)count + 1, sizeof *r->group_names);
    if (!r->group_names)
        return error_set(r->err, STATUS_MEMORY, "out of memory");
    r->group_count = (uint32_t)count;
    for (uint32_t i = 0; status == STATUS_OK && i < r->group_count; i++)
        status = read_group_name(r, i);
    return status;
}

/* A group that was only mentioned is mentioned again where that stays. */
static enum status reload_group(struct reload *r, struct text body)
{
    struct group_record old;
    struct group_row row = {.listed = true, .old = true};
    if (!decode_group(body, &old))
        return reload_malformed(r);
    row.incomplete = old.flags & GROUP_INCOMPLETE;
    enum status status = pool(r, old.name, &row.name);
    if (status != STATUS_OK || old.flags & GROUP_MENTIONED ||
        told_group(&r->told, r->b, row.name))
        return status;
    return facts_row(r->b, &r->b->groups, &row, status, r->err);
}

static enum status reload_members(struct reload *r, struct text body)
{
    const unsigned char *ids;
    uint32_t count;
    uint64_t number;
    if (!decode_members(body, &ids, &count) || !number_of_key(r, "group-members/", &number) ||
        number >= r->group_count)
        return reload_malformed(r);
    uint32_t name = r->group_names[number];
    bool told = told_group(&r->told, r->b, name);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        struct member_row row = {.user = layout_load64(ids + (size_t)i * 8), .group = name};
        status = reload_name(r, told ? &r->users.goes : &r->users.stays, row.user);
        if (!told)
            status = facts_row(r->b, &r->b->members, &row, status, r->err);
    }
    return status;
}

/* ------------------------------------------------------------------ users */

/* The record of the name, if it is this user's: another user may have the name. */
static enum status find_user(const struct reload *r, uint64_t id, struct text name,
                             struct user_record *out, bool *found)
{
    struct layout_key key;
    struct text body;
    layout_key_name(&key, "user/", name, true);
    enum status status = snapshot_find(r->old, &key, NULL, &body, r->err);
    *found = false;
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (!decode_user(body, out))
        return reload_malformed(r);
    *found = out->id == id;
    return STATUS_OK;
}

/* An answer that only mentions a user may leave his address out, and he is still in the list. */
static enum status complete_user(const struct reload *r, const struct user_record *old)
{
    struct rows told = r->b->users;
    told.count = r->told.user_count;
    const struct user_row *found = rows_find(&told, old->id);
    if (!found || found->listed)
        return STATUS_OK;
    struct user_row *row = ROW(struct user_row, told, found - ROW(struct user_row, told, 0));
    row->listed = !(old->flags & USER_MENTIONED);
    return pool_text(&r->b->pool, row->email).size ? STATUS_OK : pool(r, old->email, &row->email);
}

static enum status reload_user(struct reload *r, struct text body)
{
    struct user_row row = {.old = true};
    struct user_record old = {0};
    struct text name;
    bool whole;
    if (!decode_text(body, &name) || !number_of_key(r, "user-id/", &row.id))
        return reload_malformed(r);
    enum status status = find_user(r, row.id, name, &old, &whole);
    if (status != STATUS_OK)
        return status;
    if (id_set_has(&r->told.users, row.id))
        return whole ? complete_user(r, &old) : STATUS_OK;
    if (whole ? old.flags & USER_MENTIONED && !named_stays(&r->users, row.id)
              : !named_stays(&r->users, row.id))
        return STATUS_OK;
    row.shadowed = !whole;
    row.active = whole && old.flags & USER_ACTIVE;
    row.listed = whole && !(old.flags & USER_MENTIONED);
    status = pool(r, name, &row.name);
    if (status == STATUS_OK)
        status = pool(r, whole ? old.slug : name, &row.slug);
    if (status == STATUS_OK)
        status = pool(r, whole ? old.email : TEXT(""), &row.email);
    if (status == STATUS_OK && row.shadowed)
        status = rows_add(&r->shadowed, &row.id, r->err);
    return facts_row(r->b, &r->b->users, &row, status, r->err);
}

/* Of a user without a record of his own the address is known, if nobody else has it. */
static enum status reload_email(struct reload *r, struct text body)
{
    uint64_t id;
    uint32_t email;
    if (!decode_id(body, &id))
        return reload_malformed(r);
    if (id_set_has(&r->told.users, id))
        return STATUS_OK;
    enum status status = pool(r, text_skip(r->key, TEXT("email/").size), &email);
    for (size_t i = 0; status == STATUS_OK && i < r->shadowed.count; i++) {
        if (*ROW(uint64_t, r->shadowed, i) != id)
            continue;
        for (size_t k = 0; k < r->b->users.count; k++) {
            struct user_row *user = ROW(struct user_row, r->b->users, k);
            if (user->id == id && user->old) {
                user->email = email;
                user->active = true; /* else an active one would have it */
            }
        }
    }
    return status;
}

/* ------------------------------------------------------------------ the rest */

static enum status reload_service(struct reload *r, struct text body)
{
    struct service_row row;
    if (!decode_id(body, &row.key))
        return reload_malformed(r);
    if (r->told.services)
        return STATUS_OK;
    enum status status = pool(r, text_skip(r->key, TEXT("service/").size), &row.name);
    return facts_row(r->b, &r->b->services, &row, status, r->err);
}

static enum status reload_key(struct reload *r, struct text body)
{
    struct key_record old;
    struct key_row row = {.old = true};
    if (!decode_key(body, &old) || !number_of_key(r, "key/", &row.id))
        return reload_malformed(r);
    if (!named_stays(&r->keys, row.id))
        return STATUS_OK;
    row.bits = old.bits;
    row.flags = old.flags;
    row.created_ms = old.created_ms;
    row.last_used_ms = old.last_used_ms;
    row.expires_ms = old.expires_ms;
    enum status status = pool(r, old.label, &row.label);
    if (status == STATUS_OK)
        status = pool(r, old.algorithm, &row.algorithm);
    if (status == STATUS_OK)
        status = pool(r, old.fingerprint, &row.fingerprint);
    return facts_row(r->b, &r->b->keys, &row, status, r->err);
}

/* ------------------------------------------------------------------ all of it */

struct kind {
    const char *prefix;
    enum status (*reload)(struct reload *r, struct text body);
};
static const struct kind first_kinds[] = {
    {"group/", reload_group},     {"group-members/", reload_members}, {"service/", reload_service},
    {"global", reload_global},    {"project/", reload_project},       {"repo/", reload_repository},
    {"parts", reload_parts},
};
static const struct kind second_kinds[] = {{"user-id/", reload_user}, {"key/", reload_key}};
static const struct kind third_kinds[] = {{"email/", reload_email}};

static enum status each_record(struct reload *r, const struct kind *kinds, size_t count)
{
    uint32_t position = 0;
    for (;;) {
        struct text body;
        enum status status = snapshot_next(r->old, &position, &r->key, &body, r->err);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        for (size_t i = 0; status == STATUS_OK && i < count; i++)
            if (text_starts(r->key, text_of(kinds[i].prefix))) {
                status = kinds[i].reload(r, body);
                break;
            }
        if (status != STATUS_OK)
            return status;
    }
}

static enum status take_meta(struct reload *r)
{
    const struct meta_record *meta = snapshot_meta_record(r->old);
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < meta->note_count; i++)
        status = builder_note(r->b, meta->notes[i], r->err);
    if (status == STATUS_OK)
        status = pool(r, meta->meta.base_url, &r->b->reloaded_url);
    r->b->reloaded_started_ms = meta->meta.started_ms;
    r->b->reloaded = status == STATUS_OK;
    return status;
}

#define KINDS(list) list, sizeof list / sizeof list[0]

static enum status reload_all(struct reload *r)
{
    join_anew(r->b);
    enum status status = told_collect(&r->told, r->b, r->err);
    if (status == STATUS_OK)
        status = name_told(r);
    if (status == STATUS_OK)
        status = read_group_names(r);
    if (status == STATUS_OK)
        status = each_record(r, KINDS(first_kinds));
    if (status == STATUS_OK)
        status = each_record(r, KINDS(second_kinds));
    if (status == STATUS_OK && r->shadowed.count)
        status = each_record(r, KINDS(third_kinds));
    return status == STATUS_OK ? take_meta(r) : status;
}

enum status builder_reload(struct builder *b, struct snapshot *old, struct error *err)
{
    if (b->checking || b->reloaded || !old->file.map)
        return error_set(err, STATUS_USAGE, "an old snapshot is read once, mapped, into a builder "
                                            "that keeps what it is told");
    struct reload *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, STATUS_MEMORY, "out of memory");
    *r = (struct reload){.b = b, .old = old, .err = err, .shadowed.size = sizeof(uint64_t)};
    enum status status = snapshot_verify(old, NULL, NULL, err);
    if (status == STATUS_OK)
        status = reload_all(r);
    b->broken = status != STATUS_OK;
    told_free(&r->told);
    free(r->group_names);
    free(r->shadowed.at);
    struct id_set *sets[] = {&r->users.stays, &r->users.goes, &r->keys.stays, &r->keys.goes};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        free(sets[i]->slots);
    free(r);
    return status;
}
