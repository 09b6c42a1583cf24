/* command/sync_options.h, sync_run.h: what `refgate sync` takes, and what contradicts itself. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>

#include "command/connection.h"
#include "command/sync_run.h"

static struct arguments args;

static void begin(void)
{
    args = (struct arguments){.command = &command_sync, .path = "refgate sync"};
}

static void give(const char *name, const char *value)
{
    for (size_t i = 0; i < SYNC_OPTION_COUNT; i++)
        if (!strcmp(sync_option_specs[i].name, name)) {
            args.given[args.given_count].option = &sync_option_specs[i];
            args.given[args.given_count++].value = value;
            return;
        }
    fail_msg("there is no option --%s", name);
}

static void assert_refused(const char *part)
{
    struct sync_options options;
    struct error err = {STATUS_OK, ""};
    assert_int_equal(sync_options_read(&args, &options, &err), STATUS_USAGE);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" does not contain \"%s\"", err.text, part);
    sync_options_free(&options);
}

static void every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < SYNC_OPTION_COUNT; i++) {
        assert_non_null(sync_option_specs[i].name);
        assert_non_null(sync_option_specs[i].help);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(sync_option_specs[i].name, sync_option_specs[j].name);
    }
}

static void defaults(void **state)
{
    (void)state;
    struct sync_options o;
    unsetenv("REFGATE_URL");
    begin();
    assert_refused("--url URL or REFGATE_URL");
    give("url", "https://bitbucket.example.com/stash");
    assert_int_equal(sync_options_read(&args, &o, NULL), STATUS_OK);
    assert_int_equal(o.concurrency, 16);
    assert_int_equal(o.self_check, 20);
    assert_int_equal(o.max_shrink, 20);
    assert_false(sync_options_part(&o) || o.now_known || o.rate > 0);
    setenv("REFGATE_URL", "https://other.example.com", 1);
    begin();
    assert_int_equal(sync_options_read(&args, &o, NULL), STATUS_OK);
    assert_string_equal(connection_url(&args), "https://other.example.com");
    give("replay", "dir"); /* the environment does not contradict it */
    assert_int_equal(sync_options_read(&args, &o, NULL), STATUS_OK);
    unsetenv("REFGATE_URL");
}

static void parts(void **state)
{
    (void)state;
    struct sync_options o;
    begin();
    give("url", "https://b.example.com");
    give("repo", "PRJ/app");
    give("project", "OPS");
    give("repo", "~jdoe/notes");
    assert_int_equal(sync_options_read(&args, &o, NULL), STATUS_OK);
    assert_int_equal(o.project_count, 1);
    assert_int_equal(o.repository_count, 2);
    assert_string_equal(o.repositories[1].project_key, "~jdoe");
    assert_string_equal(o.repositories[1].slug, "notes");
    sync_options_free(&o);
    static const char *const bad[] = {"PRJ", "/app", "PRJ/", "PRJ/a/b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin();
        give("url", "https://b.example.com");
        give("repo", bad[i]);
        assert_refused("KEY/SLUG");
    }
    begin();
    give("url", "https://b.example.com");
    give("project", "PRJ/app");
    assert_refused("--repo KEY/SLUG");
}

