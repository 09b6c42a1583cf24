/* snapshot/long_record.h, snapshot/merge.h: of very many restrictions those that matter, and no damage
 * is overlooked on the way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "snapshot/reader.h"
#include "unit/support/builder_case.h"

#define MANY 3000 /* restrictions of PRJ/app besides those of the small snapshot */
#define FIRST_ID 1000

/* One in a hundred; of the small snapshot's, those with even ids. */
static bool wanted(const void *asker, const struct restriction *restriction)
{
    (void)asker;
    return restriction->id < FIRST_ID ? restriction->id % 2 == 0 : restriction->id % 100 == 7;
}

static const char *path;
static struct snapshot *kept_open; /* what a mapped answer points into */
static struct buffer good;

static void add_many(struct builder *b)
{
    for (uint64_t i = 0; i < MANY; i++) {
        char pattern[32];
        int size = snprintf(pattern, sizeof pattern, "branch-%llu/*", (unsigned long long)i);
        const struct exempt_user user = {.id = i + 1, .name = TEXT("somebody")};
        struct builder_restriction row = {
            .head = {.id = FIRST_ID + i,
                     .type = RESTRICTION_READ_ONLY,
                     .matcher = i % 50 ? MATCHER_PATTERN : MATCHER_UNKNOWN,
                     .matcher_type_text = TEXT("FUTURE_MATCHER"),
                     .matcher_id = {pattern, (size_t)size},
                     .matcher_active = true},
            .exempt = {.users = &user, .user_count = 1},
        };
        GOOD(builder_restriction(b, app, &row, &error));
    }
}

static int make_file(void **state)
{
    builder_set_up(state);
    struct builder *b = small_builder();
    add_many(b);
    const struct builder_header header = {
        TEXT("https://bitbucket.example.com"), TEXT("9.4.2"), SMALL_NOW, SMALL_NOW, 1, 0};
    struct builder_summary summary;
    path = at("many.cdb");
    GOOD(builder_finish(b, &header, path, 0, NULL, &summary, &error));
    builder_free(b);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    buffer_init(&good, SIZE_MAX);
    GOOD(file_read_all(fd, 1 << 24, &good, NULL));
    close(fd);
    return 0;
}

static int remove_file(void **state)
{
    buffer_free(&good);
    return builder_tear_down(state);
}

/* PRJ/app of the file, some or all of its restrictions; the arena has what it points to. */
static enum status ask(enum snapshot_mode mode, restriction_wanted *choice, struct arena *memory,
                       struct snapshot_repository *out)
{
    struct snapshot *snapshot = NULL;
    arena_init(memory, 64 << 20);
    GOOD(snapshot_open_mode(path, NULL, 0, mode, &snapshot, &error));
    struct view view = snapshot_view(snapshot, memory);
    view.choose_restrictions(view.self, choice, NULL);
    enum status status = view.repository(view.self, TEXT("PRJ"), TEXT("app"), out, &error);
    if (mode == SNAPSHOT_READ)
        snapshot_close(snapshot);
    else
        kept_open = snapshot;
    return status;
}

static void assert_same(const struct restriction *a, const struct restriction *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->of_project, b->of_project);
    assert_int_equal(a->matcher_active, b->matcher_active);
    assert_true(text_equal(a->type_text, b->type_text));
    assert_true(text_equal(a->matcher_type_text, b->matcher_type_text));
    assert_true(text_equal(a->matcher_id, b->matcher_id));
    assert_int_equal(a->exemptions_size, b->exemptions_size);
    assert_memory_equal(a->exemptions, b->exemptions, a->exemptions_size);
}

static void those_that_are_wanted_and_no_others(void **state)
{
    (void)state;
    struct arena few_memory, all_memory;
    struct snapshot_repository few, all;
    GOOD(ask(SNAPSHOT_READ, wanted, &few_memory, &few));
    GOOD(ask(SNAPSHOT_READ, NULL, &all_memory, &all));
    assert_int_equal(all.restriction_count, MANY + 4); /* one of the project's is told twice */
    assert_int_equal(few.restriction_count, MANY / 100 + 2);
    size_t at_few = 0;
    for (size_t i = 0; i < all.restriction_count; i++)
        if (wanted(NULL, &all.restrictions[i]))
            assert_same(&few.restrictions[at_few++], &all.restrictions[i]);
    assert_int_equal(at_few, few.restriction_count);
    /* Everything else of the repository is the same, and what was read in pieces is less memory. */
    assert_int_equal(few.group_count, all.group_count);
    assert_int_equal(few.id, all.id);
    assert_true(text_equal(few.default_branch, all.default_branch));
    assert_true(few_memory.used < all_memory.used / 3);
    arena_free(&few_memory);
    arena_free(&all_memory);
}

