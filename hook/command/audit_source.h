/*
 * audit_source.h - the decisions of one log, file after file, one at a time.
 *
 * Rotations are passed over; what else is no decision is told on stderr, since the answer lacks it.
 */
#ifndef REFGATE_COMMAND_AUDIT_SOURCE_H
#define REFGATE_COMMAND_AUDIT_SOURCE_H

#include <jansson.h>

#include "base/digest.h"
#include "command/audit_filter.h"
#include "record/audit_read.h"

struct audit_source {
    const struct arguments *args;      /* for messages */
    const struct audit_filter *filter; /* only to pass over what cannot be wanted; may be NULL */
    const char *const *paths;          /* rotated files, oldest first, and the log */
    size_t count, next;
    struct audit_reader
        *log; /* the last of them, opened at the start: what was in it then is read */
    struct audit_reader *reader;
    const char *path; /* of the reader */
    bool trouble;     /* something could not be read, and was told */
    json_t *record;   /* the decision; NULL at the end */
    struct text line; /* as it stands there */
    const char *time;
    uint64_t number;
    unsigned complaints; /* lines that were no decisions; told up to a limit */
    struct digest head;   /* of the last line that had a hash; empty: none yet */
    struct digest before; /* the head that the decision's line follows; likewise */
};

/* The caller has set args, paths and count (at least 1), the log if it is open already, which is taken
 * over, and zeroed the rest. false: trouble was
 * printed. In any case the caller calls audit_source_close(). */
bool audit_source_open(struct audit_source *source);
/* The next decision of the reader alone, or NULL. */
const json_t *audit_source_read(struct audit_source *source);
/* Moves to the next decision of all files; the reader of the last one stays open. */
void audit_source_next(struct audit_source *source);
void audit_source_close(struct audit_source *source); /* also of a zeroed one */

#endif
