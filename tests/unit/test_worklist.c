/* bitbucket/worklist.h: a list that is longer than memory should be, and a set of what was seen. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bitbucket/worklist.h"
#include "scratch.h"

static struct error error;

static void add(struct worklist *list, uint64_t n)
{
    char name[64], slug[64];
    snprintf(name, sizeof name, "KEY-%llu", (unsigned long long)n);
    snprintf(slug, sizeof slug, "%.*s", (int)(n % 50),
             "a-slug-of-a-length-that-varies-with-the-number-of-it");
    const struct work item = {n, (uint32_t)(n % 8), text_of(name), text_of(slug)};
    assert_int_equal(worklist_add(list, &item, &error), STATUS_OK);
}

static void take(struct worklist *list, uint64_t n)
{
    char name[64];
    struct work item;
    if (worklist_take(list, &item, &error) != STATUS_OK)
        fail_msg("item %llu: %s", (unsigned long long)n, error.text);
    snprintf(name, sizeof name, "KEY-%llu", (unsigned long long)n);
    assert_int_equal(item.id, n);
    assert_int_equal(item.flags, n % 8);
    assert_true(text_equal(item.name, text_of(name)));
    assert_int_equal(item.slug.size, n % 50);
}

static void none(struct worklist *list)
{
    struct work item;
    assert_int_equal(worklist_take(list, &item, NULL), STATUS_NOT_FOUND);
}

static void items_come_out_as_they_went_in(void **state)
{
    struct worklist list;
    uint64_t in = 0, taken = 0, seed = 1;
    (void)state;
    worklist_init(&list);
    none(&list);
    /* Runs of adding and taking of all lengths: the file, the tail, and the way between them. */
    for (int run = 0; run < 400; run++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t adding = (seed >> 33) % 1000, taking = (seed >> 45) % 1000;
        for (uint64_t i = 0; i < adding; i++)
            add(&list, in++);
        for (uint64_t i = 0; i < taking && taken < in; i++)
            take(&list, taken++);
    }
    while (taken < in)
        take(&list, taken++);
    none(&list);
    add(&list, in++);
    take(&list, taken++);
    none(&list);
    assert_int_equal(list.added, in);
    assert_int_equal(list.taken, taken);
    worklist_free(&list);
}

static void memory_stays_small_and_no_file_is_left(void **state)
{
    char top[4096], *entries[] = {NULL};
    struct worklist list;
    struct stat st;
    (void)state;
    (void)entries;
    scratch_make(top, sizeof top);
    const char *before = getenv("TMPDIR");
    char *kept = before ? strdup(before) : NULL;
    setenv("TMPDIR", top, 1);
    worklist_init(&list);
    for (uint64_t i = 0; i < 100000; i++)
        add(&list, i);
    assert_true(list.fd >= 0);
    assert_int_equal(fstat(list.fd, &st), 0);
    assert_int_equal(st.st_nlink, 0);
    assert_int_equal(st.st_mode & 077, 0);
    assert_int_equal(rmdir(top), 0); /* nothing is in it */
    for (uint64_t i = 0; i < 100000; i++)
        take(&list, i);
    none(&list);
    assert_true(list.tail.room + list.head.room < (size_t)1024 * 1024);
    worklist_free(&list);
    if (kept)
        setenv("TMPDIR", kept, 1);
    else
        unsetenv("TMPDIR");
    free(kept);
}

static void a_name_without_end_is_refused(void **state)
{
    struct worklist list;
    char *name = calloc(1, 70000);
    (void)state;
    assert_non_null(name);
    memset(name, 'x', 69999);
    worklist_init(&list);
    const struct work item = {.name = text_of(name)};
    assert_int_equal(worklist_add(&list, &item, &error), STATUS_LIMIT);
    none(&list);
    free(name);
    worklist_free(&list);
}

static void what_was_seen_is_known(void **state)
{
    struct seen seen = {0};
    (void)state;
    assert_null(seen_find(&seen, 7));
    for (uint64_t i = 0; i < 50000; i++) {
        uint64_t key = i * i; /* 0 too */
        assert_null(seen_find(&seen, key));
        assert_int_equal(seen_add(&seen, key, (uint32_t)i, &error), STATUS_OK);
    }
    for (uint64_t i = 0; i < 50000; i++) {
        uint32_t *mark = seen_find(&seen, i * i);
        assert_non_null(mark);
        assert_int_equal(*mark, i);
        assert_null(seen_find(&seen, i * i + (i ? 1 : 2)));
    }
    *seen_find(&seen, 49) = 1;
    assert_int_equal(*seen_find(&seen, 49), 1);
    assert_int_equal(seen.used, 50000);
    size_t slots = 0;
    for (size_t i = 0; i < SEEN_PARTS; i++)
        slots += seen.parts[i].room;
    assert_true(slots * 12 <= 50000 * 16); /* bytes, as worklist.h says */
    seen_free(&seen);
}

static void names_are_told_apart_without_case(void **state)
{
    (void)state;
    assert_int_equal(seen_name(TEXT("Devs"), TEXT_NONE), seen_name(TEXT("dEVS"), TEXT_NONE));
    assert_int_equal(seen_name(TEXT("~JDOE"), TEXT("App")), seen_name(TEXT("~jdoe"), TEXT("app")));
    assert_true(seen_name(TEXT("a"), TEXT("b")) != seen_name(TEXT("ab"), TEXT_NONE));
    assert_true(seen_name(TEXT("a"), TEXT("bc")) != seen_name(TEXT("ab"), TEXT("c")));
    assert_true(seen_name(TEXT("\xc3\x84"), TEXT_NONE) != seen_name(TEXT("\xc3\xa4"), TEXT_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_as_they_went_in),
        cmocka_unit_test(memory_stays_small_and_no_file_is_left),
        cmocka_unit_test(a_name_without_end_is_refused),
        cmocka_unit_test(what_was_seen_is_known),
        cmocka_unit_test(names_are_told_apart_without_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
