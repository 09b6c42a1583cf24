/* bitbucket/crawl.h: what may not be read, what only reports need, and a part of an instance. */
#include "support/fake_crawl.h"

#define API "/rest/api/latest/projects/"
static const struct crawl_options partial = {.allow_partial = true};

/* ------------------------------------------------------------------ refused */

static void a_refusal_names_the_permission(void **state)
{
    static const struct {
        const char *url, *permission;
    } rows[] = {
        {"/rest/api/latest/admin/permissions/users", "ADMIN"},
        {"/rest/api/latest/admin/groups/more-members?context=ops", "LICENSED_USER"},
        {API "P/permissions/users", "PROJECT_ADMIN"},
        {API "P/permissions/PROJECT_ADMIN/all", "PROJECT_ADMIN"},
        {API "P/repos/a/default-branch", "REPO_READ"},
        {"/rest/keys/latest/projects/P/repos/a/ssh", "REPO_ADMIN"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char want[300];
        fake_free(&fake);
        fake_world(&fake);
        fake_answer(&fake, rows[i].url, i % 2 ? 403 : 401,
                    "{'errors':[{'message':'You are\\u001b[31m not permitted'}]}");
        snprintf(want, sizeof want,
                 "Bitbucket answered %d (You are\\x1b[31m not permitted); the account needs %s",
                 i % 2 ? 403 : 401, rows[i].permission);
        crawl_bad(&fake, NULL, out(), STATUS_TRUST, want);
    }
}

static void lists_that_may_not_be_read_are_an_error_always(void **state)
{
    static const char *const lists[] = {
        "/rest/api/latest/admin/users", "/rest/api/latest/admin/groups",
        "/rest/api/latest/projects", "/rest/api/latest/repos?archived=ALL",
        "/rest/api/latest/application-properties"};
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        fake_free(&fake);
        fake_world(&fake);
        fake_answer(&fake, lists[i], 401, FAKE_REFUSED);
        crawl_bad(&fake, &partial, out(), STATUS_TRUST, "the account needs");
    }
}

static void what_may_not_be_read_is_marked(void **state)
{
    static const struct {
        const char *url;
        unsigned repository, project;
    } rows[] = {
        {API "P/repos/a/permissions/users", INCOMPLETE_GRANTS, 0},
        {API "P/repos/a/permissions/groups", INCOMPLETE_GRANTS, 0},
        {"/rest/branch-permissions/latest/projects/P/repos/a/restrictions", INCOMPLETE_RESTRICTIONS,
         0},
        {"/rest/branch-utils/latest/projects/P/repos/a/branchmodel/configuration", INCOMPLETE_MODEL,
         0},
        {"/rest/keys/latest/projects/P/repos/a/ssh", INCOMPLETE_KEYS, 0},
        {API "P/repos/a/default-branch", 0, 0},
        {API "P/permissions/users", 0, INCOMPLETE_GRANTS},
        {API "P/permissions/groups", 0, INCOMPLETE_GRANTS},
        {API "P/permissions/PROJECT_ADMIN/all", 0, INCOMPLETE_GRANTS},
        {API "P/permissions/PROJECT_READ/all", 0, INCOMPLETE_GRANTS},
        {"/rest/branch-permissions/latest/projects/P/restrictions", 0, INCOMPLETE_RESTRICTIONS},
        {"/rest/branch-utils/latest/projects/P/branchmodel/configuration", 0, INCOMPLETE_MODEL},
        {"/rest/keys/latest/projects/P/ssh", 0, INCOMPLETE_KEYS},
    };
    struct snapshot_repository r;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_free(&fake);
        fake_world(&fake);
        fake_answer(&fake, rows[i].url, 401, FAKE_REFUSED);
        crawl_good(&x, &fake, &partial, out());
        assert_int_equal(x.result.refused, 1);
        assert_true(crawl_has_repository(&x, "P", "a", &r));
        assert_int_equal(r.incomplete, rows[i].repository);
        assert_int_equal(r.project.incomplete, rows[i].project);
        assert_true(crawl_noted(&x, "the account may not read"));
        assert_int_equal(snapshot_meta_record(x.snapshot)->note_count, 1);
        crawl_close(&x);
    }
    crawl_any_order(&fake, &partial, out());
}

static void other_levels_are_not_asked_for_after_a_refusal(void **state)
{
    (void)state;
    fake_answer(&fake, API "P/permissions/PROJECT_ADMIN/all", 401, FAKE_REFUSED);
    crawl_good(&x, &fake, &partial, out());
    assert_int_equal(fake_asked(&fake, "/projects/P/permissions/PROJECT_WRITE/all"), 0);
    assert_int_equal(fake_asked(&fake, "/projects/Q/permissions/PROJECT_WRITE/all"), 1);
}

