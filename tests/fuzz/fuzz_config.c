/*
 * Any bytes as a configuration: refused with at least one line, or accepted with all that the rest
 * of the program relies on. What `listing` says was written means the same when it is read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "policy/config.h"
#include "policy/config_keys.h"
#include "policy/lint.h"

#define MEMORY ((size_t)256 * 1024 * 1024)
#define CHECK(condition)  \
    do                    \
        if (!(condition)) \
            abort();      \
    while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that is printed is plain text, whole lines. */
static void check_lines(const struct config_errors *errors)
{
    struct text lines = buffer_view(&errors->lines);
    CHECK(lines.size > 0 && lines.at[lines.size - 1] == '\n');
    for (size_t i = 0; i < lines.size; i++)
        CHECK((unsigned char)lines.at[i] >= ' ' || lines.at[i] == '\n');
}

static void check_list(const struct text_list *list, bool patterns)
{
    for (size_t i = 0; i < list->count; i++) {
        CHECK(list->items[i].size > 0);
        CHECK(!patterns || !glob_ref_problem(list->items[i]));
    }
}

static void check_policy(const struct policy *policy)
{
    CHECK(policy->mode == MODE_ENFORCE || policy->mode == MODE_MONITOR);
    CHECK(policy->timezone.at[policy->timezone.size] == '\0');
    CHECK(policy->snapshot_file.at[0] == '/');
    CHECK(policy->deadline_ms > 0 && policy->max_refs > 0 && policy->max_line > 0);
    check_list(&policy->access_keys.refs, true);
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        CHECK(rule->action == VERDICT_REJECT || rule->action == VERDICT_REQUIRE_APPROVAL ||
              rule->action == VERDICT_ANNOTATE);
        CHECK(rule->source.line > 0 && rule->name.size > 0);
        CHECK(rule->kinds < KIND_ALL);
        check_list(&rule->refs, true);
        check_list(&rule->users, false);
    }
}

/* The entries as a configuration of their own, as `policy show` prints them. */
static void write_again(const struct config_listing *listing, struct buffer *out)
{
    for (size_t i = 0; i < listing->count; i++) {
        const struct config_entry *entry = &listing->entries[i];
        if (entry->key)
            buffer_printf(out, "%s = %.*s ; %u\n", entry->key->name, TEXT_ARG(entry->value),
                          entry->line);
        else if (entry->section->named)
            buffer_printf(out, "[%s \"%.*s\"]\n", entry->section->name, TEXT_ARG(entry->name));
        else
            buffer_printf(out, "[%s]\n", entry->section->name);
    }
}

static bool longest_line_fits(struct text text)
{
    struct text line;
    while (text_next_field(&text, '\n', &line))
        if (line.size > CONFIG_LINE_MAX)
            return false;
    return true;
}

static void check_again(const struct config_listing *listing, const struct policy *policy)
{
    struct arena arena;
    struct buffer text;
    struct policy again;
    struct config_errors errors;
    arena_init(&arena, MEMORY);
    buffer_init(&text, SIZE_MAX);
    config_errors_init(&errors);
    write_again(listing, &text);
    if (longest_line_fits(buffer_view(&text))) { /* lists that go on may be longer than one line */
        CHECK(config_parse(buffer_view(&text), "again", &arena, &again, &errors) == STATUS_OK);
        CHECK(again.rule_count == policy->rule_count);
        CHECK(again.service_account_count == policy->service_account_count);
        CHECK(again.mode == policy->mode && again.max_age_ms == policy->max_age_ms);
        for (size_t i = 0; i < again.rule_count; i++) {
            CHECK(again.rules[i].refs.count == policy->rules[i].refs.count);
            CHECK(again.rules[i].users.count == policy->rules[i].users.count);
            CHECK(text_equal(again.rules[i].message, policy->rules[i].message));
        }
    }
    config_errors_free(&errors);
    buffer_free(&text);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct policy policy;
    struct config_errors errors, warnings;
    struct config_listing listing;
    arena_init(&arena, MEMORY);
    config_errors_init(&errors);
    config_errors_init(&warnings);
    enum status status = config_parse_kept((struct text){(const char *)data, size}, "refgate.conf",
                                           &arena, &policy, &errors, &listing);
    if (status == STATUS_OK) {
        CHECK(errors.count == 0);
        check_policy(&policy);
        const struct lint_input input = {&policy, &listing, NULL, true};
        CHECK(lint_policy(&input, &arena, &warnings, NULL) == STATUS_OK);
        if (warnings.count)
            check_lines(&warnings);
        check_again(&listing, &policy);
    } else {
        CHECK(status == STATUS_FORMAT && errors.count > 0);
        check_lines(&errors);
    }
    config_errors_free(&warnings);
    config_errors_free(&errors);
    arena_free(&arena);
    return 0;
}
