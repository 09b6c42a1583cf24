/* push/environment.h: the variables of a hook script (hook contract; semantics.md 4.1 and 8). */
#include "tsv.h"

#include "push/environment.h"

#define ID_A "1111111111111111111111111111111111111111"
#define ID_B "abcdefabcdefabcdefabcdefabcdefabcdefabcd"
#define ID_64 ID_A "000000000000000000000000"
#define ZERO "0000000000000000000000000000000000000000"

struct variable {
    const char *name, *value;
};

/* Later settings win; a value of NULL unsets. */
struct table {
    struct variable set[24];
};

static const char *table_get(void *self, const char *name)
{
    const struct table *table = self;
    const char *value = NULL;
    for (size_t i = 0; i < sizeof table->set / sizeof table->set[0]; i++)
        if (table->set[i].name && !strcmp(table->set[i].name, name))
            value = table->set[i].value;
    return value;
}

static struct environment of(struct table *table)
{
    return (struct environment){table_get, table};
}

/* Bitbucket 9.4, `git push` by a user. */
#define USUAL                                                                            \
    {"BB_HOOK_TRIGGER_ID", "push"}, {"BB_HOOK_TYPE", "PRE"}, {"BB_IS_DRY_RUN", "false"}, \
        {"BB_PROJECT_KEY", "PRJ"}, {"BB_REPO_SLUG", "app"},                              \
        {"BB_BASE_URL", "https://bitbucket.example.com/ctx"}, {"BB_USER_NAME", "jdoe"},  \
        {"BB_USER_DISPLAY_NAME", "Jane Doe"}, {"BB_USER_EMAIL", "jane@example.com"},     \
    {                                                                                    \
        "BB_USER_PERMISSION", "REPO_WRITE"                                               \
    }

static struct push read_good(struct table *table, bool native, const char *credential)
{
    const struct environment env = of(table);
    struct push push = {0};
    struct error err = {STATUS_OK, ""};
    enum status status = environment_read(&env, native, credential, &push, &err);
    if (status)
        fail_msg("refused: %s", err.text);
    return push;
}

static void refused(struct table *table, const char *sentence)
{
    const struct environment env = of(table);
    struct push push = {.now_ms = 42}, before = push;
    struct error err = {STATUS_OK, ""};
    assert_int_equal(environment_read(&env, false, "CRED", &push, &err), STATUS_FORMAT);
    if (!strstr(err.text, sentence))
        fail_msg("wanted \"%s\", got \"%s\"", sentence, err.text);
    assert_memory_equal(&push, &before, sizeof push);
}

#define IS(text, literal) assert_true(text_equal(text, TEXT(literal)) && (text).at)

static void usual(void **state)
{
    (void)state;
    struct table table = {{USUAL}};
    struct push push = read_good(&table, false, NULL);
    assert_int_equal(push.trigger, TRIGGER_PUSH);
    IS(push.trigger_text, "push");
    IS(push.base_url, "https://bitbucket.example.com/ctx");
    IS(push.project_key, "PRJ");
    IS(push.repository_slug, "app");
    IS(push.user_name, "jdoe");
    IS(push.user_display_name, "Jane Doe");
    IS(push.user_email, "jane@example.com");
    IS(push.user_permission, "REPO_WRITE");
    assert_true(text_absent(push.pull_request_id) && text_absent(push.credential_value));
    assert_false(push.native || push.dry_run || push.merge);
}

static void what_the_caller_set_stays(void **state)
{
    (void)state;
    struct table table = {{USUAL}};
    const struct environment env = of(&table);
    struct change change = {0};
    struct push push = {.changes = &change, .change_count = 1, .now_ms = 5, .storage_id = 7};
    assert_int_equal(environment_read(&env, false, NULL, &push, NULL), STATUS_OK);
    assert_ptr_equal(push.changes, &change);
    assert_int_equal(push.change_count, 1);
    assert_int_equal(push.now_ms, 5);
    assert_int_equal(push.storage_id, 7);
}

