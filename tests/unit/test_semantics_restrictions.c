/* decide(): branch restrictions, cell by cell of semantics.md 4.1, and its sentences in 4 to 4.3 that
 * other tests do not name. */
#include "model/ref.h"
#include "support/scene.h"

/* ------------------------------------------------------------------ 4.1 */

static const char *const triggers[] = {"push",       "branch-create", "branch-delete", "tag-create",
                                       "tag-delete", "file-edit",     "brand-new"};
static const char *const merges[] = {"pull-request-merge", "merge", "brand-new-merge"};
#define TRIGGERS (sizeof triggers / sizeof triggers[0])
#define MERGES (sizeof merges / sizeof merges[0])

static const enum change_kind kinds[] = {CHANGE_CREATE, CHANGE_UPDATE, CHANGE_REWRITE,
                                         CHANGE_DELETE};

/* A row of the table: what is blocked in the order of `kinds`, X or -. */
static const struct row {
    const char *type, *push, *web, *edit, *merge;
} rows[] = {
    /* web: branch-create, branch-delete, tag-create, tag-delete */
    {"read-only", "XXXX", "XXXX", "XXXX", "XXXX"},
    {"pull-request-only", "XXXX", "----", "XXXX", "----"},
    {"fast-forward-only", "--X-", "--X-", "--X-", "----"},
    {"no-deletes", "---X", "---X", "---X", "----"},
    {"no-creates", "X---", "X---", "X---", "----"},
};
#define ROWS (sizeof rows / sizeof rows[0])

static void assert_cell(const struct row *row, const char *trigger, bool merge, size_t kind,
                        const char *blocked)
{
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, row->type, "BRANCH", "main");
    scene_set_trigger(&s, trigger, merge);
    scene_set_change(&s, 0, "refs/heads/main", kinds[kind]);
    enum verdict expected = blocked[kind] == 'X' ? VERDICT_REJECT : VERDICT_ACCEPT;
    if (scene_decide(&s) != expected)
        fail_msg("%s, trigger %s, %s: %s, not %s", row->type, trigger,
                 change_kind_name(kinds[kind]), verdict_name(s.decision.verdict),
                 verdict_name(expected));
    assert_exit(&s, expected == VERDICT_REJECT ? 1 : 0);
    scene_free(&s);
}

static void every_cell(void **state)
{
    (void)state;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t k = 0; k < 4; k++) {
            for (size_t t = 0; t < TRIGGERS; t++) {
                bool web = t >= 1 && t <= 4, edit = !strcmp(triggers[t], "file-edit");
                assert_cell(&rows[r], triggers[t], false, k,
                            web    ? rows[r].web
                            : edit ? rows[r].edit
                                   : rows[r].push);
            }
            for (size_t t = 0; t < MERGES; t++)
                assert_cell(&rows[r], merges[t], true, k, rows[r].merge);
        }
}

static void a_tag_that_moves_is_a_rewrite(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "fast-forward-only", "PATTERN", "v*");
    scene_set_change(&s, 0, "refs/tags/v1", CHANGE_UPDATE); /* wherever to */
    s.changes[0].kind = change_kind_without_history(&s.changes[0]);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_int_equal(s.descends_asked, 0);
    scene_free(&s);
}

