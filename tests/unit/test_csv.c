/* csv.h: RFC 4180's quoting, and cells that a spreadsheet would run or a terminal would obey. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "command/csv.h"

static void cells(void **state)
{
    (void)state;
    static const struct {
        struct text cell;
        const char *want;
    } rows[] = {
        {TEXT("plain"), "plain"},
        {{NULL, 0}, ""},
        {TEXT(""), ""},
        {TEXT("a,b"), "\"a,b\""},
        {TEXT("a;b"), "\"a;b\""},
        {TEXT("say \"no\""), "\"say \"\"no\"\"\""},
        {TEXT(" padded"), "\" padded\""},
        {TEXT("padded\t"), "padded\\x09"},
        {TEXT("two\nlines\r"), "two\\x0alines\\x0d"},
        {TEXT("\033[31mred"), "\\x1b[31mred"},
        {{"nul\0in", 6}, "nul\\x00in"},
        {TEXT("\xff"), "\\xff"},
        {TEXT("\xc3\xa9t\xc3\xa9"), "\xc3\xa9t\xc3\xa9"},
        {TEXT("a\xe2\x80\xae"
              "b"),
         "a\\u{202e}b"},
        {TEXT("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\""},
        {TEXT("+1"), "\"'+1\""},
        {TEXT("-1"), "\"'-1\""},
        {TEXT("@SUM(A1)"), "\"'@SUM(A1)\""},
        {TEXT("  =1"), "\"'  =1\""},
        {TEXT("\xef\xbc\x9d"
              "1"),
         "\"'\xef\xbc\x9d"
         "1\""},
        {TEXT("a=1"), "a=1"},
        {TEXT("~jdoe"), "~jdoe"},
        {TEXT("="), "\"'=\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        csv_row(&out, &rows[i].cell, 1);
        assert_false(out.failed);
        assert_int_equal(out.data[out.size - 1], '\n');
        out.data[out.size - 1] = '\0';
        assert_string_equal(out.data, rows[i].want);
        buffer_free(&out);
    }
}

static void rows_have_commas_between_cells(void **state)
{
    (void)state;
    struct buffer out;
    const struct text row[] = {TEXT("a"), TEXT_NONE, TEXT("b,c")};
    buffer_init(&out, SIZE_MAX);
    csv_row(&out, row, 3);
    csv_row(&out, row, 0);
    csv_row(&out, row, 1);
    assert_string_equal(out.data, "a,,\"b,c\"\n\na\n");
    buffer_free(&out);
}

static void a_full_buffer_fails(void **state)
{
    (void)state;
    struct buffer out;
    const struct text cell = TEXT("longer than the cap");
    buffer_init(&out, 4);
    csv_row(&out, &cell, 1);
    assert_true(out.failed);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells),
        cmocka_unit_test(rows_have_commas_between_cells),
        cmocka_unit_test(a_full_buffer_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
