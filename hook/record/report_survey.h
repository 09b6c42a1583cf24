/*
 * report_survey.h - what there is to tell the pusher: which kind of report, which reasons are
 * shown, how many refs of which class.
 */
#ifndef REFGATE_RECORD_REPORT_SURVEY_H
#define REFGATE_RECORD_REPORT_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include "model/push.h"
#include "policy/decision.h"
#include "policy/policy.h"

enum style {
    STYLE_NONE,    /* accepted, nothing to say */
    STYLE_NOTES,   /* accepted with annotations */
    STYLE_MONITOR, /* accepted, would be rejected */
    STYLE_REJECTED,
};

enum ref_class { REF_OK, REF_NOTED, REF_REJECTED, REF_CLASSES };

struct report {
    const struct decision *decision;
    const struct push *push;
    const struct policy *policy; /* may be NULL */
    enum style style;
    size_t refs; /* changes that were judged */
    size_t count[REF_CLASSES];
    bool push_rejected; /* by a reason that is tied to no ref */
    bool undecided;     /* some reason says that a question was not answered */
    bool approved;      /* what wanted an approval has one */
    bool asks;          /* only approvals are lacking: say how to ask for them */
    bool tells_command; /* … in full: with the first refs only */
    size_t width;       /* of the column of refs */
};

/* The counts are made only if there is something to say (style other than STYLE_NONE). */
struct report survey_report(const struct decision *decision, const struct push *push,
                            const struct policy *policy);
/* Is it a reason of this rejection (or of what would be one)? */
bool survey_rejects(const struct report *report, const struct reason *reason);
bool survey_any_rejects(const struct report *report, const struct reason_link *link);
/* `link`, or the next one after it that the pusher is told; NULL. */
const struct reason_link *survey_next(const struct report *report, const struct reason_link *link);
enum ref_class survey_class(const struct report *report, size_t i); /* i < report->refs */

#endif
