/*
 * crawl_state.h - what a crawl knows while it runs (for crawl*.c only).
 *
 * A *job* is one target (the instance, a group, a user, a project, a repository) with the endpoints
 * that are still to be asked; a *request* is one question that is under way, in a slot of the source.
 *
 *     crawl.c         phases; slots are filled, answers are waited for
 *     crawl_ask.c     one request: its URL, its routes, what its answer leads to
 *     crawl_job.c     a job from its beginning to its end; places that moved or are gone
 *     crawl_found.c   what answers name that is to be asked for
 *
 * A job of a place goes in rounds: each of its endpoints is asked, whatever the others answer, and
 * only then it is judged whether the place moved or is gone. So the questions do not depend on the
 * order of the answers, and the recording of one crawl answers every other. What a round reads goes
 * to the builder at its end: of a place that moved meanwhile nothing is kept, since somebody else may
 * have its old name by now. (Lists of several pages, restrictions excepted, are not held back: they
 * could be large.)
 *
 * Memory, beside the builder's: 16 bytes a repository, project or group, and a user if the crawl
 * has reports or a scope (worklist.h); two open jobs a slot, each with a dozen answers at most.
 */
#ifndef REFGATE_BITBUCKET_CRAWL_STATE_H
#define REFGATE_BITBUCKET_CRAWL_STATE_H

#include "base/buffer.h"
#include "bitbucket/crawl.h"
#include "bitbucket/outcome.h"
#include "bitbucket/worklist.h"

#define CRAWL_PAGES_MAX 1000000 /* of one list: ends a source that leads on for ever */
#define CRAWL_MOVES_MAX 3
#define CRAWL_PAGE_LIMIT "1000" /* servers cap it as they like (rest-api.md 1.2) */

_Static_assert(ENDPOINTS <= 64, "a set of endpoints is 64 bits");
#define BIT(id) (UINT64_C(1) << (id))

/* What the administrator should know; each once for an endpoint. */
enum note {
    NOTE_LACKS,
    NOTE_REFUSED,
    NOTE_REPORT_REFUSED,
    NOTE_REPORT_UNREAD, /* an answer that only reports need, and that could not be used */
    NOTES
};

/* An answer that waits for the end of its round. */
struct held {
    struct held *next;
    enum endpoint_id endpoint;
    uint64_t start;
    const struct answer_source *source; /* that it is given back to */
    struct response answer;
    char *url;
};

/* Why a place is looked up by its name. */
enum lookup {
    LOOKUP_NO,     /* it is not */
    LOOKUP_NAMED,  /* the caller named it */
    LOOKUP_LISTED, /* it was listed twice, under different names */
    LOOKUP_MOVED,  /* 307 */
    LOOKUP_ABSENT, /* something of it was answered "no such repository" */
};

struct job {
    struct job *next; /* younger */
    enum endpoint_level level;
    struct target target; /* its texts are in `name` and `slug` */
    char *name, *slug;    /* group, user, key; slug of a user or a repository */
    bool personal, named;
    enum look look;
    uint64_t todo;        /* endpoints */
    unsigned under_way;   /* requests */
    enum lookup lookup;
    unsigned moves;
    /* This round: */
    bool probing, probed; /* the default permission: a question is under way; it is known */
    char *location;       /* of a 307, by the last endpoint that was answered so */
    enum endpoint_id location_of;
    char *absent;         /* the sentence for a place that seems to be gone */
    bool absent_place;    /* it says so of the place, not perhaps of something in it only */
    uint64_t missing;     /* endpoints that the recording lacks */
    char *missing_page;   /* the sentence for a page in the middle that it lacks */
    struct held *held, **held_end;
};

struct request {
    struct job *job;         /* NULL: the slot is free */
    enum endpoint_id wanted; /* of the job */
    struct outcome_known known;
    struct outcome_route route; /* number `routes_tried` */
    size_t routes_tried;
    bool route_seen_missing;
    uint64_t start;
    size_t pages;
    struct buffer url;
};

