/*
 * audit_entry.h - one decision as it was read from an audit log: questions about it, and how it is
 * printed. What is in the log is not trusted: fields may be missing or of another type, and all
 * text is escaped.
 */
#ifndef REFGATE_COMMAND_AUDIT_ENTRY_H
#define REFGATE_COMMAND_AUDIT_ENTRY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"

struct audit_style {
    bool verbose, colour;
    bool ascii; /* JSON for a terminal: no byte beyond ASCII */
};

/* NULL if the line is not a decision: a JSON object with a text `time` and without `type` (which the
 * records have that are none, those of rotations), or memory is short. */
json_t *entry_parse(struct text line);
/* The first line of a log that goes on where a rotated one ended. It is no decision and no damage:
 * whoever reads decisions passes over it without a word. */
bool entry_is_rotation(struct text line);
/* What entry_parse() gave: not NULL. */
bool entry_is_decision(const json_t *record);
/* record[key] or record[key][inner]; "" if it is missing or not a text. */
struct text entry_text(const json_t *record, const char *key, const char *inner);
bool entry_has_repository(const json_t *record, struct text pattern);
bool entry_has_ref(const json_t *record, struct text pattern);
bool entry_has_rule(const json_t *record, struct text rule);
/* The line as it is, with a newline; on a terminal the same in ASCII. */
void entry_json(const json_t *record, struct text line, const struct audit_style *style,
                struct buffer *out);
/* One line; with `verbose` also lines for changes and reasons. */
void entry_render(const json_t *record, const struct audit_style *style, struct buffer *out);

#endif
