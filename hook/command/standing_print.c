#include "command/standing_print.h"

#include <stdio.h>

#include "base/clock.h"
#include "command/csv.h"
#include "model/ref.h"

#define NAME_SHOWN ((size_t)200)

/* ------------------------------------------------------------------ grants */

void standing_place(const struct standing_question *question, enum grant_scope scope,
                    struct buffer *out)
{
    const struct snapshot_repository *repository = &question->repository;
    if (scope == GRANT_GLOBAL) {
        buffer_string(out, "global");
        return;
    }
    buffer_string(out, scope == GRANT_PROJECT ? "project/" : "repo/");
    buffer_text(out, repository->project_key);
    if (scope == GRANT_PROJECT)
        return;
    buffer_string(out, "/");
    buffer_text(out, repository->slug);
}

void standing_grant(const struct standing_question *question, const struct effective_grant *grant,
                    struct buffer *out)
{
    buffer_string(out, grant_source_name(grant->source));
    if (grant->source == GRANT_GROUP) {
        buffer_string(out, " ");
        buffer_text(out, grant->group_name);
    }
    buffer_string(out, " (");
    standing_place(question, grant->scope, out);
    buffer_string(out, grant->applies == ANSWER_YES ? ")" : ", perhaps)");
}

void standing_grants(const struct standing_question *question, const struct standing *standing,
                     enum permission floor, size_t most, struct buffer *out)
{
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < standing->effective.grant_count; i++) {
        const struct effective_grant *grant = &standing->effective.grants[i];
        if (grant->here < floor)
            continue;
        if (shown == most) {
            more++;
            continue;
        }
        if (shown++)
            buffer_string(out, ", ");
        standing_grant(question, grant, out);
    }
    if (more)
        buffer_printf(out, ", and %zu more", more);
}

void standing_permission(const struct standing *standing, struct buffer *out)
{
    buffer_string(out, permission_name(standing->least));
    if (standing->least != standing->most)
        buffer_printf(out, " to %s", permission_name(standing->most));
}

/* ------------------------------------------------------------------ reasons */

void standing_reason(const struct reason *reason, struct buffer *out)
{
    buffer_escaped(out, reason->text, RECORD_TEXT_MAX, false);
    if (reason->rule.size && reason->source.line) {
        buffer_string(out, " [");
        buffer_escaped(out, reason->rule, NAME_SHOWN, false);
        buffer_printf(out, ", %.*s:%u]", TEXT_ARG(reason->source.file), reason->source.line);
    } else if (reason->proof.count) {
        buffer_string(out, " [");
        buffer_escaped(out, reason->proof.items[0], NAME_SHOWN, false);
        buffer_string(out, "]");
    }
}

/* Two reasons that read the same, though one of them knows a way out by a pull request. */
static bool same_words(const struct reason *a, const struct reason *b)
{
    return a == b || (text_equal(a->text, b->text) && text_equal(a->rule, b->rule) &&
                      a->source.line == b->source.line && a->proof.count == b->proof.count &&
                      (!a->proof.count || text_equal(a->proof.items[0], b->proof.items[0])));
}

static bool has_reason(const struct standing_change *change, const struct reason *reason)
{
    for (size_t i = 0; i < change->reason_count; i++)
        if (same_words(change->reasons[i], reason))
            return true;
    return false;
}

static void add_kinds(const struct standing *standing, size_t first, size_t count,
                      const struct reason *reason, struct buffer *out)
{
    size_t having = 0, named = 0;
    for (size_t i = first; i < first + count; i++)
        having += has_reason(&standing->changes[i], reason);
    if (having == count)
        return;
    for (size_t i = first; i < first + count; i++)
        if (has_reason(&standing->changes[i], reason))
            buffer_printf(out, "%s%s", named++ ? ", " : "",
                          change_kind_name(standing->changes[i].kind));
    buffer_string(out, ": ");
}

static bool had_before(const struct standing *standing, size_t first, size_t at,
                       const struct reason *reason)
{
    for (size_t i = first; i < at; i++)
        if (has_reason(&standing->changes[i], reason))
            return true;
    return false;
}

static bool new_line(struct standing_lines *lines, struct buffer *line)
{
    if (!line->failed && lines->count < STANDING_LINES_MAX)
        lines->items[lines->count] = arena_text(lines->arena, buffer_view(line));
    if (line->failed || lines->count == STANDING_LINES_MAX || !lines->items[lines->count++].at)
        lines->failed = true;
    line->size = 0;
    return !lines->failed;
}

