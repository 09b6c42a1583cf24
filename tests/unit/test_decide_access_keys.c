/* decide(): the policy for access keys (semantics.md 5.1). */
#include "support/scene.h"

static struct snapshot_key *scene_with_key(struct scene *s)
{
    scene_init(s);
    struct snapshot_key *key = scene_add_key(s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(s, "Access Key User - ci");
    return key;
}

static void default_allows(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s)->created_ms = 1;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void push_setting(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s);
    s.policy.access_keys.push = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.access_keys.push = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    const struct reason *reason = scene_reason(&s, REASON_ACCESS_KEY);
    assert_text_has(reason->text, "access key \"ci\" (repository key 158)");
    assert_true(text_equal(reason->rule, TEXT("access-keys")));
    assert_int_equal(reason->source.line, 20);
    assert_true(text_equal(reason->proof.items[0], TEXT("refgate.conf:20")));
    assert_true(text_equal(reason->proof.items[1], TEXT("key/158")));
    /* a user is none of its business */
    s.push.user_name = TEXT("jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void refs_are_anchored(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s);
    s.policy.access_keys.refs = LIST(TEXT("main"), TEXT("refs/tags/v*"), TEXT("ci/"));
    assert_decides(&s, VERDICT_ACCEPT);
    static const char *const allowed[] = {"refs/tags/v1", "refs/heads/ci/a/b"};
    static const char *const refused[] = {"refs/heads/x/main", "refs/tags/main",  "refs/tags/v1/x",
                                          "refs/heads/mainly", "refs/notes/main", "refs/tags/ci/a"};
    for (size_t i = 0; i < 2; i++) {
        scene_set_change(&s, 0, allowed[i], CHANGE_CREATE);
        assert_decides(&s, VERDICT_ACCEPT);
    }
    for (size_t i = 0; i < 6; i++) {
        scene_set_change(&s, 0, refused[i], CHANGE_CREATE);
        assert_decides(&s, VERDICT_REJECT);
        assert_exit(&s, 1);
    }
    scene_free(&s);
}

static void changes_setting(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s);
    s.policy.access_keys.kinds = KIND_CREATE | KIND_UPDATE;
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.descends_asked, 1);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_REWRITE);
    assert_decides(&s, VERDICT_REJECT);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_DELETE);
    assert_decides(&s, VERDICT_REJECT);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_UPDATE);
    s.policy.access_keys.kinds = KIND_CREATE;
    s.descends_asked = 0;
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(s.descends_asked, 0); /* neither is allowed: no need to ask */
    s.policy.access_keys.kinds = KIND_UPDATE;
    s.trouble = HISTORY_UNAVAILABLE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.policy.undecided = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_free(&s);
}

static void max_age(void **state)
{
    (void)state;
    struct scene s;
    struct snapshot_key *key = scene_with_key(&s);
    s.policy.access_keys.max_age_ms = 10 * CLOCK_DAY;
    assert_decides(&s, VERDICT_ACCEPT); /* exactly as old as allowed */
    key->created_ms--;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    key->created_known = false;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "how old");
    s.policy.access_keys.max_age_ms = 0; /* a missing date matters only if the setting is set */
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void max_idle_never_rejects(void **state)
{
    (void)state;
    struct scene s;
    struct snapshot_key *key = scene_with_key(&s);
    s.policy.access_keys.max_idle_ms = CLOCK_DAY;
    assert_decides(&s, VERDICT_ACCEPT);
    key->last_used_ms--;
    assert_decides(&s, VERDICT_ANNOTATE);
    key->ever_used = ANSWER_NO; /* idle since its creation */
    assert_decides(&s, VERDICT_ANNOTATE);
    key->created_ms = SCENE_NOW - CLOCK_HOUR;
    assert_decides(&s, VERDICT_ACCEPT);
    key->created_known = false;
    assert_decides(&s, VERDICT_ANNOTATE); /* undecided, and never stronger than what it is about */
    key->ever_used = ANSWER_CANNOT_TELL;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_int_equal(s.decision.push_reasons->reason->type, REASON_UNDECIDED);
    scene_free(&s);
}

static void warn_before_expiry(void **state)
{
    (void)state;
    struct scene s;
    struct snapshot_key *key = scene_with_key(&s);
    s.policy.access_keys.warn_before_expiry_ms = 7 * CLOCK_DAY;
    assert_decides(&s, VERDICT_ACCEPT); /* known never to expire */
    key->expires = ANSWER_YES;
    key->expires_ms = SCENE_NOW + 8 * CLOCK_DAY;
    assert_decides(&s, VERDICT_ACCEPT);
    key->expires_ms = SCENE_NOW + 3 * CLOCK_DAY;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_text_has(scene_reason(&s, REASON_ACCESS_KEY)->text, "expires (in 3d");
    key->expires_ms = SCENE_NOW - CLOCK_DAY;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_text_has(scene_reason(&s, REASON_ACCESS_KEY)->text, "ago");
    key->expires = ANSWER_CANNOT_TELL;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_non_null(scene_reason(&s, REASON_UNDECIDED));
    scene_free(&s);
}

