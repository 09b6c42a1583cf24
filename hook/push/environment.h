/*
 * environment.h - the variables that Bitbucket sets for a hook script, into a struct push.
 *
 * Source: Atlassian, "Using hook scripts"; hook-contract of the tests in tests/push. Nothing is
 * taken from STASH_* copies, nothing is guessed from what is missing.
 */
#ifndef REFGATE_PUSH_ENVIRONMENT_H
#define REFGATE_PUSH_ENVIRONMENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/push.h"

/* How a variable is asked for: getenv() in the hook, a table in tests and in `refgate check`. NULL:
 * not set. The strings must live as long as the push. */
struct environment {
    const char *(*get)(void *self, const char *name);
    void *self;
};
struct environment environment_of_process(void);

/* Fills everything of *push but changes, stdin, time, storage id and host. With `native`, pusher
 * and repository stay absent. STATUS_FORMAT with a sentence for the pusher when the environment is
 * incomplete (no project key, no repository slug, no user) or hostile (too long, control bytes in a
 * key). `credential_variable` may be NULL. */
enum status environment_read(const struct environment *env, bool native,
                             const char *credential_variable, struct push *push,
                             struct error *err) MUST_CHECK;
/* The one change that a dry-run merge check stands for: BB_FROM_HASH -> BB_TO_REF (short or full
 * name), old id BB_TO_HASH. *out and its texts live in the arena. STATUS_FORMAT if the variables
 * are missing or malformed. */
enum status environment_dry_run_change(const struct environment *env, struct arena *arena,
                                       struct change *out, struct error *err) MUST_CHECK;

#endif
