/* base/text.h: pieces of text. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/text.h"

static void absent_and_empty(void **state)
{
    (void)state;
    assert_true(text_absent(TEXT_NONE));
    assert_true(text_absent(text_of(NULL)));
    assert_false(text_absent(TEXT("")));
    assert_true(text_equal(TEXT_NONE, TEXT("")));
    assert_true(text_starts(TEXT_NONE, TEXT("")));
    assert_false(text_starts(TEXT_NONE, TEXT("a")));
    assert_true(text_absent(text_skip(TEXT_NONE, 0)));
}

static void equality(void **state)
{
    (void)state;
    static const struct {
        struct text a, b;
        bool same, same_fold;
    } rows[] = {
        {{"abc", 3}, {"abc", 3}, true, true},
        {{"abc", 3}, {"aBC", 3}, false, true},
        {{"abc", 3}, {"ab", 2}, false, false},
        {{"abc", 2}, {"abd", 2}, true, true},
        {{"a\0b", 3}, {"a\0c", 3}, false, false},
        {{"a\0b", 3}, {"A\0B", 3}, false, true},
        {{"[", 1}, {"{", 1}, false, false}, /* 0x20 apart, no letters */
        {{"@", 1}, {"`", 1}, false, false},
        {{"\xc3\x89", 2}, {"\xc3\xa9", 2}, false, false}, /* no ASCII letters */
        {{"\xe9", 1}, {"\xc9", 1}, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text_equal(rows[i].a, rows[i].b) != rows[i].same ||
            text_equal_fold(rows[i].a, rows[i].b) != rows[i].same_fold ||
            (text_compare(rows[i].a, rows[i].b) == 0) != rows[i].same ||
            (text_compare_fold(rows[i].a, rows[i].b) == 0) != rows[i].same_fold)
            fail_msg("row %zu", i);
    }
}

