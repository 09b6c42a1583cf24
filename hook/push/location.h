/*
 * location.h - where the repository of this push is on disk (hook contract, "Finding the repository
 * and the new objects").
 */
#ifndef REFGATE_PUSH_LOCATION_H
#define REFGATE_PUSH_LOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "push/environment.h"

struct location {
    const char *repository;  /* absolute path of the bare repository; NULL: not on this host */
    const char *quarantine;  /* absolute path of the quarantine's object directory, or NULL */
    const char *const *alternates; /* from GIT_ALTERNATE_OBJECT_DIRECTORIES, unquoted, in order */
    size_t alternate_count;
    bool storage_id_known;   /* last part of the repository's path (less .git) is a number */
    uint64_t storage_id;
};

/* From quarantine, object directory, alternates in order, then GIT_DIR, then the current
 * directory, each walked up until a directory has HEAD, objects/ and refs/. Not finding one is no
 * error. If only alternates lead to one and there are several, the storage id is not known: it
 * could be a fork's origin. GIT_OBJECT_DIRECTORY below the repository's objects/ counts as
 * quarantine. `git_dir` (refgate check --git-dir) overrides all of it when not NULL. STATUS_MEMORY;
 * STATUS_IO: a directory on the way cannot be looked at, for another reason than that it is not there
 * or closed to us. The text names no path. */
enum status location_find(const struct environment *env, const char *git_dir, struct arena *arena,
                          struct location *out, struct error *err) MUST_CHECK;

#endif
