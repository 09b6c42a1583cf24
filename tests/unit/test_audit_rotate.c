/*
 * record/audit_rotate.h: rotation keeps the chain and every decision, with pushes going on, with
 * compression, and when it is killed at any step.
 *
 * The program's own calls of the C library that change files are counted here: the definitions below
 * come before those of the library.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "record/audit.h"
#include "record/audit_compress.h"
#include "record/audit_line.h"
#include "record/audit_read.h"
#include "record/audit_rotate.h"
#include "record/audit_verify.h"
#include "scratch.h"

#define WRITERS 20
#define LINES_EACH 15
#define SOON (clock_monotonic_us() + 60 * INT64_C(1000000))
#define NOON INT64_C(1795351800000) /* 2026-11-22T12:50:00Z */
#define KILLED 9

static char directory[PATH_MAX];
static char log_path[PATH_MAX + 16];

/* ------------------------------------------------------------------ being killed */

static int steps_left = -1; /* -1: nobody counts */

static void step(void)
{
    if (steps_left == 0)
        _exit(KILLED);
    if (steps_left > 0)
        steps_left--;
}

static void (*before_listing)(void); /* once */

DIR *opendir(const char *path)
{
    void (*act)(void) = before_listing;
    before_listing = NULL;
    if (act)
        act();
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? NULL : fdopendir(fd);
}

