/* base/table.h: names for the values of an enum. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/table.h"

static const struct name_value table[] = {{"one", 1}, {"two", 2}, {"deux", 2}, {"zero", 0}};

static void values(void **state)
{
    (void)state;
    int value = 77;
    assert_true(table_value(table, TABLE_COUNT(table), TEXT("deux"), false, &value));
    assert_int_equal(value, 2);
    assert_true(table_value(table, TABLE_COUNT(table), TEXT("zero"), false, &value));
    assert_int_equal(value, 0);
    static const char *const words[] = {"", "on", "ones", "One", "three", "one "};
    value = 77;
    for (size_t i = 0; i < TABLE_COUNT(words); i++)
        assert_false(table_value(table, TABLE_COUNT(table), text_of(words[i]), false, &value));
    assert_false(table_value(table, TABLE_COUNT(table), TEXT_NONE, true, &value));
    assert_false(table_value(table, 0, TEXT("one"), false, &value));
    assert_int_equal(value, 77);
    assert_true(table_value(table, TABLE_COUNT(table), TEXT("oNE"), true, &value));
    assert_int_equal(value, 1);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(table_name(table, TABLE_COUNT(table), 2), "two"); /* the first */
    assert_string_equal(table_name(table, TABLE_COUNT(table), 0), "zero");
    assert_null(table_name(table, TABLE_COUNT(table), 3));
    assert_null(table_name(table, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a value of a name, exactly or without case", values, 0, 0, 0},
        {"the first name of a value", names, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
