#include "push/updates.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/ref.h"
#include "push/ref_set.h"

#define CHUNK_SIZE ((size_t)16 * 1024)
#define SHA1_DIGITS 40
#define LINES_BETWEEN_CLOCKS 4096
#define SHA256_DIGITS 64

/* ------------------------------------------------------------------ reading */

/* Waits until fd can be read, or the deadline. */
static enum status wait_readable(int fd, int64_t deadline_us, struct error *err)
{
    for (;;) {
        struct pollfd want = {.fd = fd, .events = POLLIN};
        int64_t left_us = deadline_us ? deadline_us - clock_monotonic_us() : 0;
        if (deadline_us && left_us <= 0)
            break;
        int64_t left_ms = left_us / 1000 + 1;
        int ready = poll(&want, 1, !deadline_us ? -1 : left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (ready > 0)
            return STATUS_OK;
        if (ready < 0 && errno != EINTR && errno != EAGAIN)
            return error_errno(err, STATUS_IO, errno, "cannot wait for the ref updates");
    }
    return error_set(err, STATUS_DEADLINE, "the ref updates did not arrive in time");
}

enum status updates_read(int fd, const struct updates_limits *limits, struct buffer *bytes,
                         struct error *err)
{
    char chunk[CHUNK_SIZE] READ_INTO;
    size_t before = bytes->size;
    for (;;) {
        enum status status = wait_readable(fd, limits->deadline_us, err);
        if (status)
            return status;
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            return error_errno(err, STATUS_IO, errno, "cannot read the ref updates");
        if (!got)
            return STATUS_OK;
        if ((uint64_t)got > limits->max_bytes ||
            bytes->size - before > limits->max_bytes - (uint64_t)got)
            return error_set(err, STATUS_LIMIT,
                             "the ref updates are longer than %" PRIu64
                             " bytes; push fewer refs at a time",
                             limits->max_bytes);
        buffer_add(bytes, chunk, (size_t)got);
        if (bytes->failed)
            return error_set(err, STATUS_MEMORY, "out of memory for the ref updates");
    }
}

/* ------------------------------------------------------------------ one line */

/* 1: digit of an object id. Upper case is not: git writes lower case only. */
static const uint8_t hex_digit[256] = {
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
    ['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1,
};

static bool all_hex(const char *at, size_t size)
{
    unsigned good = 1;
    for (size_t i = 0; i < size; i++)
        good &= hex_digit[(unsigned char)at[i]];
    return good;
}

static bool all_zero(const char *at, size_t size)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    return !memcmp(at, zeros, size);
}

/* What is wrong with a line whose first id, space, second id and space are not where they must be.
 * Never shows the bytes themselves. */
static const char *line_problem(struct text line)
{
    if (memchr(line.at, '\0', line.size))
        return "it holds a NUL byte";
    const char *space = memchr(line.at, ' ', line.size);
    size_t size = space ? (size_t)(space - line.at) : line.size;
    if (size != SHA1_DIGITS && size != SHA256_DIGITS)
        return "the old id is not 40 or 64 hex digits";
    if (!all_hex(line.at, size))
        return "the old id is not lower-case hex";
    struct text rest = text_skip(line, space ? size + 1 : size);
    space = rest.size ? memchr(rest.at, ' ', rest.size) : NULL;
    size_t new_size = space ? (size_t)(space - rest.at) : rest.size;
    if (new_size == size && !all_hex(rest.at, size))
        return "the new id is not lower-case hex";
    if (new_size != size)
        return new_size == SHA1_DIGITS || new_size == SHA256_DIGITS
                   ? "its two ids differ in length"
                   : "the new id is not 40 or 64 hex digits";
    return "there is no ref behind the ids";
}

static const char *ref_problem(struct text ref)
{
    if (memchr(ref.at, '\0', ref.size))
        return "it holds a NUL byte";
    if (memchr(ref.at, '\r', ref.size))
        return "it holds a carriage return";
    if (memchr(ref.at, ' ', ref.size) || memchr(ref.at, '\t', ref.size))
        return "there is a blank in or behind the ref";
    return "the ref is not a valid name (git check-ref-format)";
}

/* `<id> SP <id> SP` with ids of `size` digits, and something behind. */
static bool has_shape(struct text line, size_t size)
{
    return line.size > 2 * size + 2 && line.at[size] == ' ' && line.at[2 * size + 1] == ' ' &&
           all_hex(line.at, size) && all_hex(line.at + size + 1, size);
}

/* NULL if the line is good, else what is wrong. *id_size: 0 in the first line. */
static const char *parse_line(struct text line, size_t *id_size, struct change *out)
{
    if (!*id_size)
        *id_size = has_shape(line, SHA256_DIGITS) ? SHA256_DIGITS : SHA1_DIGITS;
    size_t size = *id_size;
    if (!has_shape(line, size))
        return has_shape(line, SHA1_DIGITS + SHA256_DIGITS - size)
                   ? "its ids differ in length from those above"
                   : line_problem(line);
    *out = (struct change){.ref = text_skip(line, 2 * size + 2),
                           .old_id = line.at,
                           .new_id = line.at + size + 1,
                           .id_size = (uint8_t)size};
    if (!ref_name_valid(out->ref))
        return ref_problem(out->ref);
    if (all_zero(out->old_id, size) && all_zero(out->new_id, size))
        return "both ids are zero";
    out->kind = change_kind_without_history(out);
    return NULL;
}

/* ------------------------------------------------------------------ all lines */

/* Lines, or what hinders to look at them. */
static enum status count_lines(struct text bytes, const struct updates_limits *limits,
                               size_t *lines, struct error *err)
{
    if (!bytes.size)
        return error_set(err, STATUS_FORMAT,
                         "nothing on stdin: a pre-receive hook is given the ref updates there");
    size_t count = 0;
    for (struct text rest = bytes; rest.size; count++) {
        const char *end = memchr(rest.at, '\n', rest.size);
        if (!end)
            return error_set(err, STATUS_FORMAT, "line %zu of stdin has no newline at its end",
                             count + 1);
        size_t size = (size_t)(end - rest.at);
        if (size > limits->max_line)
            return error_set(err, STATUS_LIMIT,
                             "line %zu of stdin is longer than %" PRIu64 " bytes", count + 1,
                             limits->max_line);
        rest = text_skip(rest, size + 1);
    }
    if (count > limits->max_refs)
        return error_set(err, STATUS_LIMIT,
                         "%zu refs in one push, at most %" PRIu64
                         " are allowed; push fewer refs at a time",
                         count, limits->max_refs);
    *lines = count;
    return STATUS_OK;
}

static enum status too_late(struct error *err)
{
    return error_set(err, STATUS_DEADLINE, "looking at the ref updates took too long");
}

/* git refuses a push that names a ref twice; two verdicts for one ref would have no meaning. git
 * sends refs in order, mostly: then nothing needs to be looked up. */
static enum status refuse_duplicates(const struct change *changes, size_t count,
                                     struct arena *arena, struct error *err)
{
    size_t i = 1, first, again;
    while (i < count && text_compare(changes[i - 1].ref, changes[i].ref) < 0)
        i++;
    if (i >= count)
        return STATUS_OK;
    enum status status = ref_set_find_repeated(changes, count, arena, &first, &again);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status)
        return error_set(err, status, "out of memory for the ref updates");
    return error_set(err, STATUS_FORMAT, "lines %zu and %zu of stdin name the same ref", first + 1,
                     again + 1);
}

