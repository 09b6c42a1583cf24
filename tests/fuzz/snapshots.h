/*
 * snapshots.h - snapshots made of the input: the small one of the unit tests (small_snapshot.h) with
 * some of its records changed, and all checksums right again, so that what comes behind them is reached.
 */
#ifndef REFGATE_TESTS_FUZZ_SNAPSHOTS_H
#define REFGATE_TESTS_FUZZ_SNAPSHOTS_H

#include "fuzz/support.h"
#include "snapshot/reader.h"

/* The small snapshot as it is; made once. Writable: what is changed in it must be put back. */
struct buffer *snapshots_good(void);

/* Edits, until the input is used up or says 0: a file in memory and its size. The caller closes it, or
 * gives it to snapshot_open_fd(). */
int snapshots_edited(struct input *in, uint64_t *size);

/* Asks a snapshot everything that the hook may ask, about whom and what the small one knows. Tells all
 * answers (fuzz_tell()). True if any answer was that the snapshot is damaged, or about something else than
 * was asked for. */
bool snapshots_ask(struct snapshot *snapshot);

#endif
