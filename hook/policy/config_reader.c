#include "policy/config_reader.h"

#include <ini.h>
#include <string.h>

#include "base/utf8.h"

#define KEY_MAX 49        /* inih keeps 49 bytes of a name */
#define SURROGATE_ROOM 80 /* the longest line that inih gets: a key, "=@" and ten digits */

struct reader {
    struct text rest; /* of the file */
    unsigned line;    /* of what was handed on last */
    struct text value;
    bool continues;
    bool key_open; /* a continuation line has something to continue */
    bool skipping; /* what came last was refused: so is what continues it */
    bool answered; /* inih reported the value of this line */
    bool expected;
    char stand_in[12];         /* for the value of this line */
    char section_stand_in[12]; /* for the section that values belong to; "" before the first */
    const struct config_events *events;
    struct config_problems *problems;
};

/* "@LINE" into `out`; room for 12 bytes. */
static void write_stand_in(char *out, unsigned line)
{
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + line % 10);
        line /= 10;
    } while (line);
    *out++ = '@';
    while (count)
        *out++ = digits[--count];
    *out = '\0';
}

/* Printable ASCII only: eight bytes at a time, since every push reads the whole file. */
static bool is_plain(struct text t)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    size_t at = 0;
    for (; t.size - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, t.at + at, 8);
        /* A top bit: not ASCII; after - 0x20: a byte below it; after + 0x01: 0x7f. */
        if ((word | (word - ones * 0x20) | (word + ones)) & tops)
            return false;
    }
    for (; at < t.size; at++)
        if ((unsigned char)t.at[at] < 0x20 || (unsigned char)t.at[at] > 0x7e)
            return false;
    return true;
}

/* Tabs are blanks; every other control character, C1 ones included, is refused, since it would
 * reach terminals and logs, and so is what is not UTF-8. */
static bool line_usable(struct reader *r, struct text line)
{
    if (line.size > CONFIG_LINE_MAX) {
        config_problem(r->problems, r->line,
                       "the line is longer than %d bytes; continue a list on the next line, which "
                       "then begins with a blank",
                       CONFIG_LINE_MAX);
        return false;
    }
    if (is_plain(line))
        return true;
    for (size_t at = 0; at < line.size;) {
        uint32_t point;
        size_t width = utf8_next(line.at + at, line.size - at, &point);
        if (!width) {
            config_problem(r->problems, r->line, "byte %zu (0x%02x) is not valid UTF-8", at + 1,
                           (unsigned)(unsigned char)line.at[at]);
            return false;
        }
        if ((point < 0x20 && point != '\t') || (point >= 0x7f && point < 0xa0)) {
            config_problem(r->problems, r->line, "byte %zu is a control character (U+%04X)", at + 1,
                           (unsigned)point);
            return false;
        }
        at += width;
    }
    return true;
}

/* What is left of a line without blanks at its ends and without comment: a comment begins with ; or
 * # as the first thing on a line, or with ; after a blank. */
static struct text line_body(struct text line)
{
    struct text body = text_trim(line);
    if (body.size && (body.at[0] == ';' || body.at[0] == '#'))
        return (struct text){body.at, 0};
    size_t from = 0;
    while (from < body.size) {
        const char *mark = memchr(body.at + from, ';', body.size - from);
        if (!mark)
            break;
        size_t at = (size_t)(mark - body.at);
        if (at && ascii_blank(body.at[at - 1]))
            return text_trim((struct text){body.at, at});
        from = at + 1;
    }
    return body;
}

static bool is_key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-';
}

/* "refs = ..." or "[rule ..." behind blanks: what somebody meant as a line of its own. inih would
 * add it to the list above. */
static bool looks_like_own_line(struct text body)
{
    if (body.at[0] == '[')
        return true;
    size_t at = 0;
    while (at < body.size && (is_key_byte(ascii_lower(body.at[at])) || body.at[at] == '_'))
        at++;
    if (!at)
        return false;
    while (at < body.size && ascii_blank(body.at[at]))
        at++;
    return at < body.size && body.at[at] == '=';
}

/* Each of these writes the line for inih and gives true, or reports a problem and gives false. */

static bool hand_continuation(struct reader *r, struct text body, char *out)
{
    if (r->skipping)
        return false;
    if (!r->key_open) {
        config_problem(
            r->problems, r->line,
            "the line begins with a blank and continues nothing; begin sections and keys "
            "in the first column");
        return false;
    }
    if (looks_like_own_line(body)) {
        config_problem(r->problems, r->line,
                       "the line begins with a blank, so it would continue the list above; begin "
                       "sections and keys in the first column");
        return false;
    }
    r->value = body;
    r->continues = true;
    write_stand_in(r->stand_in, r->line);
    out[0] = ' ';
    memcpy(out + 1, r->stand_in, sizeof r->stand_in);
    return true;
}

