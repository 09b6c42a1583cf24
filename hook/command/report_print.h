/*
 * report_print.h - a posture as text for people, as JSON and as CSV.
 */
#ifndef REFGATE_COMMAND_REPORT_PRINT_H
#define REFGATE_COMMAND_REPORT_PRINT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "posture/posture.h"

struct report_style {
    bool colour;
    size_t limit; /* places of one kind that text names; SIZE_MAX: all */
};

/* By severity and kind: title, why and what to do once, then the places with their evidence. */
void report_text(const struct posture *posture, const struct report_style *style,
                 struct buffer *out);
/* One document, a finding a line: what --baseline reads. */
void report_json(const struct posture *posture, struct buffer *out);
/* A row a finding, and a row of headings. */
void report_csv(const struct posture *posture, struct buffer *out);

const char *report_change_name(enum posture_change change); /* "", "new", "gone" */

#endif
