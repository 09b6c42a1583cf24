/*
 * journal_directory.h - the directory of a journal: who may have written it, and what may be in it.
 *
 * A snapshot is built from what lies there, and a journal is cut and removed: so nothing is followed
 * that somebody else could have put there, and nothing is touched that is not a journal's.
 */
#ifndef REFGATE_BITBUCKET_JOURNAL_DIRECTORY_H
#define REFGATE_BITBUCKET_JOURNAL_DIRECTORY_H

#include <stdbool.h>

#include "base/error.h"

#define JOURNAL_META "recording.json"
#define JOURNAL_ANSWERS "answers.jsonl"

/* PATH without slashes at its end, since "link/" would be followed. The caller frees it; NULL: out of
 * memory. */
char *journal_directory_path(const char *path);
/* A new directory, or one of ours that is empty; mode 0700. *made: it was not there before.
 * STATUS_USAGE if something is in it. */
enum status journal_directory_make(const char *path, int *directory, bool *made,
                                   struct error *err) MUST_CHECK;
/* One that is there. STATUS_NOT_FOUND; STATUS_TRUST for a symbolic link, a file, and what others own
 * or can write. */
enum status journal_directory_open(const char *path, int *directory, struct error *err) MUST_CHECK;
/* A file in it, which belongs to us alone and has no other name. `flags` as of open(2), 0600 if it is
 * created. */
enum status journal_file_open(int directory, const char *name, int flags, int *fd,
                              struct error *err) MUST_CHECK;

#endif
