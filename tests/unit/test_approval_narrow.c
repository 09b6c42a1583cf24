/*
 * Approvals (semantics.md 7): a narrower one, or fewer of them, never satisfy more; and what they satisfy
 * is never more than what was lacking. Random ones, from fixed seeds; a failure names the seed.
 */
#include "policy/approval.h"
#include "support/scene_narrow.h"

#define CASES 8000
#define APPROVALS 3

/* ------------------------------------------------------------------ random approvals */

static struct text_list some_of(struct scene *s, const struct text *all, size_t count)
{
    struct text_list list = NO_TEXTS;
    for (size_t i = 0; i < count; i++)
        if (one_in(2))
            list = list_with(s, &list, all[i]);
    return list.count ? list : list_with(s, &list, all[0]);
}
#define SOME_OF(s, table) some_of(s, table, sizeof(table) / sizeof((table)[0]))

static struct approval random_approval(struct scene *s)
{
    static const struct text ref_names[] = {WORD("refs/**"), WORD("main"), WORD("release/*"),
                                            WORD("refs/heads/topic"), WORD("refs/tags/*")};
    static const struct text user_names[] = {WORD("jdoe"), WORD("other"), WORD("JDOE"),
                                             WORD("3adc96b3b93443e4")};
    static const struct text places[] = {WORD("PRJ/*"), WORD("PRJ/app"), WORD("OPS/app"),
                                         WORD("*/old")};
    static const struct text ids[] = {WORD(NEW_ID), WORD(OLD_ID), WORD(ZERO_ID)};
    static const enum approval_state states[] = {APPROVAL_OPEN, APPROVAL_OPEN,    APPROVAL_OPEN,
                                                 APPROVAL_OPEN, APPROVAL_USED_UP, APPROVAL_REVOKED};
    struct approval a = {.id = TEXT("01JDA8AAAAAAAAAAAAAAAAAAAA"), .uses = 1 + below(3)};
    a.repositories = SOME_OF(s, places);
    a.refs = SOME_OF(s, ref_names);
    a.users = SOME_OF(s, user_names);
    a.users = list_with(s, &a.users, one_in(2) ? s->push.user_name : TEXT("other"));
    if (one_in(3))
        a.new_ids = SOME_OF(s, ids);
    a.kinds = one_in(2) ? KIND_ALL : 1 + below(15);
    a.not_before_ms = SCENE_NOW - (int64_t)below(4) * CLOCK_HOUR;
    a.not_after_ms = SCENE_NOW + (int64_t)below(4) * CLOCK_HOUR;
    a.state = PICK(states);
    a.approver.name = one_in(6) ? TEXT("jdoe") : TEXT("lead");
    return a;
}

static void take_some_out(struct scene *s, struct text_list *list)
{
    do
        (void)take_out(s, list, false);
    while (one_in(2));
}

/* One thing less that it is about, or some of one kind. */
static void narrow(struct scene *s, struct approval *a)
{
    switch (below(8)) {
    case 0:
        take_some_out(s, &a->repositories);
        break;
    case 1:
        take_some_out(s, &a->refs);
        break;
    case 2:
        take_some_out(s, &a->users);
        break;
    case 3: /* none at all is any */
        if (!take_out(s, &a->new_ids, true) && !a->new_ids.count)
            a->new_ids = list_with(s, &a->new_ids, TEXT(NEW_ID));
        break;
    case 4:
        a->kinds &= ~(1u << below(4));
        break;
    case 5:
        a->not_before_ms += (int64_t)below(3) * CLOCK_HOUR;
        break;
    case 6:
        a->not_after_ms -= (int64_t)below(3) * CLOCK_HOUR;
        break;
    default:
        a->state = one_in(4) ? APPROVAL_REVOKED : a->state;
        break;
    }
}

/* ------------------------------------------------------------------ what they satisfy */

static bool counts(const struct scene *s, const struct approval *a)
{
    return !approval_own(a, &s->push) && approval_at(a, s->push.now_ms) == APPROVAL_OPEN &&
           approval_about(a, &s->push, &s->decision);
}

/* As the hook does; the scene's decision is that without approvals, and stays so. */
static bool satisfied(struct scene *s, const struct approval *approvals, size_t count,
                      struct decision *after)
{
    static const struct approval_outcome outcome = {.granted = true};
    const struct approval *list[APPROVALS];
    struct approval_plan plan;
    size_t kept = 0;
    *after = s->decision;
    for (size_t i = 0; i < count; i++)
        if (counts(s, &approvals[i]))
            list[kept++] = &approvals[i];
    assert_true(approval_plan_init(&plan, &s->push, after, list, kept, &s->arena));
    while (approval_plan_step(&plan))
        ;
    return approval_satisfy(&plan, &outcome, &s->arena, after);
}

