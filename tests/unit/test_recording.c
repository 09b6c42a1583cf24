/* bitbucket/recording: many questions at once, answered by a thread that reads ahead. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bitbucket/journal.h"
#include "bitbucket/json_slab.h"
#include "bitbucket/recording.h"
#include "scratch.h"
#include "tsv.h"

#define ANSWERS 1500

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

/* Answer n: {"n": n, "more": […]}, some of them larger than a slab, some not plain. */
static json_t *body_of(int n)
{
    json_t *body = json_pack("{s:i}", "n", n), *more = json_array();
    int count = n % 500 == 77 ? 20000 : n % 7 * 3;
    for (int i = 0; i < count; i++)
        json_array_append_new(more, json_pack("{s:i, s:s}", "id", i, "name",
                                              n % 5 ? "plain" : "\"\n\xc3\xa4"));
    assert_int_equal(json_object_set_new(body, "more", more), 0);
    return body;
}
static const char *url_of(int n)
{
    static char urls[4][64];
    static int next;
    char *url = urls[next++ % 4];
    snprintf(url, sizeof urls[0], "/rest/api/latest/answers/%d?start=0", n);
    return url;
}

static int set_up_all(void **state)
{
    struct journal *j;
    (void)state;
    scratch_make(top, sizeof top);
    GOOD(journal_create(at("r"), TEXT("https://bitbucket.example.com"), 1, &j, &error));
    for (int i = 0; i < ANSWERS; i++) {
        const struct question q = {ENDPOINT_USERS, url_of(i), LOOK_FIRST};
        json_t *body = body_of(i);
        GOOD(journal_add(j, &q, 200, NULL, TEXT_NONE, body, &error));
        json_decref(body);
    }
    GOOD(journal_finish(j, 2, &error));
    journal_close(j);
    return 0;
}
static int tear_down_all(void **state)
{
    (void)state;
    scratch_remove(top);
    return 0;
}

static struct recording *open_it(const char *name)
{
    struct recording *r;
    GOOD(recording_open(at(name), &r, &error));
    return r;
}

static void check_body(const json_t *body, int n)
{
    json_t *want = body_of(n);
    if (!json_equal(body, want))
        fail_msg("answer %d is another", n);
    json_decref(want);
}

/* Asks for the answers first, first + step, … below `end`, as many at once as the source takes. */
static void ask_all(const struct answer_source *s, int first, int end, int step, size_t most)
{
    int of_slot[256];
    size_t free_slots[256], free_count = 0, under_way = 0;
    most = most < s->slots ? most : s->slots;
    for (size_t i = 0; i < most; i++)
        free_slots[free_count++] = i;
    for (int next = first; next < end || under_way;) {
        for (; free_count && next < end; next += step, under_way++) {
            size_t slot = free_slots[--free_count];
            char url[64]; /* is copied */
            of_slot[slot] = next;
            snprintf(url, sizeof url, "%s", url_of(next));
            const struct question q = {ENDPOINT_USERS, url, LOOK_FIRST};
            GOOD(s->ask(s->self, slot, &q, &error));
        }
        size_t slot = SIZE_MAX;
        struct response got = {0};
        GOOD(s->wait(s->self, &slot, &got, &error));
        assert_true(slot < most);
        assert_int_equal(got.missing, of_slot[slot] >= ANSWERS);
        assert_int_equal(got.status, got.missing ? 0 : 200);
        if (!got.missing)
            check_body(got.body, of_slot[slot]);
        s->release(s->self, &got);
        assert_true(!got.body && !got.status);
        free_slots[free_count++] = slot;
        under_way--;
    }
}

/* ------------------------------------------------------------------ the source */

static void every_question_is_answered(void **state)
{
    struct recording *r = open_it("r");
    (void)state;
    const struct answer_source s = recording_source(r);
    assert_true(s.slots >= 32);
    assert_int_equal(recording_answers(r), ANSWERS);
    ask_all(&s, 0, ANSWERS + 20, 1, s.slots); /* the last 20 are missing */
    ask_all(&s, 3, ANSWERS, 17, 1);
    ask_all(&s, 0, 300, 1, 5);
    recording_close(r);
}

