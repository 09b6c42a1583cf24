/* base/error.h: the one error type. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"

static void sentence(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(error_set(&err, STATUS_FORMAT, "line %d is %s", 7, "odd"), STATUS_FORMAT);
    assert_int_equal(err.code, STATUS_FORMAT);
    assert_string_equal(err.text, "line 7 is odd");
    assert_int_equal(error_errno(&err, STATUS_IO, ENOENT, "cannot open %s", "x"), STATUS_IO);
    assert_string_equal(err.text, "cannot open x: No such file or directory");
    assert_int_equal(error_prefix(&err, "row %d", 3), STATUS_IO);
    assert_string_equal(err.text, "row 3: cannot open x: No such file or directory");
}

static void nobody_wants_it(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, STATUS_LIMIT, "x"), STATUS_LIMIT);
    assert_int_equal(error_errno(NULL, STATUS_IO, ENOENT, "x"), STATUS_IO);
    assert_true(error_prefix(NULL, "x") < 0);
}

static void too_long(void **state)
{
    (void)state;
    struct error err = {0};
    char name[2 * ERROR_TEXT_SIZE];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    error_errno(&err, STATUS_IO, ENOENT, "%s", name);
    assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
    assert_int_equal(error_prefix(&err, "before"), STATUS_IO);
    assert_memory_equal(err.text, "before: nnn", 11);
    assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
    error_prefix(&err, "%s", name);
    assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"an error is a code and a sentence", sentence, 0, 0, 0},
        {"nobody has to want the sentence", nobody_wants_it, 0, 0, 0},
        {"a long sentence is cut", too_long, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
