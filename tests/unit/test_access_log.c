/* push/access_log.h: one line of Bitbucket's access log, of several versions, and hostile ones. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "push/access_log.h"

#define T "2024-05-02 15:52:07,836"
#define GET "\"GET /scm/prj/app.git/info/refs?service=git-receive-pack HTTP/1.1\""
#define SSH_PUSH "SSH - git-receive-pack '/prj/app.git'"

static struct access_line parsed(const char *text)
{
    struct access_line line;
    if (!access_line_parse(text_of(text), &line))
        fail_msg("not parsed: %s", text);
    return line;
}

#define assert_text(t, string)                                                          \
    do {                                                                                \
        struct text text_ = (t);                                                        \
        if (!text_equal(text_, text_of(string)))                                        \
            fail_msg("line %d: \"%.*s\" is not %s", __LINE__, TEXT_ARG(text_), string); \
    } while (0)

/* ------------------------------------------------------------------ lines of real servers */

static void ssh_begin(void **state)
{
    (void)state;
    struct access_line line = parsed(
        "172.24.36.105 | ssh | i*N65BDNx354x326907x0 | bamboo_user | 2015-03-02 05:54:25,733 | "
        "SSH - git-upload-pack '/bar/support-tools-base.git' | "
        "\"SSH-2.0-OpenSSH_7.2p2 Ubuntu-4ubuntu2.1\" | - | - | y3r3kf |");
    assert_int_equal(line.protocol, ACCESS_SSH);
    assert_false(line.ended);
    assert_text(line.request_id, "*N65BDNx354x326907x0");
    assert_text(line.user, "bamboo_user");
    assert_text(line.addresses, "172.24.36.105");
    assert_true(line.time_ms == INT64_C(1425275665733));
    assert_int_equal(line.action, ACCESS_OTHER); /* a fetch */
    assert_false(line.details);
}

static void ssh_end(void **state)
{
    (void)state;
    uint64_t id = 0;
    struct text label;
    struct access_line line = parsed(
        "172.24.36.105 | ssh | o*N65BDNx354x326903x0 | username | 2015-03-02 05:54:25,425 | SSH - "
        "git-upload-pack '/foo/bar.git' | - | 0 | 123 | 1024 | cache:miss, refs, ssh:id:610, "
        "ssh:label:'sshek@atlassian.com' | 1cl58rd |");
    assert_true(line.ended && line.details);
    assert_int_equal(line.status, 0);
    assert_true(line.duration_ms == -1);
    assert_text(line.agent, "");
    assert_int_equal(access_line_credential(&line, &id, &label), ACCESS_CREDENTIAL_SSH_KEY);
    assert_int_equal(id, 610);
    assert_text(label, "sshek@atlassian.com");
    assert_true(access_line_labelled(&line, TEXT("refs")));
    assert_false(access_line_labelled(&line, TEXT("push")));
}

static void http_end(void **state)
{
    (void)state;
    uint64_t id = 0;
    struct text label;
    struct access_line line = parsed(
        "10.229.31.195 | https | o@1749XX8x952x97182x0 | testuser | 2024-05-02 15:52:07,836 | "
        "\"POST /scm/tb/testing-token.git/git-upload-pack HTTP/1.1\" | \"\" \"git/2.44.0\" | 200 | "
        "175 | 52 | access-token:id:463266287238, async, protocol:2, refs | 43 | eyoqcd |");
    assert_int_equal(line.protocol, ACCESS_HTTP);
    assert_int_equal(line.status, 200);
    assert_true(line.duration_ms == 43);
    assert_text(line.agent, "git/2.44.0");
    assert_int_equal(access_line_credential(&line, &id, &label), ACCESS_CREDENTIAL_TOKEN);
    assert_true(id == UINT64_C(463266287238));
    assert_true(text_absent(label));
}

