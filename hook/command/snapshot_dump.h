/* snapshot_dump.h - records of the snapshot as JSON, for people and grep (refgate-snapshot(5)). */
#ifndef REFGATE_COMMAND_SNAPSHOT_DUMP_H
#define REFGATE_COMMAND_SNAPSHOT_DUMP_H

#include <jansson.h>
#include <stdio.h>

#include "snapshot/reader.h"

/* A new object; never NULL-checked by callers: jansson's setters take NULL. */
json_t *snapshot_dump_meta(const struct meta_record *meta);
/* What the record `parts` says, as a list; NULL if it is malformed. */
json_t *snapshot_dump_parts(struct text body);
/* One record. STATUS_NOT_FOUND, STATUS_FORMAT (damaged). Names may be in any case. */
enum status snapshot_dump_one(struct snapshot *snapshot, struct text key, FILE *out,
                              struct error *err) MUST_CHECK;
/* All records whose key begins with `prefix`, in the order of the file; goes on after a damaged one
 * and gives STATUS_FORMAT for the first of them in the end. */
enum status snapshot_dump_all(struct snapshot *snapshot, struct text prefix, FILE *out,
                              struct error *err) MUST_CHECK;

#endif
