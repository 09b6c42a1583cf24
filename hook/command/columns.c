#include "command/columns.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/utf8.h"

#define COLUMNS_MEMORY ((size_t)1024 * 1024 * 1024)
#define CELL_MAX ((size_t)1000) /* bytes of a cell that are shown */
#define GAP 2

void columns_init(struct columns *columns, size_t count)
{
    *columns = (struct columns){.count = count < COLUMNS_MAX ? count : COLUMNS_MAX};
    arena_init(&columns->arena, COLUMNS_MEMORY);
}

void columns_free(struct columns *columns)
{
    arena_free(&columns->arena);
    free(columns->rows);
    columns->rows = NULL;
}

static struct text keep(struct columns *columns, struct text t)
{
    struct text copy = arena_text(&columns->arena, t);
    columns->failed = columns->failed || !copy.at;
    return copy;
}

void columns_row(struct columns *columns, const struct text *cells)
{
    if (columns->row_count == columns->row_room) {
        size_t room = columns->row_room ? columns->row_room * 2 : 32;
        struct columns_row *rows = realloc(columns->rows, room * sizeof *rows);
        if (!rows) {
            columns->failed = true;
            return;
        }
        columns->rows = rows;
        columns->row_room = room;
    }
    struct columns_row *row = &columns->rows[columns->row_count++];
    *row = (struct columns_row){.cells = {{NULL, 0}}};
    for (size_t i = 0; i < columns->count; i++) {
        struct buffer safe;
        buffer_init(&safe, SIZE_MAX);
        buffer_escaped(&safe, cells[i], CELL_MAX, false);
        row->cells[i] = keep(columns, buffer_view(&safe));
        buffer_free(&safe);
    }
}

/* `widths`: 0 for a column that is left out. */
static void print_row(const struct columns *columns, const struct columns_row *row,
                      const size_t *widths, unsigned indent, FILE *out)
{
    size_t gap = indent; /* blanks that are due before the next cell that is not empty */
    for (size_t i = 0; i < columns->count; i++) {
        if (!widths[i])
            continue;
        if (row->cells[i].size) {
            fprintf(out, "%*s", (int)gap, "");
            fwrite(row->cells[i].at, 1, row->cells[i].size, out);
            gap = 0;
        }
        gap += widths[i] + GAP - utf8_columns(row->cells[i]);
    }
    fputc('\n', out);
}

void columns_print(const struct columns *columns, unsigned indent, FILE *out)
{
    size_t widths[COLUMNS_MAX] = {0};
    for (size_t i = 0; i < columns->count; i++) {
        for (size_t r = 1; r < columns->row_count; r++) {
            size_t width = utf8_columns(columns->rows[r].cells[i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
        size_t head = columns->row_count ? utf8_columns(columns->rows[0].cells[i]) : 0;
        if (widths[i] && head > widths[i])
            widths[i] = head;
    }
    for (size_t r = 0; r < columns->row_count; r++)
        print_row(columns, &columns->rows[r], widths, indent, out);
}
