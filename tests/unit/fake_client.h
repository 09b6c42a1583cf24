/*
 * fake_client.h - client_get() without a network, for tests that link with --wrap=client_get and
 * --wrap=client_account (tests/flags.mk).
 */
#ifndef REFGATE_TESTS_UNIT_FAKE_CLIENT_H
#define REFGATE_TESTS_UNIT_FAKE_CLIENT_H

#include "bitbucket/client.h"

/* What the server answers. *body is JSON text (copied), NULL: none. Not STATUS_OK: client_get()
 * fails so. */
typedef enum status fake_answer(const struct client_request *request, int *status,
                                const char **body);
extern struct fake_client {
    fake_answer *answer;
    const char *token_account, *password_account; /* NULL: "" */
    int64_t date_ms;                              /* of each answer */
    size_t asked;
    char first[2048], last[2048]; /* URLs */
} fake_client;

/* The server's words where a version has no such thing, and where the account may not. */
#define FAKE_NO_ROUTE "{\"message\":\"HTTP 404 Not Found\",\"status-code\":404,\"sub-code\":-1}"
#define FAKE_REFUSED                                                                     \
    "{\"errors\":[{\"context\":null,\"message\":\"You are not permitted to access this " \
    "resource\",\"exceptionName\":\"com.atlassian.bitbucket.AuthorisationException\"}]}"
#define FAKE_NO_ENTITY                                                                \
    "{\"errors\":[{\"context\":null,\"message\":\"There is none\",\"exceptionName\":" \
    "\"com.atlassian.bitbucket.NoSuchEntityException\"}]}"

enum status __wrap_client_get(struct client *client, const struct client_request *request,
                              struct client_answer *out, struct error *err);
const char *__wrap_client_account(const struct client *client, bool token);

#endif
