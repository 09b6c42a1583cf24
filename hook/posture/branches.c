/*
 * branches.c - default branches that a push can change, rewrite or delete.
 *
 * decide() judges a made-up user who may write, is in no group and is named nowhere: what stops him
 * stops everybody who was not exempted by name. Restrictions are Bitbucket's own and hold whether
 * refgate enforces or only watches; of refgate's rules only those count that enforce, at any time.
 */
#include "policy/decide.h"
#include "posture/visit.h"

#define WRITER_ID UINT64_MAX
#define WRITER_NAME "an ordinary writer"
#define WRITER_MAIL "writer@refgate.invalid"
#define OLD_ID "1111111111111111111111111111111111111111"
#define NEW_ID "2222222222222222222222222222222222222222"
#define ZERO_ID "0000000000000000000000000000000000000000"

enum { UPDATE, REWRITE, DELETE, ATTEMPTS };
static const struct {
    enum posture_kind_row kind;
    enum change_kind change;
    const char *new_id, *what;
} attempts[ATTEMPTS] = {
    [UPDATE] = {POSTURE_UNPROTECTED_DEFAULT_BRANCH, CHANGE_UPDATE, NEW_ID,
                "nothing stops a direct push to"},
    [REWRITE] = {POSTURE_DEFAULT_BRANCH_REWRITE, CHANGE_REWRITE, NEW_ID,
                 "nothing stops a forced push to"},
    [DELETE] = {POSTURE_DEFAULT_BRANCH_DELETE, CHANGE_DELETE, ZERO_ID,
                "nothing stops a push that deletes"},
};

/* ------------------------------------------------------------------ the made-up writer */

static enum status writer_user(void *self, struct text name, struct snapshot_user *out,
                               struct error *err)
{
    (void)self, (void)name, (void)err;
    *out = (struct snapshot_user){.id = WRITER_ID,
                                  .name = TEXT(WRITER_NAME),
                                  .slug = TEXT(WRITER_NAME),
                                  .email = TEXT(WRITER_MAIL),
                                  .active = true,
                                  .licensed = ANSWER_YES,
                                  .groups_complete = ANSWER_YES};
    return STATUS_OK;
}

static enum status writer_email(void *self, struct text address, uint64_t *user_id,
                                struct error *err)
{
    (void)self, (void)address, (void)err;
    *user_id = WRITER_ID;
    return STATUS_OK;
}

static enum status writer_grant(void *self, enum grant_scope scope, struct text project_key,
                                struct text slug, struct text user_name, enum permission *out,
                                struct error *err)
{
    (void)self, (void)project_key, (void)slug, (void)user_name, (void)err;
    if (scope != GRANT_REPOSITORY)
        return STATUS_NOT_FOUND;
    *out = PERMISSION_REPO_WRITE;
    return STATUS_OK;
}

/* He commits in his own name. */
static enum history_trouble writer_commits(void *self, const struct change *change,
                                           bool (*visit)(void *context,
                                                         const struct history_commit *commit),
                                           void *context, const char **why)
{
    const struct history_commit commit = {TEXT(NEW_ID), TEXT(WRITER_MAIL), TEXT(WRITER_MAIL),
                                          false};
    (void)self, (void)change, (void)why;
    (void)visit(context, &commit);
    return HISTORY_FINE;
}

static enum answer writer_descends(void *self, const struct change *change,
                                   enum history_trouble *trouble, const char **why)
{
    (void)self, (void)trouble, (void)why;
    return change->kind == CHANGE_REWRITE ? ANSWER_NO : ANSWER_YES;
}

/* ------------------------------------------------------------------ the policy */

#define USER_BIT (1u << CREDENTIAL_USER)
#define USER_MEANS                                                     \
    ((1u << CREDENTIAL_USER_SSH_KEY) | (1u << CREDENTIAL_USER_TOKEN) | \
     (1u << CREDENTIAL_USER_PASSWORD))

/* Does it hold at any hour, and however the writer logs in? */
static bool rule_counts(const struct rule *rule)
{
    if (rule->mode == MODE_MONITOR || rule->freeze_set || rule->action == VERDICT_ANNOTATE)
        return false;
    if (rule->credentials && !(rule->credentials & USER_BIT))
        return false;
    return !(rule->except_credentials & (USER_BIT | USER_MEANS));
}

