/*
 * names.h - what numbers in a snapshot are called, for tools that print them.
 */
#ifndef REFGATE_SNAPSHOT_NAMES_H
#define REFGATE_SNAPSHOT_NAMES_H

#include "base/arena.h"
#include "snapshot/reader.h"

/* The name as Bitbucket writes it; "#NUMBER" for one that the snapshot does not know (or cannot read).
 * In the map, or in `arena` (which may be NULL if the file is mapped and what is not known may be
 * absent). */
struct text names_user(struct snapshot *snapshot, uint64_t id, struct arena *arena);
struct text names_group(struct snapshot *snapshot, uint32_t number, struct arena *arena);
struct text names_project(struct snapshot *snapshot, uint64_t id, struct arena *arena);
/* KEY/SLUG, always in `arena`. */
struct text names_repository(struct snapshot *snapshot, uint64_t id, struct arena *arena);

#endif
