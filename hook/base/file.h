/*
 * file.h - opening files that decide something, and replacing files whole.
 *
 * "Trusted" is semantics.md 8: a regular file (symbolic links are followed, then what was opened
 * is checked), owned by root, by this process's user or by one of `owners`; it and each directory
 * above it owned likewise and not writable by group or others, sticky directories excepted. That
 * holds for the directories in which links are found, too, and a link in a sticky directory must
 * belong to one of these users: else somebody could choose which of the trusted files is read. The
 * file is checked on the open descriptor, so that nothing can be swapped between check and use.
 *
 * Hard links are not counted: a second name of a file is nobody's harm while owner and mode are as
 * they must be. Who links another's file into a sticky directory is the kernel's to stop
 * (fs.protected_hardlinks).
 */
#ifndef REFGATE_BASE_FILE_H
#define REFGATE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct file_owners { /* further users who may own the file and the directories above it */
    const uid_t *uids;
    size_t count;
};

/* Opens PATH for reading (never blocks on a FIFO, never follows a link that was not looked at).
 * STATUS_NOT_FOUND if it does not exist, STATUS_TRUST, STATUS_IO. *fd is close-on-exec; the caller
 * closes it. `st` may be NULL. `owners` may be NULL. */
enum status file_open_trusted(const char *path, const struct file_owners *owners, int *fd,
                              struct stat *st, struct error *err) MUST_CHECK;
/* The same checks for a directory; *fd can be used with openat(). */
enum status file_open_trusted_directory(const char *path, const struct file_owners *owners, int *fd,
                                        struct error *err) MUST_CHECK;
/* May this symbolic link be followed, whose directory may? STATUS_TRUST: it is in a sticky directory
 * where everybody makes links, and somebody else's. */
enum status file_check_link(const char *path, const struct stat *st,
                            const struct file_owners *owners, struct error *err) MUST_CHECK;
/* Reads the rest of a descriptor into `out` (appended). STATUS_LIMIT if there are more than `most`
 * bytes. Retries EINTR. */
enum status file_read_all(int fd, size_t most, struct buffer *out, struct error *err) MUST_CHECK;
/* Writes all bytes; retries EINTR and short writes. */
enum status file_write_all(int fd, const void *bytes, size_t size, struct error *err) MUST_CHECK;
/* Writes PATH by a temporary file in the same directory, fsync, rename, fsync of the directory.
 * A crash leaves the old or the new content, never a mixture. PATH itself is replaced, also when it
 * is a symbolic link. */
enum status file_replace(const char *path, struct text content, mode_t mode,
                         struct error *err) MUST_CHECK;
/* The file's own absolute path, e.g. of /proc/self/exe; STATUS_IO if it cannot be told. */
enum status file_self_path(char *out, size_t size, struct error *err) MUST_CHECK;

#endif
