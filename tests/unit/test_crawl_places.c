/* bitbucket/crawl.h: projects and repositories that move, vanish, or change hands while they are read. */
#include "support/fake_crawl.h"

#define API "/rest/api/latest/projects/"
#define REPOS "/rest/api/latest/repos?archived=ALL"

static const char *const of_repository[] = {
    API "%s/permissions/users",
    API "%s/permissions/groups",
    "/rest/branch-permissions/latest/projects/%s/restrictions",
    "/rest/branch-utils/latest/projects/%s/branchmodel/configuration",
    API "%s/default-branch",
    "/rest/keys/latest/projects/%s/ssh",
};

/* All answers at FROM ("P/repos/a") lead to TO now. */
static void move(const char *from, const char *to)
{
    char url[200], location[200];
    for (size_t i = 0; i < 6; i++) {
        snprintf(url, sizeof url, of_repository[i], from);
        snprintf(location, sizeof location, of_repository[i], to);
        fake_moved(&fake, url, location);
    }
    snprintf(url, sizeof url, API "%s", from);
    snprintf(location, sizeof location, API "%s", to);
    fake_moved(&fake, url, location);
}

static void vanish(const char *place)
{
    char url[200];
    for (size_t i = 0; i < 6; i++) {
        snprintf(url, sizeof url, of_repository[i], place);
        fake_answer(&fake, url, 404, FAKE_GONE);
    }
    snprintf(url, sizeof url, API "%s", place);
    fake_answer(&fake, url, 404, FAKE_GONE);
}

/* The second look at the repositories: P/a is listed as this; NULL: not listed. */
static void listed_again_as(const char *a)
{
    char values[2000];
    snprintf(values, sizeof values, "%s%s%s,%s,%s", a ? a : "", a ? "," : "",
             FAKE_REPOSITORY("b", 101, FAKE_P), FAKE_REPOSITORY("c", 102, FAKE_Q),
             FAKE_REPOSITORY("n", 103, FAKE_ANN_HOME));
    fake_list(&fake, REPOS "&look=2", values);
}

/* ------------------------------------------------------------------ moved */

static void a_repository_that_moved_is_followed(void **state)
{
    struct snapshot_repository r;
    (void)state;
    move("P/repos/a", "Q/repos/new");
    fake_answer(&fake, API "Q/repos/new", 200, FAKE_REPOSITORY("new", 100, FAKE_Q));
    fake_repository_answers(&fake, "Q/repos/new",
                            "{'user':" FAKE_USER("cid", 4) ",'permission':'REPO_WRITE'}");
    listed_again_as(FAKE_REPOSITORY("new", 100, FAKE_Q));
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.moved, 1);
    assert_int_equal(x.result.gone, 0);
    assert_int_equal(x.result.appeared, 0);
    assert_false(crawl_has_repository(&x, "P", "a", &r));
    assert_true(crawl_has_repository(&x, "Q", "new", &r));
    assert_int_equal(r.id, 100);
    assert_int_equal(crawl_user_grant(&x, GRANT_REPOSITORY, "Q", "new", "cid"),
                     PERMISSION_REPO_WRITE);
}

static void a_move_in_the_middle_leaves_nothing_of_the_old_place(void **state)
{
    struct snapshot_repository r;
    (void)state;
    /* Only the last endpoint sees the move; the others still answered, with what the repository had
     * from its old project. */
    fake_list(&fake, "/rest/branch-permissions/latest/projects/P/repos/a/restrictions",
              "{'id':70,'scope':{'type':'PROJECT','resourceId':10},'type':'read-only',"
              "'matcher':{'id':'refs/heads/main','type':{'id':'BRANCH'},'active':true},"
              "'users':[" FAKE_USER("ann", 2) "],'groups':[],'accessKeys':[]}");
    fake_moved(&fake, "/rest/keys/latest/projects/P/repos/a/ssh",
               "/rest/keys/latest/projects/%71/repos/new/ssh?start=0");
    fake_answer(&fake, API "q/repos/new", 200, FAKE_REPOSITORY("new", 100, FAKE_Q));
    fake_repository_answers(&fake, "Q/repos/new", "");
    listed_again_as(FAKE_REPOSITORY("new", 100, FAKE_Q));
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_true(crawl_has_repository(&x, "Q", "new", &r));
    assert_int_equal(r.restriction_count, 0);
    assert_int_equal(crawl_user_grant(&x, GRANT_REPOSITORY, "Q", "new", "bob"), PERMISSION_NONE);
}

