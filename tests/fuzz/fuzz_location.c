/*
 * GIT_* of the environment: "NAME=VALUE" with a NUL after each; an @ in a value is a directory that has
 * two repositories in it (a/84 and fork.git), one with a quarantine. What is found is a repository.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/support.h"
#include "push/location.h"

#define MEMORY ((size_t)8 * 1024 * 1024)

static void make_directories(void)
{
    static const char *const names[] = {
        "a",         "a/84",     "a/84/objects",  "a/84/objects/incoming-x",
        "a/84/refs", "fork.git", "fork.git/refs", "fork.git/objects"};
    static char made[PATH_MAX];
    if (!strcmp(made, fuzz_directory()))
        return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", fuzz_directory(), names[i]);
        REQUIRE(!mkdir(path, 0700));
    }
    fuzz_write("a/84/HEAD", TEXT("ref: refs/heads/main\n"));
    fuzz_write("fork.git/HEAD", TEXT("ref: refs/heads/main\n"));
    snprintf(made, sizeof made, "%s", fuzz_directory());
}

static const char *lookup(void *self, const char *name)
{
    const struct buffer *strings = self;
    size_t size = strlen(name);
    for (size_t at = 0; at < strings->size; at += strlen(strings->data + at) + 1)
        if (!strncmp(strings->data + at, name, size) && strings->data[at + size] == '=')
            return strings->data + at + size + 1;
    return NULL;
}

static bool is(const char *repository, const char *name, mode_t type)
{
    char path[PATH_MAX + 16];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", repository, name);
    return !lstat(path, &st) && (st.st_mode & S_IFMT) == type;
}

static void check_path(const char *path)
{
    size_t size = strlen(path);
    REQUIRE(path[0] == '/' && size < 3 * PATH_MAX);
    REQUIRE(!strstr(path, "//") && !strstr(path, "/../"));
}

static void check(const struct location *found)
{
    REQUIRE(found->repository || !found->storage_id_known);
    if (found->repository) {
        check_path(found->repository);
        REQUIRE(is(found->repository, "HEAD", S_IFREG));
        REQUIRE(is(found->repository, "objects", S_IFDIR));
        REQUIRE(is(found->repository, "refs", S_IFDIR));
    }
    if (found->storage_id_known)
        REQUIRE(found->storage_id == 84 && strstr(found->repository, "/a/84"));
    if (found->quarantine)
        check_path(found->quarantine);
    REQUIRE(found->alternate_count <= 64);
    for (size_t i = 0; i < found->alternate_count; i++)
        check_path(found->alternates[i]);
    fuzz_tell_number(found->alternate_count * 16 + found->storage_id_known * 2 +
                     (found->quarantine != NULL));
    fuzz_tell_text(text_of(found->repository));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer strings;
    struct arena arena;
    struct location found;
    struct error err = {STATUS_OK, ""};
    make_directories();
    buffer_init(&strings, SIZE_MAX);
    for (size_t i = 0; i < size; i++)
        if (data[i] == '@')
            buffer_string(&strings, fuzz_directory());
        else
            buffer_add(&strings, &data[i], 1);
    buffer_add(&strings, "", 1);
    const struct environment env = {lookup, &strings};
    arena_init(&arena, MEMORY);
    const char *git_dir = lookup(&strings, "OPTION");
    enum status status = location_find(&env, git_dir, &arena, &found, &err);
    REQUIRE(status == STATUS_OK || status == STATUS_MEMORY);
    if (status == STATUS_OK)
        check(&found);
    arena_free(&arena);
    buffer_free(&strings);
    return 0;
}
