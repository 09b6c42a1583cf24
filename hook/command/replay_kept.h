/*
 * replay_kept.h - the newest of the decisions that would change, in bounded memory; internal to
 * replay.
 */
#ifndef REFGATE_COMMAND_REPLAY_KEPT_H
#define REFGATE_COMMAND_REPLAY_KEPT_H

#include "command/replay.h"

struct replay_kept { /* zeroed: empty */
    struct replay_change *changes;
    size_t count, room;
    struct arena texts;
};

/* Copies the texts. false: out of memory. */
bool replay_kept_add(struct replay_kept *kept, const struct replay_change *change);
/* The newest REPLAY_CHANGES_MAX in order of time, copied into `arena`. */
bool replay_kept_finish(struct replay_kept *kept, struct arena *arena,
                        const struct replay_change **out, size_t *count);
void replay_kept_free(struct replay_kept *kept);

#endif
