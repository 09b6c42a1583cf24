/*
 * scene_random.h - random scenes from fixed seeds, for properties of decide(); a failure names the
 * seed.
 *
 * Draws stand in statements of their own: the order in which a compiler evaluates arguments and
 * initialisers is its own, and a seed must be the same scene everywhere.
 */
#ifndef REFGATE_TESTS_UNIT_SCENE_RANDOM_H
#define REFGATE_TESTS_UNIT_SCENE_RANDOM_H

#include "scene_outcome.h"

static uint64_t seed;

static inline unsigned below(unsigned most) /* xorshift64*; < most */
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (unsigned)((seed * UINT64_C(2685821657736338717)) >> 33) % most;
}

static inline bool one_in(unsigned n)
{
    return below(n) == 0;
}

#define PICK(list) (list)[below(sizeof(list) / sizeof((list)[0]))]
#define TEXTS(...)                                                           \
    {                                                                        \
        (const struct text[]){__VA_ARGS__},                                  \
            sizeof((const struct text[]){__VA_ARGS__}) / sizeof(struct text) \
    }
#define WORD(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }
#define NO_TEXTS \
    {            \
        NULL, 0  \
    }

static const char *const refs[] = {"refs/heads/main",      "refs/heads/topic", "refs/tags/v1",
                                   "refs/heads/release/1", "refs/notes/x",     "refs/changes/1"};
static const struct text_list patterns[] = {NO_TEXTS, NO_TEXTS, TEXTS(WORD("main")),
                                            TEXTS(WORD("release/*"), WORD("v*")),
                                            TEXTS(WORD("**"))};
static const struct text_list groups[] = {NO_TEXTS,
                                          NO_TEXTS,
                                          NO_TEXTS,
                                          TEXTS(WORD("devs")),
                                          TEXTS(WORD("vague")),
                                          TEXTS(WORD("admins"), WORD("devs"))};
static const struct text_list keys[] = {NO_TEXTS, NO_TEXTS, NO_TEXTS, TEXTS(WORD("158")),
                                        TEXTS(WORD("ci"), WORD("159"))};
static const struct text_list users[] = {NO_TEXTS, NO_TEXTS, NO_TEXTS, TEXTS(WORD("jdoe")),
                                         TEXTS(WORD("other"), WORD("ci-bot"))};
static const struct text_list projects[] = {NO_TEXTS, NO_TEXTS, NO_TEXTS, TEXTS(WORD("PRJ")),
                                            TEXTS(WORD("O*"), WORD("OPS"))};
static const struct text_list repository_lists[] = {NO_TEXTS, NO_TEXTS, TEXTS(WORD("PRJ/app")),
                                                    TEXTS(WORD("*/*"), WORD("PRJ/old")),
                                                    TEXTS(WORD("OPS/*"))};
static const struct text_list triggers[] = {NO_TEXTS, NO_TEXTS, NO_TEXTS, TEXTS(WORD("push")),
                                            TEXTS(WORD("pull-request-merge"), WORD("push"))};
static const struct text_list algorithm_lists[] = {NO_TEXTS, NO_TEXTS, TEXTS(WORD("ED25519")),
                                                   TEXTS(WORD("rsa"), WORD("ECDSA"))};
static const struct text_list email_lists[] = {NO_TEXTS, TEXTS(WORD("*@example.com")),
                                               TEXTS(WORD("else@example.com"))};
static const enum verdict outcomes[] = {VERDICT_NOTE, VERDICT_ANNOTATE, VERDICT_REJECT};
static const enum verdict checks[] = {VERDICT_ACCEPT, VERDICT_ANNOTATE, VERDICT_REJECT};

/* ------------------------------------------------------------------ the policy */

static inline unsigned random_classes(unsigned rare)
{
    return one_in(rare) ? 1 + below((1u << CREDENTIAL_CLASSES) - 1) : 0;
}

static inline unsigned random_kinds(unsigned rare)
{
    return one_in(rare) ? 1 + below(15) : 0;
}