static void people_that_may_not_be_read_are_marked(void **state)
{
    struct snapshot_group group;
    struct snapshot_user user;
    (void)state;
    fake_answer(&fake, "/rest/api/latest/admin/groups/more-members?context=ops", 401, FAKE_REFUSED);
    fake_answer(&fake, "/rest/api/latest/admin/permissions/users", 401, FAKE_REFUSED);
    crawl_any_order(&fake, &partial, out());
    crawl_good(&x, &fake, &partial, out());
    assert_int_equal(x.result.refused, 2);
    assert_int_equal(x.view.group(x.view.self, TEXT("ops"), &group, NULL), STATUS_OK);
    assert_true(group.incomplete);
    assert_int_equal(x.view.group(x.view.self, TEXT("devs"), &group, NULL), STATUS_OK);
    assert_false(group.incomplete);
    assert_int_equal(x.view.user(x.view.self, TEXT("root"), &user, NULL), STATUS_OK);
    assert_true(user.global_unsure);
}

static void a_place_that_moved_out_of_sight_is_marked(void **state)
{
    struct snapshot_repository r;
    (void)state;
    fake_moved(&fake, API "P/repos/a/default-branch", API "SECRET/repos/a/default-branch");
    fake_answer(&fake, API "SECRET/repos/a", 401, FAKE_REFUSED);
    crawl_bad(&fake, NULL, out(), STATUS_TRUST,
              "/projects/SECRET/repos/a: Bitbucket answered 401");
    crawl_any_order(&fake, &partial, out());
    crawl_good(&x, &fake, &partial, out());
    assert_true(crawl_has_repository(&x, "P", "a", &r));
    assert_int_equal(r.incomplete, INCOMPLETE_GRANTS | INCOMPLETE_RESTRICTIONS | INCOMPLETE_MODEL |
                                       INCOMPLETE_KEYS);
}

/* ------------------------------------------------------------------ reports */

static const struct crawl_options reports = {.with_reports = true};

static void reports_are_asked_for_only_if_wanted(void **state)
{
    (void)state;
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(fake_asked(&fake, "/rest/ssh/"), 0);
    assert_int_equal(fake_asked(&fake, "/rest/access-tokens/"), 0);
    assert_int_equal(fake_asked(&fake, "webhooks"), 0);
    assert_int_equal(fake_asked(&fake, "settings"), 0);
    const struct digest want = x.summary.digest;
    crawl_close(&x);
    fake_list(&fake, "/rest/ssh/latest/keys?user=bob", "");
    fake_list(&fake, "/rest/api/latest/admin/users",
              FAKE_USER("root", 1) "," FAKE_USER("ann", 2) "," FAKE_USER("bob", 3) "," FAKE_USER(
                  "cid", 4) ",{'name':'svc','id':77,'active':true,'type':'SERVICE'}");
    const struct digest got = crawl_any_order(&fake, &reports, out());
    assert_string_equal(got.hex, want.hex);
    crawl_good(&x, &fake, &reports, out());
    assert_int_equal(fake_asked(&fake, "/rest/ssh/1.0/keys?user=svc") +
                         fake_asked(&fake, "/rest/ssh/latest/keys?user=svc"),
                     0);
    assert_true(crawl_noted(&x, "this version of Bitbucket has no webhooks of repositories"));
}

static void each_listed_user_is_asked_for_by_name_and_slug(void **state)
{
    char url[200];
    static const char *const users[] = {"root", "ann", "cid", "b%20o%2Fb"};
    (void)state;
    fake_list(&fake, "/rest/api/latest/admin/users",
              FAKE_USER("root", 1) "," FAKE_USER("ann", 2) "," FAKE_USER(
                  "cid", 4) ",{'name':'b o/b','slug':'b_o_b','id':3,'active':true}");
    for (size_t i = 0; i < 4; i++) {
        snprintf(url, sizeof url, "/rest/ssh/latest/keys?user=%s", users[i]);
        fake_list(&fake, url, "");
        snprintf(url, sizeof url, "/rest/access-tokens/latest/users/%s",
                 i == 3 ? "b_o_b" : users[i]);
        fake_list(&fake, url, "");
    }
    crawl_good(&x, &fake, &reports, out());
    assert_int_equal(fake_asked(&fake, "/rest/ssh/latest/keys?user=b%20o%2Fb"), 1);
    assert_int_equal(fake_asked(&fake, "/rest/access-tokens/latest/users/b_o_b"), 1);
    assert_int_equal(fake_asked(&fake, "/rest/ssh/latest/keys?user="), 4);
}

