/*
 * effective.c - what may the pusher do here? (semantics.md 3)
 *
 * Bitbucket has checked it already; the snapshot's answer is for drift and for who is not told.
 * Where a group could not be read completely the answer lies between two levels, and where the
 * sync could not read the grants it may be any.
 */
#include "policy/judge.h"

/* A grant counts on the repository's scale; `applies` says whether the pusher has it. */
static void add_grant(struct judge *j, enum permission granted, enum answer applies,
                      const char *subject, const char *source)
{
    enum permission here = permission_on_repository(granted);
    if (here == PERMISSION_NONE)
        return;
    if (applies == ANSWER_YES)
        j->permission_least = permission_higher(j->permission_least, here);
    if (applies != ANSWER_NO)
        j->permission_most = permission_higher(j->permission_most, here);
    judge_trace(j, TRACE_PERMISSION, TRACE_PUSH_LEVEL, applies, VERDICT_ACCEPT, subject, source,
                "%s gives %s here", permission_name(granted), permission_name(here));
}

static const char *place_name(struct judge *j, enum grant_scope scope)
{
    if (!j->trace)
        return "";
    struct text key = j->repository.project_key, slug = j->repository.slug;
    switch (scope) {
    case GRANT_REPOSITORY:
        return judge_printf(j, "repo/%.*s/%.*s", TEXT_ARG(key), TEXT_ARG(slug));
    case GRANT_PROJECT:
        return judge_printf(j, "project/%.*s", TEXT_ARG(key));
    case GRANT_GLOBAL:
        break;
    }
    return "global";
}

static void add_user_grant(struct judge *j, enum grant_scope scope)
{
    enum permission granted = PERMISSION_NONE;
    enum answer has = ASK(j, user_grant, scope, j->repository.project_key, j->repository.slug,
                          j->push->user_name, &granted);
    if (has == ANSWER_CANNOT_TELL)
        j->permission_most = PERMISSION_REPO_ADMIN;
    else if (has == ANSWER_YES)
        add_grant(j, granted, ANSWER_YES, "direct grant", place_name(j, scope));
}

static const char *group_subject(struct judge *j, uint32_t group)
{
    struct text name = TEXT("?");
    if (!j->trace)
        return "";
    if (ASK(j, group_name, group, &name) != ANSWER_YES)
        name = TEXT("?");
    return judge_printf(j, "group %.*s", TEXT_ARG(name));
}

static void add_group_grants(struct judge *j, const struct group_grant *groups, size_t count,
                             enum grant_scope scope)
{
    for (size_t i = 0; i < count; i++) {
        enum answer member = membership_in(j, groups[i].group, groups[i].incomplete);
        if (member != ANSWER_NO)
            add_grant(j, groups[i].permission, member, group_subject(j, groups[i].group),
                      place_name(j, scope));
    }
}

static bool owns_project(const struct judge *j)
{
    const struct snapshot_project *project = &j->repository.project;
    if (!project->personal)
        return false;
    if (project->owner_id && j->user.id) /* ids win over names */
        return project->owner_id == j->user.id;
    return project->owner_name.size && text_equal_fold(project->owner_name, j->user.name);
}

static void user_grants(struct judge *j)
{
    const struct snapshot_repository *repository = &j->repository;
    const struct group_grant *global;
    size_t count;
    add_user_grant(j, GRANT_REPOSITORY);
    add_user_grant(j, GRANT_PROJECT);
    add_grant(j, j->user.global, ANSWER_YES, "direct grant", "global");
    add_group_grants(j, repository->groups, repository->group_count, GRANT_REPOSITORY);
    add_group_grants(j, repository->project.groups, repository->project.group_count, GRANT_PROJECT);
    if (ASK(j, global_groups, &global, &count) == ANSWER_YES)
        add_group_grants(j, global, count, GRANT_GLOBAL);
    else
        j->permission_most = PERMISSION_REPO_ADMIN;
    add_grant(j, repository->project.default_permission, ANSWER_YES, "default permission",
              place_name(j, GRANT_PROJECT));
    if (owns_project(j))
        add_grant(j, PERMISSION_PROJECT_ADMIN, ANSWER_YES, "owner", place_name(j, GRANT_PROJECT));
    if (repository->is_public || repository->project.is_public)
        add_grant(j, PERMISSION_REPO_READ, ANSWER_YES, "public", place_name(j, GRANT_REPOSITORY));
}

