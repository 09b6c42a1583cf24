#include "base/ulid.h"

#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

/* Crockford's base 32: no I, L, O, U. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#define TIME_DIGITS 10  /* 48 bits; the first digit carries three of them */
#define RANDOM_BYTES 10 /* 80 bits */
#define RANDOM_DIGITS 16

static void random_bytes(unsigned char out[RANDOM_BYTES])
{
    /* GRND_NONBLOCK: no push waits for the kernel to gather entropy after a boot. */
    if (getrandom(out, RANDOM_BYTES, GRND_NONBLOCK) == RANDOM_BYTES)
        return;
    uint64_t mix = (uint64_t)clock_monotonic_us() ^ (uint64_t)getpid() << 40;
    for (int i = 0; i < RANDOM_BYTES; i++) {
        mix = mix * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (unsigned char)(mix >> 56);
    }
}

struct ulid ulid_new(int64_t now_ms)
{
    struct ulid id;
    uint64_t time = now_ms > 0 ? (uint64_t)now_ms & UINT64_C(0xffffffffffff) : 0;
    for (int i = TIME_DIGITS - 1; i >= 0; i--) {
        id.text[i] = digits[time & 31];
        time >>= 5;
    }
    unsigned char bytes[RANDOM_BYTES];
    random_bytes(bytes);
    unsigned bits = 0, held = 0;
    const unsigned char *next = bytes;
    for (int i = 0; i < RANDOM_DIGITS; i++) {
        if (held < 5) {
            bits = bits << 8 | *next++;
            held += 8;
        }
        held -= 5;
        id.text[TIME_DIGITS + i] = digits[bits >> held & 31];
    }
    id.text[ULID_SIZE - 1] = '\0';
    return id;
}

bool ulid_valid(struct text t)
{
    if (t.size != ULID_SIZE - 1 || t.at[0] > '7') /* 26 digits of 5 bits, 128 bits of id */
        return false;
    for (size_t i = 0; i < t.size; i++)
        if (!t.at[i] || !strchr(digits, t.at[i]))
            return false;
    return true;
}
