/* decide(): the administrator's rules (semantics.md 6) and what verdicts add up to (2). */
#include "support/scene.h"

static void no_condition_matches_all(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_rule(&s, "all", VERDICT_REJECT);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    const struct reason *reason = scene_reason(&s, REASON_RULE);
    assert_true(text_equal(reason->rule, TEXT("all")));
    assert_true(text_equal(reason->proof.items[0], TEXT("refgate.conf:41")));
    assert_true(reason->definite);
    scene_free(&s);
}

static void actions(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_ANNOTATE);
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_exit(&s, 0);
    rule->action = VERDICT_REQUIRE_APPROVAL;
    assert_decides(&s, VERDICT_REQUIRE_APPROVAL);
    assert_exit(&s, 1); /* a missing approval is a definite no */
    assert_int_equal(s.decision.count_approval, 1);
    assert_text_has(scene_reason(&s, REASON_RULE)->text, "needs an approval");
    rule->action = (enum verdict)0; /* no verdict at all rejects */
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

static enum verdict with(struct scene *s)
{
    s->policy.undecided = VERDICT_ANNOTATE; /* so that undecided can be told from reject */
    return scene_decide(s);
}
#define assert_matches(s) assert_int_equal(with(s), VERDICT_REJECT)
#define assert_misses(s) assert_int_equal(with(s), VERDICT_ACCEPT)
#define assert_open(s) assert_int_equal(with(s), VERDICT_ANNOTATE)

static void each_condition(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT), empty = *rule;
#define GIVEN(field, ...) (*rule = empty, rule->field = __VA_ARGS__)
    GIVEN(projects, LIST(TEXT("OPS*"), TEXT("p?j")));
    assert_matches(&s);
    GIVEN(projects, LIST(TEXT("OPS*")));
    assert_misses(&s);
    GIVEN(repos, LIST(TEXT("*/APP")));
    assert_matches(&s);
    GIVEN(repos, LIST(TEXT("PRJ/application"), TEXT("app")));
    assert_misses(&s);
    GIVEN(refs, LIST(TEXT("release/*"), TEXT("main")));
    assert_matches(&s);
    GIVEN(refs, LIST(TEXT("release/*"), TEXT("Main")));
    assert_misses(&s);
    GIVEN(kinds, KIND_UPDATE);
    assert_matches(&s);
    GIVEN(kinds, KIND_CREATE | KIND_DELETE | KIND_REWRITE);
    assert_misses(&s);
    GIVEN(triggers, LIST(TEXT("file-edit"), TEXT("push")));
    assert_matches(&s);
    GIVEN(triggers, LIST(TEXT("file-edit")));
    assert_misses(&s);
    GIVEN(users, LIST(TEXT("x"), TEXT("JDOE")));
    assert_matches(&s);
    GIVEN(users, LIST(TEXT("jdo")));
    assert_misses(&s);
    GIVEN(except_users, LIST(TEXT("x"), TEXT("JDOE")));
    assert_misses(&s);
    GIVEN(except_users, LIST(TEXT("x")));
    assert_matches(&s);
    GIVEN(groups, LIST(TEXT("admins"), TEXT("DEVS")));
    assert_matches(&s);
    GIVEN(groups, LIST(TEXT("admins"), TEXT("no-such-group")));
    assert_misses(&s);
    GIVEN(except_groups, LIST(TEXT("admins"), TEXT("devs")));
    assert_misses(&s);
    GIVEN(except_groups, LIST(TEXT("admins"), TEXT("no-such-group")));
    assert_matches(&s);
    scene_free(&s);
}

static void all_conditions_must_match(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->users = LIST(TEXT("jdoe"));
    rule->groups = LIST(TEXT("devs"));
    rule->refs = LIST(TEXT("main"));
    assert_matches(&s);
    rule->except_groups = LIST(TEXT("devs"));
    assert_misses(&s);
    rule->except_groups = (struct text_list){NULL, 0};
    rule->users = LIST(TEXT("other"));
    assert_misses(&s);
    scene_free(&s);
}

