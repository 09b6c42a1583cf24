/* policy/effective.h: the grants that a permission comes from (semantics 3), on the acme recording. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "policy/effective.h"
#include "snapshot/reader.h"
#include "support/builder_case.h"

static struct snapshot *acme;
static struct view view;

static int open_acme(void **state)
{
    struct builder_summary summary;
    builder_set_up(state);
    GOOD(small_replay("tests/fixtures/acme", at("acme.cdb"), false, &summary, &error));
    GOOD(snapshot_open(at("acme.cdb"), NULL, 0, &acme, &error));
    view = snapshot_view(acme, &arena);
    return 0;
}

static int close_acme(void **state)
{
    snapshot_close(acme);
    return builder_tear_down(state);
}

/* "direct 3 REPO_WRITE=REPO_WRITE; group developers 2 PROJECT_WRITE=REPO_WRITE": with the scope. */
static const char *words(const struct effective *effective)
{
    static struct buffer out;
    buffer_free(&out);
    buffer_init(&out, SIZE_MAX);
    for (size_t i = 0; i < effective->grant_count; i++) {
        const struct effective_grant *grant = &effective->grants[i];
        assert_int_equal(grant->applies, ANSWER_YES);
        buffer_printf(&out, "%s%s%s%.*s %d %s=%s", i ? "; " : "", grant_source_name(grant->source),
                      grant->group_name.size ? " " : "", TEXT_ARG(grant->group_name),
                      (int)grant->scope, permission_name(grant->granted),
                      permission_name(grant->here));
    }
    return out.data ? out.data : "";
}

