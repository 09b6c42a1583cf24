/*
 * policy_run.h - the pushes of a file of policy tests, judged by the same decide() as real ones, and
 * compared with what was expected.
 */
#ifndef REFGATE_COMMAND_POLICY_RUN_H
#define REFGATE_COMMAND_POLICY_RUN_H

#include <jansson.h>

#include "command/command.h"
#include "policy/policy.h"

struct policy_run {
    const struct arguments *args; /* for messages */
    const char *tests;            /* the file's path, or "-" */
    const struct policy *policy;  /* what is tested */
    const char *snapshot;         /* NULL: what the policy names; not for a file with [instance] */
    bool verbose;                 /* print the pushes that passed, too */
    FILE *out;                    /* text goes there; NULL: none */
    json_t *cases;                /* an array to add objects to; NULL: none */
};

struct policy_run_counts {
    size_t passed, failed;
    size_t broken; /* the push cannot be judged: something is wrong with the test itself */
};

/* Reads the file and judges all of it. EXIT_YES: all passed; EXIT_NO: some failed; EXIT_TROUBLE: the
 * file, its instance or one of its pushes is not right, which was printed. */
enum command_exit policy_run(const struct policy_run *run, struct policy_run_counts *counts);
/* "12 passed, 1 failed" */
void policy_run_print_counts(const struct policy_run_counts *counts, FILE *out);

#endif
