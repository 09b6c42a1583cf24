/*
 * scene_random.h - random scenes from fixed seeds, for properties of decide(); a failure names the
 * seed.
 */
#ifndef REFGATE_TESTS_UNIT_SCENE_RANDOM_H
#define REFGATE_TESTS_UNIT_SCENE_RANDOM_H

#include "scene.h"

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

static const char *const refs[] = {"refs/heads/main",      "refs/heads/topic", "refs/tags/v1",
                                   "refs/heads/release/1", "refs/notes/x",     "refs/changes/1"};
static const struct text_list patterns[] = {
    {NULL, 0},
    {NULL, 0},
    {(const struct text[1]){{"main", 4}}, 1},
    {(const struct text[2]){{"release/*", 9}, {"v*", 2}}, 2},
    {(const struct text[1]){{"**", 2}}, 1}};
static const struct text_list groups[] = {{NULL, 0},
                                          {NULL, 0},
                                          {NULL, 0},
                                          {(const struct text[1]){{"devs", 4}}, 1},
                                          {(const struct text[1]){{"vague", 5}}, 1},
                                          {(const struct text[1]){{"admins", 6}}, 1}};
static const struct text_list keys[] = {{NULL, 0},
                                        {NULL, 0},
                                        {NULL, 0},
                                        {(const struct text[1]){{"158", 3}}, 1},
                                        {(const struct text[1]){{"ci", 2}}, 1}};
static const struct text_list users[] = {{NULL, 0},
                                         {NULL, 0},
                                         {NULL, 0},
                                         {(const struct text[1]){{"jdoe", 4}}, 1},
                                         {(const struct text[1]){{"other", 5}}, 1}};
static const enum verdict outcomes[] = {VERDICT_NOTE, VERDICT_ANNOTATE, VERDICT_REJECT};

static inline void random_rule(struct scene *s)
{
    static const enum verdict actions[] = {VERDICT_ANNOTATE, VERDICT_REQUIRE_APPROVAL,
                                           VERDICT_REJECT};
    static char names[SCENE_ITEMS][4];
    char *name = names[s->policy.rule_count];
    snprintf(name, sizeof names[0], "r%zu", s->policy.rule_count);
    struct rule *rule = scene_rule(s, name, PICK(actions));
    rule->mode = one_in(6) ? MODE_MONITOR : MODE_ENFORCE;
    rule->refs = PICK(patterns);
    rule->kinds = one_in(2) ? 0 : 1 + below(15);
    rule->credentials = one_in(3) ? 1 + below((1u << CREDENTIAL_CLASSES) - 1) : 0;
    rule->except_credentials = one_in(5) ? 1 + below((1u << CREDENTIAL_CLASSES) - 1) : 0;
    rule->confidence = one_in(6) ? (enum confidence)below(4) : CONFIDENCE_NONE;
    rule->groups = PICK(groups);
    rule->except_groups = PICK(groups);
    rule->users = PICK(users);
    rule->except_users = PICK(users);
    rule->access_keys = PICK(keys);
    rule->except_access_keys = PICK(keys);
    rule->committer = one_in(6) ? (enum identity_want)below(3) : IDENTITY_ANY;
    rule->author = one_in(8) ? (enum identity_want)below(3) : IDENTITY_ANY;
    rule->freeze_set = one_in(8);
    rule->freeze = (struct freeze){
        .time_set = true, .after_minute = (int)below(1440), .before_minute = (int)below(1440)};
}

