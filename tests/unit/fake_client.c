#include "fake_client.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

struct fake_client fake_client;

enum status __wrap_client_get(struct client *client, const struct client_request *request,
                              struct client_answer *out, struct error *err)
{
    int status = 200;
    const char *body = NULL;
    (void)client;
    if (!fake_client.asked++)
        snprintf(fake_client.first, sizeof fake_client.first, "%s", request->url);
    snprintf(fake_client.last, sizeof fake_client.last, "%s", request->url);
    enum status failed = fake_client.answer(request, &status, &body);
    if (failed != STATUS_OK)
        return error_set(err, failed, "%s: failed", request->url);
    json_error_t where;
    json_t *parsed = body ? json_loads(body, JSON_REJECT_DUPLICATES, &where) : NULL;
    if (body && !parsed)
        fail_msg("%s: the test's own JSON: %s: %s", request->url, where.text, body);
    *out = (struct client_answer){.status = status, .body = parsed, .date_ms = fake_client.date_ms};
    return STATUS_OK;
}

const char *__wrap_client_account(const struct client *client, bool token)
{
    (void)client;
    const char *account = token ? fake_client.token_account : fake_client.password_account;
    return account ? account : "";
}