static inline void random_freeze(struct rule *rule)
{
    struct freeze *freeze = &rule->freeze;
    rule->freeze_set = one_in(6);
    freeze->time_set = !one_in(3);
    freeze->after_minute = (int)below(1440);
    freeze->before_minute = (int)below(1441);
    freeze->days = one_in(3) ? 1 + below(127) : 0;
    freeze->from_set = one_in(4);
    freeze->from_date = 20260900 + (int)below(30);
    freeze->until_set = one_in(4);
    freeze->until_date = 20260900 + (int)below(30);
}

static inline void random_rule(struct scene *s)
{
    static const enum verdict actions[] = {VERDICT_ANNOTATE, VERDICT_REQUIRE_APPROVAL,
                                           VERDICT_REJECT};
    static char names[SCENE_ITEMS][8];
    char *name = names[s->policy.rule_count];
    snprintf(name, sizeof names[0], "r%zu", s->policy.rule_count);
    struct rule *rule = scene_rule(s, name, PICK(actions));
    rule->mode = one_in(6) ? MODE_MONITOR : MODE_ENFORCE;
    rule->projects = PICK(projects);
    rule->repos = PICK(repository_lists);
    rule->refs = PICK(patterns);
    rule->triggers = PICK(triggers);
    rule->kinds = random_kinds(2);
    rule->credentials = random_classes(3);
    rule->except_credentials = random_classes(5);
    rule->confidence = one_in(6) ? (enum confidence)below(4) : CONFIDENCE_NONE;
    rule->groups = PICK(groups);
    rule->except_groups = PICK(groups);
    rule->users = PICK(users);
    rule->except_users = PICK(users);
    rule->access_keys = PICK(keys);
    rule->except_access_keys = PICK(keys);
    rule->committer = one_in(6) ? (enum identity_want)below(3) : IDENTITY_ANY;
    rule->author = one_in(8) ? (enum identity_want)below(3) : IDENTITY_ANY;
    random_freeze(rule);
    rule->message = one_in(2) ? TEXT("Open a pull request") : TEXT_NONE;
    if (one_in(2))
        rule->controls = patterns[2];
}

static inline void random_account(struct scene *s)
{
    static const char *const names[] = {"other", "jdoe", "ci-bot", "3adc96b3b93443e4"};
    struct service_account *account = scene_account(s, PICK(names));
    account->repos = PICK(repository_lists);
    account->refs = PICK(patterns);
    account->credentials = random_classes(3);
    account->kinds = random_kinds(2);
    account->owner = one_in(2) ? TEXT("team <ci>") : TEXT_NONE;
}

static inline void random_key_policy(struct access_key_policy *policy)
{
    policy->push = one_in(4) ? PICK(checks) : VERDICT_ACCEPT;
    policy->refs = one_in(4) ? PICK(patterns) : patterns[0];
    policy->kinds = random_kinds(4);
    policy->max_age_ms = one_in(4) ? (int64_t)below(20) * CLOCK_DAY : 0;
    policy->max_idle_ms = one_in(4) ? (int64_t)below(4) * CLOCK_DAY : 0;
    policy->warn_before_expiry_ms = one_in(4) ? (int64_t)below(4) * CLOCK_DAY : 0;
    policy->min_rsa_bits = one_in(4) ? 1024 + below(4096) : 0;
    policy->algorithms = PICK(algorithm_lists);
    policy->shared = one_in(4) ? PICK(checks) : VERDICT_ACCEPT;
}

