/* policy/config_renamed.h: old names of keys, with a table of this test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/table.h"
#include "policy/config_renamed.h"
#include "policy/lint.h"

#define MEMORY ((size_t)16 * 1024 * 1024)

/* Within a section, from one to another, of a named section, and one whose time is over. */
static const struct config_renamed list[] = {
    {"refgate", "run-mode", "refgate", "mode", "0.3.0", "0.4.0"},
    {"snapshot", "refs", "limits", "refs", "0.3.0", "0.4.0"},
    {"rule", "branches", "rule", "refs", "0.3.0", "0.4.0"},
    {"audit", "log", "audit", "file", "0.2.0", "0.3.0"},
};
static const struct config_renames renames = {list, TABLE_COUNT(list), "0.3.1"};

static struct parsed {
    struct arena arena;
    struct policy policy;
    struct config_errors errors;
    struct config_listing listing;
    enum status status;
} parsed;

static void forget(void)
{
    arena_free(&parsed.arena);
    config_errors_free(&parsed.errors);
}

static void parse(const char *text)
{
    forget();
    parsed = (struct parsed){0};
    arena_init(&parsed.arena, MEMORY);
    config_errors_init(&parsed.errors);
    parsed.status = config_parse_renamed(text_of(text), "t", &parsed.arena, &parsed.policy,
                                         &parsed.errors, &parsed.listing, &renames);
}

static const struct policy *parse_good(const char *text)
{
    parse(text);
    if (parsed.status != STATUS_OK)
        fail_msg("%s", parsed.errors.lines.data);
    return &parsed.policy;
}

static void assert_warnings(const char *want)
{
    struct config_errors warnings;
    const struct lint_input input = {&parsed.policy, &parsed.listing, NULL, true};
    config_errors_init(&warnings);
    assert_int_equal(lint_policy(&input, &parsed.arena, &warnings, NULL), STATUS_OK);
    assert_string_equal(warnings.lines.data ? warnings.lines.data : "", want);
    config_errors_free(&warnings);
}

#define SINCE " since refgate 0.3.0; refgate 0.4.0 does not take the old name any more\n"

static void an_old_name_is_taken_and_lint_says_the_new_one(void **state)
{
    (void)state;
    assert_int_equal(parse_good("[refgate]\nrun-mode = monitor\n")->mode, MODE_MONITOR);
    assert_warnings("t:2: warning: run-mode is called mode in [refgate]" SINCE);
    assert_int_equal(parse_good("[snapshot]\nmax-size = 1G\nrefs = 77\n")->max_refs, 77);
    assert_true(parsed.policy.snapshot_max_size == UINT64_C(1) << 30);
    assert_warnings("t:3: warning: refs is called refs in [limits]" SINCE);
    /* `policy show` prints it where it belongs, with the line that it is on. */
    const struct config_entry *entry = config_listing_find(&parsed.listing, "limits", 0, "refs");
    assert_non_null(entry);
    assert_int_equal(entry->line, 3);
    assert_null(config_listing_find(&parsed.listing, "snapshot", 0, "refs"));
}

static void an_old_name_goes_on_like_the_new_one(void **state)
{
    (void)state;
    const struct policy *policy = parse_good(
        "[rule \"a\"]\naction = reject\nbranches = main,\n  dev\n"
        "[rule \"b\"]\naction = reject\nrefs = x\n"
        "[rule \"c\"]\naction = reject\nbranches = y\n");
    assert_int_equal(policy->rule_count, 3);
    assert_int_equal(policy->rules[0].refs.count, 2);
    assert_true(text_equal(policy->rules[1].refs.items[0], TEXT("x")));
    assert_true(text_equal(policy->rules[2].refs.items[0], TEXT("y")));
}

static void the_new_name_is_silent(void **state)
{
    (void)state;
    assert_int_equal(parse_good("[refgate]\nmode = monitor\n[limits]\nrefs = 5\n")->max_refs, 5);
    assert_warnings("");
}

static void what_is_wrong(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"[refgate]\nmode = monitor\nrun-mode = enforce\n",
         "t:3: mode, by its old name, is on line 2 already\n"},
        {"[refgate]\nrun-mode = enforce\nmode = monitor\n", "t:3: mode is on line 2 already\n"},
        {"[refgate]\nrun-mode = enforce\nrun-mode = enforce\n",
         "t:3: mode, by its old name, is on line 2 already\n"},
        /* from one section to another, in either order */
        {"[snapshot]\nrefs = 7\n[limits]\nrefs = 8\n", "t:4: refs is on line 2 already\n"},
        {"[limits]\nrefs = 7\n[snapshot]\nrefs = 7\n",
         "t:4: refs, by its old name, is on line 2 already\n"},
        {"[rule \"a\"]\naction = reject\nbranches = x\nrefs = y\n",
         "t:4: refs is on line 3 already\n"},
        /* the value is checked as ever, and called by the new name */
        {"[refgate]\nrun-mode = monitr\n",
         "t:2: mode is enforce or monitor, not \"monitr\" (did you mean monitor?)\n"},
        /* its time is over */
        {"[audit]\nlog = /x\n", "t:2: log is called file in [audit] since refgate 0.2.0\n"},
        /* an old name is one in its own section only */
        {"[limits]\nrun-mode = monitor\n",
         "t:2: [limits] has no key \"run-mode\" (written for a newer refgate? this is " REFGATE_VERSION
         ")\n"},
    };
    (void)state;
    for (size_t i = 0; i < TABLE_COUNT(rows); i++) {
        parse(rows[i].text);
        assert_int_equal(parsed.status, STATUS_FORMAT);
        assert_string_equal(parsed.errors.lines.data, rows[i].said);
    }
}

static void versions(void **state)
{
    (void)state;
    assert_int_equal(config_version_compare("0.1.0", "0.1.0"), 0);
    assert_int_equal(config_version_compare("0.1.0", "0.1"), 0);
    assert_int_equal(config_version_compare("0.9.0", "0.10.0"), -1);
    assert_int_equal(config_version_compare("1.0.0", "0.99.99"), 1);
    assert_int_equal(config_version_compare("1.2.3", "1.2.4-rc1"), -1);
    assert_int_equal(config_version_compare("", "0.0.1"), -1);
}

/* What this version says of itself: each entry leads somewhere, from something that is no key. */
static void the_real_table_is_right(void **state)
{
    (void)state;
    assert_string_equal(config_renames.version, REFGATE_VERSION);
    assert_true(config_renames.count <= CONFIG_RENAMES_MAX);
    for (size_t i = 0; i < config_renames.count; i++) {
        const struct config_renamed *renamed = &config_renames.list[i];
        const struct config_section *old = config_section_find(text_of(renamed->section));
        assert_non_null(old);
        assert_null(config_key_find(old, text_of(renamed->key)));
        assert_non_null(config_renamed_key(renamed));
        assert_true(!old->named || !strcmp(renamed->section, renamed->new_section));
        assert_int_equal(config_version_compare(renamed->since, renamed->gone), -1);
        assert_true(config_version_compare(renamed->since, REFGATE_VERSION) <= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_name_is_taken_and_lint_says_the_new_one),
        cmocka_unit_test(an_old_name_goes_on_like_the_new_one),
        cmocka_unit_test(the_new_name_is_silent),
        cmocka_unit_test(what_is_wrong),
        cmocka_unit_test(versions),
        cmocka_unit_test(the_real_table_is_right),
    };
    int failed = cmocka_run_group_tests_name("config_renamed", tests, NULL, NULL);
    forget();
    return failed;
}