int linkat(int from, const char *name, int to, const char *other, int flags)
{
    step();
    return (int)syscall(SYS_linkat, from, name, to, other, flags);
}
int renameat(int from, const char *name, int to, const char *other)
{
    step();
    return (int)syscall(SYS_renameat2, from, name, to, other, 0);
}
int unlinkat(int at, const char *name, int flags)
{
    step();
    return (int)syscall(SYS_unlinkat, at, name, flags);
}
int unlink(const char *name)
{
    step();
    return (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
}
int fsync(int fd)
{
    (void)fd; /* nobody pulls the plug, and disks are slow */
    step();
    return 0;
}
int fchmod(int fd, mode_t mode)
{
    step();
    return (int)syscall(SYS_fchmod, fd, mode);
}

/* ------------------------------------------------------------------ helpers */

static int make_directory(void **state)
{
    (void)state;
    scratch_make(directory, sizeof directory);
    snprintf(log_path, sizeof log_path, "%s/audit.jsonl", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    scratch_remove(directory);
    return 0;
}

static int start(void **state)
{
    make_directory(state);
    return 0;
}

static void append(int writer, int number)
{
    char record[64];
    struct digest head;
    struct error err = {STATUS_OK, ""};
    snprintf(record, sizeof record, "{\"id\":\"%d-%d\"}", writer, number);
    if (audit_append(log_path, text_of(record), false, SOON, &head, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static struct audit_rotation_request request_of(size_t keep, bool compress)
{
    return (struct audit_rotation_request){.path = log_path,
                                           .keep = keep,
                                           .compress = compress,
                                           .now_ms = NOON,
                                           .deadline_us = SOON,
                                           .host = "bb1",
                                           .version = "1.0.0"};
}

static bool rotate(size_t keep, bool compress)
{
    struct audit_rotation_request request = request_of(keep, compress);
    struct audit_rotation done;
    struct error err = {STATUS_OK, ""};
    if (audit_rotate(&request, &done, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    bool rotated = done.rotated;
    assert_true(rotated == !done.why_not);
    audit_rotation_free(&done);
    return rotated;
}

struct whole { /* what all files of the log have together */
    uint64_t decisions, rotations, breaks;
    size_t files;
    bool dropped;
};

static void count_lines(const char *path, struct whole *whole)
{
    struct audit_reader *reader = NULL;
    struct audit_line line;
    struct error err = {STATUS_OK, ""};
    if (audit_read_open(path, &reader, &err) != STATUS_OK)
        fail_msg("%s: %s", path, err.text);
    while (audit_read_next(reader, &line, &err) == STATUS_OK)
        if (text_starts(line.text, TEXT(AUDIT_ROTATION_START)))
            whole->rotations++;
        else
            whole->decisions++;
    audit_read_close(reader);
}

static struct whole verify_all(void)
{
    struct audit_series series = {0};
    struct digest heads[256], dropped[256];
    struct audit_verifier verifier = {.heads = heads, .dropped = dropped};
    struct audit_findings found[256];
    struct whole whole = {0};
    struct error err = {STATUS_OK, ""};
    assert_int_equal(audit_series_list(log_path, &series, NULL), STATUS_OK);
    assert_true(series.count < 255);
    for (size_t i = 0; i <= series.count; i++) {
        const char *path = i < series.count ? series.paths[i] : log_path;
        if (audit_verify(&verifier, path, &found[i], &err) != STATUS_OK)
            fail_msg("%s: %s", path, err.text);
        count_lines(path, &whole);
    }
    whole.files = series.count + 1;
    for (size_t i = 0; i < whole.files; i++) {
        audit_verify_excuse(&verifier, &found[i]);
        whole.breaks += found[i].breaks;
        whole.dropped |= found[i].dropped;
    }
    audit_series_free(&series);
    return whole;
}

static size_t entries(const char *part) /* names in the directory that have this in them */
{
    size_t count = 0;
    const struct dirent *entry;
    DIR *stream = opendir(directory);
    assert_non_null(stream);
    while ((entry = readdir(stream)))
        count += strstr(entry->d_name, part) != NULL;
    closedir(stream);
    return count;
}

/* ------------------------------------------------------------------ the chain */

static void chain_goes_on(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        append(0, i);
        assert_true(rotate(0, i % 2));
    }
    append(0, 4);
    struct whole whole = verify_all();
    assert_int_equal(whole.breaks, 0);
    assert_int_equal(whole.decisions, 5);
    assert_int_equal(whole.rotations, 4);
    assert_int_equal(whole.files, 5);
    /* All within one second: the order of the names is that of the chain all the same. */
    assert_int_equal(entries("20261122T125000Z_0"), 3);
    assert_int_equal(entries("20261122T125000Z"), 4);
    struct stat st;
    assert_int_equal(stat(log_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640 & ~0022);
}

static void clock_that_goes_back(void **state)
{
    (void)state;
    struct audit_series series = {0};
    struct audit_rotation_request request = request_of(0, false);
    struct audit_rotation done;
    for (int i = 0; i < 3; i++) {
        append(0, i);
        request.now_ms = NOON - i * CLOCK_HOUR;
        assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_OK);
        audit_rotation_free(&done);
    }
    assert_int_equal(verify_all().breaks, 0);
    assert_int_equal(audit_series_list(log_path, &series, NULL), STATUS_OK);
    assert_int_equal(series.count, 3);
    int64_t ms;
    assert_true(audit_series_time(text_of(series.paths[2]), &ms));
    assert_int_equal(ms, NOON);
    audit_series_free(&series);
}

/* semantics 8: a log that is not rotated any more fills the disk. */
static void clock_that_was_wrong_once(void **state)
{
    (void)state;
    struct audit_series series = {0};
    struct audit_rotation_request request = request_of(0, false);
    struct audit_rotation done;
    scratch_sh(directory, ": >audit.jsonl-20991231T235959Z_98; : >audit.jsonl-99999999T999999Z");
    for (int i = 0; i < 3; i++) {
        append(0, i);
        assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_OK);
        audit_rotation_free(&done);
    }
    assert_int_equal(audit_series_list(log_path, &series, NULL), STATUS_OK);
    assert_int_equal(series.count, 4);
    static const char *const want[] = {"-20991231T235959Z_98", "-20991231T235959Z_99",
                                       "-21000101T000000Z", "-21000101T000000Z_02"};
    for (size_t i = 0; i < series.count; i++)
        assert_string_equal(series.paths[i] + strlen(log_path), want[i]);
    audit_series_free(&series);
    scratch_sh(directory, ": >audit.jsonl-99991231T235959Z_99");
    append(0, 3);
    assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_LIMIT);
    audit_rotation_free(&done);
}

/* Whoever writes the directory could hold up verify, and a rotation with its lock, for ever. */
static void fifo_that_is_named_like_a_log(void **state)
{
    (void)state;
    struct audit_rotation_request request = request_of(1, false);
    struct audit_rotation done;
    struct audit_reader *reader = NULL;
    scratch_sh(directory, "mkfifo audit.jsonl-20200101T000000Z audit.jsonl-20210101T000000Z");
    assert_int_equal(
        audit_read_open(scratch_path(directory, "audit.jsonl-20210101T000000Z"), &reader, NULL),
        STATUS_TRUST);
    append(0, 1);
    assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_OK);
    assert_int_equal(done.dropped.count, 2);
    audit_rotation_free(&done);
    scratch_sh(directory, "mkfifo audit.jsonl-20200101T000000Z audit.jsonl-20210101T000000Z");
    append(0, 2);
    request.keep = 3; /* the second one stays, and is looked at */
    assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_OK);
    assert_int_equal(done.dropped.count, 1);
    audit_rotation_free(&done);
}

static void torn_end(void **state)
{
    (void)state;
    append(0, 1);
    int fd = open(log_path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "{\"id\":\"to", 9), 9);
    close(fd);
    assert_true(rotate(0, true));
    append(0, 2);
    struct whole whole = verify_all();
    assert_int_equal(whole.breaks, 1); /* the torn line, and nothing else */
}

static void when_it_is_not_due(void **state)
{
    (void)state;
    struct audit_rotation_request request = request_of(0, false);
    struct audit_rotation done;
    assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_NOT_FOUND);
    append(0, 1);
    static const struct {
        uint64_t larger;
        int64_t older_ms;
        bool rotated;
    } cases[] = {
        {1000000, 0, false},
        {0, 2 * CLOCK_HOUR, false},
        {1000000, CLOCK_HOUR, false},
        {1000000, CLOCK_MINUTE, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = open(log_path, O_WRONLY | O_TRUNC);
        static const char line[] = "{\"id\":\"1\",\"time\":\"2026-11-22T12:00:00.000Z\"}\n";
        assert_int_equal(write(fd, line, sizeof line - 1), sizeof line - 1);
        close(fd);
        request.if_larger = cases[i].larger;
        request.if_older_ms = cases[i].older_ms;
        assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_OK);
        if (done.rotated != cases[i].rotated)
            fail_msg("case %zu", i);
        audit_rotation_free(&done);
    }
    assert_false(rotate(0, false)); /* nothing but the record of the rotation */
    append(0, 2);
    request.if_larger = 10;
    request.if_older_ms = CLOCK_DAY;
    assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_OK); /* one of the two is enough */
    assert_true(done.rotated);
    audit_rotation_free(&done);
}

