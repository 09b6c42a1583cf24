/*
 * json_facts.h - the facts of an instance in JSON, into a snapshot builder: for decide_lines.c.
 *
 * Texts are bytes: each character of a JSON string is one byte (U+0000 to U+00FF), so that names and
 * refs that are not UTF-8 can be written. The members of each object are those of the structs in
 * snapshot/builder.h; what is not there is absent, 0 or false.
 */
#ifndef REFGATE_TESTS_JSON_FACTS_H
#define REFGATE_TESTS_JSON_FACTS_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "snapshot/builder.h"

struct facts {
    struct arena *arena;
    struct builder *builder;
    struct error err;
};

static inline void facts_must(const struct facts *facts, enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "decide_lines: %s\n", facts->err.text);
    exit(2);
}
static inline void facts_expect(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "decide_lines: not what is expected: %s\n", what);
    exit(2);
}

/* The bytes that a JSON string stands for, with a NUL behind them; absent for null and nothing. */
static inline struct text facts_bytes(struct arena *arena, const json_t *string)
{
    if (!json_is_string(string))
        return TEXT_NONE;
    const unsigned char *from = (const unsigned char *)json_string_value(string);
    size_t size = json_string_length(string), used = 0;
    char *to = arena_alloc(arena, size + 1, 1);
    facts_expect(to, "memory");
    for (size_t i = 0; i < size; i++) {
        unsigned c = from[i];
        if (c >= 0x80) {
            facts_expect((c & 0xfc) == 0xc0 && i + 1 < size, "a character above U+00FF");
            c = (c & 3) << 6 | (from[++i] & 0x3f);
        }
        to[used++] = (char)c;
    }
    return (struct text){to, used};
}

static inline struct text facts_text(const struct facts *facts, const json_t *of, const char *name)
{
    return facts_bytes(facts->arena, json_object_get(of, name));
}
static inline int64_t facts_number(const json_t *of, const char *name)
{
    return json_integer_value(json_object_get(of, name));
}
static inline uint64_t facts_id(const json_t *of, const char *name)
{
    return (uint64_t)facts_number(of, name);
}
static inline bool facts_flag(const json_t *of, const char *name)
{
    return json_is_true(json_object_get(of, name));
}
static inline enum permission facts_permission(const json_t *of, const char *name)
{
    enum permission permission = PERMISSION_NONE;
    const char *word = json_string_value(json_object_get(of, name));
    facts_expect(!word || permission_parse(text_of(word), &permission), word);
    return permission;
}
static inline struct place facts_place(const json_t *of)
{
    static const struct {
        const char *name;
        enum grant_scope scope;
    } scopes[] = {{"project", GRANT_PROJECT}, {"repository", GRANT_REPOSITORY}};
    for (size_t i = 0; i < 2; i++)
        if (json_object_get(of, scopes[i].name))
            return (struct place){scopes[i].scope, facts_id(of, scopes[i].name)};
    return (struct place){GRANT_GLOBAL, 0};
}

static inline void facts_user(struct facts *facts, const json_t *value)
{
    facts_must(facts,
               builder_user(facts->builder,
                            &(struct builder_user){.id = facts_id(value, "id"),
                                                   .name = facts_text(facts, value, "name"),
                                                   .email = facts_text(facts, value, "email"),
                                                   .active = facts_flag(value, "active"),
                                                   .listed = true},
                            &facts->err));
}

static inline void facts_group(struct facts *facts, const json_t *value)
{
    struct text name = facts_text(facts, value, "name");
    const json_t *member;
    size_t i;
    facts_must(facts,
               builder_group(facts->builder, name, facts_flag(value, "incomplete"), &facts->err));
    json_array_foreach(json_object_get(value, "members"), i, member)
        facts_must(facts, builder_member(facts->builder, name, (uint64_t)json_integer_value(member),
                                         &facts->err));
}

