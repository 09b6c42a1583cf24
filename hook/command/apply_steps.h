/*
 * apply_steps.h - what `refgate policy apply` has looked at and done, a line each: printed as it
 * happens, or as one JSON object at the end.
 */
#ifndef REFGATE_COMMAND_APPLY_STEPS_H
#define REFGATE_COMMAND_APPLY_STEPS_H

#include <jansson.h>

#include "command/command.h"

enum apply_mark {
    APPLY_OK = 1,
    APPLY_NOTE,    /* nothing wrong, and worth reading */
    APPLY_SKIPPED, /* could not be looked at; that alone stops nothing */
    APPLY_FORCED,  /* would have stopped it, without --force */
    APPLY_STOP,
    APPLY_DONE, /* something was changed */
};

struct apply_steps {
    const struct arguments *args;
    json_t *list; /* NULL: text on stdout */
    bool stopped; /* some step was APPLY_STOP */
    bool changed; /* some step was APPLY_DONE */
};

/* The sentence may have outside text in it: it is escaped here. */
void apply_say(struct apply_steps *steps, enum apply_mark mark, const char *step,
               const char *format, ...) PRINTF_LIKE(4, 5);

#endif
