#include "policy/approval.h"

#include <stdlib.h>

#include "base/glob.h"
#include "base/table.h"
#include "base/utf8.h"
#include "model/ref.h"

static const struct {
    enum approval_state state;
    const char *name, *words;
} states[] = {
    {APPROVAL_OPEN, "open", "is open"},
    {APPROVAL_NOT_YET, "not-yet", "is not valid yet"},
    {APPROVAL_EXPIRED, "expired", "has expired"},
    {APPROVAL_USED_UP, "used-up", "was used before"},
    {APPROVAL_REVOKED, "revoked", "was revoked"},
    {APPROVAL_OWN, "own", "was given by the pusher"},
    {APPROVAL_OTHER_REF, "other-ref", "is for other refs"},
    {APPROVAL_OTHER_KIND, "other-kind", "is for other kinds of change"},
    {APPROVAL_OTHER_ID, "other-id", "is for another commit"},
    {APPROVAL_UNTRUSTED, "untrusted", "is in a file that is not trusted"},
    {APPROVAL_MALFORMED, "malformed", "is malformed"},
    {APPROVAL_UNREADABLE, "unreadable", "cannot be read"},
};

const char *approval_state_name(enum approval_state s)
{
    for (size_t i = 0; i < TABLE_COUNT(states); i++)
        if (states[i].state == s)
            return states[i].name;
    return "unreadable";
}

const char *approval_state_words(enum approval_state s)
{
    for (size_t i = 0; i < TABLE_COUNT(states); i++)
        if (states[i].state == s)
            return states[i].words;
    return "cannot be read";
}

/* ------------------------------------------------------------------ may it stand? */

static bool is_plain(struct text t, size_t most)
{
    if (!t.size || t.size > most || !utf8_valid(t))
        return false;
    for (size_t i = 0; i < t.size; i++)
        if ((unsigned char)t.at[i] < ' ' || t.at[i] == 0x7f)
            return false;
    return true;
}

static const char *repository_problem(struct text pattern)
{
    struct text rest = pattern, key, slug;
    if (!is_plain(pattern, APPROVAL_NAME_MAX) || !text_next_field(&rest, '/', &key) || !key.size ||
        !text_next_field(&rest, '/', &slug) || !slug.size || text_next_field(&rest, '/', &slug))
        return "a repository is named by KEY/SLUG";
    return NULL;
}

static const char *user_problem(struct text name)
{
    if (!is_plain(name, APPROVAL_NAME_MAX))
        return "a user's name is one line of 255 bytes at most";
    if (memchr(name.at, '*', name.size) || memchr(name.at, '?', name.size))
        return "users are named one by one, without wildcards";
    return NULL;
}

/* Its file is JSON, which holds no other bytes: it would come to be about another ref. */
static const char *ref_problem(struct text pattern)
{
    return utf8_valid(pattern)
               ? glob_ref_problem(pattern)
               : "a ref is not valid UTF-8: write ? for each byte that belongs to no character";
}

static const char *id_problem(struct text id)
{
    return object_id_valid(id) ? NULL : "an object id is 40 or 64 lower-case hex digits";
}

static const char *list_problem(const struct text_list *list, const char *missing, bool must,
                                const char *(*problem)(struct text item))
{
    if (must && !list->count)
        return missing;
    if (list->count > APPROVAL_LIST_MAX)
        return "more than 100 repositories, refs, users or ids: that is a rule, not an approval";
    for (size_t i = 0; i < list->count; i++) {
        const char *why = problem(list->items[i]);
        if (why)
            return why;
    }
    return NULL;
}

const char *approval_reason_problem(struct text reason)
{
    if (!is_plain(reason, APPROVAL_REASON_MAX))
        return "a reason is one line of text, 500 bytes at most";
    for (size_t i = 0; i < reason.size; i++) {
        char c = ascii_lower(reason.at[i]);
        if ((c >= 'a' && c <= 'z') || ascii_digit(c) || (unsigned char)c >= 0x80)
            return NULL;
    }
    return "a reason has words: why is this right?";
}

static const char *time_problem(const struct approval *a)
{
    if (a->not_after_ms <= a->not_before_ms)
        return "it ends before it begins";
    int64_t from = a->not_before_ms > a->created_ms ? a->not_before_ms : a->created_ms;
    if (a->not_after_ms > from && a->not_after_ms - from > APPROVAL_TIME_MAX)
        return "it is valid for more than 90 days";
    return NULL;
}

