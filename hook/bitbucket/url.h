/*
 * url.h - paths of the REST API: made from templates, and compared.
 */
#ifndef REFGATE_BITBUCKET_URL_H
#define REFGATE_BITBUCKET_URL_H

#include "base/buffer.h"
#include "base/text.h"

struct url_values { /* what stands for {project}, {repository}, {group}, {user}, {slug} */
    struct text project, repository, group, user, slug;
};

/* Appends TEMPLATE with its {names} filled in, percent-encoded (RFC 3986: all but unreserved). */
void url_fill(struct buffer *out, const char *template, const struct url_values *values);

/* Appends the form in which two URLs of the same answer are equal: without the base URL, `limit` and
 * `start=0`, parameters sorted, percent-encoding the same (RFC 3986 6.2.2), in lower ASCII case (keys,
 * slugs and names compare so, rest-api.md 1.4). false if it is not a URL of the REST API. */
bool url_normalise(struct buffer *out, struct text base_url, struct text url);

#endif
