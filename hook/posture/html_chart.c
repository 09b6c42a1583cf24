/*
 * Charts as inline SVG. Widths are percentages and heights pixels, so that a chart is as wide as the
 * page lets it be while its letters keep their size.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "posture/html_part.h"

#define BAR_ROW 38 /* pixels: a line of letters, the bar below it */
#define BAR_HEIGHT 10
#define PLOT_TOP 14 /* room for columns that were made taller to be seen, and for the scale */
#define PLOT_HEIGHT 150
#define PLOT_SIZE (PLOT_TOP + PLOT_HEIGHT + 20) /* the dates stand below */
#define AXIS_WIDTH 44                           /* .plot of the style sheet leaves as much */
#define LEAST_COLUMN 200 /* hundredths of a pixel: what is there can be seen */
#define LEAST_BAR 75     /* hundredths of a percent */
#define DAYS_WITH_NAMES 7
#define APART_MAX 60 /* columns */

/* `part` of `whole` in units of 1/scale; something is never nothing. */
static unsigned share(uint64_t part, double whole, unsigned scale, unsigned least)
{
    if (!part || whole <= 0)
        return 0;
    double fraction = (double)part / whole;
    unsigned units = fraction >= 1 ? scale : (unsigned)(fraction * scale);
    return units < least ? least : units;
}

/* Hundredths as a decimal number: 1250 is 12.50. */
static void add_hundredths(struct buffer *out, unsigned hundredths)
{
    buffer_printf(out, "%u", hundredths / 100);
    if (hundredths % 100)
        buffer_printf(out, ".%02u", hundredths % 100);
}

static void add_begin(struct buffer *out, const char *id, unsigned height, const char *title)
{
    buffer_printf(out,
                  "<svg width=\"100%%\" height=\"%u\" role=\"img\" "
                  "aria-labelledby=\"%s-title %s-desc\">\n<title id=\"%s-title\">%s</title>\n",
                  height, id, id, id, title);
}

static void add_bars_desc(struct buffer *out, const char *id, const char *unit,
                          const struct html_bar *bars, size_t count)
{
    buffer_printf(out, "<desc id=\"%s-desc\">Bars, %s: ", id, unit);
    for (size_t i = 0; i < count; i++) {
        buffer_string(out, i ? "; " : "");
        html_plain(out, bars[i].name, HTML_LABEL_MAX);
        buffer_string(out, " ");
        html_number(out, bars[i].count);
    }
    buffer_string(out, count ? ". The table has the same numbers.</desc>\n" : "none.</desc>\n");
}

void html_bars(struct buffer *out, const char *id, const char *title, const char *unit,
               const struct html_bar *bars, size_t count)
{
    uint64_t most = 0;
    if (count > HTML_LIST_MAX)
        count = HTML_LIST_MAX;
    for (size_t i = 0; i < count; i++)
        most = bars[i].count > most ? bars[i].count : most;
    add_begin(out, id, (unsigned)count * BAR_ROW, title);
    add_bars_desc(out, id, unit, bars, count);
    for (size_t i = 0; i < count; i++) {
        unsigned y = (unsigned)i * BAR_ROW;
        buffer_printf(out, "<text x=\"0\" y=\"%u\">", y + 14);
        html_plain(out, bars[i].name, HTML_LABEL_MAX);
        buffer_printf(out, "</text><text class=\"over\" x=\"100%%\" y=\"%u\" text-anchor=\"end\">",
                      y + 14);
        html_number(out, bars[i].count);
        buffer_printf(out, "</text><rect class=\"track\" y=\"%u\" width=\"100%%\" height=\"%u\"/>",
                      y + 20, BAR_HEIGHT);
        buffer_printf(out, "<rect class=\"%s\" y=\"%u\" height=\"%u\" width=\"", bars[i].fill,
                      y + 20, BAR_HEIGHT);
        add_hundredths(out, share(bars[i].count, (double)most, 10000, LEAST_BAR));
        buffer_string(out, "%\"/>\n");
    }
    buffer_string(out, "</svg>\n");
}

/* ---------------------------------------------------------------- columns */

enum { ACCEPTED, ANNOTATED, REJECTED, FAILED, CLASSES };
static const struct {
    const char *name, *class;
} classes[CLASSES] = {
    [ACCEPTED] = {"accepted", "v-accepted"},
    [ANNOTATED] = {"accepted with a note", "v-annotated"},
    [REJECTED] = {"rejected", "v-rejected"},
    [FAILED] = {"failed", "v-failed"},
};

struct plot {
    const struct posture_day *days;
    size_t count, slots;
    int first; /* the class that the stack begins with */
    uint64_t step;
    double top;
};

static uint64_t class_of(const struct posture_day *day, int class)
{
    const uint64_t counts[CLASSES] = {day->accepted, day->annotated, day->rejected, day->failed};
    return counts[class];
}

static uint64_t height_of(const struct plot *plot, const struct posture_day *day)
{
    uint64_t sum = 0;
    for (int class = plot->first; class < CLASSES; class ++)
        sum = html_sum(sum, class_of(day, class));
    return sum;
}

