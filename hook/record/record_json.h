/*
 * record_json.h - small pieces of JSON (jansson) for the decision record.
 *
 * A piece that cannot be made sets `failed`, once for the whole record; nobody has to look after
 * each call. All strings go through json_text(), so that no record is longer than it may be and
 * none holds bytes that are not UTF-8.
 */
#ifndef REFGATE_RECORD_RECORD_JSON_H
#define REFGATE_RECORD_RECORD_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "policy/policy.h"

#define RECORD_NAME_MAX ((size_t)512)  /* names, labels, ids: bytes of input */
#define RECORD_TEXT_MAX ((size_t)1024) /* sentences */
#define RECORD_REF_MAX ((size_t)4096)
#define RECORD_LIST_MAX ((size_t)32) /* proofs, controls, candidates */

struct record_maker {
    bool failed; /* out of memory */
};

/* object[key] = value; takes the value over, also on failure. NULL as value is a failure. */
void json_put(struct record_maker *maker, json_t *object, const char *key, json_t *value);
void json_append(struct record_maker *maker, json_t *array, json_t *value);
/* null for an absent text. Not valid UTF-8: each such byte as %XX, and % as %25; *escaped (may be
 * NULL) says so. At most `most` bytes of input; longer ends in "...". */
json_t *json_text(struct text t, size_t most, bool *escaped);
json_t *json_number(uint64_t number); /* null if JSON readers could not hold it */
json_t *json_list(struct record_maker *maker, const struct text_list *list);
/* Bytes that it takes in the record; 0 if it cannot be told. */
size_t json_size(const json_t *value);

#endif
