/* checksum.h - CRC-32 of what is in a snapshot, by zlib, piece by piece. */
#ifndef REFGATE_SNAPSHOT_CHECKSUM_H
#define REFGATE_SNAPSHOT_CHECKSUM_H

#include <stdint.h>

#include "base/text.h"

#define CHECKSUM_START 0

/* Goes on from `sum`, CHECKSUM_START at first. */
uint32_t checksum_add(uint32_t sum, struct text bytes);

#endif