static void old_files_are_dropped(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        append(0, i);
        assert_true(rotate(i < 3 ? 0 : 2, i % 2));
        struct whole whole = verify_all();
        assert_int_equal(whole.breaks, 0);
        assert_int_equal(whole.files, i < 3 ? i + 2 : 3);
        assert_int_equal(whole.dropped, i >= 3);
    }
    /* Without the file that says so, its beginning is missing. */
    append(0, 7);
    struct audit_series series = {0};
    assert_int_equal(audit_series_list(log_path, &series, NULL), STATUS_OK);
    assert_int_equal(unlink(series.paths[0]), 0);
    audit_series_free(&series);
    assert_int_equal(verify_all().breaks, 1);
}

static void one_rotation_at_a_time(void **state)
{
    (void)state;
    struct audit_rotation_request request = request_of(0, false);
    struct audit_rotation done;
    append(0, 1);
    int fd = open(directory, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_BUSY);
    audit_rotation_free(&done);
    close(fd);
    fd = open(log_path, O_RDONLY); /* and the log's own lock is waited for, until the deadline */
    assert_int_equal(flock(fd, LOCK_EX), 0);
    request.deadline_us = clock_monotonic_us() + 10000;
    assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_DEADLINE);
    audit_rotation_free(&done);
    close(fd);
    assert_int_equal(entries("audit.jsonl"), 1);
    assert_true(rotate(0, false));
}

static void what_is_no_log(void **state)
{
    (void)state;
    struct audit_rotation_request request = request_of(0, true);
    struct audit_rotation done;
    assert_int_equal(mkdir(log_path, 0700), 0);
    assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_TRUST);
    audit_rotation_free(&done);
    rmdir(log_path);
    assert_int_equal(symlink("elsewhere", log_path), 0);
    assert_int_equal(audit_rotate(&request, &done, NULL), STATUS_TRUST);
    audit_rotation_free(&done);
}

/* ------------------------------------------------------------------ pushes meanwhile */

static void nothing_is_lost_while_pushes_go_on(void **state)
{
    (void)state;
    pid_t writers[WRITERS];
    append(99, 0);
    for (int w = 0; w < WRITERS; w++) {
        writers[w] = fork();
        assert_true(writers[w] >= 0);
        if (writers[w])
            continue;
        for (int i = 0; i < LINES_EACH; i++) {
            append(w, i);
            usleep(500);
        }
        _exit(0);
    }
    size_t rotations = 0, running = WRITERS;
    while (running) {
        rotations += rotate(0, rotations % 3 == 0);
        for (int w = 0; w < WRITERS; w++) {
            int status;
            if (writers[w] && waitpid(writers[w], &status, WNOHANG) == writers[w]) {
                assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
                writers[w] = 0;
                running--;
            }
        }
    }
    struct whole whole = verify_all();
    assert_int_equal(whole.breaks, 0);
    assert_int_equal(whole.decisions, WRITERS * LINES_EACH + 1);
    assert_int_equal(whole.rotations, rotations);
    assert_true(rotations >= 1);
}

