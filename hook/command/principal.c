#include "command/principal.h"

#include <inttypes.h>

#include "base/table.h"

#define NAME_TRIES 16

static const struct name_value types[] = {
    {"user", PRINCIPAL_USER},
    {"access-key", PRINCIPAL_KEY},
    {"repository-token", PRINCIPAL_REPOSITORY_TOKEN},
    {"project-token", PRINCIPAL_PROJECT_TOKEN},
};

const char *principal_type_name(enum principal_type type)
{
    return table_name(types, TABLE_COUNT(types), (int)type);
}

static enum status out_of_memory(struct error *err)
{
    return error_set(err, STATUS_MEMORY, "out of memory");
}

/* ------------------------------------------------------------------ the map of service users */

enum status service_names_read(struct snapshot *snapshot, struct arena *arena,
                               struct service_names *out, struct error *err)
{
    struct text key, body, prefix = TEXT("service/");
    uint32_t position = 0;
    struct service_names names = {NULL, 0};
    size_t room = (size_t)snapshot_meta_record(snapshot)->counts[COUNT_SERVICES];
    if (room)
        names.items = arena_alloc(arena, room, sizeof *names.items);
    if (room && !names.items)
        return out_of_memory(err);
    enum status status = STATUS_OK;
    while (names.count < room) {
        status = snapshot_next(snapshot, &position, &key, &body, err);
        if (status != STATUS_OK)
            break;
        struct service_name *name = &names.items[names.count];
        if (!text_starts(key, prefix))
            continue;
        if (!decode_id(body, &name->key))
            return snapshot_damaged(err, key, "is malformed");
        name->name = text_skip(key, prefix.size);
        names.count++;
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    *out = names;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ who */

enum status principal_user(struct text name, uint64_t id, struct arena *arena,
                           struct principal *out, struct error *err)
{
    struct text copy = arena_text(arena, name);
    if (!copy.at)
        return out_of_memory(err);
    *out = (struct principal){.type = PRINCIPAL_USER, .id = id, .name = copy, .user_name = copy.at};
    return STATUS_OK;
}

/* A name in the form of a key's service user that is nobody's yet. */
static enum status made_up_name(const struct view *view, uint64_t id, struct arena *arena,
                                const char **out, struct error *err)
{
    for (uint64_t i = 0; i < NAME_TRIES; i++) {
        struct snapshot_user user;
        uint64_t key;
        const char *name = arena_printf(arena, "%016" PRIx64, id ^ (i << 60));
        if (!name)
            return out_of_memory(err);
        enum status taken = view->user(view->self, text_of(name), &user, err);
        if (taken == STATUS_NOT_FOUND)
            taken = view->service(view->self, text_of(name), &key, err);
        if (taken == STATUS_NOT_FOUND) {
            *out = name;
            return STATUS_OK;
        }
        if (taken != STATUS_OK)
            return taken;
    }
    return error_set(err, STATUS_LIMIT, "no name is left for a key's service user");
}

enum status principal_key(const struct view *view, const struct service_names *services,
                          uint64_t id, struct text label, struct arena *arena,
                          struct principal *out, struct error *err)
{
    struct principal key = {.type = PRINCIPAL_KEY, .id = id, .name = label};
    for (size_t i = 0; i < services->count && !key.mapped; i++)
        if (services->items[i].key == id) {
            key.user_name = arena_text(arena, services->items[i].name).at;
            key.mapped = true;
        }
    enum status status = STATUS_OK;
    if (!key.mapped)
        status = made_up_name(view, id, arena, &key.user_name, err);
    if (status != STATUS_OK)
        return status;
    key.display_name = arena_printf(arena, "Access Key User - %.*s", TEXT_ARG(label));
    if (!key.user_name || !key.display_name)
        return out_of_memory(err);
    *out = key;
    return STATUS_OK;
}

enum status principal_token(const struct snapshot_repository *repository, bool of_project,
                            struct arena *arena, struct principal *out, struct error *err)
{
    uint64_t id = of_project ? repository->project.id : repository->id;
    const char *name = arena_printf(arena, "access-token-user/%d/%" PRIu64, of_project ? 1 : 2, id);
    if (!name)
        return out_of_memory(err);
    *out = (struct principal){
        .type = of_project ? PRINCIPAL_PROJECT_TOKEN : PRINCIPAL_REPOSITORY_TOKEN,
        .id = id,
        .user_name = name,
        .permission = permission_name(PERMISSION_REPO_WRITE),
    };
    return STATUS_OK;
}

void principal_words(const struct principal *principal, struct buffer *out)
{
    switch (principal->type) {
    case PRINCIPAL_KEY:
        buffer_printf(out, "access key %" PRIu64 " \"", principal->id);
        buffer_text(out, principal->name);
        buffer_string(out, "\"");
        break;
    case PRINCIPAL_REPOSITORY_TOKEN:
        buffer_string(out, "a repository token with write scope");
        break;
    case PRINCIPAL_PROJECT_TOKEN:
        buffer_string(out, "a project token with write scope");
        break;
    case PRINCIPAL_USER:
        buffer_text(out, principal->name);
        break;
    }
}
