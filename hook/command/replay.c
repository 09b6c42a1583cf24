#include "command/replay.h"

#include <stdlib.h>

#include "command/audit_entry.h"
#include "command/replay_compare.h"
#include "command/replay_kept.h"
#include "command/replay_tally.h"
#include "policy/decide.h"
#include "record/audit_read.h"

#define TURN_MEMORY ((size_t)512 * 1024 * 1024)
#define RESULT_MEMORY ((size_t)2 * 1024 * 1024 * 1024)
#define WATCHED_MAX 64 /* rules in monitor mode that one decision counts */

struct judge_by { /* one of the two policies */
    const struct policy *policy;
    bool one_question; /* all its rules ask the same about new commits */
    int64_t minute;    /* that `local` is of */
    bool asked;
    struct local_time local;
};

/* One possible answer to what was not recorded, and what comes of it. */
struct outcome {
    struct replay_judged before, after;
    enum replay_effect effect;
    const struct reason *reason;
};
#define WORLDS_MAX 4

struct replay {
    const struct replay_request *request;
    struct replay_result *out;
    struct judge_by before, after;
    bool one_question; /* both policies ask the same about new commits, if anything */
    struct replay_kept kept;
    struct replay_tally by_rule, by_user, by_repository;
    struct arena turn; /* of one decision */
    bool failed;
};

static bool trouble(struct replay *replay, const char *text)
{
    if (!replay->failed)
        command_trouble(replay->request->args, "%s", text);
    replay->failed = true;
    return false;
}

/* ------------------------------------------------------------------ judging */

/* Local time has minutes: one look at the zone for all decisions of a minute. */
static struct local_time local_of(struct judge_by *by, int64_t now_ms)
{
    int64_t minute = now_ms / CLOCK_MINUTE;
    if (!by->policy->needs_local_time)
        return (struct local_time){.known = false};
    if (!by->asked || by->minute != minute)
        by->local = clock_local(now_ms, by->policy->timezone.at);
    by->asked = true;
    by->minute = minute;
    return by->local;
}

static bool judge(struct replay *replay, struct judge_by *by, struct replay_push *push,
                  enum replay_policy relation, struct replay_world world, struct replay_judged *out)
{
    struct error err = {STATUS_OK, ""};
    struct view inner = instance_view(replay->request->instance, &replay->turn);
    struct replay_view aged;
    struct view view = replay_view_of(&aged, &inner, push);
    struct history history = replay_push_history_in(push, relation, world);
    push->push.local = local_of(by, push->push.now_ms);
    if (decide(by->policy, &push->push, &view, &history, NULL, &replay->turn, &out->decision,
               &err) != STATUS_OK)
        return trouble(replay, err.text);
    /* An approval that was there lets through what needs one. */
    bool approved = push->approved && out->decision.verdict == VERDICT_REQUIRE_APPROVAL;
    out->stopped = out->decision.exit_code != 0 && !approved;
    return true;
}

/* Do all rules of both that ask about new commits ask the same? */
static bool one_question(const struct policy *a, const struct policy *b)
{
    const struct policy *const both[] = {a, b};
    const struct rule *first = NULL;
    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; i < both[p]->rule_count; i++) {
            const struct rule *rule = &both[p]->rules[i];
            if (rule->committer == IDENTITY_ANY && rule->author == IDENTITY_ANY)
                continue;
            if (first && (first->committer != rule->committer || first->author != rule->author))
                return false;
            first = rule;
        }
    return true;
}

static bool made_by(const struct replay_push *push, const struct judge_by *by)
{
    return by->one_question && text_equal(push->policy_digest, text_of(by->policy->digest.hex));
}

