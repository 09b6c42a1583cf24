/* Access keys that may write (posture/keys.c); age and completeness of the snapshot (marks.c). */
#include "support/posture_case.h"

#define NEVER POSTURE_WRITE_KEY_NEVER_USED
#define STALE POSTURE_WRITE_KEY_STALE
#define OLD POSTURE_WRITE_KEY_OLD
#define WEAK POSTURE_WRITE_KEY_WEAK
#define SHARED POSTURE_WRITE_KEY_SHARED
#define EXPIRING POSTURE_WRITE_KEY_EXPIRING

/* A key about which there is nothing to say. */
static struct builder_key good_key(void)
{
    return (struct builder_key){.id = 158,
                                .label = TEXT("ci-deploy"),
                                .algorithm = TEXT("ED25519"),
                                .bits = 256,
                                .created_known = true,
                                .created_ms = DAYS_AGO(100),
                                .use_known = true,
                                .used = true,
                                .last_used_ms = DAYS_AGO(1),
                                .expiry_known = true};
}

static void look_at(const struct builder_key *key, struct place place, enum permission permission)
{
    GOOD(builder_key(b, key, &error));
    GOOD(builder_grant_key(b, place, key->id, permission, &error));
    inquire();
}

static void assert_only(int kind) /* -1: none */
{
    static const enum posture_kind_row kinds[] = {NEVER, STALE, OLD, WEAK, SHARED, EXPIRING};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (count_of(kinds[i]) != ((int)kinds[i] == kind))
            fail_msg("%zu of %s", count_of(kinds[i]), posture_kinds[kinds[i]].name);
}

static void test_good(void **state)
{
    (void)state;
    const struct builder_key key = good_key();
    look_at(&key, app, PERMISSION_REPO_WRITE);
    assert_only(-1);
}

static void test_each(void **state)
{
    struct {
        struct builder_key key;
        int kind;
        const char *says;
    } rows[16];
    size_t count = 0;
#define ROW(wanted, words, ...)              \
    do {                                     \
        struct builder_key key = good_key(); \
        __VA_ARGS__;                         \
        rows[count].key = key;               \
        rows[count].kind = (wanted);         \
        rows[count++].says = (words);        \
    } while (0)
    ROW(NEVER, "access key 158 (ci-deploy) was never used", key.used = false);
    ROW(-1, NULL, key.used = false; key.created_ms = DAYS_AGO(6)); /* it is too young */
    ROW(-1, NULL, key.used = key.use_known = false);               /* not known */
    ROW(STALE, "last used on 2026-08-24, 90 days before", key.last_used_ms = DAYS_AGO(90));
    ROW(-1, NULL, key.last_used_ms = DAYS_AGO(89));
    ROW(OLD, "created on 2025-11-22, 365 days before", key.created_ms = DAYS_AGO(365));
    ROW(-1, NULL, key.created_ms = DAYS_AGO(364));
    ROW(-1, NULL, key.created_known = false; key.created_ms = 0); /* not known is not old */
    ROW(WEAK, "is an RSA key of 1024 bits", key.algorithm = TEXT("RSA"); key.bits = 1024);
    ROW(-1, NULL, key.algorithm = TEXT("RSA"); key.bits = 2048);
    ROW(-1, NULL, key.algorithm = TEXT("RSA"); key.bits = 0); /* not known */
    ROW(WEAK, "is a DSA key", key.algorithm = TEXT("DSA"); key.bits = 1024);
    ROW(EXPIRING, "expires on 2026-12-21, in 29 days", key.expires = true;
        key.expires_ms = SMALL_NOW + 29 * CLOCK_DAY);
    ROW(-1, NULL, key.expires = true; key.expires_ms = SMALL_NOW + 30 * CLOCK_DAY);
    ROW(-1, NULL, key.expires = true; key.expires_ms = SMALL_NOW; key.used = false); /* over */
    for (size_t i = 0; i < count; i++) {
        posture_again(state);
        look_at(&rows[i].key, app, PERMISSION_REPO_WRITE);
        assert_only(rows[i].kind);
        if (rows[i].says)
            assert_says((enum posture_kind_row)rows[i].kind, "PRJ/app", rows[i].says);
    }
}

static void test_reads_only(void **state)
{
    struct builder_key key = good_key();
    (void)state;
    key.created_ms = DAYS_AGO(4000);
    key.used = false;
    key.algorithm = TEXT("DSA");
    look_at(&key, app, PERMISSION_REPO_READ);
    assert_only(-1);
}

