#include "command/test_facts.h"

#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "model/ref.h"

#define FIRST_ID \
    UINT64_C(1000000) /* of what has no id of its own: 1000000 + its place in the file */

struct teller {
    const struct sheet *sheet;
    int64_t now_ms;
    struct arena *arena;
    struct config_problems *problems;
    struct builder *builder;
    struct error *err;
    enum status status; /* the first failure */
};

/* Tells a fact, unless an earlier one failed. */
#define TELL(t, call)                 \
    do {                              \
        if ((t)->status == STATUS_OK) \
            (t)->status = (call);     \
    } while (0)

/* ---------------------------------------------------------------- values */

static struct text text_or_none(const struct sheet_block *block, const char *key)
{
    const struct sheet_value *value = sheet_value(block, key);
    return value ? value->text : TEXT_NONE;
}

static void wrong(struct teller *t, unsigned line, const char *what, struct text got,
                  const char *wanted)
{
    config_problem(t->problems, line, "%s is %s, not %s", what, wanted,
                   config_quoted(t->problems, got));
}

static bool flag(struct teller *t, const struct sheet_block *block, const char *key, bool fallback)
{
    const struct sheet_value *value = sheet_value(block, key);
    if (!value)
        return fallback;
    bool yes = text_equal(value->text, TEXT("yes"));
    if (!yes && !text_equal(value->text, TEXT("no")))
        wrong(t, value->line, key, value->text, "yes or no");
    return yes;
}

static uint64_t number(struct teller *t, const struct sheet_block *block, const char *key,
                       uint64_t most, uint64_t fallback)
{
    const struct sheet_value *value = sheet_value(block, key);
    uint64_t got = fallback;
    if (value && (!text_parse_u64(value->text, most, true, &got) || !got))
        config_problem(t->problems, value->line, "%s is a number from 1 to %llu, not %s", key,
                       (unsigned long long)most, config_quoted(t->problems, value->text));
    return got;
}

/* The number that stands as the name of a section. */
static uint64_t named_number(struct teller *t, const struct sheet_block *block)
{
    uint64_t id = 0;
    if (!text_parse_u64(block->name, INT64_MAX, true, &id) || !id)
        wrong(t, block->line, block->section->word, block->name, "known by its number");
    return id;
}

static uint64_t id_of(struct teller *t, const struct sheet_block *block)
{
    return number(t, block, "id", FIRST_ID - 1, FIRST_ID + (uint64_t)(block - t->sheet->blocks));
}

/* Two users, two projects or two repositories of one number. */
static void check_id(struct teller *t, const struct sheet_block *block)
{
    const struct sheet_value *id = sheet_value(block, "id"), *other;
    if (!id)
        return;
    for (const struct sheet_block *b = t->sheet->blocks; b < block; b++)
        if (b->section == block->section && (other = sheet_value(b, "id")) &&
            text_equal(other->text, id->text)) {
            config_problem(t->problems, id->line, "the id %.*s is on line %u already",
                           TEXT_ARG(id->text), other->line);
            return;
        }
}

/* A section that a value names. */
static const struct sheet_block *named(struct teller *t, unsigned line, const char *word,
                                       struct text name)
{
    const struct sheet_block *block = sheet_find(t->sheet, word, name);
    if (block)
        return block;
    struct config_guess guess = config_guess_start(name);
    for (size_t i = 0; i < t->sheet->count; i++)
        if (!strcmp(t->sheet->blocks[i].section->word, word)) {
            struct text known = arena_text(t->arena, t->sheet->blocks[i].name);
            if (known.at)
                config_guess_try(&guess, known.at);
        }
    config_problem(t->problems, line, "there is no section [%s %s]%s", word,
                   config_quoted(t->problems, name), config_guess_hint(&guess, t->problems));
    return NULL;
}

/* PRJ or PRJ/app */
static bool find_place(struct teller *t, unsigned line, struct text name, struct place *out)
{
    bool project = !name.size || !memchr(name.at, '/', name.size);
    const struct sheet_block *block = named(t, line, project ? "project" : "repository", name);
    if (!block)
        return false;
    *out = (struct place){project ? GRANT_PROJECT : GRANT_REPOSITORY, id_of(t, block)};
    return true;
}

