/*
 * sync_gate.h - is the new snapshot fit to be published? The last word before it is.
 */
#ifndef REFGATE_COMMAND_SYNC_GATE_H
#define REFGATE_COMMAND_SYNC_GATE_H

#include "command/sync_run.h"

struct sync_gate {
    struct sync_run *run;
    struct client *client; /* NULL: nobody can be asked */
};

/* For struct builder_gate. Sets run->result to SYNC_REFUSED where the snapshot is not fit. */
enum status sync_gate_check(void *self, struct snapshot *fresh,
                            const struct builder_summary *summary, struct error *err) MUST_CHECK;

/* May this account see the whole instance, by the snapshot itself? Only global administrators see
 * all projects and repositories in the lists. *known: the snapshot has such a user (the account of a
 * project's or repository's token it has not). */
enum status sync_account_sees_all(const struct view *view, struct text account, enum answer *out,
                                  bool *known, struct error *err) MUST_CHECK;
/* So few differences that changes which people made meanwhile explain them: at most one pair in a
 * thousand that the snapshot allows and Bitbucket does not, at most one in a hundred in all. */
bool sync_self_check_passes(const struct self_check *check);

#endif
