/* audit_filter.h - which decisions of an audit log are wanted: the options that say so. */
#ifndef REFGATE_COMMAND_AUDIT_FILTER_H
#define REFGATE_COMMAND_AUDIT_FILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "command/command.h"

struct audit_filter { /* absent text, no bits, not set: any */
    struct text user, repository, ref, rule, verdict, id, host;
    unsigned credentials; /* bits of credential classes */
    bool exit_set, since_set, until_set;
    uint64_t exit;
    int64_t since_ms, until_ms;
};

/* For a command's table of options. */
#define AUDIT_FILTER_OPTIONS                                                                       \
    {"id", "ID", "the decision with this id, or whose id begins so", false},                       \
        {"user", "NAME", "pushes of this user", false},                                            \
        {"repo", "KEY/SLUG", "pushes to these repositories (* and ? allowed)", false},             \
        {"ref", "PATTERN", "pushes that changed a ref that matches", false},                       \
        {"rule", "NAME", "decisions in which this rule had a say", false},                         \
        {"verdict", "VERDICT", "accept, note, annotate, require-approval or reject", false},       \
        {"credential", "CLASS", "pushes with this class of credential: access-key, ...", false},   \
        {"exit", "CODE", "0 accepted, 1 rejected by policy, 2 rejected for trouble", false},       \
        {"host", "NAME", "pushes to this node", false},                                            \
        {"since", "TIME", "not before: 2026-11-22T04:10:00Z, a date, or an age (24h, 7d)", false}, \
    {                                                                                              \
        "until", "TIME", "before", false                                                           \
    }

/* Reads them. false: what is wrong was printed. */
bool audit_filter_options(const struct arguments *args, struct audit_filter *out);
bool audit_filter_wants(const struct audit_filter *filter, const json_t *record);
/* Can a file that was rotated away at this time have any of them? Clocks may have been set back by a
 * day at most. */
bool audit_filter_reaches(const struct audit_filter *filter, int64_t rotated_ms);

#endif
