/*
 * severity.h - how much a finding of `refgate report` or a change of `refgate snapshot diff` matters.
 *
 * Ordered: a larger value is worse.
 */
#ifndef REFGATE_MODEL_SEVERITY_H
#define REFGATE_MODEL_SEVERITY_H

#include <stdbool.h>

#include "base/text.h"

enum severity {
    SEVERITY_INFO = 1, /* worth knowing; nothing to do */
    SEVERITY_LOW,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH, /* somebody can write where nobody meant it */
    SEVERITY_CRITICAL,
};
#define SEVERITY_COUNT 6 /* for arrays that are indexed by enum severity */

const char *severity_name(enum severity severity); /* "info", "low", "medium", "high", "critical" */
bool severity_parse(struct text name, enum severity *out);

#endif
