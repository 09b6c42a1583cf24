/* Approvals as they are judged (semantics.md 7): what one is about, which ones a push needs, what is left
 * of a decision. Nothing is read or written here. */
#include "policy/approval.h"
#include "support/scene_random.h"

#define CASES 6000
#define ID_A "01JDA8AAAAAAAAAAAAAAAAAAAA"
#define ID_B "01JDA8BBBBBBBBBBBBBBBBBBBB"

/* For updates of main in PRJ/app by jdoe, by lead. */
static struct approval sample(void)
{
    static const struct text repository = {"PRJ/app", 7}, ref = {"main", 4}, user = {"jdoe", 4};
    return (struct approval){
        .id = TEXT(ID_A),
        .state = APPROVAL_OPEN,
        .repositories = {&repository, 1},
        .refs = {&ref, 1},
        .users = {&user, 1},
        .kinds = KIND_UPDATE,
        .not_before_ms = SCENE_NOW - CLOCK_HOUR,
        .not_after_ms = SCENE_NOW + CLOCK_HOUR,
        .uses = 1,
        .approver = {1000, TEXT("lead"), TEXT_NONE},
        .reason = TEXT("CHG-1"),
        .created_ms = SCENE_NOW - CLOCK_HOUR,
    };
}

/* ------------------------------------------------------------------ may it stand? */

static void assert_problem(const struct approval *approval, const char *part)
{
    const char *problem = approval_problem(approval);
    if (!part && problem)
        fail_msg("refused: %s", problem);
    if (part && (!problem || !strstr(problem, part)))
        fail_msg("%s: got %s", part, problem ? problem : "no problem");
}

#define WITH(field, value, part)            \
    do {                                    \
        struct approval changed = sample(); \
        changed.field = (value);            \
        assert_problem(&changed, part);     \
    } while (0)

static void what_may_stand(void **state)
{
    (void)state;
    static struct text many[APPROVAL_LIST_MAX + 1];
    struct text_list none = {NULL, 0}, too_many = {many, APPROVAL_LIST_MAX + 1};
    char long_text[APPROVAL_REASON_MAX + 2];
    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 0; i <= APPROVAL_LIST_MAX; i++)
        many[i] = TEXT("main");
    struct approval good = sample();
    assert_problem(&good, NULL);
    WITH(repositories, none, "names no repository");
    WITH(refs, none, "names no ref");
    WITH(users, none, "names no user");
    WITH(refs, too_many, "more than 100");
    WITH(repositories, LIST(TEXT("app")), "KEY/SLUG");
    WITH(repositories, LIST(TEXT("PRJ/")), "KEY/SLUG");
    WITH(repositories, LIST(TEXT("PRJ/app/x")), "KEY/SLUG");
    WITH(repositories, LIST(TEXT("PRJ/*")), NULL);
    WITH(refs, LIST(TEXT("a//b")), "empty");
    WITH(refs, LIST(TEXT("refs/heads/\xff%41")), "not valid UTF-8"); /* would be kept as %FF%2541 */
    WITH(users, LIST(TEXT("*")), "without wildcards");
    WITH(users, LIST(TEXT("j\ndoe")), "one line");
    WITH(users, LIST(TEXT("j\x7f")), "one line");
    WITH(users, LIST(TEXT("jd?e")), "without wildcards");
    WITH(repositories, LIST(((struct text){long_text, 300})), "KEY/SLUG");
    WITH(repositories, LIST(TEXT("/app")), "KEY/SLUG");
    WITH(repositories, LIST(TEXT("PRJ\x01/app")), "KEY/SLUG");
    WITH(created_ms, SCENE_NOW + CLOCK_DAY, NULL); /* kept after its end; it is of no use */
    WITH(approver.sudo_user, TEXT("admin"), NULL);
    WITH(reason, TEXT("42"), NULL);
    WITH(reason, TEXT("{~}"), "has words");
    WITH(new_ids, LIST(TEXT("9b1d")), "40 or 64");
    WITH(new_ids, LIST(TEXT(NEW_ID)), NULL);
    WITH(kinds, 0, "no kind");
    WITH(kinds, 31, "no kind");
    WITH(uses, 0, "1 to 1000");
    WITH(uses, 1001, "1 to 1000");
    WITH(not_after_ms, SCENE_NOW - CLOCK_DAY, "ends before");
    WITH(not_after_ms, SCENE_NOW + 91 * CLOCK_DAY, "90 days");
    WITH(not_after_ms, INT64_MAX, "90 days");
    WITH(approver.name, TEXT(""), "who approved");
    WITH(approver.sudo_user, TEXT("a\033b"), "who approved");
    WITH(reason, TEXT(""), "one line");
    WITH(reason, TEXT("..."), "has words");
    WITH(reason, TEXT("\xff"), "one line");
    WITH(reason, ((struct text){long_text, APPROVAL_REASON_MAX + 1}), "500 bytes");
    WITH(reason, TEXT("\xc3\xa4"), NULL);
}

