/*
 * control_frameworks.h - the frameworks whose controls a map may name, and which controls they have.
 *
 * Only numbers: what a control says is in the standard. Withdrawn numbers of NIST SP 800-53 are not
 * told apart.
 */
#ifndef REFGATE_POLICY_CONTROL_FRAMEWORKS_H
#define REFGATE_POLICY_CONTROL_FRAMEWORKS_H

#include <stddef.h>

struct control_range { /* GROUP followed by a number from first to last */
    const char *group;
    unsigned first, last;
};

enum control_detail { /* what may stand behind the number, in parentheses */
                      DETAIL_NONE,
                      DETAIL_ENHANCEMENT, /* a number: AC-6(9) */
                      DETAIL_PARAGRAPH,   /* a number, then perhaps a letter: 5(1)(f) */
};

struct control_framework {
    const char *prefix; /* "soc2" */
    const char *name;   /* "SOC 2" */
    const struct control_range *ranges;
    size_t range_count;
    enum control_detail detail;
    unsigned detail_most; /* the highest number in parentheses */
};

extern const struct control_framework control_frameworks[];
extern const size_t control_framework_count;

#endif
