#include "policy/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/table.h"
#include "policy/config_renamed.h"
#include "policy/lint_check.h"

#define SENTENCE_MAX 500

unsigned lint_line(const struct lint *lint, const struct lint_place *place, const char *key)
{
    const struct config_entry *entry = config_listing_find(lint->input->listing, place->section,
                                                           place->section_line, key);
    return entry ? entry->line : place->section_line;
}

void lint_warn(struct lint *lint, const struct lint_place *place, const char *key,
               const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    config_problem(&lint->problems, lint_line(lint, place, key), "warning: %s%s", place->who,
                   sentence);
}

bool lint_covers(const struct text_list *outer, const struct text_list *inner, bool fold)
{
    for (size_t i = 0; i < inner->count; i++) {
        bool found = false;
        for (size_t k = 0; !found && k < outer->count; k++)
            found = fold ? text_equal_fold(inner->items[i], outer->items[k])
                         : text_equal(inner->items[i], outer->items[k]);
        if (!found)
            return false;
    }
    return true;
}

#define CLASS(name) (1u << CREDENTIAL_##name)
#define MEANS (CLASS(USER_SSH_KEY) | CLASS(USER_TOKEN) | CLASS(USER_PASSWORD))

/* The means of an ordinary user are known only where a resolver tells (semantics.md 5). What the
 * resolver access-log sees only ever restricts. */
void lint_classes(struct lint *lint, const struct lint_place *place, const char *key,
                  unsigned classes)
{
    unsigned means = classes & MEANS;
    bool observes = lint->policy->resolvers & RESOLVER_ACCESS_LOG;
    bool restricts = !strcmp(place->section, "rule") && !strcmp(key, "credentials");
    if (!means || means == MEANS || lint->policy->resolvers & RESOLVER_ENVIRONMENT)
        return;
    if (!observes)
        lint_warn(lint, place, key,
                  "%s tells an ordinary user's key, token and password apart, which no resolver "
                  "does, so it is undecided for every ordinary user; say user, or add the resolver "
                  "environment",
                  key);
    else if (!restricts)
        lint_warn(
            lint, place, key,
            "%s permits some means of an ordinary user, and what the resolver access-log sees "
            "permits nothing: it is undecided or refused for every ordinary user; say user, or "
            "add the resolver environment",
            key);
    else if (lint->policy->undecided == VERDICT_REJECT)
        lint_warn(
            lint, place, key,
            "the resolver access-log can see that %s matches, never that it does not, so with "
            "[failure] undecided = reject it is as if it matched every ordinary user",
            key);
}

static void check_algorithms(struct lint *lint, const struct lint_place *place)
{
    static const char *const known[] = {"RSA", "DSA", "ECDSA", "ED25519"};
    const struct text_list *algorithms = &lint->policy->access_keys.algorithms;
    for (size_t i = 0; i < algorithms->count; i++) {
        struct config_guess guess = config_guess_start(algorithms->items[i]);
        bool found = false;
        for (size_t k = 0; k < TABLE_COUNT(known); k++) {
            found = found || text_equal_fold(algorithms->items[i], text_of(known[k]));
            config_guess_try(&guess, known[k]);
        }
        if (!found)
            lint_warn(lint, place, "algorithms", "%s is not one of RSA, DSA, ECDSA, ED25519%s",
                      config_quoted(&lint->problems, algorithms->items[i]),
                      config_guess_hint(&guess, &lint->problems));
    }
}

static void check_access_keys(struct lint *lint)
{
    const struct access_key_policy *keys = &lint->policy->access_keys;
    const struct lint_place place = {"access-keys", keys->source.line, ""};
    if (keys->push == VERDICT_REJECT && (keys->refs.count || keys->kinds))
        lint_warn(lint, &place, "push",
                  "push = reject rejects every access key, so refs and changes mean nothing");
    lint_patterns(lint, &place, &keys->refs, true);
    check_algorithms(lint, &place);
}

static void check_service_accounts(struct lint *lint)
{
    for (size_t i = 0; i < lint->policy->service_account_count; i++) {
        const struct service_account *account = &lint->policy->service_accounts[i];
        const struct lint_place place = {"service-account", account->source.line, ""};
        if (!account->repos.count && !account->refs.count && !account->credentials &&
            !account->kinds)
            lint_warn(lint, &place, "owner",
                      "service account %s has no limits: neither repos, refs, credentials nor "
                      "changes",
                      config_quoted(&lint->problems, account->name));
        lint_patterns(lint, &place, &account->refs, true);
        lint_classes(lint, &place, "credentials", account->credentials);
        lint_controls(lint, &place, &account->controls);
    }
}

static void check_sections(struct lint *lint)
{
    const struct policy *policy = lint->policy;
    const struct lint_place refgate = {"refgate", 0, ""}, credential = {"credential", 0, ""},
                            audit = {"audit", 0, ""};
    if (!lint->input->timezone_known)
        lint_warn(lint, &refgate, "timezone", "this machine does not know the time zone %s%s",
                  config_quoted(&lint->problems, policy->timezone),
                  policy->needs_local_time ? ", so rules with after, before or days are undecided"
                                           : "");
    if (!(policy->resolvers & RESOLVER_ENVIRONMENT) &&
        config_listing_find(lint->input->listing, "credential", 0, "variable"))
        lint_warn(lint, &credential, "variable",
                  "variable is not read, since resolvers does not have environment");
    if (!(policy->resolvers & RESOLVER_ACCESS_LOG) && !text_absent(policy->access_log))
        lint_warn(lint, &credential, "access-log",
                  "access-log is not read, since resolvers does not have access-log");
    if (!(policy->resolvers & RESOLVER_NAME))
        lint_warn(lint, &credential, "resolvers",
                  "the resolver name always comes first, whether it is named or not");
    if (text_absent(policy->audit_file) && policy->syslog == SYSLOG_OFF)
        lint_warn(lint, &audit, "file", "neither the audit log nor syslog keeps any decision");
}

static void check_old_names(struct lint *lint)
{
    for (size_t i = 0; i < lint->input->listing->count; i++) {
        const struct config_entry *entry = &lint->input->listing->entries[i];
        const struct config_renamed *renamed = entry->renamed;
        if (renamed)
            config_problem(&lint->problems, entry->line,
                           "warning: %s is called %s in [%s] since refgate %s; refgate %s does not "
                           "take the old name any more",
                           renamed->key, renamed->new_key, renamed->new_section, renamed->since,
                           renamed->gone);
    }
}

static void check_rules(struct lint *lint)
{
    for (size_t i = 0; i < lint->policy->rule_count; i++) {
        const struct rule *rule = &lint->policy->rules[i];
        char who[128];
        snprintf(who, sizeof who, "rule \"%.*s\": ", TEXT_ARG(rule->name));
        const struct lint_place place = {"rule", rule->source.line, who};
        lint_rule(lint, rule, &place);
    }
}

enum status lint_policy(const struct lint_input *input, struct arena *arena,
                        struct config_errors *warnings, struct error *err)
{
    struct lint lint = {.input = input, .policy = input->policy, .err = err, .status = STATUS_OK};
    config_problems_init(&lint.problems, arena);
    check_old_names(&lint);
    check_sections(&lint);
    check_access_keys(&lint);
    check_service_accounts(&lint);
    check_rules(&lint);
    lint_shadows(&lint);
    if (input->view)
        lint_names(&lint);
    config_problems_print(&lint.problems, input->policy->file_name, warnings);
    if (lint.problems.out_of_memory)
        return error_set(err, STATUS_MEMORY, "out of memory");
    return lint.status;
}
