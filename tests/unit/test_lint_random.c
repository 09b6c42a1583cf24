/*
 * policy/lint.h: what it says of a rule is true. One that never matches, or adds nothing, can be left out,
 * and no push is judged otherwise (but that some question of it may be open). Random ones, from fixed
 * seeds; a failure names the seed.
 */
#include "support/scene_narrow.h"

#include "base/buffer.h"
#include "policy/lint.h"

#define CASES 2500
#define PUSHES 6

static const struct text_list others[] = {NO_TEXTS, TEXTS(WORD("PRJ")), TEXTS(WORD("jdoe")),
                                          TEXTS(WORD("devs"), WORD("158"))};

/* A rule like the one before, with one condition less or more: pairs that say nearly the same. */
static void add_similar_rule(struct scene *s)
{
    if (!s->policy.rule_count)
        random_rule(s);
    struct rule *like = any_rule(s);
    struct rule *rule = scene_rule(s, "similar", like->action);
    struct source source = rule->source;
    *rule = *like;
    rule->source = source;
    rule->name = TEXT("similar");
    struct text_list *lists[] = {&rule->projects,      &rule->repos,
                                 &rule->refs,          &rule->triggers,
                                 &rule->users,         &rule->groups,
                                 &rule->access_keys,   &rule->except_users,
                                 &rule->except_groups, &rule->except_access_keys};
    for (unsigned n = below(3); n > 0; n--)
        *PICK(lists) = PICK(others);
    if (one_in(4))
        rule->kinds = random_kinds(2);
    if (one_in(4))
        rule->credentials = random_classes(2);
    if (one_in(4))
        rule->except_credentials = random_classes(2);
    if (one_in(6))
        rule->freeze.days ^= 1u << below(7);
    if (one_in(6))
        rule->mode = MODE_MONITOR;
}

/* The rules that could be left out, as bits, by what lint says of their lines. */
static unsigned useless_rules(struct scene *s)
{
    struct config_listing nothing = {NULL, 0};
    struct lint_input input = {&s->policy, &nothing, NULL, one_in(2)};
    struct config_errors warnings;
    struct text rest, line;
    unsigned useless = 0;
    config_errors_init(&warnings);
    assert_int_equal(lint_policy(&input, &s->arena, &warnings, NULL), STATUS_OK);
    rest = buffer_view(&warnings.lines);
    while (text_next_field(&rest, '\n', &line)) {
        char sentence[1024];
        unsigned number;
        snprintf(sentence, sizeof sentence, "%.*s", TEXT_ARG(line));
        if (sscanf(sentence, "refgate.conf:%u: warning: rule", &number) == 1 &&
            (strstr(sentence, "it adds nothing") || strstr(sentence, "it never matches")))
            for (size_t i = 0; i < s->policy.rule_count; i++)
                if (s->rules[i].source.line == number)
                    useless |= 1u << i;
    }
    config_errors_free(&warnings);
    return useless;
}

static struct outcome without_rule(struct scene *s, size_t which)
{
    struct rule rules[SCENE_ITEMS];
    size_t count = s->policy.rule_count, kept = 0;
    for (size_t i = 0; i < count; i++)
        if (i != which)
            rules[kept++] = s->rules[i];
    s->policy.rules = rules;
    s->policy.rule_count = kept;
    struct outcome outcome = outcome_of(s);
    s->policy.rules = s->rules;
    s->policy.rule_count = count;
    return outcome;
}

static void random_push(struct scene *s, uint64_t at)
{
    static struct scene other;
    random_scene(&other, at);
    /* Limits and damage are told where somebody asks, and a rule less asks less. */
    struct policy policy = s->policy;
    s->push = other.push;
    memcpy(s->changes, other.changes, sizeof s->changes);
    s->push.changes = s->changes;
    s->descends = other.descends;
    s->trouble = other.trouble == HISTORY_LIMIT ? HISTORY_UNAVAILABLE : other.trouble;
    s->no_history = other.no_history;
    memcpy(s->commits, other.commits, sizeof s->commits);
    s->commit_count = other.commit_count;
    s->policy = policy;
    s->policy.undecided = VERDICT_ACCEPT; /* what is open is not what lint is about */
    s->damaged = NULL;
    scene_free(&other);
}

static void what_it_calls_useless_is(void **state)
{
    (void)state;
    static struct scene s;
    size_t useless = 0;
    for (EACH_CASE(at, CASES)) {
        random_scene(&s, at);
        for (unsigned n = below(3); n > 0; n--)
            add_similar_rule(&s);
        unsigned found = useless_rules(&s);
        for (size_t push = 0; found && push < PUSHES; push++) {
            uint64_t kept = seed;
            random_push(&s, at * 1000 + push);
            seed = kept;
            struct outcome all = outcome_of(&s);
            for (size_t i = 0; i < s.policy.rule_count; i++) {
                if (!(found & 1u << i))
                    continue;
                struct outcome fewer = without_rule(&s, i);
                if (!same(&all, &fewer))
                    fail_msg("SEED=%llu, push %zu: rule %zu makes %s of %s", (unsigned long long)at,
                             push, i, verdict_name(all.verdict), verdict_name(fewer.verdict));
            }
        }
        useless += found != 0;
        scene_free(&s);
    }
    assert_met(useless, CASES, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a rule that lint calls useless can be left out", what_it_calls_useless_is, NULL, NULL,
         NULL},
    };
    return cmocka_run_group_tests_name("lint of random rules", tests, NULL, NULL);
}
