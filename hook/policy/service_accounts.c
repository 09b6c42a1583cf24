/*
 * service_accounts.c - users that stand for machines stay in their scope (semantics.md 5.2).
 */
#include "base/glob.h"
#include "policy/judge.h"

enum { OUT_REPOSITORY, OUT_CREDENTIAL, OUT_REF, OUT_KIND, OUT_COUNT };

struct account { /* a section that the pusher is named in, or may be */
    const struct service_account *section;
    enum answer pusher;
    const struct reason *certain[OUT_COUNT], *open[OUT_COUNT];
};

struct account_set {
    struct account *accounts;
    size_t count;
};

static const struct {
    const char *says; /* "service account "ci" …" */
    unsigned question;
} outs[OUT_COUNT] = {
    [OUT_REPOSITORY] = {"may not push to this repository", QUESTION_REPOSITORY},
    [OUT_CREDENTIAL] = {"may not push with this kind of credential", QUESTION_CREDENTIAL},
    [OUT_REF] = {"may not push to this ref", QUESTION_PUSHER},
    [OUT_KIND] = {"may not push this kind of change", QUESTION_KIND},
};

static enum answer is_pusher(const struct judge *j, const struct service_account *section)
{
    if (j->push->native)
        return ANSWER_CANNOT_TELL;
    return text_equal_fold(section->name, j->push->user_name) ? ANSWER_YES : ANSWER_NO;
}

enum answer service_account_pusher(const struct judge *j)
{
    enum answer pusher = ANSWER_NO;
    for (size_t i = 0; i < j->policy->service_account_count; i++)
        pusher = answer_or(pusher, is_pusher(j, &j->policy->service_accounts[i]));
    return pusher;
}

static struct reason *new_reason(struct judge *j, const struct account *account, size_t out,
                                 enum answer outside)
{
    const struct service_account *section = account->section;
    const char *name = judge_name(j, section->name);
    const char *owner = section->owner.size
                            ? judge_printf(j, " (owner: %s)", judge_name(j, section->owner))
                            : "";
    struct reason *reason;
    if (outside == ANSWER_YES)
        reason = reason_new(j, REASON_SERVICE_ACCOUNT, VERDICT_REJECT, true,
                            "service account \"%s\" %s%s", name, outs[out].says, owner);
    else
        reason = reason_undecided(
            j, VERDICT_REJECT, account->pusher == ANSWER_YES ? outs[out].question : QUESTION_PUSHER,
            judge_printf(j, "service account \"%s\"%s", name, owner));
    reason_from_section(j, reason, section->name, section->source, section->controls);
    return reason;
}

/* Reports that the account is outside of its scope; the reason is made once. */
static void report(struct judge *j, struct account *account, size_t out, enum answer outside,
                   struct findings *findings, size_t change, bool traced)
{
    outside = answer_and(outside, account->pusher);
    if (traced)
        judge_trace(j, TRACE_SERVICE_ACCOUNT, change, outside, VERDICT_REJECT,
                    judge_printf(j, "service-account %.*s", TEXT_ARG(account->section->name)),
                    source_text(j, account->section->source), "%s%s",
                    outside == ANSWER_NO ? "not: " : "", outs[out].says);
    if (outside == ANSWER_NO)
        return;
    const struct reason **slot = outside == ANSWER_YES ? &account->certain[out]
                                                       : &account->open[out];
    if (!*slot)
        *slot = new_reason(j, account, out, outside);
    findings_add(j, findings, *slot, VERDICT_REJECT);
}

static void judge_account(struct judge *j, struct account *account)
{
    const struct service_account *section = account->section;
    if (section->repos.count)
        report(j, account, OUT_REPOSITORY,
               answer_not(repository_in(j, &section->repos, false, true)), &j->findings,
               TRACE_PUSH_LEVEL, j->trace != NULL);
    if (section->credentials)
        report(j, account, OUT_CREDENTIAL,
               answer_not(credential_surely_in(j, section->credentials)), &j->findings,
               TRACE_PUSH_LEVEL, j->trace != NULL);
}

void service_accounts_prepare(struct judge *j)
{
    size_t room = j->policy->service_account_count;
    if (!room || service_account_pusher(j) == ANSWER_NO)
        return;
    struct account_set *set = judge_alloc(j, 1, sizeof *set);
    struct account *accounts = judge_alloc(j, room, sizeof *accounts);
    if (!set || !accounts)
        return;
    *set = (struct account_set){accounts, 0};
    for (size_t i = 0; i < room; i++) {
        const struct service_account *section = &j->policy->service_accounts[i];
        enum answer pusher = is_pusher(j, section);
        if (pusher == ANSWER_NO)
            continue;
        accounts[set->count] = (struct account){.section = section, .pusher = pusher};
        judge_account(j, &accounts[set->count++]);
    }
    j->accounts = set;
}

void service_accounts_change(struct change_judge *c)
{
    struct judge *j = c->judge;
    for (size_t a = 0; j->accounts && a < j->accounts->count; a++) {
        struct account *account = &j->accounts->accounts[a];
        const struct service_account *section = account->section;
        if (section->refs.count) {
            enum answer outside = ANSWER_YES;
            for (size_t i = 0; i < section->refs.count && outside == ANSWER_YES; i++)
                if (glob_ref_match_anchored(section->refs.items[i], c->change->ref))
                    outside = ANSWER_NO;
            report(j, account, OUT_REF, outside, c->findings, c->index, c->traced);
        }
        if (section->kinds)
            report(j, account, OUT_KIND, answer_not(kind_in(c, section->kinds)), c->findings,
                   c->index, c->traced);
    }
}
