/*
 * effective.c - what may the pusher do here? (semantics.md 3)
 *
 * Bitbucket has checked it already; the snapshot's answer is for drift and for who is not told.
 * Where a group could not be read completely the answer lies between two levels, and where the
 * sync could not read the grants it may be any.
 */
#include "policy/effective.h"

#include <stdlib.h>

#include "base/table.h"
#include "policy/judge.h"

struct grant_list { /* each grant that was looked at, for who wants to see them */
    struct effective_grant *items;
    size_t count, room;
};

static const struct name_value sources[] = {
    {"direct", GRANT_DIRECT},   {"owner", GRANT_OWNER},   {"group", GRANT_GROUP},
    {"default", GRANT_DEFAULT}, {"public", GRANT_PUBLIC},
};

const char *grant_source_name(enum grant_source source)
{
    return table_name(sources, TABLE_COUNT(sources), (int)source);
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

static void list_grant(struct judge *j, struct grant_list *list,
                       const struct effective_grant *grant)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 16;
        struct effective_grant *items = judge_alloc(j, room, sizeof *items);
        if (!items)
            return;
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = *grant;
}

static const char *grant_subject(struct judge *j, const struct effective_grant *grant)
{
    if (!j->trace)
        return "";
    switch (grant->source) {
    case GRANT_GROUP:
        return judge_printf(j, "group %.*s", TEXT_ARG(grant->group_name));
    case GRANT_DEFAULT:
        return "default permission";
    case GRANT_OWNER:
        return "owner";
    case GRANT_PUBLIC:
        return "public";
    case GRANT_DIRECT:
        break;
    }
    return "direct grant";
}

/* A grant counts on the repository's scale; `applies` says whether the pusher has it. */
static void add_grant(struct judge *j, struct grant_list *list, struct effective_grant grant)
{
    grant.here = permission_on_repository(grant.granted);
    if (grant.here == PERMISSION_NONE)
        return;
    if (grant.applies == ANSWER_YES)
        j->permission_least = permission_higher(j->permission_least, grant.here);
    if (grant.applies != ANSWER_NO)
        j->permission_most = permission_higher(j->permission_most, grant.here);
    if (list)
        list_grant(j, list, &grant);
    judge_trace(j, TRACE_PERMISSION, TRACE_PUSH_LEVEL, grant.applies, VERDICT_ACCEPT,
                grant_subject(j, &grant), place_name(j, grant.scope), "%s gives %s here",
                permission_name(grant.granted), permission_name(grant.here));
}

static void add_sure(struct judge *j, struct grant_list *list, enum grant_source source,
                     enum grant_scope scope, enum permission granted)
{
    add_grant(j, list,
              (struct effective_grant){
                  .source = source, .scope = scope, .applies = ANSWER_YES, .granted = granted});
}

static void add_user_grant(struct judge *j, struct grant_list *list, enum grant_scope scope)
{
    enum permission granted = PERMISSION_NONE;
    enum answer has = ASK(j, user_grant, scope, j->repository.project_key, j->repository.slug,
                          j->user.name, &granted);
    if (has == ANSWER_CANNOT_TELL)
        j->permission_most = PERMISSION_REPO_ADMIN;
    else if (has == ANSWER_YES)
        add_sure(j, list, GRANT_DIRECT, scope, granted);
}

/* Not by ASK(): what only the trace wants to know must not make the verdict another one. */
static struct text name_for_trace(const struct judge *j, uint32_t group)
{
    struct text name;
    struct error unused;
    enum status status = j->view->group_name(j->view->self, group, &name, &unused);
    return status == STATUS_OK ? name : TEXT("?");
}

