#include "bitbucket/client_base.h"

#include <stdint.h>
#include <stdio.h>

/* scheme://authority/path?query#fragment, cut at its delimiters (RFC 3986, appendix B). */
struct pieces {
    struct text scheme, authority, path; /* path: with its query; scheme absent: a relative one */
};

/* Printable ASCII without blank and backslash: browsers and libcurl disagree about the others. */
static bool plain(struct text t)
{
    for (size_t i = 0; i < t.size; i++)
        if (t.at[i] <= ' ' || t.at[i] > '~' || t.at[i] == '\\')
            return false;
    return true;
}

static struct text until(struct text t, const char *delimiters)
{
    size_t size = 0;
    while (size < t.size && !strchr(delimiters, t.at[size]))
        size++;
    return (struct text){t.at, size};
}

static struct pieces take_apart(struct text t)
{
    struct pieces p = {TEXT_NONE, TEXT_NONE, t};
    struct text head = until(t, ":/?#");
    if (head.size + 2 < t.size && !memcmp(t.at + head.size, "://", 3)) {
        p.scheme = head;
        t = text_skip(t, head.size + 1);
    }
    if (text_starts(t, TEXT("//"))) {
        p.authority = until(text_skip(t, 2), "/?#");
        p.path = text_skip(t, 2 + p.authority.size);
    }
    return p;
}

static bool host_character(char c, bool brackets)
{
    char lower = ascii_lower(c);
    if (ascii_digit(c) || (lower >= 'a' && lower <= (brackets ? 'f' : 'z')))
        return true;
    return brackets ? c == ':' || c == '.' : c == '.' || c == '-' || c == '_';
}

/* host, host:port, [v6], [v6]:port; no user. */
static bool parse_authority(struct text t, unsigned default_port, struct text *host, unsigned *port)
{
    bool brackets = t.size && t.at[0] == '[';
    struct text rest, name;
    if (brackets) {
        name = until(text_skip(t, 1), "]");
        if (name.size + 2 > t.size)
            return false;
        rest = text_skip(t, name.size + 2);
    } else {
        name = until(t, ":");
        rest = text_skip(t, name.size);
    }
    for (size_t i = 0; i < name.size; i++)
        if (!host_character(name.at[i], brackets))
            return false;
    uint64_t number = default_port;
    if (!name.size || (rest.size && rest.at[0] != ':'))
        return false;
    if (rest.size && (!text_parse_u64(text_skip(rest, 1), 65535, false, &number) || !number))
        return false;
    *host = name;
    *port = (unsigned)number;
    return true;
}

static bool is_loopback(struct text host)
{
    struct text part;
    if (text_equal_fold(host, TEXT("localhost")) || text_equal(host, TEXT("::1")))
        return true;
    /* 127.0.0.0/8, written in full: "127.example.com" is a name. */
    if (!text_starts(host, TEXT("127.")))
        return false;
    unsigned parts = 0;
    for (uint64_t number; text_next_field(&host, '.', &part); parts++)
        if (!text_parse_u64(part, 255, true, &number))
            return false;
    return parts == 4;
}

static bool has_dots(struct text path) /* a "." or ".." between slashes, also as %2e */
{
    struct text part;
    while (text_next_field(&path, '/', &part)) {
        size_t dots = 0;
        struct text rest = part;
        while (rest.size) {
            size_t step = rest.at[0] == '.' ? 1
                          : text_equal_fold((struct text){rest.at, rest.size < 3 ? rest.size : 3},
                                            TEXT("%2e"))
                              ? 3
                              : 0;
            if (!step)
                break;
            rest = text_skip(rest, step);
            dots++;
        }
        if (dots && !rest.size)
            return true;
    }
    return false;
}

static const char *unfit(struct text t, const struct pieces *p)
{
    if (!t.size)
        return "is empty";
    if (!plain(t))
        return "holds a blank, a backslash, a control character or other than ASCII";
    if (text_absent(p->scheme) || text_absent(p->authority))
        return "is not of the form https://host/context";
    if (memchr(p->authority.at, '@', p->authority.size))
        return "holds a user: credentials belong into a file or the environment";
    if (until(p->path, "?#").size < p->path.size)
        return "holds a query or a fragment";
    if (has_dots(p->path))
        return "holds \".\" or \"..\" as part of its path";
    return NULL;
}

