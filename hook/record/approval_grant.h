/*
 * approval_grant.h - what the hook does with a push that lacks nothing but approvals (semantics.md 7).
 */
#ifndef REFGATE_RECORD_APPROVAL_GRANT_H
#define REFGATE_RECORD_APPROVAL_GRANT_H

#include "policy/approval.h"
#include "record/approval_store.h"

struct approval_request {
    const struct policy *policy;
    const struct push *push;
    const char *decision_id; /* goes into the uses that are taken */
    int64_t deadline_us;     /* clock_monotonic_us() */
    struct arena *arena;
    bool peek; /* not the hook: takes nothing, and trusts what the directory's owner wrote */
};

/* The uses that a push has taken, until it is certain that it is let in. Zero it before. */
struct approval_holds {
    int directory; /* open while count > 0 */
    size_t count;
    struct approval_hold list[APPROVALS_USED_MAX];
};

/* Unless the verdict is require-approval and [approvals] directory is set, does nothing and touches no
 * file. Else looks for approvals of what is lacking. If they are there, takes one use of each that is
 * needed (none for a merge check or in monitor mode) and makes the decision what is left without that
 * reason; else the decision stays, decision->approval says why. Whatever goes wrong, the decision
 * stays; err then has the detail, for syslog, if the directory could not be read or written. Uses
 * that were taken are kept. */
void approval_grant(const struct approval_request *request, struct decision *decision,
                    struct error *err);
/* The same, but that what was taken is in *holds, which the caller ends: a push that is accepted so far
 * may be refused yet. */
void approval_grant_held(const struct approval_request *request, struct decision *decision,
                         struct approval_holds *holds, struct error *err);
/* `keep`: the push is let in; else all uses are given back. Also of a zeroed one. */
void approval_holds_end(struct approval_holds *holds, bool keep);

#endif
