#include "bitbucket/hook_ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bitbucket/feed.h"
#include "bitbucket/url.h"

#define PLACE "/rest/api/latest/projects/{project}"
#define WORDS_MOST 200
#define SHOWN_URL_MOST 200
#define PAGES_MOST 10000
#define PROJECTS_MOST 1000000

void hook_copy(char *out, size_t size, struct text t)
{
    size_t most = t.size < size ? t.size : size - 1;
    if (most)
        memcpy(out, t.at, most);
    out[most] = '\0';
}

void hook_ask_init(struct hook_ask *ask, enum client_method method, const char *needs)
{
    *ask = (struct hook_ask){.request = {.admin = true, .method = method}, .needs = needs};
    buffer_init(&ask->url, HOOK_URL_MAX);
}

void hook_ask_free(struct hook_ask *ask)
{
    buffer_free(&ask->url);
}

void hook_ask_place(struct hook_ask *ask, struct hook_place place)
{
    url_fill(
        &ask->url, place.slug ? PLACE "/repos/{repository}" : PLACE,
        &(struct url_values){.project = text_of(place.project), .repository = text_of(place.slug)});
}

/* ------------------------------------------------------------------ what a status means */

/* "URL: SAID: Bitbucket's own words", which may repeat what we sent. */
static enum status refuse(const struct hook_ask *ask, enum status status, const char *said,
                          struct text words, struct error *err)
{
    struct buffer text;
    buffer_init(&text, ERROR_TEXT_SIZE);
    buffer_escaped(&text, buffer_view(&ask->url), SHOWN_URL_MOST, false);
    buffer_printf(&text, ": %s", said);
    if (words.size) {
        buffer_string(&text, ": ");
        client_quote(ask->client, &text, words, WORDS_MOST);
    }
    status = error_set(err, status, "%s", text.data ? text.data : said);
    buffer_free(&text);
    return status;
}

static enum status judge_missing(const struct hook_ask *ask, const struct client_answer *answer,
                                 struct error *err)
{
    if (feed_is_resource_error(answer->body))
        return refuse(ask, STATUS_NOT_FOUND, "not there", feed_error_message(answer->body), err);
    return refuse(ask, STATUS_UNSUPPORTED, "this Bitbucket has no such thing (HTTP status 404)",
                  TEXT_NONE, err);
}

static enum status judge(const struct hook_ask *ask, const struct client_answer *answer,
                         struct error *err)
{
    struct text words = feed_error_message(answer->body);
    char said[160];
    switch (answer->status) {
    case 200:
    case 201:
    case 204:
        return STATUS_OK;
    case 307:
        return refuse(ask, STATUS_NOT_FOUND, "has another name now", text_of(answer->location),
                      err);
    case 401:
    case 403:
        snprintf(said, sizeof said, "not permitted (HTTP status %d), the account needs %s",
                 answer->status, ask->needs);
        return refuse(ask, STATUS_TRUST, said, words, err);
    case 404:
        return judge_missing(ask, answer, err);
    case 400:
    case 409:
    case 422:
        snprintf(said, sizeof said, "Bitbucket does not accept it (HTTP status %d)",
                 answer->status);
        return refuse(ask, STATUS_USAGE, said, words, err);
    default:
        snprintf(said, sizeof said, "HTTP status %d", answer->status);
        return refuse(ask, STATUS_IO, said, words, err);
    }
}

/* ------------------------------------------------------------------ asking */

enum status hook_ask_send(struct hook_ask *ask, struct client *client, struct client_answer *out,
                          struct error *err)
{
    struct client_answer answer;
    if (ask->url.failed)
        return error_set(err, STATUS_USAGE, "the name of the place is too long");
    ask->request.url = ask->url.data;
    ask->client = client;
    enum status status = client_get(client, &ask->request, &answer, err);
    if (status != STATUS_OK)
        return status;
    status = judge(ask, &answer, err);
    free(answer.location);
    answer.location = NULL;
    if (status == STATUS_OK && out)
        *out = answer;
    else
        json_decref(answer.body);
    return status;
}

