#include "bitbucket/client_secret.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "bitbucket/redact.h"

#define NEEDLE_LEAST 4 /* shorter ones are in every text, and no secret */

static bool header_safe(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < ' ' || *value == 0x7f)
            return false;
    return true;
}

enum status secrets_make(const struct credentials *credentials, struct secrets *out,
                         struct error *err)
{
    const struct credentials *c = credentials;
    if (!header_safe(c->token) || !header_safe(c->user) || !header_safe(c->password))
        return error_set(err, STATUS_USAGE, "a credential holds a control character");
    if (!c->token[0] && !c->user[0])
        return error_set(err, STATUS_USAGE, "there is no credential");
    if (c->user[0] && strchr(c->user, ':'))
        return error_set(err, STATUS_USAGE, "the user name holds a colon");
    *out = (struct secrets){.token = ""};
    memcpy(out->token, c->token, sizeof out->token);
    if (c->user[0]) {
        char pair[2 * CREDENTIAL_MAX];
        int size = snprintf(pair, sizeof pair, "%s:%s", c->user, c->password);
        memcpy(out->password, c->password, sizeof out->password);
        base64_encode(out->basic, pair, (size_t)size);
        explicit_bzero(pair, sizeof pair);
    }
    return STATUS_OK;
}

void secrets_wipe(struct secrets *secrets)
{
    explicit_bzero(secrets, sizeof *secrets);
}

/* Bytes of a secret at the beginning of `rest`, or 0. */
static size_t secret_here(const struct secrets *s, struct text rest)
{
    const char *const needles[] = {s->token, s->password, s->basic};
    size_t longest = 0;
    for (size_t i = 0; i < sizeof needles / sizeof needles[0]; i++) {
        struct text needle = text_of(needles[i]);
        if (needle.size >= NEEDLE_LEAST && needle.size > longest && text_starts(rest, needle))
            longest = needle.size;
    }
    return longest;
}

/* After "://": bytes up to and with an @ that comes before the path. */
static size_t user_here(struct text rest)
{
    size_t last = 0;
    for (size_t i = 0; i < rest.size && !strchr("/ \t\r\n\"'<>", rest.at[i]); i++)
        if (rest.at[i] == '@')
            last = i + 1;
    return last;
}

void secrets_put(struct buffer *out, const struct secrets *secrets, struct text outside, size_t most)
{
    struct buffer clean;
    buffer_init(&clean, SIZE_MAX);
    struct text rest = outside;
    while (rest.size && clean.size <= most && !clean.failed) {
        size_t hidden = secrets ? secret_here(secrets, rest) : 0;
        if (!hidden && text_starts(rest, TEXT("://"))) {
            buffer_string(&clean, "://");
            rest = text_skip(rest, 3);
            hidden = user_here(rest);
            if (!hidden)
                continue;
        }
        if (hidden)
            buffer_string(&clean, REDACTED);
        else
            buffer_add(&clean, rest.at, 1);
        rest = text_skip(rest, hidden ? hidden : 1);
    }
    buffer_escaped(out, buffer_view(&clean), most, false);
    if (clean.data)
        explicit_bzero(clean.data, clean.size);
    buffer_free(&clean);
}

void secrets_quote(char *out, size_t size, const struct secrets *secrets, struct text outside,
                   size_t most)
{
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    secrets_put(&safe, secrets, outside, most);
    snprintf(out, size, "%s", safe.data ? safe.data : "");
    buffer_free(&safe);
}