static void three_moves_are_followed_and_not_a_fourth(void **state)
{
    struct snapshot_repository r;
    (void)state;
    move("P/repos/a", "Q/repos/two");
    move("Q/repos/two", "Q/repos/three");
    fake_answer(&fake, API "Q/repos/three", 200, FAKE_REPOSITORY("three", 100, FAKE_Q));
    fake_repository_answers(&fake, "Q/repos/three", "");
    listed_again_as(FAKE_REPOSITORY("three", 100, FAKE_Q));
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.moved, 1);
    assert_true(crawl_has_repository(&x, "Q", "three", &r));
    crawl_close(&x);
    move("Q/repos/three", "P/repos/a"); /* in circles */
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "answered 307 again and again");
}

static void of_two_places_the_later_answer_counts(void **state)
{
    struct snapshot_repository r;
    (void)state;
    /* It moved twice while its endpoints were asked, and nothing is left in the middle. */
    fake_moved(&fake, API "P/repos/a/permissions/users", API "Q/repos/two/permissions/users");
    fake_moved(&fake, API "P/repos/a/default-branch", API "Q/repos/three/default-branch");
    fake_answer(&fake, API "Q/repos/two", 404, FAKE_GONE);
    fake_answer(&fake, API "Q/repos/three", 200, FAKE_REPOSITORY("three", 100, FAKE_Q));
    fake_repository_answers(&fake, "Q/repos/three", "");
    listed_again_as(FAKE_REPOSITORY("three", 100, FAKE_Q));
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_true(crawl_has_repository(&x, "Q", "three", &r));
    assert_int_equal(x.result.gone, 0);
}

static void a_recording_needs_no_other_answers_of_the_old_place(void **state)
{
    struct snapshot_repository r;
    char url[200];
    (void)state;
    fake.recording = true;
    for (size_t i = 0; i < 6; i++) {
        snprintf(url, sizeof url, of_repository[i], "P/repos/a");
        fake_drop(&fake, url);
    }
    fake_moved(&fake, API "P/repos/a/default-branch", API "Q/repos/new/default-branch");
    fake_answer(&fake, API "Q/repos/new", 200, FAKE_REPOSITORY("new", 100, FAKE_Q));
    fake_repository_answers(&fake, "Q/repos/new", "");
    listed_again_as(FAKE_REPOSITORY("new", 100, FAKE_Q));
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_true(crawl_has_repository(&x, "Q", "new", &r));
}

static void a_move_that_says_not_where_is_an_error(void **state)
{
    static const char *const where[] = {
        "/rest/api/latest/users/x",
        "/rest/api/latest/projects/Q",
        "/rest/api/latest/projects/Q/repos/",
        "/rest/api/latest/projects/%2e%2e/repos/x",
        "/rest/api/latest/projects/Q/repos/a%2fb",
        "/login?to=/rest/api/latest/projects/Q/repos/x",
    };
    (void)state;
    for (size_t i = 0; i < sizeof where / sizeof where[0]; i++) {
        fake_moved(&fake, API "P/repos/a/default-branch", where[i]);
        crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "answered 307, which leads to /");
    }
    fake_moved(&fake, API "P/repos/a/default-branch", NULL);
    crawl_bad(
        &fake, NULL, out(), STATUS_FORMAT,
        "/projects/P/repos/a/default-branch: Bitbucket answered 307, which leads to no place");
    fake_answer(&fake, API "P/repos/a/default-branch", 200, "{'id':'main'}");
    fake_moved(&fake, "/rest/api/latest/admin/groups", "/rest/api/latest/projects/Q");
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT,
              "/admin/groups?start=0&limit=1000: Bitbucket answered 307");
}