static bool find_level(struct teller *t, unsigned line, enum grant_scope scope, struct text word,
                       enum permission *out)
{
    static const struct {
        enum permission least, most;
        const char *names;
    } levels[] = {
        [GRANT_GLOBAL] = {PERMISSION_LICENSED_USER, PERMISSION_SYS_ADMIN,
                          "LICENSED_USER, PROJECT_CREATE, ADMIN or SYS_ADMIN"},
        [GRANT_PROJECT] = {PERMISSION_PROJECT_READ, PERMISSION_PROJECT_ADMIN,
                           "PROJECT_READ, PROJECT_WRITE, REPO_CREATE or PROJECT_ADMIN"},
        [GRANT_REPOSITORY] = {PERMISSION_REPO_READ, PERMISSION_REPO_ADMIN,
                              "REPO_READ, REPO_WRITE or REPO_ADMIN"},
    };
    if (permission_parse(word, out) && *out >= levels[scope].least && *out <= levels[scope].most)
        return true;
    wrong(t, line, "the level here", word, levels[scope].names);
    return false;
}

/* A level in a key of its own, or "none". false: nothing to tell. */
static bool level_of(struct teller *t, const struct sheet_block *block, const char *key,
                     enum grant_scope scope, enum permission *out)
{
    const struct sheet_value *value = sheet_value(block, key);
    return value && !text_equal(value->text, TEXT("none")) &&
           find_level(t, value->line, scope, value->text, out);
}

/* ---------------------------------------------------------------- incomplete answers */

static void tell_incomplete(struct teller *t, const struct sheet_block *block, struct place place)
{
    static const struct name_value parts[] = {{"grants", INCOMPLETE_GRANTS},
                                              {"restrictions", INCOMPLETE_RESTRICTIONS},
                                              {"model", INCOMPLETE_MODEL},
                                              {"keys", INCOMPLETE_KEYS}};
    const struct sheet_value *value = sheet_value(block, "incomplete");
    struct text rest = value ? value->text : TEXT_NONE, item;
    while (value && sheet_next(&rest, &item)) {
        int bit = 0;
        if (!table_value(parts, TABLE_COUNT(parts), item, false, &bit) ||
            (place.scope == GRANT_GLOBAL && bit != INCOMPLETE_GRANTS))
            wrong(t, value->line, "incomplete", item,
                  place.scope == GRANT_GLOBAL ? "grants" : "grants, restrictions, model or keys");
        else
            TELL(t, builder_incomplete(t->builder, place, (unsigned)bit, t->err));
    }
}

/* ---------------------------------------------------------------- people */

static void tell_user(struct teller *t, const struct sheet_block *block)
{
    const uint64_t id = id_of(t, block);
    const struct builder_user user = {.id = id,
                                      .name = block->name,
                                      .email = text_or_none(block, "email"),
                                      .active = flag(t, block, "active", true),
                                      .listed = true};
    enum permission level = PERMISSION_LICENSED_USER;
    TELL(t, builder_user(t->builder, &user, t->err));
    if (!sheet_value(block, "global") || level_of(t, block, "global", GRANT_GLOBAL, &level))
        TELL(t, builder_grant_user(t->builder, (struct place){GRANT_GLOBAL, 0}, id, level, t->err));
    const struct sheet_value *groups = sheet_value(block, "groups");
    struct text rest = groups ? groups->text : TEXT_NONE, item;
    while (groups && sheet_next(&rest, &item)) {
        const struct sheet_block *group = named(t, groups->line, "group", item);
        if (group)
            TELL(t, builder_member(t->builder, group->name, id, t->err));
    }
}

static void tell_group(struct teller *t, const struct sheet_block *block)
{
    enum permission level;
    TELL(t, builder_group(t->builder, block->name, flag(t, block, "incomplete", false), t->err));
    if (level_of(t, block, "global", GRANT_GLOBAL, &level))
        TELL(t, builder_grant_group(t->builder, (struct place){GRANT_GLOBAL, 0}, block->name, level,
                                    t->err));
}

/* ---------------------------------------------------------------- places */

/* users = jdoe:PROJECT_WRITE, and groups likewise */
static void tell_grants(struct teller *t, const struct sheet_block *block, struct place place,
                        const char *key, const char *word)
{
    const struct sheet_value *value = sheet_value(block, key);
    struct text rest = value ? value->text : TEXT_NONE, item, name, level_name;
    while (value && sheet_next(&rest, &item)) {
        enum permission level;
        if (!sheet_split(item, ':', &name, &level_name)) {
            wrong(t, value->line, key, item, "a list of NAME:LEVEL");
            continue;
        }
        const struct sheet_block *who = named(t, value->line, word, name);
        if (!find_level(t, value->line, place.scope, level_name, &level) || !who)
            continue;
        if (!strcmp(word, "user"))
            TELL(t, builder_grant_user(t->builder, place, id_of(t, who), level, t->err));
        else
            TELL(t, builder_grant_group(t->builder, place, who->name, level, t->err));
    }
}

