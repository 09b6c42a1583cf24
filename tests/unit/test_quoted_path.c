/* push/quoted_path.h: the entries of GIT_ALTERNATE_OBJECT_DIRECTORIES. */
#include "tsv.h"

#include "base/buffer.h"
#include "push/quoted_path.h"

/* "[entry][entry]" */
static enum status entries(struct text list, size_t memory, struct buffer *out)
{
    struct arena arena;
    const char *path;
    enum status status;
    arena_init(&arena, memory);
    while (!(status = quoted_path_next(&list, &arena, &path)))
        buffer_printf(out, "[%s]", path);
    arena_free(&arena);
    return status;
}

static void table(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/quoted-paths.tsv");
    while (tsv_next(&tsv)) {
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        assert_int_equal(entries(tsv.field[0], SIZE_MAX, &out), STATUS_NOT_FOUND);
        if (!text_equal(buffer_view(&out), tsv.field[1]))
            fail_msg("%s:%d: got %s", tsv.path, tsv.line, out.data);
        buffer_free(&out);
    }
}

static void every_short_string_ends(void **state)
{
    (void)state;
    static const char alphabet[] = {'"', '\\', ':', '0', '7', 'n', '#', '\0'};
    char text[5];
    for (unsigned n = 0; n < 1u << 15; n++) {
        for (unsigned i = 0; i < 5; i++)
            text[i] = alphabet[n >> (3 * i) & 7];
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        assert_int_equal(entries((struct text){text, 5}, SIZE_MAX, &out), STATUS_NOT_FOUND);
        assert_true(out.size <= 3 * 5);
        buffer_free(&out);
    }
}

static void out_of_memory_is_said(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    assert_int_equal(entries(TEXT("/a"), 0, &out), STATUS_MEMORY);
    assert_int_equal(entries(TEXT("\"/a\""), 0, &out), STATUS_MEMORY);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"git(1): alternates are separated by ':' and may be C-quoted", table, NULL, NULL, NULL},
        {"every string of five bytes is read to its end", every_short_string_ends, NULL, NULL,
         NULL},
        {"no memory for an entry is an error, not an end", out_of_memory_is_said, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
