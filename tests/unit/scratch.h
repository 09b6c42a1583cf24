/*
 * scratch.h - a directory of a test's own, and shell scripts that run in it (real git, mostly).
 */
#ifndef REFGATE_TESTS_UNIT_SCRATCH_H
#define REFGATE_TESTS_UNIT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* A new directory below $TMPDIR or /tmp, without symbolic links in its name. Fails the test. */
void scratch_make(char *path, size_t size);
/* DIRECTORY/NAME; of the last four that were asked for, each has memory of its own. */
const char *scratch_path(const char *directory, const char *name);
void scratch_remove(const char *path); /* with all that is in it */

/* Runs `sh -euc SCRIPT` in `directory` with an environment of its own: PATH, HOME, LC_ALL=C, no
 * configuration of git but its own, fixed names and dates, and NAME=VALUE strings of `more` (NULL
 * at its end; may be NULL). stdout and stderr go to `out` (cut at `size`, NUL-terminated). Gives
 * the exit status. */
int scratch_run(const char *directory, const char *script, const char *const *more, char *out,
                size_t size);
/* The same; a failure of the script fails the test, with its output. */
void scratch_sh(const char *directory, const char *script);
/* The id of what `name` is in the repository DIRECTORY/REPOSITORY (git rev-parse); asked once. */
const char *scratch_id(const char *directory, const char *repository, const char *name);
/* A program of this build, by its name below the variant's directory ("tests/helpers/x"). */
void scratch_program(const char *name, char *path, size_t size);

#endif
