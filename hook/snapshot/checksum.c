#include "snapshot/checksum.h"

#include <zlib.h>

/* A record is below 4 GiB (layout.h), so one call is enough: uInt has 32 bits. */
uint32_t checksum_add(uint32_t sum, struct text bytes)
{
    return bytes.size ? (uint32_t)crc32(sum, (const unsigned char *)bytes.at, (uInt)bytes.size)
                      : sum;
}