static void model_branch(struct teller *t, const struct sheet_block *block, const char *key,
                         bool *set, bool *is_default, struct text *ref)
{
    const struct sheet_value *value = sheet_value(block, key);
    if (!value)
        return;
    *set = true;
    *is_default = text_equal(value->text, TEXT("default"));
    *ref = *is_default ? TEXT_NONE : value->text;
    if (!*is_default && !ref_name_valid(value->text))
        wrong(t, value->line, key, value->text, "default or the full name of a branch");
}

static void tell_model(struct teller *t, const struct sheet_block *block, struct place place)
{
    struct branch_model model = {.configured = true};
    model_branch(t, block, "development", &model.development_set, &model.development_default,
                 &model.development);
    model_branch(t, block, "production", &model.production_set, &model.production_default,
                 &model.production);
    const struct sheet_value *categories = sheet_value(block, "categories");
    struct text rest = categories ? categories->text : TEXT_NONE, item, name, prefix;
    while (categories && sheet_next(&rest, &item)) {
        if (!sheet_split(item, ':', &name, &prefix)) {
            wrong(t, categories->line, "categories", item, "a list of NAME:PREFIX");
        } else if (model.category_count == sizeof model.category / sizeof model.category[0]) {
            wrong(t, categories->line, "categories", item, "a list of eight at most");
        } else {
            model.category[model.category_count].id = name;
            model.category[model.category_count].prefix = prefix;
            model.category[model.category_count++].enabled = true;
        }
    }
    if (model.development_set || model.production_set || model.category_count)
        TELL(t, builder_model(t->builder, place, &model, t->err));
}

static void tell_place(struct teller *t, const struct sheet_block *block, struct place place)
{
    tell_grants(t, block, place, "users", "user");
    tell_grants(t, block, place, "groups", "group");
    tell_model(t, block, place);
    tell_incomplete(t, block, place);
}

static void tell_project(struct teller *t, const struct sheet_block *block)
{
    const struct sheet_value *owner = sheet_value(block, "owner");
    const struct sheet_block *user = owner ? named(t, owner->line, "user", owner->text) : NULL;
    const struct builder_project project = {
        .id = id_of(t, block),
        .key = block->name,
        .personal = block->name.at[0] == '~',
        .is_public = flag(t, block, "public", false),
        .owner_id = user ? id_of(t, user) : 0,
        .owner_name = user ? user->name : TEXT_NONE,
    };
    if (memchr(block->name.at, '/', block->name.size))
        wrong(t, block->line, "a project", block->name, "known by its key");
    if (owner && !project.personal)
        config_problem(t->problems, owner->line, "only a personal project, ~NAME, has an owner");
    TELL(t, builder_project(t->builder, &project, t->err));
    enum permission level;
    if (level_of(t, block, "default", GRANT_PROJECT, &level))
        TELL(t, builder_default_permission(t->builder, project.id, level, t->err));
    tell_place(t, block, (struct place){GRANT_PROJECT, project.id});
}

static void tell_repository(struct teller *t, const struct sheet_block *block)
{
    struct text key, slug;
    if (!sheet_split(block->name, '/', &key, &slug) || memchr(key.at, '/', key.size)) {
        wrong(t, block->line, "a repository", block->name, "known as KEY/SLUG");
        return;
    }
    const struct sheet_block *project = named(t, block->line, "project", key);
    const struct sheet_value *origin = sheet_value(block, "fork-of");
    const struct sheet_block *from = origin ? named(t, origin->line, "repository", origin->text)
                                            : NULL;
    const struct builder_repository repository = {
        .id = id_of(t, block),
        .project_id = project ? id_of(t, project) : 0,
        .origin_id = from ? id_of(t, from) : 0,
        .slug = slug,
        .archived = flag(t, block, "archived", false),
        .is_public = flag(t, block, "public", false),
    };
    TELL(t, builder_repository(t->builder, &repository, t->err));
    const struct sheet_value *branch = sheet_value(block, "default-branch");
    if (branch && !ref_name_valid(branch->text))
        wrong(t, branch->line, "default-branch", branch->text, "the full name of a branch");
    else if (branch)
        TELL(t, builder_default_branch(t->builder, repository.id, branch->text, t->err));
    tell_place(t, block, (struct place){GRANT_REPOSITORY, repository.id});
}

/* ---------------------------------------------------------------- keys */

