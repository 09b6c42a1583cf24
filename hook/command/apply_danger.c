#include "command/apply_danger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/glob.h"

static bool snapshot_danger(const struct policy *policy, const struct view *view, int64_t now_ms,
                            struct buffer *out)
{
    (void)now_ms;
    if (!view->problem || policy->no_snapshot != VERDICT_REJECT)
        return false;
    buffer_printf(out, "%s, and [failure] no-snapshot = reject\n", view->problem);
    return true;
}

static bool stale_danger(const struct policy *policy, const struct view *view, int64_t now_ms,
                         struct buffer *out)
{
    struct snapshot_meta meta;
    struct error err = {STATUS_OK, ""};
    char age[64], allowed[64];
    if (view->problem || policy->when_stale != VERDICT_REJECT ||
        view->meta(view->self, &meta, &err) != STATUS_OK ||
        now_ms - meta.started_ms <= policy->max_age_ms)
        return false;
    clock_format_duration(now_ms - meta.started_ms, age, sizeof age);
    clock_format_duration(policy->max_age_ms, allowed, sizeof allowed);
    buffer_printf(out,
                  "the snapshot is %s old, more than max-age = %s, and [freshness] when-stale = "
                  "reject\n",
                  age, allowed);
    return true;
}

/* The hook makes the audit log, but not its directory. */
static bool audit_danger(const struct policy *policy, const struct view *view, int64_t now_ms,
                         struct buffer *out)
{
    struct stat st;
    (void)view, (void)now_ms;
    if (!policy->audit_required || !policy->audit_file.size)
        return false;
    const char *slash = strrchr(policy->audit_file.at, '/');
    char directory[4096];
    int size = snprintf(directory, sizeof directory, "%.*s",
                        slash > policy->audit_file.at ? (int)(slash - policy->audit_file.at) : 1,
                        policy->audit_file.at);
    if (size < 0 || (size_t)size >= sizeof directory || stat(directory, &st) == 0 ||
        (errno != ENOENT && errno != ENOTDIR))
        return false;
    buffer_string(out, "the directory of the audit log does not exist: ");
    buffer_escaped(out, text_of(directory), sizeof directory, false);
    buffer_string(out, ", and [audit] required = yes\n");
    return true;
}

/* A rule that matches what nobody has heard of matches everything: patterns that let a name through
 * which no instance has are no condition. */
static bool any_matches(const struct text_list *patterns, const char *const names[],
                        bool (*match)(struct text pattern, struct text name))
{
    for (; *names; names++) {
        bool found = !patterns->count;
        for (size_t i = 0; i < patterns->count && !found; i++)
            found = match(patterns->items[i], text_of(*names));
        if (!found)
            return false;
    }
    return true;
}

static bool matches_everything(const struct rule *rule)
{
    static const char *const refs[] = {"refs/heads/zq", "refs/heads/zq/xk/vw", NULL};
    static const char *const projects[] = {"ZQXK", NULL}, *const repos[] = {"ZQXK/vw", NULL};
    const struct text_list *const people[] = {
        &rule->triggers,          &rule->users,        &rule->groups,
        &rule->access_keys,       &rule->except_users, &rule->except_groups,
        &rule->except_access_keys};
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        if (people[i]->count)
            return false;
    const unsigned usual = KIND_CREATE | KIND_UPDATE;
    return !rule->credentials && !rule->except_credentials && !rule->committer && !rule->author &&
           !rule->freeze_set && (!rule->kinds || (rule->kinds & usual) == usual) &&
           any_matches(&rule->refs, refs, glob_ref_match) &&
           any_matches(&rule->projects, projects, glob_name_match) &&
           any_matches(&rule->repos, repos, glob_name_match);
}

static bool rule_danger(const struct policy *policy, const struct view *view, int64_t now_ms,
                        struct buffer *out)
{
    bool found = false;
    (void)view, (void)now_ms;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->action == VERDICT_ANNOTATE || rule->mode == MODE_MONITOR ||
            !matches_everything(rule))
            continue;
        buffer_string(out, "rule \"");
        buffer_escaped(out, rule->name, 64, false);
        buffer_printf(out, "\" (line %u) matches every push and %s\n", rule->source.line,
                      rule->action == VERDICT_REJECT ? "rejects it" : "wants an approval for it");
        found = true;
    }
    return found;
}

size_t apply_dangers(const struct policy *policy, const struct view *view, int64_t now_ms,
                     struct buffer *out)
{
    static bool (*const dangers[])(const struct policy *, const struct view *, int64_t,
                                   struct buffer *) = {snapshot_danger, stale_danger, audit_danger,
                                                       rule_danger};
    size_t count = 0;
    if (policy->mode == MODE_MONITOR) /* which accepts all of this */
        return 0;
    for (size_t i = 0; i < sizeof dangers / sizeof dangers[0]; i++)
        count += dangers[i](policy, view, now_ms, out);
    return count;
}
