/*
 * self_check.h - does the new snapshot say what Bitbucket says? Effective permissions of a sample of
 * repositories, compared with the server's own answer (GET /users?permission.1=…, rest-api.md 3.7).
 */
#ifndef REFGATE_BITBUCKET_SELF_CHECK_H
#define REFGATE_BITBUCKET_SELF_CHECK_H

#include "base/buffer.h"
#include "bitbucket/client.h"
#include "snapshot/snapshot.h"

struct self_check {
    uint64_t repositories, pairs; /* looked at: repositories, and (user, repository, level) */
    uint64_t undecided; /* pairs that the snapshot leaves open; not among those looked at */
    uint64_t too_much;  /* the snapshot grants what Bitbucket does not */
    uint64_t too_little;
    bool unsupported;   /* the server does not answer such questions */
    struct buffer lines; /* the first differences, one a line, escaped; the caller frees it */
};

/* `sample` repositories, chosen by `seed`. For each: who has REPO_READ, REPO_WRITE, REPO_ADMIN? */
enum status self_check_run(struct client *client, struct snapshot *snapshot, size_t sample,
                           uint64_t seed, struct self_check *out, struct error *err) MUST_CHECK;

#endif
