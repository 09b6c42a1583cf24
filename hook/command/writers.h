/*
 * writers.h - everyone who may write to a repository, or of whom it cannot be told: users, access
 * keys, and the tokens that the repository and its project may have.
 *
 * Not all users are looked at: only those with a grant that reaches to REPO_WRITE, directly, through a
 * group, as owner. All of them are if the project's default permission does, or if the sync could not
 * read something that may give anyone such a grant.
 */
#ifndef REFGATE_COMMAND_WRITERS_H
#define REFGATE_COMMAND_WRITERS_H

#include "command/standing.h"

struct writer {
    struct principal principal;
    const struct standing *standing;
};
struct writers {
    struct writer *items; /* users by name, keys by id, tokens; malloc'ed, see writers_free() */
    size_t count, room;
    uint64_t users;       /* in the snapshot */
    uint64_t closed;      /* users who may not write */
    uint64_t keys_closed; /* keys that are granted here and may not write */
    size_t judged;        /* questions that were put to decide() */
};

/* Needs a mapped snapshot. `out` is freed by writers_free() in any case. */
enum status writers_find(struct standing_question *question, struct writers *out,
                         struct error *err) MUST_CHECK;
void writers_free(struct writers *writers);

#endif
