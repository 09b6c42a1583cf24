#include "bitbucket/redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/*
 * Two functions that must agree: whatever redact_json() changes, redact_needed() must have seen. The
 * second looks at the bytes of each string of a JSON text, names and values alike, with the same
 * tests; only a string with an escape that may stand for an ASCII character is not looked into, but
 * counted as one that needs it.
 */

/* ------------------------------------------------------------------ names */

static const struct text secret_words[] = {
    TEXT("secret"),        TEXT("password"), TEXT("passwd"),  TEXT("token"),
    TEXT("credential"),    TEXT("apikey"),   TEXT("api_key"), TEXT("api-key"),
    TEXT("authorization"), TEXT("cookie"),   TEXT("private"),
};

static bool has_word_at(struct text name, size_t at)
{
    for (size_t i = 0; i < sizeof secret_words / sizeof secret_words[0]; i++)
        if (name.size - at >= secret_words[i].size &&
            text_equal_fold((struct text){name.at + at, secret_words[i].size}, secret_words[i]))
            return true;
    return false;
}

/* Words anywhere in a name, in any case: `clientSecret`, `X-API-Key`, `tokenPermissions`. */
static bool is_secret_name(struct text name)
{
    for (size_t i = 0; i < name.size; i++)
        switch (name.at[i] | 0x20) { /* the first letters of the words, which few letters are */
        case 's':
        case 'p':
        case 't':
        case 'c':
        case 'a':
            if (has_word_at(name, i))
                return true;
            break;
        default:
            break;
        }
    return false;
}

/* Webhooks, and settings of hooks, have a `url` that may hold a secret in its path or query. */
static bool is_url_name(struct text name)
{
    return text_equal_fold(name, TEXT("url"));
}

/* ------------------------------------------------------------------ URLs in a string */

/* What ends a URL in running text. A quote ends it too, so that a look at the bytes of JSON sees as
 * much of it as a look at the string. */
static bool ends_url(char c)
{
    return (unsigned char)c <= ' ' || c == '"' || c == '<' || c == '>' || c == '\\';
}

static bool ends_authority(char c)
{
    return ends_url(c) || c == '/' || c == '?' || c == '#';
}

/* So far and no farther: somebody may write a text that is all URLs. */
#define URL_MAX 1024

static size_t span(struct text t, size_t from, bool (*ends)(char c))
{
    size_t most = t.size < URL_MAX ? t.size : URL_MAX;
    while (from < most && !ends(t.at[from]))
        from++;
    return from;
}

static bool is_port(struct text authority)
{
    size_t colon = authority.size;
    while (colon > 0 && authority.at[colon - 1] != ':' && authority.at[colon - 1] != ']')
        colon--;
    if (!colon || authority.at[colon - 1] == ']') /* none, or an IPv6 address's own */
        return true;
    for (size_t i = colon; i < authority.size; i++)
        if (!ascii_digit(authority.at[i]))
            return false;
    return true;
}

/* Bytes of user and password, with the '@', of what follows "://". A password may have a '/' that
 * nobody has encoded: then what looks like a port is not one. */
static size_t userinfo_size(struct text rest)
{
    size_t skipped = 0, at;
    do {
        struct text here = text_skip(rest, skipped);
        size_t end = span(here, 0, ends_authority);
        if (!memchr(here.at, '@', end) && !is_port((struct text){here.at, end}))
            end = span(here, end, ends_url);
        else if (!memchr(here.at, '@', end))
            return skipped;
        for (at = end; at > 0 && here.at[at - 1] != '@';)
            at--;
        skipped += at;
    } while (at);
    return skipped;
}

/* "ssh://git@host": a user alone is no secret there, and labels of keys are made of it. */
static bool is_plain_ssh_user(struct text before, struct text userinfo)
{
    struct text ssh = TEXT("ssh");
    return before.size >= ssh.size &&
           text_equal_fold(text_skip(before, before.size - ssh.size), ssh) &&
           !memchr(userinfo.at, ':', userinfo.size);
}

/* The next "://" whose user and password go: where what follows it begins, and their bytes. */
static bool next_userinfo(struct text t, size_t *from, size_t *bytes)
{
    for (size_t i = *from; i + 3 <= t.size; i++) {
        const char *colon = memchr(t.at + i, ':', t.size - i);
        if (!colon)
            return false;
        i = (size_t)(colon - t.at);
        if (t.size - i < 3 || colon[1] != '/' || colon[2] != '/')
            continue;
        struct text rest = text_skip(t, i + 3);
        size_t size = rest.size ? userinfo_size(rest) : 0;
        if (size && !is_plain_ssh_user((struct text){t.at, i}, (struct text){rest.at, size})) {
            *from = i + 3;
            *bytes = size;
            return true;
        }
    }
    return false;
}

