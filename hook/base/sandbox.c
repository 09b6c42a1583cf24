#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sanitizer.h"

/* A sanitizer's runtime needs more calls than the list has (UNDER_SANITIZER), and gcov writes files at
 * the end. */
#ifdef REFGATE_COVERAGE
#define WITHOUT_SANDBOX 1
#else
#define WITHOUT_SANDBOX 0
#endif

#if defined __x86_64__ && !defined __ILP32__
#define MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__ && !defined __AARCH64EB__ && !defined __ILP32__
#define MACHINE AUDIT_ARCH_AARCH64
#else
#define MACHINE 0
#endif

#define NOT_IN_THIS_BUILD (-1) /* in the place of errno */

/* ------------------------------------------------------------------ Landlock */

/* The kernel's numbers, for headers that are older than it (landlock(7)). */
enum {
    CALL_CREATE = 444,
    CALL_ADD = 445,
    CALL_RESTRICT = 446,
    ASK_VERSION = 1,
    PATH_BENEATH = 1,
};
enum right {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    REMOVE_DIR = 1 << 4,
    REMOVE_FILE = 1 << 5,
    MAKE_CHAR = 1 << 6,
    MAKE_DIR = 1 << 7,
    MAKE_REG = 1 << 8,
    MAKE_SOCK = 1 << 9,
    MAKE_FIFO = 1 << 10,
    MAKE_BLOCK = 1 << 11,
    MAKE_SYM = 1 << 12,
    REFER = 1 << 13,     /* 2; version 1 always refuses it */
    TRUNCATE = 1 << 14,  /* 3 */
    IOCTL_DEV = 1 << 15, /* 5 */
};
#define NETWORK_TCP (1 << 0 | 1 << 1) /* 4: bind, connect */
#define SCOPES (1 << 0 | 1 << 1)      /* 6: abstract sockets, signals */

struct beneath {
    uint64_t allowed;
    int32_t directory;
} __attribute__((packed));

struct sandbox_rights sandbox_rights_of(int version)
{
    struct sandbox_rights rights = {
        .files = EXECUTE | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_CHAR | MAKE_DIR | MAKE_REG |
                 MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM,
    };
    if (version >= 2)
        rights.files |= REFER;
    if (version >= 3)
        rights.files |= TRUNCATE;
    if (version >= 4)
        rights.network = NETWORK_TCP;
    if (version >= 5)
        rights.files |= IOCTL_DEV;
    if (version >= 6)
        rights.scopes = SCOPES;
    return rights;
}

/* *failed: 0, or why it is not offered, as errno. */
static int landlock_version(int *failed)
{
    int version = WITHOUT_SANDBOX ? 0 : (int)syscall(CALL_CREATE, NULL, 0, ASK_VERSION);
    *failed = version > 0 ? 0 : WITHOUT_SANDBOX ? NOT_IN_THIS_BUILD : errno;
    return version;
}

/* 0 or errno. A directory that is not there, or out of reach, needs no right. */
static int allow_beneath(int rules, const char *path, uint64_t rights)
{
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP ? 0 : errno;
    const struct beneath beneath = {rights, directory};
    int failed = syscall(CALL_ADD, rules, PATH_BENEATH, &beneath, 0) ? errno : 0;
    close(directory);
    return failed;
}

/* The directory that a file is in; "" if its name is too long to be opened. */
static void directory_of(const char *file, char out[PATH_MAX])
{
    const char *slash = strrchr(file, '/');
    size_t size = !slash ? 0 : slash == file ? 1 : (size_t)(slash - file);
    if (size >= PATH_MAX)
        size = 0;
    memcpy(out, size ? file : ".", size ? size : 1);
    out[size ? size : 1] = '\0';
}

static int allow_needs(int rules, const struct sandbox_needs *needs, uint64_t known)
{
    int failed = 0;
    if (needs->log) {
        char directory[PATH_MAX];
        directory_of(needs->log, directory);
        /* The directory, not the file: a rotation may put another in its place meanwhile. */
        failed = allow_beneath(rules, directory, known & (WRITE_FILE | TRUNCATE | MAKE_REG));
    }
    if (needs->directory && !failed)
        failed = allow_beneath(rules, needs->directory,
                               known & (WRITE_FILE | MAKE_REG | REMOVE_FILE));
    return failed;
}

