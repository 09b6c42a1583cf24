/*
 * outcome.h - what an answer of Bitbucket means for the endpoint that was asked, and where to ask
 * next. Pure: no state, no I/O.
 */
#ifndef REFGATE_BITBUCKET_OUTCOME_H
#define REFGATE_BITBUCKET_OUTCOME_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"
#include "bitbucket/endpoint.h"

enum outcome {
    OUTCOME_HAVE = 1,   /* 200: read it */
    OUTCOME_NONE,       /* there is none here */
    OUTCOME_LACKS,      /* this version of Bitbucket has no such thing */
    OUTCOME_NEXT,       /* not by this route: try the next one (outcome_route()) */
    OUTCOME_NO_ROUTE,   /* no route is there, though every version should have one */
    OUTCOME_UNRECORDED, /* the recording has no answer, by no route */
    OUTCOME_REFUSED,    /* the account may not see it */
    OUTCOME_MOVED,      /* 307: the project or the repository has another name now */
    OUTCOME_ABSENT,     /* 404 with errors[]: the place itself is not there (rest-api.md 4.2) */
    OUTCOME_UNUSABLE,   /* anything else */
};

struct outcome_facts {
    enum endpoint_id endpoint; /* that was asked: a fallback if it was one */
    bool missing;              /* of the recording */
    int status;
    bool resource_error;       /* feed_is_resource_error() */
    bool more_routes;          /* another route is left, and this is the first page */
    bool route_seen_missing;   /* an earlier route was answered 404 without errors[] */
    bool first_page;
};
enum outcome outcome_of(const struct outcome_facts *facts);

/* The routes to one thing, best first: `latest` or the version's number (rest-api.md 1.1), and both
 * of what older servers have instead. */
struct outcome_route {
    enum endpoint_id endpoint;
    bool number; /* the version's number, not `latest` */
};
struct outcome_known { /* when the thing is first asked for; the routes keep their order then */
    bool number_first;          /* this server does not know `latest` there */
    bool fallback_number_first; /* nor there */
    bool fallback_first;        /* it does not know the endpoint at all */
};
/* Route `n` of `wanted`; false: there are no more. */
bool outcome_route(enum endpoint_id wanted, const struct outcome_known *known, size_t n,
                   struct outcome_route *out);

/* The project's key and the repository's slug in the path of a Location, percent-decoded. false if
 * it names none (`slug` is NULL: only a project is wanted), or one that cannot be. */
bool outcome_location(struct text location, struct buffer *key, struct buffer *slug);

/* Which bits of enum incomplete a refusal leaves on the place; 0: none needed. */
unsigned outcome_incomplete(enum endpoint_id endpoint);
bool outcome_is_default_probe(enum endpoint_id endpoint);

#endif
