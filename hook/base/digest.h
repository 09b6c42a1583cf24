/* digest.h - SHA-256 (libmd does the work), as lower-case hex. */
#ifndef REFGATE_BASE_DIGEST_H
#define REFGATE_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define DIGEST_HEX_SIZE 65 /* 64 digits and a NUL */

struct digest {
    char hex[DIGEST_HEX_SIZE];
};

struct digest digest_of(struct text t);
/* The same, until a time of clock_monotonic_us() (0: however long it takes): false if that was not
 * enough, and *out is untouched. */
bool digest_of_until(struct text t, int64_t deadline_us, struct digest *out);
/* Of the concatenation of `count` pieces; each piece is NOT length-prefixed. */
struct digest digest_of_parts(const struct text *parts, size_t count);

#endif
