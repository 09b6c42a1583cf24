/* base/base64.h: the test vectors of RFC 4648, section 10, and bytes beyond ASCII. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"

static void vectors(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *want;
    } rows[] = {
        {"", 0, ""},
        {"f", 1, "Zg=="},
        {"fo", 2, "Zm8="},
        {"foo", 3, "Zm9v"},
        {"foob", 4, "Zm9vYg=="},
        {"fooba", 5, "Zm9vYmE="},
        {"foobar", 6, "Zm9vYmFy"},
        {"\xff\xef\xbe", 3, "/+++"},
        {"\0\0\0\0", 4, "AAAAAA=="},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[BASE64_SIZE(6)];
        assert_int_equal(base64_encode(out, rows[i].bytes, rows[i].size), strlen(rows[i].want));
        assert_string_equal(out, rows[i].want);
        assert_int_equal(BASE64_SIZE(rows[i].size), strlen(rows[i].want) + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
