/*
 * decide.h - the pure core: policy x push x snapshot view x history -> decision.
 *
 * No I/O, no clock, no environment, no globals. The hook, `refgate check`, tests and (later)
 * replay and who-can call this one function.
 */
#ifndef REFGATE_POLICY_DECIDE_H
#define REFGATE_POLICY_DECIDE_H

#include "base/arena.h"
#include "base/error.h"
#include "model/push.h"
#include "policy/decision.h"
#include "policy/history.h"
#include "policy/policy.h"
#include "policy/trace.h"
#include "policy/view.h"

/* `out` and what it points to live in `arena` (and in the inputs). view->problem set: judged
 * without a snapshot. history may be NULL: unavailable. trace may be NULL. Fails only with
 * STATUS_MEMORY and, where push->late became 1, STATUS_DEADLINE; the caller then uses
 * decision_failure(). With STATUS_OK and a damaged snapshot, err
 * holds the detail of the damage, for syslog; the decision says no more than that it is damaged. */
enum status decide(const struct policy *policy, const struct push *push, const struct view *view,
                   const struct history *history, const struct trace *trace, struct arena *arena,
                   struct decision *out, struct error *err) MUST_CHECK;

/* A decision that rejects with code 2 because something failed before or instead of judging:
 * malformed stdin, a limit, out of memory. `monitorable`: global monitor mode accepts it all the
 * same (semantics.md 2). Never fails: with no memory left it still rejects. policy may be NULL
 * (invalid configuration). text: what the pusher may read. */
void decision_failure(const struct policy *policy, const struct push *push, bool monitorable,
                      const char *text, struct arena *arena, struct decision *out);

/* The kill switch: accepts everything and says so; `reason` is what the file says, escaped. policy
 * may be NULL. Never fails. */
void decision_disabled(const struct policy *policy, const struct push *push, struct text reason,
                       struct arena *arena, struct decision *out);

#endif
