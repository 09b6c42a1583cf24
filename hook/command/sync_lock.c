#include "command/sync_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

#define LOCK_TEXT_SIZE 64

bool sync_lock_parse(struct text content, uint64_t *process, int64_t *since_ms)
{
    struct text first, rest = content;
    uint64_t number;
    int64_t since;
    if (!text_next_field(&rest, ' ', &first) || text_absent(rest))
        return false;
    if (!rest.size || rest.at[rest.size - 1] != '\n')
        return false; /* being written */
    rest.size--;
    if (!text_parse_u64(first, INT_MAX, true, &number) || !clock_parse(rest, &since))
        return false;
    *process = number;
    *since_ms = since;
    return true;
}

static enum status busy(int fd, const char *snapshot, struct error *err)
{
    char content[LOCK_TEXT_SIZE], since[CLOCK_TEXT_SIZE];
    uint64_t process;
    int64_t since_ms;
    ssize_t size = pread(fd, content, sizeof content, 0);
    if (size <= 0 ||
        !sync_lock_parse((struct text){content, (size_t)size}, &process, &since_ms))
        return error_set(err, STATUS_BUSY, "another sync is at work on %s", snapshot);
    clock_format(since_ms, true, since);
    return error_set(err, STATUS_BUSY, "another sync (process %llu, since %s) is at work on %s",
                     (unsigned long long)process, since, snapshot);
}

/* For people only: whoever cannot write it (a full disk) has the lock all the same. */
static void say_who(int fd, int64_t now_ms)
{
    char content[LOCK_TEXT_SIZE], now[CLOCK_TEXT_SIZE];
    clock_format(now_ms, true, now);
    int size = snprintf(content, sizeof content, "%ld %s\n", (long)getpid(), now);
    if (ftruncate(fd, 0) || size < 0 || pwrite(fd, content, (size_t)size, 0) != (ssize_t)size)
        return;
}

/* Two names of one snapshot, a symbolic link and its target, have one lock. */
static bool lock_path(const char *snapshot, char out[PATH_MAX])
{
    char resolved[PATH_MAX];
    const char *name = realpath(snapshot, resolved) ? resolved : snapshot;
    int size = snprintf(out, PATH_MAX, "%s.lock", name);
    return size > 0 && size < PATH_MAX;
}

enum status sync_lock_take(const char *snapshot, int64_t now_ms, int *out, struct error *err)
{
    char path[PATH_MAX];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat st;
    if (!lock_path(snapshot, path))
        return error_set(err, STATUS_IO, "the path of the snapshot is too long");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, STATUS_IO, "the directory of %s does not exist: make it first",
                         snapshot);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open the lock %s", path);
    enum status status = STATUS_OK;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        status = error_set(err, STATUS_IO, "the lock %s is not a regular file", path);
    else if (st.st_nlink > 1) /* its content is ours, and another file's would be lost */
        status = error_set(err, STATUS_IO, "the lock %s has another name elsewhere", path);
    /* Whoever may read it may lock it, for ever. One of an earlier version; not ours: as it is. */
    else if ((st.st_mode & (S_IRWXG | S_IRWXO)) && st.st_uid == geteuid() && fchmod(fd, 0600))
        status = error_errno(err, STATUS_IO, errno, "cannot set the mode of the lock %s", path);
    else if (fcntl(fd, F_OFD_SETLK, &lock))
        status = errno == EAGAIN || errno == EACCES
                     ? busy(fd, snapshot, err)
                     : error_errno(err, STATUS_IO, errno, "cannot lock %s", path);
    if (status != STATUS_OK) {
        close(fd);
        return status;
    }
    say_who(fd, now_ms);
    *out = fd;
    return STATUS_OK;
}