/* Days of the calendar up to this one. Days that do not ascend stand in the order they came in. */
static size_t slot_of(const struct posture_day *days, size_t at)
{
    int64_t slot = (days[at].day_ms - days[0].day_ms) / CLOCK_DAY;
    return slot >= 0 && slot < HTML_DAYS_MAX ? (size_t)slot : HTML_DAYS_MAX;
}

static size_t slots_of(const struct posture_day *days, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (slot_of(days, i) <= slot_of(days, i - 1) || slot_of(days, i) == HTML_DAYS_MAX)
            return 0;
    return count ? slot_of(days, count - 1) + 1 : 0;
}

bool html_days_have_gaps(const struct posture_day *days, size_t count)
{
    return slots_of(days, count) > count;
}

/* The smallest of 1, 2, 5, 10, 20, 50, … that needs four steps at most. */
static void make_scale(struct plot *plot)
{
    uint64_t most = 1;
    for (size_t i = 0; i < plot->count; i++)
        most = height_of(plot, &plot->days[i]) > most ? height_of(plot, &plot->days[i]) : most;
    uint64_t step = 1;
    for (unsigned turn = 0; most / step + (most % step > 0) > 4; turn++)
        step = turn % 3 == 1 ? step / 2 * 5 : step * 2;
    uint64_t steps = most / step + (most % step > 0);
    plot->step = step;
    plot->top = (double)step * (double)steps;
}

/* The step decides on the unit: 0, 500, 1,000 or 0, 20k, 40k. */
static void add_scale_number(struct buffer *out, uint64_t step, unsigned times)
{
    static const char units[] = " kMGTPE";
    size_t unit = 0;
    for (; step >= 1000 && step % 1000 == 0; step /= 1000)
        unit++;
    html_number(out, step * times);
    if (unit && times)
        buffer_add(out, units + unit, 1);
}

static unsigned lines_of(const struct plot *plot)
{
    return (unsigned)(plot->top / (double)plot->step + 0.5);
}

/* Pixels from the top to the line so many steps high. */
static unsigned line_at(const struct plot *plot, unsigned step)
{
    return PLOT_TOP + PLOT_HEIGHT - PLOT_HEIGHT * step / lines_of(plot);
}

/* A drawing of its own, so that 100% of the other is the columns' width alone. */
static void add_scale(struct buffer *out, const struct plot *plot)
{
    buffer_printf(out, "<svg width=\"%u\" height=\"%u\" aria-hidden=\"true\">\n", AXIS_WIDTH,
                  PLOT_SIZE);
    for (unsigned i = 0; i <= lines_of(plot); i++) {
        buffer_printf(out, "<text class=\"axis\" x=\"%u\" y=\"%u\" text-anchor=\"end\">",
                      AXIS_WIDTH - 8, line_at(plot, i) + 4);
        add_scale_number(out, plot->step, i);
        buffer_string(out, "</text>\n");
    }
    buffer_string(out, "</svg>\n");
}

static void add_lines(struct buffer *out, const struct plot *plot)
{
    for (unsigned i = 0; i <= lines_of(plot); i++)
        buffer_printf(out, "<line class=\"grid\" x2=\"100%%\" y1=\"%u.5\" y2=\"%u.5\"/>\n",
                      line_at(plot, i), line_at(plot, i));
}

static void add_column(struct buffer *out, const struct plot *plot, size_t at, size_t slot)
{
    const struct posture_day *day = &plot->days[at];
    unsigned each = (unsigned)(1000000 / plot->slots); /* of a slot, in 1/10,000 percent */
    /* Many columns touch: what is left of a gap would be a haze. */
    unsigned tenths = plot->slots > APART_MAX ? 10 : 8;
    unsigned x = (unsigned)(slot * 10000 / plot->slots) + each * (10 - tenths) / 2000;
    unsigned y = (PLOT_TOP + PLOT_HEIGHT) * 100;
    buffer_string(out, "<g><title>");
    html_day(out, day->day_ms);
    for (int class = 0; class < CLASSES; class ++) {
        buffer_string(out, class ? ", " : ": ");
        html_number(out, class_of(day, class));
        buffer_printf(out, " %s", classes[class].name);
    }
    buffer_string(out, "</title>");
    for (int class = plot->first; class < CLASSES; class ++) {
        unsigned height = share(class_of(day, class), plot->top, PLOT_HEIGHT * 100, LEAST_COLUMN);
        /* A sum beyond 64 bits does not grow out of the chart. */
        if (height > y)
            height = y;
        if (!height)
            continue;
        y -= height;
        buffer_printf(out, "<rect class=\"%s\" x=\"", classes[class].class);
        add_hundredths(out, x);
        buffer_string(out, "%\" width=\"");
        add_hundredths(out, each * tenths / 1000);
        buffer_string(out, "%\" y=\"");
        add_hundredths(out, y);
        buffer_string(out, "\" height=\"");
        add_hundredths(out, height);
        buffer_string(out, "\"/>");
    }
    buffer_string(out, "</g>\n");
}

