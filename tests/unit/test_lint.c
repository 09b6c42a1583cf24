/* policy/lint.h: what is allowed in refgate.conf but surely not meant. */
#include "config_cases.h"

#include <glob.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/lint.h"

#define MEMORY ((size_t)64 * 1024 * 1024)

static struct arena arena;
static struct policy policy;
static struct config_errors warnings;
static struct config_listing listing;

static void begin(struct text bytes)
{
    struct config_errors errors;
    arena_free(&arena);
    config_errors_free(&warnings);
    arena_init(&arena, MEMORY);
    config_errors_init(&errors);
    config_errors_init(&warnings);
    if (config_parse_kept(bytes, "refgate.conf", &arena, &policy, &errors, &listing))
        fail_msg("%s", errors.lines.data);
    config_errors_free(&errors);
}

static enum status lint(const struct view *view, bool timezone_known, struct error *err)
{
    const struct lint_input input = {&policy, &listing, view, timezone_known};
    return lint_policy(&input, &arena, &warnings, err);
}

static const char *said(void)
{
    return warnings.lines.data ? warnings.lines.data : "";
}

static void warnings_of_each_kind(void **state)
{
    (void)state;
    struct config_cases cases;
    cases_open(&cases, "tests/unit/data/config-lint.txt");
    while (cases_next(&cases)) {
        begin(buffer_view(&cases.now.config));
        assert_int_equal(lint(NULL, true, NULL), STATUS_OK);
        case_check(&cases, &warnings);
    }
    assert_true(cases.count > 15);
}

static void unknown_timezone(void **state)
{
    (void)state;
    begin(TEXT("[refgate]\ntimezone = Europe/Berlim\n"));
    assert_int_equal(lint(NULL, false, NULL), STATUS_OK);
    assert_string_equal(said(), "refgate.conf:2: warning: this machine does not know the time zone "
                                "\"Europe/Berlim\"\n");
    begin(TEXT("[rule \"a\"]\naction = reject\ndays = sun\n"));
    assert_int_equal(lint(NULL, false, NULL), STATUS_OK);
    assert_string_equal(said(), "refgate.conf: warning: this machine does not know the time zone "
                                "\"UTC\", so rules with after, before or days are undecided\n");
}

/* ------------------------------------------------------------------ names */

static bool damaged; /* what the view answers then */

static enum status known(struct text name, const char *only, bool fold, struct error *err)
{
    if (damaged)
        return error_set(err, STATUS_FORMAT, "the record is damaged");
    return (fold ? text_equal_fold(name, text_of(only)) : text_equal(name, text_of(only)))
               ? STATUS_OK
               : STATUS_NOT_FOUND;
}
static enum status view_user(void *self, struct text name, struct snapshot_user *out,
                             struct error *err)
{
    (void)self, (void)out;
    return known(name, "jdoe", true, err);
}
static enum status view_service(void *self, struct text name, uint64_t *key, struct error *err)
{
    (void)self, (void)key;
    return known(name, "3adc96b3b93443e4", false, err);
}
static enum status view_group(void *self, struct text name, struct snapshot_group *out,
                              struct error *err)
{
    (void)self, (void)out;
    return known(name, "devs", true, err);
}
static enum status view_key(void *self, uint64_t id, struct snapshot_key *out, struct error *err)
{
    (void)self, (void)out, (void)err;
    return id == 158 ? STATUS_OK : STATUS_NOT_FOUND;
}
static enum status view_project(void *self, struct text key, struct snapshot_project *out,
                                struct error *err)
{
    (void)self, (void)out;
    return known(key, "PRJ", true, err);
}
static enum status view_repository(void *self, struct text key, struct text slug,
                                   struct snapshot_repository *out, struct error *err)
{
    (void)self, (void)out;
    enum status status = known(key, "PRJ", true, err);
    return status ? status : known(slug, "app", true, err);
}
static const struct view view = {
    .user = view_user,
    .service = view_service,
    .group = view_group,
    .access_key = view_key,
    .project = view_project,
    .repository = view_repository,
};

