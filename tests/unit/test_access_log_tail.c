/* push/login_observer.h: what the end of an access log says of a push (semantics.md 5, the resolver
 * access-log). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "push/access_log.h"
#include "push/login_observer.h"
#include "scratch.h"

#define NOW (INT64_C(1790006400) * 1000) /* 2026-09-21T16:00:00Z */
#define LOG "atlassian-bitbucket-access.log"

static char folder[256];

/* ------------------------------------------------------------------ logs */

/* A line `ago` seconds before the last one, in a zone that is 3 hours off. */
static void stamp(char *out, size_t size, int ago)
{
    char iso[CLOCK_TEXT_SIZE];
    clock_format(NOW - 3 * CLOCK_HOUR - ago * CLOCK_SECOND, false, iso);
    snprintf(out, size, "%.10s %.8s,%.3s", iso, iso + 11, iso + 20);
}

static void add_ssh(struct buffer *log, int ago, const char *who, const char *repo, char io, int id)
{
    char time[CLOCK_TEXT_SIZE];
    stamp(time, sizeof time, ago);
    buffer_printf(
        log,
        "1.2.3.4 | ssh | %c*%dx1 | %s | %s | SSH - git-receive-pack '/%s.git' | \"SSH-2.0-x\""
        " | %s |\n",
        io, id, who, time, repo, io == 'i' ? "- | - | s" : "0 | 1 | 1 | push, ssh:id:7 | 12 | s");
}

static void add_http(struct buffer *log, int ago, const char *who, const char *repo,
                     const char *labels, int status)
{
    char time[CLOCK_TEXT_SIZE];
    stamp(time, sizeof time, ago);
    buffer_printf(log,
                  "1.2.3.4 | https | o@1x%d | %s | %s | \"GET /scm/%s.git/info/refs?service="
                  "git-receive-pack HTTP/1.1\" | \"\" \"git/2\" | %d | 1 | 1 | %s | 12 | s |\n",
                  ago, who, time, repo, status, labels);
}

static void add_other(struct buffer *log, int ago)
{
    char time[CLOCK_TEXT_SIZE];
    stamp(time, sizeof time, ago);
    buffer_printf(
        log,
        "1.2.3.4 | https | o@2x%d | - | %s | \"GET /status HTTP/1.1\" | \"\" \"\" | 200 | 0"
        " | 19 | - | 6 | s |\n",
        ago, time);
}

/* Written `idle` seconds ago. */
static const char *write_log(const char *name, const struct buffer *log, int idle)
{
    const char *path = scratch_path(folder, name);
    const struct timespec time = {NOW / 1000 - idle, 0}, times[2] = {time, time};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, log->data ? log->data : "", log->size), log->size);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    return path;
}

static struct observation observe(const char *path, struct error *trouble)
{
    struct login_observer logins;
    struct observation out;
    const struct push push = {.project_key = TEXT("PRJ"),
                              .repository_slug = TEXT("app"),
                              .user_name = TEXT("jdoe"),
                              .now_ms = NOW};
    const struct observer *observer = login_observer_init(&logins, path, trouble);
    observer->observe(observer->self, &push, &out);
    for (size_t i = 0; i < out.evidence.size; i++)
        assert_in_range(out.evidence.at[i], ' ', '~');
    assert_true(out.evidence.size > 0);
    return out;
}

static struct observation observe_log(const struct buffer *log)
{
    struct error trouble = {STATUS_OK, ""};
    struct observation out = observe(write_log(LOG, log, 0), &trouble);
    assert_int_equal(trouble.code, STATUS_OK);
    return out;
}

