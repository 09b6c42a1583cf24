/* base64.h - bytes as base64 (RFC 4648, section 4: with padding). */
#ifndef REFGATE_BASE_BASE64_H
#define REFGATE_BASE_BASE64_H

#include <stddef.h>

#define BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4 + 1) /* digits of so many bytes, and a NUL */

/* Writes BASE64_SIZE(size) bytes to `out`; the result is its length without the NUL. */
size_t base64_encode(char *out, const void *bytes, size_t size);

#endif
