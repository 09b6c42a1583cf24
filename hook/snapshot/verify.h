/*
 * verify.h - every record of a snapshot: checksum, body, and whether what it refers to is there.
 */
#ifndef REFGATE_SNAPSHOT_VERIFY_H
#define REFGATE_SNAPSHOT_VERIFY_H

#include "snapshot/reader.h"

/* Of a mapped snapshot. Calls `report` (may be NULL) with a sentence for each finding. STATUS_FORMAT if
 * there is one, with the first in err. */
enum status snapshot_verify(struct snapshot *snapshot,
                            void (*report)(void *self, const char *finding), void *self,
                            struct error *err) MUST_CHECK;

#endif
