/* bitbucket/journal: what is written is what is read again, whatever happened in between. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "bitbucket/journal.h"
#include "bitbucket/recording.h"
#include "support/top.h"
#include "tsv.h"

#define BASE "https://bitbucket.example.com/bb"
#define STARTED INT64_C(1795320600123)

static struct error error;

#define GOOD(call)                       \
    do {                                 \
        if ((call) != STATUS_OK)         \
            fail_msg("%s", error.text);  \
    } while (0)
#define REFUSED(call, code, words)                                      \
    do {                                                                \
        error.text[0] = '\0';                                           \
        enum status refused_ = (call);                                  \
        if (refused_ != (code) || !strstr(error.text, words))           \
            fail_msg("%d, \"%s\"", (int)refused_, error.text);          \
    } while (0)

static struct journal *create(const char *name)
{
    struct journal *j = NULL;
    GOOD(journal_create(at(name), TEXT(BASE "/"), STARTED, &j, &error));
    return j;
}
static struct journal *resume(const char *name)
{
    struct journal *j = NULL;
    GOOD(journal_resume(at(name), TEXT(BASE), &j, &error));
    return j;
}

static struct question question(const char *url)
{
    return (struct question){ENDPOINT_PROPERTIES, url, LOOK_FIRST};
}

static enum status add_raw(struct journal *j, const char *url, const char *raw, size_t size)
{
    json_error_t why;
    const struct question q = question(url);
    json_t *body = size ? json_loadb(raw, size, 0, &why) : NULL;
    if (size && !body)
        fail_msg("%s: %s", url, why.text);
    enum status status = journal_add(j, &q, 200, NULL, (struct text){raw, size}, body, &error);
    json_decref(body);
    return status;
}
static void add(struct journal *j, const char *url, const char *raw)
{
    GOOD(add_raw(j, url, raw, strlen(raw)));
}

/* Is the answer to `url` this JSON? NULL: none. */
static void expect(struct recording *r, const char *url, const char *raw)
{
    struct response got = {0};
    json_error_t why;
    const struct question q = question(url);
    GOOD(recording_get(r, &q, &got, &error));
    json_t *want = raw ? json_loads(raw, 0, &why) : NULL;
    if (raw ? !json_equal(got.body, want) : got.body != NULL)
        fail_msg("%s: another answer", url);
    json_decref(want);
    recording_release(&got);
}

static char *read_file(const char *name)
{
    static char bytes[65536];
    FILE *in = fopen(at(name), "r");
    if (!in)
        fail_msg("no %s", name);
    bytes[fread(bytes, 1, sizeof bytes - 1, in)] = '\0';
    fclose(in);
    return bytes;
}

/* ------------------------------------------------------------------ writing and reading */

static void what_is_written_is_read_again(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"a\":[1,2.5,true,null,\"x\"]}",
        "{\n  \"pretty\": [\r\n 1,\n 2 ]\n}\n",
        "{\"escaped\":\"a\\nb\\r\\t\\u0001\\\\u0000\\\"\\/\"}",
        "{\"unicode\":\"\xc3\x84rger \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x94\x92 \\u00e4\\ud83d\\ude00\"}",
        "{\"looks\":\"like {\\\"url\\\":\\\"/rest/x\\\"}\"}",
        "[1,2,3]",
        "{\"large\":9223372036854775807,\"small\":-9223372036854775808,\"e\":1e100}",
        " { \"blank\" : 1 } ",
    };
    char url[64];
    struct recording *r;
    (void)state;
    struct journal *j = create("j");
    assert_int_equal(journal_started(j), STARTED);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        snprintf(url, sizeof url, "/rest/api/latest/x%zu?start=0", i);
        add(j, url, bodies[i]);
    }
    add(j, "/rest/api/latest/none", "");
    GOOD(journal_finish(j, STARTED + 5000, &error));
    struct stat st;
    assert_int_equal(stat(at("j/answers.jsonl"), &st), 0);
    assert_int_equal(journal_size(j), st.st_size);
    journal_close(j);
    GOOD(recording_open(at("j"), &r, &error));
    int64_t ms = 0;
    assert_int_equal(recording_answers(r), sizeof bodies / sizeof bodies[0] + 1);
    assert_true(recording_started(r, &ms) && ms == STARTED);
    assert_true(recording_finished(r, &ms) && ms == STARTED + 5000);
    assert_int_equal(recording_duration(r), 5000);
    struct text base = recording_base_url(r);
    assert_true(text_equal(base, TEXT(BASE)));
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        snprintf(url, sizeof url, "/rest/api/latest/x%zu", i);
        expect(r, url, bodies[i]);
    }
    expect(r, "/rest/api/latest/none", NULL);
    recording_close(r);
}