static void answers_come_in_the_order_of_the_questions(void **state)
{
    struct recording *r = open_it("r");
    struct response got[64];
    (void)state;
    const struct answer_source s = recording_source(r);
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < s.slots; i++) {
            const struct question q = {ENDPOINT_USERS, url_of((int)i + round * 64), LOOK_FIRST};
            GOOD(s.ask(s.self, s.slots - 1 - i, &q, &error));
        }
        const struct question more = {ENDPOINT_USERS, url_of(0), LOOK_FIRST};
        assert_int_equal(s.ask(s.self, 0, &more, &error), STATUS_USAGE);
        /* All are held until the end, and given back in another order. */
        for (size_t i = 0, slot; i < s.slots; i++) {
            GOOD(s.wait(s.self, &slot, &got[i], &error));
            assert_int_equal(slot, s.slots - 1 - i);
        }
        for (size_t i = 0; i < s.slots; i++)
            check_body(got[i].body, (int)i + round * 64);
        for (size_t i = s.slots; i-- > 0;)
            s.release(s.self, &got[i]);
    }
    size_t slot;
    assert_int_equal(s.wait(s.self, &slot, &got[0], &error), STATUS_USAGE);
    recording_close(r);
}

static void a_source_that_was_left_in_the_middle_does_not_matter(void **state)
{
    (void)state;
    for (size_t asked = 0; asked <= 64; asked += 8) {
        for (size_t taken = 0; taken <= asked; taken += 16) {
            struct recording *r = open_it("r");
            struct answer_source s = recording_source(r);
            for (int twice = 0; twice < 2; twice++) {
                for (size_t i = 0; i < asked; i++) {
                    const struct question q = {ENDPOINT_USERS, url_of(77 + (int)i), LOOK_FIRST};
                    GOOD(s.ask(s.self, i, &q, &error));
                }
                for (size_t i = 0, slot; i < taken; i++) {
                    struct response got;
                    GOOD(s.wait(s.self, &slot, &got, &error));
                    assert_int_equal(slot, i);
                    s.release(s.self, &got);
                }
                if (!twice)
                    s = recording_source(r); /* another, from the beginning */
            }
            recording_close(r); /* the thread is in the middle of something */
        }
    }
}

static void two_recordings_at_once_do_not_mix(void **state)
{
    struct recording *r[2] = {open_it("r"), open_it("r")};
    const struct answer_source s[2] = {recording_source(r[0]), recording_source(r[1])};
    (void)state;
    for (int first = 0; first < ANSWERS; first += 50) {
        for (size_t k = 0; k < 2; k++)
            for (int i = 0; i < 50; i++) {
                const struct question q = {ENDPOINT_USERS, url_of(first + (k ? 49 - i : i)),
                                           LOOK_FIRST};
                GOOD(s[k].ask(s[k].self, (size_t)i, &q, &error));
            }
        for (int i = 0; i < 50; i++)
            for (size_t k = 0; k < 2; k++) {
                size_t slot;
                struct response got;
                GOOD(s[k].wait(s[k].self, &slot, &got, &error));
                check_body(got.body, first + (k ? 49 - (int)slot : (int)slot));
                s[k].release(s[k].self, &got);
            }
    }
    recording_close(r[0]);
    recording_close(r[1]);
}

/* The crawler's thread is told to stop, not the one that reads ahead. */
static volatile sig_atomic_t caught_here;
static pthread_t main_thread;
static void on_signal(int number)
{
    (void)number;
    caught_here = pthread_equal(pthread_self(), main_thread) ? 1 : 2;
}

static void signals_are_for_the_thread_that_asks(void **state)
{
    struct recording *r = open_it("r");
    struct sigaction action = {.sa_handler = on_signal}, before;
    sigset_t blocked, old;
    (void)state;
    const struct answer_source s = recording_source(r);
    main_thread = pthread_self();
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    ask_all(&s, 0, 100, 1, 64); /* the thread runs */
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked, &old), 0);
    kill(getpid(), SIGUSR1); /* another thread would get it now */
    ask_all(&s, 0, 200, 1, 64);
    assert_int_equal(caught_here, 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
    assert_int_equal(caught_here, 1);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    recording_close(r);
}

/* ------------------------------------------------------------------ lines */

