#include "policy/decision.h"

#include "base/table.h"
#include "policy/approval.h"
#include "policy/decide.h"

static const struct name_value reason_types[] = {
    {"restriction", REASON_RESTRICTION},
    {"rule", REASON_RULE},
    {"permission", REASON_PERMISSION},
    {"access-key", REASON_ACCESS_KEY},
    {"service-account", REASON_SERVICE_ACCOUNT},
    {"identity", REASON_IDENTITY},
    {"namespace", REASON_NAMESPACE},
    {"freshness", REASON_FRESHNESS},
    {"undecided", REASON_UNDECIDED},
    {"failure", REASON_FAILURE},
};

const char *reason_type_name(enum reason_type t)
{
    const char *name = table_name(reason_types, TABLE_COUNT(reason_types), (int)t);
    return name ? name : "failure";
}

/* ------------------------------------------------------------------ exit code */

/* That an approval is missing is no answer if approvals could not be read. */
static bool says_definite_no(const struct decision *decision, const struct reason_link *link)
{
    bool unread = decision->approval && decision->approval->problem.size;
    for (; link; link = link->next)
        if (link->reason->definite && !link->reason->monitored &&
            !verdict_accepts(link->reason->verdict) &&
            !(unread && link->reason->verdict == VERDICT_REQUIRE_APPROVAL))
            return true;
    return false;
}

int decision_exit_code(const struct decision *decision)
{
    if (decision->disabled || verdict_accepts(decision->verdict) || decision->mode == MODE_MONITOR)
        return 0;
    if (says_definite_no(decision, decision->push_reasons))
        return 1;
    for (size_t i = 0; decision->changes && i < decision->change_count; i++)
        if (says_definite_no(decision, decision->changes[i].reasons))
            return 1;
    return 2;
}

/* ------------------------------------------------------------------ decisions without judging */

static void decision_begin(const struct policy *policy, const struct push *push,
                           struct decision *out)
{
    *out = (struct decision){
        .verdict = VERDICT_REJECT,
        .exit_code = 2,
        .mode = policy ? policy->mode : MODE_ENFORCE,
        .pusher_type = "unknown",
        .credential = {.class = CREDENTIAL_UNKNOWN, .evidence = TEXT("not judged")},
        .project_key = push ? push->project_key : TEXT_NONE,
        .repository_slug = push ? push->repository_slug : TEXT_NONE,
    };
}

/* For when there is no memory for a reason of its own. */
static const struct reason reason_of_last_resort = {
    .type = REASON_FAILURE,
    .verdict = VERDICT_REJECT,
    .text = {"refgate could not judge this push", sizeof "refgate could not judge this push" - 1},
};
static const struct reason_link last_resort = {&reason_of_last_resort, NULL};

static const struct reason_link *one_reason(struct arena *arena, struct reason reason)
{
    struct reason_link *link = arena ? arena_alloc(arena, 1, sizeof *link) : NULL;
    struct reason *kept = link ? arena_alloc(arena, 1, sizeof *kept) : NULL;
    struct text text = kept ? arena_text(arena, reason.text) : TEXT_NONE;
    if (!text.at)
        return NULL;
    *kept = reason;
    kept->text = text;
    *link = (struct reason_link){kept, NULL};
    return link;
}

void decision_failure(const struct policy *policy, const struct push *push, bool monitorable,
                      const char *text, struct arena *arena, struct decision *out)
{
    decision_begin(policy, push, out);
    /* What not even monitor mode accepts was not judged in monitor mode; no later look at the
     * exit code may say otherwise. */
    if (!monitorable)
        out->mode = MODE_ENFORCE;
    const struct reason_link *link = text ? one_reason(arena,
                                                       (struct reason){.type = REASON_FAILURE,
                                                                       .verdict = VERDICT_REJECT,
                                                                       .text = text_of(text)})
                                          : NULL;
    out->push_reasons = link ? link : &last_resort;
    out->exit_code = decision_exit_code(out);
}

void decision_disabled(const struct policy *policy, const struct push *push, struct text reason,
                       struct arena *arena, struct decision *out)
{
    decision_begin(policy, push, out);
    out->verdict = VERDICT_ACCEPT;
    out->disabled = true;
    out->push_reasons = one_reason(
        arena, (struct reason){.type = REASON_FAILURE,
                               .verdict = VERDICT_NOTE,
                               .text = reason.size ? reason : TEXT("refgate is switched off")});
    out->exit_code = decision_exit_code(out);
}
