/*
 * trace.h - what decide() considered, for `refgate check --explain`. The production evaluator calls
 * it; NULL costs one comparison.
 */
#ifndef REFGATE_POLICY_TRACE_H
#define REFGATE_POLICY_TRACE_H

#include <stddef.h>

#include "base/text.h"
#include "model/answer.h"
#include "model/verdict.h"

enum trace_stage {
    TRACE_SNAPSHOT = 1, /* freshness, base URL */
    TRACE_REPOSITORY,
    TRACE_CREDENTIAL,
    TRACE_PERMISSION,   /* each grant looked at */
    TRACE_NAMESPACE,
    TRACE_RESTRICTION,
    TRACE_ACCESS_KEY,
    TRACE_SERVICE_ACCOUNT,
    TRACE_RULE,
    TRACE_RESULT,
};

#define TRACE_PUSH_LEVEL ((size_t)-1)

struct trace_entry {
    enum trace_stage stage;
    size_t change;        /* index, or TRACE_PUSH_LEVEL */
    enum answer applies;  /* did it count: yes, no, cannot tell */
    enum verdict verdict; /* what it contributes if it applies */
    struct text subject;  /* "rule keys-stay-off-main", "restriction 9 pull-request-only", … */
    struct text source;   /* "refgate.conf:41" or a record key "repo/PRJ/app#9" */
    struct text why;      /* "ref does not match", "pusher is exempt (group devs)" */
};

struct trace {
    void *self;
    void (*entry)(void *self, const struct trace_entry *entry); /* texts live during the call */
};

#endif
