/* bitbucket/self_check.c: effective permissions of the snapshot against a server that is asked. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitbucket/excerpt.h"
#include "bitbucket/self_check.h"
#include "fake_client.h"
#include "scratch.h"
#include "small_snapshot.h"
#include "snapshot/reader.h"

static char top[PATH_MAX];
static struct snapshot *small, *acme;

static struct snapshot *open_mapped(const char *path)
{
    struct snapshot *snapshot = NULL;
    struct error err;
    if (snapshot_open_mode(path, NULL, 0, SNAPSHOT_MAPPED, &snapshot, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return snapshot;
}

static int set_up(void **state)
{
    struct builder_summary summary;
    struct error err;
    (void)state;
    scratch_make(top, sizeof top);
    small_write(scratch_path(top, "small.cdb"), false, SMALL_NOW);
    small = open_mapped(scratch_path(top, "small.cdb"));
    if (small_replay("tests/fixtures/acme", scratch_path(top, "acme.cdb"), false, &summary, &err) !=
        STATUS_OK)
        fail_msg("%s", err.text);
    acme = open_mapped(scratch_path(top, "acme.cdb"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    snapshot_close(small);
    snapshot_close(acme);
    scratch_remove(top);
    return 0;
}

/* ------------------------------------------------------------------ the server */

/* Who holds what, written down by hand from tests/fixtures/acme: not computed by refgate. */
struct holders {
    const char *project, *slug, *level;
    int ids[12]; /* 0 ends */
};
static const struct holders acme_holders[] = {
    {"PRJ", "app", "REPO_READ", {1, 101, 102, 103, 106, 107}},
    {"PRJ", "app", "REPO_WRITE", {1, 101, 102, 103, 106}},
    {"PRJ", "app", "REPO_ADMIN", {1}},
    {"PRJ", "lib", "REPO_READ", {1, 101, 102, 103, 106, 107}},
    {"PRJ", "lib", "REPO_WRITE", {1, 101, 102, 103, 106}},
    {"PRJ", "lib", "REPO_ADMIN", {1, 102}},
    {"PRJ", "old", "REPO_READ", {1, 101, 102, 103, 106, 107}},
    {"PRJ", "old", "REPO_WRITE", {1, 101, 102, 103, 106}},
    {"PRJ", "old", "REPO_ADMIN", {1}},
    {"OPS", "tools", "REPO_WRITE", {1, 101, 102, 103, 106, 107}},
    {"OPS", "tools", "REPO_ADMIN", {1, 103}},
    {"OPS", "app-fork", "REPO_WRITE", {1, 101, 102, 103, 106, 107}},
    {"OPS", "app-fork", "REPO_ADMIN", {1, 102, 103}},
    {"~JDOE", "notes", "REPO_READ", {1, 101}},
    {"~JDOE", "notes", "REPO_WRITE", {1, 101}},
    {"~JDOE", "notes", "REPO_ADMIN", {1, 101}},
};
/* The small snapshot: jdoe has PROJECT_WRITE, and may be in a group that could not be read and has
 * PROJECT_ADMIN; so the server may say what it likes of him. */
static const struct holders small_holders[] = {
    {"PRJ", "app", "REPO_READ", {1}},  {"PRJ", "app", "REPO_WRITE", {1, 101}},
    {"PRJ", "app", "REPO_ADMIN", {1}}, {"PRJ", "old", "REPO_READ", {1}},
    {"PRJ", "old", "REPO_WRITE", {1}}, {"PRJ", "old", "REPO_ADMIN", {1, 101}},
};

static struct server {
    const struct holders *holders;
    size_t count;
    /* The difference: `id` is added to, or taken from, the answer about PRJ/app and `level`. */
    const char *level;
    int add, take;
    unsigned times;      /* how often it is so; then the truth */
    size_t page;         /* users on a page; 0: all */
    bool service_user;   /* one on each list */
    int status;          /* not 200: of each answer about `refused` */
    const char *refused; /* slug; NULL: all */
    const char *body;    /* instead */
} server;

static const char *name_of(int id)
{
    static const struct {
        int id;
        const char *name;
    } names[] = {{1, "admin"},    {101, "jdoe"},   {102, "rroe"},
                 {103, "lead"},   {104, "gone"},   {105, "guest"},
                 {106, "ci-bot"}, {107, "reader"}, {999, "new\\u001bcomer"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].id == id)
            return names[i].name;
    return "somebody";
}

