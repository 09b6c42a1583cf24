#include "record/approval_name.h"

#include <stdio.h>

#include "base/ulid.h"

#define ID_SIZE ((size_t)ULID_SIZE - 1)

static const char *const ends[] = {
    [APPROVAL_FILE] = ".approval",
    [APPROVAL_REVOCATION] = ".revoked",
    [APPROVAL_USE] = ".use.",
};

struct approval_name approval_name_of(struct text id, enum approval_name_kind kind, uint64_t number)
{
    struct approval_name name = {""};
    int id_size = (int)(id.size < ID_SIZE ? id.size : ID_SIZE);
    if (kind == APPROVAL_USE)
        snprintf(name.text, sizeof name.text, "%.*s.use.%llu", id_size, id.at,
                 (unsigned long long)number);
    else if (kind != APPROVAL_NONE)
        snprintf(name.text, sizeof name.text, "%.*s%s", id_size, id.at, ends[kind]);
    return name;
}

struct approval_name_parts approval_name_parse(struct text name)
{
    struct approval_name_parts parts = {APPROVAL_NONE, TEXT(""), 0};
    const struct text id = {name.at, ID_SIZE};
    if (name.size <= ID_SIZE || !ulid_valid(id) || name.at[ID_SIZE] != '.')
        return parts;
    parts.id = id;
    struct text end = text_skip(name, ID_SIZE);
    if (text_equal(end, text_of(ends[APPROVAL_FILE])))
        parts.kind = APPROVAL_FILE;
    else if (text_equal(end, text_of(ends[APPROVAL_REVOCATION])))
        parts.kind = APPROVAL_REVOCATION;
    else if (text_starts(end, text_of(ends[APPROVAL_USE])) &&
             text_parse_u64(text_skip(end, strlen(ends[APPROVAL_USE])), UINT32_MAX, true,
                            &parts.number) &&
             parts.number)
        parts.kind = APPROVAL_USE;
    return parts;
}

bool approval_name_temporary(struct text name)
{
    return text_starts(name, text_of(APPROVAL_TEMPORARY));
}
