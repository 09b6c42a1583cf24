/*
 * record.h - one decision as one JSON object on one line (refgate-audit(5)).
 */
#ifndef REFGATE_RECORD_RECORD_H
#define REFGATE_RECORD_RECORD_H

#include "base/buffer.h"
#include "base/error.h"
#include "model/push.h"
#include "policy/decision.h"
#include "policy/policy.h"

#define RECORD_CHANGES_MAX 1000

struct record_frame {    /* what neither push nor decision knows */
    const char *id;      /* ULID */
    const char *version; /* of refgate */
    int64_t duration_us;
};

/* The JSON object without `prev` and `hash`, no newline. policy may be NULL. Always fits into a
 * line of the audit log (AUDIT_LINE_MAX, with the seal), whatever was pushed: long texts are cut and end
 * in "...", what has no room is counted. What is not valid UTF-8 is written as %XX. Fails only with
 * STATUS_MEMORY; `out` may then hold a part. */
enum status record_json(const struct record_frame *frame, const struct push *push,
                        const struct decision *decision, const struct policy *policy,
                        struct buffer *out, struct error *err) MUST_CHECK;

#endif