static void a_large_answer_is_written_whole(void **state)
{
    struct buffer body;
    struct recording *r;
    (void)state;
    for (int pretty = 0; pretty < 2; pretty++) {
        buffer_init(&body, SIZE_MAX);
        buffer_string(&body, pretty ? "[\n\"x\"" : "[\"x\"");
        for (int i = 0; body.size < (size_t)1200 * 1024; i++)
            buffer_printf(&body, ",\"%d\xc3\xa4\"", i);
        buffer_string(&body, "]");
        struct journal *j = create(pretty ? "pretty" : "j");
        add(j, "/rest/before", "{\"n\":1}");
        add(j, "/rest/large", body.data);
        add(j, "/rest/after", "{\"n\":2}");
        journal_close(j);
        GOOD(recording_open(at(pretty ? "pretty" : "j"), &r, &error));
        expect(r, "/rest/before", "{\"n\":1}");
        expect(r, "/rest/large", body.data);
        expect(r, "/rest/after", "{\"n\":2}");
        recording_close(r);
        buffer_free(&body);
    }
}

static void an_answer_that_no_recording_can_hold_is_refused(void **state)
{
    struct recording *r;
    (void)state;
    char *raw = malloc(RECORDING_LINE_MAX + 16);
    assert_non_null(raw);
    memset(raw, ' ', RECORDING_LINE_MAX);
    memcpy(raw, "{}", 2);
    struct journal *j = create("j");
    add(j, "/rest/before", "{}");
    const struct question q = question("/rest/long");
    json_t *body = json_object();
    REFUSED(journal_add(j, &q, 200, NULL, (struct text){raw, RECORDING_LINE_MAX}, body, &error),
            STATUS_LIMIT, "/rest/long");
    json_decref(body);
    free(raw);
    journal_close(j);
    GOOD(recording_open(at("j"), &r, &error));
    assert_int_equal(recording_answers(r), 1);
    recording_close(r);
}

static void lines_have_the_documented_form(void **state)
{
    (void)state;
    struct journal *j = create("j");
    struct question q = question("/rest/api/latest/projects?start=0&limit=1000");
    json_t *body = json_object();
    add(j, q.url, "{ \"a\": 1}");
    q.look = LOOK_SECOND;
    GOOD(journal_add(j, &q, 200, NULL, TEXT("{}"), body, &error));
    q.url = "/rest/api/latest/application-properties";
    GOOD(journal_add(j, &q, 404, NULL, TEXT("{}"), body, &error));
    q = question("/rest/api/latest/projects/OLD");
    GOOD(journal_add(j, &q, 307, "/rest/api/latest/projects/N\"\n\xc3\xa4", TEXT(""), NULL, &error));
    q = question("/rest/odd\"\\\n{}");
    GOOD(journal_add(j, &q, 204, NULL, TEXT(""), NULL, &error));
    json_decref(body);
    journal_close(j);
    assert_string_equal(
        read_file("j/answers.jsonl"),
        "{\"url\":\"/rest/api/latest/projects?start=0&limit=1000\",\"status\":200,\"body\":{ \"a\": 1}}\n"
        "{\"url\":\"/rest/api/latest/projects?start=0&limit=1000&look=2\",\"status\":200,\"body\":{}}\n"
        "{\"url\":\"/rest/api/latest/application-properties?look=2\",\"status\":404,\"body\":{}}\n"
        "{\"url\":\"/rest/api/latest/projects/OLD\",\"status\":307,"
        "\"location\":\"/rest/api/latest/projects/N%22%0A%C3%A4\",\"body\":null}\n"
        "{\"url\":\"/rest/odd%22%5C%0A{}\",\"status\":204,\"body\":null}\n");
    struct stat st;
    assert_true(!stat(at("j"), &st) && (st.st_mode & 07777) == 0700);
    assert_true(!stat(at("j/answers.jsonl"), &st) && (st.st_mode & 07777) == 0600);
    assert_true(!stat(at("j/recording.json"), &st) && (st.st_mode & 07777) == 0600);
}