static inline struct restriction *random_restriction(struct scene *s)
{
    static const char *const types[] = {"read-only",  "pull-request-only", "fast-forward-only",
                                        "no-deletes", "no-creates",        "no-fun"};
    static const struct {
        const char *type, *id;
    } matchers[] = {{"BRANCH", "main"},
                    {"PATTERN", "release/*"},
                    {"PATTERN", "**"},
                    {"PATTERN", "//"},
                    {"ANY_REF", "x"},
                    {"DEFAULT_BRANCH", "#"},
                    {"MODEL_BRANCH", "development"},
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
    if (one_in(4))
        scene_exempt_user(s, r, one_in(2) ? 101 : 0, one_in(2) ? "jdoe" : "other");
    if (one_in(4))
        scene_exempt_group(s, r, one_in(2) ? "vague" : one_in(2) ? "devs" : "gone");
    if (one_in(4))
        scene_exempt_key(s, r, 158 + below(2));
}

static inline void random_pusher(struct scene *s)
{
    static const char *const names[] = {"jdoe",
                                        "jdoe",
                                        "other",
                                        "newcomer",
                                        "3adc96b3b93443e4",
                                        "access-token-user/2/84",
                                        "access-token-user/1/9"};
    static const char *const levels[] = {"REPO_READ", "REPO_WRITE", "REPO_WRITE", "ADMIN"};
    static const char *const display[] = {"Jane Doe", "Access Key User - ci",
                                          "Access Key User - x"};
    s->push.user_name = text_of(PICK(names));
    s->push.user_display_name = text_of(PICK(display));
    s->push.user_permission = one_in(4) ? TEXT_NONE : text_of(PICK(levels));
    s->push.user_email = one_in(2) ? TEXT_NONE : TEXT("jdoe@example.com");
    s->push.storage_id_known = !one_in(4);
    s->push.storage_id = one_in(8) ? 85 : 84;
    s->push.native = one_in(20);
    if (one_in(4)) {
        s->policy.resolvers |= RESOLVER_ENVIRONMENT;
        s->push.credential_value = one_in(2) ? TEXT("user-token:1") : TEXT("access-key:158");
    }
}

static inline void random_history(struct scene *s)
{
    static const enum change_kind kinds[] = {CHANGE_CREATE, CHANGE_UPDATE, CHANGE_UPDATE,
                                             CHANGE_REWRITE, CHANGE_DELETE};
    size_t count = 1 + below(4);
    for (size_t i = 0; i < count; i++)
        scene_set_change(s, i, PICK(refs), PICK(kinds));
    if (one_in(4))
        s->trouble = one_in(4) ? HISTORY_LIMIT : HISTORY_UNAVAILABLE;
    s->no_history = one_in(20);
    s->commits[0] = (struct history_commit){TEXT(NEW_ID), TEXT("jdoe@example.com"),
                                            TEXT("else@example.com"), one_in(2)};
    s->commit_count = below(2);
}

static inline void random_policy(struct scene *s)
{
    static const enum verdict checks[] = {VERDICT_ACCEPT, VERDICT_ANNOTATE, VERDICT_REJECT};
    s->policy.undecided = PICK(outcomes);
    s->policy.undecided_restriction = PICK(outcomes);
    s->policy.unknown_user = PICK(outcomes);
    s->policy.unknown_repo = PICK(outcomes);
    s->policy.no_snapshot = PICK(outcomes);
    s->policy.permissions_check = PICK(outcomes);
    s->policy.restrictions_check = PICK(checks);
    s->policy.other_refs = PICK(checks);
    s->policy.admins_exempt = one_in(4);
    s->policy.access_keys.push = one_in(4) ? PICK(checks) : VERDICT_ACCEPT;
    s->policy.access_keys.refs = one_in(4) ? patterns[2] : patterns[0];
    s->policy.access_keys.kinds = one_in(4) ? 1 + below(15) : 0;
    s->policy.access_keys.max_age_ms = one_in(4) ? CLOCK_DAY : 0;
    if (one_in(6)) {
        struct service_account *account = scene_account(s, "other");
        account->refs = patterns[2];
        account->kinds = below(16);
    }
}

static inline void random_scene(struct scene *s, uint64_t at)
{
    static const char *const damages[] = {"user",    "repository",      "group",      "exemptions",
                                          "service", "repository_keys", "email_user", "user_grant"};
    seed = at * UINT64_C(0x9e3779b97f4a7c15) + 1;
    scene_init(s);
    random_policy(s);
    random_pusher(s);
    random_history(s);
    scene_add_key(s, 158, "ci", PERMISSION_REPO_WRITE);
    if (one_in(3))
        scene_add_key(s, 159, "ci", PERMISSION_REPO_WRITE)->created_known = one_in(2);
    s->users[0].groups_complete = one_in(2) ? ANSWER_YES : ANSWER_CANNOT_TELL;
    s->repositories[0].default_branch_known = !one_in(4);
    s->repositories[0].model = (struct branch_model){
        .configured = true, .development_set = true, .development_default = true};
    if (one_in(8))
        s->damaged = PICK(damages);
    if (one_in(20))
        s->view.problem = "it is gone";
    s->push.local.known = !one_in(4);
    for (unsigned i = below(5); i > 0; i--)
        random_rule(s);
    for (unsigned i = below(7); i > 0; i--)
        random_exemptions(s, random_restriction(s));
}

/* ------------------------------------------------------------------ comparing */

struct outcome {
    enum verdict verdict, each[SCENE_CHANGES];
    int exit_code;
    size_t reasons;
};

static inline struct outcome outcome_of(struct scene *s)
{
    struct outcome outcome = {.verdict = scene_decide(s), .exit_code = s->decision.exit_code};
    outcome.reasons = scene_count_reasons(s->decision.push_reasons);
    for (size_t i = 0; i < s->push.change_count; i++) {
        outcome.each[i] = s->decision.changes[i].verdict;
        outcome.reasons += scene_count_reasons(s->decision.changes[i].reasons);
    }
    return outcome;
}

static inline bool same(const struct outcome *a, const struct outcome *b)
{
    if (a->verdict != b->verdict || a->exit_code != b->exit_code)
        return false;
    return !memcmp(a->each, b->each, sizeof a->each);
}

/* Nothing that is refused becomes acceptable, neither a change nor the push. */
static inline void assert_not_milder(const struct outcome *before, const struct outcome *after,
                                     uint64_t at)
{
    bool milder = verdict_accepts(after->verdict) && !verdict_accepts(before->verdict);
    for (size_t i = 0; i < SCENE_CHANGES; i++)
        milder = milder || (before->each[i] && verdict_accepts(after->each[i]) &&
                            !verdict_accepts(before->each[i]));
    if (milder || (before->exit_code && !after->exit_code))
        fail_msg("case %llu: %s became %s", (unsigned long long)at, verdict_name(before->verdict),
                 verdict_name(after->verdict));
}

#endif
