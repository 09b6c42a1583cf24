/* model/verdict.h: what is decided. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "model/verdict.h"

static const enum verdict order[] = {VERDICT_ACCEPT, VERDICT_NOTE, VERDICT_ANNOTATE,
                                     VERDICT_REQUIRE_APPROVAL, VERDICT_REJECT};
static const char *const names[] = {"accept", "note", "annotate", "require-approval", "reject"};
static const int junk[] = {0, 1, -1, 0x16, 0xff, 0x7fffffff};

static void strongest(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++) {
            assert_int_equal(verdict_stronger(order[i], order[j]), order[i > j ? i : j]);
            assert_int_equal(verdict_weaker(order[i], order[j]), order[i < j ? i : j]);
        }
}

static void accepting(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++)
        assert_true(verdict_accepts(order[i]) == (i < 3));
}

static void invalid(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        enum verdict bad = (enum verdict)junk[i];
        assert_false(verdict_accepts(bad));
        assert_string_equal(verdict_name(bad), "reject");
        for (size_t j = 0; j < 5; j++) {
            assert_int_equal(verdict_stronger(bad, order[j]), VERDICT_REJECT);
            assert_int_equal(verdict_stronger(order[j], bad), VERDICT_REJECT);
            assert_int_equal(verdict_weaker(bad, order[j]), order[j]);
            assert_int_equal(verdict_weaker(order[j], bad), order[j]);
        }
    }
}

static void both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        enum verdict v = VERDICT_REJECT;
        assert_string_equal(verdict_name(order[i]), names[i]);
        assert_true(verdict_parse(text_of(names[i]), &v));
        assert_int_equal(v, order[i]);
    }
    static const char *const others[] = {"", "Accept", "accept ", "allow", "requireapproval"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        enum verdict v = VERDICT_NOTE;
        assert_false(verdict_parse(text_of(others[i]), &v));
        assert_int_equal(v, VERDICT_NOTE);
    }
}

static void far_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_true(order[i] > 1);
        for (size_t j = 0; j < i; j++)
            assert_true(__builtin_popcount((unsigned)order[i] ^ (unsigned)order[j]) >= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 2: accept < note < annotate < require-approval < reject", strongest, 0, 0, 0},
        {"semantics 2: accept, note and annotate accept, nothing else", accepting, 0, 0, 0},
        {"what is no verdict rejects", invalid, 0, 0, 0},
        {"names of verdicts", both_ways, 0, 0, 0},
        {"no flipped bit makes another verdict", far_apart, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
