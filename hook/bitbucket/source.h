/*
 * source.h - where answers come from: a recording, or (later) a live Bitbucket.
 */
#ifndef REFGATE_BITBUCKET_SOURCE_H
#define REFGATE_BITBUCKET_SOURCE_H

#include <jansson.h>

#include "base/error.h"

struct response {
    int status;    /* HTTP */
    json_t *body;  /* NULL if there is none; the receiver releases it */
};

struct answer_source {
    /* `url` begins with "/rest/". STATUS_NOT_FOUND: the source has no answer at all (a recording
     * that lacks it). */
    enum status (*get)(void *self, const char *url, struct response *out, struct error *err);
    void *self;
};

#endif
