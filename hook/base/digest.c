#include "base/digest.h"

#include <sys/types.h>

#include <sha2.h>

#include "base/clock.h"

#define PIECE_SIZE ((size_t)1024 * 1024) /* some milliseconds */

struct digest digest_of(struct text t)
{
    return digest_of_parts(&t, 1);
}

struct digest digest_of_parts(const struct text *parts, size_t count)
{
    SHA2_CTX state;
    SHA256Init(&state);
    for (size_t i = 0; i < count; i++)
        if (parts[i].size)
            SHA256Update(&state, (const uint8_t *)parts[i].at, parts[i].size);
    struct digest digest;
    SHA256End(&state, digest.hex);
    return digest;
}

bool digest_of_until(struct text t, int64_t deadline_us, struct digest *out)
{
    SHA2_CTX state;
    SHA256Init(&state);
    while (t.size) {
        size_t size = t.size < PIECE_SIZE ? t.size : PIECE_SIZE;
        SHA256Update(&state, (const uint8_t *)t.at, size);
        t = text_skip(t, size);
        if (t.size && deadline_us && clock_monotonic_us() >= deadline_us)
            return false;
    }
    SHA256End(&state, out->hex);
    return true;
}
