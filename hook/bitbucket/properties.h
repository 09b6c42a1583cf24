/*
 * properties.h - bitbucket.properties: one key of a Java properties file.
 *
 * The syntax is that of java.util.Properties.load (Java SE API documentation): `key=value`, `key: value`
 * or `key value`; lines whose first byte is # or ! are comments; a line that ends in an odd number of
 * backslashes goes on in the next one; \t, \n, \r, \f and \uXXXX in keys and values, any other \c is c;
 * blanks at a value's end belong to it. Of a key that is there twice the later one counts.
 */
#ifndef REFGATE_BITBUCKET_PROPERTIES_H
#define REFGATE_BITBUCKET_PROPERTIES_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/answer.h"

#define PROPERTIES_FEATURE "feature.hook.scripts"

/* The value of `key` into `value` (emptied first; bytes, \uXXXX as UTF-8), and the line that sets it
 * into *line (may be NULL). STATUS_NOT_FOUND: it is not set. STATUS_FORMAT: the file is malformed, so
 * that Bitbucket cannot read it either (\u without four hex digits). STATUS_MEMORY. */
enum status properties_get(struct text bytes, struct text key, struct buffer *value, unsigned *line,
                           struct error *err) MUST_CHECK;

/* Does HOME/shared/bitbucket.properties switch hook scripts on (needed from Bitbucket 8.18 on)? YES: it
 * says feature.hook.scripts=true. NO: the file is not there, or says nothing of it or something else
 * (an environment variable or -D may still switch them on). CANNOT_TELL: it cannot be read, or there is
 * no such home. `why` gets a sentence for each of the three; names in it are not escaped. */
enum answer properties_feature_hook_scripts(const char *home, struct error *why);

#endif
