/* merge.h - the restrictions of a repository: its own, and its project's. */
#ifndef REFGATE_SNAPSHOT_MERGE_H
#define REFGATE_SNAPSHOT_MERGE_H

#include "snapshot/long_record.h"

/* Both lists ascend by id; of two with the same id the repository's copy wins (semantics.md 4.2). Only
 * those that are wanted come into the list, in the arena; all are checked. STATUS_FORMAT, STATUS_MEMORY. */
enum status restrictions_merge(const struct place_record *own, const struct place_record *above,
                               const struct restriction_choice *choice, struct arena *arena,
                               const struct restriction **list, size_t *count,
                               struct error *err) MUST_CHECK;

#endif
