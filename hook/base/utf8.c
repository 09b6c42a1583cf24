#include "base/utf8.h"

size_t utf8_next(const char *at, size_t left, uint32_t *point)
{
    if (!left)
        return 0;
    const unsigned char *s = (const unsigned char *)at;
    size_t width;
    uint32_t value, least;
    if (s[0] < 0x80) {
        *point = s[0];
        return 1;
    } else if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        width = 2, value = s[0] & 0x1fu, least = 0x80;
    } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        width = 3, value = s[0] & 0x0fu, least = 0x800;
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        width = 4, value = s[0] & 0x07u, least = 0x10000;
    } else {
        return 0;
    }
    if (left < width)
        return 0;
    for (size_t i = 1; i < width; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (s[i] & 0x3fu);
    }
    if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *point = value;
    return width;
}

bool utf8_valid(struct text t)
{
    uint32_t point;
    for (size_t at = 0; at < t.size;) {
        size_t width = utf8_next(t.at + at, t.size - at, &point);
        if (!width)
            return false;
        at += width;
    }
    return true;
}

size_t utf8_columns(struct text t)
{
    size_t columns = 0;
    for (size_t at = 0; at < t.size; columns++) {
        uint32_t point;
        size_t bytes = utf8_next(t.at + at, t.size - at, &point);
        at += bytes ? bytes : 1;
    }
    return columns;
}
