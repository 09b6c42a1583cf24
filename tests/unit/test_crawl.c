/* bitbucket/crawl.h: the whole instance; the order of answers, pages, versions, lists that change. */
#include "support/fake_crawl.h"

#define ROUTE_MISSING "{'message':'HTTP 404 Not Found','status-code':404}"
#define REPOS "/rest/api/latest/repos?archived=ALL"

/* ------------------------------------------------------------------ order */

static void the_order_of_answers_does_not_matter(void **state)
{
    struct snapshot_repository r;
    (void)state;
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_string_equal(x.result.version, "9.4.2");
    assert_int_equal(x.result.answers, fake.answered);
    assert_int_equal(x.summary.counts[COUNT_REPOSITORIES], 4);
    assert_int_equal(x.summary.counts[COUNT_PROJECTS], 3);
    assert_int_equal(x.summary.counts[COUNT_GROUPS], 2);
    assert_true(crawl_has_repository(&x, "P", "a", &r));
    assert_int_equal(r.restriction_count, 1);
    assert_int_equal(crawl_user_grant(&x, GRANT_REPOSITORY, "P", "a", "bob"),
                     PERMISSION_REPO_ADMIN);
}

static void all_slots_are_used_and_no_more(void **state)
{
    static const size_t slots[] = {1, 2, 7, 16};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        crawl_fake(&x, &fake, slots[i], i, NULL, NULL, out());
        assert_int_equal(x.status, STATUS_OK);
        assert_int_equal(fake.most_under_way, slots[i]);
        crawl_close(&x);
    }
}

static void nothing_is_asked_for_twice(void **state)
{
    (void)state;
    crawl_good(&x, &fake, NULL, out());
    for (size_t i = 0; i < fake.asked_count; i++) {
        size_t count = 0;
        for (size_t k = 0; k < fake.asked_count; k++)
            count += !strcmp(fake.asked[i], fake.asked[k]);
        bool list = strstr(fake.asked[i], "/admin/users?") ||
                    strstr(fake.asked[i], "/admin/groups?") ||
                    strstr(fake.asked[i], "/projects?") || strstr(fake.asked[i], "/repos?");
        if (count > (list ? 2U : 1U)) /* lists have a second look */
            fail_msg("%s was asked for %zu times", fake.asked[i], count);
    }
    /* A personal project has no settings. */
    assert_int_equal(fake_asked(&fake, "/projects/~ANN/permissions"), 0);
    assert_int_equal(fake_asked(&fake, "/projects/~ANN/repos/n/permissions/users"), 1);
    /* Pages are large, and what has no pages has no limit. */
    assert_int_equal(fake_asked(&fake, "/admin/users?start=0&limit=1000"), 2);
    assert_int_equal(fake_asked(&fake, "default-branch?"), 0);
}

/* ------------------------------------------------------------------ pages */

static void pages_that_overlap_count_once(void **state)
{
    (void)state;
    const struct digest want = crawl_any_order(&fake, NULL, out());
    fake_page(&fake, REPOS, 2,
              FAKE_REPOSITORY("a", 100, FAKE_P) "," FAKE_REPOSITORY("a", 100, FAKE_P));
    fake_page(&fake, REPOS "&start=2", 9,
              FAKE_REPOSITORY("b", 101, FAKE_P) "," FAKE_REPOSITORY("a", 100, FAKE_P));
    fake_page(&fake, REPOS "&start=9", 10, "");
    fake_list(&fake, REPOS "&start=10",
              FAKE_REPOSITORY("n", 103, FAKE_ANN_HOME) "," FAKE_REPOSITORY(
                  "c", 102, FAKE_Q) "," FAKE_REPOSITORY("b", 101, FAKE_P));
    fake_list(&fake, "/rest/api/latest/admin/groups",
              "{'name':'ops'},{'name':'devs'},{'name':'ops'}");
    const struct digest got = crawl_any_order(&fake, NULL, out());
    assert_string_equal(got.hex, want.hex);
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(fake_asked(&fake, "/projects/P/repos/a/permissions/users"), 1);
    assert_int_equal(fake_asked(&fake, "context=ops"), 1);
}

static void what_a_page_skipped_is_found_by_the_second_look(void **state)
{
    struct snapshot_repository r;
    (void)state;
    const struct digest want = crawl_any_order(&fake, NULL, out());
    /* Somebody deleted a repository between two pages: the next one moved to a page that was read. */
    fake_list(&fake, REPOS "&start=3", FAKE_REPOSITORY("n", 103, FAKE_ANN_HOME));
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.appeared, 1);
    assert_true(crawl_has_repository(&x, "Q", "c", &r));
    assert_true(r.default_branch_known);
    crawl_close(&x);
    const struct digest got = crawl_any_order(&fake, NULL, out());
    assert_string_equal(got.hex, want.hex);
}

