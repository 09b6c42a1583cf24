#include "command/snapshot_dump.h"

#include "base/buffer.h"
#include "base/clock.h"

#define EXEMPTIONS_MEMORY ((size_t)64 * 1024 * 1024)

/* Bytes that are not UTF-8 (a service user's name may be anything) are escaped. */
static json_t *json_text(struct text t)
{
    json_t *value = json_stringn(t.at ? t.at : "", t.size);
    if (value)
        return value;
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, t, SIZE_MAX, false);
    value = json_string(safe.data ? safe.data : "");
    buffer_free(&safe);
    return value;
}
static void set_text(json_t *to, const char *name, struct text t)
{
    json_object_set_new(to, name, json_text(t));
}
static void set_id(json_t *to, const char *name, uint64_t id)
{
    json_object_set_new(to, name, json_integer((json_int_t)id));
}
static void set_bool(json_t *to, const char *name, bool value)
{
    json_object_set_new(to, name, json_boolean(value));
}
static void set_level(json_t *to, const char *name, enum permission permission)
{
    json_object_set_new(to, name,
                        permission == PERMISSION_NONE ? json_null()
                                                      : json_string(permission_name(permission)));
}
static void set_time(json_t *to, const char *name, int64_t ms)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(ms, false, time);
    json_object_set_new(to, name, json_string(time));
}

static json_t *group_name(struct snapshot *snapshot, uint32_t number)
{
    struct layout_key key;
    struct text body, name;
    uint8_t flags;
    layout_key_id(&key, "group-number/", number);
    if (snapshot_find(snapshot, &key, NULL, &body, NULL) == STATUS_OK &&
        decode_group_number(body, &flags, &name))
        return json_text(name);
    return json_null();
}

json_t *snapshot_dump_meta(const struct meta_record *meta)
{
    json_t *out = json_object(), *counts = json_object(), *notes = json_array();
    set_id(out, "format", meta->format);
    set_text(out, "base_url", meta->meta.base_url);
    set_text(out, "bitbucket_version", meta->meta.bitbucket_version);
    set_time(out, "generated", meta->meta.generated_ms);
    set_time(out, "started", meta->meta.started_ms);
    json_object_set_new(out, "duration_ms", json_integer(meta->duration_ms));
    set_text(out, "digest", meta->meta.digest);
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        set_id(counts, layout_count_name((enum layout_count)i), meta->counts[i]);
    for (size_t i = 0; i < meta->note_count; i++)
        json_array_append_new(notes, json_text(meta->notes[i]));
    json_object_set_new(out, "counts", counts);
    json_object_set_new(out, "notes", notes);
    return out;
}

static bool dump_meta(struct snapshot *snapshot, struct text body, json_t *out)
{
    struct meta_record meta;
    (void)snapshot;
    if (!decode_meta(body, &meta))
        return false;
    json_t *fields = snapshot_dump_meta(&meta);
    json_object_update(out, fields);
    json_decref(fields);
    return true;
}

json_t *snapshot_dump_parts(struct text body)
{
    struct cursor parts;
    struct part_record part;
    uint32_t count;
    if (!decode_parts(body, &parts, &count))
        return NULL;
    json_t *out = json_array();
    for (uint32_t i = 0; i < count && decode_next_part(&parts, &part); i++) {
        json_t *item = json_object();
        set_text(item, "project", part.key);
        if (part.slug.size)
            set_text(item, "repository", part.slug);
        set_time(item, "started", part.started_ms);
        json_array_append_new(out, item);
    }
    return out;
}

static bool dump_parts(struct snapshot *snapshot, struct text body, json_t *out)
{
    json_t *parts = snapshot_dump_parts(body);
    (void)snapshot;
    if (parts)
        json_object_set_new(out, "parts", parts);
    return parts;
}

static bool dump_index(struct snapshot *snapshot, struct text body, json_t *out)
{
    set_id(out, "tables_bytes", snapshot->index.tables_size);
    set_id(out, "blocks", body.size / 4 - 2);
    return true;
}

/* ------------------------------------------------------------------ people */

