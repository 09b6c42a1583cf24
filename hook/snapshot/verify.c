#include "snapshot/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"

#define FINDING_MAX 1024
#define EXEMPTIONS_MEMORY ((size_t)256 * 1024 * 1024)

struct verification {
    struct snapshot *snapshot;
    void (*report)(void *self, const char *finding);
    void *self;
    struct error *err;
    struct text key, name; /* of the record at hand; its key without the prefix */
    bool global_unsure;    /* what every user's record must say */
    uint64_t findings;
    uint64_t counts[LAYOUT_COUNTS];
};

/* "record KEY: …" */
static void finding(struct verification *v, const char *format, ...) PRINTF_LIKE(2, 3);
static void finding(struct verification *v, const char *format, ...)
{
    char what[FINDING_MAX / 2], line[FINDING_MAX];
    struct buffer key;
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    buffer_init(&key, SIZE_MAX);
    buffer_escaped(&key, v->key, 200, false);
    snprintf(line, sizeof line, "record %s %s", key.data ? key.data : "", what);
    buffer_free(&key);
    if (!v->findings++)
        error_set(v->err, STATUS_FORMAT, "the snapshot is damaged: %s", line);
    if (v->report)
        v->report(v->self, line);
}

/* The body of another record; false if there is none (or it is damaged: found on its own). */
static bool look(const struct verification *v, const struct layout_key *key, struct text *body)
{
    return snapshot_find(v->snapshot, key, NULL, body, NULL) == STATUS_OK;
}
static bool look_id(const struct verification *v, const char *prefix, uint64_t id)
{
    struct layout_key key;
    struct text body;
    layout_key_id(&key, prefix, id);
    return look(v, &key, &body);
}
static bool number_of_key(const struct verification *v, uint64_t *id)
{
    return text_parse_u64(v->name, UINT64_MAX, true, id);
}

/* ------------------------------------------------------------------ people */

static bool check_user(struct verification *v, struct text body)
{
    struct user_record user;
    struct layout_key key;
    struct text other, name;
    if (!decode_user(body, &user))
        return false;
    if (!text_equal_fold(user.name, v->name))
        finding(v, "holds another user's name");
    layout_key_id(&key, "user-id/", user.id);
    if (!look(v, &key, &other) || !decode_text(other, &name) || !text_equal(name, user.name))
        finding(v, "has no record of its id %llu", (unsigned long long)user.id);
    if (!(user.flags & USER_GLOBAL_UNSURE) != !v->global_unsure)
        finding(v, "does not agree with what could be read of the global permissions");
    for (uint32_t i = 0; i < user.group_count; i++) {
        uint32_t group = layout_load32(user.groups + (size_t)i * 4);
        if (i && group <= layout_load32(user.groups + (size_t)(i - 1) * 4))
            finding(v, "lists its groups out of order");
        if (group >= v->snapshot->meta.counts[COUNT_GROUPS])
            finding(v, "names group number %u, which does not exist", group);
    }
    return true;
}

static bool check_user_id(struct verification *v, struct text body)
{
    struct text name;
    uint64_t id;
    v->counts[COUNT_USERS]++;
    return decode_text(body, &name) && number_of_key(v, &id);
}

static bool check_email(struct verification *v, struct text body)
{
    uint64_t id;
    if (!decode_id(body, &id))
        return false;
    if (!look_id(v, "user-id/", id))
        finding(v, "names user %llu, who does not exist", (unsigned long long)id);
    return true;
}

static bool check_group(struct verification *v, struct text body)
{
    struct group_record group;
    struct layout_key key;
    struct text other, name;
    const unsigned char *ids;
    uint32_t count;
    uint8_t flags;
    v->counts[COUNT_GROUPS]++;
    if (!decode_group(body, &group))
        return false;
    if (group.flags & GROUP_INCOMPLETE)
        v->counts[COUNT_INCOMPLETE_GROUPS]++;
    if (!text_equal_fold(group.name, v->name))
        finding(v, "holds another group's name");
    layout_key_id(&key, "group-number/", group.number);
    if (!look(v, &key, &other) || !decode_group_number(other, &flags, &name) ||
        !text_equal(name, group.name) || flags != group.flags)
        finding(v, "does not agree with the record of its number %u", group.number);
    layout_key_id(&key, "group-members/", group.number);
    if (!look(v, &key, &other) || !decode_members(other, &ids, &count) ||
        count != group.member_count)
        finding(v, "does not agree with the list of its members");
    return true;
}

