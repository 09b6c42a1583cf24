/* bitbucket/facts.h: the file of facts for reports. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <signal.h>

#include "bitbucket/facts.h"
#include "scratch.h"

static char top[PATH_MAX];
static struct error error;

static int set_up(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    error = (struct error){STATUS_OK, ""};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(top);
    return 0;
}

#define assert_ok(call)                                   \
    do {                                                  \
        if ((call) != STATUS_OK)                          \
            fail_msg("%s failed: %s", #call, error.text); \
    } while (0)

static const char *at(const char *name)
{
    return scratch_path(top, name);
}

static struct facts *begin(const char *path)
{
    struct facts *facts = NULL;
    assert_ok(facts_begin(path, TEXT("https://bitbucket.example.com/"), INT64_C(1790000000000),
                          &facts, &error));
    return facts;
}

static json_t *fact(const char *name)
{
    return json_pack("{s:s}", "name", name);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* All of a small file; the caller frees. */
static char *content(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    assert_non_null(file);
    assert_non_null(text);
    size_t size = fread(text, 1, (1 << 20) - 1, file);
    assert_true(size < (1 << 20) - 1);
    fclose(file);
    return text;
}

static void assert_content(const char *path, const char *expected)
{
    char *text = content(path);
    assert_string_equal(text, expected);
    free(text);
}

static size_t files_there(void)
{
    DIR *directory = opendir(top);
    size_t count = 0;
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

/* ------------------------------------------------------------------ */

static void lines_in_order(void **state)
{
    (void)state;
    struct facts *facts = begin(at("facts.jsonl"));
    assert_ok(facts_add(facts, "webhook", fact("a"), &error));
    assert_ok(facts_add(facts, "hook", json_object(), &error));
    assert_int_equal(facts_count(facts), 2);
    assert_int_equal(access(at("facts.jsonl"), F_OK), -1);
    assert_ok(facts_publish(facts, "d1", &error));
    facts_free(facts);
    assert_content(
        at("facts.jsonl"),
        "{\"kind\":\"facts\",\"format\":1,\"base_url\":\"https://bitbucket.example.com\","
        "\"started\":\"2026-09-21T14:13:20Z\",\"started_ms\":1790000000000}\n"
        "{\"kind\":\"webhook\",\"name\":\"a\"}\n"
        "{\"kind\":\"hook\"}\n"
        "{\"kind\":\"end\",\"facts\":2,\"snapshot\":\"d1\"}\n");
    assert_int_equal(files_there(), 1);
}

static void the_old_file_stays_until_the_end(void **state)
{
    (void)state;
    write_file(at("facts.jsonl"), "old\n");
    struct facts *facts = begin(at("facts.jsonl"));
    for (int i = 0; i < 20000; i++) /* much more than is written at once */
        assert_ok(facts_add(facts, "hook", fact("0123456789"), &error));
    facts_free(facts); /* not published */
    assert_content(at("facts.jsonl"), "old\n");
    assert_int_equal(files_there(), 1);
    facts = begin(at("facts.jsonl"));
    assert_ok(facts_publish(facts, NULL, &error));
    facts_free(facts);
    char *text = content(at("facts.jsonl"));
    assert_non_null(strstr(text, "\n{\"kind\":\"end\",\"facts\":0,\"snapshot\":null}\n"));
    free(text);
    assert_content(at("facts.jsonl.1"), "old\n");
}

static void a_killed_process_leaves_the_old_file(void **state)
{
    (void)state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", at("facts.jsonl"));
    write_file(path, "old\n");
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct facts *facts = NULL;
        if (facts_begin(path, TEXT("https://h"), 1, &facts, NULL) == STATUS_OK)
            for (int i = 0; i < 20000; i++)
                if (facts_add(facts, "hook", fact("x"), NULL) != STATUS_OK)
                    break;
        kill(getpid(), SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_content(path, "old\n");
}

static void checking_keeps_nothing(void **state)
{
    (void)state;
    struct facts *facts = NULL;
    assert_ok(facts_begin_checking(&facts, &error));
    assert_ok(facts_add(facts, "hook", fact("x"), &error));
    assert_int_equal(facts_count(facts), 1);
    assert_int_equal(facts_add(facts, "hook", NULL, &error), STATUS_MEMORY);
    assert_int_equal(facts_count(facts), 1);
    assert_int_equal(facts_publish(facts, "d1", &error), STATUS_UNSUPPORTED);
    facts_free(facts);
    assert_int_equal(files_there(), 0);
    facts_free(NULL);
}

static void a_fact_that_is_missing_stops_the_file(void **state)
{
    (void)state;
    struct facts *facts = begin(at("facts.jsonl"));
    assert_int_equal(facts_add(facts, "hook", NULL, &error), STATUS_MEMORY);
    assert_int_not_equal(facts_add(facts, "hook", fact("x"), &error), STATUS_OK);
    assert_int_not_equal(facts_publish(facts, "d1", &error), STATUS_OK);
    facts_free(facts);
    assert_int_equal(files_there(), 0);
}

static void secrets_that_people_typed(void **state)
{
    (void)state;
    struct facts *facts = begin(at("facts.jsonl"));
    json_t *typed = json_pack("{s:s, s:s}", "label", "see https://u:S3CR3T@h/x", "token", "S3CR3T");
    assert_ok(facts_add(facts, "user-ssh-key", typed, &error));
    assert_ok(facts_publish(facts, "d1", &error));
    facts_free(facts);
    char *text = content(at("facts.jsonl"));
    assert_null(strstr(text, "S3CR3T"));
    assert_non_null(strstr(text, "see https://h/x"));
    free(text);
}

static void where_nothing_can_be_written(void **state)
{
    (void)state;
    struct facts *facts = NULL;
    assert_int_equal(facts_begin(at("no/such/facts.jsonl"), TEXT("https://h"), 1, &facts, &error),
                     STATUS_IO);
    assert_null(facts);
    assert_int_equal(mkdir(at("dir"), 0755), 0);
    assert_int_equal(facts_begin(at("dir"), TEXT("https://h"), 1, &facts, &error), STATUS_IO);
    assert_null(facts);
}

/* As on a full disk. */
static void a_file_that_cannot_grow(void **state)
{
    (void)state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", at("facts.jsonl"));
    write_file(path, "old\n");
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct rlimit small = {4096, 4096};
        struct facts *facts = NULL;
        enum status status = STATUS_OK;
        struct error err = {STATUS_OK, ""};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &small);
        if (facts_begin(path, TEXT("https://h"), 1, &facts, NULL) != STATUS_OK)
            _exit(1);
        for (int i = 0; i < 20000 && status == STATUS_OK; i++)
            status = facts_add(facts, "hook", fact("0123456789"), &err);
        bool right = status == STATUS_IO && err.code == STATUS_IO &&
                     facts_publish(facts, "d1", NULL) != STATUS_OK;
        facts_free(facts);
        _exit(right ? 0 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_content(path, "old\n");
    assert_int_equal(files_there(), 1);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(lines_in_order),
        IN_SCRATCH(the_old_file_stays_until_the_end),
        IN_SCRATCH(a_killed_process_leaves_the_old_file),
        IN_SCRATCH(checking_keeps_nothing),
        IN_SCRATCH(a_fact_that_is_missing_stops_the_file),
        IN_SCRATCH(secrets_that_people_typed),
        IN_SCRATCH(where_nothing_can_be_written),
        IN_SCRATCH(a_file_that_cannot_grow),
    };
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
