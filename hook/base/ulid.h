/* ulid.h - ids of decisions: 48 bits of time, 80 random bits, 26 characters of Crockford's base 32,
 * so that they sort by time. */
#ifndef REFGATE_BASE_ULID_H
#define REFGATE_BASE_ULID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define ULID_SIZE 27 /* with the NUL */

struct ulid {
    char text[ULID_SIZE];
};

struct ulid ulid_new(int64_t now_ms); /* random bits from the kernel (getrandom), else from pid and
                                         clock: an id, not a secret */
bool ulid_valid(struct text t);

#endif