static void undecided_conditions(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->groups = LIST(TEXT("vague"));
    s.users[0].groups_complete = ANSWER_CANNOT_TELL;
    assert_decides(&s, VERDICT_REJECT); /* [failure] undecided */
    assert_exit(&s, 2);
    const struct reason *reason = scene_reason(&s, REASON_UNDECIDED);
    assert_text_has(reason->text, "which groups the pusher is in");
    assert_true(text_equal(reason->rule, TEXT("r")));
    assert_false(reason->definite);
    assert_open(&s);
    /* any NO: it does not apply, whatever else is open */
    rule->refs = LIST(TEXT("other"));
    assert_misses(&s);
    /* an exception that cannot be told leaves it open, too */
    rule->refs = rule->groups = (struct text_list){NULL, 0};
    rule->except_groups = LIST(TEXT("vague"));
    assert_open(&s);
    rule->except_groups = LIST(TEXT("vague"), TEXT("devs"));
    assert_misses(&s);
    scene_free(&s);
}

static void undecided_is_never_stronger_than_the_rule(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_ANNOTATE);
    s.push.user_name = TEXT("newcomer");
    rule->groups = LIST(TEXT("devs"));
    assert_decides(&s, VERDICT_ANNOTATE);
    rule->action = VERDICT_REQUIRE_APPROVAL;
    assert_decides(&s, VERDICT_REQUIRE_APPROVAL);
    assert_exit(&s, 2);
    s.policy.undecided = VERDICT_NOTE;
    assert_decides(&s, VERDICT_NOTE);
    scene_free(&s);
}

static void undecided_only_if_the_verdict_depends_on_it(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_rule(&s, "open", VERDICT_REJECT)->groups = LIST(TEXT("devs"));
    s.push.user_name = TEXT("newcomer");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    struct rule *sure = scene_rule(&s, "sure", VERDICT_REJECT);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_int_equal(scene_count_reasons(s.decision.changes[0].reasons), 1);
    sure->action = VERDICT_ANNOTATE; /* weaker than what is open: it stays open */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    sure->action = VERDICT_REJECT;
    sure->mode = MODE_MONITOR; /* what contributes nothing settles nothing */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void kinds_and_history(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->kinds = KIND_REWRITE;
    rule->refs = LIST(TEXT("release"));
    assert_misses(&s);
    assert_int_equal(s.descends_asked, 0); /* no rule that matches the ref depends on it */
    rule->refs = LIST(TEXT("main"));
    rule->users = LIST(TEXT("other"));
    assert_misses(&s);
    assert_int_equal(s.descends_asked, 0);
    rule->users = (struct text_list){NULL, 0};
    assert_misses(&s);
    assert_int_equal(s.descends_asked, 1);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_REWRITE);
    assert_matches(&s);
    assert_int_equal(s.decision.changes[0].kind, CHANGE_REWRITE);
    rule->kinds = KIND_REWRITE | KIND_UPDATE;
    s.descends_asked = 0;
    assert_matches(&s);
    assert_int_equal(s.descends_asked, 0); /* both: no need to know */
    rule->kinds = KIND_REWRITE;
    s.trouble = HISTORY_UNAVAILABLE;
    assert_open(&s);
    assert_int_equal(s.decision.changes[0].kind, CHANGE_UNKNOWN);
    s.no_history = true;
    assert_open(&s);
    scene_free(&s);
}

static void an_existing_tag_that_moves(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->kinds = KIND_REWRITE;
    scene_set_change(&s, 0, "refs/tags/v1", CHANGE_UPDATE);
    s.changes[0].kind = change_kind_without_history(&s.changes[0]);
    assert_matches(&s);
    assert_int_equal(s.descends_asked, 0);
    scene_free(&s);
}