static void min_rsa_bits(void **state)
{
    (void)state;
    struct scene s;
    struct snapshot_key *key = scene_with_key(&s);
    s.policy.access_keys.min_rsa_bits = 3072;
    assert_decides(&s, VERDICT_ACCEPT);
    key->bits = 2048;
    assert_decides(&s, VERDICT_REJECT);
    assert_text_has(scene_reason(&s, REASON_ACCESS_KEY)->text, "2048 bits, 3072 needed");
    key->bits = 0;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    key->algorithm = TEXT("ED25519"); /* only RSA keys have a length that matters */
    assert_decides(&s, VERDICT_ACCEPT);
    key->algorithm = TEXT("");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void algorithms(void **state)
{
    (void)state;
    struct scene s;
    struct snapshot_key *key = scene_with_key(&s);
    s.policy.access_keys.algorithms = LIST(TEXT("ed25519"), TEXT("ECDSA"));
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    key->algorithm = TEXT("ED25519");
    assert_decides(&s, VERDICT_ACCEPT);
    key->algorithm = TEXT("");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void shared(void **state)
{
    (void)state;
    struct scene s;
    struct snapshot_key *key = scene_with_key(&s);
    s.policy.access_keys.shared = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ACCEPT);
    key->places = 2;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.access_keys.shared = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void unknown_key(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s);
    s.push.user_display_name = TEXT("Access Key User - gone");
    assert_decides(&s, VERDICT_ACCEPT); /* nothing depends on which key it is */
    s.policy.access_keys.max_idle_ms = CLOCK_DAY;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.access_keys.max_age_ms = CLOCK_DAY;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "which access key");
    s.policy.undecided = VERDICT_NOTE;
    assert_decides(&s, VERDICT_NOTE);
    s.policy.access_keys.push = VERDICT_REJECT; /* sure, whichever it is */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_null(scene_reason(&s, REASON_UNDECIDED));
    scene_free(&s);
}

static void a_key_without_a_record(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s);
    s.services[s.service_count].name = "3adc96b3b93443e4";
    s.services[s.service_count++].key = 777;
    s.policy.access_keys.max_age_ms = CLOCK_DAY;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void a_mapped_key_that_may_be_a_user(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s)->created_ms = 1;
    s.services[s.service_count].name = "3adc96b3b93443e4";
    s.services[s.service_count++].key = 158;
    s.policy.access_keys.max_age_ms = CLOCK_DAY;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    s.damaged = "user"; /* the name may be an ordinary user's, whose policy this is not */
    s.policy.no_snapshot = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void what_only_looks_like_a_key(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s);
    s.push.user_display_name = TEXT("Jane");
    s.policy.access_keys.push = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.policy.access_keys.push = VERDICT_ACCEPT;
    s.policy.access_keys.refs = LIST(TEXT("ci"));
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.policy.access_keys.refs = LIST(TEXT("main"));
    assert_decides(&s, VERDICT_NOTE); /* unknown user, no more */
    s.push.user_name = TEXT("newcomer");
    s.policy.access_keys.push = VERDICT_REJECT;
    assert_decides(&s, VERDICT_NOTE);
    scene_free(&s);
}

static void each_candidate(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s)->created_ms = 1;
    scene_add_key(&s, 12, "ci", PERMISSION_REPO_WRITE);
    s.policy.access_keys.max_age_ms = 90 * CLOCK_DAY;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_text_has(scene_reason(&s, REASON_ACCESS_KEY)->text, "(key 158)");
    s.key_records[1].created_known = false;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1); /* one of them is surely too old: it does not matter about the other */
    assert_int_equal(scene_count_reasons(s.decision.push_reasons), 1);
    scene_free(&s);
}

static void exempt_from_a_restriction_not_from_this(void **state)
{
    (void)state;
    struct scene s;
    scene_with_key(&s);
    scene_exempt_key(&s, scene_restrict(&s, 9, "read-only", "BRANCH", "main"), 158);
    assert_decides(&s, VERDICT_ACCEPT);
    s.policy.access_keys.refs = LIST(TEXT("ci/*"));
    assert_decides(&s, VERDICT_REJECT);
    assert_null(scene_reason(&s, REASON_RESTRICTION));
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 5.1: the default allows", default_allows, NULL, NULL, NULL},
        {"semantics 5.1: push", push_setting, NULL, NULL, NULL},
        {"semantics 5.1, 4.4: refs are anchored", refs_are_anchored, NULL, NULL, NULL},
        {"semantics 5.1: changes", changes_setting, NULL, NULL, NULL},
        {"semantics 5.1: max-age", max_age, NULL, NULL, NULL},
        {"semantics 5.1: max-idle annotates and never rejects", max_idle_never_rejects, NULL, NULL,
         NULL},
        {"semantics 5.1: warn-before-expiry", warn_before_expiry, NULL, NULL, NULL},
        {"semantics 5.1: min-rsa-bits", min_rsa_bits, NULL, NULL, NULL},
        {"semantics 5.1: algorithms", algorithms, NULL, NULL, NULL},
        {"semantics 5.1: shared", shared, NULL, NULL, NULL},
        {"semantics 5.1: an unknown key follows [failure] undecided", unknown_key, NULL, NULL,
         NULL},
        {"semantics 5.1: a key that the snapshot does not describe", a_key_without_a_record, NULL,
         NULL, NULL},
        {"semantics 5: a mapped key whose user record is damaged", a_mapped_key_that_may_be_a_user,
         NULL, NULL, NULL},
        {"semantics 5: what only looks like a key", what_only_looks_like_a_key, NULL, NULL, NULL},
        {"semantics 5: each candidate is judged", each_candidate, NULL, NULL, NULL},
        {"semantics 5.1: an exemption from a restriction is none from this",
         exempt_from_a_restriction_not_from_this, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide access keys", tests, NULL, NULL);
}
