/*
 * audit_read.h - the lines of an audit log, one after the other, in memory for one line.
 */
#ifndef REFGATE_RECORD_AUDIT_READ_H
#define REFGATE_RECORD_AUDIT_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "model/answer.h"

struct audit_reader;

struct audit_line {
    struct text text; /* without the newline; until the next call */
    uint64_t number;  /* from 1 */
    bool too_long;    /* over AUDIT_LINE_MAX: `text` is empty */
    bool unfinished;  /* the last line of the file, and no newline after it */
};

/* "-" is stdin. A file that is being written to is read up to the end of the last line that was
 * whole when it was opened. A compressed file (gzip, by its first bytes) is read as what is in it;
 * where PATH does not exist and PATH.gz does, that one. STATUS_NOT_FOUND, STATUS_IO, STATUS_MEMORY;
 * STATUS_TRUST: it has the name of a rotated file (audit_series.h), and is a FIFO or the like. No path
 * in the text. */
enum status audit_read_open(const char *path, struct audit_reader **out,
                            struct error *err) MUST_CHECK;
/* STATUS_NOT_FOUND at the end; STATUS_IO, STATUS_MEMORY; STATUS_FORMAT: a compressed file is damaged
 * or cut short. */
enum status audit_read_next(struct audit_reader *reader, struct audit_line *line,
                            struct error *err) MUST_CHECK;
/* For a log that is followed, at its end. Were whole lines added since? The next read gives them.
 * AUDIT_CUT: the file is shorter than it was. A pipe and a compressed file do not grow. */
enum audit_growth { AUDIT_SAME, AUDIT_GREW, AUDIT_CUT };
enum audit_growth audit_read_grow(struct audit_reader *reader);
/* Is this still the file that PATH names? CANNOT_TELL: PATH names none now. */
enum answer audit_read_names(const struct audit_reader *reader, const char *path);
/* From the beginning again; false for a pipe. */
bool audit_read_rewind(struct audit_reader *reader);
void audit_read_close(struct audit_reader *reader); /* NULL is fine */

#endif