static void reports_never_fail_the_decision_data(void **state)
{
    static const struct {
        int status;
        const char *body;
    } rows[] = {
        {401, FAKE_REFUSED}, {403, FAKE_REFUSED}, {404, FAKE_GONE},      {400, "{}"},
        {204, NULL},         {200, "['x']"},      {200, "{'values':7}"}, {200, "{}"},
    };
    (void)state;
    crawl_good(&x, &fake, NULL, out());
    const struct digest want = x.summary.digest;
    crawl_close(&x);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_answer(&fake, "/rest/ssh/latest/keys?user=ann", rows[i].status, rows[i].body);
        fake_answer(&fake, API "P/webhooks", rows[i].status, rows[i].body);
        fake_answer(&fake, API "P/repos/a/webhooks", rows[i].status, rows[i].body);
        const struct digest got = crawl_any_order(&fake, &reports, out());
        assert_string_equal(got.hex, want.hex);
    }
}

static void a_report_that_is_refused_is_not_asked_for_again(void **state)
{
    char url[200];
    static const char *const users[] = {"root", "ann", "bob", "cid"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        snprintf(url, sizeof url, "/rest/ssh/latest/keys?user=%s", users[i]);
        fake_answer(&fake, url, 401, FAKE_REFUSED);
    }
    crawl_good(&x, &fake, &reports, out());
    assert_int_equal(fake_asked(&fake, "/rest/ssh/"), 1);
    assert_int_equal(x.result.refused, 0);
    assert_true(
        crawl_noted(&x, "the account may not read what only reports need: SSH keys of users"));
}

/* ------------------------------------------------------------------ a part */

static uint64_t known[8];

static bool knows(void *self, uint64_t id)
{
    (void)self;
    for (size_t i = 0; i < 8; i++)
        if (known[i] == id)
            return true;
    return false;
}

static void answers_of_a_part(void)
{
    memset(known, 0, sizeof known);
    for (size_t i = 0; i < 4; i++)
        known[i] = i + 1;
    fake_answer(&fake, API "P", 200, FAKE_P);
    fake_answer(&fake, API "Q", 200, FAKE_Q);
    fake_answer(&fake, API "P/repos/a", 200, FAKE_REPOSITORY("a", 100, FAKE_P));
    fake_answer(&fake, API "Q/repos/c", 200, FAKE_REPOSITORY("c", 102, FAKE_Q));
    fake_list(&fake, "/rest/api/latest/repos?archived=ALL&projectkey=P",
              FAKE_REPOSITORY("a", 100, FAKE_P) "," FAKE_REPOSITORY("b", 101, FAKE_P));
}

static const char *const p_only[] = {"p"};
static const struct crawl_repository a_only[] = {{"p", "A"}};
static struct crawl_scope part = {.started_ms = SMALL_NOW, .knows_user = knows};
static const struct crawl_options of_part = {.scope = &part};

static void part_of(size_t projects, size_t repositories)
{
    part.projects = p_only;
    part.project_count = projects;
    part.repositories = a_only;
    part.repository_count = repositories;
    answers_of_a_part();
}

static void a_project_is_read_with_all_its_repositories(void **state)
{
    struct snapshot_repository r;
    (void)state;
    part_of(1, 0);
    crawl_any_order(&fake, &of_part, out());
    crawl_good(&x, &fake, &of_part, out());
    assert_true(crawl_has_repository(&x, "P", "a", &r));
    assert_true(crawl_has_repository(&x, "P", "b", &r));
    assert_int_equal(x.summary.counts[COUNT_REPOSITORIES], 2);
    assert_int_equal(crawl_user_grant(&x, GRANT_REPOSITORY, "P", "a", "bob"),
                     PERMISSION_REPO_ADMIN);
    /* Groups that its grants and exemptions name, once; no lists of everything. */
    assert_int_equal(fake_asked(&fake, "context=devs"), 1);
    assert_int_equal(fake_asked(&fake, "context=ops"), 1);
    assert_int_equal(fake_asked(&fake, "/admin/permissions/users?"), 1);
    assert_int_equal(fake_asked(&fake, "/admin/users?"), 0);
    assert_int_equal(fake_asked(&fake, "/admin/groups?"), 0);
    assert_int_equal(fake_asked(&fake, "/projects?"), 0);
    assert_int_equal(fake_asked(&fake, "/projects/Q/"), 0);
    assert_int_equal(fake_asked(&fake, "/admin/users/more-members"), 0);
}

