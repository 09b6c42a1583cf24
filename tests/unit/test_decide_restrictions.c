/* decide(): branch restrictions (semantics.md 4). */
#include "support/scene.h"
#include "tsv.h"

static enum change_kind kind_of(struct text name)
{
    if (text_equal(name, TEXT("create")))
        return CHANGE_CREATE;
    if (text_equal(name, TEXT("update")))
        return CHANGE_UPDATE;
    if (text_equal(name, TEXT("rewrite")))
        return CHANGE_REWRITE;
    assert_true(text_equal(name, TEXT("delete")));
    return CHANGE_DELETE;
}

/* Copies a field: the row's text is gone at the next one. */
static const char *kept(struct scene *s, struct text t)
{
    struct text copy = arena_text(&s->arena, t);
    assert_non_null(copy.at);
    return copy.at;
}

static void each_type_blocks_its_kinds(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/decide/types.tsv");
    while (tsv_next(&tsv)) { /* type, trigger, column, kind, verdict */
        struct scene s;
        enum verdict expected;
        scene_init(&s);
        assert_int_equal(tsv.fields, 5);
        assert_true(verdict_parse(tsv.field[4], &expected));
        scene_restrict(&s, 9, kept(&s, tsv.field[0]), "BRANCH", "main");
        scene_set_trigger(&s, kept(&s, tsv.field[1]), text_equal(tsv.field[2], TEXT("merge")));
        scene_set_change(&s, 0, "refs/heads/main", kind_of(tsv.field[3]));
        if (scene_decide(&s) != expected)
            fail_msg("%s:%d: %s, not %s", tsv.path, tsv.line, verdict_name(s.decision.verdict),
                     verdict_name(expected));
        scene_free(&s);
    }
}

static void model(struct scene *s)
{
    struct branch_model *model = &s->repositories[0].model;
    *model = (struct branch_model){
        .configured = true,
        .development_set = true,
        .development_default = true,
        .production_set = true,
        .production = TEXT("refs/heads/release-branch"),
        .category = {{TEXT("BUGFIX"), TEXT("bugfix/"), true},
                     {TEXT("FEATURE"), TEXT("feature/"), false},
                     {TEXT("HOTFIX"), TEXT(""), true},
                     {TEXT("RELEASE"), TEXT("rel-"), true}},
        .category_count = 4,
    };
}

static void each_matcher(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/decide/matchers.tsv");
    while (tsv_next(&tsv)) { /* matcher, id, active, default branch, ref, verdict */
        struct scene s;
        enum verdict expected;
        scene_init(&s);
        model(&s);
        assert_int_equal(tsv.fields, 6);
        assert_true(verdict_parse(tsv.field[5], &expected));
        scene_restrict(&s, 9, "read-only", kept(&s, tsv.field[0]), kept(&s, tsv.field[1]))
            ->matcher_active = text_equal(tsv.field[2], TEXT("active"));
        s.repositories[0].default_branch_known = !text_equal(tsv.field[3], TEXT("unknown"));
        s.repositories[0].default_branch = text_of(kept(&s, tsv.field[3]));
        scene_set_change(&s, 0, kept(&s, tsv.field[4]), CHANGE_UPDATE);
        if (scene_decide(&s) != expected)
            fail_msg("%s:%d: %s, not %s", tsv.path, tsv.line, verdict_name(s.decision.verdict),
                     verdict_name(expected));
        scene_free(&s);
    }
}

static void no_model_no_match(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "MODEL_BRANCH", "development");
    scene_restrict(&s, 10, "read-only", "MODEL_CATEGORY", "BUGFIX");
    assert_decides(&s, VERDICT_ACCEPT);
    model(&s);
    s.repositories[0].model.development_set = false;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void only_branches_and_tags(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "PATTERN", "**");
    scene_set_change(&s, 0, "refs/notes/commits", CHANGE_UPDATE);
    assert_decides(&s, VERDICT_ACCEPT);
    scene_set_change(&s, 0, "refs/tags/v1", CHANGE_CREATE);
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

