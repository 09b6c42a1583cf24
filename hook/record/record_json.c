#include "record/record_json.h"

#include "base/buffer.h"
#include "base/utf8.h"

void json_put(struct record_maker *maker, json_t *object, const char *key, json_t *value)
{
    if (!object || json_object_set_new_nocheck(object, key, value))
        maker->failed = true;
    if (!object)
        json_decref(value);
}

void json_append(struct record_maker *maker, json_t *array, json_t *value)
{
    if (!array || json_array_append_new(array, value))
        maker->failed = true;
    if (!array)
        json_decref(value);
}

/* The first `most` bytes, but no half of a code point. */
static struct text cut(struct text t, size_t most)
{
    if (t.size <= most)
        return t;
    size_t size = most;
    while (size && most - size < 3 && ((unsigned char)t.at[size] & 0xc0) == 0x80)
        size--;
    return (struct text){t.at, ((unsigned char)t.at[size] & 0xc0) == 0x80 ? most : size};
}

/* semantics.md 8: %XX for each byte that is not part of a valid code point, %25 for `%`. */
static void percent_escape(struct text t, struct buffer *out)
{
    for (size_t at = 0; at < t.size;) {
        uint32_t point;
        size_t width = utf8_next(t.at + at, t.size - at, &point);
        if (!width || t.at[at] == '%') {
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)t.at[at]);
            width = 1;
        } else {
            buffer_add(out, t.at + at, width);
        }
        at += width;
    }
}

json_t *json_text(struct text t, size_t most, bool *escaped)
{
    if (text_absent(t))
        return json_null();
    struct text kept = cut(t, most);
    bool valid = utf8_valid(kept);
    if (escaped)
        *escaped = !valid;
    if (valid && kept.size == t.size)
        return json_stringn_nocheck(t.at, t.size);
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    if (valid)
        buffer_text(&text, kept);
    else
        percent_escape(kept, &text);
    if (kept.size < t.size)
        buffer_string(&text, "...");
    json_t *value = text.failed ? NULL : json_stringn_nocheck(text.data, text.size);
    buffer_free(&text);
    return value;
}

json_t *json_number(uint64_t number)
{
    return number <= INT64_MAX ? json_integer((json_int_t)number) : json_null();
}

json_t *json_list(struct record_maker *maker, const struct text_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count && i < RECORD_LIST_MAX; i++)
        json_append(maker, array, json_text(list->items[i], RECORD_NAME_MAX, NULL));
    return array;
}

size_t json_size(const json_t *value)
{
    return value ? json_dumpb(value, NULL, 0, JSON_COMPACT) : 0;
}
