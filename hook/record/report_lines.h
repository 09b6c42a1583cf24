/*
 * report_lines.h - words on lines of at most REPORT_COLUMNS columns, for the pusher's terminal.
 *
 * ASCII only: everything else is escaped, so that a byte is a column.
 */
#ifndef REFGATE_RECORD_REPORT_LINES_H
#define REFGATE_RECORD_REPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"

/* Adds `lead`, then the words of `t` and a newline; nothing if there are none. Further lines are
 * indented by `indent` columns. A word that fits on no line is broken, except one with "://" in it,
 * which gets a line of its own. Reads at most `most` bytes of `t`. For text of ours or of the
 * administrator, or that was escaped already: a backslash stays as it is; raw outside text goes
 * through buffer_escaped() first. */
void lines_words(struct buffer *out, const char *lead, size_t indent, struct text t, size_t most);
/* The words of a command, quoted for a shell, with a backslash at the end of all lines but the last; further
 * lines are indented by `indent`. A word that fits on no line is cut in pieces that a shell puts together
 * again. false, and nothing is added: a word has bytes that are not printable ASCII. */
bool lines_command(struct buffer *out, size_t indent, const struct text *words, size_t count);
/* An escaped name (from buffer_escaped) in at most `columns` (at least 24): a longer one loses its
 * middle, but never a part of an escape. */
void lines_name(struct buffer *out, struct text escaped, size_t columns);
/* 9980 as "9,980". */
void lines_number(struct buffer *out, size_t number);

#endif
