/*
 * scene.h - a whole push for tests of decide(): a policy, a push, a snapshot made of arrays and a
 * history that answers as it is told. scene_init() is jdoe (group devs, REPO_WRITE) who pushes
 * one update of refs/heads/main to PRJ/app (84) under the default policy; a test changes what it is
 * about.
 */
#ifndef REFGATE_TESTS_UNIT_SCENE_H
#define REFGATE_TESTS_UNIT_SCENE_H

#include "scene_answers.h"

/* ------------------------------------------------------------------ setting a scene */

static inline struct policy scene_default_policy(void)
{
    return (struct policy){
        /* semantics.md: the default of each setting */
        .mode = MODE_ENFORCE,
        .no_snapshot = VERDICT_REJECT,
        .unknown_repo = VERDICT_NOTE,
        .unknown_user = VERDICT_NOTE,
        .undecided = VERDICT_REJECT,
        .undecided_restriction = VERDICT_ANNOTATE,
        .max_age_ms = CLOCK_DAY,
        .when_stale = VERDICT_NOTE,
        .permissions_check = VERDICT_NOTE,
        .restrictions_check = VERDICT_REJECT,
        .other_refs = VERDICT_ACCEPT,
        .resolvers = RESOLVER_NAME,
        .foreign_token = FOREIGN_CONFIRMED,
        .access_keys = {.push = VERDICT_ACCEPT,
                        .shared = VERDICT_ACCEPT,
                        .source = {TEXT("refgate.conf"), 20}},
        .file_name = TEXT("refgate.conf"),
    };
}

static inline struct snapshot_user *scene_add_user(struct scene *s, const char *name, uint64_t id)
{
    static const uint32_t devs[] = {GROUP_DEVS};
    assert_true(s->user_count < SCENE_ITEMS);
    struct snapshot_user *user = &s->users[s->user_count++];
    *user = (struct snapshot_user){
        .id = id,
        .name = text_of(name),
        .slug = text_of(name),
        .email = TEXT(""),
        .active = true,
        .licensed = ANSWER_YES,
        .groups = devs,
        .group_count = 0,
        .groups_complete = ANSWER_YES,
    };
    return user;
}

static inline void scene_set_change(struct scene *s, size_t index, const char *ref,
                                    enum change_kind kind)
{
    assert_true(index < SCENE_CHANGES);
    s->changes[index] = (struct change){
        .ref = text_of(ref),
        .old_id = kind == CHANGE_CREATE ? ZERO_ID : OLD_ID,
        .new_id = kind == CHANGE_DELETE ? ZERO_ID : NEW_ID,
        .id_size = 40,
        .kind = kind == CHANGE_CREATE || kind == CHANGE_DELETE ? kind : CHANGE_MOVE,
    };
    if (kind == CHANGE_UPDATE)
        s->descends = ANSWER_YES;
    if (kind == CHANGE_REWRITE)
        s->descends = ANSWER_NO;
    if (index >= s->push.change_count)
        s->push.change_count = index + 1;
}

static inline void scene_add_group(struct scene *s, const char *name, uint32_t number,
                                   bool incomplete)
{
    s->groups[s->group_count].name = name;
    s->groups[s->group_count++].group = (struct snapshot_group){number, incomplete};
}

static inline void scene_add_grant(struct scene *s, enum grant_scope scope, const char *user,
                                   enum permission permission)
{
    assert_true(s->grant_count < SCENE_ITEMS);
    s->grants[s->grant_count].scope = scope;
    s->grants[s->grant_count].user = user;
    s->grants[s->grant_count++].permission = permission;
}

static inline struct snapshot_repository *scene_add_repository(struct scene *s, const char *key,
                                                               const char *slug, uint64_t id,
                                                               uint64_t project_id)
{
    assert_true(s->repository_count < 4);
    struct snapshot_repository *repository = &s->repositories[s->repository_count++];
    *repository = (struct snapshot_repository){
        .id = id,
        .project_key = text_of(key),
        .slug = text_of(slug),
        .default_branch_known = true,
        .default_branch = TEXT("refs/heads/main"),
        .project = {.id = project_id, .key = text_of(key)},
    };
    return repository;
}