static void one_with_another(void **state)
{
    (void)state;
    static const char *const pairs[][3] = {
        {"replay", "url", "asks nobody"},        {"replay", "resume", "asks nobody"},
        {"replay", "record", "asks nobody"},     {"replay", "auth-file", "asks nobody"},
        {"replay", "self-check", "asks nobody"}, {"replay", "cacert", "asks nobody"},
        {"auth-file", "auth-fd", "contradict"},  {"full", "resume", "contradict"},
        {"full", "project", "contradict"},       {"full", "repo", "contradict"},
        {"resume", "project", "contradict"},     {"resume", "repo", "contradict"},
        {"with-reports", "project", "contradict"}, {"with-reports", "repo", "contradict"},
        {"client-key", "url", "--client-cert"},  {"reports-output", "url", "--with-reports"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        begin();
        give(pairs[i][0], "4");
        give(pairs[i][1], "4");
        if (strcmp(pairs[i][0], "replay") && strcmp(pairs[i][1], "url"))
            give("url", "https://b.example.com");
        assert_refused(pairs[i][2]);
    }
    begin();
    give("url", "https://b.example.com");
    give("metrics", "");
    assert_refused("--metrics has an empty value");
}

/* What is wrong with it is said, and nothing of it. */
static void secrets_in_addresses(void **state)
{
    (void)state;
    struct sync_options options;
    struct error err;
    for (int i = 0; i < 3; i++) {
        begin();
        give(i == 1 ? "proxy" : "url", "https://jdoe:s3cret@b.example.com");
        if (i == 1)
            give("url", "https://b.example.com");
        if (i == 2) {
            begin();
            setenv("REFGATE_URL", "jdoe:s3cret@b.example.com", 1);
        }
        assert_int_equal(sync_options_read(&args, &options, &err), STATUS_USAGE);
        assert_null(strstr(err.text, "s3cret"));
        assert_null(strstr(err.text, "jdoe"));
        assert_non_null(strstr(err.text, "a user or a password"));
    }
    unsetenv("REFGATE_URL");
    assert_null(connection_url_problem(TEXT("https://b.example.com:8443/stash/")));
    assert_null(connection_url_problem(TEXT("proxy.example.com:3128")));
    assert_non_null(connection_url_problem(TEXT("https://b.example.com/?token=x")));
    assert_non_null(connection_url_problem(TEXT("https://b.example.com/a b")));
    assert_non_null(connection_url_problem(TEXT("https://")));
}

static void values(void **state)
{
    (void)state;
    unsigned percent = 77;
    double rate = 0;
    assert_true(sync_parse_percent(TEXT("20%"), &percent) && percent == 20);
    assert_true(sync_parse_percent(TEXT("0"), &percent) && percent == 0);
    assert_true(sync_parse_percent(TEXT("100%"), &percent) && percent == 100);
    assert_false(sync_parse_percent(TEXT("101"), &percent) || sync_parse_percent(TEXT("%"), &percent) ||
                 sync_parse_percent(TEXT("-1"), &percent) || sync_parse_percent(TEXT("5%%"), &percent));
    assert_true(sync_parse_rate(TEXT("5"), &rate) && rate > 4.999 && rate < 5.001);
    assert_true(sync_parse_rate(TEXT("0.25"), &rate) && rate > 0.249 && rate < 0.251);
    assert_false(sync_parse_rate(TEXT("0"), &rate) || sync_parse_rate(TEXT("0.0"), &rate) ||
                 sync_parse_rate(TEXT(""), &rate) || sync_parse_rate(TEXT("1."), &rate) ||
                 sync_parse_rate(TEXT(".5"), &rate) || sync_parse_rate(TEXT("1.5.2"), &rate) ||
                 sync_parse_rate(TEXT("-3"), &rate) || sync_parse_rate(TEXT("1e3"), &rate) ||
                 sync_parse_rate(TEXT("0.1234"), &rate));
    static const char *const bad[][2] = {
        {"concurrency", "0"}, {"concurrency", "257"}, {"attempts", "0"},   {"attempts", "x"},
        {"auth-fd", "2"},     {"auth-fd", "-1"},      {"timeout", "0s"},   {"timeout", "30"},
        {"timeout", "2h"},    {"rate", "0"},          {"max-shrink", "x"}, {"now", "noon"},
        {"self-check", "-5"},  {"snapshot-format", "0"}, {"snapshot-format", "newest"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin();
        give("url", "https://b.example.com");
        give(bad[i][0], bad[i][1]);
        assert_refused(bad[i][0]);
    }
}

static void which_format_is_written(void **state)
{
    static const struct {
        uint32_t option, configured, want; /* want 0: refused */
    } rows[] = {
        {0, 0, LAYOUT_FORMAT}, {0, 1, 1}, {1, 0, 1}, {1, LAYOUT_FORMAT + 1, 1}, {0, LAYOUT_FORMAT + 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sync_options options = {.snapshot_format = rows[i].option};
        const struct policy policy = {.snapshot_format = rows[i].configured};
        struct error err = {STATUS_OK, ""};
        uint32_t format = 0;
        enum status status = sync_options_format(&options, &policy, &format, &err);
        assert_int_equal(status, rows[i].want ? STATUS_OK : STATUS_USAGE);
        assert_int_equal(format, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"each option is described, and once", every_row, NULL, NULL, NULL},
        {"defaults, and the environment", defaults, NULL, NULL, NULL},
        {"--project, --repo", parts, NULL, NULL, NULL},
        {"contradictions are told of", one_with_another, NULL, NULL, NULL},
        {"a secret in an URL is refused and not repeated", secrets_in_addresses, NULL, NULL, NULL},
        {"numbers, rates, percentages, durations, times", values, NULL, NULL, NULL},
        {"--snapshot-format before the configuration before the newest", which_format_is_written,
         NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("sync_options", tests, NULL, NULL);
}
