#include "push/location.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "push/quoted_path.h"

/* How far up a repository is looked for: objects/incoming-XXXXXX is two below it. */
#define WALK_MAX 16
/* git follows at most five alternates of alternates; a variable beyond this is not git's. */
#define ALTERNATES_MAX 64
#define ALTERNATES_SIZE_MAX ((size_t)64 * 1024)
#define STORAGE_ID_MAX ((uint64_t)INT64_MAX)

/* ------------------------------------------------------------------ paths as text */

/* The current directory as the kernel knows it: $PWD is stale in hooks (hook contract). */
static enum status current_directory(struct arena *arena, const char **out)
{
    char path[PATH_MAX];
    *out = NULL;
    if (!getcwd(path, sizeof(path)) || path[0] != '/')
        return STATUS_OK; /* removed or out of reach: relative paths cannot be resolved */
    *out = arena_text(arena, text_of(path)).at;
    return *out ? STATUS_OK : STATUS_MEMORY;
}

/* Takes "//" and "/./" and a trailing slash out of an absolute path, in place. false: there is a
 * ".." in it, which only the file system can resolve. */
static bool tidy(char *path)
{
    size_t out = 0;
    for (size_t at = 0; path[at];) {
        size_t end = at + 1;
        while (path[end] && path[end] != '/')
            end++;
        size_t size = end - at; /* with the slash in front */
        if (size == 3 && path[at + 1] == '.' && path[at + 2] == '.')
            return false;
        if (size > 1 && !(size == 2 && path[at + 1] == '.')) {
            memmove(path + out, path + at, size);
            out += size;
        }
        at = end;
    }
    if (!out)
        path[out++] = '/';
    path[out] = '\0';
    return true;
}

/* An absolute path for `path`, or NULL if it has none (too long, nothing there, no current
 * directory). */
static enum status absolute(const char *path, const char *cwd, struct arena *arena,
                            const char **out)
{
    *out = NULL;
    if (!path || !path[0] || strlen(path) >= PATH_MAX || (path[0] != '/' && !cwd))
        return STATUS_OK;
    char *joined = arena_printf(arena, "%s/%s", path[0] == '/' ? "" : cwd, path);
    if (!joined)
        return STATUS_MEMORY;
    if (!tidy(joined)) {
        char real[PATH_MAX];
        if (!realpath(joined, real))
            return STATUS_OK;
        const char *copy = arena_text(arena, text_of(real)).at;
        *out = copy;
        return copy ? STATUS_OK : STATUS_MEMORY;
    }
    *out = joined;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ what a repository is */

/* What is not there, or not for us to see, is no repository; a disk error is not an answer. */
static bool is_absent(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP ||
           error == ENAMETOOLONG;
}

/* *status: STATUS_IO if it cannot be told. */
static bool below(char *path, size_t size, const char *name, mode_t type, enum status *status)
{
    struct stat st;
    memcpy(path + size, name, strlen(name) + 1);
    /* HEAD may be a symbolic link that leads nowhere yet (a form that old gits write). */
    int failed = type == S_IFDIR ? stat(path, &st) : lstat(path, &st);
    if (failed && !is_absent(errno))
        *status = STATUS_IO;
    path[size] = '\0';
    return !failed &&
           (type == S_IFDIR ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode) || S_ISLNK(st.st_mode));
}

/* The repository at or above `start`, in the arena; NULL if there is none. */
static enum status walk_up(const char *start, int most, struct arena *arena, const char **out)
{
    char path[PATH_MAX + sizeof("/objects")];
    size_t size = strlen(start);
    *out = NULL;
    if (size >= PATH_MAX)
        return STATUS_OK;
    memcpy(path, start, size + 1);
    enum status status = STATUS_OK;
    for (int i = 0; i < most && size > 1; i++) {
        bool found = below(path, size, "/HEAD", S_IFREG, &status) &&
                     below(path, size, "/objects", S_IFDIR, &status) &&
                     below(path, size, "/refs", S_IFDIR, &status);
        if (status)
            return status;
        if (found) {
            *out = arena_text(arena, (struct text){path, size}).at;
            return *out ? STATUS_OK : STATUS_MEMORY;
        }
        while (path[size - 1] != '/') /* the first byte is one */
            size--;
        if (size > 1)
            path[--size] = '\0';
    }
    return STATUS_OK;
}

