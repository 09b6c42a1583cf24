/*
 * parse.h - Bitbucket's objects (rest-api.md 1.4 to 1.7) into the builder; for feed.c only.
 */
#ifndef REFGATE_BITBUCKET_PARSE_H
#define REFGATE_BITBUCKET_PARSE_H

#include "base/buffer.h"
#include "bitbucket/feed.h"
#include "bitbucket/field.h"

struct parse {
    struct feed *feed;
    enum endpoint_id endpoint;
    const struct target *target;
    struct fields fields; /* holds the status */
    struct feed_result result;
};

/* Each takes one value of a page, or the whole answer where there are no pages. */
void parse_properties(struct parse *p, const json_t *value);
void parse_user(struct parse *p, const json_t *value);
void parse_group(struct parse *p, const json_t *value);
void parse_member(struct parse *p, const json_t *value);
void parse_user_grant(struct parse *p, const json_t *value);
void parse_group_grant(struct parse *p, const json_t *value);
void parse_permitted(struct parse *p, const json_t *value);
void parse_project(struct parse *p, const json_t *value);
void parse_repository(struct parse *p, const json_t *value);
void parse_default_branch(struct parse *p, const json_t *value);
void parse_model(struct parse *p, const json_t *value);
void parse_restriction(struct parse *p, const json_t *value); /* parse_restriction.c */
void parse_key(struct parse *p, const json_t *value);         /* parse_key.c */

/* The status of a call to the builder into the fields' (sticky); what the builder did not like is
 * said with the answer it came from. */
void parse_did(struct parse *p, enum status status);
static inline bool parse_good(const struct parse *p)
{
    return p->fields.status == STATUS_OK;
}
/* A level by its name; an unknown one is an error. */
enum permission parse_level(struct parse *p, const json_t *value);
/* A full ref: a bare name is a branch. *room must outlive the result. */
struct text parse_ref(struct text name, struct buffer *room);

#endif
