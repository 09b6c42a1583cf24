/* Rules that cannot match, that match too much, and patterns that match nothing. */
#include <stdio.h>
#include <string.h>

#include "base/glob.h"
#include "model/push.h"
#include "model/ref.h"
#include "policy/control_map.h"
#include "policy/lint_check.h"

#define CLASS(name) (1u << CREDENTIAL_##name)
#define ALL_CLASSES ((1u << CREDENTIAL_CLASSES) - 1)
#define KEYS_AND_TOKENS (CLASS(ACCESS_KEY) | CLASS(REPOSITORY_TOKEN) | CLASS(PROJECT_TOKEN))

/* ---------------------------------------------------------------- patterns */

/* Why no ref can match: git-check-ref-format(1) lets no ref have what the pattern wants. */
static const char *impossible_pattern(struct text pattern)
{
    struct text rest = pattern, part;
    for (size_t i = 0; i < pattern.size; i++)
        if (strchr("~^:[\\", pattern.at[i]))
            return "no ref has ~ ^ : [ \\ in its name, which are plain characters in a pattern";
    while (text_next_field(&rest, '/', &part)) {
        if (part.size && part.at[0] == '.')
            return "no part of a ref's name begins with a dot";
        if (part.size >= 5 && !memcmp(part.at + part.size - 5, ".lock", 5))
            return "no part of a ref's name ends in .lock";
        for (size_t i = 1; i < part.size; i++)
            if (part.at[i - 1] == '.' && part.at[i] == '.')
                return "no ref has two dots in a row";
    }
    if (text_equal(pattern, TEXT("refs/heads")) || text_equal(pattern, TEXT("refs/tags")) ||
        text_equal(pattern, TEXT("refs")))
        return "it names a directory of refs and no ref; end it with /";
    return NULL;
}

/* refs/head/x: the second part is nearly a namespace that everybody knows. */
static const char *misspelt_namespace(struct text pattern)
{
    static const char *const known[] = {"heads", "tags", "notes"};
    struct text rest = pattern, part;
    if (!text_next_field(&rest, '/', &part) || !text_equal(part, TEXT("refs")) ||
        !text_next_field(&rest, '/', &part) || memchr(part.at, '*', part.size) ||
        memchr(part.at, '?', part.size))
        return NULL;
    struct config_guess guess = config_guess_start(part);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        config_guess_try(&guess, known[i]);
    return guess.best && guess.distance && guess.distance < 3 ? guess.best : NULL;
}

void lint_patterns(struct lint *lint, const struct lint_place *place, const struct text_list *refs,
                   bool permits)
{
    for (size_t i = 0; i < refs->count; i++) {
        struct text pattern = refs->items[i];
        if (pattern.at[0] == '/')
            pattern = text_skip(pattern, 1);
        const char *shown = config_quoted(&lint->problems, refs->items[i]);
        const char *why = impossible_pattern(pattern), *near = misspelt_namespace(pattern);
        if (why)
            lint_warn(lint, place, "refs", "%s matches nothing: %s", shown, why);
        else if (near)
            lint_warn(lint, place, "refs",
                      "%s matches neither branches nor tags; did you mean "
                      "refs/%s/?",
                      shown, near);
        else if (permits &&
                 (text_starts(pattern, TEXT("heads/")) || text_starts(pattern, TEXT("tags/"))))
            lint_warn(lint, place, "refs",
                      "in a list that permits, %s means refs/heads/%.*s; write refs/%.*s", shown,
                      TEXT_ARG(pattern), TEXT_ARG(pattern));
        else if (permits && text_equal(pattern, TEXT("*")))
            lint_warn(lint, place, "refs",
                      "in a list that permits, \"*\" means branches without a "
                      "slash in their name; refs/heads/ means all branches");
    }
}

/* ---------------------------------------------------------------- conditions */

/* Is there a project that both lists let through? Only keys without wildcards are compared. */
static bool projects_meet_repos(const struct rule *rule)
{
    for (size_t i = 0; i < rule->repos.count; i++) {
        struct text rest = rule->repos.items[i], key;
        (void)text_next_field(&rest, '/', &key);
        if (memchr(key.at, '*', key.size) || memchr(key.at, '?', key.size))
            return true;
        for (size_t k = 0; k < rule->projects.count; k++)
            if (glob_name_match(rule->projects.items[k], key))
                return true;
    }
    return false;
}

static bool only_trigger(const struct rule *rule, enum trigger trigger)
{
    for (size_t i = 0; i < rule->triggers.count; i++)
        if (trigger_parse(rule->triggers.items[i]) != trigger)
            return false;
    return rule->triggers.count > 0;
}

