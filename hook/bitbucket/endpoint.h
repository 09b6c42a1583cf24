/*
 * endpoint.h - what is read of Bitbucket, as one table (rest-api.md 1.3).
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
    /* Asked for one by one: where a project or a repository is now, what is in a part. */
    ENDPOINT_PROJECT,
    ENDPOINT_REPOSITORY,
    ENDPOINT_PROJECT_REPOSITORIES,
    ENDPOINT_PROJECT_REPOSITORIES_OLD, /* fallback */
    ENDPOINT_GROUPS_OF_USER,
    /* What only reports need. */
    ENDPOINT_USER_SSH_KEYS,
    ENDPOINT_USER_TOKENS,
    ENDPOINT_PROJECT_TOKENS,
    ENDPOINT_PROJECT_WEBHOOKS,
    ENDPOINT_PROJECT_HOOKS,
    ENDPOINT_PROJECT_HOOK_SCRIPTS,
    ENDPOINT_PROJECT_PULL_REQUESTS,
    ENDPOINT_REPOSITORY_TOKENS,
    ENDPOINT_REPOSITORY_WEBHOOKS,
    ENDPOINT_REPOSITORY_HOOKS,
    ENDPOINT_REPOSITORY_HOOK_SCRIPTS,
    ENDPOINT_REPOSITORY_PULL_REQUESTS,
    ENDPOINT_REQUIRED_BUILDS,
    ENDPOINTS
};

enum endpoint_level { LEVEL_INSTANCE, LEVEL_GROUP, LEVEL_USER, LEVEL_PROJECT, LEVEL_REPOSITORY };

enum { /* flags */
    ENDPOINT_PAGED = 1,
    ENDPOINT_OLD_LACKS = 2,   /* 404 without errors[]: this version has no such thing; noted */
    ENDPOINT_404_NONE = 4,    /* 404 with errors[]: there is none here */
    ENDPOINT_204_NONE = 8,    /* 204: there is none here */
    ENDPOINT_400_LACKS = 16,  /* 400: this version does not know the name in the path */
    ENDPOINT_FALLBACK = 32,   /* asked only in place of another */
    ENDPOINT_SINGLE = 64,     /* not part of a walk: asked when the crawler wants it */
    ENDPOINT_REPORT = 128,    /* only with --with-reports */
    ENDPOINT_ADMIN = 256,     /* tokens are refused there: Basic authentication if there is one
                                 (rest-api.md 4.1) */
    ENDPOINT_TWICE = 512,     /* a list that is looked at again at the end */
    ENDPOINT_404_EITHER = 1024, /* 404 with errors[]: there is none here, or the place is gone: only
                                   a look at the place can tell */
};
/* Which mark a refusal leaves on the place with --allow-partial; see builder_incomplete(). */

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