static inline void random_policy(struct scene *s)
{
    static const enum foreign_token foreign[] = {FOREIGN_CONFIRMED, FOREIGN_REJECT,
                                                 FOREIGN_ANNOTATE};
    struct policy *policy = &s->policy;
    policy->undecided = PICK(outcomes);
    policy->undecided_restriction = PICK(outcomes);
    policy->unknown_user = PICK(outcomes);
    policy->unknown_repo = PICK(outcomes);
    policy->no_snapshot = PICK(outcomes);
    policy->when_stale = PICK(outcomes);
    policy->permissions_check = one_in(6) ? VERDICT_ACCEPT : PICK(outcomes);
    policy->restrictions_check = PICK(checks);
    policy->other_refs = PICK(checks);
    policy->admins_exempt = one_in(4);
    policy->foreign_token = PICK(foreign);
    policy->extra_emails = PICK(email_lists);
    policy->excuse_merges = one_in(2);
    policy->excuse_service_accounts = one_in(3);
    if (one_in(3))
        policy->approvals_directory = TEXT("/var/lib/refgate/approvals");
    random_key_policy(&policy->access_keys);
    for (unsigned i = below(12); i < 3; i++)
        random_account(s);
}

/* Of the policy its rules are left, and nothing else rejects: for tests of what they say. */
static inline void random_without_policy(struct scene *s)
{
    size_t rules = s->policy.rule_count;
    s->policy = scene_default_policy();
    s->policy.rules = s->rules;
    s->policy.rule_count = rules;
    s->policy.service_accounts = s->accounts;
    s->policy.restrictions_check = s->policy.permissions_check = VERDICT_ACCEPT;
    s->policy.no_snapshot = s->policy.undecided = VERDICT_ANNOTATE;
    s->policy.foreign_token = FOREIGN_ANNOTATE;
}

/* ------------------------------------------------------------------ the restrictions */

static inline struct restriction *random_restriction(struct scene *s)
{
    static const char *const types[] = {"read-only",  "pull-request-only", "fast-forward-only",
                                        "no-deletes", "no-creates",        "no-fun"};
    static const struct {
        const char *type, *id;
    } matchers[] = {{"BRANCH", "main"},
                    {"BRANCH", "refs/heads/topic"},
                    {"PATTERN", "release/*"},
                    {"PATTERN", "**"},
                    {"PATTERN", "//"},
                    {"ANY_REF", "x"},
                    {"DEFAULT_BRANCH", "#"},
                    {"MODEL_BRANCH", "development"},
                    {"MODEL_BRANCH", "production"},
                    {"MODEL_CATEGORY", "RELEASE"},
                    {"NEW", "x"}};
    unsigned at = below(sizeof matchers / sizeof matchers[0]);
    struct restriction *r = scene_restrict(s, s->restriction_count + 1, PICK(types),
                                           matchers[at].type, matchers[at].id);
    r->matcher_active = !one_in(12);
    r->of_project = one_in(2);
    return r;
}

static inline void random_exemptions(struct scene *s, struct restriction *r)
{
    static const char *const names[] = {"jdoe", "other", "3adc96b3b93443e4"};
    static const char *const some_groups[] = {"vague", "vague", "devs", "admins", "gone"};
    if (one_in(4)) {
        uint64_t id = one_in(2) ? 101 : 0;
        scene_exempt_user(s, r, id, PICK(names));
    }
    if (one_in(4))
        scene_exempt_group(s, r, PICK(some_groups));
    if (one_in(4))
        scene_exempt_key(s, r, 158 + below(2));
}

/* ------------------------------------------------------------------ the push */

static void random_observe(void *self, const struct push *push, struct observation *out)
{
    (void)push;
    *out = *(const struct observation *)self;
}

/* What the resolvers besides the name see. */
static inline void random_resolvers(struct scene *s)
{
    static const char *const told[] = {
        "user-token:1", "access-key:158",   "user-ssh-key", "access-key",
        "web",          "repository-token", "nonsense:x"};
    static const enum credential_class seen[] = {CREDENTIAL_USER, CREDENTIAL_USER_SSH_KEY,
                                                 CREDENTIAL_USER_TOKEN, CREDENTIAL_USER_PASSWORD};
    static struct observation observation;
    static const struct observer observer = {&observation, random_observe};
    if (one_in(4)) {
        s->policy.resolvers |= RESOLVER_ENVIRONMENT;
        s->push.credential_value = text_of(PICK(told));
    }
    if (one_in(4)) {
        s->policy.resolvers |= RESOLVER_ACCESS_LOG;
        observation = (struct observation){.class = PICK(seen), .evidence = TEXT("seen")};
        observation.id_known = one_in(2);
        s->push.observer = &observer;
    }
}

