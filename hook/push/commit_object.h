/*
 * commit_object.h - the bytes of commit and tag objects, read as leniently as git reads them.
 *
 * Whoever pushes chooses these bytes. A commit that git accepts must not be "damaged" here, or its
 * writer could make the history of a protected branch unanswerable; so the checks are the ones of
 * git's own commit reader and no others (upper-case ids pass, a missing author passes).
 * Format: gitformat "commit objects", git-commit-tree(1), git-mktag(1).
 */
#ifndef REFGATE_PUSH_COMMIT_OBJECT_H
#define REFGATE_PUSH_COMMIT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define OBJECT_ID_SIZE 20

struct object_id {
    uint8_t bytes[OBJECT_ID_SIZE];
};

/* 40 hex digits of either case; false if they are not. */
bool object_id_parse(struct text hex, struct object_id *out);
void object_id_format(const struct object_id *id, char hex[2 * OBJECT_ID_SIZE]); /* no NUL */

struct commit_header {
    struct text parents; /* from the first "parent " line on */
    size_t parent_count;
    int64_t date; /* of the committer, seconds; 0 if it cannot be read */
    struct text author_email, committer_email; /* empty if missing or given twice */
};
/* false: not a commit that git would read. Texts point into `bytes`. */
bool commit_header_parse(struct text bytes, struct commit_header *out);
/* index < parent_count */
struct object_id commit_parent(const struct commit_header *header, size_t index);

/* The object a tag names; false if git would not read it. */
bool tag_target_parse(struct text bytes, struct object_id *out);

#endif
