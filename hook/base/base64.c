#include "base/base64.h"

#include <stdint.h>

size_t base64_encode(char *out, const void *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    size_t at = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t three = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                         (left > 2 ? in[i + 2] : 0);
        for (size_t digit = 0; digit < 4; digit++)
            out[at++] = digit <= left ? digits[three >> (18 - 6 * digit) & 63] : '=';
    }
    out[at] = '\0';
    return at;
}
