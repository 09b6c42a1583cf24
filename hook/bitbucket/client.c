#include "bitbucket/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bitbucket/client_method.h"
#include "bitbucket/client_slot.h"

#define URL_PATH_MAX 8000
#define ATTEMPTS_DEFAULT 5
#define THROTTLED_DEFAULT 50
#define POLL_MOST_MS 200            /* a cancellation is seen after this at the latest */
#define KEPT_MOST ((size_t)64 * 1024) /* room of a slot's buffer that stays; of each */

/* ------------------------------------------------------------------ making and freeing */

static enum status start_libcurl(struct error *err)
{
    static bool started;
    if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, STATUS_IO, "libcurl cannot be started");
    started = true;
    return STATUS_OK;
}

static enum status prepare_signers(struct client *client, const struct credentials *c,
                                   struct error *err)
{
    enum status status = secrets_make(c, &client->secrets, err);
    if (status != STATUS_OK)
        return status;
    if (c->token[0])
        client->token.headers = handle_headers("Bearer", client->secrets.token);
    if (c->user[0])
        client->basic.headers = handle_headers("Basic", client->secrets.basic);
    /* A directory may let people sign in by mail address; x-token-auth is Bitbucket 9.4's name for
     * whoever a token belongs to. */
    if (c->user[0] && !strchr(c->user, '@') && strcmp(c->user, "x-token-auth") != 0)
        snprintf(client->basic.expected, sizeof client->basic.expected, "%s", c->user);
    if ((c->token[0] && !client->token.headers) || (c->user[0] && !client->basic.headers))
        return error_set(err, STATUS_MEMORY, "out of memory");
    return STATUS_OK;
}

static enum status prepare_slots(struct client *client, const struct handle_options *options,
                                 struct error *err)
{
    client->slots = calloc(options->client->slots, sizeof *client->slots);
    client->done = calloc(options->client->slots, sizeof *client->done);
    client->multi = handle_new_multi(options->client->slots);
    if (!client->slots || !client->done || !client->multi)
        return error_set(err, STATUS_MEMORY, "out of memory");
    for (; client->count < options->client->slots; client->count++)
        if (!slot_prepare(client, &client->slots[client->count], options))
            return error_set(err, STATUS_UNSUPPORTED, "libcurl %s cannot do what is needed",
                             curl_version_info(CURLVERSION_NOW)->version);
    return STATUS_OK;
}

enum status client_new(const struct client_options *options, struct client **out, struct error *err)
{
    struct handle_options handles;
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return error_set(err, STATUS_MEMORY, "out of memory");
    client->attempts = options->attempts ? options->attempts : ATTEMPTS_DEFAULT;
    client->throttled_most = options->throttled_most ? options->throttled_most : THROTTLED_DEFAULT;
    client->answer_max = options->answer_max ? options->answer_max : CLIENT_ANSWER_MAX;
    client->cancel = options->cancel;
    client->tick = options->tick;
    client->tick_self = options->tick_self;
    client->rate = options->rate;
    enum status status = STATUS_OK;
    if (options->slots < 1 || options->slots > CLIENT_SLOTS_MAX)
        status = error_set(err, STATUS_USAGE, "1 to %d requests at once", CLIENT_SLOTS_MAX);
    if (status == STATUS_OK)
        status = base_url_parse(options->base_url, options->allow_http, &client->base, err);
    if (status == STATUS_OK)
        status = handle_check(options, &client->base, &handles, err);
    if (status == STATUS_OK)
        status = start_libcurl(err);
    if (status == STATUS_OK)
        status = prepare_signers(client, options->credentials, err);
    if (status == STATUS_OK)
        status = prepare_slots(client, &handles, err);
    if (status != STATUS_OK) {
        client_free(client);
        return status;
    }
    pace_init(&client->pace, clock_monotonic_us());
    client_limit(client, 0, 0);
    *out = client;
    return STATUS_OK;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < client->count; i++)
        slot_free(&client->slots[i]);
    curl_multi_cleanup(client->multi);
    handle_free_headers(client->token.headers);
    handle_free_headers(client->basic.headers);
    free(client->slots);
    free(client->done);
    secrets_wipe(&client->secrets);
    free(client);
}

/* ------------------------------------------------------------------ what it knows */

const char *client_base_url(const struct client *client)
{
    return client->base.url;
}

/* What the operator set is not exceeded, whatever the server allows. */
void client_limit(struct client *client, double capacity, double fill_per_s)
{
    bool ours = client->rate > 0 && (fill_per_s <= 0 || client->rate < fill_per_s);
    if (ours) {
        fill_per_s = client->rate;
        capacity = 1;
    }
    pace_limit(&client->pace, capacity, fill_per_s, clock_monotonic_us());
}

void client_quote(const struct client *client, struct buffer *out, struct text outside, size_t most)
{
    secrets_put(out, client ? &client->secrets : NULL, outside, most);
}

const struct client_stats *client_stats(const struct client *client)
{
    return &client->stats;
}

const char *client_account(const struct client *client, bool token)
{
    return token ? client->token.seen : client->basic.seen;
}

/* ------------------------------------------------------------------ asking */

static bool fit_path(struct text path)
{
    if (!text_starts(path, TEXT("/rest/")) || path.size > URL_PATH_MAX)
        return false;
    for (size_t i = 0; i < path.size; i++)
        if (path.at[i] <= ' ' || path.at[i] > '~' || path.at[i] == '\\' || path.at[i] == '#')
            return false;
    return true;
}

