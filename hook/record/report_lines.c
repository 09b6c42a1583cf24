#include "record/report_lines.h"

#include <stdio.h>

#include "base/utf8.h"
#include "record/report.h"

static void add_ascii(struct buffer *out, struct text t)
{
    for (size_t at = 0; at < t.size;) {
        uint32_t point;
        size_t width = utf8_next(t.at + at, t.size - at, &point);
        unsigned char byte = (unsigned char)t.at[at];
        if (byte == '\n' || byte == '\t')
            buffer_string(out, " ");
        else if (!width || byte < 0x20 || byte == 0x7f)
            buffer_printf(out, "\\x%02x", byte);
        else if (width > 1)
            buffer_printf(out, "\\u{%x}", (unsigned)point);
        else
            buffer_add(out, t.at + at, 1);
        at += width ? width : 1;
    }
}

static bool is_link(struct text word)
{
    for (size_t i = 0; i + 3 <= word.size; i++)
        if (!memcmp(word.at + i, "://", 3))
            return true;
    return false;
}

struct line {
    struct buffer *out;
    size_t indent, column;
    bool fresh; /* nothing but the lead or the indent on it */
};

static void line_break(struct line *line)
{
    buffer_printf(line->out, "\n%*s", (int)line->indent, "");
    line->column = line->indent;
    line->fresh = true;
}

static void line_word(struct line *line, struct text word)
{
    size_t gap = line->fresh ? 0 : 1;
    if (line->column + gap + word.size > REPORT_COLUMNS && !line->fresh) {
        line_break(line);
        gap = 0;
    }
    bool whole = is_link(word);
    if (gap)
        buffer_string(line->out, " ");
    line->column += gap;
    while (!whole && line->column + word.size > REPORT_COLUMNS && !line->out->failed) {
        size_t room = REPORT_COLUMNS - line->column;
        buffer_add(line->out, word.at, room);
        word = text_skip(word, room);
        line_break(line);
    }
    buffer_text(line->out, word);
    line->column += word.size;
    line->fresh = false;
}

void lines_words(struct buffer *out, const char *lead, size_t indent, struct text t, size_t most)
{
    struct buffer ascii;
    buffer_init(&ascii, SIZE_MAX);
    bool cut = t.size > most;
    add_ascii(&ascii, cut ? (struct text){t.at, most} : t);
    if (cut)
        buffer_string(&ascii, "...");
    if (ascii.failed)
        out->failed = true;
    struct line line = {out, indent, strlen(lead), true};
    struct text rest = buffer_view(&ascii), word;
    if (rest.size)
        buffer_string(out, lead);
    while (text_next_field(&rest, ' ', &word))
        if (word.size)
            line_word(&line, word);
    if (ascii.size)
        buffer_string(out, "\n");
    buffer_free(&ascii);
}

/* End of the character or escape (\xNN, \u{N…}) that begins at `at`. */
static size_t token_end(struct text t, size_t at)
{
    if (t.at[at] != '\\')
        return at + 1;
    size_t end = at + 4;
    if (at + 1 < t.size && t.at[at + 1] == 'u')
        for (end = at + 2; end < t.size && t.at[end - 1] != '}'; end++)
            ;
    return end < t.size ? end : t.size;
}

void lines_name(struct buffer *out, struct text escaped, size_t columns)
{
    if (escaped.size <= columns) {
        buffer_text(out, escaped);
        return;
    }
    size_t head_most = (columns - 3) / 2, tail_least = escaped.size - (columns - 3 - head_most);
    size_t head = 0, tail = escaped.size;
    for (size_t at = 0; at < escaped.size; at = token_end(escaped, at)) {
        if (at <= head_most)
            head = at;
        if (at >= tail_least) {
            tail = at;
            break;
        }
    }
    buffer_add(out, escaped.at, head);
    buffer_string(out, "...");
    buffer_text(out, text_skip(escaped, tail));
}

void lines_number(struct buffer *out, size_t number)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%zu", number);
    for (int i = 0; i < count; i++) {
        if (i && (count - i) % 3 == 0)
            buffer_string(out, ",");
        buffer_add(out, digits + i, 1);
    }
}

/* ------------------------------------------------------------------ commands */

#define CONTINUED 2 /* columns of " \\" */

/* Nothing that a shell would read as anything else. */
static bool is_bare(struct text word)
{
    static const char others[] = "-_./+,:@%=";
    for (size_t i = 0; i < word.size; i++) {
        char c = ascii_lower(word.at[i]);
        if (!(c >= 'a' && c <= 'z') && !ascii_digit(c) && !memchr(others, c, sizeof others - 1))
            return false;
    }
    return word.size > 0;
}

static bool is_printable(struct text word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.at[i] < ' ' || word.at[i] > '~')
            return false;
    return true;
}

/* In single quotes: within them nothing but the quote itself means anything. */
static void quote(struct text word, struct buffer *out)
{
    struct text part;
    if (is_bare(word)) {
        buffer_text(out, word);
        return;
    }
    buffer_string(out, "'");
    for (const char *between = ""; text_next_field(&word, '\'', &part); between = "'\\''") {
        buffer_string(out, between);
        buffer_text(out, part);
    }
    buffer_string(out, "'");
}

/* In pieces, each quoted: a backslash at the end of a line joins it with the beginning of the next. */
static void add_pieces(struct line *line, struct text word)
{
    size_t most = REPORT_COLUMNS - line->indent - CONTINUED - 2;
    if (memchr(word.at, '\'', word.size))
        most /= 4; /* columns that a quote takes */
    for (const char *join = ""; word.size; join = "\\\n") {
        size_t size = word.size < most ? word.size : most;
        buffer_string(line->out, join);
        size_t before = line->out->size;
        quote((struct text){word.at, size}, line->out);
        line->column = line->out->size - before;
        word = text_skip(word, size);
    }
}

static size_t quoted_size(struct text word)
{
    struct buffer quoted;
    buffer_init(&quoted, SIZE_MAX);
    quote(word, &quoted);
    size_t size = quoted.size;
    buffer_free(&quoted);
    return size;
}

/* `with`: columns of what should stand on the same line, an option's value. */
static void command_word(struct line *line, struct text word, size_t with)
{
    size_t size = quoted_size(word), gap = line->fresh ? 0 : 1;
    bool whole = line->indent + size + CONTINUED <= REPORT_COLUMNS;
    if (line->indent + size + with + CONTINUED > REPORT_COLUMNS)
        with = 0;
    if (gap && (!whole || line->column + gap + size + with + CONTINUED > REPORT_COLUMNS)) {
        buffer_string(line->out, " \\");
        line_break(line);
        gap = 0;
    }
    if (gap)
        buffer_string(line->out, " ");
    line->column += gap + size;
    if (whole)
        quote(word, line->out);
    else
        add_pieces(line, word);
    line->fresh = false;
}

bool lines_command(struct buffer *out, size_t indent, const struct text *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_printable(words[i]))
            return false;
    buffer_printf(out, "%*s", (int)indent, "");
    struct line line = {out, indent + 2, indent, true};
    for (size_t i = 0; i < count; i++)
        command_word(
            &line, words[i],
            text_starts(words[i], TEXT("--")) && i + 1 < count ? 1 + quoted_size(words[i + 1]) : 0);
    buffer_string(out, "\n");
    return true;
}
