/* decide(): who pushes and with what: the sentences of semantics.md 3, 5, 6 and 8 that other tests do
 * not name. */
#include "support/scene.h"

/* ------------------------------------------------------------------ 3 */

static void a_licence_that_cannot_be_told(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.permissions_check = VERDICT_REJECT;
    s.push.user_permission = TEXT_NONE;
    s.users[0].licensed = ANSWER_CANNOT_TELL;
    assert_decides(&s, VERDICT_REJECT); /* he has REPO_WRITE, or nothing at all */
    assert_exit(&s, 2);
    assert_false(s.decision.snapshot_permission_known);
    s.users[0].licensed = ANSWER_NO;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    s.users[0].licensed = ANSWER_CANNOT_TELL;
    s.grants[0].permission = PERMISSION_REPO_READ; /* not enough either way */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void drift_needs_both(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.user_permission = TEXT_NONE;
    assert_decides(&s, VERDICT_ACCEPT); /* the snapshot's alone */
    s.push.user_permission = TEXT("REPO_ADMIN");
    assert_decides(&s, VERDICT_NOTE);
    assert_int_equal(scene_reason(&s, REASON_PERMISSION)->verdict, VERDICT_NOTE);
    s.policy.permissions_check = VERDICT_REJECT; /* drift is a note in any setting */
    assert_decides(&s, VERDICT_NOTE);
    s.push.user_name = TEXT("access-token-user/2/84"); /* Bitbucket's alone */
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void off_says_nothing_of_permissions(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.permissions_check = VERDICT_ACCEPT;
    s.repositories[0].archived = true;
    s.grants[0].permission = PERMISSION_REPO_READ;
    assert_decides(&s, VERDICT_ACCEPT);
    s.push.user_permission = TEXT("REPO_READ");
    assert_decides(&s, VERDICT_ACCEPT);
    s.push.user_permission = TEXT_NONE;
    s.push.user_name = TEXT("access-token-user/1/7"); /* neither known */
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void archived_in_each_setting(void **state)
{
    (void)state;
    static const enum verdict settings[] = {VERDICT_ACCEPT, VERDICT_NOTE, VERDICT_ANNOTATE,
                                            VERDICT_REJECT};
    for (size_t i = 0; i < 4; i++) {
        struct scene s;
        scene_init(&s);
        s.policy.permissions_check = settings[i];
        s.repositories[0].archived = true;
        s.push.user_permission = TEXT("SYS_ADMIN"); /* nobody pushes there */
        s.users[0].global = PERMISSION_SYS_ADMIN;
        assert_decides(&s, settings[i]);
        assert_exit(&s, settings[i] == VERDICT_REJECT ? 1 : 0);
        scene_free(&s);
    }
}

static void a_token_may_what_bitbucket_says(void **state)
{
    (void)state;
    static const char *const names[] = {"access-token-user/2/84", "access-token-user/1/7"};
    for (size_t i = 0; i < 2; i++) {
        struct scene s;
        scene_init(&s);
        s.policy.permissions_check = VERDICT_REJECT;
        s.push.user_name = text_of(names[i]);
        s.push.user_permission = TEXT("REPO_READ");
        assert_decides(&s, VERDICT_REJECT);
        assert_exit(&s, 1);
        s.push.user_permission = TEXT("PROJECT_WRITE");
        assert_decides(&s, VERDICT_ACCEPT);
        assert_int_equal(s.decision.bitbucket_permission, PERMISSION_REPO_WRITE);
        scene_free(&s);
    }
}

static void of_several_keys_the_weakest(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.user_permission = TEXT_NONE;
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_add_key(&s, 159, "ci", PERMISSION_PROJECT_ADMIN);
    s.keys[1].of_project = true;
    scene_push_with_key(&s, "Access Key User - ci");
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.decision.credential.candidate_count, 2); /* its project's keys, too */
    assert_int_equal(s.decision.snapshot_permission, PERMISSION_REPO_WRITE);
    scene_free(&s);
}

/* ------------------------------------------------------------------ 5 */

static void foreign_tokens_in_each_setting(void **state)
{
    (void)state;
    static const struct {
        enum foreign_token setting;
        bool confirmed; /* the storage path ends in the repository's id */
        enum verdict verdict;
    } cases[] = {
        {FOREIGN_CONFIRMED, true, VERDICT_REJECT},  {FOREIGN_CONFIRMED, false, VERDICT_ANNOTATE},
        {FOREIGN_REJECT, true, VERDICT_REJECT},     {FOREIGN_REJECT, false, VERDICT_REJECT},
        {FOREIGN_ANNOTATE, true, VERDICT_ANNOTATE}, {FOREIGN_ANNOTATE, false, VERDICT_ANNOTATE},
    };
    static const char *const names[] = {"access-token-user/2/85", "access-token-user/2/7",
                                        "access-token-user/1/8", "access-token-user/1/84"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t n = 0; n < 4; n++) {
            struct scene s;
            scene_init(&s);
            s.policy.foreign_token = cases[i].setting;
            s.policy.unknown_user = VERDICT_REJECT; /* a token is never one */
            s.push.storage_id_known = cases[i].confirmed;
            s.push.user_name = text_of(names[n]);
            assert_decides(&s, cases[i].verdict);
            assert_exit(&s, cases[i].verdict == VERDICT_REJECT ? 1 : 0);
            assert_int_equal(s.decision.credential.class, CREDENTIAL_UNKNOWN);
            assert_string_equal(s.decision.pusher_type, "service");
            /* no snapshot of the repository: the id cannot be compared, the name says what it is */
            s.push.repository_slug = TEXT("younger");
            s.push.storage_id_known = false;
            assert_decides(&s, VERDICT_NOTE);
            assert_int_equal(s.decision.credential.class,
                             n < 2 ? CREDENTIAL_REPOSITORY_TOKEN : CREDENTIAL_PROJECT_TOKEN);
            scene_free(&s);
        }
}

static void mapped_whatever_its_name(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    s.push.user_name = TEXT("svc-Key-1"); /* the map decides before the form of the name */
    s.push.user_display_name = TEXT("Deploy");
    s.services[s.service_count].name = "svc-Key-1";
    s.services[s.service_count++].key = 158;
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.decision.credential.class, CREDENTIAL_ACCESS_KEY);
    assert_int_equal(s.decision.credential.candidates[0], 158);
    s.push.user_name = TEXT("SVC-key-1"); /* service names compare exactly */
    assert_decides(&s, VERDICT_NOTE);
    assert_int_equal(s.decision.credential.class, CREDENTIAL_UNKNOWN);
    s.services[0].name = "jdoe"; /* a listed user is that user, whatever the map says */
    s.push.user_name = TEXT("jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.decision.credential.class, CREDENTIAL_USER);
    scene_free(&s);
}

static void a_mapped_key_without_a_record(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_push_with_key(&s, "Access Key User - ci");
    s.services[s.service_count].name = "3adc96b3b93443e4";
    s.services[s.service_count++].key = 777; /* the snapshot does not say what its label is */
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT), empty = *rule;
    rule->access_keys = LIST(TEXT("ci"));
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "which access key");
    rule->access_keys = LIST(TEXT("ci"), TEXT("777")); /* its number is known */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    rule->access_keys = LIST(TEXT("158"));
    assert_decides(&s, VERDICT_NOTE); /* drift: it is not let in */
    *rule = empty;
    rule->except_access_keys = LIST(TEXT("ci"));
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    rule->except_access_keys = LIST(TEXT("158"));
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    rule->except_access_keys = LIST(TEXT("ci"), TEXT("777"));
    assert_decides(&s, VERDICT_NOTE);
    scene_free(&s);
}

