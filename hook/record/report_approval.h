/* report_approval.h - what the pusher is told of approvals: how to ask for one, which ones do not count. */
#ifndef REFGATE_RECORD_REPORT_APPROVAL_H
#define REFGATE_RECORD_REPORT_APPROVAL_H

#include "base/buffer.h"
#include "policy/approval.h"
#include "record/report_survey.h"

/* For a change that lacks nothing but an approval: the command that would approve just this change (with
 * report->tells_command), in a form that can be pasted. `also`: something else to do stands above it. */
void report_add_approval(const struct report *report, const struct change *change,
                         const struct change_result *result, bool also, struct buffer *out);
/* A line for each approval for this pusher that does not count; a few. */
void report_add_approvals(const struct approval_outcome *outcome, struct buffer *out);

#endif