/* The end of a line: fields that versions have or lack. */
static void versions(void **state)
{
    (void)state;
    static const struct {
        const char *end;
        int status;
        int64_t duration;
    } rows[] = {
        {"\"\" \"git/2\" | 200 | 0 | 19 | - | 6 | 1irez8i |", 200, 6},
        {"\"\" \"git/2\" | 200 | 0 | 19 | push | 6 | 1irez8i |", 200, 6},
        {"\"\" \"git/2\" | 200 | 0 | 19 | push | 1irez8i |", 200, -1},
        {"\"\" \"git/2\" | 200 | 0 | 19 | push | 6 | 1irez8i | 9x1x2 |", 200, 6},
        {"\"\" \"git/2\" | 200 | 0 | 19 | 43 | 6 | 1irez8i |", 200, 6},
        {"\"\" \"git/2\" | 200 | 0 | 19 | - | - | - |", 200, -1},
        {"\"\" \"git/2\" | - | 0 | 19 | push | 6 | 1irez8i", -1, 6},
        {"\"\" \"git/2\" | 200 | 0 | 19 | push | 6 | 1irez8i |\r", 200, 6},
        {"\"https://x/ | y\" \"git/2\" | 401 | - | - | push | 6 | 1irez8i |", 401, 6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "1.2.3.4 | https | o@1x | jdoe | " T " | " GET " | %s",
                 rows[i].end);
        struct access_line line = parsed(text);
        if (!line.details || line.status != rows[i].status ||
            line.duration_ms != rows[i].duration || !text_equal(line.agent, TEXT("git/2")))
            fail_msg("%s: status %d, duration %lld, agent %.*s", rows[i].end, line.status,
                     (long long)line.duration_ms, TEXT_ARG(line.agent));
    }
    struct access_line line = parsed("1.2.3.4 | https | i@1x | - | " T " | " GET
                                     " | \"\" \"git/2\" | - | - | - | - | - | 1irez8i |");
    assert_int_equal(line.action, ACCESS_ADVERTISE);
    assert_false(line.ended || line.details);
}

/* ------------------------------------------------------------------ actions */