static void add_permission_lines(const struct standing *standing, struct standing_lines *lines,
                                 struct buffer *line)
{
    if (standing->may_write != ANSWER_YES) {
        buffer_text(line, standing->closed);
        new_line(lines, line);
    }
    if (standing->may_write != ANSWER_NO && standing->same_label) {
        buffer_printf(line,
                      "%zu keys have this label: the hook takes the push for the one of "
                      "them that may do least",
                      standing->same_label);
        new_line(lines, line);
    }
}

void standing_reasons(const struct standing *standing, size_t first, size_t count,
                      struct standing_lines *lines)
{
    struct buffer line;
    buffer_init(&line, SIZE_MAX);
    add_permission_lines(standing, lines, &line);
    for (size_t i = first; i < first + count && standing->may_write != ANSWER_NO; i++)
        for (size_t k = 0; k < standing->changes[i].reason_count; k++) {
            const struct reason *reason = standing->changes[i].reasons[k];
            if (had_before(standing, first, i, reason))
                continue;
            add_kinds(standing, first, count, reason, &line);
            standing_reason(reason, &line);
            if (!new_line(lines, &line))
                break;
        }
    buffer_free(&line);
}

/* ------------------------------------------------------------------ for everyone */

static const struct {
    unsigned bit;
    const char *own, *of_project;
} unread[] = {
    {INCOMPLETE_GRANTS, "the sync could not read the grants of the repository",
     "the sync could not read the grants of the project"},
    {INCOMPLETE_RESTRICTIONS, "the sync could not read the restrictions of the repository",
     "the sync could not read the restrictions of the project"},
    {INCOMPLETE_MODEL, "the sync could not read the branching model of the repository",
     "the sync could not read the branching model of the project"},
    {INCOMPLETE_KEYS, "the sync could not read the access keys of the repository",
     "the sync could not read the access keys of the project"},
};

struct notes {
    struct text *items;
    size_t count;
};

static void add_note(struct notes *notes, bool holds, const char *text)
{
    if (holds && notes->count < STANDING_NOTES_MAX)
        notes->items[notes->count++] = text_of(text);
}

static bool about_tags(const struct standing_question *question)
{
    const struct push *push = &question->check.push;
    for (size_t i = 0; i < push->change_count; i++)
        if (!ref_is_tag(push->changes[i].ref))
            return false;
    return push->change_count && (question->kinds & KIND_UPDATE);
}

static bool monitors_rule(const struct policy *policy)
{
    for (size_t i = 0; i < policy->rule_count; i++)
        if (policy->rules[i].mode == MODE_MONITOR)
            return true;
    return false;
}

size_t standing_notes(const struct standing_question *question,
                      struct text items[STANDING_NOTES_MAX])
{
    struct notes notes = {items, 0};
    const struct snapshot_repository *repository = &question->repository;
    const struct policy *policy = &question->instance->policy;
    int64_t age = question->check.push.now_ms - question->meta.started_ms;
    add_note(&notes, repository->archived, "the repository is archived: it takes no pushes");
    add_note(&notes, policy->max_age_ms > 0 && age > policy->max_age_ms, "the snapshot is stale");
    for (size_t i = 0; i < sizeof unread / sizeof unread[0]; i++) {
        add_note(&notes, repository->incomplete & unread[i].bit, unread[i].own);
        add_note(&notes, repository->project.incomplete & unread[i].bit, unread[i].of_project);
    }
    add_note(&notes, policy->mode == MODE_MONITOR,
             "mode = monitor: refgate rejects nothing yet; the answers are what it would say");
    add_note(&notes, policy->mode != MODE_MONITOR && monitors_rule(policy),
             "rules in monitor mode stop nobody and are left out");
    add_note(&notes, policy->restrictions_check == VERDICT_ACCEPT,
             "[restrictions] check = off: refgate does not look at them, Bitbucket enforces them");
    add_note(&notes, policy->restrictions_check == VERDICT_ANNOTATE,
             "[restrictions] check = annotate: refgate lets pass what Bitbucket refuses");
    add_note(&notes, about_tags(question),
             "a tag that is there and moves is rewritten, wherever to");
    return notes.count;
}

void standing_print_head(const struct standing_question *question)
{
    char time[CLOCK_TEXT_SIZE], age[64];
    struct text notes[STANDING_NOTES_MAX];
    size_t count = standing_notes(question, notes);
    int64_t ms = question->check.push.now_ms - question->meta.started_ms;
    clock_format(question->check.push.now_ms, true, time);
    clock_format_duration(ms > 0 ? ms : 0, age, sizeof age);
    printf("trigger ");
    command_escaped(stdout, question->check.push.trigger_text, 200);
    printf(", as of %s, by a snapshot that is %s old\n", time, age);
    for (size_t i = 0; i < count; i++)
        printf("note: %.*s\n", TEXT_ARG(notes[i]));
}

