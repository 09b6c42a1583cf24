/* base/ulid.h: ids of decisions. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/ulid.h"

static void time_part(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *digits;
    } rows[] = {
        {0, "0000000000"},
        {1, "0000000001"},
        {31, "000000000Z"},
        {32, "0000000010"},
        {INT64_C(1469918176385), "01ARYZ6S41"},   /* the example of the ULID specification */
        {INT64_C(281474976710655), "7ZZZZZZZZZ"}, /* 48 bits */
        {-1, "0000000000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ulid id = ulid_new(rows[i].ms);
        assert_int_equal(strlen(id.text), ULID_SIZE - 1);
        assert_memory_equal(id.text, rows[i].digits, 10);
        assert_true(ulid_valid(text_of(id.text)));
    }
}

static void sorted_by_time(void **state)
{
    (void)state;
    struct ulid last = ulid_new(0);
    for (int64_t ms = 1; ms < INT64_C(1) << 47; ms = ms * 3 + 1) {
        struct ulid next = ulid_new(ms);
        assert_true(strcmp(last.text, next.text) < 0);
        last = next;
    }
}

static void all_different(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    static struct ulid ids[COUNT];
    bool seen[26][256] = {{false}};
    for (int i = 0; i < COUNT; i++) {
        ids[i] = ulid_new(1);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(ids[i].text, ids[j].text);
        for (int j = 10; j < 26; j++)
            seen[j][(unsigned char)ids[i].text[j]] = true;
    }
    for (int j = 10; j < 26; j++) { /* each random digit takes many values */
        int values = 0;
        for (int byte = 0; byte < 256; byte++)
            values += seen[j][byte];
        assert_true(values > 20 && values <= 32);
    }
}

static void valid(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "01ARYZ6S41TSV4RRFFQ69G5FA",   /* 25 */
        "01ARYZ6S41TSV4RRFFQ69G5FAVX", /* 27 */
        "81ARYZ6S41TSV4RRFFQ69G5FAV",  /* more than 128 bits */
        "01aryz6s41tsv4rrffq69g5fav",
        "01ARYZ6S41TSV4RRFFQ69G5FAI",
        "01ARYZ6S41TSV4RRFFQ69G5FAL",
        "01ARYZ6S41TSV4RRFFQ69G5FAO",
        "01ARYZ6S41TSV4RRFFQ69G5FAU",
        "01ARYZ6S41TSV4RRFFQ69G5F/.",
    };
    assert_true(ulid_valid(TEXT("01ARYZ6S41TSV4RRFFQ69G5FAV")));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ulid_valid(text_of(bad[i])));
    assert_false(ulid_valid(TEXT_NONE));
    assert_false(ulid_valid((struct text){"01ARYZ6S41TSV4RRFFQ69G5FA\0", 26}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"the first ten digits are the time", time_part, 0, 0, 0},
        {"ids sort by time", sorted_by_time, 0, 0, 0},
        {"ids of the same millisecond differ", all_different, 0, 0, 0},
        {"what is an id and what is not", valid, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("ulid", tests, NULL, NULL);
}
