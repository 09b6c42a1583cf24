/* access.h - what the parts of `refgate access` share. */
#ifndef REFGATE_COMMAND_ACCESS_H
#define REFGATE_COMMAND_ACCESS_H

#include "command/access_limits.h"
#include "command/example_refs.h"

struct access {
    struct standing_question question;
    struct principal principal;
    struct standing standing;
    struct access_limits limits;
    struct example_refs examples;
    bool by_example; /* no ref was asked about */
    size_t ref_count, kinds;
};

/* false: out of memory. */
bool access_text(const struct access *access) MUST_CHECK;
/* "stops create, update", "exempt …", in words and escaped. */
void access_effect(const struct limit *limit, struct buffer *out);

#endif
