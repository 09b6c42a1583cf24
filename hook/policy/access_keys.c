/*
 * access_keys.c - what access keys may do, and how good they must be (semantics.md 5.1).
 */
#include <stdio.h>

#include "base/glob.h"
#include "policy/judge.h"

#define KEY_DETAIL_MAX 120

enum { BAD_REF, BAD_KIND, BAD_COUNT };

struct key_policy {
    enum answer applies; /* is it an access key? */
    const char *key;     /* in words */
    const struct reason *certain[BAD_COUNT];
    const struct reason *open[BAD_COUNT][2]; /* not known: the credential, or only the kind */
};

/* ------------------------------------------------------------------ tests of the key itself */

static enum answer older_than(int64_t now, int64_t since, int64_t limit, char *detail)
{
    char age[32], most[32];
    if (now - since <= limit)
        return ANSWER_NO;
    clock_format_duration(now - since, age, sizeof age);
    clock_format_duration(limit, most, sizeof most);
    snprintf(detail, KEY_DETAIL_MAX, "%s, %s allowed", age, most);
    return ANSWER_YES;
}

static enum answer too_old(const struct judge *j, const struct snapshot_key *key, char *detail)
{
    if (!key->created_known)
        return ANSWER_CANNOT_TELL;
    return older_than(j->push->now_ms, key->created_ms, j->policy->access_keys.max_age_ms, detail);
}

/* A key that was never used is idle since its creation. */
static enum answer too_idle(const struct judge *j, const struct snapshot_key *key, char *detail)
{
    int64_t since = key->last_used_ms;
    if (key->ever_used == ANSWER_NO && key->created_known)
        since = key->created_ms;
    else if (key->ever_used != ANSWER_YES)
        return ANSWER_CANNOT_TELL;
    return older_than(j->push->now_ms, since, j->policy->access_keys.max_idle_ms, detail);
}

static enum answer expires_soon(const struct judge *j, const struct snapshot_key *key, char *detail)
{
    if (key->expires != ANSWER_YES)
        return key->expires == ANSWER_NO ? ANSWER_NO : ANSWER_CANNOT_TELL;
    int64_t left = key->expires_ms - j->push->now_ms;
    char text[32];
    if (left > j->policy->access_keys.warn_before_expiry_ms)
        return ANSWER_NO;
    clock_format_duration(left > 0 ? left : -left, text, sizeof text);
    snprintf(detail, KEY_DETAIL_MAX, left > 0 ? "in %s" : "%s ago", text);
    return ANSWER_YES;
}

static enum answer too_short(const struct judge *j, const struct snapshot_key *key, char *detail)
{
    uint32_t least = j->policy->access_keys.min_rsa_bits;
    if (!key->algorithm.size)
        return ANSWER_CANNOT_TELL;
    if (!text_equal_fold(key->algorithm, TEXT("RSA")))
        return ANSWER_NO;
    if (!key->bits)
        return ANSWER_CANNOT_TELL;
    snprintf(detail, KEY_DETAIL_MAX, "%lu bits, %lu needed", (unsigned long)key->bits,
             (unsigned long)least);
    return key->bits < least ? ANSWER_YES : ANSWER_NO;
}

static enum answer not_listed(const struct judge *j, const struct snapshot_key *key, char *detail)
{
    const struct text_list *list = &j->policy->access_keys.algorithms;
    if (!key->algorithm.size)
        return ANSWER_CANNOT_TELL;
    for (size_t i = 0; i < list->count; i++)
        if (text_equal_fold(list->items[i], key->algorithm))
            return ANSWER_NO;
    detail[0] = '\0';
    return ANSWER_YES;
}

static enum answer is_shared(const struct judge *j, const struct snapshot_key *key, char *detail)
{
    snprintf(detail, KEY_DETAIL_MAX, "%lu repositories or projects", (unsigned long)key->places);
    if (key->places > 1)
        return ANSWER_YES;
    return repository_incomplete(j) & INCOMPLETE_KEYS ? ANSWER_CANNOT_TELL : ANSWER_NO;
}

static bool has_max_age(const struct access_key_policy *p)
{
    return p->max_age_ms > 0;
}
static bool has_max_idle(const struct access_key_policy *p)
{
    return p->max_idle_ms > 0;
}
static bool has_warning(const struct access_key_policy *p)
{
    return p->warn_before_expiry_ms > 0;
}
static bool has_min_bits(const struct access_key_policy *p)
{
    return p->min_rsa_bits > 0;
}
static bool has_algorithms(const struct access_key_policy *p)
{
    return p->algorithms.count > 0;
}
static bool has_shared(const struct access_key_policy *p)
{
    return p->shared != VERDICT_ACCEPT;
}

