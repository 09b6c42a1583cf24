#include "push/quoted_path.h"

#define SEPARATOR ':'

/* The byte that a one-letter escape stands for; 0 if there is no such escape. */
static char escape_letter(char c)
{
    static const char pairs[] = "a\ab\bf\fn\nr\rt\tv\v\\\\\"\"";
    for (size_t i = 0; i + 1 < sizeof(pairs); i += 2)
        if (pairs[i] == c)
            return pairs[i + 1];
    return 0;
}

/* What follows a backslash, at t.at[*at]: a letter, or three octal digits of which the first is 0
 * to 3. */
static bool unescape(struct text t, size_t *at, char *out)
{
    if (*at >= t.size)
        return false;
    char c = t.at[*at];
    if (c >= '0' && c <= '3' && t.size - *at >= 3) {
        unsigned value = 0;
        for (size_t i = 0; i < 3; i++) {
            char digit = t.at[*at + i];
            if (digit < '0' || digit > '7')
                return false;
            value = value << 3 | (unsigned)(digit - '0');
        }
        *at += 3;
        *out = (char)(unsigned char)value;
        return true;
    }
    *out = escape_letter(c);
    ++*at;
    return *out != 0;
}

/* Unquotes t, which begins with '"', into `out` (room for t.size bytes; gets a NUL). Gives the
 * number of bytes of t used, closing quote included, or 0 if the quoting is broken. */
static size_t unquote(struct text t, char *out, size_t *size)
{
    size_t at = 1;
    *size = 0;
    while (at < t.size) {
        char c = t.at[at++];
        if (c == '"') {
            out[*size] = '\0';
            return at;
        }
        if (c == '\\' && !unescape(t, &at, &c))
            return 0;
        out[(*size)++] = c;
    }
    return 0;
}

/* One entry, which may be skipped: then *path is untouched. Gives the bytes used, without the
 * separator; 0 for an empty entry or when out of memory. */
static size_t take(struct text t, struct arena *arena, const char **path, bool *no_memory)
{
    if (t.at[0] == '"') {
        size_t size;
        char *copy = arena_alloc(arena, t.size + 1, 1);
        *no_memory = !copy;
        size_t used = copy ? unquote(t, copy, &size) : 0;
        if (used && size && !memchr(copy, '\0', size))
            *path = copy;
        if (used || !copy)
            return used;
    }
    const char *separator = memchr(t.at, SEPARATOR, t.size);
    size_t used = separator ? (size_t)(separator - t.at) : t.size;
    if (used && t.at[0] != '#' && !memchr(t.at, '\0', used)) {
        const char *copy = arena_text(arena, (struct text){t.at, used}).at;
        *no_memory = !copy;
        *path = copy;
    }
    return used;
}

enum status quoted_path_next(struct text *list, struct arena *arena, const char **path)
{
    while (list->size) {
        const char *found = NULL;
        bool no_memory = false;
        size_t used = take(*list, arena, &found, &no_memory);
        if (no_memory)
            return STATUS_MEMORY;
        /* Behind an entry stands its separator; git does not look what it is behind a quote. */
        *list = text_skip(*list, used < list->size ? used + 1 : used);
        if (found) {
            *path = found;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}
