/*
 * credential.h - with what kind of credential somebody pushes (semantics.md 5).
 */
#ifndef REFGATE_MODEL_CREDENTIAL_H
#define REFGATE_MODEL_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum credential_class {
    CREDENTIAL_UNKNOWN = 0,
    CREDENTIAL_WEB,
    CREDENTIAL_USER, /* an ordinary user, means unknown */
    CREDENTIAL_USER_SSH_KEY,
    CREDENTIAL_USER_TOKEN,
    CREDENTIAL_USER_PASSWORD,
    CREDENTIAL_ACCESS_KEY,
    CREDENTIAL_REPOSITORY_TOKEN,
    CREDENTIAL_PROJECT_TOKEN,
    CREDENTIAL_CLASSES
};

/* Weakest first; CERTAIN is the strongest. */
enum confidence {
    CONFIDENCE_NONE = 0,
    CONFIDENCE_OBSERVED,
    CONFIDENCE_DERIVED,
    CONFIDENCE_CERTAIN,
};

/* A set of classes, for configuration: bit (1u << class). In a list, `user` covers the three
 * specific user classes too: credential_class_set("user") gives all four bits. */
bool credential_class_set(struct text name, unsigned *bits);
bool credential_class_parse(struct text name, enum credential_class *out);
const char *credential_class_name(enum credential_class c); /* "access-key", … */
const char *confidence_name(enum confidence c);             /* certain derived observed none */
bool confidence_parse(struct text name, enum confidence *out);

struct credential {
    enum credential_class class;
    enum confidence confidence;
    struct text evidence; /* one phrase, ASCII, no names that the pusher chose */
    /* Access keys: the keys it can be (snapshot's ids), and the label they share. With exactly
     * one the key is known. */
    const uint64_t *candidates;
    size_t candidate_count;
    bool candidates_open; /* it can be others, too: not all keys could be read (sync --allow-partial) */
    struct text label;
    bool key_mapped;  /* by the service-user map, not by the label */
    bool token_known; /* of an ordinary user, by the access log: which of his tokens */
    uint64_t token_id;
    uint64_t token_scope_id; /* repository or project id in a token's name */
    bool foreign_token;      /* its id is another repository's or project's */
    /* `unknown` whose name has the shape of a key's or token's service user. */
    bool service_shape;
};

#endif
