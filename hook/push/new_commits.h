/*
 * new_commits.h - the commits that a change brings: those that no existing ref reaches.
 *
 * With a quarantine: the commits in it, from the new tip down to the first ones that are not in it;
 * whatever the size of the repository and the number of its refs. A commit that is in the
 * quarantine and was in the repository before (the base of a thin pack, or sent again) is new
 * unless a ref reaches it. A tip that is not in the quarantine brings nothing: the repository holds
 * it. (git puts a commit that it holds into the quarantine again only as part of a pack; of fewer
 * objects than receive.unpackLimit it writes those that are missing. A commit is new once:
 * semantics.md 5.3.)
 *
 * Without one (`refgate check --git-dir`): the commits that neither the old tip nor another ref
 * reaches. The change's own ref and refs that name the new tip do not count, since the push may be
 * over.
 */
#ifndef REFGATE_PUSH_NEW_COMMITS_H
#define REFGATE_PUSH_NEW_COMMITS_H

#include "model/change.h"
#include "policy/history.h"
#include "push/commit_graph.h"

/* As history.new_commits; status and graph->why as commit_graph.h says. Ids of 40 digits. */
enum status new_commits_visit(struct commit_graph *graph, const struct change *change,
                              bool (*visit)(void *context, const struct history_commit *commit),
                              void *context) MUST_CHECK;

#endif
