/*
 * diff_kinds.c - the one table of what can change, and how it is said.
 */
#include "snapshot/diff.h"

#define NAME_MOST ((size_t)400)

#define INFO SEVERITY_INFO
#define LOW SEVERITY_LOW
#define MEDIUM SEVERITY_MEDIUM
#define HIGH SEVERITY_HIGH

/* KIND, mirror: from the new snapshot to the old one */
#define ROW(kind, name, severity, mirror, sentence) \
    [DIFF_##kind] = {name, severity, DIFF_##mirror, sentence}
#define GRANTS(KIND, name, holder)                                                        \
    ROW(KIND##_GRANTED, name "-granted", LOW, KIND##_REVOKED, holder " was granted {b}"), \
        ROW(KIND##_WIDENED, name "-widened", LOW, KIND##_NARROWED,                        \
            holder " has {b} now instead of {a}"),                                        \
        ROW(KIND##_NARROWED, name "-narrowed", INFO, KIND##_WIDENED,                      \
            holder " has only {b} now instead of {a}"),                                   \
        ROW(KIND##_REVOKED, name "-revoked", INFO, KIND##_GRANTED, holder " lost {a}")

const struct diff_kind_row diff_kinds[DIFF_KINDS] = {
    ROW(USER_ADDED, "user-added", INFO, USER_REMOVED, "user \"{s}\" is new"),
    ROW(USER_REMOVED, "user-removed", INFO, USER_ADDED, "user \"{s}\" is gone"),
    ROW(USER_RENAMED, "user-renamed", LOW, USER_RENAMED, "user \"{a}\" is called \"{b}\" now"),
    ROW(USER_ACTIVATED, "user-activated", LOW, USER_DEACTIVATED, "user \"{s}\" is active again"),
    ROW(USER_DEACTIVATED, "user-deactivated", INFO, USER_ACTIVATED,
        "user \"{s}\" is no longer active"),
    ROW(USER_LICENSED, "user-licensed", LOW, USER_UNLICENSED, "user \"{s}\" is licensed now"),
    ROW(USER_UNLICENSED, "user-unlicensed", INFO, USER_LICENSED,
        "user \"{s}\" is no longer licensed"),
    ROW(USER_EMAIL_CHANGED, "user-email-changed", LOW, USER_EMAIL_CHANGED,
        "the e-mail address of user \"{s}\" changed from \"{a}\" to \"{b}\""),
    ROW(GROUP_ADDED, "group-added", INFO, GROUP_REMOVED, "group \"{s}\" is new"),
    ROW(GROUP_REMOVED, "group-removed", INFO, GROUP_ADDED, "group \"{s}\" is gone"),
    ROW(MEMBER_ADDED, "member-added", LOW, MEMBER_REMOVED,
        "user \"{s}\" is a member now; the group has {b}"),
    ROW(MEMBER_REMOVED, "member-removed", INFO, MEMBER_ADDED,
        "user \"{s}\" is no longer a member; the group had {a}"),
    ROW(SERVICE_ADDED, "service-added", LOW, SERVICE_REMOVED,
        "service user \"{s}\" is known to be access key {b} now"),
    ROW(SERVICE_REMOVED, "service-removed", LOW, SERVICE_ADDED,
        "service user \"{s}\" is no longer known to be access key {a}"),
    ROW(SERVICE_CHANGED, "service-changed", MEDIUM, SERVICE_CHANGED,
        "service user \"{s}\" is access key {b} now instead of {a}"),
    GRANTS(GLOBAL_USER, "global-user", "user \"{s}\""),
    GRANTS(GLOBAL_GROUP, "global-group", "group \"{s}\""),
    GRANTS(USER, "user", "user \"{s}\""),
    GRANTS(GROUP, "group", "group \"{s}\""),
    GRANTS(KEY, "key", "access key {s}"),
    GRANTS(DEFAULT_PERMISSION, "default-permission", "every licensed user"),
    ROW(KEY_LABEL_CHANGED, "key-label-changed", MEDIUM, KEY_LABEL_CHANGED,
        "access key {s} was labelled \"{a}\" and is \"{b}\" now"),
    ROW(KEY_EXPIRY_EXTENDED, "key-expiry-extended", MEDIUM, KEY_EXPIRY_SHORTENED,
        "access key {s} expires later: {b} instead of {a}"),
    ROW(KEY_EXPIRY_SHORTENED, "key-expiry-shortened", INFO, KEY_EXPIRY_EXTENDED,
        "access key {s} expires earlier: {b} instead of {a}"),
    ROW(KEY_REPLACED, "key-replaced", HIGH, KEY_REPLACED,
        "access key {s} is another key now: {b} instead of {a}"),
    ROW(RESTRICTION_ADDED, "restriction-added", INFO, RESTRICTION_REMOVED,
        "restriction {s} was added"),
    ROW(RESTRICTION_REMOVED, "restriction-removed", HIGH, RESTRICTION_ADDED,
        "restriction {s} was removed"),
    ROW(RESTRICTION_TYPE_CHANGED, "restriction-type-changed", MEDIUM, RESTRICTION_TYPE_CHANGED,
        "restriction {s} is {b} now instead of {a}"),
    ROW(RESTRICTION_MATCHER_CHANGED, "restriction-matcher-changed", MEDIUM,
        RESTRICTION_MATCHER_CHANGED, "restriction {s} holds for {b} now instead of {a}"),
    ROW(RESTRICTION_ACTIVATED, "restriction-activated", INFO, RESTRICTION_DEACTIVATED,
        "the matcher of restriction {s} is active now"),
    ROW(RESTRICTION_DEACTIVATED, "restriction-deactivated", HIGH, RESTRICTION_ACTIVATED,
        "the matcher of restriction {s} is no longer active: it restricts nothing"),
    ROW(USER_EXEMPTED, "user-exempted", MEDIUM, USER_NOT_EXEMPT,
        "user \"{s}\" is exempt now from restriction {b}"),
    ROW(USER_NOT_EXEMPT, "user-not-exempt", INFO, USER_EXEMPTED,
        "user \"{s}\" is no longer exempt from restriction {a}"),
    ROW(GROUP_EXEMPTED, "group-exempted", HIGH, GROUP_NOT_EXEMPT,
        "group \"{s}\" is exempt now from restriction {b}"),
    ROW(GROUP_NOT_EXEMPT, "group-not-exempt", INFO, GROUP_EXEMPTED,
        "group \"{s}\" is no longer exempt from restriction {a}"),
    ROW(KEY_EXEMPTED, "key-exempted", HIGH, KEY_NOT_EXEMPT,
        "access key {s} is exempt now from restriction {b}"),
    ROW(KEY_NOT_EXEMPT, "key-not-exempt", INFO, KEY_EXEMPTED,
        "access key {s} is no longer exempt from restriction {a}"),
    ROW(PROJECT_CREATED, "project-created", INFO, PROJECT_DELETED, "the project is new"),
    ROW(PROJECT_DELETED, "project-deleted", MEDIUM, PROJECT_CREATED, "the project is gone"),
    ROW(PROJECT_RENAMED, "project-renamed", LOW, PROJECT_RENAMED,
        "project \"{a}\" is called \"{b}\" now"),
    ROW(PROJECT_OWNER_CHANGED, "project-owner-changed", HIGH, PROJECT_OWNER_CHANGED,
        "the personal project belongs to \"{b}\" now instead of \"{a}\""),
    ROW(REPOSITORY_CREATED, "repository-created", INFO, REPOSITORY_DELETED,
        "the repository is new"),
    ROW(REPOSITORY_DELETED, "repository-deleted", MEDIUM, REPOSITORY_CREATED,
        "the repository is gone"),
    ROW(REPOSITORY_RENAMED, "repository-renamed", LOW, REPOSITORY_RENAMED,
        "repository \"{a}\" is called \"{b}\" now"),
    ROW(REPOSITORY_MOVED, "repository-moved", MEDIUM, REPOSITORY_MOVED,
        "repository \"{a}\" was moved to another project: it is \"{b}\" now"),
    ROW(MADE_PUBLIC, "made-public", HIGH, MADE_PRIVATE, "it is public now"),
    ROW(MADE_PRIVATE, "made-private", INFO, MADE_PUBLIC, "it is no longer public"),
    ROW(ARCHIVED, "archived", INFO, UNARCHIVED, "the repository was archived"),
    ROW(UNARCHIVED, "unarchived", LOW, ARCHIVED, "the repository is no longer archived"),
    ROW(DEFAULT_BRANCH_CHANGED, "default-branch-changed", MEDIUM, DEFAULT_BRANCH_CHANGED,
        "the default branch is \"{b}\" now instead of \"{a}\""),
    ROW(BRANCH_MODEL_CHANGED, "branch-model-changed", MEDIUM, BRANCH_MODEL_CHANGED,
        "the branching model changed from \"{a}\" to \"{b}\""),
    ROW(FORK_ORIGIN_CHANGED, "fork-origin-changed", LOW, FORK_ORIGIN_CHANGED,
        "the repository that it was forked from is {b} now instead of {a}"),
    ROW(VERSION_CHANGED, "version-changed", INFO, VERSION_CHANGED,
        "the version of Bitbucket is \"{b}\" now instead of \"{a}\""),
    ROW(UNREAD_NOW, "unread-now", MEDIUM, UNREAD_BEFORE,
        "{s} could not all be read for the new snapshot: whether something was removed, nobody can "
        "tell"),
    ROW(UNREAD_BEFORE, "unread-before", INFO, UNREAD_NOW,
        "{s} could not all be read for the old snapshot: what seems new may have been there"),
    ROW(UNREAD_BOTH, "unread-both", LOW, UNREAD_BOTH,
        "{s} could not all be read for either snapshot: what changed, nobody can tell"),
};

static void add_piece(const struct diff_change *change, char which, struct buffer *out)
{
    struct text piece = which == 's'   ? change->subject
                        : which == 'a' ? change->before
                                       : change->after;
    buffer_escaped(out, piece, NAME_MOST, false);
}

void diff_sentence(const struct diff_change *change, struct buffer *out)
{
    const char *at = diff_kinds[change->kind].sentence;
    while (*at) {
        if (at[0] == '{' && at[1] && at[2] == '}') {
            add_piece(change, at[1], out);
            at += 3;
        } else {
            buffer_add(out, at++, 1);
        }
    }
    if (change->unsure)
        buffer_string(out, " (perhaps not new: it could not be read before)");
}
