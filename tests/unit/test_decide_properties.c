/*
 * decide(): what holds for every policy and push (semantics.md 2). Random ones, from fixed seeds; a
 * failure names the seed.
 */
#include "support/scene_random.h"

#define CASES 6000

static void swap_rules(struct scene *s, unsigned i, unsigned k)
{
    struct rule rule = s->rules[i];
    s->rules[i] = s->rules[k];
    s->rules[k] = rule;
}

static void swap_restrictions(struct scene *s, unsigned i, unsigned k)
{
    struct restriction restriction = s->restrictions[i];
    s->restrictions[i] = s->restrictions[k];
    s->restrictions[k] = restriction;
}

/* ------------------------------------------------------------------ properties */

static void twice_the_same(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        struct outcome a = outcome_of(&s), b = outcome_of(&s);
        if (!same(&a, &b) || a.reasons != b.reasons)
            fail_msg("SEED=%llu", (unsigned long long)at);
        scene_free(&s);
    }
}

static void order_does_not_matter(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        struct outcome a = outcome_of(&s);
        for (unsigned i = (unsigned)s.policy.rule_count; i > 1; i--)
            swap_rules(&s, i - 1, below(i));
        for (unsigned i = (unsigned)s.restriction_count; i > 1; i--)
            swap_restrictions(&s, i - 1, below(i));
        struct outcome b = outcome_of(&s);
        if (!same(&a, &b) || a.reasons != b.reasons)
            fail_msg("SEED=%llu", (unsigned long long)at);
        scene_free(&s);
    }
}

static void duplicates_do_not_matter(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        struct outcome a = outcome_of(&s);
        if (s.policy.rule_count) {
            s.rules[s.policy.rule_count] = s.rules[below((unsigned)s.policy.rule_count)];
            s.policy.rule_count++;
        }
        if (s.restriction_count) {
            unsigned i = below((unsigned)s.restriction_count);
            s.restrictions[s.restriction_count++] = s.restrictions[i];
        }
        struct outcome b = outcome_of(&s);
        if (!same(&a, &b))
            fail_msg("SEED=%llu", (unsigned long long)at);
        scene_free(&s);
    }
}

static void a_reject_rule_permits_nothing(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        struct outcome a = outcome_of(&s);
        random_rule(&s);
        s.rules[s.policy.rule_count - 1].action = VERDICT_REJECT;
        struct outcome b = outcome_of(&s);
        assert_not_milder(&a, &b, at);
        scene_free(&s);
    }
}

static void a_restriction_without_exemption_permits_nothing(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        s.policy.admins_exempt = false;
        struct outcome a = outcome_of(&s);
        random_restriction(&s);
        struct outcome b = outcome_of(&s);
        assert_not_milder(&a, &b, at);
        scene_free(&s);
    }
}

static void deny_overrides(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        scene_rule(&s, "no", VERDICT_REJECT);
        struct outcome a = outcome_of(&s);
        bool only_own_refs = s.push.trigger != TRIGGER_PUSH;
        if (!only_own_refs && (a.verdict != VERDICT_REJECT || a.exit_code != 1))
            fail_msg("SEED=%llu", (unsigned long long)at);
        scene_free(&s);
    }
}

/* An answer instead of a doubt never leads outside of what the doubt left open: with both outcomes
 * of history the same certain no, the doubt says no, too. */
static void doubt_is_not_milder_than_all_answers(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        s.no_history = false;
        s.trouble = HISTORY_FINE;
        for (size_t i = 0; i < s.policy.rule_count; i++)
            s.rules[i].committer = s.rules[i].author = IDENTITY_ANY;
        s.descends = ANSWER_YES;
        struct outcome update = outcome_of(&s);
        s.descends = ANSWER_NO;
        struct outcome rewrite = outcome_of(&s);
        s.trouble = HISTORY_UNAVAILABLE;
        struct outcome open = outcome_of(&s);
        for (size_t i = 0; i < s.push.change_count; i++)
            if (update.each[i] == VERDICT_REJECT && rewrite.each[i] == VERDICT_REJECT &&
                update.exit_code == 1 && rewrite.exit_code == 1 && s.push.change_count == 1 &&
                (open.each[i] != VERDICT_REJECT || open.exit_code != 1))
                fail_msg("SEED=%llu", (unsigned long long)at);
        scene_free(&s);
    }
}

static void accept_says_nothing_else(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        struct outcome a = outcome_of(&s);
        const struct decision *d = &s.decision;
        assert_int_equal(a.exit_code == 0, verdict_accepts(a.verdict));
        assert_int_equal(d->count_accept + d->count_note + d->count_annotate + d->count_approval +
                             d->count_reject,
                         s.push.change_count);
        enum verdict strongest = VERDICT_ACCEPT;
        for (const struct reason_link *l = d->push_reasons; l; l = l->next) {
            assert_true(l->reason->text.size > 0 && l->reason->text.size <= 200);
            if (!l->reason->monitored)
                strongest = verdict_stronger(strongest, l->reason->verdict);
        }
        for (size_t i = 0; i < s.push.change_count; i++)
            strongest = verdict_stronger(strongest, a.each[i]);
        assert_int_equal(strongest, a.verdict);
        scene_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 2: decided twice, the same", twice_the_same, NULL, NULL, NULL},
        {"semantics 2: order never matters", order_does_not_matter, NULL, NULL, NULL},
        {"semantics 2: duplicates never matter", duplicates_do_not_matter, NULL, NULL, NULL},
        {"semantics 2: adding a reject rule never permits", a_reject_rule_permits_nothing, NULL,
         NULL, NULL},
        {"semantics 2: adding a restriction that exempts nobody never permits",
         a_restriction_without_exemption_permits_nothing, NULL, NULL, NULL},
        {"semantics 2: deny overrides", deny_overrides, NULL, NULL, NULL},
        {"semantics 1: if every answer says no, the doubt does",
         doubt_is_not_milder_than_all_answers, NULL, NULL, NULL},
        {"semantics 2: the verdict is the strongest of its reasons", accept_says_nothing_else, NULL,
         NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide properties", tests, NULL, NULL);
}