static void a_repository_is_read_alone(void **state)
{
    struct snapshot_repository r;
    (void)state;
    part_of(0, 1);
    crawl_any_order(&fake, &of_part, out());
    crawl_good(&x, &fake, &of_part, out());
    assert_true(crawl_has_repository(&x, "P", "a", &r));
    assert_int_equal(x.summary.counts[COUNT_REPOSITORIES], 1);
    assert_int_equal(fake_asked(&fake, "/projects/P/permissions"), 0);
    assert_int_equal(fake_asked(&fake, "/projects/P/repos/b"), 0);
    assert_int_equal(fake_asked(&fake, "context=devs"),
                     0); /* only the project grants it something */
    assert_int_equal(fake_asked(&fake, "context=ops"), 1);
    crawl_close(&x);
    /* Named twice, or with its project: read once. */
    part_of(1, 1);
    crawl_good(&x, &fake, &of_part, out());
    assert_int_equal(fake_asked(&fake, "/projects/P/repos/a/permissions/users"), 1);
    assert_int_equal(x.summary.counts[COUNT_REPOSITORIES], 2);
}

static void users_whom_the_snapshot_does_not_know_are_asked_for_their_groups(void **state)
{
    struct snapshot_user user;
    (void)state;
    part_of(0, 1);
    fake_list(
        &fake, API "P/repos/a/permissions/users",
        "{'user':" FAKE_USER(
            "bob",
            3) ",'permission':'REPO_ADMIN'},"
               "{'user':" FAKE_USER(
                   "eve",
                   30) ",'permission':'REPO_WRITE'},"
                       "{'user':{'name':'bot','id':31,'active':true,'type':'SERVICE'},"
              "'permission':'REPO_READ'}");
    fake_list(&fake, "/rest/branch-permissions/latest/projects/P/repos/a/restrictions",
              "{'id':7,'type':'read-only','matcher':{'id':'x','type':{'id':'BRANCH'}},"
              "'users':[" FAKE_USER("fay", 32) "],'groups':['ops']}");
    fake_list(&fake, "/rest/api/latest/admin/groups/more-members?context=ops",
              FAKE_USER("cid", 4) "," FAKE_USER("gus", 33));
    fake_list(&fake, "/rest/api/latest/admin/users/more-members?context=eve",
              "{'name':'devs'},{'name':'ops'}");
    fake_list(&fake, "/rest/api/latest/admin/users/more-members?context=fay", "{'name':'devs'}");
    fake_answer(&fake, "/rest/api/latest/admin/users/more-members?context=gus", 404, FAKE_GONE);
    crawl_any_order(&fake, &of_part, out());
    crawl_good(&x, &fake, &of_part, out());
    assert_int_equal(fake_asked(&fake, "/admin/users/more-members"), 3);
    assert_int_equal(x.view.user(x.view.self, TEXT("eve"), &user, NULL), STATUS_OK);
    assert_int_equal(user.group_count, 2);
    assert_int_equal(user.licensed, ANSWER_YES);
    assert_int_equal(x.view.user(x.view.self, TEXT("fay"), &user, NULL), STATUS_OK);
    assert_int_equal(user.group_count, 1);
}

/* A part made a group of each name that an exemption still has. */
static void a_group_that_is_gone_is_no_group_of_a_part(void **state)
{
    struct snapshot_group group;
    (void)state;
    part_of(0, 1);
    fake_list(&fake, "/rest/api/latest/admin/permissions/groups", "");
    fake_answer(&fake, "/rest/api/latest/admin/groups/more-members?context=ops", 404, FAKE_GONE);
    crawl_any_order(&fake, &of_part, out());
    crawl_good(&x, &fake, &of_part, out());
    assert_int_equal(x.view.group(x.view.self, TEXT("ops"), &group, NULL), STATUS_NOT_FOUND);
    crawl_close(&x);
    fake_list(&fake, "/rest/api/latest/admin/groups/more-members?context=ops", "");
    crawl_good(&x, &fake, &of_part, out());
    assert_int_equal(x.view.group(x.view.self, TEXT("ops"), &group, NULL), STATUS_OK);
}

