#include "command/test_instance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/test_facts.h"

#define DEFAULT_TIME INT64_C(1767268800000) /* 2026-01-01T12:00:00Z */
#define DEFAULT_URL "https://bitbucket.example.com"
#define DEFAULT_VERSION "9.4.2"

#define PLACE_KEYS                                                                        \
    SHEET_TEXT("id"), SHEET_TEXT("public"), SHEET_LIST("users"), SHEET_LIST("groups"),    \
        SHEET_TEXT("development"), SHEET_TEXT("production"), SHEET_LIST("categories"),    \
        SHEET_LIST("incomplete")

static const struct sheet_key instance_keys[] = {SHEET_TEXT("base-url"), SHEET_TEXT("version"),
                                                 SHEET_TEXT("at"), SHEET_LIST("incomplete")};
static const struct sheet_key user_keys[] = {SHEET_TEXT("id"), SHEET_LIST("groups"),
                                             SHEET_TEXT("email"), SHEET_TEXT("global"),
                                             SHEET_TEXT("active")};
static const struct sheet_key group_keys[] = {SHEET_TEXT("global"), SHEET_TEXT("incomplete")};
static const struct sheet_key project_keys[] = {PLACE_KEYS, SHEET_TEXT("default"),
                                                SHEET_TEXT("owner")};
static const struct sheet_key repository_keys[] = {PLACE_KEYS, SHEET_TEXT("default-branch"),
                                                   SHEET_TEXT("archived"), SHEET_TEXT("fork-of")};
static const struct sheet_key access_key_keys[] = {
    SHEET_NEEDED("label"),   SHEET_TEXT("algorithm"), SHEET_TEXT("bits"),  SHEET_TEXT("created"),
    SHEET_TEXT("last-used"), SHEET_TEXT("expires"),   SHEET_LIST("places")};
static const struct sheet_key service_user_keys[] = {SHEET_NEEDED("key")};
static const struct sheet_key restriction_keys[] = {
    SHEET_NEEDED("where"), SHEET_NEEDED("type"), SHEET_NEEDED("matcher"), SHEET_TEXT("active"),
    SHEET_LIST("users"),   SHEET_LIST("groups"), SHEET_LIST("keys")};

#define SECTION(word, named, keys)                      \
    {                                                   \
        word, named, keys, sizeof keys / sizeof keys[0] \
    }
const struct sheet_section test_instance_sections[TEST_INSTANCE_SECTIONS] = {
    SECTION("instance", false, instance_keys),
    SECTION("user", true, user_keys),
    SECTION("group", true, group_keys),
    SECTION("project", true, project_keys),
    SECTION("repository", true, repository_keys),
    SECTION("access-key", true, access_key_keys),
    SECTION("service-user", true, service_user_keys),
    SECTION("restriction", true, restriction_keys),
};

static const struct sheet_block *instance_block(const struct sheet *sheet)
{
    return sheet_find(sheet, "instance", TEXT_NONE);
}

bool test_instance_described(const struct sheet *sheet, struct config_problems *problems)
{
    if (instance_block(sheet))
        return true;
    for (size_t i = 0; i < sheet->count; i++)
        for (size_t k = 1; k < TEST_INSTANCE_SECTIONS; k++)
            if (!strcmp(sheet->blocks[i].section->word, test_instance_sections[k].word))
                config_problem(problems, sheet->blocks[i].line,
                               "[%s] is part of an instance, and there is no section [instance]",
                               test_instance_sections[k].word);
    return false;
}

int64_t test_instance_time(const struct sheet *sheet)
{
    const struct sheet_value *at = sheet_value(instance_block(sheet), "at");
    int64_t ms = DEFAULT_TIME;
    if (at)
        (void)clock_parse(at->text, &ms);
    return ms;
}

/* ---------------------------------------------------------------- what is there */

static bool has_key_shape(struct text name)
{
    bool hex = name.size == 16;
    for (size_t i = 0; hex && i < name.size; i++)
        hex = ascii_digit(name.at[i]) || (name.at[i] >= 'a' && name.at[i] <= 'f');
    return hex;
}

bool test_instance_has_user(const struct sheet *sheet, struct text name)
{
    return sheet_find(sheet, "user", name) || sheet_find(sheet, "service-user", name) ||
           has_key_shape(name) || text_starts(name, TEXT("access-token-user/"));
}

bool test_instance_has_repository(const struct sheet *sheet, struct text name)
{
    return sheet_find(sheet, "repository", name) != NULL;
}

/* ---------------------------------------------------------------- the file */

static enum status read_back(const char *path, struct snapshot **out, struct error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st)) {
        int failed = errno;
        if (fd >= 0)
            close(fd);
        return error_errno(err, STATUS_IO, failed, "cannot open %s", path);
    }
    return snapshot_open_fd(fd, (uint64_t)st.st_size, 0, SNAPSHOT_READ, out, err);
}

/* Written under a name in a directory of its own, since a snapshot is published by rename. */
static enum status write_and_open(struct builder *builder, const struct builder_header *header,
                                  struct snapshot **out, struct error *err)
{
    char directory[PATH_MAX - 32], path[PATH_MAX];
    const char *temporary = getenv("TMPDIR");
    int size = snprintf(directory, sizeof directory, "%s/refgate-policy.XXXXXX",
                        temporary && *temporary ? temporary : P_tmpdir);
    if (size < 0 || (size_t)size >= sizeof directory)
        return error_set(err, STATUS_IO, "the path in TMPDIR is too long");
    if (!mkdtemp(directory))
        return error_errno(err, STATUS_IO, errno, "cannot make the directory %s", directory);
    snprintf(path, sizeof path, "%s/snapshot.cdb", directory);
    struct builder_summary summary;
    enum status status = builder_finish(builder, header, path, 0, NULL, &summary, err);
    if (status == STATUS_OK)
        status = read_back(path, out, err);
    unlink(path);
    rmdir(directory);
    return status;
}

static struct text value_or(const struct sheet_block *block, const char *key, const char *fallback)
{
    const struct sheet_value *value = sheet_value(block, key);
    return value ? value->text : text_of(fallback);
}

enum status test_instance_open(const struct sheet *sheet, struct arena *arena,
                               struct config_problems *problems, struct snapshot **out,
                               struct error *err)
{
    const struct sheet_block *block = instance_block(sheet);
    const int64_t at = test_instance_time(sheet);
    const struct builder_header header = {
        .base_url = value_or(block, "base-url", DEFAULT_URL),
        .bitbucket_version = value_or(block, "version", DEFAULT_VERSION),
        .started_ms = at,
        .generated_ms = at};
    struct builder *builder = NULL;
    enum status status = builder_new(NULL, &builder, err);
    if (status == STATUS_OK)
        status = test_facts_tell(sheet, at, arena, problems, builder, err);
    if (status == STATUS_OK && !problems->count)
        status = write_and_open(builder, &header, out, err);
    builder_free(builder);
    return status;
}
