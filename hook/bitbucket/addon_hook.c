#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bitbucket/feed.h"
#include "bitbucket/hook_ask.h"

#define ADDON "com.ngs.stash.externalhooks.external-hooks"
#define GLOBAL "/rest/external-hooks/1.0"
#define WAIT_MOST_MS ((int64_t)10 * 60 * 1000) /* for the add-on to write all hooks anew */
#define POLL_MS 250
#define WORDS_MOST 200
#define ADDON_LACKING "the add-on External Hooks is not installed in this Bitbucket, or is disabled"
#define GLOBAL_LACKING                                                                    \
    "the add-on External Hooks is not installed in this Bitbucket, or is older than 12: " \
    "it has no hooks for the whole instance"

static const char *const keys[] = {
    [ADDON_PRE_RECEIVE] = ADDON ":external-pre-receive-hook",
    [ADDON_MERGE_CHECK] = ADDON ":external-merge-check-hook",
};

/* ------------------------------------------------------------------ URLs */

/* What may go wrong here says SYS_ADMIN: the add-on answers a bare 401 to whoever is none, which
 * looks like a refused credential. */
static enum status explain_global(enum status status, struct error *err, const struct error *why)
{
    if (status == STATUS_UNSUPPORTED || status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_UNSUPPORTED, GLOBAL_LACKING);
    if (status == STATUS_TRUST)
        return error_set(err, status, "the add-on External Hooks wants SYS_ADMIN: %s", why->text);
    return error_set(err, status, "%s", why->text);
}

static void begin_global(struct hook_ask *ask, enum client_method method, enum addon_kind kind)
{
    hook_ask_init(ask, method, "SYS_ADMIN");
    buffer_printf(&ask->url, GLOBAL "/global-hooks/%s", keys[kind]);
}

static void begin_local(struct hook_ask *ask, enum client_method method, enum addon_kind kind,
                        struct hook_place place, const char *what)
{
    hook_ask_init(ask, method, place.slug ? "REPO_ADMIN" : "PROJECT_ADMIN");
    hook_ask_place(ask, place);
    buffer_printf(&ask->url, "/settings/hooks/%s%s", keys[kind], what);
}

/* ------------------------------------------------------------------ settings */

/* The add-on wants lines that end in CR LF; here they end in LF. */
static void put_lines(struct buffer *out, const char *lines)
{
    for (; *lines; lines++) {
        if (*lines == '\n')
            buffer_string(out, "\r\n");
        else if (*lines != '\r')
            buffer_add(out, lines, 1);
    }
}

static void take_lines(char *out, size_t size, struct text lines)
{
    size_t kept = 0;
    for (size_t i = 0; i < lines.size && kept < size - 1; i++)
        if (lines.at[i] != '\r')
            out[kept++] = lines.at[i];
    out[kept] = '\0';
}

/* What was cut could neither be compared nor brought back. */
static struct text short_text(struct fields *f, const json_t *settings, const char *name)
{
    struct text t = field_text(f, settings, name, OPTIONAL);
    if (t.size >= HOOK_TEXT_MAX)
        field_fail(f, name, "is too long");
    return t;
}

static void read_settings(struct fields *f, const json_t *settings, struct addon_hook *out)
{
    hook_copy(out->exe, sizeof out->exe, short_text(f, settings, "exe"));
    take_lines(out->params, sizeof out->params, short_text(f, settings, "params"));
    out->safe_path = field_bool(f, settings, "safe_path", OPTIONAL, false);
}

/* What there is besides stays. false: out of memory, or a text that is not UTF-8. */
static bool write_settings(json_t *settings, const struct addon_hook *hook)
{
    struct buffer params;
    buffer_init(&params, SIZE_MAX);
    put_lines(&params, hook->params);
    bool good = !params.failed && json_is_object(settings) &&
                !json_object_set_new(settings, "exe", json_string(hook->exe)) &&
                !json_object_set_new(settings, "params",
                                     json_stringn(buffer_view(&params).at, params.size)) &&
                !json_object_set_new(settings, "safe_path", json_boolean(hook->safe_path));
    buffer_free(&params);
    return good;
}

/* ------------------------------------------------------------------ reading */

/* *body (may be NULL): the answer itself, the receiver's. */
static enum status get_global(struct client *client, enum addon_kind kind, struct addon_hook *out,
                              json_t **body, struct error *err)
{
    struct hook_ask ask;
    struct client_answer answer = {.body = NULL};
    struct error why = {.code = STATUS_OK};
    begin_global(&ask, CLIENT_GET, kind);
    enum status status = hook_ask_send(&ask, client, &answer, &why);
    struct fields f = {.where = ask.url.data, .err = &why, .status = status};
    struct addon_hook made = {.scope = HOOK_GLOBAL};
    if (status == STATUS_OK) {
        made.enabled = field_bool(&f, answer.body, "enabled", REQUIRED, false);
        read_settings(&f, answer.body, &made);
    }
    if (f.status == STATUS_OK && out)
        *out = made;
    if (f.status == STATUS_OK && body)
        *body = json_incref(answer.body);
    json_decref(answer.body);
    hook_ask_free(&ask);
    return f.status == STATUS_OK ? STATUS_OK : explain_global(f.status, err, &why);
}

