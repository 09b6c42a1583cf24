/*
 * visit.h - one project after the other, and each of its repositories, seen by all who look for
 * findings there. Internal to posture/.
 */
#ifndef REFGATE_POSTURE_VISIT_H
#define REFGATE_POSTURE_VISIT_H

#include "posture/finder.h"
#include "posture/reach.h"

struct tally { /* of what could not be told: a note says how many, and which was the first */
    uint64_t count;
    struct text first;
};

struct account_tally { /* of a configured service account */
    uint32_t user;     /* INVENTORY_NONE: the snapshot does not know it */
    uint64_t outside;  /* repositories that it may write to, and should not */
    struct text first[FINDER_EVIDENCE_MOST];
};

struct project_restriction {
    struct restriction restriction;
    bool seen;        /* refs were pushed to a repository that it is about */
    enum answer used; /* it matches one of them */
};

struct visit {
    struct finder *f;
    struct reach everywhere;

    /* The project. */
    uint32_t project_at, from, until; /* its repositories */
    struct project_record project;
    struct text project_where;             /* "project PRJ" */
    struct reach project_reach, any_reach; /* its own grants; those of any repository in it */
    uint64_t *project_pushers;
    bool project_pushed;        /* it was pushed to */
    uint32_t project_live;      /* how many of its repositories are not archived */
    bool keys_unread;           /* access keys of the project, or of a repository in it */
    struct arena project_arena; /* until the next project */
    struct project_restriction *restrictions;
    size_t restriction_count;

    /* The repository. */
    uint32_t at;
    struct repository_record record;
    struct snapshot_repository repository;
    struct text where; /* "PRJ/app", in the finder's arena */
    struct reach reach;
    uint64_t *pushers; /* users by place */
    bool pushed;
    struct view view;
    struct arena arena; /* until the next repository */

    /* Of all. */
    struct policy branch_policy; /* branches.c */
    struct tally branch_unsure, branch_unknown;
    struct account_tally *accounts;
    uint64_t *writers; /* who may write to anything */
    struct error error;
    enum status status;
};

void branches_prepare(struct visit *v);
void branches_of_repository(struct visit *v);
void branches_finish(struct visit *v);

void grants_of_instance(struct visit *v);
void grants_of_project(struct visit *v); /* after its repositories */
void grants_of_repository(struct visit *v);

void administrators_of_project(struct visit *v);
void administrators_of_repository(struct visit *v);

void unused_of_project(struct visit *v);
void unused_of_repository(struct visit *v);
void unused_prepare(struct visit *v);

void restrictions_begin_project(struct visit *v);
void restrictions_of_repository(struct visit *v);
void restrictions_of_project(struct visit *v);
void restrictions_prepare_visit(struct visit *v);

void accounts_prepare(struct visit *v);
void accounts_of_repository(struct visit *v);
void accounts_finish(struct visit *v);

/* Of the whole, apart from places. */
void keys_find(struct finder *f);
void snapshot_find_marks(struct finder *f);
void tokens_find(struct finder *f);
void webhooks_find(struct finder *f, const struct reach *everywhere);
void hooks_find(struct finder *f);

/* ------------------------------------------------------------------ words that parts share */

/* printf into the finder's arena; "" (and f->failed) when out of memory. */
struct text visit_text(struct finder *f, const char *format, ...) PRINTF_LIKE(2, 3);
static inline void tally_add(struct tally *tally, struct text where)
{
    if (!tally->count++)
        tally->first = where;
}

#endif