static void actions(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *action;
        enum access_action kind;
        const char *project, *slug; /* that it is about */
    } rows[] = {
        {"ssh", SSH_PUSH, ACCESS_RECEIVE, "PRJ", "app"},
        {"ssh", "SSH - git-receive-pack '/~JDoe/my.app.git'", ACCESS_RECEIVE, "~jdoe", "My.App"},
        {"ssh", "SSH - git-receive-pack '/prj/app'", ACCESS_RECEIVE, "PRJ", "app"},
        {"ssh", "SSH - git-receive-pack /prj/app.git", ACCESS_RECEIVE, "PRJ", "app"},
        {"ssh", "SSH - git-receive-pack 'prj/app.git'", ACCESS_RECEIVE, "PRJ", "app"},
        {"ssh", "SSH - git-receive-pack '/scm/prj/app.git'", ACCESS_RECEIVE, "PRJ", "app"},
        {"ssh", "SSH - git receive-pack '/prj/app.git'", ACCESS_RECEIVE, "PRJ", "app"},
        {"ssh", "SSH - git-upload-pack '/prj/app.git'", ACCESS_OTHER, NULL, NULL},
        {"ssh", "SSH - git-upload-pack '/git-receive-pack/app.git'", ACCESS_OTHER, NULL, NULL},
        {"ssh", "SSH - git-receive-pack '/x/prj/app.git'", ACCESS_OTHER, NULL, NULL},
        {"ssh", "SSH - git-receive-pack '/app.git'", ACCESS_OTHER, NULL, NULL},
        {"ssh", "SSH - git-receive-pack '/prj/'", ACCESS_OTHER, NULL, NULL},
        {"ssh", "SSH - git-receive-pack '/prj/.git'", ACCESS_OTHER, NULL, NULL},
        {"ssh", "SSH - git-receive-pack '/a/b.git' '/prj/app.git'", ACCESS_OTHER, NULL, NULL},
        {"ssh", "SSH - git-receive-pack '/a'/prj/app.git'", ACCESS_OTHER, NULL, NULL},
        {"ssh", "SSH - git-receive-pack", ACCESS_OTHER, NULL, NULL},
        {"ssh", "SSH - git-receive-pack ''", ACCESS_OTHER, NULL, NULL},
        {"ssh", "git-receive-pack '/prj/app.git'", ACCESS_OTHER, NULL, NULL},
        {"ssh", GET, ACCESS_OTHER, NULL, NULL},
        {"https", GET, ACCESS_ADVERTISE, "PRJ", "app"},
        {"http", GET, ACCESS_ADVERTISE, "PRJ", "app"},
        {"https", "\"GET /bb/x/scm/prj/app.git/info/refs?service=git-receive-pack HTTP/1.1\"",
         ACCESS_ADVERTISE, "PRJ", "app"},
        {"https", "\"GET /scm/%7EJDoe/a%2Db.git/info/refs?x=1&service=git-receive-pack HTTP/2.0\"",
         ACCESS_ADVERTISE, "~jdoe", "A-B"},
        {"https", "\"GET /scm/~jdoe/app/info/refs?service=git-receive-pack HTTP/1.1\"",
         ACCESS_ADVERTISE, "~JDOE", "app"},
        {"https", "\"GET /scm/scm/scm.git/info/refs?service=git-receive-pack HTTP/1.1\"",
         ACCESS_ADVERTISE, "scm", "scm"},
        {"https", "\"POST /scm/prj/app.git/git-receive-pack HTTP/1.1\"", ACCESS_RECEIVE, "PRJ",
         "app"},
        {"https", "\"GET /scm/prj/app.git/git-receive-pack HTTP/1.1\"", ACCESS_OTHER, NULL, NULL},
        {"https", "\"POST /scm/prj/app.git/info/refs?service=git-receive-pack HTTP/1.1\"",
         ACCESS_OTHER, NULL, NULL},
        {"https", "\"GET /scm/prj/app.git/info/refs?service=git-upload-pack HTTP/1.1\"",
         ACCESS_OTHER, NULL, NULL},
        {"https",
         "\"GET /scm/prj/app.git/info/refs?service=git-upload-pack&x=git-receive-pack HTTP/1.1\"",
         ACCESS_OTHER, NULL, NULL},
        {"https", "\"GET /prj/app.git/info/refs?service=git-receive-pack HTTP/1.1\"", ACCESS_OTHER,
         NULL, NULL},
        {"https", "\"GET /x?/scm/prj/app.git/info/refs?service=git-receive-pack HTTP/1.1\"",
         ACCESS_OTHER, NULL, NULL},
        {"https", "\"GET /scm/prj/app.git/info/refs?service=git-receive-pack x HTTP/1.1\"",
         ACCESS_OTHER, NULL, NULL},
        {"https", "\"\"", ACCESS_OTHER, NULL, NULL},
        {"https", "\"", ACCESS_OTHER, NULL, NULL},
        {"https", SSH_PUSH, ACCESS_OTHER, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "1.2.3.4 | %s | o@1x | jdoe | " T " | %s | - | 0 | 1 | 1 | - | x |",
                 rows[i].protocol, rows[i].action);
        struct access_line line = parsed(text);
        if (line.action != rows[i].kind)
            fail_msg("%s: action %d", rows[i].action, (int)line.action);
        bool about = access_line_about(&line, text_of(rows[i].project), text_of(rows[i].slug));
        if (about != (rows[i].project != NULL) ||
            access_line_about(&line, TEXT("OTHER"), text_of(rows[i].slug)) ||
            access_line_about(&line, text_of(rows[i].project), TEXT("other")))
            fail_msg("%s: about %.*s/%.*s", rows[i].action, TEXT_ARG(line.project),
                     TEXT_ARG(line.slug));
    }
}

