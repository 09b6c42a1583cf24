/*
 * decide(): what the resolver access-log sees of an ordinary user's push (semantics.md 5). It may make
 * a verdict stricter, never milder.
 */
#include "support/scene_random.h"

#define CASES 6000

static const enum credential_class means[] = {CREDENTIAL_USER, CREDENTIAL_USER_SSH_KEY,
                                              CREDENTIAL_USER_TOKEN, CREDENTIAL_USER_PASSWORD};
#define BIT_OF(class) (1u << (class))
#define PASSWORD BIT_OF(CREDENTIAL_USER_PASSWORD)
#define TOKEN BIT_OF(CREDENTIAL_USER_TOKEN)
#define ANY_MEANS (BIT_OF(CREDENTIAL_USER) | BIT_OF(CREDENTIAL_USER_SSH_KEY) | TOKEN | PASSWORD)

struct witness {
    struct observer observer;
    struct observation says;
    int asked;
};

static void witness_observe(void *self, const struct push *push, struct observation *out)
{
    struct witness *witness = self;
    assert_non_null(push);
    witness->asked++;
    *out = witness->says;
}

static void scene_watch(struct scene *s, struct witness *witness, enum credential_class class)
{
    *witness = (struct witness){.observer = {witness, witness_observe},
                                .says = {.class = class, .evidence = TEXT("seen")}};
    s->policy.resolvers |= RESOLVER_ACCESS_LOG;
    s->push.observer = &witness->observer;
}

/* ------------------------------------------------------------------ who is observed */

static void the_answer_says_that_it_was_observed(void **state)
{
    (void)state;
    struct scene s;
    struct witness witness;
    for (size_t i = 0; i < sizeof means / sizeof means[0]; i++) {
        scene_init(&s);
        scene_watch(&s, &witness, means[i]);
        scene_rule(&s, "a", VERDICT_ANNOTATE)->credentials = TOKEN;
        scene_rule(&s, "b", VERDICT_ANNOTATE)->credentials = PASSWORD;
        scene_decide(&s);
        bool plain = means[i] == CREDENTIAL_USER;
        assert_int_equal(s.decision.credential.class, means[i]);
        assert_int_equal(s.decision.credential.confidence,
                         plain ? CONFIDENCE_CERTAIN : CONFIDENCE_OBSERVED);
        assert_true(text_equal(s.decision.credential.evidence, TEXT("seen")));
        assert_string_equal(s.decision.pusher_type, "user");
        assert_int_equal(witness.asked, 1); /* once a push, however many rules and changes */
        scene_free(&s);
    }
}

static void only_ordinary_users_of_whom_nobody_told_more(void **state)
{
    (void)state;
    static const struct {
        const char *user, *trigger, *told;
        bool merge, native, off, observed;
    } rows[] = {
        {"jdoe", "push", NULL, false, false, false, true},
        {"JDOE", "push", NULL, false, false, false, true},
        {"jdoe", "push", "user", false, false, false, true},
        {"jdoe", "push", "user-password", false, false, false, false},
        {"jdoe", "push", "nonsense", false, false, false, false},
        {"jdoe", "file-edit", NULL, false, false, false, false},
        {"jdoe", "pull-request-merge", NULL, true, false, false, false},
        {"jdoe", "push", NULL, false, true, false, false},
        {"jdoe", "push", NULL, false, false, true, false},
        {"newcomer", "push", NULL, false, false, false, false},
        {"3adc96b3b93443e4", "push", NULL, false, false, false, false},
        {"access-token-user/2/84", "push", NULL, false, false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s;
        struct witness witness;
        scene_init(&s);
        scene_watch(&s, &witness, CREDENTIAL_USER_SSH_KEY);
        if (rows[i].off)
            s.policy.resolvers = RESOLVER_NAME;
        if (rows[i].told) {
            s.policy.resolvers |= RESOLVER_ENVIRONMENT;
            s.push.credential_value = text_of(rows[i].told);
        }
        s.push.native = rows[i].native;
        s.push.user_name = text_of(rows[i].user);
        scene_set_trigger(&s, rows[i].trigger, rows[i].merge);
        scene_decide(&s);
        bool seen = s.decision.credential.class == CREDENTIAL_USER_SSH_KEY;
        if (witness.asked != rows[i].observed || seen != rows[i].observed)
            fail_msg("row %zu: asked %d, class %s", i, witness.asked,
                     credential_class_name(s.decision.credential.class));
        scene_free(&s);
    }
}

/* A witness that says what it cannot know is not believed. */
static void a_false_witness(void **state)
{
    (void)state;
    static const enum credential_class lies[] = {
        CREDENTIAL_UNKNOWN,       CREDENTIAL_WEB,     CREDENTIAL_ACCESS_KEY,
        CREDENTIAL_PROJECT_TOKEN, CREDENTIAL_CLASSES, (enum credential_class)1000};
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct scene s;
        struct witness witness;
        scene_init(&s);
        scene_watch(&s, &witness, lies[i]);
        scene_decide(&s);
        assert_int_equal(s.decision.credential.class, CREDENTIAL_USER);
        scene_free(&s);
    }
}