/* A time, `never` or `unknown`. *known: the snapshot says; *is_set: and it is a time. */
static int64_t key_time(struct teller *t, const struct sheet_block *block, const char *key,
                        bool *known, bool *is_set)
{
    const struct sheet_value *value = sheet_value(block, key);
    int64_t ms = t->now_ms;
    if (!value)
        return ms;
    *known = !text_equal(value->text, TEXT("unknown"));
    *is_set = *known && !text_equal(value->text, TEXT("never"));
    if (*is_set && !clock_parse(value->text, &ms))
        wrong(t, value->line, key, value->text, "a time such as 2026-01-31, never or unknown");
    return ms;
}

static void tell_key_places(struct teller *t, const struct sheet_block *block, uint64_t id)
{
    const struct sheet_value *value = sheet_value(block, "places");
    struct text rest = value ? value->text : TEXT_NONE, item, name, level_name;
    while (value && sheet_next(&rest, &item)) {
        struct place place;
        enum permission level;
        if (!sheet_split(item, ':', &name, &level_name))
            wrong(t, value->line, "places", item, "a list of PLACE:LEVEL");
        else if (find_place(t, value->line, name, &place) &&
                 find_level(t, value->line, place.scope, level_name, &level))
            TELL(t, builder_grant_key(t->builder, place, id, level, t->err));
    }
}

static void tell_key(struct teller *t, const struct sheet_block *block)
{
    /* Made and used just now, without an end: what a test does not speak of does not matter to it. */
    bool created = true, use_known = true, used = true, expiry_known = true, expires = false;
    bool is_set = true;
    struct builder_key key = {
        .id = named_number(t, block),
        .label = text_or_none(block, "label"),
        .algorithm = text_or_none(block, "algorithm"),
        .fingerprint = TEXT("made-up-for-a-test"),
        .bits = (uint32_t)number(t, block, "bits", 65536, 256),
    };
    if (!key.algorithm.size)
        key.algorithm = TEXT("ED25519");
    key.created_ms = key_time(t, block, "created", &created, &is_set);
    key.last_used_ms = key_time(t, block, "last-used", &use_known, &used);
    key.expires_ms = key_time(t, block, "expires", &expiry_known, &expires);
    key.created_known = created && is_set;
    key.use_known = use_known;
    key.used = used;
    key.expiry_known = expiry_known;
    key.expires = expires;
    TELL(t, builder_key(t->builder, &key, t->err));
    tell_key_places(t, block, key.id);
}

static void tell_service(struct teller *t, const struct sheet_block *block)
{
    const struct sheet_value *value = sheet_value(block, "key");
    const struct sheet_block *key = value ? named(t, value->line, "access-key", value->text) : NULL;
    if (key)
        TELL(t, builder_service(t->builder, block->name, named_number(t, key), t->err));
}

/* ---------------------------------------------------------------- restrictions */

/* The first word of a matcher says what the rest is. */
static const struct {
    const char *word;
    enum matcher_type type;
    const char *id; /* NULL: the rest of the value */
} matchers[] = {
    {"branch", MATCHER_BRANCH, NULL},
    {"pattern", MATCHER_PATTERN, NULL},
    {"model", MATCHER_MODEL_BRANCH, NULL},
    {"category", MATCHER_MODEL_CATEGORY, NULL},
    {"any", MATCHER_ANY_REF, "ANY_REF_MATCHER_ID"},
    {"default-branch", MATCHER_DEFAULT_BRANCH, "#"},
    {"unknown", MATCHER_UNKNOWN, "?"},
};

static void set_matcher(struct teller *t, const struct sheet_block *block, struct restriction *head)
{
    const struct sheet_value *value = sheet_value(block, "matcher");
    struct text rest = value ? value->text : TEXT_NONE, word = TEXT_NONE;
    if (!value)
        return;
    (void)text_next_field(&rest, ' ', &word);
    rest = text_trim(rest);
    for (size_t i = 0; i < sizeof matchers / sizeof matchers[0]; i++)
        if (text_equal(text_of(matchers[i].word), word) && !rest.size == !!matchers[i].id) {
            head->matcher = matchers[i].type;
            head->matcher_type_text = TEXT("UNKNOWN");
            head->matcher_id = matchers[i].id ? text_of(matchers[i].id) : rest;
            return;
        }
    wrong(t, value->line, "matcher", value->text,
          "branch REF, pattern PATTERN, model development or production, category NAME, any, "
          "default-branch or unknown");
}

