/* A line of Bitbucket's access log: clients choose their addresses, agents and actions. */
#include <stdint.h>
#include <stdlib.h>

#include "push/access_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct text part, struct text whole)
{
    if (part.size && (part.at < whole.at || part.at + part.size > whole.at + whole.size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text bytes = {(const char *)data, size};
    struct access_line line;
    struct text label = TEXT_NONE, user;
    uint64_t id;
    if (!access_line_parse(bytes, &line))
        return 0;
    const struct text parts[] = {line.request_id, line.addresses, line.user,  line.project,
                                 line.slug,       line.agent,     line.labels};
    for (size_t i = 0; i < 5; i++)
        inside(parts[i], bytes);
    if (line.details)
        for (size_t i = 5; i < 7; i++)
            inside(parts[i], bytes);
    if (!access_line_user(bytes, &user) || !text_equal(user, line.user))
        abort();
    if (access_line_credential(&line, &id, &label) != ACCESS_CREDENTIAL_UNKNOWN && !line.details)
        abort();
    inside(label, bytes);
    (void)access_line_about(&line, TEXT("PRJ"), TEXT("app"));
    (void)access_line_labelled(&line, TEXT("push"));
    return 0;
}