/* Tokens are refused on administrative endpoints; elsewhere one is preferred, since it can do less. */
static bool choose_token(const struct client *client, bool admin)
{
    return client->token.headers && !(admin && client->basic.headers);
}

enum status client_ask(struct client *client, size_t at, const struct client_request *request,
                       struct error *err)
{
    if (at >= client->count || client->slots[at].state != SLOT_FREE)
        return error_set(err, STATUS_USAGE, "slot %zu cannot be asked in", at);
    if (!fit_path(text_of(request->url)))
        return error_set(err, STATUS_USAGE, "not a path of the REST API");
    struct slot *slot = &client->slots[at];
    size_t size = strlen(client->base.url) + strlen(request->url) + 1;
    char *url = malloc(size);
    if (!url)
        return error_set(err, STATUS_MEMORY, "out of memory");
    snprintf(url, size, "%s%s", client->base.url, request->url);
    bool token = choose_token(client, request->admin);
    const struct signer *signer = token ? &client->token : &client->basic;
    enum status status = curl_easy_setopt(slot->easy, CURLOPT_URL, url) == CURLE_OK
                             ? method_set(slot, request, signer, err)
                             : error_set(err, STATUS_MEMORY, "out of memory");
    if (status != STATUS_OK) {
        free(url);
        return status;
    }
    free(slot->url);
    slot->url = url;
    slot->with_token = token;
    slot->anonymous = request->anonymous;
    slot->attempt = 1;
    slot->throttled = 0;
    slot->due_us = 0;
    slot->state = SLOT_DUE;
    client->under_way++;
    if (slot->body.room > KEPT_MOST)
        buffer_free(&slot->body);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ waiting */

/* Starts what is due, each slot first in its turn. *wait_us: until something else is. */
static enum status start_due(struct client *client, int64_t *wait_us, struct error *err)
{
    int64_t now = clock_monotonic_us();
    *wait_us = POLL_MOST_MS * 1000;
    for (size_t i = 0; i < client->count; i++) {
        struct slot *slot = &client->slots[(client->turn + i) % client->count];
        if (slot->state != SLOT_DUE)
            continue;
        int64_t wait = slot->due_us > now ? slot->due_us - now : pace_take(&client->pace, now);
        if (wait > 0) {
            *wait_us = wait < *wait_us ? wait : *wait_us;
            continue;
        }
        enum status status = slot_start(slot, err);
        if (status != STATUS_OK)
            return status;
    }
    client->turn = client->turn + 1 < client->count ? client->turn + 1 : 0;
    return STATUS_OK;
}

static enum status perform(struct client *client, struct error *err)
{
    int running, left;
    CURLMcode code = curl_multi_perform(client->multi, &running);
    if (code != CURLM_OK)
        return error_set(err, STATUS_IO, "libcurl: %s", curl_multi_strerror(code));
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        char *slot = NULL;
        CURLcode result = message->data.result;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot) == CURLE_OK)
            slot_finish((struct slot *)(void *)slot, result);
    }
    return STATUS_OK;
}

static enum status hand_out(struct client *client, size_t *at, struct client_answer *out,
                            struct error *err)
{
    size_t index = client->done[client->done_first];
    struct slot *slot = &client->slots[index];
    client->done_first = (client->done_first + 1) % client->count;
    client->done_count--;
    client->under_way--;
    slot->state = SLOT_FREE;
    if (slot->failed != STATUS_OK)
        return error_set(err, slot->failed, "%s", slot->error.text);
    struct client_answer answer = {
        .status = slot->found.status,
        .raw = slot->found.body || slot->plain ? buffer_view(&slot->body) : TEXT(""),
        .body = slot->found.body,
        .location = slot->found.location,
        .date_ms = slot->found.date_ms,
    };
    memcpy(answer.user, slot->found.account, sizeof answer.user);
    slot->found = (struct answer_found){.status = 0};
    *at = index;
    *out = answer;
    return STATUS_OK;
}

static enum status interrupted(const struct client *client, struct error *err)
{
    bool unknown = false;
    for (size_t i = 0; i < client->count; i++)
        unknown = unknown || (client->slots[i].state == SLOT_RUNNING &&
                              client->slots[i].method == CLIENT_POST);
    return error_set(err, STATUS_DEADLINE, "interrupted%s",
                     unknown ? "; it is not known whether what was asked for was done" : "");
}

enum status client_wait(struct client *client, size_t *slot, struct client_answer *out,
                        struct error *err)
{
    if (!client->under_way)
        return error_set(err, STATUS_USAGE, "nothing was asked");
    for (;;) {
        int64_t wait_us;
        if (client->cancel && *client->cancel)
            return interrupted(client, err);
        if (client->tick)
            client->tick(client->tick_self);
        enum status status = start_due(client, &wait_us, err);
        if (status == STATUS_OK && client->done_count)
            return hand_out(client, slot, out, err);
        if (status == STATUS_OK)
            status = perform(client, err);
        if (status != STATUS_OK)
            return status;
        if (client->done_count)
            continue;
        CURLMcode code = curl_multi_poll(client->multi, NULL, 0, (int)((wait_us + 999) / 1000), NULL);
        if (code != CURLM_OK)
            return error_set(err, STATUS_IO, "libcurl: %s", curl_multi_strerror(code));
    }
}

enum status client_get(struct client *client, const struct client_request *request,
                       struct client_answer *out, struct error *err)
{
    size_t slot;
    if (client->under_way)
        return error_set(err, STATUS_USAGE, "other requests are under way");
    enum status status = client_ask(client, 0, request, err);
    return status == STATUS_OK ? client_wait(client, &slot, out, err) : status;
}
