/*
 * replay_compare.h - two decisions of one push, side by side; internal to replay.
 */
#ifndef REFGATE_COMMAND_REPLAY_COMPARE_H
#define REFGATE_COMMAND_REPLAY_COMPARE_H

#include "command/replay.h"
#include "policy/decision.h"

struct replay_judged {
    struct decision decision;
    bool stopped; /* the push would not get through */
};

/* *reason: what the effect comes from: the reason that decides under the stricter of the two, or the
 * question that is open. NULL: there is none. */
enum replay_effect replay_compare(const struct replay_judged *before,
                                  const struct replay_judged *after, const struct reason **reason);
/* Each list of reasons of a decision: 0 those of the push, then those of its changes. */
const struct reason_link *replay_reasons(const struct decision *decision, size_t list);

#endif
