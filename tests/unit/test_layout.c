/* snapshot/layout.h, snapshot/decode.h, snapshot/pool.h: bytes that nobody can be trusted with. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "snapshot/decode.h"
#include "snapshot/pool.h"
#include "snapshot/put.h"

static void numbers_are_little_endian(void **state)
{
    (void)state;
    const char bytes[] = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f";
    struct cursor c = cursor_of((struct text){bytes, 15});
    assert_int_equal(cursor_u8(&c), 0x01);
    assert_int_equal(cursor_u16(&c), 0x0302);
    assert_int_equal(cursor_u32(&c), 0x07060504);
    assert_int_equal(cursor_u64(&c), UINT64_C(0x0f0e0d0c0b0a0908));
    assert_false(c.failed);
    assert_int_equal(cursor_left(&c), 0);
}

static void a_cursor_does_not_pass_the_end_and_stays_failed(void **state)
{
    (void)state;
    struct cursor c = cursor_of(TEXT("\x05\x00xyz"));
    struct text t = cursor_text(&c); /* says 5 bytes, has 3 */
    assert_int_equal(t.size, 0);
    assert_true(c.failed);
    assert_int_equal(cursor_u8(&c), 0);
    assert_null(cursor_bytes(&c, 0));
    assert_true(c.failed);
}

static void a_count_that_cannot_fit_is_refused(void **state)
{
    (void)state;
    struct cursor c = cursor_of(TEXT("\x03\x00\x00\x00" "12345678"));
    assert_int_equal(cursor_count(&c, 4), 0);
    assert_true(c.failed);
    c = cursor_of(TEXT("\x02\x00\x00\x00" "12345678"));
    assert_int_equal(cursor_count(&c, 4), 2);
    assert_false(c.failed);
    c = cursor_of(TEXT("\xff\xff\xff\xff"));
    assert_int_equal(cursor_count(&c, 1), 0);
    assert_true(c.failed);
}

static void only_levels_that_exist_are_levels(void **state)
{
    (void)state;
    size_t valid = 0;
    for (int i = 0; i < 256; i++) {
        char byte = (char)i;
        struct cursor c = cursor_of((struct text){&byte, 1});
        enum permission p = cursor_permission(&c);
        assert_int_equal(!c.failed, layout_permission_valid((uint8_t)i));
        if (!c.failed) {
            assert_int_equal(p, i);
            valid++;
        }
    }
    assert_int_equal(valid, 12);
}

static struct text key_text(const struct layout_key *key)
{
    return (struct text){key->bytes, key->size};
}

static void keys_are_folded_and_typed(void **state)
{
    (void)state;
    struct layout_key key;
    layout_key_name(&key, "user/", TEXT("J.D\xc3\x96" "e"), true);
    assert_true(text_equal(key_text(&key), TEXT("user/j.d\xc3\x96" "e"))); /* ASCII only */
    layout_key_name(&key, "service/", TEXT("AbC"), false);
    assert_true(text_equal(key_text(&key), TEXT("service/AbC")));
    layout_key_pair(&key, "repo/", TEXT("~JDoe"), TEXT("App"));
    assert_true(text_equal(key_text(&key), TEXT("repo/~jdoe/app")));
    layout_key_id(&key, "repo-id/", UINT64_MAX);
    assert_true(text_equal(key_text(&key), TEXT("repo-id/18446744073709551615")));
}

static void a_name_that_is_too_long_is_no_key(void **state)
{
    (void)state;
    struct layout_key key;
    size_t size = LAYOUT_TEXT_MAX + 1;
    char *name = malloc(size);
    assert_non_null(name);
    memset(name, 'a', size);
    layout_key_name(&key, "user/", (struct text){name, size}, true);
    assert_int_equal(key.size, 0);
    layout_key_pair(&key, "repo/", TEXT("PRJ"), (struct text){name, size});
    assert_int_equal(key.size, 0);
    layout_key_pair(&key, "repo/", (struct text){name, size - 1}, (struct text){name, size - 1});
    assert_int_equal(key.size, 5 + 2 * (size - 1) + 1);
    free(name);
}

static void the_checksum_covers_key_and_body(void **state)
{
    (void)state;
    uint32_t sum = layout_crc(TEXT("user/a"), TEXT("body"));
    assert_int_not_equal(sum, layout_crc(TEXT("user/b"), TEXT("body")));
    assert_int_not_equal(sum, layout_crc(TEXT("user/a"), TEXT("bodz")));
    assert_int_equal(layout_crc(TEXT("1234"), TEXT("56789")), 0xcbf43926); /* crc32's check value */
}

/* Whatever the bytes, a decoder answers and reads nothing beyond them (under ASan: heap blocks of
 * just that size). */
