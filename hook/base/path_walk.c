#include "base/path_walk.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/text.h"

#define LINKS_MAX 40 /* as Linux does: path_resolution(7) */

struct way {
    const struct path_walk *walk;
    const char *named; /* what the caller asked for */
    size_t size;
    char done[PATH_MAX]; /* no link in it; "" is "/" */
    char rest[PATH_MAX]; /* relative to it */
    size_t at;           /* where in there */
    unsigned links;
    bool reached;
};

static const char *here(const struct way *way)
{
    return way->size ? way->done : "/";
}

static enum status unresolved(const struct way *way, int why, struct error *err)
{
    return error_errno(err, STATUS_IO, why, "cannot resolve %s", way->named);
}

static enum status changed(const struct way *way, struct error *err)
{
    return error_set(err, STATUS_TRUST, "%s changed while it was looked at", way->named);
}

static enum status begin(struct way *way, const char *path, struct error *err)
{
    size_t before = 0, size = strlen(path);
    way->named = path;
    if (!size)
        return error_set(err, STATUS_NOT_FOUND, "a path without a name does not exist");
    if (path[0] != '/') {
        if (!getcwd(way->rest, sizeof way->rest) || way->rest[0] != '/')
            return unresolved(way, errno, err);
        before = strlen(way->rest);
        way->rest[before++] = '/'; /* in place of the NUL */
    }
    if (size >= sizeof way->rest - before)
        return unresolved(way, ENAMETOOLONG, err);
    memcpy(way->rest + before, path, size + 1);
    return STATUS_OK;
}

static void go_up(struct way *way)
{
    while (way->size && way->done[way->size - 1] != '/')
        way->size--;
    way->size -= way->size > 0; /* the slash, too */
    way->done[way->size] = '\0';
}

static bool go_down(struct way *way, struct text name)
{
    if (name.size + 2 > sizeof way->done - way->size)
        return false;
    way->done[way->size++] = '/';
    memcpy(way->done + way->size, name.at, name.size);
    way->size += name.size;
    way->done[way->size] = '\0';
    return true;
}

/* What is at done; a link is none of the errors. */
static enum status look(const struct way *way, struct stat *st, struct error *err)
{
    int failed = lstat(here(way), st) ? errno : 0;
    if (failed == ENOENT || failed == ENOTDIR)
        return error_set(err, STATUS_NOT_FOUND, "%s does not exist", here(way));
    if (failed)
        return error_errno(err, STATUS_IO, failed, "cannot look at directory %s", here(way));
    return STATUS_OK;
}

/* done is a link: goes on where it leads, from the directory that it is in. */
static enum status follow(struct way *way, const struct stat *st, struct error *err)
{
    char target[PATH_MAX] READ_INTO;
    const char *rest = way->rest + way->at;
    enum status status = way->walk->pass(way->walk->self, way->done, st, err);
    if (status)
        return status;
    if (way->links++ == LINKS_MAX)
        return unresolved(way, ELOOP, err);
    ssize_t got = readlink(way->done, target, sizeof target);
    if (got < 0)
        return errno == EINVAL || errno == ENOENT ? changed(way, err) : unresolved(way, errno, err);
    size_t size = (size_t)got, more = strlen(rest) + 1;
    if (size + more > sizeof target)
        return unresolved(way, ENAMETOOLONG, err);
    go_up(way);
    if (target[0] == '/') {
        way->size = 0;
        way->done[0] = '\0';
    }
    memmove(way->rest + size, rest, more);
    memcpy(way->rest, target, size);
    way->at = 0;
    return STATUS_OK;
}

/* done is the last component. */
static enum status reach(struct way *way, bool directory, struct error *err)
{
    bool link = false;
    struct stat st;
    enum status status = way->walk->reach(way->walk->self, here(way), &link, err);
    way->reached = !link;
    if (status || !link)
        return status;
    if (directory || lstat(way->done, &st) || !S_ISLNK(st.st_mode))
        return changed(way, err);
    return follow(way, &st, err);
}

static enum status enter(struct way *way, struct error *err)
{
    struct stat st;
    enum status status = look(way, &st, err);
    if (status)
        return status;
    if (S_ISLNK(st.st_mode))
        return follow(way, &st, err);
    if (!S_ISDIR(st.st_mode))
        return error_set(err, STATUS_NOT_FOUND, "%s does not exist: no directory", way->done);
    return way->walk->pass(way->walk->self, here(way), &st, err);
}

/* One component. */
static enum status step(struct way *way, struct error *err)
{
    while (way->rest[way->at] == '/')
        way->at++;
    struct text name = {way->rest + way->at, strcspn(way->rest + way->at, "/")};
    way->at += name.size;
    if (!name.size) /* ended with a slash, "." or "..": a directory that was passed */
        return reach(way, true, err);
    if (text_equal(name, TEXT(".")))
        return STATUS_OK;
    if (text_equal(name, TEXT(".."))) {
        go_up(way);
        return STATUS_OK;
    }
    if (!go_down(way, name))
        return unresolved(way, ENAMETOOLONG, err);
    return way->rest[way->at] ? enter(way, err) : reach(way, false, err);
}

enum status path_walk(const char *path, const struct path_walk *walk, struct error *err)
{
    struct way way READ_INTO;
    way.walk = walk;
    way.size = way.at = way.links = 0;
    way.done[0] = '\0';
    way.reached = false;
    enum status status = begin(&way, path, err);
    if (!status)
        status = enter(&way, err); /* "/" */
    while (!status && !way.reached)
        status = step(&way, err);
    return status;
}
