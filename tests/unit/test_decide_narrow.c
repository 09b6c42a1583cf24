/*
 * decide(): who loses an exemption, an exception or a permission gains nothing by it, and a name that
 * nobody has gains nobody anything (semantics.md 2, 4.2, 5, 6). Random ones, from fixed seeds; a failure
 * names the seed.
 */
#include "support/scene_narrow.h"

#define CASES 12000

/* A limit of the history, and damage of the snapshot, reject where somebody must ask, and a policy that
 * says more may have less to ask. What they say themselves is left out, all else is compared. */
static void scene_of(struct scene *s, uint64_t at)
{
    random_scene(s, at);
    if (s->trouble == HISTORY_LIMIT)
        s->trouble = HISTORY_UNAVAILABLE;
    if (s->damaged)
        s->policy.no_snapshot = VERDICT_ACCEPT;
}

/* ------------------------------------------------------------------ narrower */

static const struct {
    const char *name;
    narrowing *narrow;
} narrowings[] = {
    {"a user of an exemption", narrow_exempt_users},
    {"a group of an exemption", narrow_exempt_groups},
    {"a key of an exemption", narrow_exempt_keys},
    {"admins-exempt", narrow_admins},
    {"an entry of except-users", narrow_except_users},
    {"an entry of except-groups", narrow_except_groups},
    {"an entry of except-access-keys", narrow_except_keys},
    {"a class of except-credentials", narrow_except_credentials},
    {"a ref of [access-keys]", narrow_key_refs},
    {"an algorithm of [access-keys]", narrow_key_algorithms},
    {"a kind of [access-keys]", narrow_key_kinds},
    {"a repository of a service account", narrow_account_repos},
    {"a ref of a service account", narrow_account_refs},
    {"a kind of a service account", narrow_account_kinds},
    {"a credential of a service account", narrow_account_credentials},
    {"an address of extra-emails", narrow_emails},
};
#define NARROWINGS (sizeof narrowings / sizeof narrowings[0])

static void one_narrowing(size_t n, size_t *applied, size_t *stricter)
{
    struct scene s;
    for (EACH_CASE(at, CASES / 4)) {
        scene_of(&s, at);
        struct outcome before = outcome_of(&s);
        if (narrowings[n].narrow(&s)) {
            struct outcome after = outcome_of(&s);
            assert_as_strong(&before, &after, at);
            ++*applied;
            *stricter += after.verdict > before.verdict;
        }
        scene_free(&s);
    }
}

static void removing_an_exemption_permits_nothing(void **state)
{
    (void)state;
    size_t stricter = 0;
    for (size_t n = 0; n < NARROWINGS; n++) {
        size_t applied = 0;
        one_narrowing(n, &applied, &stricter);
        if (!case_seed() && !applied)
            fail_msg("nothing was narrowed: %s", narrowings[n].name);
    }
    assert_met(stricter, CASES, 400);
}

/* Several at once, also of one list. */
static void removing_many_permits_nothing(void **state)
{
    (void)state;
    struct scene s;
    size_t stricter = 0;
    for (EACH_CASE(at, CASES)) {
        scene_of(&s, at);
        struct outcome before = outcome_of(&s);
        for (unsigned i = 0; i < 24; i++) {
            unsigned n = below(NARROWINGS);
            (void)narrowings[n].narrow(&s);
        }
        struct outcome after = outcome_of(&s);
        assert_as_strong(&before, &after, at);
        stricter += after.verdict > before.verdict;
        scene_free(&s);
    }
    assert_met(stricter, CASES, 250);
}

/* The same, told by the administrator: a rule that is wider, and an action that is stronger. */
static void a_wider_rule_permits_nothing(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        scene_of(&s, at);
        struct rule *rule = any_rule(&s);
        struct outcome before = outcome_of(&s);
        if (rule) {
            struct text_list *lists[] = {&rule->projects,   &rule->repos, &rule->refs,
                                         &rule->triggers,   &rule->users, &rule->groups,
                                         &rule->access_keys};
            struct text_list *list = PICK(lists);
            if (one_in(2))
                *list = (struct text_list)NO_TEXTS; /* no condition */
            else if (list->count)
                *list = list_with(&s, list, TEXT("**"));
            rule->kinds = one_in(2) ? 0 : rule->kinds;
            rule->freeze_set = one_in(2) && rule->freeze_set;
            struct outcome after = outcome_of(&s);
            assert_as_strong(&before, &after, at);
            rule->action = rule->action == VERDICT_ANNOTATE ? VERDICT_REQUIRE_APPROVAL
                                                            : VERDICT_REJECT;
            struct outcome strongest = outcome_of(&s);
            assert_as_strong(&after, &strongest, at);
        }
        scene_free(&s);
    }
}