static bool check_group_number(struct verification *v, struct text body)
{
    struct layout_key key;
    struct text name, other;
    struct group_record group;
    uint64_t number;
    uint8_t flags;
    if (!decode_group_number(body, &flags, &name) || !number_of_key(v, &number))
        return false;
    layout_key_name(&key, "group/", name, true);
    if (!look(v, &key, &other) || !decode_group(other, &group) || group.number != number)
        finding(v, "does not agree with the record of its name");
    return true;
}

static bool check_members(struct verification *v, struct text body)
{
    const unsigned char *ids;
    uint32_t count;
    uint64_t last = 0;
    if (!decode_members(body, &ids, &count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t id = layout_load64(ids + (size_t)i * 8);
        if (i && id <= last)
            finding(v, "lists its members out of order");
        if (!look_id(v, "user-id/", id))
            finding(v, "names user %llu, who does not exist", (unsigned long long)id);
        last = id;
    }
    return true;
}

static bool check_service(struct verification *v, struct text body)
{
    uint64_t id;
    v->counts[COUNT_SERVICES]++;
    return decode_id(body, &id);
}

/* ------------------------------------------------------------------ places */

struct level_range {
    enum permission low, high;
};

static bool fits(struct level_range range, enum permission p)
{
    return layout_permission_valid((uint8_t)p) && p >= range.low && p <= range.high;
}

static void check_grants(struct verification *v, const struct place_record *place,
                         struct level_range range)
{
    struct group_grant last_group = {0};
    uint64_t last_user = 0;
    for (uint32_t i = 0; i < place->group_count; i++) {
        struct group_grant grant = place_group(place, i);
        if (!fits(range, grant.permission))
            finding(v, "grants a group a level that does not fit");
        if (grant.group >= v->snapshot->meta.counts[COUNT_GROUPS])
            finding(v, "names group number %u, which does not exist", grant.group);
        if (i && grant.group <= last_group.group)
            finding(v, "lists its groups out of order");
        last_group = grant;
    }
    for (uint32_t i = 0; i < place->user_count; i++) {
        enum permission permission;
        uint64_t user = place_user(place, i, &permission);
        if (!fits(range, permission))
            finding(v, "grants a user a level that does not fit");
        if (!look_id(v, "user-id/", user))
            finding(v, "names user %llu, who does not exist", (unsigned long long)user);
        if (i && user <= last_user)
            finding(v, "lists its users out of order");
        last_user = user;
    }
    v->counts[COUNT_GRANTS] += (uint64_t)place->group_count + place->user_count;
}

static void check_keys(struct verification *v, const struct place_record *place,
                       struct level_range range)
{
    struct cursor keys = place->keys;
    uint64_t last = 0;
    for (uint32_t i = 0; i < place->key_count; i++) {
        struct repository_key key;
        if (!place_next_key(&keys, &key)) {
            finding(v, "has a malformed list of access keys");
            return;
        }
        if (!fits(range, key.permission))
            finding(v, "grants an access key a level that does not fit");
        if (!look_id(v, "key/", key.id))
            finding(v, "names access key %llu, which does not exist", (unsigned long long)key.id);
        if (i && key.id <= last)
            finding(v, "lists its access keys out of order");
        last = key.id;
    }
    v->counts[COUNT_GRANTS] += place->key_count;
}

static void check_restrictions(struct verification *v, const struct place_record *place)
{
    struct arena arena;
    struct cursor restrictions = place->restrictions;
    uint64_t last = 0;
    bool good = true;
    arena_init(&arena, EXEMPTIONS_MEMORY);
    for (uint32_t i = 0; good && i < place->restriction_count; i++) {
        struct restriction restriction;
        struct exemptions exemptions;
        bool memory = false;
        good = place_next_restriction(&restrictions, &restriction) &&
               decode_exemptions((struct text){restriction.exemptions, restriction.exemptions_size},
                                 &arena, &exemptions, &memory);
        if (!good)
            break;
        if (i && restriction.id <= last)
            finding(v, "lists its restrictions out of order");
        last = restriction.id;
        for (size_t k = 0; k < exemptions.group_count; k++)
            if (exemptions.groups[k].group != GROUP_NONE &&
                exemptions.groups[k].group >= v->snapshot->meta.counts[COUNT_GROUPS])
                finding(v, "exempts a group number that does not exist");
    }
    if (!good)
        finding(v, "has a malformed restriction");
    v->counts[COUNT_RESTRICTIONS] += place->restriction_count;
    arena_free(&arena);
}

static bool check_global(struct verification *v, struct text body)
{
    struct place_record place;
    if (!decode_global(body, &place))
        return false;
    check_grants(v, &place,
                 (struct level_range){PERMISSION_LICENSED_USER, PERMISSION_SYS_ADMIN});
    v->counts[COUNT_INCOMPLETE_PLACES] += place.incomplete != 0;
    return true;
}

static const struct level_range project_levels = {PERMISSION_PROJECT_READ,
                                                  PERMISSION_PROJECT_ADMIN};
static const struct level_range repository_levels = {PERMISSION_REPO_READ, PERMISSION_REPO_ADMIN};

static bool check_project(struct verification *v, struct text body)
{
    struct project_record project;
    struct layout_key key;
    struct text other, name;
    v->counts[COUNT_PROJECTS]++;
    if (!decode_project(body, &project))
        return false;
    v->counts[COUNT_INCOMPLETE_PLACES] += project.place.incomplete != 0;
    if (!text_equal_fold(project.key, v->name))
        finding(v, "holds another project's key");
    if (project.default_permission != PERMISSION_NONE &&
        !fits(project_levels, project.default_permission))
        finding(v, "has a default permission that does not fit");
    layout_key_id(&key, "project-id/", project.id);
    if (!look(v, &key, &other) || !decode_text(other, &name) || !text_equal(name, project.key))
        finding(v, "has no record of its id %llu", (unsigned long long)project.id);
    check_grants(v, &project.place, project_levels);
    check_keys(v, &project.place, project_levels);
    check_restrictions(v, &project.place);
    return true;
}

static bool check_repository(struct verification *v, struct text body)
{
    struct repository_record repository;
    struct layout_key key;
    struct text other, a, b;
    v->counts[COUNT_REPOSITORIES]++;
    if (!decode_repository(body, &repository))
        return false;
    v->counts[COUNT_INCOMPLETE_PLACES] += repository.place.incomplete != 0;
    layout_key_pair(&key, "repo/", repository.key, repository.slug);
    if (!text_equal((struct text){key.bytes, key.size}, v->key))
        finding(v, "holds another repository's name");
    layout_key_name(&key, "project/", repository.key, true);
    if (!look(v, &key, &other))
        finding(v, "belongs to a project that does not exist");
    layout_key_id(&key, "repo-id/", repository.id);
    if (!look(v, &key, &other) || !decode_texts(other, &a, &b) ||
        !text_equal(a, repository.key) || !text_equal(b, repository.slug))
        finding(v, "has no record of its id %llu", (unsigned long long)repository.id);
    check_grants(v, &repository.place, repository_levels);
    check_keys(v, &repository.place, repository_levels);
    check_restrictions(v, &repository.place);
    return true;
}

static bool check_project_id(struct verification *v, struct text body)
{
    struct project_record project;
    struct layout_key key;
    struct text name, other;
    uint64_t id;
    if (!decode_text(body, &name) || !number_of_key(v, &id))
        return false;
    layout_key_name(&key, "project/", name, true);
    if (!look(v, &key, &other) || !decode_project(other, &project) || project.id != id)
        finding(v, "does not agree with the record of the project");
    return true;
}

static bool check_repository_id(struct verification *v, struct text body)
{
    struct repository_record repository;
    struct layout_key key;
    struct text a, b, other;
    uint64_t id;
    if (!decode_texts(body, &a, &b) || !number_of_key(v, &id))
        return false;
    layout_key_pair(&key, "repo/", a, b);
    if (!look(v, &key, &other) || !decode_repository(other, &repository) || repository.id != id)
        finding(v, "does not agree with the record of the repository");
    return true;
}

static bool check_key(struct verification *v, struct text body)
{
    struct key_record key;
    uint64_t id;
    v->counts[COUNT_KEYS]++;
    if (!decode_key(body, &key) || !number_of_key(v, &id))
        return false;
    for (uint32_t i = 0; i < key.place_count; i++) {
        struct key_place place = decode_key_place(&key, i);
        if (!fits(place.of_project ? project_levels : repository_levels, place.permission))
            finding(v, "has a level that does not fit");
        if (!look_id(v, place.of_project ? "project-id/" : "repo-id/", place.id))
            finding(v, "is granted on a %s that does not exist: %llu",
                    place.of_project ? "project" : "repository", (unsigned long long)place.id);
    }
    return true;
}

static bool check_parts(struct verification *v, struct text body)
{
    struct cursor parts;
    struct part_record part, last = {0};
    struct layout_key key;
    struct text other;
    uint32_t count;
    if (!decode_parts(body, &parts, &count) || !count)
        return false;
    for (uint32_t i = 0; i < count && decode_next_part(&parts, &part); i++) {
        int order = text_compare_fold(last.key, part.key);
        if (i && (order > 0 || (!order && text_compare_fold(last.slug, part.slug) >= 0)))
            finding(v, "lists its parts out of order");
        if (part.slug.size)
            layout_key_pair(&key, "repo/", part.key, part.slug);
        else
            layout_key_name(&key, "project/", part.key, true);
        if (!look(v, &key, &other))
            finding(v, "names a place that does not exist");
        if (part.started_ms <= v->snapshot->meta.meta.started_ms)
            finding(v, "names a part that is no newer than the rest");
        last = part;
    }
    return true;
}

/* ------------------------------------------------------------------ all of it */

static bool check_meta(struct verification *v, struct text body)
{
    struct meta_record meta;
    (void)v;
    return decode_meta(body, &meta);
}

static bool check_index(struct verification *v, struct text body)
{
    struct snapshot *snapshot = v->snapshot;
    uint64_t at = (uint64_t)((const unsigned char *)body.at - snapshot->file.map);
    return index_locate(&snapshot->index, &snapshot->file, at, body.size) &&
           index_all_sound(&snapshot->index, &snapshot->file);
}

static const struct {
    const char *prefix;
    bool whole; /* the prefix is the whole key */
    bool (*check)(struct verification *v, struct text body);
} kinds[] = {
    {"meta", true, check_meta},
    {"index", true, check_index},
    {"global", true, check_global},
    {"parts", true, check_parts},
    {"user/", false, check_user},
    {"user-id/", false, check_user_id},
    {"email/", false, check_email},
    {"group/", false, check_group},
    {"group-number/", false, check_group_number},
    {"group-members/", false, check_members},
    {"service/", false, check_service},
    {"project/", false, check_project},
    {"project-id/", false, check_project_id},
    {"repo/", false, check_repository},
    {"repo-id/", false, check_repository_id},
    {"key/", false, check_key},
};

static void check_record(struct verification *v, struct text body)
{
    struct layout_key key;
    struct text found;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct text prefix = text_of(kinds[i].prefix);
        if (kinds[i].whole ? !text_equal(v->key, prefix) : !text_starts(v->key, prefix))
            continue;
        v->name = text_skip(v->key, prefix.size);
        if (!kinds[i].check(v, body))
            finding(v, "is malformed");
        /* Found by its key, and not hidden behind another of the same key. */
        layout_key_name(&key, "", v->key, false);
        if (key.size && (!look(v, &key, &found) || found.at != body.at))
            finding(v, "is not found by its key");
        return;
    }
    finding(v, "is of an unknown kind");
}

