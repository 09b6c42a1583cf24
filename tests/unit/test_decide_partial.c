/*
 * decide(): a snapshot of a sync that was not permitted everything (--allow-partial). The questions
 * that it leaves open are CANNOT_TELL (semantics.md 1, 3, 4, 5); what is known still counts.
 */
#include "support/scene.h"

/* The first reason that says so, of change 0 or of the push; NULL if there is none. */
static const struct reason *unread_reason(const struct scene *s, const char *says)
{
    const struct reason_link *lists[] = {s->decision.push_reasons, s->decision.changes[0].reasons};
    for (size_t i = 0; i < 2; i++)
        for (const struct reason_link *l = lists[i]; l; l = l->next) {
            char text[512];
            snprintf(text, sizeof text, "%.*s", TEXT_ARG(l->reason->text));
            if (strstr(text, "the sync could not read") && strstr(text, says))
                return l->reason;
        }
    return NULL;
}

/* ------------------------------------------------------------------ 4: restrictions */

static void restrictions_not_read(void **state)
{
    (void)state;
    static const struct {
        unsigned own, of_project;
        const char *says;
    } cases[] = {
        {INCOMPLETE_RESTRICTIONS, 0, "those of the repository"},
        {0, INCOMPLETE_RESTRICTIONS, "those of the project"},
        {INCOMPLETE_RESTRICTIONS, INCOMPLETE_RESTRICTIONS, "the repository and its project"},
    };
    static const char *const each[] = {"refs/heads/main", "refs/tags/v1"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t ref = 0; ref < 2; ref++)
            for (int kind = 0; kind < 2; kind++) {
                struct scene s;
                scene_init(&s);
                scene_set_change(&s, 0, each[ref], kind ? CHANGE_CREATE : CHANGE_DELETE);
                s.repositories[0].incomplete = cases[i].own;
                s.repositories[0].project.incomplete = cases[i].of_project;
                assert_decides(&s, VERDICT_ANNOTATE);
                assert_exit(&s, 0);
                const struct reason *reason = unread_reason(&s, cases[i].says);
                assert_non_null(reason);
                assert_int_equal(reason->type, REASON_UNDECIDED);
                assert_false(reason->definite);
                s.policy.undecided_restriction = VERDICT_REJECT;
                assert_decides(&s, VERDICT_REJECT);
                assert_exit(&s, 2);
                s.policy.undecided_restriction = VERDICT_NOTE;
                assert_decides(&s, VERDICT_NOTE);
                scene_free(&s);
            }
}

