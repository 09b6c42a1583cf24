/*
 * decide.c - the pure core. It reads in the order of semantics.md: what is known (8, 5, 3), then each
 * change against restrictions (4), the policy for access keys and service accounts (5.1, 5.2) and
 * the administrator's rules (6), then what that adds up to (2).
 */
#include "policy/decide.h"

#include "model/ref.h"
#include "policy/judge.h"

/* ------------------------------------------------------------------ one change */

static void begin_change(struct change_judge *c, struct judge *j, size_t index,
                         struct findings *findings)
{
    const struct change *change = &j->push->changes[index];
    *c = (struct change_judge){
        .judge = j,
        .index = index,
        .change = change,
        .findings = findings,
        .branch = ref_is_branch(change->ref),
        .tag = ref_is_tag(change->ref),
        .kind = change->kind,
        .is_default = ANSWER_CANNOT_TELL,
        .traced = j->trace != NULL,
    };
    findings->count = 0;
    /* A merge check: the commit that the merge would make descends from the target, the branch that
     * is merged need not. */
    if (j->push->dry_run && j->push->merge && change->kind == CHANGE_MOVE)
        c->kind = CHANGE_UPDATE;
}

/* Bitbucket keeps refs of its own; what it does to them outside of a push is its own business. An
 * unknown trigger counts as a push (semantics.md 4.1). */
static bool skipped(const struct change_judge *c)
{
    const struct push *push = c->judge->push;
    bool is_push = push->trigger == TRIGGER_PUSH ||
                   (push->trigger == TRIGGER_UNKNOWN && !push->merge);
    return !is_push && ref_is_internal(c->change->ref);
}

static void judge_namespace(struct change_judge *c)
{
    struct judge *j = c->judge;
    enum verdict verdict = j->policy->other_refs;
    if (c->branch || c->tag)
        return;
    if (c->traced)
        judge_trace(j, TRACE_NAMESPACE, c->index, ANSWER_YES, verdict, "refs other", "",
                    "neither a branch nor a tag");
    if (verdict == VERDICT_ACCEPT)
        return;
    if (!j->other_refs)
        j->other_refs = reason_new(j, REASON_NAMESPACE, verdict, true, "%s",
                                   "neither a branch nor a tag ([refs] other)");
    findings_add(j, c->findings, j->other_refs, verdict);
}

static void judge_stages(struct change_judge *c)
{
    judge_namespace(c);
    restrictions_change(c);
    access_keys_change(c);
    service_accounts_change(c);
    rules_change(c);
}

/* ------------------------------------------------------------------ every possible answer */

/*
 * semantics.md 1: if every possible answer leads to the same verdict, that is the verdict. Two
 * questions have few answers, and several restrictions or rules hang on them: whether history is
 * rewritten, and which branch is the default one. Where they could not be answered, each answer is
 * tried, and what is certain in the mildest of these worlds is certain.
 */
#define WORLDS_MAX 4
_Static_assert(sizeof((struct judge *)0)->worlds / sizeof(struct findings) == WORLDS_MAX,
               "room for each world");

struct world {
    enum change_kind kind;
    enum answer is_default;
};

static size_t possible_worlds(const struct change_judge *c, struct world worlds[WORLDS_MAX])
{
    size_t count = 0;
    for (int kind = 0; kind < 2; kind++)
        for (int is_default = 0; is_default < 2; is_default++) {
            bool kind_open = c->kind == CHANGE_UNKNOWN || c->kind == CHANGE_MOVE;
            if ((kind && !kind_open) || (is_default && !c->default_asked))
                continue;
            worlds[count++] = (struct world){
                !kind_open ? c->kind
                : kind     ? CHANGE_REWRITE
                           : CHANGE_UPDATE,
                !c->default_asked ? c->is_default
                : is_default      ? ANSWER_YES
                                  : ANSWER_NO,
            };
        }
    return count;
}

static void judge_world(const struct change_judge *c, struct world world, struct findings *findings)
{
    struct change_judge there = *c;
    there.findings = findings;
    there.traced = false;
    there.kind = world.kind;
    there.is_default = world.is_default;
    there.kind_limit = there.commits_limit = false; /* reported already */
    there.read_only = false;
    judge_stages(&there);
}

static bool has_finding(const struct findings *findings, const struct reason *reason)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].reason == reason)
            return true;
    return false;
}

static void add_certain(struct change_judge *c, const struct findings *world, enum verdict certain)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct reason *reason = world->items[i].reason;
        if (reason->definite && !reason->monitored && reason->verdict == certain &&
            !has_finding(c->findings, reason))
            findings_add(c->judge, c->findings, reason, certain);
    }
}

static void try_worlds(struct change_judge *c)
{
    struct world worlds[WORLDS_MAX];
    struct findings *found = c->judge->worlds;
    size_t count = possible_worlds(c, worlds);
    enum verdict certain = VERDICT_REJECT;
    for (size_t i = 0; i < count; i++) {
        found[i].count = 0;
        judge_world(c, worlds[i], &found[i]);
        certain = verdict_weaker(certain, findings_certain(&found[i]));
    }
    if (verdict_stronger(certain, findings_certain(c->findings)) == findings_certain(c->findings))
        return;
    for (size_t i = 0; i < count; i++)
        add_certain(c, &found[i], certain);
}