static void write_recording(const char *name, const char *lines)
{
    char path[PATH_MAX + 128];
    mkdir(at(name), 0700);
    snprintf(path, sizeof path, "%s/recording.json", at(name));
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs("{\"format\":1,\"base_url\":\"https://bitbucket.example.com/\"}", out);
    assert_int_equal(fclose(out), 0);
    snprintf(path, sizeof path, "%s/a.jsonl", at(name));
    out = fopen(path, "w");
    assert_non_null(out);
    fputs(lines, out);
    assert_int_equal(fclose(out), 0);
}

static void the_second_look_is_an_answer_of_its_own(void **state)
{
    static const struct {
        const char *url;
        enum look look;
        int want; /* 0: missing */
    } rows[] = {
        {"/rest/api/latest/projects", LOOK_FIRST, 1},
        {"/rest/api/latest/projects?start=0&limit=1000", LOOK_FIRST, 1},
        {"/rest/api/latest/projects", LOOK_SECOND, 2},
        {"/rest/api/latest/projects?limit=3&start=0", LOOK_SECOND, 2},
        {"/rest/api/latest/projects?start=7", LOOK_FIRST, 3},
        {"/rest/api/latest/projects?start=7", LOOK_SECOND, 4},
        {"/rest/api/latest/repos?archived=ALL&start=0", LOOK_SECOND, 5},
        {"/rest/api/latest/repos?archived=ALL&start=0", LOOK_FIRST, 0},
        {"/rest/api/latest/users", LOOK_FIRST, 6},
        {"/rest/api/latest/users", LOOK_SECOND, 0},
    };
    (void)state;
    write_recording(
        "second",
        "{\"url\":\"/rest/api/latest/projects?start=0&limit=1000\",\"status\":200,\"body\":{\"n\":1}}\n"
        "{\"url\":\"/rest/api/latest/projects?start=0&limit=1000&look=2\",\"status\":200,"
        "\"body\":{\"n\":2}}\n"
        "{\"url\":\"/rest/api/latest/projects?start=7&limit=1000\",\"status\":200,\"body\":{\"n\":3}}\n"
        "{\"url\":\"/rest/api/latest/projects?start=7&limit=1000&look=2\",\"status\":200,"
        "\"body\":{\"n\":4}}\n"
        "{\"url\":\"/rest/api/latest/repos?archived=ALL&look=2\",\"status\":200,\"body\":{\"n\":5}}\n"
        "{\"url\":\"/rest/api/latest/users\",\"status\":200,\"body\":{\"n\":6}}\n");
    struct recording *r = open_it("second");
    const struct answer_source s = recording_source(r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct response got = {0}, same = {0};
        size_t slot;
        const struct question q = {ENDPOINT_PROJECTS, rows[i].url, rows[i].look};
        GOOD(s.ask(s.self, 3, &q, &error));
        GOOD(s.wait(s.self, &slot, &got, &error));
        int n = (int)json_integer_value(json_object_get(got.body, "n"));
        if (n != rows[i].want || got.missing != !rows[i].want)
            fail_msg("%s, look %d: answer %d", rows[i].url, (int)rows[i].look, n);
        s.release(s.self, &got);
        assert_int_equal(recording_get(r, &q, &same, &error),
                         rows[i].want ? STATUS_OK : STATUS_NOT_FOUND);
        recording_release(&same);
    }
    recording_close(r);
}

static void where_a_place_moved_to_is_said(void **state)
{
    (void)state;
    write_recording(
        "moved",
        "{\"url\":\"/rest/a\",\"status\":307,\"location\":\"/rest/api/latest/projects/N\",\"body\":null}\n"
        "{\"url\":\"/rest/b\",\"status\":200,\"location\":\"/rest/x\",\"body\":{}}\n"
        "{\"url\":\"/rest/c\",\"status\":307,\"body\":null}\n"
        "{\"url\":\"/rest/d\",\"status\":307,\"location\":\"https://evil.example.com/rest/x\"}\n"
        "{\"url\":\"/rest/e\",\"status\":307,\"location\":7}\n");
    static const struct {
        const char *url, *location;
        enum status status;
    } rows[] = {
        {"/rest/a", "/rest/api/latest/projects/N", STATUS_OK},
        {"/rest/b", NULL, STATUS_OK}, /* only of a 307 */
        {"/rest/c", NULL, STATUS_OK},
        {"/rest/d", NULL, STATUS_FORMAT},
        {"/rest/e", NULL, STATUS_FORMAT},
    };
    struct recording *r = open_it("moved");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct response got = {0};
        const struct question q = {ENDPOINT_PROJECT, rows[i].url, LOOK_FIRST};
        assert_int_equal(recording_get(r, &q, &got, &error), rows[i].status);
        if (rows[i].status)
            assert_non_null(strstr(error.text, "location"));
        else if (!rows[i].location)
            assert_null(got.location);
        else
            assert_string_equal(got.location, rows[i].location);
        recording_release(&got);
    }
    recording_close(r);
}

