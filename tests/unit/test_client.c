/* bitbucket/client.h: what it refuses before it connects (tests/cli/client.t has the rest). */
#include "tsv.h"

#include <limits.h>
#include <sys/stat.h>

#include "scratch.h"
#include "bitbucket/client.h"

static char directory[PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    scratch_make(directory, sizeof directory);
    scratch_sh(directory, "echo key >key; echo cert >cert; echo open >open; mkdir certs shared\n"
                          "chmod 600 key; chmod 644 cert; chmod 666 open; chmod 777 shared");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(directory);
    return 0;
}

static const struct credentials both = {"tok-123456", "svc", "hunter2"};

static struct client_options good_options(void)
{
    return (struct client_options){
        .base_url = "https://bitbucket.example.com/bb/", .credentials = &both, .slots = 3};
}

static void refused(const struct client_options *options, enum status status, const char *says)
{
    struct client *client = NULL;
    struct error err = {0};
    enum status got = client_new(options, &client, &err);
    if (got != status || !strstr(err.text, says) || strstr(err.text, "hunter2"))
        fail_msg("%s: %d %s", says, got, err.text);
    assert_null(client);
}

static void bad_options(void **state)
{
    (void)state;
    const struct client_options good = good_options();
    struct client_options o = good;
    o.slots = 0;
    refused(&o, STATUS_USAGE, "1 to 256 requests");
    o.slots = CLIENT_SLOTS_MAX + 1;
    refused(&o, STATUS_USAGE, "1 to 256 requests");
    o = good;
    o.base_url = "https://svc:hunter2@bitbucket.example.com";
    refused(&o, STATUS_USAGE, "holds a user");
    o.base_url = "http://bitbucket.example.com";
    refused(&o, STATUS_USAGE, "use https://");
    o = good;
    o.client_key = scratch_path(directory, "key");
    refused(&o, STATUS_USAGE, "a client key without its certificate");
    o = good;
    o.proxy = "http://joe:hunter2@proxy:3128";
    refused(&o, STATUS_USAGE, "belongs into the environment");
    o.proxy = "joe:hunter2@proxy:3128";
    refused(&o, STATUS_USAGE, "belongs into the environment");
    o.proxy = "gopher://proxy";
    refused(&o, STATUS_USAGE, "the proxy is neither");
    o = good;
    const struct credentials none = {.token = ""}, smuggled = {.token = "hunter2\r\nX-Evil: 1"};
    o.credentials = &none;
    refused(&o, STATUS_USAGE, "there is no credential");
    o.credentials = &smuggled;
    refused(&o, STATUS_USAGE, "a control character");
}

static void bad_files(void **state)
{
    (void)state;
    const struct client_options good = good_options();
    struct client_options o = good;
    o.cacert = scratch_path(directory, "none");
    refused(&o, STATUS_NOT_FOUND, "does not exist");
    o.cacert = scratch_path(directory, "open");
    refused(&o, STATUS_TRUST, "can be written by group or others");
    o.cacert = scratch_path(directory, "shared");
    refused(&o, STATUS_TRUST, "can be written by group or others");
    o = good;
    o.client_cert = scratch_path(directory, "cert"); /* holds the key, too: there is no other */
    refused(&o, STATUS_TRUST, "can be read by everybody");
    o.client_key = scratch_path(directory, "open");
    refused(&o, STATUS_TRUST, "can be written by group or others");
    o.client_key = scratch_path(directory, "none");
    refused(&o, STATUS_NOT_FOUND, "does not exist");
}

static void good_ones(void **state)
{
    (void)state;
    struct client_options o = good_options();
    struct client *client = NULL;
    struct error err = {0};
    o.cacert = scratch_path(directory, "certs");
    o.client_cert = scratch_path(directory, "cert");
    o.client_key = scratch_path(directory, "key");
    o.proxy = "socks5h://127.0.0.1:1080";
    o.slots = CLIENT_SLOTS_MAX;
    if (client_new(&o, &client, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_string_equal(client_base_url(client), "https://bitbucket.example.com/bb");
    assert_string_equal(client_account(client, true), "");
    assert_string_equal(client_account(client, false), ""); /* nobody has said so yet */
    assert_true(client_stats(client)->requests == 0 && client_stats(client)->waiting_until_us == 0);
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    client_quote(client, &out, TEXT("you sent Bearer tok-123456 \x1b[1m"), 80);
    assert_null(strstr(buffer_view(&out).at, "tok-123456")); /* a server that repeats what it got */
    assert_null(strchr(buffer_view(&out).at, '\x1b'));
    assert_non_null(strstr(buffer_view(&out).at, "you sent Bearer "));
    buffer_free(&out);
    client_free(client);
    client_free(NULL);
}

static void bad_questions(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",           "rest/x",         "/login",    "https://evil/rest/x",
        "/rest",      "//rest/x",       "/rest/a b", "/rest/\r\nX-Evil: 1",
        "/rest/\x7f", "/rest/\xc3\xa4", "/rest/x#y", "/rest/\\x",
    };
    const struct client_options o = good_options();
    struct client *client = NULL;
    struct client_answer answer;
    struct error err = {0};
    size_t slot;
    assert_int_equal(client_new(&o, &client, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        const struct client_request request = {.url = urls[i]};
        if (client_ask(client, 0, &request, &err) != STATUS_USAGE)
            fail_msg("%s is taken", urls[i]);
    }
    assert_int_equal(client_wait(client, &slot, &answer, &err), STATUS_USAGE);
    const struct client_request request = {.url = "/rest/x"};
    assert_int_equal(client_ask(client, 3, &request, &err), STATUS_USAGE); /* 0, 1, 2 */
    assert_int_equal(client_ask(client, 2, &request, &err), STATUS_OK);
    assert_int_equal(client_ask(client, 2, &request, &err), STATUS_USAGE);
    assert_int_equal(client_get(client, &request, &answer, &err), STATUS_USAGE);
    client_free(client); /* with a question that was never sent */
}

static void cancelled(void **state)
{
    (void)state;
    static volatile sig_atomic_t cancel = 1;
    struct client_options o = good_options();
    struct client *client = NULL;
    struct client_answer answer;
    struct error err = {0};
    const struct client_request request = {.url = "/rest/x"};
    o.cancel = &cancel;
    assert_int_equal(client_new(&o, &client, &err), STATUS_OK);
    assert_int_equal(client_get(client, &request, &answer, &err), STATUS_DEADLINE);
    assert_true(client_stats(client)->requests == 0);
    client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"options that make no sense are refused", bad_options, 0, 0, 0},
        {"files that others can change, keys that they can read", bad_files, 0, 0, 0},
        {"good options are taken, and nothing is asked", good_ones, 0, 0, 0},
        {"only paths of the REST API, one at a time in a slot", bad_questions, 0, 0, 0},
        {"cancelled before anything is sent", cancelled, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("client", tests, set_up, tear_down);
}
