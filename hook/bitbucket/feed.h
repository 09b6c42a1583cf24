/*
 * feed.h - one answer of Bitbucket into the builder, wherever the answer comes from.
 */
#ifndef REFGATE_BITBUCKET_FEED_H
#define REFGATE_BITBUCKET_FEED_H

#include <jansson.h>

#include "bitbucket/endpoint.h"
#include "bitbucket/facts.h"
#include "snapshot/builder.h"

/* What an answer is about. */
struct target {
    struct place place;      /* project or repository */
    struct text project_key; /* also of a repository */
    struct text slug;
    struct text group;
    struct text user, user_slug;
    uint64_t user_id;
};

/* Told what else is to be asked for; texts live during the call. May say the same thing twice. Any
 * of the functions may be NULL. */
struct feed_listener {
    enum status (*group)(void *self, struct text name, struct error *err);
    enum status (*project)(void *self, uint64_t id, struct text key, bool personal,
                           struct error *err);
    enum status (*repository)(void *self, uint64_t id, struct text project_key, struct text slug,
                              struct error *err);
    /* An ordinary user: from the list (`listed`), or named in a grant, an exemption, a group. */
    enum status (*user)(void *self, uint64_t id, struct text name, struct text slug, bool listed,
                        struct error *err);
    /* A group that a grant or an exemption names. */
    enum status (*named_group)(void *self, struct text name, struct error *err);
    void *self;
};

struct feed {
    struct builder *builder;
    struct facts *facts; /* NULL: answers for reports are only checked */
    const struct feed_listener *listener;
    bool names_model;  /* some restriction's matcher speaks of the branching model */
    char version[64];  /* of Bitbucket, once ENDPOINT_PROPERTIES was fed */
};

struct feed_result {
    bool more;           /* there is another page, at `next` */
    uint64_t next;
    bool permitted;      /* ENDPOINT_DEFAULT_* */
};

/* `body` is the answer with status 200 to `url` (for messages), which was asked with start=`start`.
 * STATUS_FORMAT names the answer and the field. */
enum status feed_answer(struct feed *feed, enum endpoint_id id, const struct target *target,
                        const char *url, uint64_t start, const json_t *body,
                        struct feed_result *result, struct error *err) MUST_CHECK;

/* What feed_answer() would say in `result`, and nothing else: is there another page? */
enum status feed_peek(enum endpoint_id id, const char *url, uint64_t start, const json_t *body,
                      struct feed_result *result, struct error *err) MUST_CHECK;

/* Does an error body have errors[] (the thing is missing), or is it the server's own 404 (the route
 * is missing)? rest-api.md 4.2. An error without the wrapper counts as the first. */
bool feed_is_resource_error(const json_t *body);
/* Bitbucket's own words, or "". Valid as long as body. */
struct text feed_error_message(const json_t *body);

#endif
