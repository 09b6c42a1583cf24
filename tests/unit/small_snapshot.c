#include "small_snapshot.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "bitbucket/recording.h"

static struct error error;
#define GOOD(call) assert_int_equal((call), STATUS_OK)

static void restriction(struct builder *b, struct place place, uint64_t id, bool of_project,
                        enum restriction_type type, enum matcher_type matcher, const char *match,
                        const struct exemptions *exempt)
{
    static const struct exemptions nobody;
    struct builder_restriction row = {
        .head = {.id = id,
                 .of_project = of_project,
                 .type = type,
                 .type_text = TEXT("future-type"),
                 .matcher = matcher,
                 .matcher_type_text = TEXT("FUTURE_MATCHER"),
                 .matcher_id = text_of(match),
                 .matcher_active = id != 5},
        .exempt = exempt ? *exempt : nobody,
    };
    GOOD(builder_restriction(b, place, &row, &error));
}

static const struct place prj = {GRANT_PROJECT, 2}, app = {GRANT_REPOSITORY, 84},
                          everywhere = {GRANT_GLOBAL, 0};

static void add_people(struct builder *b)
{
    const struct builder_user users[] = {
        {1, TEXT("Admin"), TEXT("admin"), TEXT("Admin@Example.com"), true, true},
        {101, TEXT("jdoe"), TEXT_NONE, TEXT("jane@example.com"), true, true},
        {102, TEXT("gone"), TEXT_NONE, TEXT("jane@example.com"), false, true},
        {103, TEXT("outsider"), TEXT_NONE, TEXT_NONE, true, true},
    };
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++)
        GOOD(builder_user(b, &users[i], &error));
    GOOD(builder_group(b, TEXT("Developers"), false, &error));
    GOOD(builder_group(b, TEXT("secret"), true, &error));
    GOOD(builder_member(b, TEXT("developers"), 101, &error));
    GOOD(builder_member(b, TEXT("developers"), 102, &error));
    GOOD(builder_grant_user(b, everywhere, 1, PERMISSION_SYS_ADMIN, &error));
    GOOD(builder_grant_group(b, everywhere, TEXT("developers"), PERMISSION_LICENSED_USER, &error));
    GOOD(builder_service(b, TEXT("3adc96b3b93443e4"), 158, &error));
}

static void add_project(struct builder *b)
{
    const struct branch_model model = {
        .configured = true,
        .development_set = true,
        .development_default = true,
        .production_set = true,
        .production = TEXT("refs/heads/stable"),
        .category = {{TEXT("RELEASE"), TEXT("release/"), true}},
        .category_count = 1,
    };
    GOOD(builder_project(b, &(struct builder_project){.id = 2, .key = TEXT("PRJ")}, &error));
    GOOD(builder_project(b,
                         &(struct builder_project){.id = 4,
                                                   .key = TEXT("~JDOE"),
                                                   .personal = true,
                                                   .owner_id = 101,
                                                   .owner_name = TEXT("jdoe")},
                         &error));
    GOOD(builder_default_permission(b, 2, PERMISSION_PROJECT_READ, &error));
    GOOD(builder_grant_user(b, prj, 101, PERMISSION_PROJECT_WRITE, &error));
    GOOD(builder_grant_group(b, prj, TEXT("DEVELOPERS"), PERMISSION_PROJECT_WRITE, &error));
    GOOD(builder_grant_group(b, prj, TEXT("secret"), PERMISSION_PROJECT_ADMIN, &error));
    GOOD(builder_model(b, prj, &model, &error));
    restriction(b, prj, 4, true, RESTRICTION_NO_DELETES, MATCHER_PATTERN, "release/*", NULL);
    restriction(b, prj, 6, true, RESTRICTION_READ_ONLY, MATCHER_ANY_REF, "ANY_REF_MATCHER_ID", NULL);
}

