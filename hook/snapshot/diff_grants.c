/*
 * diff_grants.c - who may do what on one place: users, groups, access keys, everybody.
 */
#include "snapshot/differ.h"

enum { GRANTED, WIDENED, NARROWED, REVOKED }; /* added to the first kind of a holder */

enum holder { HOLDER_USER, HOLDER_GROUP, HOLDER_KEY, HOLDER_EVERYBODY };

struct grant { /* one holder's, before and after; NONE: none */
    enum holder holder;
    struct text subject;
    enum permission before, after;
};

/* ------------------------------------------------------------------ how much it matters */

static enum severity level_severity(enum permission level)
{
    switch (level) {
    case PERMISSION_SYS_ADMIN:
    case PERMISSION_ADMIN:
        return SEVERITY_CRITICAL;
    case PERMISSION_PROJECT_ADMIN:
    case PERMISSION_REPO_ADMIN:
        return SEVERITY_HIGH;
    case PERMISSION_REPO_WRITE:
    case PERMISSION_PROJECT_WRITE:
    case PERMISSION_REPO_CREATE:
    case PERMISSION_PROJECT_CREATE:
        return SEVERITY_MEDIUM;
    default:
        return SEVERITY_LOW;
    }
}

/* A key that may write to all repositories of a project, and what everybody may, matters more. */
static enum severity given_severity(const struct grant *grant, enum grant_scope scope)
{
    enum severity severity = level_severity(grant->after);
    bool wide = grant->holder == HOLDER_EVERYBODY ||
                (grant->holder == HOLDER_KEY && scope == GRANT_PROJECT);
    return wide && severity < SEVERITY_CRITICAL ? (enum severity)(severity + 1) : severity;
}

static enum severity taken_severity(const struct grant *grant)
{
    /* Who administers the instance matters both ways. */
    return level_severity(grant->before) == SEVERITY_CRITICAL ? SEVERITY_CRITICAL : SEVERITY_INFO;
}

/* ------------------------------------------------------------------ one grant */

static enum diff_kind first_kind(enum holder holder, enum grant_scope scope)
{
    switch (holder) {
    case HOLDER_USER:
        return scope == GRANT_GLOBAL ? DIFF_GLOBAL_USER_GRANTED : DIFF_USER_GRANTED;
    case HOLDER_GROUP:
        return scope == GRANT_GLOBAL ? DIFF_GLOBAL_GROUP_GRANTED : DIFF_GROUP_GRANTED;
    case HOLDER_KEY:
        return DIFF_KEY_GRANTED;
    default:
        return DIFF_DEFAULT_PERMISSION_GRANTED;
    }
}

/* `bit`: what of a place would have to be read completely. */
static void compare_grant(struct differ *d, const struct diff_places *places, unsigned bit,
                          const struct grant *grant)
{
    bool given = grant->after > grant->before;
    bool unread_before = places->before && places->before->incomplete & bit;
    bool unread_after = places->after->incomplete & bit;
    /* What could not all be read may still be there, or there may be more of it. */
    if (grant->before == grant->after || (!given && unread_after))
        return;
    int step = !grant->before ? GRANTED : !grant->after ? REVOKED : given ? WIDENED : NARROWED;
    differ_add(d,
               (struct diff_change){
                   .kind = (enum diff_kind)(first_kind(grant->holder, places->scope) + step),
                   .severity = given ? given_severity(grant, places->scope) : taken_severity(grant),
                   .unsure = given && unread_before,
                   .subject = grant->subject,
                   .before = text_of(permission_name(grant->before)),
                   .after = text_of(permission_name(grant->after))});
}

/* ------------------------------------------------------------------ users */

static void compare_users(struct differ *d, const struct diff_places *places)
{
    const struct place_record none = {0};
    const struct place_record *before = places->before ? places->before : &none;
    uint32_t i = 0, j = 0;
    while (i < before->user_count || j < places->after->user_count) {
        struct grant grant = {.holder = HOLDER_USER};
        enum permission old_level = PERMISSION_NONE, new_level = PERMISSION_NONE;
        uint64_t a = i < before->user_count ? place_user(before, i, &old_level) : UINT64_MAX;
        uint64_t b = j < places->after->user_count ? place_user(places->after, j, &new_level)
                                                   : UINT64_MAX;
        grant.before = a <= b ? old_level : PERMISSION_NONE;
        grant.after = b <= a ? new_level : PERMISSION_NONE;
        if (grant.before != grant.after) {
            grant.subject = b <= a ? differ_user(d, NEW, b) : differ_user(d, OLD, a);
            compare_grant(d, places, INCOMPLETE_GRANTS, &grant);
        }
        i += a <= b;
        j += b <= a;
    }
}

/* ------------------------------------------------------------------ groups */

