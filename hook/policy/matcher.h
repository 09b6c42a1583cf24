/*
 * matcher.h - is a branch restriction about a ref (semantics.md 4.3), without a push: for tools that
 * look at the restrictions themselves.
 */
#ifndef REFGATE_POLICY_MATCHER_H
#define REFGATE_POLICY_MATCHER_H

#include "policy/view.h"

/* Of a restriction of this repository (or its project's). CANNOT_TELL: a matcher that is not known or
 * not usable, a default branch or a branching model that nobody could read. */
enum answer restriction_matches(const struct restriction *restriction,
                                const struct snapshot_repository *repository, struct text ref);

#endif
