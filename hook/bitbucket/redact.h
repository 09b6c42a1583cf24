/*
 * redact.h - answers without what nobody may keep.
 *
 * Bitbucket gives secrets of webhooks in clear text, and settings of hooks may hold any (rest-api.md
 * 1.3, row 41). Whatever is stored passes here first.
 */
#ifndef REFGATE_BITBUCKET_REDACT_H
#define REFGATE_BITBUCKET_REDACT_H

#include <stdbool.h>
#include <jansson.h>

#include "base/text.h"

#define REDACTED "[removed]"

/* Might there be something to remove? A fast look at the bytes of an answer: no JSON is parsed. */
bool redact_needed(struct text bytes);
/* Replaces in place: the values of members whose names speak of secrets; user and password in URLs;
 * of a webhook's url all that follows the host. false: out of memory. */
bool redact_json(json_t *value);
/* "https://user:pw@host:1/path?x" -> "https://host:1/[removed]" into out (NUL-terminated, cut). */
void redact_url(struct text url, char *out, size_t size);

#endif
