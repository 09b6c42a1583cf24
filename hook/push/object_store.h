/*
 * object_store.h - the objects of a push: the repository's and the quarantine's, by libgit2.
 *
 * Nothing here depends on the environment or on configuration outside the repository, and nothing
 * is written. Each part is opened when it is first needed: many pushes are judged from the few new
 * objects alone, and opening the index of a large repository costs more than they do.
 */
#ifndef REFGATE_PUSH_OBJECT_STORE_H
#define REFGATE_PUSH_OBJECT_STORE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "push/commit_object.h"
#include "push/location.h"

struct object_store;

enum object_type { OBJECT_OTHER = 1, OBJECT_COMMIT, OBJECT_TAG };

/* Commits and tags beyond this are not read into memory: real ones are far below. */
#define OBJECT_SIZE_MAX ((size_t)32 * 1024 * 1024)

/* Initialises libgit2 and opens nothing. `location` must outlive the store. STATUS_MEMORY. */
enum status object_store_new(const struct location *location, struct object_store **out) MUST_CHECK;
void object_store_free(struct object_store *store); /* NULL is fine */
/* Opens the repository, once. STATUS_UNSUPPORTED: it is not on this host, or in a format that
 * libgit2 cannot read; STATUS_IO. *why: a static sentence for the pusher, set on failure. */
enum status object_store_open(struct object_store *store, const char **why) MUST_CHECK;

struct stored_object {
    enum object_type type;
    struct text bytes; /* of a commit or a tag; empty for others */
    void *handle;
};
/* With `incoming_only` from the quarantine; else from anywhere, and the repository must be open.
 * STATUS_NOT_FOUND, STATUS_LIMIT (too large), STATUS_FORMAT (damaged), STATUS_MEMORY, STATUS_IO. On
 * success the caller releases it. */
enum status object_store_read(struct object_store *store, const struct object_id *id,
                              bool incoming_only, struct stored_object *out) MUST_CHECK;
void stored_object_release(struct stored_object *object); /* zeroed or released: fine */

bool object_store_has_quarantine(const struct object_store *store);
/* Is the object in the quarantine itself? Sets *incoming (false without a quarantine). STATUS_IO if
 * it cannot be opened. */
enum status object_store_is_incoming(struct object_store *store, const struct object_id *id,
                                     bool *incoming) MUST_CHECK;
/* Is it among the objects that the repository had before this push (alternates included)? Sets
 * *held. STATUS_IO if they cannot be opened. The repository must be open for this and the rest. */
enum status object_store_is_held(struct object_store *store, const struct object_id *id,
                                 bool *held) MUST_CHECK;

/* What the ref names now; STATUS_NOT_FOUND if it does not exist or is symbolic. `name` is valid. */
enum status object_store_ref(struct object_store *store, struct text name,
                             struct object_id *id) MUST_CHECK;
/* Calls each for every ref of the repository that names an object directly; `each` returns false to
 * stop. STATUS_IO if they cannot be listed. */
enum status object_store_refs(struct object_store *store,
                              bool (*each)(void *context, struct text name,
                                           const struct object_id *id),
                              void *context) MUST_CHECK;

#endif
