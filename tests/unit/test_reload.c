/* snapshot/builder.h, builder_reload(): what stays of an old snapshot beside what was told anew, case by
 * case (test_reload_random.c has many at once); and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "snapshot/reader.h"
#include "support/builder_case.h"

#define LATER (SMALL_NOW + 60000)
static const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com"),
                                             .bitbucket_version = TEXT("9.4.2"),
                                             .started_ms = SMALL_NOW,
                                             .generated_ms = LATER};
static struct builder_summary finish(struct builder *b, const char *path)
{
    struct builder_summary summary = {0};
    if (builder_finish(b, &header, path, 0, NULL, &summary, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    builder_free(b);
    return summary;
}

static enum status try_reload(struct builder *b, const char *path, enum snapshot_mode mode)
{
    struct snapshot *old;
    enum status status = snapshot_open_mode(path, NULL, 0, mode, &old, &error);
    if (status != STATUS_OK)
        return status;
    status = builder_reload(b, old, &error);
    snapshot_close(old);
    return status;
}

/* The global grants of small_snapshot.h, which are told with each part. */
static void tell_global(struct builder *b)
{
    const struct builder_user admin = {.id = 1, .name = TEXT("Admin"), .active = true};
    GOOD(builder_user(b, &admin, &error));
    GOOD(builder_grant_user(b, everywhere, 1, PERMISSION_SYS_ADMIN, &error));
    GOOD(builder_grant_group(b, everywhere, TEXT("developers"), PERMISSION_LICENSED_USER, &error));
}
static void tell_project(struct builder *b)
{
    GOOD(builder_project(b, &(struct builder_project){.id = 2, .key = TEXT("PRJ")}, &error));
}
static void tell_app(struct builder *b)
{
    const struct builder_repository row = {.id = 84, .project_id = 2, .slug = TEXT("app")};
    GOOD(builder_repository(b, &row, &error));
}

static struct builder_summary reload_finish(struct builder *b, const char *from, const char *to)
{
    if (try_reload(b, from, SNAPSHOT_MAPPED) != STATUS_OK)
        fail_msg("%s", error.text);
    return finish(b, to);
}

