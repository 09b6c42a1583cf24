#include "push/ref_set.h"

#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

struct key {
    uint64_t k0, k1;
};

static struct key key_new(void)
{
    struct key key;
    if (getrandom(&key, sizeof(key), GRND_NONBLOCK) != (ssize_t)sizeof(key)) {
        /* No random bytes (an old kernel, a sandbox): the address space is random too. */
        key.k0 = (uint64_t)clock_monotonic_us();
        key.k1 = (uint64_t)(uintptr_t)&key;
    }
    return key;
}

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1], v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1], v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3: the variant for hash tables. */
static uint64_t hash(struct key key, struct text t)
{
    uint64_t v[4] = {key.k0 ^ UINT64_C(0x736f6d6570736575), key.k1 ^ UINT64_C(0x646f72616e646f6d),
                     key.k0 ^ UINT64_C(0x6c7967656e657261), key.k1 ^ UINT64_C(0x7465646279746573)};
    size_t at = 0;
    uint64_t word;
    for (; t.size - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, t.at + at, sizeof(word));
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = 0;
    if (t.size > at)
        memcpy(&word, t.at + at, t.size - at);
    word ^= (uint64_t)t.size << 56;
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

enum status ref_set_find_repeated(const struct change *changes, size_t count, struct arena *arena,
                                  size_t *first, size_t *again)
{
    size_t slots = 16;
    while (slots < count * 2)
        slots *= 2;
    /* The upper half of the hash is kept beside the index: other refs are hardly ever compared. */
    struct slot {
        uint32_t index_and_one, hash;
    } *table = count < UINT32_MAX / 4 ? arena_alloc(arena, slots, sizeof(*table)) : NULL;
    if (!table)
        return STATUS_MEMORY;
    struct key key = key_new();
    for (size_t i = 0; i < count; i++) {
        uint64_t h = hash(key, changes[i].ref);
        size_t at = (size_t)h & (slots - 1);
        for (; table[at].index_and_one; at = (at + 1) & (slots - 1)) {
            size_t other = table[at].index_and_one - 1;
            if (table[at].hash == (uint32_t)(h >> 32) &&
                text_equal(changes[other].ref, changes[i].ref)) {
                *first = other;
                *again = i;
                return STATUS_OK;
            }
        }
        table[at] = (struct slot){(uint32_t)(i + 1), (uint32_t)(h >> 32)};
    }
    return STATUS_NOT_FOUND;
}
