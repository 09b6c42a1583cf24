/* command/example_refs.h: a ref for each pattern, which the pattern matches. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/glob.h"
#include "command/example_refs.h"

static void patterns(void **state)
{
    static const struct {
        struct text pattern;
        const char *ref; /* NULL: none */
    } rows[] = {
        {TEXT("main"), "refs/heads/main"},
        {TEXT("/main"), "refs/heads/main"},
        {TEXT("release/*"), "refs/heads/release/x"},
        {TEXT("release/"), "refs/heads/release/x"},
        {TEXT("release/**"), "refs/heads/release/x"},
        {TEXT("**/main"), "refs/heads/main"},
        {TEXT("a/**/b"), "refs/heads/a/b"},
        {TEXT("**"), "refs/heads/x"},
        {TEXT("PROJECT-?*"), "refs/heads/PROJECT-xx"},
        {TEXT("refs/tags/v*"), "refs/tags/vx"},
        {TEXT("refs/heads/main"), "refs/heads/main"},
        {TEXT("refs/**"), "refs/heads/refs/x"},
        {TEXT("heads/*"), "refs/heads/heads/x"},
        {TEXT("refs/*/main"), "refs/heads/refs/x/main"},
        {TEXT("a//b"), NULL},
        {TEXT("/"), NULL},
        {TEXT(""), NULL},
        {TEXT("a..b"), NULL}, /* no ref can be called that */
        {TEXT("a b"), NULL},
    };
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *ref = example_ref(rows[i].pattern, &arena);
        if (!rows[i].ref) {
            assert_null(ref);
            continue;
        }
        assert_non_null(ref);
        assert_string_equal(ref, rows[i].ref);
        assert_true(glob_ref_match(rows[i].pattern, text_of(ref)));
    }
    arena_free(&arena);
}

static void restrictions_have_their_refs(void **state)
{
    static const struct {
        enum matcher_type matcher;
        struct text id;
        const char *ref;
    } rows[] = {
        {MATCHER_BRANCH, TEXT("refs/heads/main"), "refs/heads/main"},
        {MATCHER_BRANCH, TEXT("topic"), "refs/heads/topic"},
        {MATCHER_PATTERN, TEXT("release/*"), "refs/heads/release/x"},
        {MATCHER_MODEL_BRANCH, TEXT("development"), "refs/heads/develop"},
        {MATCHER_MODEL_BRANCH, TEXT("production"), "refs/heads/main"},
        {MATCHER_MODEL_CATEGORY, TEXT("hotfix"), "refs/heads/fix/x"},
        {MATCHER_MODEL_CATEGORY, TEXT("FEATURE"), "refs/heads/any-other-branch"}, /* disabled */
        {MATCHER_ANY_REF, TEXT(""), "refs/heads/any-other-branch"},
        {MATCHER_UNKNOWN, TEXT("?"), "refs/heads/any-other-branch"},
        {MATCHER_DEFAULT_BRANCH, TEXT("#"), "refs/heads/main"},
    };
    enum { COUNT = sizeof rows / sizeof rows[0] };
    struct restriction restrictions[COUNT];
    struct snapshot_repository repository = {
        .default_branch_known = true,
        .default_branch = TEXT("refs/heads/main"),
        .restrictions = restrictions,
        .restriction_count = COUNT,
        .model = {.configured = true,
                  .development_set = true,
                  .development = TEXT("refs/heads/develop"),
                  .production_set = true,
                  .production_default = true,
                  .category = {{TEXT("HOTFIX"), TEXT("fix/"), true},
                               {TEXT("FEATURE"), TEXT("feature/"), false}},
                  .category_count = 2},
    };
    const struct policy policy = {.rule_count = 0};
    struct arena arena;
    struct example_refs found;
    struct error error;
    (void)state;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT; i++)
        restrictions[i] = (struct restriction){
            .id = i, .matcher = rows[i].matcher, .matcher_id = rows[i].id, .matcher_active = true};
    assert_int_equal(example_refs_find(&repository, &policy, &arena, &found, &error), STATUS_OK);
    assert_string_equal(found.refs[0], "refs/heads/main");
    assert_true(text_equal(found.of[0], TEXT("the default branch")));
    for (size_t i = 0; i < COUNT; i++)
        assert_string_equal(found.refs[found.of_restriction[i]], rows[i].ref);
    assert_string_equal(found.refs[found.count - 1], "refs/tags/any-other-tag");
    for (size_t i = 1; i < found.count; i++) /* each once */
        assert_string_not_equal(found.refs[i], found.refs[i - 1]);
    assert_false(found.more);
    arena_free(&arena);
}

static void there_is_an_end(void **state)
{
    static struct restriction restrictions[EXAMPLE_REFS_MAX * 2];
    static char names[EXAMPLE_REFS_MAX * 2][8];
    struct snapshot_repository repository = {.restrictions = restrictions,
                                             .restriction_count = EXAMPLE_REFS_MAX * 2};
    const struct policy policy = {.rule_count = 0};
    struct arena arena;
    struct example_refs found;
    struct error error;
    (void)state;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < EXAMPLE_REFS_MAX * 2; i++) {
        names[i][0] = 'b';
        names[i][1] = (char)('a' + i / 26);
        names[i][2] = (char)('a' + i % 26);
        restrictions[i] = (struct restriction){
            .id = i, .matcher = MATCHER_BRANCH, .matcher_id = text_of(names[i])};
    }
    assert_int_equal(example_refs_find(&repository, &policy, &arena, &found, &error), STATUS_OK);
    assert_int_equal(found.count, EXAMPLE_REFS_MAX);
    assert_true(found.more);
    assert_true(found.of_restriction[0] == 0);
    assert_true(found.of_restriction[EXAMPLE_REFS_MAX] == EXAMPLE_NONE);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(restrictions_have_their_refs),
        cmocka_unit_test(there_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
