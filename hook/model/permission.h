/*
 * permission.h - Bitbucket's permission levels and what they imply (semantics.md 3; Atlassian,
 * "4 levels of Bitbucket Server permissions" and the javadoc of enum Permission).
 */
#ifndef REFGATE_MODEL_PERMISSION_H
#define REFGATE_MODEL_PERMISSION_H

#include <stdbool.h>

#include "base/text.h"

enum permission {
    PERMISSION_NONE = 0,
    PERMISSION_REPO_READ = 1,
    PERMISSION_REPO_WRITE = 2,
    PERMISSION_REPO_ADMIN = 3,
    PERMISSION_PROJECT_READ = 11,
    PERMISSION_PROJECT_WRITE = 12,
    PERMISSION_REPO_CREATE = 13, /* a project permission since 8.x; implies PROJECT_WRITE */
    PERMISSION_PROJECT_ADMIN = 14,
    PERMISSION_LICENSED_USER = 21,
    PERMISSION_PROJECT_CREATE = 22, /* global; grants nothing on a repository */
    PERMISSION_ADMIN = 23,
    PERMISSION_SYS_ADMIN = 24,
};

/* Bitbucket's word for it ("REPO_WRITE"); "NONE" for PERMISSION_NONE. */
const char *permission_name(enum permission p);
bool permission_parse(struct text t, enum permission *out); /* exact; not "NONE" */
/* On the repository's scale: NONE, REPO_READ, REPO_WRITE or REPO_ADMIN. LICENSED_USER and
 * PROJECT_CREATE are NONE there. */
enum permission permission_on_repository(enum permission p);
/* The higher of two on the repository's scale (the result is on that scale). */
enum permission permission_higher(enum permission a, enum permission b);

#endif