/* ------------------------------------------------------------------ names that nobody has */

/* Whoever rejects what cannot be decided: nobody is let in by a name that nobody has. */
static void an_unknown_name_permits_nothing(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        scene_of(&s, at);
        s.policy.undecided = s.policy.undecided_restriction = VERDICT_REJECT;
        struct outcome before = outcome_of(&s);
        add_nobody(&s);
        struct outcome after = outcome_of(&s);
        assert_not_milder(&before, &after, at);
        scene_free(&s);
    }
}

/* Where it is known who pushes, and with what, such a name changes nothing at all. */
static bool all_is_known(const struct scene *s)
{
    const struct decision *d = &s->decision;
    bool user = !strcmp(d->pusher_type, "user");
    bool key = d->credential.class == CREDENTIAL_ACCESS_KEY && d->credential.candidate_count == 1 &&
               !d->credential.candidates_open;
    return !s->push.native && !s->damaged && !s->view.problem &&
           ((user && s->users[0].groups_complete == ANSWER_YES) || key);
}

static void an_unknown_name_changes_nothing(void **state)
{
    (void)state;
    struct scene s;
    size_t met = 0;
    for (EACH_CASE(at, CASES)) {
        scene_of(&s, at);
        s.push.credential_value = TEXT_NONE;
        struct outcome before = outcome_of(&s);
        if (all_is_known(&s) && !s.service_count) {
            met++;
            add_nobody(&s);
            struct outcome after = outcome_of(&s);
            if (!same(&before, &after) || before.reasons != after.reasons)
                fail_msg("SEED=%llu: %s became %s", (unsigned long long)at,
                         verdict_name(before.verdict), verdict_name(after.verdict));
        }
        scene_free(&s);
    }
    assert_met(met, CASES, 12);
}

/* A list of names that nobody has permits nobody, as against no list at all. */
static void a_list_of_unknown_names_permits_nobody(void **state)
{
    (void)state;
    struct scene s;
    size_t stricter = 0;
    for (EACH_CASE(at, CASES)) {
        scene_of(&s, at);
        s.policy.access_keys.refs = s.policy.access_keys.algorithms = (struct text_list)NO_TEXTS;
        struct outcome before = outcome_of(&s);
        struct service_account *account = any_account(&s);
        if (one_in(2))
            s.policy.access_keys.refs = list_with(&s, &patterns[0], NOBODY);
        else
            s.policy.access_keys.algorithms = list_with(&s, &patterns[0], NOBODY);
        if (account)
            account->refs = list_with(&s, &patterns[0], NOBODY);
        struct outcome after = outcome_of(&s);
        assert_as_strong(&before, &after, at);
        stricter += after.verdict > before.verdict;
        scene_free(&s);
    }
    assert_met(stricter, CASES, 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 2: removing an exemption, an exception or a permission never permits",
         removing_an_exemption_permits_nothing, NULL, NULL, NULL},
        {"semantics 2: removing many of them never permits", removing_many_permits_nothing, NULL,
         NULL, NULL},
        {"semantics 6: a wider rule, or a stronger action, never permits",
         a_wider_rule_permits_nothing, NULL, NULL, NULL},
        {"semantics 1: a name that nobody has never permits", an_unknown_name_permits_nothing, NULL,
         NULL, NULL},
        {"semantics 4.2, 6: a name that nobody has changes nothing where all is known",
         an_unknown_name_changes_nothing, NULL, NULL, NULL},
        {"semantics 5.1, 5.2: a list of names that nobody has permits nobody",
         a_list_of_unknown_names_permits_nobody, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide: narrower", tests, NULL, NULL);
}
