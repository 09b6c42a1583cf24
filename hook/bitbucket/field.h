/*
 * field.h - typed access to the fields of an answer.
 *
 * A field of another type than Bitbucket documents is an error that names the answer and the field:
 * a default taken silently would be a grant or an exemption that nobody gave. Absent and null are the
 * same. Texts live as long as the JSON value.
 */
#ifndef REFGATE_BITBUCKET_FIELD_H
#define REFGATE_BITBUCKET_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum need { OPTIONAL, REQUIRED };

struct fields {
    const char *where;    /* the URL of the answer */
    bool in_page;         /* the value is values[index] of a page */
    size_t index;
    struct error *err;
    enum status status;   /* sticky: after a failure everything is empty */
};

/* `path` may go into objects: "project.key". */
struct text field_text(struct fields *f, const json_t *object, const char *path, enum need need);
/* A number, or a text of digits (rest-api.md 1.1). *there may be NULL. */
uint64_t field_u64(struct fields *f, const json_t *object, const char *path, enum need need,
                   bool *there);
bool field_bool(struct fields *f, const json_t *object, const char *path, enum need need,
                bool otherwise);
/* NULL if absent. */
json_t *field_object(struct fields *f, const json_t *object, const char *path, enum need need);
json_t *field_array(struct fields *f, const json_t *object, const char *path, enum need need);
/* Sets the failure "WHERE: values[N].PATH WHAT". */
void field_fail(struct fields *f, const char *path, const char *what);

#endif
