#include "bitbucket/client_slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "bitbucket/client_method.h"

#define NAME_ATTEMPTS 2 /* for a name that was never resolved */
#define SHOWN_PATH_MOST 200

/* ------------------------------------------------------------------ making, starting, freeing */

static size_t take_body(char *bytes, size_t size, size_t count, void *self)
{
    struct slot *slot = self;
    buffer_add(&slot->body, bytes, size * count);
    slot->too_large = slot->body.failed;
    return slot->too_large ? 0 : size * count;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *self)
{
    struct slot *slot = self;
    headers_line(&slot->headers, (struct text){bytes, size * count});
    slot->too_large = slot->headers.bytes > HEADERS_MOST;
    return slot->too_large ? 0 : size * count;
}

bool slot_prepare(struct client *client, struct slot *slot, const struct handle_options *options)
{
    slot->client = client;
    slot->state = SLOT_FREE;
    buffer_init(&slot->body, client->answer_max);
    CURL *easy = handle_new(options);
    if (easy && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, slot) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, slot->said) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PRIVATE, slot) == CURLE_OK) {
        slot->easy = easy;
        return true;
    }
    curl_easy_cleanup(easy);
    return false;
}

enum status slot_start(struct slot *slot, struct error *err)
{
    slot->body.size = 0;
    slot->body.failed = slot->too_large = false;
    slot->headers = (struct headers){.bytes = 0};
    slot->said[0] = '\0';
    slot->sent = false;
    if (curl_multi_add_handle(slot->client->multi, slot->easy) != CURLM_OK)
        return error_set(err, STATUS_MEMORY, "libcurl takes no request");
    slot->state = SLOT_RUNNING;
    slot->client->stats.requests++;
    return STATUS_OK;
}

static void free_found(struct answer_found *found)
{
    json_decref(found->body);
    free(found->location);
    *found = (struct answer_found){.status = 0};
}

void slot_free(struct slot *slot)
{
    if (slot->state == SLOT_RUNNING) {
#if LIBCURL_VERSION_NUM >= 0x075700
        /* Do not wait for a name server that does not answer. */
        (void)curl_easy_setopt(slot->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
        (void)curl_multi_remove_handle(slot->client->multi, slot->easy);
    }
    method_clear(slot);
    curl_easy_cleanup(slot->easy);
    free_found(&slot->found);
    free(slot->url);
    buffer_free(&slot->body);
}

/* ------------------------------------------------------------------ what came of it */

static struct signer *signer_of(struct slot *slot)
{
    return slot->with_token ? &slot->client->token : &slot->client->basic;
}

static void enqueue(struct slot *slot)
{
    struct client *client = slot->client;
    slot->state = SLOT_DONE;
    client->done[(client->done_first + client->done_count++) % client->count] =
        (size_t)(slot - client->slots);
}

static void give_up(struct slot *slot, const struct error *why)
{
    char path[2 * SHOWN_PATH_MOST], tried[40] = "";
    const struct client *client = slot->client;
    secrets_quote(path, sizeof path, &client->secrets,
                  text_skip(text_of(slot->url), strlen(client->base.url)), SHOWN_PATH_MOST);
    if (slot->attempt > 1)
        snprintf(tried, sizeof tried, " (%u attempts)", slot->attempt);
    slot->failed = error_set(&slot->error, why->code, "%s: %s%s", path, why->text, tried);
    enqueue(slot);
}

/* A POST that the server may have seen is not sent again: it would be done twice. */
static bool never_again(const struct slot *slot)
{
    return slot->method == CLIENT_POST && slot->sent;
}

/* give_up(), and what it means for a POST; what is cut is the cause, not that. */
static void give_up_unsure(struct slot *slot, const struct error *why)
{
    struct error unsure;
    error_set(&unsure, why->code, "it is not known whether this was done: %s", why->text);
    give_up(slot, never_again(slot) ? &unsure : why);
}

static uint32_t some_random(void)
{
    uint32_t random;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)clock_monotonic_us() * UINT32_C(2654435761); /* early after boot */
    return random;
}

static void ask_again(struct slot *slot, unsigned attempts, int64_t retry_after_ms,
                      const struct error *why)
{
    if (never_again(slot) || slot->attempt >= attempts) {
        give_up_unsure(slot, why);
        return;
    }
    slot->attempt++;
    slot->client->stats.retries++;
    int64_t wait_ms = backoff_ms(slot->attempt, some_random());
    if (retry_after_ms > PACE_RETRY_MOST_MS)
        retry_after_ms = PACE_RETRY_MOST_MS;
    if (wait_ms < retry_after_ms)
        wait_ms = retry_after_ms;
    slot->due_us = clock_monotonic_us() + wait_ms * 1000;
    slot->state = SLOT_DUE;
}

