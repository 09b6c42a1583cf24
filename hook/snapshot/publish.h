/*
 * publish.h - a large file into its place: written beside it, read back, renamed over it.
 *
 * The file that was there keeps a second link, NAME.1, made before the rename, so that there is
 * never a moment without a snapshot (product.md). A symbolic link is followed: what it points to is
 * replaced. The new file has the old one's group and mode, but is never writable for group or others.
 */
#ifndef REFGATE_SNAPSHOT_PUBLISH_H
#define REFGATE_SNAPSHOT_PUBLISH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct publication {
    int fd;        /* of the temporary file, for reading and writing */
    bool named;    /* the temporary file has a name, which must be removed */
    bool replaces; /* there is a file, whose mode and group the new one gets */
    mode_t mode;
    gid_t group;
    char target[PATH_MAX];
    char temporary[PATH_MAX];
};

/* Opens a temporary file in PATH's directory. It has no name there where the file system can do
 * that (O_TMPFILE), so that even a killed process leaves nothing. STATUS_IO. */
enum status publication_begin(struct publication *p, const char *path,
                              struct error *err) MUST_CHECK;
/* Syncs, links the old file, renames, syncs the directory. On failure PATH is as it was; then
 * publication_end() is still to be called. */
enum status publication_commit(struct publication *p, struct error *err) MUST_CHECK;
/* The file that publication_commit() keeps beside PATH, links followed: NAME.1. STATUS_IO. */
enum status publication_older(const char *path, char out[PATH_MAX], struct error *err) MUST_CHECK;
/* PATH and its older file change places: two links, two renames, never a moment without PATH. If PATH
 * is gone, the older file becomes it and keeps its name besides. STATUS_IO, STATUS_NOT_FOUND; PATH is
 * as it was then, or, if only the last step failed, already the older file (*swapped), and the newer
 * one is where err says. */
enum status publication_swap(const char *path, bool *swapped, struct error *err) MUST_CHECK;
/* Closes, and removes the temporary file if it was not published. */
void publication_end(struct publication *p);

#endif
