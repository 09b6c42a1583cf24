/* case_verdict.h - is a decision what a policy test (policy_cases.h) expects? */
#ifndef REFGATE_COMMAND_CASE_VERDICT_H
#define REFGATE_COMMAND_CASE_VERDICT_H

#include "command/policy_cases.h"
#include "policy/decision.h"

struct case_result {
    struct arena *arena; /* of the caller: for the texts */
    struct text
        problems; /* "  sentence\n" for each expectation that does not hold; empty: passed */
    char got[EXPECTATIONS_TEXT]; /* the verdict in the words of an expectation */
    int exit_code;
    struct text pusher, trace; /* filled by the caller, for printing */
};

/* `pusher`: what the pusher would read. Fills problems, got and exit_code. STATUS_MEMORY. */
enum status case_compare(const struct policy_case *test, const struct policy *policy,
                         const struct push *push, const struct decision *decision,
                         struct text pusher, struct case_result *out, struct error *err) MUST_CHECK;

#endif