static void add_repository(struct builder *b)
{
    const struct exempt_user users[] = {{101, TEXT("jdoe")}, {0, TEXT("by-name")}};
    const struct exempt_group groups[] = {{.name = TEXT("developers")},
                                          {.name = TEXT("secret")},
                                          {.name = TEXT("no-longer-there")}};
    const uint64_t keys[] = {158, 9};
    const struct exemptions exempt = {users, groups, keys, 2, 3, 2};
    GOOD(builder_repository(
        b, &(struct builder_repository){.id = 84, .project_id = 2, .slug = TEXT("app")}, &error));
    GOOD(builder_repository(b,
                            &(struct builder_repository){.id = 85,
                                                         .project_id = 2,
                                                         .slug = TEXT("old"),
                                                         .archived = true,
                                                         .origin_id = 84},
                            &error));
    GOOD(builder_default_branch(b, 84, TEXT("refs/heads/main"), &error));
    GOOD(builder_grant_user(b, app, 102, PERMISSION_REPO_ADMIN, &error));
    GOOD(builder_grant_group(b, app, TEXT("secret"), PERMISSION_REPO_WRITE, &error));
    restriction(b, app, 3, false, RESTRICTION_PULL_REQUEST_ONLY, MATCHER_BRANCH, "refs/heads/main",
                &exempt);
    restriction(b, app, 5, false, RESTRICTION_UNKNOWN, MATCHER_UNKNOWN, "?", NULL);
    /* As its project says it, and otherwise than its project says it. */
    restriction(b, app, 4, true, RESTRICTION_NO_DELETES, MATCHER_PATTERN, "release/*", NULL);
    restriction(b, app, 6, true, RESTRICTION_READ_ONLY, MATCHER_PATTERN, "locked/*", NULL);
}

static void add_keys(struct builder *b)
{
    const struct builder_key keys[] = {
        {.id = 158,
         .label = TEXT("ci-deploy"),
         .algorithm = TEXT("RSA"),
         .fingerprint = TEXT("Q8yjWU1n"),
         .bits = 4096,
         .created_known = true,
         .created_ms = 1000,
         .use_known = true,
         .used = true,
         .last_used_ms = 2000,
         .expiry_known = true,
         .expires = true,
         .expires_ms = 3000},
        {.id = 160, .label = TEXT("old-style")},
    };
    for (size_t i = 0; i < 2; i++)
        GOOD(builder_key(b, &keys[i], &error));
    GOOD(builder_grant_key(b, app, 158, PERMISSION_REPO_WRITE, &error));
    GOOD(builder_grant_key(b, prj, 158, PERMISSION_PROJECT_READ, &error));
    GOOD(builder_grant_key(b, prj, 160, PERMISSION_PROJECT_WRITE, &error));
    GOOD(builder_note(b, TEXT("nothing to note"), &error));
}

void small_fill(struct builder *b, bool reverse)
{
    static void (*const parts[])(struct builder *) = {add_people, add_project, add_repository,
                                                      add_keys};
    for (size_t i = 0; i < 4; i++)
        parts[reverse ? 3 - i : i](b);
}

struct builder_summary small_write(const char *path, bool reverse, int64_t now)
{
    struct builder *b;
    struct builder_summary summary;
    const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com/"),
                                          .bitbucket_version = TEXT("9.4.2"),
                                          .started_ms = now - 5,
                                          .generated_ms = now,
                                          .duration_ms = 5};
    GOOD(builder_new(NULL, &b, &error));
    small_fill(b, reverse);
    if (builder_finish(b, &header, path, 0, NULL, &summary, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    builder_free(b);
    return summary;
}

enum status small_replay(const char *directory, const char *path, bool allow_partial,
                         struct builder_summary *summary, struct error *err)
{
    struct recording *recording = NULL;
    struct builder *b = NULL;
    struct crawl_result result;
    const struct crawl_options options = {.allow_partial = allow_partial};
    enum status status = recording_open(directory, &recording, err);
    if (status == STATUS_OK)
        status = builder_new(NULL, &b, err);
    if (status == STATUS_OK) {
        const struct answer_source source = recording_source(recording);
        status = crawl_run(&source, b, NULL, &options, &result, err);
    }
    if (status == STATUS_OK) {
        const struct builder_header header = {.base_url = recording_base_url(recording),
                                              .bitbucket_version = text_of(result.version),
                                              .started_ms = SMALL_NOW,
                                              .generated_ms = SMALL_NOW};
        status = builder_finish(b, &header, path, 0, NULL, summary, err);
    }
    builder_free(b);
    recording_close(recording);
    return status;
}
