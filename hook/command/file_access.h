/*
 * file_access.h - may another user read, write or pass a file, and would the programs of that user
 * trust it? Judged by owners and modes along the path (path_resolution(7)): nobody's identity is taken
 * for it, and root, who may do everything, learns what others may.
 *
 * Access control lists are seen and not read: where one could change the answer, it is CANNOT_TELL.
 * Of the user that this process runs as, the kernel is asked.
 */
#ifndef REFGATE_COMMAND_FILE_ACCESS_H
#define REFGATE_COMMAND_FILE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/file.h"
#include "model/answer.h"

struct file_user {
    uid_t uid;
    gid_t gid;
    const gid_t *groups; /* supplementary ones */
    size_t group_count;
    const char *name; /* for sentences */
};

enum { FILE_PASS = 1, FILE_WRITE = 2, FILE_READ = 4 }; /* PASS: search a directory, run a program */

/* By mode and owner alone. root may all, but run what nobody may run. */
bool file_access_bits(const struct stat *st, const struct file_user *user, unsigned wanted);
/* Would base/file.h trust this one file or directory, in a process of that user? `owners` may be NULL. */
enum status file_trust_bits(const struct stat *st, const char *path, const struct file_user *user,
                            const struct file_owners *owners, struct error *why) MUST_CHECK;

/* May the user do all of `wanted` with PATH (absolute; symbolic links are followed)? NO and CANNOT_TELL
 * come with a sentence in `why`; its code is STATUS_NOT_FOUND if PATH does not exist. */
enum answer file_access(const char *path, const struct file_user *user, unsigned wanted,
                        struct error *why);
/* PATH, each directory above it and each that a symbolic link leads through. As above; NO for a lack of
 * trust is STATUS_TRUST. */
enum answer file_access_trusted(const char *path, const struct file_user *user,
                                const struct file_owners *owners, struct error *why);

#endif
