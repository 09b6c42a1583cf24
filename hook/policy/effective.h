/*
 * effective.h - what somebody may do in a repository, and each grant that it comes from (semantics.md
 * 3): for who-can, access and reports. decide() asks the same code, which then only keeps the level.
 */
#ifndef REFGATE_POLICY_EFFECTIVE_H
#define REFGATE_POLICY_EFFECTIVE_H

#include "base/arena.h"
#include "base/error.h"
#include "model/answer.h"
#include "policy/view.h"

/* In the order in which people want to read them. */
enum grant_source {
    GRANT_DIRECT = 1, /* the user or the key itself */
    GRANT_OWNER,      /* of a personal project */
    GRANT_GROUP,
    GRANT_DEFAULT, /* the project's default permission */
    GRANT_PUBLIC,
};
const char *grant_source_name(enum grant_source source); /* direct owner group default public */

struct effective_grant {
    enum grant_source source;
    enum grant_scope scope;
    enum answer applies;           /* YES, or CANNOT_TELL: the group could not be read completely */
    enum permission granted, here; /* as it was given; on the repository's scale, never NONE */
    uint32_t group;                /* GRANT_GROUP: its number in the snapshot, and its name */
    struct text group_name;
};

struct effective {
    struct snapshot_repository repository;
    enum answer user_known;      /* NO also for a key */
    struct snapshot_user user;   /* if YES */
    enum permission least, most; /* repository scale; equal unless something is not known */
    enum permission unread;      /* the most that grants which the sync could not read may give */
    const struct effective_grant *grants; /* strongest first; of a user who is inactive or not
                                             licensed, too, though they give nothing */
    size_t grant_count;
};

/* Fills `out`, whose texts and arrays live in `arena` and in the view. STATUS_NOT_FOUND: there is no
 * such repository; STATUS_FORMAT: the snapshot is damaged; STATUS_MEMORY. A user or a key that is not
 * in the snapshot is no error: user_known is NO, and there are no grants. */
enum status effective_of_user(const struct view *view, struct text project_key, struct text slug,
                              struct text user_name, struct arena *arena, struct effective *out,
                              struct error *err) MUST_CHECK;
/* Keys read or write, they never administer (rest-api.md 1.7). */
enum status effective_of_key(const struct view *view, struct text project_key, struct text slug,
                             uint64_t key_id, struct arena *arena, struct effective *out,
                             struct error *err) MUST_CHECK;

#endif