static void of_user(struct judge *j)
{
    j->permission_least = j->permission_most = PERMISSION_NONE;
    if (!j->user.active || (j->user.licensed == ANSWER_NO && !j->user.global_unsure)) {
        judge_trace(j, TRACE_PERMISSION, TRACE_PUSH_LEVEL, ANSWER_YES, VERDICT_ACCEPT,
                    j->user.active ? "not licensed" : "inactive", "user", "no permission at all");
        return;
    }
    user_grants(j);
    if (j->user.licensed != ANSWER_YES)
        j->permission_least = PERMISSION_NONE;
    if ((repository_incomplete(j) & INCOMPLETE_GRANTS) || j->user.global_unsure)
        j->permission_unread = PERMISSION_REPO_ADMIN;
}

static enum permission of_key(struct judge *j, const struct repository_key *keys, size_t count,
                              uint64_t id)
{
    enum permission here = PERMISSION_NONE;
    for (size_t i = 0; i < count; i++)
        if (keys[i].id == id)
            here = permission_higher(here, keys[i].permission);
    if (j->trace)
        judge_trace(j, TRACE_PERMISSION, TRACE_PUSH_LEVEL, ANSWER_YES, VERDICT_ACCEPT,
                    judge_printf(j, "access key %llu", (unsigned long long)id),
                    judge_printf(j, "key/%llu", (unsigned long long)id),
                    "%s on the repository or its project", permission_name(here));
    return here;
}

/* Of several keys that it may be, the strictest counts; of one that is not known, nothing is. Keys
 * read or write, they never administer (rest-api.md 1.7). */
static void of_keys(struct judge *j)
{
    const struct credential *credential = &j->out->credential;
    const struct repository_key *keys;
    size_t count;
    if (repository_incomplete(j) & INCOMPLETE_KEYS)
        j->permission_unread = PERMISSION_REPO_WRITE;
    if ((!credential->candidate_count && !credential->candidates_open) ||
        ASK(j, repository_keys, j->repository.project_key, j->repository.slug, &keys, &count) !=
            ANSWER_YES)
        return;
    enum permission strictest = PERMISSION_REPO_ADMIN;
    for (size_t i = 0; i < credential->candidate_count; i++) {
        enum permission here = of_key(j, keys, count, credential->candidates[i]);
        if (here < strictest)
            strictest = here;
    }
    if (credential->candidates_open)
        strictest = PERMISSION_NONE;
    j->permission_least = j->permission_most = strictest;
}

static void by_snapshot(struct judge *j)
{
    j->permission_least = PERMISSION_NONE;
    j->permission_most = PERMISSION_REPO_ADMIN;
    if (j->repository_known != ANSWER_YES)
        return;
    if (j->user_known == ANSWER_YES)
        of_user(j);
    else if (j->out->credential.class == CREDENTIAL_ACCESS_KEY)
        of_keys(j);
    /* A token's permission is not in the snapshot: tokens of one scope share one service user. */
}

/* Grants that the sync could not read may give more than those that it could. */
static void add_unread(struct judge *j)
{
    enum permission unread = j->permission_unread;
    if (unread != PERMISSION_NONE) {
        j->permission_most = permission_higher(j->permission_most, unread);
        judge_trace(j, TRACE_PERMISSION, TRACE_PUSH_LEVEL, ANSWER_CANNOT_TELL, VERDICT_ACCEPT,
                    "unread grants", place_name(j, GRANT_REPOSITORY),
                    "the sync could not read all grants: up to %s", permission_name(unread));
    }
    if (j->repository_known != ANSWER_YES)
        return;
    j->out->snapshot_permission_known = j->permission_least == j->permission_most;
    j->out->snapshot_permission = j->permission_least;
}