static inline struct text facts_branch(const struct facts *facts, const json_t *model,
                                       const char *name, bool *set, bool *is_default)
{
    const json_t *branch = json_object_get(model, name);
    *set = json_is_string(branch) || json_is_true(branch);
    *is_default = json_is_true(branch);
    return facts_bytes(facts->arena, branch);
}

/* {"development": true (the default branch) or "refs/…", "production": …, "categories": [[id, prefix,
 * enabled]]} */
static inline void facts_model(struct facts *facts, const json_t *of, struct place place)
{
    const json_t *value = json_object_get(of, "model"), *row;
    struct branch_model model = {.configured = true};
    size_t i;
    if (!json_is_object(value))
        return;
    model.development = facts_branch(facts, value, "development", &model.development_set,
                                     &model.development_default);
    model.production = facts_branch(facts, value, "production", &model.production_set,
                                    &model.production_default);
    json_array_foreach(json_object_get(value, "categories"), i, row)
    {
        facts_expect(i < 8, "nine categories");
        model.category[i].id = facts_bytes(facts->arena, json_array_get(row, 0));
        model.category[i].prefix = facts_bytes(facts->arena, json_array_get(row, 1));
        model.category[i].enabled = json_is_true(json_array_get(row, 2));
        model.category_count = i + 1;
    }
    facts_must(facts, builder_model(facts->builder, place, &model, &facts->err));
}

static inline void facts_incomplete(struct facts *facts, const json_t *of, struct place place)
{
    unsigned bits = (unsigned)facts_number(of, "incomplete");
    if (bits)
        facts_must(facts, builder_incomplete(facts->builder, place, bits, &facts->err));
}

static inline void facts_project(struct facts *facts, const json_t *value)
{
    uint64_t id = facts_id(value, "id");
    const struct place place = {GRANT_PROJECT, id};
    const struct builder_project project = {.id = id,
                                            .key = facts_text(facts, value, "key"),
                                            .personal = facts_flag(value, "personal"),
                                            .is_public = facts_flag(value, "public"),
                                            .owner_id = facts_id(value, "owner"),
                                            .owner_name = facts_text(facts, value, "owner_name")};
    facts_must(facts, builder_project(facts->builder, &project, &facts->err));
    if (facts_permission(value, "default"))
        facts_must(facts, builder_default_permission(
                              facts->builder, id, facts_permission(value, "default"), &facts->err));
    facts_model(facts, value, place);
    facts_incomplete(facts, value, place);
}

static inline void facts_repository(struct facts *facts, const json_t *value)
{
    uint64_t id = facts_id(value, "id");
    const struct place place = {GRANT_REPOSITORY, id};
    const struct builder_repository repository = {.id = id,
                                                  .project_id = facts_id(value, "of"),
                                                  .origin_id = facts_id(value, "origin"),
                                                  .slug = facts_text(facts, value, "slug"),
                                                  .archived = facts_flag(value, "archived"),
                                                  .is_public = facts_flag(value, "public")};
    struct text branch = facts_text(facts, value, "branch");
    facts_must(facts, builder_repository(facts->builder, &repository, &facts->err));
    if (branch.size)
        facts_must(facts, builder_default_branch(facts->builder, id, branch, &facts->err));
    facts_model(facts, value, place);
    facts_incomplete(facts, value, place);
}

static inline void facts_grant(struct facts *facts, const json_t *value)
{
    struct builder *b = facts->builder;
    struct place place = facts_place(value);
    enum permission permission = facts_permission(value, "permission");
    enum status status;
    if (json_object_get(value, "user"))
        status = builder_grant_user(b, place, facts_id(value, "user"), permission, &facts->err);
    else if (json_object_get(value, "key"))
        status = builder_grant_key(b, place, facts_id(value, "key"), permission, &facts->err);
    else
        status = builder_grant_group(b, place, facts_text(facts, value, "group"), permission,
                                     &facts->err);
    facts_must(facts, status);
}

