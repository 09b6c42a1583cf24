/*
 * Files of a repository that are not what git writes (semantics 8: "cannot tell", never a crash). Found by
 * tests/fuzz/fuzz_objects.c in libgit2 1.9.0; packaging/libgit2 mends it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "push/object_store.h"
#include "unit/support/top.h"

#define HEX "1111111111111111111111111111111111111111"
#define TREE "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
#define SMALL TREE "\nsmall"

static size_t cut_by; /* bytes off the end of the file */

static void write_loose(const char *content, size_t size)
{
    char path[PATH_MAX];
    uLongf room = compressBound((uLong)size);
    Bytef *bytes = malloc(room);
    assert_non_null(bytes);
    assert_int_equal(compress(bytes, &room, (const Bytef *)content, (uLong)size), Z_OK);
    snprintf(path, sizeof path, "%s/%.2s/%s", at("r.git/objects"), HEX, &HEX[2]);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(room > cut_by);
    assert_int_equal(fwrite(bytes, 1, room - cut_by, out), room - cut_by);
    assert_int_equal(fclose(out), 0);
    free(bytes);
}

/* "commit SIZE", NUL, body. */
static enum status read_commit(size_t said, const char *body, size_t size,
                               struct stored_object *out)
{
    char content[4096], repository[PATH_MAX];
    struct object_store *store;
    struct object_id id;
    const char *why = NULL;
    int head = snprintf(content, sizeof content, "commit %zu", said) + 1;
    memcpy(content + head, body, size);
    scratch_sh(top, "git init -q --bare r.git && mkdir -p r.git/objects/11");
    write_loose(content, (size_t)head + size);
    snprintf(repository, sizeof repository, "%s", at("r.git"));
    const struct location location = {.repository = repository};
    assert_int_equal(object_store_new(&location, &store), STATUS_OK);
    assert_int_equal(object_store_open(store, &why), STATUS_OK);
    assert_true(object_id_parse(TEXT(HEX), &id));
    enum status status = object_store_read(store, &id, false, out);
    if (status == STATUS_OK) {
        assert_int_equal(out->type, OBJECT_COMMIT);
        assert_int_equal(out->bytes.size, said);
        assert_memory_equal(out->bytes.at, body, size < said ? size : said);
        stored_object_release(out);
    }
    object_store_free(store);
    return status;
}

static void a_loose_object_longer_than_it_says_is_damaged(void **state)
{
    struct stored_object object;
    char body[2000];
    (void)state;
    memset(body, 'x', sizeof body);
    memcpy(body, TREE, sizeof TREE - 1);
    static const size_t said[] = {0, 1, 20, 46, 50, 63};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        assert_int_equal(read_commit(said[i], body, 64, &object), STATUS_FORMAT);
        assert_int_equal(read_commit(said[i], body, sizeof body, &object), STATUS_FORMAT);
    }
}

/* The stream ends in the middle: libgit2 1.9.0 itself goes on for ever. */
static void a_loose_object_that_is_cut_is_damaged(void **state)
{
#if __has_include(<git2/refgate-mended>)
    static const size_t sizes[] = {20, 50, 2000};
    char body[2000];
    struct stored_object object;
    (void)state;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)(' ' + i * i % 89);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cut_by = 6;
        alarm(100); /* a hang, not a slow machine */
        assert_int_equal(read_commit(sizes[i], body, sizes[i], &object), STATUS_FORMAT);
        alarm(0);
        cut_by = 0;
    }
#else
    (void)state;
    print_message("# not with a libgit2 of somebody else's (LIBGIT2_DIR)\n");
#endif
}

static void a_configuration_without_a_value_cannot_be_opened(void **state)
{
#if __has_include(<git2/refgate-mended>)
    char repository[PATH_MAX];
    struct object_store *store;
    const char *why = NULL;
    (void)state;
    scratch_sh(top, "git init -q --bare r.git; git -C r.git config core.repositoryformatversion 1; "
                    "printf '[extensions]\\n\\tobjectformat\\n' >>r.git/config");
    snprintf(repository, sizeof repository, "%s", at("r.git"));
    const struct location location = {.repository = repository};
    assert_int_equal(object_store_new(&location, &store), STATUS_OK);
    assert_int_equal(object_store_open(store, &why), STATUS_UNSUPPORTED);
    assert_string_equal(why, "the repository does not use SHA-1");
    object_store_free(store);
#else
    (void)state;
    print_message("# not with a libgit2 of somebody else's (LIBGIT2_DIR)\n");
#endif
}

static void a_loose_object_shorter_than_it_says_is_damaged(void **state)
{
    struct stored_object object;
    (void)state;
    assert_int_equal(read_commit(sizeof SMALL + 3, SMALL, sizeof SMALL - 1, &object),
                     STATUS_FORMAT);
}

/* git writes commits of less than 64 bytes, if it is told to: without an author. */
static void a_small_commit_is_read(void **state)
{
    struct stored_object object;
    (void)state;
    assert_true(sizeof SMALL - 1 < 64);
    assert_int_equal(read_commit(sizeof SMALL - 1, SMALL, sizeof SMALL - 1, &object), STATUS_OK);
}

static void a_small_commit_in_a_pack_is_read(void **state)
{
    char repository[PATH_MAX], hex[64];
    struct object_store *store;
    struct object_id id;
    struct stored_object object;
    const char *why = NULL;
    (void)state;
    scratch_run(top,
                "git init -q --bare r.git; cd r.git; git mktree </dev/null >tree; "
                "printf 'tree %s\\n\\nsmall' \"$(cat tree)\" >commit; "
                "git hash-object --literally -t commit -w commit >id; "
                "git update-ref refs/heads/main \"$(cat id)\"; git repack -adq; git prune-packed; "
                "tr -d '\\n' <id",
                NULL, hex, sizeof hex);
    snprintf(repository, sizeof repository, "%s", at("r.git"));
    const struct location location = {.repository = repository};
    assert_int_equal(object_store_new(&location, &store), STATUS_OK);
    assert_int_equal(object_store_open(store, &why), STATUS_OK);
    assert_true(object_id_parse(text_of(hex), &id));
    assert_int_equal(object_store_read(store, &id, false, &object), STATUS_OK);
    assert_string_equal(object.bytes.at, SMALL);
    stored_object_release(&object);
    object_store_free(store);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_loose_object_longer_than_it_says_is_damaged),
        CASE(a_loose_object_that_is_cut_is_damaged),
        CASE(a_configuration_without_a_value_cannot_be_opened),
        CASE(a_loose_object_shorter_than_it_says_is_damaged),
        CASE(a_small_commit_is_read),
        CASE(a_small_commit_in_a_pack_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
