/* Default branches: what a made-up ordinary writer could do (posture/branches.c, by decide()). */
#include "support/posture_case.h"

#define UNPROTECTED POSTURE_UNPROTECTED_DEFAULT_BRANCH
#define REWRITE POSTURE_DEFAULT_BRANCH_REWRITE
#define DELETE POSTURE_DEFAULT_BRANCH_DELETE

static void assert_open(bool push, bool rewrite, bool delete)
{
    assert_int_equal(count_of(UNPROTECTED), push);
    assert_int_equal(count_of(REWRITE), rewrite);
    assert_int_equal(count_of(DELETE), delete);
}

static void test_nothing_protects(void **state)
{
    (void)state;
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    inquire();
    assert_open(true, true, true);
    const struct posture_finding *finding = found(UNPROTECTED, "PRJ/app");
    assert_non_null(finding);
    assert_int_equal(finding->severity, SEVERITY_HIGH);
    assert_true(has_evidence(finding, "repo/PRJ/app"));
    assert_true(has_evidence(finding, "2 people may write"));
    assert_true(has_part(finding->what, "refs/heads/main"));
}

/* semantics 4.1: what each type blocks */
static void test_types(void **state)
{
    static const struct {
        enum restriction_type type;
        bool push, rewrite, delete;
    } rows[] = {
        {RESTRICTION_READ_ONLY, false, false, false},
        {RESTRICTION_PULL_REQUEST_ONLY, false, false, false},
        {RESTRICTION_FAST_FORWARD_ONLY, true, false, true},
        {RESTRICTION_NO_DELETES, true, true, false},
        {RESTRICTION_NO_CREATES, true, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        restrict_refs(app, 9, rows[i].type, MATCHER_BRANCH, "refs/heads/main", NULL);
        inquire();
        assert_open(rows[i].push, rows[i].rewrite, rows[i].delete);
    }
}

static void test_restriction_of_the_project(void **state)
{
    (void)state;
    restrict_refs(prj, 9, RESTRICTION_PULL_REQUEST_ONLY, MATCHER_ANY_REF, "*", NULL);
    inquire();
    assert_open(false, false, false);
}

static void test_another_ref(void **state)
{
    (void)state;
    restrict_refs(app, 9, RESTRICTION_READ_ONLY, MATCHER_PATTERN, "release/*", NULL);
    inquire();
    assert_open(true, true, true);
}

/* Somebody is exempt, others are not: the ordinary writer is stopped. */
static void test_exempt_user(void **state)
{
    const struct exempt_user user = {10, TEXT("u10")};
    const struct exemptions exempt = {.users = &user, .user_count = 1};
    (void)state;
    restrict_refs(app, 9, RESTRICTION_READ_ONLY, MATCHER_BRANCH, "refs/heads/main", &exempt);
    inquire();
    assert_open(false, false, false);
}

/* semantics 1: cannot tell is neither; a note says so. */
static void test_unknown_type(void **state)
{
    (void)state;
    restrict_refs(app, 9, RESTRICTION_UNKNOWN, MATCHER_BRANCH, "refs/heads/main", NULL);
    inquire();
    assert_open(false, false, false);
    assert_true(has_note("cannot tell of 1 repositories"));
}

static void test_unread_restrictions(void **state)
{
    (void)state;
    GOOD(builder_incomplete(b, app, INCOMPLETE_RESTRICTIONS, &error));
    inquire();
    assert_open(false, false, false);
    assert_true(has_note("cannot tell of 1 repositories"));
    assert_found(POSTURE_INCOMPLETE_SNAPSHOT, "PRJ/app");
}

static void test_unknown_default_branch(void **state)
{
    (void)state;
    GOOD(builder_repository(
        b, &(struct builder_repository){.id = 85, .project_id = 2, .slug = TEXT("empty")}, &error));
    inquire();
    assert_not_found(UNPROTECTED, "PRJ/empty");
    assert_true(has_note("PRJ/empty"));
}

static void test_archived(void **state)
{
    (void)state;
    GOOD(builder_repository(b,
                            &(struct builder_repository){
                                .id = 85, .project_id = 2, .slug = TEXT("old"), .archived = true},
                            &error));
    GOOD(builder_default_branch(b, 85, TEXT("refs/heads/main"), &error));
    inquire();
    assert_not_found(UNPROTECTED, "PRJ/old");
}

static void test_personal(void **state)
{
    (void)state;
    GOOD(builder_project(b,
                         &(struct builder_project){.id = 4,
                                                   .key = TEXT("~U10"),
                                                   .personal = true,
                                                   .owner_id = 10,
                                                   .owner_name = TEXT("u10")},
                         &error));
    add_repository(90, 4, "notes");
    inquire();
    assert_found(UNPROTECTED, "~U10/notes");
    assert_int_equal(found(UNPROTECTED, "~U10/notes")->severity, SEVERITY_INFO);
}

/* ------------------------------------------------------------------ refgate's own rules */

#define RULE(more) "[rule \"r\"]\naction = reject\nrefs = main\n" more

static void test_rules(void **state)
{
    static const struct {
        const char *configuration;
        bool push, delete;
    } rows[] = {
        {RULE(""), false, false},
        {RULE("changes = delete\n"), true, false},
        {RULE("mode = monitor\n"), true, true},
        {"[refgate]\nmode = monitor\n" RULE(""), true, true},
        {RULE("after = 18:00\n"), true, true},               /* only at times */
        {RULE("credentials = user-password\n"), true, true}, /* there are other ways */
        {RULE("credentials = user\n"), false, false},
        {RULE("except-credentials = user-ssh-key\n"), true, true},
        {RULE("users = u10\n"), true, true}, /* others may */
        {RULE("groups = all\n"), true, true},
        {RULE("except-users = u10\n"), false, false},
        {RULE("committer = pusher\n"), true, true}, /* he commits in his own name */
        {"[rule \"r\"]\naction = annotate\nrefs = main\n", true, true},
        {"[rule \"r\"]\naction = require-approval\nrefs = main\n[approvals]\ndirectory = /x\n",
         false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        configuration = rows[i].configuration;
        inquire();
        if ((count_of(UNPROTECTED) == 1) != rows[i].push ||
            (count_of(DELETE) == 1) != rows[i].delete)
            fail_msg("%s: %zu, %zu", rows[i].configuration, count_of(UNPROTECTED),
                     count_of(DELETE));
        assert_false(has_note("cannot tell of"));
    }
}

/* Bitbucket enforces its restrictions, whatever refgate's mode is. */
static void test_monitor_and_restriction(void **state)
{
    (void)state;
    configuration = "[refgate]\nmode = monitor\n[restrictions]\ncheck = off\n";
    restrict_refs(app, 9, RESTRICTION_READ_ONLY, MATCHER_BRANCH, "refs/heads/main", NULL);
    inquire();
    assert_open(false, false, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_nothing_protects),
        CASE(test_types),
        CASE(test_restriction_of_the_project),
        CASE(test_another_ref),
        CASE(test_exempt_user),
        CASE(test_unknown_type),
        CASE(test_unread_restrictions),
        CASE(test_unknown_default_branch),
        CASE(test_archived),
        CASE(test_personal),
        CASE(test_rules),
        CASE(test_monitor_and_restriction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