static void decoders_survive_any_cut(void **state)
{
    (void)state;
    struct buffer body;
    buffer_init(&body, SIZE_MAX);
    put_u64(&body, 7);
    put_text(&body, TEXT("PRJ"));
    put_text(&body, TEXT("app"));
    put_u8(&body, 0);
    put_text(&body, TEXT("refs/heads/main"));
    put_u64(&body, 0);
    put_u32(&body, 1), put_u32(&body, 3), put_u8(&body, 0), put_u8(&body, PERMISSION_REPO_READ);
    put_u32(&body, 1), put_u64(&body, 9), put_u8(&body, PERMISSION_REPO_READ);
    put_u32(&body, 1), put_u64(&body, 5), put_u8(&body, 1), put_text(&body, TEXT("label"));
    put_u8(&body, 1), put_u8(&body, 0), put_text(&body, TEXT("")), put_text(&body, TEXT(""));
    put_u8(&body, 1), put_u8(&body, 1), put_text(&body, TEXT("X")), put_text(&body, TEXT("x/"));
    put_u32(&body, 1), put_u32(&body, 15), put_u64(&body, 1), put_u8(&body, 0);
    put_u8(&body, RESTRICTION_READ_ONLY), put_u8(&body, MATCHER_PATTERN), put_text(&body, TEXT("ab"));
    size_t good = 0;
    for (size_t size = 0; size <= body.size; size++) {
        char *copy = malloc(size ? size : 1);
        assert_non_null(copy);
        memcpy(copy, body.data, size);
        struct repository_record record;
        if (decode_repository((struct text){copy, size}, &record))
            good++;
        free(copy);
    }
    assert_int_equal(good, 1); /* the whole one */
    struct repository_record record;
    struct restriction restriction;
    struct cursor at;
    assert_true(decode_repository(buffer_view(&body), &record));
    at = record.place.restrictions;
    assert_true(place_next_restriction(&at, &restriction));
    assert_true(text_equal(restriction.matcher_id, TEXT("ab")));
    assert_true(text_equal(restriction.type_text, TEXT("read-only")));
    buffer_free(&body);
}

static void exemptions_survive_any_cut(void **state)
{
    (void)state;
    struct buffer body;
    struct exemptions out;
    bool memory;
    buffer_init(&body, SIZE_MAX);
    put_u32(&body, 1), put_u64(&body, 3), put_text(&body, TEXT("lead"));
    put_u32(&body, 1), put_u32(&body, 4), put_u8(&body, 1), put_text(&body, TEXT("devs"));
    put_u32(&body, 2), put_u64(&body, 5), put_u64(&body, 6);
    for (size_t size = 1; size <= body.size; size++) {
        struct arena arena;
        char *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, body.data, size);
        arena_init(&arena, 1 << 20);
        bool good = decode_exemptions((struct text){copy, size}, &arena, &out, &memory);
        assert_int_equal(good, size == body.size);
        assert_false(memory);
        if (good) {
            assert_int_equal(out.access_keys[1], 6);
            assert_true(out.groups[0].incomplete);
        }
        arena_free(&arena);
        free(copy);
    }
    struct arena tiny;
    arena_init(&tiny, 1);
    assert_false(decode_exemptions(buffer_view(&body), &tiny, &out, &memory));
    assert_true(memory);
    arena_free(&tiny);
    assert_true(decode_exemptions(TEXT(""), NULL, &out, &memory)); /* nobody is exempt */
    assert_int_equal(out.user_count + out.group_count + out.access_key_count, 0);
    buffer_free(&body);
}

static void a_user_is_found_among_grants_by_id(void **state)
{
    (void)state;
    struct buffer items;
    buffer_init(&items, SIZE_MAX);
    for (uint64_t i = 0; i < 100; i++) {
        put_u64(&items, i * 3 + 1);
        put_u8(&items, i % 2 ? PERMISSION_REPO_READ : PERMISSION_REPO_WRITE);
    }
    struct place_record place = {.users = (const unsigned char *)items.data, .user_count = 100};
    for (uint64_t id = 0; id < 310; id++) {
        enum permission p = PERMISSION_NONE;
        bool there = id % 3 == 1 && id < 300;
        assert_int_equal(place_find_user(&place, id, &p), there);
        if (there)
            assert_int_equal(p, (id / 3) % 2 ? PERMISSION_REPO_READ : PERMISSION_REPO_WRITE);
    }
    buffer_free(&items);
}

static void equal_texts_have_one_number(void **state)
{
    (void)state;
    struct pool pool;
    uint32_t numbers[5000], again;
    char name[16];
    pool_init(&pool);
    for (int i = 0; i < 5000; i++) {
        int size = snprintf(name, sizeof name, "name-%d", i);
        assert_int_equal(pool_add(&pool, (struct text){name, (size_t)size}, &numbers[i], NULL), 0);
    }
    for (int i = 0; i < 5000; i++) {
        int size = snprintf(name, sizeof name, "name-%d", i);
        assert_int_equal(pool_add(&pool, (struct text){name, (size_t)size}, &again, NULL), 0);
        assert_int_equal(again, numbers[i]);
        assert_true(text_equal(pool_text(&pool, again), text_of(name)));
    }
    assert_int_equal(pool_add(&pool, TEXT_NONE, &again, NULL), 0);
    assert_int_equal(pool_text(&pool, again).size, 0);
    pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(a_cursor_does_not_pass_the_end_and_stays_failed),
        cmocka_unit_test(a_count_that_cannot_fit_is_refused),
        cmocka_unit_test(only_levels_that_exist_are_levels),
        cmocka_unit_test(keys_are_folded_and_typed),
        cmocka_unit_test(a_name_that_is_too_long_is_no_key),
        cmocka_unit_test(the_checksum_covers_key_and_body),
        cmocka_unit_test(decoders_survive_any_cut),
        cmocka_unit_test(exemptions_survive_any_cut),
        cmocka_unit_test(a_user_is_found_among_grants_by_id),
        cmocka_unit_test(equal_texts_have_one_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