enum status updates_parse(struct text bytes, const struct updates_limits *limits,
                          struct arena *arena, struct updates *out, struct error *err)
{
    size_t count = 0, id_size = 0;
    enum status status = count_lines(bytes, limits, &count, err);
    if (status)
        return status;
    struct change *changes = arena_alloc(arena, count, sizeof(*changes));
    if (!changes)
        return error_set(err, STATUS_MEMORY, "out of memory for the ref updates");
    struct text rest = bytes, line;
    for (size_t i = 0; i < count && text_next_field(&rest, '\n', &line); i++) {
        if (i % LINES_BETWEEN_CLOCKS == LINES_BETWEEN_CLOCKS - 1 && limits->deadline_us &&
            clock_monotonic_us() >= limits->deadline_us)
            return too_late(err);
        const char *problem = parse_line(line, &id_size, &changes[i]);
        if (problem)
            return error_set(err, STATUS_FORMAT, "line %zu of stdin is malformed: %s", i + 1,
                             problem);
    }
    status = refuse_duplicates(changes, count, arena, err);
    if (status)
        return status;
    struct updates updates = {changes, count, {{0}}};
    if (!digest_of_until(bytes, limits->deadline_us, &updates.digest))
        return too_late(err);
    *out = updates;
    return STATUS_OK;
}
