/* What is left of hook/push when the system does not do as it should, or a line is written by somebody
 * who wants to be misread: each step fails once, each odd line is read once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "push/access_log.h"
#include "push/environment.h"
#include "push/git_history.h"
#include "push/location.h"
#include "push/login_observer.h"
#include "push/ref_set.h"
#include "push/updates.h"
#include "scratch.h"

/* What a question held that was left by a jump is lost on purpose. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

static char top[PATH_MAX];

static int make(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    scratch_sh(top, "git init -q --bare r; mkdir r/objects/in odd odd/HEAD odd/objects odd/refs;"
                    "git -C r commit-tree -m x $(git -C r mktree </dev/null) >id\n"
                    "mkdir link link/objects link/refs; ln -s nowhere link/HEAD");
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    scratch_remove(top);
    return 0;
}

/* ------------------------------------------------------------------ calls that fail */

enum call {
    CALL_NONE,
    CALL_GETCWD,
    CALL_POLL,
    CALL_READ,
    CALL_PREAD,
    CALL_RANDOM,
    CALL_MALLOC,
    CALL_OPENDIR
};

static struct {
    enum call call;
    int at, seen, error;
} faulty;

static void fails(enum call call, int at, int error)
{
    memset(&faulty, 0, sizeof faulty);
    faulty.at = at;
    faulty.error = error;
    faulty.call = call;
}

static bool is_time(enum call call)
{
    if (faulty.call != call || ++faulty.seen != faulty.at)
        return false;
    errno = faulty.error;
    return true;
}

/* tests/flags.mk: all of these come here first. */
#define WRAP(type, name, parameters, arguments, call, failed)      \
    type __real_##name parameters;                                 \
    type __wrap_##name parameters;                                 \
    type __wrap_##name parameters                                  \
    {                                                              \
        return is_time(call) ? (failed) : __real_##name arguments; \
    }
WRAP(char *, getcwd, (char *out, size_t size), (out, size), CALL_GETCWD, NULL)
WRAP(int, poll, (struct pollfd * of, nfds_t count, int ms), (of, count, ms), CALL_POLL, -1)
WRAP(ssize_t, read, (int fd, void *out, size_t size), (fd, out, size), CALL_READ, -1)
WRAP(ssize_t, pread, (int fd, void *out, size_t size, off_t at), (fd, out, size, at), CALL_PREAD,
     -1)
WRAP(ssize_t, getrandom, (void *out, size_t size, unsigned flags), (out, size, flags), CALL_RANDOM,
     -1)
WRAP(void *, malloc, (size_t size), (size), CALL_MALLOC, NULL)
WRAP(DIR *, opendir, (const char *path), (path), CALL_OPENDIR, NULL)

#define MUCH ((size_t)4 * 1024 * 1024)
#define ROOM_MOST ((size_t)16 * 1024)

/* An arena in which this much is left, and no more is to be had. */
static struct arena arena_of(size_t room)
{
    struct arena arena;
    arena_init(&arena, MUCH);
    assert_non_null(arena_alloc(&arena, 1, 1));
    for (size_t left; (left = (size_t)(arena.end - arena.next)) > room;) {
        size_t much = left - room < 4096 ? left - room : 4096;
        assert_non_null(arena_alloc(&arena, much, 1));
    }
    arena.cap = arena.used;
    return arena;
}

/* ------------------------------------------------------------------ location.h */

struct variables {
    const char *quarantine, *objects, *alternates, *git_dir;
};

static const char *variable(void *self, const char *name)
{
    const struct variables *variables = self;
    return !strcmp(name, "GIT_QUARANTINE_PATH")                ? variables->quarantine
           : !strcmp(name, "GIT_OBJECT_DIRECTORY")             ? variables->objects
           : !strcmp(name, "GIT_ALTERNATE_OBJECT_DIRECTORIES") ? variables->alternates
           : !strcmp(name, "GIT_DIR")                          ? variables->git_dir
                                                               : NULL;
}