/* ------------------------------------------------------------------ what follows */

/* [failure] undecided = annotate, and one rule or service account about the means. */
static void what_is_seen_restricts(void **state)
{
    (void)state;
    static const struct {
        unsigned credentials, except, account;
        enum confidence confidence;
        enum credential_class seen;
        enum verdict verdict;
    } rows[] = {
        /* a match restricts: yes if it was seen, else still open */
        {PASSWORD, 0, 0, CONFIDENCE_NONE, CREDENTIAL_USER_PASSWORD, VERDICT_REJECT},
        {PASSWORD, 0, 0, CONFIDENCE_NONE, CREDENTIAL_USER_SSH_KEY, VERDICT_ANNOTATE},
        {PASSWORD, 0, 0, CONFIDENCE_NONE, CREDENTIAL_USER, VERDICT_ANNOTATE},
        {PASSWORD | TOKEN, 0, 0, CONFIDENCE_NONE, CREDENTIAL_USER_TOKEN, VERDICT_REJECT},
        {ANY_MEANS, 0, 0, CONFIDENCE_NONE, CREDENTIAL_USER_TOKEN, VERDICT_REJECT},
        {BIT_OF(CREDENTIAL_ACCESS_KEY), 0, 0, CONFIDENCE_NONE, CREDENTIAL_USER_TOKEN,
         VERDICT_ACCEPT},
        /* how sure it must be */
        {PASSWORD, 0, 0, CONFIDENCE_OBSERVED, CREDENTIAL_USER_PASSWORD, VERDICT_REJECT},
        {PASSWORD, 0, 0, CONFIDENCE_DERIVED, CREDENTIAL_USER_PASSWORD, VERDICT_ANNOTATE},
        {ANY_MEANS, 0, 0, CONFIDENCE_CERTAIN, CREDENTIAL_USER_PASSWORD, VERDICT_REJECT},
        {0, 0, 0, CONFIDENCE_CERTAIN, CREDENTIAL_USER_PASSWORD, VERDICT_REJECT},
        /* an exception: never satisfied by what was seen, but refused by it */
        {0, PASSWORD, 0, CONFIDENCE_NONE, CREDENTIAL_USER_PASSWORD, VERDICT_ANNOTATE},
        {0, PASSWORD, 0, CONFIDENCE_NONE, CREDENTIAL_USER_SSH_KEY, VERDICT_REJECT},
        {0, PASSWORD, 0, CONFIDENCE_NONE, CREDENTIAL_USER, VERDICT_ANNOTATE},
        {0, PASSWORD, 0, CONFIDENCE_CERTAIN, CREDENTIAL_USER_SSH_KEY, VERDICT_ANNOTATE},
        {0, ANY_MEANS, 0, CONFIDENCE_NONE, CREDENTIAL_USER_SSH_KEY, VERDICT_ACCEPT},
        {PASSWORD, TOKEN, 0, CONFIDENCE_NONE, CREDENTIAL_USER_PASSWORD, VERDICT_REJECT},
        /* a list of what is allowed: the same */
        {0, 0, TOKEN, CONFIDENCE_NONE, CREDENTIAL_USER_TOKEN, VERDICT_ANNOTATE},
        {0, 0, TOKEN, CONFIDENCE_NONE, CREDENTIAL_USER_PASSWORD, VERDICT_REJECT},
        {0, 0, TOKEN, CONFIDENCE_NONE, CREDENTIAL_USER, VERDICT_ANNOTATE},
        {0, 0, ANY_MEANS, CONFIDENCE_NONE, CREDENTIAL_USER_PASSWORD, VERDICT_ACCEPT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s;
        struct witness witness;
        scene_init(&s);
        s.policy.undecided = VERDICT_ANNOTATE;
        scene_watch(&s, &witness, rows[i].seen);
        if (rows[i].account) {
            scene_account(&s, "jdoe")->credentials = rows[i].account;
        } else {
            struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
            rule->credentials = rows[i].credentials;
            rule->except_credentials = rows[i].except;
            rule->confidence = rows[i].confidence;
        }
        enum verdict verdict = scene_decide(&s);
        if (verdict != rows[i].verdict)
            fail_msg("row %zu: %s", i, verdict_name(verdict));
        scene_free(&s);
    }
}

static void assert_not_weaker(const struct outcome *without, const struct outcome *with,
                              enum credential_class seen, unsigned long long at)
{
    bool weaker = with->verdict < without->verdict || (without->exit_code && !with->exit_code);
    for (size_t i = 0; i < SCENE_CHANGES; i++)
        weaker = weaker || with->each[i] < without->each[i];
    if (weaker)
        fail_msg("SEED=%llu, %s seen: %s became %s", at, credential_class_name(seen),
                 verdict_name(without->verdict), verdict_name(with->verdict));
}

/* Each set of classes, as condition and as exception, each confidence, each thing that is seen. */
static void no_rule_becomes_milder(void **state)
{
    (void)state;
    static const enum verdict undecided[] = {VERDICT_REJECT, VERDICT_ANNOTATE};
    unsigned long long at = 0, stricter = 0;
    struct scene s;
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REJECT);
    for (unsigned in = 0; in < 32; in++)
        for (unsigned except = 0; except < 32; except++)
            for (unsigned c = 0; c < 8; c++) {
                struct witness witness;
                rule->credentials = in * 2; /* web, user and the three means */
                rule->except_credentials = except * 2;
                rule->confidence = (enum confidence)(c / 2);
                s.policy.undecided = undecided[c % 2];
                s.policy.resolvers = RESOLVER_NAME;
                s.push.observer = NULL;
                struct outcome without = outcome_of(&s);
                for (size_t i = 0; i < sizeof means / sizeof means[0]; i++, at++) {
                    scene_watch(&s, &witness, means[i]);
                    struct outcome with = outcome_of(&s);
                    assert_not_weaker(&without, &with, means[i], at);
                    stricter += with.verdict > without.verdict;
                    if (means[i] == CREDENTIAL_USER && !same(&without, &with))
                        fail_msg("case %llu: nothing was seen, and it differs", at);
                }
                arena_free(&s.arena);
                arena_init(&s.arena, (size_t)64 * 1024 * 1024);
            }
    assert_true(stricter > 100); /* it is of some use, too */
    scene_free(&s);
}

