/*
 * policy/config.h, its files: where the configuration is, and what a system that fails makes of it and
 * of the kill switch (semantics.md 2, 8). Linked with --wrap for read(), getcwd() and
 * file_self_path() (tests/flags.mk).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "policy/config.h"
#include "scratch.h"

/* ------------------------------------------------------------------ a system that fails */

static struct {
    int reads;        /* so far */
    int interrupts;   /* of the first reads, by a signal */
    int fails_at;     /* 0: never */
    size_t at_most;   /* bytes a read gives; 0: as many as it likes */
    const char *more; /* what somebody appends while it is read */
    bool no_cwd;
    const char *self; /* where the program is; NULL: nobody knows */
} machine;

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
char *__real_getcwd(char *buffer, size_t size);
char *__wrap_getcwd(char *buffer, size_t size);
enum status __wrap_file_self_path(char *out, size_t size, struct error *err);

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    int now = ++machine.reads;
    if (now <= machine.interrupts) {
        errno = EINTR;
        return -1;
    }
    if (now == machine.fails_at) {
        errno = EIO;
        return -1;
    }
    if (machine.more && now == 1) {
        memcpy(buffer, machine.more, size < strlen(machine.more) ? size : strlen(machine.more));
        return (ssize_t)size;
    }
    return __real_read(fd, buffer,
                       machine.at_most && size > machine.at_most ? machine.at_most : size);
}

char *__wrap_getcwd(char *buffer, size_t size)
{
    if (!machine.no_cwd)
        return __real_getcwd(buffer, size);
    errno = ENOENT;
    return NULL;
}

enum status __wrap_file_self_path(char *out, size_t size, struct error *err)
{
    if (!machine.self)
        return error_set(err, STATUS_IO, "cannot tell where this program is");
    snprintf(out, size, "%s", machine.self);
    return STATUS_OK;
}

static void machine_is_well(void)
{
    memset(&machine, 0, sizeof machine);
}

/* ------------------------------------------------------------------ files */

static char top[PATH_MAX];

