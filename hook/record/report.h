/*
 * report.h - what the pusher reads in the terminal.
 *
 * ASCII, at most 72 columns (links excepted), bounded whatever the push; nothing from the push is
 * printed raw; never a path of the server.
 */
#ifndef REFGATE_RECORD_REPORT_H
#define REFGATE_RECORD_REPORT_H

#include "base/buffer.h"
#include "model/push.h"
#include "policy/decision.h"
#include "policy/policy.h"

#define REPORT_COLUMNS 72
#define REPORT_BYTES_MAX 24000 /* Bitbucket cuts at 32768 characters */

/* Nothing at all for an accepted push without annotation. `decision_id` is printed so that an
 * administrator can find the record. policy may be NULL (invalid configuration). */
void report_render(const struct decision *decision, const struct push *push,
                   const struct policy *policy, const char *decision_id, struct buffer *out);

#endif
