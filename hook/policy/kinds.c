/*
 * kinds.c - update or rewrite? (semantics.md 1) History is asked only if an answer depends on it,
 * and once a change.
 */
#include "policy/judge.h"

#define HISTORY_WHY_MAX 90 /* bytes of a sentence */

static const struct {
    enum change_kind kind;
    unsigned bits; /* what it may be */
} kinds[] = {
    {CHANGE_CREATE, KIND_CREATE},
    {CHANGE_UPDATE, KIND_UPDATE},
    {CHANGE_REWRITE, KIND_REWRITE},
    {CHANGE_DELETE, KIND_DELETE},
    {CHANGE_MOVE, KIND_UPDATE | KIND_REWRITE},
    {CHANGE_UNKNOWN, KIND_UPDATE | KIND_REWRITE},
};

unsigned kind_bits(enum change_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind)
            return kinds[i].bits;
    return KIND_ALL; /* no kind at all: it may be anything */
}

bool kind_possible(const struct change_judge *c, unsigned wanted)
{
    return kind_bits(c->kind) & wanted;
}

bool history_trouble_noted(struct judge *j, enum history_trouble trouble, const char *why)
{
    if (why && !j->history_why)
        j->history_why = judge_escaped(j, text_of(why), HISTORY_WHY_MAX);
    return trouble == HISTORY_LIMIT;
}

/* A pusher chooses how much history there is to read: [failure] does not soften this. A rule that is
 * only monitored contributes nothing, so neither does what it could not read. */
void history_limit_report(struct change_judge *c)
{
    struct judge *j = c->judge;
    if (c->limit_reported[c->monitoring])
        return;
    c->limit_reported[c->monitoring] = true;
    const struct reason **kept = &j->limit_reasons[c->monitoring];
    if (!*kept) {
        struct reason *reason = reason_new(j, REASON_FAILURE, VERDICT_REJECT, false,
                                           "reading the history takes more than refgate may%s%s",
                                           j->history_why ? ": " : "",
                                           j->history_why ? j->history_why : "");
        if (reason)
            reason->monitored = c->monitoring;
        *kept = reason;
    }
    findings_add(j, c->findings, *kept, VERDICT_REJECT);
}

static void ask_history(struct change_judge *c)
{
    struct judge *j = c->judge;
    enum history_trouble trouble = HISTORY_UNAVAILABLE;
    const char *why = "history is not available";
    enum answer descends = ANSWER_CANNOT_TELL;
    c->history_asked = true;
    if (j->history)
        descends = j->history->descends(j->history->self, c->change, &trouble, &why);
    if (descends == ANSWER_YES) {
        c->kind = CHANGE_UPDATE;
    } else if (descends == ANSWER_NO) {
        c->kind = CHANGE_REWRITE;
    } else {
        c->kind = CHANGE_UNKNOWN;
        c->kind_limit = history_trouble_noted(j, trouble, why);
    }
}

enum answer kind_in(struct change_judge *c, unsigned wanted)
{
    for (;;) {
        unsigned bits = kind_bits(c->kind);
        if (!(bits & ~wanted))
            return ANSWER_YES;
        if (!(bits & wanted))
            return ANSWER_NO;
        if (c->kind != CHANGE_MOVE) {
            if (c->kind_limit)
                history_limit_report(c);
            return ANSWER_CANNOT_TELL;
        }
        ask_history(c);
    }
}
