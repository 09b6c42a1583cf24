#include "bitbucket/survey.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bitbucket/field.h"
#include "bitbucket/survey_parse.h"
#include "bitbucket/url.h"

#define LIMITS "/rest/api/latest/admin/rate-limit/settings"
#define FILTER_LIMIT "100"

struct asking {
    struct client *client;
    struct survey *survey;
    int64_t best_ms; /* the shortest round trip so far: what tells the clock best; -1: none */
};

static void release(struct client_answer *answer)
{
    json_decref(answer->body);
    free(answer->location);
    answer->body = NULL;
    answer->location = NULL;
}

static enum status ask(struct asking *a, const struct client_request *request,
                       struct client_answer *answer, struct error *err)
{
    int64_t began_us = clock_monotonic_us();
    int64_t asked_ms = clock_now_ms();
    enum status status = client_get(a->client, request, answer, err);
    if (status != STATUS_OK)
        return status;
    int64_t took_ms = (clock_monotonic_us() - began_us) / 1000;
    if (answer->date_ms && (a->best_ms < 0 || took_ms < a->best_ms)) {
        a->best_ms = took_ms;
        a->survey->skew_known = true;
        a->survey->skew_ms = survey_skew(answer->date_ms, asked_ms, asked_ms + took_ms);
    }
    return STATUS_OK;
}

static enum status ask_version(struct asking *a, struct error *err)
{
    const struct client_request request = {.url = "/rest/api/latest/application-properties",
                                           .anonymous = true};
    struct client_answer answer;
    enum status status = ask(a, &request, &answer, err);
    if (status != STATUS_OK)
        return status;
    if (answer.status != 200) {
        status = error_set(err, STATUS_FORMAT,
                           "%s: HTTP status %d: is this the base URL of a Bitbucket?", request.url,
                           answer.status);
    } else {
        struct fields fields = {.where = request.url, .err = err};
        struct text version = field_text(&fields, answer.body, "version", REQUIRED);
        status = fields.status;
        if (status == STATUS_OK)
            snprintf(a->survey->version, sizeof a->survey->version, "%.*s", TEXT_ARG(version));
    }
    release(&answer);
    return status;
}

/* An answer that is not anonymous says who we are: the client keeps it. */
static enum status ask_account(struct asking *a, struct error *err)
{
    const struct client_request request = {.url = "/rest/api/latest/projects?limit=1"};
    struct client_answer answer;
    enum status status = ask(a, &request, &answer, err);
    if (status == STATUS_OK)
        release(&answer);
    return status;
}

static enum status ask_limits(struct asking *a, struct error *err)
{
    const struct client_request request = {.url = LIMITS, .admin = true};
    struct client_answer answer;
    enum status status = ask(a, &request, &answer, err);
    if (status != STATUS_OK)
        return status;
    survey_limits(answer.status, answer.body, a->survey);
    release(&answer);
    return STATUS_OK;
}

/* Is this account exempt, and if not, what holds for it? */
static enum status ask_exempt(struct asking *a, struct text account, struct survey *out,
                              struct error *err)
{
    struct buffer url;
    struct client_answer answer;
    buffer_init(&url, (size_t)64 * 1024);
    url_fill(&url, LIMITS "/users?filter={user}&limit=" FILTER_LIMIT,
             &(struct url_values){.user = account});
    const struct client_request request = {.url = url.data, .admin = true};
    enum status status = url.failed ? error_set(err, STATUS_MEMORY, "out of memory")
                                    : ask(a, &request, &answer, err);
    buffer_free(&url);
    if (status != STATUS_OK)
        return status;
    survey_exempt(answer.status, answer.body, account, out);
    release(&answer);
    return STATUS_OK;
}

/* Token and password may be of two accounts, each with a bucket of its own: exempt if both are, and
 * the slower one counts. */
static enum status ask_exemptions(struct asking *a, struct error *err)
{
    struct survey *out = a->survey;
    struct text by_token = text_of(client_account(a->client, true));
    struct text by_password = text_of(client_account(a->client, false));
    struct text accounts[2] = {by_token, by_password};
    if (text_equal_fold(by_token, by_password))
        accounts[1] = TEXT_NONE;
    const struct survey limits = *out;
    enum answer exempt = ANSWER_YES;
    bool asked = false, slowed = false;
    for (size_t i = 0; i < 2; i++) {
        struct survey own = limits;
        if (!accounts[i].size)
            continue;
        enum status status = ask_exempt(a, accounts[i], &own, err);
        if (status != STATUS_OK)
            return status;
        asked = true;
        exempt = answer_and(exempt, own.exempt);
        if (own.exempt == ANSWER_YES || (slowed && own.fill_per_s >= out->fill_per_s))
            continue;
        out->capacity = own.capacity;
        out->fill_per_s = own.fill_per_s;
        slowed = true;
    }
    out->exempt = asked ? exempt : ANSWER_CANNOT_TELL;
    return STATUS_OK;
}

enum status survey_server(struct client *client, struct survey *out, struct error *err)
{
    struct survey survey = {.limited = ANSWER_CANNOT_TELL, .exempt = ANSWER_CANNOT_TELL};
    struct asking a = {client, &survey, -1};
    enum status status = ask_version(&a, err);
    if (status == STATUS_OK)
        status = ask_account(&a, err);
    if (status == STATUS_OK)
        status = ask_limits(&a, err);
    if (status == STATUS_OK && survey.limited == ANSWER_YES)
        status = ask_exemptions(&a, err);
    if (status == STATUS_OK)
        *out = survey;
    return status;
}
