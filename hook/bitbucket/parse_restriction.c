#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "bitbucket/parse.h"

#define EXEMPTIONS_MEMORY ((size_t)64 * 1024 * 1024)

static void *list_of(struct parse *p, struct arena *arena, const json_t *list, size_t size)
{
    void *items = arena_alloc(arena, json_array_size(list), size);
    if (!items)
        parse_did(p, error_set(p->fields.err, STATUS_MEMORY, "out of memory"));
    return items;
}

static void read_users(struct parse *p, const json_t *value, struct arena *arena,
                       struct exemptions *out)
{
    json_t *list = field_array(&p->fields, value, "users", OPTIONAL);
    struct exempt_user *users = list_of(p, arena, list, sizeof *users);
    for (size_t i = 0; parse_good(p) && i < json_array_size(list); i++) {
        const json_t *user = json_array_get(list, i);
        users[i].id = field_u64(&p->fields, user, "id", OPTIONAL, NULL);
        users[i].name = field_text(&p->fields, user, "name", REQUIRED);
        /* Described as elsewhere: one whom nothing else names is then known, too. */
        if (parse_good(p) && users[i].id && json_is_boolean(json_object_get(user, "active")))
            parse_add_user(p, user, false);
    }
    out->users = users;
    out->user_count = json_array_size(list);
}

/* Names in restrictions; an object with a name as elsewhere would do too. */
static void read_groups(struct parse *p, const json_t *value, struct arena *arena,
                        struct exemptions *out)
{
    json_t *list = field_array(&p->fields, value, "groups", OPTIONAL);
    struct exempt_group *groups = list_of(p, arena, list, sizeof *groups);
    for (size_t i = 0; parse_good(p) && i < json_array_size(list); i++) {
        const json_t *group = json_array_get(list, i);
        if (json_is_string(group) && json_string_length(group))
            groups[i].name =
                (struct text){json_string_value(group), json_string_length(group)};
        else
            groups[i].name = field_text(&p->fields, group, "name", REQUIRED);
        parse_named_group(p, groups[i].name);
    }
    out->groups = groups;
    out->group_count = json_array_size(list);
}

static void read_keys(struct parse *p, const json_t *value, struct arena *arena,
                      struct exemptions *out)
{
    json_t *list = field_array(&p->fields, value, "accessKeys", OPTIONAL);
    uint64_t *keys = list_of(p, arena, list, sizeof *keys);
    for (size_t i = 0; parse_good(p) && i < json_array_size(list); i++)
        keys[i] = field_u64(&p->fields, json_array_get(list, i), "key.id", REQUIRED, NULL);
    out->access_keys = keys;
    out->access_key_count = json_array_size(list);
}

/* Whose restriction: a repository lists its project's too; servers before 5.5 name no scope. */
static bool of_project(struct parse *p, const json_t *value)
{
    struct text scope = field_text(&p->fields, value, "scope.type", OPTIONAL);
    if (text_absent(scope))
        return p->target->place.scope == GRANT_PROJECT;
    if (text_equal(scope, TEXT("GLOBAL")))
        return true;
    bool project = text_equal(scope, TEXT("PROJECT"));
    if (!project && !text_equal(scope, TEXT("REPOSITORY")))
        field_fail(&p->fields, "scope.type", "is a scope that this version of refgate does not know");
    else if (project == (p->target->place.scope == GRANT_PROJECT))
        parse_check_place(p, value, "scope.resourceId");
    return project;
}

void parse_restriction(struct parse *p, const json_t *value)
{
    struct fields *f = &p->fields;
    struct arena arena;
    struct builder_restriction row = {0};
    struct restriction *head = &row.head;
    arena_init(&arena, EXEMPTIONS_MEMORY);
    head->id = field_u64(f, value, "id", REQUIRED, NULL);
    head->type_text = field_text(f, value, "type", REQUIRED);
    head->matcher_type_text = field_text(f, value, "matcher.type.id", REQUIRED);
    head->matcher_id = field_text(f, value, "matcher.id", OPTIONAL);
    head->matcher_active = field_bool(f, value, "matcher.active", OPTIONAL, true);
    head->of_project = of_project(p, value);
    if (parse_good(p)) {
        /* An unknown type or matcher is kept as it is: the policy answers "cannot tell". */
        head->type = restriction_type_parse(head->type_text);
        head->matcher = matcher_type_parse(head->matcher_type_text);
        p->feed->names_model = p->feed->names_model || head->matcher == MATCHER_MODEL_BRANCH ||
                               head->matcher == MATCHER_MODEL_CATEGORY;
        read_users(p, value, &arena, &row.exempt);
        read_groups(p, value, &arena, &row.exempt);
        read_keys(p, value, &arena, &row.exempt);
    }
    if (parse_good(p))
        parse_did(p, builder_restriction(p->feed->builder, p->target->place, &row, f->err));
    arena_free(&arena);
}
