/*
 * csv.h - tables for spreadsheets and scripts (RFC 4180), one row at a time.
 *
 * Names in a table come from outside, and a spreadsheet runs a cell that begins like a formula. So:
 * - control characters, invisible code points and bytes that are not UTF-8 are escaped as on a
 *   terminal (buffer_escaped()): a cell is one line, a row is one line;
 * - a cell whose first character (after blanks) is = + - @, or a wide form of one of them, gets an
 *   apostrophe in front, which spreadsheets take for "this is text";
 * - such a cell, and one with a comma, a semicolon, a quote or a blank at an end, is quoted.
 * Who needs the exact bytes of a name takes JSON.
 */
#ifndef REFGATE_COMMAND_CSV_H
#define REFGATE_COMMAND_CSV_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"

/* One row and its line feed. An absent text is an empty cell. */
void csv_row(struct buffer *out, const struct text *cells, size_t count);

#endif