static void secrets_are_not_written(void **state)
{
    static const char *const raws[] = {
        ("{\"values\":[{\"id\":1,\"name\":\"hook\",\"configuration\":{\"secret\":\"hunter2\"},"
         "\"url\":\"https://user:hunter2@ci.example.com/x?token=hunter2\"}]}"),
        "{\n\"password\":\"hunter2\"\n}",
        "{\"configuration\":{\"s\\u0065cret\":\"hunter2\"}}",
    };
    struct recording *r;
    char url[64];
    (void)state;
    struct journal *j = create("j");
    for (size_t i = 0; i < 3; i++) {
        json_error_t why;
        json_t *body = json_loads(raws[i], 0, &why), *same = json_deep_copy(body);
        snprintf(url, sizeof url, "/rest/api/latest/projects/P/webhooks?start=%zu", i);
        const struct question q = question(url);
        GOOD(journal_add(j, &q, 200, NULL, text_of(raws[i]), body, &error));
        assert_true(json_equal(body, same)); /* the crawler's own is as it was */
        json_decref(same);
        json_decref(body);
    }
    journal_close(j);
    char *bytes = read_file("j/answers.jsonl");
    assert_null(strstr(bytes, "hunter2"));
    assert_non_null(strstr(bytes, "ci.example.com"));
    GOOD(recording_open(at("j"), &r, &error));
    assert_int_equal(recording_answers(r), 3);
    recording_close(r);
}

/* ------------------------------------------------------------------ going on */

static void an_interrupted_crawl_goes_on(void **state)
{
    struct recording *r;
    (void)state;
    struct journal *j = create("j");
    add(j, "/rest/a", "{\"n\":1}");
    journal_close(j);
    j = resume("j/");
    assert_int_equal(journal_started(j), STARTED);
    GOOD(recording_open(at("j"), &r, &error));
    add(j, "/rest/b", "{\"n\":2}");
    add(j, "/rest/a", "{\"n\":3}");
    expect(r, "/rest/a", "{\"n\":1}"); /* as it was when it was opened */
    recording_close(r);
    GOOD(journal_finish(j, STARTED + 1, &error));
    journal_close(j);
    GOOD(recording_open(at("j"), &r, &error));
    expect(r, "/rest/a", "{\"n\":3}");
    expect(r, "/rest/b", "{\"n\":2}");
    recording_close(r);
}

/* Killed in the middle of a write: cut at each byte of the last two lines. */
static void only_a_line_that_was_cut_is_lost(void **state)
{
    char *bytes, copy[4096];
    struct recording *r;
    (void)state;
    struct journal *j = create("j");
    add(j, "/rest/a", "{\"n\":1}");
    uint64_t first = journal_size(j);
    add(j, "/rest/b", "{\"n\":2}");
    uint64_t second = journal_size(j);
    add(j, "/rest/c", "{\"n\":3}");
    uint64_t third = journal_size(j);
    journal_close(j);
    bytes = read_file("j/answers.jsonl");
    assert_int_equal(strlen(bytes), third);
    memcpy(copy, bytes, third);
    for (uint64_t cut = 0; cut <= third; cut++) {
        for (int zeros = 0; zeros < 2; zeros++) { /* what a file system leaves after a power cut */
            FILE *out = fopen(at("j/answers.jsonl"), "w");
            assert_non_null(out);
            assert_int_equal(fwrite(copy, 1, cut, out), cut);
            for (int i = 0; zeros && i < 40; i++)
                fputc(0, out);
            assert_int_equal(fclose(out), 0);
            uint64_t whole = cut >= third ? third : cut >= second ? second : cut >= first ? first : 0;
            j = resume("j");
            assert_int_equal(journal_size(j), whole);
            add(j, "/rest/d", "{\"n\":4}");
            journal_close(j);
            GOOD(recording_open(at("j"), &r, &error));
            assert_int_equal(recording_answers(r),
                             1 + (cut >= first) + (cut >= second) + (cut >= third));
            if (cut >= first)
                expect(r, "/rest/a", "{\"n\":1}");
            if (cut >= second)
                expect(r, "/rest/b", "{\"n\":2}");
            expect(r, "/rest/d", "{\"n\":4}");
            recording_close(r);
        }
    }
}

