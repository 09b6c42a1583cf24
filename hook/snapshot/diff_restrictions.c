/*
 * diff_restrictions.c - the branch restrictions of one place, and who is exempt from them.
 */
#include <stdlib.h>

#include "snapshot/differ.h"

#define SCRATCH_MEMORY ((size_t)256 * 1024 * 1024)

/* "9 (pull-request-only, BRANCH refs/heads/main)" */
static struct text restriction_text(struct differ *d, const struct restriction *r)
{
    return differ_printf(d, "%llu (%.*s, %.*s %.*s)", (unsigned long long)r->id,
                         TEXT_ARG(r->type_text), TEXT_ARG(r->matcher_type_text),
                         TEXT_ARG(r->matcher_id));
}

/* ------------------------------------------------------------------ exemptions */

struct exempt {       /* a user, a group or a key */
    uint64_t id;      /* 0: by name */
    struct text name; /* of a user or a group */
};

static int by_identity(const void *a, const void *b)
{
    const struct exempt *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->id ? 0 : text_compare_fold(x->name, y->name);
}

struct exempt_list {
    struct exempt *items;
    size_t count;
};

enum who { WHO_USER, WHO_GROUP, WHO_KEY, WHOS };

static const enum diff_kind who_kinds[WHOS][2] = {
    [WHO_USER] = {DIFF_USER_EXEMPTED, DIFF_USER_NOT_EXEMPT},
    [WHO_GROUP] = {DIFF_GROUP_EXEMPTED, DIFF_GROUP_NOT_EXEMPT},
    [WHO_KEY] = {DIFF_KEY_EXEMPTED, DIFF_KEY_NOT_EXEMPT},
};

static struct exempt_list list_of(struct differ *d, struct arena *scratch,
                                  const struct exemptions *all, enum who who)
{
    size_t count = who == WHO_USER    ? all->user_count
                   : who == WHO_GROUP ? all->group_count
                                      : all->access_key_count;
    struct exempt *items = arena_alloc(scratch, count + 1, sizeof *items);
    if (!items) {
        differ_fail(d, STATUS_MEMORY);
        return (struct exempt_list){NULL, 0};
    }
    for (size_t i = 0; i < count; i++)
        items[i] = who == WHO_USER    ? (struct exempt){all->users[i].id, all->users[i].name}
                   : who == WHO_GROUP ? (struct exempt){0, all->groups[i].name}
                                      : (struct exempt){all->access_keys[i], TEXT_NONE};
    if (count)
        qsort(items, count, sizeof *items, by_identity);
    return (struct exempt_list){items, count};
}

static void exemption_changed(struct differ *d, enum who who, const struct exempt *exempt,
                              bool added, const struct restriction *restriction)
{
    struct text text = restriction_text(d, restriction);
    struct diff_change change = {.kind = who_kinds[who][!added],
                                 .subject = who == WHO_KEY ? differ_key(d, exempt->id, TEXT_NONE)
                                                           : exempt->name};
    if (added)
        change.after = text;
    else
        change.before = text;
    differ_add(d, change);
}

static void compare_lists(struct differ *d, enum who who, struct exempt_list before,
                          struct exempt_list after, const struct restriction *restriction)
{
    size_t i = 0, j = 0;
    while (i < before.count || j < after.count) {
        int order = i == before.count  ? 1
                    : j == after.count ? -1
                                       : by_identity(&before.items[i], &after.items[j]);
        if (order)
            exemption_changed(d, who, order < 0 ? &before.items[i] : &after.items[j], order > 0,
                              restriction);
        i += order <= 0;
        j += order >= 0;
    }
}

static bool decode(struct differ *d, struct arena *scratch, const struct restriction *restriction,
                   struct exemptions *out)
{
    bool memory;
    struct text bytes = {restriction->exemptions, restriction->exemptions_size};
    if (decode_exemptions(bytes, scratch, out, &memory))
        return true;
    if (memory) {
        differ_fail(d, STATUS_MEMORY);
        return false;
    }
    error_set(d->err, STATUS_FORMAT, "the snapshot is damaged: exemptions of restriction %llu",
              (unsigned long long)restriction->id);
    differ_fail(d, STATUS_FORMAT);
    return false;
}

/* ------------------------------------------------------------------ one restriction */

static struct text matcher_text(struct differ *d, const struct restriction *r)
{
    return differ_printf(d, "%.*s %.*s", TEXT_ARG(r->matcher_type_text), TEXT_ARG(r->matcher_id));
}

