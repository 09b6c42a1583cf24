/*
 * config_problem.h - everything that is wrong with a configuration, in the order of its lines.
 *
 * One bad value refuses the whole file, but its writer wants to see all of them at once. Some are
 * found late (a rule that ends without an action is known at its end, and belongs to its header),
 * so they are kept by line until the file was read.
 */
#ifndef REFGATE_POLICY_CONFIG_PROBLEM_H
#define REFGATE_POLICY_CONFIG_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "policy/config.h"

struct config_problems {
    struct arena *arena;
    size_t count; /* all that were reported */
    size_t kept;
    struct {
        unsigned line;
        const char *sentence;
    } item[CONFIG_ERRORS_MAX];
    bool out_of_memory; /* the parse must end with STATUS_MEMORY */
};

void config_problems_init(struct config_problems *problems, struct arena *arena);
/* `line` 0: about the file as a whole. Same line: in the order of the calls. */
void config_problem(struct config_problems *problems, unsigned line, const char *format, ...)
    PRINTF_LIKE(3, 4) RARE;
/* Outside text for a message: in quotes, escaped, cut to a readable length. */
const char *config_quoted(struct config_problems *problems, struct text t) RARE;
/* "NAME:LINE: sentence\n" each, and a last line that counts those that were too many. */
void config_problems_print(const struct config_problems *problems, struct text file_name,
                           struct config_errors *errors);

/* The nearest known word to a misspelt one. */
struct config_guess {
    struct text word;
    const char *best; /* NULL: nothing is near */
    size_t distance;
};
struct config_guess config_guess_start(struct text word) RARE;
void config_guess_try(struct config_guess *guess, const char *candidate);
/* " (did you mean X?)" or "". */
const char *config_guess_hint(const struct config_guess *guess, struct config_problems *problems);

#endif