static void a_project_that_was_renamed_is_followed(void **state)
{
    struct snapshot_project project;
    struct snapshot_repository r;
    char url[200];
    (void)state;
    static const char *const lists[] = {"permissions/users", "permissions/groups",
                                        "permissions/PROJECT_ADMIN/all"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(url, sizeof url, API "Q/%s", lists[i]);
        char to[200];
        snprintf(to, sizeof to, API "NEW/%s", lists[i]);
        fake_moved(&fake, url, to);
    }
    fake_answer(&fake, API "NEW", 200, FAKE_PROJECT("NEW", 11));
    fake_project_answers(&fake, "NEW",
                         "{'user':" FAKE_USER("cid", 4) ",'permission':'PROJECT_READ'}");
    move("Q/repos/c", "NEW/repos/c");
    fake_answer(&fake, API "NEW/repos/c", 200, FAKE_REPOSITORY("c", 102, FAKE_PROJECT("NEW", 11)));
    fake_repository_answers(&fake, "NEW/repos/c", "");
    fake_list(&fake, "/rest/api/latest/projects?look=2", FAKE_P "," FAKE_PROJECT("NEW", 11));
    fake_list(
        &fake, REPOS "&look=2",
        FAKE_REPOSITORY("c", 102, FAKE_PROJECT("NEW", 11)) "," FAKE_REPOSITORY("a", 100, FAKE_P));
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.moved, 2);
    assert_int_equal(x.view.project(x.view.self, TEXT("Q"), &project, NULL), STATUS_NOT_FOUND);
    assert_int_equal(x.view.project(x.view.self, TEXT("NEW"), &project, NULL), STATUS_OK);
    assert_int_equal(crawl_user_grant(&x, GRANT_PROJECT, "NEW", "", "cid"),
                     PERMISSION_PROJECT_READ);
    assert_true(crawl_has_repository(&x, "NEW", "c", &r));
}

/* ------------------------------------------------------------------ another name in another list */

static void what_moved_after_it_was_read_is_read_again(void **state)
{
    struct snapshot_repository r;
    (void)state;
    listed_again_as(FAKE_REPOSITORY("later", 100, FAKE_P));
    fake_answer(&fake, API "P/repos/later", 200, FAKE_REPOSITORY("later", 100, FAKE_P));
    fake_repository_answers(&fake, "P/repos/later",
                            "{'user':" FAKE_USER("cid", 4) ",'permission':'REPO_READ'}");
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.moved, 1);
    assert_int_equal(x.result.appeared, 0);
    assert_false(crawl_has_repository(&x, "P", "a", &r));
    assert_true(crawl_has_repository(&x, "P", "later", &r));
    assert_int_equal(crawl_user_grant(&x, GRANT_REPOSITORY, "P", "later", "cid"),
                     PERMISSION_REPO_READ);
    crawl_close(&x);
    /* Now its name belongs to another repository already. */
    fake_answer(&fake, API "P/repos/later", 200, FAKE_REPOSITORY("later", 999, FAKE_P));
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "its name was taken over while it was read");
}

/* P/a was renamed before it was read, and another repository, of other people, got its name: what was
 * read there is not of P/a. */
static void a_name_that_was_taken_over_gives_nobody_rights(void **state)
{
    static const char *const again[] = {
        FAKE_REPOSITORY("later", 100, FAKE_P) "," FAKE_REPOSITORY("a", 999, FAKE_P),
        FAKE_REPOSITORY("a", 999, FAKE_P) "," FAKE_REPOSITORY("later", 100, FAKE_P),
    };
    (void)state;
    fake_answer(&fake, API "P/repos/later", 200, FAKE_REPOSITORY("later", 100, FAKE_P));
    fake_repository_answers(&fake, "P/repos/later", "");
    for (size_t i = 0; i < 2; i++) {
        listed_again_as(again[i]);
        crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "changed while it was read, run sync again");
    }
    /* Two that changed their names with each other. */
    fake_list(&fake, REPOS "&look=2",
              FAKE_REPOSITORY("b", 100, FAKE_P) "," FAKE_REPOSITORY("a", 101, FAKE_P) ","
              FAKE_REPOSITORY("c", 102, FAKE_Q) "," FAKE_REPOSITORY("n", 103, FAKE_ANN_HOME));
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "changed while it was read, run sync again");
}

/* It kept the restrictions of its old project, whose exemptions lift those of the new one. */
static void what_moved_after_it_was_read_has_nothing_of_its_old_project(void **state)
{
    struct snapshot_repository r;
    (void)state;
    fake_list(&fake, "/rest/branch-permissions/latest/projects/P/repos/a/restrictions",
              "{'id':70,'scope':{'type':'PROJECT','resourceId':10},'type':'read-only',"
              "'matcher':{'id':'refs/heads/main','type':{'id':'BRANCH'},'active':true},"
              "'users':[" FAKE_USER("ann", 2) "],'groups':[],'accessKeys':[]}");
    listed_again_as(FAKE_REPOSITORY("a", 100, FAKE_Q));
    fake_answer(&fake, API "Q/repos/a", 200, FAKE_REPOSITORY("a", 100, FAKE_Q));
    fake_repository_answers(&fake, "Q/repos/a", "");
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_true(crawl_has_repository(&x, "Q", "a", &r));
    assert_int_equal(r.restriction_count, 0);
    assert_int_equal(crawl_user_grant(&x, GRANT_REPOSITORY, "Q", "a", "bob"), PERMISSION_NONE);
}

