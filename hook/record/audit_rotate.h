/*
 * audit_rotate.h - begins a new audit log that goes on where the old one ended.
 *
 * The first line of the new log is the record of the rotation, sealed like any other line:
 *
 *     {"type":"rotation","time":"…","host":"bb1","version":"1.0.0",
 *      "continues":"audit.jsonl-20261122T041000Z",
 *      "dropped":{"files":1,"newest":"audit.jsonl-20261022T041000Z","begins_after":"<64 hex>"},
 *      "prev":"<hash of the last line of the old log>","hash":"…"}
 *
 * `dropped` is there when older files are deleted: the chain that is left begins after that hash, on
 * purpose. At each moment the log's path names a whole log, and whoever waits to append opens the
 * new one: no line is lost, and none is written to a file that was rotated away. Killed at any step,
 * it leaves a chain that is whole; the next rotation clears up.
 */
#ifndef REFGATE_RECORD_AUDIT_ROTATE_H
#define REFGATE_RECORD_AUDIT_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "record/audit_series.h"

struct audit_rotation_request {
    const char *path;
    /* Only if it is larger than that many bytes, or its first record is older: either will do; 0: not
     * asked for. */
    uint64_t if_larger;
    int64_t if_older_ms;
    size_t keep; /* rotated files that stay; 0: all */
    bool compress;
    int64_t now_ms, deadline_us; /* deadline_us: for the log's lock, of clock_monotonic_us() */
    const char *host, *version;
};

struct audit_rotation {
    bool rotated;
    const char *why_not; /* a sentence, when it was not (that is no error) */
    char *rotated_to;    /* path of what was the log; with ".gz" once it is compressed */
    struct audit_series dropped, compressed; /* paths, compressed ones as they were before */
};

/* STATUS_NOT_FOUND: there is no log. STATUS_BUSY: another rotation is under way. STATUS_DEADLINE,
 * STATUS_IO, STATUS_TRUST, STATUS_MEMORY, STATUS_LIMIT. *out says what was done, also on failure:
 * the caller frees it. */
enum status audit_rotate(const struct audit_rotation_request *request, struct audit_rotation *out,
                         struct error *err) MUST_CHECK;
void audit_rotation_free(struct audit_rotation *rotation); /* also of a zeroed one */

#endif
