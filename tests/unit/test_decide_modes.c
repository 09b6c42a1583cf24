/*
 * decide(): looking at it does not change it. With a trace, in monitor mode, and with answers in place of
 * doubts (semantics.md 1, 2). Random ones, from fixed seeds; a failure names the seed.
 */
#include "support/scene_random.h"

#define CASES 8000

/* ------------------------------------------------------------------ the trace */

struct seen {                              /* what the trace said */
    enum verdict strongest[SCENE_CHANGES]; /* of what counts for sure */
    enum verdict result[SCENE_CHANGES], push;
    bool malformed;
};

static bool judges(enum trace_stage stage)
{
    return stage == TRACE_NAMESPACE || stage == TRACE_RESTRICTION || stage == TRACE_ACCESS_KEY ||
           stage == TRACE_SERVICE_ACCOUNT || stage == TRACE_RULE;
}

static bool only_monitored(struct text why)
{
    static const struct text mark = WORD(" (only monitored)");
    return why.size > mark.size && text_equal(text_skip(why, why.size - mark.size), mark);
}

static void see(void *self, const struct trace_entry *entry)
{
    struct seen *seen = self;
    seen->malformed = seen->malformed || !entry->subject.size || !entry->why.at;
    if (entry->change == TRACE_PUSH_LEVEL) {
        if (entry->stage == TRACE_RESULT)
            seen->push = entry->verdict;
    } else if (entry->stage == TRACE_RESULT && text_equal(entry->subject, TEXT("verdict"))) {
        seen->result[entry->change] = entry->verdict;
    } else if (judges(entry->stage) && entry->applies == ANSWER_YES &&
               !only_monitored(entry->why)) {
        enum verdict *strongest = &seen->strongest[entry->change];
        *strongest = verdict_stronger(*strongest, entry->verdict);
    }
}

static void explained_as_it_is(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        struct seen seen = {.push = VERDICT_ACCEPT};
        const struct trace trace = {&seen, see};
        random_scene(&s, at);
        for (size_t i = 0; i < SCENE_CHANGES; i++)
            seen.strongest[i] = VERDICT_ACCEPT;
        scene_decide(&s);
        const struct decision plain = s.decision;
        scene_decide_traced(&s, &trace);
        if (!same_findings(&plain, &s.decision) || plain.exit_code != s.decision.exit_code)
            fail_msg("SEED=%llu: %s is explained as %s", (unsigned long long)at,
                     verdict_name(plain.verdict), verdict_name(s.decision.verdict));
        bool told = !seen.malformed && seen.push == plain.verdict;
        for (size_t i = 0; i < plain.change_count; i++)
            told = told && seen.result[i] == plain.changes[i].verdict &&
                   verdict_stronger(seen.strongest[i], plain.changes[i].verdict) ==
                       plain.changes[i].verdict;
        if (!told)
            fail_msg("SEED=%llu: the trace tells another story", (unsigned long long)at);
        scene_free(&s);
    }
}

/* The names of groups are read for the trace alone; that they are damaged made it say reject, where the
 * hook accepts. */
static void a_damaged_name_of_a_group_does_not_reject_what_is_explained(void **state)
{
    (void)state;
    static const struct group_grant devs = {GROUP_DEVS, false, PERMISSION_REPO_WRITE};
    struct scene s;
    struct seen seen = {.push = VERDICT_REJECT};
    const struct trace trace = {&seen, see};
    scene_init(&s);
    s.repositories[0].groups = &devs;
    s.repositories[0].group_count = 1;
    s.damaged = "group_name";
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(scene_decide_traced(&s, &trace), VERDICT_ACCEPT);
    assert_int_equal(seen.push, VERDICT_ACCEPT);
    scene_free(&s);
}

/* ------------------------------------------------------------------ monitor mode */

static void global_monitor_differs_in_effect_only(void **state)
{
    (void)state;
    struct scene s;
    size_t refused = 0;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        scene_decide(&s);
        const struct decision enforced = s.decision;
        s.policy.mode = MODE_MONITOR;
        scene_decide(&s);
        if (!same_findings(&enforced, &s.decision) || s.decision.exit_code != 0 ||
            s.decision.mode != MODE_MONITOR)
            fail_msg("SEED=%llu: %s became %s", (unsigned long long)at,
                     verdict_name(enforced.verdict), verdict_name(s.decision.verdict));
        refused += enforced.exit_code != 0;
        scene_free(&s);
    }
    assert_met(refused, CASES, 4);
}

