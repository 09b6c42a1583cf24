/*
 * approval_file.h - the files of an approval as JSON: the approval itself, one that says of a use who
 * took it, one that says who revoked it. refgate-approve(8) documents them.
 *
 * What is read is not trusted to be well-formed: a field that is missing, of another type, of unknown
 * meaning or out of bounds makes the whole file malformed.
 */
#ifndef REFGATE_RECORD_APPROVAL_FILE_H
#define REFGATE_RECORD_APPROVAL_FILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "policy/approval.h"

#define APPROVAL_FILE_MAX ((size_t)64 * 1024)

struct approval_use {     /* who took it; texts may be absent in one that was read */
    struct text decision; /* id */
    struct text repository, pusher;
    struct digest push; /* of repository, pusher and stdin: the same push again has the same */
    int64_t time_ms;
    struct text host;
};

struct approval_revocation {
    struct account by;
    struct text reason;
    int64_t time_ms;
};

/* out->state is OPEN, out->used 0. STATUS_FORMAT: malformed, or approval_problem(); STATUS_MEMORY. Texts
 * live in the arena. */
enum status approval_file_read(struct text bytes, struct arena *arena, struct approval *out,
                               struct error *err) MUST_CHECK;
enum status approval_file_write(const struct approval *approval, struct buffer *out,
                                struct error *err) MUST_CHECK;

enum status approval_use_read(struct text bytes, struct arena *arena, struct approval_use *out,
                              struct error *err) MUST_CHECK;
enum status approval_use_write(const struct approval_use *use, struct buffer *out,
                               struct error *err) MUST_CHECK;

enum status approval_revocation_read(struct text bytes, struct arena *arena,
                                     struct approval_revocation *out, struct error *err) MUST_CHECK;
enum status approval_revocation_write(const struct approval_revocation *revocation,
                                      struct buffer *out, struct error *err) MUST_CHECK;

#endif
