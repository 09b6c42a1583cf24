/* approval_name.h - names of the files in the directory of approvals (approval_store.h). */
#ifndef REFGATE_RECORD_APPROVAL_NAME_H
#define REFGATE_RECORD_APPROVAL_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum approval_name_kind {
    APPROVAL_NONE,       /* none of these, perhaps ID.SOMETHING */
    APPROVAL_FILE,       /* ID.approval */
    APPROVAL_REVOCATION, /* ID.revoked */
    APPROVAL_USE,        /* ID.use.N, N from 1 */
};

#define APPROVAL_TEMPORARY ".refgate-" /* how names of temporary files begin, also base/file.c's */
#define APPROVAL_NAME_SIZE 64

struct approval_name {
    char text[APPROVAL_NAME_SIZE];
};
struct approval_name_parts {
    enum approval_name_kind kind;
    struct text id; /* empty if it begins with none */
    uint64_t number;
};

/* `number` counts for a USE only. */
struct approval_name approval_name_of(struct text id, enum approval_name_kind kind,
                                      uint64_t number);
struct approval_name_parts approval_name_parse(struct text name);
bool approval_name_temporary(struct text name);

#endif
