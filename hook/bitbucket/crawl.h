/*
 * crawl.h - asks a source for everything the endpoint table names, in order, into a builder.
 */
#ifndef REFGATE_BITBUCKET_CRAWL_H
#define REFGATE_BITBUCKET_CRAWL_H

#include <stdbool.h>
#include <stdint.h>

#include "bitbucket/feed.h"
#include "bitbucket/source.h"

struct crawl_options {
    bool allow_partial; /* a group whose members may not be read is marked incomplete */
    /* What is being read, `done` of `total` (0: not known); may be NULL. */
    void (*progress)(void *self, const char *phase, uint64_t done, uint64_t total);
    void *self;
};

struct crawl_result {
    char version[64]; /* of Bitbucket */
    uint64_t answers; /* that were read */
};

/* STATUS_NOT_FOUND if the source lacks an answer, STATUS_FORMAT if one cannot be used; the sentence
 * names it, what it is needed for, and for a refusal the permission that the account lacks. */
enum status crawl_run(const struct answer_source *source, struct builder *builder,
                      const struct crawl_options *options, struct crawl_result *result,
                      struct error *err) MUST_CHECK;

#endif
