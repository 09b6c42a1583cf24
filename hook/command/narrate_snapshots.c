/*
 * What the pusher of a record could do by each of two snapshots: decide() judges the recorded push on
 * both, and its trace says which grants it saw and which restrictions it looked at.
 */
#include <string.h>

#include "command/narrate.h"
#include "command/replay_push.h"
#include "policy/decide.h"

struct seen { /* one entry of the trace */
    enum trace_stage stage;
    size_t change;
    enum answer applies;
    struct text subject, source, why;
};

struct look { /* on one snapshot */
    struct narration *n;
    const char *name; /* "Before", "After" */
    struct seen *items;
    size_t count, room;
    struct snapshot_meta meta;
    struct decision decision;
};

static void remember(void *self, const struct trace_entry *entry)
{
    struct look *look = self;
    bool grant = entry->stage == TRACE_PERMISSION && entry->applies != ANSWER_NO &&
                 entry->source.size;
    if (!grant && entry->stage != TRACE_RESTRICTION)
        return;
    if (look->count == look->room) {
        size_t room = look->room ? look->room * 2 : 32;
        struct seen *items = arena_alloc(look->n->arena, room, sizeof *items);
        if (!items) {
            look->n->failed = true;
            return;
        }
        if (look->count)
            memcpy(items, look->items, look->count * sizeof *items);
        look->items = items;
        look->room = room;
    }
    struct arena *arena = look->n->arena;
    look->items[look->count++] = (struct seen){
        entry->stage,
        entry->change,
        entry->applies,
        arena_text(arena, entry->subject),
        arena_text(arena, entry->source),
        arena_text(arena, entry->why),
    };
}

/* false: the record does not say enough, or the snapshot is damaged; a sentence says so. */
static bool look_at(struct look *look, const json_t *record, const struct policy *policy,
                    const struct view *view)
{
    struct narration *n = look->n;
    struct error err = {STATUS_OK, ""};
    struct replay_push *replay = arena_alloc(n->arena, 1, sizeof *replay);
    enum replay_skip skip;
    if (!replay || replay_push_of(record, n->arena, replay, &skip, &err) != STATUS_OK) {
        n->failed = true;
        return false;
    }
    if (skip != REPLAY_NOTHING) {
        narration_say(n, "permission", 0,
                      "The record does not say enough of the push to look at it again.");
        return false;
    }
    struct replay_view aged;
    struct view as_then = replay_view_of(&aged, view, replay);
    struct history history = replay_push_history(replay);
    struct trace trace = {look, remember};
    enum status status = view->meta(view->self, &look->meta, &err);
    if (status == STATUS_OK)
        status = decide(policy, &replay->push, &as_then, &history, &trace, n->arena,
                        &look->decision, &err);
    if (status == STATUS_MEMORY)
        n->failed = true;
    else if (status != STATUS_OK || err.code != STATUS_OK)
        narration_say(n, "permission", 0, "The snapshot %s cannot be read: %s.", look->name,
                      narration_plain(n, text_of(err.text)));
    return status == STATUS_OK && err.code == STATUS_OK;
}

/* ------------------------------------------------------------------ permissions */

static const char *level_of(const struct look *look)
{
    if (!look->decision.repository_known)
        return NULL;
    return look->decision.snapshot_permission_known
               ? permission_name(look->decision.snapshot_permission)
               : "a level that cannot be told";
}

static void tell_level(const struct look *look, const char *user, const char *place)
{
    struct narration *n = look->n;
    char written[CLOCK_TEXT_SIZE];
    clock_format(look->meta.generated_ms, true, written);
    if (!look->decision.repository_known)
        narration_say(n, "permission", 0, "%s (snapshot of %s): %s is not in it.", look->name,
                      written, place);
    else if (!strcmp(look->decision.pusher_type, "unknown"))
        narration_say(n, "permission", 0, "%s (snapshot of %s): %s is not in it.", look->name,
                      written, user);
    else
        narration_say(n, "permission", 0, "%s (snapshot of %s): %s had %s on %s.", look->name,
                      written, user, level_of(look), place);
    narration_prove(n, look->meta.digest);
    for (size_t i = 0; i < look->count; i++) {
        const struct seen *seen = &look->items[i];
        if (seen->stage != TRACE_PERMISSION)
            continue;
        narration_say(n, "grant", 1, "%s%s: %s.", seen->applies == ANSWER_YES ? "" : "perhaps ",
                      narration_plain(n, seen->subject), narration_plain(n, seen->why));
        narration_prove(n, seen->source);
    }
}