static void order(void **state)
{
    (void)state;
    static const struct text rows[] = {{NULL, 0}, {"\0", 1},   {"A", 1},    {"AB", 2},  {"a", 1},
                                       {"b", 1},  {"\x7f", 1}, {"\x80", 1}, {"\xff", 1}};
    static const struct text folded[] = {{"", 0},   {"A", 1}, {"ab", 2},
                                         {"AC", 2}, {"b", 1}, {"\x80", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t j = 0; j < sizeof rows / sizeof rows[0]; j++) {
            int order = text_compare(rows[i], rows[j]);
            assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
        }
    for (size_t i = 0; i < sizeof folded / sizeof folded[0]; i++)
        for (size_t j = 0; j < sizeof folded / sizeof folded[0]; j++) {
            int order = text_compare_fold(folded[i], folded[j]);
            assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
        }
}

static void trim(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {{"", ""},          {" ", ""},      {"\t \t", ""},  {"a", "a"},
                {" a b\t", "a b"}, {"\na", "\na"}, {"a\r ", "a\r"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_true(text_equal(text_trim(text_of(rows[i].in)), text_of(rows[i].out)));
    assert_int_equal(text_trim(TEXT_NONE).size, 0);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        uint64_t max;
        bool ok, ok_strict;
        uint64_t value;
    } rows[] = {
        {"0", 10, true, true, 0},
        {"00", 10, true, false, 0},
        {"010", 10, true, false, 10},
        {"10", 10, true, true, 10},
        {"11", 10, false, false, 0},
        {"18446744073709551615", UINT64_MAX, true, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, false, 0},
        {"18446744073709551620", UINT64_MAX, false, false, 0},
        {"99999999999999999999999999", UINT64_MAX, false, false, 0},
        {"000000000000000000000000007", UINT64_MAX, true, false, 7},
        {"", 10, false, false, 0},
        {"+1", 10, false, false, 0},
        {"-1", 10, false, false, 0},
        {" 1", 10, false, false, 0},
        {"1 ", 10, false, false, 0},
        {"1x", 10, false, false, 0},
        {"0x1", 10, false, false, 0},
        {"1e1", 10, false, false, 0},
        {"\xd9\xa1", 10, false, false, 0}, /* a digit elsewhere */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text t = text_of(rows[i].in);
        uint64_t value = 77, strict = 77;
        if (text_parse_u64(t, rows[i].max, false, &value) != rows[i].ok ||
            text_parse_u64(t, rows[i].max, true, &strict) != rows[i].ok_strict ||
            value != (rows[i].ok ? rows[i].value : 77) ||
            strict != (rows[i].ok_strict ? rows[i].value : 77))
            fail_msg("\"%s\"", rows[i].in);
    }
    uint64_t value;
    assert_false(text_parse_u64(TEXT_NONE, 10, false, &value));
    assert_false(text_parse_u64((struct text){"1\0", 2}, 10, false, &value));
}

/* All items, each followed by a bar. */
static void check_items(const char *list, const char *expected)
{
    char got[64] = "";
    size_t size = 0;
    struct text rest = text_of(list), item;
    while (text_next_item(&rest, &item)) {
        assert_true(item.size > 0 && size + item.size + 2 < sizeof got);
        memcpy(got + size, item.at, item.size);
        size += item.size;
        got[size++] = '|';
        got[size] = '\0';
    }
    assert_string_equal(got, expected);
    assert_false(text_next_item(&rest, &item));
}

static void items(void **state)
{
    (void)state;
    check_items("a, b  c", "a|b|c|");
    check_items("", "");
    check_items(NULL, "");
    check_items(" , ,\t,", "");
    check_items("a", "a|");
    check_items(",a,,b,", "a|b|");
    check_items("\ta\tb\t", "a|b|");
    check_items("a;b", "a;b|");
}

static void check_fields(struct text rest, const char *expected)
{
    char got[64] = "";
    size_t size = 0;
    struct text field;
    while (text_next_field(&rest, ':', &field)) {
        assert_true(size + field.size + 2 < sizeof got);
        if (field.size)
            memcpy(got + size, field.at, field.size);
        size += field.size;
        got[size++] = '|';
        got[size] = '\0';
    }
    assert_string_equal(got, expected);
    assert_false(text_next_field(&rest, ':', &field));
}

static void fields(void **state)
{
    (void)state;
    check_fields(TEXT("a:b:c"), "a|b|c|");
    check_fields(TEXT(""), "|");
    check_fields(TEXT_NONE, "");
    check_fields(TEXT(":"), "||");
    check_fields(TEXT("a:"), "a||");
    check_fields(TEXT(":a"), "|a|");
    check_fields(TEXT("a::b"), "a||b|");
}

static void slashes_at_the_end_are_dropped(void **state)
{
    (void)state;
    static const struct {
        struct text from, to;
    } rows[] = {
        {{"http://b/", 9}, {"http://b", 8}},
        {{"http://b/c//", 12}, {"http://b/c", 10}},
        {{"http://b", 8}, {"http://b", 8}},
        {{"//", 2}, {"", 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(text_equal(text_without_slashes(rows[i].from), rows[i].to));
    assert_true(text_absent(text_without_slashes(TEXT_NONE)));
}

static void a_hash_is_fnv_1a(void **state)
{
    (void)state;
    /* The published values of FNV-1a for "" and "a", folded as text_hash() says. */
    uint64_t empty = UINT64_C(0xcbf29ce484222325), a = UINT64_C(0xaf63dc4c8601ec8c);
    assert_true(text_hash(TEXT("")) == (empty ^ empty >> 32));
    assert_true(text_hash(TEXT("a")) == (a ^ a >> 32));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"absent is not empty, but as long", absent_and_empty, 0, 0, 0},
        {"semantics 1: equal without ASCII case, other bytes exactly", equality, 0, 0, 0},
        {"order is of unsigned bytes, a prefix first", order, 0, 0, 0},
        {"trimming takes blanks and tabs", trim, 0, 0, 0},
        {"numbers are digits within bounds", numbers, 0, 0, 0},
        {"items of a list are never empty", items, 0, 0, 0},
        {"fields may be empty", fields, 0, 0, 0},
        {"slashes at the end are dropped", slashes_at_the_end_are_dropped, 0, 0, 0},
        {"a hash is FNV-1a, folded", a_hash_is_fnv_1a, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
