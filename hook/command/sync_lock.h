/*
 * sync_lock.h - one sync at a time for one snapshot.
 *
 * A lock of the kernel's on SNAPSHOT.lock (F_OFD_SETLK): it goes when its process goes, so that a
 * file that is left over does not matter, and the file is never removed, so that nobody locks one
 * that has just lost its name. What is written into it is for people.
 */
#ifndef REFGATE_COMMAND_SYNC_LOCK_H
#define REFGATE_COMMAND_SYNC_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* STATUS_BUSY if another process holds it, with a sentence that names it; STATUS_IO. *fd is
 * close-on-exec; closing it gives the lock back. */
enum status sync_lock_take(const char *snapshot, int64_t now_ms, int *fd,
                           struct error *err) MUST_CHECK;

/* What the file says: "12345 2026-11-22T04:10:00Z". false if it says something else. */
bool sync_lock_parse(struct text content, uint64_t *process, int64_t *since_ms);

#endif
