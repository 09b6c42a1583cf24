/* bitbucket/redact.h: what nobody may keep. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitbucket/redact.h"

#define CASES 40000

static json_t *parse(const char *text, size_t size)
{
    json_error_t error;
    json_t *value = json_loadb(text, size, JSON_DECODE_ANY, &error);
    if (!value)
        fail_msg("%s: %.200s", error.text, text);
    return value;
}

static char *dump(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_non_null(text);
    return text;
}

/* ------------------------------------------------------------------ examples */

static const struct example {
    const char *is, *becomes; /* NULL: stays as it is, and is not even looked into */
} examples[] = {
    /* names */
    {"{\"configuration\":{\"secret\":\"hunter2\"}}",
     "{\"configuration\":{\"secret\":\"[removed]\"}}"},
    {"{\"webhookSecret\":1}", "{\"webhookSecret\":\"[removed]\"}"},
    {"{\"PASSWORD\":[\"a\",\"b\"]}", "{\"PASSWORD\":\"[removed]\"}"},
    {"{\"db-passwd\":\"x\"}", "{\"db-passwd\":\"[removed]\"}"},
    {"{\"credentials\":{\"username\":\"u\",\"password\":\"p\"}}",
     "{\"credentials\":\"[removed]\"}"},
    {"{\"x-api-key\":\"k\"}", "{\"x-api-key\":\"[removed]\"}"},
    {"{\"ApiKey\":\"k\"}", "{\"ApiKey\":\"[removed]\"}"},
    {"{\"my_api_key_2\":\"k\"}", "{\"my_api_key_2\":\"[removed]\"}"},
    {"{\"privateKey\":\"k\"}", "{\"privateKey\":\"[removed]\"}"},
    {"{\"Authorization\":\"Bearer x\"}", "{\"Authorization\":\"[removed]\"}"},
    {"{\"set-cookie\":\"k\"}", "{\"set-cookie\":\"[removed]\"}"},
    {"{\"accessToken\":\"k\"}", "{\"accessToken\":\"[removed]\"}"},
    {"{\"tokenPermissions\":[\"A\"]}", "{\"tokenPermissions\":\"[removed]\"}"},
    {"{\"permissions\":[\"REPO_WRITE\"]}", NULL},
    {"{\"a\":[[{\"b\":[{\"token\":{\"c\":1}}]}]]}",
     "{\"a\":[[{\"b\":[{\"token\":\"[removed]\"}]}]]}"},
    {"{\"s\\u0065cret\":\"x\"}", "{\"secret\":\"[removed]\"}"},
    {"{\"secret\" \n\t: \"x\"}", "{\"secret\":\"[removed]\"}"},
    /* that there is none, or that it is on, is no secret */
    {"{\"secret\":null,\"token\":true,\"password\":\"\",\"cookies\":[],\"credentials\":{}}",
     "{\"secret\":null,\"token\":true,\"password\":\"\",\"cookies\":[],\"credentials\":{}}"},
    /* words in values say nothing */
    {"{\"name\":\"token-service\",\"description\":\"the secret: none\"}", NULL},
    {"[\"password\",\"secret\"]", NULL},
    /* URLs */
    {"{\"href\":\"https://u:p@h:1/x?y#z\"}", "{\"href\":\"https://h:1/x?y#z\"}"},
    {"{\"href\":\"https:\\/\\/u:p@h\\/x\"}", "{\"href\":\"https://h/x\"}"},
    {"{\"href\":\"https:\\u002f/u:p\\u0040h/x\"}", "{\"href\":\"https://h/x\"}"},
    {"[\"https://TOKEN@h/x\"]", "[\"https://h/x\"]"},
    {"\"see https://u:p@h/a and http://v:q@i/b.\"", "\"see https://h/a and http://i/b.\""},
    {"[\"https://u:p@q@h/x\"]", "[\"https://h/x\"]"},
    {"[\"https://u:pa/ss@h/x\"]", "[\"https://h/x\"]"},
    {"[\"https://u:pa?ss#@h/x\"]", "[\"https://h/x\"]"},
    {"[\"https://u@h:x/y@z\"]", "[\"https://z\"]"},
    {"[\"https://u:p@[::1]:80/x\"]", "[\"https://[::1]:80/x\"]"},
    {"[\"https://[::1]/x@y\",\"https://h:80/x@y\",\"https://h/x@y\"]", NULL},
    {"[\"mailto:a@b\",\"git@h:x/y\",\"a@b.example.com\",\"://\",\"x://\",\":// @\"]", NULL},
    {"[\"ssh://git@h:7999/prj/app.git\",\"git+ssh://git@h/x\"]", NULL},
    {"[\"ssh://git:pw@h:7999/x\"]", "[\"ssh://h:7999/x\"]"},
    {"{\"https://u:p@h/\":{\"https://v@i\":[]}}", "{\"https://h/\":{\"https://i\":[]}}"},
    {"[\"https://h/\\\"@x\"]", NULL},
    /* what a webhook calls */
    {"{\"url\":\"https://hooks.example.com:8443/services/T0/B0/XXXX?t=1\"}",
     "{\"url\":\"https://hooks.example.com:8443/[removed]\"}"},
    {"{\"URL\":\"https://u:p@h\"}", "{\"URL\":\"https://h\"}"},
    {"{\"url\":\"https://h/\"}", "{\"url\":\"https://h\"}"},
    {"{\"url\":\"https://h?k=1\"}", "{\"url\":\"https://h/[removed]\"}"},
    {"{\"url\":\"h/secret\"}", "{\"url\":\"[removed]\"}"},
    {"{\"url\":\"see me: https://h/x\"}", "{\"url\":\"[removed]\"}"},
    {"{\"url\":\"https:///x\"}", "{\"url\":\"[removed]\"}"},
    {"{\"url\":\"\"}", "{\"url\":\"\"}"},
    {"{\"link\":{\"url\":\"/projects/PRJ\",\"rel\":\"self\"}}", NULL},
    {"{\"url\":{\"x\":1},\"urls\":[\"https://h/x\"]}", NULL},
    /* private keys */
    {"{\"text\":\"-----BEGIN RSA PRIVATE KEY-----\\nMII\\n-----END\"}", "{\"text\":\"[removed]\"}"},
    {"[\"x -----BEGIN PRIVATE KEY-----\"]", "[\"[removed]\"]"},
    {"[\"PuTTY-User-Key-File-3: ssh-rsa\"]", "[\"[removed]\"]"},
    {"{\"-----BEGIN OPENSSH PRIVATE KEY-----\":1}", "{\"[removed]\":1}"},
    {"{\"text\":\"ssh-rsa AAAAB3 me@h\",\"label\":\"PRIVATE KEY\"}", NULL},
    {"{\"text\":\"-----BEGIN PUBLIC KEY-----\"}", NULL},
    {"{}", NULL},
    {"17", NULL},
};

