/* model/answer.h: the three answers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "model/answer.h"

#define Y ANSWER_YES
#define N ANSWER_NO
#define C ANSWER_CANNOT_TELL
#define JUNK ((enum answer)0x01)

/* Kleene's tables; what is no answer counts as cannot tell. */
static const struct {
    enum answer a, b, both, either;
} rows[] = {
    {Y, Y, Y, Y}, {Y, N, N, Y}, {Y, C, C, Y}, {N, N, N, N}, {N, C, N, C}, {C, C, C, C},
    {Y, JUNK, C, Y}, {N, JUNK, N, C}, {C, JUNK, C, C}, {JUNK, JUNK, C, C},
};

static void kleene(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(answer_and(rows[i].a, rows[i].b), rows[i].both);
        assert_int_equal(answer_and(rows[i].b, rows[i].a), rows[i].both);
        assert_int_equal(answer_or(rows[i].a, rows[i].b), rows[i].either);
        assert_int_equal(answer_or(rows[i].b, rows[i].a), rows[i].either);
    }
}

static void opposite(void **state)
{
    (void)state;
    assert_int_equal(answer_not(Y), N);
    assert_int_equal(answer_not(N), Y);
    assert_int_equal(answer_not(C), C);
    assert_int_equal(answer_not((enum answer)0), C);
    assert_int_equal(answer_not(JUNK), C);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(answer_name(Y), "yes");
    assert_string_equal(answer_name(N), "no");
    assert_string_equal(answer_name(C), "cannot tell");
    assert_string_equal(answer_name((enum answer)0), "cannot tell");
}

static int bits_apart(unsigned a, unsigned b)
{
    return __builtin_popcount(a ^ b);
}

static void far_apart(void **state)
{
    (void)state;
    static const unsigned all[] = {0, 1, ANSWER_YES, ANSWER_NO, ANSWER_CANNOT_TELL};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 2; j < 5; j++)
            assert_true(i == j || bits_apart(all[i], all[j]) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"cannot tell is never yes or no", kleene, 0, 0, 0},
        {"the opposite of cannot tell is cannot tell", opposite, 0, 0, 0},
        {"names of answers", names, 0, 0, 0},
        {"no flipped bit makes another answer", far_apart, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
