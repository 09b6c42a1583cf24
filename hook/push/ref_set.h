/*
 * ref_set.h - does a push name a ref twice?
 *
 * A pusher chooses the names and how many there are, so the table is hashed with a key of this
 * process (SipHash; Aumasson and Bernstein, 2012): nobody can prepare names that collide.
 */
#ifndef REFGATE_PUSH_REF_SET_H
#define REFGATE_PUSH_REF_SET_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/change.h"

/* STATUS_OK with the indices of the first ref that stood before, *first < *again;
 * STATUS_NOT_FOUND if all are different; STATUS_MEMORY. */
enum status ref_set_find_repeated(const struct change *changes, size_t count, struct arena *arena,
                                  size_t *first, size_t *again) MUST_CHECK;

#endif