static enum status locate(struct variables variables, const char *git_dir, size_t memory,
                          bool *found)
{
    struct arena arena = arena_of(memory);
    struct location location;
    const struct environment env = {variable, &variables};
    enum status status = location_find(&env, git_dir, &arena, &location, NULL);
    *found = !status && location.repository;
    if (*found)
        assert_int_equal(location.repository[0], '/');
    arena_free(&arena);
    return status;
}

/* With each amount of memory: what all of it finds, or STATUS_MEMORY. */
static void a_location_with_less_memory(void **state)
{
    (void)state;
    char in[PATH_MAX], dots[PATH_MAX], repository[PATH_MAX], list[2 * PATH_MAX];
    snprintf(in, sizeof in, "%.4000s/r/objects/in", top);
    snprintf(dots, sizeof dots, "%.4000s/r/objects/../objects/in", top);
    snprintf(repository, sizeof repository, "%.4000s/r", top);
    snprintf(list, sizeof list, "/nowhere/objects:%.4000s/r/objects", top);
    const struct variables cases[] = {{in, in, list, repository}, {dots, NULL, NULL, NULL},
                                      {NULL, dots, NULL, NULL},   {NULL, NULL, list, NULL},
                                      {NULL, NULL, NULL, dots},   {"r", "r", "r:r", "r"},
                                      {NULL, NULL, NULL, NULL}};
    bool found, wanted;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int named = 0; named < 2; named++) {
            const char *git_dir = named ? repository : NULL;
            assert_int_equal(locate(cases[i], git_dir, ROOM_MOST, &wanted), STATUS_OK);
            enum status status = STATUS_MEMORY;
            for (size_t memory = 0; memory < ROOM_MOST && status; memory += 16) {
                status = locate(cases[i], git_dir, memory, &found);
                assert_true(status == STATUS_MEMORY || (status == STATUS_OK && found == wanted));
            }
        }
}

