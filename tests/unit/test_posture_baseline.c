/* posture/baseline.h: what is new, what is gone; ids that stay the same. */
#include "support/posture_case.h"

#include "command/report_print.h"
#include "posture/baseline.h"

#define UNPROTECTED POSTURE_UNPROTECTED_DEFAULT_BRANCH
#define BROAD POSTURE_WRITE_BY_BROAD_GROUP

static struct buffer before; /* the JSON of the earlier run */

/* What there is now becomes the baseline, and all begins again. */
static void next_run(void **state)
{
    buffer_free(&before);
    buffer_init(&before, SIZE_MAX);
    report_json(&posture, &before);
    assert_false(before.failed);
    posture_again(state);
}

static enum status compare(struct error *err)
{
    return baseline_compare(buffer_view(&before), inquiry.wanted, inquiry.least, &found_arena,
                            &posture, err);
}

static int forget(void **state)
{
    buffer_free(&before);
    return posture_tear_down(state);
}

static enum posture_change change_of(enum posture_kind_row kind, const char *where)
{
    assert_found(kind, where);
    return found(kind, where)->change;
}

static void test_same(void **state)
{
    inquire();
    next_run(state);
    inquire();
    GOOD(compare(&error));
    assert_true(posture.compared);
    assert_int_equal(posture.new_count, 0);
    assert_int_equal(posture.gone_count, 0);
    assert_int_equal(posture.baseline_ms, SMALL_NOW);
    assert_int_equal(change_of(UNPROTECTED, "PRJ/app"), POSTURE_SAME);
}

static void test_new_and_gone(void **state)
{
    add_repository(85, 2, "lib");
    inquire();
    size_t total = posture.by_severity[SEVERITY_HIGH];
    next_run(state);
    add_repository(86, 2, "docs");
    inquire();
    GOOD(compare(&error));
    assert_int_equal(posture.new_count, 3);
    assert_int_equal(posture.gone_count, 3);
    assert_int_equal(change_of(UNPROTECTED, "PRJ/docs"), POSTURE_NEW);
    assert_int_equal(change_of(UNPROTECTED, "PRJ/lib"), POSTURE_GONE);
    assert_true(has_part(found(UNPROTECTED, "PRJ/lib")->what, "nothing stops a direct push"));
    assert_true(has_evidence(found(UNPROTECTED, "PRJ/lib"), "repo/PRJ/lib"));
    assert_int_equal(posture.by_severity[SEVERITY_HIGH], total); /* what is gone does not count */

    /* A report with a baseline is a baseline, too: what was gone then stays gone. */
    next_run(state);
    add_repository(86, 2, "docs");
    inquire();
    GOOD(compare(&error));
    assert_int_equal(posture.new_count, 0);
    assert_int_equal(posture.gone_count, 0);
}

/* Counts and dates in the words do not make it another finding. */
static void test_counts_change(void **state)
{
    add_group("half");
    for (unsigned i = 10; i < 22; i++)
        add_member("half", i);
    grant_group(app, "half", PERMISSION_REPO_WRITE);
    inquire();
    next_run(state);
    add_group("half");
    for (unsigned i = 10; i < 25; i++)
        add_member("half", i);
    grant_group(app, "half", PERMISSION_REPO_WRITE);
    inquire();
    GOOD(compare(&error));
    assert_int_equal(change_of(BROAD, "PRJ/app"), POSTURE_SAME);
    assert_int_equal(posture.new_count, 0);
}

/* What could not be looked at again is not gone. */
static void test_not_looked_at(void **state)
{
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    add_push("app", "u11", "refs/heads/main", 60);
    inquire();
    assert_int_equal(count_of(POSTURE_UNUSED_WRITE_GRANT), 1);
    next_run(state);
    inquire();
    GOOD(compare(&error));
    assert_int_equal(posture.gone_count, 0);
    assert_true(has_note("1 findings of the baseline could not be looked at again"));
}

static void test_unread_place(void **state)
{
    inquire();
    next_run(state);
    GOOD(builder_incomplete(b, prj, INCOMPLETE_RESTRICTIONS, &error));
    inquire();
    assert_none(UNPROTECTED);
    GOOD(compare(&error));
    assert_int_equal(posture.gone_count, 0);
    assert_true(has_note("3 findings of the baseline"));
}

/* That the snapshot is not complete counts also where --kind leaves it out. */
static void test_unread_place_unwanted(void **state)
{
    bool wanted[POSTURE_KINDS] = {[UNPROTECTED] = true};
    inquire();
    next_run(state);
    GOOD(builder_incomplete(b, prj, INCOMPLETE_RESTRICTIONS, &error));
    inquiry.wanted = wanted;
    inquire();
    GOOD(compare(&error));
    assert_int_equal(posture.gone_count, 0);
    assert_true(has_note("1 findings of the baseline could not be looked at again"));
}

static void one_administrator(bool unread)
{
    GOOD(builder_group(b, TEXT("leads"), unread, &error));
    grant_group(prj, "leads", PERMISSION_PROJECT_ADMIN);
    grant_user(prj, 10, PERMISSION_PROJECT_ADMIN);
}

