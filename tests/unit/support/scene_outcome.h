/*
 * scene_outcome.h - which random cases to look at, and comparing what came of two of them.
 *
 * LONG=1 looks at 100 times as many, a build with sanitizers at a tenth, SEED=N at that case alone; a
 * failure names the seed.
 */
#ifndef REFGATE_TESTS_UNIT_SCENE_OUTCOME_H
#define REFGATE_TESTS_UNIT_SCENE_OUTCOME_H

#include "scene.h"

/* ------------------------------------------------------------------ cases */

static inline const char *case_seed(void)
{
    const char *seed_text = getenv("SEED");
    return seed_text && *seed_text ? seed_text : NULL;
}

static inline uint64_t case_first(void)
{
    return case_seed() ? strtoull(case_seed(), NULL, 10) : 0;
}

static inline uint64_t case_end(uint64_t usual)
{
    const char *is_long = getenv("LONG");
    if (case_seed())
        return case_first() + 1;
#ifdef __SANITIZE_ADDRESS__
    usual = usual / 10 + 1;
#endif
    return is_long && *is_long ? usual * 100 : usual;
}

/* for (EACH_CASE(at, CASES)) */
#define EACH_CASE(at, usual)                                \
    uint64_t at = case_first(), at##_end = case_end(usual); \
    at < at##_end;                                          \
    at++

/* That a property was seen at work: in one of so many cases, unless one case was asked for. */
static inline void assert_met(size_t met, uint64_t usual, unsigned one_in_so_many)
{
    if (!case_seed() && met < case_end(usual) / one_in_so_many)
        fail_msg("the property was met by %zu cases only", met);
}

/* ------------------------------------------------------------------ outcomes */

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
        fail_msg("SEED=%llu: %s became %s", (unsigned long long)at, verdict_name(before->verdict),
                 verdict_name(after->verdict));
}

/* No verdict is weaker than it was: an annotation does not become a note either. */
static inline void assert_as_strong(const struct outcome *before, const struct outcome *after,
                                    uint64_t at)
{
    bool weaker = after->verdict < before->verdict;
    for (size_t i = 0; i < SCENE_CHANGES; i++)
        weaker = weaker || after->each[i] < before->each[i];
    if (weaker)
        fail_msg("SEED=%llu: %s became %s, or a change did so", (unsigned long long)at,
                 verdict_name(before->verdict), verdict_name(after->verdict));
    assert_not_milder(before, after, at);
}

static inline bool same_reason(const struct reason *a, const struct reason *b)
{
    if (a->proof.count != b->proof.count)
        return false;
    for (size_t i = 0; i < a->proof.count; i++)
        if (!text_equal(a->proof.items[i], b->proof.items[i]))
            return false;
    return a->type == b->type && a->verdict == b->verdict && a->monitored == b->monitored &&
           a->definite == b->definite && a->source.line == b->source.line &&
           a->restriction_id == b->restriction_id &&
           a->wants_pull_request == b->wants_pull_request && text_equal(a->text, b->text) &&
           text_equal(a->message, b->message) && text_equal(a->rule, b->rule) &&
           text_equal(a->restriction_type, b->restriction_type);
}

/* Reason for reason, in the same order. */
static inline bool same_reasons(const struct reason_link *a, const struct reason_link *b)
{
    for (; a && b; a = a->next, b = b->next)
        if (!same_reason(a->reason, b->reason))
            return false;
    return !a && !b;
}

/* All that a decision says of verdicts and reasons, but for the mode and the exit code. */
static inline bool same_findings(const struct decision *a, const struct decision *b)
{
    if (a->verdict != b->verdict || a->change_count != b->change_count ||
        !same_reasons(a->push_reasons, b->push_reasons))
        return false;
    for (size_t i = 0; i < a->change_count; i++)
        if (a->changes[i].verdict != b->changes[i].verdict ||
            a->changes[i].kind != b->changes[i].kind ||
            a->changes[i].history_asked != b->changes[i].history_asked ||
            !same_reasons(a->changes[i].reasons, b->changes[i].reasons))
            return false;
    return a->credential.class == b->credential.class &&
           a->credential.candidate_count == b->credential.candidate_count &&
           a->repository_known == b->repository_known && a->snapshot_known == b->snapshot_known;
}

#endif
