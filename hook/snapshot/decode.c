#include "snapshot/decode.h"

#include "snapshot/format.h"

/* Everything fitted and nothing is left over. */
static bool cursor_done(const struct cursor *c)
{
    return !c->failed && c->at == c->end;
}

static void cursor_refuse(struct cursor *c)
{
    c->failed = true;
    c->at = c->end;
}

bool decode_meta(struct text body, struct meta_record *out)
{
    struct cursor c = cursor_of(body);
    *out = (struct meta_record){0};
    out->format = cursor_u32(&c);
    if (!format_within(out->format, format_known))
        return false;
    out->meta.base_url = cursor_text(&c);
    out->meta.bitbucket_version = cursor_text(&c);
    out->meta.generated_ms = cursor_i64(&c);
    out->meta.started_ms = cursor_i64(&c);
    out->duration_ms = cursor_i64(&c);
    out->meta.digest = cursor_text(&c);
    size_t counts = cursor_u8(&c);
    if (counts <= COUNT_INCOMPLETE_GROUPS || out->meta.digest.size != 64)
        return false;
    for (size_t i = 0; i < counts; i++) {
        uint64_t value = cursor_u64(&c);
        if (i < LAYOUT_COUNTS)
            out->counts[i] = value;
    }
    out->note_count = cursor_count(&c, 2);
    if (out->note_count > META_NOTES_MAX)
        return false;
    for (size_t i = 0; i < out->note_count; i++)
        out->notes[i] = cursor_text(&c);
    return cursor_done(&c);
}

bool decode_user(struct text body, struct user_record *out)
{
    struct cursor c = cursor_of(body);
    out->id = cursor_u64(&c);
    out->name = cursor_text(&c);
    out->slug = cursor_text(&c);
    out->email = cursor_text(&c);
    out->flags = cursor_u8(&c);
    out->licensed = cursor_u8(&c);
    out->global = cursor_permission(&c);
    out->group_count = cursor_count(&c, 4);
    out->groups = cursor_bytes(&c, (size_t)out->group_count * 4);
    return cursor_done(&c) && out->licensed <= LICENSED_UNSURE;
}

bool decode_group(struct text body, struct group_record *out)
{
    struct cursor c = cursor_of(body);
    out->number = cursor_u32(&c);
    out->flags = cursor_u8(&c);
    out->name = cursor_text(&c);
    out->member_count = cursor_u32(&c);
    return cursor_done(&c) && out->number != GROUP_NONE;
}

bool decode_group_number(struct text body, uint8_t *flags, struct text *name)
{
    struct cursor c = cursor_of(body);
    *flags = cursor_u8(&c);
    *name = cursor_text(&c);
    return cursor_done(&c);
}

bool decode_members(struct text body, const unsigned char **ids, uint32_t *count)
{
    struct cursor c = cursor_of(body);
    *count = cursor_count(&c, 8);
    *ids = cursor_bytes(&c, (size_t)*count * 8);
    return cursor_done(&c);
}

bool decode_id(struct text body, uint64_t *id)
{
    struct cursor c = cursor_of(body);
    *id = cursor_u64(&c);
    return cursor_done(&c);
}

bool decode_text(struct text body, struct text *out)
{
    struct cursor c = cursor_of(body);
    *out = cursor_text(&c);
    return cursor_done(&c);
}

bool decode_texts(struct text body, struct text *a, struct text *b)
{
    struct cursor c = cursor_of(body);
    *a = cursor_text(&c);
    *b = cursor_text(&c);
    return cursor_done(&c);
}

static void read_grants(struct cursor *c, struct place_record *out)
{
    *out = (struct place_record){0};
    out->group_count = cursor_count(c, GRANT_GROUP_SIZE);
    out->groups = cursor_bytes(c, (size_t)out->group_count * GRANT_GROUP_SIZE);
    out->user_count = cursor_count(c, GRANT_USER_SIZE);
    out->users = cursor_bytes(c, (size_t)out->user_count * GRANT_USER_SIZE);
}

static void read_model(struct cursor *c, struct branch_model *out)
{
    if (!cursor_u8(c))
        return;
    uint8_t flags = cursor_u8(c);
    out->configured = true;
    out->development_set = flags & MODEL_DEVELOPMENT;
    out->production_set = flags & MODEL_PRODUCTION;
    out->development_default = flags & MODEL_DEVELOPMENT_DEFAULT;
    out->production_default = flags & MODEL_PRODUCTION_DEFAULT;
    out->development = cursor_text(c);
    out->production = cursor_text(c);
    size_t count = cursor_u8(c);
    if (count > LAYOUT_CATEGORIES_MAX) {
        cursor_refuse(c);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        out->category[i].enabled = cursor_u8(c) != 0;
        out->category[i].id = cursor_text(c);
        out->category[i].prefix = cursor_text(c);
    }
    out->category_count = count;
}