static inline void facts_exemptions(struct facts *facts, const json_t *value,
                                    struct exemptions *out)
{
    const json_t *list = json_object_get(value, "users"), *item;
    struct exempt_user *users = arena_alloc(facts->arena, json_array_size(list) + 1, sizeof *users);
    const json_t *names = json_object_get(value, "groups"), *ids = json_object_get(value, "keys");
    struct exempt_group *groups = arena_alloc(facts->arena, json_array_size(names) + 1,
                                              sizeof *groups);
    uint64_t *keys = arena_alloc(facts->arena, json_array_size(ids) + 1, sizeof *keys);
    size_t i;
    facts_expect(users && groups && keys, "memory");
    json_array_foreach(list, i, item)
    {
        users[i].id = (uint64_t)json_integer_value(json_array_get(item, 0));
        users[i].name = facts_bytes(facts->arena, json_array_get(item, 1));
    }
    json_array_foreach(names, i, item) groups[i].name = facts_bytes(facts->arena, item);
    json_array_foreach(ids, i, item) keys[i] = (uint64_t)json_integer_value(item);
    *out = (struct exemptions){
        users, groups, keys, json_array_size(list), json_array_size(names), json_array_size(ids)};
}

static inline void facts_restriction(struct facts *facts, const json_t *value)
{
    struct builder_restriction row = {
        .head = {.id = facts_id(value, "id"),
                 .of_project = facts_flag(value, "of_project"),
                 .type_text = facts_text(facts, value, "type"),
                 .matcher_type_text = facts_text(facts, value, "matcher"),
                 .matcher_id = facts_text(facts, value, "match"),
                 .matcher_active = facts_flag(value, "active")}};
    row.head.type = restriction_type_parse(row.head.type_text);
    row.head.matcher = matcher_type_parse(row.head.matcher_type_text);
    facts_exemptions(facts, value, &row.exempt);
    facts_must(facts, builder_restriction(facts->builder, facts_place(value), &row, &facts->err));
}

/* A time that is null is known not to be; one that is not there is not known. */
static inline void facts_time(const json_t *of, const char *name, bool *known, bool *is,
                              int64_t *ms)
{
    const json_t *value = json_object_get(of, name);
    *known = value != NULL;
    *is = json_is_integer(value);
    *ms = json_integer_value(value);
}

static inline void facts_key(struct facts *facts, const json_t *value)
{
    struct builder_key key = {.id = facts_id(value, "id"),
                              .label = facts_text(facts, value, "label"),
                              .algorithm = facts_text(facts, value, "algorithm"),
                              .bits = (uint32_t)facts_number(value, "bits")};
    bool ignored;
    facts_time(value, "created", &key.created_known, &ignored, &key.created_ms);
    facts_time(value, "last_used", &key.use_known, &key.used, &key.last_used_ms);
    facts_time(value, "expires_at", &key.expiry_known, &key.expires, &key.expires_ms);
    facts_must(facts, builder_key(facts->builder, &key, &facts->err));
}

static inline void facts_service(struct facts *facts, const json_t *value)
{
    facts_must(facts, builder_service(facts->builder, facts_text(facts, value, "name"),
                                      facts_id(value, "key"), &facts->err));
}

/* Everything but the times of the snapshot and its base URL. */
static inline void facts_fill(struct facts *facts, const json_t *instance)
{
    static const struct {
        const char *list;
        void (*add)(struct facts *facts, const json_t *value);
    } lists[] = {{"users", facts_user},       {"groups", facts_group},
                 {"projects", facts_project}, {"repositories", facts_repository},
                 {"grants", facts_grant},     {"restrictions", facts_restriction},
                 {"keys", facts_key},         {"services", facts_service}};
    const json_t *value;
    size_t i;
    for (size_t list = 0; list < sizeof lists / sizeof lists[0]; list++)
        json_array_foreach(json_object_get(instance, lists[list].list), i, value) lists[list].add(
            facts, value);
    facts_incomplete(facts, instance, (struct place){GRANT_GLOBAL, 0});
}

#endif
