/*
 * tsv.h - tables of the unit tests: one row a line, tabs between fields, `#` starts a comment line.
 *
 * In a field \xNN is a byte, \\ a backslash, and <empty> nothing at all. Rows know their line, so
 * that a failure can name it.
 */
#ifndef REFGATE_TESTS_UNIT_TSV_H
#define REFGATE_TESTS_UNIT_TSV_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

#define TSV_FIELDS 8

/* cmocka's own skip() is "not ok" to readers of TAP. */
#define SKIP(why)                       \
    do {                                \
        printf("# skipped: %s\n", why); \
        return;                         \
    } while (0)

struct tsv {
    FILE *file;
    const char *path;
    int line, rows;
    char text[8192];
    struct text field[TSV_FIELDS];
    size_t fields;
};

static inline void tsv_open(struct tsv *tsv, const char *path)
{
    *tsv = (struct tsv){.file = fopen(path, "r"), .path = path};
    if (!tsv->file)
        fail_msg("%s cannot be opened: run from the top of the tree", path);
}

static inline int tsv_hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline struct text tsv_unescape(char *start, char *end)
{
    char *to = start;
    if (end - start == 7 && !memcmp(start, "<empty>", 7))
        return (struct text){start, 0};
    for (char *from = start; from < end;) {
        if (end - from >= 4 && from[0] == '\\' && from[1] == 'x' && tsv_hex(from[2]) >= 0 &&
            tsv_hex(from[3]) >= 0) {
            *to++ = (char)(tsv_hex(from[2]) << 4 | tsv_hex(from[3]));
            from += 4;
        } else {
            from += end - from >= 2 && from[0] == '\\' && from[1] == '\\';
            *to++ = *from++;
        }
    }
    return (struct text){start, (size_t)(to - start)};
}

/* The next row; false (and closed) at the end. A table without rows fails the test. */
static inline bool tsv_next(struct tsv *tsv)
{
    while (fgets(tsv->text, (int)sizeof tsv->text, tsv->file)) {
        tsv->line++;
        size_t size = strlen(tsv->text);
        if (!size || tsv->text[size - 1] != '\n')
            fail_msg("%s:%d: too long, or no newline", tsv->path, tsv->line);
        if (tsv->text[0] == '#' || size == 1)
            continue;
        tsv->fields = 0;
        char *at = tsv->text, *end = tsv->text + size - 1;
        while (at <= end && tsv->fields < TSV_FIELDS) {
            char *tab = memchr(at, '\t', (size_t)(end - at));
            char *stop = tab ? tab : end;
            tsv->field[tsv->fields++] = tsv_unescape(at, stop);
            at = stop + 1;
        }
        tsv->rows++;
        return true;
    }
    fclose(tsv->file);
    if (!tsv->rows)
        fail_msg("%s holds no row", tsv->path);
    return false;
}

#endif
