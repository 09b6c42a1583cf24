/* bitbucket/live: what a live Bitbucket answers is in the journal before anybody sees it, and what an
 * interrupted crawl has there is not asked for again. The client is a fake (tests/flags.mk). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitbucket/live.h"
#include "scratch.h"

#define SLOTS 4

static char top[PATH_MAX];
static struct error error;

static const char *at(const char *name)
{
    return scratch_path(top, name);
}

#define GOOD(call)                      \
    do {                                \
        if ((call) != STATUS_OK)        \
            fail_msg("%s", error.text); \
    } while (0)

/* ------------------------------------------------------------------ the fake client */

static struct {
    struct { /* under way, in the order in which they were asked */
        size_t slot;
        char url[128];
        bool admin, anonymous;
    } asked[SLOTS];
    size_t count;
    int answers;          /* given so far: the n-th says {"n": n} */
    int status;           /* of the next ones */
    const char *location;
    enum status failure;  /* instead of the next answer */
    enum status ask_failure;
    bool wrong_slot;
} fake;

enum status __wrap_client_ask(struct client *client, size_t slot, const struct client_request *request,
                              struct error *err);
enum status __wrap_client_wait(struct client *client, size_t *slot, struct client_answer *out,
                               struct error *err);

enum status __wrap_client_ask(struct client *client, size_t slot, const struct client_request *request,
                              struct error *err)
{
    (void)client;
    if (fake.ask_failure)
        return error_set(err, fake.ask_failure, "the client does not ask");
    assert_true(fake.count < SLOTS);
    fake.asked[fake.count].slot = slot;
    fake.asked[fake.count].admin = request->admin;
    fake.asked[fake.count].anonymous = request->anonymous;
    snprintf(fake.asked[fake.count].url, sizeof fake.asked[0].url, "%s", request->url);
    fake.count++;
    return STATUS_OK;
}