static inline void scene_init(struct scene *s)
{
    memset(s, 0, sizeof *s);
    arena_init(&s->arena, (size_t)64 * 1024 * 1024);
    s->policy = scene_default_policy();
    s->policy.rules = s->rules;
    s->policy.service_accounts = s->accounts;
    s->push = (struct push){
        .trigger = TRIGGER_PUSH,
        .trigger_text = TEXT("push"),
        .base_url = TEXT("https://bitbucket.example.com"),
        .project_key = TEXT("PRJ"),
        .repository_slug = TEXT("app"),
        .storage_id_known = true,
        .storage_id = 84,
        .user_name = TEXT("jdoe"),
        .user_display_name = TEXT("Jane Doe"),
        .user_email = TEXT("jdoe@example.com"),
        .user_permission = TEXT("REPO_WRITE"),
        .changes = s->changes,
        .now_ms = SCENE_NOW,
        .local = {true, 2026, 9, 21, 0, 16 * 60},
    };
    s->descends = ANSWER_YES;
    scene_set_change(s, 0, "refs/heads/main", CHANGE_UPDATE);

    s->view = (struct view){
        s,
        NULL,
        STATUS_OK,
        scene_meta,
        scene_user,
        scene_email_user,
        scene_service,
        scene_repository,
        scene_project,
        scene_repository_name,
        scene_project_name,
        scene_user_grant,
        scene_global_groups,
        scene_group,
        scene_group_name,
        scene_repository_keys,
        scene_access_key,
        scene_part,
        scene_exemptions_of,
        scene_choose_restrictions,
    };
    s->meta = (struct snapshot_meta){
        .base_url = TEXT("https://bitbucket.example.com"),
        .bitbucket_version = TEXT("9.4.2"),
        .generated_ms = SCENE_NOW - 11 * CLOCK_MINUTE,
        .started_ms = SCENE_NOW - 11 * CLOCK_MINUTE,
        .digest = TEXT("d1"),
    };
    s->damaged_how = STATUS_FORMAT;
    struct snapshot_user *jdoe = scene_add_user(s, "jdoe", 101);
    jdoe->group_count = 1;
    jdoe->email = TEXT("jdoe@example.com");
    scene_add_user(s, "other", 102)->email = TEXT("other@example.com");
    scene_add_group(s, "devs", GROUP_DEVS, false);
    scene_add_group(s, "admins", GROUP_ADMINS, false);
    scene_add_group(s, "vague", GROUP_VAGUE, true);
    scene_add_repository(s, "PRJ", "app", 84, 7);
    scene_add_grant(s, GRANT_REPOSITORY, "jdoe", PERMISSION_REPO_WRITE);
    s->history = (struct history){s, scene_descends, scene_new_commits};
}

static inline void scene_free(struct scene *s)
{
    arena_free(&s->arena);
}

static inline struct restriction *scene_restrict(struct scene *s, uint64_t id, const char *type,
                                                 const char *matcher, const char *matcher_id)
{
    assert_true(s->restriction_count < SCENE_RESTRICTIONS);
    struct scene_exemptions *exemptions = &s->exemptions[s->restriction_count];
    struct restriction *restriction = &s->restrictions[s->restriction_count++];
    exemptions->list = (struct exemptions){
        exemptions->users, exemptions->groups, exemptions->keys, 0, 0, 0};
    *restriction = (struct restriction){
        .id = id,
        .type = restriction_type_parse(text_of(type)),
        .type_text = text_of(type),
        .matcher = matcher_type_parse(text_of(matcher)),
        .matcher_type_text = text_of(matcher),
        .matcher_id = text_of(matcher_id),
        .matcher_active = true,
        .exemptions = exemptions,
        .exemptions_size = sizeof *exemptions,
    };
    return restriction;
}

static inline struct scene_exemptions *scene_exemptions_list(struct scene *s,
                                                             const struct restriction *restriction)
{
    return &s->exemptions[restriction - s->restrictions];
}

static inline void scene_exempt_user(struct scene *s, const struct restriction *restriction,
                                     uint64_t id, const char *name)
{
    struct scene_exemptions *list = scene_exemptions_list(s, restriction);
    list->users[list->list.user_count++] = (struct exempt_user){id, text_of(name)};
}

static inline void scene_exempt_group(struct scene *s, const struct restriction *restriction,
                                      const char *name)
{
    struct scene_exemptions *list = scene_exemptions_list(s, restriction);
    struct exempt_group group = {text_of(name), GROUP_NONE, false};
    for (size_t i = 0; i < s->group_count; i++)
        if (!strcmp(s->groups[i].name, name))
            group = (struct exempt_group){text_of(name), s->groups[i].group.group,
                                          s->groups[i].group.incomplete};
    list->groups[list->list.group_count++] = group;
}

