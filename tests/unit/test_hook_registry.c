/* bitbucket/hook_registry.h: what is asked, and what an answer is taken for, without a network. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitbucket/hook_registry.h"
#include "fake_client.h"

#define SCRIPT(id, name, type)                                                     \
    "{\"id\":" #id ",\"name\":\"" name "\",\"description\":\"d\",\"type\":\"" type \
    "\",\"pluginKey\":\"p\",\"version\":3}"
#define USE(scope, id, triggers)    \
    "{\"scope\":{\"type\":\"" scope \
    "\",\"resourceId\":1},\"script\":" SCRIPT(id, "gate", "PRE") ",\"triggerIds\":" triggers "}"
#define PAGE(values) "{\"values\":[" values "],\"isLastPage\":true,\"start\":0}"
#define SAYS(message) "{\"errors\":[{\"message\":\"" message "\",\"exceptionName\":\"x.y.Z\"}]}"

/* ------------------------------------------------------------------ a server that plays back */

struct played {
    const char *part; /* of "METHOD URL" */
    int status;
    const char *body;
};
static const struct played *script_of_server;
static size_t played_count;
static char asked[8192]; /* "METHOD URL BODY\n" of each request; of a form its parts */

static void note(const struct client_request *request)
{
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE"};
    size_t used = strlen(asked);
    int more = snprintf(asked + used, sizeof asked - used, "%s %s %.*s", methods[request->method],
                        request->url, TEXT_ARG(request->body));
    used += (size_t)more < sizeof asked - used ? (size_t)more : 0;
    for (size_t i = 0; i < request->part_count && used < sizeof asked - 300; i++)
        used += (size_t)snprintf(asked + used, 300, "%s=%.*s;", request->parts[i].name,
                                 TEXT_ARG(request->parts[i].content));
    if (used < sizeof asked - 2)
        memcpy(asked + used, "\n", 2);
    assert_true(request->admin); /* a password where there is one */
}

/* The first that fits; nothing fits: a test that asks for what it should not. */
static enum status play(const struct client_request *request, int *status, const char **body)
{
    size_t before = strlen(asked);
    note(request);
    for (size_t i = 0; i < played_count; i++)
        if (strstr(asked + before, script_of_server[i].part)) {
            *status = script_of_server[i].status;
            *body = script_of_server[i].body;
            return STATUS_OK;
        }
    return STATUS_IO;
}

static void serve(const struct played *all, size_t count)
{
    fake_client = (struct fake_client){.answer = play};
    script_of_server = all;
    played_count = count;
    asked[0] = '\0';
}
#define SERVE(...)                              \
    serve((const struct played[]){__VA_ARGS__}, \
          sizeof((const struct played[]){__VA_ARGS__}) / sizeof(struct played))

static const struct hook_place prj = {"PRJ", NULL}, app = {"PRJ", "app"}, everywhere = {NULL, NULL};

static void expect(enum status got, enum status want, const struct error *err, const char *says)
{
    if (got != want || (want != STATUS_OK && !strstr(err->text, says)))
        fail_msg("%d in place of %d: %s (should say: %s)", got, want, err->text, says);
}

/* ------------------------------------------------------------------ triggers */