static void every_possible_answer(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.trouble = HISTORY_UNAVAILABLE;
    s.policy.undecided = VERDICT_NOTE;
    scene_rule(&s, "updates", VERDICT_REJECT)->kinds = KIND_UPDATE;
    assert_decides(&s, VERDICT_NOTE);
    /* update or rewrite: one of the two rules applies, and both reject */
    struct rule *rewrites = scene_rule(&s, "rewrites", VERDICT_REJECT);
    rewrites->kinds = KIND_REWRITE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_int_equal(scene_count_reasons(s.decision.changes[0].reasons), 2);
    assert_null(scene_reason(&s, REASON_UNDECIDED));
    /* the milder of the two is certain, the stronger is open */
    rewrites->action = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_non_null(scene_reason(&s, REASON_UNDECIDED));
    s.policy.undecided = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    /* together with a restriction */
    s.policy.undecided = VERDICT_NOTE;
    s.policy.rule_count = 1;
    scene_restrict(&s, 9, "fast-forward-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void freeze_condition(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "freeze", VERDICT_REJECT);
    rule->freeze_set = true;
    rule->freeze = (struct freeze){.time_set = true, .after_minute = 960, .before_minute = 1440};
    assert_matches(&s); /* 16:00 */
    assert_text_has(scene_reason(&s, REASON_RULE)->text, "change freeze");
    s.push.local.minute_of_day = 959;
    assert_misses(&s);
    s.push.local.known = false; /* the zone's file is missing */
    assert_open(&s);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "local time");
    scene_free(&s);
}

static void monitor_on_a_rule(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->mode = MODE_MONITOR;
    assert_decides(&s, VERDICT_ACCEPT);
    assert_exit(&s, 0);
    const struct reason *reason = scene_reason(&s, REASON_RULE);
    assert_non_null(reason);
    assert_true(reason->monitored);
    assert_int_equal(reason->verdict, VERDICT_REJECT); /* what it would be */
    rule->groups = LIST(TEXT("devs"));
    s.push.user_name = TEXT("newcomer");
    assert_decides(&s, VERDICT_NOTE);
    assert_true(scene_find(s.decision.changes[0].reasons, REASON_UNDECIDED)->monitored);
    scene_free(&s);
}

static void global_monitor(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.mode = MODE_MONITOR;
    scene_rule(&s, "r", VERDICT_REJECT);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 0);
    assert_int_equal(s.decision.mode, MODE_MONITOR);
    s.policy.mode = (enum mode)0; /* no mode at all enforces */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void the_strongest_counts(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_rule(&s, "a", VERDICT_ANNOTATE);
    scene_rule(&s, "b", VERDICT_REJECT)->refs = LIST(TEXT("main"));
    scene_rule(&s, "c", VERDICT_REQUIRE_APPROVAL)->refs = LIST(TEXT("topic"), TEXT("main"));
    scene_set_change(&s, 1, "refs/heads/topic", CHANGE_UPDATE);
    scene_set_change(&s, 2, "refs/heads/x", CHANGE_UPDATE);
    assert_decides(&s, VERDICT_REJECT);
    const struct change_result *results = s.decision.changes;
    assert_int_equal(results[0].verdict, VERDICT_REJECT);
    assert_int_equal(results[1].verdict, VERDICT_REQUIRE_APPROVAL);
    assert_int_equal(results[2].verdict, VERDICT_ANNOTATE);
    /* all determining rules are reported, strongest first */
    assert_int_equal(scene_count_reasons(results[0].reasons), 3);
    assert_true(text_equal(results[0].reasons->reason->rule, TEXT("b")));
    assert_true(text_equal(results[0].reasons->next->reason->rule, TEXT("c")));
    assert_true(text_equal(results[0].reasons->next->next->reason->rule, TEXT("a")));
    assert_int_equal(s.decision.count_reject, 1);
    assert_int_equal(s.decision.count_approval, 1);
    assert_int_equal(s.decision.count_annotate, 1);
    /* reasons are shared */
    assert_ptr_equal(results[0].reasons->next->next->reason, results[2].reasons->reason);
    scene_free(&s);
}