static bool dump_user(struct snapshot *snapshot, struct text body, json_t *out)
{
    static const char *const licensed[] = {"no", "yes", "cannot tell"};
    struct user_record user;
    if (!decode_user(body, &user))
        return false;
    json_t *groups = json_array();
    for (uint32_t i = 0; i < user.group_count; i++)
        json_array_append_new(groups,
                              group_name(snapshot, layout_load32(user.groups + (size_t)i * 4)));
    set_id(out, "id", user.id);
    set_text(out, "name", user.name);
    set_text(out, "slug", user.slug);
    set_text(out, "email", user.email);
    set_bool(out, "active", user.flags & USER_ACTIVE);
    json_object_set_new(out, "licensed", json_string(licensed[user.licensed]));
    set_level(out, "global", user.global);
    json_object_set_new(out, "groups", groups);
    set_bool(out, "groups_complete", !(user.flags & USER_GROUPS_UNSURE));
    if (user.flags & USER_GLOBAL_UNSURE)
        set_bool(out, "global_complete", false);
    if (user.flags & USER_MENTIONED)
        set_bool(out, "listed", false);
    return true;
}

static bool dump_name(struct snapshot *snapshot, struct text body, json_t *out)
{
    struct text name;
    (void)snapshot;
    if (!decode_text(body, &name))
        return false;
    set_text(out, "name", name);
    return true;
}

static bool dump_id(struct snapshot *snapshot, struct text body, json_t *out)
{
    uint64_t id;
    (void)snapshot;
    if (!decode_id(body, &id))
        return false;
    set_id(out, "id", id);
    return true;
}

static bool dump_group(struct snapshot *snapshot, struct text body, json_t *out)
{
    struct group_record group;
    (void)snapshot;
    if (!decode_group(body, &group))
        return false;
    set_id(out, "number", group.number);
    set_text(out, "name", group.name);
    set_bool(out, "complete", !(group.flags & GROUP_INCOMPLETE));
    if (group.flags & GROUP_MENTIONED)
        set_bool(out, "listed", false);
    set_id(out, "members", group.member_count);
    return true;
}

static bool dump_group_number(struct snapshot *snapshot, struct text body, json_t *out)
{
    struct text name;
    uint8_t flags;
    (void)snapshot;
    if (!decode_group_number(body, &flags, &name))
        return false;
    set_text(out, "name", name);
    set_bool(out, "complete", !(flags & GROUP_INCOMPLETE));
    return true;
}

static bool dump_members(struct snapshot *snapshot, struct text body, json_t *out)
{
    const unsigned char *ids;
    uint32_t count;
    (void)snapshot;
    if (!decode_members(body, &ids, &count))
        return false;
    json_t *members = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(members,
                              json_integer((json_int_t)layout_load64(ids + (size_t)i * 8)));
    json_object_set_new(out, "users", members);
    return true;
}

/* ------------------------------------------------------------------ places */

