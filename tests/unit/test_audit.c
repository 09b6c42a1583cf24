/* The audit log: appending under concurrency and trouble, and what `audit verify` finds. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "record/audit.h"
#include "record/audit_line.h"
#include "record/audit_read.h"
#include "record/audit_verify.h"

#define WRITERS 50
#define LINES_EACH 20
#define SOON (clock_monotonic_us() + 60 * INT64_C(1000000))

static char directory[PATH_MAX];
static char log_path[PATH_MAX + 16];

static int make_directory(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/refgate-audit.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(directory))
        return -1;
    snprintf(log_path, sizeof log_path, "%s/audit.jsonl", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(log_path);
    return rmdir(directory);
}

/* ------------------------------------------------------------------ helpers */

static enum status append(const char *record, struct digest *head, struct error *err)
{
    return audit_append(log_path, text_of(record), false, SOON, head, err);
}

static struct digest append_number(int number)
{
    char record[64];
    struct digest head;
    struct error err = {STATUS_OK, ""};
    snprintf(record, sizeof record, "{\"id\":\"%d\"}", number);
    if (append(record, &head, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return head;
}

static void append_numbers(int count)
{
    for (int i = 1; i <= count; i++)
        append_number(i);
}

static struct buffer read_log(void)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    char block[65536];
    FILE *file = fopen(log_path, "r");
    assert_non_null(file);
    size_t got;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        buffer_add(&text, block, got);
    fclose(file);
    assert_false(text.failed);
    return text;
}

static void write_log(const void *bytes, size_t size)
{
    FILE *file = fopen(log_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void add_bytes(const char *bytes, size_t size)
{
    int fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

/* The lines of the log, to be put together in another order. */
struct lines {
    struct buffer bytes;
    struct text line[64];
    size_t count;
};

static struct lines split_log(void)
{
    struct lines lines = {.bytes = read_log()};
    struct text rest = buffer_view(&lines.bytes), line;
    while (text_next_field(&rest, '\n', &line) && line.size)
        lines.line[lines.count++] = line;
    return lines;
}

/* order: line numbers from 1; 0 ends it. */
static void reorder_log(const size_t *order)
{
    struct lines lines = split_log();
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    for (; *order; order++) {
        buffer_text(&text, lines.line[*order - 1]);
        buffer_string(&text, "\n");
    }
    write_log(text.data, text.size);
    buffer_free(&text);
    buffer_free(&lines.bytes);
}

static struct audit_findings verify_with(struct text anchor, bool *anchor_found)
{
    struct digest heads[1];
    struct audit_verifier verifier = {.heads = heads,
                                      .anchors = &anchor,
                                      .anchors_found = anchor_found,
                                      .anchor_count = anchor.size ? 1 : 0};
    struct audit_findings found;
    struct error err = {STATUS_OK, ""};
    if (audit_verify(&verifier, log_path, &found, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return found;
}

static struct audit_findings verify(void)
{
    return verify_with(TEXT_NONE, NULL);
}

static void expect_intact(uint64_t lines)
{
    struct audit_findings found = verify();
    if (found.breaks)
        fail_msg("line %llu: %s", (unsigned long long)found.listed[0].line,
                 audit_damage_name(found.listed[0].damage));
    assert_int_equal(found.lines, lines);
}

static void expect_damage(enum audit_damage damage, uint64_t line)
{
    struct audit_findings found = verify();
    assert_string_equal(audit_damage_name(found.listed[0].damage), audit_damage_name(damage));
    assert_int_equal(found.listed[0].line, line);
    assert_true(found.breaks >= 1);
}

/* ------------------------------------------------------------------ appending */

static void sealed_lines(void **state)
{
    (void)state;
    struct digest first = append_number(1), second = append_number(2);
    struct lines lines = split_log();
    assert_int_equal(lines.count, 2);
    char want[512];
    /* The rule by hand: hash of the line up to (not including) ,"hash". */
    snprintf(want, sizeof want, "{\"id\":\"1\",\"prev\":\"%064d\"", 0);
    struct digest hash = digest_of(text_of(want));
    assert_string_equal(first.hex, hash.hex);
    size_t size = strlen(want);
    snprintf(want + size, sizeof want - size, ",\"hash\":\"%s\"}", hash.hex);
    assert_true(text_equal(lines.line[0], text_of(want)));
    snprintf(want, sizeof want, "{\"id\":\"2\",\"prev\":\"%s\"", first.hex);
    hash = digest_of(text_of(want));
    assert_string_equal(second.hex, hash.hex);
    struct stat st;
    assert_int_equal(stat(log_path, &st), 0);
    assert_int_equal(st.st_mode & 0137, 0); /* 0640, or less by the umask */
    buffer_free(&lines.bytes);
    expect_intact(2);
}

static int write_many(int writer)
{
    for (int i = 0; i < LINES_EACH; i++) {
        char record[256];
        struct digest head;
        snprintf(
            record, sizeof record, "{\"writer\":%d,\"line\":%d,\"pad\":\"%.*s\"}", writer, i,
            (writer * 7 + i) % 100,
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxx");
        if (audit_append(log_path, text_of(record), false, SOON, &head, NULL) != STATUS_OK)
            return 1;
    }
    return 0;
}

static void nothing_is_lost_by_many_writers(void **state)
{
    (void)state;
    pid_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        assert_true(writers[i] >= 0);
        if (!writers[i])
            _exit(write_many(i));
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    expect_intact(WRITERS * LINES_EACH);
    struct buffer text = read_log();
    for (int i = 0; i < WRITERS; i++) {
        char last[64];
        snprintf(last, sizeof last, "{\"writer\":%d,\"line\":%d,", i, LINES_EACH - 1);
        assert_non_null(strstr(text.data, last));
    }
    buffer_free(&text);
}

static void large_records(void **state)
{
    (void)state;
    struct buffer record;
    buffer_init(&record, SIZE_MAX);
    buffer_string(&record, "{\"pad\":\"");
    while (record.size < AUDIT_LINE_MAX - AUDIT_SEAL_SIZE - 2)
        buffer_string(&record, "x");
    buffer_string(&record, "\"}");
    struct digest head;
    append_number(1);
    assert_int_equal(audit_append(log_path, buffer_view(&record), false, SOON, &head, NULL),
                     STATUS_OK);
    append_number(2); /* finds the hash at the end of two megabytes */
    expect_intact(3);
    add_bytes(record.data, record.size); /* and behind a torn line of that size */
    append_number(3);
    expect_damage(AUDIT_NOT_A_RECORD, 4);
    assert_int_equal(verify().breaks, 1);

    buffer_string(&record, "x");
    record.data[record.size - 1] = '}';
    assert_int_equal(audit_append(log_path, buffer_view(&record), false, SOON, &head, NULL),
                     STATUS_LIMIT);
    buffer_free(&record);
    unlink(log_path);
}

static void only_records_are_appended(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "{", "{}", "[1]", "{\"a\":1}\n", "{\"a\":\n1}",
                                      "x{\"a\":1}"};
    struct digest head;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(append(bad[i], &head, NULL), STATUS_FORMAT);
    assert_int_equal(access(log_path, F_OK), -1);
}

static void torn_last_line(void **state)
{
    (void)state;
    append_numbers(2);
    add_bytes("{\"id\":\"torn\",\"pre", 17);
    append_number(3);
    expect_damage(AUDIT_NOT_A_RECORD, 3);
    struct audit_findings found = verify();
    assert_int_equal(found.lines, 4);
    assert_int_equal(found.breaks, 1); /* the line after it follows the one before it */
}

static void only_the_newline_is_lost(void **state)
{
    (void)state;
    append_numbers(2);
    struct buffer text = read_log();
    write_log(text.data, text.size - 1);
    buffer_free(&text);
    expect_intact(2);
    append_number(3);
    expect_intact(3);
}

static void garbage_before_us(void **state)
{
    (void)state;
    char zeros[5000] = {0}; /* what some file systems leave after a crash */
    add_bytes(zeros, sizeof zeros);
    append_number(1);
    append_number(2);
    struct audit_findings found = verify();
    assert_int_equal(found.breaks, 1);
    assert_int_equal(found.listed[0].line, 1);
    assert_int_equal(found.lines, 3);
}

static void lock_is_waited_for(void **state)
{
    (void)state;
    append_number(1);
    int fd = open(log_path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    struct digest head;
    struct error err = {STATUS_OK, ""};
    int64_t start = clock_monotonic_us();
    assert_int_equal(audit_append(log_path, TEXT("{\"a\":1}"), false, start + 20000, &head, &err),
                     STATUS_DEADLINE);
    assert_true(clock_monotonic_us() - start >= 20000);
    assert_non_null(strstr(err.text, "locked"));
    close(fd);
    append_number(2);
    expect_intact(2);
}

static void renamed_while_waiting(void **state)
{
    (void)state;
    append_number(1);
    char old[PATH_MAX + 32];
    snprintf(old, sizeof old, "%s.1", log_path);
    int fd = open(log_path, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct digest head;
        close(fd); /* the lock is let go when both have closed it */
        _exit(append("{\"id\":\"2\"}", &head, NULL) == STATUS_OK ? 0 : 1);
    }
    usleep(20000); /* it waits for the lock by now; if not, it opens the new file at once */
    assert_int_equal(rename(log_path, old), 0);
    close(fd);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect_intact(1); /* the line is in the new file */
    unlink(old);
}

/* ------------------------------------------------------------------ trouble */

static void expect_refused(enum status want)
{
    struct digest head = audit_hash_none();
    struct error err = {STATUS_OK, ""};
    assert_int_equal(append("{\"a\":1}", &head, &err), want);
    assert_true(err.text[0]);
    assert_null(strstr(err.text, directory)); /* no path of the server */
    struct digest none = audit_hash_none();
    assert_string_equal(head.hex, none.hex);
}

static void not_a_regular_file(void **state)
{
    (void)state;
    assert_int_equal(mkdir(log_path, 0700), 0);
    expect_refused(STATUS_IO);
    rmdir(log_path);
    assert_int_equal(mkfifo(log_path, 0600), 0);
    expect_refused(STATUS_TRUST); /* and does not hang */
    unlink(log_path);
    assert_int_equal(symlink("/dev/null", log_path), 0);
    expect_refused(STATUS_TRUST);
    unlink(log_path);
}

static void writable_by_everybody(void **state)
{
    (void)state;
    append_number(1);
    assert_int_equal(chmod(log_path, 0666), 0);
    expect_refused(STATUS_TRUST);
    assert_int_equal(chmod(log_path, 0640), 0);
    assert_int_equal(chmod(directory, 0777), 0);
    expect_refused(STATUS_TRUST);
    assert_int_equal(chmod(directory, 0700), 0);
    append_number(2);
    expect_intact(2);
}

static void no_such_directory(void **state)
{
    (void)state;
    struct digest head;
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/none/audit.jsonl", directory);
    assert_int_equal(audit_append(path, TEXT("{\"a\":1}"), false, SOON, &head, NULL), STATUS_IO);
}

/* In a child of its own: as an ordinary user, since root may write everything. */
static void read_only_file(void **state)
{
    (void)state;
    append_number(1);
    assert_int_equal(chmod(log_path, 0440), 0);
    assert_int_equal(chmod(directory, 0755), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        if (!geteuid() && (setgid(65534) || setuid(65534)))
            _exit(3);
        struct digest head;
        _exit(append("{\"id\":\"2\"}", &head, NULL) == STATUS_IO ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(chmod(directory, 0700), 0);
    expect_intact(1);
}

/* A limit on the size of files stands for the disk: the first half of the line fits. */
static void full_disk(void **state)
{
    (void)state;
    append_numbers(3);
    struct stat before, after;
    assert_int_equal(stat(log_path, &before), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        signal(SIGXFSZ, SIG_IGN);
        const struct rlimit limit = {(rlim_t)before.st_size + 40, (rlim_t)before.st_size + 40};
        struct digest head;
        struct error err = {STATUS_OK, ""};
        if (setrlimit(RLIMIT_FSIZE, &limit))
            _exit(3);
        _exit(append("{\"id\":\"4\"}", &head, &err) == STATUS_IO && err.text[0] ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(stat(log_path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    append_number(4);
    expect_intact(4);
}

/* ------------------------------------------------------------------ verify */

static void edited_line(void **state)
{
    (void)state;
    append_numbers(5);
    struct buffer text = read_log();
    char *at = strstr(text.data, "\"3\"");
    at[1] = '9';
    write_log(text.data, text.size);
    buffer_free(&text);
    expect_damage(AUDIT_EDITED, 3);
    assert_int_equal(verify().breaks, 1);
}

/* Who edits may compute a new hash for the line, but then the next one does not follow. */
static void edited_line_with_a_new_hash(void **state)
{
    (void)state;
    append_numbers(4);
    struct lines lines = split_log();
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    for (size_t i = 0; i < lines.count; i++) {
        struct audit_seal seal;
        assert_true(audit_line_read(lines.line[i], &seal));
        if (i == 1) {
            struct digest prev = audit_hash_none(), hash;
            memcpy(prev.hex, seal.prev.at, seal.prev.size);
            audit_line_seal(TEXT("{\"id\":\"forged\"}"), &prev, &text, &hash);
        } else {
            buffer_text(&text, lines.line[i]);
        }
        buffer_string(&text, "\n");
    }
    write_log(text.data, text.size);
    buffer_free(&text);
    buffer_free(&lines.bytes);
    expect_damage(AUDIT_MISSING, 3);
}

static void deleted_line(void **state)
{
    (void)state;
    append_numbers(5);
    reorder_log((const size_t[]){1, 2, 4, 5, 0});
    expect_damage(AUDIT_MISSING, 3);
    assert_int_equal(verify().breaks, 1);
}

static void deleted_first_line(void **state)
{
    (void)state;
    append_numbers(3);
    reorder_log((const size_t[]){2, 3, 0});
    expect_damage(AUDIT_BEHEADED, 1);
}

static void swapped_lines(void **state)
{
    (void)state;
    append_numbers(5);
    reorder_log((const size_t[]){1, 2, 4, 3, 5, 0});
    expect_damage(AUDIT_MOVED, 3);
    assert_int_equal(verify().listed[0].other, 4); /* the line that it follows stands there now */
}

static void inserted_line(void **state)
{
    (void)state;
    append_numbers(4);
    reorder_log((const size_t[]){1, 2, 3, 2, 4, 0});
    expect_damage(AUDIT_MOVED, 4);
    assert_int_equal(verify().listed[0].other, 1);
}

static void foreign_line(void **state)
{
    (void)state;
    append_numbers(2);
    add_bytes("{\"id\":\"3\"}\n", 11);
    append_number(4);
    expect_damage(AUDIT_NOT_A_RECORD, 3);
    add_bytes("\n", 1);
    assert_int_equal(verify().breaks, 2);
}

static void started_again(void **state)
{
    (void)state;
    append_numbers(2);
    struct buffer first = read_log();
    unlink(log_path);
    append_numbers(1);
    struct buffer second = read_log();
    buffer_text(&first, buffer_view(&second));
    write_log(first.data, first.size);
    buffer_free(&first);
    buffer_free(&second);
    expect_damage(AUDIT_RESTARTED, 3);
}

static void cut_tail_and_anchor(void **state)
{
    (void)state;
    append_numbers(4);
    struct digest head = append_number(5);
    bool found = false;
    assert_int_equal(verify_with(text_of(head.hex), &found).breaks, 0);
    assert_true(found);
    reorder_log((const size_t[]){1, 2, 3, 4, 0});
    found = false;
    assert_int_equal(verify_with(text_of(head.hex), &found).breaks, 0);
    assert_false(found); /* only the anchor shows it */
}

static void anchor_in_an_edited_line_does_not_count(void **state)
{
    (void)state;
    struct digest head = append_number(1);
    struct buffer text = read_log();
    strstr(text.data, "\"1\"")[1] = '2';
    write_log(text.data, text.size);
    buffer_free(&text);
    bool found = false;
    verify_with(text_of(head.hex), &found);
    assert_false(found);
}

static void rotated_files(void **state)
{
    (void)state;
    append_numbers(4);
    struct lines lines = split_log();
    char first[PATH_MAX + 32];
    snprintf(first, sizeof first, "%s.1", log_path);
    reorder_log((const size_t[]){1, 2, 0});
    assert_int_equal(rename(log_path, first), 0);
    size_t half = (size_t)(lines.line[2].at - lines.bytes.data);
    write_log(lines.bytes.data + half, lines.bytes.size - half);
    buffer_free(&lines.bytes);

    struct digest heads[2];
    struct audit_findings found;
    struct audit_verifier verifier = {.heads = heads};
    assert_int_equal(audit_verify(&verifier, first, &found, NULL), STATUS_OK);
    assert_int_equal(found.breaks, 0);
    struct digest carried = found.head;
    assert_int_equal(audit_verify(&verifier, log_path, &found, NULL), STATUS_OK);
    assert_int_equal(found.breaks, 0);
    expect_damage(AUDIT_BEHEADED, 1); /* alone */
    verifier = (struct audit_verifier){.heads = heads, .from = text_of(carried.hex)};
    assert_int_equal(audit_verify(&verifier, log_path, &found, NULL), STATUS_OK);
    assert_int_equal(found.breaks, 0);
    unlink(first);
}

static void each_break_is_listed(void **state)
{
    (void)state;
    append_numbers(60);
    /* Every second line is gone, up to the 50th; the last two have changed places. */
    size_t order[64], count = 0;
    for (size_t line = 1; line <= 50; line += 2)
        order[count++] = line;
    for (size_t line = 51; line <= 58; line++)
        order[count++] = line;
    order[count++] = 60;
    order[count++] = 59;
    order[count] = 0;
    reorder_log(order);
    struct audit_findings found = verify();
    assert_int_equal(found.breaks, 27); /* before 3, 5 … 51, before 60 and before 59 */
    for (size_t i = 0; i < AUDIT_BREAKS_LISTED; i++) {
        assert_string_equal(audit_damage_name(found.listed[i].damage), "missing");
        assert_int_equal(found.listed[i].line, i + 2);
        assert_int_equal(found.listed[i].other, 0);
    }
    unlink(log_path);
    append_numbers(5);
    reorder_log((const size_t[]){1, 3, 2, 5, 4, 0});
    found = verify();
    assert_int_equal(found.breaks, 4);
    static const uint64_t others[] = {3, 1, 5, 2}; /* the line that each of them follows */
    for (size_t i = 0; i < found.breaks; i++)
        assert_int_equal(found.listed[i].other, others[i]);
    assert_int_equal(found.listed[4].damage, AUDIT_INTACT);
}

static void lines_of_any_length(void **state)
{
    (void)state;
    append_number(1);
    struct buffer longest;
    buffer_init(&longest, SIZE_MAX);
    while (longest.size < AUDIT_LINE_MAX * 3 / 2)
        buffer_string(&longest, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    buffer_string(&longest, "\n");
    add_bytes(longest.data, longest.size);
    append_number(2);
    add_bytes(longest.data, longest.size - 1);
    buffer_free(&longest);
    struct audit_findings found = verify();
    assert_int_equal(found.lines, 4);
    assert_int_equal(found.breaks, 2);
    assert_int_equal(found.listed[0].line, 2);
}

static void unreadable(void **state)
{
    (void)state;
    struct digest heads[1];
    struct audit_verifier verifier = {.heads = heads};
    struct audit_findings found;
    struct error err = {STATUS_OK, ""};
    assert_int_equal(audit_verify(&verifier, log_path, &found, &err), STATUS_NOT_FOUND);
    assert_int_equal(audit_verify(&verifier, directory, &found, &err), STATUS_IO);
    write_log("", 0);
    expect_intact(0);
}

static int forget_log(void **state)
{
    (void)state;
    unlink(log_path);
    return 0;
}

#define EACH(name, function)                   \
    {                                          \
        name, function, NULL, forget_log, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH("product: each line carries the hash of the one before it", sealed_lines),
        EACH("product: 50 writers lose nothing, the chain is intact",
             nothing_is_lost_by_many_writers),
        EACH("records up to the limit, not beyond", large_records),
        EACH("only one JSON object on one line is appended", only_records_are_appended),
        EACH("a torn last line is closed, skipped by the chain, and shown", torn_last_line),
        EACH("a line that lost only its newline is whole", only_the_newline_is_lost),
        EACH("garbage before the first record does not stop the log", garbage_before_us),
        EACH("the lock is waited for until the deadline", lock_is_waited_for),
        EACH("a log that is renamed while we wait gets no further line", renamed_while_waiting),
        EACH("semantics 8: directory, FIFO and symbolic link are refused", not_a_regular_file),
        EACH("semantics 8: a log that everybody may write is refused", writable_by_everybody),
        EACH("semantics 8: a directory that is not there is an error", no_such_directory),
        EACH("semantics 8: a read-only log is an error", read_only_file),
        EACH("semantics 8: a full disk leaves no half line", full_disk),
        EACH("verify finds an edit", edited_line),
        EACH("verify finds an edit that has a new hash", edited_line_with_a_new_hash),
        EACH("verify finds a deletion", deleted_line),
        EACH("verify finds a deleted beginning", deleted_first_line),
        EACH("verify finds a reordering", swapped_lines),
        EACH("verify finds an insertion", inserted_line),
        EACH("verify finds a line that is no record", foreign_line),
        EACH("verify finds a chain that was started again", started_again),
        EACH("verify finds a cut tail by its anchor", cut_tail_and_anchor),
        EACH("an anchor counts only in a genuine line", anchor_in_an_edited_line_does_not_count),
        EACH("verify follows a chain over files", rotated_files),
        EACH("verify lists each break, up to a limit", each_break_is_listed),
        EACH("verify needs memory for one line of the allowed length", lines_of_any_length),
        EACH("verify says what it cannot read", unreadable),
    };
    return cmocka_run_group_tests_name("audit", tests, make_directory, remove_directory);
}
