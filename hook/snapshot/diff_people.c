/*
 * diff_people.c - users, groups, who is in which group, and the map of service users.
 */
#include "snapshot/differ.h"
#include "snapshot/names.h"

/* ------------------------------------------------------------------ groups */

static bool group_of(struct differ *d, int side, uint32_t number, struct diff_group *out)
{
    struct layout_key key;
    struct text body;
    uint8_t flags;
    layout_key_id(&key, "group-number/", number);
    if (!differ_find(d, side, &key, &body))
        return false;
    *out = (struct diff_group){.other = GROUP_NONE};
    if (decode_group_number(body, &flags, &out->name)) {
        out->incomplete = flags & GROUP_INCOMPLETE;
        return true;
    }
    differ_damaged(d, (struct text){key.bytes, key.size});
    return false;
}

/* Numbers go up without holes: as many as there are records. */
static bool read_groups(struct differ *d, int side)
{
    struct diff_side *s = &d->side[side];
    struct diff_group group;
    uint32_t count = 0;
    while (count < GROUP_NONE && group_of(d, side, count, &group))
        count++;
    s->groups = d->status == STATUS_OK ? arena_alloc(d->arena, (size_t)count + 1, sizeof group)
                                       : NULL;
    if (!s->groups) {
        differ_fail(d, STATUS_MEMORY);
        return false;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!group_of(d, side, i, &s->groups[i]))
            return false;
    s->group_count = count;
    return true;
}

/* By name: groups have no ids. */
static void match_groups(struct differ *d)
{
    struct diff_side *old = &d->side[OLD], *new = &d->side[NEW];
    d->same_groups = old->group_count == new->group_count;
    for (uint32_t i = 0; i < old->group_count; i++) {
        struct layout_key key;
        struct text body;
        struct group_record group;
        layout_key_name(&key, "group/", old->groups[i].name, true);
        if (differ_find(d, NEW, &key, &body)) {
            if (!decode_group(body, &group) || group.number >= new->group_count) {
                differ_damaged(d, (struct text){key.bytes, key.size});
                return;
            }
            old->groups[i].other = group.number;
            new->groups[group.number].other = i;
        }
        d->same_groups = d->same_groups && old->groups[i].other == i;
    }
}

static void grant_power(const struct diff_side *side, const struct place_record *place, bool global,
                        struct text key, struct text slug)
{
    for (uint32_t i = 0; i < place->group_count; i++) {
        struct group_grant grant = place_group(place, i);
        if (grant.group >= side->group_count)
            continue;
        struct diff_power *power = &side->groups[grant.group].power;
        if (global) {
            power->global = grant.permission;
            continue;
        }
        power->places++;
        if (permission_on_repository(grant.permission) <= permission_on_repository(power->place))
            continue;
        power->place = grant.permission;
        power->key = key;
        power->slug = slug;
    }
}