/* ------------------------------------------------------------------ 5.1 */

static void nothing_is_known_of_the_key(struct scene *s)
{
    scene_init(s);
    struct snapshot_key *key = scene_add_key(s, 158, "ci", PERMISSION_REPO_WRITE);
    key->algorithm = TEXT("");
    key->bits = 0;
    key->created_known = false;
    key->ever_used = key->expires = ANSWER_CANNOT_TELL;
    scene_push_with_key(s, "Access Key User - ci");
}

static void what_is_missing_matters_if_it_is_asked_for(void **state)
{
    (void)state;
    struct scene s;
    nothing_is_known_of_the_key(&s);
    struct access_key_policy *p = &s.policy.access_keys, empty = *p;
    p->shared = VERDICT_REJECT; /* known: one place */
    assert_decides(&s, VERDICT_ACCEPT);
    *p = empty;
    p->max_age_ms = CLOCK_DAY;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    *p = empty;
    p->max_idle_ms = CLOCK_DAY;
    assert_decides(&s, VERDICT_ANNOTATE); /* annotates and never rejects */
    *p = empty;
    p->warn_before_expiry_ms = CLOCK_DAY;
    assert_decides(&s, VERDICT_ANNOTATE);
    *p = empty;
    p->min_rsa_bits = 2048;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    *p = empty;
    p->algorithms = LIST(TEXT("RSA"));
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    *p = empty;
    p->refs = LIST(TEXT("main"));
    p->kinds = KIND_UPDATE;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void idle_since(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct snapshot_key *key = scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    s.policy.access_keys.max_idle_ms = 5 * CLOCK_DAY;
    assert_decides(&s, VERDICT_ACCEPT); /* made 10 days ago, used yesterday */
    key->created_known = false;         /* of no matter for one that was used */
    assert_decides(&s, VERDICT_ACCEPT);
    key->created_known = true;
    key->ever_used = ANSWER_NO;
    assert_decides(&s, VERDICT_ANNOTATE); /* since its creation */
    assert_exit(&s, 0);
    assert_non_null(scene_reason(&s, REASON_ACCESS_KEY));
    s.policy.access_keys.max_idle_ms = 10 * CLOCK_DAY;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

/* ------------------------------------------------------------------ 5.3 */

static void the_author_is_the_pusher(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "own", VERDICT_REJECT);
    rule->author = IDENTITY_PUSHER;
    s.commits[s.commit_count++] = (struct history_commit){TEXT(NEW_ID), TEXT("JDOE@example.com"),
                                                          TEXT("other@example.com"), false};
    assert_decides(&s, VERDICT_ACCEPT);
    s.commits[0].author_email = TEXT("other@example.com");
    assert_decides(&s, VERDICT_REJECT);
    rule->author = IDENTITY_KNOWN_USER;
    assert_decides(&s, VERDICT_ACCEPT);
    s.commits[0].author_email = TEXT("who@example.net");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    rule->author = IDENTITY_ANY; /* no condition at all */
    rule->users = LIST(TEXT("other"));
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

/* ------------------------------------------------------------------ 2 */

static void global_monitor_wins(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.mode = MODE_MONITOR;
    scene_rule(&s, "enforced", VERDICT_REJECT)->mode = MODE_ENFORCE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 0);
    s.rules[0].mode = MODE_MONITOR;
    assert_decides(&s, VERDICT_ACCEPT);
    assert_true(scene_reason(&s, REASON_RULE)->monitored);
    s.view.problem = "it is not there"; /* failures too */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 0);
    scene_free(&s);
}

