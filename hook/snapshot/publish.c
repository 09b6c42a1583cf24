#include "snapshot/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 100

/* "PATH.SUFFIX-PID-RANDOM"; false if that is too long. */
static bool temporary_name(const char *path, const char *suffix, char out[PATH_MAX])
{
    unsigned random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = 0; /* O_EXCL and the pid are enough; this only saves attempts */
    int size = snprintf(out, PATH_MAX, "%s.%s-%ld-%08x", path, suffix, (long)getpid(), random);
    return size > 0 && size < PATH_MAX;
}

static enum status too_long(struct error *err)
{
    return error_set(err, STATUS_IO, "the path of the snapshot is too long");
}

/* The directory of the target, "." if it has none. */
static void directory_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    if (slash && !size)
        size = 1;
    if (!slash) {
        path = ".";
        size = 1;
    }
    memcpy(out, path, size);
    out[size] = '\0';
}

static enum status resolve(struct publication *p, const char *path, struct error *err)
{
    struct stat st;
    size_t size = strlen(path);
    if (!size || size >= sizeof p->target - 64)
        return too_long(err);
    memcpy(p->target, path, size + 1);
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? STATUS_OK
                               : error_errno(err, STATUS_IO, errno, "cannot look at %s", path);
    if (S_ISLNK(st.st_mode)) {
        char resolved[PATH_MAX];
        if (!realpath(path, resolved) || stat(resolved, &st) < 0)
            return error_errno(err, STATUS_IO, errno, "cannot follow the link %s", path);
        if (strlen(resolved) >= sizeof p->target - 64)
            return too_long(err);
        memcpy(p->target, resolved, strlen(resolved) + 1);
    }
    if (!S_ISREG(st.st_mode))
        return error_set(err, STATUS_IO, "%s is not a regular file", path);
    p->replaces = true;
    p->mode = st.st_mode & 0755;
    p->group = st.st_gid;
    return STATUS_OK;
}

