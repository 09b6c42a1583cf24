#include "record/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum status beside_open(const char *path, struct beside *out, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX];
    int size = snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) + 1 : 1,
                        slash ? path : ".");
    if (size < 0 || (size_t)size >= sizeof directory)
        return error_set(err, STATUS_LIMIT, "the path is too long");
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                           "the directory cannot be opened");
    *out = (struct beside){fd, slash ? slash + 1 : path};
    return STATUS_OK;
}

static enum status take_after(int fd, const struct stat *like, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return error_errno(err, STATUS_IO, errno, "the new file cannot be examined");
    if ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) &&
        fchown(fd, like->st_uid, like->st_gid))
        return error_errno(err, STATUS_IO, errno,
                           "the new file cannot be given the owner and group of the old one");
    if (fchmod(fd, like->st_mode & 0777))
        return error_errno(err, STATUS_IO, errno,
                           "the new file cannot be given the mode of the old one");
    return STATUS_OK;
}

enum status beside_create(const struct beside *place, const char *name, const struct stat *like,
                          int *fd, struct error *err)
{
    *fd = -1;
    if (unlinkat(place->directory, name, 0) && errno != ENOENT)
        return error_errno(err, STATUS_IO, errno, "what was left over cannot be removed");
    int made = openat(place->directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                      0600);
    if (made < 0)
        return error_errno(err, STATUS_IO, errno, "no file can be made in the directory");
    enum status status = take_after(made, like, err);
    if (status != STATUS_OK) {
        close(made);
        unlinkat(place->directory, name, 0);
        return status;
    }
    *fd = made;
    return STATUS_OK;
}

enum status beside_sync(const struct beside *place, struct error *err)
{
    if (fsync(place->directory) && errno != EINVAL) /* EINVAL: no such thing on this file system */
        return error_errno(err, STATUS_IO, errno, "the directory cannot be written to the disk");
    return STATUS_OK;
}
