/*
 * scene_answers.h - what a scene is made of, and how its snapshot and its history answer. Tests
 * include scene.h.
 */
#ifndef REFGATE_TESTS_UNIT_SCENE_ANSWERS_H
#define REFGATE_TESTS_UNIT_SCENE_ANSWERS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "policy/decide.h"

#define SCENE_NOW INT64_C(1790000000000)
#define SCENE_RESTRICTIONS 64
#define SCENE_ITEMS 32
#define SCENE_CHANGES 16
#define OLD_ID "1111111111111111111111111111111111111111"
#define NEW_ID "2222222222222222222222222222222222222222"
#define ZERO_ID "0000000000000000000000000000000000000000"

#define LIST(...)                                           \
    ((struct text_list){(const struct text[]){__VA_ARGS__}, \
                        sizeof((const struct text[]){__VA_ARGS__}) / sizeof(struct text)})

enum { GROUP_DEVS = 3, GROUP_ADMINS = 5, GROUP_VAGUE = 9 }; /* vague: incomplete */

struct scene_exemptions {
    struct exempt_user users[4];
    struct exempt_group groups[4];
    uint64_t keys[4];
    struct exemptions list;
};

struct scene {
    struct arena arena;
    struct policy policy;
    struct rule rules[SCENE_ITEMS];
    struct service_account accounts[4];
    struct push push;
    struct change changes[SCENE_CHANGES];

    /* the snapshot */
    struct view view;
    struct snapshot_meta meta;
    struct snapshot_user users[SCENE_ITEMS];
    size_t user_count;
    struct snapshot_repository repositories[4]; /* the first is PRJ/app */
    size_t repository_count;
    struct restriction restrictions[SCENE_RESTRICTIONS]; /* of PRJ/app */
    struct scene_exemptions exemptions[SCENE_RESTRICTIONS];
    restriction_wanted *wanted; /* NULL: all are */
    const void *asker;
    struct restriction chosen[SCENE_RESTRICTIONS];
    size_t restriction_count;
    struct {
        enum grant_scope scope;
        const char *user;
        enum permission permission;
    } grants[SCENE_ITEMS];
    size_t grant_count;
    struct group_grant repository_groups[4], project_groups[4], global_groups[4];
    size_t global_group_count;
    struct {
        const char *name;
        struct snapshot_group group;
    } groups[8];
    size_t group_count;
    struct {
        const char *name;
        uint64_t key;
    } services[4];
    size_t service_count;
    struct repository_key keys[SCENE_ITEMS];
    size_t key_count;
    struct snapshot_key key_records[SCENE_ITEMS];
    size_t key_record_count;
    int64_t part_ms; /* when PRJ/app was read anew; 0: it was not */
    size_t parts_asked;
    const char *damaged; /* the question whose record is damaged; NULL: none */
    enum status damaged_how;
    size_t questions; /* asked of the snapshot */

    /* history */
    struct history history;
    bool no_history;
    enum answer descends;
    enum history_trouble trouble;
    struct history_commit commits[8];
    size_t commit_count;
    size_t descends_asked, commits_asked;

    struct decision decision;
};

/* ------------------------------------------------------------------ the snapshot's answers */

static inline bool scene_is_damaged(struct scene *s, const char *question)
{
    s->questions++;
    return s->damaged && !strcmp(s->damaged, question);
}
#define SCENE_ASKED(s, question, err)                                                     \
    do {                                                                                  \
        if (scene_is_damaged(s, question))                                                \
            return error_set(err, (s)->damaged_how, "record of %s is damaged", question); \
    } while (0)

static enum status scene_meta(void *self, struct snapshot_meta *out, struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "meta", err);
    *out = s->meta;
    return STATUS_OK;
}