static void names_of_the_snapshot(void **state)
{
    (void)state;
    damaged = false;
    begin(TEXT("[rule \"a\"]\naction = reject\nusers = JDoe, 3adc96b3b93443e4, nobody\n"
               "groups = devs, dev\nexcept-access-keys = 158, 159, ci-deploy\n"
               "projects = PRJ, P*, OPS\nrepos = PRJ/app, PRJ/*, PRJ/web, OPS/*, */x, P?/y\n"
               "except-users = access-token-user/2/84\nexcept-groups = gone\n"
               "[service-account \"jenkins\"]\nrepos = PRJ/app, OPS/*\n"));
    assert_int_equal(lint(&view, true, NULL), STATUS_OK);
    assert_string_equal(
        said(), "refgate.conf:3: warning: users: the snapshot knows no user \"nobody\"\n"
                "refgate.conf:4: warning: groups: the snapshot knows no group \"dev\"\n"
                "refgate.conf:5: warning: except-access-keys: the snapshot knows no access key "
                "\"159\"\n"
                "refgate.conf:6: warning: projects: the snapshot knows no project \"OPS\"\n"
                "refgate.conf:7: warning: repos: the snapshot knows no repository \"PRJ/web\"\n"
                "refgate.conf:7: warning: repos: the snapshot knows no repository \"OPS/*\"\n"
                "refgate.conf:9: warning: except-groups: the snapshot knows no group \"gone\"\n"
                "refgate.conf:10: warning: service-account: the snapshot knows no user "
                "\"jenkins\"\n"
                "refgate.conf:11: warning: repos: the snapshot knows no repository \"OPS/*\"\n");
}

static void damaged_snapshot(void **state)
{
    (void)state;
    struct error err = {0};
    damaged = true;
    begin(TEXT("[rule \"a\"]\naction = reject\nusers = x, y\n"));
    assert_int_equal(lint(&view, true, &err), STATUS_FORMAT);
    assert_string_equal(err.text, "the record is damaged");
    assert_string_equal(said(), "");
}

/* ------------------------------------------------------------------ what is shipped */

static void shipped_files_are_clean(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob("config/examples/*.conf", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 4);
    for (size_t i = 0; i <= files.gl_pathc; i++) {
        const char *path = i < files.gl_pathc ? files.gl_pathv[i] : "config/refgate.conf";
        struct buffer bytes;
        buffer_init(&bytes, SIZE_MAX);
        assert_int_equal(config_read_file(path, &bytes, NULL), STATUS_OK);
        begin(buffer_view(&bytes));
        assert_int_equal(lint(NULL, true, NULL), STATUS_OK);
        if (warnings.count)
            fail_msg("%s: %s", path, said());
        if (i < files.gl_pathc && !policy.rule_count)
            fail_msg("%s has no rules", path);
        arena_free(&arena);
        buffer_free(&bytes);
    }
    globfree(&files);
}

static void memory_runs_out(void **state)
{
    (void)state;
    struct arena small;
    begin(TEXT("[rule \"a\"]\naction = reject\n[rule \"b\"]\naction = reject\n"));
    arena_init(&small, 64);
    const struct lint_input input = {&policy, &listing, NULL, true};
    assert_int_equal(lint_policy(&input, &small, &warnings, NULL), STATUS_MEMORY);
    arena_free(&small);
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    config_errors_free(&warnings);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"each warning, and what gives none", warnings_of_each_kind, NULL, NULL, NULL},
        {"semantics 6: a time zone that this machine does not know", unknown_timezone, NULL, NULL,
         NULL},
        {"names that the snapshot does not know", names_of_the_snapshot, NULL, NULL, NULL},
        {"a damaged snapshot is no missing name", damaged_snapshot, NULL, NULL, NULL},
        {"the shipped configuration and the examples are clean", shipped_files_are_clean, NULL,
         NULL, NULL},
        {"out of memory is an error", memory_runs_out, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("lint", tests, NULL, end);
}