/* A 429 is no failed attempt, but there is an end to them, too. */
static void throttled(struct slot *slot, int64_t retry_after_ms, const struct error *why)
{
    struct client *client = slot->client;
    pace_throttled(&client->pace, retry_after_ms, clock_monotonic_us());
    client->stats.throttled = client->pace.throttled;
    client->stats.waited_ms = client->pace.waited_us / 1000;
    client->stats.waiting_until_us = client->pace.not_before_us;
    if (++slot->throttled >= client->throttled_most) {
        struct error many;
        error_set(&many, STATUS_IO, "%s (too many requests), %u times in a row", why->text,
                  slot->throttled);
        give_up(slot, &many);
        return;
    }
    slot->due_us = 0; /* pace_take() knows when */
    slot->state = SLOT_DUE;
}

static void answered(struct slot *slot, int status)
{
    struct client *client = slot->client;
    struct signer *signer = signer_of(slot);
    struct error why = {.code = STATUS_IO};
    struct answer_facts facts = {
        .base = &client->base,
        .status = status,
        .headers = &slot->headers,
        .body = buffer_view(&slot->body),
        .anonymous = slot->anonymous,
        .plain = slot->plain,
        .may_be_empty = slot->method == CLIENT_DELETE,
        .account = signer->seen[0] ? signer->seen : signer->expected,
        .now_ms = clock_now_ms(),
        .secrets = &client->secrets,
    };
    struct answer_found found;
    enum answer_verdict verdict = answer_judge(&facts, &found, &why);
    if (verdict != ANSWER_THROTTLED) {
        pace_answered(&client->pace, clock_monotonic_us());
        slot->throttled = 0;
    }
    if (verdict != ANSWER_GOOD && verdict != ANSWER_THROTTLED)
        client->stats.errors++;
    switch (verdict) {
    case ANSWER_GOOD:
        client->stats.answers++;
        if (found.account[0])
            memcpy(signer->seen, found.account, sizeof signer->seen);
        slot->found = found;
        slot->failed = STATUS_OK;
        enqueue(slot);
        break;
    case ANSWER_AGAIN: ask_again(slot, client->attempts, found.retry_after_ms, &why); break;
    case ANSWER_THROTTLED: throttled(slot, found.retry_after_ms, &why); break;
    case ANSWER_BAD:
    default:
        if (status >= 200 && status <= 299)
            give_up_unsure(slot, &why);
        else
            give_up(slot, &why);
        break;
    }
}

static void too_large(struct slot *slot)
{
    struct error why;
    error_set(&why, STATUS_LIMIT, "the answer is larger than %zu bytes", slot->client->answer_max);
    if (slot->headers.bytes > HEADERS_MOST)
        error_set(&why, STATUS_LIMIT, "the headers are larger than %zu bytes", HEADERS_MOST);
    give_up_unsure(slot, &why);
}

/* A name that was never resolved is likely wrong; one that was is so for now. */
static void failed(struct slot *slot, CURLcode code)
{
    struct client *client = slot->client;
    struct error why = {.code = STATUS_IO};
    long os_errno = 0;
    (void)curl_easy_getinfo(slot->easy, CURLINFO_OS_ERRNO, &os_errno);
    client->stats.errors++;
    if (slot->too_large) {
        too_large(slot);
        return;
    }
    enum trouble trouble = handle_trouble(code, slot->said, os_errno);
    handle_explain(code, trouble, slot->said, &client->secrets, &why);
    if (trouble == TROUBLE_AGAIN || (trouble == TROUBLE_NAME && client->stats.answers))
        ask_again(slot, client->attempts, -1, &why);
    else if (trouble == TROUBLE_NAME)
        ask_again(slot, client->attempts < NAME_ATTEMPTS ? client->attempts : NAME_ATTEMPTS, -1, &why);
    else if (trouble == TROUBLE_FINAL)
        give_up_unsure(slot, &why);
    else
        give_up(slot, &why);
}

static void count_transfer(struct slot *slot)
{
    struct client_stats *stats = &slot->client->stats;
    long opened = 0, headers = 0, version = 0;
    curl_off_t body = 0;
    (void)curl_easy_getinfo(slot->easy, CURLINFO_NUM_CONNECTS, &opened);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_HEADER_SIZE, &headers);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_HTTP_VERSION, &version);
    stats->connections += (uint64_t)opened;
    stats->bytes += (uint64_t)headers + (uint64_t)body;
    if (version)
        stats->http_version = version == CURL_HTTP_VERSION_2_0   ? 20
                              : version == CURL_HTTP_VERSION_1_1 ? 11
                                                                 : 10;
}

void slot_finish(struct slot *slot, CURLcode code)
{
    long status = 0, sent = 0;
    count_transfer(slot);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_REQUEST_SIZE, &sent);
    slot->sent = code == CURLE_OK || status || sent;
    (void)curl_multi_remove_handle(slot->client->multi, slot->easy);
    if (code == CURLE_OK)
        answered(slot, (int)status);
    else
        failed(slot, code);
}
