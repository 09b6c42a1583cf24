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
void parse_group_of_user(struct parse *p, const json_t *value);
/* What a key says of itself, an access key or a user's; texts live as long as `key` and `upper`. */
void parse_key_itself(struct parse *p, const json_t *key, struct builder_key *out,
                      struct buffer *upper);
/* parse_report.c: into p->feed->facts */
void parse_user_ssh_key(struct parse *p, const json_t *value);
void parse_token(struct parse *p, const json_t *value);
void parse_webhook(struct parse *p, const json_t *value);
void parse_hook(struct parse *p, const json_t *value);
void parse_hook_script(struct parse *p, const json_t *value);
void parse_pull_request_settings(struct parse *p, const json_t *value);
void parse_required_build(struct parse *p, const json_t *value);

/* The status of a call to the builder into the fields' (sticky); what the builder did not like is
 * said with the answer it came from. */
void parse_did(struct parse *p, enum status status);
static inline bool parse_good(const struct parse *p)
{
    return p->fields.status == STATUS_OK;
}
/* A user object, from the list of users or wherever one is mentioned, to the builder and the
 * listener; only ordinary users. Gives the id. */
uint64_t parse_add_user(struct parse *p, const json_t *user, bool listed);
/* A group that a grant or an exemption names, to the listener. */
void parse_named_group(struct parse *p, struct text name);
/* `path` of the value must be the id of the target's place: else another project or repository has
 * taken its name. */
void parse_check_place(struct parse *p, const json_t *value, const char *path);
/* A level by its name; an unknown one is an error. */
enum permission parse_level(struct parse *p, const json_t *value);
/* A full ref: a bare name is a branch. *room must outlive the result. */
struct text parse_ref(struct text name, struct buffer *room);

#endif