static const struct key_test {
    bool (*is_set)(const struct access_key_policy *p);
    enum answer (*fails)(const struct judge *j, const struct snapshot_key *key, char *detail);
    enum verdict action; /* 0: [access-keys] shared */
    const char *says, *open;
} tests[] = {
    {has_max_age, too_old, VERDICT_REJECT, "is too old", "how old it is"},
    /* max-idle never rejects: a refused push may itself count as use. */
    {has_max_idle, too_idle, VERDICT_ANNOTATE, "was not used for long", "when it was used last"},
    {has_warning, expires_soon, VERDICT_ANNOTATE, "expires", "when it expires"},
    {has_min_bits, too_short, VERDICT_REJECT, "is too short", "how long it is"},
    {has_algorithms, not_listed, VERDICT_REJECT, "has an algorithm that is not allowed",
     "what its algorithm is"},
    {has_shared, is_shared, (enum verdict)0, "is shared", "where it is used"},
};

static enum verdict test_action(const struct judge *j, const struct key_test *test)
{
    return test->action ? test->action : j->policy->access_keys.shared;
}

/* ------------------------------------------------------------------ reasons */

static void of_access_keys(struct judge *j, struct reason *reason, uint64_t key)
{
    reason_from_section(j, reason, TEXT("access-keys"), j->policy->access_keys.source,
                        (struct text_list){NULL, 0});
    const struct credential *credential = &j->out->credential;
    if (!key && credential->candidate_count == 1 && !credential->candidates_open)
        key = credential->candidates[0];
    if (key)
        reason_prove(j, reason, "key/%llu", (unsigned long long)key);
}

static void trace_test(struct judge *j, enum answer applies, enum verdict action,
                       const char *subject, const char *why)
{
    judge_trace(j, TRACE_ACCESS_KEY, TRACE_PUSH_LEVEL, applies, action, subject,
                j->trace ? source_text(j, j->policy->access_keys.source) : "", "%s", why);
}

static void report_test(struct judge *j, const struct key_test *test, uint64_t id,
                        enum answer fails, const char *detail)
{
    enum verdict action = test_action(j, test);
    const char *key = judge_printf(j, "access key \"%s\" (key %llu)",
                                   judge_name(j, j->out->credential.label), (unsigned long long)id);
    struct reason *reason = NULL;
    if (fails == ANSWER_YES)
        reason = reason_new(j, REASON_ACCESS_KEY, action, true, "%s %s%s%s%s", key, test->says,
                            *detail ? " (" : "", detail, *detail ? ")" : "");
    else if (fails != ANSWER_NO)
        reason = reason_new(j, REASON_UNDECIDED, verdict_weaker(j->policy->undecided, action),
                            false, "%s: cannot tell %s", key, test->open);
    if (j->trace)
        trace_test(j, fails, action, key,
                   fails == ANSWER_NO ? judge_printf(j, "not: %s", test->says)
                   : reason           ? reason->text.at
                                      : "");
    of_access_keys(j, reason, id);
    findings_add(j, &j->findings, reason, action);
}

/* Each key that it may be is judged; the strictest counts, as all that is found is put together. */
static void test_candidate(struct judge *j, uint64_t id)
{
    struct snapshot_key key = {0};
    enum answer known = ASK(j, access_key, id, &key);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        char detail[KEY_DETAIL_MAX] = "";
        enum answer fails = ANSWER_CANNOT_TELL;
        if (!tests[i].is_set(&j->policy->access_keys))
            continue;
        if (known == ANSWER_YES)
            fails = answer_and(tests[i].fails(j, &key, detail), j->key_policy->applies);
        report_test(j, &tests[i], id, fails, detail);
    }
}

/* It is a key, or may be one, and nobody knows which. */
static void test_unknown_key(struct judge *j)
{
    enum verdict action = VERDICT_ACCEPT;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        if (tests[i].is_set(&j->policy->access_keys))
            action = verdict_stronger(action, test_action(j, &tests[i]));
    if (action == VERDICT_ACCEPT)
        return;
    struct reason *reason = reason_undecided(
        j, action,
        j->key_policy->applies == ANSWER_YES ? credential_question(j) : QUESTION_CREDENTIAL, NULL);
    of_access_keys(j, reason, 0);
    findings_add(j, &j->findings, reason, action);
    trace_test(j, ANSWER_CANNOT_TELL, action, "access-keys", "which key it is, is not known");
}

