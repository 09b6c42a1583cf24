#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/prefault.h"
#include "base/utf8.h"

void buffer_init(struct buffer *buffer, size_t cap)
{
    *buffer = (struct buffer){.cap = cap};
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.cap = buffer->cap};
}

static bool buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->failed)
        return false;
    if (more > buffer->cap - buffer->size || buffer->size + more + 1 < more) {
        buffer->failed = true;
        return false;
    }
    size_t need = buffer->size + more + 1;
    if (need <= buffer->room)
        return true;
    size_t room = buffer->room ? buffer->room : 256;
    while (room < need)
        room = room > SIZE_MAX / 2 ? need : room * 2;
    char *data = realloc(buffer->data, room);
    if (!data) {
        buffer->failed = true;
        return false;
    }
    prefault(data + buffer->size, room - buffer->size);
    buffer->data = data;
    buffer->room = room;
    return true;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    if (!buffer_reserve(buffer, size))
        return;
    if (size)
        memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

void buffer_text(struct buffer *buffer, struct text t)
{
    buffer_add(buffer, t.at, t.size);
}

void buffer_string(struct buffer *buffer, const char *string)
{
    buffer_add(buffer, string, strlen(string));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need < 0) {
        buffer->failed = true;
    } else if (buffer_reserve(buffer, (size_t)need)) {
        vsnprintf(buffer->data + buffer->size, (size_t)need + 1, format, again);
        buffer->size += (size_t)need;
    }
    va_end(again);
}

/* Code points that show nothing, or change how their neighbours are shown (Unicode's C1 controls,
 * Default_Ignorable_Code_Point, line and paragraph separators, interlinear annotation): a ref name
 * that uses them is not what it looks like. */
static bool is_invisible(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x80, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},   {0x61c, 0x61c},
        {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f}, {0x200b, 0x200f},
        {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164}, {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
        {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

/* The most of `t` that fits into `most` bytes and does not end inside of a code point. */
static struct text cut_to(struct text t, size_t most)
{
    uint32_t point;
    for (size_t back = 1; back <= 3 && back <= most; back++) {
        size_t width = utf8_next(t.at + most - back, t.size - (most - back), &point);
        if (width > back)
            return (struct text){t.at, most - back};
        if (width)
            break;
    }
    return (struct text){t.at, most};
}

void buffer_escaped(struct buffer *buffer, struct text t, size_t most, bool ascii)
{
    bool cut = t.size > most;
    if (cut)
        t = cut_to(t, most);
    size_t at = 0;
    while (at < t.size) {
        uint32_t point;
        size_t width = utf8_next(t.at + at, t.size - at, &point);
        unsigned char byte = (unsigned char)t.at[at];
        if (!width) {
            buffer_printf(buffer, "\\x%02x", byte);
            width = 1;
        } else if (width == 1 && (byte < 0x20 || byte == 0x7f || byte == '\\')) {
            buffer_printf(buffer, "\\x%02x", byte);
        } else if (width > 1 && (ascii || is_invisible(point))) {
            buffer_printf(buffer, "\\u{%x}", (unsigned)point);
        } else {
            buffer_add(buffer, t.at + at, width);
        }
        at += width;
    }
    if (cut)
        buffer_string(buffer, "...");
}