static void an_unknown_type_that_is_not_active(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct restriction *r = scene_restrict(&s, 9, "no-rebases", "BRANCH", "main");
    assert_decides(&s, VERDICT_ANNOTATE);
    r->matcher_active = false;
    assert_decides(&s, VERDICT_ACCEPT);
    r->matcher_active = true;
    r->matcher_id = TEXT("elsewhere");
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

/* Each thing that leaves a restriction undecided, in each setting. */
static void whatever_leaves_it_undecided(void **state)
{
    (void)state;
    static const enum verdict settings[] = {VERDICT_NOTE, VERDICT_ANNOTATE, VERDICT_REJECT};
    for (size_t what = 0; what < 4; what++)
        for (size_t i = 0; i < 3; i++) {
            struct scene s;
            scene_init(&s);
            s.policy.undecided_restriction = settings[i];
            struct restriction *r = scene_restrict(&s, 9, "fast-forward-only", "BRANCH", "main");
            if (what == 0) {
                s.trouble = HISTORY_UNAVAILABLE;
            } else {
                scene_set_change(&s, 0, "refs/heads/main", CHANGE_REWRITE);
                r->matcher = what == 1 ? MATCHER_UNKNOWN : MATCHER_DEFAULT_BRANCH;
                s.repositories[0].default_branch_known = what == 1;
            }
            if (what == 3)
                r->type = RESTRICTION_UNKNOWN;
            assert_decides(&s, settings[i]);
            assert_exit(&s, settings[i] == VERDICT_REJECT ? 2 : 0);
            s.policy.undecided = VERDICT_REJECT; /* is for rules */
            assert_decides(&s, settings[i]);
            scene_free(&s);
        }
}

/* ------------------------------------------------------------------ 4 */

static void off_silences_doubts_and_what_a_native_hook_says(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.restrictions_check = VERDICT_ACCEPT;
    s.policy.undecided_restriction = VERDICT_REJECT;
    scene_restrict(&s, 9, "read-only", "SOMETHING_NEW", "x");
    scene_restrict(&s, 10, "no-rebases", "BRANCH", "main");
    assert_decides(&s, VERDICT_ACCEPT);
    s.push.native = true;
    assert_decides(&s, VERDICT_ACCEPT);
    s.push.native = false;
    /* annotate: no more than that for blocks, doubts and a native hook */
    s.policy.restrictions_check = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_restrict(&s, 11, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_ANNOTATE);
    s.push.native = true;
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_free(&s);
}

/* Rules, the policy for keys and the scope of service accounts judge every ref of a push. */
static void every_ref_of_a_push(void **state)
{
    (void)state;
    static const char *const refs[] = {"refs/notes/x", "refs/pull-requests/1/from",
                                       "refs/changes/9", "refs/stash-refs/x", "refs/odd"};
    const struct text_list all = LIST(TEXT("refs/**")), main_only = LIST(TEXT("main"));
    for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
        bool own = ref_is_internal(text_of(refs[i]));
        for (size_t who = 0; who < 3; who++) {
            struct scene s;
            scene_init(&s);
            scene_set_change(&s, 0, refs[i], CHANGE_CREATE);
            if (who == 0) {
                scene_rule(&s, "r", VERDICT_REJECT)->refs = all;
            } else if (who == 1) {
                scene_account(&s, "jdoe")->refs = main_only;
            } else {
                scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
                scene_push_with_key(&s, "Access Key User - ci");
                s.policy.access_keys.refs = main_only;
            }
            assert_decides(&s, VERDICT_REJECT);
            assert_exit(&s, 1);
            /* with other triggers Bitbucket's own are skipped altogether */
            scene_set_trigger(&s, "branch-create", false);
            assert_decides(&s, own ? VERDICT_ACCEPT : VERDICT_REJECT);
            scene_free(&s);
        }
    }
}

/* ------------------------------------------------------------------ 4.2 */

static void levels_add_up_both_ways(void **state)
{
    (void)state;
    for (int project_exempts = 0; project_exempts < 2; project_exempts++) {
        struct scene s;
        scene_init(&s);
        struct restriction *of_project = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
        struct restriction *own = scene_restrict(&s, 10, "read-only", "BRANCH", "main");
        of_project->of_project = true;
        assert_decides(&s, VERDICT_REJECT);
        scene_exempt_group(&s, project_exempts ? of_project : own, "devs");
        assert_decides(&s, VERDICT_ACCEPT);
        /* a repository cannot override a project: its own, of another type, lifts nothing */
        own->type = RESTRICTION_PULL_REQUEST_ONLY;
        assert_decides(&s, VERDICT_REJECT);
        scene_free(&s);
    }
}

static void no_deletes_lifts_nothing_from_read_only(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_DELETE);
    scene_exempt_user(&s, scene_restrict(&s, 9, "no-deletes", "BRANCH", "main"), 101, "jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    scene_restrict(&s, 10, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(scene_reason(&s, REASON_RESTRICTION)->restriction_id, 10);
    scene_free(&s);
}