static int make_folder(void **state)
{
    (void)state;
    scratch_make(folder, sizeof folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

/* ------------------------------------------------------------------ what lines say */

/* One letter a line, newest last; see add_line(). */
static void add_line(struct buffer *log, char what)
{
    static const struct {
        char letter;
        int ago;
        const char *who, *repo, *labels; /* labels: over HTTP */
        int status_or_id;
    } lines[] = {
        {'i', 1, "jdoe", "prj/app", NULL, 1},     /* SSH begins */
        {'o', 1, "jdoe", "prj/app", NULL, 1},     /* and ends */
        {'j', 2, "JDoe", "PRJ/App", NULL, 2},     /* another one */
        {'I', 3, "other", "prj/app", NULL, 3},    /* another user's */
        {'R', 3, "jdoe", "prj/other", NULL, 4},   /* another repository */
        {'D', 90000, "jdoe", "prj/app", NULL, 5}, /* more than a day ago */
        {'t', 9, "jdoe", "prj/app", "access-token:id:42, refs", 200},
        {'T', 59, "jdoe", "prj/app", "access-token:id:42", 200},
        {'u', 8, "jdoe", "prj/app", "access-token:id:43", 200},
        {'p', 7, "jdoe", "prj/app", "refs", 200},
        {'x', 7, "jdoe", "prj/app", "access-token:id:x", 200},
        {'P', 61, "jdoe", "prj/app", "refs", 200},
        {'f', 5, "jdoe", "prj/app", "refs", 403},
        {'q', 5, "other", "prj/app", "refs", 200},
        {'r', 5, "jdoe", "prj/other", "refs", 200},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (lines[i].letter == what && lines[i].labels)
            add_http(log, lines[i].ago, lines[i].who, lines[i].repo, lines[i].labels,
                     lines[i].status_or_id);
        else if (lines[i].letter == what)
            add_ssh(log, lines[i].ago, lines[i].who, lines[i].repo, what == 'o' ? 'o' : 'i',
                    lines[i].status_or_id);
}

static void lines_and_classes(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        enum credential_class class;
        uint64_t id;
    } rows[] = {
        {"", CREDENTIAL_USER, 0},
        {"i", CREDENTIAL_USER_SSH_KEY, 0},
        {"io", CREDENTIAL_USER, 0}, /* it has ended */
        {"oi", CREDENTIAL_USER_SSH_KEY, 0},
        {"ijo", CREDENTIAL_USER_SSH_KEY, 0},
        {"j", CREDENTIAL_USER_SSH_KEY, 0}, /* names compare without ASCII case */
        {"I", CREDENTIAL_USER, 0},
        {"R", CREDENTIAL_USER, 0},
        {"D", CREDENTIAL_USER, 0},
        {"t", CREDENTIAL_USER_TOKEN, 42},
        {"T", CREDENTIAL_USER_TOKEN, 42},
        {"tT", CREDENTIAL_USER_TOKEN, 42},
        {"tu", CREDENTIAL_USER_TOKEN, 0}, /* one of two */
        {"p", CREDENTIAL_USER_PASSWORD, 0},
        {"P", CREDENTIAL_USER, 0}, /* more than a minute ago */
        {"Pt", CREDENTIAL_USER_TOKEN, 42},
        {"f", CREDENTIAL_USER, 0}, /* refused: no push follows */
        {"ft", CREDENTIAL_USER_TOKEN, 42},
        {"q", CREDENTIAL_USER, 0},
        {"r", CREDENTIAL_USER, 0},
        {"tp", CREDENTIAL_USER, 0}, /* they disagree */
        {"pi", CREDENTIAL_USER, 0},
        {"ti", CREDENTIAL_USER, 0},
        {"pio", CREDENTIAL_USER_PASSWORD, 0},
        {"Pi", CREDENTIAL_USER_SSH_KEY, 0},
        {"Dt", CREDENTIAL_USER_TOKEN, 42},
        {"x", CREDENTIAL_USER, 0}, /* labels that cannot be read */
        {"xt", CREDENTIAL_USER, 0},
        {"qrIRt", CREDENTIAL_USER_TOKEN, 42},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer log;
        buffer_init(&log, SIZE_MAX);
        add_other(&log, 100000);
        for (const char *at = rows[i].lines; *at; at++)
            add_line(&log, *at);
        add_other(&log, 0);
        struct observation seen = observe_log(&log);
        if (seen.class != rows[i].class || seen.id_known != (rows[i].id != 0) ||
            (seen.id_known && seen.id != rows[i].id))
            fail_msg("%s: %s, id %llu", rows[i].lines, credential_class_name(seen.class),
                     (unsigned long long)seen.id);
        buffer_free(&log);
    }
}

/* How old a line is counts from when the file was written: no zone, no change of the clock. */
static void a_minute_counts_from_the_last_write(void **state)
{
    (void)state;
    struct buffer log;
    struct error trouble = {STATUS_OK, ""};
    buffer_init(&log, SIZE_MAX);
    add_http(&log, 20, "jdoe", "prj/app", "refs", 200);
    add_other(&log, 0);
    assert_int_equal(observe(write_log(LOG, &log, 30), &trouble).class, CREDENTIAL_USER_PASSWORD);
    assert_int_equal(observe(write_log(LOG, &log, 45), &trouble).class, CREDENTIAL_USER);
    assert_int_equal(observe(write_log(LOG, &log, -30), &trouble).class, CREDENTIAL_USER_PASSWORD);
    buffer_free(&log);
}

static void many_open_pushes_are_no_answer(void **state)
{
    (void)state;
    struct buffer log;
    buffer_init(&log, SIZE_MAX);
    for (int i = 0; i < 64; i++)
        add_ssh(&log, 10, "jdoe", "prj/app", 'i', i);
    assert_int_equal(observe_log(&log).class, CREDENTIAL_USER_SSH_KEY);
    add_ssh(&log, 10, "jdoe", "prj/app", 'i', 64);
    assert_int_equal(observe_log(&log).class, CREDENTIAL_USER);
    buffer_free(&log);
}

/* ------------------------------------------------------------------ the tail */

/* 1 MiB and not a byte more; a line that is cut by it, or is not finished yet, is not looked at. */
static void the_tail_is_bounded(void **state)
{
    (void)state;
    struct buffer log;
    buffer_init(&log, SIZE_MAX);
    add_other(&log, 1);
    size_t before = log.size;
    add_ssh(&log, 1, "jdoe", "prj/app", 'i', 1);
    size_t line = log.size - before;
    struct buffer full;
    for (int inside = 0; inside < 2; inside++) {
        buffer_init(&full, SIZE_MAX);
        buffer_text(&full, buffer_view(&log));
        /* the line's first byte, or its newline before, is the first of the tail */
        while (full.size < before + LOGIN_TAIL_MAX - 200 - (size_t)inside)
            add_other(&full, 1);
        size_t missing = before + LOGIN_TAIL_MAX - (size_t)inside - full.size;
        buffer_printf(&full, "%*s\n", (int)missing - 1, "");
        assert_int_equal(full.size, LOGIN_TAIL_MAX + before - (size_t)inside);
        assert_int_equal(observe_log(&full).class,
                         inside ? CREDENTIAL_USER_SSH_KEY : CREDENTIAL_USER);
        buffer_free(&full);
    }
    buffer_init(&full, SIZE_MAX);
    buffer_add(&full, log.data, before + line - 1); /* without its newline */
    assert_int_equal(observe_log(&full).class, CREDENTIAL_USER);
    buffer_free(&full);
    buffer_free(&log);
}

static void five_thousand_lines(void **state)
{
    (void)state;
    struct buffer log;
    buffer_init(&log, SIZE_MAX);
    for (int i = 0; i < 5000; i++) {
        add_ssh(&log, 1, "jdoe", "prj/app", 'i', i);
        add_ssh(&log, 1, i % 2 ? "jdoe" : "JDOE", "prj/app", 'o', i);
    }
    assert_int_equal(observe_log(&log).class, CREDENTIAL_USER);
    add_http(&log, 0, "jdoe", "prj/app", "access-token:id:42", 200);
    assert_int_equal(observe_log(&log).class, CREDENTIAL_USER_TOKEN);
    buffer_free(&log);
}

static void a_log_of_noise_says_nothing(void **state)
{
    (void)state;
    struct buffer log;
    buffer_init(&log, SIZE_MAX);
    while (log.size < LOGIN_TAIL_MAX + 5)
        buffer_string(&log, ACCESS_PUSH_WORD " | ");
    assert_int_equal(observe_log(&log).class, CREDENTIAL_USER);
    log.size = 0;
    while (log.size < 300000)
        buffer_string(&log, "\n" ACCESS_PUSH_WORD);
    assert_int_equal(observe_log(&log).class, CREDENTIAL_USER);
    buffer_free(&log);
}

/* ------------------------------------------------------------------ rolled over */

static void the_line_is_in_the_log_before(void **state)
{
    (void)state;
    static const char *const names[] = {"atlassian-bitbucket-access-2026-09-21.10.log",
                                        "atlassian-bitbucket-access-2026-09-21.9.log",
                                        "atlassian-bitbucket-access-2026-09-20.99.log", LOG ".1"};
    struct buffer push, noise, none;
    struct error trouble = {STATUS_OK, ""};
    buffer_init(&push, SIZE_MAX);
    buffer_init(&noise, SIZE_MAX);
    buffer_init(&none, SIZE_MAX);
    add_http(&push, 5, "jdoe", "prj/app", "access-token:id:42", 200);
    add_other(&noise, 1);
    /* logrotate's name; then names with dates, of which the last counts */
    for (size_t i = sizeof names / sizeof names[0]; i-- > 0;) {
        write_log(names[i], &push, 1);
        write_log(LOG, &noise, 1);
        assert_int_equal(observe(scratch_path(folder, LOG), &trouble).class, CREDENTIAL_USER_TOKEN);
        write_log(LOG, &none, 0); /* nothing in the new one yet */
        assert_int_equal(observe(scratch_path(folder, LOG), &trouble).class, CREDENTIAL_USER_TOKEN);
        write_log(names[i], &noise, 1);
    }
    /* what it contradicts is no answer either */
    write_log(names[0], &push, 1);
    add_http(&noise, 0, "jdoe", "prj/app", "refs", 200);
    write_log(LOG, &noise, 0);
    assert_int_equal(observe(scratch_path(folder, LOG), &trouble).class, CREDENTIAL_USER);
    /* one that others can write to is not read, and the log itself has to do */
    assert_int_equal(chmod(scratch_path(folder, names[0]), 0666), 0);
    assert_int_equal(observe(scratch_path(folder, LOG), &trouble).class, CREDENTIAL_USER_PASSWORD);
    assert_int_equal(trouble.code, STATUS_OK);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(scratch_path(folder, names[i]));
    buffer_free(&push);
    buffer_free(&noise);
    buffer_free(&none);
}

static void other_files_are_not_rolled_logs(void **state)
{
    (void)state;
    static const char *const names[] = {"atlassian-bitbucket-access-2026-09-21.0.log.gz",
                                        "atlassian-bitbucket-access-x.log",
                                        "atlassian-bitbucket-access-9",
                                        "atlassian-bitbucket.log",
                                        "xatlassian-bitbucket-access-2026-09-21.0.log",
                                        LOG ".10"};
    struct buffer push, noise;
    buffer_init(&push, SIZE_MAX);
    buffer_init(&noise, SIZE_MAX);
    add_ssh(&push, 5, "jdoe", "prj/app", 'i', 1);
    add_other(&noise, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        write_log(names[i], &push, 1);
    assert_int_equal(observe_log(&noise).class, CREDENTIAL_USER);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(scratch_path(folder, names[i]));
    buffer_free(&push);
    buffer_free(&noise);
}

/* ------------------------------------------------------------------ trouble */

static void what_cannot_be_read_says_nothing(void **state)
{
    (void)state;
    struct buffer log;
    struct error trouble = {STATUS_OK, ""};
    buffer_init(&log, SIZE_MAX);
    add_ssh(&log, 1, "jdoe", "prj/app", 'i', 1);
    const char *path = write_log(LOG, &log, 0);
    assert_int_equal(observe(path, &trouble).class, CREDENTIAL_USER_SSH_KEY);
    assert_int_equal(trouble.code, STATUS_OK);

    assert_int_equal(chmod(path, 0666), 0);
    struct observation seen = observe(path, &trouble);
    assert_int_equal(seen.class, CREDENTIAL_USER);
    assert_null(memchr(seen.evidence.at, '/', seen.evidence.size)); /* no path of the server */
    assert_int_equal(trouble.code, STATUS_TRUST);

    trouble = (struct error){STATUS_DEADLINE, "an earlier trouble"};
    assert_int_equal(observe(path, &trouble).class, CREDENTIAL_USER);
    assert_string_equal(trouble.text, "an earlier trouble");

    trouble.code = STATUS_OK;
    assert_int_equal(observe(scratch_path(folder, "gone"), &trouble).class, CREDENTIAL_USER);
    assert_int_equal(trouble.code, STATUS_NOT_FOUND);
    trouble.code = STATUS_OK;
    assert_int_equal(observe(folder, &trouble).class, CREDENTIAL_USER);
    assert_int_not_equal(trouble.code, STATUS_OK);
    trouble.code = STATUS_OK;
    const char *fifo = scratch_path(folder, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(observe(fifo, &trouble).class, CREDENTIAL_USER); /* and does not wait */
    assert_int_not_equal(trouble.code, STATUS_OK);
    buffer_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_classes),
        cmocka_unit_test(a_minute_counts_from_the_last_write),
        cmocka_unit_test(many_open_pushes_are_no_answer),
        cmocka_unit_test(the_tail_is_bounded),
        cmocka_unit_test(five_thousand_lines),
        cmocka_unit_test(a_log_of_noise_says_nothing),
        cmocka_unit_test(the_line_is_in_the_log_before),
        cmocka_unit_test(other_files_are_not_rolled_logs),
        cmocka_unit_test(what_cannot_be_read_says_nothing),
    };
    return cmocka_run_group_tests_name("access_log_tail", tests, make_folder, remove_folder);
}