static void read_hook(struct fields *f, const json_t *body, struct addon_hook *out)
{
    struct text scope = field_text(f, body, "scope.type", OPTIONAL);
    out->enabled = field_bool(f, body, "enabled", REQUIRED, false);
    if (text_equal(scope, TEXT("GLOBAL")))
        out->scope = HOOK_GLOBAL;
    else if (text_equal(scope, TEXT("PROJECT")))
        out->scope = HOOK_PROJECT;
    hook_copy(out->version, sizeof out->version, field_text(f, body, "details.version", OPTIONAL));
}

static enum status get_part(struct client *client, enum addon_kind kind, struct hook_place place,
                            const char *what, struct addon_hook *out, struct error *err)
{
    struct hook_ask ask;
    struct client_answer answer = {.body = NULL};
    begin_local(&ask, CLIENT_GET, kind, place, what);
    enum status status = hook_ask_send(&ask, client, &answer, err);
    struct fields f = {.where = ask.url.data, .err = err, .status = status};
    if (status == STATUS_OK && !*what)
        read_hook(&f, answer.body, out);
    else if (status == STATUS_OK && answer.body) /* 204: there are no settings yet */
        read_settings(&f, answer.body, out);
    json_decref(answer.body);
    hook_ask_free(&ask);
    return f.status;
}

static enum status explain_local(struct client *client, struct hook_place place, enum status status,
                                 struct error *err)
{
    if (status == STATUS_NOT_FOUND || status == STATUS_UNSUPPORTED)
        return hook_place_missing(client, place, ADDON_LACKING, err);
    return status;
}

enum status addon_hook_get(struct client *client, enum addon_kind kind, struct hook_place place,
                           struct addon_hook *out, struct error *err)
{
    if (!place.project)
        return get_global(client, kind, out, NULL, err);
    struct addon_hook made = {.scope = place.slug ? HOOK_REPOSITORY : HOOK_PROJECT};
    enum status status = get_part(client, kind, place, "", &made, err);
    if (status == STATUS_OK)
        status = get_part(client, kind, place, "/settings", &made, err);
    if (status == STATUS_OK)
        *out = made;
    return explain_local(client, place, status, err);
}

/* ------------------------------------------------------------------ writing, everywhere */

static void put_words(struct buffer *out, const json_t *words)
{
    for (size_t i = 0; i < json_array_size(words); i++) {
        buffer_string(out, out->size ? "; " : "");
        buffer_escaped(out, text_of(json_string_value(json_array_get(words, i))), WORDS_MOST,
                       false);
    }
}

/* 200 is not yes: what the add-on does not like is in the answer. */
static enum status judge_global(const json_t *body, struct error *err)
{
    const json_t *form = json_object_get(body, "errors_form");
    json_t *fields = json_object_get(body, "errors_fields");
    struct buffer words;
    const char *name;
    json_t *value;
    if (!json_array_size(form) && !json_object_size(fields))
        return STATUS_OK;
    buffer_init(&words, ERROR_TEXT_SIZE);
    put_words(&words, form);
    json_object_foreach(fields, name, value) put_words(&words, value);
    enum status status = error_set(err, STATUS_USAGE,
                                   "the add-on External Hooks does not accept "
                                   "it: %s",
                                   buffer_view(&words).at);
    buffer_free(&words);
    return status;
}

static enum status put_global(struct client *client, enum addon_kind kind,
                              const struct addon_hook *hook, struct error *err)
{
    struct hook_ask ask;
    struct client_answer answer = {.body = NULL};
    struct error why = {.code = STATUS_OK};
    json_t *settings = NULL;
    enum status status = get_global(client, kind, NULL, &settings, err);
    if (status != STATUS_OK)
        return status;
    bool good = (!hook->exe[0] || write_settings(settings, hook)) &&
                !json_object_set_new(settings, "enabled", json_boolean(hook->enabled));
    begin_global(&ask, CLIENT_PUT, kind);
    status = hook_ask_send_json(&ask, client, good ? json_incref(settings) : NULL, &answer, &why);
    json_decref(settings);
    hook_ask_free(&ask);
    status = status == STATUS_OK ? judge_global(answer.body, err)
                                 : explain_global(status, err, &why);
    json_decref(answer.body);
    return status;
}

struct factory {
    uint64_t id, current, total;
    bool finished;
};

