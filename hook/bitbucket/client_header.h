/*
 * client_header.h - the headers of an answer that say whose it is and what to do with it.
 */
#ifndef REFGATE_BITBUCKET_CLIENT_HEADER_H
#define REFGATE_BITBUCKET_CLIENT_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define HEADERS_MOST ((size_t)256 * 1024) /* bytes of all headers of one answer */
#define ACCOUNT_MAX 256

struct headers {
    char content_type[128];
    char location[4096];
    char account[1024];  /* X-AUSERNAME, as it came */
    char retry_after[64];
    char date[64];
    bool account_twice;  /* two that differ */
    bool location_long;  /* did not fit */
    bool captcha;        /* the account must solve one before it may sign in again */
    bool ended;          /* the empty line was there: what still comes are trailers */
    size_t bytes;
};

/* One line as libcurl gives it: a status line begins anew, whatever came before it (100 Continue). */
void headers_line(struct headers *headers, struct text line);
bool headers_json(const struct headers *headers); /* Content-Type: application/json */
/* Retry-After: seconds or a date; -1 if it is not there or no good. */
int64_t headers_retry_after_ms(const struct headers *headers, int64_t now_ms);
int64_t headers_date_ms(const struct headers *headers); /* 0: not said */
/* The name in X-AUSERNAME, which is URL-encoded. "" if nobody is signed in; false if it cannot be a
 * name. */
bool headers_account(const struct headers *headers, char out[ACCOUNT_MAX]);
/* The same account? Without ASCII case; servers encode a blank as + and leave a + as it is. */
bool account_equal(const char *a, const char *b);

#endif