/* ------------------------------------------------------------------ JSON */

static json_t *json_time(int64_t ms)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(ms, true, time);
    return json_string(time);
}

static json_t *json_place(const struct standing_question *question, enum grant_scope scope)
{
    struct buffer place;
    buffer_init(&place, SIZE_MAX);
    standing_place(question, scope, &place);
    json_t *value = place.failed ? NULL : json_text(buffer_view(&place), RECORD_TEXT_MAX, NULL);
    buffer_free(&place);
    return value;
}

json_t *standing_json_head(struct record_maker *maker, const struct standing_question *question)
{
    const struct push *push = &question->check.push;
    struct text notes[STANDING_NOTES_MAX];
    const struct text_list list = {notes, standing_notes(question, notes)};
    json_t *head = json_object(), *snapshot = json_object();
    json_put(maker, head, "project",
             json_text(question->repository.project_key, RECORD_NAME_MAX, NULL));
    json_put(maker, head, "repository",
             json_text(question->repository.slug, RECORD_NAME_MAX, NULL));
    json_put(maker, head, "repository_id", json_number(question->repository.id));
    json_put(maker, head, "trigger", json_text(push->trigger_text, RECORD_NAME_MAX, NULL));
    json_put(maker, head, "time", json_time(push->now_ms));
    json_put(maker, head, "mode",
             json_string(question->instance->policy.mode == MODE_MONITOR ? "monitor" : "enforce"));
    json_put(maker, snapshot, "digest", json_text(question->meta.digest, RECORD_NAME_MAX, NULL));
    json_put(maker, snapshot, "generated", json_time(question->meta.generated_ms));
    json_put(maker, snapshot, "age_s",
             json_integer((push->now_ms - question->meta.started_ms) / CLOCK_SECOND));
    json_put(maker, head, "snapshot", snapshot);
    json_put(maker, head, "notes", json_list(maker, &list));
    return head;
}

static json_t *grant_json(struct record_maker *maker, const struct standing_question *question,
                          const struct effective_grant *grant)
{
    json_t *out = json_object();
    json_put(maker, out, "source", json_string(grant_source_name(grant->source)));
    json_put(maker, out, "group",
             json_text(grant->source == GRANT_GROUP ? grant->group_name : TEXT_NONE,
                       RECORD_NAME_MAX, NULL));
    json_put(maker, out, "place", json_place(question, grant->scope));
    json_put(maker, out, "level", json_string(permission_name(grant->granted)));
    json_put(maker, out, "permission", json_string(permission_name(grant->here)));
    json_put(maker, out, "certain", json_boolean(grant->applies == ANSWER_YES));
    return out;
}

static json_t *reason_json(struct record_maker *maker, const struct reason *reason)
{
    json_t *out = json_object();
    json_put(maker, out, "type", json_string(reason_type_name(reason->type)));
    if (reason->restriction_type.size) {
        json_put(maker, out, "id", json_number(reason->restriction_id));
        json_put(maker, out, "restriction",
                 json_text(reason->restriction_type, RECORD_NAME_MAX, NULL));
    }
    if (reason->rule.size)
        json_put(maker, out, "rule", json_text(reason->rule, RECORD_NAME_MAX, NULL));
    json_put(maker, out, "verdict", json_string(verdict_name(reason->verdict)));
    json_put(maker, out, "text", json_text(reason->text, RECORD_TEXT_MAX, NULL));
    json_put(maker, out, "proof", json_list(maker, &reason->proof));
    return out;
}

static json_t *change_json(struct record_maker *maker, const struct standing_question *question,
                           const struct standing_change *change, bool with_ref)
{
    json_t *out = json_object(), *reasons = json_array();
    if (with_ref)
        json_put(maker, out, "ref", json_text(change->ref, RECORD_REF_MAX, NULL));
    json_put(maker, out, "kind",
             json_string(question->merge ? "merge" : change_kind_name(change->kind)));
    json_put(maker, out, "answer", json_string(standing_answer_name(change->answer)));
    json_put(maker, out, "verdict", json_string(verdict_name(change->verdict)));
    for (size_t i = 0; i < change->reason_count; i++)
        json_append(maker, reasons, reason_json(maker, change->reasons[i]));
    json_put(maker, out, "reasons", reasons);
    return out;
}

static const char *may_write_name(enum answer answer)
{
    return answer == ANSWER_YES ? "yes" : answer == ANSWER_NO ? "no" : "cannot-tell";
}

