#include "command/case_verdict.h"

#include <stdlib.h>

#include "model/ref.h"

#define PROBLEMS_MAX ((size_t)256 * 1024)
#define SHOWN_MAX 200

/* ---------------------------------------------------------------- reasons */

struct reason_walk { /* first those of the push, then those of each change */
    const struct decision *decision;
    const struct reason_link *link;
    size_t next_change;
};

static struct reason_walk walk_start(const struct decision *decision)
{
    return (struct reason_walk){decision, decision->push_reasons, 0};
}

static const struct reason *walk_next(struct reason_walk *walk)
{
    const struct decision *d = walk->decision;
    while (!walk->link && d->changes && walk->next_change < d->change_count)
        walk->link = d->changes[walk->next_change++].reasons;
    const struct reason *reason = walk->link ? walk->link->reason : NULL;
    if (reason)
        walk->link = walk->link->next;
    return reason;
}

/* One of those that the verdict comes from. */
static bool decides(const struct decision *decision, const struct reason *reason)
{
    return !reason->monitored && reason->verdict == decision->verdict;
}

/* "restriction 9", "restriction no-deletes", "access-key" */
static bool is_because(const struct reason *reason, struct text wanted)
{
    struct text rest = wanted, type;
    uint64_t id;
    (void)text_next_field(&rest, ' ', &type);
    if (!text_equal(type, text_of(reason_type_name(reason->type))))
        return false;
    if (text_absent(rest))
        return true;
    rest = text_trim(rest);
    return text_equal(rest, reason->restriction_type) ||
           (text_parse_u64(rest, UINT64_MAX, true, &id) && id == reason->restriction_id);
}

static bool is_rule(const struct reason *reason, struct text wanted)
{
    return text_equal_fold(reason->rule, wanted);
}

/* ---------------------------------------------------------------- verdicts */

static unsigned expectation_bit(enum verdict verdict, bool definite)
{
    switch (verdict) {
    case VERDICT_ACCEPT:
        return EXPECT_ACCEPT;
    case VERDICT_NOTE:
        return EXPECT_NOTE;
    case VERDICT_ANNOTATE:
        return EXPECT_ANNOTATE;
    case VERDICT_REQUIRE_APPROVAL:
        return definite ? EXPECT_REQUIRE_APPROVAL : EXPECT_UNDECIDED;
    default:
        return definite ? EXPECT_REJECT : EXPECT_UNDECIDED;
    }
}

/* What it is, monitor mode or not: only a definite no counts as reject. */
static unsigned expectation_of_push(const struct decision *decision)
{
    struct decision enforced = *decision;
    enforced.mode = MODE_ENFORCE;
    return expectation_bit(decision->verdict, decision_exit_code(&enforced) != 2);
}

static unsigned expectation_of_change(const struct change_result *change)
{
    bool definite = false;
    for (const struct reason_link *link = change->reasons; link; link = link->next)
        definite |= link->reason->definite && !link->reason->monitored &&
                    !verdict_accepts(link->reason->verdict);
    return expectation_bit(change->verdict, definite);
}

/* ---------------------------------------------------------------- sentences */

static void put_reason(struct buffer *out, const struct reason *reason)
{
    buffer_string(out, reason_type_name(reason->type));
    if (reason->restriction_id)
        buffer_printf(out, " %llu", (unsigned long long)reason->restriction_id);
    const struct text names[] = {reason->restriction_type, reason->rule};
    for (size_t i = 0; i < 2; i++)
        if (names[i].size) {
            buffer_string(out, " ");
            buffer_escaped(out, names[i], SHOWN_MAX, false);
        }
    buffer_string(out, reason->monitored ? " (only monitored)" : "");
}

static void put_deciding(struct buffer *out, const struct decision *decision)
{
    struct reason_walk walk = walk_start(decision);
    const struct reason *reason, *before = NULL;
    size_t count = 0;
    while ((reason = walk_next(&walk)))
        if (decides(decision, reason) && reason != before) {
            if (count++ == 8) {
                buffer_string(out, ", ...");
                return;
            }
            buffer_string(out, count > 1 ? ", " : "");
            put_reason(out, reason);
            before = reason;
        }
    if (!count)
        buffer_string(out, "nothing");
}

static void compare_verdict(const struct policy_case *test, const struct decision *decision,
                            struct case_result *result, struct buffer *out)
{
    char wanted[EXPECTATIONS_TEXT];
    unsigned is = expectation_of_push(decision);
    expectation_text(is, result->got);
    result->exit_code = decision->exit_code;
    if (!(is & test->expect)) {
        expectation_text(test->expect, wanted);
        buffer_printf(out, "  expected %s, got %s because of ", wanted, result->got);
        put_deciding(out, decision);
        buffer_string(out, "\n");
    }
    if (test->exit_code >= 0 && test->exit_code != decision->exit_code)
        buffer_printf(out, "  expected exit %d, got %d\n", test->exit_code, decision->exit_code);
}

