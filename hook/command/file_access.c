#include "command/file_access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/path_walk.h"

#define NAME_SIZE 64
#define ACL_ATTRIBUTE "system.posix_acl_access"

/* ------------------------------------------------------------------ one file */

static bool in_group(const struct file_user *user, gid_t gid)
{
    bool found = user->gid == gid;
    for (size_t i = 0; i < user->group_count && !found; i++)
        found = user->groups[i] == gid;
    return found;
}

bool file_access_bits(const struct stat *st, const struct file_user *user, unsigned wanted)
{
    if (user->uid == 0)
        return !(wanted & FILE_PASS) || S_ISDIR(st->st_mode) || (st->st_mode & 0111);
    unsigned shift = st->st_uid == user->uid ? 6 : in_group(user, st->st_gid) ? 3 : 0;
    return ((st->st_mode >> shift) & wanted) == wanted;
}

static const char *user_name(uid_t uid, char out[NAME_SIZE])
{
    const struct passwd *entry = getpwuid(uid);
    if (entry)
        snprintf(out, NAME_SIZE, "%s", entry->pw_name);
    else
        snprintf(out, NAME_SIZE, "uid %ju", (uintmax_t)uid);
    return out;
}

static const char *group_name(gid_t gid, char out[NAME_SIZE])
{
    const struct group *entry = getgrgid(gid);
    if (entry)
        snprintf(out, NAME_SIZE, "%s", entry->gr_name);
    else
        snprintf(out, NAME_SIZE, "%ju", (uintmax_t)gid);
    return out;
}

static bool trusted_owner(uid_t uid, const struct file_user *user, const struct file_owners *owners)
{
    bool found = uid == 0 || uid == user->uid;
    for (size_t i = 0; owners && i < owners->count && !found; i++)
        found = owners->uids[i] == uid;
    return found;
}