/* Released; the state of the add-on's work. */
static enum status read_factory(struct hook_ask *ask, enum status status, json_t *body,
                                struct factory *out, struct error *err)
{
    struct fields f = {.where = ask->url.data, .err = err, .status = status};
    if (status == STATUS_OK) {
        struct factory made = {
            .id = field_u64(&f, body, "id", REQUIRED, NULL),
            .finished = field_bool(&f, body, "finished", OPTIONAL, false),
            .current = field_u64(&f, body, "current", OPTIONAL, NULL),
            .total = field_u64(&f, body, "total", OPTIONAL, NULL),
        };
        if (f.status == STATUS_OK)
            *out = made;
    }
    json_decref(body);
    hook_ask_free(ask);
    return f.status;
}

static enum status start_factory(struct client *client, struct factory *factory, struct error *err)
{
    struct hook_ask ask;
    struct client_answer answer = {.body = NULL};
    hook_ask_init(&ask, CLIENT_POST, "SYS_ADMIN");
    buffer_string(&ask.url, GLOBAL "/factory/hooks");
    enum status status = hook_ask_send(&ask, client, &answer, err);
    return read_factory(&ask, status, answer.body, factory, err);
}

static enum status look_at_factory(struct client *client, struct factory *factory,
                                   struct error *err)
{
    struct hook_ask ask;
    struct client_answer answer = {.body = NULL};
    hook_ask_init(&ask, CLIENT_GET, "SYS_ADMIN");
    buffer_printf(&ask.url, GLOBAL "/factory/state/%" PRIu64, factory->id);
    enum status status = hook_ask_send(&ask, client, &answer, err);
    return read_factory(&ask, status, answer.body, factory, err);
}

/* The add-on writes the hooks of all projects and repositories anew; until then nothing has changed
 * for pushes. A cancellation is seen by each request; a signal ends the pause between them. */
static enum status apply_global(struct client *client, struct error *err)
{
    struct error why = {.code = STATUS_OK};
    struct factory factory = {.id = 0};
    int64_t until_us = clock_monotonic_us() + WAIT_MOST_MS * 1000;
    enum status status = start_factory(client, &factory, &why);
    while (status == STATUS_OK && !factory.finished) {
        if (clock_monotonic_us() > until_us)
            return error_set(err, STATUS_DEADLINE,
                             "the add-on External Hooks is still at work after 10 minutes (%" PRIu64
                             " of %" PRIu64
                             " projects and repositories): its settings are written, "
                             "look again later",
                             factory.current, factory.total);
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
        status = look_at_factory(client, &factory, &why);
    }
    return status == STATUS_OK ? STATUS_OK : explain_global(status, err, &why);
}

/* ------------------------------------------------------------------ writing, in a place */

static enum status put_settings(struct client *client, enum addon_kind kind,
                                struct hook_place place, const struct addon_hook *hook,
                                struct error *err)
{
    struct hook_ask ask;
    json_t *settings = json_object();
    begin_local(&ask, CLIENT_PUT, kind, place, "/settings");
    enum status status;
    if (write_settings(settings, hook)) {
        status = hook_ask_send_json(&ask, client, settings, NULL, err);
    } else {
        json_decref(settings);
        status = error_set(err, STATUS_USAGE, "a program or a parameter that is not UTF-8");
    }
    hook_ask_free(&ask);
    return status;
}

static enum status switch_local(struct client *client, enum addon_kind kind,
                                struct hook_place place, bool on, struct error *err)
{
    struct hook_ask ask;
    begin_local(&ask, on ? CLIENT_PUT : CLIENT_DELETE, kind, place, "/enabled");
    enum status status = hook_ask_send(&ask, client, NULL, err);
    hook_ask_free(&ask);
    return status;
}

enum status addon_hook_set(struct client *client, enum addon_kind kind, struct hook_place place,
                           const struct addon_hook *hook, struct error *err)
{
    enum status status = STATUS_OK;
    if (hook->enabled && !hook->exe[0])
        return error_set(err, STATUS_USAGE, "the add-on's hook needs a program");
    if (!place.project) {
        status = put_global(client, kind, hook, err);
        return status == STATUS_OK ? apply_global(client, err) : status;
    }
    if (hook->exe[0])
        status = put_settings(client, kind, place, hook, err);
    if (status == STATUS_OK)
        status = switch_local(client, kind, place, hook->enabled, err);
    return explain_local(client, place, status, err);
}

enum status addon_hook_inherit(struct client *client, enum addon_kind kind,
                               struct hook_place repository, struct error *err)
{
    struct hook_ask ask;
    begin_local(&ask, CLIENT_DELETE, kind, repository, "");
    enum status status = hook_ask_send(&ask, client, NULL, err);
    hook_ask_free(&ask);
    return status;
}