static void check_counts(struct verification *v, uint64_t records)
{
    const struct snapshot *snapshot = v->snapshot;
    v->key = TEXT("index");
    if (records * 16 != snapshot->index.tables_size)
        finding(v, "does not fit the number of records");
    v->key = TEXT("meta");
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        if (v->counts[i] != snapshot->meta.counts[i])
            finding(v, "counts %llu %s; there are %llu",
                    (unsigned long long)snapshot->meta.counts[i],
                    layout_count_name((enum layout_count)i), (unsigned long long)v->counts[i]);
}

static bool global_unsure(struct verification *v)
{
    struct layout_key key;
    struct text body;
    struct place_record place;
    layout_key_name(&key, "global", TEXT(""), false);
    if (look(v, &key, &body))
        return decode_global(body, &place) && place.incomplete;
    v->key = TEXT("global");
    finding(v, "is missing");
    return false;
}

enum status snapshot_verify(struct snapshot *snapshot,
                            void (*report)(void *self, const char *finding), void *self,
                            struct error *err)
{
    struct verification v = {.snapshot = snapshot, .report = report, .self = self, .err = err};
    uint32_t position = 0;
    uint64_t records = 0;
    v.global_unsure = global_unsure(&v);
    for (;;) {
        struct text body;
        struct error local;
        enum status status = snapshot_next(snapshot, &position, &v.key, &body, &local);
        if (status == STATUS_NOT_FOUND)
            break;
        records++;
        if (status == STATUS_OK)
            check_record(&v, body);
        else if (text_absent(v.key))
            v.key = TEXT("(unknown)"), finding(&v, "is longer than the file");
        else
            finding(&v, "has a wrong checksum");
    }
    check_counts(&v, records);
    return v.findings ? STATUS_FORMAT : STATUS_OK;
}
