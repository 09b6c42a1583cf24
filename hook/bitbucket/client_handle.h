/*
 * client_handle.h - how libcurl is told to behave, and what its errors mean.
 */
#ifndef REFGATE_BITBUCKET_CLIENT_HANDLE_H
#define REFGATE_BITBUCKET_CLIENT_HANDLE_H

#include <curl/curl.h>

#include "base/error.h"
#include "bitbucket/client.h"
#include "bitbucket/client_base.h"
#include "bitbucket/client_secret.h"

struct handle_options {
    const struct client_options *client;
    const struct base_url *base;
    bool cacert_is_directory;
};

/* Looks at the files and at the proxy of `client`, and fills `out`. STATUS_USAGE, STATUS_IO,
 * STATUS_NOT_FOUND, STATUS_TRUST (certificates that others may change, a key that they may read). */
enum status handle_check(const struct client_options *client, const struct base_url *base,
                         struct handle_options *out, struct error *err) MUST_CHECK;
/* With everything set that is the same for all requests. NULL: out of memory, or this libcurl cannot
 * do what is needed. */
CURL *handle_new(const struct handle_options *options);
CURLM *handle_new_multi(size_t slots);
/* "Authorization: …" and "Accept: …"; NULL if out of memory. */
struct curl_slist *handle_headers(const char *scheme, const char *secret);
/* Those of a request that is no ordinary GET, with the "Authorization: …" of `signer`. */
struct curl_slist *handle_request_headers(const struct curl_slist *signer,
                                          const struct client_request *request);
void handle_free_headers(struct curl_slist *headers); /* wiped; NULL is fine */

enum trouble {
    TROUBLE_AGAIN = 11, /* the network: asking again may help */
    TROUBLE_NAME = 22,  /* the name is not known; libcurl does not say whether for now or for ever */
    TROUBLE_FINAL = 33,
    TROUBLE_TLS = 44,   /* final: the server is not who it should be, or does not want us */
    TROUBLE_MEMORY = 55
};
/* `said` is the text in CURLOPT_ERRORBUFFER ("" if none), `os_errno` CURLINFO_OS_ERRNO. */
enum trouble handle_trouble(CURLcode code, const char *said, long os_errno);
/* What to tell people about it. */
void handle_explain(CURLcode code, enum trouble trouble, const char *said,
                    const struct secrets *secrets, struct error *err);

#endif