/* ------------------------------------------------------------------ what it is about */

static void about_whom_and_where(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_decide(&s);
    struct approval a = sample();
    assert_true(approval_about(&a, &s.push, &s.decision));
    s.push.user_name = TEXT("JDoe");
    assert_true(approval_about(&a, &s.push, &s.decision)); /* names without ASCII case */
    s.push.user_name = TEXT("jdoe2");
    assert_false(approval_about(&a, &s.push, &s.decision));
    s.push.user_name = TEXT_NONE;
    assert_false(approval_about(&a, &s.push, &s.decision));
    s.push.user_name = TEXT("jdoe");
    a.repositories = LIST(TEXT("prj/APP"));
    assert_true(approval_about(&a, &s.push, &s.decision));
    a.repositories = LIST(TEXT("OPS/app"), TEXT("PRJ/ap"));
    assert_false(approval_about(&a, &s.push, &s.decision));
    a.repositories = LIST(TEXT("P*/*"));
    assert_true(approval_about(&a, &s.push, &s.decision));
    /* A repository that was moved goes by two names; a list that permits needs both. */
    s.decision.repository_slug = TEXT("old-app");
    a.repositories = LIST(TEXT("PRJ/app"));
    assert_false(approval_about(&a, &s.push, &s.decision));
    a.repositories = LIST(TEXT("PRJ/app"), TEXT("PRJ/old-app"));
    assert_true(approval_about(&a, &s.push, &s.decision));
    s.push.native = true; /* names are not known */
    assert_false(approval_about(&a, &s.push, &s.decision));
    scene_free(&s);
}

