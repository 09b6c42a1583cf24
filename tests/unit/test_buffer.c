/* base/buffer.h: bytes that grow, and outside text made safe. */
#include "tsv.h"

#include "base/buffer.h"

static void growing(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);
    assert_true(buffer_view(&buffer).at && buffer_view(&buffer).size == 0);
    for (int i = 0; i < 10000; i++) {
        buffer_printf(&buffer, "%04d", i);
        buffer_string(&buffer, ",");
        buffer_text(&buffer, TEXT("x"));
        buffer_add(&buffer, "\0y", 2);
    }
    assert_false(buffer.failed);
    assert_int_equal(buffer.size, 80000);
    assert_memory_equal(buffer.data + 79992, "9999,x\0y", 9); /* and a NUL */
    buffer_free(&buffer);
    assert_int_equal(buffer.size, 0);
    buffer_string(&buffer, "again");
    assert_string_equal(buffer.data, "again");
    buffer_free(&buffer);
}

static void nothing_added(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 0);
    buffer_add(&buffer, NULL, 0);
    buffer_text(&buffer, TEXT_NONE);
    buffer_printf(&buffer, "%s", "");
    assert_true(!buffer.failed && buffer.size == 0);
    assert_string_equal(buffer.data, "");
    buffer_free(&buffer);
}

static void cap(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 5);
    buffer_string(&buffer, "12345");
    assert_false(buffer.failed);
    buffer_string(&buffer, "6");
    assert_true(buffer.failed);
    assert_string_equal(buffer.data, "12345"); /* whole pieces only */
    buffer_free(&buffer);
    buffer_init(&buffer, 5);
    buffer_printf(&buffer, "%s", "123456");
    assert_true(buffer.failed);
    buffer_string(&buffer, "1"); /* would fit, but the failure stays */
    assert_int_equal(buffer.size, 0);
    buffer_free(&buffer);
    assert_false(buffer.failed);
    struct buffer zeroed = {0};
    buffer_string(&zeroed, "x");
    assert_true(zeroed.failed);
    buffer_free(&zeroed);
}

static void sizes_that_wrap(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);
    buffer_string(&buffer, "abc");
    volatile size_t huge[] = {SIZE_MAX, SIZE_MAX - 3}; /* volatile: the compiler would warn */
    for (size_t i = 0; i < sizeof huge / sizeof huge[0]; i++) {
        buffer.failed = false;
        buffer_add(&buffer, "x", huge[i]);
        assert_true(buffer.failed);
        assert_string_equal(buffer.data, "abc");
    }
    buffer_free(&buffer);
}

static void escaped(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/escaped.tsv");
    while (tsv_next(&tsv))
        for (int ascii = 0; ascii <= 1; ascii++) {
            struct buffer buffer;
            buffer_init(&buffer, SIZE_MAX);
            buffer_escaped(&buffer, tsv.field[0], SIZE_MAX, ascii);
            if (!text_equal(buffer_view(&buffer), tsv.field[ascii ? 2 : 1]))
                fail_msg("%s:%d: %s", tsv.path, tsv.line, buffer.data);
            buffer_free(&buffer);
        }
}

static void every_pair_of_bytes(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 65536; pair++) {
        char bytes[2] = {(char)(pair >> 8), (char)pair};
        struct buffer buffer;
        buffer_init(&buffer, SIZE_MAX);
        buffer_escaped(&buffer, (struct text){bytes, 2}, 2, true);
        assert_false(buffer.failed);
        for (size_t i = 0; i < buffer.size; i++)
            if (buffer.data[i] < 0x20 || buffer.data[i] > 0x7e)
                fail_msg("%04x gives %s", pair, buffer.data);
        buffer_free(&buffer);
    }
}

static void cut(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t most;
        const char *out;
    } rows[] = {
        {"abcdef", 6, "abcdef"},
        {"abcdef", 5, "abcde..."},
        {"abcdef", 0, "..."},
        {"", 0, ""},
        /* A code point is shown whole or not at all. */
        {"a\xc3\xa9z", 3, "a\xc3\xa9..."},
        {"a\xc3\xa9z", 2, "a..."},
        {"\xc3\xa9", 1, "..."},
        {"\xe2\x82\xac!", 3, "\xe2\x82\xac..."},
        {"\xe2\x82\xac!", 2, "..."},
        {"\xe2\x82\xac!", 1, "..."},
        {"\xf0\x9f\x98\x80!", 3, "..."},
        {"ab\xf0\x9f\x98\x80!", 3, "ab..."},
        /* What is not valid is no reason to cut more. */
        {"a\xa9\xa9z", 2, "a\\xa9..."},
        {"\xc3\xa9\xa9\xa9", 3, "\xc3\xa9\\xa9..."},
        {"\xc3\xa9\xa9\xa9", 2, "\xc3\xa9..."},
        {"\xc3zz", 1, "\\xc3..."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer buffer;
        buffer_init(&buffer, SIZE_MAX);
        buffer_escaped(&buffer, text_of(rows[i].in), rows[i].most, false);
        if (!text_equal(buffer_view(&buffer), text_of(rows[i].out)))
            fail_msg("row %zu: %s", i, buffer.data);
        buffer_free(&buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a buffer grows and ends with a NUL", growing, 0, 0, 0},
        {"nothing can be added", nothing_added, 0, 0, 0},
        {"the cap holds, and a failure stays", cap, 0, 0, 0},
        {"sizes that wrap around fail", sizes_that_wrap, 0, 0, 0},
        {"outside text is made safe for a terminal", escaped, 0, 0, 0},
        {"what the pusher sees is ASCII, whatever the bytes", every_pair_of_bytes, 0, 0, 0},
        {"long text is cut between characters", cut, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