static inline void random_trigger(struct scene *s)
{
    static const char *const names[] = {"branch-create", "tag-delete", "file-edit",
                                        "pull-request-merge", "frobnicate"};
    const char *name = PICK(names);
    bool merge = !strcmp(name, "pull-request-merge") || one_in(4);
    if (!one_in(5))
        return;
    scene_set_trigger(s, name, merge);
    s->push.dry_run = merge && one_in(2);
}

static inline void random_pusher(struct scene *s)
{
    static const char *const names[] = {"jdoe",
                                        "jdoe",
                                        "other",
                                        "newcomer",
                                        "ci-bot",
                                        "3adc96b3b93443e4",
                                        "3adc96b3b93443e4",
                                        "access-token-user/2/84",
                                        "access-token-user/2/99",
                                        "access-token-user/1/7",
                                        "access-token-user/1/9"};
    static const char *const levels[] = {"REPO_READ", "REPO_WRITE", "REPO_WRITE", "ADMIN",
                                         "LICENSED_USER"};
    static const char *const display[] = {"Jane Doe", "Access Key User - ci",
                                          "Access Key User - ci", "Access Key User - x"};
    s->push.user_name = text_of(PICK(names));
    s->push.user_display_name = text_of(PICK(display));
    s->push.user_permission = one_in(4) ? TEXT_NONE : text_of(PICK(levels));
    s->push.user_email = one_in(2) ? TEXT_NONE : TEXT("jdoe@example.com");
    s->push.storage_id_known = !one_in(4);
    s->push.storage_id = one_in(8) ? 85 : 84;
    s->push.native = one_in(20);
    random_trigger(s);
    random_resolvers(s);
}

static inline void random_history(struct scene *s)
{
    static const enum change_kind kinds[] = {CHANGE_CREATE, CHANGE_UPDATE, CHANGE_UPDATE,
                                             CHANGE_REWRITE, CHANGE_DELETE};
    static const struct text emails[] = {WORD("jdoe@example.com"), WORD("other@example.com"),
                                         WORD("else@example.com"), WORD("")};
    size_t count = 1 + below(4);
    for (size_t i = 0; i < count; i++) {
        const char *ref = PICK(refs);
        scene_set_change(s, i, ref, PICK(kinds));
    }
    if (one_in(4))
        s->trouble = one_in(4) ? HISTORY_LIMIT : HISTORY_UNAVAILABLE;
    s->no_history = one_in(20);
    s->commit_count = below(3);
    for (size_t i = 0; i < s->commit_count; i++) {
        struct history_commit *commit = &s->commits[i];
        commit->id = TEXT(NEW_ID);
        commit->author_email = PICK(emails);
        commit->committer_email = PICK(emails);
        commit->merge = one_in(2);
    }
}

/* ------------------------------------------------------------------ the snapshot */

static inline void random_key_record(struct snapshot_key *key)
{
    static const enum answer answers[] = {ANSWER_YES, ANSWER_NO, ANSWER_CANNOT_TELL};
    key->created_known = !one_in(4);
    key->ever_used = PICK(answers);
    key->expires = PICK(answers);
    key->expires_ms = SCENE_NOW + (int64_t)below(6) * CLOCK_DAY - 2 * CLOCK_DAY;
    key->bits = one_in(4) ? 0 : 1024 + below(4096);
    key->algorithm = one_in(4) ? TEXT_NONE : one_in(2) ? TEXT("RSA") : TEXT("ED25519");
    key->places = 1 + below(2);
}

