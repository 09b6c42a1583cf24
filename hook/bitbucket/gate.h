/*
 * gate.h - is a new snapshot fit to take the place of the old one? (sync --max-shrink)
 *
 * A crawl that saw less than there is (an account that lost its rights, a server that came up half)
 * would make a snapshot that lets nobody push, or misses restrictions.
 */
#ifndef REFGATE_BITBUCKET_GATE_H
#define REFGATE_BITBUCKET_GATE_H

#include "base/buffer.h"
#include "snapshot/layout.h"

#define GATE_SHRINK_DEFAULT 20 /* percent */
#define GATE_FEW 10 /* of users, groups, projects, restrictions, keys: losing fewer is no alarm */

/* Appends a line for each count that shrank by more than `percent` (repositories and grants by any
 * number, the others by GATE_FEW at least). true: none did. */
bool gate_shrink(const uint64_t old_counts[LAYOUT_COUNTS], const uint64_t new_counts[LAYOUT_COUNTS],
                 unsigned percent, struct buffer *lines);

#endif
