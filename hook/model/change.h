/*
 * change.h - one ref update of a push.
 */
#ifndef REFGATE_MODEL_CHANGE_H
#define REFGATE_MODEL_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum change_kind {
    CHANGE_CREATE = 0x11,
    CHANGE_UPDATE = 0x22,
    CHANGE_REWRITE = 0x44,
    CHANGE_DELETE = 0x88,
    CHANGE_UNKNOWN = 0xf0, /* history was asked and could not answer */
    CHANGE_MOVE = 0x66,    /* update or rewrite: history was not asked (yet); printed "update" */
};

/* Sets of kinds, for configuration: one bit each. */
enum { KIND_CREATE = 1, KIND_UPDATE = 2, KIND_REWRITE = 4, KIND_DELETE = 8, KIND_ALL = 15 };

struct change {
    struct text ref;
    const char *old_id, *new_id; /* hex, `id_size` digits each, not NUL-terminated */
    uint8_t id_size;             /* 40 or 64 */
    enum change_kind kind;
};

static inline struct text change_old(const struct change *c)
{
    return (struct text){c->old_id, c->id_size};
}
static inline struct text change_new(const struct change *c)
{
    return (struct text){c->new_id, c->id_size};
}
/* From the ids and the ref alone: CREATE, DELETE, REWRITE for an existing tag that moves, else
 * MOVE. Both ids zero must have been refused before. */
enum change_kind change_kind_without_history(const struct change *c);
const char *change_kind_name(enum change_kind kind); /* create update rewrite delete unknown */
/* The four names of a set; false for any other word. */
bool change_kind_bit(struct text name, unsigned *bit);

#endif