static void test_push(struct judge *j)
{
    enum verdict action = j->policy->access_keys.push;
    if (action == VERDICT_ACCEPT)
        return;
    struct reason *reason = j->key_policy->applies == ANSWER_YES
                                ? reason_new(j, REASON_ACCESS_KEY, action, true,
                                             "access keys %s not push (%s)",
                                             action == VERDICT_REJECT ? "may" : "should",
                                             j->key_policy->key)
                                : reason_undecided(j, action, QUESTION_CREDENTIAL, NULL);
    of_access_keys(j, reason, 0);
    findings_add(j, &j->findings, reason, action);
    trace_test(j, j->key_policy->applies, action, "access-keys push", "access keys do not push");
}

static bool says_anything(const struct access_key_policy *p)
{
    if (p->push != VERDICT_ACCEPT || p->refs.count || p->kinds)
        return true;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        if (tests[i].is_set(p))
            return true;
    return false;
}

void access_keys_prepare(struct judge *j)
{
    enum answer applies = credential_in(j, 1u << CREDENTIAL_ACCESS_KEY);
    const struct credential *credential = &j->out->credential;
    if (!says_anything(&j->policy->access_keys))
        return;
    if (applies == ANSWER_NO) {
        trace_test(j, ANSWER_NO, VERDICT_ACCEPT, "access-keys", "not an access key");
        return;
    }
    struct key_policy *policy = judge_alloc(j, 1, sizeof *policy);
    if (!policy)
        return;
    policy->applies = applies;
    policy->key = credential_words(j);
    j->key_policy = policy;
    test_push(j);
    for (size_t i = 0; i < credential->candidate_count; i++)
        test_candidate(j, credential->candidates[i]);
    if (!credential->candidate_count || credential->candidates_open)
        test_unknown_key(j);
}

/* ------------------------------------------------------------------ each change */

static const struct reason *change_reason(struct judge *j, size_t what, enum answer outside)
{
    static const char *const says[BAD_COUNT] = {
        [BAD_REF] = "may not push to this ref",
        [BAD_KIND] = "may not push this kind of change",
    };
    struct key_policy *policy = j->key_policy;
    bool kind = policy->applies == ANSWER_YES; /* so the kind is what is not known */
    const struct reason **slot = outside == ANSWER_YES ? &policy->certain[what]
                                                       : &policy->open[what][kind];
    const struct reason *made = *slot;
    if (made)
        return made;
    struct reason *reason =
        outside == ANSWER_YES
            ? reason_new(j, REASON_ACCESS_KEY, VERDICT_REJECT, true, "%s %s", policy->key,
                         says[what])
            : reason_undecided(j, VERDICT_REJECT, kind ? QUESTION_KIND : QUESTION_CREDENTIAL, NULL);
    of_access_keys(j, reason, 0);
    *slot = reason;
    return reason;
}

static void report_change(struct change_judge *c, size_t what, enum answer outside)
{
    static const char *const subjects[BAD_COUNT] = {"access-keys refs", "access-keys changes"};
    struct judge *j = c->judge;
    outside = answer_and(outside, j->key_policy->applies);
    if (c->traced)
        judge_trace(j, TRACE_ACCESS_KEY, c->index, outside, VERDICT_REJECT, subjects[what],
                    source_text(j, j->policy->access_keys.source), "%s",
                    outside == ANSWER_NO ? "allowed" : "not on the list of what keys may do");
    if (outside != ANSWER_NO)
        findings_add(j, c->findings, change_reason(j, what, outside), VERDICT_REJECT);
}

void access_keys_change(struct change_judge *c)
{
    const struct judge *j = c->judge;
    if (!j->key_policy)
        return;
    const struct access_key_policy *policy = &j->policy->access_keys;
    if (policy->refs.count) {
        enum answer outside = ANSWER_YES;
        for (size_t i = 0; i < policy->refs.count && outside == ANSWER_YES; i++)
            if (glob_ref_match_anchored(policy->refs.items[i], c->change->ref))
                outside = ANSWER_NO;
        report_change(c, BAD_REF, outside);
    }
    if (policy->kinds)
        report_change(c, BAD_KIND, answer_not(kind_in(c, policy->kinds)));
}
