/* base/utf8.h: one step through UTF-8, strictly. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/utf8.h"

/* RFC 3629, the other way round. */
static size_t encode(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t width = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = width - 1; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)((width == 2 ? 0xc0 : width == 3 ? 0xe0 : 0xf0) | point);
    return width;
}

static void every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x110800; point++) {
        char bytes[4];
        uint32_t got = 0xdead;
        size_t width = encode(point, bytes);
        bool valid = point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
        if (utf8_next(bytes, width, &got) != (valid ? width : 0) || (valid && got != point))
            fail_msg("U+%04X", point);
        for (size_t less = 0; less < width; less++)
            if (utf8_next(bytes, less, &got))
                fail_msg("U+%04X in %zu bytes", point, less);
    }
}

static void not_valid(void **state)
{
    (void)state;
    static const struct text rows[] = {
        {"\x80", 1},
        {"\xbf", 1},
        {"\xc0\x80", 2},
        {"\xc1\xbf", 2},
        {"\xe0\x80\x80", 3},
        {"\xe0\x9f\xbf", 3},
        {"\xf0\x80\x80\x80", 4},
        {"\xf0\x8f\xbf\xbf", 4},
        {"\xed\xa0\x80", 3},
        {"\xed\xbf\xbf", 3},
        {"\xf4\x90\x80\x80", 4},
        {"\xf5\x80\x80\x80", 4},
        {"\xff", 1},
        {"\xfe", 1},
        {"\xc3", 1},
        {"\xc3(", 2},
        {"\xe2\x82", 2},
        {"\xe2\x82(", 3},
        {"\xe2(\xac", 3},
        {"\xf0\x9f\x98", 3},
        {"a\xff", 2},
        {"\xc3\xa9\xa9", 3},
        {"\xf8\x88\x80\x80\x80", 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (utf8_valid(rows[i]))
            fail_msg("row %zu", i);
}

static void valid(void **state)
{
    (void)state;
    static const struct text rows[] = {{NULL, 0},
                                       {"", 0},
                                       {"a\0b", 3},
                                       {"caf\xc3\xa9", 5},
                                       {"\xf0\x9f\x98\x80\xe2\x82\xac", 7},
                                       {"\x7f", 1},
                                       {"\xf4\x8f\xbf\xbf", 4},
                                       {"\xee\x80\x80", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!utf8_valid(rows[i]))
            fail_msg("row %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"RFC 3629: every code point, whole and cut", every_code_point, 0, 0, 0},
        {"RFC 3629: overlong forms, surrogates and stray bytes are not valid", not_valid, 0, 0, 0},
        {"valid text", valid, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
