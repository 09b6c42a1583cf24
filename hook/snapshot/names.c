#include "snapshot/names.h"

static struct text number_text(uint64_t number, struct arena *arena)
{
    char *text = arena ? arena_printf(arena, "#%llu", (unsigned long long)number) : NULL;
    return text_of(text);
}

static bool find(struct snapshot *snapshot, const char *prefix, uint64_t id, struct arena *arena,
                 struct text *body)
{
    struct layout_key key;
    layout_key_id(&key, prefix, id);
    return snapshot_find(snapshot, &key, arena, body, NULL) == STATUS_OK;
}

static struct text name_at(struct snapshot *snapshot, const char *prefix, uint64_t id,
                           struct arena *arena)
{
    struct text body, name;
    if (find(snapshot, prefix, id, arena, &body) && decode_text(body, &name))
        return name;
    return number_text(id, arena);
}

struct text names_user(struct snapshot *snapshot, uint64_t id, struct arena *arena)
{
    return name_at(snapshot, "user-id/", id, arena);
}

struct text names_group(struct snapshot *snapshot, uint32_t number, struct arena *arena)
{
    struct text body, name;
    uint8_t flags;
    if (find(snapshot, "group-number/", number, arena, &body) &&
        decode_group_number(body, &flags, &name))
        return name;
    return number_text(number, arena);
}

struct text names_project(struct snapshot *snapshot, uint64_t id, struct arena *arena)
{
    return name_at(snapshot, "project-id/", id, arena);
}

struct text names_repository(struct snapshot *snapshot, uint64_t id, struct arena *arena)
{
    struct text body, key, slug;
    if (!find(snapshot, "repo-id/", id, arena, &body) || !decode_texts(body, &key, &slug))
        return number_text(id, arena);
    return text_of(arena_printf(arena, "%.*s/%.*s", TEXT_ARG(key), TEXT_ARG(slug)));
}
