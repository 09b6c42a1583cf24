/* decide(): trust and failure (semantics.md 8), and the decisions that are made without judging. */
#include "support/scene.h"

static void no_snapshot(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.view.problem = "it is not there";
    s.view.problem_code = STATUS_NOT_FOUND;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_int_equal(s.questions, 0);
    assert_false(s.decision.snapshot_known);
    assert_text_has(scene_reason(&s, REASON_FAILURE)->text, "it is not there");
    assert_false(scene_reason(&s, REASON_FAILURE)->definite);
    /* neither restrictions nor permissions are judged, rules are */
    s.policy.no_snapshot = VERDICT_ANNOTATE;
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_int_equal(s.decision.changes[0].verdict, VERDICT_ACCEPT);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    rule->groups = LIST(TEXT("devs")); /* needs the snapshot */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    rule->groups = (struct text_list){NULL, 0};
    rule->repos = LIST(TEXT("PRJ/app")); /* Bitbucket's names do */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

/* With `no-snapshot = annotate`, a push that is just large enough must not make the snapshot go
 * away. */
static void no_memory_for_the_snapshot(void **state)
{
    (void)state;
    struct scene s;
    struct error err;
    scene_init(&s);
    s.policy.no_snapshot = VERDICT_ANNOTATE;
    s.view.problem = "the permissions snapshot cannot be read";
    s.view.problem_code = STATUS_MEMORY;
    assert_int_equal(decide(&s.policy, &s.push, &s.view, NULL, NULL, &s.arena, &s.decision, &err),
                     STATUS_MEMORY);
    scene_free(&s);
}

static void no_view_at_all(void **state)
{
    (void)state;
    struct scene s;
    struct error err;
    scene_init(&s);
    assert_int_equal(decide(&s.policy, &s.push, NULL, NULL, NULL, &s.arena, &s.decision, &err),
                     STATUS_OK);
    assert_verdict(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void base_urls(void **state)
{
    (void)state;
    static const struct {
        const char *snapshot, *push;
        bool same;
    } rows[] = {
        {"https://bitbucket.example.com", "https://bitbucket.example.com", true},
        {"https://bitbucket.example.com", "https://bitbucket.example.com/", true},
        {"https://bitbucket.example.com/", "https://bitbucket.example.com", true},
        {"HTTPS://BitBucket.Example.COM", "https://bitbucket.example.com", true},
        {"https://bitbucket.example.com", "https://bitbucket.example.com:443", true},
        {"http://bitbucket.example.com:80/x", "http://bitbucket.example.com/x/", true},
        {"https://[::1]:8443", "https://[::1]:8443", true},
        {"https://[::1]", "https://[::1]:443", true},
        {"http://bitbucket.example.com", "https://bitbucket.example.com", false},
        {"https://bitbucket.example.com", "https://bitbucket.example.com:8443", false},
        {"https://bitbucket.example.com", "https://bitbucket.example.com/bitbucket", false},
        {"https://bitbucket.example.com/A", "https://bitbucket.example.com/a", false},
        {"https://test.example.com", "https://bitbucket.example.com", false},
        {"http://bitbucket.example.com:443", "https://bitbucket.example.com", false},
        {"", "https://bitbucket.example.com", false},
        {"https://bitbucket.example.com", "", true}, /* older add-ons do not say */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s;
        scene_init(&s);
        s.meta.base_url = text_of(rows[i].snapshot);
        s.push.base_url = *rows[i].push ? text_of(rows[i].push) : TEXT_NONE;
        scene_decide(&s);
        if ((s.decision.verdict == VERDICT_ACCEPT) != rows[i].same)
            fail_msg("%s and %s: %s", rows[i].snapshot, rows[i].push,
                     verdict_name(s.decision.verdict));
        if (!rows[i].same)
            assert_exit(&s, 2);
        scene_free(&s);
    }
}

static void damaged_records(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "meta",  "user",       "service",       "repository",      "repository_name", "user_grant",
        "group", "exemptions", "global_groups", "repository_keys", "access_key",
    };
    static const enum status hows[] = {STATUS_FORMAT, STATUS_IO, STATUS_LIMIT};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        struct scene s;
        bool of_user = !strcmp(questions[i], "user_grant") || !strcmp(questions[i], "group") ||
                       !strcmp(questions[i], "global_groups");
        scene_init(&s);
        scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
        if (!of_user)
            scene_push_with_key(&s, "Access Key User - ci");
        s.policy.access_keys.max_age_ms = 90 * CLOCK_DAY;
        if (!strcmp(questions[i], "repository_name"))
            s.push.repository_slug = TEXT("renamed");
        scene_exempt_key(&s, scene_restrict(&s, 9, "read-only", "BRANCH", "main"), 158);
        scene_exempt_group(&s, &s.restrictions[0], "devs");
        scene_rule(&s, "r", VERDICT_ANNOTATE)->groups = LIST(TEXT("admins"));
        scene_decide(&s);
        assert_true(verdict_accepts(s.decision.verdict));
        s.damaged = questions[i];
        for (size_t how = 0; how < 3; how++) {
            struct error err = {STATUS_OK, ""};
            s.damaged_how = hows[how];
            s.policy.no_snapshot = VERDICT_REJECT;
            assert_decides(&s, VERDICT_REJECT);
            const struct reason *reason = scene_find(s.decision.push_reasons, REASON_FAILURE);
            if (!reason || reason->verdict != VERDICT_REJECT)
                fail_msg("%s: not reported", questions[i]);
            assert_text_has(reason->text, "damaged");
            assert_exit(&s, 2);
            s.policy.no_snapshot = VERDICT_ANNOTATE;
            assert_int_equal(
                decide(&s.policy, &s.push, &s.view, &s.history, NULL, &s.arena, &s.decision, &err),
                STATUS_OK);
            if (s.decision.verdict == VERDICT_ACCEPT || s.decision.verdict == VERDICT_NOTE)
                fail_msg("%s: %s", questions[i], verdict_name(s.decision.verdict));
            assert_string_equal(err.text[0] ? "told" : "", "told"); /* for syslog */
        }
        scene_free(&s);
    }
}

static void damage_is_never_not_found(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.no_snapshot = VERDICT_ANNOTATE;
    s.policy.unknown_user = s.policy.unknown_repo = VERDICT_REJECT;
    s.damaged = "user";
    assert_decides(&s, VERDICT_ANNOTATE); /* not: an unknown user */
    s.damaged = "repository";
    assert_decides(&s, VERDICT_ANNOTATE); /* not: an unknown repository */
    scene_rule(&s, "r", VERDICT_REJECT)->groups = LIST(TEXT("devs"));
    s.damaged = "group";
    assert_decides(&s, VERDICT_REJECT); /* not: no such group, so no member */
    assert_exit(&s, 2);
    scene_free(&s);
}

static void an_index_that_points_nowhere(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_add_repository(&s, "OLD", "lib", 99, 8)->slug = TEXT("");
    s.push.storage_id = 99;
    s.repositories[1].project_key = TEXT("");
    s.repositories[1].slug = TEXT("");
    assert_decides(&s, VERDICT_NOTE);
    scene_free(&s);
}

static void stale(void **state)
{
    (void)state;
    static const enum verdict settings[] = {VERDICT_NOTE, VERDICT_ANNOTATE, VERDICT_REJECT};
    struct scene s;
    scene_init(&s);
    s.meta.started_ms = SCENE_NOW - CLOCK_DAY;
    assert_decides(&s, VERDICT_ACCEPT); /* exactly as old as allowed */
    s.meta.started_ms--;                /* counted from the start of the oldest full crawl */
    for (size_t i = 0; i < 3; i++) {
        s.policy.when_stale = settings[i];
        assert_decides(&s, settings[i]);
        assert_text_has(scene_reason(&s, REASON_FRESHNESS)->text, "stale");
    }
    assert_exit(&s, 2);
    assert_int_equal(s.decision.snapshot_age_ms, CLOCK_DAY + 1);
    s.meta.started_ms = SCENE_NOW - CLOCK_HOUR;
    s.meta.generated_ms = SCENE_NOW + CLOCK_HOUR;
    assert_decides(&s, VERDICT_REJECT);
    assert_text_has(scene_reason(&s, REASON_FRESHNESS)->text, "future");
    s.meta.generated_ms = SCENE_NOW + CLOCK_SECOND; /* clocks of nodes differ by seconds */
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void unknown_repository(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.repository_slug = TEXT("new");
    s.push.storage_id = 4711;
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_NOTE);
    assert_false(s.decision.repository_known);
    s.policy.unknown_repo = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.policy.unknown_repo = VERDICT_NOTE;
    scene_rule(&s, "r", VERDICT_REJECT)->repos = LIST(TEXT("prj/NEW")); /* rules still apply */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    /* the name is known, but the id is not: it was deleted and made again */
    s.policy.rule_count = 0;
    s.push.repository_slug = TEXT("app");
    assert_decides(&s, VERDICT_NOTE);
    assert_false(s.decision.repository_known);
    scene_free(&s);
}

static void moved_repository(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    s.push.project_key = TEXT("NEW");
    s.push.repository_slug = TEXT("name");
    assert_decides(&s, VERDICT_REJECT); /* found by its id, judged as that repository */
    assert_text_has(scene_reason(&s, REASON_FRESHNESS)->text, "PRJ/app");
    assert_int_equal(scene_reason(&s, REASON_FRESHNESS)->verdict, VERDICT_NOTE);
    assert_true(s.decision.repository_known);
    assert_int_equal(s.decision.repository_id, 84);
    assert_true(text_equal(s.decision.project_key, TEXT("PRJ")));
    /* a rule for either name applies */
    s.restriction_count = 0;
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->projects = LIST(TEXT("NEW"));
    assert_decides(&s, VERDICT_REJECT);
    rule->projects = LIST(TEXT("PRJ"));
    assert_decides(&s, VERDICT_REJECT);
    rule->projects = LIST(TEXT("OTHER"));
    assert_decides(&s, VERDICT_NOTE);
    /* another repository has the old name now */
    scene_add_repository(&s, "OTHER", "lib", 85, 8);
    s.push.project_key = TEXT("OTHER");
    s.push.repository_slug = TEXT("lib");
    scene_restrict(&s, 10, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    s.push.storage_id_known = false; /* no id: by its name */
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(s.decision.repository_id, 85);
    rule->projects = LIST(TEXT("ELSEWHERE"));
    scene_decide(&s);
    assert_int_equal(s.decision.changes[0].verdict, VERDICT_ACCEPT);
    scene_free(&s);
}

static void unknown_user(void **state)
{
    (void)state;
    static const enum verdict settings[] = {VERDICT_NOTE, VERDICT_ANNOTATE, VERDICT_REJECT};
    struct scene s;
    scene_init(&s);
    s.push.user_name = TEXT("newcomer");
    for (size_t i = 0; i < 3; i++) {
        s.policy.unknown_user = settings[i];
        assert_decides(&s, settings[i]);
    }
    assert_exit(&s, 2);
    s.policy.unknown_user = VERDICT_NOTE;
    scene_restrict(&s, 9, "read-only", "BRANCH", "main"); /* still applies */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void exit_codes(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.unknown_user = VERDICT_REJECT;
    s.push.user_name = TEXT("newcomer");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2); /* only because something was unknown */
    scene_rule(&s, "r", VERDICT_ANNOTATE);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2); /* an annotation is no definite no */
    scene_set_change(&s, 1, "refs/heads/x", CHANGE_UPDATE);
    scene_rule(&s, "no", VERDICT_REJECT)->refs = LIST(TEXT("x"));
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1); /* as soon as policy says a definite no, for any change */
    s.rules[1].mode = MODE_MONITOR;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.policy.mode = MODE_MONITOR;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 0);
    scene_free(&s);
}

