/*
 * prefault.h - memory that is going to be used at once, taken from the kernel at once.
 *
 * Each first touch of a page is a fault; on a virtual machine one costs 10 microseconds, as much as
 * a dozen pages that come in one step. MAP_POPULATE and MADV_POPULATE_WRITE (Linux 5.14) replace
 * thousands of faults for a push of very many refs, and some tens for a repository with very many
 * restrictions. An older kernel says EINVAL to the latter and nothing is lost.
 */
#ifndef REFGATE_BASE_PREFAULT_H
#define REFGATE_BASE_PREFAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/sanitizer.h"

#define PREFAULT_LEAST ((size_t)40 * 1024) /* smaller pieces come from what is there already */
#define PREFAULT_PAGE ((uintptr_t)4096)

/* AddressSanitizer sees what malloc() gave only. */
static inline bool prefault_wanted(size_t size)
{
    return !UNDER_SANITIZER && size >= PREFAULT_LEAST;
}

/* Zeroed pages of their own, for munmap(); NULL when out of memory. */
static inline void *prefaulted_map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
                    -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* What malloc() gave. */
static inline void prefault(void *at, size_t size)
{
    if (size < PREFAULT_LEAST)
        return;
    uintptr_t from = ((uintptr_t)at + PREFAULT_PAGE - 1) & ~(PREFAULT_PAGE - 1);
    uintptr_t to = ((uintptr_t)at + size) & ~(PREFAULT_PAGE - 1);
    (void)madvise((void *)from, to - from, 23 /* MADV_POPULATE_WRITE */);
}

#endif
