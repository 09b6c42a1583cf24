/*
 * restriction.h - Bitbucket's branch restrictions (semantics.md 4; Atlassian, "Using branch
 * permissions").
 */
#ifndef REFGATE_MODEL_RESTRICTION_H
#define REFGATE_MODEL_RESTRICTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum restriction_type {
    RESTRICTION_READ_ONLY = 1,
    RESTRICTION_PULL_REQUEST_ONLY,
    RESTRICTION_FAST_FORWARD_ONLY,
    RESTRICTION_NO_DELETES,
    RESTRICTION_NO_CREATES,
    RESTRICTION_UNKNOWN, /* restriction.type_text says which */
};

enum matcher_type {
    MATCHER_BRANCH = 1,
    MATCHER_PATTERN,
    MATCHER_MODEL_BRANCH,
    MATCHER_MODEL_CATEGORY,
    MATCHER_ANY_REF,
    MATCHER_DEFAULT_BRANCH,
    MATCHER_UNKNOWN,
};

struct restriction {
    uint64_t id;
    bool of_project; /* scope PROJECT; else the repository's own */
    enum restriction_type type;
    struct text type_text; /* as Bitbucket writes it */
    enum matcher_type matcher;
    struct text matcher_type_text;
    struct text matcher_id;
    bool matcher_active; /* false: matches nothing */
    const void *exemptions; /* for view->exemptions() */
    size_t exemptions_size;
};

struct exempt_user {
    uint64_t id; /* 0: not known */
    struct text name;
};
struct exempt_group {
    struct text name;
    uint32_t group;     /* the snapshot's number of the group; GROUP_NONE: no such group */
    bool incomplete;    /* its members could not be read completely */
};
#define GROUP_NONE UINT32_MAX

struct exemptions {
    const struct exempt_user *users;
    const struct exempt_group *groups;
    const uint64_t *access_keys;
    size_t user_count, group_count, access_key_count;
};

/* read-only … no-creates; anything else UNKNOWN */
enum restriction_type restriction_type_parse(struct text t);
const char *restriction_type_name(enum restriction_type t); /* NULL for UNKNOWN */
const char *restriction_type_title(enum restriction_type t); /* "Prevent all changes", … */
enum matcher_type matcher_type_parse(struct text t);
const char *matcher_type_name(enum matcher_type t);

#endif
