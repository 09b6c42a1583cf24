/* decide(): with what kind of credential (semantics.md 5). */
#include "support/scene.h"
#include "tsv.h"

static const char *kept(struct scene *s, struct text t)
{
    struct text copy = arena_text(&s->arena, t);
    assert_non_null(copy.at);
    return copy.at;
}

static void scene_with_keys(struct scene *s)
{
    scene_init(s);
    scene_add_key(s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_add_key(s, 160, "twice", PERMISSION_REPO_WRITE);
    scene_add_key(s, 159, "twice", PERMISSION_PROJECT_WRITE);
    scene_add_key(s, 161, "reader", PERMISSION_REPO_READ);
    scene_add_user(s, "deadbeefdeadbeef", 200);
    scene_add_user(s, "access-token-user/2/84", 201)->active = true;
    scene_add_repository(s, "OTHER", "lib", 85, 8);
    s->services[s->service_count].name = "00112233aabbccdd";
    s->services[s->service_count++].key = 158;
}

static void each_row_of_the_table(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/decide/credentials.tsv");
    while (
        tsv_next(&tsv)) { /* name, display name, trigger, variable, class, confidence, keys, type */
        struct scene s;
        char keys[64] = "-";
        scene_with_keys(&s);
        s.user_count--; /* the user who looks like a token is for a test of its own */
        assert_int_equal(tsv.fields, 8);
        s.push.user_name = text_of(kept(&s, tsv.field[0]));
        s.push.user_display_name = text_of(kept(&s, tsv.field[1]));
        s.push.user_email = TEXT_NONE;
        const char *trigger = kept(&s, tsv.field[2]);
        scene_set_trigger(&s, trigger, strstr(trigger, "merge") != NULL);
        if (!text_equal(tsv.field[3], TEXT("-"))) {
            s.policy.resolvers |= RESOLVER_ENVIRONMENT;
            s.push.credential_value = text_of(kept(&s, tsv.field[3]));
        }
        scene_decide(&s);
        const struct credential *c = &s.decision.credential;
        for (size_t i = 0, at = 0; i < c->candidate_count; i++)
            at += (size_t)snprintf(keys + at, sizeof keys - at, "%s%u", i ? "," : "",
                                   (unsigned)c->candidates[i]);
        if (!text_equal(text_of(credential_class_name(c->class)), tsv.field[4]) ||
            !text_equal(text_of(confidence_name(c->confidence)), tsv.field[5]) ||
            !text_equal(text_of(keys), tsv.field[6]) ||
            !text_equal(text_of(s.decision.pusher_type), tsv.field[7]))
            fail_msg("%s:%d: class %s, confidence %s, keys %s, pusher %s", tsv.path, tsv.line,
                     credential_class_name(c->class), confidence_name(c->confidence), keys,
                     s.decision.pusher_type);
        assert_true(c->evidence.size > 0);
        scene_free(&s);
    }
}

static void ordinary_users_come_first(void **state)
{
    (void)state;
    struct scene s;
    scene_with_keys(&s);
    s.push.user_name = TEXT("access-token-user/2/84");
    scene_decide(&s);
    assert_int_equal(s.decision.credential.class, CREDENTIAL_USER);
    s.push.user_name = TEXT("deadbeefdeadbeef");
    s.push.user_display_name = TEXT("Access Key User - ci");
    scene_decide(&s);
    assert_int_equal(s.decision.credential.class, CREDENTIAL_USER);
    assert_int_equal(s.decision.credential.candidate_count, 0);
    scene_free(&s);
}

/* A rule with one condition, to see what the condition answers. */
static enum answer answer_of(struct scene *s)
{
    s->policy.undecided = VERDICT_ANNOTATE;
    scene_decide(s);
    switch (s->decision.changes[0].verdict) {
    case VERDICT_REJECT:
        return ANSWER_YES;
    case VERDICT_ANNOTATE:
        return ANSWER_CANNOT_TELL;
    default:
        return ANSWER_NO;
    }
}

static void classes_in_conditions(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/decide/classes.tsv");
    while (tsv_next(&tsv)) { /* pusher's name, trigger, variable, list, credentials, except- */
        struct scene s;
        scene_with_keys(&s);
        s.user_count--;
        assert_int_equal(tsv.fields, 6);
        s.push.user_name = text_of(kept(&s, tsv.field[0]));
        s.push.user_display_name = TEXT("Access Key User - ci");
        s.push.user_email = TEXT_NONE;
        scene_set_trigger(&s, kept(&s, tsv.field[1]), false);
        if (!text_equal(tsv.field[2], TEXT("-"))) {
            s.policy.resolvers |= RESOLVER_ENVIRONMENT;
            s.push.credential_value = text_of(kept(&s, tsv.field[2]));
        }
        unsigned set = 0, bits;
        struct text rest = tsv.field[3], item;
        while (text_next_item(&rest, &item)) {
            assert_true(credential_class_set(item, &bits));
            set |= bits;
        }
        struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
        rule->credentials = set;
        const char *listed = answer_name(answer_of(&s));
        rule->credentials = 0;
        rule->except_credentials = set;
        const char *excepted = answer_name(answer_not(answer_of(&s)));
        if (!text_equal(text_of(listed), tsv.field[4]) ||
            !text_equal(text_of(excepted), tsv.field[5]))
            fail_msg("%s:%d: listed %s, excepted %s", tsv.path, tsv.line, listed, excepted);
        scene_free(&s);
    }
}

static void confidence(void **state)
{
    (void)state;
    struct scene s;
    scene_with_keys(&s);
    scene_push_with_key(&s, "Access Key User - ci");
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->credentials = 1u << CREDENTIAL_ACCESS_KEY;
    rule->confidence = CONFIDENCE_OBSERVED;
    assert_int_equal(answer_of(&s), ANSWER_YES);
    rule->confidence = CONFIDENCE_DERIVED;
    assert_int_equal(answer_of(&s), ANSWER_YES);
    rule->confidence = CONFIDENCE_CERTAIN;
    assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "surely enough");
    s.push.user_name = TEXT("00112233aabbccdd"); /* mapped */
    assert_int_equal(answer_of(&s), ANSWER_YES);
    scene_free(&s);
}