static const char *put(const char *name, const char *content)
{
    const char *path = scratch_path(top, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    assert_int_equal(chmod(path, 0644), 0);
    return path;
}

/* The directory of the tests may itself not be trusted ($TMPDIR of somebody else). */
static bool top_is_trusted(void)
{
    int fd = -1;
    if (file_open_trusted_directory(top, NULL, &fd, NULL) == STATUS_OK)
        return close(fd) == 0;
    print_message("# skipped: the directory for temporary files is not trusted\n");
    return false;
}

static enum status load(const char *path, char *said, size_t size)
{
    struct arena arena;
    struct policy policy = {.max_refs = 4711};
    struct config_errors errors;
    arena_init(&arena, (size_t)64 * 1024 * 1024);
    config_errors_init(&errors);
    enum status status = config_load(path, &arena, &policy, &errors);
    snprintf(said, size, "%s", errors.lines.data ? errors.lines.data : "");
    assert_int_equal(status == STATUS_OK, policy.max_refs != 4711);
    assert_int_equal(status == STATUS_OK, errors.count == 0);
    config_errors_free(&errors);
    arena_free(&arena);
    return status;
}

static void reading_goes_on_after_a_signal(void **state)
{
    (void)state;
    char said[512];
    if (!top_is_trusted())
        return;
    const char *path = put("refgate.conf", "[refgate]\nmode = monitor\n");
    machine.interrupts = 3;
    machine.at_most = 5;
    assert_int_equal(load(path, said, sizeof said), STATUS_OK);
    assert_true(machine.reads > 6);
}

static void what_cannot_be_read_is_refused(void **state)
{
    (void)state;
    char said[512];
    if (!top_is_trusted())
        return;
    const char *path = put("refgate.conf", "[refgate]\nmode = monitor\n");
    for (int at = 1; at < 3; at++) {
        machine_is_well();
        machine.at_most = 10;
        machine.fails_at = at;
        assert_int_equal(load(path, said, sizeof said), STATUS_IO);
        assert_non_null(strstr(said, "refgate.conf: cannot read "));
    }
    machine_is_well();
    machine.more = "[refgate]\nmode = monitor\n[refs]\n";
    assert_int_equal(load(path, said, sizeof said), STATUS_IO);
    assert_non_null(strstr(said, "changed while it was read"));
}

static void too_large_a_file_is_refused(void **state)
{
    (void)state;
    char said[512];
    if (!top_is_trusted())
        return;
    const char *path = put("large.conf", "[refgate]\n");
    assert_int_equal(truncate(path, (off_t)CONFIG_SIZE_MAX + 1), 0);
    assert_int_equal(load(path, said, sizeof said), STATUS_LIMIT);
    assert_non_null(strstr(said, "is larger than"));
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(load(path, said, sizeof said), STATUS_OK); /* nothing is said, all defaults */
}

/* ------------------------------------------------------------------ tools */

static void reading_without_a_trust_check(void **state)
{
    (void)state;
    struct buffer bytes;
    struct error err = {0};
    const char *path = put("any.conf", "[refgate]\n");
    buffer_init(&bytes, SIZE_MAX);
    assert_int_equal(config_read_file(path, &bytes, &err), STATUS_OK);
    assert_string_equal(bytes.data, "[refgate]\n");
    assert_int_equal(config_read_file(scratch_path(top, "none"), &bytes, &err), STATUS_NOT_FOUND);
    snprintf(err.text, sizeof err.text, "%s/x", path);
    assert_int_equal(config_read_file(err.text, &bytes, NULL), STATUS_NOT_FOUND);
    assert_int_equal(config_read_file(top, &bytes, &err), STATUS_IO); /* a directory */
    assert_non_null(strstr(err.text, "cannot read"));
    char far[PATH_MAX + 300];
    memset(far, 'x', sizeof far - 1);
    far[sizeof far - 1] = '\0';
    assert_int_equal(config_read_file(far, &bytes, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "cannot open"));
    buffer_free(&bytes);
}

static void dash_is_standard_input(void **state)
{
    (void)state;
    struct buffer bytes;
    int pipes[2], before = dup(STDIN_FILENO);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(write(pipes[1], "[refs]\n", 7), 7);
    close(pipes[1]);
    dup2(pipes[0], STDIN_FILENO);
    close(pipes[0]);
    buffer_init(&bytes, SIZE_MAX);
    assert_int_equal(config_read_file("-", &bytes, NULL), STATUS_OK);
    assert_int_equal(bytes.size, 7);
    buffer_free(&bytes);
    if (before >= 0) {
        dup2(before, STDIN_FILENO);
        close(before);
    } else {
        close(STDIN_FILENO);
    }
}

/* ------------------------------------------------------------------ where it is */

static enum status locate(const char *option, char *path)
{
    struct error err = {0};
    enum status status = config_locate(option, path, PATH_MAX, &err);
    assert_true(status == STATUS_OK || (err.code == status && *err.text));
    return status;
}

static void beside_the_program_or_in_etc(void **state)
{
    (void)state;
    char path[PATH_MAX], far[PATH_MAX];
    char program[PATH_MAX + 32];
    const char *config = put("refgate.conf", "");
    snprintf(program, sizeof program, "%s/refgate-hook", top);
    machine.self = program;
    assert_int_equal(locate(NULL, path), STATUS_OK);
    assert_string_equal(path, config);
    /* A link to nowhere is not passed over for another configuration. */
    assert_int_equal(unlink(config), 0);
    assert_int_equal(symlink("/nowhere/at/all", config), 0);
    assert_int_equal(locate(NULL, path), STATUS_OK);
    assert_string_equal(path, config);
    assert_int_equal(unlink(config), 0);
    assert_int_equal(locate(NULL, path), STATUS_OK);
    assert_string_equal(path, "/etc/refgate/refgate.conf");
    /* Neither is one that cannot be looked at: a name longer than the file system's. */
    memset(far, 'x', 400);
    memcpy(far, "/", 1);
    strcpy(far + 400, "/refgate-hook");
    machine.self = far;
    assert_int_equal(locate(NULL, path), STATUS_OK);
    assert_memory_equal(path, "/xxxx", 5);
    /* Below something that is no directory there is nothing. */
    snprintf(program, sizeof program, "%s/refgate-hook", put("file", ""));
    machine.self = program;
    assert_int_equal(locate(NULL, path), STATUS_OK);
    assert_string_equal(path, "/etc/refgate/refgate.conf");
}

static void where_nobody_can_tell(void **state)
{
    (void)state;
    char path[PATH_MAX], small[8], far[PATH_MAX];
    struct error err = {0};
    assert_int_equal(locate(NULL, path), STATUS_IO); /* machine.self is not set */
    machine.self = "refgate-hook";                   /* no directory */
    assert_int_equal(locate(NULL, path), STATUS_IO);
    machine.self = "/none/refgate-hook";
    assert_int_equal(config_locate(NULL, small, sizeof small, &err), STATUS_LIMIT);
    assert_string_equal(small, "");
    assert_int_equal(config_locate("/x/y.conf", NULL, 0, &err), STATUS_LIMIT);
    assert_int_equal(config_locate("x.conf", small, 2, &err), STATUS_LIMIT);
    memset(far, 'x', sizeof far - 1);
    far[sizeof far - 1] = '\0';
    assert_int_equal(locate(far, path), STATUS_LIMIT);
    machine.no_cwd = true;
    assert_int_equal(locate("x.conf", path), STATUS_IO);
    assert_int_equal(locate("/x.conf", path), STATUS_OK);
    assert_string_equal(config_base_name("/x/"), "/x/"); /* the last part is empty */
}

/* ------------------------------------------------------------------ the kill switch */

static enum answer disabled(const char *config, char *said, size_t size)
{
    struct arena arena;
    struct text reason = TEXT_NONE;
    struct error err = {0};
    arena_init(&arena, (size_t)1024 * 1024);
    enum answer answer = config_disabled(config, &arena, &reason, &err);
    snprintf(said, size, "%.*s", TEXT_ARG(reason));
    assert_int_equal(answer == ANSWER_YES, reason.size > 0);
    assert_true(answer != ANSWER_CANNOT_TELL || *err.text);
    assert_true(reason.size <= 200);
    arena_free(&arena);
    return answer;
}

static void the_kill_switch_needs_a_whole_file(void **state)
{
    (void)state;
    char said[512], text[512];
    if (!top_is_trusted())
        return;
    const char *config = scratch_path(top, "refgate.conf");
    const char *file = put(CONFIG_DISABLED_NAME, "because\n");
    assert_int_equal(disabled(config, said, sizeof said), ANSWER_YES);
    assert_string_equal(said, "because");
    machine_is_well();
    machine.fails_at = 1;
    assert_int_equal(disabled(config, said, sizeof said), ANSWER_CANNOT_TELL);
    machine_is_well();
    assert_int_equal(truncate(file, 64 * 1024 + 1), 0);
    assert_int_equal(disabled(config, said, sizeof said), ANSWER_CANNOT_TELL);
    /* Cut at 200 bytes, not in the middle of a character. */
    memset(text, 'x', 196);
    text[0] = '\x01'; /* becomes four bytes */
    strcpy(text + 196, "\xc3\xa4\xc3\xa4");
    put(CONFIG_DISABLED_NAME, text);
    assert_int_equal(disabled(config, said, sizeof said), ANSWER_YES);
    assert_int_equal(strlen(said), 199);
    /* A link to nowhere switches nothing off. */
    assert_int_equal(unlink(file), 0);
    assert_int_equal(symlink("/nowhere/at/all", file), 0);
    assert_int_equal(disabled(config, said, sizeof said), ANSWER_NO);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(disabled(config, said, sizeof said), ANSWER_NO);
}

static void the_kill_switch_of_odd_paths(void **state)
{
    (void)state;
    char far[PATH_MAX + 64], said[64];
    memset(far, 'x', sizeof far - 1);
    far[sizeof far - 2] = '/';
    far[sizeof far - 1] = '\0';
    assert_int_equal(disabled(far, said, sizeof said), ANSWER_CANNOT_TELL);
    assert_int_equal(disabled("no-directory.conf", said, sizeof said), ANSWER_NO);
    snprintf(far, sizeof far, "%s/x.conf", put("file", ""));
    assert_int_equal(disabled(far, said, sizeof said), ANSWER_NO); /* no directory */
    memset(far, 'x', 400);
    far[0] = '/';
    strcpy(far + 400, "/x.conf");
    assert_int_equal(disabled(far, said, sizeof said), ANSWER_CANNOT_TELL);
    struct arena arena;
    struct text reason;
    arena_init(&arena, 1024);
    assert_int_equal(config_disabled(far, &arena, &reason, NULL), ANSWER_CANNOT_TELL);
    arena_free(&arena);
}

/* ------------------------------------------------------------------ all of them */

static int make_top(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    return 0;
}

static int remove_top(void **state)
{
    (void)state;
    machine_is_well();
    scratch_remove(top);
    return 0;
}

static int well_again(void **state)
{
    (void)state;
    machine_is_well();
    return 0;
}

#define TEST(name, function)                   \
    {                                          \
        name, function, well_again, NULL, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("reading goes on after a signal, and after short reads",
             reading_goes_on_after_a_signal),
        TEST("semantics 8: what cannot be read to its end is refused",
             what_cannot_be_read_is_refused),
        TEST("semantics 8: more than 4 MiB are refused", too_large_a_file_is_refused),
        TEST("tools read without a trust check", reading_without_a_trust_check),
        TEST("- is standard input", dash_is_standard_input),
        TEST("semantics 8: beside the program, else in /etc", beside_the_program_or_in_etc),
        TEST("semantics 8: where nobody can tell where it is", where_nobody_can_tell),
        TEST("semantics 2: the kill switch is a whole file", the_kill_switch_needs_a_whole_file),
        TEST("semantics 2: the kill switch beside odd paths", the_kill_switch_of_odd_paths),
    };
    return cmocka_run_group_tests_name("the configuration's file", tests, make_top, remove_top);
}
