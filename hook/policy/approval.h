/*
 * approval.h - approvals (semantics.md 7): what satisfies a rule that requires one.
 *
 * Pure, as the rest of policy/: which approval is about which change, which of them a push needs,
 * and what is left of a decision once it has them. Reading them and taking their uses is
 * record/approval_store.h. An approval only ever takes `require-approval` away; a change that
 * anything else rejects stays rejected.
 */
#ifndef REFGATE_POLICY_APPROVAL_H
#define REFGATE_POLICY_APPROVAL_H

#include "base/arena.h"
#include "model/push.h"
#include "policy/decision.h"
#include "policy/policy.h"

#define APPROVAL_LIST_MAX 100           /* repositories, refs, users, new ids: of each */
#define APPROVAL_NAME_MAX ((size_t)255) /* bytes of a name */
#define APPROVAL_REASON_MAX ((size_t)500)
#define APPROVAL_USES_MAX 1000
#define APPROVAL_TIME_MAX (90 * CLOCK_DAY) /* longer is no approval, but a rule's exception */
#define APPROVAL_AGAIN_MS (10 * CLOCK_MINUTE)
#define APPROVALS_USED_MAX 16 /* that one push may need */
#define APPROVALS_SEEN_MAX 32 /* that one record names */

enum approval_state {
    APPROVAL_OPEN = 0x17, /* it counts */
    APPROVAL_NOT_YET = 0x2b,
    APPROVAL_EXPIRED = 0x4d,
    APPROVAL_USED_UP = 0x8e,
    APPROVAL_REVOKED = 0xb2,
    APPROVAL_OWN = 0xd4,        /* its approver is the pusher */
    APPROVAL_OTHER_REF = 0xe8,  /* not about this ref */
    APPROVAL_OTHER_KIND = 0x71, /* about the ref, but not this kind of change */
    APPROVAL_OTHER_ID = 0x3a,   /* … but another new id */
    APPROVAL_UNTRUSTED = 0x5c,  /* owner or mode of its file */
    APPROVAL_MALFORMED = 0x93,
    APPROVAL_UNREADABLE = 0xa5,
};
const char *approval_state_name(enum approval_state s);  /* "not-yet"; "unreadable" for no state */
const char *approval_state_words(enum approval_state s); /* "is not valid yet" */

struct account { /* of the system that the approval was given on */
    uint64_t uid;
    struct text name;
    struct text sudo_user; /* who called sudo; absent if nobody did */
};

struct approval {
    struct text id; /* ULID; of a file that is no approval: the file's name */
    /* What the store found: OPEN, USED_UP, REVOKED, UNTRUSTED, MALFORMED or UNREADABLE. With the last
     * three nothing else but the id is known. */
    enum approval_state state;
    struct text_list repositories;       /* KEY/SLUG, with * and ? */
    struct text_list refs;               /* semantics.md 4.4, anchored: a list that permits */
    struct text_list users;              /* who pushes; no wildcards */
    struct text_list new_ids;            /* empty: any */
    unsigned kinds;                      /* KIND_ bits */
    int64_t not_before_ms, not_after_ms; /* the end excluded */
    uint64_t uses, used;
    struct account approver;
    struct text reason;
    int64_t created_ms;
};

/* Why it cannot stand as an approval; NULL if it can. A static sentence. */
const char *approval_problem(const struct approval *approval);
/* The same for a reason alone, of an approval or of a revocation. */
const char *approval_reason_problem(struct text reason);
/* Is the account among the users that the approval is for? */
bool approval_names(const struct approval *approval, struct text user);
/* Did the pusher approve it? Nobody approves his own push. */
bool approval_own(const struct approval *approval, const struct push *push);
/* What it is worth at that time: OPEN, NOT_YET, EXPIRED, or what the store found. */
enum approval_state approval_at(const struct approval *approval, int64_t now_ms);

/* Does it name the repository and the pusher? All names of a moved repository must match. */
bool approval_about(const struct approval *approval, const struct push *push,
                    const struct decision *decision);
/* OPEN if it covers the change; OTHER_REF, OTHER_KIND or OTHER_ID. Where nobody knows whether it is an
 * update or a rewrite, only an approval of both covers it. A merge check does not know the new id. */
enum approval_state approval_covers(const struct approval *approval, const struct push *push,
                                    const struct change *change, enum change_kind kind);

/* The KIND_ bits that an approval of such a change needs. */
unsigned approval_kinds(enum change_kind kind);

/* Does the decision lack approvals and nothing else? */
bool approval_wanted(const struct decision *decision);

/* ------------------------------------------------------------------ which ones a push needs */

struct approval_plan {
    const struct push *push;
    const struct decision *decision;
    const struct approval **candidates; /* open, about this push; the best first */
    size_t count;
    bool *chosen;                      /* one a candidate */
    const struct approval **by_change; /* NULL: needs none, or there is none */
    size_t next, uncovered;
};

/* `candidates` is kept and sorted: those that name a new id, then those that end first. false: out of
 * memory. */
bool approval_plan_init(struct approval_plan *plan, const struct push *push,
                        const struct decision *decision, const struct approval **candidates,
                        size_t count, struct arena *arena);
/* Looks at the next change; false when all were looked at. One that is chosen already is preferred:
 * one use covers one push. */
bool approval_plan_step(struct approval_plan *plan);

/* ------------------------------------------------------------------ what came of it */

struct approval_used {
    const struct approval *approval;
    uint64_t use; /* 1 is the first; 0: none was taken (merge check, monitor mode) */
    bool again;   /* taken by the same push less than ten minutes before */
};
struct approval_seen {
    struct text id;
    enum approval_state state;
    bool about; /* it names this pusher and repository; false: nobody could read it */
};
struct approval_outcome {
    bool granted;
    struct text problem; /* why approvals could not be looked at; absent: they were */
    const struct approval_used *used;
    size_t used_count;
    const struct approval_seen *seen; /* that were not used */
    size_t seen_count, seen_omitted;
};

/* The decision with all approvals of the plan: each change that lacked one gets the verdict of its other
 * reasons and the approval's id; reasons stay. false, and nothing is changed: a change is not covered,
 * something else does not accept, or out of memory. */
bool approval_satisfy(const struct approval_plan *plan, const struct approval_outcome *outcome,
                      struct arena *arena, struct decision *decision);
/* The decision goes on lacking them; the outcome says why. Changes that are covered are marked. If the
 * approvals could not be read, the push has a reason that says so, and exit code 2. */
void approval_deny(const struct approval_plan *plan, const struct approval_outcome *outcome,
                   struct arena *arena, struct decision *decision);

#endif
