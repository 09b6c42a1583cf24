/* Who may write and administer: broad groups, defaults, single administrators, grants that nobody used,
 * service accounts (posture/grants.c, administrators.c, unused.c, accounts.c). */
#include "support/posture_case.h"

#define BROAD POSTURE_WRITE_BY_BROAD_GROUP
#define UNUSED POSTURE_UNUSED_WRITE_GRANT
#define ADMIN POSTURE_SINGLE_ADMIN_GRANT
#define SCOPE POSTURE_SERVICE_ACCOUNT_OUT_OF_SCOPE

/* ------------------------------------------------------------------ broad groups, defaults */

static void add_half(unsigned members)
{
    add_group("half");
    for (unsigned i = 0; i < members; i++)
        add_member("half", 10 + i);
}

/* There are 21 licensed users. */
static void test_broad(void **state)
{
    static const struct {
        unsigned members, percent;
        bool broad;
    } rows[] = {{11, 50, true},  {10, 50, false}, {20, 95, true},
                {20, 96, false}, {10, 0, true},   {9, 0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        add_half(rows[i].members);
        grant_group(app, "half", PERMISSION_REPO_WRITE);
        inquiry.broad_percent = rows[i].percent;
        inquire();
        if (!found(BROAD, "PRJ/app") != !rows[i].broad)
            fail_msg("%u members, %u %%", rows[i].members, rows[i].percent);
    }
}

/* More than the part that was named, not just as much. */
static void test_broad_all(void **state)
{
    (void)state;
    add_half(20);
    add_member("half", 1);
    grant_group(app, "half", PERMISSION_REPO_WRITE);
    inquiry.broad_percent = 100;
    inquire();
    assert_none(BROAD);
}

static void test_broad_places_and_levels(void **state)
{
    (void)state;
    add_half(12);
    add_repository(85, 2, "lib");
    grant_group(app, "half", PERMISSION_REPO_READ);
    grant_group((struct place){GRANT_REPOSITORY, 85}, "half", PERMISSION_REPO_ADMIN);
    grant_group(prj, "half", PERMISSION_REPO_CREATE);
    grant_group(everywhere, "half", PERMISSION_ADMIN);
    inquire();
    assert_not_found(BROAD, "PRJ/app");
    assert_int_equal(found(BROAD, "PRJ/lib")->severity, SEVERITY_HIGH);
    assert_int_equal(found(BROAD, "project PRJ")->severity, SEVERITY_MEDIUM);
    assert_int_equal(found(BROAD, "instance")->severity, SEVERITY_CRITICAL);
    assert_says(BROAD, "project PRJ", "12 of 21 licensed users");
    assert_true(has_evidence(found(BROAD, "PRJ/lib"), "group/half"));
}

/* Who is inactive is not counted. */
static void test_broad_inactive(void **state)
{
    (void)state;
    add_half(10);
    for (unsigned i = 40; i < 60; i++) {
        snprintf(names[i], sizeof names[i], "x%u", i);
        add_user(i, names[i], false);
        add_member("half", i);
    }
    grant_group(app, "half", PERMISSION_REPO_WRITE);
    inquire();
    assert_none(BROAD);
}

static void test_defaults(void **state)
{
    (void)state;
    GOOD(builder_default_permission(b, 2, PERMISSION_PROJECT_WRITE, &error));
    inquire();
    assert_found(POSTURE_WRITE_BY_DEFAULT, "project PRJ");
    assert_none(POSTURE_PUBLIC_WRITE_DEFAULT);
}

/* An archived repository takes no pushes. */
static void test_default_counts_no_archived(void **state)
{
    (void)state;
    add_repository(85, 2, "lib");
    GOOD(builder_repository(b,
                            &(struct builder_repository){
                                .id = 86, .project_id = 2, .slug = TEXT("old"), .archived = true},
                            &error));
    GOOD(builder_default_permission(b, 2, PERMISSION_PROJECT_WRITE, &error));
    inquire();
    assert_true(has_part(found(POSTURE_WRITE_BY_DEFAULT, "project PRJ")->what,
                         "may write to 2 repositories"));
}

static void test_default_reads(void **state)
{
    (void)state;
    GOOD(builder_default_permission(b, 2, PERMISSION_PROJECT_READ, &error));
    GOOD(builder_project(
        b, &(struct builder_project){.id = 5, .key = TEXT("PUB"), .is_public = true}, &error));
    inquire();
    assert_none(POSTURE_WRITE_BY_DEFAULT);
    assert_none(POSTURE_PUBLIC_WRITE_DEFAULT);
}

static void test_public(void **state)
{
    (void)state;
    GOOD(builder_project(
        b, &(struct builder_project){.id = 5, .key = TEXT("PUB"), .is_public = true}, &error));
    GOOD(builder_default_permission(b, 5, PERMISSION_PROJECT_ADMIN, &error));
    GOOD(builder_repository(b,
                            &(struct builder_repository){
                                .id = 85, .project_id = 2, .slug = TEXT("open"), .is_public = true},
                            &error));
    GOOD(builder_default_permission(b, 2, PERMISSION_PROJECT_WRITE, &error));
    inquire();
    assert_found(POSTURE_PUBLIC_WRITE_DEFAULT, "project PUB");
    assert_int_equal(found(POSTURE_PUBLIC_WRITE_DEFAULT, "project PUB")->severity,
                     SEVERITY_CRITICAL);
    assert_not_found(POSTURE_WRITE_BY_DEFAULT, "project PUB"); /* once is enough */
    assert_found(POSTURE_PUBLIC_WRITE_DEFAULT, "PRJ/open");
    assert_not_found(POSTURE_PUBLIC_WRITE_DEFAULT, "PRJ/app");
    assert_found(POSTURE_WRITE_BY_DEFAULT, "project PRJ");
}

/* ------------------------------------------------------------------ administrators */

static void test_single_admin(void **state)
{
    (void)state;
    grant_user(prj, 10, PERMISSION_PROJECT_ADMIN);
    inquire();
    assert_says(ADMIN, "project PRJ", "user u10 alone administers it, by a direct grant");
    assert_not_found(ADMIN, "PRJ/app"); /* it inherits the project's */
}

static void test_single_admin_by_group(void **state)
{
    (void)state;
    add_group("leads");
    add_member("leads", 11);
    grant_group(app, "leads", PERMISSION_REPO_ADMIN);
    inquire();
    assert_says(ADMIN, "PRJ/app", "user u11 alone administers it, by group leads");
}

static void test_two_admins_or_two_grants(void **state)
{
    (void)state;
    grant_user(prj, 10, PERMISSION_PROJECT_ADMIN);
    grant_user(prj, 11, PERMISSION_PROJECT_ADMIN);
    add_project(6, "TWO");
    add_group("leads");
    add_member("leads", 12);
    grant_user((struct place){GRANT_PROJECT, 6}, 12, PERMISSION_PROJECT_ADMIN);
    grant_group((struct place){GRANT_PROJECT, 6}, "leads", PERMISSION_PROJECT_ADMIN);
    inquire();
    assert_none(ADMIN);
}

/* Nobody, or a group that could not be read: no finding. An inactive one does not count. */
static void test_admins_not_told(void **state)
{
    (void)state;
    add_project(6, "VAGUE");
    GOOD(builder_group(b, TEXT("vague"), true, &error));
    grant_user((struct place){GRANT_PROJECT, 6}, 10, PERMISSION_PROJECT_ADMIN);
    grant_group((struct place){GRANT_PROJECT, 6}, "vague", PERMISSION_PROJECT_ADMIN);
    add_user(40, "gone", false);
    grant_user(prj, 40, PERMISSION_PROJECT_ADMIN);
    grant_user(prj, 10, PERMISSION_PROJECT_ADMIN);
    inquire();
    assert_not_found(ADMIN, "project VAGUE");
    assert_found(ADMIN, "project PRJ");
    assert_found(POSTURE_INCOMPLETE_SNAPSHOT, "group vague");
}

/* ------------------------------------------------------------------ what nobody used */

static void test_unused_user(void **state)
{
    (void)state;
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    grant_user(app, 11, PERMISSION_REPO_WRITE);
    grant_user(app, 12, PERMISSION_REPO_READ);
    grant_user(app, 13, PERMISSION_REPO_ADMIN);
    add_push("app", "U10", "refs/heads/main", 60);
    inquire();
    assert_int_equal(count_of(UNUSED), 1);
    assert_says(UNUSED, "PRJ/app", "user u11 has REPO_WRITE and did not push in 60 days");
    assert_true(has_evidence(found(UNUSED, "PRJ/app"), "user/u11"));
}

static void test_unused_group(void **state)
{
    (void)state;
    add_group("devs");
    add_group("ops");
    add_member("devs", 10);
    add_member("devs", 11);
    add_member("ops", 12);
    grant_group(prj, "devs", PERMISSION_PROJECT_WRITE);
    grant_group(prj, "ops", PERMISSION_PROJECT_WRITE);
    grant_group(prj, "all", PERMISSION_PROJECT_WRITE);
    add_push("app", "u10", "refs/heads/main", 60);
    inquire();
    assert_int_equal(count_of(UNUSED), 2);
    const struct posture_finding *few = found(UNUSED, "project PRJ");
    assert_non_null(few);
    for (size_t i = 0; i < posture.finding_count; i++) {
        const struct posture_finding *finding = &posture.findings[i];
        if (finding->kind != &posture_kinds[UNUSED])
            continue;
        bool ops = has_evidence(finding, "group/ops");
        assert_true(ops || has_evidence(finding, "group/all"));
        assert_int_equal(finding->severity, ops ? SEVERITY_LOW : SEVERITY_INFO);
        assert_true(has_part(finding->what, ops ? "of its 1 active members 0 pushed"
                                                : "of its 20 active members 1 pushed"));
    }
}

static void add_key(uint64_t id)
{
    const struct builder_key key = {.id = id, .label = TEXT("ci")};
    GOOD(builder_key(b, &key, &error));
    GOOD(builder_grant_key(b, app, id, PERMISSION_REPO_WRITE, &error));
}

static void test_unused_key(void **state)
{
    (void)state;
    add_key(158);
    add_key(159);
    add_key(160);
    add_key_push("app", "158, 159", 60);
    inquire();
    assert_int_equal(count_of(UNUSED), 1);
    assert_says(UNUSED, "PRJ/app", "access key 160 (ci)");
}

/* Somebody pushed with a key, and nobody could tell which: it may have been this one. */
static void test_unused_key_unknown(void **state)
{
    (void)state;
    add_key(160);
    add_key_push("app", "", 60);
    inquire();
    assert_none(UNUSED);
}

static void test_idle_repository(void **state)
{
    (void)state;
    add_repository(85, 2, "lib");
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    grant_user(app, 11, PERMISSION_REPO_WRITE);
    add_push("lib", "u10", "refs/heads/main", 60);
    inquire();
    assert_int_equal(count_of(UNUSED), 1); /* one for all grants of the place */
    assert_says(UNUSED, "PRJ/app", "nobody pushed here in 60 days");
    assert_says(UNUSED, "PRJ/app", "2 grants of write");
}

/* What is out of the window does not count; the log has to reach back. */
static void test_window(void **state)
{
    (void)state;
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    add_push("app", "u10", "refs/heads/main", 100);
    add_push("app", "u11", "refs/heads/main", 2);
    inquire();
    assert_says(UNUSED, "PRJ/app", "did not push in 90 days");
    assert_int_equal(posture.decisions, 1);
    assert_int_equal(posture.day_count, 1);
    assert_int_equal(posture.days[0].accepted, 1);
}

static void test_short_log(void **state)
{
    (void)state;
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    add_push("app", "u11", "refs/heads/main", 20);
    inquire();
    assert_none(UNUSED);
    assert_true(not_looked(UNUSED));
    assert_true(has_note("the audit log begins on 2026-11-02"));
}

static void test_no_log(void **state)
{
    (void)state;
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    inquire();
    assert_none(UNUSED);
    assert_true(not_looked(UNUSED));
    assert_true(has_note("without an audit log"));
    assert_false(posture.audit_read);
}

/* ------------------------------------------------------------------ service accounts */

#define ACCOUNT "[service-account \"u10\"]\nrepos = PRJ/app\ncontrols = soc2:CC6.3\n"

static void test_scope_of_grants(void **state)
{
    (void)state;
    configuration = ACCOUNT;
    add_repository(85, 2, "lib");
    add_repository(86, 2, "docs");
    grant_user(prj, 10, PERMISSION_PROJECT_WRITE);
    inquire();
    assert_says(SCOPE, "user u10", "may write to 2 repositories outside of its scope");
    const struct posture_finding *finding = found(SCOPE, "user u10");
    assert_true(has_evidence(finding, "repo/PRJ/docs"));
    assert_true(has_evidence(finding, "repo/PRJ/lib"));
    assert_false(has_evidence(finding, "repo/PRJ/app"));
    assert_true(has_evidence(finding, "refgate.conf:1"));
    assert_int_equal(finding->controls.count, 1);
}

static void test_inside_scope(void **state)
{
    (void)state;
    configuration = ACCOUNT "[service-account \"u11\"]\nrefs = main\n"
                            "[service-account \"nobody\"]\nrepos = PRJ/app\n";
    add_repository(85, 2, "lib");
    grant_user(app, 10, PERMISSION_REPO_ADMIN);
    grant_user(prj, 10, PERMISSION_PROJECT_READ);
    grant_user(prj, 11, PERMISSION_PROJECT_WRITE); /* its scope names no repositories */
    inquire();
    assert_none(SCOPE);
    assert_true(has_note("the snapshot does not know the service account nobody"));
}

static void test_scope_of_pushes(void **state)
{
    char time[CLOCK_TEXT_SIZE];
    (void)state;
    configuration = ACCOUNT;
    clock_format(DAYS_AGO(3), false, time);
    for (int i = 0; i < 2; i++)
        buffer_printf(&audit_log,
                      "{\"id\":\"01J\",\"time\":\"%s\",\"verdict\":\"reject\",\"exit\":1,"
                      "\"push\":{\"project\":\"PRJ\",\"repository\":\"lib\"},\"pusher\":{"
                      "\"name\":\"u10\"},\"credential\":{\"class\":\"user\"},\"reasons\":["
                      "{\"type\":\"service-account\",\"rule\":\"u10\",\"verdict\":\"reject\"}],"
                      "\"changes\":[]}\n",
                      time);
    inquire();
    assert_says(SCOPE, "user u10", "outside of its scope 2 times");
    assert_int_equal(found(SCOPE, "user u10")->severity, SEVERITY_HIGH);
    assert_int_equal(posture.days[0].rejected, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_broad),
        CASE(test_broad_all),
        CASE(test_broad_places_and_levels),
        CASE(test_broad_inactive),
        CASE(test_defaults),
        CASE(test_default_counts_no_archived),
        CASE(test_default_reads),
        CASE(test_public),
        CASE(test_single_admin),
        CASE(test_single_admin_by_group),
        CASE(test_two_admins_or_two_grants),
        CASE(test_admins_not_told),
        CASE(test_unused_user),
        CASE(test_unused_group),
        CASE(test_unused_key),
        CASE(test_unused_key_unknown),
        CASE(test_idle_repository),
        CASE(test_window),
        CASE(test_short_log),
        CASE(test_no_log),
        CASE(test_scope_of_grants),
        CASE(test_inside_scope),
        CASE(test_scope_of_pushes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
