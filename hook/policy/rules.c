/*
 * rules.c - the administrator's rules (semantics.md 6).
 *
 * A rule applies if all its conditions hold; a condition that is absent holds. Those that do not
 * depend on the ref are answered once a push: cheap ones first, which most rules do not survive;
 * those that read the snapshot when a ref matches; history last.
 */
#include "base/glob.h"
#include "policy/freeze.h"
#include "policy/judge.h"
#include "policy/rule_keys.h"

struct rule_reason {    /* a rule's reason, by what was not known */
    unsigned questions; /* 0: it applies */
    bool pull_request;
    const struct reason *reason;
    struct rule_reason *next;
};

struct rule_state {
    const struct rule *rule;
    enum answer applies; /* as far as it does not depend on the ref */
    unsigned questions;
    bool asked;       /* the snapshot was, too */
    const char *miss; /* the condition that does not hold */
    struct rule_reason *reasons;
};

struct rule_set {
    struct rule_state *states; /* of rules that may still apply */
    size_t count;
};

/* ------------------------------------------------------------------ conditions */

typedef enum answer condition(struct judge *j, const struct rule *rule);

static bool lists_name(const struct text_list *list, struct text name)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal_fold(list->items[i], name))
            return true;
    return false;
}

static enum answer name_listed(const struct judge *j, const struct text_list *list)
{
    if (j->push->native)
        return ANSWER_CANNOT_TELL;
    return lists_name(list, j->push->user_name) ? ANSWER_YES : ANSWER_NO;
}

static enum answer of_credentials(struct judge *j, const struct rule *rule)
{
    return rule->credentials ? credential_in(j, rule->credentials) : ANSWER_YES;
}

static enum answer not_excepted_credentials(struct judge *j, const struct rule *rule)
{
    if (!rule->except_credentials)
        return ANSWER_YES;
    return answer_not(credential_surely_in(j, rule->except_credentials));
}

static bool is_open(const struct judge *j, unsigned classes)
{
    return (j->possible & classes) && (j->possible & ~classes);
}

/* What is only observed counts where an answer hangs on it: that it is an ordinary user is certain. */
static enum answer sure_enough(struct judge *j, const struct rule *rule)
{
    enum confidence sure = j->out->credential.confidence;
    if (sure == CONFIDENCE_OBSERVED && !is_open(j, rule->credentials) &&
        !is_open(j, rule->except_credentials))
        sure = CONFIDENCE_CERTAIN;
    return sure >= rule->confidence ? ANSWER_YES : ANSWER_CANNOT_TELL;
}

static enum answer by_triggers(struct judge *j, const struct rule *rule)
{
    if (!rule->triggers.count)
        return ANSWER_YES;
    if (!j->push->trigger_text.size)
        return ANSWER_CANNOT_TELL;
    for (size_t i = 0; i < rule->triggers.count; i++)
        if (text_equal(rule->triggers.items[i], j->push->trigger_text))
            return ANSWER_YES;
    return ANSWER_NO;
}

static enum answer in_projects(struct judge *j, const struct rule *rule)
{
    return rule->projects.count ? repository_in(j, &rule->projects, true, false) : ANSWER_YES;
}

static enum answer in_repositories(struct judge *j, const struct rule *rule)
{
    return rule->repos.count ? repository_in(j, &rule->repos, false, false) : ANSWER_YES;
}

static enum answer of_users(struct judge *j, const struct rule *rule)
{
    return rule->users.count ? name_listed(j, &rule->users) : ANSWER_YES;
}

static enum answer not_excepted_users(struct judge *j, const struct rule *rule)
{
    return rule->except_users.count ? answer_not(name_listed(j, &rule->except_users)) : ANSWER_YES;
}

static enum answer in_freeze(struct judge *j, const struct rule *rule)
{
    return rule->freeze_set ? freeze_holds(&rule->freeze, &j->push->local) : ANSWER_YES;
}

static enum answer in_any_group(struct judge *j, const struct text_list *groups)
{
    enum answer in = ANSWER_NO;
    for (size_t i = 0; i < groups->count && in != ANSWER_YES; i++)
        in = answer_or(in, membership_by_name(j, groups->items[i]));
    return in;
}

/* A key is in no group; somebody who only calls himself a key may be. */
static enum answer of_groups(struct judge *j, const struct rule *rule)
{
    if (!rule->groups.count)
        return ANSWER_YES;
    enum answer in = in_any_group(j, &rule->groups);
    return in == ANSWER_NO && j->may_pose ? ANSWER_CANNOT_TELL : in;
}

static enum answer not_excepted_groups(struct judge *j, const struct rule *rule)
{
    return rule->except_groups.count ? answer_not(in_any_group(j, &rule->except_groups))
                                     : ANSWER_YES;
}

struct condition_row {
    condition *holds;
    unsigned question;
    const char *miss;
};

