/*
 * utf8.h - one step through UTF-8, strictly (RFC 3629: no overlong forms, no surrogates).
 */
#ifndef REFGATE_BASE_UTF8_H
#define REFGATE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Bytes of the code point at `at` (1 to 4), its value in *point; 0 if the bytes there are not
 * valid (or left == 0). */
size_t utf8_next(const char *at, size_t left, uint32_t *point);
bool utf8_valid(struct text t);
/* Columns that it takes on a terminal, near enough: one a code point (or byte that is none). */
size_t utf8_columns(struct text t);

#endif