/* BB_USER_PERMISSION. LICENSED_USER and PROJECT_CREATE speak of the instance: nothing is known of
 * the repository then. */
static void by_bitbucket(struct judge *j)
{
    enum permission stated;
    if (!permission_parse(j->push->user_permission, &stated) ||
        permission_on_repository(stated) == PERMISSION_NONE)
        return;
    j->out->bitbucket_permission_known = true;
    j->out->bitbucket_permission = permission_on_repository(stated);
}

static enum answer at_least(const struct judge *j, enum permission wanted)
{
    if (j->out->bitbucket_permission_known) /* it is newer */
        return j->out->bitbucket_permission >= wanted ? ANSWER_YES : ANSWER_NO;
    if (j->permission_least >= wanted)
        return ANSWER_YES;
    return j->permission_most < wanted ? ANSWER_NO : ANSWER_CANNOT_TELL;
}

/* ------------------------------------------------------------------ the check */

static void report(struct judge *j, enum verdict verdict, const char *text)
{
    findings_add(j, &j->findings, reason_new(j, REASON_PERMISSION, verdict, true, "%s", text),
                 verdict);
}

static void report_drift(struct judge *j)
{
    const struct decision *out = j->out;
    if (out->bitbucket_permission_known && out->snapshot_permission_known &&
        out->bitbucket_permission != out->snapshot_permission)
        report(j, VERDICT_NOTE,
               judge_printf(j, "the snapshot says %s, Bitbucket says %s (drift)",
                            permission_name(out->snapshot_permission),
                            permission_name(out->bitbucket_permission)));
}

static void report_unknown(struct judge *j)
{
    enum verdict check = j->policy->permissions_check;
    const char *why = j->permission_unread == PERMISSION_NONE
                          ? ""
                          : ": the sync could not read all grants";
    if (check == VERDICT_REJECT)
        findings_add(
            j, &j->findings,
            reason_new(j, REASON_UNDECIDED, verdict_weaker(j->policy->undecided, check), false,
                       "cannot tell whether the pusher may write to this repository%s", why),
            check);
    else if (!j->push->native) /* said once already */
        report(j, VERDICT_NOTE,
               judge_printf(j, "neither Bitbucket nor the snapshot says what the pusher may do%s",
                            why));
}

static void check_permission(struct judge *j)
{
    enum verdict check = j->policy->permissions_check;
    if (check == VERDICT_ACCEPT)
        return;
    report_drift(j);
    enum answer may_write = at_least(j, PERMISSION_REPO_WRITE);
    if (may_write == ANSWER_NO)
        report(j, check, "the pusher may not write to this repository");
    else if (may_write != ANSWER_YES)
        report_unknown(j);
    if (j->repository_known == ANSWER_YES && j->repository.archived)
        report(j, check, "the repository is archived");
    judge_trace(j, TRACE_PERMISSION, TRACE_PUSH_LEVEL, answer_not(may_write), check,
                "permission check", "", "Bitbucket: %s, snapshot: %s, needed: REPO_WRITE",
                j->out->bitbucket_permission_known ? permission_name(j->out->bitbucket_permission)
                                                   : "unknown",
                j->out->snapshot_permission_known ? permission_name(j->out->snapshot_permission)
                                                  : "unknown");
}

void effective_judge(struct judge *j)
{
    j->permission_unread = PERMISSION_NONE;
    by_snapshot(j);
    by_bitbucket(j);
    /* An administrator by a grant that nobody could read is none as long as Bitbucket does not say
     * so: what is not known must not lift a restriction that is (ours; as in restrictions.c). */
    j->admin = j->policy->admins_exempt ? at_least(j, PERMISSION_REPO_ADMIN) : ANSWER_NO;
    add_unread(j);
    check_permission(j);
}