static void places_that_are_no_repository(void **state)
{
    (void)state;
    static char path[3 * PATH_MAX], list[70 * 1024];
    bool found;
    memset(list, 'x', sizeof list - 1);
    /* A name of PATH_MAX and less: each part of it fits, the whole does not. */
    memset(path, 'x', sizeof path - 1);
    for (size_t i = 0; i < sizeof path; i += 200)
        path[i] = '/';
    path[PATH_MAX - 1] = '\0';
    const char *odd = scratch_path(top, "odd"), *link = scratch_path(top, "link");
    const struct variables cases[] = {{path, NULL, NULL, NULL},
                                      {path + 1, NULL, NULL, NULL},
                                      {"/nowhere/../x", NULL, NULL, NULL},
                                      {"/.x/..y/.", NULL, NULL, NULL},
                                      {"//", "", NULL, "/"},
                                      {odd, NULL, NULL, NULL},
                                      {NULL, NULL, list, NULL},
                                      {NULL, NULL, "", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fails(CALL_GETCWD, 1, ENOENT); /* or this process's own directory would be looked at */
        assert_int_equal(locate(cases[i], NULL, ROOM_MOST, &found), STATUS_OK);
        assert_false(found);
        /* One that is not known has no relative paths. */
        fails(CALL_GETCWD, 1, ENOENT);
        assert_int_equal(locate(cases[i], "r", ROOM_MOST, &found), STATUS_OK);
        assert_false(found);
    }
    fails(CALL_NONE, 0, 0);
    assert_int_equal(locate((struct variables){0}, odd, ROOM_MOST, &found), STATUS_OK);
    assert_false(found);
    assert_int_equal(locate((struct variables){0}, link, ROOM_MOST, &found), STATUS_OK);
    assert_true(found); /* HEAD may lead to what is not there yet */
}

/* ------------------------------------------------------------------ updates.h, ref_set.h */

#define ID "1111111111111111111111111111111111111111"
#define ZERO "0000000000000000000000000000000000000000"

static enum status read_updates(const char *bytes, size_t cap, uint64_t most, int64_t deadline_us)
{
    const struct updates_limits limits = {10, 1000, most, deadline_us};
    struct buffer out;
    struct error err = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(ends[1]);
    buffer_init(&out, cap);
    enum status status = updates_read(ends[0], &limits, &out, &err);
    if (status == STATUS_OK)
        assert_int_equal(out.size, strlen(bytes));
    else
        assert_int_equal(err.code, status);
    buffer_free(&out);
    close(ends[0]);
    return status;
}

static void stdin_that_fails(void **state)
{
    (void)state;
    static const struct {
        enum call call;
        int error;
        enum status want;
    } cases[] = {{CALL_POLL, EINTR, STATUS_OK},  {CALL_POLL, EAGAIN, STATUS_OK},
                 {CALL_POLL, ENOMEM, STATUS_IO}, {CALL_READ, EINTR, STATUS_OK},
                 {CALL_READ, EAGAIN, STATUS_OK}, {CALL_READ, EIO, STATUS_IO}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int at = 1; at < 3; at++)
            for (int timed = 0; timed < 2; timed++) {
                int64_t deadline = timed ? clock_monotonic_us() + 1000000000000 : 0;
                fails(cases[i].call, at, cases[i].error);
                assert_int_equal(read_updates("some bytes\n", 1000, 1000, deadline), cases[i].want);
            }
    fails(CALL_NONE, 0, 0);
    assert_int_equal(read_updates("some bytes\n", 4, 1000, 0), STATUS_MEMORY);
    assert_int_equal(read_updates("some bytes\n", 1000, 4, 0), STATUS_LIMIT);
    assert_int_equal(read_updates("some bytes\n", 1000, 1000, 1), STATUS_DEADLINE);
}

static void refs_that_are_not_sorted(void **state)
{
    (void)state;
    static const char good[] = ZERO " " ID " refs/heads/b\n" ZERO " " ID " refs/heads/a\n";
    static const char twice[] = ZERO " " ID " refs/heads/b\n" ZERO " " ID " refs/heads/a\n" ZERO
                                     " " ID " refs/heads/b\n";
    const struct updates_limits limits = {10, 1000, 100000, 0};
    for (int random = 0; random < 2; random++) {
        struct arena arena;
        struct updates updates;
        struct error err;
        arena_init(&arena, MUCH);
        fails(random ? CALL_RANDOM : CALL_NONE, 1, ENOSYS);
        assert_int_equal(updates_parse(text_of(good), &limits, &arena, &updates, &err), STATUS_OK);
        fails(random ? CALL_RANDOM : CALL_NONE, 1, ENOSYS);
        assert_int_equal(updates_parse(text_of(twice), &limits, &arena, &updates, &err),
                         STATUS_FORMAT);
        assert_non_null(strstr(err.text, "name the same ref"));
        arena_free(&arena);
    }
    fails(CALL_NONE, 0, 0);
    bool done = false;
    for (size_t memory = 0; memory < ROOM_MOST && !done; memory += 16) {
        struct arena arena = arena_of(memory);
        struct updates updates;
        struct error err;
        enum status status = updates_parse(text_of(good), &limits, &arena, &updates, &err);
        assert_true(status == STATUS_OK || status == STATUS_MEMORY);
        done = status == STATUS_OK;
        arena_free(&arena);
    }
    assert_true(done);
    size_t first, again;
    struct arena arena;
    arena_init(&arena, MUCH);
    assert_int_equal(ref_set_find_repeated(NULL, UINT32_MAX, &arena, &first, &again),
                     STATUS_MEMORY);
    arena_free(&arena);
}

/* ------------------------------------------------------------------ environment.h */

static const char *dry_run(void *self, const char *name)
{
    (void)self;
    return !strcmp(name, "BB_TO_REF") ? "main" : strstr(name, "_HASH") ? ID : NULL;
}

static void a_merge_check_with_less_memory(void **state)
{
    (void)state;
    const struct environment env = {dry_run, NULL};
    enum status status = STATUS_MEMORY;
    for (size_t memory = 0; memory < ROOM_MOST && status; memory += 16) {
        struct arena arena = arena_of(memory);
        struct change change;
        status = environment_dry_run_change(&env, &arena, &change, NULL);
        assert_true(status == STATUS_OK || status == STATUS_MEMORY);
        arena_free(&arena);
    }
    assert_int_equal(status, STATUS_OK);
}

static const char *odd_key;

static const char *with_odd_key(void *self, const char *name)
{
    (void)self;
    return !strcmp(name, "BB_PROJECT_KEY") ? odd_key : !strncmp(name, "BB_", 3) ? "x" : NULL;
}

static void keys_with_control_bytes(void **state)
{
    (void)state;
    static const char *const keys[] = {"a\x7f", "a\xc2\x85", "a\xc2\x9f", "a b", "a/b", "a\xff"};
    const struct environment env = {with_odd_key, NULL};
    struct push push = {0};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        odd_key = keys[i];
        assert_int_equal(environment_read(&env, false, NULL, &push, NULL), STATUS_FORMAT);
    }
    odd_key = "a\xc2\xa0";
    assert_int_equal(environment_read(&env, false, NULL, &push, NULL), STATUS_OK);
}

