/*
 * baseline.h - what is new, and what is gone, since an earlier `refgate report --format json`.
 *
 * Findings are the same if their ids are: counts and dates are no part of an id.
 */
#ifndef REFGATE_POSTURE_BASELINE_H
#define REFGATE_POSTURE_BASELINE_H

#include "base/arena.h"
#include "posture/posture.h"

#define BASELINE_SIZE_MAX ((size_t)1024 * 1024 * 1024)

/* Marks the findings of `posture` and appends those that are gone (of kinds that were looked at, of
 * those that `wanted` (by row; NULL: all) and `least` leave). `bytes` are the file's. STATUS_FORMAT:
 * not such a file, or one of another instance; STATUS_MEMORY. */
enum status baseline_compare(struct text bytes, const bool *wanted, enum severity least,
                             struct arena *arena, struct posture *posture,
                             struct error *err) MUST_CHECK;

#endif
