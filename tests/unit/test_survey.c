/* bitbucket/survey*.c: what a server says of itself and of the account, and what an answer means. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bitbucket/survey_parse.h"
#include "fake_client.h"

#define Y ANSWER_YES
#define N ANSWER_NO
#define U ANSWER_CANNOT_TELL

static json_t *parsed(const char *text)
{
    json_error_t where;
    json_t *value = text ? json_loads(text, 0, &where) : NULL;
    if (text && !value)
        fail_msg("the test's own JSON: %s: %s", where.text, text);
    return value;
}

/* What …/rate-limit/settings/users says. */
#define LAST(values) "{\"values\":[" values "],\"isLastPage\":true}"
#define MORE(values) "{\"values\":[" values "],\"isLastPage\":false,\"nextPageStart\":9}"
#define EXEMPT(name) "{\"user\":{\"name\":\"" name "\"},\"whitelisted\":true}"
#define OWN(name, settings) \
    "{\"user\":{\"name\":\"" name "\"},\"whitelisted\":false,\"settings\":{" settings "}}"
#define RATE(capacity, fill) "\"capacity\":" #capacity ",\"fillRate\":" #fill

/* ------------------------------------------------------------------ single answers */

static void the_clock_is_told_to_a_second(void **state)
{
    static const struct {
        int64_t date, asked, answered, skew;
    } cases[] = {
        {10000, 10000, 10000, 0},      {10000, 10999, 10999, 0}, /* Date is cut */
        {10000, 11000, 11000, -1},     {10000, 9999, 9999, 1},
        {10000, 9000, 11000, 0}, /* half of the round trip */
        {10000, 9000, 13001, -1},      {70000, 10000, 10000, 60000},
        {10000, 70999, 70999, -60000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (survey_skew(cases[i].date, cases[i].asked, cases[i].answered) != cases[i].skew)
            fail_msg("case %zu: %lld", i,
                     (long long)survey_skew(cases[i].date, cases[i].asked, cases[i].answered));
}

static void rate_limits_are_what_the_settings_say(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum answer limited;
        double capacity, fill;
    } cases[] = {
        {200, "{\"enabled\":true,\"defaultSettings\":{\"capacity\":60,\"fillRate\":5}}", Y, 60, 5},
        {200, "{\"enabled\":true,\"defaultSettings\":{\"capacity\":60,\"fillRate\":0.5}}", Y, 60,
         0.5},
        {200, "{\"enabled\":false,\"defaultSettings\":{\"capacity\":60,\"fillRate\":5}}", N, 0, 0},
        {200, "{\"enabled\":true}", U, 0, 0},
        {200, "{\"enabled\":true,\"defaultSettings\":{\"capacity\":60,\"fillRate\":0}}", U, 0, 0},
        {200, "{\"enabled\":true,\"defaultSettings\":{\"capacity\":60,\"fillRate\":1e-300}}", U, 0, 0},
        {200, "{\"enabled\":true,\"defaultSettings\":{\"capacity\":-1,\"fillRate\":5}}", U, 0, 0},
        {200, "{\"enabled\":true,\"defaultSettings\":{\"capacity\":\"60\",\"fillRate\":5}}", U, 0,
         0},
        {200, "{\"enabled\":\"yes\"}", U, 0, 0},
        {200, "[]", U, 0, 0},
        {200, NULL, U, 0, 0},
        {404, FAKE_NO_ROUTE, N, 0, 0}, /* a server before 6.6 */
        {404, NULL, N, 0, 0},
        {404, FAKE_NO_ENTITY, U, 0, 0},
        {401, FAKE_REFUSED, U, 0, 0},
        {403, NULL, U, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct survey out = {.capacity = 7, .fill_per_s = 7};
        json_t *body = parsed(cases[i].body);
        survey_limits(cases[i].status, body, &out);
        json_decref(body);
        if (out.limited != cases[i].limited || out.capacity != cases[i].capacity ||
            out.fill_per_s != cases[i].fill)
            fail_msg("case %zu: %s %g %g", i, answer_name(out.limited), out.capacity,
                     out.fill_per_s);
    }
}

static void an_account_is_exempt_or_has_settings_of_its_own(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum answer exempt;
        double capacity, fill;
    } cases[] = {
        {200, LAST(EXEMPT("SYNC")), Y, 60, 5},
        {200, LAST(OWN("sync", RATE(600, 50))), N, 600, 50},
        {200, LAST(OWN("sync", "\"capacity\":6")), N, 60, 5},
        /* The filter finds parts of names. */
        {200, LAST(EXEMPT("async")), N, 60, 5},
        {200, MORE(EXEMPT("async")), U, 60, 5},
        {200, MORE(EXEMPT("async") "," EXEMPT("sync")), Y, 60, 5},
        {200, LAST(""), N, 60, 5},
        {200, LAST("{\"user\":\"sync\",\"whitelisted\":true}"), N, 60, 5},
        {200, "{\"values\":7}", U, 60, 5},
        {200, NULL, U, 60, 5},
        {401, FAKE_REFUSED, U, 60, 5},
        {404, FAKE_NO_ROUTE, U, 60, 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct survey out = {.limited = Y, .capacity = 60, .fill_per_s = 5};
        json_t *body = parsed(cases[i].body);
        survey_exempt(cases[i].status, body, TEXT("sync"), &out);
        json_decref(body);
        if (out.exempt != cases[i].exempt || out.capacity != cases[i].capacity ||
            out.fill_per_s != cases[i].fill)
            fail_msg("case %zu: %s %g %g", i, answer_name(out.exempt), out.capacity,
                     out.fill_per_s);
    }
}

static void a_right_is_told_by_the_status(void **state)
{
    static const struct {
        enum endpoint_id endpoint;
        int status;
        const char *body;
        enum answer may;
        bool lacking;
        const char *sentence;
    } cases[] = {
        {ENDPOINT_USERS, 200, "{}", Y, false, ""},
        {ENDPOINT_DEFAULT_BRANCH, 204, NULL, Y, false, ""},
        {ENDPOINT_GLOBAL_USERS, 401, FAKE_REFUSED, N, false,
         "the account needs ADMIN (asked about PRJ)"},
        {ENDPOINT_PROJECT_USERS, 403, NULL, N, false,
         "the account needs PROJECT_ADMIN (asked about PRJ)"},
        {ENDPOINT_PROJECT_MODEL, 404, FAKE_NO_ENTITY, Y, false, "there is none here"},
        {ENDPOINT_PROJECT_MODEL, 404, FAKE_NO_ROUTE, U, true,
         "this version of Bitbucket does not have it"},
        {ENDPOINT_USERS, 404, FAKE_NO_ROUTE, U, true, "this version of Bitbucket does not have it"},
        {ENDPOINT_PROJECT_USERS, 404, NULL, U, true,
         "this version of Bitbucket does not have it, and a snapshot cannot be made without it"},
        {ENDPOINT_PROJECT_USERS, 404, FAKE_NO_ENTITY, U, false,
         "Bitbucket answered 404 (There is none)"},
        {ENDPOINT_DEFAULT_CREATE, 400, FAKE_NO_ENTITY, U, true,
         "this version of Bitbucket does not have it"},
        {ENDPOINT_DEFAULT_WRITE, 400, FAKE_NO_ENTITY, U, false,
         "Bitbucket answered 400 (There is none)"},
        {ENDPOINT_REPOSITORY_USERS, 307, NULL, U, false, "Bitbucket answered 307"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct survey_right out;
        struct buffer words;
        json_t *body = parsed(cases[i].body);
        buffer_init(&words, SIZE_MAX);
        survey_judge(cases[i].endpoint, cases[i].status, body, "PRJ", &out, &words);
        json_decref(body);
        if (out.endpoint != cases[i].endpoint || out.status != cases[i].status ||
            out.may != cases[i].may || out.lacking != cases[i].lacking ||
            strcmp(words.data ? words.data : "", cases[i].sentence))
            fail_msg("case %zu: %s %d %s", i, answer_name(out.may), out.lacking, words.data);
        buffer_free(&words);
    }
}

static void outside_words_are_escaped(void **state)
{
    struct survey_right out;
    struct buffer words;
    json_t *body = parsed("{\"errors\":[{\"message\":\"\\u001b[31mred\"}]}");
    (void)state;
    buffer_init(&words, SIZE_MAX);
    survey_judge(ENDPOINT_USERS, 409, body, "", &out, &words);
    assert_string_equal(words.data, "Bitbucket answered 409 (\\x1b[31mred)");
    words.size = 0;
    survey_judge(ENDPOINT_USERS, 401, NULL, "A\x1b/b", &out, &words);
    assert_string_equal(words.data, "the account needs LICENSED_USER (asked about A\\x1b/b)");
    buffer_free(&words);
    json_decref(body);
}

/* ------------------------------------------------------------------ a server */

struct page {
    const char *url;
    int status;
    const char *body;
};
static const struct page *pages; /* NULL url ends; an URL that ends in * is a prefix */
static char asked_admin[4096];

static enum status answer(const struct client_request *request, int *status, const char **body)
{
    if (request->admin) {
        strncat(asked_admin, request->url, sizeof asked_admin - strlen(asked_admin) - 2);
        strcat(asked_admin, " ");
    }
    assert_int_equal(request->anonymous, strstr(request->url, "/application-properties") != NULL);
    for (const struct page *p = pages; p->url; p++) {
        size_t size = strlen(p->url);
        bool prefix = p->url[size - 1] == '*';
        if (prefix ? !strncmp(p->url, request->url, size - 1) : !strcmp(p->url, request->url)) {
            *status = p->status;
            *body = p->body;
            return STATUS_OK;
        }
    }
    *status = 404;
    *body = FAKE_NO_ROUTE;
    return STATUS_OK;
}

#define PROPERTIES                                                                \
    {                                                                             \
        "/rest/api/latest/application-properties", 200, "{\"version\":\"9.4.2\"}" \
    }
#define SETTINGS "/rest/api/latest/admin/rate-limit/settings"
#define LIMITED                                                                                  \
    {                                                                                            \
        SETTINGS, 200, "{\"enabled\":true,\"defaultSettings\":{\"capacity\":60,\"fillRate\":5}}" \
    }

static void survey(const struct page *served, struct survey *out)
{
    struct error err = {STATUS_OK, ""};
    pages = served;
    asked_admin[0] = '\0';
    if (survey_server(NULL, out, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static void a_server_that_limits_and_exempts(void **state)
{
    static const struct page served[] = {
        PROPERTIES,
        LIMITED,
        {SETTINGS "/users?filter=sync%40x&limit=100", 200, LAST(EXEMPT("sync@x"))},
        {NULL, 0, NULL}};
    struct survey out;
    (void)state;
    fake_client = (struct fake_client){
        .answer = answer, .token_account = "sync@x", .date_ms = clock_now_ms() / 1000 * 1000};
    survey(served, &out);
    assert_string_equal(out.version, "9.4.2");
    assert_int_equal(out.limited, Y);
    assert_int_equal(out.exempt, Y);
    assert_true(out.skew_known);
    assert_true(out.skew_ms >= -2000 && out.skew_ms <= 2000);
    assert_int_equal(fake_client.asked, 4);
    assert_string_equal(asked_admin, SETTINGS " " SETTINGS "/users?filter=sync%40x&limit=100 ");
}

static void two_accounts_are_as_fast_as_the_slower(void **state)
{
    static const struct page served[] = {
        PROPERTIES,
        LIMITED,
        {SETTINGS "/users?filter=fast&limit=100", 200, LAST(OWN("fast", RATE(600, 50)))},
        {SETTINGS "/users?filter=slow&limit=100", 200, LAST(OWN("slow", RATE(20, 2)))},
        {SETTINGS "/users?filter=free&limit=100", 200, LAST(EXEMPT("free"))},
        {NULL, 0, NULL}};
    static const struct {
        const char *token, *password;
        enum answer exempt;
        double fill;
        size_t asked;
    } cases[] = {
        {"fast", "slow", N, 2, 5},  {"slow", "fast", N, 2, 5}, {"fast", "FAST", N, 50, 4},
        {"free", "fast", N, 50, 5}, {"free", "free", Y, 5, 4}, {"free", "unheard", U, 5, 5},
        {NULL, "free", Y, 5, 4},    {NULL, NULL, U, 5, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct survey out;
        fake_client = (struct fake_client){.answer = answer,
                                           .token_account = cases[i].token,
                                           .password_account = cases[i].password};
        survey(served, &out);
        if (out.exempt != cases[i].exempt || out.fill_per_s != cases[i].fill ||
            fake_client.asked != cases[i].asked)
            fail_msg("case %zu: %s, %g a second, %zu requests", i, answer_name(out.exempt),
                     out.fill_per_s, fake_client.asked);
        assert_false(out.skew_known);
    }
}

static void what_is_no_bitbucket_is_refused(void **state)
{
    static const struct page cases[][2] = {
        {{"/rest/api/latest/application-properties", 200, "{\"displayName\":\"x\"}"},
         {NULL, 0, NULL}},
        {{"/rest/api/latest/application-properties", 200, "[]"}, {NULL, 0, NULL}},
        {{NULL, 0, NULL}, {NULL, 0, NULL}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct survey out = {.version = "untouched"};
        struct error err = {STATUS_OK, ""};
        fake_client = (struct fake_client){.answer = answer};
        pages = cases[i];
        assert_int_equal(survey_server(NULL, &out, &err), STATUS_FORMAT);
        assert_non_null(strstr(err.text, "/rest/api/latest/application-properties"));
        assert_string_equal(out.version, "untouched");
    }
}

/* ------------------------------------------------------------------ rights */

static struct told {
    char text[16384];
    size_t count, yes;
} told;

static void tell(void *self, const struct survey_right *right)
{
    char line[512];
    struct told *t = self;
    t->count++;
    t->yes += right->may == ANSWER_YES;
    if (right->may != ANSWER_YES || right->lacking) {
        snprintf(line, sizeof line, "%s: %s%s: %s\n", endpoints[right->endpoint].name,
                 answer_name(right->may), right->lacking ? ", lacking" : "", right->sentence);
        strncat(t->text, line, sizeof t->text - strlen(t->text) - 1);
    }
}

static void rights(const struct page *served, bool with_reports)
{
    struct error err = {STATUS_OK, ""};
    pages = served;
    asked_admin[0] = '\0';
    memset(&told, 0, sizeof told);
    fake_client = (struct fake_client){.answer = answer};
    if (survey_rights(NULL, with_reports, tell, &told, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

#define LIST(values) \
    "{\"size\":1,\"limit\":1,\"start\":0,\"isLastPage\":true,\"values\":[" values "]}"
#define API "/rest/api/latest"
/* A personal project comes first in both lists. */
#define LISTS                                                                                    \
    PROPERTIES,                                                                                  \
        {API "/admin/users?limit=1", 200, LIST("{\"name\":\"jdoe\",\"slug\":\"jd\",\"id\":1}")}, \
        {API "/admin/groups?limit=1", 200, LIST("{\"name\":\"a b\"}")},                          \
        {API "/projects?limit=1", 200, LIST("{\"key\":\"PRJ\",\"id\":2,\"type\":\"NORMAL\"}")},  \
    {                                                                                            \
        API "/repos?archived=ALL&limit=25", 200,                                                 \
            LIST("{\"slug\":\"notes\",\"project\":{\"key\":\"~JDOE\",\"type\":\"PERSONAL\"}},"   \
                 "{\"slug\":\"app\",\"project\":{\"key\":\"PRJ\",\"type\":\"NORMAL\"}}")         \
    }

static void an_account_that_may_everything(void **state)
{
    static const struct page served[] = {
        LISTS,
        {API "/admin/groups/more-members?context=a%20b&limit=1", 200, "{}"},
        {API "/admin/permissions/*", 200, "{}"},
        {API "/projects/PRJ/*", 200, "{}"},
        {"/rest/branch-permissions/latest/projects/PRJ/*", 200, "{}"},
        {"/rest/branch-utils/latest/projects/PRJ/*", 404, FAKE_NO_ENTITY},
        {"/rest/keys/1.0/projects/PRJ/*", 200, "{}"}, /* not latest */
        {"/rest/ssh/latest/keys?user=jdoe&limit=1", 200, "{}"},
        {"/rest/access-tokens/latest/users/jd?limit=1", 200, "{}"},
        {"/rest/access-tokens/latest/projects/PRJ*", 200, "{}"},
        {"/rest/required-builds/latest/projects/PRJ/repos/app/*", 200, "{}"},
        {NULL, 0, NULL}};
    (void)state;
    rights(served, false);
    assert_string_equal(told.text, "");
    assert_int_equal(told.yes, told.count);
    size_t without = told.count;
    assert_string_equal(asked_admin, API "/admin/permissions/users?limit=1 " API
                                         "/admin/permissions/groups?limit=1 ");
    rights(served, true);
    assert_string_equal(told.text, "");
    assert_true(told.count > without);
    /* Each endpoint that is not a fallback or asked for singly. */
    size_t expected = 0;
    for (size_t i = 0; i < ENDPOINTS; i++)
        expected += !(endpoints[i].flags & (ENDPOINT_FALLBACK | ENDPOINT_SINGLE));
    assert_int_equal(told.count, expected);
}

/* A crawl asks no further either; a recording of one has no answers for the rest. */
static void below_a_default_permission_nothing_is_asked(void **state)
{
    static const struct page served[] = {
        LISTS,
        {API "/admin/groups/more-members?context=a%20b&limit=1", 200, "{}"},
        {API "/admin/permissions/*", 200, "{}"},
        {API "/projects/PRJ/permissions/PROJECT_WRITE/all", 200, "{\"permitted\":true}"},
        {API "/projects/PRJ/permissions/PROJECT_READ/all", 404, FAKE_NO_ROUTE},
        {API "/projects/PRJ/*", 200, "{\"permitted\":false}"},
        {"/rest/branch-permissions/latest/projects/PRJ/*", 200, "{}"},
        {"/rest/branch-utils/latest/projects/PRJ/*", 404, FAKE_NO_ENTITY},
        {"/rest/keys/latest/projects/PRJ/*", 200, "{}"},
        {NULL, 0, NULL}};
    (void)state;
    rights(served, false);
    assert_string_equal(told.text, "");
    assert_int_equal(told.yes, told.count);
}

static void an_account_that_may_little_on_an_old_server(void **state)
{
    static const struct page served[] = {
        PROPERTIES,
        {API "/users?limit=1", 200, LIST("{\"name\":\"jdoe\",\"slug\":\"jd\",\"id\":1}")},
        {API "/groups?limit=1", 200, LIST("\"a\"")},
        {API "/admin/groups/more-members?context=a&limit=1", 200, "{}"},
        {API "/admin/permissions/*", 401, FAKE_REFUSED},
        {API "/projects?limit=1", 200, LIST("{\"key\":\"PRJ\",\"id\":2,\"type\":\"NORMAL\"}")},
        {API "/repos?archived=ALL&limit=25", 200, LIST("")},
        {API "/projects/PRJ/permissions/REPO_CREATE/all", 400, FAKE_NO_ENTITY},
        {API "/projects/PRJ/*", 200, "{}"},
        {"/rest/branch-permissions/2.0/projects/PRJ/*", 200, "{}"},
        {"/rest/branch-utils/1.0/projects/PRJ/*", 200, "{}"},
        {NULL, 0, NULL}};
    (void)state;
    rights(served, false);
    assert_string_equal(
        told.text,
        "users: cannot tell, lacking: this version of Bitbucket does not have it\n"
        "global grants of users: no: the account needs ADMIN\n"
        "global grants of groups: no: the account needs ADMIN\n"
        "groups: cannot tell, lacking: this version of Bitbucket does not have it\n"
        "default permission REPO_CREATE: cannot tell, lacking: this version of Bitbucket does not have it\n"
        "access keys of projects: cannot tell, lacking: this version of Bitbucket does not have it\n"
        "user grants of a repository: cannot tell: the account sees no repository to ask about\n"
        "group grants of a repository: cannot tell: the account sees no repository to ask about\n"
        "branch restrictions of a repository: cannot tell: the account sees no repository to ask about\n"
        "branching models of repositories: cannot tell: the account sees no repository to ask about\n"
        "default branch of a repository: cannot tell: the account sees no repository to ask about\n"
        "access keys of a repository: cannot tell: the account sees no repository to ask about\n");
}

/* Where there is nothing else, a personal repository serves; a personal project never does. */
static void only_personal_things(void **state)
{
    static const struct page served[] = {
        PROPERTIES,
        {API "/projects?limit=1", 200, LIST("{\"key\":\"~JDOE\",\"id\":2,\"type\":\"PERSONAL\"}")},
        {API "/repos?archived=ALL&limit=25", 200,
         LIST("{\"slug\":\"notes\",\"project\":{\"key\":\"~JDOE\",\"type\":\"PERSONAL\"}}")},
        {API "/projects/~JDOE/repos/notes/permissions/*", 403, NULL},
        {NULL, 0, NULL}};
    (void)state;
    rights(served, false);
    assert_non_null(strstr(told.text, "user grants of a project: cannot tell: the account sees no "
                                      "project to ask about\n"));
    assert_non_null(strstr(told.text,
                           "user grants of a repository: no: the account needs REPO_ADMIN "
                           "(asked about ~JDOE/notes)\n"));
}

static enum status refuse_all(const struct client_request *request, int *status, const char **body)
{
    (void)request, (void)status, (void)body;
    return STATUS_TRUST;
}
static void a_failing_client_fails_the_survey(void **state)
{
    struct survey out;
    struct error err;
    (void)state;
    fake_client = (struct fake_client){.answer = refuse_all};
    assert_int_equal(survey_server(NULL, &out, &err), STATUS_TRUST);
    assert_int_equal(survey_rights(NULL, false, tell, &told, &err), STATUS_TRUST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_is_told_to_a_second),
        cmocka_unit_test(rate_limits_are_what_the_settings_say),
        cmocka_unit_test(an_account_is_exempt_or_has_settings_of_its_own),
        cmocka_unit_test(a_right_is_told_by_the_status),
        cmocka_unit_test(outside_words_are_escaped),
        cmocka_unit_test(a_server_that_limits_and_exempts),
        cmocka_unit_test(two_accounts_are_as_fast_as_the_slower),
        cmocka_unit_test(what_is_no_bitbucket_is_refused),
        cmocka_unit_test(an_account_that_may_everything),
        cmocka_unit_test(below_a_default_permission_nothing_is_asked),
        cmocka_unit_test(an_account_that_may_little_on_an_old_server),
        cmocka_unit_test(only_personal_things),
        cmocka_unit_test(a_failing_client_fails_the_survey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
