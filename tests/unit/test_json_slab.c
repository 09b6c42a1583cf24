/* bitbucket/json_slab.h: memory for one parsed answer, given back as a whole. */
#include "tsv.h"

#include <stdlib.h>
#include <string.h>

#include "bitbucket/json_slab.h"

#define SLAB ((size_t)256 * 1024) /* as json_slab.c has it */

static int prepare(void **state)
{
    (void)state;
    json_slab_prepare();
    return 0;
}

static json_t *some_value(const char *word)
{
    return json_pack("{s:s, s:[s, i, {s:s}], s:b}", "name", word, "list", word, 7, "inner", word,
                     "yes", 1);
}

static void check(const json_t *value, const char *word)
{
    const json_t *list = json_object_get(value, "list");
    assert_string_equal(json_string_value(json_object_get(value, "name")), word);
    assert_int_equal(json_array_size(list), 3);
    assert_string_equal(json_string_value(json_array_get(list, 0)), word);
    assert_int_equal(json_integer_value(json_array_get(list, 1)), 7);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 2), "inner")), word);
    assert_true(json_is_true(json_object_get(value, "yes")));
}

/* A value made after so many bytes of others, which are given back. */
static json_t *made_after(const char *bytes, size_t size, const char *word)
{
    json_slab_open();
    json_t *before = size ? json_stringn(bytes, size) : NULL;
    json_t *value = some_value(word);
    json_decref(before);
    json_slab_close(value);
    return value;
}

/* However little of the slab is left, wherever the value is cut: nothing else is written over it. */
static void a_value_stays_what_it_is(void **state)
{
    (void)state;
    char *bytes = malloc(SLAB);
    assert_non_null(bytes);
    memset(bytes, 'x', SLAB);
    for (size_t left = 0; left < 2048; left += 16) {
        json_t *value = made_after(bytes, SLAB - left - 1, "first");
        json_t *other = made_after(bytes, SLAB - 1024, "other");
        check(value, "first");
        json_slab_release(other);
        check(value, "first");
        json_slab_release(value);
    }
    free(bytes);
}

/* More than there are slabs: what does not fit is from malloc(), and given back just so. */
static void many_at_once(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    static json_t *values[MANY];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < MANY; i++)
            values[i] = made_after("x", 1, i % 2 ? "odd" : "even");
        for (size_t i = 0; i < MANY; i++)
            check(values[i], i % 2 ? "odd" : "even");
        for (size_t i = 0; i < MANY; i++)
            json_slab_release(values[(i * 7) % MANY]);
    }
}

static void nothing_is_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        json_slab_open();
        json_decref(some_value("gone"));
        json_slab_close(i % 2 ? json_true() : NULL);
    }
    json_slab_release(NULL);
    json_slab_release(json_true());
    json_t *outside = some_value("outside");
    check(outside, "outside");
    json_slab_release(outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a value is not written over, however full its slab is", a_value_stays_what_it_is, 0, 0, 0},
        {"more values than slabs", many_at_once, 0, 0, 0},
        {"what is not kept takes no slab", nothing_is_kept, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("json_slab", tests, prepare, NULL);
}
