/*
 * accounts.c - service accounts ([service-account "NAME"], semantics.md 5.2) whose grants, or whose
 * pushes, reach beyond what the configuration says that they are for.
 */
#include "base/glob.h"
#include "posture/visit.h"

void accounts_prepare(struct visit *v)
{
    const struct policy *policy = v->f->inquiry->policy;
    size_t count = policy->service_account_count;
    v->accounts = arena_alloc(v->f->arena, count, sizeof *v->accounts);
    if (!v->accounts)
        v->f->failed = true;
    for (size_t i = 0; v->accounts && i < count; i++)
        v->accounts[i].user = inventory_user_by_name(&v->f->inventory,
                                                     policy->service_accounts[i].name);
    if (!v->f->usage.read && count)
        finder_note(v->f, "pushes of service accounts outside of their scope: not looked for "
                          "without an audit log");
}

static bool in_scope(const struct service_account *account, struct text where)
{
    for (size_t i = 0; i < account->repos.count; i++)
        if (glob_name_match(account->repos.items[i], where))
            return true;
    return !account->repos.count;
}

void accounts_of_repository(struct visit *v)
{
    const struct policy *policy = v->f->inquiry->policy;
    for (size_t i = 0; v->accounts && i < policy->service_account_count; i++) {
        struct account_tally *tally = &v->accounts[i];
        if (tally->user == INVENTORY_NONE || v->repository.archived ||
            !reach_has(v->reach.write, tally->user) ||
            in_scope(&policy->service_accounts[i], v->where))
            continue;
        if (tally->outside < FINDER_EVIDENCE_MOST)
            tally->first[tally->outside] = v->where;
        tally->outside++;
    }
}

static struct text account_where(struct finder *f, const struct service_account *account)
{
    return visit_text(f, "user %.*s", TEXT_ARG(account->name));
}

static void tell_grants(struct finder *f, const struct service_account *account,
                        const struct account_tally *tally)
{
    unsigned long long count = tally->outside;
    if (!count || !finder_open(f, POSTURE_SERVICE_ACCOUNT_OUT_OF_SCOPE, account_where(f, account)))
        return;
    finder_severity(f, SEVERITY_MEDIUM);
    finder_subject(f, "grants");
    finder_what(f, "may write to %llu %s outside of its scope", count,
                count == 1 ? "repository" : "repositories");
    finder_evidence(f, "%.*s:%u", TEXT_ARG(account->source.file), account->source.line);
    for (size_t i = 0; i < count && i + 1 < FINDER_EVIDENCE_MOST; i++)
        finder_evidence(f, "repo/%.*s", TEXT_ARG(tally->first[i]));
    finder_controls(f, &account->controls);
    finder_close(f);
}

static void tell_pushes(struct finder *f, const struct service_account *account)
{
    for (size_t i = 0; i < f->usage.outside_count; i++) {
        const struct usage_outside *outside = &f->usage.outside[i];
        unsigned long long count = outside->count;
        if (!text_equal_fold(outside->account, account->name) ||
            !finder_open(f, POSTURE_SERVICE_ACCOUNT_OUT_OF_SCOPE, account_where(f, account)))
            continue;
        finder_subject(f, "pushes");
        finder_what(f, "pushed, or tried to push, outside of its scope %llu time%s", count,
                    count == 1 ? "" : "s");
        finder_evidence(f, "%.*s:%u", TEXT_ARG(account->source.file), account->source.line);
        finder_evidence(f, "last on %.*s to repo/%.*s (audit log, decision %.*s)",
                        TEXT_ARG(outside->last_time), TEXT_ARG(outside->last_repository),
                        TEXT_ARG(outside->last_id));
        finder_controls(f, &account->controls);
        finder_close(f);
    }
}

void accounts_finish(struct visit *v)
{
    struct finder *f = v->f;
    const struct policy *policy = f->inquiry->policy;
    for (size_t i = 0; v->accounts && i < policy->service_account_count; i++) {
        const struct service_account *account = &policy->service_accounts[i];
        bool token = text_starts(account->name, TEXT("access-token-user/"));
        if (v->accounts[i].user == INVENTORY_NONE && !token)
            finder_note(f, "the snapshot does not know the service account %.*s (%.*s:%u)",
                        TEXT_ARG(account->name), TEXT_ARG(account->source.file),
                        account->source.line);
        tell_grants(f, account, &v->accounts[i]);
        tell_pushes(f, account);
    }
}