/* Bitbucket keeps a repository in …/repositories/<id>; the ids start at 1. */
static bool storage_id(const char *repository, uint64_t *id)
{
    const char *slash = strrchr(repository, '/');
    struct text name = text_of(slash + 1); /* the path is absolute */
    const struct text suffix = TEXT(".git");
    if (name.size > suffix.size && text_equal(text_skip(name, name.size - suffix.size), suffix))
        name.size -= suffix.size;
    return text_parse_u64(name, STORAGE_ID_MAX, true, id) && *id;
}

/* ------------------------------------------------------------------ what the variables say */

static enum status read_alternates(const char *value, const char *cwd, struct arena *arena,
                                   struct location *out)
{
    struct text list = text_of(value);
    if (!list.size || list.size > ALTERNATES_SIZE_MAX)
        return STATUS_OK;
    const char **alternates = arena_alloc(arena, ALTERNATES_MAX, sizeof(*alternates));
    if (!alternates)
        return STATUS_MEMORY;
    out->alternates = alternates;
    while (out->alternate_count < ALTERNATES_MAX) {
        const char *entry, *path;
        enum status status = quoted_path_next(&list, arena, &entry);
        if (status == STATUS_NOT_FOUND)
            break;
        if (!status)
            status = absolute(entry, cwd, arena, &path);
        if (status)
            return status;
        if (path)
            alternates[out->alternate_count++] = path;
    }
    return STATUS_OK;
}

/* A directory right below the repository's objects: the quarantine, though a launcher that passes
 * on only git's older variables did not call it so. */
static bool is_quarantine_of(const char *objects, const char *repository)
{
    size_t size = repository ? strlen(repository) : 0;
    const struct text below_it = TEXT("/objects/");
    return objects && repository && !strncmp(objects, repository, size) &&
           text_starts(text_of(objects + size), below_it);
}

static enum status try(struct location *out, const char *start, struct arena *arena)
{
    if (out->repository || !start)
        return STATUS_OK;
    return walk_up(start, WALK_MAX, arena, &out->repository);
}

static enum status from_environment(const struct environment *env, const char *cwd,
                                    struct arena *arena, struct location *out)
{
    const char *objects = NULL, *git_dir = NULL;
    enum status status = absolute(env->get(env->self, "GIT_QUARANTINE_PATH"), cwd, arena,
                                  &out->quarantine);
    if (!status)
        status = absolute(env->get(env->self, "GIT_OBJECT_DIRECTORY"), cwd, arena, &objects);
    if (!status)
        status = absolute(env->get(env->self, "GIT_DIR"), cwd, arena, &git_dir);
    if (!status)
        status = read_alternates(env->get(env->self, "GIT_ALTERNATE_OBJECT_DIRECTORIES"), cwd,
                                 arena, out);
    if (!status)
        status = try(out, out->quarantine, arena);
    bool other = objects && (!out->quarantine || strcmp(objects, out->quarantine) != 0);
    if (!status && other) /* git says the same twice */
        status = try(out, objects, arena);
    bool sure = out->repository != NULL;
    for (size_t i = 0; !status && i < out->alternate_count; i++)
        status = try(out, out->alternates[i], arena);
    /* The only alternate is where the quarantine will be moved to: the repository itself. Of
     * several, one can be another repository (the origin of a fork), whose id must not be taken
     * for this one's. */
    sure = sure || !out->repository || out->alternate_count < 2;
    if (!status)
        status = try(out, git_dir, arena);
    if (!status)
        status = try(out, cwd, arena);
    if (!status && out->repository && sure)
        out->storage_id_known = storage_id(out->repository, &out->storage_id);
    if (!status && !out->quarantine && is_quarantine_of(objects, out->repository))
        out->quarantine = objects;
    return status;
}

enum status location_find(const struct environment *env, const char *git_dir, struct arena *arena,
                          struct location *out, struct error *err)
{
    struct location found = {0};
    const char *cwd, *named;
    enum status status = current_directory(arena, &cwd);
    if (status) {
        ;
    } else if (git_dir) {
        status = absolute(git_dir, cwd, arena, &named);
        if (!status && named)
            status = walk_up(named, 1, arena, &found.repository);
        if (!status && found.repository)
            found.storage_id_known = storage_id(found.repository, &found.storage_id);
    } else {
        status = from_environment(env, cwd, arena, &found);
    }
    if (status)
        return status == STATUS_MEMORY
                   ? error_set(err, status, "out of memory")
                   : error_set(err, status, "the repository cannot be looked at (disk error?)");
    *out = found;
    return STATUS_OK;
}