static bool about(const char *url, const struct holders *h)
{
    char question[256];
    /* ~ is unreserved (RFC 3986). */
    snprintf(question, sizeof question,
             "/rest/api/latest/users?permission.1=%s&permission.1.projectKey=%s"
             "&permission.1.repositorySlug=%s&",
             h->level, h->project, h->slug);
    return !strncmp(url, question, strlen(question));
}

/* The ids that the server names, in its order: descending, and with the difference. */
static size_t list_ids(const struct holders *h, int ids[16])
{
    bool differs = server.level && !strcmp(server.level, h->level) && !strcmp(h->slug, "app") &&
                   server.times;
    size_t count = 0;
    if (differs && server.add)
        ids[count++] = server.add;
    for (size_t i = 12; i-- > 0;)
        if (h->ids[i] && !(differs && h->ids[i] == server.take))
            ids[count++] = h->ids[i];
    return count;
}

/* Page starts have gaps: the n-th user is at 7n. */
static const char *page_of(const struct holders *h, size_t start)
{
    static char out[4096];
    int ids[16];
    size_t count = list_ids(h, ids), first = start / 7;
    size_t end = server.page && first + server.page < count ? first + server.page : count;
    char *at = out;
    if (end == count && server.level && !strcmp(server.level, h->level) &&
        !strcmp(h->slug, "app") && server.times)
        server.times--;
    at += sprintf(at, "{\"size\":%zu,\"limit\":1000,\"start\":%zu,\"values\":[", end - first,
                  start);
    if (server.service_user)
        at += sprintf(at,
                      "{\"name\":\"access-token-user/2/84\",\"id\":4711,\"type\":\"SERVICE\"}%s",
                      first < end ? "," : "");
    for (size_t i = first; i < end; i++)
        at += sprintf(at, "{\"name\":\"%s\",\"id\":%d,\"type\":\"NORMAL\",\"active\":true}%s",
                      name_of(ids[i]), ids[i], i + 1 < end ? "," : "");
    if (end < count)
        sprintf(at, "],\"isLastPage\":false,\"nextPageStart\":%zu}", end * 7);
    else
        sprintf(at, "],\"isLastPage\":true}");
    return out;
}

static enum status answer(const struct client_request *request, int *status, const char **body)
{
    char slug[64];
    assert_false(request->admin); /* a token will do */
    assert_non_null(strstr(request->url, "limit=1000"));
    snprintf(slug, sizeof slug, "repositorySlug=%s&", server.refused ? server.refused : "");
    if (server.status && (!server.refused || strstr(request->url, slug))) {
        *status = server.status;
        *body = server.body;
        return STATUS_OK;
    }
    for (size_t i = 0; i < server.count; i++)
        if (about(request->url, &server.holders[i])) {
            const char *start = strstr(request->url, "&start=");
            assert_non_null(start);
            *body = page_of(&server.holders[i], strtoul(start + 7, NULL, 10));
            return STATUS_OK;
        }
    fail_msg("asked for nothing that was expected: %s", request->url);
    return STATUS_IO;
}

static struct server acme_server(void)
{
    fake_client = (struct fake_client){.answer = answer};
    return (struct server){.holders = acme_holders,
                           .count = sizeof acme_holders / sizeof acme_holders[0]};
}

