/*
 * hook_ask.h - one request of the hook registry (hook_registry.h) and what its status means; for
 * hook_script.c, hook_place.c and addon_hook.c only.
 *
 * All of them go with the password where there is one: a token is refused where the whole instance is
 * administered, and what one account writes the same one reads back.
 */
#ifndef REFGATE_BITBUCKET_HOOK_ASK_H
#define REFGATE_BITBUCKET_HOOK_ASK_H

#include "base/buffer.h"
#include "bitbucket/client.h"
#include "bitbucket/field.h"
#include "bitbucket/hook_registry.h"

#define HOOK_URL_MAX ((size_t)16 * 1024)
#define PLACE_ADMIN "PROJECT_ADMIN or REPO_ADMIN"

struct hook_ask {
    struct client_request request; /* its URL is `url` below */
    struct buffer url;
    const char *needs;           /* the permission, for the sentence of a refusal */
    const struct client *client; /* that was asked */
};

/* An ask of nothing yet; hook_ask_free() always follows. */
void hook_ask_init(struct hook_ask *ask, enum client_method method, const char *needs);
void hook_ask_free(struct hook_ask *ask);
/* Appends "/rest/api/latest/projects/KEY[/repos/SLUG]", encoded. */
void hook_ask_place(struct hook_ask *ask, struct hook_place place);
/* The request itself. STATUS_OK for 200, 201 and 204; else see hook_registry.h. The receiver releases
 * out->body. `out` NULL: nobody wants the answer. */
enum status hook_ask_send(struct hook_ask *ask, struct client *client, struct client_answer *out,
                          struct error *err) MUST_CHECK;
/* The same with the JSON text of `body` (which is released) as what is sent. */
enum status hook_ask_send_json(struct hook_ask *ask, struct client *client, json_t *body,
                               struct client_answer *out, struct error *err) MUST_CHECK;

/* Each value of all pages of a list; `take` says no by f->status. */
typedef void hook_value_taker(void *self, struct fields *f, const json_t *value);
enum status hook_ask_pages(struct hook_ask *ask, struct client *client, hook_value_taker *take,
                           void *self, struct error *err) MUST_CHECK;

/* STATUS_NOT_FOUND from a resource in a place: is it the place that is not there? Then that stays;
 * else STATUS_UNSUPPORTED with the sentence `lacking`. */
enum status hook_place_missing(struct client *client, struct hook_place place, const char *lacking,
                               struct error *err) MUST_CHECK;

/* A text of an answer into an array, cut if it is longer. */
void hook_copy(char *out, size_t size, struct text t);

#endif
