#include "bitbucket/field.h"

#include <string.h>

#include "base/buffer.h"

#define NUMBER_MAX ((uint64_t)INT64_MAX) /* JSON's integers in jansson are signed */
#define WHERE_MAX 400

void field_fail(struct fields *f, const char *path, const char *what)
{
    struct buffer where;
    if (f->status != STATUS_OK)
        return;
    buffer_init(&where, SIZE_MAX);
    buffer_escaped(&where, text_of(f->where), WHERE_MAX, false);
    const char *url = where.data ? where.data : "";
    if (f->in_page)
        f->status = error_set(f->err, STATUS_FORMAT, "%s: values[%zu]%s%s %s", url, f->index,
                              *path ? "." : "", path, what);
    else
        f->status = error_set(f->err, STATUS_FORMAT, "%s: %s %s", url, *path ? path : "the answer",
                              what);
    buffer_free(&where);
}

/* Follows a dotted path. NULL: absent, or failed. */
static json_t *follow(struct fields *f, const json_t *object, const char *path, enum need need)
{
    const json_t *at = object;
    const char *step = path;
    char name[64];
    while (f->status == STATUS_OK) {
        const char *dot = strchr(step, '.');
        size_t size = dot ? (size_t)(dot - step) : strlen(step);
        if (!json_is_object(at) || size >= sizeof name) {
            field_fail(f, path, "is not in an object");
            return NULL;
        }
        memcpy(name, step, size);
        name[size] = '\0';
        json_t *value = json_object_get(at, name);
        if (!value || json_is_null(value)) {
            if (need == REQUIRED)
                field_fail(f, path, "is missing");
            return NULL;
        }
        if (!dot)
            return value;
        at = value;
        step = dot + 1;
    }
    return NULL;
}

struct text field_text(struct fields *f, const json_t *object, const char *path, enum need need)
{
    const json_t *value = follow(f, object, path, need);
    if (!value)
        return TEXT_NONE;
    if (!json_is_string(value)) {
        field_fail(f, path, "is not a text");
        return TEXT_NONE;
    }
    if (need == REQUIRED && !json_string_length(value))
        field_fail(f, path, "is empty");
    return (struct text){json_string_value(value), json_string_length(value)};
}

uint64_t field_u64(struct fields *f, const json_t *object, const char *path, enum need need,
                   bool *there)
{
    const json_t *value = follow(f, object, path, need);
    uint64_t number = 0;
    if (there)
        *there = false;
    if (!value)
        return 0;
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        number = (uint64_t)json_integer_value(value);
    } else if (!json_is_string(value) ||
               !text_parse_u64((struct text){json_string_value(value), json_string_length(value)},
                               NUMBER_MAX, false, &number)) {
        field_fail(f, path, "is not a number");
        return 0;
    }
    if (there)
        *there = true;
    return number;
}

bool field_bool(struct fields *f, const json_t *object, const char *path, enum need need,
                bool otherwise)
{
    const json_t *value = follow(f, object, path, need);
    if (!value)
        return otherwise;
    if (!json_is_boolean(value)) {
        field_fail(f, path, "is neither true nor false");
        return otherwise;
    }
    return json_is_true(value);
}

json_t *field_object(struct fields *f, const json_t *object, const char *path, enum need need)
{
    json_t *value = follow(f, object, path, need);
    if (value && !json_is_object(value)) {
        field_fail(f, path, "is not an object");
        return NULL;
    }
    return value;
}

json_t *field_array(struct fields *f, const json_t *object, const char *path, enum need need)
{
    json_t *value = follow(f, object, path, need);
    if (value && !json_is_array(value)) {
        field_fail(f, path, "is not a list");
        return NULL;
    }
    return value;
}
