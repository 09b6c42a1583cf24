/*
 * git_history.h - policy/history.h answered by libgit2, opened at the first question.
 *
 * libgit2: the repository is opened without searching, the environment or any configuration outside
 * it; the quarantine is added as an object database of its own. Nothing is written. What the new
 * objects alone can answer (most fast-forwards) is answered without opening the repository.
 *
 * commit_object: the bytes of commits and tags; object_store: libgit2, objects and refs;
 * commit_graph: what was read, budget and deadline; commit_ancestry, commit_reach: the two walks;
 * new_commits: what a change brings.
 */
#ifndef REFGATE_PUSH_GIT_HISTORY_H
#define REFGATE_PUSH_GIT_HISTORY_H

#include <stdint.h>

#include "base/error.h"
#include "policy/history.h"
#include "push/location.h"

struct git_history;

/* `location` must outlive it. commit_budget: commits looked at in the whole push. deadline_us:
 * clock_monotonic_us() value, 0 for none. Cheap: nothing is opened here. */
enum status git_history_new(const struct location *location, uint64_t commit_budget,
                            int64_t deadline_us, struct git_history **out,
                            struct error *err) MUST_CHECK;
void git_history_free(struct git_history *history); /* NULL is fine */
struct history git_history_interface(struct git_history *history);

#endif
