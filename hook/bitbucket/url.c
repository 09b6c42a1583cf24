#include "bitbucket/url.h"

#include <stdlib.h>

#define PARAMETERS_MAX 16

static bool unreserved(char c)
{
    char lower = ascii_lower(c);
    return ascii_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

static void put_byte(struct buffer *out, char c)
{
    if (unreserved(c))
        buffer_add(out, &c, 1);
    else
        buffer_printf(out, "%%%02X", (unsigned char)c);
}

static void put_encoded(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.size; i++)
        put_byte(out, t.at[i]);
}

void url_fill(struct buffer *out, const char *template, const struct url_values *values)
{
    const struct {
        struct text name, value;
    } names[] = {
        {TEXT("{project}"), values->project},
        {TEXT("{repository}"), values->repository},
        {TEXT("{group}"), values->group},
        {TEXT("{user}"), values->user},
        {TEXT("{slug}"), values->slug},
    };
    struct text rest = text_of(template);
    while (rest.size) {
        size_t step = 1;
        for (size_t i = 0; rest.at[0] == '{' && i < sizeof names / sizeof names[0]; i++)
            if (text_starts(rest, names[i].name)) {
                put_encoded(out, names[i].value);
                step = names[i].name.size;
            }
        if (step == 1)
            buffer_add(out, rest.at, 1);
        rest = text_skip(rest, step);
    }
}

static int hex_value(char c)
{
    char lower = ascii_lower(c);
    if (ascii_digit(c))
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* One way to write each byte; `keep` are delimiters that stay. */
static void put_normal(struct buffer *out, struct text t, const char *keep)
{
    for (size_t i = 0; i < t.size; i++) {
        char c = t.at[i];
        if (c == '%' && i + 2 < t.size && hex_value(t.at[i + 1]) >= 0 &&
            hex_value(t.at[i + 2]) >= 0) {
            c = (char)(hex_value(t.at[i + 1]) * 16 + hex_value(t.at[i + 2]));
            i += 2;
            put_byte(out, ascii_lower(c));
        } else if (c && strchr(keep, c)) {
            buffer_add(out, &c, 1);
        } else {
            put_byte(out, ascii_lower(c == '+' ? ' ' : c));
        }
    }
}

static int compare_parameters(const void *a, const void *b)
{
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

static bool counts(struct text parameter)
{
    return parameter.size && !text_starts(parameter, TEXT("limit=")) &&
           !text_equal(parameter, TEXT("start=0"));
}

/* The parameters in their normal form, sorted, those that do not count left out. */
static bool put_parameters(struct buffer *out, struct text rest)
{
    struct buffer normal;
    struct text parameter, parameters[PARAMETERS_MAX];
    size_t ends[PARAMETERS_MAX], count = 0, kept = 0;
    buffer_init(&normal, SIZE_MAX);
    while (count < PARAMETERS_MAX && text_next_field(&rest, '&', &parameter)) {
        put_normal(&normal, parameter, "=");
        ends[count++] = normal.size;
    }
    const struct text all = buffer_view(&normal); /* "?&" has no byte of them */
    for (size_t i = 0, start = 0; i < count && !normal.failed; start = ends[i++]) {
        parameter = (struct text){all.at + start, ends[i] - start};
        if (counts(parameter))
            parameters[kept++] = parameter;
    }
    qsort(parameters, kept, sizeof parameters[0], compare_parameters);
    for (size_t i = 0; i < kept; i++) {
        buffer_string(out, i ? "&" : "?");
        buffer_text(out, parameters[i]);
    }
    bool good = text_absent(rest) && !normal.failed; /* all of them were looked at */
    buffer_free(&normal);
    return good;
}

bool url_normalise(struct buffer *out, struct text base_url, struct text url)
{
    struct text path;
    if (base_url.size && text_starts(url, base_url))
        url = text_skip(url, base_url.size);
    if (!text_starts(url, TEXT("/rest/")) || !text_next_field(&url, '?', &path))
        return false;
    put_normal(out, path, "/");
    return put_parameters(out, url);
}
