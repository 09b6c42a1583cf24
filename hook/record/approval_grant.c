#include "record/approval_grant.h"

#include <unistd.h>

#include "base/clock.h"

#define STEPS_BETWEEN_CLOCKS 16
#define ALIVE_GRACE_MS (5 * CLOCK_SECOND) /* what a hook may live beyond its deadline, at most */

struct grant {
    const struct approval_request *request;
    struct decision *decision;
    struct approval_store store;
    struct approval_use use; /* who takes them */
    bool takes;              /* false: merge check, monitor mode */
    struct approval_plan plan;
    struct approval_used used[APPROVALS_USED_MAX];
    struct approval_hold holds[APPROVALS_USED_MAX]; /* of `used`, where they are taken */
    size_t used_count;
    struct approval_outcome outcome;
};

static bool is_late(const struct grant *g)
{
    return clock_monotonic_us() >= g->request->deadline_us;
}

/* What the pusher reads; the detail is for syslog. */
static struct text problem_words(enum status status)
{
    switch (status) {
    case STATUS_NOT_FOUND:
        return TEXT("approvals cannot be read: their directory is not there");
    case STATUS_TRUST:
        return TEXT("approvals cannot be read: their directory is not trusted");
    case STATUS_LIMIT:
        return TEXT("approvals cannot be read: there are too many of them");
    case STATUS_USAGE:
        return TEXT(
            "approvals cannot be used: the push needs more than 16 at once; push fewer refs");
    case STATUS_DEADLINE:
        return TEXT("approvals cannot be read in time");
    case STATUS_MEMORY:
        return TEXT("approvals cannot be read: out of memory");
    default:
        return TEXT("approvals cannot be read or used");
    }
}

/* ------------------------------------------------------------------ which are about this push */

/* Is it about a change that lacks one? What speaks least against it: OPEN, OTHER_ID, OTHER_KIND,
 * OTHER_REF. */
static enum approval_state best_of(const struct grant *g, const struct approval *approval)
{
    const struct push *push = g->request->push;
    const struct decision *decision = g->decision;
    enum approval_state best = APPROVAL_OTHER_REF;
    for (size_t i = 0; i < decision->change_count && i < push->change_count; i++) {
        if (decision->changes[i].verdict != VERDICT_REQUIRE_APPROVAL)
            continue;
        enum approval_state state = approval_covers(approval, push, &push->changes[i],
                                                    decision->changes[i].kind);
        if (state == APPROVAL_OPEN)
            return state;
        if (state == APPROVAL_OTHER_ID || best == APPROVAL_OTHER_REF)
            best = state;
    }
    return best;
}

static bool is_readable(const struct approval *approval)
{
    return approval->state == APPROVAL_OPEN || approval->state == APPROVAL_USED_UP ||
           approval->state == APPROVAL_REVOKED;
}

/* What it is worth for this push; OTHER_REF: it is about something else. Nothing but what is not about
 * this push is left out of the record. */
static enum approval_state weigh(const struct grant *g, const struct approval *approval)
{
    const struct push *push = g->request->push;
    if (!is_readable(approval))
        return approval->state;
    if (!approval_about(approval, push, g->decision))
        return APPROVAL_OTHER_REF;
    enum approval_state best = best_of(g, approval);
    if (best == APPROVAL_OTHER_REF)
        return best;
    if (approval_own(approval, push))
        return APPROVAL_OWN;
    enum approval_state state = approval_at(approval, push->now_ms);
    if (state == APPROVAL_USED_UP &&
        approval_store_again(&g->store, approval, &g->use, g->request->deadline_us))
        state = APPROVAL_OPEN;
    return state == APPROVAL_OPEN ? best : state;
}

static bool is_used(const struct grant *g, struct text id)
{
    for (size_t i = 0; i < g->used_count; i++)
        if (text_equal(g->used[i].approval->id, id))
            return true;
    return false;
}

/* For the record: those that were not used. One that is open is told only where the push was not let
 * in. `worth`: one an approval of the store. */
