/*
 * endpoint.h - what is read of Bitbucket: the decision data, as one table (rest-api.md 1.3).
 *
 * The table drives the replay of a recording and any crawler: which URL, for what, how often, what
 * its absence means, which permission the account needs.
 */
#ifndef REFGATE_BITBUCKET_ENDPOINT_H
#define REFGATE_BITBUCKET_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum endpoint_id {
    ENDPOINT_PROPERTIES,
    ENDPOINT_USERS,
    ENDPOINT_USERS_PLAIN, /* fallback */
    ENDPOINT_GLOBAL_USERS,
    ENDPOINT_GLOBAL_GROUPS,
    ENDPOINT_GROUPS,
    ENDPOINT_GROUPS_PLAIN, /* fallback */
    ENDPOINT_PROJECTS,
    ENDPOINT_REPOSITORIES,
    ENDPOINT_MEMBERS,
    ENDPOINT_PROJECT_USERS,
    ENDPOINT_PROJECT_GROUPS,
    ENDPOINT_DEFAULT_ADMIN,
    ENDPOINT_DEFAULT_CREATE,
    ENDPOINT_DEFAULT_WRITE,
    ENDPOINT_DEFAULT_READ,
    ENDPOINT_PROJECT_RESTRICTIONS,
    ENDPOINT_PROJECT_MODEL,
    ENDPOINT_PROJECT_KEYS,
    ENDPOINT_REPOSITORY_USERS,
    ENDPOINT_REPOSITORY_GROUPS,
    ENDPOINT_REPOSITORY_RESTRICTIONS,
    ENDPOINT_REPOSITORY_MODEL,
    ENDPOINT_DEFAULT_BRANCH,
    ENDPOINT_DEFAULT_BRANCH_OLD, /* fallback */
    ENDPOINT_REPOSITORY_KEYS,
    ENDPOINTS
};

enum endpoint_level { LEVEL_INSTANCE, LEVEL_GROUP, LEVEL_PROJECT, LEVEL_REPOSITORY };

enum { /* flags */
    ENDPOINT_PAGED = 1,
    ENDPOINT_OLD_LACKS = 2,   /* 404 without errors[]: this version has no such thing; noted */
    ENDPOINT_404_NONE = 4,    /* 404 with errors[]: there is none here */
    ENDPOINT_204_NONE = 8,    /* 204: there is none here */
    ENDPOINT_400_LACKS = 16,  /* 400: this version does not know the name in the path */
    ENDPOINT_FALLBACK = 32,   /* asked only in place of another */
};

struct endpoint {
    const char *name;         /* for people: "user grants of a project" */
    enum endpoint_level level;
    unsigned flags;
    const char *before, *version, *after; /* "/rest/api/", "1.0", "/projects?x={project}" */
    const char *permission;   /* what the account needs to read it */
    enum endpoint_id fallback; /* ENDPOINTS: none */
};

extern const struct endpoint endpoints[ENDPOINTS];

#endif
