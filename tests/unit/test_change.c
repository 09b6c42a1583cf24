/* model/change.h: one ref update. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "model/change.h"

#define ZERO "0000000000000000000000000000000000000000"
#define ZERO_64 ZERO "000000000000000000000000"
#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define A_64 A "000000000000000000000000"
#define B_64 B "000000000000000000000000"
#define ALMOST "0000000000000000000000000000000000000001"

static void kinds(void **state)
{
    (void)state;
    static const struct {
        const char *ref, *old_id, *new_id;
        enum change_kind kind;
    } rows[] = {
        {"refs/heads/main", ZERO, A, CHANGE_CREATE},
        {"refs/heads/main", A, ZERO, CHANGE_DELETE},
        {"refs/heads/main", A, B, CHANGE_MOVE},
        {"refs/heads/main", ALMOST, B, CHANGE_MOVE},
        {"refs/heads/main", A, ALMOST, CHANGE_MOVE},
        {"refs/tags/v1", ZERO, A, CHANGE_CREATE},
        {"refs/tags/v1", A, ZERO, CHANGE_DELETE},
        {"refs/tags/v1", A, B, CHANGE_REWRITE},
        {"refs/tags/a/b", A, B, CHANGE_REWRITE},
        {"refs/tags", A, B, CHANGE_MOVE},
        {"refs/notes/commits", A, B, CHANGE_MOVE},
        {"refs/heads/refs/tags/v1", A, B, CHANGE_MOVE},
        {"refs/heads/main", ZERO_64, A_64, CHANGE_CREATE},
        {"refs/heads/main", A_64, ZERO_64, CHANGE_DELETE},
        {"refs/heads/main", A_64, B_64, CHANGE_MOVE},
        {"refs/tags/v1", A_64, B_64, CHANGE_REWRITE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct change change = {.ref = text_of(rows[i].ref),
                                .old_id = rows[i].old_id,
                                .new_id = rows[i].new_id,
                                .id_size = (uint8_t)strlen(rows[i].old_id)};
        if (change_kind_without_history(&change) != rows[i].kind)
            fail_msg("row %zu", i);
    }
}

static void only_the_ids_own_digits(void **state)
{
    (void)state;
    /* Ids are views into one buffer: what stands behind 40 digits is not theirs. */
    char line[] = ZERO " " A;
    struct change change = {TEXT("refs/heads/main"), line, line + 41, 40, CHANGE_UNKNOWN};
    assert_int_equal(change_kind_without_history(&change), CHANGE_CREATE);
    assert_true(text_equal(change_old(&change), TEXT(ZERO)));
    assert_true(text_equal(change_new(&change), TEXT(A)));
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(change_kind_name(CHANGE_CREATE), "create");
    assert_string_equal(change_kind_name(CHANGE_UPDATE), "update");
    assert_string_equal(change_kind_name(CHANGE_REWRITE), "rewrite");
    assert_string_equal(change_kind_name(CHANGE_DELETE), "delete");
    assert_string_equal(change_kind_name(CHANGE_UNKNOWN), "unknown");
    assert_string_equal(change_kind_name(CHANGE_MOVE), "update");
    assert_string_equal(change_kind_name((enum change_kind)0), "unknown");
}

static void bits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned bit;
    } rows[] = {{"create", KIND_CREATE},
                {"update", KIND_UPDATE},
                {"rewrite", KIND_REWRITE},
                {"delete", KIND_DELETE}};
    unsigned all = 0, bit;
    for (size_t i = 0; i < 4; i++) {
        assert_true(change_kind_bit(text_of(rows[i].name), &bit));
        assert_int_equal(bit, rows[i].bit);
        all |= bit;
    }
    assert_int_equal(all, KIND_ALL);
    static const char *const words[] = {"", "unknown", "move", "Create", "any", "deletes"};
    bit = 77;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_false(change_kind_bit(text_of(words[i]), &bit));
    assert_int_equal(bit, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 1: kinds that need no history; a tag that moves is a rewrite", kinds, 0, 0, 0},
        {"ids end where their digits end", only_the_ids_own_digits, 0, 0, 0},
        {"names of kinds; a move that nobody asked about is an update", names, 0, 0, 0},
        {"kinds in configuration", bits, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
