/* push/updates.h: the ref updates on stdin (githooks(5), pre-receive; semantics.md 8). */
#include "tsv.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "push/updates.h"

#define A "1111111111111111111111111111111111111111"
#define B "abcdef0123456789abcdef0123456789abcdef01"
#define Z "0000000000000000000000000000000000000000"
#define A64 A "222222222222222222222222"
#define B64 B "222222222222222222222222"
#define Z64 Z "000000000000000000000000"

static const struct updates_limits usual = {1000, 300, 1 << 20, 0};

static enum status parse(struct text bytes, const struct updates_limits *limits,
                         struct arena *arena, struct updates *out, struct error *err)
{
    arena_init(arena, SIZE_MAX);
    return updates_parse(bytes, limits, arena, out, err);
}

static void good(void **state)
{
    (void)state;
    static const struct {
        struct text bytes;
        size_t count;
        struct change first;
    } rows[] = {
#define CHANGE(ref, old_id, new_id, kind) {TEXT(ref), old_id, new_id, sizeof(old_id) - 1, kind}
        {TEXT(A " " B " refs/heads/main\n"), 1, CHANGE("refs/heads/main", A, B, CHANGE_MOVE)},
        {TEXT(Z " " B " refs/heads/main\n"), 1, CHANGE("refs/heads/main", Z, B, CHANGE_CREATE)},
        {TEXT(A " " Z " refs/heads/main\n"), 1, CHANGE("refs/heads/main", A, Z, CHANGE_DELETE)},
        {TEXT(A " " B " refs/tags/v1\n"), 1, CHANGE("refs/tags/v1", A, B, CHANGE_REWRITE)},
        {TEXT(A " " A " refs/heads/x\n"), 1, CHANGE("refs/heads/x", A, A, CHANGE_MOVE)},
        {TEXT(A64 " " B64 " refs/heads/x\n"), 1, CHANGE("refs/heads/x", A64, B64, CHANGE_MOVE)},
        {TEXT(Z64 " " B64 " refs/heads/x\n"), 1, CHANGE("refs/heads/x", Z64, B64, CHANGE_CREATE)},
        {TEXT(A " " B " refs/heads/\xff\xc3\xa4\n"), 1,
         CHANGE("refs/heads/\xff\xc3\xa4", A, B, CHANGE_MOVE)},
        {TEXT(A " " B " refs/stash\n"), 1, CHANGE("refs/stash", A, B, CHANGE_MOVE)},
        {TEXT(A " " B " refs/heads/b\n" Z " " A " refs/heads/a\n"), 2,
         CHANGE("refs/heads/b", A, B, CHANGE_MOVE)},
        {TEXT(A " " B " refs/heads/a\n" Z " " A " refs/heads/a/b\n" Z " " A " refs/heads/A\n"), 3,
         CHANGE("refs/heads/a", A, B, CHANGE_MOVE)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena;
        struct updates out;
        struct error err = {STATUS_OK, ""};
        if (parse(rows[i].bytes, &usual, &arena, &out, &err))
            fail_msg("row %zu: %s", i, err.text);
        const struct change *got = &out.changes[0], *want = &rows[i].first;
        assert_int_equal(out.count, rows[i].count);
        assert_true(text_equal(got->ref, want->ref));
        assert_true(text_equal(change_old(got), change_old(want)));
        assert_true(text_equal(change_new(got), change_new(want)));
        assert_int_equal(got->kind, want->kind);
        assert_string_equal(out.digest.hex, digest_of(rows[i].bytes).hex);
        arena_free(&arena);
    }
}

static void malformed(void **state)
{
    (void)state;
    static const struct {
        struct text bytes;
        const char *sentence;
    } rows[] = {
        {TEXT(""), "nothing on stdin"},
        {TEXT("\n"), "line 1 of stdin is malformed: the old id is not 40 or 64"},
        {TEXT("\n" A " " B " refs/heads/a\n"), "line 1 "},
        {TEXT(A " " B " refs/heads/a\n\n"), "line 2 "},
        {TEXT(A " " B " refs/heads/a"), "line 1 of stdin has no newline"},
        {TEXT(A " " B " refs/heads/a\n" A " " B " refs/heads/b"), "line 2 of stdin has no newline"},
        {TEXT(A " " B " refs/heads/a\r\n"), "line 1 of stdin is malformed: it holds a carriage"},
        {TEXT(A " " B " refs/heads/a \n"), "a blank"},
        {TEXT(A " " B " refs/heads/a\t\n"), "a blank"},
        {TEXT(A " " B "  refs/heads/a\n"), "a blank"},
        {TEXT(A "\t" B " refs/heads/a\n"), "the old id is not 40 or 64"},
        {TEXT(A "  " B " refs/heads/a\n"), "the new id is not 40 or 64"},
        {TEXT(" " A " " B " refs/heads/a\n"), "the old id is not 40 or 64"},
        {TEXT(A " " B " refs/heads/a b\n"), "a blank"},
        {TEXT(A " " B " refs/heads/a\0b\n"), "a NUL byte"},
        {TEXT(A " \0" B " refs/heads/a\n"), "a NUL byte"},
        {TEXT(A " " B "\n"), "no ref behind the ids"},
        {TEXT(A " " B " \n"), "no ref behind the ids"},
        {TEXT(A " " B), "no newline"},
        {TEXT(A "\n"), "the new id is not 40 or 64"},
        {TEXT("refs/heads/a\n"), "the old id is not 40 or 64"},
        {TEXT(A " " B " main\n"), "not a valid name"},
        {TEXT(A " " B " refs/heads/a..b\n"), "not a valid name"},
        {TEXT(A " " B " refs/heads/.a\n"), "not a valid name"},
        {TEXT(A " " B " refs/heads/a.lock\n"), "not a valid name"},
        {TEXT(A " " B " refs/heads/\x1b[31m\n"), "not a valid name"},
        {TEXT(A " " B " refs/heads/a~1\n"), "not a valid name"},
        {TEXT(A " ABCDEF0123456789abcdef0123456789abcdef01 refs/heads/a\n"),
         "the new id is not lower-case hex"},
        {TEXT("ABCDEF0123456789abcdef0123456789abcdef01 " A " refs/heads/a\n"),
         "the old id is not lower-case hex"},
        {TEXT("g111111111111111111111111111111111111111 " A " refs/heads/a\n"),
         "the old id is not lower-case hex"},
        {TEXT("111111111111111111111111111111111111111 " A " refs/heads/a\n"),
         "the old id is not 40 or 64"},
        {TEXT("11111111111111111111111111111111111111111 " A " refs/heads/a\n"),
         "the old id is not 40 or 64"},
        {TEXT(A " " B64 " refs/heads/a\n"), "its two ids differ in length"},
        {TEXT(A64 " " B " refs/heads/a\n"), "its two ids differ in length"},
        {TEXT(A " " B " refs/heads/a\n" A64 " " B64 " refs/heads/b\n"),
         "line 2 of stdin is malformed: its ids differ in length from those above"},
        {TEXT(A64 " " B64 " refs/heads/a\n" A " " B " refs/heads/b\n"),
         "line 2 of stdin is malformed: its ids differ in length from those above"},
        {TEXT(Z " " Z " refs/heads/a\n"), "both ids are zero"},
        {TEXT(Z64 " " Z64 " refs/heads/a\n"), "both ids are zero"},
        {TEXT(A " " B " refs/heads/a\n" A " " B " refs/heads/a\n"),
         "lines 1 and 2 of stdin name the same ref"},
        {TEXT(A " " B " refs/heads/b\n" A " " B " refs/heads/a\n" Z " " B " refs/heads/c\n" B " " A
                " refs/heads/b\n"),
         "lines 1 and 4 of stdin name the same ref"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena;
        struct updates out = {.count = 99};
        struct error err = {STATUS_OK, ""};
        assert_int_equal(parse(rows[i].bytes, &usual, &arena, &out, &err), STATUS_FORMAT);
        if (!strstr(err.text, rows[i].sentence))
            fail_msg("row %zu: wanted \"%s\", got \"%s\"", i, rows[i].sentence, err.text);
        for (const char *c = err.text; *c; c++)
            assert_true(*c >= ' ' && *c < 0x7f);
        assert_int_equal(out.count, 99);
        arena_free(&arena);
    }
}

/* One byte changed anywhere in good input never crashes, and never gives a ref with a byte that a
 * ref cannot hold. */
static void every_byte_changed(void **state)
{
    (void)state;
    static const char input[] = A " " B " refs/heads/main\n" Z " " A " refs/tags/v1\n";
    char copy[sizeof input];
    for (size_t at = 0; at < sizeof input - 1; at++)
        for (unsigned byte = 0; byte < 256; byte++) {
            struct arena arena;
            struct updates out;
            memcpy(copy, input, sizeof input);
            copy[at] = (char)byte;
            if (!parse((struct text){copy, sizeof input - 1}, &usual, &arena, &out, NULL))
                for (size_t i = 0; i < out.count; i++)
                    for (size_t b = 0; b < out.changes[i].ref.size; b++)
                        assert_true((unsigned char)out.changes[i].ref.at[b] > ' ');
            arena_free(&arena);
        }
}

static void limits(void **state)
{
    (void)state;
    struct arena arena;
    struct updates out;
    struct error err;
    const struct text two = TEXT(A " " B " refs/heads/a\n" A " " B " refs/heads/b\n");
    struct updates_limits tight = {2, two.size / 2 - 1, 1 << 20, 0};
    assert_int_equal(parse(two, &tight, &arena, &out, &err), STATUS_OK);
    arena_free(&arena);
    tight.max_refs = 1;
    assert_int_equal(parse(two, &tight, &arena, &out, &err), STATUS_LIMIT);
    assert_non_null(strstr(err.text, "2 refs in one push"));
    arena_free(&arena);
    tight = (struct updates_limits){2, two.size / 2 - 2, 1 << 20, 0};
    assert_int_equal(parse(two, &tight, &arena, &out, &err), STATUS_LIMIT);
    assert_non_null(strstr(err.text, "line 1 of stdin is longer than"));
    arena_free(&arena);
    arena_init(&arena, 0);
    assert_int_equal(updates_parse(two, &usual, &arena, &out, &err), STATUS_MEMORY);
}

/* ------------------------------------------------------------------ many refs */

/* count lines; with `shuffle` not in order; the ref of line `again` is the one of line `first`. */
static void many_lines(struct buffer *out, size_t count, bool shuffle, size_t first, size_t again)
{
    buffer_init(out, SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t n = i == again ? first : i;
        n = shuffle ? n * 7919 % count : n;
        buffer_printf(out, "%s %s refs/heads/team/feature/some-branch-%08zu\n", A, B, n);
    }
}

static void hundred_thousand(void **state)
{
    (void)state;
    const size_t count = 100003; /* a prime: n * 7919 goes through all of them */
    const struct updates_limits wide = {200000, 300, 64 << 20, 0};
    for (int shuffle = 0; shuffle < 2; shuffle++) {
        struct buffer input;
        struct arena arena;
        struct updates out;
        struct error err;
        many_lines(&input, count, shuffle, 0, SIZE_MAX);
        assert_int_equal(parse(buffer_view(&input), &wide, &arena, &out, &err), STATUS_OK);
        assert_int_equal(out.count, count);
        arena_free(&arena);
        buffer_free(&input);

        many_lines(&input, count, shuffle, 17, 99000);
        assert_int_equal(parse(buffer_view(&input), &wide, &arena, &out, &err), STATUS_FORMAT);
        assert_non_null(strstr(err.text, "lines 18 and 99001 of stdin name the same ref"));
        arena_free(&arena);
        buffer_free(&input);
    }
}

/* ------------------------------------------------------------------ reading */

static void open_pipe(int fds[2])
{
    assert_int_equal(pipe(fds), 0);
}

static void *write_slowly(void *argument)
{
    int fd = *(int *)argument;
    for (int i = 0; i < 3; i++) {
        usleep(2000);
        assert_int_equal(write(fd, "abc", 3), 3);
    }
    close(fd);
    return NULL;
}

static void reads_to_the_end(void **state)
{
    (void)state;
    int fds[2];
    pthread_t writer;
    struct buffer bytes;
    const struct updates_limits bounded = {1, 1, 9, clock_monotonic_us() + 60 * 1000 * 1000};
    open_pipe(fds);
    assert_int_equal(pthread_create(&writer, NULL, write_slowly, &fds[1]), 0);
    buffer_init(&bytes, SIZE_MAX);
    assert_int_equal(updates_read(fds[0], &bounded, &bytes, NULL), STATUS_OK);
    pthread_join(writer, NULL);
    assert_true(text_equal(buffer_view(&bytes), TEXT("abcabcabc")));
    buffer_free(&bytes);
    close(fds[0]);
}

static void silent_stdin(void **state)
{
    (void)state;
    int fds[2];
    struct buffer bytes;
    struct error err;
    int64_t start = clock_monotonic_us();
    const struct updates_limits soon = {1, 1, 100, start + 30 * 1000};
    open_pipe(fds);
    buffer_init(&bytes, SIZE_MAX);
    assert_int_equal(updates_read(fds[0], &soon, &bytes, &err), STATUS_DEADLINE);
    assert_true(clock_monotonic_us() - start >= 30 * 1000);
    buffer_free(&bytes);
    close(fds[0]);
    close(fds[1]);
}

static void too_much(void **state)
{
    (void)state;
    int fds[2];
    struct buffer bytes;
    struct error err;
    const struct updates_limits small = {1, 1, 8, 0};
    open_pipe(fds);
    assert_int_equal(write(fds[1], "123456789", 9), 9);
    close(fds[1]);
    buffer_init(&bytes, SIZE_MAX);
    assert_int_equal(updates_read(fds[0], &small, &bytes, &err), STATUS_LIMIT);
    assert_non_null(strstr(err.text, "longer than 8 bytes"));
    buffer_free(&bytes);
    close(fds[0]);
}

static void unreadable(void **state)
{
    (void)state;
    struct buffer bytes;
    struct error err;
    int fd = open("/dev/null", O_WRONLY);
    buffer_init(&bytes, SIZE_MAX);
    assert_int_equal(updates_read(fd, &usual, &bytes, &err), STATUS_IO);
    close(fd);
    assert_int_equal(updates_read(fd, &usual, &bytes, &err), STATUS_IO);
    buffer_free(&bytes);
    buffer_init(&bytes, 2);
    fd = open("Makefile", O_RDONLY);
    assert_int_equal(updates_read(fd, &usual, &bytes, &err), STATUS_MEMORY);
    close(fd);
    buffer_free(&bytes);
}

static struct buffer creates(size_t count, int width)
{
    struct buffer bytes;
    buffer_init(&bytes, SIZE_MAX);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&bytes, Z " " B " refs/heads/%0*zu\n", width, i);
    assert_false(bytes.failed);
    return bytes;
}

/* What may take longer than some milliseconds looks at the time: many lines, many bytes. */
static void time_is_over(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        int width;
        int64_t deadline_us;
        enum status want;
    } rows[] = {
        {1, 1, 1, STATUS_OK},
        {10000, 1, 0, STATUS_OK},
        {10000, 1, 1, STATUS_DEADLINE},
        {30, 100000, 0, STATUS_OK},
        {30, 100000, 1, STATUS_DEADLINE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct updates_limits limits = {10000, 200000, SIZE_MAX, rows[i].deadline_us};
        struct buffer bytes = creates(rows[i].count, rows[i].width);
        struct arena arena;
        struct updates out;
        struct error err = {STATUS_OK, ""};
        enum status got = parse(buffer_view(&bytes), &limits, &arena, &out, &err);
        if (got != rows[i].want)
            fail_msg("row %zu: %d: %s", i, (int)got, err.text);
        arena_free(&arena);
        buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"githooks(5): <old> SP <new> SP <ref> LF", good, NULL, NULL, NULL},
        {"semantics 8: malformed stdin is refused, naming the line", malformed, NULL, NULL, NULL},
        {"any byte of stdin may be any byte", every_byte_changed, NULL, NULL, NULL},
        {"semantics 8: number of refs and length of lines are bounded", limits, NULL, NULL, NULL},
        {"a ref that stands twice is found among 100,003, in order or not", hundred_thousand, NULL,
         NULL, NULL},
        {"stdin is read to its end, in pieces", reads_to_the_end, NULL, NULL, NULL},
        {"semantics 8: a silent stdin ends at the deadline", silent_stdin, NULL, NULL, NULL},
        {"semantics 8: a long one is looked at until the deadline", time_is_over, NULL, NULL, NULL},
        {"more bytes than allowed are refused", too_much, NULL, NULL, NULL},
        {"a stdin that cannot be read is an error", unreadable, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