enum status publication_begin(struct publication *p, const char *path, struct error *err)
{
    *p = (struct publication){.fd = -1};
    enum status status = resolve(p, path, err);
    if (status != STATUS_OK)
        return status;
    char directory[PATH_MAX];
    directory_of(p->target, directory);
    /* Never writable for others, whatever the umask: the hook would not trust it. */
    p->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
    for (int i = 0; p->fd < 0 && i < ATTEMPTS; i++) {
        if (!temporary_name(p->target, "tmp", p->temporary))
            return too_long(err);
        p->fd = open(p->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        p->named = p->fd >= 0;
        if (p->fd < 0 && errno != EEXIST)
            break;
    }
    if (p->fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot write in %s", directory);
    /* Whoever could read the old one can read the new one: the hook may run as another user. The group
     * first, since changing it may take bits away; a group that is not ours to give stays. */
    if (p->replaces) {
        int changed = fchown(p->fd, (uid_t)-1, p->group);
        (void)changed;
        if (fchmod(p->fd, p->mode | 0600) < 0)
            return error_errno(err, STATUS_IO, errno, "cannot set the mode of the new snapshot");
    }
    return STATUS_OK;
}

/* Gives the nameless file a name; as good as open(O_EXCL). */
static enum status name_it(struct publication *p, struct error *err)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", p->fd);
    for (int i = 0; i < ATTEMPTS; i++) {
        if (!temporary_name(p->target, "tmp", p->temporary))
            return too_long(err);
        if (!linkat(AT_FDCWD, self, AT_FDCWD, p->temporary, AT_SYMLINK_FOLLOW)) {
            p->named = true;
            return STATUS_OK;
        }
        if (errno != EEXIST)
            break;
    }
    return error_errno(err, STATUS_IO, errno, "cannot name the new snapshot");
}

static enum status older_name(const char *target, char out[PATH_MAX], struct error *err)
{
    int size = snprintf(out, PATH_MAX, "%s.1", target);
    return size > 0 && size < PATH_MAX ? STATUS_OK : too_long(err);
}

/* A second link to the file that is there, under NAME.1, replacing an older one at once. */
static enum status keep_old(const struct publication *p, struct error *err)
{
    char older[PATH_MAX], link_name[PATH_MAX];
    enum status status = older_name(p->target, older, err);
    if (status != STATUS_OK)
        return status;
    if (!temporary_name(p->target, "old", link_name))
        return too_long(err);
    if (link(p->target, link_name) < 0) {
        if (errno == ENOENT)
            return STATUS_OK; /* the first one */
        /* A file system without hard links: the rename alone leaves no gap either. */
        if (errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK)
            return STATUS_OK;
        return error_errno(err, STATUS_IO, errno, "cannot keep the old snapshot as %s", older);
    }
    int saved = 0;
    if (rename(link_name, older) < 0)
        saved = errno;
    /* rename() does nothing when both names are the same file already. */
    if (unlink(link_name) < 0 && errno != ENOENT && !saved)
        saved = errno;
    return saved ? error_errno(err, STATUS_IO, saved, "cannot keep the old snapshot as %s", older)
                 : STATUS_OK;
}

/* The rename stands; without this sync a power cut may bring the old one back, no worse. */
static void sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

enum status publication_commit(struct publication *p, struct error *err)
{
    char directory[PATH_MAX];
    directory_of(p->target, directory);
    if (fsync(p->fd) < 0)
        return error_errno(err, STATUS_IO, errno, "cannot write the new snapshot to disk");
    enum status status = p->named ? STATUS_OK : name_it(p, err);
    if (status == STATUS_OK)
        status = keep_old(p, err);
    if (status != STATUS_OK)
        return status;
    if (rename(p->temporary, p->target) < 0)
        return error_errno(err, STATUS_IO, errno, "cannot put the new snapshot in its place");
    p->named = false;
    sync_directory(directory);
    return STATUS_OK;
}

enum status publication_older(const char *path, char out[PATH_MAX], struct error *err)
{
    struct publication p = {.fd = -1};
    enum status status = resolve(&p, path, err);
    return status == STATUS_OK ? older_name(p.target, out, err) : status;
}

enum status publication_swap(const char *path, bool *swapped, struct error *err)
{
    struct publication p = {.fd = -1};
    char older[PATH_MAX], forward[PATH_MAX], back[PATH_MAX], directory[PATH_MAX];
    struct stat st;
    *swapped = false;
    enum status status = resolve(&p, path, err);
    if (status == STATUS_OK)
        status = older_name(p.target, older, err);
    if (status != STATUS_OK)
        return status;
    if (!temporary_name(p.target, "new", forward) || !temporary_name(p.target, "old", back))
        return too_long(err);
    if (link(older, forward) < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                           "cannot link %s", older);
    if (lstat(forward, &st) || !S_ISREG(st.st_mode)) { /* link(2) links a link itself */
        unlink(forward);
        return error_set(err, STATUS_IO, "%s is not a regular file", older);
    }
    bool newer = !link(p.target, back);
    if ((!newer && errno != ENOENT) || rename(forward, p.target) < 0) {
        int saved = errno;
        unlink(forward);
        unlink(back);
        return error_errno(err, STATUS_IO, saved, "cannot put %s into the place of %s", older,
                           p.target);
    }
    *swapped = true;
    directory_of(p.target, directory);
    if (newer && rename(back, older) < 0)
        return error_errno(err, STATUS_IO, errno,
                           "%s is in its place again, but the newer one was left as %s", p.target,
                           back);
    unlink(forward); /* rename() leaves names of one and the same file alone */
    unlink(back);
    sync_directory(directory);
    return STATUS_OK;
}

void publication_end(struct publication *p)
{
    if (p->fd >= 0)
        close(p->fd);
    if (p->named)
        unlink(p->temporary);
    *p = (struct publication){.fd = -1};
}
