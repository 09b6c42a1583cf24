#include "command/csv.h"

#include <stdint.h>

/* U+FF1D, U+FF0B, U+FF0D and U+FF20: some spreadsheets take the wide forms for the plain ones. */
static const struct text formula_starts[] = {
    TEXT("="),
    TEXT("+"),
    TEXT("-"),
    TEXT("@"),
    TEXT("\xef\xbc\x9d"),
    TEXT("\xef\xbc\x8b"),
    TEXT("\xef\xbc\x8d"),
    TEXT("\xef\xbc\xa0"),
};

static bool looks_like_formula(struct text cell)
{
    while (cell.size && ascii_blank(*cell.at))
        cell = text_skip(cell, 1);
    for (size_t i = 0; i < sizeof formula_starts / sizeof formula_starts[0]; i++)
        if (text_starts(cell, formula_starts[i]))
            return true;
    return false;
}

/* A semicolon separates cells where the comma is for decimals. */
static bool wants_quotes(struct text cell)
{
    if (cell.size && (ascii_blank(cell.at[0]) || ascii_blank(cell.at[cell.size - 1])))
        return true;
    for (size_t i = 0; i < cell.size; i++)
        if (cell.at[i] == ',' || cell.at[i] == ';' || cell.at[i] == '"')
            return true;
    return false;
}

static void add_cell(struct buffer *out, struct text raw)
{
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, raw, SIZE_MAX, false);
    struct text cell = buffer_view(&safe);
    bool formula = looks_like_formula(cell), quoted = formula || wants_quotes(cell);
    out->failed = out->failed || safe.failed;
    if (quoted)
        buffer_string(out, formula ? "\"'" : "\"");
    for (size_t i = 0; i < cell.size; i++) {
        if (cell.at[i] == '"')
            buffer_string(out, "\"");
        buffer_add(out, cell.at + i, 1);
    }
    if (quoted)
        buffer_string(out, "\"");
    buffer_free(&safe);
}

void csv_row(struct buffer *out, const struct text *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_string(out, ",");
        add_cell(out, cells[i]);
    }
    buffer_string(out, "\n");
}