/* 6 is the project's read-only of any ref, which this repository says otherwise: its copy counts even
 * where it is not wanted itself. */
static bool only_the_projects(const void *asker, const struct restriction *restriction)
{
    (void)asker;
    return restriction->matcher == MATCHER_ANY_REF;
}

static void a_copy_that_is_not_wanted_hides_the_projects(void **state)
{
    (void)state;
    struct arena memory;
    struct snapshot_repository repository;
    GOOD(ask(SNAPSHOT_READ, only_the_projects, &memory, &repository));
    assert_int_equal(repository.restriction_count, 0);
    arena_free(&memory);
}

static void a_map_is_asked_the_same(void **state)
{
    (void)state;
    struct arena read_memory, map_memory;
    struct snapshot_repository read, map;
    GOOD(ask(SNAPSHOT_READ, wanted, &read_memory, &read));
    GOOD(ask(SNAPSHOT_MAPPED, wanted, &map_memory, &map));
    assert_int_equal(read.restriction_count, map.restriction_count);
    for (size_t i = 0; i < read.restriction_count; i++)
        assert_same(&read.restrictions[i], &map.restrictions[i]);
    snapshot_close(kept_open);
    arena_free(&read_memory);
    arena_free(&map_memory);
}

static void rewrite(size_t offset, unsigned char mask)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    unsigned char byte = (unsigned char)good.data[offset] ^ mask;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)offset), 1);
    close(fd);
}

/* semantics.md 8: a damaged record is a failure, not a repository with other restrictions. */
static void each_changed_byte_is_damage(void **state)
{
    (void)state;
    const char *record = memmem(good.data, good.size, "repo/prj/app", 12);
    assert_non_null(record);
    size_t start = (size_t)(record - good.data) + 12;
    const unsigned char *sizes = (const unsigned char *)record - 8;
    size_t size = layout_load32(sizes + 4);
    assert_true(size > 2 * LONG_RECORD_SIZE);
    for (size_t i = 0; i < size; i += i < 300 ? 1 : 211) {
        struct arena memory;
        struct snapshot_repository repository;
        rewrite(start + i, (unsigned char)(1u << i % 8));
        assert_int_equal(ask(SNAPSHOT_READ, wanted, &memory, &repository), STATUS_FORMAT);
        assert_non_null(strstr(error.text, "repo/prj/app has a wrong checksum"));
        rewrite(start + i, 0);
        arena_free(&memory);
    }
    struct arena memory;
    struct snapshot_repository repository;
    GOOD(ask(SNAPSHOT_READ, wanted, &memory, &repository));
    arena_free(&memory);
}

static void without_memory_there_is_no_answer(void **state)
{
    (void)state;
    struct snapshot *snapshot = NULL;
    GOOD(snapshot_open_mode(path, NULL, 0, SNAPSHOT_READ, &snapshot, &error));
    bool enough = false;
    for (size_t cap = 1000; !enough && cap < 1 << 20; cap += 9000) {
        struct arena memory;
        struct snapshot_repository repository;
        arena_init(&memory, cap);
        struct view view = snapshot_view(snapshot, &memory);
        if (!view.problem) {
            view.choose_restrictions(view.self, wanted, NULL);
            enum status status = view.repository(view.self, TEXT("PRJ"), TEXT("app"), &repository,
                                                 &error);
            enough = status == STATUS_OK;
            assert_true(enough || status == STATUS_MEMORY);
            assert_true(!enough || repository.restriction_count == MANY / 100 + 2);
        }
        arena_free(&memory);
    }
    assert_true(enough);
    snapshot_close(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"those that are wanted, and no others", those_that_are_wanted_and_no_others, 0, 0, 0},
        {"a copy that is not wanted hides the project's",
         a_copy_that_is_not_wanted_hides_the_projects, 0, 0, 0},
        {"a mapped file gives the same", a_map_is_asked_the_same, 0, 0, 0},
        {"each changed byte is damage (semantics 8)", each_changed_byte_is_damage, 0, 0, 0},
        {"without memory there is no answer", without_memory_there_is_no_answer, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("long_record", tests, make_file, remove_file);
}