static void what_appears_while_reading_is_asked_for(void **state)
{
    struct snapshot_project project;
    struct snapshot_repository r;
    struct snapshot_group group;
    (void)state;
    fake_list(&fake, "/rest/api/latest/projects?look=2",
              FAKE_P "," FAKE_Q "," FAKE_PROJECT("NEW", 20));
    fake_page(&fake, REPOS "&look=2", 8,
              FAKE_REPOSITORY("a", 100, FAKE_P) "," FAKE_REPOSITORY("b", 101, FAKE_P));
    fake_list(&fake, REPOS "&start=8&look=2", FAKE_REPOSITORY("x", 200, FAKE_PROJECT("NEW", 20)));
    fake_list(&fake, "/rest/api/latest/admin/groups?look=2", "{'name':'late'},{'name':'devs'}");
    fake_list(&fake, "/rest/api/latest/admin/groups/more-members?context=late",
              FAKE_USER("dee", 9));
    fake_list(&fake, "/rest/api/latest/admin/users?look=2", FAKE_USER("dee", 9));
    fake_project_answers(&fake, "NEW",
                         "{'user':" FAKE_USER("dee", 9) ",'permission':'PROJECT_ADMIN'}");
    fake_repository_answers(&fake, "NEW/repos/x", "");
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(x.result.appeared, 2);
    assert_int_equal(x.view.project(x.view.self, TEXT("NEW"), &project, NULL), STATUS_OK);
    assert_true(crawl_has_repository(&x, "NEW", "x", &r));
    assert_int_equal(crawl_user_grant(&x, GRANT_PROJECT, "NEW", "", "dee"),
                     PERMISSION_PROJECT_ADMIN);
    assert_int_equal(x.view.group(x.view.self, TEXT("late"), &group, NULL), STATUS_OK);
}

static void a_recording_without_second_looks_is_fine(void **state)
{
    (void)state;
    const struct digest want = crawl_any_order(&fake, NULL, out());
    fake.recording = true;
    fake_drop(&fake, "/rest/api/latest/admin/users?look=2");
    fake_drop(&fake, "/rest/api/latest/admin/groups?look=2");
    fake_drop(&fake, "/rest/api/latest/projects?look=2");
    fake_drop(&fake, REPOS "&look=2");
    const struct digest got = crawl_any_order(&fake, NULL, out());
    assert_string_equal(got.hex, want.hex);
    /* One that is there must be whole. */
    fake_page(&fake, REPOS "&look=2", 2, "");
    crawl_bad(
        &fake, NULL, out(), STATUS_NOT_FOUND,
        "repositories: the recording has no answer to /rest/api/latest/repos?archived=ALL&start=2");
}

static void a_page_must_lead_on(void **state)
{
    (void)state;
    fake_page(&fake, REPOS "&start=3", 3, "");
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "nextPageStart does not lead on");
    fake_page(&fake, "/rest/api/latest/projects/P/permissions/users", 0, "");
    fake_list(&fake, REPOS "&start=3", "");
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "nextPageStart does not lead on");
}

/* ------------------------------------------------------------------ other servers */

static void an_old_version_is_asked_by_its_number(void **state)
{
    static const char *const places[] = {"P/repos/a", "P/repos/b", "Q/repos/c", "~ANN/repos/n"};
    char url[200];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        snprintf(url, sizeof url, "/rest/branch-permissions/latest/projects/%s/restrictions",
                 places[i]);
        fake_drop(&fake, url);
        snprintf(url, sizeof url, "/rest/branch-permissions/2.0/projects/%s/restrictions",
                 places[i]);
        fake_list(&fake, url, "");
    }
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    /* `latest` is tried once. */
    assert_int_equal(fake_asked(&fake, "/branch-permissions/latest/projects/P/repos/") +
                         fake_asked(&fake, "/branch-permissions/latest/projects/Q/repos/") +
                         fake_asked(&fake, "/branch-permissions/latest/projects/~ANN/repos/"),
                     1);
}