static void users(void **state)
{
    static const struct {
        const char *project, *slug, *user, *permission, *grants;
    } rows[] = {
        {"PRJ", "app", "jdoe", "REPO_WRITE",
         "direct 2 PROJECT_WRITE=REPO_WRITE; group developers 2 PROJECT_WRITE=REPO_WRITE"},
        {"prj", "APP", "JDoe", "REPO_WRITE",
         "direct 2 PROJECT_WRITE=REPO_WRITE; group developers 2 PROJECT_WRITE=REPO_WRITE"},
        {"PRJ", "lib", "rroe", "REPO_ADMIN",
         "direct 3 REPO_ADMIN=REPO_ADMIN; group developers 2 PROJECT_WRITE=REPO_WRITE"},
        {"PRJ", "app", "reader", "REPO_READ", "direct 2 PROJECT_READ=REPO_READ"},
        {"PRJ", "app", "admin", "REPO_ADMIN", "direct 1 SYS_ADMIN=REPO_ADMIN"},
        /* Listed though they give nothing. */
        {"PRJ", "app", "gone", "NONE", "group developers 2 PROJECT_WRITE=REPO_WRITE"},
        {"PRJ", "app", "guest", "NONE", "direct 3 REPO_WRITE=REPO_WRITE"},
        {"OPS", "tools", "lead", "REPO_ADMIN",
         "group maintainers 2 PROJECT_ADMIN=REPO_ADMIN; default 2 PROJECT_WRITE=REPO_WRITE; "
         "public 3 REPO_READ=REPO_READ"},
        {"~JDOE", "notes", "jdoe", "REPO_ADMIN", "owner 2 PROJECT_ADMIN=REPO_ADMIN"},
        {"~JDOE", "notes", "lead", "NONE", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct effective found;
        GOOD(effective_of_user(&view, text_of(rows[i].project), text_of(rows[i].slug),
                               text_of(rows[i].user), &arena, &found, &error));
        assert_int_equal(found.user_known, ANSWER_YES);
        assert_string_equal(permission_name(found.least), rows[i].permission);
        assert_int_equal(found.least, found.most);
        assert_int_equal(found.unread, PERMISSION_NONE);
        assert_string_equal(words(&found), rows[i].grants);
    }
}

static void keys(void **state)
{
    static const struct {
        uint64_t key;
        const char *permission, *grants;
    } rows[] = {
        {158, "REPO_WRITE", "direct 3 REPO_WRITE=REPO_WRITE"},
        {159, "REPO_READ", "direct 3 REPO_READ=REPO_READ"},
        {161, "REPO_WRITE", "direct 2 PROJECT_WRITE=REPO_WRITE"},
        {162, "NONE", ""}, /* of another project */
        {999, "NONE", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct effective found;
        GOOD(
            effective_of_key(&view, TEXT("PRJ"), TEXT("app"), rows[i].key, &arena, &found, &error));
        assert_int_equal(found.user_known, ANSWER_NO);
        assert_string_equal(permission_name(found.least), rows[i].permission);
        assert_string_equal(words(&found), rows[i].grants);
    }
}

static void strangers_and_unknown_places(void **state)
{
    struct effective found = {.grant_count = 7};
    (void)state;
    GOOD(
        effective_of_user(&view, TEXT("PRJ"), TEXT("app"), TEXT("nobody"), &arena, &found, &error));
    assert_int_equal(found.user_known, ANSWER_NO);
    assert_int_equal(found.most, PERMISSION_NONE);
    assert_int_equal(found.grant_count, 0);
    found.grant_count = 7;
    assert_int_equal(
        effective_of_user(&view, TEXT("PRJ"), TEXT("none"), TEXT("jdoe"), &arena, &found, &error),
        STATUS_NOT_FOUND);
    assert_int_equal(
        effective_of_key(&view, TEXT("NONE"), TEXT("app"), 158, &arena, &found, &error),
        STATUS_NOT_FOUND);
    struct view missing = snapshot_view_missing(STATUS_TRUST, "not trusted");
    assert_int_equal(
        effective_of_user(&missing, TEXT("PRJ"), TEXT("app"), TEXT("jdoe"), &arena, &found, &error),
        STATUS_TRUST);
    assert_string_equal(error.text, "not trusted");
    assert_int_equal(found.grant_count, 7); /* untouched */
}

/* semantics 3: what could not be read lies between two levels. */
static void what_was_not_read(void **state)
{
    static const struct place project = {GRANT_PROJECT, 2}, repository = {GRANT_REPOSITORY, 84};
    struct builder *b = new_builder();
    struct builder_summary summary;
    struct snapshot *snapshot;
    struct effective found;
    const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com"),
                                          .started_ms = SMALL_NOW,
                                          .generated_ms = SMALL_NOW};
    (void)state;
    GOOD(builder_user(
        b, &(struct builder_user){.id = 1, .name = TEXT("jdoe"), .active = true, .listed = true},
        &error));
    GOOD(builder_grant_user(b, everywhere, 1, PERMISSION_LICENSED_USER, &error));
    GOOD(builder_group(b, TEXT("cut"), true, &error));
    GOOD(builder_project(b, &(struct builder_project){.id = 2, .key = TEXT("PRJ")}, &error));
    GOOD(builder_repository(
        b, &(struct builder_repository){.id = 84, .project_id = 2, .slug = TEXT("app")}, &error));
    GOOD(builder_grant_user(b, repository, 1, PERMISSION_REPO_READ, &error));
    GOOD(builder_grant_group(b, project, TEXT("cut"), PERMISSION_PROJECT_WRITE, &error));
    GOOD(builder_incomplete(b, project, INCOMPLETE_KEYS, &error));
    GOOD(builder_finish(b, &header, at("cut.cdb"), 0, NULL, &summary, &error));
    builder_free(b);
    GOOD(snapshot_open(at("cut.cdb"), NULL, 0, &snapshot, &error));
    struct view cut = snapshot_view(snapshot, &arena);
    GOOD(effective_of_user(&cut, TEXT("PRJ"), TEXT("app"), TEXT("jdoe"), &arena, &found, &error));
    assert_int_equal(found.least, PERMISSION_REPO_READ);
    assert_int_equal(found.most, PERMISSION_REPO_WRITE);
    assert_int_equal(found.grant_count, 2);
    assert_int_equal(found.grants[0].applies, ANSWER_CANNOT_TELL); /* the strongest first */
    assert_int_equal(found.grants[0].source, GRANT_GROUP);
    GOOD(effective_of_key(&cut, TEXT("PRJ"), TEXT("app"), 5, &arena, &found, &error));
    assert_int_equal(found.least, PERMISSION_NONE);
    assert_int_equal(found.most, PERMISSION_REPO_WRITE);
    assert_int_equal(found.unread, PERMISSION_REPO_WRITE);
    snapshot_close(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(users, open_acme, close_acme),
        cmocka_unit_test_setup_teardown(keys, open_acme, close_acme),
        cmocka_unit_test_setup_teardown(strangers_and_unknown_places, open_acme, close_acme),
        cmocka_unit_test_setup_teardown(what_was_not_read, builder_set_up, builder_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