static void which_changes(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *ref;
        unsigned kinds;
        enum change_kind kind;
        const char *new_id; /* NULL: any */
        enum approval_state want;
    } cases[] = {
        {"main", "refs/heads/main", KIND_UPDATE, CHANGE_UPDATE, NULL, APPROVAL_OPEN},
        /* 4.4: a list that permits is anchored */
        {"main", "refs/tags/main", KIND_UPDATE, CHANGE_UPDATE, NULL, APPROVAL_OTHER_REF},
        {"main", "refs/heads/x/main", KIND_UPDATE, CHANGE_UPDATE, NULL, APPROVAL_OTHER_REF},
        {"main", "refs/heads/Main", KIND_UPDATE, CHANGE_UPDATE, NULL, APPROVAL_OTHER_REF},
        {"refs/tags/v*", "refs/tags/v1", KIND_REWRITE, CHANGE_REWRITE, NULL, APPROVAL_OPEN},
        {"release/", "refs/heads/release/1/a", KIND_CREATE, CHANGE_CREATE, NULL, APPROVAL_OPEN},
        {"main", "refs/heads/main", KIND_UPDATE, CHANGE_REWRITE, NULL, APPROVAL_OTHER_KIND},
        {"main", "refs/heads/main", KIND_ALL & ~KIND_DELETE, CHANGE_DELETE, NULL,
         APPROVAL_OTHER_KIND},
        /* Not known which of the two: both must be approved. */
        {"main", "refs/heads/main", KIND_UPDATE, CHANGE_UNKNOWN, NULL, APPROVAL_OTHER_KIND},
        {"main", "refs/heads/main", KIND_REWRITE, CHANGE_MOVE, NULL, APPROVAL_OTHER_KIND},
        {"main", "refs/heads/main", KIND_UPDATE | KIND_REWRITE, CHANGE_UNKNOWN, NULL,
         APPROVAL_OPEN},
        {"main", "refs/heads/main", KIND_UPDATE | KIND_REWRITE, CHANGE_MOVE, NULL, APPROVAL_OPEN},
        {"main", "refs/heads/main", KIND_ALL, (enum change_kind)0, NULL, APPROVAL_OPEN},
        {"main", "refs/heads/main", KIND_UPDATE, CHANGE_UPDATE, NEW_ID, APPROVAL_OPEN},
        {"main", "refs/heads/main", KIND_UPDATE, CHANGE_UPDATE, OLD_ID, APPROVAL_OTHER_ID},
        {"main", "refs/heads/main", KIND_UPDATE, CHANGE_UPDATE,
         "22222222222222222222222222222222222222222222222222222222222222222"
         "2222222222222222222222",
         APPROVAL_OTHER_ID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        scene_init(&s);
        scene_set_change(&s, 0, cases[i].ref, CHANGE_UPDATE);
        struct approval a = sample();
        struct text pattern = text_of(cases[i].pattern), new_id = text_of(cases[i].new_id);
        a.refs = (struct text_list){&pattern, 1};
        a.kinds = cases[i].kinds;
        a.new_ids = (struct text_list){&new_id, new_id.at ? 1 : 0};
        enum approval_state got = approval_covers(&a, &s.push, &s.changes[0], cases[i].kind);
        if (got != cases[i].want)
            fail_msg("case %zu: %s", i, approval_state_name(got));
        s.push.dry_run = true; /* the new id of a merge check is none */
        got = approval_covers(&a, &s.push, &s.changes[0], cases[i].kind);
        if (cases[i].new_id)
            assert_int_equal(got, APPROVAL_OTHER_ID);
        scene_free(&s);
    }
}

static void when(void **state)
{
    (void)state;
    struct approval a = sample();
    assert_int_equal(approval_at(&a, a.not_before_ms - 1), APPROVAL_NOT_YET);
    assert_int_equal(approval_at(&a, a.not_before_ms), APPROVAL_OPEN);
    assert_int_equal(approval_at(&a, a.not_after_ms - 1), APPROVAL_OPEN);
    assert_int_equal(approval_at(&a, a.not_after_ms), APPROVAL_EXPIRED);
    a.state = APPROVAL_USED_UP;
    assert_int_equal(approval_at(&a, a.not_before_ms), APPROVAL_USED_UP);
    assert_int_equal(approval_at(&a, a.not_after_ms), APPROVAL_EXPIRED);
    a.state = APPROVAL_REVOKED;
    assert_int_equal(approval_at(&a, a.not_before_ms - 1), APPROVAL_REVOKED);
    a.state = APPROVAL_MALFORMED;
    assert_int_equal(approval_at(&a, a.not_before_ms), APPROVAL_MALFORMED);
}

static void never_the_pushers_own(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct approval a = sample();
    assert_false(approval_own(&a, &s.push));
    a.approver.name = TEXT("JDOE");
    assert_true(approval_own(&a, &s.push));
    a.approver = (struct account){0, TEXT("root"), TEXT("jdoe")};
    assert_true(approval_own(&a, &s.push));
    scene_free(&s);
}

/* ------------------------------------------------------------------ the plan */

static bool satisfy(struct scene *s, const struct approval **approvals, size_t count,
                    struct approval_plan *plan)
{
    static const struct approval_outcome outcome = {.granted = true};
    assert_true(approval_plan_init(plan, &s->push, &s->decision, approvals, count, &s->arena));
    while (approval_plan_step(plan))
        ;
    return approval_satisfy(plan, &outcome, &s->arena, &s->decision);
}

