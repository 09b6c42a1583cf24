/*
 * snapshot.h - the cached permissions: one cdb file, opened once, read in place.
 *
 * The layout of keys and records is documented in snapshot/layout.h and written by
 * snapshot/builder.h. Everything that is read is bounds-checked and each record's checksum is
 * verified before use: a damaged file gives STATUS_FORMAT, never a wrong answer or a crash.
 */
#ifndef REFGATE_SNAPSHOT_SNAPSHOT_H
#define REFGATE_SNAPSHOT_SNAPSHOT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "policy/view.h"

struct snapshot;

/* Trust check (file.h), size limit, cdb header, meta record with a known format version.
 * STATUS_NOT_FOUND, STATUS_TRUST, STATUS_FORMAT, STATUS_UNSUPPORTED (another format version),
 * STATUS_LIMIT, STATUS_IO, each with a sentence for administrators: those of file.h name the path
 * (snapshot/configured.h has one for the pusher).
 * max_size 0: no limit of ours. */
enum status snapshot_open(const char *path, const struct file_owners *owners, uint64_t max_size,
                          struct snapshot **out, struct error *err) MUST_CHECK;
void snapshot_close(struct snapshot *snapshot); /* NULL is fine */
/* The view reads the snapshot and allocates decoded arrays from `arena`; both must outlive it. */
struct view snapshot_view(struct snapshot *snapshot, struct arena *arena);
/* A view that says why there is none; `problem` must outlive it. */
struct view snapshot_view_missing(enum status code, const char *problem);

#endif