static void other_namespaces(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_set_change(&s, 0, "refs/notes/commits", CHANGE_UPDATE);
    s.policy.other_refs = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.other_refs = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_int_equal(scene_reason(&s, REASON_NAMESPACE)->verdict, VERDICT_REJECT);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_UPDATE);
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void own_refs_of_bitbucket(void **state)
{
    (void)state;
    static const char *const refs[] = {"refs/pull-requests/1/from", "refs/changes/9",
                                       "refs/stash-refs/x"};
    struct scene s;
    scene_init(&s);
    s.policy.other_refs = VERDICT_REJECT;
    scene_rule(&s, "all", VERDICT_REJECT);
    for (size_t i = 0; i < 3; i++) {
        scene_set_change(&s, 0, refs[i], CHANGE_UPDATE);
        scene_set_trigger(&s, "push", false);
        assert_decides(&s, VERDICT_REJECT);
        scene_set_trigger(&s, "pull-request-merge", true);
        assert_decides(&s, VERDICT_ACCEPT);
        scene_set_trigger(&s, "branch-create", false);
        assert_decides(&s, VERDICT_ACCEPT);
        /* another unknown trigger is a push */
        scene_set_trigger(&s, "brand-new", false);
        assert_decides(&s, VERDICT_REJECT);
        scene_set_trigger(&s, "brand-new-merge", true);
        assert_decides(&s, VERDICT_ACCEPT);
    }
    scene_free(&s);
}

static void ceiling(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    s.policy.restrictions_check = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.restrictions_check = VERDICT_ACCEPT;
    assert_decides(&s, VERDICT_ACCEPT);
    s.restrictions[0].matcher = MATCHER_UNKNOWN;
    s.policy.undecided_restriction = VERDICT_REJECT;
    s.policy.restrictions_check = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.restrictions_check = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void says_how_old_the_snapshot_is(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "pull-request-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    const struct reason *reason = scene_reason(&s, REASON_RESTRICTION);
    assert_non_null(reason);
    assert_text_has(reason->text, "pull requests only (restriction 9, repository");
    assert_text_has(reason->text, "snapshot of 11m ago");
    assert_int_equal(reason->restriction_id, 9);
    assert_true(text_equal(reason->restriction_type, TEXT("pull-request-only")));
    assert_true(reason->wants_pull_request);
    assert_int_equal(reason->proof.count, 1);
    assert_true(text_equal(reason->proof.items[0], TEXT("repo/PRJ/app#9")));
    s.restrictions[0].of_project = true;
    scene_decide(&s);
    reason = scene_reason(&s, REASON_RESTRICTION);
    assert_text_has(reason->text, "(restriction 9, project");
    assert_true(text_equal(reason->proof.items[0], TEXT("project/PRJ#9")));
    scene_free(&s);
}

static void names_the_lowest_and_counts(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 30, "read-only", "BRANCH", "main");
    scene_restrict(&s, 12, "read-only", "PATTERN", "ma*");
    scene_restrict(&s, 20, "read-only", "ANY_REF", "ANY_REF_MATCHER_ID");
    scene_restrict(&s, 1, "read-only", "BRANCH", "elsewhere");
    scene_restrict(&s, 2, "no-deletes", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(scene_count_reasons(s.decision.changes[0].reasons), 1);
    assert_text_has(scene_reason(&s, REASON_RESTRICTION)->text,
                    "(restriction 12, repository, and 2 more");
    scene_free(&s);
}

static void a_pull_request_is_no_way_out_of_read_only(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "pull-request-only", "BRANCH", "main");
    scene_restrict(&s, 10, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    for (const struct reason_link *l = s.decision.changes[0].reasons; l; l = l->next)
        assert_false(l->reason->wants_pull_request);
    s.restriction_count = 1;
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_DELETE);
    assert_decides(&s, VERDICT_REJECT);
    assert_false(scene_reason(&s, REASON_RESTRICTION)->wants_pull_request);
    scene_set_change(&s, 0, "refs/tags/main", CHANGE_UPDATE);
    s.restrictions[0].matcher = MATCHER_ANY_REF;
    assert_decides(&s, VERDICT_REJECT);
    assert_false(scene_reason(&s, REASON_RESTRICTION)->wants_pull_request);
    scene_free(&s);
}

