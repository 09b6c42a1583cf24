#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path_walk.h"

static bool is_trusted_owner(uid_t uid, const struct file_owners *owners)
{
    if (uid == 0 || uid == geteuid())
        return true;
    for (size_t i = 0; owners && i < owners->count; i++)
        if (owners->uids[i] == uid)
            return true;
    return false;
}

static enum status foreign_owner(const struct stat *st, const char *path, const char *what,
                                 const struct file_owners *owners, struct error *err)
{
    return error_set(err, STATUS_TRUST,
                     "%s belongs to uid %ju, neither to root nor to %suid %ju: %s", what,
                     (uintmax_t)st->st_uid, owners && owners->count ? "a trusted user nor to " : "",
                     (uintmax_t)geteuid(), path);
}

/* Owner and mode of a directory, or of what was opened. An ACL that lets others write shows in the
 * group bits, since these hold its mask (acl(5)). */
static enum status check_trust(const struct stat *st, const char *path,
                               const struct file_owners *owners, struct error *err)
{
    const char *what = S_ISDIR(st->st_mode) ? "directory" : "file";
    if (!is_trusted_owner(st->st_uid, owners))
        return foreign_owner(st, path, what, owners, err);
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)))
        return error_set(err, STATUS_TRUST,
                         "%s can be written by group or others (mode %04o): chmod go-w %s", what,
                         (unsigned)(st->st_mode & 07777), path);
    return STATUS_OK;
}

/* A link has no mode, and nobody can change one but by another in its place. So it is as good as its
 * directory, which was passed, unless that is a sticky one where everybody makes links. */
enum status file_check_link(const char *path, const struct stat *st,
                            const struct file_owners *owners, struct error *err)
{
    char directory[PATH_MAX] READ_INTO;
    struct stat in;
    if (is_trusted_owner(st->st_uid, owners))
        return STATUS_OK;
    const char *slash = strrchr(path, '/');
    size_t size = slash && slash != path ? (size_t)(slash - path) : 1;
    memcpy(directory, path, size);
    directory[size] = '\0';
    if (lstat(directory, &in))
        return error_errno(err, STATUS_IO, errno, "cannot look at directory %s", directory);
    if (in.st_mode & (S_IWGRP | S_IWOTH))
        return foreign_owner(st, path, "symbolic link", owners, err);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ opening */

struct opening {
    const struct file_owners *owners;
    bool directory;
    int fd;
    struct stat st;
};

/* A directory that was found to be trusted cannot be changed by anybody who is not, so what is looked
 * at next is what will be opened: the walk by names is as safe as one by descriptors, with a third of
 * the system calls. */
static enum status pass(void *self, const char *path, const struct stat *st, struct error *err)
{
    const struct opening *opening = self;
    return S_ISLNK(st->st_mode) ? file_check_link(path, st, opening->owners, err)
                                : check_trust(st, path, opening->owners, err);
}

/* O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever. */
static enum status open_last(void *self, const char *path, bool *link, struct error *err)
{
    struct opening *opening = self;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
                            (opening->directory ? O_DIRECTORY : 0));
    if (fd < 0) {
        struct stat is;
        int failed = errno;
        *link = (failed == ELOOP || failed == ENOTDIR) && !lstat(path, &is) && S_ISLNK(is.st_mode);
        if (*link)
            return STATUS_OK;
        if (failed == ENOENT)
            return error_set(err, STATUS_NOT_FOUND, "%s does not exist", path);
        if (failed == ENOTDIR)
            return error_set(err, STATUS_TRUST, "not a directory: %s", path);
        return error_errno(err, STATUS_IO, failed, "cannot open %s", path);
    }
    enum status status = STATUS_OK;
    if (fstat(fd, &opening->st))
        status = error_errno(err, STATUS_IO, errno, "cannot look at %s", path);
    else if (!opening->directory && !S_ISREG(opening->st.st_mode))
        status = error_set(err, STATUS_TRUST, "not a regular file: %s", path);
    else
        status = check_trust(&opening->st, path, opening->owners, err);
    if (status)
        close(fd);
    else
        opening->fd = fd;
    return status;
}

static enum status open_checked(const char *path, bool directory, const struct file_owners *owners,
                                int *out, struct stat *out_st, struct error *err)
{
    struct opening opening = {.owners = owners, .directory = directory, .fd = -1};
    const struct path_walk walk = {&opening, pass, open_last};
    enum status status = path_walk(path, &walk, err);
    if (status)
        return status;
    *out = opening.fd;
    if (out_st)
        *out_st = opening.st;
    return STATUS_OK;
}

enum status file_open_trusted(const char *path, const struct file_owners *owners, int *fd,
                              struct stat *st, struct error *err)
{
    return open_checked(path, false, owners, fd, st, err);
}

enum status file_open_trusted_directory(const char *path, const struct file_owners *owners, int *fd,
                                        struct error *err)
{
    return open_checked(path, true, owners, fd, NULL, err);
}

