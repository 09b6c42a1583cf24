/*
 * Reading configurations when memory runs out at any request: an error, and nothing that was half
 * read (semantics.md 8: such a configuration rejects with code 2).
 */
#include "config_cases.h"
#include "scratch.h"
#include "support/failing_memory.h"
#include "support/scene.h"

#include <glob.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/config_problem.h"
#include "policy/config_renamed.h"
#include "policy/control_map.h"
#include "policy/lint.h"

#define MEMORY ((size_t)64 * 1024 * 1024)

/* ------------------------------------------------------------------ one file after another */

struct attempt {
    struct arena arena;
    struct policy policy;
    struct config_listing listing;
    struct config_errors errors;
};
static const struct policy untouched = {.max_refs = 4711, .rule_count = 77};

static void attempt_begin(struct attempt *attempt, size_t nth)
{
    arena_init(&attempt->arena, MEMORY);
    config_errors_init(&attempt->errors);
    attempt->policy = untouched;
    attempt->listing = (struct config_listing){NULL, 99};
    memory_refuse(nth, nth % 2);
}

static void attempt_end(struct attempt *attempt)
{
    arena_free(&attempt->arena);
    config_errors_free(&attempt->errors);
}

static bool is_untouched(const struct attempt *attempt)
{
    return !memcmp(&attempt->policy, &untouched, sizeof untouched) && attempt->listing.count == 99;
}

/* `whole`: what comes of it with memory. */
static void parse_with_each_refused(struct text bytes, bool copied, enum status whole,
                                    const char *name)
{
    struct attempt a;
    memory_begin();
    for (size_t nth = 1; !memory_spared(); nth++) {
        attempt_begin(&a, nth);
        enum status status = copied ? config_parse(bytes, "refgate.conf", &a.arena, &a.policy,
                                                   &a.errors)
                                    : config_parse_kept(bytes, "refgate.conf", &a.arena, &a.policy,
                                                        &a.errors, &a.listing);
        memory_grant();
        /* One more problem may be told: that /etc/passwd cannot be read. */
        bool right = memory_spared() ? status == whole
                                     : status == STATUS_MEMORY || status == STATUS_FORMAT;
        if (!right || (status && (!is_untouched(&a) || !a.errors.count)))
            fail_msg("%s, request %zu: status %d", name, nth, status);
        attempt_end(&a);
    }
}

static void good_files(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob("config/examples/*.conf", 0, NULL, &files), 0);
    for (size_t i = 0; i <= files.gl_pathc; i++) {
        const char *path = i < files.gl_pathc ? files.gl_pathv[i] : "config/refgate.conf";
        struct buffer bytes;
        buffer_init(&bytes, SIZE_MAX);
        assert_int_equal(config_read_file(path, &bytes, NULL), STATUS_OK);
        parse_with_each_refused(buffer_view(&bytes), true, STATUS_OK, path);
        parse_with_each_refused(buffer_view(&bytes), false, STATUS_OK, path);
        buffer_free(&bytes);
    }
    globfree(&files);
}

/* More entries, parts and names than there is room for at first. */
static void long_lists(void **state)
{
    (void)state;
    struct buffer bytes;
    buffer_init(&bytes, SIZE_MAX);
    buffer_string(&bytes, "[trust]\nowners = 0, root\n[rule \"r\"]\naction = reject\nusers = u\n");
    for (int i = 0; i < 150; i++)
        buffer_printf(&bytes, "  \"name, %d\", x%d\n", i, i);
    for (int i = 0; i < 40; i++)
        buffer_printf(&bytes, "[rule \"n%d\"]\naction = reject\nrefs = a%d\n", i, i);
    parse_with_each_refused(buffer_view(&bytes), false, STATUS_OK, "long lists");
    buffer_free(&bytes);
}

static void files_that_are_refused(void **state)
{
    (void)state;
    struct config_cases cases;
    cases_open(&cases, "tests/unit/data/config-errors.txt");
    while (cases_next(&cases))
        parse_with_each_refused(buffer_view(&cases.now.config), false,
                                cases.now.expected.size ? STATUS_FORMAT : STATUS_OK,
                                cases.now.name);
}

/* ------------------------------------------------------------------ lint */

static void lint_with_each_refused(struct text bytes, const struct view *view, const char *name)
{
    struct attempt parsed, a;
    attempt_begin(&parsed, SIZE_MAX);
    assert_int_equal(config_parse_kept(bytes, "refgate.conf", &parsed.arena, &parsed.policy,
                                       &parsed.errors, &parsed.listing),
                     STATUS_OK);
    const struct lint_input input = {&parsed.policy, &parsed.listing, view, false};
    memory_begin();
    for (size_t nth = 1; !memory_spared(); nth++) {
        struct error err;
        attempt_begin(&a, nth);
        enum status status = lint_policy(&input, &a.arena, &a.errors, &err);
        memory_grant();
        bool right = memory_spared() ? status == STATUS_OK
                                     : status == STATUS_MEMORY || a.errors.lines.failed;
        if (!right)
            fail_msg("%s, request %zu: status %d", name, nth, status);
        attempt_end(&a);
    }
    attempt_end(&parsed);
}