static void dump_incomplete(unsigned bits, json_t *out)
{
    static const struct {
        enum incomplete bit;
        const char *name;
    } names[] = {
        {INCOMPLETE_GRANTS, "grants"},
        {INCOMPLETE_RESTRICTIONS, "restrictions"},
        {INCOMPLETE_MODEL, "model"},
        {INCOMPLETE_KEYS, "keys"},
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (bits & names[i].bit)
            json_array_append_new(list, json_string(names[i].name));
    json_object_set_new(out, "incomplete", list);
}

static void dump_grants(struct snapshot *snapshot, const struct place_record *place,
                        json_t *out)
{
    if (place->incomplete)
        dump_incomplete(place->incomplete, out);
    json_t *groups = json_array(), *users = json_array();
    for (uint32_t i = 0; i < place->group_count; i++) {
        struct group_grant grant = place_group(place, i);
        json_t *item = json_object();
        json_object_set_new(item, "group", group_name(snapshot, grant.group));
        set_level(item, "permission", grant.permission);
        if (grant.incomplete)
            set_bool(item, "complete", false);
        json_array_append_new(groups, item);
    }
    for (uint32_t i = 0; i < place->user_count; i++) {
        enum permission permission;
        uint64_t id = place_user(place, i, &permission);
        struct layout_key key;
        struct text body, name;
        json_t *item = json_object();
        set_id(item, "id", id);
        layout_key_id(&key, "user-id/", id);
        if (snapshot_find(snapshot, &key, NULL, &body, NULL) == STATUS_OK && decode_text(body, &name))
            set_text(item, "user", name);
        set_level(item, "permission", permission);
        json_array_append_new(users, item);
    }
    json_object_set_new(out, "groups", groups);
    json_object_set_new(out, "users", users);
}

static void dump_branch(json_t *model, const char *name, bool set, bool use_default,
                        struct text ref)
{
    if (set)
        json_object_set_new(model, name,
                            use_default ? json_string("(default branch)") : json_text(ref));
}

static void dump_model(const struct branch_model *model, json_t *out)
{
    if (!model->configured)
        return;
    json_t *object = json_object(), *categories = json_array();
    dump_branch(object, "development", model->development_set, model->development_default,
                model->development);
    dump_branch(object, "production", model->production_set, model->production_default,
                model->production);
    for (size_t i = 0; i < model->category_count; i++) {
        json_t *item = json_object();
        set_text(item, "id", model->category[i].id);
        set_text(item, "prefix", model->category[i].prefix);
        set_bool(item, "enabled", model->category[i].enabled);
        json_array_append_new(categories, item);
    }
    json_object_set_new(object, "categories", categories);
    json_object_set_new(out, "branch_model", object);
}

static bool dump_exemptions(const struct restriction *restriction, json_t *out)
{
    struct arena arena;
    struct exemptions exemptions;
    struct text bytes = {restriction->exemptions, restriction->exemptions_size};
    bool memory;
    arena_init(&arena, EXEMPTIONS_MEMORY);
    bool good = decode_exemptions(bytes, &arena, &exemptions, &memory);
    if (good) {
        json_t *users = json_array(), *groups = json_array(), *keys = json_array();
        for (size_t i = 0; i < exemptions.user_count; i++)
            json_array_append_new(users, json_text(exemptions.users[i].name));
        for (size_t i = 0; i < exemptions.group_count; i++)
            json_array_append_new(groups, json_text(exemptions.groups[i].name));
        for (size_t i = 0; i < exemptions.access_key_count; i++)
            json_array_append_new(keys, json_integer((json_int_t)exemptions.access_keys[i]));
        json_object_set_new(out, "exempt_users", users);
        json_object_set_new(out, "exempt_groups", groups);
        json_object_set_new(out, "exempt_keys", keys);
    }
    arena_free(&arena);
    return good;
}

static bool dump_place(struct snapshot *snapshot, const struct place_record *place,
                       json_t *out)
{
    dump_grants(snapshot, place, out);
    json_t *keys = json_array(), *restrictions = json_array();
    json_object_set_new(out, "keys", keys);
    dump_model(&place->model, out);
    json_object_set_new(out, "restrictions", restrictions);
    struct cursor at = place->keys;
    for (uint32_t i = 0; i < place->key_count; i++) {
        struct repository_key key;
        json_t *item = json_object();
        if (!place_next_key(&at, &key)) {
            json_decref(item);
            return false;
        }
        set_id(item, "id", key.id);
        set_text(item, "label", key.label);
        set_level(item, "permission", key.permission);
        json_array_append_new(keys, item);
    }
    at = place->restrictions;
    for (uint32_t i = 0; i < place->restriction_count; i++) {
        struct restriction restriction;
        if (!place_next_restriction(&at, &restriction))
            return false;
        json_t *item = json_object();
        json_array_append_new(restrictions, item);
        set_id(item, "id", restriction.id);
        set_text(item, "type", restriction.type_text);
        set_text(item, "matcher", restriction.matcher_type_text);
        set_text(item, "matcher_id", restriction.matcher_id);
        set_bool(item, "active", restriction.matcher_active);
        set_bool(item, "of_project", restriction.of_project);
        if (!dump_exemptions(&restriction, item))
            return false;
    }
    return true;
}

static bool dump_global(struct snapshot *snapshot, struct text body, json_t *out)
{
    struct place_record place;
    if (!decode_global(body, &place))
        return false;
    dump_grants(snapshot, &place, out);
    return true;
}

static bool dump_project(struct snapshot *snapshot, struct text body, json_t *out)
{
    struct project_record project;
    if (!decode_project(body, &project))
        return false;
    set_id(out, "id", project.id);
    set_text(out, "project", project.key);
    set_bool(out, "personal", project.flags & PROJECT_PERSONAL);
    set_bool(out, "public", project.flags & PROJECT_PUBLIC);
    if (project.flags & PROJECT_PERSONAL) {
        set_id(out, "owner_id", project.owner_id);
        set_text(out, "owner", project.owner_name);
    }
    set_level(out, "default_permission", project.default_permission);
    return dump_place(snapshot, &project.place, out);
}

static bool dump_repository(struct snapshot *snapshot, struct text body, json_t *out)
{
    struct repository_record repository;
    if (!decode_repository(body, &repository))
        return false;
    set_id(out, "id", repository.id);
    set_text(out, "project", repository.key);
    set_text(out, "repository", repository.slug);
    set_bool(out, "archived", repository.flags & REPOSITORY_ARCHIVED);
    set_bool(out, "public", repository.flags & REPOSITORY_PUBLIC);
    if (repository.flags & REPOSITORY_BRANCH_KNOWN)
        set_text(out, "default_branch", repository.default_branch);
    if (repository.origin_id)
        set_id(out, "fork_of", repository.origin_id);
    return dump_place(snapshot, &repository.place, out);
}

static bool dump_repository_id(struct snapshot *snapshot, struct text body, json_t *out)
{
    struct text project, slug;
    (void)snapshot;
    if (!decode_texts(body, &project, &slug))
        return false;
    set_text(out, "project", project);
    set_text(out, "repository", slug);
    return true;
}

static bool dump_key(struct snapshot *snapshot, struct text body, json_t *out)
{
    struct key_record key;
    (void)snapshot;
    if (!decode_key(body, &key))
        return false;
    set_text(out, "label", key.label);
    set_text(out, "algorithm", key.algorithm);
    set_id(out, "bits", key.bits);
    set_text(out, "fingerprint", key.fingerprint);
    if (key.flags & KEY_CREATED_KNOWN)
        set_time(out, "created", key.created_ms);
    if (key.flags & KEY_USED)
        set_time(out, "last_used", key.last_used_ms);
    else if (key.flags & KEY_USE_KNOWN)
        json_object_set_new(out, "last_used", json_string("never"));
    if (key.flags & KEY_EXPIRES)
        set_time(out, "expires", key.expires_ms);
    else if (key.flags & KEY_EXPIRY_KNOWN)
        json_object_set_new(out, "expires", json_string("never"));
    json_t *places = json_array();
    for (uint32_t i = 0; i < key.place_count; i++) {
        struct key_place place = decode_key_place(&key, i);
        json_t *item = json_object();
        set_id(item, place.of_project ? "project_id" : "repository_id", place.id);
        set_level(item, "permission", place.permission);
        json_array_append_new(places, item);
    }
    json_object_set_new(out, "places", places);
    return true;
}

/* ------------------------------------------------------------------ records */

static const struct {
    const char *prefix;
    bool (*dump)(struct snapshot *snapshot, struct text body, json_t *out);
} kinds[] = {
    {"meta", dump_meta},
    {"index", dump_index},
    {"global", dump_global},
    {"parts", dump_parts},
    {"user/", dump_user},
    {"user-id/", dump_name},
    {"email/", dump_id},
    {"group/", dump_group},
    {"group-number/", dump_group_number},
    {"group-members/", dump_members},
    {"service/", dump_id},
    {"project/", dump_project},
    {"project-id/", dump_name},
    {"repo/", dump_repository},
    {"repo-id/", dump_repository_id},
    {"key/", dump_key},
};

static enum status dump_record(struct snapshot *snapshot, struct text key, struct text body,
                               FILE *out, struct error *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!text_starts(key, text_of(kinds[i].prefix)))
            continue;
        json_t *record = json_object();
        set_text(record, "key", key);
        bool good = kinds[i].dump(snapshot, body, record);
        if (good && !json_dumpf(record, out, JSON_COMPACT))
            fputc('\n', out);
        json_decref(record);
        return good ? STATUS_OK : snapshot_damaged(err, key, "is malformed");
    }
    return snapshot_damaged(err, key, "is of an unknown kind");
}

