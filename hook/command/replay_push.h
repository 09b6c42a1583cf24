/*
 * replay_push.h - a recorded decision (refgate-audit(5)) as the push that it was, so that decide()
 * can judge it again.
 *
 * What the record does not hold: whose the new commits were, and whether a branch was rewritten where
 * no rule wanted to know. Whoever judges tries each answer (struct replay_world). The log is not
 * trusted: whatever is missing or malformed makes the record one that cannot be replayed.
 */
#ifndef REFGATE_COMMAND_REPLAY_PUSH_H
#define REFGATE_COMMAND_REPLAY_PUSH_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/push.h"
#include "model/verdict.h"
#include "policy/history.h"
#include "policy/view.h"

enum replay_skip {
    REPLAY_NOTHING = 0,  /* it can be judged again */
    REPLAY_OTHER_LINE,   /* not a decision at all (a rotation) */
    REPLAY_NATIVE,       /* a native git hook: nobody said who pushed, and where */
    REPLAY_UNJUDGED,     /* a failure before judging: malformed input, a limit */
    REPLAY_SWITCHED_OFF, /* let through by the kill switch */
    REPLAY_DAMAGED,      /* not a record, or one without what is needed */
    REPLAY_SKIPS
};

/* One of the possible answers to what was not recorded. */
struct replay_world {
    bool rewritten; /* what moved is a rewrite; else an update */
    bool foreign;   /* some new commit is nobody's work whom a rule asks for */
};
enum { REPLAY_ASKED_KIND = 1, REPLAY_ASKED_COMMITS = 2 };

/* How the policy that judges is related to the one that made the record. What that one asked about
 * new commits shows in its reasons. */
enum replay_policy {
    REPLAY_POLICY_OTHER = 0,
    REPLAY_POLICY_THEN,    /* it is that one; all its rules ask the same question about commits */
    REPLAY_POLICY_LIKE_IT, /* after THEN has judged: asks no other question about commits */
};

struct replay_push {
    struct push push;
    bool partial; /* not all changes are in the record, or a name was cut */
    /* What was decided then. */
    enum verdict verdict;
    bool stopped;  /* exit code not 0 */
    bool approved; /* an approval let it through */
    struct text id, time, policy_digest, snapshot_digest;
    bool snapshot_known;              /* there was a snapshot then */
    int64_t started_ms, generated_ms; /* of the snapshot that it was judged with */

    /* Internal to replay_push.c. */
    struct recorded_history *history; /* for each change */
    bool in_world;                    /* `world` answers what is not recorded */
    struct replay_world world;
    enum replay_policy policy;
    unsigned asked;
    struct observation observation;
    struct observer observer;
};

/* Texts live in the record or in `arena`. *skip says whether it can be judged; *out is filled only
 * then. Fails with STATUS_MEMORY only. push.local is left unknown: it hangs on a policy's zone. The
 * push points into *out, which must not be moved. */
enum status replay_push_of(const json_t *record, struct arena *arena, struct replay_push *out,
                           enum replay_skip *skip, struct error *err) MUST_CHECK;
/* Answers what the record says about history; the rest is CANNOT_TELL. */
struct history replay_push_history(struct replay_push *replay);
/* The same, but `world` answers the rest. */
struct history replay_push_history_in(struct replay_push *replay, enum replay_policy policy,
                                      struct replay_world world);
/* REPLAY_ASKED_ bits: what was asked since the last call that the record does not hold. */
unsigned replay_push_asked(struct replay_push *replay);

/* A view of today's snapshot that is as old as the one that the push was judged with: a snapshot
 * that is younger than the decision is not "from the future". `inner` must outlive it. */
struct replay_view {
    const struct view *inner;
    int64_t started_ms, generated_ms;
};
struct view replay_view_of(struct replay_view *self, const struct view *inner,
                           const struct replay_push *replay);

#endif
