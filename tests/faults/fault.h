/*
 * fault.h - which call fails, and how. One of the hook's calls of a class (allocations, opens, reads, …)
 * is made to fail, or to do less than was asked for, by the wrappers in wrap*.c; all are counted.
 *
 * Linked into refgate-hook-faults only, which is no part of what is installed.
 */
#ifndef REFGATE_TESTS_FAULTS_FAULT_H
#define REFGATE_TESTS_FAULTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_class {
    FAULT_ALLOC,   /* malloc, calloc, realloc, strdup */
    FAULT_OPEN,    /* open, openat, opendir */
    FAULT_READ,    /* read, pread, poll */
    FAULT_STAT,    /* stat and its kin, getcwd, realpath, readdir, lseek */
    FAULT_MAP,     /* mmap */
    FAULT_WRITE,   /* write, pwrite */
    FAULT_NAME,    /* link, rename, unlink, mkdir, chmod */
    FAULT_SYNC,    /* fsync, fdatasync, ftruncate */
    FAULT_LOCK,    /* flock, fcntl, nanosleep */
    FAULT_SOCKET,  /* socket, connect, send */
    FAULT_RANDOM,  /* getrandom */
    FAULT_PROCESS, /* setrlimit, sigaction, setitimer, uname, setenv, … */
    FAULT_GIT,     /* libgit2 as the hook calls it */
    FAULT_CLOCK,   /* the wall clock */
    FAULT_CLASSES
};
extern const char *const fault_class_names[FAULT_CLASSES];

enum fault_way {
    FAULT_NONE = 0,
    FAULT_ERROR,       /* the call fails with `error` */
    FAULT_LESS_BY_ONE, /* a byte less than was asked for */
    FAULT_ONE_BYTE,    /* one byte of what was asked for */
    FAULT_END,         /* nothing: the file ends here */
    FAULT_GIT_OS,      /* libgit2 fails: with an error of the system, */
    FAULT_GIT_MEMORY,  /* for lack of memory, */
    FAULT_GIT_SILENT,  /* without a word */
    FAULT_FORWARD,     /* the wall clock goes ten years ahead, */
    FAULT_BACK,        /* ten years back, */
    FAULT_BEFORE_TIME, /* to before 1970 */
};

struct fault_plan {
    enum fault_class class;
    enum fault_way way;
    int error;      /* errno of FAULT_ERROR */
    uint32_t first; /* the first call that it happens to, from 1 */
    uint32_t every; /* and then each every-th; 0: to no other */
};

struct fault_seen { /* in memory that parent and child share */
    uint32_t calls[FAULT_CLASSES];
    uint32_t injected;
    const char *function; /* the first that it happened to, */
    void *site;           /* and who called it */
};

/* Memory for what a child will have seen; false: there is none. */
bool fault_prepare(void);
/* From now on, in this process; `plan` may be NULL: only counts. What was seen before is forgotten. */
void fault_arm(const struct fault_plan *plan);
/* From now on nothing happens and nothing is counted. */
void fault_disarm(void);
const struct fault_seen *fault_seen(void);

/* For the wrappers: counts a call, and says what shall come of it. Sets errno for FAULT_ERROR. */
enum fault_way fault_call(enum fault_class class, const char *function, void *site);
/* Likewise; *size gets less as the way says; *end: the result is 0. */
bool fault_transfer(enum fault_class class, const char *function, void *site, size_t *size,
                    bool *end);

#endif