/* Up to the first restriction. */
static void read_place_head(struct cursor *c, struct place_record *out)
{
    read_grants(c, out);
    out->key_count = cursor_count(c, KEY_GRANT_SIZE);
    out->keys = *c;
    for (uint32_t i = 0; i < out->key_count && !c->failed; i++) {
        cursor_bytes(c, 9);
        cursor_text(c);
    }
    read_model(c, &out->model);
    out->restriction_count = cursor_count(c, 4);
    out->restrictions = *c;
}

/* One pass over the sizes only: what lies within is checked by whoever decodes it. */
static bool pass_restrictions(struct cursor *c, const struct place_record *place)
{
    for (uint32_t i = 0; i < place->restriction_count && !c->failed; i++)
        cursor_bytes(c, cursor_u32(c));
    return cursor_done(c);
}

bool decode_global(struct text body, struct place_record *out)
{
    struct cursor c = cursor_of(body);
    read_grants(&c, out);
    if (cursor_left(&c))
        out->incomplete = cursor_u8(&c);
    return cursor_done(&c);
}

static struct cursor read_project_head(struct text bytes, struct project_record *out)
{
    struct cursor c = cursor_of(bytes);
    out->id = cursor_u64(&c);
    out->key = cursor_text(&c);
    out->flags = cursor_u8(&c);
    out->owner_id = cursor_u64(&c);
    out->owner_name = cursor_text(&c);
    out->default_permission = cursor_permission(&c);
    read_place_head(&c, &out->place);
    out->place.incomplete = (unsigned)out->flags >> PLACE_INCOMPLETE_SHIFT;
    return c;
}

static struct cursor read_repository_head(struct text bytes, struct repository_record *out)
{
    struct cursor c = cursor_of(bytes);
    out->id = cursor_u64(&c);
    out->key = cursor_text(&c);
    out->slug = cursor_text(&c);
    out->flags = cursor_u8(&c);
    out->default_branch = cursor_text(&c);
    out->origin_id = cursor_u64(&c);
    read_place_head(&c, &out->place);
    out->place.incomplete = (unsigned)out->flags >> PLACE_INCOMPLETE_SHIFT;
    return c;
}

bool decode_project(struct text body, struct project_record *out)
{
    struct cursor c = read_project_head(body, out);
    return pass_restrictions(&c, &out->place);
}

bool decode_repository(struct text body, struct repository_record *out)
{
    struct cursor c = read_repository_head(body, out);
    return pass_restrictions(&c, &out->place);
}

bool decode_head(enum place_kind kind, struct text bytes, size_t *restrictions_at, uint32_t *count)
{
    struct project_record project;
    struct repository_record repository;
    struct cursor c = kind == PLACE_PROJECT ? read_project_head(bytes, &project)
                                            : read_repository_head(bytes, &repository);
    if (c.failed)
        return false;
    *restrictions_at = bytes.size - cursor_left(&c);
    *count = kind == PLACE_PROJECT ? project.place.restriction_count
                                   : repository.place.restriction_count;
    return true;
}

#define PART_SIZE 12 /* at least */

bool decode_parts(struct text body, struct cursor *parts, uint32_t *count)
{
    struct cursor c = cursor_of(body);
    struct part_record part;
    *count = cursor_count(&c, PART_SIZE);
    *parts = c;
    for (uint32_t i = 0; i < *count && decode_next_part(&c, &part); i++)
        continue;
    return cursor_done(&c);
}

bool decode_next_part(struct cursor *parts, struct part_record *out)
{
    out->key = cursor_text(parts);
    out->slug = cursor_text(parts);
    out->started_ms = cursor_i64(parts);
    return !parts->failed;
}

#define KEY_PLACE_SIZE 10

bool decode_key(struct text body, struct key_record *out)
{
    struct cursor c = cursor_of(body);
    out->label = cursor_text(&c);
    out->algorithm = cursor_text(&c);
    out->fingerprint = cursor_text(&c);
    out->bits = cursor_u32(&c);
    out->flags = cursor_u8(&c);
    out->created_ms = cursor_i64(&c);
    out->last_used_ms = cursor_i64(&c);
    out->expires_ms = cursor_i64(&c);
    out->place_count = cursor_count(&c, KEY_PLACE_SIZE);
    out->places = cursor_bytes(&c, (size_t)out->place_count * KEY_PLACE_SIZE);
    return cursor_done(&c);
}

