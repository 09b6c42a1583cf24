/*
 * sandbox_filter.h - which system calls the hook may still make, as a program for the kernel's filter
 * (seccomp_filter, classic BPF).
 *
 * The list is everything that a decision needs, on x86-64 and arm64, and what libc may call on its
 * behalf. It names numbers of both machines, so that a test on one checks both.
 *
 * What is not on it gets EPERM, never a signal: the hook promises an exit code. Calls that are newer
 * than all of these get ENOSYS, upon which a libc goes back to an older one.
 */
#ifndef REFGATE_BASE_SANDBOX_FILTER_H
#define REFGATE_BASE_SANDBOX_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

/* Only wanted by some configurations; bits. */
enum sandbox_want {
    SANDBOX_WANT_SYSLOG = 1,   /* one that writes to syslog */
    SANDBOX_WANT_APPROVALS = 2 /* one with a directory of approvals */
};

/* What becomes of a call. */
enum sandbox_verdict {
    SANDBOX_ALLOW,
    SANDBOX_DENY,    /* EPERM */
    SANDBOX_UNKNOWN, /* ENOSYS */
    SANDBOX_UNIX,    /* allowed if the first argument is AF_UNIX */
    SANDBOX_DATA,    /* if the third has no PROT_EXEC */
    SANDBOX_FCNTL,   /* if the second copies a descriptor, or reads or sets its flags */
    SANDBOX_SELF,    /* if the first is this process */
    SANDBOX_OPEN,    /* if it empties no file and makes none set-user-ID: second, third argument */
    SANDBOX_OPENAT,  /* the same: third, fourth */
    SANDBOX_MODE,    /* if the second is SANDBOX_FILE_MODE */
    SANDBOX_VERDICTS
};

#define SANDBOX_NO_CALL (-1)   /* this machine has no such call */
#define SANDBOX_NEW_CALLS 424  /* from here on, numbers are the same on all machines */
#define SANDBOX_CALLS_END 512  /* above all numbers of the list */
#define SANDBOX_FILTER_MAX 256 /* instructions; a jump spans no more */
#define SANDBOX_FILE_MODE 0644 /* of a use of an approval */

