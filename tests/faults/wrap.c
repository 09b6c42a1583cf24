/*
 * wrap.c - libc's functions as the hook and its libraries call them (the linker's --wrap; wrap.mk lists
 * them): the real one, unless this call is to fail. The names are the linker's, hence the reserved
 * identifiers.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "faults/fault.h"

#define SITE __builtin_return_address(0)
#define FAILS(class, name) (fault_call(class, name, SITE) == FAULT_ERROR)

/* A function that fails with one value. */
#define WRAP(class, type, failed, name, parameters, arguments)         \
    type __real_##name parameters;                                     \
    type __wrap_##name parameters;                                     \
    type __wrap_##name parameters                                      \
    {                                                                  \
        return FAILS(class, #name) ? failed : __real_##name arguments; \
    }

/* A function that may do a part of what was asked for. */
#define WRAP_TRANSFER(class, name, parameters, arguments)    \
    ssize_t __real_##name parameters;                        \
    ssize_t __wrap_##name parameters;                        \
    ssize_t __wrap_##name parameters                         \
    {                                                        \
        bool end;                                            \
        if (fault_transfer(class, #name, SITE, &size, &end)) \
            return -1;                                       \
        return end ? 0 : __real_##name arguments;            \
    }

/* ------------------------------------------------------------------ memory */

WRAP(FAULT_ALLOC, void *, NULL, malloc, (size_t size), (size))
WRAP(FAULT_ALLOC, void *, NULL, calloc, (size_t count, size_t size), (count, size))
WRAP(FAULT_ALLOC, void *, NULL, realloc, (void *old, size_t size), (old, size))
WRAP(FAULT_ALLOC, char *, NULL, strdup, (const char *string), (string))
WRAP(FAULT_ALLOC, char *, NULL, strndup, (const char *string, size_t size), (string, size))
WRAP(FAULT_MAP, void *, MAP_FAILED, mmap,
     (void *at, size_t size, int protection, int flags, int fd, off_t from),
     (at, size, protection, flags, fd, from))
WRAP(FAULT_MAP, void *, MAP_FAILED, mmap64,
     (void *at, size_t size, int protection, int flags, int fd, off_t from),
     (at, size, protection, flags, fd, from))
WRAP(FAULT_MAP, int, -1, madvise, (void *at, size_t size, int advice), (at, size, advice))

/* ------------------------------------------------------------------ opening */

#define MODE_OF(flags, mode)                 \
    mode_t mode = 0;                         \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list args;                        \
        va_start(args, flags);               \
        mode = va_arg(args, mode_t);         \
        va_end(args);                        \
    }
#define WRAP_OPEN(name)                                                          \
    int __real_##name(const char *path, int flags, ...);                         \
    int __wrap_##name(const char *path, int flags, ...);                         \
    int __wrap_##name(const char *path, int flags, ...)                          \
    {                                                                            \
        MODE_OF(flags, mode)                                                     \
        return FAILS(FAULT_OPEN, #name) ? -1 : __real_##name(path, flags, mode); \
    }
#define WRAP_OPENAT(name)                                                                   \
    int __real_##name(int directory, const char *path, int flags, ...);                     \
    int __wrap_##name(int directory, const char *path, int flags, ...);                     \
    int __wrap_##name(int directory, const char *path, int flags, ...)                      \
    {                                                                                       \
        MODE_OF(flags, mode)                                                                \
        return FAILS(FAULT_OPEN, #name) ? -1 : __real_##name(directory, path, flags, mode); \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)
WRAP(FAULT_OPEN, int, -1, __open_2, (const char *path, int flags), (path, flags))
WRAP(FAULT_OPEN, int, -1, __open64_2, (const char *path, int flags), (path, flags))
WRAP(FAULT_OPEN, DIR *, NULL, opendir, (const char *path), (path))
WRAP(FAULT_OPEN, DIR *, NULL, fdopendir, (int fd), (fd))

/* ------------------------------------------------------------------ reading */

WRAP_TRANSFER(FAULT_READ, read, (int fd, void *to, size_t size), (fd, to, size))
WRAP_TRANSFER(FAULT_READ, pread, (int fd, void *to, size_t size, off_t from), (fd, to, size, from))
WRAP_TRANSFER(FAULT_READ, pread64, (int fd, void *to, size_t size, off_t from),
              (fd, to, size, from))
WRAP_TRANSFER(FAULT_READ, __read_chk, (int fd, void *to, size_t size, size_t room),
              (fd, to, size, room))
WRAP_TRANSFER(FAULT_READ, __pread_chk, (int fd, void *to, size_t size, off_t from, size_t room),
              (fd, to, size, from, room))
WRAP_TRANSFER(FAULT_READ, __pread64_chk, (int fd, void *to, size_t size, off_t from, size_t room),
              (fd, to, size, from, room))
/* The end of a directory and a failure look the same but for errno. */
WRAP(FAULT_STAT, struct dirent *, NULL, readdir, (DIR * stream), (stream))
WRAP(FAULT_STAT, struct dirent *, NULL, readdir64, (DIR * stream), (stream))
WRAP(FAULT_STAT, ssize_t, -1, readlink, (const char *path, char *to, size_t size), (path, to, size))
WRAP(FAULT_STAT, ssize_t, -1, __readlink_chk,
     (const char *path, char *to, size_t size, size_t room), (path, to, size, room))
WRAP(FAULT_READ, int, -1, poll, (struct pollfd * fds, nfds_t count, int ms), (fds, count, ms))
WRAP(FAULT_STAT, off_t, -1, lseek, (int fd, off_t at, int whence), (fd, at, whence))
WRAP(FAULT_STAT, off_t, -1, lseek64, (int fd, off_t at, int whence), (fd, at, whence))

/* ------------------------------------------------------------------ looking */

WRAP(FAULT_STAT, int, -1, stat, (const char *path, struct stat *st), (path, st))
WRAP(FAULT_STAT, int, -1, lstat, (const char *path, struct stat *st), (path, st))
WRAP(FAULT_STAT, int, -1, fstat, (int fd, struct stat *st), (fd, st))
WRAP(FAULT_STAT, int, -1, stat64, (const char *path, struct stat *st), (path, st))
WRAP(FAULT_STAT, int, -1, lstat64, (const char *path, struct stat *st), (path, st))
WRAP(FAULT_STAT, int, -1, fstat64, (int fd, struct stat *st), (fd, st))
WRAP(FAULT_STAT, int, -1, fstatat, (int directory, const char *path, struct stat *st, int flags),
     (directory, path, st, flags))
WRAP(FAULT_STAT, int, -1, access, (const char *path, int mode), (path, mode))
WRAP(FAULT_STAT, char *, NULL, getcwd, (char *to, size_t size), (to, size))
WRAP(FAULT_STAT, char *, NULL, __getcwd_chk, (char *to, size_t size, size_t room), (to, size, room))
WRAP(FAULT_STAT, char *, NULL, realpath, (const char *path, char *to), (path, to))
WRAP(FAULT_STAT, char *, NULL, __realpath_chk, (const char *path, char *to, size_t room),
     (path, to, room))

/* ------------------------------------------------------------------ writing */

WRAP_TRANSFER(FAULT_WRITE, write, (int fd, const void *from, size_t size), (fd, from, size))
WRAP_TRANSFER(FAULT_WRITE, pwrite, (int fd, const void *from, size_t size, off_t at),
              (fd, from, size, at))
WRAP(FAULT_SYNC, int, -1, fsync, (int fd), (fd))
WRAP(FAULT_SYNC, int, -1, fdatasync, (int fd), (fd))
WRAP(FAULT_SYNC, int, -1, ftruncate, (int fd, off_t size), (fd, size))
WRAP(FAULT_SYNC, int, -1, close, (int fd), (fd))
WRAP(FAULT_NAME, int, -1, rename, (const char *from, const char *to), (from, to))
WRAP(FAULT_NAME, int, -1, renameat,
     (int from_directory, const char *from, int directory, const char *to),
     (from_directory, from, directory, to))
WRAP(FAULT_NAME, int, -1, linkat,
     (int from_directory, const char *from, int directory, const char *to, int flags),
     (from_directory, from, directory, to, flags))
WRAP(FAULT_NAME, int, -1, unlink, (const char *path), (path))
WRAP(FAULT_NAME, int, -1, unlinkat, (int directory, const char *path, int flags),
     (directory, path, flags))
WRAP(FAULT_NAME, int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(FAULT_NAME, int, -1, fchmod, (int fd, mode_t mode), (fd, mode))

/* ------------------------------------------------------------------ locks, sockets, the rest */

WRAP(FAULT_LOCK, int, -1, flock, (int fd, int operation), (fd, operation))
WRAP(FAULT_LOCK, int, -1, nanosleep, (const struct timespec *time, struct timespec *left),
     (time, left))
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return FAILS(FAULT_LOCK, "fcntl") ? -1 : __real_fcntl(fd, command, argument);
}

WRAP(FAULT_SOCKET, int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(FAULT_SOCKET, int, -1, connect, (int fd, const struct sockaddr *address, socklen_t size),
     (fd, address, size))
WRAP_TRANSFER(FAULT_SOCKET, send, (int fd, const void *from, size_t size, int flags),
              (fd, from, size, flags))
WRAP_TRANSFER(FAULT_RANDOM, getrandom, (void *to, size_t size, unsigned flags), (to, size, flags))

WRAP(FAULT_PROCESS, int, -1, getrlimit, (int resource, struct rlimit *limit), (resource, limit))
WRAP(FAULT_PROCESS, int, -1, setrlimit, (int resource, const struct rlimit *limit),
     (resource, limit))
WRAP(FAULT_PROCESS, int, -1, sigaltstack, (const stack_t *stack, stack_t *old), (stack, old))
WRAP(FAULT_PROCESS, int, -1, sigaction,
     (int number, const struct sigaction *action, struct sigaction *old), (number, action, old))
WRAP(FAULT_PROCESS, int, -1, sigprocmask, (int how, const sigset_t *set, sigset_t *old),
     (how, set, old))
WRAP(FAULT_PROCESS, int, -1, setitimer,
     (int which, const struct itimerval *timer, struct itimerval *old), (which, timer, old))
WRAP(FAULT_PROCESS, int, -1, uname, (struct utsname * name), (name))
WRAP(FAULT_PROCESS, int, -1, setenv, (const char *name, const char *value, int replace),
     (name, value, replace))
WRAP(FAULT_PROCESS, struct tm *, NULL, localtime_r, (const time_t *time, struct tm *to), (time, to))

/* ------------------------------------------------------------------ the wall clock */

#define TEN_YEARS ((time_t)10 * 365 * 24 * 60 * 60)

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = __real_clock_gettime(clock, now);
    if (clock != CLOCK_REALTIME)
        return failed;
    switch (fault_call(FAULT_CLOCK, "clock_gettime", SITE)) {
    case FAULT_FORWARD:
        now->tv_sec += TEN_YEARS;
        break;
    case FAULT_BACK:
        now->tv_sec -= TEN_YEARS;
        break;
    case FAULT_BEFORE_TIME:
        now->tv_sec = -TEN_YEARS;
        break;
    default:
        break;
    }
    return failed;
}
