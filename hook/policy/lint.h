/*
 * lint.h - what is allowed in refgate.conf but surely not meant.
 *
 * Pure, as the rest of policy/: it asks the snapshot through a view, and who calls it knows whether
 * the time zone exists. Each finding is a warning; what is wrong in itself is an error of
 * config_parse().
 */
#ifndef REFGATE_POLICY_LINT_H
#define REFGATE_POLICY_LINT_H

#include <stdbool.h>

#include "policy/config.h"
#include "policy/view.h"

struct lint_input {
    const struct policy *policy;
    const struct config_listing *listing; /* of the same parse: lines of single keys */
    const struct view *view; /* NULL: names are not looked up; view->problem must not be set */
    bool timezone_known;
};

/* Adds "refgate.conf:41: warning: sentence\n" lines, in the order of the file. STATUS_MEMORY;
 * STATUS_FORMAT if the snapshot is damaged: err says so, and what was found without it is there. */
enum status lint_policy(const struct lint_input *input, struct arena *arena,
                        struct config_errors *warnings, struct error *err) MUST_CHECK;

#endif
