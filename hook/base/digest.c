#include "base/digest.h"

#include <sys/types.h>

#include <sha2.h>

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