static struct self_check check(struct snapshot *snapshot, size_t size, uint64_t seed)
{
    struct self_check out = {.repositories = 0};
    struct error err = {STATUS_OK, ""};
    if (self_check_run(NULL, snapshot, size, seed, &out, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return out;
}

static void expect(struct self_check got, uint64_t too_much, uint64_t too_little, const char *lines)
{
    assert_int_equal(got.too_much, too_much);
    assert_int_equal(got.too_little, too_little);
    assert_string_equal(got.lines.data ? got.lines.data : "", lines);
    assert_false(got.unsupported);
    buffer_free(&got.lines);
}

/* ------------------------------------------------------------------ tests */

static void the_same_on_both_sides(void **state)
{
    (void)state;
    server = acme_server();
    struct self_check got = check(acme, 100, 1);
    assert_int_equal(got.repositories, 6);
    /* 8 users; three levels, but two of the public repositories. */
    assert_int_equal(got.pairs, 8 * (4 * 3 + 2 * 2));
    expect(got, 0, 0, "");
    assert_int_equal(fake_client.asked, 16); /* nothing is asked again */
}

static void pages_are_followed_whatever_their_starts(void **state)
{
    (void)state;
    for (size_t page = 1; page < 8; page++) {
        server = acme_server();
        server.page = page;
        expect(check(acme, 100, 1), 0, 0, "");
    }
}

static void the_snapshot_grants_too_much(void **state)
{
    (void)state;
    server = acme_server();
    server.level = "REPO_WRITE";
    server.take = 103;
    server.times = 2;
    expect(check(acme, 100, 1), 1, 0,
           "PRJ/app: lead has REPO_WRITE in the snapshot, not in Bitbucket\n");
    assert_int_equal(fake_client.asked, 17); /* that question, again */
}

static void the_snapshot_grants_too_little(void **state)
{
    (void)state;
    server = acme_server();
    server.level = "REPO_ADMIN";
    server.add = 105; /* not licensed, by the snapshot */
    server.times = 2;
    expect(check(acme, 100, 1), 0, 1,
           "PRJ/app: guest has REPO_ADMIN in Bitbucket, not in the snapshot\n");
}

static void whom_the_snapshot_does_not_know(void **state)
{
    (void)state;
    server = acme_server();
    server.level = "REPO_READ";
    server.add = 999;
    server.times = 2;
    expect(check(acme, 100, 1), 0, 1,
           "PRJ/app: new\\x1bcomer has REPO_READ in Bitbucket, not in the snapshot\n");
}

static void what_the_second_question_denies_is_no_difference(void **state)
{
    (void)state;
    for (int add = 0; add < 2; add++) {
        server = acme_server();
        server.level = "REPO_WRITE";
        server.add = add ? 999 : 0;
        server.take = 103;
        server.times = 1;
        expect(check(acme, 100, 1), 0, 0, "");
    }
}

/* Refused the second time: what was seen the first time counts. */
static enum status refuse_second(const struct client_request *request, int *status,
                                 const char **body)
{
    if (fake_client.asked <= 16)
        return answer(request, status, body);
    *status = 401;
    *body = FAKE_REFUSED;
    return STATUS_OK;
}
static void a_refused_second_question_excuses_nothing(void **state)
{
    (void)state;
    server = acme_server();
    server.level = "REPO_WRITE";
    server.take = 103;
    server.times = 2;
    fake_client.answer = refuse_second;
    expect(check(acme, 100, 1), 1, 0,
           "PRJ/app: lead has REPO_WRITE in the snapshot, not in Bitbucket\n");
}

static void service_users_do_not_count(void **state)
{
    (void)state;
    server = acme_server();
    server.service_user = true;
    expect(check(acme, 100, 1), 0, 0, "");
}

static void what_the_snapshot_leaves_open_is_no_difference(void **state)
{
    (void)state;
    fake_client = (struct fake_client){.answer = answer};
    server = (struct server){.holders = small_holders,
                             .count = sizeof small_holders / sizeof small_holders[0]};
    struct self_check got = check(small, 100, 1);
    assert_int_equal(got.repositories, 2);
    assert_int_equal(got.pairs, 3 * 2 * 3); /* four users, but jdoe */
    assert_int_equal(got.undecided, 2 * 3);
    expect(got, 0, 0, "");
}

static void a_server_that_does_not_answer_such_questions(void **state)
{
    static const struct {
        int status;
        const char *body;
    } cases[] = {{404, FAKE_NO_ROUTE}, {400, FAKE_REFUSED}, {401, FAKE_REFUSED},
                 {403, NULL},          {404, NULL},         {204, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        server = acme_server();
        server.status = cases[i].status;
        server.body = cases[i].body;
        struct self_check got = check(acme, 100, 1);
        assert_true(got.unsupported);
        assert_int_equal(got.too_much + got.too_little, 0);
        buffer_free(&got.lines);
    }
}

static void a_repository_that_went_away_is_not_compared(void **state)
{
    (void)state;
    for (int moved = 0; moved < 2; moved++) {
        server = acme_server();
        server.status = moved ? 307 : 404;
        server.refused = "lib";
        server.body = FAKE_NO_ENTITY;
        struct self_check got = check(acme, 100, 1);
        assert_int_equal(got.repositories, 5);
        expect(got, 0, 0, "");
    }
}

/* Whatever the server says of a repository that it does not know. */
static void one_refusal_does_not_excuse_the_rest(void **state)
{
    (void)state;
    server = acme_server();
    server.status = 400;
    server.refused = "lib";
    server.body = FAKE_NO_ENTITY;
    server.level = "REPO_WRITE";
    server.take = 103;
    server.times = 2;
    struct self_check got = check(acme, 100, 1);
    assert_int_equal(got.repositories, 5);
    expect(got, 1, 0, "PRJ/app: lead has REPO_WRITE in the snapshot, not in Bitbucket\n");
}

static void answers_that_cannot_be_believed(void **state)
{
    static const struct {
        const char *body, *says;
    } cases[] = {
        {"[]", "values"},
        {"{\"isLastPage\":true}", "values is missing"},
        {"{\"values\":[]}", "isLastPage is missing"},
        {"{\"values\":[],\"isLastPage\":false}", "nextPageStart is missing"},
        {"{\"values\":[],\"isLastPage\":false,\"nextPageStart\":0}", "does not lead on"},
        {"{\"values\":[{\"name\":\"x\"}],\"isLastPage\":true}", "values[0].id is missing"},
        {"{\"values\":[{\"id\":1}],\"isLastPage\":true}", "values[0].name is missing"},
        {"{\"values\":[\"x\"],\"isLastPage\":true}", "values[0]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct self_check out = {.repositories = 4711};
        struct error err = {STATUS_OK, ""};
        server = acme_server();
        server.status = 200;
        server.body = cases[i].body;
        assert_int_equal(self_check_run(NULL, acme, 100, 1, &out, &err), STATUS_FORMAT);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, "/rest/api/latest/users?"))
            fail_msg("%s: %s", cases[i].body, err.text);
        assert_int_equal(out.repositories, 4711); /* untouched */
    }
}

static enum status refuse_all(const struct client_request *request, int *status, const char **body)
{
    (void)request, (void)status, (void)body;
    return STATUS_TRUST;
}
static void a_failing_client_fails_the_check(void **state)
{
    struct self_check out;
    struct error err;
    (void)state;
    fake_client = (struct fake_client){.answer = refuse_all};
    assert_int_equal(self_check_run(NULL, acme, 1, 1, &out, &err), STATUS_TRUST);
}

static void a_sample_is_chosen_by_its_seed(void **state)
{
    bool seen[6] = {false};
    static const char *const slugs[6] = {"app", "app-fork", "lib", "notes", "old", "tools"};
    struct error err;
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct excerpt a, b;
        assert_int_equal(excerpt_take(acme, 2, seed, &a, &err), STATUS_OK);
        assert_int_equal(excerpt_take(acme, 2, seed, &b, &err), STATUS_OK);
        assert_int_equal(a.user_count, 8);
        assert_int_equal(a.repository_count, 2);
        assert_false(text_equal(a.repositories[0].slug, a.repositories[1].slug));
        for (size_t i = 0; i < 2; i++) {
            assert_true(text_equal(a.repositories[i].slug, b.repositories[i].slug));
            for (size_t k = 0; k < 6; k++)
                seen[k] = seen[k] || text_equal(a.repositories[i].slug, text_of(slugs[k]));
        }
        excerpt_free(&a);
        excerpt_free(&b);
    }
    for (size_t k = 0; k < 6; k++)
        if (!seen[k])
            fail_msg("%s is in no sample", slugs[k]);
}

static void no_sample_asks_nothing(void **state)
{
    (void)state;
    server = acme_server();
    expect(check(acme, 0, 1), 0, 0, "");
    assert_int_equal(fake_client.asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_on_both_sides),
        cmocka_unit_test(pages_are_followed_whatever_their_starts),
        cmocka_unit_test(the_snapshot_grants_too_much),
        cmocka_unit_test(the_snapshot_grants_too_little),
        cmocka_unit_test(whom_the_snapshot_does_not_know),
        cmocka_unit_test(what_the_second_question_denies_is_no_difference),
        cmocka_unit_test(a_refused_second_question_excuses_nothing),
        cmocka_unit_test(service_users_do_not_count),
        cmocka_unit_test(what_the_snapshot_leaves_open_is_no_difference),
        cmocka_unit_test(a_server_that_does_not_answer_such_questions),
        cmocka_unit_test(a_repository_that_went_away_is_not_compared),
        cmocka_unit_test(one_refusal_does_not_excuse_the_rest),
        cmocka_unit_test(answers_that_cannot_be_believed),
        cmocka_unit_test(a_failing_client_fails_the_check),
        cmocka_unit_test(a_sample_is_chosen_by_its_seed),
        cmocka_unit_test(no_sample_asks_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
