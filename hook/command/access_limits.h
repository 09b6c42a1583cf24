/*
 * access_limits.h - for one principal: what each restriction of the repository and each rule of the
 * configuration does to him. Filled by decide()'s own trace, never judged here.
 */
#ifndef REFGATE_COMMAND_ACCESS_LIMITS_H
#define REFGATE_COMMAND_ACCESS_LIMITS_H

#include "command/standing.h"
#include "policy/trace.h"

enum limit_effect {
    LIMIT_UNTOLD = 0, /* there was no ref to ask about */
    LIMIT_NOT,        /* exempt, not active, not for this user, … */
    LIMIT_OPEN,       /* cannot tell */
    LIMIT_APPLIES,
};
const char *limit_effect_name(enum limit_effect effect); /* applies cannot-tell not untold */

struct limit {
    enum limit_effect effect;
    unsigned kinds;  /* KIND_ bits that it stops, or may stop, at the ref that it is about */
    const char *why; /* decide()'s words; NULL: none. In the arena */
};
/* "pull-request-only", "PATTERN": as Bitbucket writes it. */
struct text limit_type(const struct restriction *restriction);
struct text limit_matcher(const struct restriction *restriction);

struct access_limits {
    const struct standing_question *question;
    const size_t *of_restriction; /* index of the ref that each restriction is about, or SIZE_MAX;
                                     NULL: all refs count for all */
    struct arena *arena;
    struct limit *restrictions; /* as many as the repository has, in that order */
    struct limit *rules;        /* as many as the policy has */
    bool failed;                /* out of memory */
};

enum status access_limits_init(const struct standing_question *question,
                               const size_t *of_restriction, struct access_limits *out,
                               struct error *err) MUST_CHECK;
struct trace access_limits_trace(struct access_limits *limits);

#endif