/* ------------------------------------------------------------------ killed at each step */

/* In a child that ends before its Nth call that changes a file. true: it came to its end. */
static bool rotate_until(int steps)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct audit_rotation_request request = request_of(2, true);
        struct audit_rotation done;
        steps_left = steps;
        _exit(audit_rotate(&request, &done, NULL) == STATUS_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED);
    return WEXITSTATUS(status) == 0;
}

static void killed_at_each_step(void **state)
{
    int steps = 0;
    for (bool done = false; !done; steps++) {
        start(state);
        for (int i = 0; i < 3; i++) {
            append(0, i);
            assert_true(rotate(0, i == 1));
        }
        append(0, 3);
        done = rotate_until(steps);
        struct whole whole = verify_all();
        if (whole.breaks)
            fail_msg("killed before step %d: the chain is broken", steps);
        assert_true(whole.decisions == 4 ||
                    whole.dropped); /* all, but for those of dropped files */
        append(0, 4);               /* pushes go on */
        assert_int_equal(verify_all().breaks, 0);
        assert_true(rotate(0, true)); /* and the next rotation clears up */
        whole = verify_all();
        if (whole.breaks || entries(".new") || entries(".part") ||
            entries("jsonl-") != entries(".gz") || whole.decisions < 3)
            fail_msg("killed before step %d: not cleared up", steps);
        remove_directory(state);
    }
    assert_true(steps > 12);
    make_directory(state);
}

/* ------------------------------------------------------------------ compression */

static void write_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    uint32_t random = 1;
    for (size_t i = 0; i < size; i++) {
        random = random * 1664525 + 1013904223;
        fputc(i % 97 == 96 ? '\n' : 'a' + (int)(random >> 28), file);
    }
    assert_int_equal(fclose(file), 0);
}

static uint64_t lines_of(const char *path, enum status *end)
{
    struct audit_reader *reader = NULL;
    struct audit_line line;
    uint64_t count = 0;
    assert_int_equal(audit_read_open(path, &reader, NULL), STATUS_OK);
    while ((*end = audit_read_next(reader, &line, NULL)) == STATUS_OK)
        count++;
    audit_read_close(reader);
    return count;
}

static void compressed_files_read_the_same(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 97, 65535, 65536, 65537, 1000003};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char packed[PATH_MAX + 32];
        enum status end;
        struct error err = {STATUS_OK, ""};
        snprintf(packed, sizeof packed, "%s.gz", log_path);
        write_file(log_path, sizes[i]);
        uint64_t plain = lines_of(log_path, &end);
        if (audit_compress(log_path, &err) != STATUS_OK)
            fail_msg("%zu bytes: %s", sizes[i], err.text);
        assert_int_equal(access(log_path, F_OK), -1);
        assert_int_equal(lines_of(packed, &end), plain);
        assert_int_equal(end, STATUS_NOT_FOUND);
        assert_int_equal(lines_of(log_path, &end), plain); /* by its old name, too */
        unlink(packed);
    }
    assert_int_equal(audit_compress(log_path, NULL), STATUS_NOT_FOUND);
}

static void damaged_files_are_told(void **state)
{
    (void)state;
    char packed[PATH_MAX + 32];
    struct stat st;
    enum status end;
    snprintf(packed, sizeof packed, "%s.gz", log_path);
    write_file(log_path, 200000);
    assert_int_equal(audit_compress(log_path, NULL), STATUS_OK);
    assert_int_equal(stat(packed, &st), 0);
    int fd = open(packed, O_RDWR);
    for (off_t cut = st.st_size - 1; cut > 2; cut -= cut / 7 + 1) {
        assert_int_equal(ftruncate(fd, cut), 0);
        lines_of(packed, &end);
        assert_int_equal(end, STATUS_FORMAT);
    }
    close(fd);
    unlink(packed);
    write_file(log_path, 200000);
    assert_int_equal(audit_compress(log_path, NULL), STATUS_OK);
    fd = open(packed, O_RDWR);
    assert_int_equal(pwrite(fd, "\xff\xff\xff\xff", 4, st.st_size / 2), 4);
    close(fd);
    lines_of(packed, &end);
    assert_int_equal(end, STATUS_FORMAT);
}

