/* Exemptions that nobody can use, restrictions that match nothing in use (posture/restrictions.c). */
#include "support/posture_case.h"

#define UNUSABLE POSTURE_EXEMPTION_UNUSABLE
#define PATTERN POSTURE_RESTRICTION_UNUSED_PATTERN

static void restrict_main(struct place place, const struct exemptions *exempt)
{
    restrict_refs(place, 9, RESTRICTION_READ_ONLY, MATCHER_BRANCH, "refs/heads/main", exempt);
}

static void exempt_user(struct place place, uint64_t id, const char *name)
{
    const struct exempt_user user = {id, text_of(name)};
    restrict_main(place, &(struct exemptions){.users = &user, .user_count = 1});
}

static void exempt_group(struct place place, const char *name)
{
    const struct exempt_group group = {.name = text_of(name)};
    restrict_main(place, &(struct exemptions){.groups = &group, .group_count = 1});
}

static void exempt_key(struct place place, uint64_t id)
{
    restrict_main(place, &(struct exemptions){.access_keys = &id, .access_key_count = 1});
}

/* ------------------------------------------------------------------ exemptions */

static void test_users(void **state)
{
    static const struct {
        uint64_t id;
        const char *name, *says; /* NULL: it can be used */
    } rows[] = {
        {10, "u10", NULL},
        {0, "U10", NULL},
        {1, "admin", NULL},
        {11, "u11", "user u11, who may not write there"},
        {40, "gone", "who is not active"},
        {41, "guest", "who has no licence"},
        {0, "nobody", "user nobody, whom the instance does not have"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        add_user(40, "gone", false);
        add_user(41, "guest", true);
        grant_user(app, 10, PERMISSION_REPO_WRITE);
        grant_user(app, 40, PERMISSION_REPO_WRITE);
        grant_user(app, 41, PERMISSION_REPO_WRITE);
        exempt_user(app, rows[i].id, rows[i].name);
        inquire();
        assert_int_equal(count_of(UNUSABLE), rows[i].says != NULL);
        if (rows[i].says)
            assert_says(UNUSABLE, "PRJ/app", rows[i].says);
    }
    assert_true(has_evidence(found(UNUSABLE, "PRJ/app"), "repo/PRJ/app#9"));
    assert_true(has_evidence(found(UNUSABLE, "PRJ/app"), "user/nobody"));
    assert_says(UNUSABLE, "PRJ/app", "restriction 9 (read-only, refs/heads/main) exempts");
}

static void test_groups(void **state)
{
    static const struct {
        const char *name, *says;
    } rows[] = {
        {"writers", NULL},
        {"readers", "group readers, of which nobody may write there"},
        {"empty", "which is empty"},
        {"asleep", "which has no active member"},
        {"no-such", "which does not exist"},
        {"vague", NULL}, /* its members are not known */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        add_user(40, "gone", false);
        add_group("writers");
        add_group("readers");
        add_group("empty");
        add_group("asleep");
        GOOD(builder_group(b, TEXT("vague"), true, &error));
        add_member("writers", 10);
        add_member("writers", 11);
        add_member("readers", 11);
        add_member("asleep", 40);
        grant_user(app, 10, PERMISSION_REPO_WRITE);
        exempt_group(app, rows[i].name);
        inquire();
        assert_int_equal(count_of(UNUSABLE), rows[i].says != NULL);
        if (rows[i].says)
            assert_says(UNUSABLE, "PRJ/app", rows[i].says);
    }
}

static void add_key(uint64_t id, struct place place, enum permission permission)
{
    const struct builder_key key = {.id = id, .label = TEXT("ci")};
    GOOD(builder_key(b, &key, &error));
    GOOD(builder_grant_key(b, place, id, permission, &error));
}

static void test_keys(void **state)
{
    static const struct {
        uint64_t id;
        const char *says;
    } rows[] = {
        {158, NULL},
        {159, "access key 159, which may not write there"},
        {160, NULL},
        {161, "may not write there"},
        {162, "may not write there"},
        {99, "access key 99, which does not exist"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        add_repository(85, 2, "lib");
        add_key(158, app, PERMISSION_REPO_WRITE);
        add_key(159, app, PERMISSION_REPO_READ);
        add_key(160, prj, PERMISSION_PROJECT_WRITE);
        add_key(161, (struct place){GRANT_REPOSITORY, 85}, PERMISSION_REPO_WRITE);
        add_project(6, "ELSE");
        add_key(162, (struct place){GRANT_PROJECT, 6}, PERMISSION_PROJECT_WRITE);
        exempt_key(app, rows[i].id);
        inquire();
        assert_int_equal(count_of(UNUSABLE), rows[i].says != NULL);
        if (rows[i].says)
            assert_says(UNUSABLE, "PRJ/app", rows[i].says);
    }
}

/* A project's restriction holds in all of its repositories: who writes to one can use it. Its copy in
 * the repository's list is not told again. */
static void test_of_project(void **state)
{
    (void)state;
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    exempt_user(prj, 10, "u10");
    inquire();
    assert_none(UNUSABLE);

    posture_again(state);
    add_repository(85, 2, "lib");
    exempt_user(prj, 11, "u11");
    inquire();
    assert_int_equal(count_of(UNUSABLE), 1);
    assert_says(UNUSABLE, "project PRJ", "u11, who may not write there");
    assert_true(has_evidence(found(UNUSABLE, "project PRJ"), "project/PRJ#9"));

    posture_again(state);
    add_key(161, app, PERMISSION_REPO_WRITE);
    exempt_key(prj, 161);
    inquire();
    assert_none(UNUSABLE);
}

/* Grants that nobody could read may be what he writes by. */
static void test_unread_grants(void **state)
{
    (void)state;
    exempt_user(app, 11, "u11");
    GOOD(builder_incomplete(b, app, INCOMPLETE_GRANTS, &error));
    inquire();
    assert_none(UNUSABLE);
}

/* The same of keys: of the repository, of its project, and for a project's restriction of any of its
 * repositories. */
static void test_unread_keys(void **state)
{
    const struct place lib = {GRANT_REPOSITORY, 85}, other = {GRANT_REPOSITORY, 86};
    const struct {
        struct place exempt, unread;
        bool told;
    } rows[] = {{app, app, false}, {app, prj, false}, {app, lib, true},
                {prj, app, false}, {prj, prj, false}, {prj, other, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        add_repository(85, 2, "lib");
        add_project(6, "ELSE");
        add_repository(86, 6, "other");
        add_key(161, other, PERMISSION_REPO_WRITE);
        exempt_key(rows[i].exempt, 161);
        GOOD(builder_incomplete(b, rows[i].unread, INCOMPLETE_KEYS, &error));
        inquire();
        assert_int_equal(count_of(UNUSABLE), rows[i].told);
    }
}

/* ------------------------------------------------------------------ patterns */

static void test_pattern(void **state)
{
    static const struct {
        enum matcher_type matcher;
        const char *id;
        bool unused;
    } rows[] = {
        {MATCHER_PATTERN, "release/*", false},
        {MATCHER_PATTERN, "relase/*", true},
        {MATCHER_BRANCH, "refs/heads/main", false}, /* the default branch counts */
        {MATCHER_BRANCH, "refs/heads/master", true},
        {MATCHER_ANY_REF, "*", false},
        {MATCHER_UNKNOWN, "?", false},
        {MATCHER_PATTERN, "v*", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        restrict_refs(app, 9, RESTRICTION_READ_ONLY, rows[i].matcher, rows[i].id, NULL);
        add_push("app", "u10", "refs/heads/release/1", 5);
        add_push("app", "u10", "refs/tags/v1", 4);
        inquire();
        if (!count_of(PATTERN) != !rows[i].unused)
            fail_msg("%s", rows[i].id);
    }
}

static void test_pattern_evidence(void **state)
{
    (void)state;
    restrict_refs(app, 9, RESTRICTION_READ_ONLY, MATCHER_PATTERN, "relase/*", NULL);
    add_push("app", "u10", "refs/heads/release/1", 5);
    inquire();
    assert_says(PATTERN, "PRJ/app",
                "(read-only, relase/*) matches no ref that was pushed in 5 days");
    assert_true(has_evidence(found(PATTERN, "PRJ/app"), "1 ref was pushed, others were not seen"));
    assert_int_equal(found(PATTERN, "PRJ/app")->severity, SEVERITY_INFO);
}

/* Where nothing was pushed nothing is known. */
static void test_pattern_without_pushes(void **state)
{
    (void)state;
    add_repository(85, 2, "lib");
    restrict_refs(app, 9, RESTRICTION_READ_ONLY, MATCHER_PATTERN, "x", NULL);
    add_push("lib", "u10", "refs/heads/main", 5);
    inquire();
    assert_none(PATTERN);

    posture_again(state);
    restrict_refs(app, 9, RESTRICTION_READ_ONLY, MATCHER_PATTERN, "x", NULL);
    inquire();
    assert_none(PATTERN);
    assert_true(not_looked(PATTERN));
}

static void test_pattern_of_project(void **state)
{
    (void)state;
    add_repository(85, 2, "lib");
    restrict_refs(prj, 9, RESTRICTION_READ_ONLY, MATCHER_PATTERN, "release/*", NULL);
    restrict_refs(prj, 10, RESTRICTION_READ_ONLY, MATCHER_PATTERN, "relase/*", NULL);
    add_push("lib", "u10", "refs/heads/release/1", 5);
    add_push("app", "u10", "refs/heads/topic", 5);
    add_repository(86, 2, "zz"); /* nobody pushed to it */
    inquire();
    assert_int_equal(count_of(PATTERN), 1);
    assert_says(PATTERN, "project PRJ", "restriction 10");
}

static void test_not_active(void **state)
{
    struct builder_restriction row = {.head = {.id = 9,
                                               .type = RESTRICTION_READ_ONLY,
                                               .matcher = MATCHER_BRANCH,
                                               .matcher_id = TEXT("refs/heads/old")}};
    (void)state;
    GOOD(builder_restriction(b, app, &row, &error));
    inquire();
    assert_says(PATTERN, "PRJ/app", "its matcher is not active");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_users),
        CASE(test_groups),
        CASE(test_keys),
        CASE(test_of_project),
        CASE(test_unread_grants),
        CASE(test_unread_keys),
        CASE(test_pattern),
        CASE(test_pattern_evidence),
        CASE(test_pattern_without_pushes),
        CASE(test_pattern_of_project),
        CASE(test_not_active),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