enum status snapshot_dump_one(struct snapshot *snapshot, struct text key, FILE *out,
                              struct error *err)
{
    struct layout_key wanted;
    struct text body;
    bool exact = text_starts(key, TEXT("service/"));
    layout_key_name(&wanted, "", key, !exact);
    enum status status = snapshot_find(snapshot, &wanted, NULL, &body, err);
    if (status != STATUS_OK)
        return status;
    return dump_record(snapshot, (struct text){wanted.bytes, wanted.size}, body, out, err);
}

enum status snapshot_dump_all(struct snapshot *snapshot, struct text prefix, FILE *out,
                              struct error *err)
{
    enum status result = STATUS_OK;
    uint32_t position = 0;
    for (;;) {
        struct text key, body;
        struct error why;
        enum status status = snapshot_next(snapshot, &position, &key, &body, &why);
        if (status == STATUS_NOT_FOUND)
            return result;
        struct text start = {key.at, key.size < prefix.size ? key.size : prefix.size};
        if (status == STATUS_OK && !text_equal_fold(start, prefix))
            continue;
        if (status == STATUS_OK)
            status = dump_record(snapshot, key, body, out, &why);
        if (status != STATUS_OK && result == STATUS_OK) {
            result = status;
            if (err)
                *err = why;
        }
    }
}
