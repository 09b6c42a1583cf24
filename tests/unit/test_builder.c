/* snapshot/builder.h, snapshot/publish.h: the same facts give the same file, and a file is published
 * whole or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "support/top.h"
#include "small_snapshot.h"
#include "snapshot/reader.h"
#include "snapshot/verify.h"

static struct error error;

static struct buffer content(const char *path)
{
    struct buffer bytes;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    buffer_init(&bytes, SIZE_MAX);
    assert_int_equal(file_read_all(fd, 1 << 24, &bytes, NULL), STATUS_OK);
    close(fd);
    return bytes;
}

static void assert_same_content(const char *x, const char *y)
{
    struct buffer a = content(x), b = content(y);
    assert_true(text_equal(buffer_view(&a), buffer_view(&b)));
    buffer_free(&a);
    buffer_free(&b);
}

/* Everything in the directory, less what is expected. */
static size_t other_files(const char *const *expected, size_t count)
{
    size_t others = 0;
    DIR *dir = opendir(top);
    assert_non_null(dir);
    for (const struct dirent *item; (item = readdir(dir));) {
        bool known = item->d_name[0] == '.' && (!item->d_name[1] || item->d_name[1] == '.');
        for (size_t i = 0; i < count; i++)
            known = known || !strcmp(item->d_name, expected[i]);
        if (!known)
            printf("# left over: %s\n", item->d_name);
        others += !known;
    }
    closedir(dir);
    return others;
}

static struct builder *new_builder(const volatile sig_atomic_t *cancel)
{
    struct builder *b;
    assert_int_equal(builder_new(cancel, &b, &error), STATUS_OK);
    return b;
}

static const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com"),
                                             .bitbucket_version = TEXT("9.4.2"),
                                             .started_ms = SMALL_NOW,
                                             .generated_ms = SMALL_NOW};

static enum status finish(struct builder *b, const char *path, uint64_t max_size)
{
    struct builder_summary summary;
    enum status status = builder_finish(b, &header, path, max_size, NULL, &summary, &error);
    builder_free(b);
    return status;
}

/* ------------------------------------------------------------------ content */

static void the_order_of_facts_does_not_matter(void **state)
{
    (void)state;
    struct builder_summary x = small_write(at("x"), false, SMALL_NOW);
    struct builder_summary y = small_write(at("y"), true, SMALL_NOW);
    assert_string_equal(x.digest.hex, y.digest.hex);
    assert_same_content(at("x"), at("y"));
}

static void unchanged_content_keeps_its_digest_at_another_time(void **state)
{
    (void)state;
    struct builder_summary x = small_write(at("x"), false, SMALL_NOW);
    struct builder_summary y = small_write(at("y"), false, SMALL_NOW + 1000);
    assert_string_equal(x.digest.hex, y.digest.hex);
}

static void other_content_has_another_digest(void **state)
{
    (void)state;
    struct builder_summary x = small_write(at("x"), false, SMALL_NOW), y;
    struct builder *b = new_builder(NULL);
    small_fill(b, false);
    assert_int_equal(builder_default_permission(b, 4, PERMISSION_PROJECT_READ, &error), STATUS_OK);
    assert_int_equal(builder_finish(b, &header, at("y"), 0, NULL, &y, &error), STATUS_OK);
    builder_free(b);
    assert_string_not_equal(x.digest.hex, y.digest.hex);
}

static void what_is_told_twice_counts_once(void **state)
{
    (void)state;
    struct builder_summary once = small_write(at("x"), false, SMALL_NOW), twice;
    struct builder *b = new_builder(NULL);
    small_fill(b, false);
    small_fill(b, true);
    assert_int_equal(builder_finish(b, &header, at("y"), 0, NULL, &twice, &error), STATUS_OK);
    builder_free(b);
    assert_string_equal(once.digest.hex, twice.digest.hex);
    assert_memory_equal(once.counts, twice.counts, sizeof once.counts);
}

