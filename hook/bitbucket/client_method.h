/*
 * client_method.h - what a request sends besides its URL: method, body or form, headers; for client.c
 * and client_slot.c only.
 *
 * A slot reads (GET) most of the time: what another request has set is taken back before its next use.
 */
#ifndef REFGATE_BITBUCKET_CLIENT_METHOD_H
#define REFGATE_BITBUCKET_CLIENT_METHOD_H

#include "bitbucket/client_slot.h"

/* The slot's handle sends REQUEST for the signer. STATUS_USAGE: a GET with a body, a body and a form;
 * STATUS_MEMORY. */
enum status method_set(struct slot *slot, const struct client_request *request,
                       const struct signer *signer, struct error *err) MUST_CHECK;
/* Back to a GET; frees what was sent. */
void method_clear(struct slot *slot);

#endif
