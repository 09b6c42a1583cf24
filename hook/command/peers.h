/*
 * peers.h - users of whom nothing that is asked about one repository can differ, so that one of them
 * is judged for all: 25,000 who may write by the project's default permission are a few kinds of
 * people.
 *
 * Two users are peers if they have the same licence and state, the same direct grants, and are in the
 * same ones of those groups that grants, exemptions or rules name here; and if neither is named by
 * himself: by an exemption, a rule, a service account's section, as owner of the project, or by a
 * name that the hook may not read. Whoever is named has no peers.
 */
#ifndef REFGATE_COMMAND_PEERS_H
#define REFGATE_COMMAND_PEERS_H

#include "command/standing.h"

struct peers;

/* For the repository of the question. Freed by peers_free(), also after a failure (NULL is fine). */
enum status peers_new(const struct standing_question *question, struct peers **out,
                      struct error *err) MUST_CHECK;
void peers_free(struct peers *peers);

struct peer { /* what the snapshot says of one user, and of his direct grants here */
    struct user_record user;
    enum permission on_repository, on_project; /* NONE: no direct grant */
};
/* Where the standing of the user and of all his peers is kept: *slot is NULL at first. */
enum status peers_slot(struct peers *peers, const struct peer *peer, const struct standing ***slot,
                       struct error *err) MUST_CHECK;
size_t peers_count(const struct peers *peers); /* different ones so far */

#endif