static bool judge_both(struct replay *replay, struct replay_push *push, struct replay_world world,
                       struct outcome *out)
{
    enum replay_policy before = REPLAY_POLICY_OTHER, after = REPLAY_POLICY_OTHER;
    if (made_by(push, &replay->before)) {
        before = REPLAY_POLICY_THEN;
        after = replay->one_question ? REPLAY_POLICY_LIKE_IT : REPLAY_POLICY_OTHER;
    }
    if (made_by(push, &replay->after))
        after = REPLAY_POLICY_THEN;
    return judge(replay, &replay->before, push, before, world, &out->before) &&
           judge(replay, &replay->after, push, after, world, &out->after);
}

/* ------------------------------------------------------------------ counting */

static bool count_in(struct replay *replay, struct replay_tally *tally, struct text name,
                     enum replay_effect effect)
{
    struct replay_count *row = replay_tally_row(tally, name, &replay->out->arena);
    if (!row)
        return trouble(replay, "out of memory");
    row->rejected += effect == REPLAY_REJECTED;
    row->accepted += effect == REPLAY_ACCEPTED;
    row->otherwise += effect == REPLAY_OTHERWISE;
    row->open += effect == REPLAY_OPEN;
    row->watched += effect == REPLAY_SAME;
    return true;
}

/* What a reason counts under: its rule, or in brackets what else it comes from. */
static struct text cause_of(const struct reason *reason, struct arena *arena)
{
    if (!reason)
        return TEXT("(none)");
    if (reason->rule.size)
        return reason->rule;
    const char *type = reason_type_name(reason->type);
    return text_of(reason->restriction_type.size
                       ? arena_printf(arena, "(%s %.*s)", type, TEXT_ARG(reason->restriction_type))
                       : arena_printf(arena, "(%s)", type));
}

static bool keep_change(struct replay *replay, const struct replay_push *push,
                        const struct outcome *outcome)
{
    const struct reason *reason = outcome->reason;
    enum replay_effect effect = outcome->effect;
    struct text repository = text_of(arena_printf(&replay->turn, "%.*s/%.*s",
                                                  TEXT_ARG(push->push.project_key),
                                                  TEXT_ARG(push->push.repository_slug)));
    struct text cause = cause_of(reason, &replay->turn);
    if (!repository.at || !cause.at)
        return trouble(replay, "out of memory");
    const struct replay_change change = {.id = push->id,
                                         .time = push->time,
                                         .user = push->push.user_name,
                                         .repository = repository,
                                         .before = outcome->before.decision.verdict,
                                         .after = outcome->after.decision.verdict,
                                         .effect = effect,
                                         .why = reason ? reason->text : TEXT_NONE,
                                         .rule = reason ? reason->rule : TEXT_NONE};
    if (!replay_kept_add(&replay->kept, &change))
        return trouble(replay, "out of memory");
    return count_in(replay, &replay->by_rule, cause, effect) &&
           count_in(replay, &replay->by_user, change.user, effect) &&
           count_in(replay, &replay->by_repository, repository, effect);
}

/* Rules in monitor mode say nothing in the verdict; each counts once a decision. */
static bool count_watched(struct replay *replay, const struct decision *after)
{
    const struct reason *seen[WATCHED_MAX];
    size_t count = 0;
    for (size_t list = 0; list <= after->change_count; list++)
        for (const struct reason_link *link = replay_reasons(after, list); link;
             link = link->next) {
            const struct reason *reason = link->reason;
            bool known = !reason->monitored || !reason->rule.size || count == WATCHED_MAX;
            for (size_t i = 0; i < count && !known; i++)
                known = text_equal(seen[i]->rule, reason->rule);
            if (known)
                continue;
            seen[count++] = reason;
            if (!count_in(replay, &replay->by_rule, reason->rule, REPLAY_SAME))
                return false;
        }
    replay->out->watched += count > 0;
    return true;
}

static bool as_recorded(const struct replay_push *push, const struct replay_judged *before)
{
    return before->stopped == push->stopped &&
           (push->approved || before->decision.verdict == push->verdict);
}

