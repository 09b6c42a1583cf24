#include "command/explain.h"

#include "model/change.h"

#define SUBJECT_COLUMN 44
#define EXPLAIN_BYTES_MAX ((size_t)64 * 1024 * 1024)

void explain_init(struct explain *explain, const struct change *changes)
{
    *explain = (struct explain){.changes = changes};
    buffer_init(&explain->text, EXPLAIN_BYTES_MAX);
}

static char mark_of(enum answer applies)
{
    switch (applies) {
    case ANSWER_YES:
        return '+';
    case ANSWER_NO:
        return '-';
    default:
        return '?';
    }
}

static void heading(struct explain *explain, size_t change)
{
    struct buffer *text = &explain->text;
    if (explain->started && explain->change == change)
        return;
    explain->started = true;
    explain->change = change;
    buffer_string(text, "  ");
    if (change == TRACE_PUSH_LEVEL)
        buffer_string(text, "the push as a whole");
    else
        buffer_escaped(text, explain->changes[change].ref, 400, false);
    buffer_string(text, "\n");
}

static void explain_entry(void *self, const struct trace_entry *entry)
{
    struct explain *explain = self;
    struct buffer *text = &explain->text;
    heading(explain, entry->change);
    buffer_printf(text, "    %c ", mark_of(entry->applies));
    size_t before = text->size;
    buffer_escaped(text, entry->subject, 200, false);
    if (entry->source.size) {
        buffer_string(text, " [");
        buffer_escaped(text, entry->source, 200, false);
        buffer_string(text, "]");
    }
    size_t used = text->size - before;
    buffer_printf(text, "%*s", used < SUBJECT_COLUMN ? (int)(SUBJECT_COLUMN - used) : 1, "");
    buffer_escaped(text, entry->why, 400, false);
    if (entry->applies != ANSWER_NO && entry->verdict != VERDICT_ACCEPT &&
        entry->stage != TRACE_RESULT)
        buffer_printf(text, " -> %s", verdict_name(entry->verdict));
    buffer_string(text, "\n");
}

struct trace explain_trace(struct explain *explain)
{
    return (struct trace){explain, explain_entry};
}
