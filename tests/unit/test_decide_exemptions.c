/* decide(): who is exempt from branch restrictions (semantics.md 4.2). */
#include "support/scene.h"

static void any_matching_exemption_lifts(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "BRANCH", "main")->of_project = true;
    assert_decides(&s, VERDICT_REJECT);
    scene_exempt_user(&s, scene_restrict(&s, 10, "read-only", "PATTERN", "**"), 101, "jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    /* … only if its own matcher matches … */
    s.restrictions[1].matcher_id = TEXT("elsewhere");
    assert_decides(&s, VERDICT_REJECT);
    /* … and only from its own type */
    s.restrictions[1].matcher_id = TEXT("**");
    s.restrictions[1].type = RESTRICTION_NO_DELETES;
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

static void who_is_exempt(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct restriction *r = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_exempt_user(&s, r, 0, "JDOE"); /* by name, without case */
    assert_decides(&s, VERDICT_ACCEPT);
    s.exemptions[0].users[0] = (struct exempt_user){101, TEXT("renamed")}; /* by id */
    assert_decides(&s, VERDICT_ACCEPT);
    s.exemptions[0].users[0] = (struct exempt_user){555, TEXT("jdoe")}; /* ids win over names */
    assert_decides(&s, VERDICT_REJECT);
    s.exemptions[0].list.user_count = 0;
    scene_exempt_group(&s, r, "devs");
    assert_decides(&s, VERDICT_ACCEPT);
    s.exemptions[0].list.group_count = 0;
    scene_exempt_group(&s, r, "admins");
    assert_decides(&s, VERDICT_REJECT);
    scene_exempt_group(&s, r, "no-such-group"); /* has no members */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void incomplete_group(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct restriction *r = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_exempt_group(&s, r, "vague");
    s.users[0].groups_complete = ANSWER_CANNOT_TELL;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "groups");
    s.policy.undecided_restriction = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.policy.undecided_restriction = VERDICT_NOTE;
    assert_decides(&s, VERDICT_NOTE);
    /* a sure exemption next to it lifts all the same */
    scene_exempt_user(&s, scene_restrict(&s, 10, "read-only", "BRANCH", "main"), 101, "jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    /* the groups of this user are all known: the incomplete one is not among them */
    s.restriction_count = 1;
    s.users[0].groups_complete = ANSWER_YES;
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

static void administrators_are_not_exempt(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    s.push.user_permission = TEXT("SYS_ADMIN");
    assert_decides(&s, VERDICT_REJECT);
    s.policy.admins_exempt = true;
    assert_decides(&s, VERDICT_NOTE); /* drift is noted */
    s.push.user_permission = TEXT("REPO_WRITE");
    assert_decides(&s, VERDICT_REJECT);
    s.push.user_permission = TEXT_NONE; /* by the snapshot's word, then */
    s.users[0].global = PERMISSION_ADMIN;
    assert_decides(&s, VERDICT_ACCEPT);
    s.users[0].global = PERMISSION_NONE;
    assert_decides(&s, VERDICT_REJECT);
    s.damaged = "user_grant";
    s.policy.no_snapshot = VERDICT_ANNOTATE;
    s.policy.undecided_restriction = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "administers");
    scene_free(&s);
}

static void stranger_and_groups(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.user_name = TEXT("newcomer");
    struct restriction *r = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT); /* exempts nobody */
    assert_exit(&s, 1);
    scene_exempt_group(&s, r, "devs"); /* could exempt him */
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_exempt_user(&s, r, 0, "NewComer"); /* exempt by name works */
    assert_decides(&s, VERDICT_NOTE);
    /* one restriction that could exempt him is enough to leave the type undecided */
    s.exemptions[0].list.user_count = 0;
    scene_restrict(&s, 10, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_ANNOTATE);
    s.restrictions[0].matcher_id = TEXT("elsewhere");
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

static void keys_and_tokens_are_in_no_group(void **state)
{
    (void)state;
    static const char *const names[] = {"access-token-user/2/84", "access-token-user/1/7",
                                        "access-token-user/2/85"};
    struct scene s;
    scene_init(&s);
    struct restriction *r = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_exempt_group(&s, r, "devs");
    for (size_t i = 0; i < 3; i++) {
        s.push.user_name = text_of(names[i]);
        assert_decides(&s, VERDICT_REJECT);
        assert_int_equal(s.decision.changes[0].verdict, VERDICT_REJECT);
    }
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

static void access_keys_by_id(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    struct restriction *r = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_exempt_key(&s, r, 999);
    assert_decides(&s, VERDICT_REJECT);
    scene_exempt_key(&s, r, 158);
    assert_decides(&s, VERDICT_ACCEPT);
    /* known by its label alone, and it has an e-mail: an account that poses as a key? */
    s.push.user_email = TEXT("evil@example.com");
    assert_decides(&s, VERDICT_ANNOTATE);
    /* … unless the service-user map names it */
    s.services[s.service_count].name = "3adc96b3b93443e4";
    s.services[s.service_count++].key = 158;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void unknown_key_could_be_exempt(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_push_with_key(&s, "Access Key User - gone");
    struct restriction *r = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    scene_exempt_key(&s, r, 158);
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "which access key");
    scene_free(&s);
}

static void several_candidates_each_is_judged(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_add_key(&s, 159, "ci", PERMISSION_REPO_WRITE);
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    struct restriction *a = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    struct restriction *b = scene_restrict(&s, 10, "read-only", "BRANCH", "main");
    scene_exempt_key(&s, a, 158);
    assert_decides(&s, VERDICT_REJECT); /* 159 is not exempt: the strictest verdict counts */
    scene_exempt_key(&s, b, 159);
    assert_decides(&s, VERDICT_ACCEPT); /* each is, by one or the other */
    assert_int_equal(s.decision.credential.candidate_count, 2);
    assert_int_equal(s.decision.credential.candidates[0], 158);
    assert_int_equal(s.decision.credential.candidates[1], 159);
    scene_free(&s);
}

static void more_candidates_than_are_judged_apart(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    for (uint64_t id = 100; id < 120; id++)
        scene_add_key(&s, id, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    struct restriction *a = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_exempt_key(&s, a, 100);
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(s.decision.credential.candidate_count, 20);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 4.2: any matching exemption lifts the type", any_matching_exemption_lifts, NULL,
         NULL, NULL},
        {"semantics 4.2: exempt by id, by name, by group", who_is_exempt, NULL, NULL, NULL},
        {"semantics 4.2: a group that is not complete", incomplete_group, NULL, NULL, NULL},
        {"semantics 4.2: administrators, and admins-exempt", administrators_are_not_exempt, NULL,
         NULL, NULL},
        {"semantics 4.2: a pusher whom the snapshot does not know", stranger_and_groups, NULL, NULL,
         NULL},
        {"semantics 4.2: keys, tokens and foreign tokens are in no group",
         keys_and_tokens_are_in_no_group, NULL, NULL, NULL},
        {"semantics 4.2 and 5: access keys exempt by id", access_keys_by_id, NULL, NULL, NULL},
        {"semantics 5: a key that is not known could be exempt", unknown_key_could_be_exempt, NULL,
         NULL, NULL},
        {"semantics 5: each candidate is judged, the strictest counts",
         several_candidates_each_is_judged, NULL, NULL, NULL},
        {"semantics 5: very many candidates", more_candidates_than_are_judged_apart, NULL, NULL,
         NULL},
    };
    return cmocka_run_group_tests_name("decide exemptions", tests, NULL, NULL);
}