void branches_prepare(struct visit *v)
{
    const struct policy *policy = v->f->inquiry->policy;
    struct policy *out = &v->branch_policy;
    struct rule *rules = arena_alloc(v->f->arena, policy->rule_count, sizeof *rules);
    *out = *policy;
    out->mode = MODE_ENFORCE;
    out->restrictions_check = VERDICT_REJECT;
    out->permissions_check = VERDICT_ACCEPT;
    out->undecided = out->undecided_restriction = VERDICT_REJECT;
    out->when_stale = out->other_refs = VERDICT_ACCEPT;
    out->resolvers = RESOLVER_NAME;
    out->admins_exempt = false;
    out->service_account_count = 0;
    out->rules = rules;
    out->rule_count = 0;
    if (!rules)
        v->f->failed = true;
    for (size_t i = 0; rules && policy->mode != MODE_MONITOR && i < policy->rule_count; i++)
        if (rule_counts(&policy->rules[i]))
            rules[out->rule_count++] = policy->rules[i];
}

/* ------------------------------------------------------------------ judging */

static bool stops(const struct reason *reason)
{
    return reason->definite && !reason->monitored && !verdict_accepts(reason->verdict) &&
           (reason->type == REASON_RESTRICTION || reason->type == REASON_RULE);
}

/* NO: the change goes through. */
static enum answer stopped(const struct change_result *result)
{
    enum answer answer = ANSWER_NO;
    for (const struct reason_link *link = result->reasons; link; link = link->next) {
        if (stops(link->reason))
            return ANSWER_YES;
        if (!link->reason->definite && !verdict_accepts(link->reason->verdict))
            answer = ANSWER_CANNOT_TELL;
    }
    return answer;
}

static bool judge(struct visit *v, struct decision *decision)
{
    const struct text ref = v->repository.default_branch;
    struct change changes[ATTEMPTS];
    for (size_t i = 0; i < ATTEMPTS; i++)
        changes[i] = (struct change){.ref = ref,
                                     .old_id = OLD_ID,
                                     .new_id = attempts[i].new_id,
                                     .id_size = 40,
                                     .kind = attempts[i].change};
    struct view view = v->view;
    view.user = writer_user;
    view.email_user = writer_email;
    view.user_grant = writer_grant;
    const struct history history = {NULL, writer_descends, writer_commits};
    const struct push push = {.trigger = TRIGGER_PUSH,
                              .trigger_text = TEXT("push"),
                              .project_key = v->repository.project_key,
                              .repository_slug = v->repository.slug,
                              .user_name = TEXT(WRITER_NAME),
                              .user_email = TEXT(WRITER_MAIL),
                              .changes = changes,
                              .change_count = ATTEMPTS,
                              .now_ms = v->f->inquiry->now_ms};
    if (decide(&v->branch_policy, &push, &view, &history, NULL, &v->arena, decision, &v->error) ==
        STATUS_OK)
        return true;
    v->f->failed = true;
    return false;
}

static void tell(struct visit *v, size_t attempt, uint32_t people)
{
    struct finder *f = v->f;
    if (!finder_open(f, attempts[attempt].kind, v->where))
        return;
    bool personal = v->project.flags & PROJECT_PERSONAL;
    if (personal)
        finder_severity(f, SEVERITY_INFO);
    finder_what(f, "%s %.*s%s", attempts[attempt].what, TEXT_ARG(v->repository.default_branch),
                personal ? " (a personal repository)" : "");
    finder_evidence(f, "repo/%.*s", TEXT_ARG(v->where));
    finder_evidence(f, "%u %s may write", people, people == 1 ? "person" : "people");
    finder_close(f);
}

void branches_of_repository(struct visit *v)
{
    struct decision decision;
    bool wanted = false;
    for (size_t i = 0; i < ATTEMPTS; i++)
        wanted = wanted || finder_wants(v->f, attempts[i].kind);
    if (!wanted || v->repository.archived)
        return;
    if (!v->repository.default_branch_known) {
        tally_add(&v->branch_unknown, v->where);
        return;
    }
    if (!judge(v, &decision))
        return;
    bool unsure = !decision.changes;
    uint32_t people = reach_count(v->reach.write, v->reach.words);
    for (size_t i = 0; i < ATTEMPTS && decision.changes; i++) {
        enum answer answer = stopped(&decision.changes[i]);
        if (answer == ANSWER_NO)
            tell(v, i, people);
        unsure = unsure || answer == ANSWER_CANNOT_TELL;
    }
    if (unsure)
        tally_add(&v->branch_unsure, v->where);
}

void branches_finish(struct visit *v)
{
    if (v->branch_unsure.count)
        finder_note(v->f,
                    "cannot tell of %llu repositories whether their default branch is protected: "
                    "a restriction or rule there is of an unknown kind or could not be read "
                    "(the first is %.*s)",
                    (unsigned long long)v->branch_unsure.count, TEXT_ARG(v->branch_unsure.first));
    if (v->branch_unknown.count)
        finder_note(v->f,
                    "the default branch of %llu repositories is not known, as of an empty one "
                    "(the first is %.*s)",
                    (unsigned long long)v->branch_unknown.count, TEXT_ARG(v->branch_unknown.first));
}
