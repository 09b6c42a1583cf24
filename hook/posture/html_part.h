/*
 * html_part.h - what the files that make the HTML report share: escaping, numbers, times, tables,
 * charts, sections. Only posture/html*.c include it.
 *
 * Each function adds to `out`; memory failures show in out->failed. Strings given as `const char *`
 * are ours and are added as they are; a struct text is from outside and is always escaped.
 */
#ifndef REFGATE_POSTURE_HTML_PART_H
#define REFGATE_POSTURE_HTML_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "posture/posture.h"

/* What is shown of one text from outside, in bytes. */
#define HTML_NAME_MAX 256
#define HTML_SENTENCE_MAX 600
#define HTML_LABEL_MAX 32 /* in a chart; its table has the whole name */

/* So much of a posture is shown; the JSON has the rest. */
#define HTML_ROWS_MAX 2000        /* of one kind of finding */
#define HTML_ROWS_TOTAL_MAX 20000 /* when so many were shown, of each further kind ... */
#define HTML_ROWS_LATER_MAX 100
#define HTML_LIST_MAX 12     /* evidence of one finding, bars of one chart */
#define HTML_COUNTS_MAX 200  /* rows of a table of counts; notes */
#define HTML_CONTROLS_MAX 64 /* of one kind */
#define HTML_DAYS_MAX 366

extern const char html_style[]; /* the style sheet, without the element */

/* ---- html_text.c */
/* Text as a character cannot be mistaken for markup, and not for another text: controls, invisible
 * and bidirectional code points and bytes that are not UTF-8 are spelled out (base/buffer.h). For
 * attributes, <title> and SVG; no elements are added. */
void html_plain(struct buffer *out, struct text t, size_t most);
/* The same for the flow of a document: isolated from the direction of the text around it (<bdi>),
 * and what is spelled out is marked (<span class="esc">). */
void html_text(struct buffer *out, struct text t, size_t most);
void html_number(struct buffer *out, uint64_t number);                /* 1,234,567 */
void html_count(struct buffer *out, uint64_t number, const char *one, /* "1 place", "2 places" */
                const char *many);
void html_time(struct buffer *out, int64_t ms); /* <time>: 2026-11-22 04:10 UTC; "unknown" */
void html_time_plain(struct buffer *out, int64_t ms);
void html_day(struct buffer *out, int64_t ms);                  /* 2026-11-22 */
void html_duration(struct buffer *out, int64_t ms);             /* 3d 4h */
void html_severity(struct buffer *out, enum severity severity); /* a label with the word in it */
const char *html_severity_title(enum severity severity);        /* "Critical" */
/* a + b, or the largest number. */
uint64_t html_sum(uint64_t a, uint64_t b);

/* ---- html_chart.c */
struct html_bar {
    struct text name;
    const char *fill; /* class of the bar */
    uint64_t count;
};
/* Horizontal bars, the longest as wide as the page. `id` begins the ids in it. */
void html_bars(struct buffer *out, const char *id, const char *title, const char *unit,
               const struct html_bar *bars, size_t count);
/* Stacked columns, one a day; with `accepted` all decisions, else all others, on a scale of their
 * own. `days` are HTML_DAYS_MAX at most. */
void html_days(struct buffer *out, const struct posture_day *days, size_t count, bool accepted);
/* Are there days between the first and the last one that the log says nothing of? */
bool html_days_have_gaps(const struct posture_day *days, size_t count);
void html_days_legend(struct buffer *out, bool gaps);

/* ---- html_table.c */
/* A table is named by its caption. `columns` are the heads, ended by NULL; one that begins with "#"
 * is of numbers. */
void html_table_begin(struct buffer *out, const char *class, const char *caption,
                      const char *const *columns);
void html_table_end(struct buffer *out);
void html_number_cell(struct buffer *out, uint64_t number);
void html_severity_table(struct buffer *out, const struct posture *posture);
void html_count_table(struct buffer *out, const char *caption, const char *const *columns,
                      const struct posture_count *counts, size_t count);
/* "and 1,234 more: see the JSON"; nothing for 0. */
void html_more(struct buffer *out, uint64_t more);
void html_day_table(struct buffer *out, const struct posture_day *days, size_t count);

/* ---- html_findings.c */
/* The findings of one kind that are not gone. */
struct html_group {
    const struct posture_kind *kind;
    enum severity worst;
    size_t count, new_count;
};
struct html_groups {
    struct html_group *items; /* in the order of the findings: the worst first */
    size_t count;
};
/* false: out of memory. The caller frees the items. */
bool html_groups_make(const struct posture *posture, struct html_groups *out);
void html_findings(struct buffer *out, const struct posture *posture,
                   const struct html_groups *groups);
void html_gone(struct buffer *out, const struct posture *posture);

/* ---- html_pushes.c */
void html_access(struct buffer *out, const struct posture *posture);
void html_pushes(struct buffer *out, const struct posture *posture);

#endif
