/*
 * decide() and what follows a decision, when memory runs out at any of its requests: an error that
 * says so, or the same decision; never another one, and never an accept that would have been none
 * (semantics.md 8: out of memory rejects with code 2).
 */
#include "support/failing_memory.h"
#include "support/scene_random.h"

#include "policy/approval.h"
#include "policy/effective.h"

#define CASES 800

static void forget_pieces(struct scene *s)
{
    arena_free(&s->arena);
    arena_init(&s->arena, (size_t)64 * 1024 * 1024);
}

static void trace_nothing(void *self, const struct trace_entry *entry)
{
    (void)self, (void)entry;
}

/* ------------------------------------------------------------------ deciding */

static const struct trace into_nothing = {NULL, trace_nothing};

static enum status decide_with(struct scene *s, const struct trace *trace, struct decision *out)
{
    struct error err = {STATUS_OK, ""};
    enum status status = decide(&s->policy, &s->push, &s->view, s->no_history ? NULL : &s->history,
                                trace, &s->arena, out, &err);
    if (status)
        assert_true(err.code == status && *err.text);
    return status;
}

/* With one request refused, or with that one and all that follow. */
static size_t refuse_each(struct scene *s, bool for_good, const struct trace *trace, uint64_t at)
{
    const struct decision untouched = {.exit_code = 77, .change_count = 777};
    struct decision whole;
    size_t refused = 0;
    forget_pieces(s);
    assert_int_equal(decide_with(s, trace, &whole), STATUS_OK);
    memory_begin();
    for (size_t nth = 1; !memory_spared(); nth++) {
        struct arena kept = s->arena; /* what `whole` lives in */
        arena_init(&s->arena, (size_t)64 * 1024 * 1024);
        struct decision decision = untouched;
        memory_refuse(nth, for_good);
        enum status status = decide_with(s, trace, &decision);
        memory_grant();
        refused += !memory_spared();
        if (status != STATUS_OK && (status != STATUS_MEMORY || memory_spared() ||
                                    memcmp(&decision, &untouched, sizeof decision) != 0))
            fail_msg("SEED=%llu, request %zu: status %d", (unsigned long long)at, nth, status);
        if (status == STATUS_OK && !same_findings(&decision, &whole))
            fail_msg("SEED=%llu, request %zu: %s became %s", (unsigned long long)at, nth,
                     verdict_name(whole.verdict), verdict_name(decision.verdict));
        arena_free(&s->arena);
        s->arena = kept;
    }
    return refused;
}

static void each_request_refused_once(void **state)
{
    (void)state;
    struct scene s;
    size_t refused = 0;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        refused += refuse_each(&s, false, NULL, at);
        scene_free(&s);
    }
    assert_met(refused, CASES, 1);
}

static void each_request_refused_for_good(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        (void)refuse_each(&s, true, one_in(2) ? &into_nothing : NULL, at);
        scene_free(&s);
    }
}

/* ------------------------------------------------------------------ decisions without judging */

static void a_failure_rejects_without_memory(void **state)
{
    (void)state;
    struct scene s;
    struct decision decision;
    scene_init(&s);
    for (int disabled = 0; disabled < 2; disabled++) {
        memory_begin();
        for (size_t nth = 1; !memory_spared(); nth++) {
            memory_refuse(nth, nth % 2);
            if (disabled)
                decision_disabled(&s.policy, &s.push, TEXT("maintenance"), &s.arena, &decision);
            else
                decision_failure(&s.policy, &s.push, false, "malformed", &s.arena, &decision);
            memory_grant();
            assert_int_equal(decision.exit_code, disabled ? 0 : 2);
            assert_int_equal(verdict_accepts(decision.verdict), disabled);
            assert_true(disabled || decision.push_reasons);
        }
    }
    scene_free(&s);
}

/* ------------------------------------------------------------------ approvals */

/* Whoever approved it: all that is lacking. */
static struct approval widest(const struct scene *s)
{
    static const struct text everywhere = WORD("*/*"), all = WORD("refs/**");
    static struct text pusher;
    pusher = s->push.user_name;
    return (struct approval){.id = TEXT("01JDA8AAAAAAAAAAAAAAAAAAAA"),
                             .state = APPROVAL_OPEN,
                             .repositories = {&everywhere, 1},
                             .refs = {&all, 1},
                             .users = {&pusher, 1},
                             .kinds = KIND_ALL,
                             .not_after_ms = INT64_MAX};
}

