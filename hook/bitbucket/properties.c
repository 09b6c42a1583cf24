#include "bitbucket/properties.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/config.h"

/* Where in the file: a "logical line" is read byte by byte, with line ends after a backslash, and the
 * blanks that follow, left out. */
struct cursor {
    struct text rest;
    unsigned line; /* of the next byte, from 1 */
};

static bool is_blank(char c)
{
    return ascii_blank(c) || c == '\f';
}

static bool is_end(char c)
{
    return c == '\n' || c == '\r';
}

static void skip_end(struct cursor *at) /* \n, \r or \r\n */
{
    bool both = at->rest.size > 1 && at->rest.at[0] == '\r' && at->rest.at[1] == '\n';
    at->rest = text_skip(at->rest, both ? 2 : 1);
    at->line++;
}

static void skip_blanks(struct cursor *at)
{
    while (at->rest.size && is_blank(at->rest.at[0]))
        at->rest = text_skip(at->rest, 1);
}

/* Over backslashes at the end of a line: the line goes on. */
static void join(struct cursor *at)
{
    while (at->rest.size > 1 && at->rest.at[0] == '\\' && is_end(at->rest.at[1])) {
        at->rest = text_skip(at->rest, 1);
        skip_end(at);
        skip_blanks(at);
    }
}

