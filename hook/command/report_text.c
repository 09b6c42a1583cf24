#include "base/clock.h"
#include "command/report_print.h"

#define NAME_MOST ((size_t)300)
#define TEXT_MOST ((size_t)1000)
#define COLUMNS_MOST 79

const char *report_change_name(enum posture_change change)
{
    switch (change) {
    case POSTURE_NEW:
        return "new";
    case POSTURE_GONE:
        return "gone";
    case POSTURE_SAME:
        break;
    }
    return "";
}

static const char *const colours[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = "36", [SEVERITY_LOW] = "32",        [SEVERITY_MEDIUM] = "33",
    [SEVERITY_HIGH] = "31", [SEVERITY_CRITICAL] = "1;31",
};

static void paint(const struct report_style *style, const char *colour, const char *text,
                  struct buffer *out)
{
    if (style->colour && colour)
        buffer_printf(out, "\033[%sm%s\033[0m", colour, text);
    else
        buffer_string(out, text);
}

static void add_list(struct buffer *out, const struct text_list *list, const char *between)
{
    for (size_t i = 0; i < list->count; i++) {
        buffer_string(out, i ? between : "");
        buffer_escaped(out, list->items[i], NAME_MOST, false);
    }
}

/* A paragraph, folded at blanks. */
static void add_folded(struct buffer *out, const char *label, struct text words, size_t indent)
{
    struct text rest = words, word;
    size_t column = indent + text_of(label).size;
    buffer_printf(out, "%*s%s", (int)indent, "", label);
    bool first = true;
    while (text_next_field(&rest, ' ', &word)) {
        if (!first && column + 1 + word.size > COLUMNS_MOST) {
            buffer_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            buffer_string(out, " ");
            column++;
        }
        buffer_text(out, word);
        column += word.size;
        first = false;
    }
    buffer_string(out, "\n");
}

/* ------------------------------------------------------------------ head */

static void add_time(struct buffer *out, const char *label, int64_t ms)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(ms, true, time);
    buffer_printf(out, "%s%s", label, time);
}

static void add_number(struct buffer *out, uint64_t number, const char *one, const char *many)
{
    buffer_printf(out, "%llu %s", (unsigned long long)number, number == 1 ? one : many);
}

static void add_head(const struct posture *posture, struct buffer *out)
{
    buffer_string(out, "instance   ");
    buffer_escaped(out, posture->base_url, NAME_MOST, false);
    buffer_string(out, " (Bitbucket ");
    buffer_escaped(out, posture->bitbucket_version, NAME_MOST, false);
    add_time(out, ")\nsnapshot   ", posture->snapshot_started_ms);
    buffer_string(out, ": ");
    add_number(out, posture->users, "user, ", "users, ");
    add_number(out, posture->projects, "project, ", "projects, ");
    add_number(out, posture->repositories, "repository, ", "repositories, ");
    add_number(out, posture->keys, "access key", "access keys");
    buffer_string(out, "\naudit log  ");
    if (posture->audit_read) {
        add_number(out, posture->decisions, "decision", "decisions");
        add_time(out, " from ", posture->window_from_ms);
        add_time(out, " to ", posture->window_to_ms);
    } else {
        buffer_string(out, "none");
    }
    buffer_string(out, "\n");
    if (!posture->compared)
        return;
    buffer_printf(out, "baseline   %zu new, %zu gone", posture->new_count, posture->gone_count);
    add_time(out, " since ", posture->baseline_ms);
    buffer_string(out, "\n");
}

static void add_summary(const struct posture *posture, const struct report_style *style,
                        struct buffer *out)
{
    size_t total = 0;
    buffer_string(out, "findings   ");
    for (int level = SEVERITY_CRITICAL; level >= SEVERITY_INFO; level--) {
        size_t count = posture->by_severity[level];
        char words[64];
        struct buffer one;
        if (!count)
            continue;
        buffer_init(&one, sizeof words);
        buffer_printf(&one, "%zu %s", count, severity_name((enum severity)level));
        buffer_string(out, total ? ", " : "");
        paint(style, colours[level], one.data ? one.data : "", out);
        buffer_free(&one);
        total += count;
    }
    buffer_string(out, total ? "\n" : "none\n");
}

/* ------------------------------------------------------------------ findings */

static void add_finding(const struct posture_finding *finding, struct buffer *out)
{
    const char *change = report_change_name(finding->change);
    buffer_string(out, "  ");
    if (*change)
        buffer_printf(out, "[%s] ", change);
    buffer_escaped(out, finding->where, NAME_MOST, false);
    buffer_string(out, ": ");
    buffer_escaped(out, finding->what, TEXT_MOST, false);
    if (finding->evidence.count) {
        buffer_string(out, "\n      (");
        add_list(out, &finding->evidence, "; ");
        buffer_string(out, ")");
    }
    buffer_string(out, "\n");
}

static void add_kind(const struct posture_finding *first, const struct report_style *style,
                     struct buffer *out)
{
    const struct posture_kind *kind = first->kind;
    buffer_string(out, "\n");
    paint(style, colours[first->severity], severity_name(first->severity), out);
    buffer_printf(out, ": %s [%s]\n", kind->title, kind->name);
    add_folded(out, "", text_of(kind->why), 2);
    add_folded(out, "> ", text_of(kind->action), 2);
    if (first->controls.count) {
        struct buffer controls;
        buffer_init(&controls, SIZE_MAX);
        add_list(&controls, &first->controls, ", ");
        add_folded(out, "controls: ", buffer_view(&controls), 2);
        buffer_free(&controls);
    }
    buffer_string(out, "\n");
}

static void add_findings(const struct posture *posture, const struct report_style *style,
                         struct buffer *out)
{
    const struct posture_finding *first = NULL;
    size_t listed = 0, more = 0;
    for (size_t i = 0; i < posture->finding_count && !out->failed; i++) {
        const struct posture_finding *finding = &posture->findings[i];
        if (!first || finding->kind != first->kind || finding->severity != first->severity) {
            if (more)
                buffer_printf(out, "  ... and %zu more\n", more);
            first = finding;
            listed = more = 0;
            add_kind(first, style, out);
        }
        if (listed < style->limit) {
            add_finding(finding, out);
            listed++;
        } else {
            more++;
        }
    }
    if (more)
        buffer_printf(out, "  ... and %zu more\n", more);
}

static void add_notes(const struct posture *posture, struct buffer *out)
{
    if (posture->notes.count)
        buffer_string(out, "\nnot looked at, or not sure:\n");
    for (size_t i = 0; i < posture->notes.count; i++) {
        buffer_string(out, "  - ");
        buffer_escaped(out, posture->notes.items[i], TEXT_MOST, false);
        buffer_string(out, "\n");
    }
}

void report_text(const struct posture *posture, const struct report_style *style,
                 struct buffer *out)
{
    add_head(posture, out);
    add_summary(posture, style, out);
    add_findings(posture, style, out);
    add_notes(posture, out);
}
