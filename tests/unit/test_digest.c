/* base/digest.h: SHA-256. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/digest.h"

static void known_answers(void **state)
{
    (void)state;
    /* FIPS 180-2, appendix B, and the empty text */
    assert_string_equal(digest_of(TEXT("")).hex,
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(digest_of(TEXT_NONE).hex, digest_of(TEXT("")).hex);
    assert_string_equal(digest_of(TEXT("abc")).hex,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(
        digest_of(TEXT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    static char million[1000000];
    memset(million, 'a', sizeof million);
    assert_string_equal(digest_of((struct text){million, sizeof million}).hex,
                        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void parts(void **state)
{
    (void)state;
    const struct text whole = TEXT("one two three");
    for (size_t i = 0; i <= whole.size; i++) {
        struct text two[] = {{whole.at, i}, text_skip(whole, i), TEXT_NONE, TEXT("")};
        assert_string_equal(digest_of_parts(two, 4).hex, digest_of(whole).hex);
    }
    assert_string_equal(digest_of_parts(NULL, 0).hex, digest_of(TEXT("")).hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"known answers of FIPS 180", known_answers, 0, 0, 0},
        {"parts are as their concatenation", parts, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
