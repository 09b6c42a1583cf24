/*
 * wrap_git.c - libgit2's functions, failing as libgit2 says that they may: a negative code, and mostly
 * an error to be asked for. As in wrap.c.
 */
#include <git2.h>
#include <git2/sys/errors.h>
#include <stdarg.h>

#include "faults/fault.h"

/* libgit2 calls itself by these names, too; what fails there fails as any other call does. */
static bool git_fails(const char *function, void *site)
{
    switch (fault_call(FAULT_GIT, function, site)) {
    case FAULT_GIT_OS:
        git_error_set_str(GIT_ERROR_OS, "injected");
        return true;
    case FAULT_GIT_MEMORY:
        git_error_set_str(GIT_ERROR_NOMEMORY, "injected");
        return true;
    case FAULT_GIT_SILENT:
        git_error_clear();
        return true;
    default:
        return false;
    }
}

#define WRAP(type, failed, name, parameters, arguments)                                          \
    type __real_##name parameters;                                                               \
    type __wrap_##name parameters;                                                               \
    type __wrap_##name parameters                                                                \
    {                                                                                            \
        return git_fails(#name, __builtin_return_address(0)) ? failed : __real_##name arguments; \
    }

int __real_git_libgit2_init(void);
int __wrap_git_libgit2_init(void);
int __wrap_git_libgit2_init(void)
{
    /* There is no place yet for an error to be asked for. */
    enum fault_way way = fault_call(FAULT_GIT, "git_libgit2_init", __builtin_return_address(0));
    return way == FAULT_NONE ? __real_git_libgit2_init() : -1;
}

WRAP(int, -1, git_odb_new, (git_odb * *out), (out))
WRAP(int, -1, git_odb_open, (git_odb * *out, const char *path), (out, path))
WRAP(int, -1, git_odb_add_disk_alternate, (git_odb * odb, const char *path), (odb, path))
WRAP(int, -1, git_odb_read, (git_odb_object * *out, git_odb *odb, const git_oid *id),
     (out, odb, id))
WRAP(int, -1, git_odb_read_header,
     (size_t * size, git_object_t *type, git_odb *odb, const git_oid *id), (size, type, odb, id))
WRAP(int, 0, git_odb_exists_ext, (git_odb * odb, const git_oid *id, unsigned flags),
     (odb, id, flags))
WRAP(int, -1, git_repository_open_ext,
     (git_repository * *out, const char *path, unsigned flags, const char *ceiling),
     (out, path, flags, ceiling))
WRAP(int, -1, git_reference_lookup, (git_reference * *out, git_repository *from, const char *name),
     (out, from, name))
WRAP(int, -1, git_reference_iterator_new, (git_reference_iterator * *out, git_repository *from),
     (out, from))
WRAP(int, -1, git_reference_next, (git_reference * *out, git_reference_iterator *iterator),
     (out, iterator))