static void test_shared(void **state)
{
    const struct builder_key key = good_key();
    (void)state;
    GOOD(builder_grant_key(b, prj, 158, PERMISSION_PROJECT_WRITE, &error));
    look_at(&key, app, PERMISSION_REPO_WRITE);
    assert_only(SHARED);
    assert_says(SHARED, "access key 158", "may write in 2 places");
    const struct posture_finding *finding = found(SHARED, "access key 158");
    assert_true(has_evidence(finding, "key/158"));
    assert_true(has_evidence(finding, "project/PRJ"));
    assert_true(has_evidence(finding, "repo/PRJ/app"));

    posture_again(state);
    GOOD(builder_grant_key(b, prj, 158, PERMISSION_PROJECT_READ, &error));
    look_at(&key, app, PERMISSION_REPO_WRITE);
    assert_only(-1);
}

/* Granted in one more place, it is the same finding. */
static void test_same_id(void **state)
{
    struct builder_key key = good_key();
    char id[17];
    (void)state;
    key.created_ms = DAYS_AGO(400);
    look_at(&key, app, PERMISSION_REPO_WRITE);
    memcpy(id, found(OLD, "PRJ/app")->id.at, sizeof id);
    posture_again(state);
    GOOD(builder_grant_key(b, prj, 158, PERMISSION_PROJECT_WRITE, &error));
    look_at(&key, app, PERMISSION_REPO_WRITE);
    assert_string_equal(found(OLD, "access key 158")->id.at, id);
}

static void test_measures(void **state)
{
    struct builder_key key = good_key();
    (void)state;
    inquiry.old_ms = 50 * CLOCK_DAY;
    inquiry.stale_ms = CLOCK_DAY;
    look_at(&key, app, PERMISSION_REPO_WRITE);
    assert_found(OLD, "PRJ/app");
    assert_found(STALE, "PRJ/app");
}

static void test_unknown_dates_are_noted(void **state)
{
    struct builder_key key = {.id = 158, .label = TEXT("old-style")};
    (void)state;
    look_at(&key, app, PERMISSION_REPO_WRITE);
    assert_only(-1);
    assert_true(has_note("of 1 access keys it is not known how old they are"));
    assert_true(has_note("of 1 access keys it is not known whether they are used"));
    assert_string_equal(posture.writers[1].name.at, "access keys");
    assert_int_equal(posture.writers[1].count, 1);
}

/* ------------------------------------------------------------------ the snapshot */

static void test_stale(void **state)
{
    static const struct {
        int64_t age;
        const char *says;
    } rows[] = {{0, NULL},
                {CLOCK_DAY, NULL},
                {CLOCK_DAY + 1, "the snapshot is 1d old; [freshness] max-age is 1d"},
                {-CLOCK_HOUR, "is from the future, by 1h"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        inquiry.now_ms = SMALL_NOW + rows[i].age;
        inquire();
        assert_int_equal(count_of(POSTURE_STALE_SNAPSHOT), rows[i].says != NULL);
        if (rows[i].says)
            assert_says(POSTURE_STALE_SNAPSHOT, "instance", rows[i].says);
    }
}

static void test_incomplete(void **state)
{
    (void)state;
    GOOD(builder_incomplete(b, app, INCOMPLETE_GRANTS | INCOMPLETE_KEYS, &error));
    GOOD(builder_incomplete(b, prj, INCOMPLETE_MODEL, &error));
    GOOD(builder_incomplete(b, everywhere, INCOMPLETE_GRANTS, &error));
    GOOD(builder_note(b, TEXT("something is not in this version"), &error));
    inquire();
    assert_says(POSTURE_INCOMPLETE_SNAPSHOT, "PRJ/app", "could not read: grants, access keys");
    assert_says(POSTURE_INCOMPLETE_SNAPSHOT, "project PRJ", "the branching model");
    assert_says(POSTURE_INCOMPLETE_SNAPSHOT, "instance", "grants");
    assert_true(has_note("the sync noted: something is not in this version"));
}

static void test_complete(void **state)
{
    (void)state;
    inquire();
    assert_none(POSTURE_INCOMPLETE_SNAPSHOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_good),
        CASE(test_each),
        CASE(test_reads_only),
        CASE(test_shared),
        CASE(test_same_id),
        CASE(test_measures),
        CASE(test_unknown_dates_are_noted),
        CASE(test_stale),
        CASE(test_incomplete),
        CASE(test_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