static void lint_is_whole_or_an_error(void **state)
{
    (void)state;
    struct config_cases cases;
    static struct scene s;
    scene_init(&s);
    cases_open(&cases, "tests/unit/data/config-lint.txt");
    while (cases_next(&cases)) {
        lint_with_each_refused(buffer_view(&cases.now.config), NULL, cases.now.name);
        lint_with_each_refused(buffer_view(&cases.now.config), &s.view, cases.now.name);
    }
    scene_free(&s);
}

/* ------------------------------------------------------------------ the map of controls */

static bool any_subject(struct text subject)
{
    return subject.size > 0;
}

static void the_map_of_controls(void **state)
{
    (void)state;
    static const char *const files[] = {
        "[control \"soc2:CC6.1\"]\ntitle = T\n  and U\nreason = R\ncovers = a, b\n  c\n",
        "[control \"x:1\"]\ntitle = T\n[control \"x:1\"]\ncolour = red\n[y]\ncovers = a, a\n",
    };
    struct buffer shipped;
    buffer_init(&shipped, SIZE_MAX);
    assert_int_equal(config_read_file("config/control-map.ini", &shipped, NULL), STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        struct text bytes = i < 2 ? text_of(files[i]) : buffer_view(&shipped);
        memory_begin();
        for (size_t nth = 1; !memory_spared(); nth++) {
            struct attempt a;
            struct control_map map = {NULL, 7};
            struct text_list ids = {NULL, 7};
            attempt_begin(&a, nth);
            enum status status = control_map_parse(bytes, "map.ini", any_subject, &a.arena, &map,
                                                   &a.errors);
            bool found = status == STATUS_OK && control_map_of(&map, TEXT("rule"), &a.arena, &ids);
            memory_grant();
            if (memory_spared() ? status != (i == 1 ? STATUS_FORMAT : STATUS_OK)
                                : status == STATUS_OK && found)
                fail_msg("map %zu, request %zu: status %d", i, nth, status);
            assert_int_equal(status != STATUS_OK, map.count == 7);
            assert_true(found || ids.count == 7);
            attempt_end(&a);
        }
    }
    buffer_free(&shipped);
}

/* ------------------------------------------------------------------ files */

static char top[PATH_MAX];

static void put(const char *name, const char *content)
{
    FILE *file = fopen(scratch_path(top, name), "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    assert_int_equal(chmod(scratch_path(top, name), 0644), 0);
}

static void loading_and_the_kill_switch(void **state)
{
    (void)state;
    struct attempt a;
    scratch_make(top, sizeof top);
    put("refgate.conf", "[refgate]\nmode = monitor\n");
    put(CONFIG_DISABLED_NAME, "reason: storage moves\n");
    const char *path = scratch_path(top, "refgate.conf");
    enum status status = STATUS_MEMORY, whole;
    attempt_begin(&a, SIZE_MAX);
    whole = config_load(path, &a.arena, &a.policy, &a.errors); /* STATUS_TRUST in some places */
    attempt_end(&a);
    memory_begin();
    for (size_t nth = 1; !memory_spared(); nth++) {
        struct text reason = TEXT_NONE;
        attempt_begin(&a, nth);
        enum answer disabled = config_disabled(path, &a.arena, &reason, NULL);
        status = config_load(path, &a.arena, &a.policy, &a.errors);
        memory_grant();
        if (memory_spared() ? status != whole : status == STATUS_OK && disabled == ANSWER_YES)
            fail_msg("request %zu: status %d", nth, status);
        assert_true(disabled == ANSWER_YES || disabled == ANSWER_CANNOT_TELL);
        assert_int_equal(disabled == ANSWER_YES, reason.size > 0);
        assert_true(status == STATUS_OK || is_untouched(&a));
        attempt_end(&a);
    }
    scratch_remove(top);
}

/* What texts are made of. */
static void a_problem_without_memory(void **state)
{
    (void)state;
    struct config_problems problems;
    struct config_guess guess = config_guess_start(TEXT("mod"));
    struct attempt a;
    config_guess_try(&guess, "mode");
    attempt_begin(&a, 1);
    config_problems_init(&problems, &a.arena);
    assert_string_equal(config_guess_hint(&guess, &problems), "");
    memory_grant();
    assert_true(problems.out_of_memory);
    attempt_end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 8: good files are read whole or not at all", good_files, NULL, NULL, NULL},
        {"semantics 8: lists that grow", long_lists, NULL, NULL, NULL},
        {"semantics 8: a file that is refused stays so", files_that_are_refused, NULL, NULL, NULL},
        {"lint says that memory ran out", lint_is_whole_or_an_error, NULL, NULL, NULL},
        {"the map of controls is whole or not there", the_map_of_controls, NULL, NULL, NULL},
        {"semantics 2, 8: loading, and the kill switch", loading_and_the_kill_switch, NULL, NULL,
         NULL},
        {"a hint that cannot be made", a_problem_without_memory, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("configuration without memory", tests, NULL, NULL);
}