/* The last question is answered first. */
enum status __wrap_client_wait(struct client *client, size_t *slot, struct client_answer *out,
                               struct error *err)
{
    static char raw[64];
    (void)client;
    if (fake.failure)
        return error_set(err, fake.failure, "the answer is not for us");
    assert_true(fake.count > 0);
    *slot = fake.wrong_slot ? SLOTS : fake.asked[--fake.count].slot;
    int size = snprintf(raw, sizeof raw, "{\"n\": %d}", ++fake.answers);
    *out = (struct client_answer){.status = fake.status};
    if (fake.status != 204 && fake.status != 307) {
        out->raw = (struct text){raw, (size_t)size};
        out->body = json_pack("{s:i}", "n", fake.answers);
    }
    if (fake.location)
        out->location = strdup(fake.location);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ around it */

static struct journal *journal;
static struct live *live;
static struct answer_source source;

static void begin(struct recording *earlier)
{
    GOOD(live_new(NULL, journal, earlier, SLOTS, &live, &error));
    source = live_source(live);
    assert_int_equal(source.slots, SLOTS);
}

static int set_up(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    memset(&fake, 0, sizeof fake);
    fake.status = 200;
    GOOD(journal_create(at("j"), TEXT("https://bitbucket.example.com"), 1, &journal, &error));
    live = NULL;
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    live_free(live);
    journal_close(journal);
    scratch_remove(top);
    return 0;
}

static void ask(size_t slot, enum endpoint_id endpoint, const char *url, enum look look)
{
    char copy[128]; /* is copied */
    snprintf(copy, sizeof copy, "%s", url);
    const struct question q = {endpoint, copy, look};
    GOOD(source.ask(source.self, slot, &q, &error));
    memset(copy, 'x', sizeof copy - 1);
}

/* The next answer: from this slot, {"n": n} (0: no body). */
static void expect(size_t slot, int status, int n)
{
    size_t got = SIZE_MAX;
    struct response r = {0};
    GOOD(source.wait(source.self, &got, &r, &error));
    assert_int_equal(got, slot);
    assert_int_equal(r.status, status);
    assert_false(r.missing);
    assert_int_equal(json_integer_value(json_object_get(r.body, "n")), n);
    source.release(source.self, &r);
    assert_null(r.body);
}

/* What the journal holds now: how many answers, and to `url` which. */
static size_t in_journal(const char *url, enum look look, int *n)
{
    struct recording *r;
    struct response got = {0};
    const struct question q = {ENDPOINT_USERS, url, look};
    GOOD(recording_open(at("j"), &r, &error));
    *n = -1;
    if (recording_get(r, &q, &got, &error) == STATUS_OK)
        *n = (int)json_integer_value(json_object_get(got.body, "n"));
    recording_release(&got);
    size_t count = recording_answers(r);
    recording_close(r);
    return count;
}

/* The journal of a crawl that was interrupted after these lines. */
static struct recording *interrupted(const char *lines)
{
    struct recording *r;
    journal_close(journal);
    FILE *out = fopen(at("j/answers.jsonl"), "w");
    assert_non_null(out);
    fputs(lines, out);
    assert_int_equal(fclose(out), 0);
    GOOD(journal_resume(at("j"), TEXT("https://bitbucket.example.com"), &journal, &error));
    GOOD(recording_open(at("j"), &r, &error));
    return r;
}

/* ------------------------------------------------------------------ tests */

static void answers_are_in_the_journal_before_they_are_seen(void **state)
{
    int n;
    (void)state;
    begin(NULL);
    ask(0, ENDPOINT_USERS, "/rest/a", LOOK_FIRST);
    ask(2, ENDPOINT_USERS, "/rest/b", LOOK_FIRST);
    ask(1, ENDPOINT_USERS, "/rest/c", LOOK_FIRST);
    assert_int_equal(in_journal("/rest/a", LOOK_FIRST, &n), 0);
    expect(1, 200, 1);
    assert_int_equal(in_journal("/rest/c", LOOK_FIRST, &n), 1);
    assert_int_equal(n, 1);
    ask(1, ENDPOINT_USERS, "/rest/d", LOOK_FIRST); /* the slot is used again */
    expect(1, 200, 2);
    expect(2, 200, 3);
    expect(0, 200, 4);
    assert_int_equal(in_journal("/rest/a", LOOK_FIRST, &n), 4);
    assert_int_equal(n, 4);
    assert_int_equal(in_journal("/rest/d", LOOK_FIRST, &n), 4);
    assert_int_equal(n, 2);
    assert_int_equal(live_reused(live), 0);
}

static void the_endpoint_says_how_it_is_asked(void **state)
{
    (void)state;
    begin(NULL);
    ask(0, ENDPOINT_PROPERTIES, "/rest/api/latest/application-properties", LOOK_FIRST);
    ask(1, ENDPOINT_GLOBAL_USERS, "/rest/api/latest/admin/permissions/users?start=0", LOOK_FIRST);
    ask(2, ENDPOINT_PROJECT_KEYS, "/rest/keys/latest/projects/P/ssh?start=0", LOOK_FIRST);
    assert_true(fake.asked[0].anonymous && !fake.asked[0].admin);
    assert_true(!fake.asked[1].anonymous && fake.asked[1].admin);
    assert_true(!fake.asked[2].anonymous && !fake.asked[2].admin);
    for (size_t i = 3; i-- > 0;)
        expect(i, 200, 3 - (int)i);
}

static void a_second_look_is_never_sent(void **state)
{
    int n;
    (void)state;
    begin(NULL);
    ask(0, ENDPOINT_PROJECTS, "/rest/api/latest/projects?start=0&limit=7", LOOK_FIRST);
    expect(0, 200, 1);
    ask(0, ENDPOINT_PROJECTS, "/rest/api/latest/projects?start=0&limit=7", LOOK_SECOND);
    assert_string_equal(fake.asked[0].url, "/rest/api/latest/projects?start=0&limit=7");
    expect(0, 200, 2);
    assert_int_equal(in_journal("/rest/api/latest/projects", LOOK_SECOND, &n), 2);
    assert_int_equal(n, 2);
    assert_int_equal(in_journal("/rest/api/latest/projects", LOOK_FIRST, &n), 2);
    assert_int_equal(n, 1);
}

static void a_place_that_moved_is_written_with_its_new_place(void **state)
{
    struct response r = {0};
    size_t slot;
    (void)state;
    begin(NULL);
    ask(0, ENDPOINT_PROJECT, "/rest/api/latest/projects/OLD", LOOK_FIRST);
    fake.status = 307;
    fake.location = "/rest/api/latest/projects/NEW";
    GOOD(source.wait(source.self, &slot, &r, &error));
    assert_int_equal(r.status, 307);
    assert_string_equal(r.location, "/rest/api/latest/projects/NEW");
    source.release(source.self, &r);
    struct recording *recording;
    const struct question q = {ENDPOINT_PROJECT, "/rest/api/latest/projects/OLD", LOOK_FIRST};
    GOOD(recording_open(at("j"), &recording, &error));
    GOOD(recording_get(recording, &q, &r, &error));
    assert_string_equal(r.location, "/rest/api/latest/projects/NEW");
    recording_release(&r);
    recording_close(recording);
}

static void errors_end_the_crawl_and_leave_no_line(void **state)
{
    struct response r = {0};
    size_t slot;
    int n;
    (void)state;
    begin(NULL);
    const struct question q = {ENDPOINT_USERS, "/rest/a", LOOK_FIRST};
    fake.ask_failure = STATUS_IO;
    assert_int_equal(source.ask(source.self, 0, &q, &error), STATUS_IO);
    fake.ask_failure = STATUS_OK;
    ask(0, ENDPOINT_USERS, "/rest/a", LOOK_FIRST);
    fake.failure = STATUS_TRUST;
    assert_int_equal(source.wait(source.self, &slot, &r, &error), STATUS_TRUST);
    assert_string_equal(error.text, "the answer is not for us");
    assert_int_equal(in_journal("/rest/a", LOOK_FIRST, &n), 0);
    /* An answer that cannot be written is not given on. */
    fake.failure = STATUS_OK;
    GOOD(journal_finish(journal, 2, &error));
    fake.location = "/rest/x"; /* is freed */
    assert_int_equal(source.wait(source.self, &slot, &r, &error), STATUS_USAGE);
    assert_null(r.body);
    assert_int_equal(in_journal("/rest/a", LOOK_FIRST, &n), 0);
}

static void slots_are_not_mixed_up(void **state)
{
    struct response r = {0};
    struct live *none = NULL;
    size_t slot;
    (void)state;
    begin(NULL);
    ask(0, ENDPOINT_USERS, "/rest/a", LOOK_FIRST);
    const struct question q = {ENDPOINT_USERS, "/rest/b", LOOK_FIRST};
    assert_int_equal(source.ask(source.self, 0, &q, &error), STATUS_USAGE);
    assert_int_equal(source.ask(source.self, SLOTS, &q, &error), STATUS_USAGE);
    fake.wrong_slot = true;
    assert_int_equal(source.wait(source.self, &slot, &r, &error), STATUS_USAGE);
    assert_int_equal(live_new(NULL, journal, NULL, 0, &none, &error), STATUS_USAGE);
    assert_int_equal(live_new(NULL, journal, NULL, CLIENT_SLOTS_MAX + 1, &none, &error), STATUS_USAGE);
    assert_null(none);
}

static void what_the_server_seemed_to_lack_is_asked_again(void **state)
{
    struct recording *earlier = interrupted(
        "{\"url\":\"/rest/a\",\"status\":404,\"body\":{\"message\":\"HTTP 404 Not Found\"}}\n"
        "{\"url\":\"/rest/b\",\"status\":404,\"body\":null}\n");
    (void)state;
    begin(earlier);
    ask(0, ENDPOINT_PROJECT_RESTRICTIONS, "/rest/a", LOOK_FIRST);
    expect(0, 200, 1);
    ask(0, ENDPOINT_PROJECT_RESTRICTIONS, "/rest/b", LOOK_FIRST);
    expect(0, 200, 2);
    assert_int_equal(live_reused(live), 0);
    recording_close(earlier);
}

static void what_was_answered_is_not_asked_again(void **state)
{
    int n;
    struct recording *earlier = interrupted(
        "{\"url\":\"/rest/ok\",\"status\":200,\"body\":{\"n\":101}}\n"
        "{\"url\":\"/rest/none\",\"status\":204,\"body\":null}\n"
        "{\"url\":\"/rest/gone\",\"status\":404,\"body\":{\"n\":103,\"errors\":[]}}\n"
        "{\"url\":\"/rest/bad\",\"status\":400,\"body\":{\"n\":104}}\n"
        "{\"url\":\"/rest/moved\",\"status\":307,\"location\":\"/rest/ok\",\"body\":null}\n"
        "{\"url\":\"/rest/list?start=0&limit=9\",\"status\":200,\"body\":{\"n\":106}}\n"
        "{\"url\":\"/rest/cut off in the mid");
    (void)state;
    uint64_t size = journal_size(journal);
    begin(earlier);
    static const struct {
        const char *url;
        int status, n;
    } rows[] = {{"/rest/ok", 200, 101},   {"/rest/none", 204, 0},  {"/rest/gone", 404, 103},
                {"/rest/bad", 400, 104},  {"/rest/moved", 307, 0}, {"/rest/list?start=0", 200, 106}};
    for (size_t i = 0; i < 6; i++) {
        ask(i % SLOTS, ENDPOINT_USERS, rows[i].url, LOOK_FIRST);
        expect(i % SLOTS, rows[i].status, rows[i].n);
    }
    assert_int_equal(fake.count, 0);
    assert_int_equal(live_reused(live), 6);
    assert_int_equal(journal_size(journal), size); /* and not written again */
    /* Another look, another page, and what was cut are asked for. */
    ask(0, ENDPOINT_USERS, "/rest/list?start=0", LOOK_SECOND);
    expect(0, 200, 1);
    ask(0, ENDPOINT_USERS, "/rest/list?start=9", LOOK_FIRST);
    expect(0, 200, 2);
    assert_int_equal(in_journal("/rest/list?start=9", LOOK_FIRST, &n), 8);
    assert_int_equal(n, 2);
    recording_close(earlier);
}

static void a_refusal_is_asked_for_again(void **state)
{
    int n;
    struct recording *earlier =
        interrupted("{\"url\":\"/rest/a\",\"status\":401,\"body\":{\"n\":101}}\n"
                    "{\"url\":\"/rest/b\",\"status\":403,\"body\":{\"n\":102}}\n"
                    "{\"url\":\"/rest/c\",\"status\":500,\"body\":{\"n\":103}}\n"
                    "{\"url\":\"/rest/d\",\"status\":200,\"body\":{\"n\":}\n"); /* damaged */
    (void)state;
    begin(earlier);
    static const char *const urls[] = {"/rest/a", "/rest/b", "/rest/c", "/rest/d"};
    for (int i = 0; i < 4; i++) {
        ask(3, ENDPOINT_USERS, urls[i], LOOK_FIRST);
        expect(3, 200, i + 1);
        assert_int_equal(in_journal(urls[i], LOOK_FIRST, &n), 4);
        assert_int_equal(n, i + 1); /* the later answer counts */
    }
    assert_int_equal(live_reused(live), 0);
    /* One that is still a refusal is one, and written. */
    ask(3, ENDPOINT_USERS, "/rest/e", LOOK_FIRST);
    fake.status = 401;
    expect(3, 401, 5);
    assert_int_equal(in_journal("/rest/e", LOOK_FIRST, &n), 5);
    assert_int_equal(n, 5);
    recording_close(earlier);
}

static void earlier_answers_come_first(void **state)
{
    struct recording *earlier =
        interrupted("{\"url\":\"/rest/a\",\"status\":200,\"body\":{\"n\":101}}\n"
                    "{\"url\":\"/rest/b\",\"status\":200,\"body\":{\"n\":102}}\n");
    (void)state;
    begin(earlier);
    for (int round = 0; round < 3; round++) {
        ask(0, ENDPOINT_USERS, "/rest/x", LOOK_FIRST);
        ask(1, ENDPOINT_USERS, "/rest/b", LOOK_FIRST);
        ask(2, ENDPOINT_USERS, "/rest/y", LOOK_FIRST);
        ask(3, ENDPOINT_USERS, "/rest/a", LOOK_FIRST);
        expect(1, 200, 102);
        expect(3, 200, 101);
        expect(2, 200, 2 * round + 1);
        expect(0, 200, 2 * round + 2);
    }
    /* Freed in the middle: nothing leaks. */
    ask(0, ENDPOINT_USERS, "/rest/a", LOOK_FIRST);
    ask(1, ENDPOINT_USERS, "/rest/z", LOOK_FIRST);
    live_free(live);
    live = NULL;
    recording_close(earlier);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(answers_are_in_the_journal_before_they_are_seen),
        CASE(the_endpoint_says_how_it_is_asked),
        CASE(a_second_look_is_never_sent),
        CASE(a_place_that_moved_is_written_with_its_new_place),
        CASE(errors_end_the_crawl_and_leave_no_line),
        CASE(slots_are_not_mixed_up),
        CASE(what_was_answered_is_not_asked_again),
        CASE(what_the_server_seemed_to_lack_is_asked_again),
        CASE(a_refusal_is_asked_for_again),
        CASE(earlier_answers_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