json_t *standing_json(struct record_maker *maker, const struct standing_question *question,
                      const struct standing *standing, bool with_refs)
{
    json_t *out = json_object(), *grants = json_array(), *changes = json_array();
    json_put(maker, out, "permission", json_string(permission_name(standing->least)));
    json_put(maker, out, "permission_most", json_string(permission_name(standing->most)));
    json_put(maker, out, "may_write", json_string(may_write_name(standing->may_write)));
    json_put(maker, out, "why_not", json_text(standing->closed, RECORD_TEXT_MAX, NULL));
    for (size_t i = 0; i < standing->effective.grant_count; i++)
        json_append(maker, grants, grant_json(maker, question, &standing->effective.grants[i]));
    json_put(maker, out, "grants", grants);
    json_put(maker, out, "same_label", json_number(standing->same_label));
    for (size_t i = 0; i < standing->change_count; i++)
        json_append(maker, changes, change_json(maker, question, &standing->changes[i], with_refs));
    json_put(maker, out, "changes", changes);
    return out;
}

json_t *standing_json_of(struct record_maker *maker, const struct principal *principal,
                         json_t *standing)
{
    json_t *out = json_object();
    json_put(maker, out, "type", json_string(principal_type_name(principal->type)));
    json_put(maker, out, "name", json_text(principal->name, RECORD_NAME_MAX, NULL));
    json_put(maker, out, "id", json_number(principal->id));
    if (json_object_update(out, standing))
        maker->failed = true;
    return out;
}

/* ------------------------------------------------------------------ CSV */

enum {
    CELL_TYPE,
    CELL_NAME,
    CELL_ID,
    CELL_PERMISSION,
    CELL_GRANTS,
    CELL_REF,
    CELL_CREATE,
    CELL_UPDATE,
    CELL_REWRITE,
    CELL_DELETE,
    CELL_MERGE,
    CELL_REASONS,
    CELLS
};

void standing_csv_head(struct buffer *out)
{
    static const struct text head[CELLS] = {
        TEXT("type"),    TEXT("name"),   TEXT("id"),     TEXT("permission"),
        TEXT("grants"),  TEXT("ref"),    TEXT("create"), TEXT("update"),
        TEXT("rewrite"), TEXT("delete"), TEXT("merge"),  TEXT("reasons"),
    };
    csv_row(out, head, CELLS);
}

static size_t cell_of(const struct standing_question *question, enum change_kind kind)
{
    if (question->merge)
        return CELL_MERGE;
    switch (kind) {
    case CHANGE_CREATE:
        return CELL_CREATE;
    case CHANGE_REWRITE:
        return CELL_REWRITE;
    case CHANGE_DELETE:
        return CELL_DELETE;
    default:
        return CELL_UPDATE;
    }
}

static void join_lines(const struct standing_lines *lines, struct buffer *out)
{
    for (size_t i = 0; i < lines->count; i++) {
        buffer_string(out, i ? "; " : "");
        buffer_text(out, lines->items[i]);
    }
    out->failed = out->failed || lines->failed;
}

void standing_csv(const struct standing_question *question, const struct principal *principal,
                  const struct standing *standing, size_t first, size_t count, struct buffer *out)
{
    struct arena arena;
    struct standing_lines lines = {.arena = &arena};
    struct buffer grants, permission, reasons;
    struct text cells[CELLS] = {{NULL, 0}};
    char id[24];
    arena_init(&arena, SIZE_MAX);
    buffer_init(&grants, SIZE_MAX);
    buffer_init(&permission, SIZE_MAX);
    buffer_init(&reasons, SIZE_MAX);
    standing_grants(question, standing, PERMISSION_REPO_READ, SIZE_MAX, &grants);
    standing_permission(standing, &permission);
    standing_reasons(standing, first, count, &lines);
    join_lines(&lines, &reasons);
    snprintf(id, sizeof id, "%llu", (unsigned long long)principal->id);
    cells[CELL_TYPE] = text_of(principal_type_name(principal->type));
    cells[CELL_NAME] = principal->name;
    cells[CELL_ID] = text_of(id);
    cells[CELL_PERMISSION] = buffer_view(&permission);
    cells[CELL_GRANTS] = buffer_view(&grants);
    cells[CELL_REF] = standing->changes[first].ref;
    for (size_t i = first; i < first + count; i++)
        cells[cell_of(question, standing->changes[i].kind)] = text_of(
            standing_answer_name(standing->changes[i].answer));
    cells[CELL_REASONS] = buffer_view(&reasons);
    out->failed = out->failed || grants.failed || permission.failed || reasons.failed;
    csv_row(out, cells, CELLS);
    buffer_free(&grants);
    buffer_free(&permission);
    buffer_free(&reasons);
    arena_free(&arena);
}
