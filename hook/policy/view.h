/*
 * view.h - what the policy needs to know of a snapshot, without knowing what a snapshot is.
 *
 * The real one reads the cdb file (snapshot/view.c); tests make their own. Texts and arrays that
 * come out live as long as the view. Every question answers STATUS_OK, STATUS_NOT_FOUND (the
 * snapshot is whole and does not have it), or STATUS_FORMAT (the record is damaged: the caller must
 * not decide as if it were absent), or STATUS_MEMORY.
 */
#ifndef REFGATE_POLICY_VIEW_H
#define REFGATE_POLICY_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "model/answer.h"
#include "model/permission.h"
#include "model/restriction.h"

struct snapshot_meta {
    struct text base_url;          /* without a trailing slash */
    struct text bitbucket_version; /* "9.4.2" */
    int64_t generated_ms;          /* when it was written */
    int64_t started_ms;            /* start of the oldest full crawl in it: its age counts from here */
    struct text digest;            /* 64 hex digits over the content */
};

struct snapshot_user {
    uint64_t id;
    struct text name, slug, email; /* email may be empty */
    bool active;
    enum answer licensed;
    enum permission global;        /* direct global grant, or NONE */
    bool global_unsure;            /* global grants could not be read: may have any; licensed is then
                                      CANNOT_TELL */
    const uint32_t *groups;        /* ascending group numbers */
    size_t group_count;
    enum answer groups_complete;   /* CANNOT_TELL when some group could not be read completely and
                                      may have this user: membership in an incomplete group that is
                                      not in `groups` is then CANNOT_TELL (see exempt_group) */
};

struct snapshot_group {
    uint32_t group;
    bool incomplete;
};

struct group_grant { /* ascending by group in each array */
    uint32_t group;
    bool incomplete;
    enum permission permission;
};

struct branch_model {
    bool configured;              /* a model exists at this level */
    bool development_set, production_set;
    bool development_default, production_default; /* useDefault */
    struct text development, production;          /* full ref, when not useDefault */
    struct {
        struct text id;           /* BUGFIX, FEATURE, … (any case) */
        struct text prefix;
        bool enabled;
    } category[8];
    size_t category_count;
};

struct snapshot_project {
    uint64_t id;
    struct text key;              /* as Bitbucket writes it */
    bool personal, is_public;
    uint64_t owner_id;            /* of a personal project, else 0 */
    struct text owner_name;
    unsigned incomplete;          /* bits of enum incomplete */
    enum permission default_permission;
    const struct group_grant *groups;
    size_t group_count;
};

struct snapshot_repository {
    uint64_t id;
    struct text project_key, slug;
    bool archived, is_public;
    unsigned incomplete;          /* of the repository itself; see also project.incomplete */
    bool default_branch_known;
    struct text default_branch;   /* full ref */
    const struct group_grant *groups;
    size_t group_count;
    const struct restriction *restrictions; /* own and project's, each id once */
    size_t restriction_count;
    struct branch_model model;    /* own, else the project's, else !configured */
    struct snapshot_project project;
};

struct repository_key { /* an access key that is granted on a repository or on its project */
    uint64_t id;
    struct text label;
    enum permission permission;   /* REPO_x or PROJECT_x */
    bool of_project;
};

struct snapshot_key {
    uint64_t id;
    struct text label, algorithm, fingerprint; /* algorithm: "RSA", "ED25519", … upper case */
    uint32_t bits;                /* 0: not known */
    int64_t created_ms, last_used_ms, expires_ms; /* 0: see the flags */
    bool created_known;
    enum answer ever_used;        /* NO: known never to have been used */
    enum answer expires;          /* NO: known never to expire */
    uint32_t places;              /* repositories + projects it is granted on */
};

/* What --allow-partial did without, of one place: bits. The questions that it leaves open are
 * CANNOT_TELL. */
enum incomplete {
    INCOMPLETE_GRANTS = 1,       /* of users, of groups, and the default permission */
    INCOMPLETE_RESTRICTIONS = 2,
    INCOMPLETE_MODEL = 4,        /* the branching model */
    INCOMPLETE_KEYS = 8,         /* access keys that are granted here */
};

enum grant_scope { GRANT_GLOBAL = 1, GRANT_PROJECT, GRANT_REPOSITORY };

/* Does `asker` want to see this restriction? Its texts for the type and the matcher are not set yet. */
typedef bool restriction_wanted(const void *asker, const struct restriction *restriction);

struct view {
    void *self;
    /* Set when there is no usable snapshot: a sentence; the functions must not be called then. */
    const char *problem;
    enum status problem_code;

    enum status (*meta)(void *self, struct snapshot_meta *out, struct error *err);
    enum status (*user)(void *self, struct text name, struct snapshot_user *out,
                        struct error *err); /* NORMAL users; name without ASCII case */
    enum status (*email_user)(void *self, struct text address, uint64_t *user_id,
                              struct error *err); /* without ASCII case */
    enum status (*service)(void *self, struct text name, uint64_t *key_id,
                           struct error *err); /* service-user map, exact */
    enum status (*repository)(void *self, struct text project_key, struct text slug,
                              struct snapshot_repository *out, struct error *err);
    enum status (*project)(void *self, struct text project_key, struct snapshot_project *out,
                           struct error *err);
    enum status (*repository_name)(void *self, uint64_t id, struct text *project_key,
                                   struct text *slug, struct error *err);
    enum status (*project_name)(void *self, uint64_t id, struct text *project_key,
                                struct error *err);
    /* Direct grant of a user (name folded by the view). slug is ignored for a project. */
    enum status (*user_grant)(void *self, enum grant_scope scope, struct text project_key,
                              struct text slug, struct text user_name, enum permission *out,
                              struct error *err);
    enum status (*global_groups)(void *self, const struct group_grant **out, size_t *count,
                                 struct error *err);
    enum status (*group)(void *self, struct text name, struct snapshot_group *out,
                         struct error *err);
    enum status (*group_name)(void *self, uint32_t group, struct text *out, struct error *err);
    /* Keys that this repository or its project grants. */
    enum status (*repository_keys)(void *self, struct text project_key, struct text slug,
                                   const struct repository_key **out, size_t *count,
                                   struct error *err);
    enum status (*access_key)(void *self, uint64_t id, struct snapshot_key *out,
                              struct error *err);
    /* When what the snapshot says of this repository (or of its project as a whole) was read anew,
     * after the rest (sync --repo, --project): the start of that crawl. STATUS_NOT_FOUND: it is as
     * old as the rest. */
    enum status (*part)(void *self, struct text project_key, struct text slug, int64_t *started_ms,
                        struct error *err);
    enum status (*exemptions)(void *self, const struct restriction *restriction,
                              struct exemptions *out, struct error *err);
    /* From now on repositories come without the restrictions that are not wanted: these are read and
     * checked like the others, and not kept. NULL: all are wanted. May be NULL itself. */
    void (*choose_restrictions)(void *self, restriction_wanted *wanted, const void *asker);
};

#endif