static enum status scene_user(void *self, struct text name, struct snapshot_user *out,
                              struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "user", err);
    for (size_t i = 0; i < s->user_count; i++)
        if (text_equal_fold(s->users[i].name, name)) {
            *out = s->users[i];
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_email_user(void *self, struct text address, uint64_t *user_id,
                                    struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "email_user", err);
    for (size_t i = 0; i < s->user_count; i++)
        if (s->users[i].email.size && text_equal_fold(s->users[i].email, address)) {
            *user_id = s->users[i].id;
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_service(void *self, struct text name, uint64_t *key_id, struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "service", err);
    for (size_t i = 0; i < s->service_count; i++)
        if (text_equal(text_of(s->services[i].name), name)) {
            *key_id = s->services[i].key;
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

/* Only those that are wanted, as the real view does it. */
static void scene_choose(struct scene *s, struct snapshot_repository *out)
{
    out->restrictions = s->chosen;
    out->restriction_count = 0;
    for (size_t i = 0; i < s->restriction_count; i++)
        if (!s->wanted || s->wanted(s->asker, &s->restrictions[i]))
            s->chosen[out->restriction_count++] = s->restrictions[i];
}

static void scene_choose_restrictions(void *self, restriction_wanted *wanted, const void *asker)
{
    struct scene *s = self;
    s->wanted = wanted;
    s->asker = asker;
}

static enum status scene_repository(void *self, struct text project_key, struct text slug,
                                    struct snapshot_repository *out, struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "repository", err);
    for (size_t i = 0; i < s->repository_count; i++)
        if (text_equal_fold(s->repositories[i].project_key, project_key) &&
            text_equal_fold(s->repositories[i].slug, slug)) {
            *out = s->repositories[i];
            if (i == 0)
                scene_choose(s, out);
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_project(void *self, struct text project_key, struct snapshot_project *out,
                                 struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "project", err);
    for (size_t i = 0; i < s->repository_count; i++)
        if (text_equal_fold(s->repositories[i].project_key, project_key)) {
            *out = s->repositories[i].project;
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_repository_name(void *self, uint64_t id, struct text *project_key,
                                         struct text *slug, struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "repository_name", err);
    for (size_t i = 0; i < s->repository_count; i++)
        if (s->repositories[i].id == id) {
            *project_key = s->repositories[i].project_key;
            *slug = s->repositories[i].slug;
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_part(void *self, struct text project_key, struct text slug,
                              int64_t *started_ms, struct error *err)
{
    struct scene *s = self;
    (void)project_key, (void)slug;
    SCENE_ASKED(s, "part", err);
    s->parts_asked++;
    if (!s->part_ms)
        return STATUS_NOT_FOUND;
    *started_ms = s->part_ms;
    return STATUS_OK;
}

static enum status scene_project_name(void *self, uint64_t id, struct text *project_key,
                                      struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "project_name", err);
    for (size_t i = 0; i < s->repository_count; i++)
        if (s->repositories[i].project.id == id) {
            *project_key = s->repositories[i].project.key;
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_user_grant(void *self, enum grant_scope scope, struct text project_key,
                                    struct text slug, struct text user_name, enum permission *out,
                                    struct error *err)
{
    struct scene *s = self;
    (void)project_key, (void)slug;
    SCENE_ASKED(s, "user_grant", err);
    for (size_t i = 0; i < s->grant_count; i++)
        if (s->grants[i].scope == scope && text_equal_fold(text_of(s->grants[i].user), user_name)) {
            *out = s->grants[i].permission;
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_global_groups(void *self, const struct group_grant **out, size_t *count,
                                       struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "global_groups", err);
    *out = s->global_groups;
    *count = s->global_group_count;
    return STATUS_OK;
}

static enum status scene_group(void *self, struct text name, struct snapshot_group *out,
                               struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "group", err);
    for (size_t i = 0; i < s->group_count; i++)
        if (text_equal_fold(text_of(s->groups[i].name), name)) {
            *out = s->groups[i].group;
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_group_name(void *self, uint32_t group, struct text *out, struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "group_name", err);
    for (size_t i = 0; i < s->group_count; i++)
        if (s->groups[i].group.group == group) {
            *out = text_of(s->groups[i].name);
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_repository_keys(void *self, struct text project_key, struct text slug,
                                         const struct repository_key **out, size_t *count,
                                         struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "repository_keys", err);
    bool app = text_equal_fold(project_key, TEXT("PRJ")) && text_equal_fold(slug, TEXT("app"));
    *out = s->keys;
    *count = app ? s->key_count : 0;
    return STATUS_OK;
}

static enum status scene_access_key(void *self, uint64_t id, struct snapshot_key *out,
                                    struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "access_key", err);
    for (size_t i = 0; i < s->key_record_count; i++)
        if (s->key_records[i].id == id) {
            *out = s->key_records[i];
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static enum status scene_exemptions_of(void *self, const struct restriction *restriction,
                                       struct exemptions *out, struct error *err)
{
    struct scene *s = self;
    SCENE_ASKED(s, "exemptions", err);
    *out = ((const struct scene_exemptions *)restriction->exemptions)->list;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ the history's answers */

static enum answer scene_descends(void *self, const struct change *change,
                                  enum history_trouble *trouble, const char **why)
{
    struct scene *s = self;
    (void)change;
    s->descends_asked++;
    if (s->trouble) {
        *trouble = s->trouble;
        *why = "the objects are not here";
        return ANSWER_CANNOT_TELL;
    }
    return s->descends;
}

static enum history_trouble scene_new_commits(void *self, const struct change *change,
                                              bool (*visit)(void *context,
                                                            const struct history_commit *commit),
                                              void *context, const char **why)
{
    struct scene *s = self;
    (void)change;
    s->commits_asked++;
    for (size_t i = 0; i < s->commit_count; i++)
        if (!visit(context, &s->commits[i]))
            return HISTORY_FINE;
    if (s->trouble)
        *why = "the objects are not here";
    return s->trouble;
}

#endif
