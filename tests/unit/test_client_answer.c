/* bitbucket/client_answer.h, client_header.h: what an answer is taken for, without a network. */
#include "tsv.h"

#include <inttypes.h>

#include "bitbucket/client_answer.h"

#define JSON_TYPE "Content-Type: application/json;charset=UTF-8\n"
#define HTML_TYPE "Content-Type: text/html;charset=UTF-8\n"
#define ADMIN "X-AUSERNAME: admin\n"
#define ERRORS(message, name) \
    "{\"errors\":[{\"context\":null,\"message\":\"" message "\",\"exceptionName\":\"" name "\"}]}"
#define NOT_PERMITTED                                       \
    ERRORS("You are not permitted to access this resource", \
           "com.atlassian.bitbucket.AuthorisationException")
#define WRONG                        \
    ERRORS("Authentication failed.", \
           "com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException")
#define NOW INT64_C(1763784000000) /* Sat, 22 Nov 2025 04:00:00 GMT */

static struct headers headers_of(int status, const char *lines)
{
    struct headers headers = {.captcha = true};
    char first[40];
    struct text rest = text_of(lines), line;
    snprintf(first, sizeof first, "HTTP/1.1 %d Whatever\r\n", status);
    headers_line(&headers, text_of(first));
    while (rest.size && text_next_field(&rest, '\n', &line)) {
        char full[8192];
        snprintf(full, sizeof full, "%.*s\r\n", TEXT_ARG(line));
        headers_line(&headers, text_of(full));
    }
    headers_line(&headers, TEXT("\r\n"));
    return headers;
}

struct row {
    int status;
    const char *headers, *body;
    bool anonymous;
    const char *account; /* known before; NULL: none */
    enum answer_verdict verdict;
    enum status code; /* of what is not good */
    const char *says; /* part of the sentence; of what is good: X-AUSERNAME */
};