/* Several members, as `cat a.gz b.gz` makes them, are one text; what is behind them is damage. */
static void members(void **state)
{
    (void)state;
    enum status end;
    scratch_sh(directory, "printf 'a\\nb' | gzip >x.gz; printf 'c\\nd\\n' | gzip >>x.gz");
    assert_int_equal(lines_of(scratch_path(directory, "x.gz"), &end), 3);
    assert_int_equal(end, STATUS_NOT_FOUND);
    scratch_sh(directory, "printf junk >>x.gz");
    lines_of(scratch_path(directory, "x.gz"), &end);
    assert_int_equal(end, STATUS_FORMAT);
    scratch_sh(directory, "printf '\\037' >y; printf '\\037\\213' >z");
    assert_int_equal(lines_of(scratch_path(directory, "y"), &end), 1); /* one odd byte is a line */
    lines_of(scratch_path(directory, "z"), &end);
    assert_int_equal(end, STATUS_FORMAT);
}

/* ------------------------------------------------------------------ names */

static void which_files_belong_to_a_log(void **state)
{
    (void)state;
    scratch_sh(directory, "for f in -20261122T041000Z.gz -20261122T041000Z -20261121T041000Z.gz "
                          "-20261122T041000Z_02.gz -20261122T041000Z_02 -20261122T041000Z_10 "
                          "-20261122T041000 -2026112XT041000Z -20261122T041000Z_2 .1 "
                          "-20261122T041000Z.gz.part -20261122T041000Zx -20261122T041000Z.xz; "
                          "do : >audit.jsonl$f; done; : >other.jsonl-20261122T041000Z");
    static const char *const want[] = {"-20261121T041000Z.gz", "-20261122T041000Z",
                                       "-20261122T041000Z_02", "-20261122T041000Z_10"};
    struct audit_series series = {0};
    assert_int_equal(audit_series_list(log_path, &series, NULL), STATUS_OK);
    assert_int_equal(series.count, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < series.count; i++)
        assert_string_equal(series.paths[i] + strlen(log_path), want[i]);
    audit_series_free(&series);
    assert_int_equal(audit_series_list("/none/such/audit.jsonl", &series, NULL), STATUS_OK);
    assert_int_equal(series.count, 0);
}

static void rotate_plainly(void)
{
    assert_true(rotate(0, false));
}
static void rotate_compressed(void)
{
    assert_true(rotate(0, true));
}

/* Between opening the log and listing what was rotated away from it: nothing is hidden, nothing is there
 * twice. */
static void rotated_while_it_is_listed(void **state)
{
    (void)state;
    static void (*const acts[])(void) = {NULL, rotate_plainly, rotate_compressed};
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        struct audit_series series = {0};
        struct audit_reader *log = NULL;
        struct audit_line line;
        struct whole whole = {0};
        append(0, (int)i);
        before_listing = acts[i];
        assert_int_equal(audit_series_open(log_path, &series, &log, NULL), STATUS_OK);
        assert_non_null(log);
        assert_int_equal(series.count, i);
        for (size_t k = 0; k < series.count; k++)
            count_lines(series.paths[k], &whole);
        while (audit_read_next(log, &line, NULL) == STATUS_OK)
            whole.decisions += !text_starts(line.text, TEXT(AUDIT_ROTATION_START));
        assert_int_equal(whole.decisions, i + 1);
        audit_read_close(log);
        audit_series_free(&series);
    }
    /* No log is no trouble. */
    struct audit_series series = {0};
    struct audit_reader *log = NULL;
    assert_int_equal(audit_series_open("/none/such/audit.jsonl", &series, &log, NULL), STATUS_OK);
    assert_null(log);
    assert_int_equal(series.count, 0);
}

#define EACH(name, test)                          \
    {                                             \
        name, test, start, remove_directory, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH("the chain goes on over rotations, compressed or not", chain_goes_on),
        EACH("a clock that goes back does not change the order", clock_that_goes_back),
        EACH("a clock that was wrong once does not end rotations", clock_that_was_wrong_once),
        EACH("a FIFO that is named like a log holds nobody up", fifo_that_is_named_like_a_log),
        EACH("a torn end is torn, and no more", torn_end),
        EACH("it waits until the log is large or old enough", when_it_is_not_due),
        EACH("files that --keep deletes are vouched for", old_files_are_dropped),
        EACH("one rotation at a time", one_rotation_at_a_time),
        EACH("what is no log is left alone", what_is_no_log),
        EACH("20 writers lose nothing while the log is rotated",
             nothing_is_lost_while_pushes_go_on),
        EACH("killed at each step, it leaves a whole chain", killed_at_each_step),
        EACH("compressed files read the same", compressed_files_read_the_same),
        EACH("damaged compressed files are told", damaged_files_are_told),
        EACH("members of a compressed file", members),
        EACH("a rotation while they are listed hides no file", rotated_while_it_is_listed),
        EACH("which files belong to a log", which_files_belong_to_a_log),
    };
    return cmocka_run_group_tests_name("audit_rotate", tests, NULL, NULL);
}
