/*
 * client.h - Bitbucket's REST API over libcurl: several requests under way at once.
 *
 * Does by itself: authentication, TLS, keep-alive, HTTP/2 where it is offered, pacing (pace.h),
 * retries with backoff for 429, 5xx, resets, timeouts and answers that were cut; never for 401.
 * Every answer must be JSON and say, in X-AUSERNAME, that it was given to the account that signed in:
 * a login page or an anonymous answer is an error, not an empty instance (rest-api.md 4.1).
 */
#ifndef REFGATE_BITBUCKET_CLIENT_H
#define REFGATE_BITBUCKET_CLIENT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "bitbucket/credentials.h"

#define CLIENT_SLOTS_MAX 256
#define CLIENT_ANSWER_MAX ((size_t)64 * 1024 * 1024)

struct client_options {
    const char *base_url; /* https://host[:port][/context]; http only with allow_http */
    const struct credentials *credentials; /* copied */
    size_t slots;                          /* 1 .. CLIENT_SLOTS_MAX */
    bool allow_http;                       /* else http is only for loopback addresses */
    const char *cacert; /* file or directory of certificates; NULL: the system's */
    const char *client_cert, *client_key; /* PEM files; NULL: none */
    const char *proxy;       /* NULL: from the environment (https_proxy, no_proxy, …) */
    double rate;             /* requests a second at most; 0: what the server says */
    unsigned attempts;       /* of one request; 0: 5 */
    unsigned throttled_most; /* 429s in a row that one request bears; 0: 50 */
    size_t answer_max;       /* bytes of one answer, unpacked; 0: CLIENT_ANSWER_MAX */
    int64_t connect_timeout_ms, stall_timeout_ms, answer_timeout_ms; /* 0: 10 s, 30 s, 5 min */
    const volatile sig_atomic_t *cancel;                             /* may be NULL */
    /* Called again and again while answers are waited for (five times a second at least). */
    void (*tick)(void *self); /* may be NULL */
    void *tick_self;
};

enum client_method { CLIENT_GET, CLIENT_PUT, CLIENT_POST, CLIENT_DELETE };

/* A field of a form. */
struct client_part {
    const char *name;
    struct text content; /* copied */
    const char *file;    /* NULL, or its name as that of a file */
};

struct client_request {
    const char *url;           /* begins with "/rest/"; copied */
    bool admin;                /* Basic authentication is preferred (ENDPOINT_ADMIN) */
    bool anonymous;            /* an answer without X-AUSERNAME is fine (application-properties) */
    bool plain;                /* the answer need not be JSON: body stays NULL, raw holds it */
    enum client_method method; /* CLIENT_GET if not set. A POST is never sent twice */
    struct text body;          /* JSON, copied; absent: none */
    const struct client_part *parts; /* in place of body: multipart/form-data */
    size_t part_count;
};

struct client_answer {
    int status;      /* 200, 201, 204, 307, 400, 401 (not permitted), 403, 404, 409, 422 */
    struct text raw; /* bytes of the body, "" if body is NULL; valid until the slot is used again */
    json_t *body;    /* parsed; NULL if empty; the receiver releases it */
    char *location;  /* of a 307 within this instance, as "/rest/…"; the receiver frees it */
    char user[256];  /* X-AUSERNAME, decoded; "" if it was not there */
    int64_t date_ms; /* the server's Date; 0: not said */
};

struct client_stats {
    uint64_t requests, answers, retries, throttled, errors; /* errors: attempts that failed */
    uint64_t bytes;           /* received, as they came over the wire */
    int64_t waited_ms;        /* that 429 cost */
    int64_t waiting_until_us; /* monotonic; in the past: not waiting now */
    uint64_t connections;     /* that were opened */
    int http_version;         /* 10, 11, 20; of the last answer */
};

struct client;

/* STATUS_USAGE for options that make no sense (an URL with user or query, http without leave, …),
 * STATUS_NOT_FOUND, STATUS_IO and STATUS_TRUST for the files of certificates and keys. Does not
 * connect. The program must ignore SIGPIPE. */
enum status client_new(const struct client_options *options, struct client **out,
                       struct error *err) MUST_CHECK;
void client_free(struct client *client); /* NULL is fine */
/* base URL without trailing slashes, as everything else uses it. */
const char *client_base_url(const struct client *client);
/* Outside text for a message: without the secrets of this client (may be NULL), escaped, cut at `most`
 * bytes. */
void client_quote(const struct client *client, struct buffer *out, struct text outside, size_t most);
void client_limit(struct client *client, double capacity, double fill_per_s);
const struct client_stats *client_stats(const struct client *client);
/* The account that the token (or, if !token, the password) belongs to, as far as an answer has said
 * it: "" if not yet. */
const char *client_account(const struct client *client, bool token);

/* Puts a request into a free slot. */
enum status client_ask(struct client *client, size_t slot, const struct client_request *request,
                       struct error *err) MUST_CHECK;
/* The next answer. Errors are final (after all attempts): STATUS_IO for the network, TLS and the
 * server's errors, STATUS_TRUST for a credential that is refused, an anonymous answer, another
 * account, a login page; STATUS_LIMIT for an answer over the maximum; STATUS_DEADLINE if cancelled.
 * The sentence names URL and cause, without any secret, safe for a terminal. */
enum status client_wait(struct client *client, size_t *slot, struct client_answer *out,
                        struct error *err) MUST_CHECK;
/* One request, while nothing else is under way. */
enum status client_get(struct client *client, const struct client_request *request,
                       struct client_answer *out, struct error *err) MUST_CHECK;

#endif