/* Days that the log says nothing of: not the same as days without a push. */
static void add_gap(struct buffer *out, const struct plot *plot, size_t from, size_t to)
{
    buffer_string(out, "<rect class=\"gap\" x=\"");
    add_hundredths(out, (unsigned)(from * 10000 / plot->slots));
    buffer_string(out, "%\" width=\"");
    add_hundredths(out, (unsigned)((to - from) * 10000 / plot->slots));
    buffer_printf(out, "%%\" y=\"%u\" height=\"%u\"/>\n", PLOT_TOP, PLOT_HEIGHT);
}

static void add_columns(struct buffer *out, const struct plot *plot)
{
    bool calendar = slots_of(plot->days, plot->count);
    size_t next = 0;
    for (size_t i = 0; i < plot->count; i++) {
        size_t slot = calendar ? slot_of(plot->days, i) : i;
        if (slot > next)
            add_gap(out, plot, next, slot);
        add_column(out, plot, i, slot);
        next = slot + 1;
    }
}

static void add_date(struct buffer *out, unsigned percent_hundredths, const char *anchor,
                     int64_t day_ms, bool with_year)
{
    struct buffer day;
    buffer_init(&day, SIZE_MAX);
    html_day(&day, day_ms);
    buffer_string(out, "<text class=\"axis\" x=\"");
    add_hundredths(out, percent_hundredths);
    buffer_printf(out, "%%\" y=\"%u\" text-anchor=\"%s\">", PLOT_TOP + PLOT_HEIGHT + 16, anchor);
    struct text text = buffer_view(&day);
    buffer_text(out, with_year || text.size < 10 ? text : text_skip(text, 5));
    buffer_string(out, "</text>");
    buffer_free(&day);
}

/* A few days have a date each; of many days the first, the middle and the last. */
static void add_dates(struct buffer *out, const struct plot *plot)
{
    if (plot->slots <= DAYS_WITH_NAMES) {
        for (size_t i = 0; i < plot->count; i++) {
            size_t slot = slots_of(plot->days, plot->count) ? slot_of(plot->days, i) : i;
            add_date(out, (unsigned)((2 * slot + 1) * 5000 / plot->slots), "middle",
                     plot->days[i].day_ms, false);
        }
        return;
    }
    int64_t first = plot->days[0].day_ms, last = plot->days[plot->count - 1].day_ms;
    add_date(out, 0, "start", first, true);
    if (plot->slots > 2 * DAYS_WITH_NAMES && slots_of(plot->days, plot->count)) {
        size_t middle = plot->slots / 2;
        add_date(out, (unsigned)((2 * middle + 1) * 5000 / plot->slots), "middle",
                 first + (int64_t)middle * CLOCK_DAY, true);
    }
    add_date(out, 10000, "end", last, true);
}

static void add_days_desc(struct buffer *out, const struct plot *plot, const char *id)
{
    buffer_printf(out, "<desc id=\"%s-desc\">Columns, one a day from ", id);
    html_day(out, plot->days[0].day_ms);
    buffer_string(out, " to ");
    html_day(out, plot->days[plot->count - 1].day_ms);
    buffer_string(out, ". In all ");
    for (int class = plot->first; class < CLASSES; class ++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < plot->count; i++)
            sum = html_sum(sum, class_of(&plot->days[i], class));
        buffer_string(out, class > plot->first ? ", " : "");
        html_number(out, sum);
        buffer_printf(out, " %s", classes[class].name);
    }
    buffer_string(out, ". The table has the number of each day.</desc>\n");
}

void html_days(struct buffer *out, const struct posture_day *days, size_t count, bool accepted)
{
    if (!count)
        return;
    struct plot plot = {.days = days, .count = count, .first = accepted ? ACCEPTED : ANNOTATED};
    const char *id = accepted ? "days" : "refused";
    plot.slots = slots_of(days, count);
    if (!plot.slots)
        plot.slots = count;
    make_scale(&plot);
    buffer_string(out, "<div class=\"plot\">\n");
    add_scale(out, &plot);
    add_begin(out, id, PLOT_SIZE,
              accepted ? "Decisions a day, by verdict"
                       : "Decisions a day that were not plainly accepted");
    add_days_desc(out, &plot, id);
    add_lines(out, &plot);
    add_columns(out, &plot);
    add_dates(out, &plot);
    buffer_string(out, "</svg>\n</div>\n");
}

void html_days_legend(struct buffer *out, bool gaps)
{
    buffer_string(out, "<ul class=\"legend\">\n");
    for (int class = 0; class <= CLASSES; class ++) {
        bool gap = class == CLASSES;
        if (gap && !gaps)
            break;
        buffer_printf(out,
                      "<li><svg width=\"14\" height=\"14\" aria-hidden=\"true\">"
                      "<rect class=\"%s\" width=\"14\" height=\"14\"/></svg>%s</li>\n",
                      gap ? "gap" : classes[class].class, gap ? "no record" : classes[class].name);
    }
    buffer_string(out, "</ul>\n");
}