static void what_an_old_server_has_instead_is_read(void **state)
{
    static const char *const places[] = {"P/repos/a", "P/repos/b", "Q/repos/c", "~ANN/repos/n"};
    struct snapshot_repository r;
    char url[200];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        snprintf(url, sizeof url, "/rest/api/latest/projects/%s/default-branch", places[i]);
        fake_drop(&fake, url);
        snprintf(url, sizeof url, "/rest/api/latest/projects/%s/branches/default", places[i]);
        fake_answer(&fake, url, 200, "{'id':'refs/heads/old'}");
    }
    fake_answer(&fake, "/rest/api/latest/projects/Q/repos/c/branches/default", 204, NULL);
    fake_drop(&fake, "/rest/api/latest/admin/groups");
    fake_drop(&fake, "/rest/api/latest/admin/groups?look=2");
    fake_list(&fake, "/rest/api/latest/groups", "'devs','ops'");
    fake_list(&fake, "/rest/api/latest/groups?look=2", "'devs','ops','third'");
    fake_list(&fake, "/rest/api/latest/admin/groups/more-members?context=third", "");
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_int_equal(fake_asked(&fake, "/default-branch"), 2); /* latest, 1.0; then not again */
    assert_int_equal(fake_asked(&fake, "/admin/groups?"), 2);
    assert_true(crawl_has_repository(&x, "P", "a", &r));
    assert_true(text_equal(r.default_branch, TEXT("refs/heads/old")));
    assert_true(crawl_has_repository(&x, "Q", "c", &r));
    assert_false(r.default_branch_known);
    assert_int_equal(x.summary.counts[COUNT_GROUPS], 3);
}

static void what_a_server_lacks_is_noted_and_asked_no_more(void **state)
{
    (void)state;
    fake_drop(&fake, "/rest/branch-utils/latest/projects/P/branchmodel/configuration");
    fake_drop(&fake, "/rest/branch-utils/latest/projects/Q/branchmodel/configuration");
    fake_answer(&fake, "/rest/api/latest/projects/P/permissions/REPO_CREATE/all", 400, "{}");
    fake_answer(&fake, "/rest/api/latest/projects/Q/permissions/REPO_CREATE/all", 400, "{}");
    crawl_any_order(&fake, NULL, out());
    crawl_good(&x, &fake, NULL, out());
    assert_true(crawl_noted(&x, "this version of Bitbucket has no branching models of projects"));
    assert_true(crawl_noted(&x, "this version of Bitbucket has no default permission REPO_CREATE"));
    assert_int_equal(snapshot_meta_record(x.snapshot)->note_count, 2);
    assert_int_equal(fake_asked(&fake, "REPO_CREATE"), 1);
    crawl_close(&x);
    /* What every server has cannot be lacking. */
    fake_drop(&fake, "/rest/api/latest/projects/Q/permissions/users");
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "/projects/Q/permissions/users");
}

/* A plugin that is being updated: 404 as of a server without it, but only for a while. */
static void what_was_answered_for_one_place_is_not_lacking_for_another(void **state)
{
    static const char *const urls[] = {
        "/rest/branch-permissions/latest/projects/Q/restrictions",
        "/rest/branch-utils/latest/projects/Q/branchmodel/configuration",
        "/rest/branch-utils/latest/projects/Q/repos/c/branchmodel/configuration",
        "/rest/keys/latest/projects/Q/ssh",
    };
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        fake_free(&fake);
        fake_world(&fake);
        fake_drop(&fake, urls[i]);
        crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "is a plugin being updated? Run sync again");
    }
}

/* A repository without a model lets through what the restriction's matcher would have matched. */
static void restrictions_that_speak_of_a_model_that_nobody_tells_are_an_error(void **state)
{
    static const char *const places[] = {"P", "Q", "P/repos/a", "P/repos/b", "Q/repos/c",
                                         "~ANN/repos/n"};
    char url[200];
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(url, sizeof url, "/rest/branch-utils/latest/projects/%s/branchmodel/configuration",
                 places[i]);
        fake_drop(&fake, url);
    }
    crawl_good(&x, &fake, NULL, out());
    crawl_close(&x);
    fake_list(&fake, "/rest/branch-permissions/latest/projects/P/repos/b/restrictions",
              "{'id':77,'type':'read-only','matcher':{'id':'RELEASE','type':{'id':'MODEL_CATEGORY'},"
              "'active':true},'users':[],'groups':[],'accessKeys':[]}");
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "speak of the branching model");
}

static void a_recording_may_skip_only_what_the_server_lacks(void **state)
{
    (void)state;
    fake.recording = true;
    fake_drop(&fake, "/rest/branch-utils/latest/projects/Q/branchmodel/configuration");
    crawl_bad(&fake, NULL, out(), STATUS_NOT_FOUND,
              "branching models of projects: the recording has no answer to "
              "/rest/branch-utils/latest/projects/Q/branchmodel/configuration");
    fake_answer(&fake, "/rest/branch-utils/latest/projects/P/branchmodel/configuration", 404,
                ROUTE_MISSING);
    crawl_any_order(&fake, NULL, out());
    fake_drop(&fake, "/rest/keys/latest/projects/P/repos/a/ssh");
    crawl_bad(&fake, NULL, out(), STATUS_NOT_FOUND, "/rest/keys/latest/projects/P/repos/a/ssh");
}

