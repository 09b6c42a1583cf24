/*
 * replay_tally.h - how often something happened, by a name; internal to replay.
 */
#ifndef REFGATE_COMMAND_REPLAY_TALLY_H
#define REFGATE_COMMAND_REPLAY_TALLY_H

#include "command/replay.h"

struct replay_tally {
    struct replay_count *counts;
    size_t count, room;
    uint32_t *slots; /* of a hash table, a power of two: place in counts + 1, or 0 */
    size_t slot_count;
};

/* The row of a name, compared without ASCII case; new ones are copied into `arena`. NULL: out of
 * memory. Until the next call. */
struct replay_count *replay_tally_row(struct replay_tally *tally, struct text name,
                                      struct arena *arena);
/* Most first; of equal ones by name. Rows without any count go. */
void replay_tally_sort(struct replay_tally *tally);
void replay_tally_free(struct replay_tally *tally); /* the rows too */

#endif