static const struct condition_row cheap_conditions[] = {
    {of_credentials, QUESTION_CREDENTIAL, "not with this kind of credential"},
    {not_excepted_credentials, QUESTION_CREDENTIAL, "this kind of credential is excepted"},
    {by_triggers, QUESTION_TRIGGER, "not with this trigger"},
    {in_projects, QUESTION_REPOSITORY, "not in this project"},
    {in_repositories, QUESTION_REPOSITORY, "not in this repository"},
    {of_users, QUESTION_PUSHER, "not for this user"},
    {not_excepted_users, QUESTION_PUSHER, "this user is excepted"},
    {in_freeze, QUESTION_TIME, "not at this time"},
    {sure_enough, QUESTION_CONFIDENCE, ""},
};
/* Those that read the snapshot. */
static const struct condition_row dear_conditions[] = {
    {of_groups, QUESTION_GROUP, "not for the pusher's groups"},
    {not_excepted_groups, QUESTION_GROUP, "a group of the pusher is excepted"},
    {rule_keys_hold, QUESTION_KEY, "not with this access key, or it is excepted"},
};

static void add_conditions(struct judge *j, struct rule_state *state,
                           const struct condition_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum answer holds = rows[i].holds(j, state->rule);
        state->applies = answer_and(state->applies, holds);
        if (holds == ANSWER_NO) {
            state->miss = rows[i].miss;
            return;
        }
        if (holds != ANSWER_YES)
            state->questions |= rows[i].question == QUESTION_KEY ? credential_question(j)
                                                                 : rows[i].question;
    }
}
#define ROWS(table) table, sizeof table / sizeof table[0]

static const char *rule_subject(struct judge *j, const struct rule *rule)
{
    return judge_printf(j, "rule %.*s", TEXT_ARG(rule->name));
}

void rules_prepare(struct judge *j)
{
    struct rule_set *set = judge_alloc(j, 1, sizeof *set);
    struct rule_state *states = judge_alloc(j, j->policy->rule_count, sizeof *states);
    if (!set || !states)
        return;
    *set = (struct rule_set){states, 0};
    for (size_t i = 0; i < j->policy->rule_count; i++) {
        const struct rule *rule = &j->policy->rules[i];
        struct rule_state state = {.rule = rule, .applies = ANSWER_YES};
        add_conditions(j, &state, ROWS(cheap_conditions));
        if (state.applies != ANSWER_NO)
            states[set->count++] = state;
        else if (j->trace)
            judge_trace(j, TRACE_RULE, TRACE_PUSH_LEVEL, ANSWER_NO, rule->action,
                        rule_subject(j, rule), source_text(j, rule->source), "%s", state.miss);
    }
    j->rules = set;
}

/* ------------------------------------------------------------------ reasons */

static bool has_identity(const struct rule *rule)
{
    return rule->committer != IDENTITY_ANY || rule->author != IDENTITY_ANY;
}

static const char *kinds_words(struct judge *j, unsigned kinds)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{KIND_CREATE, "create"},
                 {KIND_UPDATE, "update"},
                 {KIND_REWRITE, "rewrite"},
                 {KIND_DELETE, "delete"}};
    const char *words = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (kinds & names[i].bit)
            words = judge_printf(j, "%s%s%s", words, *words ? ", " : "", names[i].name);
    return words;
}

/* What the rule says no to, in words; never the ref, as changes share it. */
static const char *rule_words(struct judge *j, const struct rule *rule)
{
    const char *verb = rule->action == VERDICT_REQUIRE_APPROVAL ? "needs an approval"
                       : rule->action == VERDICT_ANNOTATE       ? "noted"
                                                                : "not allowed";
    const char *with = rule->credentials ? judge_printf(j, "%s with %s",
                                                        rule->action == VERDICT_REJECT ? "" : ":",
                                                        credential_words(j))
                                         : "";
    if (has_identity(rule))
        return judge_printf(j, "%s%s: a new commit is not %s work", verb, with,
                            rule->committer == IDENTITY_PUSHER || rule->author == IDENTITY_PUSHER
                                ? "the pusher's"
                                : "a known user's");
    if (rule->freeze_set)
        return judge_printf(j, "%s%s at this time (change freeze)", verb, with);
    if (!*with && rule->kinds && rule->kinds != KIND_ALL)
        return judge_printf(j, "%s: %s", verb, kinds_words(j, rule->kinds));
    return judge_printf(j, "%s%s", verb, with);
}

