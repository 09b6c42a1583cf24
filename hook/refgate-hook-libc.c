/*
 * refgate-hook-libc.c - functions of libc that the static hook must not have.
 *
 * libgit2 asks getpwuid_r() for the home directory (to find a user's git configuration, which the
 * hook never reads) and holds a socket transport that calls getaddrinfo(). Both bring glibc's name
 * service switch with them: it loads shared libraries at run time, which a static program cannot
 * count on, and it may open network connections, which the hook promises not to do. The linker's
 * --wrap (see Makefile) sends these calls here. To libgit2 it means "no such user", "no such host".
 *
 * Linked into refgate-hook only; tests/build/elf.t asserts that nothing of the kind is in there.
 */
#include <netdb.h>
#include <pwd.h>
#include <stddef.h>

/* The names are the linker's, hence the reserved identifiers. */
int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *space, size_t size,
                      struct passwd **found);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);
void __wrap_freeaddrinfo(struct addrinfo *list);
const char *__wrap_gai_strerror(int code);

int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *space, size_t size,
                      struct passwd **found)
{
    (void)uid, (void)entry, (void)space, (void)size;
    *found = NULL;
    return 0;
}

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found)
{
    (void)node, (void)service, (void)hints;
    *found = NULL;
    return EAI_FAIL;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
    (void)list;
}

const char *__wrap_gai_strerror(int code)
{
    (void)code;
    return "refgate opens no network connections";
}