static void count_drift(struct replay *replay, const struct replay_push *push,
                        const struct outcome *outcomes, size_t count)
{
    struct replay_result *out = replay->out;
    bool same = push->partial; /* the rest may have made the difference */
    for (size_t i = 0; i < count && !same; i++)
        same = as_recorded(push, &outcomes[i].before);
    if (same)
        return;
    out->drifted++;
    if (!text_equal(push->policy_digest, text_of(replay->before.policy->digest.hex)))
        out->drifted_policy++;
    else if (!text_equal(push->snapshot_digest, outcomes[0].before.decision.snapshot_digest))
        out->drifted_snapshot++;
}

/* The one that stands for all: if they differ in their effect, one that changes something, as open. */
static struct outcome *representative(struct outcome *outcomes, size_t count)
{
    struct outcome *chosen = &outcomes[0];
    bool differ = false;
    for (size_t i = 1; i < count; i++) {
        differ = differ || outcomes[i].effect != outcomes[0].effect;
        if (chosen->effect == REPLAY_SAME)
            chosen = &outcomes[i];
    }
    if (differ)
        chosen->effect = REPLAY_OPEN;
    return chosen;
}

static void count_one(struct replay_result *out, const struct replay_push *push,
                      enum replay_effect effect)
{
    uint64_t *const counters[REPLAY_EFFECTS] = {[REPLAY_SAME] = &out->same,
                                                [REPLAY_REJECTED] = &out->newly_rejected,
                                                [REPLAY_ACCEPTED] = &out->newly_accepted,
                                                [REPLAY_OTHERWISE] = &out->otherwise,
                                                [REPLAY_OPEN] = &out->open};
    int64_t now = push->push.now_ms;
    if (!out->decisions || now < out->first_ms)
        out->first_ms = now;
    if (!out->decisions || now > out->last_ms)
        out->last_ms = now;
    out->decisions++;
    ++*counters[effect];
    out->partial += push->partial;
}

static bool replay_one(struct replay *replay, struct replay_push *push)
{
    struct outcome outcomes[WORLDS_MAX];
    size_t count = 1;
    if (!judge_both(replay, push, (struct replay_world){false, false}, &outcomes[0]))
        return false;
    unsigned asked = replay_push_asked(push);
    for (unsigned world = 1; world < WORLDS_MAX; world++)
        if (!(world & ~asked) && !judge_both(replay, push,
                                             (struct replay_world){world & REPLAY_ASKED_KIND,
                                                                   world & REPLAY_ASKED_COMMITS},
                                             &outcomes[count++]))
            return false;
    for (size_t i = 0; i < count; i++)
        outcomes[i].effect = replay_compare(&outcomes[i].before, &outcomes[i].after,
                                            &outcomes[i].reason);
    count_drift(replay, push, outcomes, count);
    const struct outcome *one = representative(outcomes, count);
    count_one(replay->out, push, one->effect);
    return count_watched(replay, &one->after.decision) &&
           (one->effect == REPLAY_SAME || keep_change(replay, push, one));
}

/* ------------------------------------------------------------------ reading */

static bool within(const struct replay_request *request, const json_t *record)
{
    int64_t ms;
    if (!request->since_ms && !request->until_ms)
        return true;
    /* A time that cannot be read: counted as damaged. */
    if (!clock_parse(entry_text(record, "time", NULL), &ms))
        return true;
    return (!request->since_ms || ms >= request->since_ms) &&
           (!request->until_ms || ms < request->until_ms);
}

static void skip_one(struct replay *replay, enum replay_skip skip)
{
    if (skip == REPLAY_OTHER_LINE)
        return;
    replay->out->skipped++;
    replay->out->skips[skip]++;
}

