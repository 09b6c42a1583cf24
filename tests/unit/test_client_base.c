/* bitbucket/client_base.h: the address of a Bitbucket, and where redirects lead. */
#include "tsv.h"

#include "bitbucket/client_base.h"

#define TEXT_64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define TEXT_512 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64

static void good_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *given, *url, *host, *path;
        unsigned port;
    } rows[] = {
        {"https://bitbucket.example.com", "https://bitbucket.example.com", "bitbucket.example.com",
         "", 443},
        {"https://bitbucket.example.com/", "https://bitbucket.example.com", "bitbucket.example.com",
         "", 443},
        {"HTTPS://BitBucket.Example.COM/Stash//", "https://bitbucket.example.com/Stash",
         "bitbucket.example.com", "/Stash", 443},
        {"https://h:8443/a/b", "https://h:8443/a/b", "h", "/a/b", 8443},
        {"https://h:443", "https://h:443", "h", "", 443},
        {"https://10.0.0.1/bitbucket", "https://10.0.0.1/bitbucket", "10.0.0.1", "/bitbucket", 443},
        {"https://[2001:DB8::1]:7990/x", "https://[2001:db8::1]:7990/x", "2001:db8::1", "/x", 7990},
        {"https://[::1]", "https://[::1]", "::1", "", 443},
        {"https://xn--bcher-kva.example/%C3%A4", "https://xn--bcher-kva.example/%C3%A4",
         "xn--bcher-kva.example", "/%C3%A4", 443},
        {"http://localhost:7990/bitbucket", "http://localhost:7990/bitbucket", "localhost",
         "/bitbucket", 7990},
        {"http://LOCALHOST", "http://localhost", "localhost", "", 80},
        {"http://127.0.0.1:7990", "http://127.0.0.1:7990", "127.0.0.1", "", 7990},
        {"http://127.255.3.4", "http://127.255.3.4", "127.255.3.4", "", 80},
        {"http://[::1]:7990", "http://[::1]:7990", "::1", "", 7990},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct base_url base;
        struct error err = {0};
        if (base_url_parse(rows[i].given, false, &base, &err) != STATUS_OK)
            fail_msg("%s: %s", rows[i].given, err.text);
        assert_string_equal(base.url, rows[i].url);
        if (!text_equal(base.host, text_of(rows[i].host)) ||
            !text_equal(base.path, text_of(rows[i].path)) || base.port != rows[i].port ||
            base.https != (rows[i].url[4] == 's'))
            fail_msg("%s: host %.*s, port %u, path %.*s", rows[i].given, TEXT_ARG(base.host),
                     base.port, TEXT_ARG(base.path));
    }
}

static void bad_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *given, *says;
    } rows[] = {
        {"", "is empty"},
        {"/", "is empty"},
        {"bitbucket.example.com", "is not of the form"},
        {"bitbucket.example.com:443/x", "is not of the form"},
        {"//bitbucket.example.com", "is not of the form"},
        {"https:/h", "is not of the form"},
        {"https:h", "is not of the form"},
        {"https://", "is not of the form"}, /* its slashes are cut */
        {"https:///x", "names no host"},
        {"ftp://h", "neither https"},
        {"file:///etc/passwd", "neither https"},
        {"https://user:hunter2@h", "holds a user"},
        {"https://user@h/x", "holds a user"},
        {"https://h@", "holds a user"},
        {"https://h?x=hunter2", "a query or a fragment"},
        {"https://h/x?", "a query or a fragment"},
        {"https://h/x#y", "a query or a fragment"},
        {"https://h#@evil", "a query or a fragment"},
        {"https://h\\@evil", "a backslash"},
        {"https://h/a b", "holds a blank"},
        {" https://h", "holds a blank"},
        {"https://h/\n", "control character"},
        {"https://h/\x7f", "control character"},
        {"https://b\xc3\xbc"
         "cher.example",
         "other than ASCII"},
        {"https://h/../x", "\"..\""},
        {"https://h/a/./x", "\"..\""},
        {"https://h/a/..", "\"..\""},
        {"https://h/%2e%2E/x", "\"..\""},
        {"https://h/.%2e/x", "\"..\""},
        {"https://h:", "names no host"},
        {"https://h:0", "names no host"},
        {"https://h:65536", "names no host"},
        {"https://h:80a", "names no host"},
        {"https://h:-1", "names no host"},
        {"https://:80", "names no host"},
        {"https://h%00", "names no host"},
        {"https://[::1", "names no host"},
        {"https://[]", "names no host"},
        {"https://[::1]x", "names no host"},
        {"https://[fe80::1%25eth0]", "names no host"},
        {"https://a,b", "names no host"},
        {"http://bitbucket.example.com", "use https"},
        {"http://127.0.0.1.example.com", "use https"},
        {"http://127.example.com", "use https"},
        {"http://127.0.0.256", "use https"},
        {"http://127.1", "use https"},
        {"http://localhost.example.com", "use https"},
        {"http://[::2]", "use https"},
        {"http://128.0.0.1", "use https"},
        {"https://h/" TEXT_512 TEXT_512 TEXT_512 TEXT_512, "longer than 2048"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct base_url base = {.port = 77};
        struct error err = {0};
        enum status status = base_url_parse(rows[i].given, false, &base, &err);
        if (status != STATUS_USAGE || !strstr(err.text, rows[i].says) ||
            strstr(err.text, "hunter2"))
            fail_msg("%s: %d %s", rows[i].given, status, err.text);
        assert_int_equal(base.port, 77);
    }
}

