/*
 * client_base.h - the address of a Bitbucket (--url), and where a redirect leads from there.
 */
#ifndef REFGATE_BITBUCKET_CLIENT_BASE_H
#define REFGATE_BITBUCKET_CLIENT_BASE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

#define BASE_URL_MAX 2048

struct base_url {
    char url[BASE_URL_MAX]; /* scheme://host[:port][/context], no slash at the end */
    bool https;
    unsigned port;     /* 443 or 80 if none is named */
    struct text host;  /* within url, in lower case; an IPv6 address without brackets */
    struct text path;  /* within url: "" or "/context" */
};

/* STATUS_USAGE, with a sentence, if TEXT is no such address, or is plain http to another machine
 * without `allow_http`: whoever listens would have the credential. What is given back points into
 * itself: it must not be copied. */
enum status base_url_parse(const char *text, bool allow_http, struct base_url *out,
                           struct error *err) MUST_CHECK;

enum redirect {
    REDIRECT_INSIDE = 11, /* below /rest/ of this Bitbucket */
    REDIRECT_OUTSIDE,     /* the same host, but not below /rest/ (a login page, mostly) */
    REDIRECT_TO_HTTPS,    /* http://host -> https://host */
    REDIRECT_ELSEWHERE,   /* another host, port or scheme */
    REDIRECT_BAD          /* cannot be understood */
};
/* What LOCATION (the header of a 3xx) means. *path: of INSIDE, "/rest/…", a part of LOCATION. *host: of
 * ELSEWHERE, as it stands there: outside text. */
enum redirect base_url_redirect(const struct base_url *base, struct text location,
                                struct text *path, struct text *host);

#endif
