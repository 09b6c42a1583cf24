/*
 * standing_print.h - a principal's standing in words, as JSON and as cells of a table: what who-can and
 * access print in the same way.
 */
#ifndef REFGATE_COMMAND_STANDING_PRINT_H
#define REFGATE_COMMAND_STANDING_PRINT_H

#include <jansson.h>

#include "base/buffer.h"
#include "command/standing.h"
#include "record/record_json.h"

#define STANDING_NOTES_MAX 8

/* Names in places and grants are as they are: who prints them escapes them.
 * "repo/PRJ/app", "project/PRJ", "global". */
void standing_place(const struct standing_question *question, enum grant_scope scope,
                    struct buffer *out);
/* "group developers (project/PRJ)", "direct (global)", "default (project/PRJ)". */
void standing_grant(const struct standing_question *question, const struct effective_grant *grant,
                    struct buffer *out);
/* Those that reach to `floor`, at most `most` of them, between commas. */
void standing_grants(const struct standing_question *question, const struct standing *standing,
                     enum permission floor, size_t most, struct buffer *out);
/* "REPO_WRITE", or "NONE to REPO_WRITE". */
void standing_permission(const struct standing *standing, struct buffer *out);
/* The reason and, between brackets, where it stands; escaped. */
void standing_reason(const struct reason *reason, struct buffer *out);
/* One line for each reason of `count` changes (of one ref) from `first` on: which kinds, and why. Lines
 * have no newline and are escaped. */
#define STANDING_LINES_MAX 64
struct standing_lines {
    struct arena *arena;
    struct text items[STANDING_LINES_MAX];
    size_t count;
    bool failed; /* out of memory, or more lines than that */
};
void standing_reasons(const struct standing *standing, size_t first, size_t count,
                      struct standing_lines *lines);
/* What holds for everyone: an archived repository, what the sync could not read, monitor mode, …
 * Returns how many there are. */
size_t standing_notes(const struct standing_question *question,
                      struct text notes[STANDING_NOTES_MAX]);

/* The lines that both commands begin with, below the first: trigger, time, notes. */
void standing_print_head(const struct standing_question *question);

/* What a JSON document of either command begins with. */
json_t *standing_json_head(struct record_maker *maker, const struct standing_question *question);
/* Permission, grants, and changes without their ref (with_refs: with it): an object that principals
 * of the same standing share. */
json_t *standing_json(struct record_maker *maker, const struct standing_question *question,
                      const struct standing *standing, bool with_refs);
/* Who, and all of `standing`, whose values are not copied. */
json_t *standing_json_of(struct record_maker *maker, const struct principal *principal,
                         json_t *standing);

/* type, name, id, permission, grants, ref, create, update, rewrite, delete, merge, reasons. */
void standing_csv_head(struct buffer *out);
/* For `count` changes (of one ref) from `first` on. */
void standing_csv(const struct standing_question *question, const struct principal *principal,
                  const struct standing *standing, size_t first, size_t count, struct buffer *out);

#endif
