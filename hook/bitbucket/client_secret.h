/*
 * client_secret.h - what must never be seen: made into headers, kept out of messages, wiped.
 */
#ifndef REFGATE_BITBUCKET_CLIENT_SECRET_H
#define REFGATE_BITBUCKET_CLIENT_SECRET_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "bitbucket/credentials.h"

#define SECRET_BASIC_MAX (CREDENTIAL_MAX * 3) /* base64 of user:password, and a NUL */

struct secrets {
    char token[CREDENTIAL_MAX], password[CREDENTIAL_MAX];
    char basic[SECRET_BASIC_MAX]; /* base64 of "user:password" (RFC 7617); "" if there is none */
};

/* STATUS_USAGE if a credential cannot stand in a header, or if there is none. */
enum status secrets_make(const struct credentials *credentials, struct secrets *out,
                         struct error *err) MUST_CHECK;
void secrets_wipe(struct secrets *secrets);

/* Outside text for a message: without our secrets and without user:password in URLs, then escaped and
 * cut at `most` bytes (buffer_escaped). `secrets` may be NULL. */
void secrets_put(struct buffer *out, const struct secrets *secrets, struct text outside, size_t most);
/* The same into a fixed array. */
void secrets_quote(char *out, size_t size, const struct secrets *secrets, struct text outside,
                   size_t most);

#endif
