/*
 * config_reader.h - the lines of refgate.conf, read by inih behind a strict reader.
 *
 * inih 55, as distributions build it, cuts a line at 199 bytes and takes the tail for a line of its
 * own (a comment's tail too), cuts section and key names at 49 bytes so that two of them become
 * one, skips what it does not understand and has no line numbers. So it never sees a line that it
 * would cut: each line of the file is checked here first and handed on with stand-ins, `[@12]`
 * for the section that line 12 opens and `key=@13` for the value on line 13, which are put back
 * when inih reports them. What inih decides is what belongs to which section and which key.
 */
#ifndef REFGATE_POLICY_CONFIG_READER_H
#define REFGATE_POLICY_CONFIG_READER_H

#include <stdbool.h>

#include "base/text.h"
#include "policy/config_problem.h"

struct config_events { /* texts are views into the bytes, key as in the file (only a-z, 0-9, -) */
    void *self;
    /* What stands between the brackets, trimmed; absent if the header was refused: the values that
     * follow belong to no section that is known. */
    void (*section)(void *self, unsigned line, struct text header);
    /* The trimmed value, without comment; may be empty unless `continues`: then it is a further
     * line of the key that came last. */
    void (*value)(void *self, unsigned line, struct text key, struct text value, bool continues);
};

/* Reads all of `bytes`, which must outlive what the events keep. Whatever is wrong with a line is
 * put into `problems`, and the line is skipped, with those that continue it. */
void config_read(struct text bytes, const struct config_events *events,
                 struct config_problems *problems);

#endif
