/*
 * One answer about rate limits, or about what the account may read: bytes for the question and the status,
 * then JSON. A limit that is taken is one that can be kept; a sentence can be shown.
 */
#include <jansson.h>

#include "bitbucket/feed.h"
#include "bitbucket/survey_parse.h"
#include "fuzz/support.h"

static void check_limits(const struct survey *survey)
{
    REQUIRE(survey->limited != ANSWER_YES ||
            (survey->capacity > 0 && survey->fill_per_s > 0 && survey->fill_per_s < 1e300));
    fuzz_tell_number((uint64_t)survey->limited * 8 + survey->exempt);
}

static void judge(enum endpoint_id id, int status, const json_t *body)
{
    struct survey_right right;
    struct buffer words;
    buffer_init(&words, SIZE_MAX);
    survey_judge(id, status, body, "PRJ/app", &right, &words);
    fuzz_require_plain(buffer_view(&words), false, false);
    fuzz_tell_text(buffer_view(&words));
    fuzz_tell_number((uint64_t)right.may * 2 + right.lacking);
    REQUIRE(right.may != ANSWER_YES || status < 400 || right.lacking || status == 404);
    buffer_free(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 204, 307, 400, 401, 403, 404};
    struct input in = {data, size};
    struct survey survey = {.version = ""};
    struct feed_result result;
    struct error err = {STATUS_OK, ""};
    enum endpoint_id id = (enum endpoint_id)(input_byte(&in) % ENDPOINTS);
    int status = statuses[input_byte(&in) % 7];
    struct text bytes = input_bytes(&in, in.left);
    json_t *body = json_loadb(bytes.at, bytes.size, JSON_REJECT_DUPLICATES, NULL);
    survey_limits(status, body, &survey);
    check_limits(&survey);
    survey.limited = ANSWER_YES;
    survey.capacity = survey.fill_per_s = 1;
    survey_exempt(status, body, TEXT("admin"), &survey);
    check_limits(&survey);
    judge(id, status, body);
    (void)feed_is_resource_error(body);
    fuzz_tell_text(feed_error_message(body));
    enum status peeked = feed_peek(id, "/rest/x", 25, body, &result, &err);
    fuzz_require_sentence(peeked, &err);
    /* Pages go forward: a list has an end. */
    REQUIRE(peeked != STATUS_OK || !result.more || result.next > 25);
    json_decref(body);
    return 0;
}
