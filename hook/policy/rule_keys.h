/*
 * rule_keys.h - the conditions access-keys and except-access-keys of a rule. Internal to policy/.
 */
#ifndef REFGATE_POLICY_RULE_KEYS_H
#define REFGATE_POLICY_RULE_KEYS_H

#include "policy/judge.h"

/* Both conditions together: YES if they hold for one of the keys that the pusher's may be (each is
 * judged, the strictest verdict counts). An entry in decimal is a key's id, any other a label. */
enum answer rule_keys_hold(struct judge *j, const struct rule *rule);

#endif