static void judge_change(struct judge *j, size_t index, struct findings *findings,
                         struct change_result *result)
{
    struct change_judge c;
    begin_change(&c, j, index, findings);
    if (skipped(&c)) {
        judge_trace(j, TRACE_NAMESPACE, index, ANSWER_NO, VERDICT_ACCEPT, "Bitbucket's own ref", "",
                    "not judged with this trigger");
    } else {
        judge_stages(&c);
        if (c.default_asked || c.kind == CHANGE_UNKNOWN)
            try_worlds(&c);
    }
    result->verdict = findings_conclude(j, findings, &result->reasons);
    /* An approval names kinds of change (semantics.md 7), so now it matters which it is. */
    if (result->verdict == VERDICT_REQUIRE_APPROVAL && j->policy->approvals_directory.size &&
        kind_in(&c, KIND_UPDATE) == ANSWER_CANNOT_TELL)
        judge_trace(j, TRACE_RESULT, index, ANSWER_CANNOT_TELL, result->verdict, "kind", "",
                    "update or rewrite: only an approval of both will do");
    result->kind = c.kind;
    result->history_asked = c.history_asked;
    if (j->trace)
        judge_trace(j, TRACE_RESULT, index, ANSWER_YES, result->verdict, "verdict", "", "%s",
                    verdict_name(result->verdict));
}

/* ------------------------------------------------------------------ the push */

static void begin(struct judge *j)
{
    struct decision *out = j->out;
    *out = (struct decision){
        .verdict = VERDICT_REJECT,
        .exit_code = 2,
        .mode = j->policy->mode == MODE_MONITOR ? MODE_MONITOR : MODE_ENFORCE,
        .pusher_type = "unknown",
    };
    j->snapshot_usable = j->view && !j->view->problem;
}

static void judge_changes(struct judge *j)
{
    const struct push *push = j->push;
    struct change_result *results = judge_alloc(j, push->change_count, sizeof *results);
    struct findings findings = {NULL, 0, 0};
    if (!results)
        return;
    for (size_t i = 0; i < push->change_count && !j->out_of_memory && !judge_late(j); i++)
        judge_change(j, i, &findings, &results[i]);
    j->out->changes = results;
    j->out->change_count = push->change_count;
    if (!push->change_count)
        findings_add(
            j, &j->findings,
            reason_new(j, REASON_FAILURE, VERDICT_REJECT, false, "there is no change to judge"),
            VERDICT_REJECT);
}

static void report_damage(struct judge *j)
{
    if (!j->damaged)
        return;
    findings_add(j, &j->findings,
                 reason_new(j, REASON_FAILURE, j->policy->no_snapshot, false,
                            "the permissions snapshot is damaged"),
                 j->policy->no_snapshot);
    judge_trace(j, TRACE_SNAPSHOT, TRACE_PUSH_LEVEL, ANSWER_YES, j->policy->no_snapshot, "snapshot",
                "", "damaged: %s", j->damage.text);
}

static void count_verdict(struct decision *out, enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_ACCEPT:
        out->count_accept++;
        break;
    case VERDICT_NOTE:
        out->count_note++;
        break;
    case VERDICT_ANNOTATE:
        out->count_annotate++;
        break;
    case VERDICT_REQUIRE_APPROVAL:
        out->count_approval++;
        break;
    default:
        out->count_reject++;
        break;
    }
}

/* A pre-receive verdict is for all refs of a push: the strongest counts. */
static void conclude(struct judge *j)
{
    struct decision *out = j->out;
    out->verdict = findings_conclude(j, &j->findings, &out->push_reasons);
    for (size_t i = 0; i < out->change_count; i++) {
        out->verdict = verdict_stronger(out->verdict, out->changes[i].verdict);
        count_verdict(out, out->changes[i].verdict);
    }
    out->exit_code = decision_exit_code(out);
    judge_trace(j, TRACE_RESULT, TRACE_PUSH_LEVEL, ANSWER_YES, out->verdict, "verdict", "", "%s%s",
                verdict_name(out->verdict), out->mode == MODE_MONITOR ? " (monitor mode)" : "");
}

enum status decide(const struct policy *policy, const struct push *push, const struct view *view,
                   const struct history *history, const struct trace *trace, struct arena *arena,
                   struct decision *out, struct error *err)
{
    struct decision decision = {.verdict = VERDICT_REJECT};
    struct judge j = {
        .policy = policy,
        .push = push,
        .view = view,
        .history = history,
        .trace = trace,
        .arena = arena,
        .out = &decision,
    };
    begin(&j);
    restrictions_choose(&j);
    freshness_judge(&j);
    repository_judge(&j);
    credential_judge(&j);
    effective_judge(&j);
    restrictions_prepare(&j);
    access_keys_prepare(&j);
    service_accounts_prepare(&j);
    rules_prepare(&j);
    restrictions_choose_all(&j);
    judge_changes(&j);
    report_damage(&j);
    conclude(&j);
    if (j.out_of_memory)
        return error_set(err, STATUS_MEMORY, "out of memory, or over [limits] memory");
    if (judge_late(&j)) /* also a question that was cut short: its answer may be a wrong one */
        return error_set(err, STATUS_DEADLINE, "judging took longer than [limits] deadline");
    if (j.damaged && err) /* for syslog: the pusher is told only that it is damaged */
        *err = j.damage;
    *out = decision;
    return STATUS_OK;
}
