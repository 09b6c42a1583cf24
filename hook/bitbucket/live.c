#include "bitbucket/live.h"

#include <stdlib.h>
#include <string.h>

#include "bitbucket/feed.h"

struct slot { /* a question under way */
    bool asked, answered; /* answered: `response` is of the earlier crawl */
    char *url;
    struct question question;
    struct response response;
};

struct live {
    struct client *client;
    struct journal *journal;
    struct recording *earlier; /* NULL: none */
    uint64_t reused;
    size_t *ready; /* slots that the earlier crawl answered: a ring, the first at `first` */
    size_t first, ready_count;
    size_t slot_count;
    struct slot slots[];
};

enum status live_new(struct client *client, struct journal *journal, struct recording *earlier,
                     size_t slots, struct live **out, struct error *err)
{
    if (!slots || slots > CLIENT_SLOTS_MAX)
        return error_set(err, STATUS_USAGE, "between 1 and %d questions at once, not %zu",
                         CLIENT_SLOTS_MAX, slots);
    struct live *live = calloc(1, sizeof *live + slots * sizeof live->slots[0]);
    size_t *ready = calloc(slots, sizeof *ready);
    if (!live || !ready) {
        free(live);
        free(ready);
        return error_set(err, STATUS_MEMORY, "out of memory");
    }
    live->client = client;
    live->journal = journal;
    live->earlier = earlier;
    live->ready = ready;
    live->slot_count = slots;
    *out = live;
    return STATUS_OK;
}

static void clear_slot(struct slot *slot)
{
    recording_release(&slot->response);
    free(slot->url);
    *slot = (struct slot){0};
}

void live_free(struct live *live)
{
    if (!live)
        return;
    for (size_t i = 0; i < live->slot_count; i++)
        clear_slot(&live->slots[i]);
    free(live->ready);
    free(live);
}

uint64_t live_reused(const struct live *live)
{
    return live->reused;
}

/* ------------------------------------------------------------------ asking */

/* A refusal is asked for again: perhaps that is why the crawl was begun anew. So is what the server
 * seemed not to have: a plugin may have been off for a moment. */
static bool still_good(const struct response *response)
{
    int status = response->status;
    if (status == 404)
        return feed_is_resource_error(response->body);
    return status == 200 || status == 204 || status == 307 || status == 400;
}

/* The answer of the interrupted crawl into slot->response. *found: there is one that counts. A line
 * that cannot be read is as good as none: the answer that is asked for now is written after it. */
static enum status look_earlier(struct live *live, struct slot *slot, bool *found, struct error *err)
{
    struct error why;
    *found = false;
    if (!live->earlier)
        return STATUS_OK;
    enum status status = recording_get(live->earlier, &slot->question, &slot->response, &why);
    if (status == STATUS_NOT_FOUND || status == STATUS_FORMAT)
        return STATUS_OK;
    if (status != STATUS_OK)
        return error_set(err, status, "%s", why.text);
    *found = still_good(&slot->response);
    if (!*found)
        recording_release(&slot->response);
    return STATUS_OK;
}

static enum status ask_client(struct live *live, size_t number, struct error *err)
{
    const struct question *question = &live->slots[number].question;
    const struct client_request request = {
        .url = question->url, /* look=2 is for the journal only */
        .admin = endpoints[question->endpoint].flags & ENDPOINT_ADMIN,
        .anonymous = question->endpoint == ENDPOINT_PROPERTIES,
    };
    return client_ask(live->client, number, &request, err);
}

static enum status ask(void *self, size_t number, const struct question *question, struct error *err)
{
    struct live *live = self;
    bool found = false;
    if (number >= live->slot_count || live->slots[number].asked)
        return error_set(err, STATUS_USAGE, "two questions in one slot: %s", question->url);
    struct slot *slot = &live->slots[number];
    slot->url = strdup(question->url);
    if (!slot->url)
        return error_set(err, STATUS_MEMORY, "out of memory");
    slot->question = *question;
    slot->question.url = slot->url;
    enum status status = look_earlier(live, slot, &found, err);
    if (status == STATUS_OK && !found)
        status = ask_client(live, number, err);
    if (status != STATUS_OK) {
        clear_slot(slot);
        return status;
    }
    slot->asked = true;
    if (found) {
        slot->answered = true;
        live->ready[(live->first + live->ready_count++) % live->slot_count] = number;
    }
    return STATUS_OK;
}

/* ------------------------------------------------------------------ answers */

static void give_earlier(struct live *live, size_t *number, struct response *out)
{
    *number = live->ready[live->first];
    live->first = (live->first + 1) % live->slot_count;
    live->ready_count--;
    live->reused++;
    struct slot *slot = &live->slots[*number];
    *out = slot->response;
    slot->response = (struct response){0};
    clear_slot(slot);
}

static enum status check_asked(const struct live *live, size_t number, struct error *err)
{
    if (number < live->slot_count && live->slots[number].asked && !live->slots[number].answered)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "an answer that nobody asked for");
}

/* What is not in the journal never happened: so it is written before anybody sees it. */
static enum status give_fresh(struct live *live, size_t *number, struct response *out,
                              struct error *err)
{
    struct client_answer answer = {0};
    size_t got;
    enum status status = client_wait(live->client, &got, &answer, err);
    if (status != STATUS_OK)
        return status;
    status = check_asked(live, got, err);
    if (status == STATUS_OK)
        status = journal_add(live->journal, &live->slots[got].question, answer.status,
                             answer.location, answer.raw, answer.body, err);
    if (status != STATUS_OK) {
        json_decref(answer.body);
        free(answer.location);
        return status;
    }
    *number = got;
    *out = (struct response){
        .status = answer.status, .body = answer.body, .location = answer.location};
    clear_slot(&live->slots[got]);
    return STATUS_OK;
}

static enum status wait_one(void *self, size_t *slot, struct response *out, struct error *err)
{
    struct live *live = self;
    if (!live->ready_count)
        return give_fresh(live, slot, out, err);
    give_earlier(live, slot, out);
    return STATUS_OK;
}

static void release(void *self, struct response *response)
{
    (void)self;
    recording_release(response);
}

struct answer_source live_source(struct live *live)
{
    return (struct answer_source){live->slot_count, ask, wait_one, release, live};
}
