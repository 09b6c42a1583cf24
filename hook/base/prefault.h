/*
 * prefault.h - memory that is going to be used at once, taken from the kernel at once.
 *
 * Each first touch of a page is a fault; on a virtual machine it costs as much as deciding several
 * refs. MADV_POPULATE_WRITE (Linux 5.14) replaces thousands of them for a push of very many refs. An
 * older kernel says EINVAL and nothing is lost.
 */
#ifndef REFGATE_BASE_PREFAULT_H
#define REFGATE_BASE_PREFAULT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define PREFAULT_LEAST ((size_t)256 * 1024) /* smaller pieces come from what is there already */
#define PREFAULT_PAGE ((uintptr_t)4096)

static inline void prefault(void *at, size_t size)
{
    if (size < PREFAULT_LEAST)
        return;
    uintptr_t from = ((uintptr_t)at + PREFAULT_PAGE - 1) & ~(PREFAULT_PAGE - 1);
    uintptr_t to = ((uintptr_t)at + size) & ~(PREFAULT_PAGE - 1);
    (void)madvise((void *)from, to - from, 23 /* MADV_POPULATE_WRITE */);
}

#endif