static void each_example(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const char *is = examples[i].is;
        const char *wanted = examples[i].becomes ? examples[i].becomes : is;
        json_t *value = parse(is, strlen(is)), *want = parse(wanted, strlen(wanted));
        if (redact_needed(text_of(is)) != (examples[i].becomes != NULL))
            fail_msg("redact_needed: %s", is);
        assert_true(redact_json(value));
        char *got = dump(value), *expected = dump(want);
        assert_string_equal(got, expected);
        free(got);
        free(expected);
        json_decref(value);
        json_decref(want);
    }
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *becomes;
    } cases[] = {
        {"https://user:pw@host:1/path?x", "https://host:1/[removed]"},
        {"http://host", "http://host"},
        {"http://host/", "http://host"},
        {"HTTP://Host:8080?x=1", "HTTP://Host:8080/[removed]"},
        {"ssh://git@host/x", "ssh://host/[removed]"},
        {"https://host:1/[removed]", "https://host:1/[removed]"},
        {"no url", "[removed]"},
        {"", ""},
    };
    char out[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        redact_url(text_of(cases[i].url), out, sizeof out);
        assert_string_equal(out, cases[i].becomes);
    }
    redact_url(TEXT("https://host/x"), out, 8);
    assert_string_equal(out, "https:/");
    redact_url(TEXT("https://host/x"), out, 1);
    assert_string_equal(out, "");
}

/* Deeper than any call stack; what a parser lets through. */
static void deep(void **state)
{
    (void)state;
    enum { DEPTH = 2000 };
    static char text[DEPTH * 8];
    size_t size = 0;
    for (int i = 0; i < DEPTH; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, i % 2 ? "[" : "{\"a\":");
    size += (size_t)snprintf(text + size, sizeof text - size, "\"https://u:p@h\"");
    for (int i = DEPTH - 1; i >= 0; i--)
        text[size++] = i % 2 ? ']' : '}';
    json_t *value = parse(text, size);
    assert_true(redact_needed((struct text){text, size}));
    assert_true(redact_json(value));
    char *got = dump(value);
    assert_null(strstr(got, "u:p"));
    assert_non_null(strstr(got, "https://h"));
    free(got);
    json_decref(value);
}

/* ------------------------------------------------------------------ properties */

static uint64_t seed;

static unsigned below(unsigned most) /* xorshift64*; < most */
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (unsigned)((seed * UINT64_C(2685821657736338717)) >> 33) % most;
}

struct text_maker {
    char at[8192];
    size_t size;
};

static void put(struct text_maker *t, const char *s)
{
    size_t size = strlen(s);
    assert_true(t->size + size < sizeof t->at);
    memcpy(t->at + t->size, s, size);
    t->size += size;
}