/* kill -9 while it writes: every line that was begun before is there, and whole. */
static void a_killed_process_leaves_whole_lines(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        int fds[2];
        char name[16], byte;
        snprintf(name, sizeof name, "j%d", round);
        struct journal *j = create(name);
        assert_int_equal(pipe(fds), 0);
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child) {
            for (int i = 0;; i++) {
                char url[64];
                const struct question q = {ENDPOINT_USERS, url, LOOK_FIRST};
                snprintf(url, sizeof url, "/rest/n%d", i);
                json_t *body = json_integer(i);
                if (journal_add(j, &q, 200, NULL, TEXT("{\"some\":\"answer\"}"), body, &error) ||
                    write(fds[1], "x", 1) != 1)
                    _exit(1);
                json_decref(body);
            }
        }
        close(fds[1]);
        size_t written = 0;
        while (written < (size_t)100 * (size_t)(round + 1) && read(fds[0], &byte, 1) == 1)
            written++;
        kill(child, SIGKILL);
        while (read(fds[0], &byte, 1) == 1)
            written++;
        close(fds[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        journal_close(j);
        j = resume(name);
        journal_close(j);
        struct recording *r;
        GOOD(recording_open(at(name), &r, &error));
        assert_true(recording_answers(r) >= written && recording_answers(r) <= written + 1);
        recording_close(r);
    }
}

static void a_journal_without_answers_yet_goes_on(void **state)
{
    struct journal *j = create("j");
    (void)state;
    journal_close(j);
    assert_int_equal(unlink(at("j/answers.jsonl")), 0);
    j = resume("j");
    add(j, "/rest/a", "{}");
    journal_close(j);
    struct stat st;
    assert_true(!stat(at("j/answers.jsonl"), &st) && (st.st_mode & 07777) == 0600);
}

static void what_cannot_go_on_is_refused(void **state)
{
    struct journal *j = create("finished"), *out = NULL;
    (void)state;
    add(j, "/rest/a", "{}");
    GOOD(journal_finish(j, STARTED + 1, &error));
    const struct question q = question("/rest/b");
    REFUSED(journal_add(j, &q, 200, NULL, TEXT("{}"), NULL, &error), STATUS_USAGE, "closed");
    journal_close(j);
    REFUSED(journal_resume(at("finished"), TEXT(BASE), &out, &error), STATUS_FORMAT, "finished");
    j = create("j");
    REFUSED(journal_resume(at("j"), TEXT(BASE), &out, &error), STATUS_BUSY, "another refgate");
    REFUSED(journal_remove(at("j"), &error), STATUS_BUSY, "another refgate");
    journal_close(j);
    REFUSED(journal_resume(at("j"), TEXT("https://other.example.com"), &out, &error), STATUS_FORMAT,
            "not of https://other.example.com");
    REFUSED(journal_resume(at("none"), TEXT(BASE), &out, &error), STATUS_NOT_FOUND, "none");
    assert_int_equal(mkdir(at("empty"), 0700), 0);
    REFUSED(journal_resume(at("empty"), TEXT(BASE), &out, &error), STATUS_NOT_FOUND, "recording.json");
    scratch_sh(top, "cp -r j other; printf 'not a journal' >other/answers.jsonl");
    REFUSED(journal_resume(at("other"), TEXT(BASE), &out, &error), STATUS_FORMAT, "does not begin");
    assert_string_equal(read_file("other/answers.jsonl"), "not a journal");
    scratch_sh(top, "printf '{\"format\":2,\"base_url\":\"" BASE "\"}' >other/recording.json");
    REFUSED(journal_resume(at("other"), TEXT(BASE), &out, &error), STATUS_FORMAT, "format");
    scratch_sh(top, "printf '{\"format\":1,' >other/recording.json");
    REFUSED(journal_resume(at("other"), TEXT(BASE), &out, &error), STATUS_FORMAT, "recording.json");
    assert_null(out);
}

/* ------------------------------------------------------------------ what others put there */

