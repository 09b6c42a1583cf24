/*
 * audit_read.h - the lines of an audit log, one after the other, in memory for one line.
 */
#ifndef REFGATE_RECORD_AUDIT_READ_H
#define REFGATE_RECORD_AUDIT_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct audit_reader;

struct audit_line {
    struct text text; /* without the newline; until the next call */
    uint64_t number;  /* from 1 */
    bool too_long;    /* over AUDIT_LINE_MAX: `text` is empty */
    bool unfinished;  /* the last line of the file, and no newline after it */
};

/* "-" is stdin. A file that is being written to is read up to the end of the last line that was
 * whole when it was opened. STATUS_NOT_FOUND, STATUS_IO, STATUS_MEMORY; no path in the text. */
enum status audit_read_open(const char *path, struct audit_reader **out,
                            struct error *err) MUST_CHECK;
/* STATUS_NOT_FOUND at the end; STATUS_IO, STATUS_MEMORY. */
enum status audit_read_next(struct audit_reader *reader, struct audit_line *line,
                            struct error *err) MUST_CHECK;
/* From the beginning again; false for a pipe. */
bool audit_read_rewind(struct audit_reader *reader);
void audit_read_close(struct audit_reader *reader); /* NULL is fine */

#endif