struct key_place decode_key_place(const struct key_record *key, uint32_t at)
{
    const unsigned char *item = key->places + (size_t)at * KEY_PLACE_SIZE;
    return (struct key_place){item[0] != 0, layout_load64(item + 1), (enum permission)item[9]};
}

struct group_grant place_group(const struct place_record *place, uint32_t at)
{
    const unsigned char *item = place->groups + (size_t)at * GRANT_GROUP_SIZE;
    return (struct group_grant){layout_load32(item), item[4] & GROUP_INCOMPLETE,
                                (enum permission)item[5]};
}

uint64_t place_user(const struct place_record *place, uint32_t at, enum permission *out)
{
    const unsigned char *item = place->users + (size_t)at * GRANT_USER_SIZE;
    *out = (enum permission)item[8];
    return layout_load64(item);
}

bool place_find_user(const struct place_record *place, uint64_t id, enum permission *out)
{
    uint32_t low = 0, high = place->user_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        enum permission permission;
        uint64_t found = place_user(place, middle, &permission);
        if (found == id) {
            *out = permission;
            return true;
        }
        if (found < id)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool place_next_key(struct cursor *keys, struct repository_key *out)
{
    out->id = cursor_u64(keys);
    out->permission = cursor_permission(keys);
    out->label = cursor_text(keys);
    out->of_project = false;
    return !keys->failed;
}

bool place_next_bare_restriction(struct cursor *restrictions, struct restriction *out)
{
    size_t size = cursor_u32(restrictions);
    const unsigned char *bytes = cursor_bytes(restrictions, size);
    if (!bytes)
        return false;
    struct cursor c = {bytes, bytes + size, false};
    out->id = cursor_u64(&c);
    uint8_t flags = cursor_u8(&c), type = cursor_u8(&c), matcher = cursor_u8(&c);
    if (type < RESTRICTION_READ_ONLY || type > RESTRICTION_UNKNOWN || matcher < MATCHER_BRANCH ||
        matcher > MATCHER_UNKNOWN)
        return false;
    out->of_project = flags & RESTRICTION_OF_PROJECT;
    out->matcher_active = !(flags & RESTRICTION_INACTIVE);
    out->type = (enum restriction_type)type;
    out->matcher = (enum matcher_type)matcher;
    out->type_text = type == RESTRICTION_UNKNOWN ? cursor_text(&c) : TEXT_NONE;
    out->matcher_type_text = matcher == MATCHER_UNKNOWN ? cursor_text(&c) : TEXT_NONE;
    out->matcher_id = cursor_text(&c);
    out->exemptions = c.at;
    out->exemptions_size = cursor_left(&c);
    return !c.failed;
}

void restriction_name_types(struct restriction *restriction)
{
    if (restriction->type != RESTRICTION_UNKNOWN)
        restriction->type_text = text_of(restriction_type_name(restriction->type));
    if (restriction->matcher != MATCHER_UNKNOWN)
        restriction->matcher_type_text = text_of(matcher_type_name(restriction->matcher));
}

bool place_next_restriction(struct cursor *restrictions, struct restriction *out)
{
    if (!place_next_bare_restriction(restrictions, out))
        return false;
    restriction_name_types(out);
    return true;
}

bool decode_exemptions(struct text bytes, struct arena *arena, struct exemptions *out, bool *memory)
{
    *memory = false;
    *out = (struct exemptions){0};
    if (!bytes.size)
        return true;
    struct cursor c = cursor_of(bytes);
    out->user_count = cursor_count(&c, 10);
    struct exempt_user *users = arena_alloc(arena, out->user_count, sizeof *users);
    for (size_t i = 0; users && i < out->user_count; i++) {
        users[i].id = cursor_u64(&c);
        users[i].name = cursor_text(&c);
    }
    out->group_count = cursor_count(&c, 7);
    struct exempt_group *groups = arena_alloc(arena, out->group_count, sizeof *groups);
    for (size_t i = 0; groups && i < out->group_count; i++) {
        groups[i].group = cursor_u32(&c);
        groups[i].incomplete = cursor_u8(&c) & GROUP_INCOMPLETE;
        groups[i].name = cursor_text(&c);
    }
    out->access_key_count = cursor_count(&c, 8);
    uint64_t *keys = arena_alloc(arena, out->access_key_count, sizeof *keys);
    for (size_t i = 0; keys && i < out->access_key_count; i++)
        keys[i] = cursor_u64(&c);
    *memory = !users || !groups || !keys;
    out->users = users;
    out->groups = groups;
    out->access_keys = keys;
    return !*memory && cursor_done(&c);
}
