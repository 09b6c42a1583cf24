/* install_actor.c - as whom `refgate install` touches files: directories of Bitbucket's account are its own,
 * and what lies there, links too, must not make root do anything elsewhere. */
#include "command/install.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One directory on the way. *open_to_all: sticky, so that others may make new names in it. */
static bool is_roots(const char *path, bool *open_to_all)
{
    struct stat st;
    struct error why = {STATUS_OK, ""};
    int fd = -1;
    if (lstat(path, &st) || (S_ISLNK(st.st_mode) && st.st_uid != 0) ||
        file_open_trusted_directory(path, NULL, &fd, &why) != STATUS_OK)
        return false;
    bool known = fstat(fd, &st) == 0;
    *open_to_all = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    close(fd);
    return known;
}

/* Does root alone decide what the path leads to? Each beginning of it must be trusted, not only where it
 * ends: a link of somebody else leads to trusted directories, too. What is not there yet counts for the
 * directory that it will be made in. */
static bool only_root(const char *directory)
{
    char part[PATH_MAX];
    struct stat st;
    bool open_to_all = false;
    size_t size = strlen(directory), end = 1;
    if (directory[0] != '/' || size >= sizeof part)
        return false;
    for (;;) {
        snprintf(part, sizeof part, "%.*s", (int)end, directory);
        if (lstat(part, &st) && errno == ENOENT)
            return !open_to_all;
        if (!is_roots(part, &open_to_all))
            return false;
        if (end >= size)
            return true;
        const char *slash = strchr(directory + end + 1, '/');
        end = slash ? (size_t)(slash - directory) : size;
    }
}

static enum status keep_groups(struct install *in, struct error *err)
{
    int count = getgroups(0, NULL);
    free(in->acting.groups);
    in->acting.groups = calloc((size_t)(count > 0 ? count : 0) + 1, sizeof(gid_t));
    if (!in->acting.groups)
        return error_set(err, STATUS_MEMORY, "out of memory");
    in->acting.group_count = getgroups(count, in->acting.groups);
    return count >= 0 && in->acting.group_count >= 0
               ? STATUS_OK
               : error_errno(err, STATUS_IO, errno, "cannot tell the groups of this process");
}

/* Not HOME's group, which may be one that the account is not in. */
static bool take_groups(const struct install *in)
{
    const struct passwd *user = getpwuid(in->runner.uid);
    gid_t gid = user ? user->pw_gid : in->runner.gid;
    return (user ? initgroups(user->pw_name, gid) : setgroups(1, &gid)) == 0 && setegid(gid) == 0;
}

enum status install_act_begin(struct install *in, const char *directory, struct error *err)
{
    struct error why = {STATUS_OK, ""};
    if (geteuid() != 0 || only_root(directory))
        return STATUS_OK;
    if (!in->runner.known || in->runner.uid == 0)
        return error_set(err, STATUS_TRUST,
                         "others than root can change what %s leads to: root writes nothing there",
                         directory);
    enum status status = keep_groups(in, err);
    if (status != STATUS_OK)
        return status;
    in->acting.switched = true;
    if (take_groups(in) && !seteuid(in->runner.uid))
        return STATUS_OK;
    status = error_errno(err, STATUS_IO, errno, "cannot act as %s, who runs Bitbucket",
                         in->runner.name);
    return install_act_end(in, &why) == STATUS_OK ? status
                                                  : error_set(err, why.code, "%s", why.text);
}

enum status install_act_end(struct install *in, struct error *err)
{
    if (!in->acting.switched)
        return STATUS_OK;
    if (seteuid(0) || setegid(getgid()) ||
        setgroups((size_t)in->acting.group_count, in->acting.groups))
        return error_errno(err, STATUS_IO, errno, "cannot be root again");
    in->acting.switched = false;
    return STATUS_OK;
}
