/*
 * freeze.h - change freezes: times of day, days of the week, dates (semantics.md 6).
 */
#ifndef REFGATE_POLICY_FREEZE_H
#define REFGATE_POLICY_FREEZE_H

#include "base/clock.h"
#include "model/answer.h"
#include "policy/policy.h"

/* Does the freeze hold at this local time? All parts that are set must. A window that wraps midnight
 * belongs, with its days and dates, to the day that it began on: "after 18:00, before 06:00,
 * mon-fri" holds on Saturday at 03:00 and not on Monday at 03:00. CANNOT_TELL if the local time is
 * not known. */
enum answer freeze_holds(const struct freeze *freeze, const struct local_time *now);

#endif
