/*
 * format.h - which versions of the snapshot's layout there are, and who may read which.
 *
 * A program reads a range of formats and writes any of them, so that a cluster can be upgraded node by
 * node: first every hook, while the snapshot stays in the older format, then the tool, then the format
 * (refgate-upgrade(7)). A snapshot that is newer than the program is refused: what a record of it
 * means can only be guessed.
 */
#ifndef REFGATE_SNAPSHOT_FORMAT_H
#define REFGATE_SNAPSHOT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct format_range {
    uint32_t oldest, newest;
};
extern const struct format_range format_known; /* LAYOUT_FORMAT_OLDEST to LAYOUT_FORMAT */

static inline bool format_within(uint32_t format, struct format_range range)
{
    return format >= range.oldest && format <= range.newest;
}

#define FORMAT_RANGE_SIZE 32
/* "format 1", or "formats 1 to 3"; room for FORMAT_RANGE_SIZE bytes. Gives `out`. */
const char *format_range_text(struct format_range range, char out[FORMAT_RANGE_SIZE]);

/* May a snapshot of `format` be read by a program that reads `range`? STATUS_UNSUPPORTED with a
 * sentence that says what to do. */
enum status format_check(uint32_t format, struct format_range range, struct error *err) MUST_CHECK;

/* The format to write: `wanted`, 0: the newest. STATUS_USAGE if this program does not write it; `who`
 * is what asked for it ("--snapshot-format"). */
enum status format_choose(uint64_t wanted, struct format_range range, const char *who,
                          uint32_t *out, struct error *err) MUST_CHECK;

#endif