static void default_permissions_are_asked_from_the_highest_down(void **state)
{
    struct snapshot_project project;
    (void)state;
    fake_answer(&fake, "/rest/api/latest/projects/P/permissions/PROJECT_WRITE/all", 200,
                "{'permitted':true}");
    fake_answer(&fake, "/rest/api/latest/projects/P/permissions/PROJECT_READ/all", 200,
                "{'permitted':true}");
    crawl_any_order(&fake, NULL, out());
    crawl_fake(&x, &fake, 16, 3, NULL, NULL, out());
    assert_int_equal(x.status, STATUS_OK);
    assert_int_equal(fake_asked(&fake, "/projects/P/permissions/PROJECT_READ/all"), 0);
    assert_int_equal(fake_asked(&fake, "/projects/Q/permissions/PROJECT_READ/all"), 1);
    assert_int_equal(x.view.project(x.view.self, TEXT("P"), &project, NULL), STATUS_OK);
    assert_int_equal(project.default_permission, PERMISSION_PROJECT_WRITE);
}

/* ------------------------------------------------------------------ the end of a crawl */

static void an_error_of_the_source_ends_the_crawl(void **state)
{
    (void)state;
    crawl_good(&x, &fake, NULL, out());
    const size_t all = fake.answered;
    for (size_t n = 1; n < all; n += 7) {
        fake.fail_after = n;
        crawl_bad(&fake, NULL, out(), STATUS_DEADLINE, "interrupted");
    }
}

static void an_answer_that_cannot_be_used_names_its_url(void **state)
{
    (void)state;
    fake_answer(&fake, "/rest/api/latest/projects/Q/repos/c/permissions/users", 200, "['login']");
    crawl_bad(
        &fake, NULL, out(), STATUS_FORMAT,
        "/rest/api/latest/projects/Q/repos/c/permissions/users?start=0&limit=1000: the answer is "
        "not a JSON object");
    fake_answer(&fake, "/rest/api/latest/projects/Q/repos/c/permissions/users", 204, NULL);
    crawl_bad(&fake, NULL, out(), STATUS_FORMAT, "Bitbucket answered 204");
}

struct seen_progress {
    uint64_t calls, done[CRAWL_PHASES], total[CRAWL_PHASES], answers;
    enum crawl_phase last;
};

static void watch(void *self, const struct crawl_progress *progress)
{
    struct seen_progress *seen = self;
    seen->calls++;
    assert_true(progress->answers >= seen->answers);
    assert_true(progress->done <= progress->total || progress->phase == CRAWL_INSTANCE);
    seen->answers = progress->answers;
    seen->done[progress->phase] = progress->done;
    seen->total[progress->phase] = progress->total;
    assert_true(progress->phase >= seen->last);
    seen->last = progress->phase;
}

static void progress_counts_what_is_done(void **state)
{
    struct seen_progress seen = {0};
    const struct crawl_options options = {.progress = watch, .self = &seen};
    (void)state;
    crawl_fake(&x, &fake, 5, 1, &options, NULL, out());
    assert_int_equal(x.status, STATUS_OK);
    assert_int_equal(seen.done[CRAWL_GROUPS], 2);
    assert_int_equal(seen.done[CRAWL_PROJECTS], 2);
    assert_int_equal(seen.done[CRAWL_REPOSITORIES], 4);
    assert_int_equal(seen.total[CRAWL_REPOSITORIES], 4);
    assert_int_equal(seen.last, CRAWL_AGAIN);
    assert_true(seen.calls > 8);
    for (int phase = 0; phase < CRAWL_PHASES; phase++)
        assert_true(strlen(crawl_phase_name((enum crawl_phase)phase)) > 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_order_of_answers_does_not_matter),
        CASE(all_slots_are_used_and_no_more),
        CASE(nothing_is_asked_for_twice),
        CASE(pages_that_overlap_count_once),
        CASE(what_a_page_skipped_is_found_by_the_second_look),
        CASE(what_appears_while_reading_is_asked_for),
        CASE(a_recording_without_second_looks_is_fine),
        CASE(a_page_must_lead_on),
        CASE(an_old_version_is_asked_by_its_number),
        CASE(what_an_old_server_has_instead_is_read),
        CASE(what_a_server_lacks_is_noted_and_asked_no_more),
        CASE(what_was_answered_for_one_place_is_not_lacking_for_another),
        CASE(restrictions_that_speak_of_a_model_that_nobody_tells_are_an_error),
        CASE(a_recording_may_skip_only_what_the_server_lacks),
        CASE(default_permissions_are_asked_from_the_highest_down),
        CASE(an_error_of_the_source_ends_the_crawl),
        CASE(an_answer_that_cannot_be_used_names_its_url),
        CASE(progress_counts_what_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