/* 0 or errno. */
static int landlock_enter(int version, const struct sandbox_needs *needs)
{
    /* Older kernels know less of the structure and take the rest, if it is zero. */
    const struct sandbox_rights rights = sandbox_rights_of(version);
    int rules = (int)syscall(CALL_CREATE, &rights, sizeof rights, 0);
    if (rules < 0)
        return errno;
    int failed = allow_needs(rules, needs, rights.files);
    if (!failed && syscall(CALL_RESTRICT, rules, 0))
        failed = errno;
    close(rules);
    return failed;
}

/* ------------------------------------------------------------------ seccomp */

/* 0 or errno. No program at all: a kernel that has filters says EFAULT. */
static int seccomp_offer(void)
{
    if (WITHOUT_SANDBOX || UNDER_SANITIZER || !MACHINE)
        return NOT_IN_THIS_BUILD;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) && errno == EFAULT ? 0 : errno;
}

/* 0 or errno. */
static int seccomp_enter(const struct sandbox_needs *needs)
{
    struct sandbox_filter filter;
    unsigned wanted = (needs->syslog ? SANDBOX_WANT_SYSLOG : 0) |
                      (needs->directory ? SANDBOX_WANT_APPROVALS : 0);
    if (WITHOUT_SANDBOX || UNDER_SANITIZER ||
        !sandbox_filter_build(MACHINE, wanted, (uint32_t)getpid(), &filter))
        return NOT_IN_THIS_BUILD;
    const struct sock_fprog program = {filter.size, filter.code};
    /* The processor may go on guessing: the filter keeps no secret from this process. */
    if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) ||
        (errno == EINVAL && !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)))
        return 0;
    return errno;
}

/* ------------------------------------------------------------------ both */

/* Not there, switched off, or kept away by the sandbox of a container that we are in. */
static bool is_absent(int failed)
{
    return failed == NOT_IN_THIS_BUILD || failed == ENOSYS || failed == EOPNOTSUPP ||
           failed == EPERM || failed == EINVAL;
}

static const char *reason(int failed)
{
    return failed == NOT_IN_THIS_BUILD ? "not in this build" : strerror(failed);
}

enum status sandbox_enter(const struct sandbox_needs *needs, struct error *err)
{
    int landlock, version = landlock_version(&landlock);
    bool absent = landlock != 0;
    if (!WITHOUT_SANDBOX && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return error_errno(err, STATUS_IO, errno, "sandbox: new privileges cannot be given up");
    if (!absent)
        landlock = landlock_enter(version, needs);
    int seccomp = seccomp_enter(needs);
    if (!landlock && !seccomp)
        return STATUS_OK;
    bool unsupported = (!landlock || absent) && (!seccomp || is_absent(seccomp));
    return error_set(err, unsupported ? STATUS_UNSUPPORTED : STATUS_IO, "sandbox: %s%s%s%s%s",
                     landlock ? "no landlock: " : "", landlock ? reason(landlock) : "",
                     landlock && seccomp ? "; " : "", seccomp ? "no seccomp: " : "",
                     seccomp ? reason(seccomp) : "");
}

#define FULL_END ", seccomp"

bool sandbox_is_full(struct text offer)
{
    const struct text end = TEXT(FULL_END);
    return offer.size > end.size && text_equal(text_skip(offer, offer.size - end.size), end);
}

const char *sandbox_offer(char out[SANDBOX_TEXT_SIZE])
{
    int landlock, version = landlock_version(&landlock), seccomp = seccomp_offer();
    if (!landlock && !seccomp)
        snprintf(out, SANDBOX_TEXT_SIZE, "landlock (ABI %d)" FULL_END, version);
    else if (!landlock)
        snprintf(out, SANDBOX_TEXT_SIZE, "landlock (ABI %d) (no seccomp: %s)", version,
                 reason(seccomp));
    else if (!seccomp)
        snprintf(out, SANDBOX_TEXT_SIZE, "seccomp (no landlock: %s)", reason(landlock));
    else
        snprintf(out, SANDBOX_TEXT_SIZE, "none: no landlock: %s; no seccomp: %s", reason(landlock),
                 reason(seccomp));
    return out;
}