static void nothing_is_followed_or_damaged(void **state)
{
    static const struct {
        const char *script; /* `j` is a journal; `victim` has content that must stay */
        const char *words;
    } rows[] = {
        {"mv j real; ln -s real j", "not a directory"},
        {"mv j/answers.jsonl x; ln -s ../x j/answers.jsonl", "symbolic link"},
        {"rm j/answers.jsonl; ln -s ../nowhere j/answers.jsonl", "symbolic link"},
        {"rm j/answers.jsonl; ln -s ../victim j/answers.jsonl", "symbolic link"},
        {"rm j/answers.jsonl; ln victim j/answers.jsonl", "another name"},
        {"rm j/answers.jsonl; mkfifo j/answers.jsonl", "not a regular file"},
        {"rm j/answers.jsonl; mkdir j/answers.jsonl", "answers.jsonl"},
        {"mv j/recording.json x; ln -s ../x j/recording.json", "symbolic link"},
        {"rm j/recording.json; mkfifo j/recording.json", "not a regular file"},
        {"chmod 0777 j", "written by"},
        {"chmod 0660 j/answers.jsonl", "written by"},
        {"chmod 0606 j/recording.json", "written by"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct journal *out = NULL;
        scratch_sh(top, "rm -rf j real x nowhere victim; printf '{\"url\":\"/rest/cut' >victim");
        struct journal *j = create("j");
        add(j, "/rest/a", "{}");
        journal_close(j);
        scratch_sh(top, rows[i].script);
        error.text[0] = '\0';
        enum status status = journal_resume(at("j"), TEXT(BASE), &out, &error);
        if (status == STATUS_OK || !strstr(error.text, rows[i].words))
            fail_msg("%s: %d, %s", rows[i].script, (int)status, error.text);
        status = journal_check(at("j"), &error);
        if (status == STATUS_OK || !strstr(error.text, rows[i].words))
            fail_msg("only read: %s: %d, %s", rows[i].script, (int)status, error.text);
        /* A slash at the end does not make it another directory. */
        assert_int_not_equal(journal_resume(at("j/"), TEXT(BASE), &out, &error), STATUS_OK);
        assert_string_equal(read_file("victim"), "{\"url\":\"/rest/cut");
        assert_int_not_equal(access(at("nowhere"), F_OK), 0);
    }
}

static void what_others_own_is_refused(void **state)
{
    struct journal *out = NULL;
    (void)state;
    if (geteuid() != 0)
        SKIP("only root can give files away");
    static const char *const names[] = {"j/answers.jsonl", "j/recording.json", "j"};
    struct journal *j = create("j");
    journal_close(j);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(chown(at(names[i]), 65534, 65534), 0);
        REFUSED(journal_resume(at("j"), TEXT(BASE), &out, &error), STATUS_TRUST, "belongs to uid");
        REFUSED(journal_check(at("j"), &error), STATUS_TRUST, "belongs to uid");
        assert_int_equal(chown(at(names[i]), 0, 0), 0);
        GOOD(journal_check(at("j"), &error));
    }
    assert_int_equal(chown(at("j"), 65534, 65534), 0);
    REFUSED(journal_remove(at("j"), &error), STATUS_TRUST, "belongs to uid");
    assert_int_equal(mkdir(at("k"), 0700) || chown(at("k"), 65534, 65534), 0);
    REFUSED(journal_create(at("k"), TEXT(BASE), STARTED, &out, &error), STATUS_TRUST, "belongs to");
}

static void only_an_empty_directory_becomes_a_journal(void **state)
{
    struct journal *out = NULL;
    struct stat st;
    (void)state;
    scratch_sh(top, "mkdir full empty left; echo x >full/note; chmod 0755 empty; ln -s empty link;"
                    "echo x >file; echo x >left/.refgate-tmp.0123456789abcdef");
    REFUSED(journal_create(at("full"), TEXT(BASE), STARTED, &out, &error), STATUS_USAGE, "note");
    REFUSED(journal_create(at("link"), TEXT(BASE), STARTED, &out, &error), STATUS_TRUST, "link");
    REFUSED(journal_create(at("link/"), TEXT(BASE), STARTED, &out, &error), STATUS_TRUST, "link");
    REFUSED(journal_create(at("file"), TEXT(BASE), STARTED, &out, &error), STATUS_TRUST, "file");
    REFUSED(journal_create(at("a/b"), TEXT(BASE), STARTED, &out, &error), STATUS_IO, "a/b");
    journal_close(create("empty"));
    assert_true(!stat(at("empty"), &st) && (st.st_mode & 07777) == 0700);
    journal_close(create("left"));
    REFUSED(journal_create(at("left"), TEXT(BASE), STARTED, &out, &error), STATUS_USAGE, "in it");
    assert_string_equal(read_file("full/note"), "x\n");
    scratch_sh(top, "test \"$(ls full)\" = note");
}

