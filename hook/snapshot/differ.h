/*
 * differ.h - what the parts of diff_snapshots() share. Internal to snapshot/.
 */
#ifndef REFGATE_SNAPSHOT_DIFFER_H
#define REFGATE_SNAPSHOT_DIFFER_H

#include "snapshot/diff.h"

enum { OLD, NEW, SIDES };

/* What a group may do, at most. */
struct diff_power {
    enum permission global, place; /* place: of a project or a repository, NONE: of none */
    struct text key, slug;         /* of that place; slug absent: a project */
    uint32_t places;               /* on which it is granted something */
};

struct diff_group {
    struct text name;
    bool incomplete; /* its members could not all be read */
    uint32_t other;  /* its number in the other snapshot; GROUP_NONE */
    struct diff_power power;
};

struct diff_side {
    struct snapshot *snapshot;
    struct diff_group *groups; /* by number */
    uint32_t group_count;
};

struct differ {
    struct diff_side side[SIDES];
    bool same_groups; /* each group has the same number in both: equal bytes mean the same */
    const struct diff_options *options;
    struct diff *out;
    struct arena *arena;
    struct diff_change *changes;
    size_t count, room;
    enum status status; /* the first trouble; nothing is added after it */
    struct error *err;

    /* The place that is being compared. */
    const char *what;      /* "user ", "project ", "" before KEY/SLUG, … */
    struct text key, slug; /* slug absent: there is none */
    struct text where;     /* made when it is first needed; absent before */
    bool muted;            /* not asked for */
    bool fresh;            /* it is new: only what matters is told */
};

/* diff.c */
void differ_fail(struct differ *d, enum status status);
/* A record that cannot be decoded: nothing of it may be taken for missing. */
void differ_damaged(struct differ *d, struct text key);
/* What follows is about this place. */
void differ_at(struct differ *d, const char *what, struct text key, struct text slug, bool fresh);
/* severity 0: the usual one of the kind; where and arena are filled in. */
void differ_add(struct differ *d, struct diff_change change);
/* Into the arena; "" when out of memory. */
struct text differ_printf(struct differ *d, const char *format, ...) PRINTF_LIKE(2, 3);
/* The body of a record; false if there is none (or it is damaged: differ.status). */
bool differ_find(struct differ *d, int side, const struct layout_key *key, struct text *body);
struct text differ_user(struct differ *d, int side, uint64_t id);
/* `158 "ci-deploy"` */
struct text differ_key(struct differ *d, uint64_t id, struct text label);

/* One record of a walk. Those of the old snapshot are compared with the new one; …_new() tells what only
 * the new one has. */
typedef void diff_record(struct differ *d, struct text key, struct text body);

/* diff_people.c */
enum status diff_groups_prepare(struct differ *d) MUST_CHECK; /* fills side[].groups */
void diff_groups(struct differ *d);                /* groups and their members */
diff_record diff_user;
diff_record diff_user_new;
diff_record diff_service;
diff_record diff_service_new;

/* diff_grants.c: of one place; NULL: the place is new. */
struct diff_places {
    const struct place_record *before, *after;
    enum grant_scope scope;
};
void diff_grants(struct differ *d, const struct diff_places *places);
void diff_default_permission(struct differ *d, enum permission before, enum permission after,
                             const struct diff_places *places);
/* Reports what could not be read. */
void diff_unread(struct differ *d, unsigned before, unsigned after);
void diff_unread_one(struct differ *d, struct text what, bool before, bool after);

/* diff_restrictions.c */
void diff_restrictions(struct differ *d, const struct place_record *before,
                       const struct place_record *after);

/* diff_places.c */
diff_record diff_global;
diff_record diff_project;
diff_record diff_project_new;
diff_record diff_repository;
diff_record diff_repository_new;
diff_record diff_access_key;

#endif
