#include "record/report_survey.h"

#include "policy/approval.h"

bool survey_rejects(const struct report *report, const struct reason *reason)
{
    if (report->approved && reason->verdict == VERDICT_REQUIRE_APPROVAL && !reason->monitored)
        return false;
    return !verdict_accepts(reason->verdict) &&
           (!reason->monitored || report->style == STYLE_MONITOR);
}

static bool is_shown(const struct report *report, const struct reason *reason)
{
    return survey_rejects(report, reason) ||
           (reason->verdict == VERDICT_ANNOTATE && !reason->monitored);
}

const struct reason_link *survey_next(const struct report *report, const struct reason_link *link)
{
    while (link && !is_shown(report, link->reason))
        link = link->next;
    return link;
}

bool survey_any_rejects(const struct report *report, const struct reason_link *link)
{
    for (; link; link = link->next)
        if (survey_rejects(report, link->reason))
            return true;
    return false;
}

enum ref_class survey_class(const struct report *report, size_t i)
{
    const struct change_result *result = &report->decision->changes[i];
    if (!verdict_accepts(result->verdict) || survey_any_rejects(report, result->reasons))
        return REF_REJECTED;
    return result->verdict == VERDICT_ANNOTATE ? REF_NOTED : REF_OK;
}

static bool is_approved(const struct decision *decision)
{
    return decision->approval && decision->approval->granted;
}

/* A rule in monitor mode that would have rejected. */
static bool monitored_rejects(const struct decision *decision)
{
    struct report asking = {.style = STYLE_MONITOR, .approved = is_approved(decision)};
    if (survey_any_rejects(&asking, decision->push_reasons))
        return true;
    for (size_t i = 0; decision->changes && i < decision->change_count; i++)
        if (survey_any_rejects(&asking, decision->changes[i].reasons))
            return true;
    return false;
}

static enum style style_of(const struct decision *decision)
{
    if (decision->exit_code != 0)
        return STYLE_REJECTED;
    if (decision->disabled)
        return STYLE_NONE;
    if (!verdict_accepts(decision->verdict) || monitored_rejects(decision))
        return STYLE_MONITOR;
    return decision->verdict == VERDICT_ANNOTATE ? STYLE_NOTES : STYLE_NONE;
}

static void note_undecided(struct report *report, const struct reason_link *link)
{
    for (; link; link = link->next)
        if (survey_rejects(report, link->reason) && link->reason->type == REASON_UNDECIDED)
            report->undecided = true;
}

static void count_refs(struct report *report)
{
    const struct decision *decision = report->decision;
    note_undecided(report, decision->push_reasons);
    report->push_rejected = survey_any_rejects(report, decision->push_reasons);
    report->refs = decision->changes ? decision->change_count : 0;
    if (report->refs > report->push->change_count)
        report->refs = report->push->change_count;
    for (size_t i = 0; i < report->refs; i++) {
        report->count[survey_class(report, i)]++;
        note_undecided(report, decision->changes[i].reasons);
    }
}

struct report survey_report(const struct decision *decision, const struct push *push,
                            const struct policy *policy)
{
    struct report report = {.decision = decision, .push = push, .policy = policy};
    report.style = style_of(decision);
    report.approved = is_approved(decision);
    report.asks = report.style == STYLE_REJECTED && policy && policy->approvals_directory.size &&
                  decision->verdict == VERDICT_REQUIRE_APPROVAL &&
                  !(decision->approval && decision->approval->problem.size);
    if (report.style != STYLE_NONE)
        count_refs(&report);
    return report;
}