/* X(name, number on x86-64, number on arm64, verdict, wanted by: 0 for always) */
#define SANDBOX_CALLS(X)                                                                  \
    /* files: reading goes by the file system's own rights, writing by Landlock's */      \
    /* (which knows of O_TRUNC from version 3 on, and never of modes) */                  \
    X(openat, 257, 56, SANDBOX_OPENAT, 0)                                                 \
    X(open, 2, SANDBOX_NO_CALL, SANDBOX_OPEN, 0)                                          \
    X(close, 3, 57, SANDBOX_ALLOW, 0)                                                     \
    X(read, 0, 63, SANDBOX_ALLOW, 0)                                                      \
    X(readv, 19, 65, SANDBOX_ALLOW, 0)                                                    \
    X(pread64, 17, 67, SANDBOX_ALLOW, 0)                                                  \
    X(write, 1, 64, SANDBOX_ALLOW, 0)                                                     \
    X(writev, 20, 66, SANDBOX_ALLOW, 0)                                                   \
    X(lseek, 8, 62, SANDBOX_ALLOW, 0)                                                     \
    X(stat, 4, SANDBOX_NO_CALL, SANDBOX_ALLOW, 0)                                         \
    X(lstat, 6, SANDBOX_NO_CALL, SANDBOX_ALLOW, 0)                                        \
    X(fstat, 5, 80, SANDBOX_ALLOW, 0)                                                     \
    X(newfstatat, 262, 79, SANDBOX_ALLOW, 0)                                              \
    X(statx, 332, 291, SANDBOX_ALLOW, 0)                                                  \
    X(access, 21, SANDBOX_NO_CALL, SANDBOX_ALLOW, 0)                                      \
    X(faccessat, 269, 48, SANDBOX_ALLOW, 0)                                               \
    X(faccessat2, 439, 439, SANDBOX_ALLOW, 0)                                             \
    X(readlink, 89, SANDBOX_NO_CALL, SANDBOX_ALLOW, 0)                                    \
    X(readlinkat, 267, 78, SANDBOX_ALLOW, 0)                                              \
    X(getcwd, 79, 17, SANDBOX_ALLOW, 0)                                                   \
    X(getdents64, 217, 61, SANDBOX_ALLOW, 0)                                              \
    X(fcntl, 72, 25, SANDBOX_FCNTL, 0)                                                    \
    /* the audit log */                                                                   \
    X(flock, 73, 32, SANDBOX_ALLOW, 0)                                                    \
    X(ftruncate, 77, 46, SANDBOX_ALLOW, 0)                                                \
    X(fdatasync, 75, 83, SANDBOX_ALLOW, 0)                                                \
    /* taking a use of an approval */                                                     \
    X(fchmod, 91, 52, SANDBOX_MODE, SANDBOX_WANT_APPROVALS)                               \
    X(fsync, 74, 82, SANDBOX_ALLOW, SANDBOX_WANT_APPROVALS)                               \
    X(linkat, 265, 37, SANDBOX_ALLOW, SANDBOX_WANT_APPROVALS)                             \
    X(unlinkat, 263, 35, SANDBOX_ALLOW, SANDBOX_WANT_APPROVALS)                           \
    /* memory */                                                                          \
    X(brk, 12, 214, SANDBOX_ALLOW, 0)                                                     \
    X(mmap, 9, 222, SANDBOX_DATA, 0)                                                      \
    X(mprotect, 10, 226, SANDBOX_DATA, 0)                                                 \
    X(munmap, 11, 215, SANDBOX_ALLOW, 0)                                                  \
    X(mremap, 25, 216, SANDBOX_ALLOW, 0)                                                  \
    X(madvise, 28, 233, SANDBOX_ALLOW, 0)                                                 \
    X(sysinfo, 99, 179, SANDBOX_ALLOW, 0) /* qsort(3): how much memory is there? */       \
    /* syslog: whichever local sockets the user may reach, of which the hook knows one */ \
    X(socket, 41, 198, SANDBOX_UNIX, SANDBOX_WANT_SYSLOG)                                 \
    X(connect, 42, 203, SANDBOX_ALLOW, SANDBOX_WANT_SYSLOG)                               \
    X(sendto, 44, 206, SANDBOX_ALLOW, SANDBOX_WANT_SYSLOG)                                \
    /* time: system calls only where the machine's clock cannot be read without */        \
    X(clock_gettime, 228, 113, SANDBOX_ALLOW, 0)                                          \
    X(gettimeofday, 96, 169, SANDBOX_ALLOW, 0)                                            \
    X(time, 201, SANDBOX_NO_CALL, SANDBOX_ALLOW, 0)                                       \
    X(nanosleep, 35, 101, SANDBOX_ALLOW, 0)                                               \
    X(clock_nanosleep, 230, 115, SANDBOX_ALLOW, 0)                                        \
    X(poll, 7, SANDBOX_NO_CALL, SANDBOX_ALLOW, 0)                                         \
    X(ppoll, 271, 73, SANDBOX_ALLOW, 0)                                                   \
    X(restart_syscall, 219, 128, SANDBOX_ALLOW, 0)                                        \
    /* who we are */                                                                      \
    X(getpid, 39, 172, SANDBOX_ALLOW, 0)                                                  \
    X(gettid, 186, 178, SANDBOX_ALLOW, 0)                                                 \
    X(getuid, 102, 174, SANDBOX_ALLOW, 0)                                                 \
    X(geteuid, 107, 175, SANDBOX_ALLOW, 0)                                                \
    X(getgid, 104, 176, SANDBOX_ALLOW, 0)                                                 \
    X(getegid, 108, 177, SANDBOX_ALLOW, 0)                                                \
    X(uname, 63, 160, SANDBOX_ALLOW, 0)                                                   \
    X(getrandom, 318, 278, SANDBOX_ALLOW, 0)                                              \
    /* locks of libgit2, without threads */                                               \
    X(futex, 202, 98, SANDBOX_ALLOW, 0)                                                   \
    /* signals: base/emergency.h; siglongjmp(3) asks which stack it is on; abort(3) */    \
    X(rt_sigreturn, 15, 139, SANDBOX_ALLOW, 0)                                            \
    X(rt_sigprocmask, 14, 135, SANDBOX_ALLOW, 0)                                          \
    X(rt_sigaction, 13, 134, SANDBOX_ALLOW, 0)                                            \
    X(sigaltstack, 131, 132, SANDBOX_ALLOW, 0)                                            \
    X(tgkill, 234, 131, SANDBOX_SELF, 0)                                                  \
    X(exit, 60, 93, SANDBOX_ALLOW, 0)                                                     \
    X(exit_group, 231, 94, SANDBOX_ALLOW, 0)

struct sandbox_filter {
    unsigned short size;
    struct sock_filter code[SANDBOX_FILTER_MAX];
};

/* The program for a machine (AUDIT_ARCH_…) and a process. A tree of comparisons rather than a chain: the
 * kernel runs it for every number there is when it takes the program, which costs more than all calls
 * of a decision. false: nothing is known of that machine. */
bool sandbox_filter_build(uint32_t machine, unsigned wanted, uint32_t process,
                          struct sandbox_filter *out);

#endif
