/*
 * glob.h - the ref patterns of Bitbucket (semantics.md 4.4) and the simpler ones for names.
 *
 * Source: Atlassian, "Branch permission patterns". `?` one code point, `*` any run, neither
 * crosses `/`; `**` as a whole segment is any number of segments, also none; a trailing `/` means
 * `/` + `**`; a leading `/` is dropped; both ends anchored after "**" + "/" was put in front.
 * Matching costs at most pattern x ref steps; no recursion, no allocation, no backtracking beyond
 * the last star.
 */
#ifndef REFGATE_BASE_GLOB_H
#define REFGATE_BASE_GLOB_H

#include <stdbool.h>

#include "base/text.h"

#define GLOB_PATTERN_MAX 4096 /* bytes; longer patterns are invalid */

/* NULL if the pattern is usable, else a static sentence that says what is wrong with it (empty,
 * only "/", an empty segment, NUL or control byte, too long). */
const char *glob_ref_problem(struct text pattern);
/* Suffix matching: for what restricts. An invalid pattern must not get here (gives false). */
bool glob_ref_match(struct text pattern, struct text ref);
/* The same, adding the number of bytes looked at to *steps, for tests of the bound. */
bool glob_ref_match_counted(struct text pattern, struct text ref, size_t *steps);
/* For lists that permit: a pattern that does not begin with "refs/" is anchored at "refs/heads/";
 * one that does is anchored at both ends as it stands. A trailing "/" still means the subtree. */
bool glob_ref_match_anchored(struct text pattern, struct text ref);

/* Names, project keys, KEY/SLUG: `*` any run of characters but `/`, `?` one; without ASCII case;
 * anchored at both ends. A name pattern is usable if it is not empty and has no control byte. */
bool glob_name_match(struct text pattern, struct text name);

#endif