/* Plans, and satisfies or denies. true: satisfied. */
static bool satisfy(struct scene *s, struct decision *decision)
{
    static const struct approval_outcome granted = {.granted = true};
    static const struct approval_outcome denied = {.problem = TEXT("the disk is gone")};
    struct approval approval = widest(s);
    const struct approval *list[] = {&approval};
    struct approval_plan plan;
    bool planned = approval_plan_init(&plan, &s->push, decision, list, 1, &s->arena);
    while (planned && approval_plan_step(&plan))
        ;
    if (planned && approval_satisfy(&plan, &granted, &s->arena, decision))
        return true;
    approval_deny(planned ? &plan : NULL, &denied, &s->arena, decision);
    return false;
}

static void approvals_are_not_taken_for_granted(void **state)
{
    (void)state;
    struct scene s;
    size_t met = 0;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        random_without_policy(&s);
        s.policy.approvals_directory = TEXT("/approvals");
        s.policy.rule_count = 0;
        scene_rule(&s, "r", VERDICT_REQUIRE_APPROVAL);
        scene_decide(&s);
        const struct decision before = s.decision;
        memory_begin();
        for (size_t nth = 1; !memory_spared(); nth++) {
            struct decision decision = before;
            memory_refuse(nth, nth % 2);
            bool satisfied = satisfy(&s, &decision);
            memory_grant();
            if (!memory_spared() && satisfied)
                fail_msg("SEED=%llu, request %zu: satisfied", (unsigned long long)at, nth);
            if (!satisfied && !before.exit_code != !decision.exit_code)
                fail_msg("SEED=%llu, request %zu: %d became %d", (unsigned long long)at, nth,
                         before.exit_code, decision.exit_code);
            met += satisfied;
        }
        scene_free(&s);
    }
    assert_met(met, CASES, 10);
}

/* ------------------------------------------------------------------ the grants themselves */

static enum status look_up(struct scene *s, bool key, struct effective *out)
{
    struct error err;
    if (key)
        return effective_of_key(&s->view, TEXT("PRJ"), TEXT("app"), 158, &s->arena, out, &err);
    return effective_of_user(&s->view, TEXT("PRJ"), TEXT("app"), TEXT("jdoe"), &s->arena, out,
                             &err);
}

static void grants_are_whole_or_none(void **state)
{
    (void)state;
    struct scene s;
    static struct group_grant many[40];
    for (size_t i = 0; i < 40; i++)
        many[i] = (struct group_grant){GROUP_DEVS, false, PERMISSION_REPO_READ};
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        s.view.problem = NULL;
        if (one_in(3)) {
            s.repositories[0].groups = many;
            s.repositories[0].group_count = 40;
            s.users[0].group_count = 1;
        }
        for (int key = 0; key < 2; key++) {
            struct effective whole = {0}, part = {0};
            enum status status = look_up(&s, key, &whole);
            memory_begin();
            for (size_t nth = 1; !memory_spared(); nth++) {
                memory_refuse(nth, nth % 2);
                enum status got = look_up(&s, key, &part);
                memory_grant();
                if (memory_spared() ? got != status : got == STATUS_OK)
                    fail_msg("SEED=%llu, request %zu: %d", (unsigned long long)at, nth, got);
            }
            assert_int_equal(part.grant_count, whole.grant_count);
            assert_int_equal(part.most, whole.most);
        }
        scene_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 8: one request refused", each_request_refused_once, NULL, NULL, NULL},
        {"semantics 8: all requests refused from one on", each_request_refused_for_good, NULL, NULL,
         NULL},
        {"semantics 8: a failure rejects without memory, too", a_failure_rejects_without_memory,
         NULL, NULL, NULL},
        {"semantics 7, 8: no approval counts for want of memory",
         approvals_are_not_taken_for_granted, NULL, NULL, NULL},
        {"semantics 3, 8: grants are listed whole or not at all", grants_are_whole_or_none, NULL,
         NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide without memory", tests, NULL, NULL);
}