static void set_type(struct teller *t, const struct sheet_block *block, struct restriction *head)
{
    const struct sheet_value *value = sheet_value(block, "type");
    head->type = value ? restriction_type_parse(value->text) : RESTRICTION_UNKNOWN;
    head->type_text = TEXT("unknown");
    if (value && head->type == RESTRICTION_UNKNOWN && !text_equal(value->text, TEXT("unknown")))
        wrong(t, value->line, "type", value->text,
              "read-only, pull-request-only, fast-forward-only, no-deletes, no-creates or unknown");
}

/* The items of a list as sections that they name, `size` bytes each in the arena; *count of them. */
static void *exempt(struct teller *t, const struct sheet_block *block, const char *key,
                    const char *word, size_t size, size_t *count,
                    void (*set)(struct teller *t, const struct sheet_block *who, void *item))
{
    const struct sheet_value *value = sheet_value(block, key);
    struct text rest = value ? value->text : TEXT_NONE, item;
    size_t most = 0;
    while (sheet_next(&rest, &item))
        most++;
    char *items = arena_alloc(t->arena, most + 1, size);
    if (!items) {
        t->problems->out_of_memory = true;
        return NULL;
    }
    for (rest = value ? value->text : TEXT_NONE; value && sheet_next(&rest, &item);) {
        const struct sheet_block *who = named(t, value->line, word, item);
        if (who)
            set(t, who, items + size * (*count)++);
    }
    return items;
}

static void exempt_user(struct teller *t, const struct sheet_block *who, void *item)
{
    *(struct exempt_user *)item = (struct exempt_user){id_of(t, who), who->name};
}
static void exempt_group(struct teller *t, const struct sheet_block *who, void *item)
{
    (void)t;
    *(struct exempt_group *)item = (struct exempt_group){.name = who->name};
}
static void exempt_key(struct teller *t, const struct sheet_block *who, void *item)
{
    *(uint64_t *)item = named_number(t, who);
}

static void tell_restriction(struct teller *t, const struct sheet_block *block)
{
    const struct sheet_value *where = sheet_value(block, "where");
    struct place place = {GRANT_GLOBAL, 0};
    bool found = where && find_place(t, where->line, where->text, &place);
    struct builder_restriction row = {
        .head = {.id = named_number(t, block),
                 .of_project = place.scope == GRANT_PROJECT,
                 .matcher_active = flag(t, block, "active", true)},
    };
    set_type(t, block, &row.head);
    set_matcher(t, block, &row.head);
    struct exemptions *exemptions = &row.exempt;
    exemptions->users = exempt(t, block, "users", "user", sizeof *exemptions->users,
                               &exemptions->user_count, exempt_user);
    exemptions->groups = exempt(t, block, "groups", "group", sizeof *exemptions->groups,
                                &exemptions->group_count, exempt_group);
    exemptions->access_keys = exempt(t, block, "keys", "access-key", sizeof(uint64_t),
                                     &exemptions->access_key_count, exempt_key);
    if (found && !t->problems->out_of_memory)
        TELL(t, builder_restriction(t->builder, place, &row, t->err));
}

/* ---------------------------------------------------------------- all of it */

static void tell_instance(struct teller *t, const struct sheet_block *block)
{
    const struct sheet_value *at = sheet_value(block, "at");
    int64_t ms;
    if (at && !clock_parse(at->text, &ms))
        wrong(t, at->line, "at", at->text, "a time such as 2026-01-31T12:00:00Z");
    tell_incomplete(t, block, (struct place){GRANT_GLOBAL, 0});
}

enum status test_facts_tell(const struct sheet *sheet, int64_t now_ms, struct arena *arena,
                            struct config_problems *problems, struct builder *builder,
                            struct error *err)
{
    static const struct {
        const char *word;
        void (*tell)(struct teller *t, const struct sheet_block *block);
    } kinds[] = {
        {"instance", tell_instance},     {"user", tell_user},
        {"group", tell_group},           {"project", tell_project},
        {"repository", tell_repository}, {"access-key", tell_key},
        {"service-user", tell_service},  {"restriction", tell_restriction},
    };
    struct teller t = {sheet, now_ms, arena, problems, builder, err, STATUS_OK};
    for (size_t i = 0; i < sheet->count && t.status == STATUS_OK; i++) {
        check_id(&t, &sheet->blocks[i]);
        for (size_t k = 0; k < TABLE_COUNT(kinds); k++)
            if (!strcmp(sheet->blocks[i].section->word, kinds[k].word))
                kinds[k].tell(&t, &sheet->blocks[i]);
    }
    return t.status;
}