static struct reason *new_reason(struct judge *j, const struct rule *rule, unsigned questions)
{
    struct reason *reason;
    if (questions)
        reason = reason_undecided(j, rule->action, questions, NULL);
    else
        reason = reason_new(j, has_identity(rule) ? REASON_IDENTITY : REASON_RULE, rule->action,
                            true, "%s", rule_words(j, rule));
    if (!reason)
        return NULL;
    reason->monitored = rule->mode == MODE_MONITOR;
    reason->message = rule->message;
    reason_from_section(j, reason, rule->name, rule->source, rule->controls);
    if (j->out->credential.candidate_count == 1 && !j->out->credential.candidates_open)
        reason_prove(j, reason, "key/%llu", (unsigned long long)j->out->credential.candidates[0]);
    return reason;
}

static const struct reason *reason_of(struct judge *j, struct rule_state *state, unsigned questions,
                                      bool pull_request)
{
    for (struct rule_reason *kept = state->reasons; kept; kept = kept->next)
        if (kept->questions == questions && kept->pull_request == pull_request)
            return kept->reason;
    struct reason *reason = new_reason(j, state->rule, questions);
    struct rule_reason *kept = judge_alloc(j, 1, sizeof *kept);
    if (!reason || !kept)
        return NULL;
    reason->wants_pull_request = pull_request;
    *kept = (struct rule_reason){questions, pull_request, reason, state->reasons};
    state->reasons = kept;
    return reason;
}

/* ------------------------------------------------------------------ each change */

static bool refs_match(const struct rule *rule, struct text ref)
{
    for (size_t i = 0; i < rule->refs.count; i++)
        if (glob_ref_match(rule->refs.items[i], ref))
            return true;
    return !rule->refs.count;
}

struct finding_of_rule {
    enum answer applies;
    unsigned questions;
    const char *miss;
};

static void add_answer(struct finding_of_rule *found, enum answer holds, unsigned question,
                       const char *miss)
{
    found->applies = answer_and(found->applies, holds);
    if (holds == ANSWER_NO)
        found->miss = miss;
    else if (holds != ANSWER_YES)
        found->questions |= question;
}

static struct finding_of_rule judge_rule(struct change_judge *c, struct rule_state *state)
{
    const struct rule *rule = state->rule;
    if (!refs_match(rule, c->change->ref))
        return (struct finding_of_rule){ANSWER_NO, 0, "the ref does not match"};
    if (rule->kinds && !kind_possible(c, rule->kinds))
        return (struct finding_of_rule){ANSWER_NO, 0, "not this kind of change"};
    if (!state->asked) {
        state->asked = true;
        add_conditions(c->judge, state, ROWS(dear_conditions));
    }
    struct finding_of_rule found = {state->applies, state->questions, state->miss};
    if (found.applies != ANSWER_NO && rule->kinds)
        add_answer(&found, kind_in(c, rule->kinds), QUESTION_KIND, "not this kind of change");
    if (found.applies != ANSWER_NO && has_identity(rule))
        add_answer(&found, identity_violated(c, rule), QUESTION_IDENTITY,
                   "the new commits are whose they should be");
    return found;
}

/* A rule for pushes only, on a branch that is there: the merge of a pull request is let through. */
static bool pull_request_helps(const struct change_judge *c, const struct rule *rule)
{
    if (rule->action != VERDICT_REJECT || !rule->triggers.count || !c->branch ||
        c->judge->push->merge || c->read_only || kind_possible(c, KIND_CREATE | KIND_DELETE))
        return false;
    return !lists_name(&rule->triggers, TEXT("pull-request-merge")) &&
           !lists_name(&rule->triggers, TEXT("merge"));
}

static void trace_rule(struct change_judge *c, const struct rule *rule,
                       const struct finding_of_rule *found)
{
    struct judge *j = c->judge;
    const char *why = found->applies == ANSWER_YES ? "all conditions hold"
                      : found->applies == ANSWER_NO
                          ? found->miss
                          : judge_printf(j, "cannot tell %s", question_words(found->questions));
    judge_trace(j, TRACE_RULE, c->index, found->applies,
                found->applies == ANSWER_CANNOT_TELL
                    ? verdict_weaker(j->policy->undecided, rule->action)
                    : rule->action,
                rule_subject(j, rule), source_text(j, rule->source), "%s%s", why,
                rule->mode == MODE_MONITOR ? " (only monitored)" : "");
}

void rules_change(struct change_judge *c)
{
    struct judge *j = c->judge;
    for (size_t i = 0; j->rules && i < j->rules->count && !judge_late(j); i++) {
        struct rule_state *state = &j->rules->states[i];
        c->monitoring = state->rule->mode == MODE_MONITOR;
        struct finding_of_rule found = judge_rule(c, state);
        if (c->traced)
            trace_rule(c, state->rule, &found);
        if (found.applies == ANSWER_NO)
            continue;
        unsigned questions = found.applies == ANSWER_YES ? 0 : found.questions;
        findings_add(j, c->findings,
                     reason_of(j, state, questions, pull_request_helps(c, state->rule)),
                     state->rule->action);
    }
}