/* A finding that hangs on who is in a group is not gone because nobody could read the group. */
static void test_unread_group(void **state)
{
    one_administrator(false);
    inquire();
    assert_int_equal(count_of(POSTURE_SINGLE_ADMIN_GRANT), 1);
    next_run(state);
    one_administrator(true);
    restrict_refs(app, 9, RESTRICTION_READ_ONLY, MATCHER_ANY_REF, "*", NULL);
    inquire();
    GOOD(compare(&error));
    assert_none(POSTURE_SINGLE_ADMIN_GRANT);
    assert_int_equal(posture.gone_count, 3); /* of the branch */
    assert_true(has_note("1 findings of the baseline"));
}

static void shared_key(bool there)
{
    const struct builder_key key = {.id = 158, .label = TEXT("ci")};
    const struct place lib = {GRANT_REPOSITORY, 85};
    add_repository(85, 2, "lib");
    GOOD(builder_key(b, &key, &error));
    GOOD(builder_grant_key(b, app, 158, PERMISSION_REPO_WRITE, &error));
    if (there)
        GOOD(builder_grant_key(b, lib, 158, PERMISSION_REPO_WRITE, &error));
    else
        GOOD(builder_incomplete(b, lib, INCOMPLETE_KEYS, &error));
}

/* Nor is it that a key is shared, if one of its places could not be read. */
static void test_unread_key_place(void **state)
{
    shared_key(true);
    inquire();
    assert_int_equal(count_of(POSTURE_WRITE_KEY_SHARED), 1);
    next_run(state);
    shared_key(false);
    inquire();
    GOOD(compare(&error));
    assert_int_equal(posture.gone_count, 0);
    assert_true(has_note("1 findings of the baseline"));
}

static void test_filters(void **state)
{
    bool wanted[POSTURE_KINDS] = {[UNPROTECTED] = true};
    inquire();
    next_run(state);
    restrict_refs(app, 9, RESTRICTION_READ_ONLY, MATCHER_ANY_REF, "*", NULL);
    inquiry.wanted = wanted;
    inquire();
    GOOD(compare(&error));
    assert_int_equal(posture.gone_count, 1);
    assert_true(posture.filtered);
    next_run(state);
    inquire();
    GOOD(compare(&error));
    assert_true(has_note("the baseline was made with --kind or --severity"));
}

/* What --severity leaves out now is not gone. */
static void test_severity(void **state)
{
    inquire();
    next_run(state);
    inquiry.least = SEVERITY_HIGH;
    inquire();
    GOOD(compare(&error));
    assert_int_equal(posture.gone_count, 0);
    assert_none(POSTURE_DEFAULT_BRANCH_DELETE);
}

static void test_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"findings\":[]}",
        "{\"findings\":{},\"time\":\"2026-11-22T00:00:00Z\"}",
        "{\"findings\":[],\"time\":\"2026-11-22T00:00:00Z\",\"base_url\":\"https://else.example\"}",
    };
    (void)state;
    inquire();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buffer_free(&before);
        buffer_init(&before, SIZE_MAX);
        buffer_string(&before, rows[i]);
        if (compare(&error) != STATUS_FORMAT)
            fail_msg("%s", rows[i]);
        assert_false(posture.compared);
    }
}

/* Findings that are no findings of ours: left out, no crash. */
static void test_odd_findings(void **state)
{
    (void)state;
    inquire();
    buffer_free(&before);
    buffer_init(&before, SIZE_MAX);
    buffer_string(&before,
                  "{\"time\":\"2026-11-22T00:00:00Z\",\"base_url\":"
                  "\"https://bitbucket.example.com\",\"findings\":[1,null,{},{\"kind\":\"x\"},"
                  "{\"kind\":\"write-key-old\",\"severity\":7},{\"kind\":\"write-key-old\","
                  "\"severity\":\"low\",\"evidence\":[1,\"e\"],\"id\":3}]}");
    GOOD(compare(&error));
    assert_int_equal(posture.gone_count, 1);
}

/* No two findings of a run have one id. */
static void test_ids_are_unique(void **state)
{
    (void)state;
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    grant_user(app, 12, PERMISSION_REPO_WRITE);
    grant_group(app, "all", PERMISSION_REPO_WRITE);
    grant_group(prj, "all", PERMISSION_PROJECT_WRITE);
    add_push("app", "u11", "refs/heads/main", 60);
    inquire();
    for (size_t i = 0; i < posture.finding_count; i++) {
        assert_int_equal(posture.findings[i].id.size, 16);
        for (size_t k = i + 1; k < posture.finding_count; k++)
            assert_false(text_equal(posture.findings[i].id, posture.findings[k].id));
    }
    assert_true(posture.finding_count > 6);
    for (size_t i = 1; i < posture.finding_count; i++) /* worst first */
        assert_true(posture.findings[i - 1].severity >= posture.findings[i].severity);
}

#define RUN(name) cmocka_unit_test_setup_teardown(name, posture_set_up, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_same),           RUN(test_new_and_gone),     RUN(test_counts_change),
        RUN(test_not_looked_at),  RUN(test_unread_place),     RUN(test_unread_place_unwanted),
        RUN(test_unread_group),   RUN(test_unread_key_place), RUN(test_filters),
        RUN(test_severity),       RUN(test_refused),          RUN(test_odd_findings),
        RUN(test_ids_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
