/*
 * diff.h - what changed between two snapshots, as changes that people understand.
 *
 * Places and users are compared by their ids, so that what was renamed is not taken for deleted and
 * created; groups, which have no ids, by their names. What the sync could not read of a place
 * (--allow-partial) is never called removed or narrowed: nobody can tell; and what is new beside it
 * may be old: it is marked `unsure`.
 *
 * Of a place that is new only what matters is told besides (SEVERITY_MEDIUM and more), of one that is
 * gone, nothing.
 */
#ifndef REFGATE_SNAPSHOT_DIFF_H
#define REFGATE_SNAPSHOT_DIFF_H

#include "base/arena.h"
#include "base/buffer.h"
#include "model/severity.h"
#include "snapshot/reader.h"

enum diff_kind {
    DIFF_USER_ADDED,
    DIFF_USER_REMOVED,
    DIFF_USER_RENAMED,
    DIFF_USER_ACTIVATED,
    DIFF_USER_DEACTIVATED,
    DIFF_USER_LICENSED,
    DIFF_USER_UNLICENSED,
    DIFF_USER_EMAIL_CHANGED,
    DIFF_GROUP_ADDED,
    DIFF_GROUP_REMOVED,
    DIFF_MEMBER_ADDED,
    DIFF_MEMBER_REMOVED,
    DIFF_SERVICE_ADDED,
    DIFF_SERVICE_REMOVED,
    DIFF_SERVICE_CHANGED,
    /* Grants: of each sort of holder these four, in this order. */
    DIFF_GLOBAL_USER_GRANTED,
    DIFF_GLOBAL_USER_WIDENED,
    DIFF_GLOBAL_USER_NARROWED,
    DIFF_GLOBAL_USER_REVOKED,
    DIFF_GLOBAL_GROUP_GRANTED,
    DIFF_GLOBAL_GROUP_WIDENED,
    DIFF_GLOBAL_GROUP_NARROWED,
    DIFF_GLOBAL_GROUP_REVOKED,
    DIFF_USER_GRANTED,
    DIFF_USER_WIDENED,
    DIFF_USER_NARROWED,
    DIFF_USER_REVOKED,
    DIFF_GROUP_GRANTED,
    DIFF_GROUP_WIDENED,
    DIFF_GROUP_NARROWED,
    DIFF_GROUP_REVOKED,
    DIFF_KEY_GRANTED,
    DIFF_KEY_WIDENED,
    DIFF_KEY_NARROWED,
    DIFF_KEY_REVOKED,
    DIFF_DEFAULT_PERMISSION_GRANTED,
    DIFF_DEFAULT_PERMISSION_WIDENED,
    DIFF_DEFAULT_PERMISSION_NARROWED,
    DIFF_DEFAULT_PERMISSION_REVOKED,
    DIFF_KEY_LABEL_CHANGED,
    DIFF_KEY_EXPIRY_EXTENDED,
    DIFF_KEY_EXPIRY_SHORTENED,
    DIFF_KEY_REPLACED,
    DIFF_RESTRICTION_ADDED,
    DIFF_RESTRICTION_REMOVED,
    DIFF_RESTRICTION_TYPE_CHANGED,
    DIFF_RESTRICTION_MATCHER_CHANGED,
    DIFF_RESTRICTION_ACTIVATED,
    DIFF_RESTRICTION_DEACTIVATED,
    DIFF_USER_EXEMPTED,
    DIFF_USER_NOT_EXEMPT,
    DIFF_GROUP_EXEMPTED,
    DIFF_GROUP_NOT_EXEMPT,
    DIFF_KEY_EXEMPTED,
    DIFF_KEY_NOT_EXEMPT,
    DIFF_PROJECT_CREATED,
    DIFF_PROJECT_DELETED,
    DIFF_PROJECT_RENAMED,
    DIFF_PROJECT_OWNER_CHANGED,
    DIFF_REPOSITORY_CREATED,
    DIFF_REPOSITORY_DELETED,
    DIFF_REPOSITORY_RENAMED,
    DIFF_REPOSITORY_MOVED,
    DIFF_MADE_PUBLIC,
    DIFF_MADE_PRIVATE,
    DIFF_ARCHIVED,
    DIFF_UNARCHIVED,
    DIFF_DEFAULT_BRANCH_CHANGED,
    DIFF_BRANCH_MODEL_CHANGED,
    DIFF_FORK_ORIGIN_CHANGED,
    DIFF_VERSION_CHANGED,
    DIFF_UNREAD_NOW,
    DIFF_UNREAD_BEFORE,
    DIFF_UNREAD_BOTH,
    DIFF_KINDS
};

struct diff_kind_row {
    const char *name;       /* "user-added": stable, in JSON */
    enum severity severity; /* the usual one; what a grant gives may make it more, or less */
    enum diff_kind mirror;  /* what it is called from the new snapshot to the old one */
    const char *sentence;   /* {s} who or what it is about, {a} before, {b} after */
};
extern const struct diff_kind_row diff_kinds[DIFF_KINDS];

struct diff_change {
    enum diff_kind kind;
    enum severity severity;
    bool unsure;       /* it may have been so before: that could not be read then */
    struct text where; /* "PRJ/app", "project PRJ", "user jdoe", "group devs", "instance", … */
    /* As they came from Bitbucket: whoever prints them escapes them. May be absent. */
    struct text subject, before, after;
};

#define DIFF_CHANGES_MAX ((size_t)1000000)

struct diff {
    const struct diff_change *changes; /* worst first, then by place, kind and subject */
    size_t count;
    size_t by_severity[SEVERITY_COUNT];
    struct arena arena; /* of the list and of what is not in the snapshots themselves */
};

struct diff_options {
    enum severity least;    /* leave out what matters less; 0: nothing */
    struct text repository; /* only of these repositories (KEY/SLUG, a pattern) and their projects;
                               absent: everything */
};

/* Both open mapped (SNAPSHOT_MAPPED), of the same instance or not: base URLs are not looked at; they
 * must outlive *out. STATUS_FORMAT if one is damaged, STATUS_LIMIT for more than DIFF_CHANGES_MAX,
 * STATUS_MEMORY. The caller calls diff_free() in any case. */
enum status diff_snapshots(struct snapshot *before, struct snapshot *after,
                           const struct diff_options *options, struct diff *out,
                           struct error *err) MUST_CHECK;
/* One sentence without a full stop, outside names in quotes and escaped. */
void diff_sentence(const struct diff_change *change, struct buffer *out);
void diff_free(struct diff *diff); /* also of a zeroed one */

#endif