enum status file_trust_bits(const struct stat *st, const char *path, const struct file_user *user,
                            const struct file_owners *owners, struct error *why)
{
    const unsigned foreign = S_IWGRP | S_IWOTH, mode = (unsigned)st->st_mode & 07777;
    const bool directory = S_ISDIR(st->st_mode);
    char owner[NAME_SIZE];
    if (!trusted_owner(st->st_uid, user, owners))
        return error_set(why, STATUS_TRUST, "%s belongs to %s, neither to root nor to %s", path,
                         user_name(st->st_uid, owner), user->name);
    if ((mode & foreign) && !(directory && (mode & S_ISVTX)))
        return error_set(why, STATUS_TRUST, "%s can be written by group or others (mode %04o)",
                         path, mode);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ a path */

/* The directories above the last component, from "/" on; *at is 0 at first. */
static bool next_parent(const char *path, size_t *at, char out[PATH_MAX])
{
    const char *slash = strchr(path + *at, '/');
    if (!slash)
        return false;
    size_t size = (size_t)(slash - path);
    snprintf(out, PATH_MAX, "%.*s", (int)(size ? size : 1), path);
    *at = size + 1;
    return true;
}

static enum answer not_seen(const char *path, int error, struct error *why)
{
    if (error == ENOENT || error == ENOTDIR) {
        error_set(why, STATUS_NOT_FOUND, "%s does not exist", path);
        return ANSWER_NO;
    }
    error_errno(why, STATUS_IO, error, "cannot look at %s", path);
    return ANSWER_CANNOT_TELL;
}

static bool usable_path(const char *path, struct error *why)
{
    if (path[0] == '/' && strlen(path) < PATH_MAX)
        return true;
    error_set(why, STATUS_USAGE, "not an absolute path, or too long: %.200s", path);
    return false;
}

static const char *doing(unsigned wanted, bool directory)
{
    if (wanted & FILE_WRITE)
        return "write";
    if (wanted & FILE_READ)
        return "read";
    return directory ? "pass" : "run";
}

/* The group bits of a file with a list are its mask, and others may have an entry of their own. */
static bool list_matters(const char *path, const struct stat *st, const struct file_user *user)
{
    return user->uid != 0 && user->uid != st->st_uid && getxattr(path, ACL_ATTRIBUTE, NULL, 0) > 0;
}

static enum answer look(const char *path, const struct file_user *user, unsigned wanted,
                        struct error *why)
{
    struct stat st;
    struct statvfs fs;
    char owner[NAME_SIZE], group[NAME_SIZE];
    if (stat(path, &st))
        return not_seen(path, errno, why);
    if (list_matters(path, &st, user)) {
        error_set(why, STATUS_IO, "cannot tell whether %s may %s %s: it has an access control list",
                  user->name, doing(wanted, S_ISDIR(st.st_mode)), path);
        return ANSWER_CANNOT_TELL;
    }
    if (!file_access_bits(&st, user, wanted)) {
        error_set(why, STATUS_TRUST, "%s may not %s %s (mode %04o, of %s and group %s)", user->name,
                  doing(wanted, S_ISDIR(st.st_mode)), path, (unsigned)st.st_mode & 07777,
                  user_name(st.st_uid, owner), group_name(st.st_gid, group));
        return ANSWER_NO;
    }
    if ((wanted & FILE_WRITE) && !statvfs(path, &fs) && (fs.f_flag & ST_RDONLY)) {
        error_set(why, STATUS_TRUST, "%s is on a read-only file system", path);
        return ANSWER_NO;
    }
    return ANSWER_YES;
}

/* Each directory above `path`, then what it names. */
static enum answer look_along(const char *path, const struct file_user *user, unsigned wanted,
                              struct error *why)
{
    char part[PATH_MAX];
    size_t at = 0;
    enum answer answer = ANSWER_YES;
    while (answer == ANSWER_YES && next_parent(path, &at, part))
        answer = look(part, user, FILE_PASS, why);
    return answer == ANSWER_YES ? look(path, user, wanted, why) : answer;
}

enum answer file_access(const char *path, const struct file_user *user, unsigned wanted,
                        struct error *why)
{
    const int mode = (wanted & FILE_READ ? R_OK : 0) | (wanted & FILE_WRITE ? W_OK : 0) |
                     (wanted & FILE_PASS ? X_OK : 0);
    if (!usable_path(path, why))
        return ANSWER_CANNOT_TELL;
    const bool self = user->uid == geteuid();
    const int refused = self && faccessat(AT_FDCWD, path, mode, AT_EACCESS) ? errno : 0;
    if (self && !refused)
        return ANSWER_YES;
    enum answer answer = look_along(path, user, wanted, why);
    char *resolved = answer == ANSWER_YES ? realpath(path, NULL) : NULL;
    if (resolved && strcmp(resolved, path) != 0) /* the way that a symbolic link leads */
        answer = look_along(resolved, user, wanted, why);
    free(resolved);
    if (self && answer != ANSWER_NO) { /* what modes do not show */
        error_errno(why, STATUS_TRUST, refused, "%s may not %s %s", user->name,
                    doing(wanted, false), path);
        return ANSWER_NO;
    }
    return answer;
}

struct trust_walk {
    const struct file_user *user;
    const struct file_owners *owners;
};

/* As base/file.c has it: a link that is nobody's we trust matters where everybody makes links. */
static enum status pass_trusted(void *self, const char *path, const struct stat *st,
                                struct error *why)
{
    const struct trust_walk *walk = self;
    char directory[PATH_MAX];
    struct stat in;
    if (!S_ISLNK(st->st_mode))
        return file_trust_bits(st, path, walk->user, walk->owners, why);
    const char *slash = strrchr(path, '/');
    snprintf(directory, sizeof directory, "%.*s", (int)(slash - path) + 1, path);
    if (lstat(directory, &in))
        return error_errno(why, STATUS_IO, errno, "cannot look at %s", directory);
    struct stat link = *st;
    link.st_mode = S_IFLNK; /* no mode to look at */
    return in.st_mode & (S_IWGRP | S_IWOTH)
               ? file_trust_bits(&link, path, walk->user, walk->owners, why)
               : STATUS_OK;
}

static enum status reach_trusted(void *self, const char *path, bool *link, struct error *why)
{
    const struct trust_walk *walk = self;
    struct stat st;
    if (lstat(path, &st))
        return not_seen(path, errno, why) == ANSWER_NO ? STATUS_NOT_FOUND : STATUS_IO;
    *link = S_ISLNK(st.st_mode);
    return *link ? STATUS_OK : file_trust_bits(&st, path, walk->user, walk->owners, why);
}

enum answer file_access_trusted(const char *path, const struct file_user *user,
                                const struct file_owners *owners, struct error *why)
{
    struct trust_walk trust = {user, owners};
    const struct path_walk walk = {&trust, pass_trusted, reach_trusted};
    if (!usable_path(path, why))
        return ANSWER_CANNOT_TELL;
    switch (path_walk(path, &walk, why)) {
    case STATUS_OK:
        return ANSWER_YES;
    case STATUS_TRUST:
    case STATUS_NOT_FOUND:
        return ANSWER_NO;
    default:
        return ANSWER_CANNOT_TELL;
    }
}
