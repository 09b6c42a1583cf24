/*
 * survey_parse.h - what an answer means for a survey; pure, for survey*.c and their tests.
 */
#ifndef REFGATE_BITBUCKET_SURVEY_PARSE_H
#define REFGATE_BITBUCKET_SURVEY_PARSE_H

#include "bitbucket/survey.h"

/* The server's clock minus ours: its Date (whole seconds) against the middle of the round trip. 0 if
 * the two may be the same. */
int64_t survey_skew(int64_t date_ms, int64_t asked_ms, int64_t answered_ms);

/* …/admin/rate-limit/settings into limited, capacity, fill_per_s. Never an error: what is not
 * understood is CANNOT_TELL. */
void survey_limits(int status, const json_t *body, struct survey *out);
/* …/admin/rate-limit/settings/users?filter=ACCOUNT into exempt, and into capacity and fill_per_s if
 * the account has its own. Only where limited is YES. */
void survey_exempt(int status, const json_t *body, struct text account, struct survey *out);

/* May the account read it, by the answer's status? Fills all of *out but the sentence, whose words go
 * to `words`. `sample` is what was asked about ("PRJ/app"), or "". */
struct buffer;
void survey_judge(enum endpoint_id id, int status, const json_t *body, const char *sample,
                  struct survey_right *out, struct buffer *words);

#endif