static void add_group_grants(struct judge *j, struct grant_list *list,
                             const struct group_grant *groups, size_t count, enum grant_scope scope)
{
    for (size_t i = 0; i < count; i++) {
        struct effective_grant grant = {
            .source = GRANT_GROUP,
            .scope = scope,
            .applies = membership_in(j, groups[i].group, groups[i].incomplete),
            .granted = groups[i].permission,
            .group = groups[i].group,
            .group_name = TEXT("?"),
        };
        if (grant.applies == ANSWER_NO)
            continue;
        if (list && ASK(j, group_name, grant.group, &grant.group_name) != ANSWER_YES)
            grant.group_name = TEXT("?");
        else if (j->trace)
            grant.group_name = name_for_trace(j, grant.group);
        add_grant(j, list, grant);
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

static void user_grants(struct judge *j, struct grant_list *list)
{
    const struct snapshot_repository *repository = &j->repository;
    const struct snapshot_project *project = &repository->project;
    const struct group_grant *global;
    size_t count;
    add_user_grant(j, list, GRANT_REPOSITORY);
    add_user_grant(j, list, GRANT_PROJECT);
    add_sure(j, list, GRANT_DIRECT, GRANT_GLOBAL, j->user.global);
    add_group_grants(j, list, repository->groups, repository->group_count, GRANT_REPOSITORY);
    add_group_grants(j, list, project->groups, project->group_count, GRANT_PROJECT);
    if (ASK(j, global_groups, &global, &count) == ANSWER_YES)
        add_group_grants(j, list, global, count, GRANT_GLOBAL);
    else
        j->permission_most = PERMISSION_REPO_ADMIN;
    add_sure(j, list, GRANT_DEFAULT, GRANT_PROJECT, project->default_permission);
    if (owns_project(j))
        add_sure(j, list, GRANT_OWNER, GRANT_PROJECT, PERMISSION_PROJECT_ADMIN);
    if (repository->is_public || project->is_public)
        add_sure(j, list, GRANT_PUBLIC, GRANT_REPOSITORY, PERMISSION_REPO_READ);
}

static void of_user(struct judge *j, struct grant_list *list)
{
    bool barred = !j->user.active || (j->user.licensed == ANSWER_NO && !j->user.global_unsure);
    j->permission_least = j->permission_most = PERMISSION_NONE;
    if (barred)
        judge_trace(j, TRACE_PERMISSION, TRACE_PUSH_LEVEL, ANSWER_YES, VERDICT_ACCEPT,
                    j->user.active ? "not licensed" : "inactive", "user", "no permission at all");
    if (!barred || list)
        user_grants(j, list);
    if (barred) {
        j->permission_least = j->permission_most = PERMISSION_NONE;
        return;
    }
    if (j->user.licensed != ANSWER_YES)
        j->permission_least = PERMISSION_NONE;
    if ((repository_incomplete(j) & INCOMPLETE_GRANTS) || j->user.global_unsure)
        j->permission_unread = PERMISSION_REPO_ADMIN;
}

static enum permission of_key(struct judge *j, struct grant_list *list,
                              const struct repository_key *keys, size_t count, uint64_t id)
{
    enum permission here = PERMISSION_NONE;
    for (size_t i = 0; i < count; i++) {
        if (keys[i].id != id)
            continue;
        struct effective_grant grant = {
            .source = GRANT_DIRECT,
            .scope = keys[i].of_project ? GRANT_PROJECT : GRANT_REPOSITORY,
            .applies = ANSWER_YES,
            .granted = keys[i].permission,
            .here = permission_on_repository(keys[i].permission),
        };
        here = permission_higher(here, grant.here);
        if (list && grant.here != PERMISSION_NONE)
            list_grant(j, list, &grant);
    }
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
        enum permission here = of_key(j, NULL, keys, count, credential->candidates[i]);
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
        of_user(j, NULL);
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

/* ------------------------------------------------------------------ the grants themselves */

static int compare_grants(const void *left, const void *right)
{
    const struct effective_grant *a = left, *b = right;
    if (a->here != b->here)
        return permission_higher(a->here, b->here) == a->here ? -1 : 1;
    if (a->applies != b->applies)
        return a->applies == ANSWER_YES ? -1 : 1;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    if (a->scope != b->scope)
        return a->scope > b->scope ? -1 : 1; /* the nearest first */
    return text_compare_fold(a->group_name, b->group_name);
}

static enum status begin_finding(struct judge *j, struct decision *unused, const struct view *view,
                                 struct text project_key, struct text slug, struct arena *arena,
                                 struct error *err)
{
    *j = (struct judge){.view = view, .arena = arena, .out = unused, .snapshot_usable = true};
    if (view->problem)
        return error_set(err, view->problem_code, "%s", view->problem);
    j->user_known = ANSWER_NO;
    j->repository_known = ASK(j, repository, project_key, slug, &j->repository);
    if (j->repository_known == ANSWER_NO)
        return error_set(err, STATUS_NOT_FOUND, "the snapshot does not know this repository");
    return STATUS_OK;
}

static enum status finish_finding(struct judge *j, const struct grant_list *list,
                                  struct effective *out, struct error *err)
{
    if (j->out_of_memory)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (j->damaged)
        return error_set(err, STATUS_FORMAT, "%s", j->damage.text);
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_grants);
    *out = (struct effective){
        .repository = j->repository,
        .user_known = j->user_known,
        .user = j->user,
        .least = j->permission_least,
        .most = permission_higher(j->permission_most, j->permission_unread),
        .unread = j->permission_unread,
        .grants = list->items,
        .grant_count = list->count,
    };
    return STATUS_OK;
}

enum status effective_of_user(const struct view *view, struct text project_key, struct text slug,
                              struct text user_name, struct arena *arena, struct effective *out,
                              struct error *err)
{
    struct judge j;
    struct decision unused;
    struct grant_list list = {NULL, 0, 0};
    enum status status = begin_finding(&j, &unused, view, project_key, slug, arena, err);
    if (status != STATUS_OK)
        return status;
    j.user_known = ASK(&j, user, user_name, &j.user);
    if (j.user_known == ANSWER_YES)
        of_user(&j, &list);
    return finish_finding(&j, &list, out, err);
}

enum status effective_of_key(const struct view *view, struct text project_key, struct text slug,
                             uint64_t key_id, struct arena *arena, struct effective *out,
                             struct error *err)
{
    struct judge j;
    struct decision unused;
    struct grant_list list = {NULL, 0, 0};
    const struct repository_key *keys;
    size_t count;
    enum status status = begin_finding(&j, &unused, view, project_key, slug, arena, err);
    if (status != STATUS_OK)
        return status;
    if (repository_incomplete(&j) & INCOMPLETE_KEYS)
        j.permission_unread = PERMISSION_REPO_WRITE;
    if (ASK(&j, repository_keys, project_key, slug, &keys, &count) == ANSWER_YES)
        j.permission_least = j.permission_most = of_key(&j, &list, keys, count, key_id);
    return finish_finding(&j, &list, out, err);
}