static bool has_private_key(struct text t)
{
    static const struct text marks[] = {TEXT("PRIVATE KEY-----"), TEXT("PuTTY-User-Key-File-")};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (t.size >= marks[i].size && memmem(t.at, t.size, marks[i].at, marks[i].size))
            return true;
    return false;
}

static bool string_needs(struct text t)
{
    size_t from = 0, bytes;
    return next_userinfo(t, &from, &bytes) || has_private_key(t);
}

static void clean_string(struct text t, struct buffer *out)
{
    size_t from = 0, bytes, copied = 0;
    if (has_private_key(t)) {
        buffer_string(out, REDACTED);
        return;
    }
    while (next_userinfo(t, &from, &bytes)) {
        buffer_add(out, t.at + copied, from - copied);
        from += bytes;
        copied = from;
    }
    buffer_add(out, t.at + copied, t.size - copied);
}

/* ------------------------------------------------------------------ what a webhook calls */

static bool is_scheme(struct text t)
{
    for (size_t i = 0; i < t.size; i++) {
        char c = ascii_lower(t.at[i]);
        if (!(c >= 'a' && c <= 'z') && !ascii_digit(c) && c != '+' && c != '-' && c != '.')
            return false;
    }
    return t.size > 0;
}

/* Cuts "scheme", and "host:port" of what follows "://" and user and password; false: that is no URL.
 * *more: there is a path or a query. */
static bool cut_url(struct text url, struct text *scheme, struct text *host, bool *more)
{
    size_t colon = 0;
    while (colon < url.size && url.at[colon] != ':')
        colon++;
    *scheme = (struct text){url.at, colon};
    if (!is_scheme(*scheme) || !text_starts(text_skip(url, colon), TEXT("://")))
        return false;
    struct text rest = text_skip(url, colon + 3);
    rest = text_skip(rest, rest.size ? userinfo_size(rest) : 0);
    size_t end = rest.size ? span(rest, 0, ends_authority) : 0;
    *host = (struct text){rest.at, end};
    *more = rest.size > end + 1 || (rest.size > end && rest.at[end] != '/');
    return end > 0;
}

static void clean_url(struct text url, struct buffer *out)
{
    struct text scheme, host;
    bool more;
    if (!url.size)
        return;
    if (!cut_url(url, &scheme, &host, &more) || has_private_key(url)) {
        buffer_string(out, REDACTED);
        return;
    }
    buffer_text(out, scheme);
    buffer_string(out, "://");
    buffer_text(out, host);
    if (more)
        buffer_string(out, "/" REDACTED);
}

/* A path within Bitbucket (links of old servers) is no URL. */
static bool is_path(struct text t)
{
    return t.size && t.at[0] == '/';
}

void redact_url(struct text url, char *out, size_t size)
{
    struct buffer clean;
    buffer_init(&clean, SIZE_MAX);
    clean_url(url, &clean);
    struct text t = clean.failed ? TEXT(REDACTED) : buffer_view(&clean);
    size_t used = size && t.size < size ? t.size : size ? size - 1 : 0;
    if (used)
        memcpy(out, t.at, used);
    if (size)
        out[used] = '\0';
    buffer_free(&clean);
}

/* ------------------------------------------------------------------ JSON values */

struct work { /* objects and arrays that are still to be looked into */
    json_t **items;
    size_t count, room;
    bool failed; /* out of memory */
};

static void add_work(struct work *work, json_t *value)
{
    if (work->failed || (!json_is_object(value) && !json_is_array(value)))
        return;
    if (work->count == work->room) {
        size_t room = work->room ? work->room * 2 : 64;
        json_t **items = realloc(work->items, room * sizeof(json_t *));
        if (!items) {
            work->failed = true;
            return;
        }
        work->items = items;
        work->room = room;
    }
    work->items[work->count++] = value;
}

static struct text text_of_json(const json_t *string)
{
    return (struct text){json_string_value(string), json_string_length(string)};
}

typedef void cleaner(struct text t, struct buffer *out);