static void lacking_scene(struct scene *s, uint64_t at)
{
    random_scene(s, at);
    if (!one_in(4)) {
        random_without_policy(s);
        s->policy.rule_count = 0;
    }
    scene_rule(s, "approve", VERDICT_REQUIRE_APPROVAL)->refs = PICK(patterns);
    s->policy.approvals_directory = TEXT("/approvals");
    scene_decide(s);
}

static void a_narrower_approval_satisfies_no_more(void **state)
{
    (void)state;
    struct scene s;
    size_t both = 0, lost = 0;
    for (EACH_CASE(at, CASES)) {
        struct approval approvals[APPROVALS];
        struct decision after;
        lacking_scene(&s, at);
        for (size_t i = 0; i < APPROVALS; i++)
            approvals[i] = random_approval(&s);
        bool before = satisfied(&s, approvals, APPROVALS, &after);
        unsigned times = 1 + below(4);
        for (unsigned i = 0; i < times; i++)
            narrow(&s, &approvals[below(APPROVALS)]);
        bool now = satisfied(&s, approvals, APPROVALS, &after);
        bool fewer = satisfied(&s, approvals, APPROVALS - 1, &after);
        if ((now && !before) || (fewer && !now))
            fail_msg("SEED=%llu: a narrower approval satisfies more", (unsigned long long)at);
        both += now;
        lost += before && !now;
        scene_free(&s);
    }
    assert_met(both, CASES, 100);
    assert_met(lost, CASES, 200);
}

static bool narrower_covers_more(const struct scene *s, const struct approval *wide,
                                 const struct approval *slim, size_t i)
{
    enum change_kind kind = s->decision.changes[i].kind;
    return approval_covers(slim, &s->push, &s->changes[i], kind) == APPROVAL_OPEN &&
           approval_covers(wide, &s->push, &s->changes[i], kind) != APPROVAL_OPEN;
}

/* Question by question, on all kinds of changes. */
static void each_answer_is_narrower(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        lacking_scene(&s, at);
        struct approval wide = random_approval(&s), slim = wide;
        narrow(&s, &slim);
        bool more = (counts(&s, &slim) && !counts(&s, &wide)) ||
                    (approval_names(&slim, s.push.user_name) &&
                     !approval_names(&wide, s.push.user_name));
        for (size_t i = 0; i < s.push.change_count; i++)
            more = more || narrower_covers_more(&s, &wide, &slim, i);
        if (more)
            fail_msg("SEED=%llu: a narrower approval is about more", (unsigned long long)at);
        scene_free(&s);
    }
}

/* What is satisfied was lacking approvals and nothing else, and keeps its other reasons' verdict. */
static void only_what_was_lacking_is_lifted(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        struct approval approvals[APPROVALS];
        struct decision after;
        lacking_scene(&s, at);
        for (size_t i = 0; i < APPROVALS; i++)
            approvals[i] = random_approval(&s);
        bool yes = satisfied(&s, approvals, APPROVALS, &after);
        bool right = yes ? s.decision.verdict == VERDICT_REQUIRE_APPROVAL &&
                               verdict_accepts(after.verdict) && after.exit_code == 0
                         : after.verdict == s.decision.verdict;
        for (size_t i = 0; i < after.change_count; i++) {
            enum verdict was = s.decision.changes[i].verdict, is = after.changes[i].verdict;
            right = right && (is == was || (yes && was == VERDICT_REQUIRE_APPROVAL &&
                                            after.changes[i].approval.size > 0));
        }
        if (!right)
            fail_msg("SEED=%llu: %s became %s", (unsigned long long)at,
                     verdict_name(s.decision.verdict), verdict_name(after.verdict));
        scene_free(&s);
    }
}

/* ------------------------------------------------------------------ odd ones */

static struct approval approval_of_all(struct scene *s)
{
    struct approval a = {.state = APPROVAL_OPEN, .kinds = KIND_ALL, .not_after_ms = INT64_MAX};
    a.repositories = list_with(s, &a.repositories, TEXT("*/*"));
    a.refs = list_with(s, &a.refs, TEXT("refs/**"));
    a.users = list_with(s, &a.users, s->push.user_name);
    return a;
}

static void states_that_there_are_not(void **state)
{
    (void)state;
    assert_string_equal(approval_state_name((enum approval_state)0), "unreadable");
    assert_string_equal(approval_state_words((enum approval_state)0), "cannot be read");
}