static bool list_seen(struct grant *g, const enum approval_state *worth)
{
    struct approval_seen *seen = arena_alloc(g->request->arena, APPROVALS_SEEN_MAX, sizeof *seen);
    if (!seen)
        return false;
    struct approval_outcome *outcome = &g->outcome;
    for (size_t i = 0; i < g->store.count; i++) {
        const struct approval *approval = &g->store.approvals[i];
        if (worth[i] == APPROVAL_OTHER_REF || is_used(g, approval->id) ||
            (worth[i] == APPROVAL_OPEN && g->used_count))
            continue;
        if (outcome->seen_count < APPROVALS_SEEN_MAX)
            seen[outcome->seen_count++] = (struct approval_seen){approval->id, worth[i],
                                                                 is_readable(approval)};
        else
            outcome->seen_omitted++;
    }
    outcome->seen = seen;
    return true;
}

/* ------------------------------------------------------------------ taking them */

static void release_all(struct grant *g)
{
    for (size_t i = 0; i < g->used_count; i++)
        approval_store_settle(g->store.fd, &g->holds[i], false);
    g->used_count = 0;
}

/* *lost: the first one of which no use could be had. */
static enum status take_chosen(struct grant *g, const struct approval **lost, struct error *err)
{
    *lost = NULL;
    for (size_t i = 0; i < g->plan.count && !*lost; i++) {
        if (!g->plan.chosen[i])
            continue;
        if (g->used_count == APPROVALS_USED_MAX)
            return error_set(err, STATUS_USAGE, "a push needs more than %d approvals",
                             APPROVALS_USED_MAX);
        struct approval *approval = &g->store.approvals[g->plan.candidates[i] - g->store.approvals];
        struct approval_hold *hold = &g->holds[g->used_count];
        *hold = (struct approval_hold){0};
        if (g->takes) {
            enum status status = approval_store_take(&g->store, approval, &g->use,
                                                     g->request->deadline_us, hold, err);
            if (status != STATUS_OK)
                return status;
        }
        if (!g->takes || approval->state == APPROVAL_OPEN)
            g->used[g->used_count++] = (struct approval_used){approval, hold->number, hold->again};
        else
            *lost = approval;
    }
    return STATUS_OK;
}

/* Which approvals the push needs, of those that are worth something. */
static enum status plan_uses(struct grant *g, const enum approval_state *worth)
{
    struct arena *arena = g->request->arena;
    const struct approval **candidates = arena_alloc(arena, g->store.count + 1,
                                                     sizeof(const struct approval *));
    size_t count = 0;
    for (size_t i = 0; candidates && i < g->store.count; i++)
        if (worth[i] == APPROVAL_OPEN)
            candidates[count++] = &g->store.approvals[i];
    if (!candidates ||
        !approval_plan_init(&g->plan, g->request->push, g->decision, candidates, count, arena))
        return STATUS_MEMORY;
    for (size_t steps = 1; approval_plan_step(&g->plan); steps++)
        if (steps % STEPS_BETWEEN_CLOCKS == 0 && is_late(g))
            return STATUS_DEADLINE;
    return STATUS_OK;
}

/* Plans, takes; where somebody else was faster, plans again without that one. At the end either all
 * that is needed was taken, or nothing. */
static enum status take_uses(struct grant *g, enum approval_state *worth, struct error *err)
{
    for (;;) {
        const struct approval *lost = NULL;
        enum status status = plan_uses(g, worth);
        if (status != STATUS_OK || g->plan.uncovered)
            return status;
        status = take_chosen(g, &lost, err);
        if (status == STATUS_OK && !lost)
            return STATUS_OK;
        release_all(g);
        if (status != STATUS_OK || is_late(g))
            return status != STATUS_OK ? status : STATUS_DEADLINE;
        worth[lost - g->store.approvals] = lost->state;
    }
}

/* ------------------------------------------------------------------ the whole */