static const struct row rows[] = {
    /* good ones */
    {200, JSON_TYPE ADMIN, "{}", false, NULL, ANSWER_GOOD, 0, "admin"},
    {200, JSON_TYPE ADMIN, "[1]", false, "admin", ANSWER_GOOD, 0, "admin"},
    {200, "content-type: Application/JSON\nx-ausername: Admin\n", "{}", false, "admin", ANSWER_GOOD,
     0, "Admin"},
    {200, JSON_TYPE "X-AUSERNAME: j%C3%B6rg+x%2By\n", "{}", false, NULL, ANSWER_GOOD, 0,
     "j\xc3\xb6rg x+y"},
    {200, JSON_TYPE "X-AUSERNAME: a+b\n", "{}", false, "a+b", ANSWER_GOOD, 0, "a b"},
    {200, JSON_TYPE ADMIN ADMIN, "{}", false, NULL, ANSWER_GOOD, 0, "admin"},
    {200, JSON_TYPE, "{}", true, NULL, ANSWER_GOOD, 0, ""},
    {200, JSON_TYPE, "{}", true, "admin", ANSWER_GOOD, 0, ""},
    {204, ADMIN, "", false, NULL, ANSWER_GOOD, 0, "admin"},
    {400, JSON_TYPE ADMIN, ERRORS("bad", ""), false, NULL, ANSWER_GOOD, 0, "admin"},
    {401, JSON_TYPE ADMIN, NOT_PERMITTED, false, "admin", ANSWER_GOOD, 0, "admin"},
    {401, JSON_TYPE ADMIN,
     "{\"message\":\"x\",\"exceptionName\":\"com.atlassian.stash.exception.AuthorisationException\"}",
     false, NULL, ANSWER_GOOD, 0, "admin"},
    {403, JSON_TYPE ADMIN, NOT_PERMITTED, false, NULL, ANSWER_GOOD, 0, "admin"},
    {404, JSON_TYPE ADMIN, ERRORS("There is no", "x.NoSuchProjectException"), false, NULL,
     ANSWER_GOOD, 0, "admin"},
    {404, "Content-Type: application/xml\n" ADMIN, "<status/>", false, NULL, ANSWER_GOOD, 0,
     "admin"},
    {404, HTML_TYPE ADMIN, "<html/>", false, NULL, ANSWER_GOOD, 0, "admin"},
    {404, ADMIN, "", false, NULL, ANSWER_GOOD, 0, "admin"},
    {307, "Location: /bb/rest/x?y\n" ADMIN, "", false, "admin", ANSWER_GOOD, 0, "admin"},
    {308, "Location: https://h/bb/rest/x?y\n" ADMIN, "", false, "admin", ANSWER_GOOD, 0, "admin"},
    {307, "Location: /bb/rest/x?y\n", "", true, NULL, ANSWER_GOOD, 0, ""},
    /* nobody, or somebody else */
    {200, JSON_TYPE, "{}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "without signing us in (status 200"},
    {200, JSON_TYPE "X-AUSERNAME:\n", "{}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "without signing us in"},
    {200, JSON_TYPE "X-AUSERNAME: anonymous\n", "{}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "without signing us in"},
    {204, "", "", false, NULL, ANSWER_BAD, STATUS_TRUST, "without signing us in (status 204"},
    {404, JSON_TYPE, ERRORS("x", "x.NoSuchProjectException"), false, NULL, ANSWER_BAD, STATUS_TRUST,
     "without signing us in"},
    {404, "", "", false, NULL, ANSWER_BAD, STATUS_TRUST, "without signing us in"},
    {400, JSON_TYPE, ERRORS("x", ""), false, NULL, ANSWER_BAD, STATUS_TRUST,
     "without signing us in"},
    {307, "Location: /bb/rest/x\n", "", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "without signing us in (status 307"},
    {200, JSON_TYPE "X-AUSERNAME: mallory%1b\n", "{}", false, "admin", ANSWER_BAD, STATUS_TRUST,
     "is no name"},
    {200, JSON_TYPE "X-AUSERNAME: a%2\n", "{}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "is no name"},
    {200, JSON_TYPE "X-AUSERNAME: a%FF\n", "{}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "is no name"},
    {200, JSON_TYPE "X-AUSERNAME: a%00\n", "{}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "is no name"},
    {200, JSON_TYPE ADMIN "X-AUSERNAME: root\n", "{}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "is no name"},
    {200, JSON_TYPE "X-AUSERNAME: root\n", "{}", false, "admin", ANSWER_BAD, STATUS_TRUST,
     "for account \"root\", but this credential is that of \"admin\""},
    {200, JSON_TYPE "X-AUSERNAME: root\n", "{}", true, "admin", ANSWER_BAD, STATUS_TRUST,
     "for account \"root\""},
    {200, JSON_TYPE "X-AUSERNAME: admi\n", "{}", false, "admin", ANSWER_BAD, STATUS_TRUST,
     "for account"},
    {401, JSON_TYPE "X-AUSERNAME: root\n", NOT_PERMITTED, false, "admin", ANSWER_BAD, STATUS_TRUST,
     "for account \"root\""},
    {307, "Location: /bb/rest/x\nX-AUSERNAME: root\n", "", false, "admin", ANSWER_BAD, STATUS_TRUST,
     "for account"},
    /* refused */
    {401, JSON_TYPE, WRONG, false, NULL, ANSWER_BAD, STATUS_TRUST,
     "refused the credential (status 401): Authentication failed."},
    {401, JSON_TYPE ADMIN, WRONG, false, NULL, ANSWER_BAD, STATUS_TRUST, "refused the credential"},
    {401, JSON_TYPE, WRONG, true, NULL, ANSWER_BAD, STATUS_TRUST, "refused the credential"},
    {401, JSON_TYPE, NOT_PERMITTED, false, NULL, ANSWER_BAD, STATUS_TRUST,
     "refused the credential"},
    {401, JSON_TYPE ADMIN, ERRORS("x", "AuthorisationException"), false, NULL, ANSWER_BAD,
     STATUS_TRUST, "refused the credential"},
    {401, JSON_TYPE ADMIN, ERRORS("x", "com.example.NotAuthorisationException"), false, NULL,
     ANSWER_BAD, STATUS_TRUST, "refused"},
    {401, JSON_TYPE ADMIN, ERRORS("x", "x.AuthorisationExceptionX"), false, NULL, ANSWER_BAD,
     STATUS_TRUST, "refused"},
    {401, JSON_TYPE ADMIN, "{}", false, NULL, ANSWER_BAD, STATUS_TRUST, "refused the credential"},
    {401, JSON_TYPE ADMIN, "{\"errors\":{}}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "refused the credential"},
    {401, JSON_TYPE ADMIN, "{\"errors\":[null,3]}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "refused the credential"},
    {401, JSON_TYPE, "{\"err", false, NULL, ANSWER_BAD, STATUS_TRUST, "refused the credential"},
    {401, "", "", false, NULL, ANSWER_BAD, STATUS_TRUST, "refused the credential"},
    {401, JSON_TYPE,
     ERRORS("You are not currently licensed", "x.auth.NoAccessAuthenticationException"), false,
     NULL, ANSWER_BAD, STATUS_TRUST,
     "not licensed to use Bitbucket (status 401): You are not currently licensed"},
    {401, JSON_TYPE "X-Seraph-LoginReason: AUTHENTICATION_DENIED\n", WRONG, false, NULL, ANSWER_BAD,
     STATUS_TRUST, "CAPTCHA"},
    {403, JSON_TYPE "X-Authentication-Denied-Reason: CAPTCHA_CHALLENGE; login-url=x\n", WRONG,
     false, NULL, ANSWER_BAD, STATUS_TRUST, "CAPTCHA"},
    {403, JSON_TYPE, WRONG, false, NULL, ANSWER_BAD, STATUS_TRUST,
     "refused the credential (status 403)"},
    {403, HTML_TYPE, "<title>WAF</title>", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "an HTML page titled \"WAF\" came"},
    {403, HTML_TYPE ADMIN, "<title>WAF</title>", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "titled \"WAF\""},
    /* no Bitbucket */
    {200, HTML_TYPE, "<html><HEAD><Title class=x> Log\n\tin </title>", false, NULL, ANSWER_BAD,
     STATUS_TRUST,
     "an HTML page titled \"Log in\" came instead of Bitbucket's answer (status 200)"},
    {200, HTML_TYPE ADMIN, "<title>\x1b[31mred\xff</title>", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "titled \"\\x1b[31mred\\xff\""},
    {200, HTML_TYPE, "<title>", false, NULL, ANSWER_BAD, STATUS_TRUST, "an HTML page came"},
    {200, HTML_TYPE, "<titl", true, NULL, ANSWER_BAD, STATUS_TRUST, "an HTML page came"},
    {200, HTML_TYPE, "<title", false, NULL, ANSWER_BAD, STATUS_TRUST, "an HTML page came"},
    {200, HTML_TYPE,
     "<title>0123456789012345678901234567890123456789012345678901234567890123</title>", false, NULL,
     ANSWER_BAD, STATUS_TRUST,
     "titled \"012345678901234567890123456789012345678901234567890123456789...\""},
    {401, HTML_TYPE, "<title>SSO</title>", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "titled \"SSO\" came instead of Bitbucket's answer (status 401)"},
    {200, "Content-Type: text/plain\n" ADMIN, "{}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "an answer of type text/plain"},
    {200, "Content-Type: application/jsonx\n" ADMIN, "{}", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "an answer of type application/jsonx"},
    {200, ADMIN, "{}", false, NULL, ANSWER_BAD, STATUS_TRUST, "does not say what it is"},
    {400, HTML_TYPE, "<title>Bad Request</title>", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "titled \"Bad Request\""},
    {400, HTML_TYPE ADMIN, "<title>Bad Request</title>", false, NULL, ANSWER_BAD, STATUS_IO,
     "answered 400 with an HTML page"},
    {404, HTML_TYPE, "<title>404</title>", false, NULL, ANSWER_BAD, STATUS_TRUST, "titled \"404\""},
    {404, HTML_TYPE, "<title>404</title>", true, NULL, ANSWER_BAD, STATUS_IO,
     "no Bitbucket there (status 404, an HTML page titled \"404\")"},
    {404, JSON_TYPE, "{}", true, NULL, ANSWER_BAD, STATUS_IO, "is the context path missing"},
    {406, "", "", false, NULL, ANSWER_BAD, STATUS_IO, "the server answered 406"},
    {407, "", "", false, NULL, ANSWER_BAD, STATUS_IO, "the proxy wants a user"},
    {200 + 6, JSON_TYPE ADMIN, "{}", false, NULL, ANSWER_BAD, STATUS_IO, "the server answered 206"},
    {304, ADMIN, "", false, NULL, ANSWER_BAD, STATUS_IO, "the server answered 304"},
    {501, "", "", false, NULL, ANSWER_BAD, STATUS_IO, "the server answered 501"},
    {0, "", "", false, NULL, ANSWER_BAD, STATUS_IO, "the server answered 0"},
    /* redirects */
    {302, "Location: /bb/login?os_destination=hunter2\n", "", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "status 302 sends us to \"/bb/login\", which is no answer (a login page?)"},
    {302, "Location: /bb/rest/x\n" ADMIN, "", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "sends us to \"/bb/rest/x\""},
    {301, "Location: /bb/rest/x\n" ADMIN, "", false, NULL, ANSWER_BAD, STATUS_TRUST, "sends us to"},
    {303, "Location: https://sso.example.com/x?token=hunter2\n", "", false, NULL, ANSWER_BAD,
     STATUS_TRUST,
     "status 303 sends us to another server, \"sso.example.com\", which refgate does not follow"},
    {307, "Location: https://evil:444/bb/rest/x\n" ADMIN, "", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "another server, \"evil:444\""},
    {307, "Location: http://h/bb/rest/x\n" ADMIN, "", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "another server, \"h\""},
    {307, "Location: /rest/x\n" ADMIN, "", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "which is no answer"},
    {307, "Location: /bb/rest/../login\n" ADMIN, "", false, NULL, ANSWER_BAD, STATUS_TRUST,
     "which is no answer"},
    {307, ADMIN, "", false, NULL, ANSWER_BAD, STATUS_TRUST, "which is no answer"},
    /* the server's trouble */
    {429, "Retry-After: 7\n", "", false, NULL, ANSWER_THROTTLED, STATUS_IO,
     "the server answered 429"},
    {429, HTML_TYPE, "<title>Slow</title>", false, "admin", ANSWER_THROTTLED, STATUS_IO,
     "429 with an HTML page titled \"Slow\""},
    {500, JSON_TYPE ADMIN, "{}", false, NULL, ANSWER_AGAIN, STATUS_IO, "the server answered 500"},
    {502, HTML_TYPE, "<title>Bad Gateway</title>", false, NULL, ANSWER_AGAIN, STATUS_IO,
     "502 with an HTML page titled \"Bad Gateway\""},
    {503, "Retry-After: 7\n", "", false, NULL, ANSWER_AGAIN, STATUS_IO, "the server answered 503"},
    {504, "", "", false, NULL, ANSWER_AGAIN, STATUS_IO, "504"},
    {522, "", "", false, NULL, ANSWER_AGAIN, STATUS_IO, "522"},
    {408, "", "", false, NULL, ANSWER_AGAIN, STATUS_IO, "408"},
    {200, JSON_TYPE ADMIN, "{\"values\":[{\"a\":1},{\"b", false, NULL, ANSWER_AGAIN, STATUS_IO,
     "(status 200, 22 bytes) is no whole JSON"},
    {200, JSON_TYPE ADMIN, "", false, NULL, ANSWER_AGAIN, STATUS_IO, "it is empty"},
    {200, JSON_TYPE ADMIN, "{} x", false, NULL, ANSWER_AGAIN, STATUS_IO, "is no whole JSON"},
    {200, JSON_TYPE ADMIN, "{\"a\":1,\"a\":2}", false, NULL, ANSWER_AGAIN, STATUS_IO,
     "is no whole JSON"},
    {200, JSON_TYPE ADMIN, "\"text\"", false, NULL, ANSWER_AGAIN, STATUS_IO, "is no whole JSON"},
    {404, JSON_TYPE ADMIN, "{\"errors\":[", false, NULL, ANSWER_AGAIN, STATUS_IO, "(status 404"},
};

static void check_row(size_t i, const struct base_url *base)
{
    const struct row *row = &rows[i];
    struct headers headers = headers_of(row->status, row->headers);
    struct answer_facts facts = {.base = base,
                                 .status = row->status,
                                 .headers = &headers,
                                 .body = text_of(row->body),
                                 .anonymous = row->anonymous,
                                 .account = row->account ? row->account : "",
                                 .now_ms = NOW};
    struct answer_found found;
    struct error err = {0};
    enum answer_verdict verdict = answer_judge(&facts, &found, &err);
    if (verdict != row->verdict)
        fail_msg("row %zu (%d %s): verdict %d, %s", i, row->status, row->body, (int)verdict,
                 err.text);
    if (verdict == ANSWER_GOOD) {
        assert_string_equal(found.account, row->says);
        assert_int_equal(found.status, row->status == 308 ? 307 : row->status);
        assert_true((found.body != NULL) == (row->body[0] == '{' || row->body[0] == '['));
        assert_true((found.location != NULL) == (found.status == 307));
        if (found.location)
            assert_string_equal(found.location, "/rest/x?y");
    } else {
        if (err.code != row->code || !strstr(err.text, row->says) || strstr(err.text, "hunter2"))
            fail_msg("row %zu (%d): %d %s", i, row->status, err.code, err.text);
        assert_null(found.body);
        assert_null(found.location);
    }
    json_decref(found.body);
    free(found.location);
}

static void answers(void **state)
{
    (void)state;
    struct base_url base;
    struct error err = {0};
    assert_int_equal(base_url_parse("https://h/bb", false, &base, &err), STATUS_OK);
    /* 307 rows of the table have one location in common. */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(i, &base);
}

/* ------------------------------------------------------------------ of what was written */

/* What differs for requests that write, or that do not want JSON. */
static void answers_of_writes(void **state)
{
    static const struct {
        int status;
        const char *headers, *body;
        bool plain, may_be_empty;
        enum answer_verdict verdict;
        bool json; /* the answer has a body */
    } cases[] = {
        {201, JSON_TYPE ADMIN, "{}", false, false, ANSWER_GOOD, true},
        {201, JSON_TYPE ADMIN, "{", false, false, ANSWER_AGAIN, false},
        {201, HTML_TYPE ADMIN, "<title>x", false, false, ANSWER_BAD, false},
        {201, JSON_TYPE, "{}", false, false, ANSWER_BAD, false},
        {409, JSON_TYPE ADMIN, ERRORS("there already", "x"), false, false, ANSWER_GOOD, true},
        {409, HTML_TYPE ADMIN, "<title>x", false, false, ANSWER_BAD, false},
        {422, JSON_TYPE ADMIN, ERRORS("nothing given", "x"), false, false, ANSWER_GOOD, true},
        {422, JSON_TYPE, ERRORS("nothing given", "x"), false, false, ANSWER_BAD, false},
        {200, JSON_TYPE ADMIN, "", false, true, ANSWER_GOOD, false},
        {200, ADMIN, "", false, true, ANSWER_GOOD, false},
        {200, "", "", false, true, ANSWER_BAD, false},
        {200, HTML_TYPE ADMIN, "<title>x", false, true, ANSWER_BAD, false},
        {200, "Content-Type: application/octet-stream\n" ADMIN, "\x7f" "ELF", true, false, ANSWER_GOOD,
         false},
        {200, JSON_TYPE ADMIN, "{", true, false, ANSWER_GOOD, false},
        {200, ADMIN, "", true, false, ANSWER_GOOD, false},
        {200, HTML_TYPE, "<title>Log in", true, false, ANSWER_BAD, false},
        {404, JSON_TYPE ADMIN, ERRORS("none", "x"), true, false, ANSWER_GOOD, true},
        {401, JSON_TYPE ADMIN, NOT_PERMITTED, true, false, ANSWER_GOOD, true},
        {503, HTML_TYPE, "<title>x", true, false, ANSWER_AGAIN, false},
        {415, JSON_TYPE ADMIN, ERRORS("x", "x"), false, false, ANSWER_BAD, false},
    };
    struct base_url base;
    struct error err = {0};
    (void)state;
    assert_int_equal(base_url_parse("https://h/bb", false, &base, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct headers headers = headers_of(cases[i].status, cases[i].headers);
        struct answer_facts facts = {.base = &base,
                                     .status = cases[i].status,
                                     .headers = &headers,
                                     .body = text_of(cases[i].body),
                                     .plain = cases[i].plain,
                                     .may_be_empty = cases[i].may_be_empty,
                                     .account = "admin",
                                     .now_ms = NOW};
        struct answer_found found;
        enum answer_verdict verdict = answer_judge(&facts, &found, &err);
        if (verdict != cases[i].verdict || (found.body != NULL) != cases[i].json)
            fail_msg("case %zu (%d): verdict %d, %s", i, cases[i].status, (int)verdict, err.text);
        json_decref(found.body);
    }
}

/* ------------------------------------------------------------------ headers */

static void retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int64_t ms;
    } cases[] = {
        {"", -1},
        {"Retry-After: 5\n", 5000},
        {"retry-after:0\n", 0},
        {"Retry-After: 99999999999999\n", -1},
        {"Retry-After: 4294967296\n", -1},
        {"Retry-After: -5\n", -1},
        {"Retry-After: soon\n", -1},
        {"Retry-After: Sat, 22 Nov 2025 04:00:30 GMT\n", 30000},
        {"Retry-After: Saturday, 22-Nov-25 04:01:00 GMT\n", 60000},
        {"Retry-After: Sat, 22 Nov 2025 03:00:00 GMT\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct headers headers = headers_of(429, cases[i].header);
        int64_t ms = headers_retry_after_ms(&headers, NOW);
        if (ms != cases[i].ms)
            fail_msg("%s: %" PRId64, cases[i].header, ms);
    }
}

static void dates(void **state)
{
    (void)state;
    struct headers headers = headers_of(200, "Date: Sat, 22 Nov 2025 04:00:00 GMT\n");
    assert_true(headers_date_ms(&headers) == NOW);
    headers = headers_of(200, "Date: yesterday\n");
    assert_true(headers_date_ms(&headers) == 0);
    headers = headers_of(200, "");
    assert_true(headers_date_ms(&headers) == 0);
}

/* 100 Continue and the like come first; what they say does not count. */
static void a_status_line_begins_anew(void **state)
{
    (void)state;
    struct headers headers = headers_of(103, ADMIN JSON_TYPE "Location: /x\n");
    size_t before = headers.bytes;
    headers_line(&headers, TEXT("HTTP/2 200\r\n"));
    assert_true(!headers.account[0] && !headers.content_type[0] && !headers.location[0]);
    assert_true(headers.bytes > before); /* the bound is on all of them */
}

/* After a chunked body. The account that gave the answer is known before it. */
static void a_trailer_is_no_header(void **state)
{
    (void)state;
    char account[ACCOUNT_MAX];
    struct headers headers = headers_of(200, JSON_TYPE); /* ends with the empty line */
    headers_line(&headers, TEXT("X-AUSERNAME: admin\r\n"));
    headers_line(&headers, TEXT("\r\n"));
    assert_true(headers_account(&headers, account) && !account[0]);
}

static void long_headers(void **state)
{
    (void)state;
    char line[6000], account[ACCOUNT_MAX] = "before";
    struct headers headers = {.bytes = 0};
    snprintf(line, sizeof line, "X-AUSERNAME: %0300d\r\n", 0);
    headers_line(&headers, text_of(line));
    assert_false(headers_account(&headers, account));
    headers = (struct headers){.bytes = 0};
    snprintf(line, sizeof line, "X-AUSERNAME: %0255d\r\n", 0);
    headers_line(&headers, text_of(line));
    assert_true(headers_account(&headers, account) && strlen(account) == 255);
    headers = (struct headers){.bytes = 0};
    snprintf(line, sizeof line, "X-AUSERNAME: %01500d\r\n", 0);
    headers_line(&headers, text_of(line));
    assert_false(headers_account(&headers, account));
    snprintf(line, sizeof line, "Location: /rest/%05000d\r\n", 0);
    headers_line(&headers, text_of(line));
    assert_true(headers.location_long);
    headers_line(&headers, TEXT("no colon\r\n"));
    headers_line(&headers, TEXT(":\r\n"));
    headers_line(&headers, TEXT(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"rest-api 4: what an answer is taken for", answers, 0, 0, 0},
        {"answers to what writes, and to what is no JSON", answers_of_writes, 0, 0, 0},
        {"Retry-After: seconds or a date", retry_after, 0, 0, 0},
        {"Date", dates, 0, 0, 0},
        {"a status line begins anew", a_status_line_begins_anew, 0, 0, 0},
        {"a trailer is no header", a_trailer_is_no_header, 0, 0, 0},
        {"headers that are too long are not half believed", long_headers, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("client_answer", tests, NULL, NULL);
}
