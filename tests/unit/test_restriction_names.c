/* model/restriction.h: names of types and matchers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "model/restriction.h"

static void types(void **state)
{
    (void)state;
    static const struct {
        const char *name, *title;
        enum restriction_type type;
    } rows[] = {
        {"read-only", "Prevent all changes", RESTRICTION_READ_ONLY},
        {"pull-request-only", "Prevent changes without a pull request",
         RESTRICTION_PULL_REQUEST_ONLY},
        {"fast-forward-only", "Prevent rewriting history", RESTRICTION_FAST_FORWARD_ONLY},
        {"no-deletes", "Prevent deletion", RESTRICTION_NO_DELETES},
        {"no-creates", "Prevent creation", RESTRICTION_NO_CREATES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(restriction_type_parse(text_of(rows[i].name)), rows[i].type);
        assert_string_equal(restriction_type_name(rows[i].type), rows[i].name);
        assert_string_equal(restriction_type_title(rows[i].type), rows[i].title);
    }
    static const char *const words[] = {"", "READ-ONLY", "read-only ", "no-force-push"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(restriction_type_parse(text_of(words[i])), RESTRICTION_UNKNOWN);
    assert_int_equal(restriction_type_parse(TEXT_NONE), RESTRICTION_UNKNOWN);
    assert_null(restriction_type_name(RESTRICTION_UNKNOWN));
    assert_non_null(restriction_type_title(RESTRICTION_UNKNOWN));
}

static void matchers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum matcher_type type;
    } rows[] = {
        {"BRANCH", MATCHER_BRANCH},
        {"PATTERN", MATCHER_PATTERN},
        {"MODEL_BRANCH", MATCHER_MODEL_BRANCH},
        {"MODEL_CATEGORY", MATCHER_MODEL_CATEGORY},
        {"ANY_REF", MATCHER_ANY_REF},
        {"DEFAULT_BRANCH", MATCHER_DEFAULT_BRANCH},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(matcher_type_parse(text_of(rows[i].name)), rows[i].type);
        assert_string_equal(matcher_type_name(rows[i].type), rows[i].name);
    }
    static const char *const words[] = {"", "Branch", "BRANCH ", "ANY_REF_MATCHER_ID", "REGEX"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(matcher_type_parse(text_of(words[i])), MATCHER_UNKNOWN);
    assert_null(matcher_type_name(MATCHER_UNKNOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 4.1: types and what Bitbucket's settings call them", types, 0, 0, 0},
        {"semantics 4.3: matchers", matchers, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("restriction names", tests, NULL, NULL);
}