enum status hook_ask_send_json(struct hook_ask *ask, struct client *client, json_t *body,
                               struct client_answer *out, struct error *err)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (!text)
        return error_set(err, STATUS_MEMORY, "out of memory, or a text that is not UTF-8");
    ask->request.body = text_of(text);
    enum status status = hook_ask_send(ask, client, out, err);
    ask->request.body = TEXT_NONE;
    free(text);
    return status;
}

/* ------------------------------------------------------------------ lists */

static enum status take_page(struct hook_ask *ask, const json_t *body, hook_value_taker *take,
                             void *self, struct error *err)
{
    struct fields f = {.where = ask->url.data, .err = err};
    const json_t *values = field_array(&f, body, "values", REQUIRED);
    f.in_page = true;
    for (; f.index < json_array_size(values) && f.status == STATUS_OK; f.index++)
        take(self, &f, json_array_get(values, f.index));
    return f.status;
}

enum status hook_ask_pages(struct hook_ask *ask, struct client *client, hook_value_taker *take,
                           void *self, struct error *err)
{
    size_t path = ask->url.size;
    uint64_t start = 0;
    enum status status = STATUS_OK;
    for (size_t page = 0; status == STATUS_OK && page < PAGES_MOST; page++) {
        struct client_answer answer = {.body = NULL};
        struct feed_result result = {.more = false};
        ask->url.size = path;
        buffer_printf(&ask->url, "?limit=1000&start=%" PRIu64, start);
        status = hook_ask_send(ask, client, &answer, err);
        /* Any list will do: how pages follow each other is the same for all. */
        if (status == STATUS_OK)
            status = feed_peek(ENDPOINT_PROJECTS, ask->url.data, start, answer.body, &result, err);
        if (status == STATUS_OK)
            status = take_page(ask, answer.body, take, self, err);
        json_decref(answer.body);
        if (status == STATUS_OK && !result.more)
            return STATUS_OK;
        start = result.next;
    }
    return status == STATUS_OK ? error_set(err, STATUS_LIMIT, "too many pages") : status;
}

/* ------------------------------------------------------------------ places */

enum status hook_place_missing(struct client *client, struct hook_place place, const char *lacking,
                               struct error *err)
{
    struct hook_ask ask;
    struct error why = {.code = STATUS_OK};
    hook_ask_init(&ask, CLIENT_GET, "to see it");
    hook_ask_place(&ask, place);
    enum status status = hook_ask_send(&ask, client, NULL, &why);
    hook_ask_free(&ask);
    if (status == STATUS_OK)
        return error_set(err, STATUS_UNSUPPORTED, "%s", lacking);
    return error_set(err, status == STATUS_UNSUPPORTED ? STATUS_NOT_FOUND : status, "%s", why.text);
}

struct keys {
    char **at;
    size_t count, room;
};

static void take_key(void *self, struct fields *f, const json_t *value)
{
    struct keys *keys = self;
    struct text key = field_text(f, value, "key", REQUIRED);
    if (f->status != STATUS_OK)
        return;
    if (keys->count == PROJECTS_MOST) {
        f->status = error_set(f->err, STATUS_LIMIT, "more than %d projects", PROJECTS_MOST);
        return;
    }
    if (keys->count == keys->room) {
        size_t room = keys->room ? 2 * keys->room : 64;
        char **longer = realloc(keys->at, room * sizeof *longer);
        if (!longer) {
            f->status = error_set(f->err, STATUS_MEMORY, "out of memory");
            return;
        }
        keys->at = longer;
        keys->room = room;
    }
    keys->at[keys->count] = strndup(key.at, key.size);
    if (!keys->at[keys->count])
        f->status = error_set(f->err, STATUS_MEMORY, "out of memory");
    else
        keys->count++;
}

enum status hook_projects(struct client *client, char ***keys, size_t *count, struct error *err)
{
    struct hook_ask ask;
    struct keys made = {.at = NULL};
    hook_ask_init(&ask, CLIENT_GET, "to use Bitbucket");
    buffer_string(&ask.url, "/rest/api/latest/projects");
    enum status status = hook_ask_pages(&ask, client, take_key, &made, err);
    hook_ask_free(&ask);
    if (status == STATUS_OK) {
        *keys = made.at;
        *count = made.count;
        return STATUS_OK;
    }
    for (size_t i = 0; i < made.count; i++)
        free(made.at[i]);
    free(made.at);
    return status;
}