/* ------------------------------------------------------------------ undecided */

static void unreadable_matcher(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct restriction *r = scene_restrict(&s, 9, "read-only", "SOMETHING_NEW", "x");
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_int_equal(scene_reason(&s, REASON_UNDECIDED)->restriction_id, 9);
    assert_false(scene_reason(&s, REASON_UNDECIDED)->definite);
    /* a restriction with an unreadable matcher that exempts the pusher blocks in no case */
    scene_exempt_user(&s, r, 101, "jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    /* but whether it lifts what another surely blocks, nobody can tell */
    scene_restrict(&s, 10, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_ANNOTATE);
    /* one that does not exempt, next to another that surely blocks, changes nothing */
    s.exemptions[0].list.user_count = 0;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_int_equal(scene_count_reasons(s.decision.changes[0].reasons), 1);
    assert_int_equal(scene_reason(&s, REASON_RESTRICTION)->restriction_id, 10);
    scene_free(&s);
}

static void bad_pattern_cannot_be_read(void **state)
{
    (void)state;
    static const char *const patterns[] = {"", "/", "a//b"};
    struct scene s;
    scene_init(&s);
    for (size_t i = 0; i < 3; i++) {
        s.restriction_count = 0;
        scene_restrict(&s, 9, "read-only", "PATTERN", patterns[i]);
        assert_decides(&s, VERDICT_ANNOTATE);
    }
    scene_free(&s);
}

static void unknown_type(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct restriction *r = scene_restrict(&s, 9, "no-rebases", "BRANCH", "main");
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "no-rebases");
    scene_set_trigger(&s, "pull-request-merge", true);
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_set_trigger(&s, "push", false);
    scene_exempt_user(&s, r, 101, "jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    /* an exemption in another unknown type lifts nothing */
    scene_restrict(&s, 10, "no-squashes", "BRANCH", "main");
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_int_equal(scene_reason(&s, REASON_UNDECIDED)->restriction_id, 10);
    scene_free(&s);
}

static void history_is_asked_only_if_it_matters(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct restriction *r = scene_restrict(&s, 9, "fast-forward-only", "BRANCH", "release");
    scene_restrict(&s, 10, "no-deletes", "BRANCH", "main");
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.descends_asked, 0);
    assert_int_equal(s.decision.changes[0].kind, CHANGE_MOVE);
    assert_false(s.decision.changes[0].history_asked);
    r->matcher_id = TEXT("main");
    scene_restrict(&s, 11, "fast-forward-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.descends_asked, 1); /* once, and kept */
    assert_int_equal(s.decision.changes[0].kind, CHANGE_UPDATE);
    assert_true(s.decision.changes[0].history_asked);
    scene_exempt_user(&s, r, 101, "jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.descends_asked, 1);
    scene_free(&s);
}

static void history_unavailable(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.trouble = HISTORY_UNAVAILABLE;
    scene_restrict(&s, 9, "fast-forward-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_int_equal(s.decision.changes[0].kind, CHANGE_UNKNOWN);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "the objects are not here");
    s.no_history = true;
    assert_decides(&s, VERDICT_ANNOTATE);
    /* the verdict does not depend on it */
    scene_restrict(&s, 10, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_null(scene_reason(&s, REASON_UNDECIDED));
    scene_free(&s);
}

static void history_limit_rejects_whatever_failure_says(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.trouble = HISTORY_LIMIT;
    s.policy.undecided = s.policy.undecided_restriction = VERDICT_NOTE;
    scene_restrict(&s, 9, "fast-forward-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_int_equal(scene_reason(&s, REASON_FAILURE)->verdict, VERDICT_REJECT);
    assert_false(scene_reason(&s, REASON_FAILURE)->definite);
    scene_free(&s);
}

static void every_answer_to_the_default_branch(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.repositories[0].default_branch_known = false;
    /* if main is the default branch both match and the pusher is exempt; if not, neither does */
    scene_restrict(&s, 9, "read-only", "DEFAULT_BRANCH", "x");
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "default branch");
    scene_set_change(&s, 0, "refs/tags/v1", CHANGE_CREATE);
    assert_decides(&s, VERDICT_ACCEPT); /* no tag is a default branch */
    scene_free(&s);
}

static void archived_or_forbidden_and_still_judged(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.permissions_check = VERDICT_REJECT;
    s.push.user_permission = TEXT("REPO_READ");
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_non_null(scene_reason(&s, REASON_PERMISSION));
    assert_non_null(scene_reason(&s, REASON_RESTRICTION));
    scene_free(&s);
}

static void same_id_twice(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(scene_count_reasons(s.decision.changes[0].reasons), 1);
    scene_free(&s);
}

static void merge_check_is_an_update(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.dry_run = true;
    scene_set_trigger(&s, "pull-request-merge", true);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_REWRITE); /* the source does not descend */
    struct rule *rule = scene_rule(&s, "no-rewrites", VERDICT_REJECT);
    rule->kinds = KIND_REWRITE;
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.descends_asked, 0);
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 4.1: what each type blocks", each_type_blocks_its_kinds, NULL, NULL, NULL},
        {"semantics 4.3: what each matcher matches", each_matcher, NULL, NULL, NULL},
        {"semantics 4.3: a model that is not configured matches nothing", no_model_no_match, NULL,
         NULL, NULL},
        {"semantics 4: restrictions apply to branches and tags", only_branches_and_tags, NULL, NULL,
         NULL},
        {"semantics 4: [refs] other", other_namespaces, NULL, NULL, NULL},
        {"semantics 4: Bitbucket's own refs are judged in a push only", own_refs_of_bitbucket, NULL,
         NULL, NULL},
        {"semantics 4: [restrictions] check is the ceiling of blocks and doubts", ceiling, NULL,
         NULL, NULL},
        {"semantics 4: a rejection says how old the snapshot is", says_how_old_the_snapshot_is,
         NULL, NULL, NULL},
        {"one reason a type, naming the lowest id", names_the_lowest_and_counts, NULL, NULL, NULL},
        {"a pull request is suggested only where it is a way out",
         a_pull_request_is_no_way_out_of_read_only, NULL, NULL, NULL},
        {"semantics 1: a matcher that cannot be read", unreadable_matcher, NULL, NULL, NULL},
        {"semantics 4.4: an invalid pattern cannot be read", bad_pattern_cannot_be_read, NULL, NULL,
         NULL},
        {"semantics 4.1: an unknown type", unknown_type, NULL, NULL, NULL},
        {"semantics 1: history is asked only if a verdict depends on it",
         history_is_asked_only_if_it_matters, NULL, NULL, NULL},
        {"semantics 1, 4.1: history is not available", history_unavailable, NULL, NULL, NULL},
        {"semantics 8: a history limit rejects with code 2",
         history_limit_rejects_whatever_failure_says, NULL, NULL, NULL},
        {"semantics 4.3: default branch needed and not known", every_answer_to_the_default_branch,
         NULL, NULL, NULL},
        {"semantics 4: restrictions are judged where a permission rejects",
         archived_or_forbidden_and_still_judged, NULL, NULL, NULL},
        {"semantics 2: duplicates do not matter", same_id_twice, NULL, NULL, NULL},
        {"semantics 8: a merge check is judged as the update that the merge is",
         merge_check_is_an_update, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide restrictions", tests, NULL, NULL);
}