static struct view open_view(const char *path, struct snapshot **snapshot)
{
    if (snapshot_open(path, NULL, 0, snapshot, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return snapshot_view(*snapshot, &arena);
}

/* ------------------------------------------------------------------ what is refused */

static void only_a_mapped_snapshot_once_into_a_builder_that_keeps(void **state)
{
    (void)state;
    struct builder *b;
    finish(small_builder(), at("old"));
    GOOD(builder_new_checking(NULL, &b, &error));
    assert_int_equal(try_reload(b, at("old"), SNAPSHOT_MAPPED), STATUS_USAGE);
    builder_free(b);
    b = new_builder();
    assert_int_equal(try_reload(b, at("old"), SNAPSHOT_READ), STATUS_USAGE);
    GOOD(try_reload(b, at("old"), SNAPSHOT_MAPPED));
    assert_int_equal(try_reload(b, at("old"), SNAPSHOT_MAPPED), STATUS_USAGE);
    builder_free(b);
}

static void a_part_goes_only_into_a_snapshot_of_its_instance_and_age(void **state)
{
    (void)state;
    struct builder_summary summary;
    finish(small_builder(), at("old"));
    const struct builder_header headers[] = {
        {.base_url = TEXT("https://other.example.com"), .started_ms = SMALL_NOW},
        {.base_url = TEXT("https://bitbucket.example.com"), .started_ms = SMALL_NOW + 1},
    };
    for (size_t i = 0; i < 2; i++) {
        struct builder *b = new_builder();
        tell_global(b);
        GOOD(try_reload(b, at("old"), SNAPSHOT_MAPPED));
        assert_int_equal(builder_finish(b, &headers[i], at("new"), 0, NULL, &summary, &error),
                         STATUS_USAGE);
        builder_free(b);
        assert_int_not_equal(access(at("new"), F_OK), 0);
    }
}

static void a_part_that_was_not_told_is_refused(void **state)
{
    (void)state;
    struct builder_summary summary;
    finish(small_builder(), at("old"));
    struct builder *b = new_builder();
    tell_global(b);
    GOOD(builder_part(b, prj, LATER, &error));
    GOOD(try_reload(b, at("old"), SNAPSHOT_MAPPED));
    assert_int_equal(builder_finish(b, &header, at("new"), 0, NULL, &summary, &error),
                     STATUS_FORMAT);
    builder_free(b);
}

static void a_changed_byte_is_never_taken_over(void **state)
{
    (void)state;
    struct buffer good, bad;
    struct builder_summary summary = finish(small_builder(), at("old"));
    int fd = open(at("old"), O_RDONLY | O_CLOEXEC);
    buffer_init(&good, SIZE_MAX);
    GOOD(file_read_all(fd, 1 << 24, &good, &error));
    close(fd);
    size_t refused = 0, tried = 0;
    for (size_t i = 0; i < good.size; i += 5, tried++) {
        struct snapshot *old;
        struct builder *b = new_builder();
        buffer_init(&bad, SIZE_MAX);
        buffer_text(&bad, buffer_view(&good));
        bad.data[i] = (char)(bad.data[i] ^ (1 << i % 8));
        fd = open(at("bad"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        GOOD(file_write_all(fd, bad.data, bad.size, &error));
        buffer_free(&bad);
        enum status status = snapshot_open_fd(fd, good.size, 0, SNAPSHOT_MAPPED, &old, &error);
        if (status == STATUS_OK) {
            status = builder_reload(b, old, &error);
            snapshot_close(old);
            struct builder_summary none;
            if (status != STATUS_OK) /* and the builder is good for nothing more */
                assert_int_equal(builder_finish(b, &header, at("new"), 0, NULL, &none, &error),
                                 STATUS_USAGE);
        }
        assert_int_equal(status, STATUS_FORMAT);
        refused += status != STATUS_OK;
        builder_free(b);
    }
    assert_int_equal(refused, tried);
    buffer_free(&good);
    struct builder *b = new_builder();
    GOOD(builder_incomplete(b, everywhere, INCOMPLETE_GRANTS, &error)); /* as they were */
    assert_string_equal(reload_finish(b, at("old"), at("new")).digest.hex, summary.digest.hex);
}

/* ------------------------------------------------------------------ people */

static void who_is_mentioned_stays_in_the_list_with_his_address(void **state)
{
    (void)state;
    struct builder_summary old = finish(small_builder(), at("old"));
    struct builder *b = new_builder();
    tell_global(b); /* without the address of Admin */
    struct builder_summary same = reload_finish(b, at("old"), at("new"));
    /* His slug is another one now, as it was mentioned: so much is new. */
    assert_memory_equal(old.counts, same.counts, sizeof old.counts);
    assert_string_not_equal(old.digest.hex, same.digest.hex);
    struct snapshot *snapshot;
    struct snapshot_user user;
    struct view v = open_view(at("new"), &snapshot);
    GOOD(v.user(v.self, TEXT("admin"), &user, &error));
    assert_true(text_equal(user.email, TEXT("Admin@Example.com")));
    assert_true(text_equal(user.slug, TEXT("Admin")));
    snapshot_close(snapshot);
}

static void a_name_belongs_to_whom_it_was_told_of_last(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_user user;
    const struct builder_user newcomer = {.id = 500, .name = TEXT("jdoe"), .active = true};
    finish(small_builder(), at("old"));
    struct builder *b = new_builder();
    tell_global(b);
    GOOD(builder_user(b, &newcomer, &error));
    reload_finish(b, at("old"), at("new"));
    for (int again = 0; again < 2; again++) {
        struct view v = open_view(at("new"), &snapshot);
        GOOD(v.user(v.self, TEXT("jdoe"), &user, &error));
        assert_int_equal(user.id, 500);
        assert_int_equal(user.group_count, 0); /* the groups are those of the other one */
        uint64_t id;
        GOOD(v.email_user(v.self, TEXT("jane@example.com"), &id, &error));
        assert_int_equal(id, 101);
        snapshot_close(snapshot);
        b = new_builder(); /* and so it stays */
        tell_global(b);
        reload_finish(b, at("new"), at("new"));
    }
    /* Even if the newcomer gets another name: nobody has said that the old one has it again. */
    b = new_builder();
    tell_global(b);
    const struct builder_user renamed = {.id = 500, .name = TEXT("jdoe2"), .active = true};
    GOOD(builder_user(b, &renamed, &error));
    reload_finish(b, at("new"), at("newer"));
    struct view v = open_view(at("newer"), &snapshot);
    assert_int_equal(v.user(v.self, TEXT("jdoe"), &user, NULL), STATUS_NOT_FOUND);
    GOOD(v.user(v.self, TEXT("jdoe2"), &user, &error));
    snapshot_close(snapshot);
}

static void a_group_that_is_gone_has_none_of_its_old_members(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_user user;
    struct snapshot_group group;
    struct builder *b = small_builder();
    GOOD(builder_group(b, TEXT("third"), false, &error));
    GOOD(builder_member(b, TEXT("third"), 101, &error));
    finish(b, at("old"));
    b = new_builder();
    tell_global(b);
    GOOD(builder_group_gone(b, TEXT("THIRD"), &error));
    GOOD(builder_group_gone(b, TEXT("developers"), &error)); /* has grants elsewhere */
    GOOD(builder_group_gone(b, TEXT("fourth"), &error));
    GOOD(builder_group(b, TEXT("Fourth"), false, &error)); /* made again meanwhile */
    reload_finish(b, at("old"), at("new"));
    struct view v = open_view(at("new"), &snapshot);
    assert_int_equal(v.group(v.self, TEXT("third"), &group, NULL), STATUS_NOT_FOUND);
    GOOD(v.group(v.self, TEXT("fourth"), &group, &error));
    GOOD(v.group(v.self, TEXT("developers"), &group, &error));
    GOOD(v.user(v.self, TEXT("jdoe"), &user, &error));
    for (size_t i = 0; i < user.group_count; i++)
        assert_int_not_equal(user.groups[i], group.group);
    snapshot_close(snapshot);
}

static void a_group_told_anew_is_new_as_a_whole_and_others_only_get_members(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_user user;
    struct snapshot_group group;
    struct builder *b = small_builder();
    GOOD(builder_group(b, TEXT("third"), false, &error));
    GOOD(builder_member(b, TEXT("third"), 101, &error));
    finish(b, at("old"));
    b = new_builder();
    tell_global(b);
    GOOD(builder_group(b, TEXT("DEVELOPERS"), true, &error));
    GOOD(builder_member(b, TEXT("developers"), 103, &error));
    GOOD(builder_member(b, TEXT("Third"), 102, &error));
    reload_finish(b, at("old"), at("new"));
    struct view v = open_view(at("new"), &snapshot);
    static const struct {
        const char *user, *group;
        bool member;
    } rows[] = {{"jdoe", "developers", false}, {"gone", "developers", false},
                {"outsider", "developers", true}, {"jdoe", "third", true},
                {"gone", "third", true},       {"outsider", "third", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool member = false;
        GOOD(v.user(v.self, text_of(rows[i].user), &user, &error));
        GOOD(v.group(v.self, text_of(rows[i].group), &group, &error));
        for (size_t k = 0; k < user.group_count; k++)
            member = member || user.groups[k] == group.group;
        if (member != rows[i].member)
            fail_msg("%s in %s", rows[i].user, rows[i].group);
    }
    GOOD(v.group(v.self, TEXT("developers"), &group, &error));
    assert_true(group.incomplete);
    snapshot_close(snapshot);
}

static void global_grants_that_could_not_be_read_stay_as_they_were(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_user user;
    finish(small_builder(), at("old"));
    for (int marked = 0; marked < 2; marked++) {
        struct builder *b = new_builder();
        if (marked)
            GOOD(builder_incomplete(b, everywhere, INCOMPLETE_GRANTS, &error));
        reload_finish(b, at("old"), at("new"));
        struct view v = open_view(at("new"), &snapshot);
        GOOD(v.user(v.self, TEXT("admin"), &user, &error));
        assert_int_equal(user.global, marked ? PERMISSION_SYS_ADMIN : PERMISSION_NONE);
        assert_int_equal(user.licensed, marked ? ANSWER_YES : ANSWER_NO);
        assert_false(user.global_unsure);
        snapshot_close(snapshot);
    }
    /* Of an old one that did without, too; until they are told. */
    struct builder *b = small_builder();
    GOOD(builder_incomplete(b, everywhere, INCOMPLETE_GRANTS, &error));
    finish(b, at("old"));
    for (int told = 0; told < 2; told++) {
        b = new_builder();
        if (told)
            tell_global(b);
        else
            GOOD(builder_incomplete(b, everywhere, INCOMPLETE_GRANTS, &error));
        struct builder_summary summary = reload_finish(b, at("old"), at("new"));
        assert_int_equal(summary.counts[COUNT_INCOMPLETE_PLACES], !told);
        struct view v = open_view(at("new"), &snapshot);
        GOOD(v.user(v.self, TEXT("outsider"), &user, &error));
        assert_int_equal(user.global_unsure, !told);
        snapshot_close(snapshot);
    }
}

static void service_users_are_told_all_or_none(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    uint64_t key;
    finish(small_builder(), at("old"));
    for (int told = 0; told < 2; told++) {
        struct builder *b = new_builder();
        tell_global(b);
        if (told)
            GOOD(builder_service(b, TEXT("another"), 160, &error));
        reload_finish(b, at("old"), at("new"));
        struct view v = open_view(at("new"), &snapshot);
        assert_int_equal(v.service(v.self, TEXT("3adc96b3b93443e4"), &key, NULL),
                         told ? STATUS_NOT_FOUND : STATUS_OK);
        assert_int_equal(v.service(v.self, TEXT("another"), &key, NULL),
                         told ? STATUS_OK : STATUS_NOT_FOUND);
        snapshot_close(snapshot);
    }
}

/* ------------------------------------------------------------------ places */

static void a_repository_told_anew_loses_what_it_had_and_the_rest_keeps_it(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_repository found;
    enum permission permission;
    finish(small_builder(), at("old"));
    struct builder *b = new_builder();
    tell_global(b);
    tell_project(b);
    tell_app(b);
    GOOD(builder_part(b, app, LATER, &error));
    reload_finish(b, at("old"), at("new"));
    struct view v = open_view(at("new"), &snapshot);
    GOOD(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &found, &error));
    assert_int_equal(found.group_count, 0);
    assert_int_equal(found.restriction_count, 2); /* the project's */
    assert_false(found.default_branch_known);
    assert_int_equal(found.project.group_count, 2);
    assert_int_equal(v.user_grant(v.self, GRANT_REPOSITORY, TEXT("PRJ"), TEXT("app"), TEXT("gone"),
                                  &permission, NULL),
                     STATUS_NOT_FOUND);
    GOOD(v.user_grant(v.self, GRANT_PROJECT, TEXT("PRJ"), TEXT(""), TEXT("jdoe"), &permission,
                      &error));
    int64_t started;
    GOOD(v.part(v.self, TEXT("PRJ"), TEXT("app"), &started, &error));
    assert_int_equal(started, LATER);
    assert_int_equal(v.part(v.self, TEXT("PRJ"), TEXT("old"), &started, NULL), STATUS_NOT_FOUND);
    snapshot_close(snapshot);
}

static void what_is_gone_leaves_the_old_snapshot(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_repository found;
    struct snapshot_key key;
    struct builder *b = small_builder();
    GOOD(builder_key(b, &(struct builder_key){.id = 7}, &error));
    GOOD(builder_grant_key(b, app, 7, PERMISSION_REPO_READ, &error));
    GOOD(builder_part(b, app, SMALL_NOW + 1, &error));
    finish(b, at("old"));
    b = new_builder();
    tell_global(b);
    GOOD(builder_gone(b, app, &error));
    reload_finish(b, at("old"), at("new"));
    struct view v = open_view(at("new"), &snapshot);
    assert_int_equal(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &found, NULL),
                     STATUS_NOT_FOUND);
    GOOD(v.repository(v.self, TEXT("PRJ"), TEXT("old"), &found, &error));
    assert_int_equal(v.access_key(v.self, 7, &key, NULL), STATUS_NOT_FOUND);
    GOOD(v.access_key(v.self, 158, &key, &error)); /* is granted on the project, too */
    snapshot_close(snapshot);
}

static void a_repository_that_moved_takes_its_old_grants_along_unless_it_is_a_part(void **state)
{
    (void)state;
    for (int part = 0; part < 2; part++) {
        struct snapshot *snapshot;
        struct snapshot_repository found;
        finish(small_builder(), at("old"));
        struct builder *b = new_builder();
        const struct builder_repository moved = {
            .id = 84, .project_id = 4, .slug = TEXT("moved"), .current = true};
        tell_global(b);
        GOOD(builder_repository(b, &moved, &error));
        if (part)
            GOOD(builder_part(b, app, LATER, &error));
        reload_finish(b, at("old"), at("new"));
        struct view v = open_view(at("new"), &snapshot);
        assert_int_equal(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &found, NULL),
                         STATUS_NOT_FOUND);
        GOOD(v.repository(v.self, TEXT("~JDOE"), TEXT("moved"), &found, &error));
        assert_int_equal(found.group_count, part ? 0 : 1);
        int64_t started;
        assert_int_equal(v.part(v.self, TEXT("~JDOE"), TEXT("moved"), &started, NULL),
                         part ? STATUS_OK : STATUS_NOT_FOUND);
        snapshot_close(snapshot);
    }
}

static void a_parts_time_stays_until_it_is_read_anew(void **state)
{
    (void)state;
    static const struct {
        struct place told; /* what is read anew at LATER */
        int64_t app, old;
    } rows[] = {
        {{GRANT_REPOSITORY, 84}, LATER, SMALL_NOW + 10},
        {{GRANT_REPOSITORY, 85}, SMALL_NOW + 20, LATER},
        {{GRANT_PROJECT, 2}, LATER, LATER},
        {{GRANT_PROJECT, 4}, SMALL_NOW + 20, SMALL_NOW + 10},
    };
    struct builder *b = small_builder();
    GOOD(builder_part(b, prj, SMALL_NOW + 10, &error));
    GOOD(builder_part(b, app, SMALL_NOW + 20, &error));
    finish(b, at("old"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct snapshot *snapshot;
        int64_t started;
        b = small_builder(); /* all is told, but as a part */
        GOOD(builder_part(b, rows[i].told, LATER, &error));
        reload_finish(b, at("old"), at("new"));
        struct view v = open_view(at("new"), &snapshot);
        GOOD(v.part(v.self, TEXT("PRJ"), TEXT("app"), &started, &error));
        assert_int_equal(started, rows[i].app);
        GOOD(v.part(v.self, TEXT("PRJ"), TEXT("old"), &started, &error));
        assert_int_equal(started, rows[i].old);
        snapshot_close(snapshot);
    }
}

static void of_an_access_key_the_newer_dates_count(void **state)
{
    (void)state;
    static const struct {
        struct builder_key told;
        int64_t last_used;
    } rows[] = {
        {{.id = 158, .use_known = true, .used = true, .last_used_ms = 1500}, 1500},
        {{.id = 158, .label = TEXT("no dates")}, 2000}, /* in an answer without them */
    };
    finish(small_builder(), at("old"));
    for (size_t i = 0; i < 2; i++) {
        struct snapshot *snapshot;
        struct snapshot_key key;
        struct builder *b = new_builder();
        tell_global(b);
        GOOD(builder_key(b, &rows[i].told, &error));
        reload_finish(b, at("old"), at("new"));
        struct view v = open_view(at("new"), &snapshot);
        GOOD(v.access_key(v.self, 158, &key, &error));
        assert_int_equal(key.last_used_ms, rows[i].last_used);
        assert_int_equal(key.places, 2);
        snapshot_close(snapshot);
    }
}

int main(void)
{
#define TEST_OF(name) cmocka_unit_test_setup_teardown(name, builder_set_up, builder_tear_down)
    const struct CMUnitTest tests[] = {
        TEST_OF(only_a_mapped_snapshot_once_into_a_builder_that_keeps),
        TEST_OF(a_part_goes_only_into_a_snapshot_of_its_instance_and_age),
        TEST_OF(a_part_that_was_not_told_is_refused),
        TEST_OF(a_changed_byte_is_never_taken_over),
        TEST_OF(who_is_mentioned_stays_in_the_list_with_his_address),
        TEST_OF(a_name_belongs_to_whom_it_was_told_of_last),
        TEST_OF(a_group_that_is_gone_has_none_of_its_old_members),
        TEST_OF(a_group_told_anew_is_new_as_a_whole_and_others_only_get_members),
        TEST_OF(global_grants_that_could_not_be_read_stay_as_they_were),
        TEST_OF(service_users_are_told_all_or_none),
        TEST_OF(a_repository_told_anew_loses_what_it_had_and_the_rest_keeps_it),
        TEST_OF(what_is_gone_leaves_the_old_snapshot),
        TEST_OF(a_repository_that_moved_takes_its_old_grants_along_unless_it_is_a_part),
        TEST_OF(a_parts_time_stays_until_it_is_read_anew),
        TEST_OF(of_an_access_key_the_newer_dates_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
