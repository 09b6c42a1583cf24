#include "model/change.h"

#include "base/table.h"
#include "model/ref.h"

static const struct name_value kinds[] = {
    {"create", CHANGE_CREATE},
    {"update", CHANGE_UPDATE},
    {"rewrite", CHANGE_REWRITE},
    {"delete", CHANGE_DELETE},
    {"unknown", CHANGE_UNKNOWN},
    {"update", CHANGE_MOVE}, /* nobody asked which: no rule depends on it */
};

static const struct name_value kind_bits[] = {
    {"create", KIND_CREATE},
    {"update", KIND_UPDATE},
    {"rewrite", KIND_REWRITE},
    {"delete", KIND_DELETE},
};

enum change_kind change_kind_without_history(const struct change *c)
{
    if (object_id_zero(change_old(c)))
        return CHANGE_CREATE;
    if (object_id_zero(change_new(c)))
        return CHANGE_DELETE;
    /* A tag that exists and moves is a rewrite wherever it goes (semantics.md 1). */
    return ref_is_tag(c->ref) ? CHANGE_REWRITE : CHANGE_MOVE;
}

const char *change_kind_name(enum change_kind kind)
{
    const char *name = table_name(kinds, TABLE_COUNT(kinds), (int)kind);
    return name ? name : "unknown";
}

bool change_kind_bit(struct text name, unsigned *bit)
{
    int value;
    if (!table_value(kind_bits, TABLE_COUNT(kind_bits), name, false, &value))
        return false;
    *bit = (unsigned)value;
    return true;
}
