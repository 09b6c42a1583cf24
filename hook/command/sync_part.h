/*
 * sync_part.h - `sync --project`, `--repo`: what of the instance is read anew.
 */
#ifndef REFGATE_COMMAND_SYNC_PART_H
#define REFGATE_COMMAND_SYNC_PART_H

#include "command/sync_run.h"

/* For crawl_options.scope. Refers to the run's options and to the snapshot in place. */
struct crawl_scope sync_part_scope(struct sync_run *run, int64_t started_ms);
/* How many parts of a snapshot were read after the rest; 0 if that cannot be told. */
uint64_t sync_part_count(struct snapshot *snapshot);

#endif
