/*
 * updates.h - the ref updates on a pre-receive hook's stdin: `<old> SP <new> SP <ref> LF`
 * (githooks(5)), checked byte by byte.
 */
#ifndef REFGATE_PUSH_UPDATES_H
#define REFGATE_PUSH_UPDATES_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "model/change.h"

struct updates_limits {
    uint64_t max_refs, max_line, max_bytes;
    int64_t deadline_us; /* clock_monotonic_us() value; 0: none */
};
struct updates {
    const struct change *changes; /* point into the buffer that was parsed */
    size_t count;
    struct digest digest; /* SHA-256 of all bytes */
};

/* Reads fd to its end into `bytes`. STATUS_LIMIT, STATUS_IO, STATUS_DEADLINE (poll with the
 * deadline: a silent stdin must not hang the push). */
enum status updates_read(int fd, const struct updates_limits *limits, struct buffer *bytes,
                         struct error *err) MUST_CHECK;
/* Parses all of `bytes`, which must outlive *out. Kinds are change_kind_without_history().
 * STATUS_FORMAT names the line and what is wrong (bad id, ids of different length, both zero, bad
 * ref name, NUL, missing newline at the end, upper case, the same ref twice, nothing at all);
 * STATUS_LIMIT for too many refs or too long a line; STATUS_DEADLINE where there are so many that the
 * time is over (few are parsed whatever the deadline is). */
enum status updates_parse(struct text bytes, const struct updates_limits *limits,
                          struct arena *arena, struct updates *out, struct error *err) MUST_CHECK;

#endif
