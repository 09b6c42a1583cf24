#include "bitbucket/parse.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

void parse_did(struct parse *p, enum status status)
{
    if (status == STATUS_OK || !parse_good(p))
        return;
    p->fields.status = status;
    if (status == STATUS_FORMAT || status == STATUS_LIMIT)
        error_prefix(p->fields.err, "%s", p->fields.where);
}

void parse_properties(struct parse *p, const json_t *value)
{
    struct text version = field_text(&p->fields, value, "version", REQUIRED);
    if (!parse_good(p))
        return;
    if (version.size >= sizeof p->feed->version) {
        field_fail(&p->fields, "version", "is too long");
        return;
    }
    memcpy(p->feed->version, version.at, version.size);
    p->feed->version[version.size] = '\0';
}

/* ------------------------------------------------------------------ people */

uint64_t parse_add_user(struct parse *p, const json_t *user, bool listed)
{
    struct fields *f = &p->fields;
    const struct feed_listener *listener = p->feed->listener;
    struct text type = field_text(f, user, "type", OPTIONAL);
    struct builder_user row = {
        .id = field_u64(f, user, "id", REQUIRED, NULL),
        .name = field_text(f, user, "name", REQUIRED),
        .slug = field_text(f, user, "slug", OPTIONAL),
        .email = field_text(f, user, "emailAddress", OPTIONAL),
        .active = field_bool(f, user, "active", REQUIRED, false),
        .listed = listed,
    };
    if (parse_good(p) && !row.id) /* 0 stands for "not known" in exemptions */
        field_fail(f, "id", "is zero");
    /* SERVICE: the principal of a token; not a person (rest-api.md 1.4). */
    if (!text_absent(type) && !text_equal(type, TEXT("NORMAL")))
        return row.id;
    if (parse_good(p))
        parse_did(p, builder_user(p->feed->builder, &row, f->err));
    if (parse_good(p) && listener && listener->user)
        parse_did(p, listener->user(listener->self, row.id, row.name,
                                    row.slug.size ? row.slug : row.name, listed, f->err));
    return row.id;
}

void parse_named_group(struct parse *p, struct text name)
{
    const struct feed_listener *listener = p->feed->listener;
    if (parse_good(p) && listener && listener->named_group)
        parse_did(p, listener->named_group(listener->self, name, p->fields.err));
}

void parse_check_place(struct parse *p, const json_t *value, const char *path)
{
    bool there;
    uint64_t id = field_u64(&p->fields, value, path, OPTIONAL, &there);
    if (there && id != p->target->place.id)
        field_fail(&p->fields, path,
                   "is of another place: it changed while it was read, run sync again");
}

static bool is_service(const json_t *user)
{
    const json_t *type = json_object_get(user, "type");
    return json_is_string(type) && strcmp(json_string_value(type), "NORMAL") != 0;
}

void parse_user(struct parse *p, const json_t *value)
{
    parse_add_user(p, value, true);
}

void parse_group(struct parse *p, const json_t *value)
{
    struct text name;
    if (json_is_string(value)) /* /groups lists plain texts */
        name = (struct text){json_string_value(value), json_string_length(value)};
    else
        name = field_text(&p->fields, value, "name", REQUIRED);
    if (parse_good(p) && !name.size)
        field_fail(&p->fields, "", "is a group without a name");
    if (parse_good(p))
        parse_did(p, builder_group(p->feed->builder, name, false, p->fields.err));
    if (parse_good(p) && p->feed->listener && p->feed->listener->group)
        parse_did(p, p->feed->listener->group(p->feed->listener->self, name, p->fields.err));
}

/* The target is the user, the value a group. */
void parse_group_of_user(struct parse *p, const json_t *value)
{
    struct text name = field_text(&p->fields, value, "name", REQUIRED);
    if (parse_good(p))
        parse_did(p, builder_member(p->feed->builder, name, p->target->user_id, p->fields.err));
}

void parse_member(struct parse *p, const json_t *value)
{
    uint64_t id = parse_add_user(p, value, false);
    if (parse_good(p) && !is_service(value))
        parse_did(p, builder_member(p->feed->builder, p->target->group, id, p->fields.err));
}

/* ------------------------------------------------------------------ grants */

static struct place place_of(const struct parse *p)
{
    if (endpoints[p->endpoint].level == LEVEL_INSTANCE)
        return (struct place){GRANT_GLOBAL, 0};
    return p->target->place;
}

enum permission parse_level(struct parse *p, const json_t *value)
{
    enum permission permission = PERMISSION_NONE;
    struct text name = field_text(&p->fields, value, "permission", REQUIRED);
    if (parse_good(p) && !permission_parse(name, &permission))
        field_fail(&p->fields, "permission",
                   "is a level that this version of refgate does not know");
    return permission;
}

void parse_user_grant(struct parse *p, const json_t *value)
{
    json_t *user = field_object(&p->fields, value, "user", REQUIRED);
    enum permission permission = parse_level(p, value);
    if (!parse_good(p))
        return;
    uint64_t id = parse_add_user(p, user, false);
    if (parse_good(p) && !is_service(user))
        parse_did(p,
                  builder_grant_user(p->feed->builder, place_of(p), id, permission, p->fields.err));
}

void parse_group_grant(struct parse *p, const json_t *value)
{
    struct text name = field_text(&p->fields, value, "group.name", REQUIRED);
    enum permission permission = parse_level(p, value);
    if (parse_good(p))
        parse_did(
            p, builder_grant_group(p->feed->builder, place_of(p), name, permission, p->fields.err));
    parse_named_group(p, name);
}

