/*
 * history.h - the two questions that need a repository's objects, without libgit2's types.
 */
#ifndef REFGATE_POLICY_HISTORY_H
#define REFGATE_POLICY_HISTORY_H

#include <stdbool.h>

#include "base/text.h"
#include "model/answer.h"
#include "model/change.h"

enum history_trouble {
    HISTORY_FINE = 0,
    HISTORY_UNAVAILABLE, /* no repository, objects missing, unsupported format: CANNOT_TELL */
    HISTORY_LIMIT,       /* commit budget or deadline used up: a pusher chooses this, so the push is
                            rejected with code 2 whatever [failure] says (semantics.md 8) */
};

struct history_commit {
    struct text id; /* hex */
    struct text author_email, committer_email;
    bool merge; /* more than one parent */
};

struct history {
    void *self;
    /* Is change->old_id an ancestor of (or equal to) change->new_id, both peeled to commits?
     * YES: update; NO: rewrite; CANNOT_TELL: *trouble and *why (static or as long-lived as self)
     * are set. */
    enum answer (*descends)(void *self, const struct change *change, enum history_trouble *trouble,
                            const char **why);
    /* Calls visit for each new commit of the change (those that no existing ref reaches; a commit
     * may be visited for each change that brings it). visit returns false to stop early (still
     * HISTORY_FINE). Texts live during the call. */
    enum history_trouble (*new_commits)(void *self, const struct change *change,
                                        bool (*visit)(void *context,
                                                      const struct history_commit *commit),
                                        void *context, const char **why);
};

#endif
