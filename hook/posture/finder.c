#include "posture/finder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"

#define ID_DIGITS 16

static bool kind_controls(struct finder *f)
{
    const struct control_map *map = f->inquiry->controls;
    for (size_t i = 0; map && i < POSTURE_KINDS; i++) {
        char *subject = arena_printf(f->arena, "finding:%s", posture_kinds[i].name);
        if (!subject || !control_map_of(map, text_of(subject), f->arena, &f->controls[i]))
            return false;
    }
    return true;
}

bool finder_begin(struct finder *f, const struct inquiry *inquiry, struct arena *arena)
{
    memset(f, 0, sizeof *f);
    f->inquiry = inquiry;
    f->arena = arena;
    f->failed = !kind_controls(f);
    return !f->failed;
}

void finder_free(struct finder *f)
{
    free(f->findings);
    free(f->notes);
    free(f->unread);
    f->findings = NULL;
    f->notes = NULL;
    f->unread = NULL;
}

/* Room for one more in a list that grows. */
static void *grown(struct finder *f, void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t more = *room ? *room * 2 : 64;
    void *larger = f->failed ? NULL : reallocarray(list, more, size);
    if (!larger) {
        f->failed = true;
        return list;
    }
    *room = more;
    return larger;
}

static struct text formatted(struct finder *f, const char *format, va_list args)
{
    struct text text = text_of(arena_vprintf(f->arena, format, args));
    if (text_absent(text))
        f->failed = true;
    return text;
}

/* ------------------------------------------------------------------ one finding */

bool finder_wants(const struct finder *f, enum posture_kind_row kind)
{
    return !f->inquiry->wanted || f->inquiry->wanted[kind];
}

bool finder_open(struct finder *f, enum posture_kind_row kind, struct text where)
{
    if (f->failed || !finder_wants(f, kind))
        return false;
    if (f->of_kind[kind] >= INQUIRY_KIND_MOST) {
        f->of_kind[kind]++;
        return false;
    }
    f->draft = (struct posture_finding){.kind = &posture_kinds[kind],
                                        .severity = posture_kinds[kind].severity,
                                        .where = where,
                                        .evidence = {f->evidence, 0},
                                        .controls = f->controls[kind]};
    f->subject = TEXT("");
    f->identity_where = where;
    return true;
}

void finder_anywhere(struct finder *f)
{
    f->identity_where = TEXT("");
}

void finder_severity(struct finder *f, enum severity severity)
{
    f->draft.severity = severity;
}

#define FORMATTED_INTO(target)                 \
    do {                                       \
        va_list args;                          \
        va_start(args, format);                \
        (target) = formatted(f, format, args); \
        va_end(args);                          \
    } while (0)

void finder_subject(struct finder *f, const char *format, ...)
{
    FORMATTED_INTO(f->subject);
}

void finder_what(struct finder *f, const char *format, ...)
{
    FORMATTED_INTO(f->draft.what);
}

void finder_evidence(struct finder *f, const char *format, ...)
{
    if (f->draft.evidence.count < FINDER_EVIDENCE_MOST)
        FORMATTED_INTO(f->evidence[f->draft.evidence.count++]);
}

static bool has_item(const struct text_list *list, struct text item)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], item))
            return true;
    return false;
}

void finder_controls(struct finder *f, const struct text_list *more)
{
    struct text_list *controls = &f->draft.controls;
    struct text *items = arena_alloc(f->arena, controls->count + more->count, sizeof *items);
    struct text_list all = {items, 0};
    if (!items) {
        f->failed = true;
        return;
    }
    for (size_t i = 0; i < controls->count; i++)
        items[all.count++] = controls->items[i];
    for (size_t i = 0; i < more->count; i++)
        if (!has_item(&all, more->items[i]))
            items[all.count++] = more->items[i];
    *controls = all;
}

struct text finder_id(struct arena *arena, const char *kind, struct text where, struct text subject)
{
    const struct text nul = {"", 1};
    const struct text parts[] = {text_of(kind), nul, where, nul, subject};
    struct digest digest = digest_of_parts(parts, sizeof parts / sizeof parts[0]);
    return arena_text(arena, (struct text){digest.hex, ID_DIGITS});
}

static bool keep_evidence(struct finder *f)
{
    size_t count = f->draft.evidence.count;
    struct text *items = arena_alloc(f->arena, count, sizeof *items);
    if (!items)
        return false;
    if (count)
        memcpy(items, f->evidence, count * sizeof *items);
    f->draft.evidence.items = items;
    return true;
}

