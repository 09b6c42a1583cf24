/* digest.h - SHA-256 (libmd does the work), as lower-case hex. */
#ifndef REFGATE_BASE_DIGEST_H
#define REFGATE_BASE_DIGEST_H

#include <stddef.h>

#include "base/text.h"

#define DIGEST_HEX_SIZE 65 /* 64 digits and a NUL */

struct digest {
    char hex[DIGEST_HEX_SIZE];
};

struct digest digest_of(struct text t);
/* Of the concatenation of `count` pieces; each piece is NOT length-prefixed. */
struct digest digest_of_parts(const struct text *parts, size_t count);

#endif