static void http_with_leave(void **state)
{
    (void)state;
    struct base_url base;
    struct error err = {0};
    assert_int_equal(base_url_parse("http://bitbucket.example.com", true, &base, &err), STATUS_OK);
    assert_true(!base.https && base.port == 80);
}

static void redirects(void **state)
{
    (void)state;
    static const struct {
        const char *base, *location;
        enum redirect where;
        const char *path; /* or host */
    } rows[] = {
        {"https://h", "/rest/api/x", REDIRECT_INSIDE, "/rest/api/x"},
        {"https://h", "https://h/rest/api/x?limit=1&a=/../b", REDIRECT_INSIDE,
         "/rest/api/x?limit=1&a=/../b"},
        {"https://h", "https://H:443/rest/x", REDIRECT_INSIDE, "/rest/x"},
        {"https://h", "//h/rest/x", REDIRECT_INSIDE, "/rest/x"},
        {"https://h:8443", "https://h:8443/rest/x", REDIRECT_INSIDE, "/rest/x"},
        {"https://h/stash", "https://h/stash/rest/x", REDIRECT_INSIDE, "/rest/x"},
        {"https://h/stash", "/stash/rest/x", REDIRECT_INSIDE, "/rest/x"},
        {"http://[::1]:7990", "http://[::1]:7990/rest/x", REDIRECT_INSIDE, "/rest/x"},
        {"https://h/stash", "/rest/x", REDIRECT_OUTSIDE, NULL},
        {"https://h/stash", "/stashes/rest/x", REDIRECT_OUTSIDE, NULL},
        {"https://h", "/login", REDIRECT_OUTSIDE, NULL},
        {"https://h", "/rest", REDIRECT_OUTSIDE, NULL},
        {"https://h", "/restore/x", REDIRECT_OUTSIDE, NULL},
        {"https://h", "https://h", REDIRECT_OUTSIDE, NULL},
        {"https://h", "https://h?/rest/x", REDIRECT_OUTSIDE, NULL},
        {"https://h", "/rest/../login", REDIRECT_OUTSIDE, NULL},
        {"https://h", "/rest/%2E%2e/login", REDIRECT_OUTSIDE, NULL},
        {"https://h", "/rest/x/..", REDIRECT_OUTSIDE, NULL},
        {"https://h", "/rest/x/..?y", REDIRECT_OUTSIDE, NULL},
        {"https://h", "https://evil/rest/x", REDIRECT_ELSEWHERE, "evil"},
        {"https://h", "//evil/rest/x", REDIRECT_ELSEWHERE, "evil"},
        {"https://h", "https://h.evil/rest/x", REDIRECT_ELSEWHERE, "h.evil"},
        {"https://h", "https://h:444/rest/x", REDIRECT_ELSEWHERE, "h:444"},
        {"https://h", "http://h/rest/x", REDIRECT_ELSEWHERE, "h"},
        {"https://h", "http://h:443/rest/x", REDIRECT_ELSEWHERE, "h:443"},
        {"http://localhost", "https://localhost/rest/x", REDIRECT_TO_HTTPS, NULL},
        {"http://localhost:7990", "https://localhost:8443/login", REDIRECT_TO_HTTPS, NULL},
        {"http://localhost", "https://evil/rest/x", REDIRECT_ELSEWHERE, "evil"},
        {"https://h", "", REDIRECT_BAD, NULL},
        {"https://h", "rest/x", REDIRECT_BAD, NULL},
        {"https://h", "?x", REDIRECT_BAD, NULL},
        {"https://h", "/rest/x#y", REDIRECT_BAD, NULL},
        {"https://h", "/\\evil/rest/x", REDIRECT_BAD, NULL},
        {"https://h", "/rest/x y", REDIRECT_BAD, NULL},
        {"https://h", "/rest/\xc3\xa4", REDIRECT_BAD, NULL},
        {"https://h", "https://h@evil/rest/x", REDIRECT_BAD, NULL},
        {"https://h", "https://evil@h/rest/x", REDIRECT_BAD, NULL},
        {"https://h", "javascript:alert(1)", REDIRECT_BAD, NULL},
        {"https://h", "ftp://h/rest/x", REDIRECT_BAD, NULL},
        {"https://h", "https:/rest/x", REDIRECT_BAD, NULL},
        {"https://h", "https:///rest/x", REDIRECT_BAD, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct base_url base;
        struct error err = {0};
        struct text path = TEXT_NONE, host = TEXT_NONE;
        if (base_url_parse(rows[i].base, false, &base, &err) != STATUS_OK)
            fail_msg("%s: %s", rows[i].base, err.text);
        enum redirect where = base_url_redirect(&base, text_of(rows[i].location), &path, &host);
        if (where != rows[i].where)
            fail_msg("%s -> %s: %d", rows[i].base, rows[i].location, (int)where);
        struct text expected = text_of(rows[i].path), got = where == REDIRECT_INSIDE ? path : host;
        if (expected.at && !text_equal(got, expected))
            fail_msg("%s -> %s: %.*s", rows[i].base, rows[i].location, TEXT_ARG(got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"addresses are taken apart and written in one way", good_addresses, 0, 0, 0},
        {"what else there is in an address is refused", bad_addresses, 0, 0, 0},
        {"http to other machines needs leave", http_with_leave, 0, 0, 0},
        {"redirects: only below /rest/ of the same server is inside", redirects, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("client_base", tests, NULL, NULL);
}