static void a_server_that_ignores_the_project_is_asked_otherwise(void **state)
{
    struct snapshot_repository r;
    (void)state;
    part_of(1, 0);
    fake_page(&fake, "/rest/api/latest/repos?archived=ALL&projectkey=P", 2,
              FAKE_REPOSITORY("a", 100, FAKE_P));
    fake_list(&fake, "/rest/api/latest/repos?archived=ALL&projectkey=P&start=2",
              FAKE_REPOSITORY("b", 101, FAKE_P) "," FAKE_REPOSITORY("c", 102, FAKE_Q));
    fake_list(&fake, API "P/repos",
              FAKE_REPOSITORY("a", 100, FAKE_P) "," FAKE_REPOSITORY("b", 101, FAKE_P));
    crawl_any_order(&fake, &of_part, out());
    crawl_good(&x, &fake, &of_part, out());
    assert_int_equal(x.summary.counts[COUNT_REPOSITORIES], 2);
    assert_false(crawl_has_repository(&x, "Q", "c", &r));
    crawl_close(&x);
    fake_drop(&fake, "/rest/api/latest/repos?archived=ALL&projectkey=P"); /* no such route at all */
    crawl_any_order(&fake, &of_part, out());
    /* With neither there is no telling. */
    fake_list(&fake, "/rest/api/latest/repos?archived=ALL&projectkey=P",
              FAKE_REPOSITORY("c", 102, FAKE_Q));
    fake_drop(&fake, API "P/repos");
    crawl_bad(&fake, &of_part, out(), STATUS_FORMAT, "repositories of a project");
}

static void what_is_named_and_not_there_is_an_error(void **state)
{
    (void)state;
    part_of(0, 1);
    fake_answer(&fake, API "P/repos/a", 404, FAKE_GONE);
    crawl_bad(&fake, &of_part, out(), STATUS_NOT_FOUND, "Bitbucket has no repository p/A");
    part_of(1, 0);
    fake_answer(&fake, API "P", 404, FAKE_GONE);
    crawl_bad(&fake, &of_part, out(), STATUS_NOT_FOUND, "Bitbucket has no project p");
    part_of(1, 0);
    fake_answer(&fake, API "P", 401, FAKE_REFUSED);
    crawl_bad(&fake, &of_part, out(), STATUS_TRUST, "the account needs PROJECT_READ");
}

static void what_is_named_by_its_old_name_is_followed(void **state)
{
    struct snapshot_repository r;
    (void)state;
    part_of(0, 1);
    fake_moved(&fake, API "P/repos/a", API "Q/repos/c");
    crawl_any_order(&fake, &of_part, out());
    crawl_good(&x, &fake, &of_part, out());
    assert_true(crawl_has_repository(&x, "Q", "c", &r));
    assert_int_equal(x.summary.counts[COUNT_REPOSITORIES], 1);
}

static void a_personal_project_is_only_its_repositories(void **state)
{
    struct snapshot_repository r;
    static const char *const home[] = {"~ann"};
    (void)state;
    part_of(1, 0);
    part.projects = home;
    fake_answer(&fake, API "~ANN", 200, FAKE_ANN_HOME);
    fake_list(&fake, "/rest/api/latest/repos?archived=ALL&projectkey=~ANN",
              FAKE_REPOSITORY("n", 103, FAKE_ANN_HOME));
    crawl_any_order(&fake, &of_part, out());
    crawl_good(&x, &fake, &of_part, out());
    assert_true(crawl_has_repository(&x, "~ANN", "n", &r));
    assert_int_equal(fake_asked(&fake, "/projects/~ANN/permissions"), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_refusal_names_the_permission),
        CASE(lists_that_may_not_be_read_are_an_error_always),
        CASE(what_may_not_be_read_is_marked),
        CASE(other_levels_are_not_asked_for_after_a_refusal),
        CASE(people_that_may_not_be_read_are_marked),
        CASE(a_place_that_moved_out_of_sight_is_marked),
        CASE(reports_are_asked_for_only_if_wanted),
        CASE(each_listed_user_is_asked_for_by_name_and_slug),
        CASE(reports_never_fail_the_decision_data),
        CASE(a_report_that_is_refused_is_not_asked_for_again),
        CASE(a_project_is_read_with_all_its_repositories),
        CASE(a_repository_is_read_alone),
        CASE(users_whom_the_snapshot_does_not_know_are_asked_for_their_groups),
        CASE(a_group_that_is_gone_is_no_group_of_a_part),
        CASE(a_server_that_ignores_the_project_is_asked_otherwise),
        CASE(what_is_named_and_not_there_is_an_error),
        CASE(what_is_named_by_its_old_name_is_followed),
        CASE(a_personal_project_is_only_its_repositories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