/* ------------------------------------------------------------------ 8, last row */

static void only_rule(struct scene *s)
{
    scene_rule(s, "r", VERDICT_REJECT);
}
static void missing_approval(struct scene *s)
{
    scene_rule(s, "r", VERDICT_REQUIRE_APPROVAL);
}
static void restricted(struct scene *s)
{
    scene_restrict(s, 9, "read-only", "BRANCH", "main");
}
static void key_policy(struct scene *s)
{
    scene_add_key(s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(s, "Access Key User - ci");
    s->policy.access_keys.push = VERDICT_REJECT;
}
static void account_scope(struct scene *s)
{
    static const struct text other[] = {{"other", 5}};
    scene_account(s, "jdoe")->refs = (struct text_list){other, 1};
}
static void no_permission(struct scene *s)
{
    s->push.user_permission = TEXT("REPO_READ");
    s->policy.permissions_check = VERDICT_REJECT;
}
static void other_namespace(struct scene *s)
{
    scene_set_change(s, 0, "refs/notes/x", CHANGE_CREATE);
    s->policy.other_refs = VERDICT_REJECT;
}
static void foreign_token(struct scene *s)
{
    s->push.user_name = TEXT("access-token-user/2/85");
}

static void (*const definite[])(struct scene *s) = {
    only_rule,     missing_approval, restricted,      key_policy,
    account_scope, no_permission,    other_namespace, foreign_token};

static void stale(struct scene *s)
{
    s->meta.started_ms = SCENE_NOW - 2 * CLOCK_DAY;
    s->policy.when_stale = VERDICT_REJECT;
}
static void from_the_future(struct scene *s)
{
    s->meta.started_ms = s->meta.generated_ms = SCENE_NOW + CLOCK_HOUR;
    s->policy.when_stale = VERDICT_REJECT;
}
static void undecided_rule(struct scene *s)
{
    struct rule *rule = scene_rule(s, "freeze", VERDICT_REJECT);
    rule->freeze_set = true;
    s->push.local.known = false;
}
static void undecided_restriction(struct scene *s)
{
    s->policy.undecided_restriction = VERDICT_REJECT;
    scene_restrict(s, 77, "no-rebases", "BRANCH", "main");
}
static void damaged_snapshot(struct scene *s)
{
    s->damaged = "global_groups";
}
static void newcomer(struct scene *s)
{
    s->push.user_name = TEXT("newcomer");
    s->policy.unknown_user = VERDICT_REJECT;
}
static void young_repository(struct scene *s)
{
    s->push.storage_id = 4711;
    s->policy.unknown_repo = VERDICT_REJECT;
}
static void no_snapshot(struct scene *s)
{
    s->view.problem = "it is not there";
}
static void history_limit(struct scene *s)
{
    scene_rule(s, "rewrites", VERDICT_REJECT)->kinds = KIND_REWRITE;
    s->trouble = HISTORY_LIMIT;
}

/* The first four hinder no other question. */
static void (*const trouble[])(struct scene *s) = {
    stale,    from_the_future,  undecided_rule, undecided_restriction, damaged_snapshot,
    newcomer, young_repository, no_snapshot,    history_limit};

static void code_one_and_code_two(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof trouble / sizeof trouble[0]; t++) {
        struct scene s;
        scene_init(&s);
        trouble[t](&s);
        assert_decides(&s, VERDICT_REJECT);
        assert_exit(&s, 2);
        s.policy.mode = MODE_MONITOR;
        assert_decides(&s, VERDICT_REJECT);
        assert_exit(&s, 0);
        scene_free(&s);
    }
    for (size_t d = 0; d < sizeof definite / sizeof definite[0]; d++)
        for (size_t t = 0; t <= 4; t++) {
            struct scene s;
            scene_init(&s);
            definite[d](&s);
            if (t < 4)
                trouble[t](&s);
            scene_decide(&s);
            assert_false(verdict_accepts(s.decision.verdict));
            if (s.decision.exit_code != 1)
                fail_msg("definite no %zu with trouble %zu: code %d", d, t, s.decision.exit_code);
            scene_free(&s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 2: global monitor wins over a rule's mode, and accepts failures",
         global_monitor_wins, NULL, NULL, NULL},
        {"semantics 3: whether he is licensed cannot be told", a_licence_that_cannot_be_told, NULL,
         NULL, NULL},
        {"semantics 3: drift needs both words, and is a note in any setting", drift_needs_both,
         NULL, NULL, NULL},
        {"semantics 3: off says nothing, neither of drift nor of archives",
         off_says_nothing_of_permissions, NULL, NULL, NULL},
        {"semantics 3: an archived repository, in each setting of check", archived_in_each_setting,
         NULL, NULL, NULL},
        {"semantics 3: a token's permission is what Bitbucket says",
         a_token_may_what_bitbucket_says, NULL, NULL, NULL},
        {"semantics 3, 5: of several keys the weakest counts", of_several_keys_the_weakest, NULL,
         NULL, NULL},
        {"semantics 5: [credential] foreign-token, each setting", foreign_tokens_in_each_setting,
         NULL, NULL, NULL},
        {"semantics 5: the service-user map, exactly, behind the list of users",
         mapped_whatever_its_name, NULL, NULL, NULL},
        {"semantics 5, 6: a mapped key whose label is not known", a_mapped_key_without_a_record,
         NULL, NULL, NULL},
        {"semantics 5.1: what is missing matters only if the setting is set",
         what_is_missing_matters_if_it_is_asked_for, NULL, NULL, NULL},
        {"semantics 5.1: a key never used is idle since its creation", idle_since, NULL, NULL,
         NULL},
        {"semantics 5.3: author = pusher, known-user, any", the_author_is_the_pusher, NULL, NULL,
         NULL},
        {"semantics 8: code 1 for each definite no, code 2 for trouble alone",
         code_one_and_code_two, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("semantics 2 to 8, pushers", tests, NULL, NULL);
}
