/* bitbucket/client_secret.h, client_handle.h: what goes into headers and into messages. */
#include "tsv.h"

#include "bitbucket/client_handle.h"

/* ------------------------------------------------------------------ secrets */

static void basic(void **state)
{
    (void)state;
    static const struct {
        const char *user, *password, *basic;
    } cases[] = {
        {"Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, /* RFC 7617 */
        {"test", "123\xc2\xa3", "dGVzdDoxMjPCow=="},
        {"a", "b", "YTpi"},
        {"a", "bc", "YTpiYw=="},
        {"a", "bcd", "YTpiY2Q="},
        {"a", ":?>", "YTo6Pz4="},
        {"a", "\xff\xef\xbe", "YTr/774="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct credentials c = {.token = ""};
        struct secrets s;
        struct error err = {0};
        snprintf(c.user, sizeof c.user, "%s", cases[i].user);
        snprintf(c.password, sizeof c.password, "%s", cases[i].password);
        assert_int_equal(secrets_make(&c, &s, &err), STATUS_OK);
        assert_string_equal(s.basic, cases[i].basic);
    }
    struct credentials c = {.token = ""};
    memset(c.user, 'u', sizeof c.user - 1);
    memset(c.password, 'p', sizeof c.password - 1);
    struct secrets s;
    struct error err = {0};
    assert_int_equal(secrets_make(&c, &s, &err), STATUS_OK);
    assert_int_equal(strlen(s.basic), (1023 + 1 + 1023 + 2) / 3 * 4);
}

static void no_header_is_smuggled(void **state)
{
    (void)state;
    static const struct credentials bad[] = {
        {"tok\r\nX-Evil: 1", "", ""},
        {"tok\x7f", "", ""},
        {"", "a\nb", "c"},
        {"", "a", "b\r"},
        {"", "a:b", "c"},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct secrets s;
        struct error err = {0};
        assert_int_equal(secrets_make(&bad[i], &s, &err), STATUS_USAGE);
    }
}

static void secrets_are_taken_out(void **state)
{
    (void)state;
    static const struct {
        const char *outside, *safe;
        size_t most;
    } cases[] = {
        {"nothing", "nothing", 100},
        {"Bearer tok-123456 is bad", "Bearer [removed] is bad", 100},
        {"tok-123456tok-123456", "[removed][removed]", 100},
        {"tok-12345", "tok-12345", 100},
        {"pass: geheim! basic c3ZjOmdlaGVpbSE=", "pass: [removed] basic [removed]", 100},
        {"0123456789tok-123456", "0123456789[rem...", 14}, /* cut after it was taken out */
        {"proxy http://joe:pw@proxy:3128 is down", "proxy http://[removed]proxy:3128 is down", 100},
        {"https://a@b@c/x@y", "https://[removed]c/x@y", 100},
        {"https://h/x@y", "https://h/x@y", 100},
        {"://", "://", 100},
        {"a\x1b\n\\", "a\\x1b\\x0a\\x5c", 100},
    };
    struct credentials c = {"tok-123456", "svc", "geheim!"};
    struct secrets s;
    struct error err = {0};
    assert_int_equal(secrets_make(&c, &s, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char safe[200];
        secrets_quote(safe, sizeof safe, &s, text_of(cases[i].outside), cases[i].most);
        assert_string_equal(safe, cases[i].safe);
    }
    struct secrets zero;
    memset(&zero, 0, sizeof zero);
    secrets_wipe(&s);
    assert_memory_equal(&s, &zero, sizeof s);
}

/* ------------------------------------------------------------------ libcurl's errors */

static void network_errors(void **state)
{
    (void)state;
    static const struct {
        CURLcode code;
        const char *said;
        long os_errno;
        enum trouble trouble;
        const char *says;
    } cases[] = {
        {CURLE_COULDNT_CONNECT, "Failed to connect to h port 1: Connection refused", 111,
         TROUBLE_AGAIN, "refused"},
        {CURLE_COULDNT_CONNECT, "CONNECT tunnel failed, response 503", 0, TROUBLE_AGAIN, "503"},
        {CURLE_COULDNT_CONNECT, "CONNECT tunnel failed, response 407", 0, TROUBLE_FINAL, "407"},
        {CURLE_RECV_ERROR, "Received HTTP code 403 from proxy after CONNECT", 0, TROUBLE_FINAL,
         "403"},
        {CURLE_RECV_ERROR, "Recv failure: Connection reset by peer", 104, TROUBLE_AGAIN, "reset"},
        {CURLE_RECV_ERROR,
         "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
         0, TROUBLE_TLS, "--client-cert"},
        {CURLE_SEND_ERROR, "", 32, TROUBLE_AGAIN, "Failed sending"},
        {CURLE_OPERATION_TIMEDOUT, "Operation timed out", 0, TROUBLE_AGAIN, "timed out"},
        {CURLE_PARTIAL_FILE, "transfer closed with 5 bytes remaining to read", 0, TROUBLE_AGAIN,
         "5 bytes"},
        {CURLE_GOT_NOTHING, "Empty reply from server", 0, TROUBLE_AGAIN, "Empty"},
        {CURLE_HTTP2, "", 0, TROUBLE_AGAIN, ""},
        {CURLE_HTTP2_STREAM, "", 0, TROUBLE_AGAIN, ""},
        {CURLE_BAD_CONTENT_ENCODING, "", 0, TROUBLE_AGAIN, ""},
        {CURLE_COULDNT_RESOLVE_HOST, "Could not resolve host: h", 0, TROUBLE_NAME,
         "resolve host: h"},
        {CURLE_COULDNT_RESOLVE_PROXY, "Could not resolve proxy: p", 0, TROUBLE_NAME, "proxy: p"},
        {CURLE_SSL_CONNECT_ERROR,
         "OpenSSL SSL_connect: Connection reset by peer in connection to h:443", 104, TROUBLE_AGAIN,
         "reset"},
        {CURLE_SSL_CONNECT_ERROR, "error:0A00010B:SSL routines::wrong version number", 0,
         TROUBLE_TLS, "TLS: error"},
        {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: certificate has expired", 0,
         TROUBLE_TLS, "must be renewed"},
        {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: certificate is not yet valid", 0,
         TROUBLE_TLS, "clock"},
        {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: self-signed certificate", 0,
         TROUBLE_TLS, "--cacert FILE"},
        {CURLE_PEER_FAILED_VERIFICATION,
         "SSL certificate problem: unable to get local issuer certificate", 0, TROUBLE_TLS,
         "--cacert FILE"},
        {CURLE_PEER_FAILED_VERIFICATION,
         "SSL: no alternative certificate subject name matches target host name 'h'", 0,
         TROUBLE_TLS, "another name"},
        {CURLE_SSL_CACERT_BADFILE, "", 0, TROUBLE_TLS, "--cacert names no certificates"},
        {CURLE_SSL_CERTPROBLEM, "could not load PEM client certificate", 0, TROUBLE_TLS,
         "TLS: could not load"},
        {CURLE_OUT_OF_MEMORY, "", 0, TROUBLE_MEMORY, "out of memory"},
        {CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9 when not allowed", 0, TROUBLE_FINAL,
         "HTTP/0.9"},
        {CURLE_WRITE_ERROR, "", 0, TROUBLE_FINAL, ""},
        {CURLE_COULDNT_CONNECT, "http://joe:hunter2@proxy said no", 0, TROUBLE_AGAIN,
         "http://[removed]proxy"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {0};
        enum trouble trouble = handle_trouble(cases[i].code, cases[i].said, cases[i].os_errno);
        if (trouble != cases[i].trouble)
            fail_msg("%d %s: %d", (int)cases[i].code, cases[i].said, (int)trouble);
        handle_explain(cases[i].code, trouble, cases[i].said, NULL, &err);
        if (!strstr(err.text, cases[i].says) || strstr(err.text, "hunter2"))
            fail_msg("%d %s: %s", (int)cases[i].code, cases[i].said, err.text);
        assert_int_equal(err.code, trouble == TROUBLE_MEMORY ? STATUS_MEMORY : STATUS_IO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"RFC 7617: user and password", basic, 0, 0, 0},
        {"a credential cannot become a header of its own", no_header_is_smuggled, 0, 0, 0},
        {"messages hold no secret and nothing a terminal obeys", secrets_are_taken_out, 0, 0, 0},
        {"which errors of the network are worth another attempt", network_errors, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("client_secret", tests, NULL, NULL);
}