static void random_means(struct scene *s)
{
    for (size_t i = 0; i < s->policy.rule_count; i++) {
        if (one_in(3))
            s->rules[i].credentials = ANY_MEANS & below(256);
        if (one_in(3))
            s->rules[i].except_credentials = ANY_MEANS & below(256);
        if (one_in(3))
            s->rules[i].confidence = (enum confidence)below(4);
    }
    if (one_in(3))
        scene_account(s, "jdoe")->credentials = ANY_MEANS & below(256);
}

static void no_push_is_judged_milder(void **state)
{
    (void)state;
    unsigned long long stricter = 0, asked = 0;
    for (EACH_CASE(at, CASES)) {
        struct scene s;
        struct witness witness;
        random_scene(&s, at);
        random_means(&s);
        s.push.observer = NULL;
        struct outcome without = outcome_of(&s);
        enum credential_class seen = means[1 + below(3)];
        scene_watch(&s, &witness, seen);
        struct outcome with = outcome_of(&s);
        assert_true(witness.asked <= 1);
        assert_not_weaker(&without, &with, seen, (unsigned long long)at);
        stricter += with.verdict > without.verdict;
        asked += (unsigned)witness.asked;
        scene_free(&s);
    }
    assert_met(asked, CASES, 10);
    assert_met(stricter, CASES, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_says_that_it_was_observed),
        cmocka_unit_test(only_ordinary_users_of_whom_nobody_told_more),
        cmocka_unit_test(a_false_witness),
        cmocka_unit_test(what_is_seen_restricts),
        cmocka_unit_test(no_rule_becomes_milder),
        cmocka_unit_test(no_push_is_judged_milder),
    };
    return cmocka_run_group_tests_name("decide_observed", tests, NULL, NULL);
}
