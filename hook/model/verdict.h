/*
 * verdict.h - what is decided about a change or a push (semantics.md 2).
 *
 * Ordered: a larger value is stronger. An invalid value is treated as VERDICT_REJECT everywhere.
 */
#ifndef REFGATE_MODEL_VERDICT_H
#define REFGATE_MODEL_VERDICT_H

#include <stdbool.h>

#include "base/text.h"

enum verdict {
    VERDICT_ACCEPT = 0x15,
    VERDICT_NOTE = 0x2a,
    VERDICT_ANNOTATE = 0x4c,
    VERDICT_REQUIRE_APPROVAL = 0x93,
    VERDICT_REJECT = 0xe6,
};

enum verdict verdict_stronger(enum verdict a, enum verdict b);
enum verdict verdict_weaker(enum verdict a, enum verdict b); /* for ceilings */
bool verdict_accepts(enum verdict v);   /* accept, note, annotate; nothing else */
const char *verdict_name(enum verdict v); /* accept note annotate require-approval reject */
bool verdict_parse(struct text t, enum verdict *out); /* the same names */

#endif
