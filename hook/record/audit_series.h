/*
 * audit_series.h - an audit log and the files that were rotated away from it, which stand beside it:
 *
 *     audit.jsonl-20261122T041000Z.gz    the oldest
 *     audit.jsonl-20261123T041000Z
 *     audit.jsonl-20261123T041000Z_02    a second one within that second
 *     audit.jsonl                        the log
 *
 * The order of the names (in bytes) is the order of the chain.
 */
#ifndef REFGATE_RECORD_AUDIT_SERIES_H
#define REFGATE_RECORD_AUDIT_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define AUDIT_SUFFIX_SIZE 24 /* -20261122T041000Z_02 and a NUL */

struct audit_reader; /* audit_read.h */

struct audit_series {
    char **paths; /* of the rotated files, oldest first; the log itself is not among them */
    size_t count;
    char *twin; /* a second name of the log, where a rotation was interrupted; NULL: none */
};

/* Lists them. Of a file that is there both compressed and not, the one that is not (the compression
 * was interrupted); a second name of the log itself is left out. A directory that does not exist has
 * none. STATUS_IO, STATUS_MEMORY. The caller frees. */
enum status audit_series_list(const char *log, struct audit_series *out,
                              struct error *err) MUST_CHECK;
/* The same, and opens the log so that no rotation lies between: what is in it now, and what was rotated
 * away before, all of it once. *reader: the caller closes it; NULL where there is no log, or it cannot be
 * opened (who opens it then reads why). STATUS_BUSY: it is rotated all the time. */
enum status audit_series_open(const char *log, struct audit_series *out,
                              struct audit_reader **reader, struct error *err) MUST_CHECK;
void audit_series_free(struct audit_series *series); /* also of a zeroed one */
/* The name without ".gz". */
struct text audit_series_stem(struct text path);
/* When a file with such a name was rotated away; false: it has another name. */
bool audit_series_time(struct text path, int64_t *ms);
/* What the log's path is given when it is rotated at this time: after all that are in the list, even
 * if the clock went back. STATUS_LIMIT: the calendar ends. */
enum status audit_series_suffix(const struct audit_series *series, int64_t now_ms,
                                char out[AUDIT_SUFFIX_SIZE], struct error *err) MUST_CHECK;

#endif