static void optional_variables(void **state)
{
    (void)state;
    struct table table = {
        {{"BB_PROJECT_KEY", "~jdoe"}, {"BB_REPO_SLUG", "app"}, {"BB_USER_NAME", "j d\xc3\xb6"}}};
    struct push push = read_good(&table, false, NULL);
    IS(push.project_key, "~jdoe");
    IS(push.user_name, "j d\xc3\xb6");
    assert_true(text_absent(push.base_url) && text_absent(push.user_display_name) &&
                text_absent(push.user_email) && text_absent(push.user_permission) &&
                text_absent(push.trigger_text));
    assert_int_equal(push.trigger, TRIGGER_UNKNOWN);
    assert_false(push.merge || push.dry_run);
}

static void email_of_service_users(void **state)
{
    (void)state;
    static const char *const none[] = {NULL, "", "null"};
    for (size_t i = 0; i < 3; i++) {
        struct table table = {{USUAL, {"BB_USER_EMAIL", none[i]}}};
        assert_true(text_absent(read_good(&table, false, NULL).user_email));
    }
    struct table table = {{USUAL, {"BB_USER_EMAIL", "null@example.com"}}};
    IS(read_good(&table, false, NULL).user_email, "null@example.com");
}

static void base_url(void **state)
{
    (void)state;
    struct table table = {{USUAL, {"BB_BASE_URL", "https://bitbucket.example.com//"}}};
    IS(read_good(&table, false, NULL).base_url, "https://bitbucket.example.com");
    table = (struct table){{USUAL, {"BB_BASE_URL", "/"}}};
    assert_true(text_absent(read_good(&table, false, NULL).base_url));
}

static void merge_column(void **state)
{
    (void)state;
    static const struct {
        const char *trigger, *merge_hash, *pull_request;
        bool merge;
    } rows[] = {
        {"push", NULL, NULL, false},
        {"push", ID_A, "7", false},
        {"branch-create", ID_A, "7", false},
        {"branch-delete", NULL, "7", false},
        {"tag-create", NULL, "7", false},
        {"tag-delete", NULL, "7", false},
        {"file-edit", ID_A, NULL, false},
        {"pull-request-merge", NULL, NULL, true},
        {"pull-request-merge", ID_A, "7", true},
        {"merge", NULL, NULL, true},
        {"auto-merge", NULL, NULL, false},
        {"auto-merge", "", "", false},
        {"auto-merge", ID_A, NULL, true},
        {"auto-merge", NULL, "7", true},
        {NULL, NULL, "7", true},
        {"Push", NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct table table = {{USUAL,
                               {"BB_HOOK_TRIGGER_ID", rows[i].trigger},
                               {"BB_MERGE_HASH", rows[i].merge_hash},
                               {"BB_PULL_REQUEST_ID", rows[i].pull_request}}};
        if (read_good(&table, false, NULL).merge != rows[i].merge)
            fail_msg("row %zu: %s", i, rows[i].trigger);
    }
}

static void dry_run_is_exactly_true(void **state)
{
    (void)state;
    static const char *const not [] = {NULL, "", "false", "TRUE", "1", "true ", "yes"};
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++) {
        struct table table = {{USUAL, {"BB_IS_DRY_RUN", not [i]}}};
        assert_false(read_good(&table, false, NULL).dry_run);
    }
    struct table table = {{USUAL, {"BB_IS_DRY_RUN", "true"}}};
    assert_true(read_good(&table, false, NULL).dry_run);
}

static void incomplete(void **state)
{
    (void)state;
    static const char *const needed[] = {"BB_PROJECT_KEY", "BB_REPO_SLUG", "BB_USER_NAME"};
    for (size_t i = 0; i < 3; i++) {
        struct table unset = {{USUAL, {needed[i], NULL}}}, empty = {{USUAL, {needed[i], ""}}};
        refused(&unset, needed[i]);
        refused(&empty, needed[i]);
    }
    struct table nothing = {{{NULL, NULL}}};
    refused(&nothing, "is not set");
}

static char long_value[4000];