static void replace_string(struct work *work, json_t *string, cleaner *clean)
{
    struct text is = text_of_json(string);
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    clean(is, &out);
    if (out.failed)
        work->failed = true;
    else if (!text_equal(is, buffer_view(&out)) &&
             json_string_setn_nocheck(string, out.data ? out.data : "", out.size))
        work->failed = true;
    buffer_free(&out);
}

static void visit(struct work *work, json_t *value)
{
    if (!json_is_string(value))
        add_work(work, value);
    else if (string_needs(text_of_json(value)))
        replace_string(work, value, clean_string);
}

/* That something is not there, or is switched on, is no secret. */
static bool holds_something(const json_t *value)
{
    if (json_is_string(value))
        return json_string_length(value) > 0;
    return json_is_number(value) || json_object_size(value) || json_array_size(value);
}

static void visit_member(struct work *work, json_t *object, const char *name, json_t *value)
{
    struct text named = text_of(name);
    if (is_secret_name(named)) {
        if (holds_something(value) &&
            json_object_set_new_nocheck(object, name, json_string_nocheck(REDACTED)))
            work->failed = true;
        return;
    }
    if (is_url_name(named) && json_is_string(value) && !is_path(text_of_json(value)))
        replace_string(work, value, clean_url);
    visit(work, value);
}

/* A name may be text that somebody wrote, too. The new one goes to the end, and is met there. */
static void rename_member(struct work *work, json_t *object, const char *name, json_t *value)
{
    struct buffer clean;
    buffer_init(&clean, SIZE_MAX);
    clean_string(text_of(name), &clean);
    json_incref(value);
    if (clean.failed || json_object_set_nocheck(object, clean.data ? clean.data : "", value) ||
        json_object_del(object, name))
        work->failed = true;
    json_decref(value);
    buffer_free(&clean);
}

static void visit_object(struct work *work, json_t *object)
{
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, name, value)
    {
        if (string_needs(text_of(name)))
            rename_member(work, object, name, value);
    }
    json_object_foreach_safe(object, next, name, value)
    {
        visit_member(work, object, name, value);
    }
}

bool redact_json(json_t *value)
{
    struct work work = {NULL, 0, 0, false};
    visit(&work, value);
    while (work.count && !work.failed) {
        json_t *container = work.items[--work.count];
        if (json_is_object(container))
            visit_object(&work, container);
        for (size_t i = 0; i < json_array_size(container); i++)
            visit(&work, json_array_get(container, i));
    }
    free(work.items);
    return !work.failed;
}

/* ------------------------------------------------------------------ bytes of JSON */

/* The string that begins after a quote at `from`: up to its own quote. false: it has none. */
static bool cut_string(struct text bytes, size_t from, struct text *string, bool *escaped)
{
    size_t end = from;
    *escaped = false;
    while (end < bytes.size && bytes.at[end] != '"') {
        if (bytes.at[end] == '\\') {
            end++;
            *escaped = *escaped ||
                       (end < bytes.size && (bytes.at[end] == 'u' || bytes.at[end] == '/'));
        }
        end++;
    }
    if (end >= bytes.size)
        return false;
    *string = (struct text){bytes.at + from, end - from};
    return true;
}

static size_t skip_blanks(struct text bytes, size_t at)
{
    while (at < bytes.size &&
           (ascii_blank(bytes.at[at]) || bytes.at[at] == '\n' || bytes.at[at] == '\r'))
        at++;
    return at;
}

/* Is it a name that says that its value goes? `after`: what follows the closing quote. */
static bool name_needs(struct text bytes, size_t after, struct text string)
{
    size_t at = skip_blanks(bytes, after);
    if (at >= bytes.size || bytes.at[at] != ':')
        return false;
    if (is_secret_name(string))
        return true;
    if (!is_url_name(string))
        return false;
    at = skip_blanks(bytes, at + 1);
    return at + 1 < bytes.size && bytes.at[at] == '"' && bytes.at[at + 1] != '/';
}

bool redact_needed(struct text bytes)
{
    size_t at = 0;
    while (at < bytes.size) {
        const char *quote = memchr(bytes.at + at, '"', bytes.size - at);
        struct text string;
        bool escaped;
        if (!quote)
            return false;
        at = (size_t)(quote - bytes.at) + 1;
        if (!cut_string(bytes, at, &string, &escaped))
            return true; /* no JSON at all */
        at += string.size + 1;
        if (escaped || string_needs(string) || name_needs(bytes, at, string))
            return true;
    }
    return false;
}