/* Why the conditions of a rule never hold together, and the key that says so; NULL if they may. */
static const char *contradiction(const struct rule *rule, const char **key)
{
    unsigned classes = rule->credentials ? rule->credentials : ALL_CLASSES;
    classes &= ~rule->except_credentials;
    *key = "except-credentials";
    if (!classes)
        return "except-credentials has all that credentials has";
    *key = "credentials";
    if (classes == CLASS(WEB) && only_trigger(rule, TRIGGER_PUSH))
        return "the web interface and REST never have the trigger push";
    *key = "groups";
    if (rule->groups.count && !(classes & ~KEYS_AND_TOKENS))
        return "access keys and tokens are in no group";
    *key = "access-keys";
    if (rule->access_keys.count && !(classes & CLASS(ACCESS_KEY)))
        return "credentials lets no access key through";
    *key = "except-users";
    if (rule->users.count && lint_covers(&rule->except_users, &rule->users, true))
        return "except-users has all that users has";
    *key = "except-groups";
    if (rule->groups.count && lint_covers(&rule->except_groups, &rule->groups, true))
        return "except-groups has all that groups has";
    *key = "except-access-keys";
    if (rule->access_keys.count &&
        lint_covers(&rule->except_access_keys, &rule->access_keys, false))
        return "except-access-keys has all that access-keys has";
    *key = "repos";
    if (rule->projects.count && rule->repos.count && !projects_meet_repos(rule))
        return "no repository of repos is in one of projects";
    *key = "changes";
    if (rule->kinds == KIND_DELETE && (rule->committer || rule->author))
        return "a deletion brings no commits to look at";
    return NULL;
}

static void check_triggers(struct lint *lint, const struct rule *rule,
                           const struct lint_place *place)
{
    for (size_t i = 0; i < rule->triggers.count; i++) {
        struct text name = rule->triggers.items[i];
        if (trigger_parse(name) != TRIGGER_UNKNOWN)
            continue;
        struct config_guess guess = config_guess_start(name);
        for (int t = TRIGGER_PUSH; t < TRIGGER_UNKNOWN; t++)
            config_guess_try(&guess, trigger_name((enum trigger)t));
        lint_warn(lint, place, "triggers", "no trigger %s is known%s",
                  config_quoted(&lint->problems, name), config_guess_hint(&guess, &lint->problems));
    }
}

/* Commits are new only once: on another ref, or by a fork, they come in without the condition
 * (semantics.md 5.3). */
static void check_identity(struct lint *lint, const struct rule *rule,
                           const struct lint_place *place)
{
    const char *key = rule->committer ? "committer" : "author";
    if (!rule->committer && !rule->author)
        return;
    const char *limit = rule->refs.count                                           ? "refs"
                        : rule->repos.count                                        ? "repos"
                        : rule->projects.count                                     ? "projects"
                        : rule->kinds & (KIND_CREATE | KIND_UPDATE) && rule->kinds ? "changes"
                                                                                   : NULL;
    if (limit)
        lint_warn(lint, place, key,
                  "with %s, %s can be got round: commits are new only once, so who pushes them "
                  "elsewhere first is not asked again",
                  limit, key);
}

static void check_confidence(struct lint *lint, const struct rule *rule,
                             const struct lint_place *place)
{
    const unsigned tokens = CLASS(REPOSITORY_TOKEN) | CLASS(PROJECT_TOKEN);
    unsigned classes = rule->credentials & ~rule->except_credentials;
    if (rule->confidence == CONFIDENCE_NONE)
        return;
    if (!rule->credentials && !rule->except_credentials && !rule->access_keys.count &&
        !rule->except_access_keys.count)
        lint_warn(lint, place, "credential-confidence",
                  "credential-confidence without a condition on credentials only makes the rule "
                  "undecided for those who are not known well enough");
    if (rule->confidence == CONFIDENCE_CERTAIN && classes && !(classes & ~tokens) &&
        !(lint->policy->resolvers & RESOLVER_ENVIRONMENT))
        lint_warn(lint, place, "credential-confidence",
                  "no resolver knows a token for certain, so the rule is undecided for each; say "
                  "derived, or add the resolver environment");
}

static bool has_condition(const struct rule *rule)
{
    return rule->credentials || rule->except_credentials || rule->confidence ||
           rule->projects.count || rule->repos.count || rule->refs.count || rule->triggers.count ||
           rule->kinds || rule->users.count || rule->groups.count || rule->access_keys.count ||
           rule->except_users.count || rule->except_groups.count ||
           rule->except_access_keys.count || rule->committer || rule->author || rule->freeze_set;
}