static inline void scene_exempt_key(struct scene *s, const struct restriction *restriction,
                                    uint64_t id)
{
    struct scene_exemptions *list = scene_exemptions_list(s, restriction);
    list->keys[list->list.access_key_count++] = id;
}

static inline struct rule *scene_rule(struct scene *s, const char *name, enum verdict action)
{
    assert_true(s->policy.rule_count < SCENE_ITEMS);
    struct rule *rule = &s->rules[s->policy.rule_count];
    *rule = (struct rule){
        .name = text_of(name),
        .source = {TEXT("refgate.conf"), 41 + (unsigned)s->policy.rule_count},
        .action = action,
        .mode = MODE_ENFORCE,
    };
    s->policy.rule_count++;
    return rule;
}

static inline struct service_account *scene_account(struct scene *s, const char *name)
{
    struct service_account *account = &s->accounts[s->policy.service_account_count++];
    *account = (struct service_account){.name = text_of(name),
                                        .source = {TEXT("refgate.conf"), 30}};
    return account;
}

static inline struct snapshot_key *scene_add_key(struct scene *s, uint64_t id, const char *label,
                                                 enum permission permission)
{
    s->keys[s->key_count++] = (struct repository_key){id, text_of(label), permission, false};
    struct snapshot_key *key = &s->key_records[s->key_record_count++];
    *key = (struct snapshot_key){
        .id = id,
        .label = text_of(label),
        .algorithm = TEXT("RSA"),
        .bits = 4096,
        .created_ms = SCENE_NOW - 10 * CLOCK_DAY,
        .created_known = true,
        .last_used_ms = SCENE_NOW - CLOCK_DAY,
        .ever_used = ANSWER_YES,
        .expires = ANSWER_NO,
        .places = 1,
    };
    return key;
}

/* The pusher is the service user of an access key. */
static inline void scene_push_with_key(struct scene *s, const char *display_name)
{
    s->push.user_name = TEXT("3adc96b3b93443e4");
    s->push.user_display_name = text_of(display_name);
    s->push.user_email = TEXT_NONE;
}

static inline void scene_set_trigger(struct scene *s, const char *trigger, bool merge)
{
    s->push.trigger_text = text_of(trigger);
    s->push.trigger = trigger_parse(s->push.trigger_text);
    s->push.merge = merge;
}

/* ------------------------------------------------------------------ deciding, and looking at it */

static inline enum verdict scene_decide_traced(struct scene *s, const struct trace *trace)
{
    struct error err = {STATUS_OK, ""};
    assert_int_equal(decide(&s->policy, &s->push, &s->view, s->no_history ? NULL : &s->history,
                            trace, &s->arena, &s->decision, &err),
                     STATUS_OK);
    assert_int_equal(s->decision.change_count, s->push.change_count);
    return s->decision.verdict;
}

static inline enum verdict scene_decide(struct scene *s)
{
    return scene_decide_traced(s, NULL);
}

static inline const struct reason *scene_find(const struct reason_link *link, enum reason_type type)
{
    for (; link; link = link->next)
        if (link->reason->type == type)
            return link->reason;
    return NULL;
}

/* The first reason of the type, of change 0 or of the push; NULL if there is none. */
static inline const struct reason *scene_reason(const struct scene *s, enum reason_type type)
{
    const struct reason *reason = scene_find(s->decision.push_reasons, type);
    if (!reason && s->decision.change_count)
        reason = scene_find(s->decision.changes[0].reasons, type);
    return reason;
}

static inline size_t scene_count_reasons(const struct reason_link *link)
{
    size_t count = 0;
    for (; link; link = link->next)
        count++;
    return count;
}

#define assert_verdict(s, expected) \
    assert_string_equal(verdict_name((s)->decision.verdict), verdict_name(expected))
#define assert_decides(s, expected) \
    assert_string_equal(verdict_name(scene_decide(s)), verdict_name(expected))
#define assert_exit(s, code)                                        \
    do {                                                            \
        assert_int_equal((s)->decision.exit_code, code);            \
        assert_int_equal(decision_exit_code(&(s)->decision), code); \
    } while (0)
#define assert_text_has(t, part)                                      \
    do {                                                              \
        char scene_text[512];                                         \
        snprintf(scene_text, sizeof scene_text, "%.*s", TEXT_ARG(t)); \
        if (!strstr(scene_text, part))                                \
            fail_msg("\"%s\" does not say \"%s\"", scene_text, part); \
    } while (0)

#endif