static void counts_say_what_is_there(void **state)
{
    static const uint64_t want[LAYOUT_COUNTS] = {
        [COUNT_USERS] = 4,        [COUNT_GROUPS] = 2,       [COUNT_PROJECTS] = 2,
        [COUNT_REPOSITORIES] = 2, [COUNT_GRANTS] = 10,      [COUNT_RESTRICTIONS] = 5,
        [COUNT_KEYS] = 2,         [COUNT_SERVICES] = 1,     [COUNT_INCOMPLETE_GROUPS] = 1,
    };
    (void)state;
    struct builder_summary summary = small_write(at("x"), false, SMALL_NOW);
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        assert_int_equal(summary.counts[i], want[i]);
    struct stat st;
    assert_int_equal(stat(at("x"), &st), 0);
    assert_int_equal(summary.size, st.st_size);
}

static struct snapshot_user user_of(const char *path, const char *name, struct arena *arena,
                                    struct snapshot **snapshot)
{
    struct snapshot_user user;
    if (snapshot_open(path, NULL, 0, snapshot, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    struct view v = snapshot_view(*snapshot, arena);
    assert_int_equal(v.user(v.self, text_of(name), &user, NULL), STATUS_OK);
    return user;
}

static void add_user(struct builder *b, uint64_t id, const char *name, bool active, bool listed)
{
    const struct builder_user user = {
        .id = id, .name = text_of(name), .active = active, .listed = listed};
    assert_int_equal(builder_user(b, &user, &error), STATUS_OK);
}

static void the_list_of_users_counts_before_a_mention(void **state)
{
    struct arena arena;
    struct snapshot *snapshot;
    struct builder *b = new_builder(NULL);
    (void)state;
    arena_init(&arena, 1 << 20);
    add_user(b, 7, "new-name", false, true);
    add_user(b, 7, "old-name", true, false); /* mentioned in a grant that was read before */
    add_user(b, 8, "old-name", true, false);
    add_user(b, 9, "New-Name", true, false); /* somebody who had the name before */
    assert_int_equal(finish(b, at("x"), 0), STATUS_OK);
    struct snapshot_user user = user_of(at("x"), "new-name", &arena, &snapshot);
    assert_int_equal(user.id, 7);
    assert_false(user.active);
    snapshot_close(snapshot);
    user = user_of(at("x"), "old-name", &arena, &snapshot);
    assert_int_equal(user.id, 8);
    snapshot_close(snapshot);
    arena_free(&arena);
}

static void a_licence_by_an_incomplete_group_cannot_be_told(void **state)
{
    struct arena arena;
    struct snapshot *snapshot;
    struct builder *b = new_builder(NULL);
    (void)state;
    arena_init(&arena, 1 << 20);
    add_user(b, 1, "perhaps", true, true);
    add_user(b, 2, "surely", true, true);
    assert_int_equal(builder_group(b, TEXT("everybody"), true, &error), STATUS_OK);
    assert_int_equal(builder_member(b, TEXT("everybody"), 2, &error), STATUS_OK);
    assert_int_equal(builder_grant_group(b, (struct place){GRANT_GLOBAL, 0}, TEXT("everybody"),
                                         PERMISSION_LICENSED_USER, &error),
                     STATUS_OK);
    assert_int_equal(finish(b, at("x"), 0), STATUS_OK);
    struct snapshot_user user = user_of(at("x"), "perhaps", &arena, &snapshot);
    assert_int_equal(user.licensed, ANSWER_CANNOT_TELL);
    assert_int_equal(user.groups_complete, ANSWER_CANNOT_TELL);
    snapshot_close(snapshot);
    user = user_of(at("x"), "surely", &arena, &snapshot);
    assert_int_equal(user.licensed, ANSWER_YES);
    snapshot_close(snapshot);
    arena_free(&arena);
}

static void the_highest_of_two_grants_counts(void **state)
{
    struct arena arena;
    struct snapshot *snapshot;
    struct builder *b = new_builder(NULL);
    const struct place everywhere = {GRANT_GLOBAL, 0};
    (void)state;
    arena_init(&arena, 1 << 20);
    add_user(b, 1, "admin", true, true);
    assert_int_equal(builder_grant_user(b, everywhere, 1, PERMISSION_ADMIN, &error), STATUS_OK);
    assert_int_equal(builder_grant_user(b, everywhere, 1, PERMISSION_LICENSED_USER, &error),
                     STATUS_OK);
    assert_int_equal(finish(b, at("x"), 0), STATUS_OK);
    struct snapshot_user user = user_of(at("x"), "admin", &arena, &snapshot);
    assert_int_equal(user.global, PERMISSION_ADMIN);
    snapshot_close(snapshot);
    arena_free(&arena);
}

/* ------------------------------------------------------------------ contradictions */

static void a_level_must_fit_its_place(void **state)
{
    struct builder *b = new_builder(NULL);
    (void)state;
    assert_int_equal(builder_grant_user(b, (struct place){GRANT_REPOSITORY, 1}, 1,
                                        PERMISSION_PROJECT_ADMIN, &error),
                     STATUS_FORMAT);
    assert_int_equal(builder_grant_user(b, (struct place){GRANT_PROJECT, 1}, 1,
                                        PERMISSION_SYS_ADMIN, &error),
                     STATUS_FORMAT);
    assert_int_equal(builder_grant_user(b, (struct place){GRANT_GLOBAL, 0}, 1,
                                        PERMISSION_REPO_WRITE, &error),
                     STATUS_FORMAT);
    assert_int_equal(builder_default_permission(b, 1, PERMISSION_REPO_WRITE, &error),
                     STATUS_FORMAT);
    builder_free(b);
}

static void two_listed_users_of_one_name_are_refused(void **state)
{
    struct builder *b = new_builder(NULL);
    (void)state;
    add_user(b, 1, "same", true, true);
    add_user(b, 2, "SAME", true, true);
    assert_int_equal(finish(b, at("x"), 0), STATUS_FORMAT);
    assert_non_null(strstr(error.text, "same name"));
    assert_int_equal(access(at("x"), F_OK), -1);
}

static void two_projects_or_repositories_of_one_name_are_refused(void **state)
{
    struct builder *b = new_builder(NULL);
    (void)state;
    assert_int_equal(builder_project(b, &(struct builder_project){.id = 1, .key = TEXT("A")},
                                     &error),
                     STATUS_OK);
    assert_int_equal(builder_project(b, &(struct builder_project){.id = 2, .key = TEXT("a")},
                                     &error),
                     STATUS_OK);
    assert_int_equal(finish(b, at("x"), 0), STATUS_FORMAT);
    b = new_builder(NULL);
    small_fill(b, false);
    assert_int_equal(
        builder_repository(
            b, &(struct builder_repository){.id = 99, .project_id = 2, .slug = TEXT("APP")},
            &error),
        STATUS_OK);
    assert_int_equal(finish(b, at("x"), 0), STATUS_FORMAT);
    assert_non_null(strstr(error.text, "84 and 99"));
}

static void a_repository_needs_its_project(void **state)
{
    struct builder *b = new_builder(NULL);
    (void)state;
    assert_int_equal(
        builder_repository(
            b, &(struct builder_repository){.id = 99, .project_id = 5, .slug = TEXT("x")}, &error),
        STATUS_OK);
    assert_int_equal(finish(b, at("x"), 0), STATUS_FORMAT);
    assert_non_null(strstr(error.text, "project 5"));
}

static void what_is_granted_to_nobody_or_nowhere_is_refused(void **state)
{
    static const struct {
        struct place place;
        uint64_t user, key;
        const char *want;
    } rows[] = {
        {{GRANT_REPOSITORY, 99}, 101, 0, "repository 99"},
        {{GRANT_PROJECT, 99}, 101, 0, "project 99"},
        {{GRANT_GLOBAL, 0}, 99, 0, "user 99"},
        {{GRANT_REPOSITORY, 99}, 0, 158, "repository 99"},
        {{GRANT_REPOSITORY, 84}, 0, 99, "access key 99"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct builder *b = new_builder(NULL);
        enum permission level = rows[i].place.scope == GRANT_GLOBAL    ? PERMISSION_LICENSED_USER
                                : rows[i].place.scope == GRANT_PROJECT ? PERMISSION_PROJECT_READ
                                                                       : PERMISSION_REPO_READ;
        small_fill(b, false);
        enum status status =
            rows[i].user ? builder_grant_user(b, rows[i].place, rows[i].user, level, &error)
                         : builder_grant_key(b, rows[i].place, rows[i].key, level, &error);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(finish(b, at("x"), 0), STATUS_FORMAT);
        if (!strstr(error.text, rows[i].want))
            fail_msg("\"%s\" instead of \"%s\"", error.text, rows[i].want);
    }
    struct builder *b = new_builder(NULL);
    small_fill(b, false);
    assert_int_equal(builder_member(b, TEXT("developers"), 99, &error), STATUS_OK);
    assert_int_equal(finish(b, at("x"), 0), STATUS_FORMAT);
    assert_non_null(strstr(error.text, "user 99"));
}

static void a_service_user_stands_for_one_key(void **state)
{
    struct builder *b = new_builder(NULL);
    (void)state;
    small_fill(b, false);
    assert_int_equal(builder_service(b, TEXT("3adc96b3b93443e4"), 159, &error), STATUS_OK);
    assert_int_equal(finish(b, at("x"), 0), STATUS_FORMAT);
    assert_non_null(strstr(error.text, "158 and 159"));
}

static void texts_have_a_limit(void **state)
{
    struct builder *b = new_builder(NULL);
    char *name = malloc(LAYOUT_TEXT_MAX + 1);
    (void)state;
    assert_non_null(name);
    memset(name, 'n', LAYOUT_TEXT_MAX + 1);
    assert_int_equal(builder_group(b, (struct text){name, LAYOUT_TEXT_MAX}, false, &error),
                     STATUS_OK);
    assert_int_equal(builder_group(b, (struct text){name, LAYOUT_TEXT_MAX + 1}, false, &error),
                     STATUS_LIMIT);
    struct builder_restriction row = {.head = {.type = RESTRICTION_READ_ONLY,
                                               .matcher = MATCHER_PATTERN,
                                               .matcher_id = {name, LAYOUT_TEXT_MAX + 1}}};
    assert_int_equal(builder_restriction(b, (struct place){GRANT_PROJECT, 1}, &row, &error),
                     STATUS_LIMIT);
    free(name);
    builder_free(b);
}

/* ------------------------------------------------------------------ publishing */

static void the_old_snapshot_is_kept_under_a_second_name(void **state)
{
    static const char *const files[] = {"s.cdb", "s.cdb.1"};
    (void)state;
    small_write(at("s.cdb"), false, SMALL_NOW);
    struct buffer first = content(at("s.cdb"));
    struct stat before, after;
    assert_int_equal(stat(at("s.cdb"), &before), 0);
    small_write(at("s.cdb"), false, SMALL_NOW + 1);
    struct buffer kept = content(at("s.cdb.1"));
    assert_true(text_equal(buffer_view(&first), buffer_view(&kept)));
    assert_int_equal(stat(at("s.cdb.1"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* a link, not a copy */
    small_write(at("s.cdb"), false, SMALL_NOW + 2);
    assert_int_equal(other_files(files, 2), 0);
    buffer_free(&first);
    buffer_free(&kept);
}

static void a_snapshot_is_never_writable_for_others(void **state)
{
    struct stat st;
    (void)state;
    mode_t old = umask(0);
    small_write(at("s.cdb"), false, SMALL_NOW);
    umask(old);
    assert_int_equal(stat(at("s.cdb"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
}

static void the_mode_of_the_old_snapshot_is_kept(void **state)
{
    struct stat st;
    (void)state;
    small_write(at("s.cdb"), false, SMALL_NOW);
    assert_int_equal(chmod(at("s.cdb"), 0660), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(at("s.cdb"), (uid_t)-1, 12345), 0);
    assert_int_equal(stat(at("s.cdb"), &st), 0);
    gid_t group = st.st_gid;
    mode_t old = umask(077);
    small_write(at("s.cdb"), false, SMALL_NOW);
    umask(old);
    assert_int_equal(stat(at("s.cdb"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640); /* less the group's right to write */
    assert_int_equal(st.st_gid, group);
}

static void a_file_that_would_be_too_large_is_not_published(void **state)
{
    static const char *const files[] = {"s.cdb"};
    struct builder *b = new_builder(NULL);
    (void)state;
    small_write(at("s.cdb"), false, SMALL_NOW);
    struct buffer before = content(at("s.cdb"));
    small_fill(b, false);
    assert_int_equal(finish(b, at("s.cdb"), 3000), STATUS_LIMIT);
    assert_non_null(strstr(error.text, "larger than 3000 bytes"));
    struct buffer after = content(at("s.cdb"));
    assert_true(text_equal(buffer_view(&before), buffer_view(&after)));
    assert_int_equal(other_files(files, 1), 0);
    buffer_free(&before);
    buffer_free(&after);
}

static void the_limit_is_exact(void **state)
{
    (void)state;
    uint64_t size = small_write(at("s.cdb"), false, SMALL_NOW).size;
    struct builder *b = new_builder(NULL);
    small_fill(b, false);
    assert_int_equal(finish(b, at("t.cdb"), size - 1), STATUS_LIMIT);
    b = new_builder(NULL);
    small_fill(b, false);
    /* The header's URL has no slash here, which small_write() puts and the builder drops. */
    assert_int_equal(finish(b, at("t.cdb"), size), STATUS_OK);
}

static void an_interruption_leaves_nothing(void **state)
{
    volatile sig_atomic_t cancel = 0;
    struct builder *b = new_builder(&cancel);
    (void)state;
    small_fill(b, false);
    cancel = 1;
    assert_int_equal(finish(b, at("s.cdb"), 0), STATUS_DEADLINE);
    assert_int_equal(other_files(NULL, 0), 0);
}

static void a_directory_that_is_not_there_or_a_target_that_is_no_file(void **state)
{
    struct builder *b = new_builder(NULL);
    (void)state;
    small_fill(b, false);
    assert_int_equal(finish(b, at("none/s.cdb"), 0), STATUS_IO);
    assert_int_equal(mkdir(at("dir"), 0755), 0);
    b = new_builder(NULL);
    small_fill(b, false);
    assert_int_equal(finish(b, at("dir"), 0), STATUS_IO);
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    b = new_builder(NULL);
    small_fill(b, false);
    assert_int_equal(finish(b, at("fifo"), 0), STATUS_IO);
}

static void a_link_is_followed_and_stays(void **state)
{
    struct stat st;
    (void)state;
    small_write(at("real.cdb"), false, SMALL_NOW);
    assert_int_equal(symlink("real.cdb", at("link.cdb")), 0);
    small_write(at("link.cdb"), false, SMALL_NOW + 1);
    assert_int_equal(lstat(at("link.cdb"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(access(at("real.cdb.1"), F_OK), 0);
    assert_int_equal(symlink("nowhere", at("dangling")), 0);
    struct builder *b = new_builder(NULL);
    small_fill(b, false);
    assert_int_equal(finish(b, at("dangling"), 0), STATUS_IO);
}

static void two_builders_at_once_do_not_disturb_each_other(void **state)
{
    static const char *const files[] = {"s.cdb", "s.cdb.1"};
    struct snapshot *snapshot;
    (void)state;
    for (int i = 0; i < 4; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid)
            continue;
        int bad = 0;
        for (int k = 0; k < 5; k++) {
            struct builder *b = new_builder(NULL);
            small_fill(b, k % 2);
            bad += finish(b, at("s.cdb"), 0) != STATUS_OK;
        }
        _exit(bad);
    }
    for (int i = 0; i < 4; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(snapshot_open_mode(at("s.cdb"), NULL, 0, SNAPSHOT_MAPPED, &snapshot, &error),
                     STATUS_OK);
    assert_int_equal(snapshot_verify(snapshot, NULL, NULL, &error), STATUS_OK);
    snapshot_close(snapshot);
    assert_int_equal(other_files(files, 2), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_order_of_facts_does_not_matter),
        CASE(unchanged_content_keeps_its_digest_at_another_time),
        CASE(other_content_has_another_digest),
        CASE(what_is_told_twice_counts_once),
        CASE(counts_say_what_is_there),
        CASE(the_list_of_users_counts_before_a_mention),
        CASE(a_licence_by_an_incomplete_group_cannot_be_told),
        CASE(the_highest_of_two_grants_counts),
        CASE(a_level_must_fit_its_place),
        CASE(two_listed_users_of_one_name_are_refused),
        CASE(two_projects_or_repositories_of_one_name_are_refused),
        CASE(a_repository_needs_its_project),
        CASE(what_is_granted_to_nobody_or_nowhere_is_refused),
        CASE(a_service_user_stands_for_one_key),
        CASE(texts_have_a_limit),
        CASE(the_old_snapshot_is_kept_under_a_second_name),
        CASE(a_snapshot_is_never_writable_for_others),
        CASE(the_mode_of_the_old_snapshot_is_kept),
        CASE(a_file_that_would_be_too_large_is_not_published),
        CASE(the_limit_is_exact),
        CASE(an_interruption_leaves_nothing),
        CASE(a_directory_that_is_not_there_or_a_target_that_is_no_file),
        CASE(a_link_is_followed_and_stays),
        CASE(two_builders_at_once_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
