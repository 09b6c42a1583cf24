#include "bitbucket/survey_parse.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "bitbucket/feed.h"

#define FILL_LEAST 0.001 /* requests a second; with less nobody would wait for the end */
#define MESSAGE_MAX 200 /* bytes of Bitbucket's own words in a sentence */

int64_t survey_skew(int64_t date_ms, int64_t asked_ms, int64_t answered_ms)
{
    int64_t ours = asked_ms + (answered_ms - asked_ms) / 2;
    int64_t last = date_ms + CLOCK_SECOND - 1; /* Date is cut to the second */
    if (ours < date_ms)
        return date_ms - ours;
    return ours > last ? last - ours : 0;
}

static bool route_missing(int status, const json_t *body)
{
    return status == 404 && !feed_is_resource_error(body);
}

/* ------------------------------------------------------------------ rate limits */

/* {"capacity": 60, "fillRate": 5}; false leaves what is there. */
static bool read_settings(const json_t *settings, double *capacity, double *fill)
{
    const json_t *c = json_object_get(settings, "capacity");
    const json_t *f = json_object_get(settings, "fillRate");
    if (!json_is_number(c) || !json_is_number(f) || json_number_value(c) <= 0 ||
        json_number_value(f) < FILL_LEAST)
        return false;
    *capacity = json_number_value(c);
    *fill = json_number_value(f);
    return true;
}

void survey_limits(int status, const json_t *body, struct survey *out)
{
    const json_t *enabled = json_object_get(body, "enabled");
    out->limited = ANSWER_CANNOT_TELL;
    out->capacity = out->fill_per_s = 0;
    if (route_missing(status, body)) /* before 6.6 */
        out->limited = ANSWER_NO;
    else if (status == 200 && json_is_false(enabled))
        out->limited = ANSWER_NO;
    else if (status == 200 && json_is_true(enabled) &&
             read_settings(json_object_get(body, "defaultSettings"), &out->capacity,
                           &out->fill_per_s))
        out->limited = ANSWER_YES;
}

static const json_t *find_account(const json_t *values, struct text account)
{
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *value = json_array_get(values, i);
        const json_t *name = json_object_get(json_object_get(value, "user"), "name");
        if (json_is_string(name) &&
            text_equal_fold((struct text){json_string_value(name), json_string_length(name)},
                            account))
            return value;
    }
    return NULL;
}

void survey_exempt(int status, const json_t *body, struct text account, struct survey *out)
{
    const json_t *values = json_object_get(body, "values");
    out->exempt = ANSWER_CANNOT_TELL;
    if (status != 200 || !json_is_array(values))
        return;
    const json_t *own = find_account(values, account);
    if (!own) { /* the filter finds parts of names: there may be another page */
        if (json_is_true(json_object_get(body, "isLastPage")))
            out->exempt = ANSWER_NO;
        return;
    }
    if (json_is_true(json_object_get(own, "whitelisted"))) {
        out->exempt = ANSWER_YES;
        return;
    }
    out->exempt = ANSWER_NO;
    read_settings(json_object_get(own, "settings"), &out->capacity, &out->fill_per_s);
}

/* ------------------------------------------------------------------ rights */

static void say_status(struct buffer *words, int status, const json_t *body)
{
    struct text message = feed_error_message(body);
    buffer_printf(words, "Bitbucket answered %d", status);
    if (message.size) {
        buffer_string(words, " (");
        buffer_escaped(words, message, MESSAGE_MAX, false);
        buffer_string(words, ")");
    }
}

static void judge_lacking(const struct endpoint *endpoint, struct survey_right *out,
                          struct buffer *words)
{
    out->lacking = true;
    buffer_string(words, "this version of Bitbucket does not have it");
    if (!(endpoint->flags & (ENDPOINT_OLD_LACKS | ENDPOINT_400_LACKS)) &&
        endpoint->fallback == ENDPOINTS)
        buffer_string(words, ", and a snapshot cannot be made without it");
}

void survey_judge(enum endpoint_id id, int status, const json_t *body, const char *sample,
                  struct survey_right *out, struct buffer *words)
{
    const struct endpoint *endpoint = &endpoints[id];
    bool resource = feed_is_resource_error(body);
    *out = (struct survey_right){
        .endpoint = id, .may = ANSWER_CANNOT_TELL, .status = status, .sentence = ""};
    if (status == 200 || status == 204) {
        out->may = ANSWER_YES;
    } else if (status == 401 || status == 403) {
        out->may = ANSWER_NO;
        buffer_printf(words, "the account needs %s", endpoint->permission);
        if (*sample) {
            buffer_string(words, " (asked about ");
            buffer_escaped(words, text_of(sample), MESSAGE_MAX, false);
            buffer_string(words, ")");
        }
    } else if (status == 404 && resource && (endpoint->flags & ENDPOINT_404_NONE)) {
        out->may = ANSWER_YES;
        buffer_string(words, "there is none here");
    } else if (route_missing(status, body) ||
               (status == 400 && (endpoint->flags & ENDPOINT_400_LACKS))) {
        judge_lacking(endpoint, out, words);
    } else {
        say_status(words, status, body);
    }
}