static void compare_exemptions(struct differ *d, const struct restriction *before,
                               const struct restriction *after)
{
    struct text old_bytes = {before->exemptions, before->exemptions_size};
    struct text new_bytes = {after->exemptions, after->exemptions_size};
    if ((d->same_groups || !old_bytes.size) && text_equal(old_bytes, new_bytes))
        return;
    struct exemptions old_all, new_all;
    struct arena scratch;
    arena_init(&scratch, SCRATCH_MEMORY);
    if (decode(d, &scratch, before, &old_all) && decode(d, &scratch, after, &new_all)) {
        for (enum who who = WHO_USER; who < WHOS; who++)
            compare_lists(d, who, list_of(d, &scratch, &old_all, who),
                          list_of(d, &scratch, &new_all, who), after);
    }
    arena_free(&scratch);
}

/* read-only blocks all that the others do, pull-request-only all but merges: to become one of them is
 * harder, to be one no longer is weaker. */
static int strength(enum restriction_type type)
{
    return type == RESTRICTION_READ_ONLY ? 2 : type == RESTRICTION_PULL_REQUEST_ONLY ? 1 : 0;
}

static void compare_types(struct differ *d, const struct restriction *before,
                          const struct restriction *after)
{
    int was = strength(before->type), is = strength(after->type);
    if (text_equal(before->type_text, after->type_text))
        return;
    differ_add(d, (struct diff_change){.kind = DIFF_RESTRICTION_TYPE_CHANGED,
                                       .severity = was > is   ? SEVERITY_HIGH
                                                   : is > was ? SEVERITY_INFO
                                                              : SEVERITY_MEDIUM,
                                       .subject = restriction_text(d, after),
                                       .before = before->type_text,
                                       .after = after->type_text});
}

static void compare_matchers(struct differ *d, const struct restriction *before,
                             const struct restriction *after)
{
    if (text_equal(before->matcher_type_text, after->matcher_type_text) &&
        text_equal(before->matcher_id, after->matcher_id))
        return;
    differ_add(
        d, (struct diff_change){.kind = DIFF_RESTRICTION_MATCHER_CHANGED,
                                .severity = before->matcher == MATCHER_ANY_REF  ? SEVERITY_HIGH
                                            : after->matcher == MATCHER_ANY_REF ? SEVERITY_INFO
                                                                                : SEVERITY_MEDIUM,
                                .subject = restriction_text(d, after),
                                .before = matcher_text(d, before),
                                .after = matcher_text(d, after)});
}

static void compare_one(struct differ *d, const struct restriction *before,
                        const struct restriction *after)
{
    compare_types(d, before, after);
    compare_matchers(d, before, after);
    if (before->matcher_active != after->matcher_active)
        differ_add(d, (struct diff_change){.kind = after->matcher_active
                                                       ? DIFF_RESTRICTION_ACTIVATED
                                                       : DIFF_RESTRICTION_DEACTIVATED,
                                           .subject = restriction_text(d, after)});
    compare_exemptions(d, before, after);
}

/* ------------------------------------------------------------------ all of a place */

struct walk {
    struct cursor cursor;
    uint32_t left;
    struct restriction at;
    bool has;
};

static void next(struct differ *d, struct walk *walk)
{
    walk->has = walk->left > 0;
    if (!walk->has)
        return;
    walk->left--;
    if (place_next_restriction(&walk->cursor, &walk->at))
        return;
    walk->has = false;
    error_set(d->err, STATUS_FORMAT, "the snapshot is damaged: restrictions of %s%.*s", d->what,
              TEXT_ARG(d->key));
    differ_fail(d, STATUS_FORMAT);
}

static struct walk begin(struct differ *d, const struct place_record *place)
{
    struct walk walk = {.cursor = place->restrictions, .left = place->restriction_count};
    next(d, &walk);
    return walk;
}

void diff_restrictions(struct differ *d, const struct place_record *before,
                       const struct place_record *after)
{
    struct walk old = begin(d, before), new = begin(d, after);
    bool unread_before = before->incomplete & INCOMPLETE_RESTRICTIONS;
    bool unread_after = after->incomplete & INCOMPLETE_RESTRICTIONS;
    while (d->status == STATUS_OK && (old.has || new.has)) {
        bool take_old = old.has && (!new.has || old.at.id <= new.at.id);
        bool take_new = new.has && (!old.has || new.at.id <= old.at.id);
        if (take_old && take_new)
            compare_one(d, &old.at, &new.at);
        else if (take_new)
            differ_add(d, (struct diff_change){.kind = DIFF_RESTRICTION_ADDED,
                                               .unsure = unread_before,
                                               .subject = restriction_text(d, &new.at)});
        else if (!unread_after)
            differ_add(d, (struct diff_change){.kind = DIFF_RESTRICTION_REMOVED,
                                               .subject = restriction_text(d, &old.at)});
        if (take_old)
            next(d, &old);
        if (take_new)
            next(d, &new);
    }
}