enum status file_read_all(int fd, size_t most, struct buffer *out, struct error *err)
{
    char piece[16 * 1024] READ_INTO;
    size_t before = out->size, total = 0;
    enum status status = STATUS_OK;
    for (;;) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            status = error_errno(err, STATUS_IO, errno, "cannot read");
            break;
        }
        if (got == 0)
            break;
        if ((size_t)got > most - total) {
            status = error_set(err, STATUS_LIMIT, "more than the %zu bytes that are allowed", most);
            break;
        }
        total += (size_t)got;
        buffer_add(out, piece, (size_t)got);
    }
    if (!status && out->failed)
        status = error_set(err, STATUS_MEMORY, "out of memory while reading");
    if (status && out->size > before) { /* nothing half-done */
        out->size = before;
        out->data[before] = '\0';
    }
    return status;
}

enum status file_write_all(int fd, const void *bytes, size_t size, struct error *err)
{
    const char *at = bytes;
    while (size) {
        ssize_t wrote = write(fd, at, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return error_errno(err, STATUS_IO, wrote < 0 ? errno : ENOSPC, "cannot write");
        at += wrote;
        size -= (size_t)wrote;
    }
    return STATUS_OK;
}

#define TEMPORARY_TRIES 100
#define TEMPORARY_NAME_SIZE 64

/* A new file in `directory` under a name that nothing else has. */
static int create_temporary(int directory, char name[TEMPORARY_NAME_SIZE])
{
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        uint64_t mark;
        if (getrandom(&mark, sizeof mark, GRND_NONBLOCK) != sizeof mark)
            mark = ((uint64_t)getpid() << 32 ^ (uint64_t)clock_monotonic_us()) + (uint64_t)i;
        snprintf(name, TEMPORARY_NAME_SIZE, ".refgate-tmp.%016" PRIx64, mark);
        int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        0600);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Splits PATH into an open directory and the name in it. */
static enum status open_directory_of(const char *path, int *directory, const char **name,
                                     struct error *err)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!**name)
        return error_set(err, STATUS_USAGE, "not the name of a file: %s", path);
    char *parent = !slash ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (!parent)
        return error_set(err, STATUS_MEMORY, "out of memory");
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status = STATUS_OK;
    if (fd < 0)
        status = error_errno(err, STATUS_IO, errno, "cannot open directory %s", parent);
    else
        *directory = fd;
    free(parent);
    return status;
}

/* Content, mode and disk, in an order that leaves no window in which more may be read. */
static enum status fill_temporary(int fd, struct text content, mode_t mode, struct error *err)
{
    enum status status = file_write_all(fd, content.at, content.size, err);
    if (status)
        return status;
    if (fchmod(fd, mode))
        return error_errno(err, STATUS_IO, errno, "cannot set the mode");
    if (fsync(fd))
        return error_errno(err, STATUS_IO, errno, "cannot write to the disk");
    return STATUS_OK;
}

enum status file_replace(const char *path, struct text content, mode_t mode, struct error *err)
{
    int directory = -1;
    const char *name;
    char temporary[TEMPORARY_NAME_SIZE];
    enum status status = open_directory_of(path, &directory, &name, err);
    if (status)
        return status;
    int fd = create_temporary(directory, temporary);
    if (fd < 0) {
        status = error_errno(err, STATUS_IO, errno, "cannot create a file beside %s", path);
        close(directory);
        return status;
    }
    struct error why = {0};
    status = fill_temporary(fd, content, mode, &why);
    if (close(fd) && !status) /* NFS may say only now that it could not write */
        status = error_errno(&why, STATUS_IO, errno, "cannot write");
    if (!status && renameat(directory, temporary, directory, name))
        status = error_errno(&why, STATUS_IO, errno, "cannot rename");
    if (status)
        unlinkat(directory, temporary, 0);
    else if (fsync(directory) && errno != EINVAL) /* EINVAL: this file system has no such thing */
        status = error_errno(&why, STATUS_IO, errno, "cannot write the directory to the disk");
    close(directory);
    return status ? error_set(err, status, "%s: %s", path, why.text) : STATUS_OK;
}

enum status file_self_path(char *out, size_t size, struct error *err)
{
    char path[PATH_MAX];
    ssize_t got = readlink("/proc/self/exe", path, sizeof path);
    if (got < 0)
        return error_errno(err, STATUS_IO, errno, "cannot tell where this program is");
    /* Full: perhaps cut. Not absolute: outside this process's root. */
    if ((size_t)got >= sizeof path || path[0] != '/')
        return error_set(err, STATUS_IO, "cannot tell where this program is");
    if ((size_t)got >= size)
        return error_set(err, STATUS_IO, "the path of this program is longer than %zu bytes",
                         size - (size > 0));
    memcpy(out, path, (size_t)got);
    out[got] = '\0';
    return STATUS_OK;
}
