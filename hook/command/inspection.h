/*
 * inspection.h - a configuration that is looked at, and not (yet) in use: read without the trust
 * that the hook wants, all its errors and warnings collected.
 */
#ifndef REFGATE_COMMAND_INSPECTION_H
#define REFGATE_COMMAND_INSPECTION_H

#include <limits.h>

#include "base/arena.h"
#include "command/command.h"
#include "policy/config.h"
#include "policy/view.h"

struct inspection {
    char path[PATH_MAX];
    const char *name; /* for messages: the base name, or "standard input" */
    bool in_use;      /* the one that --config or the default names, not a FILE of its own */
    struct arena arena;
    struct text bytes; /* the whole file, in the arena */
    struct policy policy;
    struct config_listing listing;
    struct config_errors errors, warnings;
};

/* Reads and parses FILE ("-": standard input), or the configuration in use when it is NULL. EXIT_NO:
 * read, but there are in->errors; EXIT_TROUBLE: said why. In any case the caller calls
 * inspection_free(). */
enum command_exit inspection_read(const struct arguments *args, const char *file,
                                  struct inspection *in);
/* Adds what policy/lint.h finds to in->warnings. `view` NULL: names are not looked up. */
enum command_exit inspection_lint(const struct arguments *args, struct inspection *in,
                                  const struct view *view);
void inspection_free(struct inspection *in);

#endif