static void hostile(void **state)
{
    (void)state;
    static const char *const keys[] = {"BB_PROJECT_KEY", "BB_REPO_SLUG"};
    static const char *const bad[] = {"a\nb",    "a\x01",        "a\x7f",    "a b", "a/b",
                                      "\xff",    "\xc3\x28",     "\xc0\xaf", " ",   "a\t",
                                      "\x1b[2J", "\xed\xa0\x80", "a\xc2\x85"};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            struct table table = {{USUAL, {keys[k], bad[i]}}};
            refused(&table, keys[k]);
        }
    static const char *const plain[] = {"BB_USER_NAME",       "BB_USER_PERMISSION", "BB_BASE_URL",
                                        "BB_HOOK_TRIGGER_ID", "BB_PULL_REQUEST_ID", "CRED"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        struct table table = {{USUAL, {plain[i], "x\ny"}}};
        refused(&table, plain[i]);
    }
    static const char *const all[] = {"BB_PROJECT_KEY",       "BB_REPO_SLUG",  "BB_USER_NAME",
                                      "BB_USER_DISPLAY_NAME", "BB_USER_EMAIL", "BB_USER_PERMISSION",
                                      "BB_HOOK_TRIGGER_ID",   "BB_BASE_URL",   "CRED",
                                      "BB_PULL_REQUEST_ID"};
    memset(long_value, 'x', sizeof long_value - 1);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct table table = {{USUAL, {all[i], long_value}}};
        refused(&table, all[i]);
    }
}

static void display_names_are_raw(void **state)
{
    (void)state;
    struct table table = {{USUAL, {"BB_USER_DISPLAY_NAME", "\x1b[31m\xff\n"}}};
    IS(read_good(&table, false, NULL).user_display_name, "\x1b[31m\xff\n");
}

static void native(void **state)
{
    (void)state;
    struct table table = {{USUAL,
                           {"BB_IS_DRY_RUN", "true"},
                           {"BB_HOOK_TRIGGER_ID", "merge"},
                           {"CRED", "access-key:5"}}};
    struct push push = read_good(&table, true, "CRED");
    assert_true(push.native);
    assert_false(push.dry_run || push.merge);
    assert_true(text_absent(push.project_key) && text_absent(push.repository_slug) &&
                text_absent(push.user_name) && text_absent(push.user_display_name) &&
                text_absent(push.user_email) && text_absent(push.user_permission) &&
                text_absent(push.trigger_text) && text_absent(push.base_url) &&
                text_absent(push.pull_request_id));
    assert_int_equal(push.trigger, TRIGGER_UNKNOWN);
    IS(push.credential_value, "access-key:5");
    struct table empty = {{{NULL, NULL}}};
    assert_true(read_good(&empty, true, NULL).native);
}

static void credential_variable(void **state)
{
    (void)state;
    struct table table = {{USUAL, {"REFGATE_CREDENTIAL", "user-token:9"}}};
    assert_true(text_absent(read_good(&table, false, NULL).credential_value));
    assert_true(text_absent(read_good(&table, false, "OTHER").credential_value));
    IS(read_good(&table, false, "REFGATE_CREDENTIAL").credential_value, "user-token:9");
}

static void stash_copies(void **state)
{
    (void)state;
    struct table table = {{USUAL,
                           {"STASH_USER_NAME", "evil"},
                           {"STASH_IS_ADMIN", "true"},
                           {"STASH_PROJECT_KEY", "X"},
                           {"BB_PROJECT_KEY", NULL}}};
    refused(&table, "BB_PROJECT_KEY");
}

/* ------------------------------------------------------------------ merge checks */

static enum status dry_run(struct table *table, struct change *out, struct error *err,
                           struct arena *arena)
{
    const struct environment env = of(table);
    return environment_dry_run_change(&env, arena, out, err);
}

#define CHECK                                     \
    {"BB_FROM_HASH", ID_B}, {"BB_TO_HASH", ID_A}, \
    {                                             \
        "BB_TO_REF", "master"                     \
    }

static void dry_run_change(void **state)
{
    (void)state;
    static const struct {
        const char *given, *ref;
    } rows[] = {{"master", "refs/heads/master"},
                {"release/1.0", "refs/heads/release/1.0"},
                {"refs/heads/master", "refs/heads/master"},
                {"\xc3\xa4", "refs/heads/\xc3\xa4"},
                {"heads/x", "refs/heads/heads/x"}};
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct table table = {{CHECK, {"BB_TO_REF", rows[i].given}}};
        struct change change;
        assert_int_equal(dry_run(&table, &change, NULL, &arena), STATUS_OK);
        assert_true(text_equal(change.ref, text_of(rows[i].ref)));
        IS(change_old(&change), ID_A);
        IS(change_new(&change), ID_B);
        assert_int_equal(change.kind, CHANGE_MOVE);
    }
    arena_free(&arena);
}