/* A JSON string of pieces that matter, some of their characters escaped in one way or other. */
static void put_string(struct text_maker *t)
{
    static const char *const pieces[] = {"secret",  "Password", "token",
                                         "cookie",  "api",      "_",
                                         "-",       "key",      "url",
                                         "URL",     "://",      "@",
                                         ":",       "/",        "u",
                                         "pw",      "h",        "?",
                                         "#",       " ",        "https",
                                         "ssh",     "[",        "]",
                                         "80",      "\\n",      "\\\\",
                                         "\\\"",    "\\t",      ".",
                                         "x",       "\xc3\xa4", "PRIVATE KEY-----",
                                         "private", "s",        "e",
                                         "c",       "name",     "<"};
    put(t, "\"");
    for (unsigned i = below(7); i > 0; i--) {
        const char *piece = pieces[below(sizeof pieces / sizeof pieces[0])];
        for (const char *c = piece; *c; c++) {
            char escaped[8] = {*c, '\0'};
            if (*c == '\\') {
                put(t, (char[]){*c, c[1], '\0'});
                c++;
                continue;
            }
            if (!(*c & 0x80) && below(40) == 0)
                snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)*c);
            else if (*c == '/' && below(10) == 0)
                snprintf(escaped, sizeof escaped, "\\/");
            put(t, escaped);
        }
    }
    put(t, "\"");
}

static void put_blank(struct text_maker *t)
{
    static const char *const blanks[] = {"", "", "", " ", "\n", "\t \r"};
    put(t, blanks[below(6)]);
}

static void put_json(struct text_maker *t)
{
    char closers[16];
    unsigned depth = 0;
    bool first = true;
    char begin = below(2) ? '[' : '{';
    put(t, begin == '[' ? "[" : "{");
    closers[depth++] = begin == '[' ? ']' : '}';
    for (unsigned steps = 0; depth; steps++) {
        unsigned what = steps > 30 || depth == sizeof closers ? 0 : below(8);
        char closer = closers[depth - 1];
        if (what == 0) {
            put(t, (char[]){closer, '\0'});
            depth--;
            first = false;
            continue;
        }
        if (!first)
            put(t, ",");
        put_blank(t);
        if (closer == '}') {
            put_string(t);
            put_blank(t);
            put(t, ":");
            put_blank(t);
        }
        first = what == 1 || what == 2;
        if (first) {
            put(t, what == 1 ? "[" : "{");
            closers[depth++] = what == 1 ? ']' : '}';
        } else if (what == 3) {
            static const char *const plain[] = {"1", "-2.5", "true", "false", "null", "0"};
            put(t, plain[below(6)]);
        } else {
            put_string(t);
        }
    }
}

static void what_is_not_needed_changes_nothing(void **state)
{
    (void)state;
    size_t needed = 0, changed = 0;
    for (uint64_t i = 0; i < CASES; i++) {
        struct text_maker t = {.size = 0};
        seed = i * UINT64_C(0x9e3779b97f4a7c15) + 1;
        put_json(&t);
        json_t *value = parse(t.at, t.size), *before = json_deep_copy(value);
        bool need = redact_needed((struct text){t.at, t.size});
        assert_true(redact_json(value));
        bool differs = !json_equal(value, before);
        if (differs && !need)
            fail_msg("case %llu: %.*s", (unsigned long long)i, (int)t.size, t.at);
        needed += need;
        changed += differs;
        json_decref(before);
        before = json_deep_copy(value);
        assert_true(redact_json(value));
        if (!json_equal(value, before)) /* once is enough */
            fail_msg("case %llu changes twice: %.*s", (unsigned long long)i, (int)t.size, t.at);
        json_decref(value);
        json_decref(before);
    }
    assert_true(changed > CASES / 10 && needed < CASES * 9 / 10);
}

/* Each word alone, so that none is found only because it is part of another. */
static void no_secret_is_left(void **state)
{
    (void)state;
    static const char *const names[] = {"secret",      "Secret",        "hookSecret", "password",
                                        "passwd",      "token",         "TOKEN",      "credential",
                                        "apikey",      "api_key",       "Api-Key",    "private",
                                        "private_key", "authorization", "Cookie"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[200];
        int size = snprintf(text, sizeof text, "{\"values\":[{\"%s\":\"S3CR3T\"}]}", names[i]);
        json_t *value = parse(text, (size_t)size);
        assert_true(redact_needed((struct text){text, (size_t)size}));
        assert_true(redact_json(value));
        char *got = dump(value);
        assert_null(strstr(got, "S3CR3T"));
        free(got);
        json_decref(value);
    }
}

/* A text that is all URLs is looked at in a moment, not in minutes: what could be a password with a
 * slash is looked for in a URL's length only. */
static void a_text_of_urls(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    static char text[COUNT * 8 + 3];
    size_t size = 0;
    text[size++] = '"';
    for (int i = 0; i < COUNT; i++, size += 8)
        memcpy(text + size, "://a:b/c", 8);
    text[size++] = '"';
    assert_false(redact_needed((struct text){text, size}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example),
        cmocka_unit_test(urls),
        cmocka_unit_test(deep),
        cmocka_unit_test(what_is_not_needed_changes_nothing),
        cmocka_unit_test(no_secret_is_left),
        cmocka_unit_test(a_text_of_urls),
    };
    return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
