/*
 * ref.h - names of refs (git-check-ref-format) and object ids.
 */
#ifndef REFGATE_MODEL_REF_H
#define REFGATE_MODEL_REF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* git-check-ref-format's rules for a full name ("refs/…", at least three components are NOT
 * required: refs/stash is fine). Bytes above 0x7f are allowed. */
bool ref_name_valid(struct text ref);
bool ref_is_branch(struct text ref); /* refs/heads/ and more */
bool ref_is_tag(struct text ref);    /* refs/tags/ and more */
/* Bitbucket's own: refs/pull-requests/, refs/changes/, refs/stash-refs/ (semantics.md 4). */
bool ref_is_internal(struct text ref);

/* 40 or 64 lower-case hex digits. */
bool object_id_valid(struct text id);
bool object_id_zero(struct text id); /* all zeros; of a valid id */

#endif