static void triggers_by_name(void **state)
{
    static const struct {
        const char *text, *back, *unknown; /* unknown NULL: they are good */
    } cases[] = {
        {"push", "push", NULL},
        {"tag-delete, push", "push, tag-delete", NULL},
        {" pull-request-merge push,push ", "push, pull-request-merge", NULL},
        {"push,branch-create,branch-delete,tag-create,tag-delete,file-edit,pull-request-merge",
         "push, branch-create, branch-delete, tag-create, tag-delete, file-edit, "
         "pull-request-merge",
         NULL},
        {"", "", NULL},
        {"Push", NULL, "Push"},
        {"push, merge", NULL, "merge"}, /* Bitbucket's own; nobody configures it */
        {"push;tag-create", NULL, "push;tag-create"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned triggers = 77;
        char unknown[HOOK_NAME_MAX] = "", back[HOOK_TEXT_MAX];
        bool good = hook_triggers_parse(cases[i].text, &triggers, unknown);
        assert_int_equal(good, !cases[i].unknown);
        if (!good) {
            assert_string_equal(unknown, cases[i].unknown);
            assert_int_equal(triggers, 77);
            continue;
        }
        hook_triggers_format(triggers, back, sizeof back);
        assert_string_equal(back, cases[i].back);
    }
    char small[8], unknown[HOOK_NAME_MAX], word[600];
    unsigned none;
    hook_triggers_format(HOOK_TRIGGERS_ALL, small, sizeof small);
    assert_string_equal(small, "push, b");
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_false(hook_triggers_parse(word, &none, unknown));
    assert_int_equal(strlen(unknown), HOOK_NAME_MAX - 1);
}

/* ------------------------------------------------------------------ lists */

static void lists_of_places(void **state)
{
    static const struct {
        const char *body;
        enum status status;
        const char *says; /* or "SCOPE TRIGGERS OTHERS …" */
    } cases[] = {
        {PAGE(""), STATUS_OK, ""},
        {PAGE(USE("REPOSITORY", 4, "[\"push\"]")), STATUS_OK, "4 2 push 0;"},
        {PAGE(USE("PROJECT", 4, "[\"push\",\"from-the-future\"]") "," USE("GLOBAL", 5,
                                                                          "[\"merge\"]")),
         STATUS_OK, "4 1 push 1;5 0  1;"},
        /* None means all. */
        {PAGE(USE("PROJECT", 4, "[]")), STATUS_OK,
         "4 1 push, branch-create, branch-delete, tag-create, tag-delete, file-edit, "
         "pull-request-merge 1;"},
        {PAGE(USE("UNIVERSE", 4, "[]")), STATUS_FORMAT, "values[0].scope.type is none of"},
        {PAGE(USE("PROJECT", 4, "[7]")), STATUS_FORMAT, "triggerIds is not a list of texts"},
        {PAGE("{\"scope\":{\"type\":\"PROJECT\"}}"), STATUS_FORMAT, "script is missing"},
        {PAGE("3"), STATUS_FORMAT, "values[0]"},
        {"{\"values\":[],\"isLastPage\":false,\"nextPageStart\":0}", STATUS_FORMAT,
         "nextPageStart does not lead on"},
        {"{\"values\":[],\"isLastPage\":false,\"nextPageStart\":null}", STATUS_FORMAT,
         "nextPageStart is missing"},
        {"{\"values\":{},\"isLastPage\":true}", STATUS_FORMAT, "values is not a list"},
        {"[]", STATUS_FORMAT, "is not a JSON object"},
        {NULL, STATUS_FORMAT, "is not a JSON object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hook_script_use *uses = NULL;
        struct error err = {.code = STATUS_OK};
        char got[1024] = "", triggers[200];
        size_t count = 0;
        SERVE({"GET /rest/api/latest/projects/PRJ/repos/app/hook-scripts?", 200, cases[i].body});
        expect(hook_scripts_of(NULL, app, &uses, &count, &err), cases[i].status, &err,
               cases[i].says);
        for (size_t n = 0; n < count; n++) {
            size_t used = strlen(got);
            hook_triggers_format(uses[n].triggers, triggers, sizeof triggers);
            snprintf(got + used, sizeof got - used, "%d %d %s %d;", (int)uses[n].script.id,
                     uses[n].scope, triggers, uses[n].other_triggers);
        }
        if (cases[i].status == STATUS_OK)
            assert_string_equal(got, cases[i].says);
        free(uses);
    }
}

static void pages_follow_each_other_with_gaps(void **state)
{
    struct hook_script_use *uses = NULL;
    struct error err = {.code = STATUS_OK};
    char **keys = NULL;
    size_t count = 0;
    (void)state;
    SERVE({"start=0 ", 200,
           "{\"values\":[" USE("PROJECT", 4, "[]") "],\"isLastPage\":false,"
                                                   "\"nextPageStart\":7}"},
          {"start=7 ", 200, "{\"values\":[],\"isLastPage\":false,\"nextPageStart\":9}"},
          {"start=9 ", 200, PAGE(USE("PROJECT", 5, "[]"))});
    expect(hook_scripts_of(NULL, prj, &uses, &count, &err), STATUS_OK, &err, "");
    assert_int_equal(count, 2);
    assert_int_equal(uses[1].script.id, 5);
    free(uses);
    SERVE({"/projects?limit=1000&start=0 ", 200,
           "{\"values\":[{\"key\":\"A\"}],\"isLastPage\":false,\"nextPageStart\":3}"},
          {"/projects?limit=1000&start=3 ", 200, PAGE("{\"key\":\"~jane\"}")});
    expect(hook_projects(NULL, &keys, &count, &err), STATUS_OK, &err, "");
    assert_int_equal(count, 2);
    assert_string_equal(keys[0], "A");
    assert_string_equal(keys[1], "~jane");
    free(keys[0]);
    free(keys[1]);
    free(keys);
    SERVE({"start=0 ", 200,
           "{\"values\":[{\"key\":\"A\"}],\"isLastPage\":false,\"nextPageStart\":3}"},
          {"start=3 ", 401, FAKE_REFUSED});
    expect(hook_projects(NULL, &keys, &count, &err), STATUS_TRUST, &err, "not permitted");
}

/* ------------------------------------------------------------------ what a status means */

static void statuses_of_a_script(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum status want;
        const char *says;
    } cases[] = {
        {200, SCRIPT(7, "gate", "PRE"), STATUS_OK, ""},
        {200, SCRIPT(7, "", "PRE"), STATUS_FORMAT, "name is empty"},
        {200, "{\"id\":7,\"name\":\"x\"}", STATUS_FORMAT, "type is missing"},
        {200, "{\"id\":-1,\"name\":\"x\",\"type\":\"PRE\"}", STATUS_FORMAT, "id is not a number"},
        {204, NULL, STATUS_FORMAT, "is not in an object"},
        {401, FAKE_REFUSED, STATUS_TRUST,
         "/rest/api/latest/hook-scripts/7: not permitted (HTTP status 401), the account needs"},
        {403, NULL, STATUS_TRUST, "not permitted (HTTP status 403), the account needs"},
        {404, FAKE_NO_ENTITY, STATUS_NOT_FOUND, "not there: There is none"},
        {404, FAKE_NO_ROUTE, STATUS_UNSUPPORTED, "older than 6.2, or they are switched off"},
        {404, NULL, STATUS_UNSUPPORTED, "feature.hook.scripts"},
        {400, SAYS("no\\u001b[31m"), STATUS_USAGE,
         "does not accept it (HTTP status 400): no\\x1b[31m"},
        {409, SAYS("there already"), STATUS_USAGE, "(HTTP status 409): there already"},
        {422, SAYS("nothing given"), STATUS_USAGE, "(HTTP status 422): nothing given"},
        {307, NULL, STATUS_NOT_FOUND, "has another name now"},
        {202, NULL, STATUS_IO, "HTTP status 202"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hook_script script = {.id = 99};
        struct error err = {.code = STATUS_OK};
        SERVE({"GET /rest/api/latest/hook-scripts/7 ", cases[i].status, cases[i].body});
        expect(hook_script_get(NULL, 7, &script, &err), cases[i].want, &err, cases[i].says);
        assert_int_equal(script.id, cases[i].want == STATUS_OK ? 7 : 99); /* untouched */
    }
    struct hook_script script;
    struct error err = {.code = STATUS_OK};
    SERVE({"nothing", 200, NULL});
    expect(hook_script_get(NULL, 7, &script, &err), STATUS_IO, &err, "failed");
}

/* "Could not read" is not "is not there": who is missing, the place or what would be in it? */
static void what_is_missing(void **state)
{
    static const struct {
        int list, place;
        const char *list_body, *place_body;
        enum status want;
        const char *says;
    } cases[] = {
        {404, 200, FAKE_NO_ENTITY, "{}", STATUS_UNSUPPORTED, "runs no hook scripts"},
        {404, 200, FAKE_NO_ROUTE, "{}", STATUS_UNSUPPORTED, "runs no hook scripts"},
        {404, 404, FAKE_NO_ENTITY, FAKE_NO_ENTITY, STATUS_NOT_FOUND, "/projects/PRJ: not there"},
        {404, 404, FAKE_NO_ROUTE, FAKE_NO_ROUTE, STATUS_NOT_FOUND, "no such thing"},
        {404, 401, FAKE_NO_ENTITY, FAKE_REFUSED, STATUS_TRUST, "not permitted"},
        {401, 200, FAKE_REFUSED, "{}", STATUS_TRUST, "needs PROJECT_ADMIN or REPO_ADMIN"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hook_script_use *uses = NULL;
        struct error err = {.code = STATUS_OK};
        size_t count = 0;
        SERVE({"/hook-scripts?", cases[i].list, cases[i].list_body},
              {"/projects/PRJ ", cases[i].place, cases[i].place_body});
        expect(hook_scripts_of(NULL, prj, &uses, &count, &err), cases[i].want, &err, cases[i].says);
        assert_null(uses);
    }
}

/* ------------------------------------------------------------------ what is asked */

static void what_is_written(void **state)
{
    const struct hook_place odd = {"~jane", "a b/\xc3\xa4?"};
    struct hook_script script;
    struct error err = {.code = STATUS_OK};
    (void)state;
    SERVE({"DELETE", 204, NULL}, {"/projects/", 200, "{}"}, {"", 200, SCRIPT(7, "gate", "PRE")});
    expect(hook_script_create(NULL, "gate", "d", TEXT("#!/bin/sh"), &script, &err), STATUS_OK, &err,
           "");
    expect(hook_script_update(NULL, 7, NULL, NULL, TEXT("x"), &script, &err), STATUS_OK, &err, "");
    expect(hook_script_update(NULL, 7, "n", "", TEXT_NONE, &script, &err), STATUS_OK, &err, "");
    expect(hook_script_enable(NULL, 7, odd, 1U << TRIGGER_PULL_REQUEST_MERGE | 1U << TRIGGER_PUSH,
                              &err),
           STATUS_OK, &err, "");
    expect(hook_script_disable(NULL, 7, prj, &err), STATUS_OK, &err, "");
    expect(hook_script_delete(NULL, 7, &err), STATUS_OK, &err, "");
    assert_string_equal(
        asked,
        "POST /rest/api/latest/hook-scripts name=gate;description=d;type=PRE;content=#!/bin/sh;\n"
        "PUT /rest/api/latest/hook-scripts/7 content=x;\n"
        "PUT /rest/api/latest/hook-scripts/7 name=n;description=;\n"
        "PUT /rest/api/latest/projects/~jane/repos/a%20b%2F%C3%A4%3F/hook-scripts/7 "
        "{\"triggerIds\":[\"push\",\"pull-request-merge\"]}\n"
        "DELETE /rest/api/latest/projects/PRJ/hook-scripts/7 \n"
        "DELETE /rest/api/latest/hook-scripts/7 \n");
}

static void what_is_not_even_asked(void **state)
{
    struct hook_script_use *uses = NULL;
    struct hook_script script;
    struct error err = {.code = STATUS_OK};
    size_t count = 0;
    char name[400];
    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    SERVE({"nothing", 200, NULL});
    expect(hook_scripts_of(NULL, everywhere, &uses, &count, &err), STATUS_USAGE, &err,
           "not of the whole instance");
    expect(hook_script_enable(NULL, 7, everywhere, 1U << TRIGGER_PUSH, &err), STATUS_USAGE, &err,
           "not of the whole instance");
    expect(hook_script_disable(NULL, 7, everywhere, &err), STATUS_USAGE, &err, "not of the whole");
    /* None would mean all. */
    expect(hook_script_enable(NULL, 7, prj, 0, &err), STATUS_USAGE, &err, "needs a trigger");
    expect(hook_script_enable(NULL, 7, prj, 1U << TRIGGER_MERGE, &err), STATUS_USAGE, &err,
           "trigger");
    expect(hook_script_update(NULL, 7, NULL, NULL, TEXT_NONE, &script, &err), STATUS_USAGE, &err,
           "nothing to change");
    expect(hook_script_create(NULL, name, NULL, TEXT("x"), &script, &err), STATUS_USAGE, &err,
           "1 to 254 bytes");
    expect(hook_script_create(NULL, "", NULL, TEXT("x"), &script, &err), STATUS_USAGE, &err,
           "1 to 254");
    expect(
        hook_script_create(NULL, "n", NULL, (struct text){"", HOOK_CONTENT_MAX + 1}, &script, &err),
        STATUS_LIMIT, &err, "16777216 bytes at most");
    const struct addon_hook empty = {.enabled = true};
    expect(addon_hook_set(NULL, ADDON_PRE_RECEIVE, prj, &empty, &err), STATUS_USAGE, &err,
           "needs a program");
    assert_string_equal(asked, "");
}

static void deleting_what_is_gone_is_fine(void **state)
{
    struct error err = {.code = STATUS_OK};
    (void)state;
    SERVE({"DELETE", 404, FAKE_NO_ENTITY});
    expect(hook_script_delete(NULL, 7, &err), STATUS_OK, &err, "");
    expect(hook_script_disable(NULL, 7, app, &err), STATUS_OK, &err, "");
    SERVE({"DELETE", 404, FAKE_NO_ROUTE}); /* but not where nobody knows */
    expect(hook_script_delete(NULL, 7, &err), STATUS_UNSUPPORTED, &err, "no such thing");
}

/* ------------------------------------------------------------------ finding by name */

static void found_by_name(void **state)
{
    static const struct {
        const char *name;
        int id; /* 0: not found */
    } cases[] = {{"gate", 4}, {"Gate", 0}, {"late", 52}, {"later", 0}, {"post", 0}};
    const struct hook_place places[] = {prj};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hook_script script;
        struct error err = {.code = STATUS_OK};
        /* 52 has 49 gaps before it; 103 comes after 50 of them. */
        SERVE({"/projects/PRJ/hook-scripts?", 200, PAGE(USE("PROJECT", 4, "[]"))},
              {"/hook-scripts/2 ", 200, SCRIPT(2, "post", "POST")},
              {"/hook-scripts/52 ", 200, SCRIPT(52, "late", "PRE")},
              {"/hook-scripts/103 ", 200, SCRIPT(103, "later", "PRE")}, {"", 404, FAKE_NO_ENTITY});
        expect(hook_script_find(NULL, cases[i].name, places, 1, &script, &err),
               cases[i].id ? STATUS_OK : STATUS_NOT_FOUND, &err, "no hook script has this name");
        if (cases[i].id)
            assert_int_equal(script.id, cases[i].id);
        else
            assert_int_equal(fake_client.asked, 1 + 102); /* the list, and 52 and 50 more */
    }
    struct hook_script script;
    struct error err = {.code = STATUS_OK};
    SERVE({"/hook-scripts/3 ", 401, FAKE_REFUSED}, {"", 404, FAKE_NO_ENTITY});
    expect(hook_script_find(NULL, "gate", NULL, 0, &script, &err), STATUS_TRUST, &err,
           "not permitted");
    SERVE({"/hook-scripts?", 404, FAKE_NO_ENTITY}, {"/projects/PRJ ", 200, "{}"});
    expect(hook_script_find(NULL, "gate", places, 1, &script, &err), STATUS_UNSUPPORTED, &err,
           "runs no hook scripts");
}

/* ------------------------------------------------------------------ External Hooks */

#define KEY "com.ngs.stash.externalhooks.external-hooks:external-pre-receive-hook"
#define HOOK(enabled, scope)                                                       \
    "{\"details\":{\"key\":\"" KEY "\",\"version\":\"12.1\"},\"enabled\":" enabled \
    ",\"configured\":true,\"scope\":{\"type\":\"" scope "\",\"resourceId\":3}}"

/* What is cut could not be brought back. */
static void the_addon_says_too_much(void **state)
{
    static char body[HOOK_TEXT_MAX + 64];
    char params[HOOK_TEXT_MAX + 1];
    struct addon_hook hook = {.enabled = false};
    struct error err = {.code = STATUS_OK};
    (void)state;
    memset(params, 'x', HOOK_TEXT_MAX);
    params[HOOK_TEXT_MAX] = '\0';
    snprintf(body, sizeof body, "{\"exe\":\"e\",\"params\":\"%s\"}", params);
    SERVE({"/settings ", 200, body},
          {"GET /rest/api/latest/projects/PRJ/repos/app/settings/hooks/" KEY " ", 200,
           HOOK("true", "PROJECT")});
    expect(addon_hook_get(NULL, ADDON_PRE_RECEIVE, app, &hook, &err), STATUS_FORMAT, &err,
           "params is too long");
}

static void the_addon_in_a_place(void **state)
{
    struct addon_hook hook = {.enabled = false};
    struct error err = {.code = STATUS_OK};
    (void)state;
    SERVE({"/settings ", 200,
           "{\"exe\":\"refgate-hook\",\"params\":\"a\\r\\nb c\",\"safe_path\":true}"},
          {"GET /rest/api/latest/projects/PRJ/repos/app/settings/hooks/" KEY " ", 200,
           HOOK("true", "PROJECT")});
    expect(addon_hook_get(NULL, ADDON_PRE_RECEIVE, app, &hook, &err), STATUS_OK, &err, "");
    assert_true(hook.enabled && hook.safe_path && hook.scope == HOOK_PROJECT);
    assert_string_equal(hook.exe, "refgate-hook");
    assert_string_equal(hook.params, "a\nb c");
    assert_string_equal(hook.version, "12.1");
    SERVE({"/enabled", 200, HOOK("true", "REPOSITORY")}, {"/settings ", 200, "{}"});
    expect(addon_hook_set(NULL, ADDON_PRE_RECEIVE, app, &hook, &err), STATUS_OK, &err, "");
    hook.enabled = false;
    hook.exe[0] = '\0';
    expect(addon_hook_set(NULL, ADDON_MERGE_CHECK, prj, &hook, &err), STATUS_OK, &err, "");
    assert_string_equal(asked, "PUT /rest/api/latest/projects/PRJ/repos/app/settings/hooks/" KEY
                               "/settings {\"exe\":\"refgate-hook\",\"params\":\"a\\r\\nb c\","
                               "\"safe_path\":true}\n"
                               "PUT /rest/api/latest/projects/PRJ/repos/app/settings/hooks/" KEY
                               "/enabled \n"
                               "DELETE /rest/api/latest/projects/PRJ/settings/hooks/com.ngs.stash."
                               "externalhooks.external-hooks:external-merge-check-hook/enabled \n");
    SERVE({"/settings ", 400, SAYS("Executable does not exist")});
    snprintf(hook.exe, sizeof hook.exe, "nothing");
    expect(addon_hook_set(NULL, ADDON_PRE_RECEIVE, app, &hook, &err), STATUS_USAGE, &err,
           "Executable does not exist");
    snprintf(hook.exe, sizeof hook.exe, "\xff");
    expect(addon_hook_set(NULL, ADDON_PRE_RECEIVE, app, &hook, &err), STATUS_USAGE, &err,
           "not UTF-8");
}

static void the_addon_is_not_there(void **state)
{
    struct addon_hook hook = {.enabled = true, .exe = "x"};
    struct error err = {.code = STATUS_OK};
    (void)state;
    SERVE({"/settings/hooks/", 404, FAKE_NO_ENTITY}, {"/projects/PRJ ", 200, "{}"});
    expect(addon_hook_get(NULL, ADDON_PRE_RECEIVE, prj, &hook, &err), STATUS_UNSUPPORTED, &err,
           "External Hooks is not installed");
    expect(addon_hook_set(NULL, ADDON_PRE_RECEIVE, prj, &hook, &err), STATUS_UNSUPPORTED, &err,
           "External Hooks is not installed");
    SERVE({"", 404, FAKE_NO_ENTITY});
    expect(addon_hook_get(NULL, ADDON_PRE_RECEIVE, prj, &hook, &err), STATUS_NOT_FOUND, &err,
           "/projects/PRJ: not there");
    SERVE({"/global-hooks/", 404, NULL});
    expect(addon_hook_get(NULL, ADDON_PRE_RECEIVE, everywhere, &hook, &err), STATUS_UNSUPPORTED,
           &err, "older than 12");
    expect(addon_hook_set(NULL, ADDON_PRE_RECEIVE, everywhere, &hook, &err), STATUS_UNSUPPORTED,
           &err, "older than 12");
}

/* What else the add-on keeps with a hook is written back: a PUT replaces all of it. */
static void the_addon_everywhere(void **state)
{
    struct addon_hook hook = {.enabled = true, .exe = "x", .params = "a\r\nb", .safe_path = true};
    struct error err = {.code = STATUS_OK};
    (void)state;
    SERVE({"GET /rest/external-hooks/1.0/global-hooks/", 200,
           "{\"safe_path\":false,\"exe\":null,\"params\":null,\"async\":true,\"enabled\":false}"},
          {"PUT", 200, "{}"},
          {"POST /rest/external-hooks/1.0/factory/hooks ", 200, "{\"id\":9,\"finished\":false}"},
          {"GET /rest/external-hooks/1.0/factory/state/9 ", 200, "{\"id\":9,\"finished\":true}"});
    expect(addon_hook_set(NULL, ADDON_PRE_RECEIVE, everywhere, &hook, &err), STATUS_OK, &err, "");
    assert_non_null(strstr(asked, "{\"safe_path\":true,\"exe\":\"x\",\"params\":\"a\\r\\nb\","
                                  "\"async\":true,\"enabled\":true}\nPOST "));
    assert_non_null(strstr(asked, "/state/9 \n"));
    SERVE(
        {"GET", 200, "{\"enabled\":false}"},
        {"PUT", 200,
         "{\"errors_form\":[\"no licence\"],\"errors_fields\":{\"exe\":[\"not\\u0007 there\"]}}"});
    expect(addon_hook_set(NULL, ADDON_PRE_RECEIVE, everywhere, &hook, &err), STATUS_USAGE, &err,
           "does not accept it: no licence; not\\x07 there");
    assert_null(strstr(asked, "POST")); /* nothing is applied then */
    SERVE({"GET", 200, "{\"enabled\":\"yes\"}"});
    expect(addon_hook_get(NULL, ADDON_PRE_RECEIVE, everywhere, &hook, &err), STATUS_FORMAT, &err,
           "enabled is neither true nor false");
    SERVE({"GET", 200, "[]"});
    expect(addon_hook_set(NULL, ADDON_PRE_RECEIVE, everywhere, &hook, &err), STATUS_FORMAT, &err,
           "is not in an object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(triggers_by_name),
        cmocka_unit_test(lists_of_places),
        cmocka_unit_test(pages_follow_each_other_with_gaps),
        cmocka_unit_test(statuses_of_a_script),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(what_is_written),
        cmocka_unit_test(what_is_not_even_asked),
        cmocka_unit_test(deleting_what_is_gone_is_fine),
        cmocka_unit_test(found_by_name),
        cmocka_unit_test(the_addon_says_too_much),
        cmocka_unit_test(the_addon_in_a_place),
        cmocka_unit_test(the_addon_is_not_there),
        cmocka_unit_test(the_addon_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
