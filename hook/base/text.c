#include "base/text.h"

bool text_equal_fold(struct text a, struct text b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
            return false;
    return true;
}

int text_compare(struct text a, struct text b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.at, b.at, common) : 0;
    if (order)
        return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

int text_compare_fold(struct text a, struct text b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    for (size_t i = 0; i < common; i++) {
        unsigned char x = (unsigned char)ascii_lower(a.at[i]);
        unsigned char y = (unsigned char)ascii_lower(b.at[i]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return a.size < b.size ? -1 : a.size > b.size;
}

struct text text_trim(struct text t)
{
    while (t.size && ascii_blank(t.at[0]))
        t = text_skip(t, 1);
    while (t.size && ascii_blank(t.at[t.size - 1]))
        t.size--;
    return t;
}

bool text_parse_u64(struct text t, uint64_t max, bool strict, uint64_t *out)
{
    if (!t.size || (strict && t.size > 1 && t.at[0] == '0'))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < t.size; i++) {
        if (!ascii_digit(t.at[i]))
            return false;
        uint64_t digit = (uint64_t)(t.at[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

static bool is_list_separator(char c)
{
    return c == ',' || ascii_blank(c);
}

bool text_next_item(struct text *rest, struct text *item)
{
    while (rest->size && is_list_separator(rest->at[0]))
        *rest = text_skip(*rest, 1);
    if (!rest->size)
        return false;
    size_t end = 0;
    while (end < rest->size && !is_list_separator(rest->at[end]))
        end++;
    *item = (struct text){rest->at, end};
    *rest = text_skip(*rest, end);
    return true;
}

bool text_next_field(struct text *rest, char separator, struct text *field)
{
    if (!rest->at)
        return false;
    const char *end = rest->size ? memchr(rest->at, separator, rest->size) : NULL;
    if (!end) {
        *field = *rest;
        *rest = TEXT_NONE;
        return true;
    }
    size_t size = (size_t)(end - rest->at);
    *field = (struct text){rest->at, size};
    *rest = text_skip(*rest, size + 1);
    return true;
}

uint64_t text_hash(struct text t)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < t.size; i++)
        hash = (hash ^ (unsigned char)t.at[i]) * UINT64_C(1099511628211);
    return hash ^ hash >> 32;
}