static void who_calls_himself_a_key(void **state)
{
    (void)state;
    struct scene s;
    scene_with_keys(&s);
    scene_push_with_key(&s, "Access Key User - ci");
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->except_credentials = 1u << CREDENTIAL_ACCESS_KEY;
    assert_int_equal(answer_of(&s), ANSWER_NO);
    s.push.user_email = TEXT("evil@example.com"); /* no service user has one */
    assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
    rule->except_credentials = 0;
    rule->except_access_keys = LIST(TEXT("158"));
    assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
    rule->except_access_keys = (struct text_list){NULL, 0};
    rule->groups = LIST(TEXT("devs")); /* a key is in no group, a new account may be */
    assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
    rule->groups = LIST(TEXT("no-such-group"));
    assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
    s.policy.unknown_user = VERDICT_REJECT; /* nor does it get round this setting */
    s.policy.rule_count = 0;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.policy.unknown_user = VERDICT_NOTE;
    s.policy.rule_count = 1;
    rule->groups = (struct text_list){NULL, 0};
    rule->except_access_keys = LIST(TEXT("158"));
    s.push.user_email = TEXT_NONE;
    assert_int_equal(answer_of(&s), ANSWER_NO);
    scene_free(&s);
}

static void access_keys_in_conditions(void **state)
{
    (void)state;
    struct scene s;
    scene_with_keys(&s);
    scene_push_with_key(&s, "Access Key User - ci");
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->access_keys = LIST(TEXT("158"));
    assert_int_equal(answer_of(&s), ANSWER_YES);
    rule->access_keys = LIST(TEXT("7"), TEXT("ci"));
    assert_int_equal(answer_of(&s), ANSWER_YES);
    rule->access_keys = LIST(TEXT("7"), TEXT("CI")); /* labels are compared exactly */
    assert_int_equal(answer_of(&s), ANSWER_NO);
    s.push.user_display_name = TEXT("Access Key User - gone"); /* class known, key not */
    assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
    /* of two that it may be, one is listed: the strictest verdict counts */
    s.push.user_display_name = TEXT("Access Key User - twice");
    rule->access_keys = LIST(TEXT("159"));
    assert_int_equal(answer_of(&s), ANSWER_YES);
    rule->access_keys = (struct text_list){NULL, 0};
    rule->except_access_keys = LIST(TEXT("159"));
    assert_int_equal(answer_of(&s), ANSWER_YES);
    rule->except_access_keys = LIST(TEXT("159"), TEXT("160"));
    assert_int_equal(answer_of(&s), ANSWER_NO);
    /* an ordinary user has no key */
    s.push.user_name = TEXT("jdoe");
    rule->access_keys = LIST(TEXT("159"));
    rule->except_access_keys = (struct text_list){NULL, 0};
    assert_int_equal(answer_of(&s), ANSWER_NO);
    /* what only looks like a key may be one */
    s.push.user_name = TEXT("3adc96b3b93443e4");
    s.push.user_display_name = TEXT("Jane");
    assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
    scene_free(&s);
}

