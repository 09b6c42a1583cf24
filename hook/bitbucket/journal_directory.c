#include "bitbucket/journal_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "bitbucket/journal.h"

#define TEMPORARY ".refgate-tmp." /* file_replace(): a crash may leave one */

char *journal_directory_path(const char *path)
{
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    return strndup(path, size);
}

static enum status check_owner(const struct stat *st, const char *name, struct error *err)
{
    if (st->st_uid != geteuid())
        return error_set(err, STATUS_TRUST, "%s belongs to uid %ju, not to uid %ju", name,
                         (uintmax_t)st->st_uid, (uintmax_t)geteuid());
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return error_set(err, STATUS_TRUST, "%s can be written by group or others (mode %04o)", name,
                         (unsigned)(st->st_mode & 07777));
    return STATUS_OK;
}

enum status journal_directory_open(const char *path, int *directory, struct error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "%s does not exist", path);
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return error_set(err, STATUS_TRUST, "%s is not a directory (links are not followed)", path);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open the directory %s", path);
    enum status status = STATUS_OK;
    if (fstat(fd, &st))
        status = error_errno(err, STATUS_IO, errno, "cannot look at %s", path);
    else
        status = check_owner(&st, path, err);
    if (status != STATUS_OK)
        close(fd);
    else
        *directory = fd;
    return status;
}

/* ------------------------------------------------------------------ what is in it */

/* Looks at each name; `mine` says which may be there, and only those that are left (NULL: none) are.
 * With `unlink_too` the names that may be there are removed as they come. */
static enum status walk(int directory, const char *path, bool (*mine)(const char *name),
                        bool unlink_too, struct error *err)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *item;
    enum status status = STATUS_OK;
    if (!dir) {
        if (copy >= 0)
            close(copy);
        return error_errno(err, STATUS_IO, errno, "cannot list %s", path);
    }
    while (status == STATUS_OK && (item = readdir(dir))) {
        if (!strcmp(item->d_name, ".") || !strcmp(item->d_name, ".."))
            continue;
        if (!mine(item->d_name)) {
            struct buffer name;
            buffer_init(&name, SIZE_MAX);
            buffer_escaped(&name, text_of(item->d_name), 100, false);
            status = error_set(err, STATUS_USAGE, "%s has something else in it: %s", path,
                               name.data ? name.data : "");
            buffer_free(&name);
        } else if (unlink_too && unlinkat(directory, item->d_name, 0) && errno != ENOENT) {
            status = error_errno(err, STATUS_IO, errno, "cannot remove %s/%s", path, item->d_name);
        }
    }
    closedir(dir);
    return status;
}

static bool is_temporary(const char *name)
{
    return text_starts(text_of(name), TEXT(TEMPORARY));
}

static bool is_of_journal(const char *name)
{
    return !strcmp(name, JOURNAL_META) || !strcmp(name, JOURNAL_ANSWERS) || is_temporary(name);
}

enum status journal_directory_make(const char *path, int *directory, bool *made, struct error *err)
{
    int fd;
    bool fresh = !mkdir(path, 0700);
    if (!fresh && errno != EEXIST)
        return error_errno(err, STATUS_IO, errno, "cannot make the directory %s", path);
    enum status status = journal_directory_open(path, &fd, err);
    if (status != STATUS_OK)
        return status;
    status = walk(fd, path, is_temporary, false, err);
    if (status == STATUS_OK)
        status = walk(fd, path, is_temporary, true, err);
    if (status == STATUS_OK && fchmod(fd, 0700))
        status = error_errno(err, STATUS_IO, errno, "cannot set the mode of %s", path);
    if (status != STATUS_OK) {
        close(fd);
        return status;
    }
    *directory = fd;
    *made = fresh;
    return STATUS_OK;
}

enum status journal_file_open(int directory, const char *name, int flags, int *fd, struct error *err)
{
    struct stat st;
    /* O_NONBLOCK: a FIFO would wait for its other end. */
    int file = openat(directory, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (file < 0 && errno == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "there is no %s", name);
    if (file < 0 && errno == ELOOP)
        return error_set(err, STATUS_TRUST, "%s is a symbolic link", name);
    if (file < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open %s", name);
    enum status status = STATUS_OK;
    if (fstat(file, &st))
        status = error_errno(err, STATUS_IO, errno, "cannot look at %s", name);
    else if (!S_ISREG(st.st_mode))
        status = error_set(err, STATUS_TRUST, "%s is not a regular file", name);
    else if (st.st_nlink != 1)
        status = error_set(err, STATUS_TRUST, "%s has another name elsewhere (%ju links)", name,
                           (uintmax_t)st.st_nlink);
    else
        status = check_owner(&st, name, err);
    if (status != STATUS_OK)
        close(file);
    else
        *fd = file;
    return status;
}

enum status journal_check(const char *path, struct error *err)
{
    static const char *const names[] = {JOURNAL_META, JOURNAL_ANSWERS};
    int directory = -1;
    char *plain = journal_directory_path(path);
    if (!plain)
        return error_set(err, STATUS_MEMORY, "out of memory");
    enum status status = journal_directory_open(plain, &directory, err);
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
        int fd;
        status = journal_file_open(directory, names[i], O_RDONLY, &fd, err);
        if (status == STATUS_OK)
            close(fd);
        else
            error_prefix(err, "%s", plain);
    }
    if (directory >= 0)
        close(directory);
    free(plain);
    return status;
}

/* ------------------------------------------------------------------ removing */

/* Somebody who is writing it holds a lock on it. Something that is no file is no journal's, and
 * cannot be locked; its name goes all the same. */
static enum status check_idle(int directory, const char *path, struct error *err)
{
    int fd = openat(directory, JOURNAL_ANSWERS,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool busy = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return busy ? error_set(err, STATUS_BUSY, "%s is being written by another refgate", path) :
                  STATUS_OK;
}

static enum status remove_files(int directory, const char *path, struct error *err)
{
    enum status status = check_idle(directory, path, err);
    if (status == STATUS_OK)
        status = walk(directory, path, is_of_journal, false, err);
    /* First what makes it a journal: half a removal is nothing to go on with. */
    if (status == STATUS_OK && unlinkat(directory, JOURNAL_META, 0) && errno != ENOENT)
        status = error_errno(err, STATUS_IO, errno, "cannot remove %s/" JOURNAL_META, path);
    if (status == STATUS_OK)
        status = walk(directory, path, is_of_journal, true, err);
    return status;
}

enum status journal_remove(const char *directory, struct error *err)
{
    int fd;
    char *path = journal_directory_path(directory);
    if (!path)
        return error_set(err, STATUS_MEMORY, "out of memory");
    enum status status = journal_directory_open(path, &fd, err);
    if (status == STATUS_OK) {
        status = remove_files(fd, path, err);
        close(fd);
        if (status == STATUS_OK && rmdir(path) && errno != ENOENT)
            status = error_errno(err, STATUS_IO, errno, "cannot remove the directory %s", path);
    } else if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
    }
    free(path);
    return status;
}