static void describe_use(struct grant *g)
{
    const struct push *push = g->request->push;
    const char *name = arena_printf(g->request->arena, "%.*s/%.*s", TEXT_ARG(push->project_key),
                                    TEXT_ARG(push->repository_slug));
    g->use = (struct approval_use){
        .decision = text_of(g->request->decision_id),
        .repository = text_of(name ? name : ""),
        .pusher = push->user_name,
        .time_ms = push->now_ms,
        .host = push->host,
    };
    g->use.push = approval_use_digest(&g->use, &push->stdin_digest);
}

static enum status look(struct grant *g, struct error *err)
{
    const struct approval_request *request = g->request;
    describe_use(g);
    enum status status = approval_store_open(request->policy->approvals_directory.at, request->peek,
                                             request->deadline_us, request->arena, &g->store, err);
    if (status != STATUS_OK)
        return status;
    g->store.alive_ms = request->policy->deadline_ms + ALIVE_GRACE_MS;
    enum approval_state *worth = arena_alloc(request->arena, g->store.count + 1, sizeof *worth);
    for (size_t i = 0; worth && i < g->store.count; i++) {
        if (is_late(g))
            return error_set(err, STATUS_DEADLINE, "looking at the approvals took too long");
        worth[i] = weigh(g, &g->store.approvals[i]);
    }
    status = worth ? take_uses(g, worth, err) : STATUS_MEMORY;
    if (status == STATUS_OK && !list_seen(g, worth))
        status = STATUS_MEMORY;
    return status;
}

static void conclude(struct grant *g, enum status status, struct error *err)
{
    struct arena *arena = g->request->arena;
    struct approval_outcome *outcome = arena_alloc(arena, 1, sizeof *outcome);
    struct approval_used *used = arena_alloc(arena, g->used_count + 1, sizeof *used);
    bool granted = false;
    if (status == STATUS_OK && outcome && used && g->used_count) {
        memcpy(used, g->used, g->used_count * sizeof *used);
        *outcome = g->outcome;
        outcome->granted = true;
        outcome->used = used;
        outcome->used_count = g->used_count;
        granted = approval_satisfy(&g->plan, outcome, arena, g->decision);
    }
    if (granted)
        return;
    release_all(g);
    if (!outcome)
        return; /* the decision stays as it is: it rejects */
    *outcome = g->outcome;
    if (status != STATUS_OK) {
        outcome->problem = problem_words(status);
        if (err && err->code == STATUS_OK)
            error_set(err, status, "%.*s", TEXT_ARG(outcome->problem));
    }
    approval_deny(g->plan.by_change ? &g->plan : NULL, outcome, arena, g->decision);
}

void approval_holds_end(struct approval_holds *holds, bool keep)
{
    if (!holds->count)
        return;
    for (size_t i = 0; i < holds->count; i++)
        approval_store_settle(holds->directory, &holds->list[i], keep);
    close(holds->directory);
    holds->count = 0;
}

static void hand_over(struct grant *g, struct approval_holds *out)
{
    *out = (struct approval_holds){.directory = g->store.fd, .count = g->used_count};
    memcpy(out->list, g->holds, sizeof out->list);
    g->store.fd = -1;
}

void approval_grant(const struct approval_request *request, struct decision *decision,
                    struct error *err)
{
    struct approval_holds holds = {0};
    approval_grant_held(request, decision, &holds, err);
    approval_holds_end(&holds, true);
}

void approval_grant_held(const struct approval_request *request, struct decision *decision,
                         struct approval_holds *holds, struct error *err)
{
    if (!approval_wanted(decision) || !request->policy->approvals_directory.size)
        return;
    struct grant g = {
        .request = request,
        .decision = decision,
        .store = {.fd = -1},
        .takes = decision->mode != MODE_MONITOR && !request->push->dry_run && !request->peek,
    };
    struct error why = {STATUS_OK, ""};
    enum status status = look(&g, &why);
    conclude(&g, status, &why);
    if (why.code != STATUS_OK && err && err->code == STATUS_OK)
        *err = why;
    if (g.takes && g.used_count) {
        approval_store_sweep(&g.store, request->push->now_ms);
        hand_over(&g, holds);
    }
    approval_store_close(&g.store);
}