void parse_permitted(struct parse *p, const json_t *value)
{
    static const struct {
        enum endpoint_id endpoint;
        enum permission permission;
    } levels[] = {
        {ENDPOINT_DEFAULT_ADMIN, PERMISSION_PROJECT_ADMIN},
        {ENDPOINT_DEFAULT_CREATE, PERMISSION_REPO_CREATE},
        {ENDPOINT_DEFAULT_WRITE, PERMISSION_PROJECT_WRITE},
        {ENDPOINT_DEFAULT_READ, PERMISSION_PROJECT_READ},
    };
    p->result.permitted = field_bool(&p->fields, value, "permitted", REQUIRED, false);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (parse_good(p) && p->result.permitted && levels[i].endpoint == p->endpoint)
            parse_did(p, builder_default_permission(p->feed->builder, p->target->place.id,
                                                    levels[i].permission, p->fields.err));
}

/* ------------------------------------------------------------------ projects, repositories */

/* As it is now, not as a list had it. */
static bool is_current(const struct parse *p)
{
    return p->endpoint == ENDPOINT_PROJECT || p->endpoint == ENDPOINT_REPOSITORY;
}

void parse_project(struct parse *p, const json_t *value)
{
    struct fields *f = &p->fields;
    struct builder_project row = {
        .id = field_u64(f, value, "id", REQUIRED, NULL),
        .key = field_text(f, value, "key", REQUIRED),
        .personal = text_equal(field_text(f, value, "type", OPTIONAL), TEXT("PERSONAL")),
        .is_public = field_bool(f, value, "public", OPTIONAL, false),
        .current = is_current(p),
    };
    json_t *owner = field_object(f, value, "owner", row.personal ? REQUIRED : OPTIONAL);
    if (!parse_good(p))
        return;
    if (row.personal) {
        row.owner_id = parse_add_user(p, owner, false);
        row.owner_name = field_text(f, owner, "name", REQUIRED);
    }
    if (parse_good(p))
        parse_did(p, builder_project(p->feed->builder, &row, f->err));
    const struct feed_listener *listener = p->feed->listener;
    if (parse_good(p) && listener && listener->project)
        parse_did(p, listener->project(listener->self, row.id, row.key, row.personal, f->err));
}

void parse_repository(struct parse *p, const json_t *value)
{
    struct fields *f = &p->fields;
    struct builder_repository row = {
        .id = field_u64(f, value, "id", REQUIRED, NULL),
        .project_id = field_u64(f, value, "project.id", REQUIRED, NULL),
        .origin_id = field_u64(f, value, "origin.id", OPTIONAL, NULL),
        .slug = field_text(f, value, "slug", REQUIRED),
        .archived = field_bool(f, value, "archived", OPTIONAL, false), /* since 8.0 */
        .is_public = field_bool(f, value, "public", OPTIONAL, false),
        .current = is_current(p),
    };
    struct text key = field_text(f, value, "project.key", REQUIRED);
    if (parse_good(p))
        parse_project(p, json_object_get(value, "project"));
    if (parse_good(p))
        parse_did(p, builder_repository(p->feed->builder, &row, f->err));
    const struct feed_listener *listener = p->feed->listener;
    if (parse_good(p) && listener && listener->repository)
        parse_did(p, listener->repository(listener->self, row.id, key, row.slug, f->err));
}

/* ------------------------------------------------------------------ branches */

struct text parse_ref(struct text name, struct buffer *room)
{
    if (!name.size || text_starts(name, TEXT("refs/")))
        return name;
    buffer_string(room, "refs/heads/");
    buffer_text(room, name);
    return buffer_view(room);
}

void parse_default_branch(struct parse *p, const json_t *value)
{
    struct text id = field_text(&p->fields, value, "id", REQUIRED);
    struct buffer room;
    if (!parse_good(p))
        return;
    buffer_init(&room, SIZE_MAX);
    id = parse_ref(id, &room);
    parse_did(p, builder_default_branch(p->feed->builder, p->target->place.id, id, p->fields.err));
    buffer_free(&room);
}

/* "development" or "production" of a configuration. */
static struct text model_branch(struct parse *p, const json_t *model, const char *name, bool *set,
                                bool *use_default, struct buffer *room)
{
    json_t *branch = field_object(&p->fields, model, name, OPTIONAL);
    *set = *use_default = false;
    if (!branch)
        return TEXT("");
    *use_default = field_bool(&p->fields, branch, "useDefault", OPTIONAL, false);
    struct text ref = field_text(&p->fields, branch, "refId", OPTIONAL);
    *set = *use_default || ref.size;
    return *use_default || !ref.size ? TEXT("") : parse_ref(ref, room);
}

void parse_model(struct parse *p, const json_t *value)
{
    struct branch_model model = {.configured = true};
    struct buffer room[2];
    buffer_init(&room[0], SIZE_MAX);
    buffer_init(&room[1], SIZE_MAX);
    model.development = model_branch(p, value, "development", &model.development_set,
                                     &model.development_default, &room[0]);
    model.production = model_branch(p, value, "production", &model.production_set,
                                    &model.production_default, &room[1]);
    json_t *types = field_array(&p->fields, value, "types", OPTIONAL);
    if (json_array_size(types) > LAYOUT_CATEGORIES_MAX)
        field_fail(&p->fields, "types", "has more categories than this version of refgate knows");
    for (size_t i = 0; parse_good(p) && i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i);
        model.category[i].id = field_text(&p->fields, type, "id", REQUIRED);
        model.category[i].prefix = field_text(&p->fields, type, "prefix", OPTIONAL);
        model.category[i].enabled = field_bool(&p->fields, type, "enabled", OPTIONAL, true);
        model.category_count = i + 1;
    }
    if (parse_good(p))
        parse_did(p, builder_model(p->feed->builder, p->target->place, &model, p->fields.err));
    buffer_free(&room[0]);
    buffer_free(&room[1]);
}
