/* Names in refgate.conf that the snapshot does not know: a typing mistake, or a rule for nobody. */
#include <string.h>

#include "policy/lint_check.h"

static const struct view *view_of(const struct lint *lint)
{
    return lint->input->view;
}

/* What a question to the snapshot came to: true if the name is surely not there. */
static bool is_missing(struct lint *lint, enum status status)
{
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        return status == STATUS_NOT_FOUND;
    if (lint->status == STATUS_OK)
        lint->status = status;
    return false;
}

static bool has_wildcard(struct text t)
{
    return memchr(t.at, '*', t.size) || memchr(t.at, '?', t.size);
}

/* A user of the snapshot, a key's service user, or the name of a token's, which is never there. */
static bool user_missing(struct lint *lint, struct text name)
{
    struct snapshot_user user;
    uint64_t key;
    const struct view *view = view_of(lint);
    return !text_starts(name, TEXT("access-token-user/")) &&
           is_missing(lint, view->user(view->self, name, &user, lint->err)) &&
           is_missing(lint, view->service(view->self, name, &key, lint->err));
}

static bool group_missing(struct lint *lint, struct text name)
{
    struct snapshot_group group;
    return is_missing(lint, view_of(lint)->group(view_of(lint)->self, name, &group, lint->err));
}

/* Labels cannot be looked up; numbers can. */
static bool key_missing(struct lint *lint, struct text name)
{
    struct snapshot_key key;
    uint64_t id;
    return text_parse_u64(name, UINT64_MAX, true, &id) &&
           is_missing(lint, view_of(lint)->access_key(view_of(lint)->self, id, &key, lint->err));
}

static bool project_missing(struct lint *lint, struct text key)
{
    struct snapshot_project project;
    return !has_wildcard(key) &&
           is_missing(lint, view_of(lint)->project(view_of(lint)->self, key, &project, lint->err));
}

static bool repo_missing(struct lint *lint, struct text name)
{
    struct snapshot_repository repository;
    struct text slug = name, key;
    (void)text_next_field(&slug, '/', &key);
    if (has_wildcard(key))
        return false;
    if (has_wildcard(slug))
        return project_missing(lint, key);
    return is_missing(
        lint, view_of(lint)->repository(view_of(lint)->self, key, slug, &repository, lint->err));
}

static void check_list(struct lint *lint, const struct lint_place *place, const char *key,
                       const char *what, const struct text_list *names,
                       bool (*missing)(struct lint *, struct text))
{
    for (size_t i = 0; i < names->count && lint->status == STATUS_OK; i++)
        if (missing(lint, names->items[i]))
            lint_warn(lint, place, key, "%s: the snapshot knows no %s %s", key, what,
                      config_quoted(&lint->problems, names->items[i]));
}

void lint_names(struct lint *lint)
{
    for (size_t i = 0; i < lint->policy->rule_count; i++) {
        const struct rule *r = &lint->policy->rules[i];
        const struct lint_place place = {"rule", r->source.line, ""};
        check_list(lint, &place, "users", "user", &r->users, user_missing);
        check_list(lint, &place, "except-users", "user", &r->except_users, user_missing);
        check_list(lint, &place, "groups", "group", &r->groups, group_missing);
        check_list(lint, &place, "except-groups", "group", &r->except_groups, group_missing);
        check_list(lint, &place, "access-keys", "access key", &r->access_keys, key_missing);
        check_list(lint, &place, "except-access-keys", "access key", &r->except_access_keys,
                   key_missing);
        check_list(lint, &place, "projects", "project", &r->projects, project_missing);
        check_list(lint, &place, "repos", "repository", &r->repos, repo_missing);
    }
    for (size_t i = 0; i < lint->policy->service_account_count; i++) {
        const struct service_account *account = &lint->policy->service_accounts[i];
        const struct lint_place place = {"service-account", account->source.line, ""};
        const struct text_list self = {&account->name, 1};
        check_list(lint, &place, "service-account", "user", &self, user_missing);
        check_list(lint, &place, "repos", "repository", &account->repos, repo_missing);
    }
}
