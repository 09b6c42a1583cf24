/*
 * apply_danger.h - configurations that are right in form and would reject every push, whoever pushes
 * what: known before anybody has pushed.
 */
#ifndef REFGATE_COMMAND_APPLY_DANGER_H
#define REFGATE_COMMAND_APPLY_DANGER_H

#include "base/buffer.h"
#include "policy/policy.h"
#include "policy/view.h"

/* Adds a sentence and a newline for each reason why the hook would reject every push under this
 * policy; gives how many. `view` is what the policy's snapshot says (view->problem: there is none). */
size_t apply_dangers(const struct policy *policy, const struct view *view, int64_t now_ms,
                     struct buffer *out);

#endif
