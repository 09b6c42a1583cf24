/*
 * replay.h - recorded decisions judged again: what would another policy have said?
 *
 * Each decision of the audit log becomes the push that it was (record/record.h keeps what that needs),
 * and decide() judges it twice on one snapshot: by the policy in use and by the new one. So what
 * differs is the policy's doing. Where the record does not say enough (a kind of change that nobody
 * asked for, identity of commits) the answer is open, and counted as that.
 */
#ifndef REFGATE_COMMAND_REPLAY_H
#define REFGATE_COMMAND_REPLAY_H

#include <jansson.h>

#include "command/audit.h"
#include "command/instance.h"
#include "command/replay_push.h"

struct replay_request {
    const struct arguments *args;    /* for messages */
    const struct instance *instance; /* the policy in use, and the snapshot */
    const struct policy *policy;     /* the new one */
    const struct audit_files *files;
    int64_t since_ms, until_ms; /* 0: no limit */
};

/* What the new policy does to a push, compared with the one in use. */
enum replay_effect {
    REPLAY_SAME = 0,
    REPLAY_REJECTED,  /* would now be rejected, or need an approval */
    REPLAY_ACCEPTED,  /* would now be accepted */
    REPLAY_OTHERWISE, /* another verdict, but the same effect */
    REPLAY_OPEN,      /* the new policy's answer depends on what was not recorded */
    REPLAY_EFFECTS
};
const char *replay_effect_name(enum replay_effect effect); /* "newly-rejected", … */

struct replay_count { /* by rule, by user, by repository */
    struct text name;
    uint64_t rejected, accepted; /* would now be rejected (or need an approval) / accepted */
    uint64_t otherwise, open;    /* as in the result */
    uint64_t watched;            /* by rule: what a rule in monitor mode would have a say in */
};

struct replay_change { /* one decision that would change */
    struct text id, time, user, repository;
    enum verdict before, after; /* by the policy in use, by the new one */
    enum replay_effect effect;
    struct text why; /* the first determining reason under the stricter one; of an open one: what is
                        not known */
    struct text rule; /* its rule; may be absent */
};

struct replay_result {
    uint64_t decisions; /* looked at: within the time, and of a push that was judged */
    uint64_t skipped;   /* not judged: failures before judging, native, damaged lines */
    /* Of `decisions`, each in one of these. otherwise: another verdict, but the same effect. open: the
     * answer hangs on what was not recorded (or cannot be told, where the policy in use need not
     * ask). */
    uint64_t same, newly_rejected, newly_accepted, otherwise, open;
    uint64_t drifted; /* the policy in use decides otherwise than was recorded: it, or the snapshot,
                         changed since */
    uint64_t drifted_policy, drifted_snapshot; /* of them: another policy was in use then; the same
                                                  one, on another snapshot */
    uint64_t partial;                          /* judged by what the record lists of the changes */
    uint64_t watched; /* in which a rule of the new policy that is in monitor mode has a say */
    uint64_t skips[REPLAY_SKIPS];       /* `skipped`, by enum replay_skip */
    int64_t first_ms, last_ms;          /* of the decisions; 0: there are none */
    bool monitor_before, monitor_after; /* the whole policy is in monitor mode */
    const struct replay_change
        *changes; /* at most REPLAY_CHANGES_MAX, the newest, in order of time */
    size_t change_count;
    const struct replay_count *by_rule, *by_user, *by_repository; /* most first */
    size_t by_rule_count, by_user_count, by_repository_count;
    struct arena arena; /* holds all of it */
};
#define REPLAY_CHANGES_MAX 100000

/* false: trouble was printed. In any case the caller calls replay_free(). */
bool replay_run(const struct replay_request *request, struct replay_result *out);
void replay_print(const struct replay_result *result, size_t changes_most, FILE *out); /* text */
json_t *replay_json(const struct replay_result *result); /* NULL: out of memory */
/* The changes, a row each; false: out of memory. */
bool replay_csv(const struct replay_result *result, FILE *out);
void replay_free(struct replay_result *result); /* also of a zeroed one */

#endif
