/*
 * principal.h - somebody or something that pushes, as the hook would see it: a user, an access key, a
 * token of the repository or of its project.
 *
 * A key or a token pushes as a service user, which is not in the list of users: a key's is named by
 * the map of service users if there is one, else made up here in the form that Bitbucket gives it (16
 * hex digits, and a display name with the label), which the hook recognises in the same way.
 */
#ifndef REFGATE_COMMAND_PRINCIPAL_H
#define REFGATE_COMMAND_PRINCIPAL_H

#include "base/arena.h"
#include "base/buffer.h"
#include "policy/view.h"
#include "snapshot/reader.h"

enum principal_type {
    PRINCIPAL_USER = 1,
    PRINCIPAL_KEY,
    PRINCIPAL_REPOSITORY_TOKEN,
    PRINCIPAL_PROJECT_TOKEN,
};
const char *principal_type_name(enum principal_type type); /* user access-key repository-token … */

struct principal {
    enum principal_type type;
    uint64_t id;      /* of the user or the key; of the repository or project that a token is of */
    struct text name; /* the user's; the label of the key; absent for a token */
    /* As in BB_USER_NAME, BB_USER_DISPLAY_NAME, BB_USER_PERMISSION; NULL: not set. */
    const char *user_name, *display_name, *permission;
    bool mapped; /* the key's service user is in the snapshot's map */
};

/* Service users by the keys that they belong to. A snapshot without a map costs nothing, one with a
 * map one walk over all records. */
struct service_name {
    uint64_t key;
    struct text name;
};
struct service_names {
    struct service_name *items;
    size_t count;
};
enum status service_names_read(struct snapshot *snapshot, struct arena *arena,
                               struct service_names *out, struct error *err) MUST_CHECK;

/* Texts live in `arena`. A name that holds a NUL is cut there. */
enum status principal_user(struct text name, uint64_t id, struct arena *arena,
                           struct principal *out, struct error *err) MUST_CHECK;
enum status principal_key(const struct view *view, const struct service_names *services,
                          uint64_t id, struct text label, struct arena *arena,
                          struct principal *out, struct error *err) MUST_CHECK;
/* Its permission is in no snapshot: taken to be REPO_WRITE. */
enum status principal_token(const struct snapshot_repository *repository, bool of_project,
                            struct arena *arena, struct principal *out,
                            struct error *err) MUST_CHECK;
/* `access key 158 "ci-deploy"`, `jdoe`, `a project token with write scope`; names are as
 * they are: who prints it escapes it. */
void principal_words(const struct principal *principal, struct buffer *out);

#endif
