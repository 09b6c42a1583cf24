/*
 * exemption.h - does a branch restriction exempt the pusher? (semantics.md 4.2) Internal to policy/.
 */
#ifndef REFGATE_POLICY_EXEMPTION_H
#define REFGATE_POLICY_EXEMPTION_H

#include "policy/judge.h"

/* If the pusher's access key may be one of several, each is judged. Of more than these, only what
 * exempts them all exempts the pusher. */
#define EXEMPTION_VARIANTS 16

struct exemption {
    enum answer answer[EXEMPTION_VARIANTS];
    unsigned questions; /* why CANNOT_TELL */
    const char *why;    /* for the trace: " (group devs)" */
};

size_t exemption_variants(const struct judge *j); /* 1 to EXEMPTION_VARIANTS */
/* Never NULL: without memory it is undecided. */
const struct exemption *exemption_find(struct judge *j, const struct restriction *restriction);

#endif