static void strangers(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.user_name = TEXT("newcomer");
    struct restriction *r = scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    scene_exempt_group(&s, r, "no-such-group"); /* has no members: he is none, either */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_exempt_user(&s, r, 555, "NEWCOMER"); /* his id is not known: by name */
    assert_decides(&s, VERDICT_NOTE);
    s.exemptions[0].list.user_count = 0;
    scene_exempt_key(&s, r, 158); /* nor is he a key */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void admins_exempt_by_either_word(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.admins_exempt = true;
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    s.push.user_name = TEXT("newcomer");
    s.push.user_permission = TEXT("PROJECT_ADMIN"); /* Bitbucket's */
    assert_decides(&s, VERDICT_NOTE);
    s.push.user_permission = TEXT_NONE; /* nobody's: it stays open */
    assert_decides(&s, VERDICT_ANNOTATE);
    s.push.user_name = TEXT("jdoe");
    s.grants[0].permission = PERMISSION_REPO_ADMIN; /* the snapshot's */
    assert_decides(&s, VERDICT_ACCEPT);
    s.push.user_permission = TEXT("REPO_WRITE"); /* is newer */
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

/* ------------------------------------------------------------------ 4.3 */

static void the_models_production_branch(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct branch_model *model = &s.repositories[0].model;
    scene_restrict(&s, 9, "read-only", "MODEL_BRANCH", "production");
    model->configured = true;
    assert_decides(&s, VERDICT_ACCEPT); /* the model names none */
    model->production_set = model->production_default = true;
    assert_decides(&s, VERDICT_REJECT); /* useDefault: main */
    s.repositories[0].default_branch_known = false;
    assert_decides(&s, VERDICT_ANNOTATE);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "default branch");
    model->production_default = false;
    model->production = TEXT("refs/heads/stable");
    assert_decides(&s, VERDICT_ACCEPT); /* not needed, so not asked for */
    scene_free(&s);
}

static void categories_of_any_case(void **state)
{
    (void)state;
    static const char *const ids[] = {"BUGFIX", "feature", "HotFix", "release"};
    for (size_t i = 0; i < 4; i++) {
        struct scene s;
        scene_init(&s);
        struct branch_model *model = &s.repositories[0].model;
        scene_restrict(&s, 9, "read-only", "MODEL_CATEGORY", ids[i]);
        scene_set_change(&s, 0, "refs/heads/x/1", CHANGE_CREATE);
        assert_decides(&s, VERDICT_ACCEPT); /* no model */
        model->configured = true;
        model->category_count = 1;
        model->category[0].id = text_of(ids[i]);
        model->category[0].prefix = TEXT("x/");
        assert_decides(&s, VERDICT_ACCEPT); /* not enabled */
        model->category[0].enabled = true;
        assert_decides(&s, VERDICT_REJECT);
        scene_set_change(&s, 0, "refs/heads/x/", CHANGE_CREATE); /* at least one more character */
        assert_decides(&s, VERDICT_ACCEPT);
        scene_set_change(&s, 0, "refs/heads/X/1", CHANGE_CREATE); /* refs compare exactly */
        assert_decides(&s, VERDICT_ACCEPT);
        scene_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 4.1: every cell, with every trigger", every_cell, NULL, NULL, NULL},
        {"semantics 4.1: an existing tag that moves is a rewrite", a_tag_that_moves_is_a_rewrite,
         NULL, NULL, NULL},
        {"semantics 4.1, 4.3: an unknown type with active:false or another ref",
         an_unknown_type_that_is_not_active, NULL, NULL, NULL},
        {"semantics 4.1: type, matcher, default branch, history: [failure] undecided-restriction",
         whatever_leaves_it_undecided, NULL, NULL, NULL},
        {"semantics 4: [restrictions] check = off and annotate, for doubts too",
         off_silences_doubts_and_what_a_native_hook_says, NULL, NULL, NULL},
        {"semantics 4: rules, keys and service accounts judge every ref of a push",
         every_ref_of_a_push, NULL, NULL, NULL},
        {"semantics 4.2: project and repository levels add up", levels_add_up_both_ways, NULL, NULL,
         NULL},
        {"semantics 4.2: types are independent", no_deletes_lifts_nothing_from_read_only, NULL,
         NULL, NULL},
        {"semantics 4.2: a stranger, by name, group and key", strangers, NULL, NULL, NULL},
        {"semantics 4.2: admins-exempt by Bitbucket's word or the snapshot's",
         admins_exempt_by_either_word, NULL, NULL, NULL},
        {"semantics 4.3: production, also with useDefault", the_models_production_branch, NULL,
         NULL, NULL},
        {"semantics 4.3: categories, any case, enabled, one more character", categories_of_any_case,
         NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("semantics 4, restrictions", tests, NULL, NULL);
}