static void which_are_needed(void **state)
{
    (void)state;
    struct scene s;
    struct approval_plan plan;
    scene_init(&s);
    scene_rule(&s, "r", VERDICT_REQUIRE_APPROVAL);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_UPDATE);
    scene_set_change(&s, 1, "refs/heads/topic", CHANGE_CREATE);
    s.policy.approvals_directory = TEXT("/approvals");
    scene_decide(&s);
    assert_int_equal(s.decision.changes[0].kind,
                     CHANGE_UPDATE); /* asked, for the approval's sake */
    struct approval narrow = sample(), wide = sample(), both = sample();
    narrow.new_ids = LIST(TEXT(NEW_ID));
    narrow.not_after_ms += CLOCK_HOUR;
    wide.id = TEXT(ID_B);
    both.refs = LIST(TEXT("main"), TEXT("topic"));
    both.kinds = KIND_ALL;
    both.not_after_ms += CLOCK_MINUTE;
    const struct approval *first[] = {&wide, &narrow};
    assert_false(satisfy(&s, first, 2, &plan));
    assert_int_equal(plan.uncovered, 1);
    assert_ptr_equal(plan.by_change[0],
                     &narrow); /* what names the commit is good for nothing else */
    assert_null(plan.by_change[1]);
    assert_verdict(&s, VERDICT_REQUIRE_APPROVAL);
    /* One use covers one push of two refs. */
    const struct approval *second[] = {&both};
    assert_true(satisfy(&s, second, 1, &plan));
    assert_verdict(&s, VERDICT_ACCEPT);
    assert_exit(&s, 0);
    assert_true(text_equal(s.decision.changes[1].approval, TEXT(ID_A)));
    assert_int_equal(s.decision.count_approval, 0);
    assert_int_equal(s.decision.count_accept, 2);
    assert_non_null(scene_reason(&s, REASON_RULE)); /* the reason stays */
    scene_free(&s);
}

static void kinds_are_asked_only_for_approvals(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_rule(&s, "r", VERDICT_REQUIRE_APPROVAL);
    scene_decide(&s);
    assert_int_equal(s.decision.changes[0].kind, CHANGE_MOVE);
    s.policy.approvals_directory = TEXT("/approvals");
    s.trouble = HISTORY_LIMIT;
    scene_decide(&s);
    assert_int_equal(s.decision.changes[0].kind, CHANGE_UNKNOWN);
    assert_verdict(&s, VERDICT_REQUIRE_APPROVAL);
    s.rules[0].action = VERDICT_REJECT;
    scene_decide(&s);
    assert_int_equal(s.decision.changes[0].kind, CHANGE_MOVE);
    scene_free(&s);
}

static void an_open_rule(void **state)
{
    (void)state;
    struct scene s;
    struct approval_plan plan;
    struct approval a = sample();
    const struct approval *list[] = {&a};
    scene_init(&s);
    struct rule *rule = scene_rule(&s, "r", VERDICT_REQUIRE_APPROVAL);
    rule->kinds = KIND_REWRITE;
    s.trouble = HISTORY_UNAVAILABLE;
    a.kinds = KIND_UPDATE | KIND_REWRITE;
    scene_decide(&s);
    assert_exit(&s, 2);
    assert_true(satisfy(&s, list, 1, &plan));
    assert_exit(&s, 0);
    /* One that could reject is not. */
    rule->action = VERDICT_REJECT;
    scene_decide(&s);
    assert_false(satisfy(&s, list, 1, &plan));
    assert_exit(&s, 2);
    scene_free(&s);
}