static void texts_and_messages(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "keys-stay-off-main", VERDICT_REJECT);
    rule->credentials = 1u << CREDENTIAL_ACCESS_KEY;
    rule->refs = LIST(TEXT("main"));
    rule->triggers = LIST(TEXT("push"));
    rule->message = TEXT("Deploy keys do not push to main; open a pull request.");
    rule->controls = LIST(TEXT("soc2:CC6.1"));
    scene_add_key(&s, 158, "ci-deploy", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci-deploy");
    assert_decides(&s, VERDICT_REJECT);
    const struct reason *reason = scene_reason(&s, REASON_RULE);
    assert_true(text_equal(reason->text, TEXT("not allowed with access key \"ci-deploy\" "
                                              "(repository key 158)")));
    assert_true(text_equal(reason->message, rule->message));
    assert_int_equal(reason->controls.count, 1);
    assert_int_equal(reason->proof.count, 2);
    assert_true(text_equal(reason->proof.items[1], TEXT("key/158")));
    assert_true(reason->wants_pull_request);
    /* no way out for a ref that is not there, or if merges are meant, too */
    rule->triggers = LIST(TEXT("push"), TEXT("pull-request-merge"));
    assert_decides(&s, VERDICT_REJECT);
    assert_false(scene_reason(&s, REASON_RULE)->wants_pull_request);
    rule->triggers = LIST(TEXT("push"));
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_CREATE);
    assert_decides(&s, VERDICT_REJECT);
    assert_false(scene_reason(&s, REASON_RULE)->wants_pull_request);
    scene_free(&s);
}

static void hostile_names_are_escaped_and_bounded(void **state)
{
    (void)state;
    struct scene s;
    char label[400];
    scene_init(&s);
    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    memcpy(label, "Access Key User - \x1b[31m\xe2\x80\xae\xff", 27);
    memset(label + 27, 'x', 20);
    scene_add_key(&s, 158, label + 18, PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, label);
    scene_rule(&s, "r", VERDICT_REJECT)->credentials = 1u << CREDENTIAL_ACCESS_KEY;
    assert_decides(&s, VERDICT_REJECT);
    const struct reason *reason = scene_reason(&s, REASON_RULE);
    assert_true(reason->text.size <= 200);
    for (size_t i = 0; i < reason->text.size; i++)
        assert_true(reason->text.at[i] >= ' ' && reason->text.at[i] < 0x7f);
    assert_text_has(reason->text, "\\x1b");
    scene_free(&s);
}

struct collected {
    size_t count, rules, restrictions, results;
    char text[4000];
};

static void collect(void *self, const struct trace_entry *entry)
{
    struct collected *all = self;
    size_t used = strlen(all->text);
    all->count++;
    all->rules += entry->stage == TRACE_RULE;
    all->restrictions += entry->stage == TRACE_RESTRICTION;
    all->results += entry->stage == TRACE_RESULT;
    snprintf(all->text + used, sizeof all->text - used, "%s|%.*s|%.*s|%.*s\n",
             answer_name(entry->applies), TEXT_ARG(entry->subject), TEXT_ARG(entry->source),
             TEXT_ARG(entry->why));
}

static void the_trace_lists_everything(void **state)
{
    (void)state;
    struct scene s;
    struct collected all = {.count = 0};
    const struct trace trace = {&all, collect};
    scene_init(&s);
    scene_rule(&s, "not-for-you", VERDICT_REJECT)->users = LIST(TEXT("other"));
    scene_rule(&s, "elsewhere", VERDICT_REJECT)->refs = LIST(TEXT("release"));
    scene_rule(&s, "note-it", VERDICT_ANNOTATE);
    scene_restrict(&s, 1, "read-only", "BRANCH", "release");
    scene_restrict(&s, 2, "no-deletes", "BRANCH", "main");
    scene_exempt_group(&s, scene_restrict(&s, 3, "pull-request-only", "BRANCH", "main"), "devs");
    scene_restrict(&s, 4, "pull-request-only", "BRANCH", "main")->of_project = true;
    scene_restrict(&s, 5, "read-only", "ANY_REF", "x")->matcher_active = false;
    assert_int_equal(scene_decide_traced(&s, &trace), VERDICT_ANNOTATE);
    assert_int_equal(all.rules, 3);
    assert_int_equal(all.restrictions, 5);
    assert_int_equal(all.results, 2);
    struct text text = text_of(all.text);
    static const char *const lines[] = {
        "no|rule not-for-you|refgate.conf:41|not for this user",
        "no|rule elsewhere|refgate.conf:42|the ref does not match",
        "yes|rule note-it|refgate.conf:43|all conditions hold",
        "no|restriction 1 read-only|repo/PRJ/app#1|the ref does not match",
        "no|restriction 2 no-deletes|repo/PRJ/app#2|does not block this kind of change",
        "no|restriction 3 pull-request-only|repo/PRJ/app#3|the pusher is exempt (group devs)",
        "no|restriction 4 pull-request-only|project/PRJ#4|another restriction of this type exempts",
        "no|restriction 5 read-only|repo/PRJ/app#5|its matcher is not active",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(all.text, lines[i]))
            fail_msg("no \"%s\" in\n%.*s", lines[i], TEXT_ARG(text));
    /* it is the same decision with and without */
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_free(&s);
}

