/*
 * scene_narrow.h - changes of a random scene that can only take something away from who pushes (an
 * entry of an exemption, of an exception, of a list that permits), or that should change nothing (a
 * name that nobody has).
 */
#ifndef REFGATE_TESTS_UNIT_SCENE_NARROW_H
#define REFGATE_TESTS_UNIT_SCENE_NARROW_H

#include "scene_random.h"

/* ------------------------------------------------------------------ lists */

/* A list of the arena's, without one of its entries, or with one more at its end. */
static inline struct text_list list_without(struct scene *s, const struct text_list *list,
                                            size_t which)
{
    struct text *items = arena_alloc(&s->arena, list->count, sizeof *items);
    size_t count = 0;
    assert_non_null(items);
    for (size_t i = 0; i < list->count; i++)
        if (i != which)
            items[count++] = list->items[i];
    return (struct text_list){count ? items : NULL, count};
}

static inline struct text_list list_with(struct scene *s, const struct text_list *list,
                                         struct text item)
{
    struct text *items = arena_alloc(&s->arena, list->count + 1, sizeof *items);
    assert_non_null(items);
    for (size_t i = 0; i < list->count; i++)
        items[i] = list->items[i];
    items[list->count] = item;
    return (struct text_list){items, list->count + 1};
}

/* Takes an entry out; false: there is none, or (`keeps_one`) it would be the last, without which
 * the list is no condition at all. */
static inline bool take_out(struct scene *s, struct text_list *list, bool keeps_one)
{
    if (list->count <= (keeps_one ? 1 : 0))
        return false;
    *list = list_without(s, list, below((unsigned)list->count));
    return true;
}

/* The same for a set of bits. */
static inline bool take_out_bit(unsigned *bits, bool keeps_one)
{
    unsigned bit = 1u << below(CREDENTIAL_CLASSES);
    if (!(*bits & bit) || (keeps_one && *bits == bit))
        return false;
    *bits &= ~bit;
    return true;
}

/* ------------------------------------------------------------------ narrower */

/* Each of these narrows something at random, and gives false where there is nothing to narrow. */
typedef bool narrowing(struct scene *s);

static inline struct scene_exemptions *any_exemptions(struct scene *s)
{
    return s->restriction_count ? &s->exemptions[below((unsigned)s->restriction_count)] : NULL;
}

static inline bool narrow_exempt_users(struct scene *s)
{
    struct scene_exemptions *exemptions = any_exemptions(s);
    if (!exemptions || !exemptions->list.user_count)
        return false;
    size_t last = --exemptions->list.user_count;
    exemptions->users[below((unsigned)last + 1)] = exemptions->users[last];
    return true;
}

static inline bool narrow_exempt_groups(struct scene *s)
{
    struct scene_exemptions *exemptions = any_exemptions(s);
    if (!exemptions || !exemptions->list.group_count)
        return false;
    size_t last = --exemptions->list.group_count;
    exemptions->groups[below((unsigned)last + 1)] = exemptions->groups[last];
    return true;
}

static inline bool narrow_exempt_keys(struct scene *s)
{
    struct scene_exemptions *exemptions = any_exemptions(s);
    if (!exemptions || !exemptions->list.access_key_count)
        return false;
    size_t last = --exemptions->list.access_key_count;
    exemptions->keys[below((unsigned)last + 1)] = exemptions->keys[last];
    return true;
}

static inline bool narrow_admins(struct scene *s)
{
    bool before = s->policy.admins_exempt;
    s->policy.admins_exempt = false;
    return before;
}

static inline struct rule *any_rule(struct scene *s)
{
    return s->policy.rule_count ? &s->rules[below((unsigned)s->policy.rule_count)] : NULL;
}

static inline bool narrow_except_users(struct scene *s)
{
    struct rule *rule = any_rule(s);
    return rule && take_out(s, &rule->except_users, false);
}

static inline bool narrow_except_groups(struct scene *s)
{
    struct rule *rule = any_rule(s);
    return rule && take_out(s, &rule->except_groups, false);
}

static inline bool narrow_except_keys(struct scene *s)
{
    struct rule *rule = any_rule(s);
    return rule && take_out(s, &rule->except_access_keys, false);
}

static inline bool narrow_except_credentials(struct scene *s)
{
    struct rule *rule = any_rule(s);
    return rule && take_out_bit(&rule->except_credentials, false);
}

static inline bool narrow_key_refs(struct scene *s)
{
    return take_out(s, &s->policy.access_keys.refs, true);
}

static inline bool narrow_key_algorithms(struct scene *s)
{
    return take_out(s, &s->policy.access_keys.algorithms, true);
}

static inline bool narrow_key_kinds(struct scene *s)
{
    return take_out_bit(&s->policy.access_keys.kinds, true);
}

static inline struct service_account *any_account(struct scene *s)
{
    size_t count = s->policy.service_account_count;
    return count ? &s->accounts[below((unsigned)count)] : NULL;
}

static inline bool narrow_account_repos(struct scene *s)
{
    struct service_account *account = any_account(s);
    return account && take_out(s, &account->repos, true);
}

static inline bool narrow_account_refs(struct scene *s)
{
    struct service_account *account = any_account(s);
    return account && take_out(s, &account->refs, true);
}

static inline bool narrow_account_kinds(struct scene *s)
{
    struct service_account *account = any_account(s);
    return account && take_out_bit(&account->kinds, true);
}

static inline bool narrow_account_credentials(struct scene *s)
{
    struct service_account *account = any_account(s);
    return account && take_out_bit(&account->credentials, true);
}

static inline bool narrow_emails(struct scene *s)
{
    return take_out(s, &s->policy.extra_emails, false);
}

/* ------------------------------------------------------------------ names that nobody has */

#define NOBODY TEXT("nobody-at-all")
#define NO_KEY UINT64_C(99999)

static inline void add_nobody_to_exemptions(struct scene *s)
{
    struct restriction *r = s->restriction_count
                                ? &s->restrictions[below((unsigned)s->restriction_count)]
                                : NULL;
    if (!r)
        return;
    switch (below(3)) {
    case 0:
        scene_exempt_user(s, r, 9999, "nobody-at-all");
        break;
    case 1:
        scene_exempt_group(s, r, "nobody-at-all");
        break;
    default:
        scene_exempt_key(s, r, NO_KEY);
        break;
    }
}

static inline void add_nobody_to_exceptions(struct scene *s)
{
    struct rule *rule = any_rule(s);
    if (!rule)
        return;
    struct text_list *lists[] = {&rule->except_users, &rule->except_groups,
                                 &rule->except_access_keys};
    struct text_list *list = PICK(lists);
    *list = list_with(s, list, list == lists[2] && one_in(2) ? TEXT("99999") : NOBODY);
}

/* An absent list that permits allows all, and is left alone. */
static inline void add_nobody_to_allowed(struct scene *s)
{
    struct service_account *account = any_account(s);
    struct text_list *lists[] = {&s->policy.access_keys.refs, &s->policy.access_keys.algorithms,
                                 account ? &account->refs : NULL, account ? &account->repos : NULL};
    struct text_list *list = PICK(lists);
    if (list && list->count)
        *list = list_with(s, list, list == lists[3] ? TEXT("NO/BODY") : NOBODY);
}

static inline void add_nobody(struct scene *s)
{
    add_nobody_to_exemptions(s);
    add_nobody_to_exceptions(s);
    add_nobody_to_allowed(s);
}

#endif
