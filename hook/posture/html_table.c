#include "posture/html_part.h"

void html_table_begin(struct buffer *out, const char *class, const char *caption,
                      const char *const *columns)
{
    buffer_printf(out, "<table class=\"%s\">\n<caption>%s</caption>\n<thead><tr>", class, caption);
    for (; *columns; columns++)
        if ((*columns)[0] == '#')
            buffer_printf(out, "<th scope=\"col\" class=\"num\">%s</th>", *columns + 1);
        else
            buffer_printf(out, "<th scope=\"col\">%s</th>", *columns);
    buffer_string(out, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct buffer *out)
{
    buffer_string(out, "</tbody>\n</table>\n");
}

void html_number_cell(struct buffer *out, uint64_t number)
{
    buffer_string(out, "<td class=\"num\">");
    html_number(out, number);
    buffer_string(out, "</td>");
}

/* ---------------------------------------------------------------- by severity */

static void add_severity_row(struct buffer *out, const struct posture *p, enum severity severity)
{
    size_t fresh = 0, gone = 0;
    for (size_t i = 0; i < p->finding_count; i++) {
        if (p->findings[i].severity != severity)
            continue;
        fresh += p->findings[i].change == POSTURE_NEW;
        gone += p->findings[i].change == POSTURE_GONE;
    }
    buffer_string(out, "<tr><th scope=\"row\">");
    html_severity(out, severity);
    buffer_string(out, "</th>");
    html_number_cell(out, p->by_severity[severity]);
    if (p->compared) {
        html_number_cell(out, fresh);
        html_number_cell(out, gone);
    }
    buffer_string(out, "</tr>\n");
}

void html_severity_table(struct buffer *out, const struct posture *posture)
{
    static const char *const columns[] = {"Severity", "#Findings", "#New", "#Gone", NULL};
    static const char *const plain[] = {"Severity", "#Findings", NULL};
    uint64_t sum = 0;
    html_table_begin(out, "numbers", "Findings by severity, worst first",
                     posture->compared ? columns : plain);
    for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_INFO; severity--) {
        add_severity_row(out, posture, (enum severity)severity);
        sum = html_sum(sum, posture->by_severity[severity]);
    }
    buffer_string(out, "</tbody>\n<tfoot><tr><th scope=\"row\">All</th>");
    html_number_cell(out, sum);
    if (posture->compared) {
        html_number_cell(out, posture->new_count);
        html_number_cell(out, posture->gone_count);
    }
    buffer_string(out, "</tr></tfoot>\n</table>\n");
}

/* ---------------------------------------------------------------- counts */

void html_count_table(struct buffer *out, const char *caption, const char *const *columns,
                      const struct posture_count *counts, size_t count)
{
    size_t shown = count < HTML_COUNTS_MAX ? count : HTML_COUNTS_MAX;
    html_table_begin(out, "numbers", caption, columns);
    for (size_t i = 0; i < shown; i++) {
        buffer_string(out, "<tr><th scope=\"row\">");
        html_text(out, counts[i].name, HTML_NAME_MAX);
        buffer_string(out, "</th>");
        html_number_cell(out, counts[i].count);
        buffer_string(out, "</tr>\n");
    }
    html_table_end(out);
    html_more(out, count - shown);
}

void html_more(struct buffer *out, uint64_t more)
{
    if (!more)
        return;
    buffer_string(out, "<p class=\"soft more\">and ");
    html_number(out, more);
    buffer_string(out, " more: see the JSON (<code>refgate report --format json</code>)</p>\n");
}

/* ---------------------------------------------------------------- days */

void html_day_table(struct buffer *out, const struct posture_day *days, size_t count)
{
    static const char *const columns[] = {"Day (UTC)", "#Decisions", "#Accepted", "#With a note",
                                          "#Rejected", "#Failed",    NULL};
    html_table_begin(out, "numbers", "Decisions a day, by verdict", columns);
    for (size_t i = 0; i < count; i++) {
        const struct posture_day *day = &days[i];
        buffer_string(out, "<tr><th scope=\"row\">");
        html_day(out, day->day_ms);
        buffer_string(out, "</th>");
        html_number_cell(out, html_sum(html_sum(day->accepted, day->annotated),
                                       html_sum(day->rejected, day->failed)));
        html_number_cell(out, day->accepted);
        html_number_cell(out, day->annotated);
        html_number_cell(out, day->rejected);
        html_number_cell(out, day->failed);
        buffer_string(out, "</tr>\n");
    }
    html_table_end(out);
}