/* One pass over all places: what can each group do? */
static void read_powers(struct differ *d, int side)
{
    const struct diff_side *s = &d->side[side];
    uint32_t position = 0;
    struct text key, body;
    enum status status = STATUS_OK;
    while (d->status == STATUS_OK &&
           (status = snapshot_next(s->snapshot, &position, &key, &body, d->err)) == STATUS_OK) {
        struct project_record project;
        struct repository_record repository;
        struct place_record global;
        if (text_starts(key, TEXT("repo/")) && decode_repository(body, &repository))
            grant_power(s, &repository.place, false, repository.key, repository.slug);
        else if (text_starts(key, TEXT("project/")) && decode_project(body, &project))
            grant_power(s, &project.place, false, project.key, TEXT_NONE);
        else if (text_equal(key, TEXT("global")) && decode_global(body, &global))
            grant_power(s, &global, true, TEXT_NONE, TEXT_NONE);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        differ_fail(d, status);
}

enum status diff_groups_prepare(struct differ *d)
{
    if (read_groups(d, OLD) && read_groups(d, NEW)) {
        match_groups(d);
        read_powers(d, OLD);
        read_powers(d, NEW);
    }
    return d->status;
}

/* "SYS_ADMIN", "PROJECT_WRITE on project OPS and 3 more places", "nothing" */
static struct text power_text(struct differ *d, const struct diff_power *power)
{
    const char *global = power->global > PERMISSION_LICENSED_USER ? permission_name(power->global)
                                                                  : NULL;
    if (!power->places)
        return text_of(power->global ? permission_name(power->global) : "no grants");
    struct text place = differ_printf(d, "%s on %s%.*s%s%.*s", permission_name(power->place),
                                      power->slug.at ? "" : "project ", TEXT_ARG(power->key),
                                      power->slug.at ? "/" : "", TEXT_ARG(power->slug));
    struct text more = TEXT("");
    if (power->places > 1)
        more = differ_printf(d, " and grants on %lu more place%s", (unsigned long)power->places - 1,
                             power->places == 2 ? "" : "s");
    return differ_printf(d, "%s%s%.*s%.*s", global ? global : "", global ? ", " : "",
                         TEXT_ARG(place), TEXT_ARG(more));
}

/* As by a grant of one's own (diff_grants.c): it matters both ways. */
static bool is_instance_admin(const struct diff_power *power)
{
    return power->global == PERMISSION_ADMIN || power->global == PERMISSION_SYS_ADMIN;
}

static enum severity power_severity(const struct diff_power *power)
{
    enum permission place = permission_on_repository(power->place);
    if (is_instance_admin(power))
        return SEVERITY_CRITICAL;
    if (place == PERMISSION_REPO_ADMIN)
        return SEVERITY_HIGH;
    return place == PERMISSION_REPO_WRITE ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

/* ------------------------------------------------------------------ members */

struct members {
    const unsigned char *ids; /* ascending */
    uint32_t count, at;
};

static struct members members_of(struct differ *d, int side, uint32_t number)
{
    struct members members = {NULL, 0, 0};
    struct layout_key key;
    struct text body;
    layout_key_id(&key, "group-members/", number);
    if (number != GROUP_NONE && differ_find(d, side, &key, &body) &&
        !decode_members(body, &members.ids, &members.count))
        differ_fail(d,
                    snapshot_damaged(d->err, (struct text){key.bytes, key.size}, "is malformed"));
    return members;
}

static uint64_t member_id(const struct members *members)
{
    return members->at < members->count ? layout_load64(members->ids + (size_t)members->at * 8)
                                        : UINT64_MAX;
}

static void member_changed(struct differ *d, int side, const struct diff_group *group, uint64_t id,
                           bool unsure)
{
    struct diff_change change = {.kind = DIFF_MEMBER_REMOVED, .subject = differ_user(d, side, id)};
    struct text power = power_text(d, &group->power);
    if (side == NEW) {
        change.kind = DIFF_MEMBER_ADDED;
        change.severity = power_severity(&group->power);
        change.unsure = unsure;
        change.after = power;
    } else {
        change.before = power;
        if (is_instance_admin(&group->power))
            change.severity = SEVERITY_CRITICAL;
    }
    differ_add(d, change);
}

/* Either may be GROUP_NONE: the group is new, or (never both) gone. */
static void compare_members(struct differ *d, uint32_t old_number, uint32_t new_number)
{
    const struct diff_group *old = old_number == GROUP_NONE ? NULL
                                                            : &d->side[OLD].groups[old_number];
    const struct diff_group *new = &d->side[NEW].groups[new_number];
    struct members before = members_of(d, OLD, old_number);
    struct members after = members_of(d, NEW, new_number);
    while (d->status == STATUS_OK && (before.at < before.count || after.at < after.count)) {
        uint64_t a = member_id(&before), b = member_id(&after);
        if (b < a)
            member_changed(d, NEW, new, b, old && old->incomplete);
        else if (a < b && old && !new->incomplete)
            member_changed(d, OLD, old, a, false);
        before.at += a <= b;
        after.at += b <= a;
    }
    if (old)
        diff_unread_one(d, TEXT("members"), old->incomplete, new->incomplete);
}

void diff_groups(struct differ *d)
{
    for (uint32_t i = 0; i < d->side[OLD].group_count; i++) {
        const struct diff_group *group = &d->side[OLD].groups[i];
        differ_at(d, "group ", group->name, TEXT_NONE, false);
        if (group->other == GROUP_NONE)
            differ_add(d, (struct diff_change){.kind = DIFF_GROUP_REMOVED, .subject = group->name});
        else
            compare_members(d, i, group->other);
    }
    for (uint32_t i = 0; i < d->side[NEW].group_count; i++) {
        const struct diff_group *group = &d->side[NEW].groups[i];
        if (group->other != GROUP_NONE)
            continue;
        differ_at(d, "group ", group->name, TEXT_NONE, false);
        differ_add(d, (struct diff_change){.kind = DIFF_GROUP_ADDED, .subject = group->name});
        differ_at(d, "group ", group->name, TEXT_NONE, true);
        compare_members(d, GROUP_NONE, i);
    }
}

/* ------------------------------------------------------------------ users */

/* false: there is none by this id. */
static bool find_user(struct differ *d, int side, uint64_t id, struct user_record *out)
{
    struct layout_key key;
    struct text body, name;
    layout_key_id(&key, "user-id/", id);
    if (!differ_find(d, side, &key, &body))
        return false;
    if (decode_text(body, &name)) {
        layout_key_name(&key, "user/", name, true);
        if (differ_find(d, side, &key, &body) && decode_user(body, out))
            return true;
    }
    differ_damaged(d, (struct text){key.bytes, key.size});
    return false;
}

static void compare_licences(struct differ *d, const struct user_record *before,
                             const struct user_record *after)
{
    if (before->licensed == after->licensed || before->licensed == LICENSED_UNSURE ||
        after->licensed == LICENSED_UNSURE)
        return;
    differ_add(d,
               (struct diff_change){.kind = after->licensed == LICENSED_YES ? DIFF_USER_LICENSED
                                                                            : DIFF_USER_UNLICENSED,
                                    .subject = after->name});
}

static void compare_users(struct differ *d, const struct user_record *before,
                          const struct user_record *after)
{
    if (!text_equal(before->name, after->name))
        differ_add(d, (struct diff_change){.kind = DIFF_USER_RENAMED,
                                           .subject = after->name,
                                           .before = before->name,
                                           .after = after->name});
    if ((before->flags ^ after->flags) & USER_ACTIVE)
        differ_add(d,
                   (struct diff_change){.kind = after->flags & USER_ACTIVE ? DIFF_USER_ACTIVATED
                                                                           : DIFF_USER_DEACTIVATED,
                                        .subject = after->name});
    compare_licences(d, before, after);
    /* Who is only mentioned in other answers comes without an address. */
    bool listed = !((before->flags | after->flags) & USER_MENTIONED);
    if (listed && !text_equal_fold(before->email, after->email))
        differ_add(d, (struct diff_change){.kind = DIFF_USER_EMAIL_CHANGED,
                                           .subject = after->name,
                                           .before = before->email,
                                           .after = after->email});
}

void diff_user(struct differ *d, struct text key, struct text body)
{
    struct user_record before, after;
    if (!decode_user(body, &before)) {
        differ_damaged(d, key);
        return;
    }
    bool there = find_user(d, NEW, before.id, &after);
    differ_at(d, "user ", there ? after.name : before.name, TEXT_NONE, false);
    if (there)
        compare_users(d, &before, &after);
    else
        differ_add(d, (struct diff_change){.kind = DIFF_USER_REMOVED, .subject = before.name});
}

void diff_user_new(struct differ *d, struct text key, struct text body)
{
    struct user_record before, after;
    if (!decode_user(body, &after))
        differ_damaged(d, key);
    if (d->status != STATUS_OK || find_user(d, OLD, after.id, &before))
        return;
    differ_at(d, "user ", after.name, TEXT_NONE, false);
    differ_add(d, (struct diff_change){.kind = DIFF_USER_ADDED, .subject = after.name});
}

/* ------------------------------------------------------------------ service users */

static bool find_service(struct differ *d, int side, struct text name, uint64_t *id)
{
    struct layout_key key;
    struct text body;
    layout_key_name(&key, "service/", name, false);
    if (!differ_find(d, side, &key, &body))
        return false;
    if (!decode_id(body, id))
        differ_damaged(d, (struct text){key.bytes, key.size});
    return d->status == STATUS_OK;
}

static struct text id_text(struct differ *d, uint64_t id)
{
    return differ_printf(d, "%llu", (unsigned long long)id);
}

void diff_service(struct differ *d, struct text key, struct text body)
{
    struct text name = text_skip(key, TEXT("service/").size);
    uint64_t before, after;
    if (!decode_id(body, &before)) {
        differ_damaged(d, key);
        return;
    }
    bool there = find_service(d, NEW, name, &after);
    differ_at(d, "instance", TEXT_NONE, TEXT_NONE, false);
    if (!there)
        differ_add(d, (struct diff_change){.kind = DIFF_SERVICE_REMOVED,
                                           .subject = name,
                                           .before = id_text(d, before)});
    else if (before != after)
        differ_add(d, (struct diff_change){.kind = DIFF_SERVICE_CHANGED,
                                           .subject = name,
                                           .before = id_text(d, before),
                                           .after = id_text(d, after)});
}

void diff_service_new(struct differ *d, struct text key, struct text body)
{
    struct text name = text_skip(key, TEXT("service/").size);
    uint64_t before, after;
    if (!decode_id(body, &after))
        differ_damaged(d, key);
    if (d->status != STATUS_OK || find_service(d, OLD, name, &before))
        return;
    differ_at(d, "instance", TEXT_NONE, TEXT_NONE, false);
    differ_add(d, (struct diff_change){
                      .kind = DIFF_SERVICE_ADDED, .subject = name, .after = id_text(d, after)});
}
