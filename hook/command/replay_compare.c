#include "command/replay_compare.h"

const char *replay_effect_name(enum replay_effect effect)
{
    switch (effect) {
    case REPLAY_REJECTED:
        return "newly-rejected";
    case REPLAY_ACCEPTED:
        return "newly-accepted";
    case REPLAY_OTHERWISE:
        return "otherwise";
    case REPLAY_OPEN:
        return "open";
    default:
        return "same";
    }
}

const struct reason_link *replay_reasons(const struct decision *decision, size_t list)
{
    if (!list)
        return decision->push_reasons;
    return list <= decision->change_count ? decision->changes[list - 1].reasons : NULL;
}

static enum verdict verdict_at(const struct decision *decision, size_t list)
{
    if (!list)
        return decision->verdict;
    return list <= decision->change_count ? decision->changes[list - 1].verdict : VERDICT_ACCEPT;
}

static bool same_reason(const struct reason *a, const struct reason *b)
{
    return a->type == b->type && a->restriction_id == b->restriction_id &&
           text_equal(a->rule, b->rule) && text_equal(a->text, b->text);
}

static bool has_reason(const struct reason_link *link, const struct reason *reason)
{
    for (; link; link = link->next)
        if (!link->reason->monitored && same_reason(link->reason, reason))
            return true;
    return false;
}

/* What rejects for sure, whatever an open question's answer is. */
static bool surely_rejects(const struct reason *reason)
{
    return !reason->monitored && reason->type != REASON_UNDECIDED &&
           reason->verdict == VERDICT_REJECT;
}

/* A question that the new policy leaves open and the old one does not, if the verdict hangs on it;
 * else NULL. */
static const struct reason *newly_open(const struct decision *before, const struct decision *after)
{
    const struct reason *found = NULL;
    for (size_t list = 0; list <= after->change_count; list++)
        for (const struct reason_link *link = replay_reasons(after, list); link;
             link = link->next) {
            const struct reason *reason = link->reason;
            if (surely_rejects(reason))
                return NULL;
            if (!found && reason->type == REASON_UNDECIDED && !reason->monitored &&
                !has_reason(replay_reasons(before, list), reason))
                found = reason;
        }
    return found;
}

/* The first reason that makes the verdict what it is; NULL if it is an acceptance of everything. */
static const struct reason *determining(const struct decision *decision)
{
    for (size_t list = 0; list <= decision->change_count; list++) {
        if (verdict_at(decision, list) != decision->verdict)
            continue;
        for (const struct reason_link *link = replay_reasons(decision, list); link;
             link = link->next)
            if (!link->reason->monitored && link->reason->verdict == decision->verdict)
                return link->reason;
    }
    return NULL;
}

static enum replay_effect effect_of(const struct replay_judged *before,
                                    const struct replay_judged *after)
{
    if (before->stopped != after->stopped)
        return after->stopped ? REPLAY_REJECTED : REPLAY_ACCEPTED;
    return before->decision.verdict == after->decision.verdict ? REPLAY_SAME : REPLAY_OTHERWISE;
}

/* The reason that decides under the judgement that is harder on the pusher. */
static const struct reason *reason_of(const struct replay_judged *before,
                                      const struct replay_judged *after)
{
    bool by_after = after->stopped;
    if (before->stopped == after->stopped)
        by_after = verdict_stronger(before->decision.verdict, after->decision.verdict) ==
                   after->decision.verdict;
    return determining(by_after ? &after->decision : &before->decision);
}

enum replay_effect replay_compare(const struct replay_judged *before,
                                  const struct replay_judged *after, const struct reason **reason)
{
    const struct reason *open = newly_open(&before->decision, &after->decision);
    *reason = open ? open : reason_of(before, after);
    return open ? REPLAY_OPEN : effect_of(before, after);
}
