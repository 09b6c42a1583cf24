/*
 * instance_url.h - base URLs: do two of them name the same Bitbucket?
 */
#ifndef REFGATE_MODEL_INSTANCE_URL_H
#define REFGATE_MODEL_INSTANCE_URL_H

#include <stdbool.h>

#include "base/text.h"

/* Scheme and host have no case, a trailing slash and the scheme's own port say nothing; the context
 * path is compared exactly (semantics.md 8). */
bool instance_url_same(struct text a, struct text b);

#endif
