#include "bitbucket/json_slab.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/sanitizer.h"

/* A usual answer is 20 KB of values, thirty restrictions are 150 KB, a page of a thousand users is
 * 2 MB. What is never touched costs nothing. */
#define SLAB_SIZE ((size_t)256 * 1024)
#define SLABS 240 /* the answers that wait, and those that the crawler holds until a place is read */
_Static_assert(SLABS <= UCHAR_MAX + 1, "a slab's number is a byte");
#define ALIGNMENT _Alignof(max_align_t)

/* AddressSanitizer is told which parts of a slab may be touched. */
#if UNDER_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

static struct {
    pthread_once_t once;
    char *start; /* of all slabs; NULL: there are none */
    pthread_mutex_t lock;
    unsigned char free[SLABS]; /* those that are free; the one used last is on top */
    size_t free_count;
    bool spilled[SLABS]; /* a part of what was made is from malloc() */
} slabs = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct {
    char *at; /* the next free byte; NULL: no slab is open */
    size_t left;
    size_t number;
} open_slab;

static char *start_of(size_t number)
{
    return slabs.start + number * SLAB_SIZE;
}

static bool is_in_slab(const void *memory)
{
    return (uintptr_t)memory - (uintptr_t)slabs.start < SLABS * SLAB_SIZE && slabs.start;
}

static void *take(size_t size)
{
    if (!open_slab.at)
        return malloc(size);
    size_t whole = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (whole > open_slab.left || whole < size) {
        /* And all that comes after: a slab never holds a part of a value that is not in it itself. */
        open_slab.left = 0;
        slabs.spilled[open_slab.number] = true;
        return malloc(size);
    }
    void *memory = open_slab.at;
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    open_slab.at += whole;
    open_slab.left -= whole;
    return memory;
}

static void give_back(void *memory)
{
    if (!is_in_slab(memory))
        free(memory);
}

static void prepare(void)
{
    void *start = mmap(NULL, SLABS * SLAB_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    json_object_seed(0); /* not by two threads at once */
    if (start == MAP_FAILED)
        return;
    slabs.start = start;
    ASAN_POISON_MEMORY_REGION(start, SLABS * SLAB_SIZE);
    for (size_t i = 0; i < SLABS; i++)
        slabs.free[slabs.free_count++] = (unsigned char)i;
    json_set_alloc_funcs(take, give_back);
}

void json_slab_prepare(void)
{
    pthread_once(&slabs.once, prepare);
}

static void put_back(size_t number)
{
    ASAN_POISON_MEMORY_REGION(start_of(number), SLAB_SIZE);
    pthread_mutex_lock(&slabs.lock);
    slabs.free[slabs.free_count++] = (unsigned char)number;
    pthread_mutex_unlock(&slabs.lock);
}

void json_slab_open(void)
{
    bool found = false;
    pthread_mutex_lock(&slabs.lock);
    if (slabs.free_count) {
        open_slab.number = slabs.free[--slabs.free_count];
        found = true;
    }
    pthread_mutex_unlock(&slabs.lock);
    if (!found)
        return;
    slabs.spilled[open_slab.number] = false;
    open_slab.at = start_of(open_slab.number);
    open_slab.left = SLAB_SIZE;
}

void json_slab_close(const json_t *value)
{
    if (open_slab.at && !is_in_slab(value))
        put_back(open_slab.number);
    open_slab.at = NULL;
}

void json_slab_release(json_t *value)
{
    if (!is_in_slab(value)) {
        json_decref(value);
        return;
    }
    size_t number = ((uintptr_t)value - (uintptr_t)slabs.start) / SLAB_SIZE;
    if (slabs.spilled[number])
        json_decref(value);
    put_back(number);
}