const char *approval_problem(const struct approval *a)
{
    const char *why = list_problem(&a->repositories, "it names no repository", true,
                                   repository_problem);
    if (!why)
        why = list_problem(&a->refs, "it names no ref", true, ref_problem);
    if (!why)
        why = list_problem(&a->users, "it names no user", true, user_problem);
    if (!why)
        why = list_problem(&a->new_ids, NULL, false, id_problem);
    if (!why && (!a->kinds || (a->kinds & ~(unsigned)KIND_ALL)))
        why = "it names no kind of change";
    if (!why && (!a->uses || a->uses > APPROVAL_USES_MAX))
        why = "it has 1 to 1000 uses";
    if (!why)
        why = time_problem(a);
    if (!why && (!is_plain(a->approver.name, APPROVAL_NAME_MAX) ||
                 (a->approver.sudo_user.at && !is_plain(a->approver.sudo_user, APPROVAL_NAME_MAX))))
        why = "it does not say who approved";
    return why ? why : approval_reason_problem(a->reason);
}

bool approval_names(const struct approval *a, struct text user)
{
    for (size_t i = 0; user.size && i < a->users.count; i++)
        if (text_equal_fold(a->users.items[i], user))
            return true;
    return false;
}

bool approval_own(const struct approval *a, const struct push *push)
{
    return text_equal_fold(a->approver.name, push->user_name) ||
           (a->approver.sudo_user.size && text_equal_fold(a->approver.sudo_user, push->user_name));
}

enum approval_state approval_at(const struct approval *a, int64_t now_ms)
{
    if (a->state != APPROVAL_OPEN && a->state != APPROVAL_USED_UP)
        return a->state;
    if (now_ms >= a->not_after_ms)
        return APPROVAL_EXPIRED;
    return now_ms < a->not_before_ms ? APPROVAL_NOT_YET : a->state;
}

/* ------------------------------------------------------------------ is it about this? */

static bool names_repository(const struct approval *a, struct text key, struct text slug)
{
    char name[2 * APPROVAL_NAME_MAX + 2];
    if (!key.size || !slug.size || key.size + 1 + slug.size > sizeof name)
        return false;
    memcpy(name, key.at, key.size);
    name[key.size] = '/';
    memcpy(name + key.size + 1, slug.at, slug.size);
    const struct text whole = {name, key.size + 1 + slug.size};
    for (size_t i = 0; i < a->repositories.count; i++)
        if (glob_name_match(a->repositories.items[i], whole))
            return true;
    return false;
}

bool approval_about(const struct approval *a, const struct push *push,
                    const struct decision *decision)
{
    if (push->native || !approval_names(a, push->user_name))
        return false;
    return names_repository(a, push->project_key, push->repository_slug) &&
           names_repository(a, decision->project_key, decision->repository_slug);
}

unsigned approval_kinds(enum change_kind kind)
{
    switch (kind) {
    case CHANGE_CREATE:
        return KIND_CREATE;
    case CHANGE_DELETE:
        return KIND_DELETE;
    case CHANGE_UPDATE:
        return KIND_UPDATE;
    case CHANGE_REWRITE:
        return KIND_REWRITE;
    case CHANGE_MOVE:
    case CHANGE_UNKNOWN:
        return KIND_UPDATE | KIND_REWRITE;
    default:
        return KIND_ALL;
    }
}

enum approval_state approval_covers(const struct approval *a, const struct push *push,
                                    const struct change *change, enum change_kind kind)
{
    bool ref = false, id = !a->new_ids.count;
    for (size_t i = 0; i < a->refs.count && !ref; i++)
        ref = glob_ref_match_anchored(a->refs.items[i], change->ref);
    if (!ref)
        return APPROVAL_OTHER_REF;
    if (approval_kinds(kind) & ~a->kinds)
        return APPROVAL_OTHER_KIND;
    /* What a merge check calls the new id is the branch that is merged, not the merge. */
    for (size_t i = 0; !push->dry_run && i < a->new_ids.count && !id; i++)
        id = text_equal(a->new_ids.items[i], change_new(change));
    return id ? APPROVAL_OPEN : APPROVAL_OTHER_ID;
}

/* ------------------------------------------------------------------ the decision */

/* What is left of reasons without `require-approval`. */
static enum verdict rest_of(const struct reason_link *link)
{
    enum verdict verdict = VERDICT_ACCEPT;
    for (; link; link = link->next)
        if (!link->reason->monitored && link->reason->verdict != VERDICT_REQUIRE_APPROVAL)
            verdict = verdict_stronger(verdict, link->reason->verdict);
    return verdict;
}

static bool all_accept(const struct reason_link *link)
{
    for (; link; link = link->next)
        if (!link->reason->monitored && !verdict_accepts(link->reason->verdict))
            return false;
    return true;
}

bool approval_wanted(const struct decision *decision)
{
    return decision->verdict == VERDICT_REQUIRE_APPROVAL && !decision->disabled &&
           decision->changes && decision->change_count && all_accept(decision->push_reasons);
}

/* ------------------------------------------------------------------ the plan */

static int compare_candidates(const void *left, const void *right)
{
    const struct approval *a = *(const struct approval *const *)left;
    const struct approval *b = *(const struct approval *const *)right;
    if (!a->new_ids.count != !b->new_ids.count)
        return a->new_ids.count ? -1 : 1;
    if (a->not_after_ms != b->not_after_ms)
        return a->not_after_ms < b->not_after_ms ? -1 : 1;
    return text_compare(a->id, b->id);
}