static void without_reading_it_cannot_tell(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_rule(&s, "r", VERDICT_REQUIRE_APPROVAL);
    scene_decide(&s);
    assert_exit(&s, 1);
    const struct approval_outcome unread = {.problem = TEXT("approvals cannot be read")};
    approval_deny(NULL, &unread, &s.arena, &s.decision);
    assert_verdict(&s, VERDICT_REQUIRE_APPROVAL);
    assert_exit(&s, 2);
    assert_text_has(scene_reason(&s, REASON_FAILURE)->text, "cannot be read");
    scene_free(&s);
}

/* ------------------------------------------------------------------ properties */

/* Everything, by whoever pushes. */
static struct approval widest(struct scene *s)
{
    static const struct text everywhere = {"*/*", 3}, all = {"refs/", 5};
    static struct text pusher;
    struct approval a = sample();
    pusher = s->push.user_name;
    a.repositories = (struct text_list){&everywhere, 1};
    a.refs = (struct text_list){&all, 1};
    a.users = (struct text_list){&pusher, 1};
    a.kinds = KIND_ALL;
    return a;
}

static void no_approval_lifts_a_rejection(void **state)
{
    (void)state;
    struct scene s;
    struct approval_plan plan;
    size_t granted = 0, refused = 0;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        if (one_in(2))
            random_without_policy(&s);
        s.policy.approvals_directory = TEXT("/approvals");
        struct outcome before = outcome_of(&s);
        struct approval a = widest(&s);
        const struct approval *list[] = {&a};
        bool yes = satisfy(&s, list, 1, &plan);
        for (size_t i = 0; i < s.push.change_count; i++)
            if (before.each[i] != VERDICT_REQUIRE_APPROVAL &&
                before.each[i] != s.decision.changes[i].verdict)
                fail_msg("SEED=%llu: change %zu was %s", (unsigned long long)at, i,
                         verdict_name(before.each[i]));
        if (yes != (before.verdict == VERDICT_REQUIRE_APPROVAL))
            fail_msg("SEED=%llu: %s", (unsigned long long)at, verdict_name(before.verdict));
        if (yes ? !verdict_accepts(s.decision.verdict) : s.decision.verdict != before.verdict)
            fail_msg("SEED=%llu: became %s", (unsigned long long)at,
                     verdict_name(s.decision.verdict));
        granted += yes;
        refused += before.verdict == VERDICT_REJECT;
        scene_free(&s);
    }
    assert_met(granted, CASES, 100);
    assert_met(refused, CASES, 100);
}

/* One of few of each, so that they often meet. */
static struct approval random_approval(void)
{
    static const struct text ref_names[] = {{"main", 4},
                                            {"topic", 5},
                                            {"refs/heads/release/1", 20},
                                            {"refs/tags/v1", 12},
                                            {"refs/notes/x", 12}};
    static const struct text user_names[] = {{"jdoe", 4}, {"other", 5}, {"JDOE", 4}};
    static const struct text ids[] = {{NEW_ID, 40}, {OLD_ID, 40}, {ZERO_ID, 40}};
    static const struct text repositories[] = {{"PRJ/app", 7}, {"PRJ/*", 5}, {"OPS/app", 7}};
    struct approval a = sample();
    a.refs = (struct text_list){ref_names + below(3), 1 + below(3)};
    a.users = (struct text_list){&PICK(user_names), 1};
    a.repositories = (struct text_list){&PICK(repositories), 1};
    a.kinds = 1 + below(15);
    if (one_in(2))
        a.new_ids = (struct text_list){&PICK(ids), 1};
    return a;
}

static bool naive_ref(const struct approval *a, struct text ref)
{
    for (size_t i = 0; i < a->refs.count; i++) {
        char full[64];
        bool whole = !strncmp(a->refs.items[i].at, "refs/", 5);
        snprintf(full, sizeof full, "%s%s", whole ? "" : "refs/heads/", a->refs.items[i].at);
        if (text_equal(text_of(full), ref))
            return true;
    }
    return false;
}