static void a_label_of_digits_is_no_id(void **state)
{
    (void)state;
    struct scene s;
    scene_with_keys(&s);
    scene_add_key(&s, 500, "158", PERMISSION_REPO_WRITE); /* whoever adds a key names it */
    scene_push_with_key(&s, "Access Key User - 158");
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->except_access_keys = LIST(TEXT("158"));
    assert_int_equal(answer_of(&s), ANSWER_YES);
    rule->except_access_keys = LIST(TEXT("500"));
    assert_int_equal(answer_of(&s), ANSWER_NO);
    scene_free(&s);
}

static void foreign_tokens(void **state)
{
    (void)state;
    struct scene s;
    scene_with_keys(&s);
    s.user_count--;
    s.push.user_name = TEXT("access-token-user/2/85");
    assert_decides(&s, VERDICT_REJECT); /* the storage path confirms the repository's id */
    assert_exit(&s, 1);
    assert_true(s.decision.credential.foreign_token);
    assert_int_equal(s.decision.credential.token_scope_id, 85);
    s.push.storage_id_known = false; /* it may have moved */
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.foreign_token = FOREIGN_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    s.policy.foreign_token = FOREIGN_ANNOTATE;
    s.push.storage_id_known = true;
    assert_decides(&s, VERDICT_ANNOTATE);
    /* of a project, likewise */
    s.policy.foreign_token = FOREIGN_CONFIRMED;
    s.push.user_name = TEXT("access-token-user/1/8");
    assert_decides(&s, VERDICT_REJECT);
    /* … but the repository may have gone to that project since */
    s.push.project_key = TEXT("NEW");
    assert_decides(&s, VERDICT_ANNOTATE);
    /* where the repository is not known the id cannot be compared */
    s.push.storage_id_known = false;
    s.push.user_name = TEXT("access-token-user/2/85");
    assert_decides(&s, VERDICT_NOTE);
    assert_int_equal(s.decision.credential.class, CREDENTIAL_REPOSITORY_TOKEN);
    scene_free(&s);
}

static void resolver_is_off_unless_named(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.credential_value = TEXT("user-token:5");
    scene_decide(&s);
    assert_int_equal(s.decision.credential.class, CREDENTIAL_USER);
    s.policy.resolvers |= RESOLVER_ENVIRONMENT;
    scene_decide(&s);
    assert_int_equal(s.decision.credential.class, CREDENTIAL_USER_TOKEN);
    scene_free(&s);
}