/* ------------------------------------------------------------------ access_log.h */

#define FRONT "1.2.3.4 | ssh | o*1 | jdoe | 2026-09-21 16:00:00,000 | "
#define HTTP "1.2.3.4 | https | o@1 | jdoe | 2026-09-21 16:00:00,000 | "

static void odd_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum access_action action;
        int status;
        const char *agent;
    } cases[] = {
        {FRONT "SSH - git-receive-pack \"/K/s.git\" | - | 0 | 1 | 1 | - | 1 | s |", ACCESS_RECEIVE,
         0, ""},
        {FRONT "SSH - git-receive-pack scm/K/s.git | - | 0 | 1 | 1 | - | 1 | s |", ACCESS_RECEIVE,
         0, ""},
        {FRONT "SSH - git-receive-pack x/K/s.git | - | 0 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 0,
         ""},
        {FRONT "SSH - git-receive-pack '/K/s.git\" | - | 0 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 0,
         ""},
        {FRONT "SSH - git-receive-pack /K/s\".git | - | 0 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 0,
         ""},
        {FRONT "SSH - git-receive-pack /K/s\\'.git | - | 0 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 0,
         ""},
        {FRONT "SSH - git-receive-pack ' | - | 0 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 0, ""},
        {FRONT "SSH - git-receive-pack /K/.git | - | 0 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 0, ""},
        {HTTP "\"\" | \"\" \"\" | 200 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 200, ""},
        {HTTP "\"GET\" | \"\" \"\" | 200 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 200, ""},
        {HTTP "\"GET  x\" | \"\" \"\" | 200 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 200, ""},
        {HTTP "\" | \" | 2000 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, -1, ""},
        {HTTP "x | \" \" | 200 | 1 | 1 | - | 1 | s |", ACCESS_OTHER, 200, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct access_line line;
        if (!access_line_parse(text_of(cases[i].line), &line) || line.action != cases[i].action ||
            line.status != cases[i].status || !text_equal(line.agent, text_of(cases[i].agent)))
            fail_msg("%s: action %d, status %d, agent \"%.*s\"", cases[i].line, (int)line.action,
                     line.status, TEXT_ARG(line.agent));
    }
}

static void lines_that_are_none(void **state)
{
    (void)state;
    static char line[2 * ACCESS_LINE_MAX];
    struct access_line out;
    struct text user;
    int size = snprintf(line, sizeof line, "%s", FRONT "x");
    memset(line + size, 'x', sizeof line - (size_t)size - 1);
    assert_false(access_line_parse(text_of(line), &out)); /* too long */
    for (int i = 0; i < 70; i++)
        size += snprintf(line + size, sizeof line - (size_t)size, " | x");
    assert_false(access_line_parse(text_of(line), &out)); /* too many fields */
    assert_false(access_line_parse(TEXT(""), &out));
    assert_false(access_line_parse(TEXT(" |"), &out));
    assert_false(access_line_user(TEXT(""), &user));
}

static void names_and_labels(void **state)
{
    (void)state;
    struct access_line line = {.protocol = ACCESS_HTTP, .action = ACCESS_RECEIVE};
    char room[4];
    struct text decoded, label;
    uint64_t id = 0;
    line.project = TEXT("%41");
    line.slug = TEXT("x");
    assert_true(access_line_about(&line, TEXT("a"), TEXT("X")));
    assert_false(access_line_about(&line, TEXT(""), TEXT("x")));
    assert_false(access_line_about(&line, TEXT("a"), TEXT("")));
    line.action = ACCESS_OTHER;
    assert_false(access_line_about(&line, TEXT("a"), TEXT("x")));
    static const char *const malformed[] = {"%", "%4", "%g1", "%4G", "%:1", "%@1", "abcde"};
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        assert_false(access_name_decode(text_of(malformed[i]), room, sizeof room, &decoded));
    static const struct {
        const char *labels, *label;
    } labels[] = {{"ssh:id:7, ssh:label:'x", "'x"}, {"ssh:id:7, ssh:label:x'", "x'"},
                  {"ssh:id:7, ssh:label:'", "'"},   {"ssh:id:7, ssh:label:", ""},
                  {"ssh:id:7, ssh:label:'x'", "x"}, {" ,, ssh:id:7, ssh:label:''", ""}};
    line.details = true;
    line.protocol = ACCESS_SSH;
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        line.labels = text_of(labels[i].labels);
        assert_int_equal(access_line_credential(&line, &id, &label), ACCESS_CREDENTIAL_SSH_KEY);
        if (!text_equal(label, text_of(labels[i].label)))
            fail_msg("%s: %.*s", labels[i].labels, TEXT_ARG(label));
    }
}

/* ------------------------------------------------------------------ login_observer.h */

#define PUSH_BY_SSH "SSH - git-receive-pack '/PRJ/app.git'"
#define PUSH_BY_HTTP "\"GET /scm/PRJ/app.git/info/refs?service=git-receive-pack HTTP/1.1\""
#define POST_BY_HTTP "\"POST /scm/PRJ/app.git/git-receive-pack HTTP/1.1\""

static const char *log_name = "access.log";

static void write_log(const char *name, const struct buffer *log)
{
    int fd = open(scratch_path(top, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, log->data ? log->data : "", log->size), (ssize_t)log->size);
    close(fd);
}

static void add_line(struct buffer *log, const char *protocol, const char *request,
                     const char *action, const char *end)
{
    char now[CLOCK_TEXT_SIZE];
    clock_format(clock_now_ms(), false, now);
    buffer_printf(log, "1.2.3.4 | %s | %s | jdoe | %.10s %.8s,%.3s | %s | %s |\n", protocol,
                  request, now, now + 11, now + 20, action, end);
}

static enum credential_class observed(const char *path, struct error *trouble)
{
    struct login_observer logins;
    struct observation out;
    const struct push push = {.project_key = TEXT("PRJ"),
                              .repository_slug = TEXT("app"),
                              .user_name = TEXT("jdoe"),
                              .now_ms = clock_now_ms()};
    const struct observer *observer = login_observer_init(&logins, path, trouble);
    observer->observe(observer->self, &push, &out);
    return out.class;
}

static enum credential_class observed_log(struct buffer *log)
{
    struct error trouble = {0};
    write_log(log_name, log);
    buffer_free(log);
    buffer_init(log, SIZE_MAX);
    return observed(scratch_path(top, log_name), &trouble);
}

static void odd_logins(void **state)
{
    (void)state;
    struct buffer log;
    char text[128];
    buffer_init(&log, SIZE_MAX);
    /* The same request twice is one. */
    add_line(&log, "ssh", "i*1", PUSH_BY_SSH, "\"a\" | - | - | s");
    add_line(&log, "ssh", "i*1", PUSH_BY_SSH, "\"a\" | - | - | s");
    assert_int_equal(observed_log(&log), CREDENTIAL_USER_SSH_KEY);
    /* An end without its beginning; an id that is too long to be kept. */
    add_line(&log, "ssh", "o*2", PUSH_BY_SSH, "\"a\" | 0 | 1 | 1 | - | 1 | s");
    assert_int_equal(observed_log(&log), CREDENTIAL_USER);
    memset(text, 'i', sizeof text);
    text[120] = '\0';
    add_line(&log, "ssh", text, PUSH_BY_SSH, "\"a\" | - | - | s");
    assert_int_equal(observed_log(&log), CREDENTIAL_USER);
    /* Over HTTP: not finished, not the beginning, refused, without details. */
    add_line(&log, "https", "i@1", PUSH_BY_HTTP, "\"\" \"a\" | - | - | - | - | - | s");
    add_line(&log, "https", "o@2", POST_BY_HTTP, "\"\" \"a\" | 200 | 1 | 1 | - | 1 | s");
    add_line(&log, "https", "o@3", PUSH_BY_HTTP, "\"\" \"a\" | 401 | 1 | 1 | - | 1 | s");
    assert_int_equal(observed_log(&log), CREDENTIAL_USER);
    add_line(&log, "https", "o@4", PUSH_BY_HTTP, "\"\" \"a\"");
    assert_int_equal(observed_log(&log), CREDENTIAL_USER);
    add_line(&log, "https", "o@5", PUSH_BY_HTTP, "\"\" \"a\" | - | 1 | 1 | - | 1 | s");
    assert_int_equal(observed_log(&log), CREDENTIAL_USER_PASSWORD);
    /* More ways in than are kept, of which one says nothing. */
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "\"\" \"a\" | 200 | 1 | 1 | access-token:id:%d | 1 | s", i);
        add_line(&log, "https", "o@6", PUSH_BY_HTTP, text);
    }
    assert_int_equal(observed_log(&log), CREDENTIAL_USER);
    /* A word in a line that is none, of the right user. */
    buffer_string(&log, "1.2.3.4 | ssh | i*1 | jdoe | now | receive-pack\n");
    assert_int_equal(observed_log(&log), CREDENTIAL_USER);
    buffer_free(&log);
}

static void a_log_that_cannot_be_read(void **state)
{
    (void)state;
    struct buffer log;
    struct error trouble = {0};
    buffer_init(&log, SIZE_MAX);
    add_line(&log, "ssh", "i*1", PUSH_BY_SSH, "\"a\" | - | - | s");
    write_log(log_name, &log);
    fails(CALL_PREAD, 1, EINTR);
    assert_int_equal(observed(scratch_path(top, log_name), &trouble), CREDENTIAL_USER_SSH_KEY);
    assert_int_equal(trouble.code, STATUS_OK);
    fails(CALL_PREAD, 1, EIO);
    assert_int_equal(observed(scratch_path(top, log_name), &trouble), CREDENTIAL_USER);
    assert_int_equal(trouble.code, STATUS_IO);
    fails(CALL_PREAD, 1, EIO); /* what went wrong first is kept */
    trouble = (struct error){STATUS_LIMIT, "kept"};
    assert_int_equal(observed(scratch_path(top, log_name), &trouble), CREDENTIAL_USER);
    assert_string_equal(trouble.text, "kept");
    fails(CALL_MALLOC, 1, ENOMEM);
    assert_int_equal(observed("relative.log", &trouble), CREDENTIAL_USER);
    /* Rolled over: the older one fails, is the same, is not to be listed. */
    write_log("access-2026-09-20.0.log", &log);
    fails(CALL_PREAD, 2, EIO);
    trouble = (struct error){0};
    assert_int_equal(observed(scratch_path(top, log_name), &trouble), CREDENTIAL_USER_SSH_KEY);
    fails(CALL_OPENDIR, 1, EACCES);
    assert_int_equal(observed(scratch_path(top, log_name), &trouble), CREDENTIAL_USER_SSH_KEY);
    fails(CALL_NONE, 0, 0);
    assert_int_equal(unlink(scratch_path(top, "access-2026-09-20.0.log")), 0);
    assert_int_equal(
        link(scratch_path(top, log_name), scratch_path(top, "access-2026-09-20.1.log")), 0);
    write_log("access-2026-09-19.0.log", &log);
    write_log("access.log.1", &log);
    assert_int_equal(observed(scratch_path(top, log_name), &trouble), CREDENTIAL_USER_SSH_KEY);
    write_log("short", &log);
    write_log("access.txt.else", &log);
    assert_int_equal(observed(scratch_path(top, "short"), &trouble), CREDENTIAL_USER_SSH_KEY);
    assert_int_equal(observed(scratch_path(top, "access.txt.else"), &trouble),
                     CREDENTIAL_USER_SSH_KEY);
    /* It shrinks behind our back. */
    fails(CALL_PREAD, 1, EINTR);
    buffer_free(&log);
}

/* ------------------------------------------------------------------ git_history.h */

static jmp_buf out_of_it;

static bool jump(void *context, const struct history_commit *commit)
{
    (void)context, (void)commit;
    longjmp(out_of_it, 1);
}

static bool stop(void *context, const struct history_commit *commit)
{
    (void)commit;
    ++*(int *)context;
    return false;
}

/* A disk error under a mapped pack is jumped out of: whatever is asked later cannot be told. */
static void a_question_that_was_left(void **state)
{
    (void)state;
    char repository[PATH_MAX + 8], id[41] = "";
    snprintf(repository, sizeof repository, "%s/r", top);
    FILE *file = fopen(scratch_path(top, "id"), "r");
    assert_int_equal(fread(id, 1, 40, file), 40);
    fclose(file);
    const struct location location = {.repository = repository};
    const struct change change = {TEXT("refs/heads/main"), ZERO, id, 40, CHANGE_CREATE};
    const struct change move = {TEXT("refs/heads/main"), ID, id, 40, CHANGE_MOVE};
    static struct git_history *history;
    const char *why = "";
    int calls = 0;
    enum history_trouble trouble = HISTORY_FINE;
    assert_int_equal(git_history_new(&location, 100, 0, &history, NULL), STATUS_OK);
    struct history asked = git_history_interface(history);
    assert_int_equal(asked.new_commits(asked.self, &change, stop, &calls, &why), HISTORY_FINE);
    assert_int_equal(calls, 1);
    if (!setjmp(out_of_it)) {
        (void)asked.new_commits(asked.self, &change, jump, NULL, &why);
        fail_msg("it came back");
    }
    asked = git_history_interface(history);
    assert_int_equal(asked.new_commits(asked.self, &change, jump, NULL, &why), HISTORY_UNAVAILABLE);
    assert_non_null(strstr(why, "disk error"));
    assert_int_equal(asked.descends(asked.self, &move, &trouble, &why), ANSWER_CANNOT_TELL);
    assert_int_equal(trouble, HISTORY_UNAVAILABLE);
    git_history_free(history); /* leaves it: its locks are held */
    git_history_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"where the repository is, with less and less memory", a_location_with_less_memory, 0, 0,
         0},
        {"places that are no repository", places_that_are_no_repository, 0, 0, 0},
        {"semantics 8: stdin that fails", stdin_that_fails, 0, 0, 0},
        {"semantics 8: refs that are not sorted, without random numbers, without memory",
         refs_that_are_not_sorted, 0, 0, 0},
        {"semantics 8: a merge check with less and less memory", a_merge_check_with_less_memory, 0,
         0, 0},
        {"keys with control bytes", keys_with_control_bytes, 0, 0, 0},
        {"semantics 5: odd lines of an access log", odd_lines, 0, 0, 0},
        {"lines that are none", lines_that_are_none, 0, 0, 0},
        {"names and labels", names_and_labels, 0, 0, 0},
        {"semantics 5: odd logins", odd_logins, 0, 0, 0},
        {"semantics 5: a log that cannot be read", a_log_that_cannot_be_read, 0, 0, 0},
        {"semantics 8: a question that was left by a disk error", a_question_that_was_left, 0, 0,
         0},
    };
    return cmocka_run_group_tests_name("push_faults", tests, make, unmake);
}
