/*
 * push.h - one run of the hook: what Bitbucket (or `refgate check`) says about it.
 *
 * All texts live as long as the environment and the buffer stdin was read into.
 */
#ifndef REFGATE_MODEL_PUSH_H
#define REFGATE_MODEL_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "model/change.h"
#include "model/credential.h"

enum trigger {
    TRIGGER_PUSH = 1,
    TRIGGER_BRANCH_CREATE,
    TRIGGER_BRANCH_DELETE,
    TRIGGER_TAG_CREATE,
    TRIGGER_TAG_DELETE,
    TRIGGER_FILE_EDIT,
    TRIGGER_PULL_REQUEST_MERGE,
    TRIGGER_MERGE,   /* internal */
    TRIGGER_UNKNOWN, /* data, not an error; push.trigger_text says which */
};
const char *trigger_name(enum trigger t);  /* "push", "branch-create", …; NULL for UNKNOWN */
enum trigger trigger_parse(struct text t); /* absent or empty: UNKNOWN */

/* What somebody who watches the logins on this node says of an ordinary user's push (the resolver
 * access-log, semantics.md 5). */
struct observation {
    enum credential_class class; /* USER_SSH_KEY, USER_TOKEN, USER_PASSWORD; USER: cannot tell */
    bool id_known;
    uint64_t id;          /* of the token */
    struct text evidence; /* one phrase, ASCII, no names that the pusher chose */
};
struct push;
struct observer {
    void *self;
    /* Asked at most once a push, and only if its pusher is an ordinary user. `out` is filled in any
     * case; its texts live as long as self. */
    void (*observe)(void *self, const struct push *push, struct observation *out);
};

struct push {
    bool native;  /* native git hook: pusher and repository CANNOT_TELL */
    bool dry_run; /* merge check: nothing is pushed, nothing consumed */
    bool merge;   /* judged in the merge column (semantics.md 4.1) */
    enum trigger trigger;
    struct text trigger_text; /* as given; absent under --native */

    struct text base_url; /* BB_BASE_URL; may be absent (older add-ons) */
    struct text project_key, repository_slug;
    bool storage_id_known; /* the storage path ends in a numeric id */
    uint64_t storage_id;

    struct text user_name;
    struct text user_display_name; /* may be absent */
    struct text user_email;        /* absent when unset, empty or "null" */
    struct text user_permission;   /* Bitbucket's word, may be absent */

    struct text pull_request_id;     /* may be absent */
    struct text credential_value;    /* value of the trusted wrapper's variable; absent: not set */
    const struct observer *observer; /* NULL: nobody watches */

    const struct change *changes;
    size_t change_count;
    struct digest stdin_digest; /* of what was read; of "" for a dry run */

    int64_t now_ms;
    struct local_time local; /* in the configured zone; .known=false: cannot tell */
    struct text host;        /* this node's name, for the record */

    /* Becomes 1 from outside when the deadline has passed; NULL: there is none. */
    const volatile int *late;
};

#endif