static size_t monitored_of(const struct reason_link *link, struct text rule)
{
    size_t count = 0;
    for (; link; link = link->next)
        count += link->reason->monitored && text_equal(link->reason->rule, rule);
    return count;
}

static size_t reasons_of(const struct decision *decision, struct text rule, bool monitored)
{
    size_t count = 0;
    for (size_t i = 0; i < decision->change_count; i++)
        for (const struct reason_link *l = decision->changes[i].reasons; l; l = l->next)
            count += l->reason->monitored == monitored && text_equal(l->reason->rule, rule);
    return count;
}

/* A rule in monitor mode is told, and the verdict is what it is without that rule. (Damage of the snapshot
 * is damage, whoever came upon it.) */
static void a_monitored_rule_contributes_nothing(void **state)
{
    (void)state;
    struct scene s;
    size_t told = 0;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        s.damaged = NULL;
        if (s.policy.rule_count) {
            struct rule *rule = &s.rules[s.policy.rule_count - 1];
            rule->mode = MODE_ENFORCE;
            scene_decide(&s);
            const struct decision enforced = s.decision;
            rule->mode = MODE_MONITOR;
            struct outcome monitored = outcome_of(&s);
            told += reasons_of(&s.decision, rule->name, true) > 0;
            /* Where every possible answer is tried, what is settled without the rule is not told. */
            bool tried = s.trouble || s.no_history || !s.repositories[0].default_branch_known;
            size_t before = reasons_of(&enforced, rule->name, false);
            bool kept = reasons_of(&s.decision, rule->name, false) == 0 &&
                        (tried || reasons_of(&s.decision, rule->name, true) >= before);
            assert_int_equal(monitored_of(s.decision.push_reasons, rule->name), 0);
            s.policy.rule_count--;
            struct outcome without = outcome_of(&s);
            if (!kept || !same(&monitored, &without))
                fail_msg("SEED=%llu: %s without it, %s with it", (unsigned long long)at,
                         verdict_name(without.verdict), verdict_name(monitored.verdict));
        }
        scene_free(&s);
    }
    assert_met(told, CASES, 20);
}

/* ------------------------------------------------------------------ doubts */

/* A question that is open, and the ways in which it may be answered. */
struct doubt {
    const char *name;
    void (*open)(struct scene *s);
    void (*answer)(struct scene *s, unsigned how);
    unsigned ways;
};

static void open_history(struct scene *s)
{
    s->no_history = false;
    s->trouble = HISTORY_UNAVAILABLE;
}

static void answer_history(struct scene *s, unsigned how)
{
    s->trouble = HISTORY_FINE;
    s->descends = how % 2 ? ANSWER_YES : ANSWER_NO;
    s->commit_count = how / 2; /* none, or one of somebody else */
    s->commits[0] = (struct history_commit){TEXT(NEW_ID), TEXT("x@y"), TEXT("x@y"), false};
}

static void open_membership(struct scene *s)
{
    s->users[0].groups_complete = ANSWER_CANNOT_TELL;
    s->users[0].group_count = 0;
}

static void answer_membership(struct scene *s, unsigned how)
{
    static const uint32_t vague[] = {GROUP_VAGUE};
    s->users[0].groups_complete = ANSWER_YES;
    s->users[0].groups = vague;
    s->users[0].group_count = how;
}

static void open_default_branch(struct scene *s)
{
    s->repositories[0].default_branch_known = false;
}

static void answer_default_branch(struct scene *s, unsigned how)
{
    static const char *const branches[] = {"refs/heads/main", "refs/heads/topic",
                                           "refs/heads/release/1", "refs/heads/else"};
    s->repositories[0].default_branch_known = true;
    s->repositories[0].default_branch = text_of(branches[how]);
}

static void open_time(struct scene *s)
{
    s->push.local.known = false;
}

static void answer_time(struct scene *s, unsigned how)
{
    s->push.local.known = true;
    s->push.local.minute_of_day = (int)how * 180;
    s->push.local.weekday = (int)how % 7;
    s->push.local.day = 1 + (int)how * 3;
}

/* Who pushes is told by nobody, or it is one of these. */
static void open_key(struct scene *s)
{
    scene_push_with_key(s, "Access Key User - ci");
    s->key_count = 0;
    s->repositories[0].incomplete |= INCOMPLETE_KEYS;
}

static void answer_key(struct scene *s, unsigned how)
{
    s->repositories[0].incomplete &= ~(unsigned)INCOMPLETE_KEYS;
    s->keys[0] = (struct repository_key){158 + how, TEXT("ci"), PERMISSION_REPO_WRITE, false};
    s->key_count = 1;
}