static inline void random_keys(struct scene *s)
{
    struct snapshot_key *key = scene_add_key(s, 158, "ci", PERMISSION_REPO_WRITE);
    if (one_in(2))
        random_key_record(key);
    if (one_in(3)) {
        key = scene_add_key(s, 159, "ci", PERMISSION_REPO_WRITE);
        random_key_record(key);
        s->keys[1].of_project = one_in(2);
    }
    if (one_in(4)) {
        s->services[0].name = "3adc96b3b93443e4";
        s->services[s->service_count++].key = 158 + below(3);
    }
}

static inline void random_people(struct scene *s)
{
    static const enum answer licensed[] = {ANSWER_YES, ANSWER_YES, ANSWER_YES, ANSWER_NO,
                                           ANSWER_CANNOT_TELL};
    static const struct group_grant devs = {GROUP_DEVS, false, PERMISSION_REPO_ADMIN},
                                    vague = {GROUP_VAGUE, true, PERMISSION_PROJECT_ADMIN};
    struct snapshot_user *jdoe = &s->users[0];
    jdoe->groups_complete = one_in(2) ? ANSWER_YES : ANSWER_CANNOT_TELL;
    jdoe->group_count = below(2);
    jdoe->active = !one_in(12);
    jdoe->licensed = PICK(licensed);
    jdoe->global = one_in(12) ? PERMISSION_ADMIN : PERMISSION_LICENSED_USER;
    struct snapshot_repository *repository = &s->repositories[0];
    repository->archived = one_in(20);
    repository->groups = &devs;
    repository->group_count = below(2);
    repository->project.groups = &vague;
    repository->project.group_count = one_in(6);
    repository->project.personal = one_in(8);
    repository->project.owner_id = one_in(2) ? 101 : 0;
    repository->project.owner_name = TEXT("jdoe");
    repository->is_public = one_in(6);
    s->global_groups[0] = (struct group_grant){GROUP_DEVS, false, PERMISSION_SYS_ADMIN};
    s->global_group_count = one_in(8);
}

static inline void random_model(struct scene *s)
{
    struct snapshot_repository *repository = &s->repositories[0];
    repository->default_branch_known = !one_in(4);
    repository->model = (struct branch_model){
        .development_set = true,
        .development_default = true,
        .production = TEXT("refs/heads/topic"),
        .category = {{TEXT("release"), TEXT("release/"), true}},
        .category_count = 1};
    repository->model.configured = !one_in(8);
    repository->model.production_set = one_in(2);
}

static inline void random_age(struct scene *s)
{
    if (one_in(8))
        s->meta.started_ms = SCENE_NOW - (int64_t)below(3) * CLOCK_DAY;
    if (one_in(20))
        s->meta.generated_ms = SCENE_NOW + CLOCK_HOUR;
    if (one_in(20))
        s->meta.base_url = TEXT("https://elsewhere.example.com");
    if (one_in(6))
        s->part_ms = SCENE_NOW - CLOCK_MINUTE;
    if (one_in(20))
        s->view.problem = "it is gone";
    if (one_in(30)) {
        s->repositories[0].id = 85; /* moved, or another one */
        s->repositories[0].slug = one_in(2) ? TEXT("old") : TEXT("app");
    }
}

static inline void random_scene(struct scene *s, uint64_t at)
{
    static const char *const damages[] = {
        "user",       "repository",     "group", "exemptions", "service",       "repository_keys",
        "email_user", "user_grant",     "meta",  "access_key", "global_groups", "group_name",
        "part",       "repository_name"};
    seed = at * UINT64_C(0x9e3779b97f4a7c15) + 1;
    scene_init(s);
    random_policy(s);
    random_pusher(s);
    random_history(s);
    random_keys(s);
    random_people(s);
    random_model(s);
    random_age(s);
    if (one_in(8))
        s->damaged = PICK(damages);
    s->push.local.known = !one_in(4);
    for (unsigned i = below(5); i > 0; i--)
        random_rule(s);
    for (unsigned i = below(7); i > 0; i--)
        random_exemptions(s, random_restriction(s));
}

#endif
