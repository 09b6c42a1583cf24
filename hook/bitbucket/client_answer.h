/*
 * client_answer.h - is this what Bitbucket says to the account that asked? A pure function of the
 * answer: nothing is sent or waited for here.
 */
#ifndef REFGATE_BITBUCKET_CLIENT_ANSWER_H
#define REFGATE_BITBUCKET_CLIENT_ANSWER_H

#include <jansson.h>

#include "base/error.h"
#include "base/text.h"
#include "bitbucket/client_base.h"
#include "bitbucket/client_header.h"
#include "bitbucket/client_secret.h"

enum answer_verdict {
    ANSWER_GOOD = 11,      /* for whoever asked */
    ANSWER_AGAIN = 22,     /* the server's trouble: asking again may help */
    ANSWER_THROTTLED = 33, /* 429 */
    ANSWER_BAD = 44        /* final: a refused credential, a login page, … */
};

struct answer_facts {
    const struct base_url *base;
    int status;
    const struct headers *headers;
    struct text body;      /* decoded */
    bool anonymous;        /* an answer without X-AUSERNAME is fine */
    bool plain;            /* what a 200 holds is not JSON, and not looked at */
    bool may_be_empty;     /* a 200 may hold nothing */
    const char *account;   /* whose answers these are, "" if not known yet */
    int64_t now_ms;        /* wall clock */
    const struct secrets *secrets; /* kept out of the sentences; may be NULL */
};

struct answer_found { /* of ANSWER_GOOD, but for retry_after_ms */
    int status;             /* 200, 201, 204, 307, 400, 401, 403, 404, 409, 422; 308 is 307 */
    json_t *body;           /* the receiver's; NULL if there is none */
    char *location;         /* the receiver's; of 307 */
    char account[ACCOUNT_MAX];
    int64_t date_ms;
    int64_t retry_after_ms; /* of ANSWER_AGAIN and ANSWER_THROTTLED; -1: not said */
};

/* All but ANSWER_GOOD: a sentence in `err` without URL; its code is STATUS_TRUST for what concerns
 * identity (see client.h), else STATUS_IO. `out` is filled whatever the verdict is. */
enum answer_verdict answer_judge(const struct answer_facts *facts, struct answer_found *out,
                                 struct error *err) MUST_CHECK;

#endif