static void open_model(struct scene *s)
{
    s->repositories[0].incomplete |= INCOMPLETE_MODEL;
}

static void answer_model(struct scene *s, unsigned how)
{
    s->repositories[0].incomplete &= ~(unsigned)INCOMPLETE_MODEL;
    s->repositories[0].model.configured = how > 0;
    s->repositories[0].model.production_set = how == 1;
}

static const struct doubt doubts[] = {
    {"history", open_history, answer_history, 4},
    {"membership", open_membership, answer_membership, 2},
    {"default branch", open_default_branch, answer_default_branch, 4},
    {"time", open_time, answer_time, 8},
    {"access key", open_key, answer_key, 2},
    {"branching model", open_model, answer_model, 3},
};

/* Of what a doubt does not touch nothing is left that is unsure or damaged. */
static void doubtful_scene(struct scene *s, uint64_t at)
{
    random_scene(s, at);
    s->damaged = NULL;
    s->service_count = 0;
    s->policy.undecided = s->policy.undecided_restriction = VERDICT_REJECT;
    s->policy.resolvers = RESOLVER_NAME;
    s->policy.permissions_check = VERDICT_ACCEPT;
    s->policy.admins_exempt = false;
    if (s->trouble == HISTORY_LIMIT)
        s->trouble = HISTORY_UNAVAILABLE;
}

/* Where undecided questions reject, a doubt is accepted only if each of its answers is. */
static void a_doubt_is_the_strictest_of_its_answers(void **state)
{
    (void)state;
    struct scene s;
    size_t met = 0, accepted = 0;
    for (EACH_CASE(at, CASES)) {
        const struct doubt *doubt = &doubts[at % (sizeof doubts / sizeof doubts[0])];
        doubtful_scene(&s, at);
        doubt->open(&s);
        struct outcome open = outcome_of(&s);
        for (unsigned how = 0; how < doubt->ways; how++) {
            doubt->answer(&s, how);
            struct outcome answered = outcome_of(&s);
            for (size_t i = 0; i < s.push.change_count; i++)
                if (verdict_accepts(open.each[i]) && !verdict_accepts(answered.each[i]))
                    fail_msg("SEED=%llu, %s: change %zu was accepted in doubt",
                             (unsigned long long)at, doubt->name, i);
            if (!open.exit_code && answered.exit_code)
                fail_msg("SEED=%llu, %s: accepted in doubt", (unsigned long long)at, doubt->name);
            met += open.exit_code && !answered.exit_code;
            accepted += !open.exit_code;
        }
        scene_free(&s);
    }
    assert_met(met, CASES, 200); /* the doubt made a difference */
    assert_met(accepted, CASES, 50);
}

/* What is undecided never weighs more than what it is about, and the setting says how much. */
static void a_stricter_setting_never_permits(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        enum verdict *const settings[] = {
            &s.policy.undecided,    &s.policy.undecided_restriction, &s.policy.unknown_user,
            &s.policy.unknown_repo, &s.policy.no_snapshot,           &s.policy.when_stale,
            &s.policy.other_refs,   &s.policy.restrictions_check,    &s.policy.access_keys.push};
        enum verdict *setting = PICK(settings);
        struct outcome before = outcome_of(&s);
        *setting = *setting == VERDICT_NOTE && one_in(2) ? VERDICT_ANNOTATE : VERDICT_REJECT;
        struct outcome after = outcome_of(&s);
        assert_not_milder(&before, &after, at);
        scene_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"the verdict that is explained is the verdict, reason for reason", explained_as_it_is,
         NULL, NULL, NULL},
        {"a damaged name of a group does not reject what is explained",
         a_damaged_name_of_a_group_does_not_reject_what_is_explained, NULL, NULL, NULL},
        {"semantics 2: global monitor mode differs only in effect",
         global_monitor_differs_in_effect_only, NULL, NULL, NULL},
        {"semantics 2: a rule in monitor mode is told, and contributes nothing",
         a_monitored_rule_contributes_nothing, NULL, NULL, NULL},
        {"semantics 1: a doubt is as strict as the strictest of its answers",
         a_doubt_is_the_strictest_of_its_answers, NULL, NULL, NULL},
        {"semantics 8: a stricter setting never permits", a_stricter_setting_never_permits, NULL,
         NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide: modes and doubts", tests, NULL, NULL);
}