void finder_close(struct finder *f)
{
    if (f->failed || f->draft.severity < f->inquiry->least)
        return;
    f->draft.id = finder_id(f->arena, f->draft.kind->name, f->identity_where, f->subject);
    f->findings = grown(f, f->findings, f->count, &f->room, sizeof *f->findings);
    if (text_absent(f->draft.id) || !keep_evidence(f))
        f->failed = true;
    if (f->failed)
        return;
    f->of_kind[f->draft.kind - posture_kinds]++;
    f->findings[f->count++] = f->draft;
}

/* ------------------------------------------------------------------ notes */

void finder_note(struct finder *f, const char *format, ...)
{
    f->notes = grown(f, f->notes, f->note_count, &f->note_room, sizeof *f->notes);
    if (f->failed)
        return;
    FORMATTED_INTO(f->notes[f->note_count]);
    f->note_count++;
}

void finder_unread(struct finder *f, struct text where)
{
    f->unread = grown(f, f->unread, f->unread_count, &f->unread_room, sizeof *f->unread);
    if (!f->failed)
        f->unread[f->unread_count++] = where;
}

void finder_not_looked(struct finder *f, enum posture_kind_row kind)
{
    f->not_looked_at[kind] = true;
}

const char *finder_date(struct finder *f, int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(ms, true, text);
    struct text date = arena_text(f->arena, (struct text){text, strcspn(text, "T")});
    if (text_absent(date))
        f->failed = true;
    return text_absent(date) ? "" : date.at;
}

const char *finder_days(struct finder *f, int64_t ms)
{
    long long days = (long long)(ms / CLOCK_DAY);
    char *text = arena_printf(f->arena, "%lld day%s", days, days == 1 ? "" : "s");
    if (!text)
        f->failed = true;
    return text ? text : "";
}

/* ------------------------------------------------------------------ the end */

static int compare_findings(const void *a, const void *b)
{
    const struct posture_finding *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int order = text_compare(x->where, y->where);
    if (!order)
        order = text_compare(x->what, y->what);
    return order ? order : text_compare(x->id, y->id);
}

void finder_sort(struct posture_finding *findings, size_t count)
{
    if (count)
        qsort(findings, count, sizeof *findings, compare_findings);
}

static void note_overflow(struct finder *f)
{
    for (size_t i = 0; i < POSTURE_KINDS; i++) {
        if (f->of_kind[i] <= INQUIRY_KIND_MOST)
            continue;
        finder_not_looked(f, (enum posture_kind_row)i);
        finder_note(f, "%zu more findings of the kind %s are not listed",
                    f->of_kind[i] - INQUIRY_KIND_MOST, posture_kinds[i].name);
    }
}

static struct text_list kinds_not_looked_at(struct finder *f)
{
    struct text *items = arena_alloc(f->arena, POSTURE_KINDS, sizeof *items);
    struct text_list list = {items, 0};
    for (size_t i = 0; items && i < POSTURE_KINDS; i++)
        if (f->not_looked_at[i] && finder_wants(f, (enum posture_kind_row)i))
            items[list.count++] = text_of(posture_kinds[i].name);
    if (!items)
        f->failed = true;
    return list;
}

/* Into the arena. */
static struct text_list copied(struct finder *f, const struct text *from, size_t count)
{
    struct text *items = arena_alloc(f->arena, count, sizeof *items);
    if (!items)
        f->failed = true;
    else if (count)
        memcpy(items, from, count * sizeof *items);
    return (struct text_list){items, items ? count : 0};
}

void finder_finish(struct finder *f, struct posture *out)
{
    note_overflow(f);
    out->not_looked_at = kinds_not_looked_at(f);
    struct posture_finding *findings = arena_alloc(f->arena, f->count, sizeof *findings);
    out->notes = copied(f, f->notes, f->note_count);
    out->unread = copied(f, f->unread, f->unread_count);
    if (!findings)
        f->failed = true;
    if (f->failed)
        return;
    finder_sort(f->findings, f->count);
    if (f->count)
        memcpy(findings, f->findings, f->count * sizeof *findings);
    out->findings = findings;
    out->finding_count = f->count;
    for (size_t i = 0; i < f->count; i++)
        out->by_severity[findings[i].severity]++;
}