static void percent_encoding(void **state)
{
    (void)state;
    static const struct {
        const char *name, *decoded; /* NULL: malformed */
    } rows[] = {{"a%2Fb", "a/b"}, {"%7ejd", "~jd"},   {"a", "a"},    {"", ""},
                {"%41%42", "AB"}, {"%", NULL},        {"a%4", NULL}, {"%4g", NULL},
                {"%g4", NULL},    {"12345678x", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char room[8];
        struct text decoded = TEXT_NONE;
        bool good = access_name_decode(text_of(rows[i].name), room, sizeof room, &decoded);
        if (good != (rows[i].decoded != NULL) ||
            (good && !text_equal(decoded, text_of(rows[i].decoded))))
            fail_msg("%s: %.*s", rows[i].name, TEXT_ARG(decoded));
    }
}

/* ------------------------------------------------------------------ hostile lines */

/* What a client writes into addresses, agent and so on makes no field of its own. */
static void agents_forge_nothing(void **state)
{
    (void)state;
    static const char *const agents[] = {
        "git/2 | 200 | 1 | 1 | access-token:id:9 | 5 | s",
        "git/2\" | 200 | 1 | 1 | access-token:id:9 | 5 | s",
        "git/2\" | 200 | 1 | 1 | access-token:id:9 | 5 | s | x | \"",
        "| 200 | 1 | 1 | access-token:id:9 | 5 |",
        " | ",
    };
    for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++) {
        char text[512];
        uint64_t id = 0;
        struct text label;
        snprintf(text, sizeof text,
                 "1.2.3.4 | https | o@1x | jdoe | " T " | " GET
                 " | \"\" \"%s\" | 200 | 175 | 52 | async, refs | 43 | eyoqcd |",
                 agents[i]);
        struct access_line line = parsed(text);
        if (!line.details || !text_equal(line.labels, TEXT("async, refs")) ||
            !text_equal(line.agent, text_of(agents[i])) || line.duration_ms != 43 ||
            access_line_credential(&line, &id, &label) != ACCESS_CREDENTIAL_NONE)
            fail_msg("%s: labels %.*s", agents[i], TEXT_ARG(line.labels));
        assert_text(line.user, "jdoe");
    }
}

/* A line with a second beginning in it is nobody's; nor is one that is none at all. */
static void refused_lines(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        " |",
        "a line of another log",
        "1.2.3.4 | https | o@1x | jdoe | " T,
        "1.2.3.4 | https | o@1x | jdoe | " T " | " GET,
        "1.2.3.4 | ftp | o@1x | jdoe | " T " | " GET " | - | 200 | 1 | 1 | - | 1 | s |",
        "1.2.3.4 | https | x@1x | jdoe | " T " | " GET " | - | 200 | 1 | 1 | - | 1 | s |",
        "1.2.3.4 | https | o | jdoe | " T " | " GET " | - | 200 | 1 | 1 | - | 1 | s |",
        "1.2.3.4 | https | o@1x |  | " T " | " GET " | - | 200 | 1 | 1 | - | 1 | s |",
        "1.2.3.4 | https | o@1x | jdoe | 2024-02-30 15:52:07,836 | " GET " | - | 200 | 1 | 1 |",
        "1.2.3.4 | https | o@1x | jdoe | 2024-05-02T15:52:07,836 | " GET " | - | 200 | 1 | 1 |",
        /* X-Forwarded-For with a line in it, before the real one */
        "9.9.9.9 | ssh | i*9x | victim | " T " | " SSH_PUSH " | - | - | - | s,1.2.3.4 | https | "
        "o@1x | - | " T " | \"GET / HTTP/1.1\" | \"\" \"\" | 401 | 1 | 1 | - | 1 | s |",
        "9.9.9.9 | ssh | i*9x | victim,1.2.3.4 | https | o@1x | - | " T
        " | \"GET / HTTP/1.1\" | \"\" \"\" | 401 | 1 | 1 | - | 1 | s |",
        /* a user of that name */
        "1.2.3.4 | ssh | i*9x | victim | " T " | " SSH_PUSH " | " T " | " SSH_PUSH " | - | - | s |",
        "1.2.3.4 | ssh | i*9x | a | b | " T " | " SSH_PUSH " | - | - | - | s |",
        /* an agent with a line in it hides its own line at most */
        "1.2.3.4 | https | o@1x | jdoe | " T " | " GET " | \"\" \"x | ssh | i*9x | victim | " T
        " | " SSH_PUSH " | - | - | s\" | 200 | 1 | 1 | - | 1 | s |",
    };
    struct access_line line;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (access_line_parse(text_of(rows[i]), &line))
            fail_msg("parsed: %s", rows[i]);
    static const char nul[] = "1.2.3.4 | https | o@1x | jd\0oe | " T " | " GET " | - | 200 | 1 |";
    assert_false(access_line_parse((struct text){nul, sizeof nul - 1}, &line));
    assert_false(access_line_parse(TEXT_NONE, &line));
}

