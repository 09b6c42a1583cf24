#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "posture/html_part.h"

#define MINUTE_DIGITS 16 /* of 2026-11-22T04:10:00Z up to the minutes */
#define DAY_DIGITS 10

static void add_byte(struct buffer *out, char byte)
{
    switch (byte) {
    case '&':
        buffer_string(out, "&amp;");
        break;
    case '<':
        buffer_string(out, "&lt;");
        break;
    case '>':
        buffer_string(out, "&gt;");
        break;
    case '"':
        buffer_string(out, "&quot;");
        break;
    case '\'':
        buffer_string(out, "&#39;");
        break;
    default:
        buffer_add(out, &byte, 1);
    }
}

/* Bytes of the escape that begins at a backslash of buffer_escaped(): \xNN or \u{N...}. */
static size_t escape_size(struct text safe)
{
    if (safe.size < 2 || safe.at[1] != 'u')
        return safe.size < 4 ? safe.size : 4;
    const char *end = memchr(safe.at, '}', safe.size);
    return end ? (size_t)(end - safe.at) + 1 : safe.size;
}

static void add_escaped(struct buffer *out, struct text t, size_t most, bool mark)
{
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);
    buffer_escaped(&buffer, t, most, false);
    out->failed |= buffer.failed;
    /* A backslash of the text itself is spelled out too: each one here begins an escape. */
    for (struct text safe = buffer_view(&buffer); safe.size;) {
        size_t size = 1;
        if (mark && safe.at[0] == '\\') {
            size = escape_size(safe);
            buffer_printf(out, "<span class=\"esc\">%.*s</span>", (int)size, safe.at);
        } else {
            add_byte(out, safe.at[0]);
        }
        safe = text_skip(safe, size);
    }
    buffer_free(&buffer);
}

void html_plain(struct buffer *out, struct text t, size_t most)
{
    add_escaped(out, t, most, false);
}

void html_text(struct buffer *out, struct text t, size_t most)
{
    buffer_string(out, "<bdi>");
    add_escaped(out, t, most, true);
    buffer_string(out, "</bdi>");
}

void html_number(struct buffer *out, uint64_t number)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < size; i++) {
        if (i && (size - i) % 3 == 0)
            buffer_string(out, ",");
        buffer_add(out, digits + i, 1);
    }
}

void html_count(struct buffer *out, uint64_t number, const char *one, const char *many)
{
    html_number(out, number);
    buffer_printf(out, " %s", number == 1 ? one : many);
}

/* false: there is no such time (0 stands for none). */
static bool format(int64_t ms, char stamp[CLOCK_TEXT_SIZE])
{
    clock_format(ms, true, stamp);
    return ms > 0 && strlen(stamp) > MINUTE_DIGITS;
}

void html_time_plain(struct buffer *out, int64_t ms)
{
    char stamp[CLOCK_TEXT_SIZE];
    if (!format(ms, stamp)) {
        buffer_string(out, "unknown");
        return;
    }
    buffer_printf(out, "%.*s %.*s UTC", DAY_DIGITS, stamp, MINUTE_DIGITS - DAY_DIGITS - 1,
                  stamp + DAY_DIGITS + 1);
}

void html_time(struct buffer *out, int64_t ms)
{
    char stamp[CLOCK_TEXT_SIZE];
    bool known = format(ms, stamp);
    if (known)
        buffer_printf(out, "<time datetime=\"%s\">", stamp);
    html_time_plain(out, ms);
    if (known)
        buffer_string(out, "</time>");
}

void html_day(struct buffer *out, int64_t ms)
{
    char stamp[CLOCK_TEXT_SIZE];
    if (format(ms, stamp))
        buffer_add(out, stamp, DAY_DIGITS);
    else
        buffer_string(out, "unknown");
}

void html_duration(struct buffer *out, int64_t ms)
{
    char text[64];
    clock_format_duration(ms, text, sizeof text);
    buffer_string(out, text);
}

const char *html_severity_title(enum severity severity)
{
    static const char *const titles[SEVERITY_COUNT] = {
        [SEVERITY_INFO] = "Info", [SEVERITY_LOW] = "Low",           [SEVERITY_MEDIUM] = "Medium",
        [SEVERITY_HIGH] = "High", [SEVERITY_CRITICAL] = "Critical",
    };
    const char *title = severity > 0 && severity < SEVERITY_COUNT ? titles[severity] : NULL;
    return title ? title : "Unknown";
}

void html_severity(struct buffer *out, enum severity severity)
{
    const char *name = severity_name(severity);
    buffer_printf(out, "<span class=\"sev sev-%s\">%s</span>", name ? name : "info",
                  html_severity_title(severity));
}

uint64_t html_sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