static bool replay_record(struct replay *replay, const json_t *record)
{
    struct replay_push push;
    enum replay_skip skip;
    struct error err = {STATUS_OK, ""};
    if (!within(replay->request, record))
        return true;
    if (replay_push_of(record, &replay->turn, &push, &skip, &err) != STATUS_OK)
        return trouble(replay, err.text);
    if (skip != REPLAY_NOTHING) {
        skip_one(replay, skip);
        return true;
    }
    return replay_one(replay, &push);
}

static bool replay_line(struct replay *replay, const struct audit_line *line)
{
    if (entry_is_rotation(line->text))
        return true;
    json_t *record = line->too_long ? NULL : entry_parse(line->text);
    if (!record) {
        skip_one(replay, REPLAY_DAMAGED);
        return true;
    }
    arena_init(&replay->turn, TURN_MEMORY);
    bool good = replay_record(replay, record);
    arena_free(&replay->turn);
    json_decref(record);
    return good;
}

/* `log`: it is open already, and stays so; else NULL. */
static bool replay_file(struct replay *replay, const char *path, struct audit_reader *log)
{
    struct error err = {STATUS_OK, ""};
    struct audit_reader *reader = log;
    struct audit_line line;
    enum status status = log ? STATUS_OK : audit_read_open(path, &reader, &err);
    bool good = true;
    while (status == STATUS_OK && good &&
           (status = audit_read_next(reader, &line, &err)) == STATUS_OK)
        good = replay_line(replay, &line);
    if (!log)
        audit_read_close(reader);
    if (good && reader && status == STATUS_NOT_FOUND)
        return true;
    if (good)
        command_trouble(replay->request->args, "%s: %s", path, err.text);
    return false;
}

/* ------------------------------------------------------------------ the whole */

/* Into the result's arena, so that one call frees all. */
static bool finish_tally(struct replay_tally *tally, struct arena *arena,
                         const struct replay_count **rows, size_t *count)
{
    replay_tally_sort(tally);
    struct replay_count *copy = arena_alloc(arena, tally->count + 1, sizeof *copy);
    if (!copy)
        return false;
    for (size_t i = 0; i < tally->count; i++)
        copy[i] = tally->counts[i];
    *rows = copy;
    *count = tally->count;
    return true;
}

static bool finish(struct replay *replay)
{
    struct replay_result *out = replay->out;
    if (finish_tally(&replay->by_rule, &out->arena, &out->by_rule, &out->by_rule_count) &&
        finish_tally(&replay->by_user, &out->arena, &out->by_user, &out->by_user_count) &&
        finish_tally(&replay->by_repository, &out->arena, &out->by_repository,
                     &out->by_repository_count) &&
        replay_kept_finish(&replay->kept, &out->arena, &out->changes, &out->change_count))
        return true;
    return trouble(replay, "out of memory");
}

bool replay_run(const struct replay_request *request, struct replay_result *out)
{
    *out = (struct replay_result){.monitor_before = request->instance->policy.mode == MODE_MONITOR,
                                  .monitor_after = request->policy->mode == MODE_MONITOR};
    arena_init(&out->arena, RESULT_MEMORY);
    struct replay replay = {.request = request,
                            .out = out,
                            .before = {.policy = &request->instance->policy},
                            .after = {.policy = request->policy}};
    replay.before.one_question = one_question(replay.before.policy, replay.before.policy);
    replay.after.one_question = one_question(replay.after.policy, replay.after.policy);
    replay.one_question = one_question(replay.before.policy, replay.after.policy);
    bool good = true;
    const struct audit_files *files = request->files;
    for (size_t i = 0; i < files->count && good; i++)
        good = replay_file(&replay, files->paths[i], i + 1 == files->count ? files->log : NULL);
    good = good && finish(&replay);
    replay_kept_free(&replay.kept);
    replay_tally_free(&replay.by_rule);
    replay_tally_free(&replay.by_user);
    replay_tally_free(&replay.by_repository);
    return good;
}

void replay_free(struct replay_result *result)
{
    arena_free(&result->arena);
    *result = (struct replay_result){.decisions = 0};
}
