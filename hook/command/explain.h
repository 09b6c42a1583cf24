/* explain.h - the trace of decide() as text: each restriction and rule that was considered, whether
 * it counted, why, and where it stands. */
#ifndef REFGATE_COMMAND_EXPLAIN_H
#define REFGATE_COMMAND_EXPLAIN_H

#include <stdbool.h>

#include "base/buffer.h"
#include "policy/trace.h"

struct explain {
    struct buffer text;
    size_t change; /* of the last heading */
    bool started;
    const struct change *changes;
};

void explain_init(struct explain *explain, const struct change *changes);
struct trace explain_trace(struct explain *explain);

#endif
