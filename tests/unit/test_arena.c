/* base/arena.h: memory that is freed all at once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/arena.h"

static bool is_zero(const char *at, size_t size)
{
    while (size)
        if (at[--size])
            return false;
    return true;
}

static void pieces(void **state)
{
    (void)state;
    struct arena arena;
    enum { PIECES = 3000 };
    static char *piece[PIECES];
    static size_t sizes[PIECES];
    arena_init(&arena, 64 << 20);
    for (size_t i = 0; i < PIECES; i++) {
        /* small ones, and now and then one that has a block of its own */
        sizes[i] = i % 100 == 99 ? i * 31 : i * 7 % 300;
        piece[i] = arena_alloc(&arena, sizes[i], 1);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % _Alignof(max_align_t), 0);
        assert_true(is_zero(piece[i], sizes[i]));
        memset(piece[i], (int)(i % 250 + 1), sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++) /* nobody wrote into another's */
        for (size_t j = 0; j < sizes[i]; j++)
            if (piece[i][j] != (char)(i % 250 + 1))
                fail_msg("piece %zu, byte %zu", i, j);
    assert_true(arena.used <= arena.cap);
    arena_free(&arena);
    assert_int_equal(arena.used, 0);
    assert_non_null(arena_alloc(&arena, 1, 1)); /* it can be used again */
    arena_free(&arena);
}

static void cap(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 100000);
    assert_null(arena_alloc(&arena, 100000, 1)); /* what blocks cost counts */
    size_t got = 0;
    while (arena_alloc(&arena, 100, 1))
        got += 100;
    assert_true(got > 50000 && got <= 100000 && arena.used <= 100000);
    assert_null(arena_alloc(&arena, 90000, 1));
    arena_free(&arena);
    arena_init(&arena, 0);
    assert_null(arena_alloc(&arena, 1, 1));
    arena_free(&arena);
}

static void overflow(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    assert_null(arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(arena_alloc(&arena, SIZE_MAX, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2 + 1, 2));
    assert_null(arena_alloc(&arena, (SIZE_MAX >> 32) + 2, (size_t)1 << 32));
    assert_int_equal(arena.used, 0);
    assert_non_null(arena_alloc(&arena, 0, 16));
    assert_non_null(arena_alloc(&arena, 16, 0));
    arena_free(&arena);
}

static void zeroed_arena(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_free(&arena);
    assert_null(arena_alloc(&arena, 1, 1));
    arena_free(&arena);
}

static void large_first(void **state)
{
    (void)state;
    /* A large piece must not take the open block's room away. */
    struct arena arena;
    arena_init(&arena, 1 << 20);
    char *large = arena_alloc(&arena, 50000, 1), *small = arena_alloc(&arena, 16, 1);
    assert_true(large && small);
    size_t used = arena.used;
    assert_non_null(arena_alloc(&arena, 50000, 1));
    char *next = arena_alloc(&arena, 16, 1);
    assert_ptr_equal(next, small + 16);
    assert_true(arena.used < used + 51000);
    arena_free(&arena);
}

static void texts(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    char original[] = "a\0b";
    struct text copy = arena_text(&arena, (struct text){original, 3});
    original[0] = 'x';
    assert_memory_equal(copy.at, "a\0b", 4); /* and a NUL behind it */
    assert_int_equal(copy.size, 3);
    copy = arena_text(&arena, TEXT_NONE);
    assert_true(copy.at && copy.size == 0 && !copy.at[0]);
    assert_string_equal(arena_printf(&arena, "%s-%d", "x", 7), "x-7");
    assert_string_equal(arena_printf(&arena, "%.0d", 0), "");
    char *wide = arena_printf(&arena, "%50000d", 1);
    assert_int_equal(strlen(wide), 50000);
    arena_free(&arena);
    arena_init(&arena, 10);
    assert_true(text_absent(arena_text(&arena, TEXT("a"))));
    assert_null(arena_printf(&arena, "%d", 1));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"pieces are zeroed, aligned and apart", pieces, 0, 0, 0},
        {"the cap holds", cap, 0, 0, 0},
        {"count times size cannot overflow", overflow, 0, 0, 0},
        {"a zeroed arena can be freed", zeroed_arena, 0, 0, 0},
        {"a large piece leaves the open block open", large_first, 0, 0, 0},
        {"copies of text and printf", texts, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
