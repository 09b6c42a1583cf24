/* audit_compress.h - a rotated audit log as a gzip file in its place. */
#ifndef REFGATE_RECORD_AUDIT_COMPRESS_H
#define REFGATE_RECORD_AUDIT_COMPRESS_H

#include "base/error.h"

/* PATH becomes PATH.gz, with its owner, mode and time. The old file goes only after the new one is on
 * the disk and was read back to the same bytes. Killed at any step, it leaves PATH or both; what is
 * left over is cleared up when it runs again. STATUS_NOT_FOUND, STATUS_IO, STATUS_MEMORY,
 * STATUS_TRUST (not a regular file), STATUS_FORMAT (does not read back: PATH stays). */
enum status audit_compress(const char *path, struct error *err) MUST_CHECK;

#endif