/* The label of a key is its owner's; ids that disagree are no answer. */
static void labels_of_credentials(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *labels;
        enum access_credential credential;
        uint64_t id;
    } rows[] = {
        {"ssh", "push, ssh:id:7, ssh:label:'ci'", ACCESS_CREDENTIAL_SSH_KEY, 7},
        {"ssh", "ssh:id:7, ssh:label:'x', ssh:id:8, access-token:id:9'", ACCESS_CREDENTIAL_SSH_KEY,
         7},
        {"ssh", "ssh:label:'x', ssh:id:8'", ACCESS_CREDENTIAL_NONE, 0},
        {"ssh", "access-token:id:9", ACCESS_CREDENTIAL_NONE, 0},
        {"ssh", "ssh:id:7, ssh:id:8", ACCESS_CREDENTIAL_UNKNOWN, 0},
        {"ssh", "ssh:id:7, ssh:id:7", ACCESS_CREDENTIAL_SSH_KEY, 7},
        {"ssh", "ssh:id:-7", ACCESS_CREDENTIAL_UNKNOWN, 0},
        {"https", "access-token:id:12, push", ACCESS_CREDENTIAL_TOKEN, 12},
        {"https", "access-token:id:12, access-token:id:13", ACCESS_CREDENTIAL_UNKNOWN, 0},
        {"https", "access-token:id:99999999999999999999", ACCESS_CREDENTIAL_UNKNOWN, 0},
        {"https", "xaccess-token:id:12", ACCESS_CREDENTIAL_NONE, 0},
        {"https", "ssh:id:7", ACCESS_CREDENTIAL_NONE, 0},
        {"https", "-", ACCESS_CREDENTIAL_NONE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        uint64_t id = 0;
        struct text label;
        snprintf(text, sizeof text,
                 "1.2.3.4 | %s | o@1x | jdoe | " T " | x | - | 0 | 1 | 1 | %s | 5 | s |",
                 rows[i].protocol, rows[i].labels);
        struct access_line line = parsed(text);
        enum access_credential found = access_line_credential(&line, &id, &label);
        if (found != rows[i].credential || (rows[i].id && id != rows[i].id))
            fail_msg("%s: %d, %llu", rows[i].labels, (int)found, (unsigned long long)id);
    }
}

/* Any line cut anywhere, with any byte changed, is read or refused, and nothing is read beyond it:
 * each copy is as long as it is, so that a sanitizer sees a byte too many. */
static void mutations(void **state)
{
    (void)state;
    static const char line[] = "1.2.3.4 | https | o@1x | jdoe | " T " | " GET
                               " | \"\" \"a | b\" | 200 | 1 | 1 | access-token:id:5 | 1 | s |";
    static const char bytes[] = "| \"'/%\0\xffiox0,:";
    for (size_t size = 0; size <= sizeof line - 1; size++)
        for (size_t at = 0; at < size; at++)
            for (size_t b = 0; b < sizeof bytes - 1; b++) {
                char *copy = malloc(size);
                struct access_line out;
                struct text label;
                uint64_t id;
                assert_non_null(copy);
                memcpy(copy, line, size);
                copy[at] = bytes[b];
                if (access_line_parse((struct text){copy, size}, &out)) {
                    access_line_about(&out, TEXT("PRJ"), TEXT("app"));
                    access_line_credential(&out, &id, &label);
                }
                free(copy);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ssh_begin),
        cmocka_unit_test(ssh_end),
        cmocka_unit_test(http_end),
        cmocka_unit_test(versions),
        cmocka_unit_test(actions),
        cmocka_unit_test(percent_encoding),
        cmocka_unit_test(agents_forge_nothing),
        cmocka_unit_test(refused_lines),
        cmocka_unit_test(labels_of_credentials),
        cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests_name("access_log", tests, NULL, NULL);
}