static void a_full_disk_leaves_whole_lines(void **state)
{
    struct rlimit before, small;
    struct journal *j = create("j");
    struct recording *r;
    (void)state;
    add(j, "/rest/a", "{\"n\":1}");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = journal_size(j) + 10;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum status first = add_raw(j, "/rest/b", "{\"n\":2}", 7);
    struct error why = error;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(first, STATUS_IO);
    assert_non_null(strstr(why.text, "cannot write"));
    /* A journal with a hole is none. */
    REFUSED(add_raw(j, "/rest/c", "{}", 2), STATUS_USAGE, "closed");
    REFUSED(journal_finish(j, STARTED + 1, &error), STATUS_USAGE, "closed");
    journal_close(j);
    GOOD(recording_open(at("j"), &r, &error)); /* no line is cut */
    assert_int_equal(recording_answers(r), 1);
    recording_close(r);
}

/* ------------------------------------------------------------------ removing */

static void only_a_journal_is_removed(void **state)
{
    (void)state;
    GOOD(journal_remove(at("none"), &error));
    struct journal *j = create("j");
    add(j, "/rest/a", "{}");
    journal_close(j);
    scratch_sh(top, "cp -r j more; echo x >more/instance.jsonl; cp -r j left;"
                    "echo x >left/.refgate-tmp.0123456789abcdef; cp -r j odd; rm odd/answers.jsonl;"
                    "mkdir odd/answers.jsonl; echo x >odd/answers.jsonl/keep; cp -r j real;"
                    "ln -s real link; cp -r j half; rm half/recording.json; echo x >kept;"
                    "cp -r j links; rm links/*; ln -s ../kept links/answers.jsonl;"
                    "ln kept links/recording.json; mkdir bare; echo x >file");
    REFUSED(journal_remove(at("more"), &error), STATUS_USAGE, "instance.jsonl");
    REFUSED(journal_remove(at("link"), &error), STATUS_TRUST, "link");
    REFUSED(journal_remove(at("link/"), &error), STATUS_TRUST, "link");
    REFUSED(journal_remove(at("file"), &error), STATUS_TRUST, "file");
    scratch_sh(top, "test -f more/answers.jsonl && test -f more/recording.json &&"
                    "test -f real/recording.json && test -f file");
    assert_int_not_equal(journal_remove(at("odd"), &error), STATUS_OK);
    scratch_sh(top, "test -f odd/answers.jsonl/keep");
    GOOD(journal_remove(at("j/"), &error));
    GOOD(journal_remove(at("left"), &error));
    GOOD(journal_remove(at("half"), &error));
    GOOD(journal_remove(at("bare"), &error));
    GOOD(journal_remove(at("links"), &error));
    scratch_sh(top, "test ! -e j && test ! -e left && test ! -e half && test ! -e bare &&"
                    "test ! -e links && test \"$(cat kept)\" = x");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_written_is_read_again),
        CASE(a_large_answer_is_written_whole),
        CASE(an_answer_that_no_recording_can_hold_is_refused),
        CASE(lines_have_the_documented_form),
        CASE(secrets_are_not_written),
        CASE(an_interrupted_crawl_goes_on),
        CASE(only_a_line_that_was_cut_is_lost),
        CASE(a_killed_process_leaves_whole_lines),
        CASE(a_journal_without_answers_yet_goes_on),
        CASE(what_cannot_go_on_is_refused),
        CASE(nothing_is_followed_or_damaged),
        CASE(what_others_own_is_refused),
        CASE(only_an_empty_directory_becomes_a_journal),
        CASE(a_full_disk_leaves_whole_lines),
        CASE(only_a_journal_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