static void tell_difference(const struct look *before, const struct look *after, const char *user)
{
    struct narration *n = before->n;
    const char *was = level_of(before), *is = level_of(after);
    if (!was || !is)
        narration_say(n, "permission-change", 0,
                      "What %s could do then and later cannot be compared.", user);
    else if (strcmp(was, is) != 0)
        narration_say(n, "permission-change", 0, "Between the two, %s became %s for %s.", was, is,
                      user);
    else
        narration_say(n, "permission-change", 0, "Between the two, the level of %s stayed %s.",
                      user, is);
}

/* ------------------------------------------------------------------ restrictions */

static bool same_thing(const struct seen *a, const struct seen *b)
{
    return a->stage == b->stage && a->change == b->change && text_equal(a->subject, b->subject) &&
           text_equal(a->source, b->source);
}

static const struct seen *find(const struct look *look, const struct seen *like)
{
    for (size_t i = 0; i < look->count; i++)
        if (same_thing(&look->items[i], like))
            return &look->items[i];
    return NULL;
}

static const char *effect_of(enum answer applies)
{
    return applies == ANSWER_YES  ? "stops it"
           : applies == ANSWER_NO ? "does not stop it"
                                  : "may stop it, which cannot be told";
}

/* One restriction, as it stands to the first ref that it is told for. */
static void tell_restriction(struct narration *n, const char *what, const struct seen *seen,
                             const char *ref)
{
    narration_say(n, "restriction-change", 1, "%s: %s; for %s it %s: %s.", what,
                  narration_plain(n, seen->subject), ref, effect_of(seen->applies),
                  narration_plain(n, seen->why));
    narration_prove(n, seen->source);
}

static size_t tell_missing(const struct look *here, const struct look *there, const char *what,
                           const struct push *push)
{
    size_t told = 0;
    for (size_t i = 0; i < here->count; i++) {
        const struct seen *seen = &here->items[i];
        /* Each restriction is looked at for each ref: told for the first one. */
        if (seen->stage != TRACE_RESTRICTION || seen->change != 0 || find(there, seen))
            continue;
        tell_restriction(here->n, what, seen, narration_plain(here->n, push->changes[0].ref));
        told++;
    }
    return told;
}

static size_t tell_changed(const struct look *before, const struct look *after,
                           const struct push *push)
{
    size_t told = 0;
    for (size_t i = 0; i < after->count; i++) {
        const struct seen *now = &after->items[i], *then = find(before, now);
        if (now->stage != TRACE_RESTRICTION || !then || now->change >= push->change_count ||
            (then->applies == now->applies && text_equal(then->why, now->why)))
            continue;
        tell_restriction(after->n, "changed", now,
                         narration_plain(after->n, push->changes[now->change].ref));
        told++;
    }
    return told;
}

static void tell_restrictions(const struct look *before, const struct look *after,
                              const struct push *push)
{
    struct narration *n = before->n;
    size_t at = n->count;
    narration_say(n, "restriction-change", 0, "Branch permissions that changed between the two:");
    size_t told = tell_missing(before, after, "removed", push) +
                  tell_missing(after, before, "added", push) + tell_changed(before, after, push);
    if (told || n->failed)
        return;
    n->count = at;
    narration_say(n, "restriction-change", 0,
                  "No branch permission that bears on these refs changed between the two.");
}

bool narrate_snapshots(struct narration *n, const json_t *record, const struct policy *policy,
                       const struct view *before, const struct view *after)
{
    struct policy looking = *policy; /* also where restrictions are switched off */
    looking.restrictions_check = VERDICT_REJECT;
    struct look then = {.n = n, .name = "before"}, later = {.n = n, .name = "after"};
    struct replay_push replay;
    enum replay_skip skip;
    if (!look_at(&then, record, &looking, before) || !look_at(&later, record, &looking, after))
        return false;
    if (replay_push_of(record, n->arena, &replay, &skip, NULL) != STATUS_OK) {
        n->failed = true;
        return false;
    }
    const char *user = narration_quoted(n, replay.push.user_name);
    const char *place = arena_printf(n->arena, "%s/%s", narration_plain(n, replay.push.project_key),
                                     narration_plain(n, replay.push.repository_slug));
    if (!place) {
        n->failed = true;
        return false;
    }
    then.name = "Before";
    later.name = "After";
    tell_level(&then, user, place);
    tell_level(&later, user, place);
    tell_difference(&then, &later, user);
    tell_restrictions(&then, &later, &replay.push);
    return true;
}
