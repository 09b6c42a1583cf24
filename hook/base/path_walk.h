/*
 * path_walk.h - the way to a file: each directory and each symbolic link that is gone through.
 *
 * open(2) and realpath(3) follow links without telling through which directories. Who may write one
 * of these chooses what is opened, though what he chooses may be above all doubt where it lies. So
 * links are followed here, one by one, and the caller looks at each step.
 */
#ifndef REFGATE_BASE_PATH_WALK_H
#define REFGATE_BASE_PATH_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

struct path_walk {
    void *self;
    /* May this directory, or this symbolic link, be gone through? "/" is the first. */
    enum status (*pass)(void *self, const char *path, const struct stat *st, struct error *err);
    /* The end: the path has no links in it, no "." and no "..". *link: it is a link itself, which
     * is to be followed. */
    enum status (*reach)(void *self, const char *path, bool *link, struct error *err);
};

/* Goes the way that PATH names (relative: from the current directory). Nothing is opened. Fails with
 * what the two say, STATUS_NOT_FOUND if a directory on the way does not exist, STATUS_IO (too many
 * links, too long), STATUS_TRUST: a link was changed in the middle of this. */
enum status path_walk(const char *path, const struct path_walk *walk, struct error *err) MUST_CHECK;

#endif