static void a_rename_between_two_pages_is_looked_into(void **state)
{
    struct snapshot_repository r;
    (void)state;
    fake_list(&fake, REPOS "&start=3",
              FAKE_REPOSITORY("c", 102, FAKE_Q) "," FAKE_REPOSITORY(
                  "n", 103, FAKE_ANN_HOME) "," FAKE_REPOSITORY("a2", 100, FAKE_P));
    move("P/repos/a", "P/repos/a2");
    fake_answer(&fake, API "P/repos/a2", 200, FAKE_REPOSITORY("a2", 100, FAKE_P));
    fake_repository_answers(&fake, "P/repos/a2", "");
    listed_again_as(FAKE_REPOSITORY("a2", 100, FAKE_P));
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_true(crawl_has_repository(&x, "P", "a2", &r));
    assert_false(crawl_has_repository(&x, "P", "a", &r));
}

/* ------------------------------------------------------------------ gone */

static void a_repository_that_was_deleted_is_left_out(void **state)
{
    struct snapshot_repository r;
    (void)state;
    vanish("P/repos/a");
    listed_again_as(NULL);
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.gone, 1);
    assert_int_equal(x.summary.counts[COUNT_REPOSITORIES], 3);
    assert_false(crawl_has_repository(&x, "P", "a", &r));
    crawl_close(&x);
    /* A list that has it again contradicts that. */
    listed_again_as(FAKE_REPOSITORY("a", 100, FAKE_P));
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "repository P/a changed while it was read");
}

static void it_is_gone_even_if_only_one_answer_says_so(void **state)
{
    (void)state;
    fake_answer(&fake, API "P/repos/a/permissions/groups", 404, FAKE_GONE);
    fake_answer(&fake, API "P/repos/a", 404, FAKE_GONE);
    listed_again_as(NULL);
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.gone, 1);
    crawl_close(&x);
    /* But not if it is there. */
    fake_answer(&fake, API "P/repos/a", 200, FAKE_REPOSITORY("a", 100, FAKE_P));
    crawl_bad(
        &fake, NULL, out(), STATUS_FORMAT,
        "/projects/P/repos/a/permissions/groups?start=0&limit=1000: Bitbucket answered 404 (No "
        "such thing.)");
}

/* "The repository does not exist, or its configured default branch does not exist": one such
 * repository stopped every sync. */
static void a_default_branch_that_does_not_exist_is_not_a_deleted_repository(void **state)
{
    struct snapshot_repository r;
    (void)state;
    fake_answer(&fake, API "P/repos/a/default-branch", 404, FAKE_GONE);
    fake_answer(&fake, API "P/repos/a", 200, FAKE_REPOSITORY("a", 100, FAKE_P));
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.gone, 0);
    assert_int_equal(x.result.moved, 0);
    assert_true(crawl_has_repository(&x, "P", "a", &r));
    assert_false(r.default_branch_known);
    assert_int_equal(r.incomplete, 0);
    assert_true(r.restriction_count > 0);
    assert_true(crawl_has_repository(&x, "P", "b", &r));
    assert_true(r.default_branch_known);
    crawl_close(&x);
    /* Another answer of the same repository that says so is an error still. */
    fake_answer(&fake, API "P/repos/a/permissions/groups", 404, FAKE_GONE);
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "/projects/P/repos/a/permissions/groups?");
    /* And without the repository it is gone, by that answer alone. */
    fake_list(&fake, API "P/repos/a/permissions/groups", "");
    fake_answer(&fake, API "P/repos/a", 404, FAKE_GONE);
    listed_again_as(NULL);
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.gone, 1);
    assert_false(crawl_has_repository(&x, "P", "a", &r));
}

static void a_deleted_repository_whose_name_was_taken_is_gone(void **state)
{
    struct snapshot_repository r;
    (void)state;
    fake_answer(&fake, API "P/repos/a/permissions/groups", 404, FAKE_GONE);
    fake_answer(&fake, API "P/repos/a", 200, FAKE_REPOSITORY("a", 999, FAKE_P));
    listed_again_as(NULL);
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.gone, 1);
    assert_false(crawl_has_repository(&x, "P", "a", &r));
}

