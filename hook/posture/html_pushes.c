/* Who can write, and what was pushed: counts from the snapshot and from the audit log. */
#include "posture/html_part.h"

#define DAYS_IN_SIGHT 14 /* a table of more days is folded */

static void add_counts(struct buffer *out, const char *id, const char *title, const char *unit,
                       const char *const *columns, const struct posture_count *counts, size_t count)
{
    struct html_bar bars[HTML_LIST_MAX];
    size_t shown = count < HTML_LIST_MAX ? count : HTML_LIST_MAX;
    for (size_t i = 0; i < shown; i++)
        bars[i] = (struct html_bar){
            .name = counts[i].name, .fill = "bar", .count = counts[i].count};
    buffer_printf(out, "<div class=\"pair\">\n<figure><figcaption>%s</figcaption>\n", title);
    html_bars(out, id, title, unit, bars, shown);
    buffer_string(out, "</figure>\n<div>\n");
    html_count_table(out, title, columns, counts, count);
    buffer_string(out, "</div>\n</div>\n");
}

void html_access(struct buffer *out, const struct posture *posture)
{
    static const char *const columns[] = {"Kind", "#Can write", NULL};
    buffer_string(out, "<section aria-labelledby=\"access\">\n"
                       "<h2 id=\"access\">Who can write</h2>\n");
    if (posture->writer_count) {
        buffer_string(out, "<p>People and credentials that can push to at least one repository, "
                           "whether they ever did or not.</p>\n");
        add_counts(out, "writers", "Can write, by kind", "people or credentials", columns,
                   posture->writers, posture->writer_count);
    } else {
        buffer_string(out, "<p>The snapshot knows of nobody who can write.</p>\n");
    }
    buffer_string(out, "</section>\n");
}

static void add_chart(struct buffer *out, const struct posture_day *days, size_t count,
                      bool accepted, const char *caption)
{
    buffer_printf(out, "<figure><figcaption>%s</figcaption>\n", caption);
    html_days(out, days, count, accepted);
    if (accepted)
        html_days_legend(out, html_days_have_gaps(days, count));
    buffer_string(out, "</figure>\n");
}

static bool any_refused(const struct posture_day *days, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (days[i].annotated || days[i].rejected || days[i].failed)
            return true;
    return false;
}

static void add_days(struct buffer *out, const struct posture *posture)
{
    size_t count = posture->day_count < HTML_DAYS_MAX ? posture->day_count : HTML_DAYS_MAX;
    const struct posture_day *days = posture->days + (posture->day_count - count);
    /* Told apart without colours: the hatch of rejected pushes, the dots of days without a record.
     * Both charts and the legend use them. */
    buffer_string(out, "<svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>"
                       "<pattern id=\"hatch\" width=\"5\" height=\"5\" "
                       "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
                       "<rect class=\"hatch-paper\" width=\"5\" height=\"5\"/>"
                       "<rect class=\"hatch-ink\" width=\"3.2\" height=\"5\"/></pattern>"
                       "<pattern id=\"dots\" width=\"4\" height=\"4\" "
                       "patternUnits=\"userSpaceOnUse\"><rect class=\"dot\" x=\"1\" y=\"1\" "
                       "width=\"1.5\" height=\"1.5\"/></pattern>"
                       "</defs></svg>\n<h3 id=\"verdicts\">Verdicts a day</h3>\n");
    if (count < posture->day_count) {
        buffer_string(out, "<p class=\"soft\">The last ");
        html_count(out, count, "day of ", "days of ");
        html_number(out, posture->day_count);
        buffer_string(out, "; the JSON has all of them.</p>\n");
    }
    add_chart(out, days, count, true, "All decisions");
    if (any_refused(days, count))
        add_chart(out, days, count, false, "Without the plainly accepted, on a scale of their own");
    buffer_printf(out,
                  "<details class=\"days\"%s>\n<summary>The same as a table</summary>\n"
                  "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
                  "aria-labelledby=\"verdicts\">\n",
                  count <= DAYS_IN_SIGHT ? " open" : "");
    html_day_table(out, days, count);
    buffer_string(out, "</div>\n</details>\n");
}

static void add_window(struct buffer *out, const struct posture *posture)
{
    buffer_string(out, "<p>From the audit log: ");
    html_count(out, posture->decisions, "decision", "decisions");
    buffer_string(out, " from ");
    html_time(out, posture->window_from_ms);
    buffer_string(out, " to ");
    html_time(out, posture->window_to_ms);
    buffer_string(out, ". <q>Failed</q> are pushes that were rejected because something was wrong, "
                       "not because of a rule.</p>\n");
}

void html_pushes(struct buffer *out, const struct posture *posture)
{
    static const char *const columns[] = {"Credential class", "#Decisions", NULL};
    buffer_string(out, "<section aria-labelledby=\"pushes\">\n"
                       "<h2 id=\"pushes\">What was pushed</h2>\n");
    if (!posture->audit_read) {
        buffer_string(out, "<p>No audit log was given: this report cannot tell who pushed, with "
                           "which credentials, and what was refused.</p>\n");
    } else {
        add_window(out, posture);
        if (posture->by_credential_count)
            add_counts(out, "credentials", "Decisions by credential class", "decisions", columns,
                       posture->by_credential, posture->by_credential_count);
        if (posture->day_count)
            add_days(out, posture);
        else
            buffer_string(out, "<p>No decision in this time.</p>\n");
    }
    buffer_string(out, "</section>\n");
}