static int hex_digit(char c)
{
    char low = ascii_lower(c);
    return ascii_digit(c) ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static void add_code_point(struct buffer *out, unsigned c)
{
    unsigned char bytes[3] = {(unsigned char)c};
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
    if (size == 2) {
        bytes[0] = (unsigned char)(0xc0 | c >> 6);
        bytes[1] = (unsigned char)(0x80 | (c & 0x3f));
    } else if (size == 3) { /* half of a surrogate pair stays half: it equals nothing we look for */
        bytes[0] = (unsigned char)(0xe0 | c >> 12);
        bytes[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
        bytes[2] = (unsigned char)(0x80 | (c & 0x3f));
    }
    buffer_add(out, bytes, size);
}

/* What is behind a backslash. */
static enum status read_escape(struct cursor *at, struct buffer *out, struct error *err)
{
    static const char from[] = "tnrf", to[] = "\t\n\r\f";
    if (!at->rest.size) /* a backslash as the file's last byte stands for nothing */
        return STATUS_OK;
    char c = at->rest.at[0];
    at->rest = text_skip(at->rest, 1);
    const char *known = c ? strchr(from, c) : NULL;
    unsigned code = 0;
    if (c != 'u') {
        buffer_add(out, known ? &to[known - from] : &c, 1);
        return STATUS_OK;
    }
    for (int i = 0; i < 4; i++) {
        int digit = at->rest.size ? hex_digit(at->rest.at[0]) : -1;
        if (digit < 0)
            return error_set(err, STATUS_FORMAT, "line %u: \\u without four hexadecimal digits",
                             at->line);
        code = code << 4 | (unsigned)digit;
        at->rest = text_skip(at->rest, 1);
    }
    add_code_point(out, code);
    return STATUS_OK;
}

/* One key or value; stops before the end of the line, a key also before a separator. */
static enum status read_part(struct cursor *at, bool key, struct buffer *out, struct error *err)
{
    enum status status = STATUS_OK;
    for (join(at); status == STATUS_OK && at->rest.size; join(at)) {
        char c = at->rest.at[0];
        if (is_end(c) || (key && (c == '=' || c == ':' || is_blank(c))))
            break;
        at->rest = text_skip(at->rest, 1);
        if (c == '\\')
            status = read_escape(at, out, err);
        else
            buffer_add(out, &c, 1);
    }
    return status;
}

static void skip_separator(struct cursor *at)
{
    bool seen = false;
    for (join(at); at->rest.size; join(at)) {
        char c = at->rest.at[0];
        bool separates = !seen && (c == '=' || c == ':');
        if (!separates && !is_blank(c))
            return;
        seen |= separates;
        at->rest = text_skip(at->rest, 1);
    }
}

/* Blank lines and comments. A comment does not go on, whatever it ends in. */
static void skip_nothing(struct cursor *at)
{
    for (skip_blanks(at); at->rest.size; skip_blanks(at)) {
        char c = at->rest.at[0];
        if (c == '#' || c == '!')
            while (at->rest.size && !is_end(at->rest.at[0]))
                at->rest = text_skip(at->rest, 1);
        else if (!is_end(c))
            return;
        if (at->rest.size)
            skip_end(at);
    }
}

enum status properties_get(struct text bytes, struct text key, struct buffer *value, unsigned *line,
                           struct error *err)
{
    struct cursor at = {bytes, 1};
    struct buffer name, other;
    bool found = false, short_of_memory = false;
    enum status status = STATUS_OK;
    value->size = 0;
    for (skip_nothing(&at); status == STATUS_OK && at.rest.size; skip_nothing(&at)) {
        unsigned began = at.line;
        buffer_init(&name, SIZE_MAX);
        buffer_init(&other, SIZE_MAX);
        status = read_part(&at, true, &name, err);
        skip_separator(&at);
        bool same = text_equal(buffer_view(&name), key);
        if (same)
            value->size = 0;
        if (status == STATUS_OK)
            status = read_part(&at, false, same ? value : &other, err);
        short_of_memory |= name.failed || other.failed || value->failed;
        if (same && line)
            *line = began;
        found |= same;
        buffer_free(&name);
        buffer_free(&other);
    }
    if (short_of_memory)
        return error_set(err, STATUS_MEMORY, "out of memory");
    return status != STATUS_OK ? status
           : found             ? STATUS_OK
                               : error_set(err, STATUS_NOT_FOUND, "it is not set");
}

/* What Bitbucket makes of the value. Other words than these are an error of Bitbucket's, or false. */
static enum answer answer_of(struct text bytes, const char *path, struct error *why)
{
    struct buffer value;
    unsigned line = 0;
    enum answer answer = ANSWER_NO;
    struct error err = {STATUS_OK, ""};
    buffer_init(&value, SIZE_MAX);
    enum status status = properties_get(bytes, TEXT(PROPERTIES_FEATURE), &value, &line, &err);
    struct text is = buffer_view(&value);
    if (status == STATUS_NOT_FOUND) {
        (void)error_set(why, status, "%s does not set " PROPERTIES_FEATURE, path);
    } else if (status != STATUS_OK) {
        answer = ANSWER_CANNOT_TELL;
        (void)error_set(why, status, "%s: %s", path, err.text);
    } else if (text_equal_fold(is, TEXT("true"))) {
        answer = ANSWER_YES;
        (void)error_set(why, STATUS_OK, "line %u of %s says " PROPERTIES_FEATURE "=true", line,
                        path);
    } else if (text_equal_fold(text_trim(is), TEXT("true"))) {
        answer = ANSWER_CANNOT_TELL;
        (void)error_set(why, STATUS_FORMAT, "line %u of %s has blanks after \"true\": remove them",
                        line, path);
    } else {
        (void)error_set(why, STATUS_NOT_FOUND,
                        "line %u of %s says " PROPERTIES_FEATURE "=%.*s, not true", line, path,
                        is.size > 40 ? 40 : (int)is.size, is.at);
    }
    buffer_free(&value);
    return answer;
}

enum answer properties_feature_hook_scripts(const char *home, struct error *why)
{
    char path[PATH_MAX];
    struct stat st;
    struct buffer bytes;
    int size = snprintf(path, sizeof path, "%s/shared", home);
    if (size < 0 || (size_t)size >= sizeof path - sizeof "/bitbucket.properties") {
        (void)error_set(why, STATUS_LIMIT, "the path of Bitbucket's home is too long");
        return ANSWER_CANNOT_TELL;
    }
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        (void)error_set(why, STATUS_IO,
                        "%s is no directory that can be seen: is that Bitbucket's home?", path);
        return ANSWER_CANNOT_TELL;
    }
    snprintf(path + size, sizeof path - (size_t)size, "/bitbucket.properties");
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) { /* a FIFO has no end, and reads as empty */
        (void)error_set(why, STATUS_IO, "%s is not a regular file", path);
        return ANSWER_CANNOT_TELL;
    }
    buffer_init(&bytes, SIZE_MAX);
    enum answer answer = ANSWER_CANNOT_TELL;
    enum status status = config_read_file(path, &bytes, why);
    if (status == STATUS_NOT_FOUND) {
        answer = ANSWER_NO;
        (void)error_set(why, status, "%s does not exist", path);
    } else if (status == STATUS_OK) {
        answer = answer_of(buffer_view(&bytes), path, why);
    }
    buffer_free(&bytes);
    return answer;
}
