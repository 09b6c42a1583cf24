/*
 * What the sanitizers must find, chosen by the input: were they not armed, all other targets would prove
 * nothing. Never part of make fuzz; replay.c and tests/fuzz/run want each to fail.
 */
#include <string.h>

#include "fuzz/support.h"

static volatile size_t nine = 9;
static void *volatile kept;

static int heap_overflow(void)
{
    volatile char *bytes = calloc(1, nine - 1);
    REQUIRE(bytes);
    int byte = bytes[nine - 1];
    free((void *)(uintptr_t)bytes);
    return byte;
}

static int use_after_free(void)
{
    volatile char *bytes = malloc(nine);
    REQUIRE(bytes);
    bytes[0] = 1;
    kept = (void *)(uintptr_t)bytes;
    free(kept);
    return ((volatile char *)kept)[0];
}

static int undefined_shift(void)
{
    return 1 << (nine * 4);
}

static int leak(void)
{
    for (size_t i = 0; i < nine; i++) {
        kept = malloc(100 + i);
        REQUIRE(kept);
        memset(kept, 1, 100);
    }
    kept = NULL;
    return 0;
}

static int violation(void)
{
    REQUIRE(nine != 9);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        const char *name;
        int (*make)(void);
    } faults[] = {{"heap-overflow", heap_overflow},
                  {"use-after-free", use_after_free},
                  {"undefined-shift", undefined_shift},
                  {"leak", leak},
                  {"violation", violation}};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (size == strlen(faults[i].name) && !memcmp(data, faults[i].name, size))
            fuzz_tell_number((uint64_t)faults[i].make());
    return 0;
}
