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

static bool is_trusted_owner(uid_t uid, const struct file_owners *owners)
{
    if (uid == 0 || uid == geteuid())
        return true;
    for (size_t i = 0; owners && i < owners->count; i++)
        if (owners->uids[i] == uid)
            return true;
    return false;
}

/* Owner and mode of what was opened. An ACL that lets others write shows in the group bits, since
 * these hold its mask (acl(5)). */
static enum status check_trust(const struct stat *st, struct text path,
                               const struct file_owners *owners, struct error *err)
{
    const char *what = S_ISDIR(st->st_mode) ? "directory" : "file";
    if (!is_trusted_owner(st->st_uid, owners))
        return error_set(err, STATUS_TRUST,
                         "%s belongs to uid %ju, neither root nor uid %ju: chown root %.*s", what,
                         (uintmax_t)st->st_uid, (uintmax_t)geteuid(), TEXT_ARG(path));
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)))
        return error_set(err, STATUS_TRUST,
                         "%s can be written by group or others (mode %04o): chmod go-w %.*s", what,
                         (unsigned)(st->st_mode & 07777), TEXT_ARG(path));
    return STATUS_OK;
}

/* Opens NAME in the directory *at (AT_FDCWD for "/") and checks it; on success *at is closed and
 * replaced. `path` is for messages. */
static enum status step_into(int *at, const char *name, struct text path,
                             const struct file_owners *owners, struct error *err)
{
    int fd = openat(*at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open directory %.*s", TEXT_ARG(path));
    struct stat st;
    enum status status = fstat(fd, &st)
                             ? error_errno(err, STATUS_IO, errno, "cannot look at directory %.*s",
                                           TEXT_ARG(path))
                             : check_trust(&st, path, owners, err);
    if (status) {
        close(fd);
        return status;
    }
    if (*at >= 0)
        close(*at);
    *at = fd;
    return STATUS_OK;
}

/* Walks from "/" to the directory that holds the last component of `resolved` (absolute, without
 * links). resolved is cut there: *last is the component, "" for "/" itself. */
static enum status open_parent(char *resolved, const struct file_owners *owners, int *parent,
                               const char **last, struct error *err)
{
    int at = AT_FDCWD;
    enum status status = step_into(&at, "/", TEXT("/"), owners, err);
    char *name = resolved + 1;
    char *slash;
    while (!status && (slash = strchr(name, '/'))) {
        *slash = '\0';
        status = step_into(&at, name, text_of(resolved), owners, err);
        *slash = '/';
        name = slash + 1;
    }
    if (status) {
        if (at >= 0)
            close(at);
        return status;
    }
    *parent = at;
    *last = name;
    return STATUS_OK;
}

/* realpath(3), then the walk: should a component become a link in between, O_NOFOLLOW stops it. */
static enum status open_checked(const char *path, bool directory, const struct file_owners *owners,
                                int *out, struct stat *out_st, struct error *err)
{
    int parent = -1, fd = -1;
    const char *last = NULL;
    struct stat st;
    enum status status;
    char *resolved = realpath(path, NULL);
    if (!resolved) {
        if (errno == ENOENT || errno == ENOTDIR)
            return error_set(err, STATUS_NOT_FOUND, "%s does not exist", path);
        return error_errno(err, errno == ENOMEM ? STATUS_MEMORY : STATUS_IO, errno,
                           "cannot resolve %s", path);
    }
    status = open_parent(resolved, owners, &parent, &last, err);
    if (status)
        goto out;
    /* O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever. */
    fd = openat(parent, *last ? last : ".",
                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
                    (directory ? O_DIRECTORY : 0));
    if (fd < 0) {
        if (errno == ENOENT)
            status = error_set(err, STATUS_NOT_FOUND, "%s does not exist", path);
        else if (errno == ENOTDIR)
            status = error_set(err, STATUS_TRUST, "not a directory: %s", path);
        else
            status = error_errno(err, STATUS_IO, errno, "cannot open %s", path);
        goto out;
    }
    if (fstat(fd, &st)) {
        status = error_errno(err, STATUS_IO, errno, "cannot look at %s", path);
        goto out;
    }
    if (!directory && !S_ISREG(st.st_mode)) {
        status = error_set(err, STATUS_TRUST, "not a regular file: %s", path);
        goto out;
    }
    status = check_trust(&st, text_of(resolved), owners, err);
    if (status)
        goto out;
    *out = fd;
    fd = -1;
    if (out_st)
        *out_st = st;
out:
    if (fd >= 0)
        close(fd);
    if (parent >= 0)
        close(parent);
    free(resolved);
    return status;
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
    char piece[16 * 1024];
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
