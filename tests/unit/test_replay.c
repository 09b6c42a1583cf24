/* bitbucket/: recorded answers into a snapshot; what cannot be believed is refused by name. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bitbucket/recording.h"
#include "bitbucket/service_users.h"
#include "bitbucket/url.h"
#include "support/top.h"
#include "small_snapshot.h"
#include "snapshot/reader.h"
#include "snapshot/verify.h"
#include "tsv.h"

static struct error error;

/* ------------------------------------------------------------------ changed recordings */

static void copy_without(const char *name, const char *to, const char *url)
{
    static const char start[] = "{\"url\":\"";
    char from[64], path[PATH_MAX + 128];
    char *line = NULL;
    size_t room = 0;
    snprintf(from, sizeof from, "tests/fixtures/acme/%s", name);
    snprintf(path, sizeof path, "%s/%s", to, name);
    FILE *in = fopen(from, "r"), *out = fopen(path, "w");
    assert_non_null(in);
    assert_non_null(out);
    while (getline(&line, &room, in) > 0)
        if (!url || strncmp(line, start, sizeof start - 1) ||
            strncmp(line + sizeof start - 1, url, strlen(url)))
            fputs(line, out);
    free(line);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* acme below the scratch directory, without the answers to `url` (NULL: with all). */
static const char *copy_acme(const char *url)
{
    static const char *const names[] = {"recording.json", "instance.jsonl", "users.jsonl",
                                        "projects.jsonl", "repositories.jsonl"};
    static char to[PATH_MAX + 64];
    snprintf(to, sizeof to, "%s/acme", top);
    mkdir(to, 0755);
    for (size_t i = 0; i < 5; i++)
        copy_without(names[i], to, url);
    unlink(at("acme/zz.jsonl"));
    return to;
}

static void add_line(const char *name, const char *line)
{
    FILE *out = fopen(at(name), "a");
    assert_non_null(out);
    fputs(line, out);
    assert_int_equal(fclose(out), 0);
}

static enum status replay(const char *directory, bool allow_partial)
{
    struct builder_summary summary;
    error.text[0] = '\0';
    return small_replay(directory, at("out.cdb"), allow_partial, &summary, &error);
}

/* "{project}" in the URL: the same for both projects. */
static enum status replay_changed(const struct tsv *row)
{
    static const char *const projects[] = {"PRJ", "OPS"};
    char given[512], url[512], line[8192];
    snprintf(given, sizeof given, "%.*s", TEXT_ARG(row->field[0]));
    char *mark = strstr(given, "{project}");
    const char *directory = copy_acme(given);
    for (size_t i = 0; i < (mark ? 2 : 1) && !text_equal(row->field[2], TEXT("-")); i++) {
        if (mark)
            snprintf(url, sizeof url, "%.*s%s%s", (int)(mark - given), given, projects[i],
                     mark + strlen("{project}"));
        else
            snprintf(url, sizeof url, "%s", given);
        snprintf(line, sizeof line, "{\"url\":\"%s\",\"status\":%.*s,\"body\":%.*s}\n", url,
                 TEXT_ARG(row->field[1]), TEXT_ARG(row->field[2]));
        add_line("acme/zz.jsonl", line);
    }
    return replay(directory, false);
}

static void a_recording_with_a_fault_is_refused_by_name(void **state)
{
    struct tsv tsv;
    size_t bad = 0;
    (void)state;
    tsv_open(&tsv, "tests/unit/data/replay_errors.tsv");
    while (tsv_next(&tsv)) {
        char want[512];
        assert_int_equal(tsv.fields, 4);
        snprintf(want, sizeof want, "%.*s", TEXT_ARG(tsv.field[3]));
        enum status status = replay_changed(&tsv);
        if (status != STATUS_OK && strstr(error.text, want) && access(at("out.cdb"), F_OK))
            continue;
        bad++;
        printf("# line %d: status %d, \"%s\" instead of \"%s\"\n", tsv.line, (int)status,
               error.text, want);
        unlink(at("out.cdb"));
    }
    assert_int_equal(bad, 0);
}

static void what_servers_vary_is_read(void **state)
{
    struct tsv tsv;
    (void)state;
    tsv_open(&tsv, "tests/unit/data/replay_variations.tsv");
    while (tsv_next(&tsv)) {
        assert_int_equal(tsv.fields, 4);
        if (replay_changed(&tsv) != STATUS_OK)
            fail_msg("%s:%d: %s", tsv.path, tsv.line, error.text);
    }
}

/* ------------------------------------------------------------------ whole recordings */

static void the_order_of_answers_does_not_matter(void **state)
{
    struct builder_summary x, y;
    char script[PATH_MAX * 2 + 200];
    (void)state;
    assert_int_equal(small_replay("tests/fixtures/acme", at("x.cdb"), false, &x, &error), STATUS_OK);
    const char *directory = copy_acme(NULL);
    snprintf(script, sizeof script,
             "cat acme/*.jsonl | sort -r >all && rm acme/*.jsonl && mv all acme/all.jsonl");
    scratch_sh(top, script);
    assert_int_equal(small_replay(directory, at("y.cdb"), false, &y, &error), STATUS_OK);
    assert_string_equal(x.digest.hex, y.digest.hex);
}

static struct snapshot *snapshot;
static struct arena arena;
static struct view open_view(const char *path)
{
    arena_init(&arena, 1 << 22);
    if (snapshot_open(path, NULL, 0, &snapshot, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return snapshot_view(snapshot, &arena);
}
static void close_view(void)
{
    snapshot_close(snapshot);
    arena_free(&arena);
}

static void all_pages_are_read(void **state)
{
    struct builder_summary summary;
    (void)state;
    assert_int_equal(small_replay("tests/fixtures/acme", at("x.cdb"), false, &summary, &error),
                     STATUS_OK);
    assert_int_equal(summary.counts[COUNT_USERS], 8);
    assert_int_equal(summary.counts[COUNT_GROUPS], 4);
    assert_int_equal(summary.counts[COUNT_PROJECTS], 3); /* the personal one from the repositories */
    assert_int_equal(summary.counts[COUNT_REPOSITORIES], 6);
    assert_int_equal(summary.counts[COUNT_RESTRICTIONS], 6);
    assert_int_equal(summary.counts[COUNT_KEYS], 5);
    assert_int_equal(summary.counts[COUNT_INCOMPLETE_GROUPS], 0);
}

static void an_old_server_is_read(void **state)
{
    struct snapshot_repository r;
    struct snapshot_key key;
    struct snapshot_user user;
    struct exemptions e;
    (void)state;
    struct builder_summary summary;
    assert_int_equal(small_replay("tests/fixtures/old-server", at("x.cdb"), false, &summary, &error),
                     STATUS_OK);
    struct view v = open_view(at("x.cdb"));
    assert_int_equal(v.repository(v.self, TEXT("LEG"), TEXT("core"), &r, NULL), STATUS_OK);
    assert_false(r.archived);
    assert_int_equal(r.project.default_permission, PERMISSION_PROJECT_READ);
    assert_true(text_equal(r.default_branch, TEXT("refs/heads/master"))); /* branches/default */
    assert_int_equal(r.restriction_count, 2);
    assert_int_equal(r.restrictions[0].id, 839);
    assert_false(r.restrictions[0].of_project); /* no scope: the repository's */
    assert_true(text_equal(r.restrictions[1].matcher_id, TEXT("master")));
    assert_true(text_equal(r.model.category[0].prefix, TEXT("release2/")));
    assert_int_equal(v.exemptions(v.self, &r.restrictions[1], &e, NULL), STATUS_OK);
    assert_int_equal(e.groups[0].group, GROUP_NONE);
    assert_int_equal(v.repository(v.self, TEXT("LEG"), TEXT("empty"), &r, NULL), STATUS_OK);
    assert_false(r.default_branch_known);
    assert_false(r.model.configured);
    assert_int_equal(v.access_key(v.self, 5, &key, NULL), STATUS_OK);
    assert_true(text_equal(key.algorithm, TEXT("RSA"))); /* from the key's text */
    assert_int_equal(key.bits, 0);
    assert_false(key.created_known);
    assert_int_equal(v.user(v.self, TEXT("nomail"), &user, NULL), STATUS_OK);
    assert_int_equal(user.email.size, 0);
    assert_int_equal(user.global, PERMISSION_LICENSED_USER);
    close_view();
    struct snapshot *mapped;
    assert_int_equal(snapshot_open_mode(at("x.cdb"), NULL, 0, SNAPSHOT_MAPPED, &mapped, NULL), 0);
    const struct meta_record *meta = snapshot_meta_record(mapped);
    assert_int_equal(meta->note_count, 2);
    assert_true(text_equal(meta->notes[0],
                           TEXT("this version of Bitbucket has no branching models of projects")));
    snapshot_close(mapped);
}

static void the_default_permission_is_the_highest_that_is_permitted(void **state)
{
    struct snapshot_project project;
    (void)state;
    const char *directory = copy_acme("/rest/api/latest/projects/OPS/permissions/REPO_CREATE/all");
    add_line("acme/zz.jsonl",
             "{\"url\":\"/rest/api/latest/projects/OPS/permissions/REPO_CREATE/all\","
             "\"status\":200,\"body\":{\"permitted\":true}}\n");
    assert_int_equal(replay(directory, false), STATUS_OK);
    struct view v = open_view(at("out.cdb"));
    assert_int_equal(v.project(v.self, TEXT("OPS"), &project, NULL), STATUS_OK);
    assert_int_equal(project.default_permission, PERMISSION_REPO_CREATE);
    assert_int_equal(v.project(v.self, TEXT("PRJ"), &project, NULL), STATUS_OK);
    assert_int_equal(project.default_permission, PERMISSION_NONE);
    close_view();
}

#define MEMBERS "/rest/api/latest/admin/groups/more-members?context=maintainers"

static void members_that_may_not_be_read_are_an_error_or_a_mark(void **state)
{
    struct snapshot_group group;
    struct snapshot_user user;
    (void)state;
    const char *directory = copy_acme(MEMBERS);
    add_line("acme/zz.jsonl",
             "{\"url\":\"" MEMBERS "&start=0\",\"status\":401,\"body\":{\"errors\":[{\"message\":"
             "\"You are not permitted\"}]}}\n");
    assert_int_equal(replay(directory, false), STATUS_TRUST);
    assert_int_equal(replay(directory, true), STATUS_OK);
    struct view v = open_view(at("out.cdb"));
    assert_int_equal(v.group(v.self, TEXT("maintainers"), &group, NULL), STATUS_OK);
    assert_true(group.incomplete);
    assert_int_equal(v.group(v.self, TEXT("developers"), &group, NULL), STATUS_OK);
    assert_false(group.incomplete);
    assert_int_equal(v.user(v.self, TEXT("lead"), &user, NULL), STATUS_OK);
    assert_int_equal(user.groups_complete, ANSWER_CANNOT_TELL);
    assert_int_equal(user.licensed, ANSWER_YES);
    close_view();
}

static void lists_of_other_servers_do_instead(void **state)
{
    struct snapshot_group group;
    (void)state;
    const char *directory = copy_acme("/rest/api/latest/admin/groups?");
    add_line("acme/zz.jsonl",
             "{\"url\":\"/rest/api/latest/groups?start=0\",\"status\":200,\"body\":{\"isLastPage\":"
             "true,\"values\":[\"developers\",\"maintainers\",\"stash-users\"]}}\n");
    assert_int_equal(replay(directory, false), STATUS_OK);
    struct view v = open_view(at("out.cdb"));
    assert_int_equal(v.group(v.self, TEXT("maintainers"), &group, NULL), STATUS_OK);
    assert_int_equal(v.group(v.self, TEXT("empty-group"), &group, NULL), STATUS_NOT_FOUND);
    close_view();
}

#define NEW_PLACE "projects/OPS/repos/moved"
#define EMPTY ",\"status\":200,\"body\":{\"isLastPage\":true,\"values\":[]}}\n"

static void a_move_in_a_recording_is_followed(void **state)
{
    static const char *const lists[] = {
        "/rest/api/latest/" NEW_PLACE "/permissions/users",
        "/rest/api/latest/" NEW_PLACE "/permissions/groups",
        "/rest/branch-permissions/latest/" NEW_PLACE "/restrictions",
        "/rest/keys/latest/" NEW_PLACE "/ssh",
    };
    struct snapshot_repository r;
    char line[500];
    (void)state;
    const char *directory = copy_acme("/rest/api/latest/projects/PRJ/repos/old/default-branch");
    add_line("acme/zz.jsonl",
             "{\"url\":\"/rest/api/latest/projects/PRJ/repos/old/default-branch\",\"status\":307,"
             "\"location\":\"/rest/api/latest/" NEW_PLACE "/default-branch\",\"body\":null}\n"
             "{\"url\":\"/rest/api/latest/" NEW_PLACE "\",\"status\":200,\"body\":{\"slug\":\"moved\","
             "\"id\":86,\"archived\":true,\"project\":{\"key\":\"OPS\",\"id\":3,\"public\":true}}}\n"
             "{\"url\":\"/rest/api/latest/" NEW_PLACE "/default-branch\",\"status\":204,\"body\":null}\n"
             "{\"url\":\"/rest/branch-utils/latest/" NEW_PLACE "/branchmodel/configuration\","
             "\"status\":404,\"body\":{\"errors\":[]}}\n");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        snprintf(line, sizeof line, "{\"url\":\"%s\"" EMPTY, lists[i]);
        add_line("acme/zz.jsonl", line);
    }
    assert_int_equal(replay(directory, false), STATUS_OK);
    struct view v = open_view(at("out.cdb"));
    assert_int_equal(v.repository(v.self, TEXT("PRJ"), TEXT("old"), &r, NULL), STATUS_NOT_FOUND);
    assert_int_equal(v.repository(v.self, TEXT("OPS"), TEXT("moved"), &r, NULL), STATUS_OK);
    assert_int_equal(r.id, 86);
    assert_true(r.archived);
    close_view();
}

static void a_second_look_in_a_recording_is_read(void **state)
{
    struct snapshot_group group;
    (void)state;
    const char *directory = copy_acme(NULL);
    add_line("acme/zz.jsonl",
             "{\"url\":\"/rest/api/latest/admin/groups?start=0&look=2\",\"status\":200,\"body\":"
             "{\"isLastPage\":true,\"values\":[{\"name\":\"late\"}]}}\n"
             "{\"url\":\"/rest/api/latest/admin/groups/more-members?context=late\"" EMPTY);
    assert_int_equal(replay(directory, false), STATUS_OK);
    struct view v = open_view(at("out.cdb"));
    assert_int_equal(v.group(v.self, TEXT("late"), &group, NULL), STATUS_OK);
    assert_int_equal(v.group(v.self, TEXT("developers"), &group, NULL), STATUS_OK);
    close_view();
}

/* ------------------------------------------------------------------ the recording itself */

static void what_is_no_recording_is_refused(void **state)
{
    (void)state;
    assert_int_equal(replay(at("none"), false), STATUS_NOT_FOUND);
    assert_int_equal(mkdir(at("bare"), 0755), 0);
    assert_int_equal(replay(at("bare"), false), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "recording.json"));
    add_line("bare/recording.json", "{\"format\":1,\"base_url\":\"https://x.example.com\"}");
    assert_int_equal(replay(at("bare"), false), STATUS_FORMAT);
    assert_non_null(strstr(error.text, "no .jsonl file"));
    assert_int_equal(mkdir(at("bare/x.jsonl"), 0755), 0);
    assert_int_not_equal(replay(at("bare"), false), STATUS_OK);
}

static void the_head_of_a_recording_is_checked(void **state)
{
    static const struct {
        const char *json, *want;
    } rows[] = {
        {"", "recording.json:1"},
        {"{\"format\":2,\"base_url\":\"https://x\"}", "format is not 1"},
        {"{\"base_url\":\"https://x\"}", "format is missing"},
        {"{\"format\":1}", "base_url is missing"},
        {"{\"format\":1,\"base_url\":7}", "base_url is not a text"},
        {"{\"format\":1,\"base_url\":\"https://x\",\"started\":\"noon\"}", "started is not a time"},
        {"{\"format\":1,\"base_url\":\"https://x\",\"finished\":\"x\"}", "finished is not a time"},
        {"{\"format\":1,\"format\":1,\"base_url\":\"https://x\"}", "duplicate"},
    };
    (void)state;
    const char *directory = copy_acme(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unlink(at("acme/recording.json"));
        add_line("acme/recording.json", rows[i].json);
        assert_int_equal(replay(directory, false), STATUS_FORMAT);
        if (!strstr(error.text, rows[i].want))
            fail_msg("\"%s\" instead of \"%s\"", error.text, rows[i].want);
    }
}

static void damaged_lines_are_named(void **state)
{
    static const struct {
        const char *line, *want;
    } rows[] = {
        {"{\"url\":\"/rest/x\",\"status\":200", "zz.jsonl:1: the last line is cut off"},
        {"garbage\n", "zz.jsonl:1: the line does not begin"},
        {"{\"status\":200,\"url\":\"/rest/x\"}\n", "zz.jsonl:1: the line does not begin"},
        {"{\"url\":\"/login\",\"status\":200}\n", "zz.jsonl:1: the line does not begin"},
        {"{\"url\":\"/rest/\\u0041\",\"status\":200}\n", "zz.jsonl:1: the line does not begin"},
        {"\n\n{\"url\":7}\n", "zz.jsonl:3: the line does not begin"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *directory = copy_acme(NULL);
        add_line("acme/zz.jsonl", rows[i].line);
        assert_int_equal(replay(directory, false), STATUS_FORMAT);
        if (!strstr(error.text, rows[i].want))
            fail_msg("\"%s\" instead of \"%s\"", error.text, rows[i].want);
    }
}

static void a_file_without_lines_does_not_fill_the_memory(void **state)
{
    (void)state;
    const char *directory = copy_acme(NULL);
    scratch_sh(top, "truncate -s 4G acme/zz.jsonl");
    assert_int_equal(replay(directory, false), STATUS_LIMIT);
    assert_non_null(strstr(error.text, "zz.jsonl:1: the line is longer than 64 MiB"));
}

/* Lines of all sizes, so that each kind of edge falls on the end of what is read at once. */
static void lines_of_any_length_are_found(void **state)
{
    struct builder_summary x, y;
    (void)state;
    assert_int_equal(small_replay("tests/fixtures/acme", at("x.cdb"), false, &x, &error), STATUS_OK);
    const char *directory = copy_acme(NULL);
    scratch_sh(top, "perl -e 'for ($i = 1; $i < 5e6; $i = $i * 3 + 1) {"
                    " print qq({\"url\":\"/rest/x$i\",\"body\":\"), q(x) x $i, qq(\"}\\n) }' "
                    ">acme/aa.jsonl");
    assert_int_equal(small_replay(directory, at("y.cdb"), false, &y, &error), STATUS_OK);
    assert_string_equal(x.digest.hex, y.digest.hex);
}

static void the_later_of_two_answers_counts(void **state)
{
    struct snapshot_project project;
    (void)state;
    const char *directory = copy_acme(NULL);
    add_line("acme/zz.jsonl", "{\"url\":\"/rest/api/latest/projects/OPS/permissions/PROJECT_ADMIN/"
                              "all\",\"status\":200,\"body\":{\"permitted\":false}}\n"
                              "{\"url\":\"https://bitbucket.example.com/rest/api/latest/projects/ops/"
                              "permissions/PROJECT_ADMIN/all?limit=5\",\"status\":200,\"body\":"
                              "{\"permitted\":true}}\n");
    assert_int_equal(replay(directory, false), STATUS_OK);
    struct view v = open_view(at("out.cdb"));
    assert_int_equal(v.project(v.self, TEXT("OPS"), &project, NULL), STATUS_OK);
    assert_int_equal(project.default_permission, PERMISSION_PROJECT_ADMIN);
    close_view();
}

static void urls_are_compared_by_what_they_mean(void **state)
{
    static const struct {
        const char *url, *want; /* NULL: not a URL of the API */
    } rows[] = {
        {"/rest/api/latest/projects", "/rest/api/latest/projects"},
        {"/rest/api/latest/Projects?limit=1000&start=0", "/rest/api/latest/projects"},
        {"/rest/api/latest/projects?start=25&limit=25", "/rest/api/latest/projects?start=25"},
        {"https://b.example.com/ctx/rest/api/x", "/rest/api/x"},
        {"/rest/a?b=2&a=1", "/rest/a?a=1&b=2"},
        {"/rest/a?context=J%c3%96%2Bx%20y+z", "/rest/a?context=j%C3%96%2Bx%20y%20z"},
        {"/rest/projects/%7eJdoe", "/rest/projects/~jdoe"},
        {"/rest/a?x=a%26b", "/rest/a?x=a%26b"},
        {"/rest/a?x=\xc3\x96", "/rest/a?x=%C3%96"},
        {"/login", NULL},
        {"https://evil.example.com/rest/a", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        bool good = url_normalise(&out, TEXT("https://b.example.com/ctx"), text_of(rows[i].url));
        assert_int_equal(good, rows[i].want != NULL);
        if (good)
            assert_string_equal(out.data, rows[i].want);
        buffer_free(&out);
    }
}

/* Found by tests/fuzz/fuzz_replay.c: an offset to no memory at all. */
static void a_url_whose_parameters_are_all_empty_has_none(void **state)
{
    struct buffer out;
    (void)state;
    buffer_init(&out, SIZE_MAX);
    assert_true(url_normalise(&out, TEXT("http://x"), TEXT("/rest/a?&&&")));
    assert_string_equal(out.data, "/rest/a");
    buffer_free(&out);
}

static void names_in_urls_are_encoded(void **state)
{
    struct buffer out;
    (void)state;
    buffer_init(&out, SIZE_MAX);
    const struct url_values values = {.project = TEXT("~JDOE"), .group = TEXT("a b&c=d/\xc3\x96{")};
    url_fill(&out, "/projects/{project}?context={group}{other}", &values);
    assert_string_equal(out.data, "/projects/~JDOE?context=a%20b%26c%3Dd%2F%C3%96%7B{other}");
    buffer_free(&out);
}

static void service_users_are_read_from_a_table(void **state)
{
    static const struct {
        const char *file, *want; /* NULL: good */
    } rows[] = {
        {"3adc96b3b93443e4,158\n", NULL},
        {"name,key_id\r\n\"3adc96b3b93443e4\",\"158\"\r\n\r\n# comment\nother,159", NULL},
        {"", NULL},
        {"x\n", "line 1"},
        {"a,1\nb,x\n", "line 2"},
        {"a,0\n", "line 1"},
        {"a,-1\n", "line 1"},
        {"a,1,2\n", "line 1"},
        {",1\n", "line 1"},
        {"a\x01,1\n", "line 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct builder *b;
        unlink(at("map.csv"));
        add_line("map.csv", rows[i].file);
        assert_int_equal(builder_new(NULL, &b, &error), STATUS_OK);
        enum status status = service_users_read(at("map.csv"), b, &error);
        assert_int_equal(status, rows[i].want ? STATUS_FORMAT : STATUS_OK);
        if (rows[i].want)
            assert_non_null(strstr(error.text, rows[i].want));
        builder_free(b);
    }
    struct builder *b;
    assert_int_equal(builder_new(NULL, &b, &error), STATUS_OK);
    assert_int_equal(service_users_read(at("no-such-file"), b, &error), STATUS_IO);
    builder_free(b);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_recording_with_a_fault_is_refused_by_name),
        CASE(what_servers_vary_is_read),
        CASE(the_order_of_answers_does_not_matter),
        CASE(all_pages_are_read),
        CASE(an_old_server_is_read),
        CASE(the_default_permission_is_the_highest_that_is_permitted),
        CASE(members_that_may_not_be_read_are_an_error_or_a_mark),
        CASE(lists_of_other_servers_do_instead),
        CASE(a_move_in_a_recording_is_followed),
        CASE(a_second_look_in_a_recording_is_read),
        CASE(what_is_no_recording_is_refused),
        CASE(the_head_of_a_recording_is_checked),
        CASE(damaged_lines_are_named),
        CASE(a_file_without_lines_does_not_fill_the_memory),
        CASE(lines_of_any_length_are_found),
        CASE(the_later_of_two_answers_counts),
        CASE(urls_are_compared_by_what_they_mean),
        CASE(a_url_whose_parameters_are_all_empty_has_none),
        CASE(names_in_urls_are_encoded),
        CASE(service_users_are_read_from_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
