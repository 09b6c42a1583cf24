/* configured.h - the snapshot that a policy names, as a view that always exists. */
#ifndef REFGATE_SNAPSHOT_CONFIGURED_H
#define REFGATE_SNAPSHOT_CONFIGURED_H

#include "base/arena.h"
#include "policy/policy.h"
#include "policy/view.h"
#include "snapshot/reader.h"

/* Opens the policy's snapshot ([snapshot] file, max-size, [trust] owners), or `file` instead of it
 * when not NULL. If that fails, *snapshot is NULL, the view says why (view.problem, without a path:
 * the pusher may read it) and err has the details for administrators. `mode`: snapshot/reader.h. */
struct view snapshot_configured(const struct policy *policy, const char *file, enum snapshot_mode mode,
                                struct arena *arena, struct snapshot **snapshot,
                                struct error *err);

#endif