/* semantics.md 7, word by word, for approvals as above. */
static bool naive_covers(const struct approval *a, const struct scene *s, size_t i)
{
    static const struct {
        enum change_kind kind;
        unsigned bits;
    } all[] = {{CHANGE_CREATE, KIND_CREATE},
               {CHANGE_UPDATE, KIND_UPDATE},
               {CHANGE_REWRITE, KIND_REWRITE},
               {CHANGE_DELETE, KIND_DELETE},
               {CHANGE_UNKNOWN, KIND_UPDATE | KIND_REWRITE}};
    bool kind = false;
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        kind = kind || (all[k].kind == s->decision.changes[i].kind &&
                        (a->kinds & all[k].bits) == all[k].bits);
    /* PRJ/app: a repository that has moved goes by two names, and both must match. */
    bool moved = !text_equal_fold(s->decision.repository_slug, s->push.repository_slug);
    bool here = a->repositories.items[0].at[0] == 'P' &&
                (!moved || text_equal(a->repositories.items[0], TEXT("PRJ/*")));
    return !s->push.native && kind && here && naive_ref(a, s->changes[i].ref) &&
           text_equal_fold(a->users.items[0], s->push.user_name) &&
           (!a->new_ids.count ||
            (!s->push.dry_run && text_equal(a->new_ids.items[0], change_new(&s->changes[i]))));
}

static void only_what_was_approved(void **state)
{
    (void)state;
    struct scene s;
    struct approval_plan plan;
    size_t granted = 0, lacking = 0;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        random_without_policy(&s);
        s.policy.rule_count = 0;
        scene_rule(&s, "r", VERDICT_REQUIRE_APPROVAL);
        s.policy.approvals_directory = TEXT("/approvals");
        if (one_in(8))
            s.push.user_name = TEXT("other");
        scene_decide(&s);
        struct approval all[4];
        const struct approval *list[4];
        size_t count = 0, lacks = 0;
        for (size_t i = 0; i < 4; i++) {
            all[i] = random_approval();
            if (approval_about(&all[i], &s.push, &s.decision))
                list[count++] = &all[i];
        }
        bool wanted = s.decision.verdict == VERDICT_REQUIRE_APPROVAL;
        for (size_t i = 0; i < s.push.change_count; i++) {
            bool covered = s.decision.changes[i].verdict != VERDICT_REQUIRE_APPROVAL;
            for (size_t k = 0; k < 4 && !covered; k++)
                covered = naive_covers(&all[k], &s, i);
            lacks += !covered;
        }
        bool yes = satisfy(&s, list, count, &plan);
        if (yes != (wanted && !lacks))
            fail_msg("SEED=%llu: %s, %zu lacking", (unsigned long long)at, yes ? "yes" : "no",
                     lacks);
        granted += yes;
        lacking += wanted && lacks;
        scene_free(&s);
    }
    assert_met(granted, CASES, 100);
    assert_met(lacking, CASES, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 7: what may stand as an approval", what_may_stand, NULL, NULL, NULL},
        {"semantics 7: who pushes, to which repository", about_whom_and_where, NULL, NULL, NULL},
        {"semantics 7, 4.4: refs, kinds, new id", which_changes, NULL, NULL, NULL},
        {"semantics 7: not before, not after", when, NULL, NULL, NULL},
        {"semantics 7: never the pusher's own account", never_the_pushers_own, NULL, NULL, NULL},
        {"semantics 7: each change needs one, one use covers one push", which_are_needed, NULL,
         NULL, NULL},
        {"semantics 1: update or rewrite is asked where an approval depends on it",
         kinds_are_asked_only_for_approvals, NULL, NULL, NULL},
        {"semantics 7: a rule that is CANNOT_TELL is satisfied, too", an_open_rule, NULL, NULL,
         NULL},
        {"semantics 8: approvals that cannot be read are no missing approval",
         without_reading_it_cannot_tell, NULL, NULL, NULL},
        {"semantics 2, 7: no approval lifts a rejection", no_approval_lifts_a_rejection, NULL, NULL,
         NULL},
        {"semantics 7: approvals for another ref, user, kind, id or repository never count",
         only_what_was_approved, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("approval", tests, NULL, NULL);
}