static void dry_run_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *sentence;
    } rows[] = {
        {"BB_FROM_HASH", NULL, "BB_FROM_HASH is not set"},
        {"BB_FROM_HASH", "", "BB_FROM_HASH is not set"},
        {"BB_TO_HASH", NULL, "BB_TO_HASH is not set"},
        {"BB_TO_REF", NULL, "BB_TO_REF is not set"},
        {"BB_TO_REF", "", "BB_TO_REF is not set"},
        {"BB_FROM_HASH", "abc", "BB_FROM_HASH is not an object id"},
        {"BB_TO_HASH", ZERO, "BB_TO_HASH is not an object id"},
        {"BB_FROM_HASH", ZERO, "BB_FROM_HASH is not an object id"},
        {"BB_TO_HASH", "ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD", "BB_TO_HASH is not"},
        {"BB_TO_HASH", ID_64, "differ in length"},
        {"BB_TO_REF", "a..b", "not a valid name"},
        {"BB_TO_REF", "-\x01", "not a valid name"},
        {"BB_TO_REF", "a b", "not a valid name"},
        {"BB_TO_REF", "refs/heads/", "not a valid name"},
        {"BB_TO_REF", long_value, "longer than"},
    };
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    memset(long_value, 'x', sizeof long_value - 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct table table = {{CHECK, {rows[i].name, rows[i].value}}};
        struct change change = {0};
        struct error err = {STATUS_OK, ""};
        assert_int_equal(dry_run(&table, &change, &err, &arena), STATUS_FORMAT);
        if (!strstr(err.text, rows[i].sentence))
            fail_msg("row %zu: got \"%s\"", i, err.text);
        assert_null(change.ref.at);
    }
    arena_free(&arena);
    struct table table = {{CHECK}};
    struct change change;
    arena_init(&arena, 0);
    assert_int_equal(dry_run(&table, &change, NULL, &arena), STATUS_MEMORY);
}

static void process(void **state)
{
    (void)state;
    const struct environment env = environment_of_process();
    setenv("REFGATE_TEST_VARIABLE", "x", 1);
    assert_string_equal(env.get(env.self, "REFGATE_TEST_VARIABLE"), "x");
    unsetenv("REFGATE_TEST_VARIABLE");
    assert_null(env.get(env.self, "REFGATE_TEST_VARIABLE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"hook contract: the variables of a push", usual, NULL, NULL, NULL},
        {"reading the environment leaves the caller's fields alone", what_the_caller_set_stays,
         NULL, NULL, NULL},
        {"hook contract: what older versions do not set is absent, personal keys pass",
         optional_variables, NULL, NULL, NULL},
        {"hook contract: BB_USER_EMAIL unset, empty or \"null\" is no address",
         email_of_service_users, NULL, NULL, NULL},
        {"BB_BASE_URL loses trailing slashes and keeps its context path", base_url, NULL, NULL,
         NULL},
        {"semantics 4.1: which triggers are the merge column", merge_column, NULL, NULL, NULL},
        {"semantics 8: a dry run is BB_IS_DRY_RUN=true, exactly", dry_run_is_exactly_true, NULL,
         NULL, NULL},
        {"semantics 8: an incomplete environment is refused, naming the variable", incomplete, NULL,
         NULL, NULL},
        {"a hostile environment is refused, naming the variable", hostile, NULL, NULL, NULL},
        {"display names are kept as they are", display_names_are_raw, NULL, NULL, NULL},
        {"semantics 8: --native takes nothing from BB_*", native, NULL, NULL, NULL},
        {"semantics 5: the credential variable is read when it is named", credential_variable, NULL,
         NULL, NULL},
        {"hook contract: STASH_* is never read", stash_copies, NULL, NULL, NULL},
        {"semantics 8: a dry run stands for BB_FROM_HASH -> BB_TO_REF", dry_run_change, NULL, NULL,
         NULL},
        {"a dry run with missing or malformed variables is refused", dry_run_malformed, NULL, NULL,
         NULL},
        {"the process's own environment", process, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
