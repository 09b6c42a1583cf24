#include "command/csv.h"
#include "command/report_print.h"

#define JOINED_MOST ((size_t)32 * 1024)

static const char *const headings[] = {"severity", "kind",     "change", "where", "what",
                                       "evidence", "controls", "action", "id"};
#define COLUMNS (sizeof headings / sizeof headings[0])

/* "a; b" */
static void join(struct buffer *out, const struct text_list *list)
{
    buffer_init(out, JOINED_MOST);
    for (size_t i = 0; i < list->count; i++) {
        buffer_string(out, i ? "; " : "");
        buffer_text(out, list->items[i]);
    }
}

static void add_finding(const struct posture_finding *finding, struct buffer *out)
{
    struct buffer evidence, controls;
    join(&evidence, &finding->evidence);
    join(&controls, &finding->controls);
    const struct text cells[COLUMNS] = {text_of(severity_name(finding->severity)),
                                        text_of(finding->kind->name),
                                        text_of(report_change_name(finding->change)),
                                        finding->where,
                                        finding->what,
                                        buffer_view(&evidence),
                                        buffer_view(&controls),
                                        text_of(finding->kind->action),
                                        finding->id};
    csv_row(out, cells, COLUMNS);
    if (evidence.failed || controls.failed)
        out->failed = true;
    buffer_free(&evidence);
    buffer_free(&controls);
}

void report_csv(const struct posture *posture, struct buffer *out)
{
    struct text cells[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        cells[i] = text_of(headings[i]);
    csv_row(out, cells, COLUMNS);
    for (size_t i = 0; i < posture->finding_count && !out->failed; i++)
        add_finding(&posture->findings[i], out);
}