static void malformed_variable_fails_closed(void **state)
{
    (void)state;
    static const char *const values[] = {
        "token",          "user-token:",    "user-token:x", "user-token:01",
        "user-token:5:6", "access-key:158", "USER",         " "};
    struct scene s;
    scene_init(&s);
    s.policy.resolvers |= RESOLVER_ENVIRONMENT;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        s.policy.rule_count = 0;
        s.push.credential_value = text_of(values[i]);
        struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
        rule->except_credentials = (1u << CREDENTIAL_USER) | (1u << CREDENTIAL_USER_TOKEN);
        assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
        rule->except_credentials = 0;
        rule->credentials = 1u << CREDENTIAL_USER_PASSWORD;
        assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
        assert_int_equal(s.decision.credential.class, CREDENTIAL_UNKNOWN);
        assert_int_equal(s.decision.credential.confidence, CONFIDENCE_NONE);
        /* who he is, is still known */
        scene_exempt_group(&s, scene_restrict(&s, i + 1, "read-only", "BRANCH", "main"), "devs");
    }
    s.policy.rule_count = 0;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void without_a_snapshot(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.view.problem = "it is not there";
    s.policy.no_snapshot = VERDICT_NOTE;
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    rule->credentials = 1u << CREDENTIAL_ACCESS_KEY;
    assert_int_equal(answer_of(&s), ANSWER_NO); /* jdoe is no name of a key */
    unsigned user;
    assert_true(credential_class_set(TEXT("user"), &user));
    rule->credentials = user;
    assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL);
    scene_push_with_key(&s, "Access Key User - ci");
    rule->credentials = 1u << CREDENTIAL_ACCESS_KEY;
    assert_int_equal(answer_of(&s), ANSWER_CANNOT_TELL); /* may be a user who calls himself so */
    s.push.user_name = TEXT("access-token-user/2/84");
    rule->credentials = 1u << CREDENTIAL_REPOSITORY_TOKEN;
    assert_int_equal(answer_of(&s), ANSWER_YES);
    scene_free(&s);
}

static void keys_and_tokens_are_no_strangers(void **state)
{
    (void)state;
    struct scene s;
    scene_with_keys(&s);
    s.user_count--;
    s.policy.unknown_user = VERDICT_REJECT;
    scene_push_with_key(&s, "Access Key User - gone");
    assert_decides(&s, VERDICT_ACCEPT);
    s.push.user_name = TEXT("access-token-user/1/7");
    assert_decides(&s, VERDICT_ACCEPT);
    s.push.user_name = TEXT("newcomer");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.push.user_name = TEXT("access-token-user/2/0200"); /* of another form */
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 5: each row of the table", each_row_of_the_table, NULL, NULL, NULL},
        {"semantics 5: an ordinary user is one, whatever the name", ordinary_users_come_first, NULL,
         NULL, NULL},
        {"semantics 5: classes in conditions", classes_in_conditions, NULL, NULL, NULL},
        {"semantics 5: credential-confidence", confidence, NULL, NULL, NULL},
        {"semantics 5: who only calls himself a key is not excepted", who_calls_himself_a_key, NULL,
         NULL, NULL},
        {"semantics 5: which access key", access_keys_in_conditions, NULL, NULL, NULL},
        {"an entry in digits is an id, never a label", a_label_of_digits_is_no_id, NULL, NULL,
         NULL},
        {"semantics 5: foreign tokens", foreign_tokens, NULL, NULL, NULL},
        {"semantics 5: the resolver environment is off unless named", resolver_is_off_unless_named,
         NULL, NULL, NULL},
        {"semantics 5: a malformed or contradicting variable fails closed",
         malformed_variable_fails_closed, NULL, NULL, NULL},
        {"semantics 8: without a snapshot names are what is left", without_a_snapshot, NULL, NULL,
         NULL},
        {"semantics 5: keys and tokens are never an unknown user", keys_and_tokens_are_no_strangers,
         NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide credentials", tests, NULL, NULL);
}