static void a_place_whose_name_was_taken_is_gone(void **state)
{
    (void)state;
    move("P/repos/a", "Q/repos/new");
    fake_answer(&fake, API "Q/repos/new", 200, FAKE_REPOSITORY("new", 999, FAKE_Q));
    listed_again_as(NULL);
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.gone, 1);
    assert_int_equal(x.result.moved, 0);
    crawl_close(&x);
    fake_answer(&fake, API "Q/repos/new", 404, FAKE_GONE);
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.gone, 1);
}

static void a_project_that_was_deleted_is_left_out(void **state)
{
    struct snapshot_project project;
    (void)state;
    fake_answer(&fake, API "Q/permissions/users", 404, FAKE_GONE);
    fake_answer(&fake, API "Q", 404, FAKE_GONE);
    vanish("Q/repos/c");
    fake_list(&fake, "/rest/api/latest/projects?look=2", FAKE_P);
    fake_list(&fake, REPOS "&look=2", FAKE_REPOSITORY("a", 100, FAKE_P));
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.gone, 2);
    assert_int_equal(x.view.project(x.view.self, TEXT("Q"), &project, NULL), STATUS_NOT_FOUND);
}

static void a_group_that_is_gone_has_no_members(void **state)
{
    struct snapshot_group group;
    (void)state;
    fake_answer(&fake, "/rest/api/latest/admin/groups/more-members?context=ops", 404, FAKE_GONE);
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.view.group(x.view.self, TEXT("ops"), &group, NULL), STATUS_OK);
    assert_false(group.incomplete);
    assert_int_equal(snapshot_meta_record(x.snapshot)->note_count, 0);
}

/* ------------------------------------------------------------------ taken over */

static void answers_of_another_repository_are_not_believed(void **state)
{
    static const struct {
        const char *url, *values, *want;
    } rows[] = {
        {"/rest/branch-permissions/latest/projects/P/repos/a/restrictions",
         "{'id':7,'scope':{'type':'REPOSITORY','resourceId':999},'type':'read-only','matcher':{'id':"
         "'x','type':{'id':'BRANCH'}}}",
         "scope.resourceId is of another place"},
        {"/rest/branch-permissions/latest/projects/P/restrictions",
         "{'id':7,'scope':{'type':'PROJECT','resourceId':999},'type':'read-only','matcher':{'id':"
         "'x','type':{'id':'BRANCH'}}}",
         "scope.resourceId is of another place"},
        {"/rest/keys/latest/projects/P/repos/a/ssh",
         "{'key':{'id':50,'label':'ci'},'repository':{'id':999},'permission':'REPO_WRITE'}",
         "repository.id is of another place"},
        {"/rest/keys/latest/projects/P/ssh",
         "{'key':{'id':50,'label':'ci'},'project':{'id':999},'permission':'PROJECT_WRITE'}",
         "project.id is of another place"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_free(&fake);
        fake_world(&fake);
        fake_list(&fake, rows[i].url, rows[i].values);
        crawl_bad(&fake, NULL, out(), STATUS_FORMAT, rows[i].want);
        crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "changed while it was read, run sync again");
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_repository_that_moved_is_followed),
        CASE(a_move_in_the_middle_leaves_nothing_of_the_old_place),
        CASE(three_moves_are_followed_and_not_a_fourth),
        CASE(of_two_places_the_later_answer_counts),
        CASE(a_recording_needs_no_other_answers_of_the_old_place),
        CASE(a_move_that_says_not_where_is_an_error),
        CASE(a_project_that_was_renamed_is_followed),
        CASE(what_moved_after_it_was_read_is_read_again),
        CASE(a_name_that_was_taken_over_gives_nobody_rights),
        CASE(what_moved_after_it_was_read_has_nothing_of_its_old_project),
        CASE(a_rename_between_two_pages_is_looked_into),
        CASE(a_repository_that_was_deleted_is_left_out),
        CASE(it_is_gone_even_if_only_one_answer_says_so),
        CASE(a_default_branch_that_does_not_exist_is_not_a_deleted_repository),
        CASE(a_deleted_repository_whose_name_was_taken_is_gone),
        CASE(a_place_whose_name_was_taken_is_gone),
        CASE(a_project_that_was_deleted_is_left_out),
        CASE(a_group_that_is_gone_has_no_members),
        CASE(answers_of_another_repository_are_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