struct crawl {
    const struct answer_source *source;
    struct builder *builder;
    const struct crawl_options *options;
    struct feed feed;
    struct feed_listener listener;
    struct crawl_result result;
    enum crawl_phase phase;
    uint64_t done, total;       /* jobs of the phase */
    uint64_t level_todo[LEVEL_REPOSITORY + 1];

    struct worklist groups, users, projects, repositories;
    struct seen seen_groups, seen_users, seen_projects, seen_repositories;
    struct buffer left; /* marks of names that places had, and have no more */
    /* Whose answer is being fed. */
    const struct job *feeding;
    enum endpoint_id feeding_endpoint;

    struct request *requests; /* one a slot */
    size_t *free_slots, free_count;
    struct job *oldest, **youngest;
    size_t open_jobs;

    bool number_first[ENDPOINTS];   /* `latest` is not there */
    bool fallback_first[ENDPOINTS]; /* the endpoint is not there */
    uint64_t lacking;  /* endpoints that this server does not have */
    uint64_t had;      /* … that it has: something of it was answered */
    uint64_t given_up; /* reports that the account may not see */
    uint64_t noted[NOTES]; /* endpoints */
    char *parked[ENDPOINTS]; /* no answer in the recording, which is fine if the server lacks it */
};

/* crawl_ask.c */
/* Asks for `wanted` of the job in a free slot. */
enum status request_begin(struct crawl *c, struct job *job, enum endpoint_id wanted,
                          struct error *err) MUST_CHECK;
/* The answer that came in the slot. */
enum status request_answered(struct crawl *c, size_t slot, struct response *response,
                             struct error *err) MUST_CHECK;
/* An answer to the builder; of a report what cannot be used is only noted. */
enum status request_feed(struct crawl *c, const struct job *job, enum endpoint_id endpoint,
                         const char *url, uint64_t start, const json_t *body,
                         struct feed_result *result, struct error *err) MUST_CHECK;
/* Bitbucket's refusal as a sentence. */
enum status request_refuse(const struct request *r, const struct response *response,
                           struct error *err);
/* "NAME: the recording has no answer to URL", of the first page by the first route. */
enum status request_unrecorded(const struct job *job, enum endpoint_id wanted, struct error *err);
enum status request_note(struct crawl *c, enum note note, enum endpoint_id endpoint,
                         struct error *err) MUST_CHECK;

/* crawl_job.c */
enum status job_open(struct crawl *c, enum endpoint_level level, const struct work *item,
                     enum look look, struct error *err) MUST_CHECK;
/* The next endpoint that may be asked now; ENDPOINTS: none. */
enum endpoint_id job_next(const struct crawl *c, const struct job *job);
/* If nothing is under way and nothing to be asked any more: what comes next, or the end. */
enum status job_settle(struct crawl *c, struct job *job, struct error *err) MUST_CHECK;
/* Takes the answer out of *response: it is given back to its source when the round is over. */
enum status job_hold(struct crawl *c, struct job *job, enum endpoint_id endpoint, const char *url,
                     uint64_t start, struct response *response, struct error *err) MUST_CHECK;
/* The answer to a look-up (job->lookup): ENDPOINT_PROJECT or ENDPOINT_REPOSITORY. */
enum status job_looked_up(struct crawl *c, struct job *job, const struct request *r,
                          enum outcome outcome, const struct response *response,
                          struct error *err) MUST_CHECK;
void job_free(struct job *job);

/* crawl_found.c */
void found_listen(struct crawl *c);
/* What was found of this level, and not yet asked for. */
struct worklist *found_list(struct crawl *c, enum endpoint_level level);
/* Where the place of a job is now; *fresh: nobody named it before. */
enum status found_here(struct crawl *c, const struct job *job, bool *fresh,
                       struct error *err) MUST_CHECK;
/* It is gone; a list that names it again contradicts that. */
enum status found_gone(struct crawl *c, const struct job *job, struct error *err) MUST_CHECK;

/* crawl.c */
void crawl_report(struct crawl *c);

#endif