static size_t put(char *out, size_t at, struct text t, bool fold)
{
    for (size_t i = 0; i < t.size; i++)
        out[at + i] = fold ? ascii_lower(t.at[i]) : t.at[i];
    return at + t.size;
}

static void assemble(struct base_url *out, const struct pieces *p)
{
    size_t at = put(out->url, 0, out->https ? TEXT("https://") : TEXT("http://"), false);
    char *authority = out->url + at;
    at = put(out->url, at, p->authority, true);
    out->path = (struct text){out->url + at, p->path.size};
    out->url[put(out->url, at, p->path, false)] = '\0';
    /* The same rules as before, over the copy: it was good. */
    parse_authority((struct text){authority, p->authority.size}, out->https ? 443 : 80, &out->host,
                    &out->port);
}

/* The sentence does not repeat the URL: it may hold a password. */
enum status base_url_parse(const char *text, bool allow_http, struct base_url *out,
                           struct error *err)
{
    struct text t = text_without_slashes(text_of(text)), host;
    unsigned port;
    struct pieces p = take_apart(t);
    const char *why = unfit(t, &p);
    if (why)
        return error_set(err, STATUS_USAGE, "the URL of Bitbucket %s", why);
    bool https = text_equal_fold(p.scheme, TEXT("https"));
    if (!https && !text_equal_fold(p.scheme, TEXT("http")))
        return error_set(err, STATUS_USAGE, "the URL of Bitbucket begins with neither https:// nor "
                                            "http://");
    if (!parse_authority(p.authority, 443, &host, &port))
        return error_set(err, STATUS_USAGE, "the URL of Bitbucket names no host and port");
    if (t.size + sizeof "https://" >= BASE_URL_MAX)
        return error_set(err, STATUS_USAGE, "the URL of Bitbucket is longer than %d bytes",
                         BASE_URL_MAX);
    if (!https && !allow_http && !is_loopback(host))
        return error_set(err, STATUS_USAGE,
                         "http:// would send the credential to everybody who listens: use https://");
    out->https = https;
    assemble(out, &p);
    return STATUS_OK;
}

static bool same_host(const struct base_url *base, const struct pieces *p, bool https)
{
    struct text host;
    unsigned port;
    return parse_authority(p->authority, https ? 443 : 80, &host, &port) &&
           text_equal_fold(host, base->host) && port == base->port;
}

static enum redirect leads_elsewhere(const struct base_url *base, const struct pieces *p,
                                     bool https, struct text *host)
{
    struct text name;
    unsigned port;
    if (!parse_authority(p->authority, https ? 443 : 80, &name, &port))
        return REDIRECT_BAD;
    *host = p->authority;
    bool to_https = !base->https && https && text_equal_fold(name, base->host);
    return to_https ? REDIRECT_TO_HTTPS : REDIRECT_ELSEWHERE;
}

enum redirect base_url_redirect(const struct base_url *base, struct text location,
                                struct text *path, struct text *host)
{
    if (!location.size || !plain(location))
        return REDIRECT_BAD;
    struct pieces p = take_apart(location);
    bool https = base->https;
    if (!text_absent(p.scheme)) {
        https = text_equal_fold(p.scheme, TEXT("https"));
        if (text_absent(p.authority) || (!https && !text_equal_fold(p.scheme, TEXT("http"))))
            return REDIRECT_BAD;
    }
    if (!text_absent(p.authority) && (https != base->https || !same_host(base, &p, https)))
        return leads_elsewhere(base, &p, https, host);
    if (!p.path.size || p.path.at[0] != '/' || memchr(p.path.at, '#', p.path.size))
        return text_absent(p.authority) ? REDIRECT_BAD : REDIRECT_OUTSIDE;
    struct text rest = p.path;
    if (!text_starts(rest, base->path))
        return REDIRECT_OUTSIDE;
    rest = text_skip(rest, base->path.size);
    if (!text_starts(rest, TEXT("/rest/")) || has_dots(until(rest, "?")))
        return REDIRECT_OUTSIDE;
    *path = rest;
    return REDIRECT_INSIDE;
}