static bool hand_section(struct reader *r, struct text body, char *out)
{
    if (body.at[body.size - 1] != ']') {
        config_problem(r->problems, r->line,
                       "a section is [NAME] or [NAME \"...\"] and nothing "
                       "else on its line");
        r->events->section(r->events->self, r->line, TEXT_NONE);
        return false;
    }
    r->events->section(r->events->self, r->line,
                       text_trim((struct text){body.at + 1, body.size - 2}));
    write_stand_in(r->section_stand_in, r->line);
    size_t size = strlen(r->section_stand_in);
    out[0] = '[';
    memcpy(out + 1, r->section_stand_in, size);
    out[size + 1] = ']';
    out[size + 2] = '\0';
    return true;
}

static bool hand_key(struct reader *r, struct text body, char *out)
{
    const char *equals = memchr(body.at, '=', body.size);
    if (!equals) {
        config_problem(r->problems, r->line, "neither [SECTION] nor KEY = VALUE");
        return false;
    }
    size_t left = (size_t)(equals - body.at);
    struct text key = text_trim((struct text){body.at, left});
    bool valid = key.size && key.size <= KEY_MAX;
    for (size_t i = 0; valid && i < key.size; i++)
        valid = is_key_byte(key.at[i]);
    if (!valid) {
        config_problem(r->problems, r->line,
                       "%s is not the name of a key: small letters, digits "
                       "and -",
                       config_quoted(r->problems, key));
        return false;
    }
    r->value = text_trim(text_skip(body, left + 1));
    r->continues = false;
    if (r->value.size && r->value.at[0] == ';') { /* half a comment: printed, it would be one */
        config_problem(r->problems, r->line,
                       "a value cannot begin with ;, and a comment needs a blank before it");
        return false;
    }
    memcpy(out, key.at, key.size);
    out[key.size] = '=';
    write_stand_in(r->stand_in, r->line);
    memcpy(out + key.size + 1, r->stand_in, sizeof r->stand_in);
    return true;
}

/* One line of the file into a line for inih; false: nothing on it for inih. */
static bool hand_line(struct reader *r, struct text line, char *out)
{
    if (!line_usable(r, line)) {
        r->skipping = true;
        if (line.size && line.at[0] == '[')
            r->events->section(r->events->self, r->line, TEXT_NONE);
        return false;
    }
    struct text body = line_body(line);
    if (!body.size)
        return false;
    if (ascii_blank(line.at[0])) {
        r->expected = hand_continuation(r, body, out);
        return r->expected;
    }
    if (body.at[0] == '[') {
        r->key_open = false;
        r->skipping = !hand_section(r, body, out);
        return !r->skipping;
    }
    r->expected = hand_key(r, body, out);
    r->key_open = r->expected;
    r->skipping = !r->expected;
    return r->expected;
}

/* The value of every line that was handed on must have come back. */
static void check_answer(struct reader *r)
{
    if (r->expected && !r->answered)
        config_problem(r->problems, r->line, "the line was not understood");
    r->expected = r->answered = false;
}

/* ini_reader: like fgets(), over the buffer. */
static char *next_line(char *out, int room, void *stream)
{
    struct reader *r = stream;
    check_answer(r);
    if (room < SURROGATE_ROOM) {
        config_problem(r->problems, 0, "the INI parser takes too short lines");
        return NULL;
    }
    while (r->rest.size) {
        const char *end = memchr(r->rest.at, '\n', r->rest.size);
        size_t size = end ? (size_t)(end - r->rest.at) : r->rest.size;
        struct text line = {r->rest.at, size};
        r->rest = text_skip(r->rest, end ? size + 1 : size);
        r->line++;
        if (line.size && line.at[line.size - 1] == '\r') /* a file from Windows */
            line.size--;
        if (hand_line(r, line, out))
            return out;
    }
    return NULL;
}

static int take_value(void *user, const char *section, const char *name, const char *value)
{
    struct reader *r = user;
    if (!r->expected || r->answered || !value || strcmp(section, r->section_stand_in) != 0 ||
        strcmp(value, r->stand_in) != 0) {
        config_problem(r->problems, r->line, "the line was not understood");
        return 1;
    }
    r->answered = true;
    r->events->value(r->events->self, r->line, text_of(name), r->value, r->continues);
    return 1;
}

void config_read(struct text bytes, const struct config_events *events,
                 struct config_problems *problems)
{
    struct reader r = {.rest = bytes, .events = events, .problems = problems};
    size_t before = problems->count;
    int status = ini_parse_stream(next_line, &r, take_value, &r);
    check_answer(&r);
    if (status && problems->count == before)
        config_problem(problems, 0, "the INI parser refused the file");
    if (r.rest.size && problems->count == before)
        config_problem(problems, 0, "the INI parser did not read the whole file");
}