bool approval_plan_init(struct approval_plan *plan, const struct push *push,
                        const struct decision *decision, const struct approval **candidates,
                        size_t count, struct arena *arena)
{
    *plan = (struct approval_plan){
        .push = push,
        .decision = decision,
        .candidates = candidates,
        .count = count,
        .chosen = arena_alloc(arena, count + 1, sizeof *plan->chosen),
        .by_change = arena_alloc(arena, decision->change_count + 1,
                                 sizeof(const struct approval *)),
    };
    if (count)
        qsort(candidates, count, sizeof(const struct approval *), compare_candidates);
    return plan->chosen && plan->by_change;
}

static const struct approval *choose(struct approval_plan *plan, size_t change)
{
    for (int chosen = 1; chosen >= 0; chosen--)
        for (size_t i = 0; i < plan->count; i++)
            if (plan->chosen[i] == (chosen == 1) &&
                approval_covers(plan->candidates[i], plan->push, &plan->push->changes[change],
                                plan->decision->changes[change].kind) == APPROVAL_OPEN) {
                plan->chosen[i] = true;
                return plan->candidates[i];
            }
    return NULL;
}

bool approval_plan_step(struct approval_plan *plan)
{
    size_t i = plan->next;
    if (i >= plan->decision->change_count || i >= plan->push->change_count)
        return false;
    plan->next++;
    if (plan->decision->changes[i].verdict != VERDICT_REQUIRE_APPROVAL)
        return true;
    plan->by_change[i] = choose(plan, i);
    plan->uncovered += !plan->by_change[i];
    return true;
}

/* ------------------------------------------------------------------ what came of it */

/* Nothing but approvals is lacking, and each of them is there. */
static bool is_covered(const struct approval_plan *plan, const struct decision *decision)
{
    if (!approval_wanted(decision) || plan->uncovered || plan->next != decision->change_count)
        return false;
    for (size_t i = 0; i < decision->change_count; i++) {
        const struct change_result *result = &decision->changes[i];
        bool lacks = result->verdict == VERDICT_REQUIRE_APPROVAL;
        if (lacks ? !plan->by_change[i] || !verdict_accepts(rest_of(result->reasons))
                  : !verdict_accepts(result->verdict))
            return false;
    }
    return true;
}

static struct change_result *copy_results(const struct approval_plan *plan, struct arena *arena,
                                          const struct decision *decision)
{
    struct change_result *results = arena_alloc(arena, decision->change_count, sizeof *results);
    for (size_t i = 0; results && i < decision->change_count; i++) {
        results[i] = decision->changes[i];
        if (plan->by_change[i])
            results[i].approval = plan->by_change[i]->id;
    }
    return results;
}

bool approval_satisfy(const struct approval_plan *plan, const struct approval_outcome *outcome,
                      struct arena *arena, struct decision *decision)
{
    if (!is_covered(plan, decision))
        return false;
    struct change_result *results = copy_results(plan, arena, decision);
    if (!results)
        return false;
    enum verdict verdict = rest_of(decision->push_reasons);
    for (size_t i = 0; i < decision->change_count; i++) {
        if (plan->by_change[i]) {
            results[i].verdict = rest_of(results[i].reasons);
            decision->count_approval--;
            decision->count_accept += results[i].verdict == VERDICT_ACCEPT;
            decision->count_note += results[i].verdict == VERDICT_NOTE;
            decision->count_annotate += results[i].verdict == VERDICT_ANNOTATE;
        }
        verdict = verdict_stronger(verdict, results[i].verdict);
    }
    decision->changes = results;
    decision->verdict = verdict;
    decision->approval = outcome;
    decision->exit_code = decision_exit_code(decision);
    return true;
}

/* One more reason for the push as a whole, in front of the weaker ones. */
static void add_failure(struct text words, struct arena *arena, struct decision *decision)
{
    struct reason *reason = arena_alloc(arena, 1, sizeof *reason);
    struct reason_link *link = arena_alloc(arena, 1, sizeof *link);
    if (!reason || !link)
        return;
    *reason = (struct reason){
        .type = REASON_FAILURE, .verdict = VERDICT_REQUIRE_APPROVAL, .text = words};
    *link = (struct reason_link){reason, NULL};
    /* Those that are there accept (approval_wanted), so this one is the strongest. */
    link->next = (struct reason_link *)(uintptr_t)decision->push_reasons;
    decision->push_reasons = link;
}

void approval_deny(const struct approval_plan *plan, const struct approval_outcome *outcome,
                   struct arena *arena, struct decision *decision)
{
    struct change_result *results = plan ? copy_results(plan, arena, decision) : NULL;
    if (results)
        decision->changes = results;
    decision->approval = outcome;
    if (outcome->problem.size)
        add_failure(outcome->problem, arena, decision);
    decision->exit_code = decision_exit_code(decision);
}
