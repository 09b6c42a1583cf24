/*
 * connection.h - how `sync` and `doctor` reach Bitbucket: the options they share, and a client made
 * from them.
 */
#ifndef REFGATE_COMMAND_CONNECTION_H
#define REFGATE_COMMAND_CONNECTION_H

#include <signal.h>

#include "bitbucket/client.h"
#include "command/command.h"

#define CONNECTION_SLOTS_DEFAULT 16

/* The rows of the options' table. */
#define OPTIONS_CONNECTION                                                                        \
    {"url", "URL", "Bitbucket's base URL (or REFGATE_URL)", false},                               \
        {"auth-file", "FILE", "token, user and password (default: from the environment)", false}, \
        {"auth-fd", "N", "the same from an open descriptor", false},                              \
        {"cacert", "FILE|DIR", "certificates to trust (default: the system's)", false},           \
        {"client-cert", "FILE", "certificate to show, PEM", false},                               \
        {"client-key", "FILE", "its key, PEM", false},                                            \
        {"proxy", "URL", "proxy (default: https_proxy, no_proxy)", false},                        \
    {                                                                                             \
        "allow-http", NULL, "send credentials unencrypted: never in production", false            \
    }

/* The options agree with each other, and there is no secret in an URL. STATUS_USAGE with a sentence that
 * repeats nothing of an URL. */
enum status connection_check(const struct arguments *args, struct error *err) MUST_CHECK;
/* What is wrong with a base URL or a proxy, without a word of it (there may be a secret in it): the
 * end of a sentence like "has a user in it"; NULL if nothing is. */
const char *connection_url_problem(struct text url);
/* --url, else REFGATE_URL; NULL: neither. */
const char *connection_url(const struct arguments *args);
/* `tuning`: what is not about the connection (slots, rate, attempts, timeouts); may be NULL. Protects
 * the process (credentials.h), checks the options, reads the credentials, makes the client. Does not
 * connect. STATUS_USAGE, and what credentials.h and client_new() give. */
enum status connection_open(const struct arguments *args, const struct client_options *tuning,
                            const volatile sig_atomic_t *cancel, struct client **out,
                            struct error *err) MUST_CHECK;

#endif
