/*
 * source.h - where answers come from: a recording, or a live Bitbucket.
 *
 * A source takes several questions at once and answers them in whatever order they come in, so that
 * the same crawler drives 32 connections and the replay of a file. A question is under way in a
 * slot, which the crawler chooses; each slot has one question at a time.
 */
#ifndef REFGATE_BITBUCKET_SOURCE_H
#define REFGATE_BITBUCKET_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "base/error.h"
#include "bitbucket/endpoint.h"

/* A list is read twice: once at the beginning, and again at the end, for what appeared meanwhile or
 * was skipped because pages moved (rest-api.md 1.2). */
enum look { LOOK_FIRST = 1, LOOK_SECOND = 2 };

struct question {
    enum endpoint_id endpoint; /* decides which credential is used */
    const char *url;           /* begins with "/rest/"; copied by ask() */
    enum look look;
};

struct response {
    bool missing;   /* the source has no answer at all (a recording that lacks it) */
    int status;     /* HTTP: 200, 204, 307, 400, 401, 403, 404; other codes never get here */
    json_t *body;   /* NULL if there is none */
    char *location; /* of a 307 within this instance: begins with "/rest/"; else NULL */
};

struct answer_source {
    size_t slots; /* how many questions may be under way at once, at least 1 */
    enum status (*ask)(void *self, size_t slot, const struct question *question,
                       struct error *err);
    /* Waits for the next answer. An error ends the crawl: the network is gone, the credential was
     * refused, the answer of a proxy, … */
    enum status (*wait)(void *self, size_t *slot, struct response *out, struct error *err);
    /* What wait() gave is given back; sets it to nothing. Also of a zeroed response. */
    void (*release)(void *self, struct response *response);
    void *self;
};

#endif