static void a_damaged_answer_is_named_and_others_are_not_hurt(void **state)
{
    (void)state;
    write_recording("damaged", "{\"url\":\"/rest/a\",\"status\":200,\"body\":{\"n\":1}}\n"
                               "{\"url\":\"/rest/b\",\"status\":200,\"body\":{\"n\":1,\"n\":2}}\n"
                               "{\"url\":\"/rest/c\",\"status\":200,\"body\":{\"n\":\n"
                               "{\"url\":\"/rest/d\",\"body\":{}}\n"
                               "{\"url\":\"/rest/e\",\"status\":999,\"body\":{}}\n"
                               "{\"url\":\"/rest/f\",\"status\":200,\"body\":\"\\u0000\"}\n"
                               "{\"url\":\"/rest/g\",\"status\":200,\"body\":{\"n\":7}}\n");
    struct recording *r = open_it("damaged");
    const struct answer_source s = recording_source(r);
    for (size_t i = 0; i < 7; i++) {
        char url[] = "/rest/a";
        url[6] = (char)('a' + i);
        const struct question q = {ENDPOINT_PROJECT, url, LOOK_FIRST};
        GOOD(s.ask(s.self, i, &q, &error));
    }
    for (size_t i = 0; i < 7; i++) {
        struct response got = {0};
        size_t slot = SIZE_MAX;
        bool good = i == 0 || i == 6;
        char url[] = "/rest/a";
        url[6] = (char)('a' + i);
        error.text[0] = '\0';
        assert_int_equal(s.wait(s.self, &slot, &got, &error), good ? STATUS_OK : STATUS_FORMAT);
        if (!good && !strstr(error.text, url))
            fail_msg("%s: %s", url, error.text);
        s.release(s.self, &got);
    }
    recording_close(r);
}

/* A value may be given back by anybody, in any way, in any thread. */
static void values_of_slabs_and_others_mix(void **state)
{
    json_error_t why;
    (void)state;
    json_slab_prepare();
    for (int i = 0; i < 1000; i++) { /* more than there are slabs: json_decref() does not reuse them */
        json_slab_open();
        json_t *value = json_loads("{\"a\":[1,2,{\"b\":\"c\"}],\"d\":{}}", 0, &why);
        json_slab_close(value);
        assert_non_null(value);
        assert_int_equal(json_object_set_new(value, "e", json_string("from malloc")), 0);
        char *text = json_dumps(value, JSON_COMPACT);
        assert_string_equal(text, "{\"a\":[1,2,{\"b\":\"c\"}],\"d\":{},\"e\":\"from malloc\"}");
        free(text);
        json_object_del(value, "e");
        if (i % 3)
            json_slab_release(value);
        else
            json_decref(value);
    }
    json_slab_open();
    assert_null(json_loads("{\"a\":[1,2,", 0, &why));
    json_slab_close(NULL);
    json_slab_release(NULL);
    json_slab_release(json_true());
    json_slab_release(json_string("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_question_is_answered),
        cmocka_unit_test(answers_come_in_the_order_of_the_questions),
        cmocka_unit_test(a_source_that_was_left_in_the_middle_does_not_matter),
        cmocka_unit_test(two_recordings_at_once_do_not_mix),
        cmocka_unit_test(signals_are_for_the_thread_that_asks),
        cmocka_unit_test(the_second_look_is_an_answer_of_its_own),
        cmocka_unit_test(where_a_place_moved_to_is_said),
        cmocka_unit_test(a_damaged_answer_is_named_and_others_are_not_hurt),
        cmocka_unit_test(values_of_slabs_and_others_mix),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