/* Numbers differ from snapshot to snapshot; each list is ascending by its own. */
static enum permission level_of_group(const struct place_record *place, uint32_t number)
{
    uint32_t low = 0, high = place ? place->group_count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct group_grant grant = place_group(place, middle);
        if (grant.group == number)
            return grant.permission;
        if (grant.group < number)
            low = middle + 1;
        else
            high = middle;
    }
    return PERMISSION_NONE;
}

static struct diff_group *group_at(struct differ *d, int side, uint32_t number)
{
    if (number < d->side[side].group_count)
        return &d->side[side].groups[number];
    error_set(d->err, STATUS_FORMAT,
              "the snapshot is damaged: it grants to a group without a name");
    differ_fail(d, STATUS_FORMAT);
    return NULL;
}

static void compare_groups(struct differ *d, const struct diff_places *places)
{
    for (uint32_t i = 0; places->before && i < places->before->group_count; i++) {
        struct group_grant old = place_group(places->before, i);
        const struct diff_group *group = group_at(d, OLD, old.group);
        if (!group)
            return;
        const struct grant grant = {HOLDER_GROUP, group->name, old.permission,
                                    group->other == GROUP_NONE
                                        ? PERMISSION_NONE
                                        : level_of_group(places->after, group->other)};
        compare_grant(d, places, INCOMPLETE_GRANTS, &grant);
    }
    for (uint32_t i = 0; i < places->after->group_count; i++) {
        struct group_grant new = place_group(places->after, i);
        const struct diff_group *group = group_at(d, NEW, new.group);
        if (!group)
            return;
        if (group->other != GROUP_NONE && level_of_group(places->before, group->other))
            continue; /* compared above */
        const struct grant grant = {HOLDER_GROUP, group->name, PERMISSION_NONE, new.permission};
        compare_grant(d, places, INCOMPLETE_GRANTS, &grant);
    }
}

/* ------------------------------------------------------------------ access keys */

static bool next_key(struct cursor *keys, uint32_t *left, struct repository_key *out)
{
    *out = (struct repository_key){.id = UINT64_MAX};
    if (!*left)
        return false;
    --*left;
    return place_next_key(keys, out);
}

static void compare_keys(struct differ *d, const struct diff_places *places)
{
    struct cursor old_keys = places->before ? places->before->keys : (struct cursor){0};
    struct cursor new_keys = places->after->keys;
    uint32_t old_left = places->before ? places->before->key_count : 0;
    uint32_t new_left = places->after->key_count;
    struct repository_key a, b;
    bool has_a = next_key(&old_keys, &old_left, &a), has_b = next_key(&new_keys, &new_left, &b);
    while (has_a || has_b) {
        bool take_a = has_a && (!has_b || a.id <= b.id), take_b = has_b && (!has_a || b.id <= a.id);
        struct grant grant = {.holder = HOLDER_KEY,
                              .before = take_a ? a.permission : PERMISSION_NONE,
                              .after = take_b ? b.permission : PERMISSION_NONE};
        if (grant.before != grant.after) {
            grant.subject = take_b ? differ_key(d, b.id, b.label) : differ_key(d, a.id, a.label);
            compare_grant(d, places, INCOMPLETE_KEYS, &grant);
        }
        if (take_a)
            has_a = next_key(&old_keys, &old_left, &a);
        if (take_b)
            has_b = next_key(&new_keys, &new_left, &b);
    }
}

/* ------------------------------------------------------------------ the whole */

void diff_grants(struct differ *d, const struct diff_places *places)
{
    compare_users(d, places);
    compare_groups(d, places);
    if (places->scope != GRANT_GLOBAL)
        compare_keys(d, places);
}

void diff_default_permission(struct differ *d, enum permission before, enum permission after,
                             const struct diff_places *places)
{
    const struct grant grant = {HOLDER_EVERYBODY, TEXT_NONE, before, after};
    compare_grant(d, places, INCOMPLETE_GRANTS, &grant);
}

void diff_unread(struct differ *d, unsigned before, unsigned after)
{
    static const struct {
        unsigned bit;
        struct text what;
    } bits[] = {
        {INCOMPLETE_GRANTS, TEXT("grants")},
        {INCOMPLETE_RESTRICTIONS, TEXT("restrictions")},
        {INCOMPLETE_MODEL, TEXT("the parts of the branching model")},
        {INCOMPLETE_KEYS, TEXT("access keys")},
    };
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
        diff_unread_one(d, bits[i].what, before & bits[i].bit, after & bits[i].bit);
}

void diff_unread_one(struct differ *d, struct text what, bool before, bool after)
{
    if (before || after)
        differ_add(d, (struct diff_change){.kind = before && after ? DIFF_UNREAD_BOTH
                                                   : after         ? DIFF_UNREAD_NOW
                                                                   : DIFF_UNREAD_BEFORE,
                                           .subject = what});
}