static void nothing_to_judge(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.change_count = 0;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

/* The N-th thing that is looked at takes until after the deadline. */
struct slow {
    size_t seen, at;
    volatile int late;
};

static void slow_entry(void *self, const struct trace_entry *entry)
{
    struct slow *slow = self;
    (void)entry;
    if (++slow->seen == slow->at)
        slow->late = 1;
}

static void deadline_while_judging(void **state)
{
    (void)state;
    for (size_t at = 1;; at++) {
        struct scene s;
        struct slow slow = {.at = at};
        const struct trace trace = {&slow, slow_entry};
        struct error err;
        scene_init(&s);
        scene_restrict(&s, 9, "no-deletes", "BRANCH", "main");
        scene_rule(&s, "r", VERDICT_ANNOTATE);
        s.push.late = &slow.late;
        s.decision.verdict = VERDICT_NOTE;
        enum status status = decide(&s.policy, &s.push, &s.view, &s.history, &trace, &s.arena,
                                    &s.decision, &err);
        if (slow.seen < at) {
            assert_int_equal(status, STATUS_OK);
            assert_verdict(&s, VERDICT_ANNOTATE);
            assert_true(at > 5);
            scene_free(&s);
            return;
        }
        assert_int_equal(status, STATUS_DEADLINE);
        assert_int_equal(s.decision.verdict, VERDICT_NOTE); /* untouched */
        scene_free(&s);
    }
}

static void out_of_memory(void **state)
{
    (void)state;
    struct scene s;
    size_t failed = 0;
    scene_init(&s);
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_restrict(&s, 8, "something-new", "BRANCH", "main");
    scene_rule(&s, "r", VERDICT_REJECT);
    s.policy.access_keys.push = VERDICT_REJECT;
    scene_account(&s, "jdoe");
    /* The arena hands out what is left of its block only: each allocation fails once. */
    for (size_t left = 0; left < 40000; left += 16) {
        struct arena arena;
        struct error err;
        arena_init(&arena, 40000);
        void *most = arena_alloc(&arena, 32 * 1024 - 16 - left % (32 * 1024 - 32), 1);
        assert_non_null(most);
        arena.cap = arena.used;
        s.decision.verdict = VERDICT_NOTE;
        enum status status = decide(&s.policy, &s.push, &s.view, &s.history, NULL, &arena,
                                    &s.decision, &err);
        if (status == STATUS_OK) {
            assert_verdict(&s, VERDICT_REJECT);
        } else {
            assert_int_equal(status, STATUS_MEMORY);
            assert_int_equal(s.decision.verdict, VERDICT_NOTE); /* untouched */
            failed++;
        }
        arena_free(&arena);
    }
    assert_true(failed > 50);
    s.damaged = "user";
    s.damaged_how = STATUS_MEMORY; /* the view's own memory */
    struct error err;
    assert_int_equal(
        decide(&s.policy, &s.push, &s.view, &s.history, NULL, &s.arena, &s.decision, &err),
        STATUS_MEMORY);
    scene_free(&s);
}

static void decisions_without_judging(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    char text[] = "line 3: bad id";
    decision_failure(&s.policy, &s.push, true, text, &s.arena, &s.decision);
    memset(text, 'x', sizeof text - 1); /* it keeps its own copy */
    assert_verdict(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_true(text_equal(s.decision.push_reasons->reason->text, TEXT("line 3: bad id")));
    assert_int_equal(s.decision.push_reasons->reason->type, REASON_FAILURE);
    assert_true(text_equal(s.decision.project_key, TEXT("PRJ")));
    assert_null(s.decision.changes);
    /* global monitor mode accepts failures … */
    s.policy.mode = MODE_MONITOR;
    decision_failure(&s.policy, &s.push, true, "x", &s.arena, &s.decision);
    assert_exit(&s, 0);
    assert_verdict(&s, VERDICT_REJECT);
    /* … except an invalid configuration and malformed stdin */
    decision_failure(&s.policy, &s.push, false, "x", &s.arena, &s.decision);
    assert_exit(&s, 2);
    decision_failure(NULL, NULL, true, "x", NULL, &s.decision);
    assert_exit(&s, 2);
    assert_non_null(s.decision.push_reasons);
    struct arena none;
    arena_init(&none, 0);
    decision_failure(&s.policy, &s.push, false, "x", &none, &s.decision);
    assert_exit(&s, 2);
    assert_true(s.decision.push_reasons->reason->text.size > 0);
    decision_failure(&s.policy, &s.push, false, NULL, &s.arena, &s.decision);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void kill_switch(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    decision_disabled(&s.policy, &s.push, TEXT("upgrade, back at noon"), &s.arena, &s.decision);
    assert_exit(&s, 0);
    assert_true(s.decision.disabled);
    assert_verdict(&s, VERDICT_ACCEPT);
    assert_true(text_equal(s.decision.push_reasons->reason->text, TEXT("upgrade, back at noon")));
    decision_disabled(NULL, NULL, TEXT_NONE, NULL, &s.decision);
    assert_exit(&s, 0);
    scene_free(&s);
}

static void names_of_reason_types(void **state)
{
    (void)state;
    static const char *const names[] = {"restriction",     "rule",     "permission", "access-key",
                                        "service-account", "identity", "namespace",  "freshness",
                                        "undecided",       "failure"};
    for (int i = 0; i < 10; i++)
        assert_string_equal(reason_type_name((enum reason_type)(REASON_RESTRICTION + i)), names[i]);
    assert_string_equal(reason_type_name((enum reason_type)77), "failure");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 8: no usable snapshot", no_snapshot, NULL, NULL, NULL},
        {"semantics 8: no memory for the snapshot is not the same as no snapshot",
         no_memory_for_the_snapshot, NULL, NULL, NULL},
        {"semantics 8: no view at all", no_view_at_all, NULL, NULL, NULL},
        {"semantics 8: a snapshot of another instance", base_urls, NULL, NULL, NULL},
        {"semantics 8: a damaged record, whichever it is", damaged_records, NULL, NULL, NULL},
        {"semantics 8: damage is never taken for absence", damage_is_never_not_found, NULL, NULL,
         NULL},
        {"an index of ids that leads to an odd name", an_index_that_points_nowhere, NULL, NULL,
         NULL},
        {"semantics 8: [freshness]", stale, NULL, NULL, NULL},
        {"semantics 8: a repository that the snapshot does not know", unknown_repository, NULL,
         NULL, NULL},
        {"semantics 8: a repository that was renamed or moved", moved_repository, NULL, NULL, NULL},
        {"semantics 8: a pusher whom the snapshot does not know", unknown_user, NULL, NULL, NULL},
        {"semantics 8: exit codes", exit_codes, NULL, NULL, NULL},
        {"no change at all is rejected", nothing_to_judge, NULL, NULL, NULL},
        {"semantics 8: the deadline ends judging", deadline_while_judging, NULL, NULL, NULL},
        {"semantics 8: out of memory", out_of_memory, NULL, NULL, NULL},
        {"semantics 2, 8: failures before judging", decisions_without_judging, NULL, NULL, NULL},
        {"semantics 2: the kill switch", kill_switch, NULL, NULL, NULL},
        {"product: names of reason types", names_of_reason_types, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide failure", tests, NULL, NULL);
}