static void check_exact_names(struct lint *lint, const struct lint_place *place, const char *key,
                              const struct text_list *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].size && memchr(names->items[i].at, '*', names->items[i].size))
            lint_warn(lint, place, key, "%s has no wildcards: %s is compared as it stands", key,
                      config_quoted(&lint->problems, names->items[i]));
}

void lint_controls(struct lint *lint, const struct lint_place *place,
                   const struct text_list *controls)
{
    for (size_t i = 0; i < controls->count; i++)
        if (!control_known(controls->items[i]))
            lint_warn(lint, place, "controls", "%s is no control of a framework that is known",
                      config_quoted(&lint->problems, controls->items[i]));
}

void lint_rule(struct lint *lint, const struct rule *rule, const struct lint_place *place)
{
    const char *key;
    const char *why = contradiction(rule, &key);
    if (why)
        lint_warn(lint, place, key, "it never matches: %s", why);
    if (rule->action == VERDICT_REJECT && rule->mode == MODE_ENFORCE && !has_condition(rule))
        lint_warn(lint, place, "action", "it has no condition, so it rejects every push");
    if (rule->action == VERDICT_REQUIRE_APPROVAL && !lint->policy->approvals_directory.size)
        lint_warn(lint, place, "action",
                  "[approvals] directory is not set, so that require-approval rejects whatever "
                  "was approved");
    lint_classes(lint, place, "credentials", rule->credentials);
    lint_classes(lint, place, "except-credentials", rule->except_credentials);
    lint_patterns(lint, place, &rule->refs, false);
    check_triggers(lint, rule, place);
    check_identity(lint, rule, place);
    check_confidence(lint, rule, place);
    check_exact_names(lint, place, "users", &rule->users);
    check_exact_names(lint, place, "except-users", &rule->except_users);
    check_exact_names(lint, place, "groups", &rule->groups);
    check_exact_names(lint, place, "except-groups", &rule->except_groups);
    lint_controls(lint, place, &rule->controls);
}

/* ---------------------------------------------------------------- one rule and another */

/* Does a condition with `outer` hold wherever one with `inner` does? An absent one always holds. */
static bool list_wider(const struct text_list *outer, const struct text_list *inner, bool fold)
{
    return !outer->count || (inner->count && lint_covers(outer, inner, fold));
}

static bool bits_wider(unsigned outer, unsigned inner)
{
    return !outer || (inner && !(inner & ~outer));
}

static bool same_freeze(const struct freeze *a, const struct freeze *b)
{
    return a->time_set == b->time_set && a->after_minute == b->after_minute &&
           a->before_minute == b->before_minute && a->days == b->days &&
           a->from_set == b->from_set && a->from_date == b->from_date &&
           a->until_set == b->until_set && a->until_date == b->until_date;
}

/* Whenever `rule` matches, `other` matches too and says at least as much. */
static bool is_shadowed(const struct rule *rule, const struct rule *other)
{
    return other->action >= rule->action &&
           (other->mode == MODE_ENFORCE || rule->mode == MODE_MONITOR) &&
           other->confidence == rule->confidence && other->committer == rule->committer &&
           other->author == rule->author && bits_wider(other->credentials, rule->credentials) &&
           !(other->except_credentials & ~rule->except_credentials) &&
           bits_wider(other->kinds, rule->kinds) &&
           list_wider(&other->projects, &rule->projects, true) &&
           list_wider(&other->repos, &rule->repos, true) &&
           list_wider(&other->refs, &rule->refs, false) &&
           list_wider(&other->triggers, &rule->triggers, false) &&
           list_wider(&other->users, &rule->users, true) &&
           list_wider(&other->groups, &rule->groups, true) &&
           list_wider(&other->access_keys, &rule->access_keys, false) &&
           lint_covers(&rule->except_users, &other->except_users, true) &&
           lint_covers(&rule->except_groups, &other->except_groups, true) &&
           lint_covers(&rule->except_access_keys, &other->except_access_keys, false) &&
           (!other->freeze_set || same_freeze(&other->freeze, &rule->freeze));
}

void lint_shadows(struct lint *lint)
{
    const struct rule *rules = lint->policy->rules;
    for (size_t i = 0; i < lint->policy->rule_count; i++)
        for (size_t k = 0; k < lint->policy->rule_count; k++) {
            /* Of two that say the same, the later one is told. */
            if (i == k || !is_shadowed(&rules[i], &rules[k]) ||
                (k > i && is_shadowed(&rules[k], &rules[i])))
                continue;
            config_problem(&lint->problems, rules[i].source.line,
                           "warning: rule \"%.*s\": it adds nothing: whenever it matches, \"%.*s\" "
                           "(line %u) matches too, with an action at least as strong",
                           TEXT_ARG(rules[i].name), TEXT_ARG(rules[k].name), rules[k].source.line);
            break;
        }
}
