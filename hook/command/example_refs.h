/*
 * example_refs.h - one ref for each thing that a policy or a restriction names: the default branch, what
 * each restriction's matcher is about, the patterns of rules, and a branch and a tag that nothing
 * names. For `refgate access`, which has no ref to ask about.
 *
 * An example is only ever asked about: whether a restriction matches it is decide()'s answer.
 */
#ifndef REFGATE_COMMAND_EXAMPLE_REFS_H
#define REFGATE_COMMAND_EXAMPLE_REFS_H

#include "base/arena.h"
#include "policy/policy.h"
#include "policy/view.h"

#define EXAMPLE_REFS_MAX 48
#define EXAMPLE_NONE SIZE_MAX

struct example_refs {
    char *refs[EXAMPLE_REFS_MAX];
    struct text of[EXAMPLE_REFS_MAX]; /* what it stands for: "the default branch", a pattern */
    size_t count;
    size_t *of_restriction; /* for each restriction of the repository: its example; NONE: no room */
    bool more;              /* there was no room for all */
};

/* STATUS_MEMORY. Texts live in `arena`. */
enum status example_refs_find(const struct snapshot_repository *repository,
                              const struct policy *policy, struct arena *arena,
                              struct example_refs *out, struct error *err) MUST_CHECK;
/* A ref that the pattern matches; NULL if none comes to mind, or out of memory. */
char *example_ref(struct text pattern, struct arena *arena);

#endif