static void native_hook(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.native = true;
    s.push.user_name = s.push.user_display_name = s.push.project_key = TEXT_NONE;
    s.push.repository_slug = s.push.trigger_text = s.push.user_permission = TEXT_NONE;
    s.push.base_url = TEXT_NONE;
    s.push.trigger = TRIGGER_UNKNOWN;
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_NOTE);
    assert_int_equal(scene_count_reasons(s.decision.push_reasons), 1);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT), empty = *rule;
    rule->kinds = KIND_UPDATE; /* identity-free rules still work */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    s.policy.undecided = VERDICT_ANNOTATE;
    for (size_t i = 0; i < 8; i++) {
        *rule = empty;
        struct text_list *fields[] = {
            &rule->users,       &rule->except_users,       &rule->groups,   &rule->except_groups,
            &rule->access_keys, &rule->except_access_keys, &rule->projects, &rule->repos};
        *fields[i] = LIST(TEXT("jdoe"));
        if (scene_decide(&s) != VERDICT_ANNOTATE)
            fail_msg("condition %zu: %s", i, verdict_name(s.decision.verdict));
    }
    *rule = empty;
    rule->credentials = 1u << CREDENTIAL_USER;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.rule_count = 0;
    s.policy.undecided_restriction = VERDICT_REJECT; /* asked for */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 6: a condition that is absent matches", no_condition_matches_all, NULL, NULL,
         NULL},
        {"semantics 6: actions", actions, NULL, NULL, NULL},
        {"semantics 6: each condition, a list matches if one entry does", each_condition, NULL,
         NULL, NULL},
        {"semantics 6: all conditions must match", all_conditions_must_match, NULL, NULL, NULL},
        {"semantics 1: conditions that cannot be answered", undecided_conditions, NULL, NULL, NULL},
        {"semantics 1: undecided is never stronger than the rule",
         undecided_is_never_stronger_than_the_rule, NULL, NULL, NULL},
        {"semantics 1: undecided only if the verdict depends on it",
         undecided_only_if_the_verdict_depends_on_it, NULL, NULL, NULL},
        {"semantics 1: update or rewrite needs history, asked only if it matters",
         kinds_and_history, NULL, NULL, NULL},
        {"semantics 1: an existing tag that moves is a rewrite", an_existing_tag_that_moves, NULL,
         NULL, NULL},
        {"semantics 1: every possible answer leads to the same verdict", every_possible_answer,
         NULL, NULL, NULL},
        {"semantics 6: change freeze", freeze_condition, NULL, NULL, NULL},
        {"semantics 2: monitor mode of one rule", monitor_on_a_rule, NULL, NULL, NULL},
        {"semantics 2: global monitor mode", global_monitor, NULL, NULL, NULL},
        {"semantics 2: the strongest counts, all are reported", the_strongest_counts, NULL, NULL,
         NULL},
        {"product: text, message, proof, controls, pull request", texts_and_messages, NULL, NULL,
         NULL},
        {"outside names are escaped and cut", hostile_names_are_escaped_and_bounded, NULL, NULL,
         NULL},
        {"product: the trace lists each rule and restriction, and why", the_trace_lists_everything,
         NULL, NULL, NULL},
        {"semantics 8: --native", native_hook, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide rules", tests, NULL, NULL);
}