static void names_that_are_none(void **state)
{
    (void)state;
    static char bytes[400];
    struct scene s;
    scene_init(&s);
    scene_decide(&s);
    struct approval a = approval_of_all(&s);
    const struct push push = s.push;
    memset(bytes, 'n', sizeof bytes);
    const struct text odd[] = {TEXT_NONE, TEXT(""), {bytes, sizeof bytes}};
    assert_true(approval_about(&a, &s.push, &s.decision));
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        s.push.project_key = odd[i];
        if (i == 2)
            s.push.repository_slug = odd[i];
        assert_false(approval_about(&a, &s.push, &s.decision));
        s.push = push;
        s.push.repository_slug = odd[i < 2 ? i : 0];
        assert_false(approval_about(&a, &s.push, &s.decision));
        s.push = push;
    }
    /* Nobody approves his own push, by whatever name. */
    a.approver.name = TEXT("root");
    a.approver.sudo_user = TEXT("lead");
    assert_false(approval_own(&a, &s.push));
    a.approver.sudo_user = TEXT("JDOE");
    assert_true(approval_own(&a, &s.push));
    scene_free(&s);
}

/* A plan that does not fit the decision, or was not gone through, satisfies nothing. */
static void plans_that_do_not_fit(void **state)
{
    (void)state;
    static const struct approval_outcome outcome = {.granted = true};
    struct scene s;
    struct approval_plan plan;
    scene_init(&s);
    s.policy.approvals_directory = TEXT("/approvals");
    scene_rule(&s, "r", VERDICT_REQUIRE_APPROVAL);
    scene_set_change(&s, 1, "refs/heads/topic", CHANGE_UPDATE);
    scene_decide(&s);
    struct approval a = approval_of_all(&s);
    const struct approval *list[] = {&a};
    struct decision decision = s.decision;
    assert_true(approval_plan_init(&plan, &s.push, &decision, list, 1, &s.arena));
    assert_false(approval_satisfy(&plan, &outcome, &s.arena, &decision));
    assert_true(approval_plan_step(&plan));
    assert_false(approval_satisfy(&plan, &outcome, &s.arena, &decision));
    s.push.change_count = 1; /* fewer than were decided */
    assert_false(approval_plan_step(&plan));
    assert_false(approval_satisfy(&plan, &outcome, &s.arena, &decision));
    s.push.change_count = 2;
    assert_true(approval_plan_step(&plan));
    plan.by_change[1] = NULL;
    assert_false(approval_satisfy(&plan, &outcome, &s.arena, &decision));
    plan.by_change[1] = &a;
    struct change_result results[2] = {decision.changes[0], decision.changes[1]};
    decision.changes = results;
    results[1].verdict = VERDICT_REJECT; /* says so itself, whatever the push says */
    assert_false(approval_satisfy(&plan, &outcome, &s.arena, &decision));
    results[1].verdict = VERDICT_REQUIRE_APPROVAL;
    approval_deny(&plan, &outcome, &s.arena, &decision); /* without a problem to tell */
    assert_int_equal(decision.exit_code, 1);
    assert_null(decision.push_reasons);
    assert_true(approval_satisfy(&plan, &outcome, &s.arena, &decision));
    scene_free(&s);
}

static void what_wants_no_approval(void **state)
{
    (void)state;
    static const struct reason rejects = {.verdict = VERDICT_REJECT},
                               monitored = {.verdict = VERDICT_REJECT, .monitored = true};
    static const struct reason_link no = {&rejects, NULL}, seen = {&monitored, NULL};
    static const struct change_result change = {.verdict = VERDICT_REQUIRE_APPROVAL};
    struct decision decision = {
        .verdict = VERDICT_REQUIRE_APPROVAL, .changes = &change, .change_count = 1};
    assert_true(approval_wanted(&decision));
    decision.push_reasons = &seen;
    assert_true(approval_wanted(&decision));
    decision.push_reasons = &no;
    assert_false(approval_wanted(&decision));
    decision.push_reasons = NULL;
    decision.disabled = true;
    assert_false(approval_wanted(&decision));
    decision.disabled = false;
    decision.change_count = 0;
    assert_false(approval_wanted(&decision));
    decision.changes = NULL;
    assert_false(approval_wanted(&decision));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 7: narrower, or fewer, approvals never satisfy more",
         a_narrower_approval_satisfies_no_more, NULL, NULL, NULL},
        {"semantics 7: a narrower approval is about less", each_answer_is_narrower, NULL, NULL,
         NULL},
        {"semantics 7: only what was lacking is lifted", only_what_was_lacking_is_lifted, NULL,
         NULL, NULL},
        {"states that there are not", states_that_there_are_not, NULL, NULL, NULL},
        {"semantics 7: names that are none, and one's own", names_that_are_none, NULL, NULL, NULL},
        {"semantics 7: plans that do not fit satisfy nothing", plans_that_do_not_fit, NULL, NULL,
         NULL},
        {"semantics 7: what wants no approval", what_wants_no_approval, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("approvals: narrower", tests, NULL, NULL);
}