static void compare_changes(const struct policy_case *test, const struct push *push,
                            const struct decision *decision, struct buffer *out)
{
    for (size_t i = 0; i < test->change_count; i++) {
        if (!test->changes[i].expect)
            continue;
        char wanted[EXPECTATIONS_TEXT], got[EXPECTATIONS_TEXT] = "no answer";
        bool judged = decision->changes && i < decision->change_count;
        unsigned is = judged ? expectation_of_change(&decision->changes[i]) : 0;
        if (is & test->changes[i].expect)
            continue;
        expectation_text(test->changes[i].expect, wanted);
        if (judged)
            expectation_text(is, got);
        buffer_string(out, "  ");
        buffer_escaped(out, push->changes[i].ref, SHOWN_MAX, false);
        buffer_printf(out, ": expected %s, got %s\n", wanted, got);
    }
}

/* Each of `wanted` is among the reasons that count. */
static void compare_reasons(const struct decision *decision, const struct text_list *wanted,
                            bool (*is)(const struct reason *, struct text), bool monitored,
                            const char *what, struct buffer *out)
{
    for (size_t i = 0; i < wanted->count; i++) {
        struct reason_walk walk = walk_start(decision);
        const struct reason *reason;
        bool found = false;
        while (!found && (reason = walk_next(&walk)))
            found = is(reason, wanted->items[i]) &&
                    (monitored ? reason->monitored : decides(decision, reason));
        if (found)
            continue;
        buffer_printf(out, "  expected it %s ", what);
        buffer_escaped(out, wanted->items[i], SHOWN_MAX, false);
        buffer_string(out, monitored ? ", and it does not match" : ", got it because of ");
        if (!monitored)
            put_deciding(out, decision);
        buffer_string(out, "\n");
    }
}

static bool has_name(const struct policy *policy, struct text name)
{
    bool found = text_equal_fold(name, TEXT("access-keys"));
    for (size_t i = 0; !found && i < policy->rule_count; i++)
        found = text_equal_fold(name, policy->rules[i].name);
    for (size_t i = 0; !found && i < policy->service_account_count; i++)
        found = text_equal_fold(name, policy->service_accounts[i].name);
    return found;
}

/* A typing mistake in a name is one that the trace does not show. */
static void find_names(const struct policy *policy, const struct text_list *names,
                       struct buffer *out)
{
    for (size_t i = 0; i < names->count; i++)
        if (!has_name(policy, names->items[i])) {
            buffer_string(out, "  the configuration has no rule and no service account ");
            buffer_escaped(out, names->items[i], SHOWN_MAX, false);
            buffer_string(out, "\n");
        }
}

/* Words and the blanks between them, wherever the lines break. */
static void put_words(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.size; i++) {
        bool blank = t.at[i] == '\n' || ascii_blank(t.at[i]);
        bool after_blank = out->size && out->data[out->size - 1] == ' ';
        if (!blank || !after_blank)
            buffer_add(out, blank ? " " : &t.at[i], 1);
    }
}

static bool has_words(struct text all, struct text part)
{
    struct buffer one, other;
    buffer_init(&one, SIZE_MAX);
    buffer_init(&other, SIZE_MAX);
    put_words(&one, all);
    put_words(&other, text_trim(part));
    bool found = !one.failed && !other.failed && other.size &&
                 memmem(one.data ? one.data : "", one.size, other.data, other.size);
    buffer_free(&one);
    buffer_free(&other);
    return found;
}

enum status case_compare(const struct policy_case *test, const struct policy *policy,
                         const struct push *push, const struct decision *decision,
                         struct text pusher, struct case_result *out, struct error *err)
{
    struct buffer problems;
    buffer_init(&problems, PROBLEMS_MAX);
    compare_verdict(test, decision, out, &problems);
    compare_changes(test, push, decision, &problems);
    compare_reasons(decision, &test->rules, is_rule, false, "because of", &problems);
    compare_reasons(decision, &test->because, is_because, false, "because of", &problems);
    compare_reasons(decision, &test->monitored, is_rule, true, "monitored:", &problems);
    find_names(policy, &test->rules, &problems);
    find_names(policy, &test->monitored, &problems);
    if (test->message.size && !has_words(pusher, test->message)) {
        buffer_string(&problems, "  the pusher does not read \"");
        buffer_escaped(&problems, test->message, SHOWN_MAX, false);
        buffer_string(&problems, "\"\n");
    }
    struct text kept = problems.failed ? TEXT_NONE : arena_text(out->arena, buffer_view(&problems));
    buffer_free(&problems);
    if (text_absent(kept))
        return error_set(err, STATUS_MEMORY, "out of memory");
    out->problems = kept;
    return STATUS_OK;
}
