/*
 * audit.h - the audit log: one line a decision, appended whole, each with the hash of the line
 * before it.
 *
 * hash = SHA-256 of the line's JSON text up to (not including) `,"hash":"…"}`. A chain without a
 * key cannot show a cut tail or a whole rewrite, so the head also goes to syslog, and
 * `refgate audit verify --anchor HASH` compares.
 */
#ifndef REFGATE_RECORD_AUDIT_H
#define REFGATE_RECORD_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

#define AUDIT_LINE_MAX ((size_t)2 * 1024 * 1024)

/* Appends `record` (a JSON object without prev and hash) with prev and hash added. Takes a lock on
 * the file, waits for it until deadline_us (clock_monotonic_us() value), reads the last line's
 * hash, writes the line whole or not at all. A torn last line (a node that lost power) is closed with a
 * newline first and shows in verify. The file is created 0640; it must be a
 * regular file. *head: hash of the line. */
enum status audit_append(const char *path, struct text record, bool sync, int64_t deadline_us,
                         struct digest *head, struct error *err) MUST_CHECK;

/* For rotation (record/audit_rotate.c). The log opened and locked as for an append, but never made:
 * STATUS_NOT_FOUND. root may open everybody's. The lock goes when *fd is closed. */
enum status audit_open_locked(const char *path, int64_t deadline_us, int *fd,
                              struct error *err) MUST_CHECK;
/* *head: the hash of the last whole line of an open log, which the next line carries. */
enum status audit_read_head(int fd, struct digest *head, struct error *err) MUST_CHECK;

#endif
