/*
 * reader.h - the open file, for the modules of snapshot/ (view, verify) and `refgate snapshot`.
 *
 * Two ways to read it. The hook, which wants a few records of a file that may be 100 MB, reads them
 * with read(2) into the view's memory: measured, a read costs 2 µs where the first touch of a mapped
 * page costs 20 to 150 µs and unmapping 200 µs more; and a file that is cut in place is an error, not
 * a SIGBUS. Tools that read everything map it.
 */
#ifndef REFGATE_SNAPSHOT_READER_H
#define REFGATE_SNAPSHOT_READER_H

#include <cdb.h>

#include "snapshot/decode.h"
#include "snapshot/index.h"
#include "snapshot/long_record.h"
#include "snapshot/snapshot.h"

struct snapshot {
    struct file_bytes file;
    struct file_window window;
    struct cdb cdb; /* if mapped */
    struct hash_index index;
    char *meta_bytes; /* what meta's texts point into */
    struct meta_record meta;
};

enum snapshot_mode { SNAPSHOT_READ, SNAPSHOT_MAPPED };

/* snapshot_open() with a choice. */
enum status snapshot_open_mode(const char *path, const struct file_owners *owners,
                               uint64_t max_size, enum snapshot_mode mode, struct snapshot **out,
                               struct error *err) MUST_CHECK;
/* Takes over a descriptor of a regular file of `size` bytes (closed also on failure). No trust
 * check: for a file that the caller has just written. */
enum status snapshot_open_fd(int fd, uint64_t size, uint64_t max_size, enum snapshot_mode mode,
                             struct snapshot **out, struct error *err) MUST_CHECK;
/* The body of a record, its checksum verified. It lies in the map, or is read into `arena` (which may
 * be NULL if the file is mapped). STATUS_NOT_FOUND only if the part of the hash table that says so is
 * undamaged; STATUS_FORMAT otherwise; STATUS_MEMORY. */
enum status snapshot_find(struct snapshot *snapshot, const struct layout_key *key,
                          struct arena *arena, struct text *body, struct error *err) MUST_CHECK;
/* The same for a project or repository: of its restrictions only those that are wanted, at least. */
enum status snapshot_find_place(struct snapshot *snapshot, const struct layout_key *key,
                                enum place_kind kind, const struct restriction_choice *choice,
                                struct arena *arena, struct text *body,
                                struct error *err) MUST_CHECK;
/* Fills err with "the snapshot is damaged: record KEY …" and returns STATUS_FORMAT. */
enum status snapshot_damaged(struct error *err, struct text key, const char *how) RARE;
#ifdef REFGATE_ANALYZER /* as in base/error.h */
#define snapshot_damaged(err, ...) error_code((snapshot_damaged)(err, __VA_ARGS__), STATUS_FORMAT)
#endif

/* All records in the order of a mapped file. *position starts at 0. STATUS_NOT_FOUND at the end;
 * STATUS_FORMAT (with *key set if it is known) for a record that is damaged: *position has moved
 * past it unless its length cannot be believed, then the next call gives STATUS_NOT_FOUND. */
enum status snapshot_next(const struct snapshot *snapshot, uint32_t *position, struct text *key,
                          struct text *body, struct error *err) MUST_CHECK;
uint64_t snapshot_size(const struct snapshot *snapshot);
const struct meta_record *snapshot_meta_record(const struct snapshot *snapshot);

#endif