static void check_is_the_ceiling_for_unread_restrictions(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.repositories[0].incomplete = INCOMPLETE_RESTRICTIONS;
    s.policy.undecided_restriction = VERDICT_REJECT;
    s.policy.restrictions_check = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.restrictions_check = VERDICT_ACCEPT; /* off */
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void a_known_restriction_blocks_whatever_was_not_read(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    s.repositories[0].incomplete = s.repositories[0].project.incomplete = INCOMPLETE_RESTRICTIONS;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_non_null(scene_reason(&s, REASON_RESTRICTION));
    assert_null(scene_reason(&s, REASON_UNDECIDED)); /* nothing depends on it */
    scene_free(&s);
}

static void an_exemption_settles_its_type_only(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_exempt_user(&s, scene_restrict(&s, 9, "read-only", "BRANCH", "main"), 101, "jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    s.repositories[0].incomplete = INCOMPLETE_RESTRICTIONS;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_null(scene_reason(&s, REASON_RESTRICTION));
    scene_free(&s);
}

static void an_administrator_is_exempt_from_what_was_not_read(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.repositories[0].incomplete = INCOMPLETE_RESTRICTIONS;
    s.policy.admins_exempt = true;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.push.user_permission = TEXT("REPO_ADMIN");
    scene_add_grant(&s, GRANT_PROJECT, "jdoe", PERMISSION_PROJECT_ADMIN);
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void other_refs_have_no_restrictions(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.repositories[0].incomplete = INCOMPLETE_RESTRICTIONS;
    scene_set_change(&s, 0, "refs/notes/x", CHANGE_CREATE);
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void one_reason_for_all_changes(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.repositories[0].incomplete = INCOMPLETE_RESTRICTIONS;
    scene_set_change(&s, 0, "refs/heads/a", CHANGE_CREATE);
    scene_set_change(&s, 1, "refs/heads/b", CHANGE_CREATE);
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_ptr_equal(s.decision.changes[0].reasons, s.decision.changes[1].reasons);
    scene_free(&s);
}

/* ------------------------------------------------------------------ 4.3: the branching model */

static void the_model_that_counts_was_not_read(void **state)
{
    (void)state;
    static const struct {
        const char *matcher, *id, *ref;
        unsigned own, of_project;
        bool configured;
        enum verdict verdict;
    } cases[] = {
        {"MODEL_BRANCH", "development", "refs/heads/x", INCOMPLETE_MODEL, 0, false,
         VERDICT_ANNOTATE},
        {"MODEL_BRANCH", "production", "refs/heads/x", 0, INCOMPLETE_MODEL, false,
         VERDICT_ANNOTATE},
        {"MODEL_CATEGORY", "RELEASE", "refs/heads/x", INCOMPLETE_MODEL, 0, false, VERDICT_ANNOTATE},
        {"MODEL_CATEGORY", "release", "refs/heads/x", 0, INCOMPLETE_MODEL, false, VERDICT_ANNOTATE},
        /* The repository has a model of its own: its project's does not matter. */
        {"MODEL_BRANCH", "development", "refs/heads/x", 0, INCOMPLETE_MODEL, true, VERDICT_ACCEPT},
        {"MODEL_CATEGORY", "RELEASE", "refs/heads/x", 0, INCOMPLETE_MODEL, true, VERDICT_ACCEPT},
        /* Its project's does not help, if its own could not be read. */
        {"MODEL_BRANCH", "development", "refs/heads/x", INCOMPLETE_MODEL, 0, true,
         VERDICT_ANNOTATE},
        /* Whatever the model says, it speaks of branches. */
        {"MODEL_BRANCH", "development", "refs/tags/x", INCOMPLETE_MODEL, 0, false, VERDICT_ACCEPT},
        {"MODEL_CATEGORY", "RELEASE", "refs/tags/x", INCOMPLETE_MODEL, 0, false, VERDICT_ACCEPT},
        /* The other matchers do not ask the model. */
        {"BRANCH", "main", "refs/heads/x", INCOMPLETE_MODEL, INCOMPLETE_MODEL, false,
         VERDICT_ACCEPT},
        {"PATTERN", "x", "refs/heads/x", INCOMPLETE_MODEL, INCOMPLETE_MODEL, false, VERDICT_REJECT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        scene_init(&s);
        scene_restrict(&s, 9, "read-only", cases[i].matcher, cases[i].id);
        scene_set_change(&s, 0, cases[i].ref, CHANGE_UPDATE);
        s.repositories[0].incomplete = cases[i].own;
        s.repositories[0].project.incomplete = cases[i].of_project;
        s.repositories[0].model.configured = cases[i].configured;
        if (scene_decide(&s) != cases[i].verdict)
            fail_msg("case %zu: %s", i, verdict_name(s.decision.verdict));
        if (cases[i].verdict == VERDICT_ANNOTATE)
            assert_non_null(unread_reason(&s, "the branching model"));
        scene_free(&s);
    }
}

/* ------------------------------------------------------------------ 3: permissions */

/* Each way in which grants of jdoe can be missing. */
static void lose_grants(struct scene *s, int how)
{
    if (how == 0)
        s->repositories[0].incomplete = INCOMPLETE_GRANTS;
    else if (how == 1)
        s->repositories[0].project.incomplete = INCOMPLETE_GRANTS;
    else {
        s->users[0].global_unsure = true;
        s->users[0].licensed = ANSWER_CANNOT_TELL;
    }
}

static void grants_not_read(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct scene s;
        scene_init(&s);
        s.push.user_permission = TEXT_NONE;
        s.grant_count = 0;
        s.policy.permissions_check = VERDICT_REJECT;
        assert_decides(&s, VERDICT_REJECT);
        assert_exit(&s, 1); /* all was read: he may not */
        lose_grants(&s, how);
        assert_decides(&s, VERDICT_REJECT);
        assert_exit(&s, 2);
        assert_false(s.decision.snapshot_permission_known);
        assert_non_null(unread_reason(&s, "cannot tell whether the pusher may write"));
        s.policy.undecided = VERDICT_ANNOTATE;
        assert_decides(&s, VERDICT_ANNOTATE);
        s.policy.permissions_check = VERDICT_NOTE;
        assert_decides(&s, VERDICT_NOTE);
        assert_non_null(unread_reason(&s, "neither Bitbucket nor the snapshot"));
        scene_free(&s);
    }
}

static void what_bitbucket_states_counts(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct scene s;
        scene_init(&s);
        s.policy.permissions_check = VERDICT_REJECT;
        s.push.user_permission = TEXT("REPO_ADMIN"); /* the snapshot says REPO_WRITE: drift */
        assert_decides(&s, VERDICT_NOTE);
        lose_grants(&s, how);
        assert_decides(&s, VERDICT_ACCEPT); /* no drift from what is not known */
        s.push.user_permission = TEXT("REPO_READ");
        assert_decides(&s, VERDICT_REJECT);
        assert_exit(&s, 1);
        scene_free(&s);
    }
}

static void known_grants_are_enough(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.user_permission = TEXT_NONE;
    s.policy.permissions_check = VERDICT_REJECT;
    lose_grants(&s, 0); /* REPO_WRITE is known, more is possible */
    assert_decides(&s, VERDICT_ACCEPT);
    assert_false(s.decision.snapshot_permission_known);
    scene_add_grant(&s, GRANT_PROJECT, "jdoe", PERMISSION_PROJECT_ADMIN);
    assert_decides(&s, VERDICT_ACCEPT);
    assert_true(s.decision.snapshot_permission_known); /* there is nothing above it */
    s.users[0].active = false;
    assert_decides(&s, VERDICT_REJECT); /* inactive: none, whatever was not read */
    assert_exit(&s, 1);
    scene_free(&s);
}

static void unread_grants_make_no_administrator(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct scene s;
        scene_init(&s);
        s.push.user_permission = TEXT_NONE;
        s.policy.admins_exempt = true;
        scene_restrict(&s, 9, "read-only", "BRANCH", "main");
        lose_grants(&s, how);
        assert_decides(&s, VERDICT_REJECT);
        assert_exit(&s, 1);
        s.push.user_permission = TEXT("REPO_ADMIN");
        assert_decides(&s, VERDICT_ACCEPT);
        scene_free(&s);
    }
}

/* ------------------------------------------------------------------ 5: access keys */

static void a_key_by_its_label_may_be_another(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    struct restriction *r = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_exempt_key(&s, r, 158);
    assert_decides(&s, VERDICT_ACCEPT);
    s.repositories[0].project.incomplete = INCOMPLETE_KEYS;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_non_null(unread_reason(&s, "which access key this is"));
    assert_true(s.decision.credential.candidates_open);
    assert_int_equal(s.decision.credential.candidate_count, 1);
    scene_free(&s);
}

static void a_candidate_that_is_not_exempt_blocks_surely(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    s.repositories[0].incomplete = INCOMPLETE_KEYS;
    scene_exempt_key(&s, scene_restrict(&s, 9, "read-only", "BRANCH", "main"), 159);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
    scene_init(&s); /* and no key at all is exempt: it does not matter which it is */
    scene_push_with_key(&s, "Access Key User - ci");
    s.repositories[0].incomplete = INCOMPLETE_KEYS;
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

/* With the key that nobody knows there is one more than can be judged apart. */
static void as_many_candidates_as_are_judged_apart(void **state)
{
    (void)state;
    static uint64_t ids[16];
    static const struct exemptions none;
    struct scene s;
    scene_init(&s);
    for (uint64_t id = 100; id < 116; id++) {
        ids[id - 100] = id;
        scene_add_key(&s, id, "ci", PERMISSION_REPO_WRITE);
    }
    scene_push_with_key(&s, "Access Key User - ci");
    struct restriction *r = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_exemptions_list(&s, r)->list = none;
    scene_exemptions_list(&s, r)->list.access_keys = ids;
    scene_exemptions_list(&s, r)->list.access_key_count = 16;
    assert_decides(&s, VERDICT_ACCEPT);
    s.repositories[0].incomplete = INCOMPLETE_KEYS;
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_exemptions_list(&s, r)->list.access_key_count = 15;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void rules_about_a_key_that_may_be_another(void **state)
{
    (void)state;
    static const struct {
        const char *on, *except;
        int exit_code; /* 2: cannot tell */
    } cases[] = {
        {"158", NULL, 1}, /* each candidate is judged, the strictest counts */
        {"159", NULL, 2}, {"ci", NULL, 1},  {"other", NULL, 0}, /* the label is known */
        {NULL, "158", 2}, {NULL, "159", 1}, {NULL, "ci", 0},    {NULL, "other", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        struct text on = text_of(cases[i].on ? cases[i].on : "");
        struct text except = text_of(cases[i].except ? cases[i].except : "");
        scene_init(&s);
        scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
        scene_push_with_key(&s, "Access Key User - ci");
        s.repositories[0].incomplete = INCOMPLETE_KEYS;
        struct rule *rule = scene_rule(&s, "keys", VERDICT_REJECT);
        if (cases[i].on)
            rule->access_keys = (struct text_list){&on, 1};
        if (cases[i].except)
            rule->except_access_keys = (struct text_list){&except, 1};
        scene_decide(&s);
        if (s.decision.exit_code != cases[i].exit_code)
            fail_msg("case %zu: exit %d", i, s.decision.exit_code);
        if (cases[i].exit_code == 2)
            assert_non_null(unread_reason(&s, "which access key this is"));
        scene_free(&s);
    }
}

static void tests_of_a_key_that_may_be_another(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    s.policy.access_keys.max_age_ms = 30 * CLOCK_DAY;
    assert_decides(&s, VERDICT_ACCEPT);
    s.repositories[0].incomplete = INCOMPLETE_KEYS;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.policy.access_keys.max_age_ms = CLOCK_DAY; /* 158 is too old */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void where_a_key_is_used_was_not_read(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct snapshot_key *key = scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    s.services[s.service_count].name = "3adc96b3b93443e4";
    s.services[s.service_count++].key = 158;
    s.policy.access_keys.shared = VERDICT_REJECT;
    assert_decides(&s, VERDICT_ACCEPT);
    s.repositories[0].incomplete = INCOMPLETE_KEYS;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    key->places = 2;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void grants_of_a_mapped_key_were_not_read(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_push_with_key(&s, "Access Key User - ci");
    s.services[s.service_count].name = "3adc96b3b93443e4";
    s.services[s.service_count++].key = 158;
    s.policy.permissions_check = VERDICT_REJECT;
    s.push.user_permission = TEXT_NONE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1); /* the snapshot does not let it in */
    s.repositories[0].incomplete = INCOMPLETE_KEYS;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_false(s.decision.snapshot_permission_known);
    assert_false(s.decision.credential.candidates_open); /* which key it is, is known */
    s.push.user_permission = TEXT("REPO_WRITE");
    assert_decides(&s, VERDICT_ACCEPT); /* and no drift */
    /* Users' grants are another matter. */
    s.repositories[0].incomplete = INCOMPLETE_GRANTS;
    assert_decides(&s, VERDICT_NOTE);
    assert_text_has(scene_reason(&s, REASON_PERMISSION)->text, "drift");
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restrictions_not_read),
        cmocka_unit_test(check_is_the_ceiling_for_unread_restrictions),
        cmocka_unit_test(a_known_restriction_blocks_whatever_was_not_read),
        cmocka_unit_test(an_exemption_settles_its_type_only),
        cmocka_unit_test(an_administrator_is_exempt_from_what_was_not_read),
        cmocka_unit_test(other_refs_have_no_restrictions),
        cmocka_unit_test(one_reason_for_all_changes),
        cmocka_unit_test(the_model_that_counts_was_not_read),
        cmocka_unit_test(grants_not_read),
        cmocka_unit_test(what_bitbucket_states_counts),
        cmocka_unit_test(known_grants_are_enough),
        cmocka_unit_test(unread_grants_make_no_administrator),
        cmocka_unit_test(a_key_by_its_label_may_be_another),
        cmocka_unit_test(a_candidate_that_is_not_exempt_blocks_surely),
        cmocka_unit_test(as_many_candidates_as_are_judged_apart),
        cmocka_unit_test(rules_about_a_key_that_may_be_another),
        cmocka_unit_test(tests_of_a_key_that_may_be_another),
        cmocka_unit_test(where_a_key_is_used_was_not_read),
        cmocka_unit_test(grants_of_a_mapped_key_were_not_read),
    };
    return cmocka_run_group_tests_name("decide with a partial snapshot", tests, NULL, NULL);
}
