/*
 * inventory.h - who and what there is: the records of a mapped snapshot as arrays that can be walked.
 *
 * Users and repositories have a place in their array; sets of users are bits by that place. Bodies of
 * records stay in the map and are decoded when they are needed.
 */
#ifndef REFGATE_POSTURE_INVENTORY_H
#define REFGATE_POSTURE_INVENTORY_H

#include "snapshot/reader.h"

#define INVENTORY_NONE UINT32_MAX

struct inventory_user {
    uint64_t id;
    struct text name;
    bool active;
    enum answer licensed;
    enum permission global;
    bool global_unsure;
};
struct inventory_group {
    struct text name;
    bool incomplete, mentioned;
    const uint32_t *members; /* places in users[] */
    uint32_t member_count;
    uint32_t live_count; /* of them: active and licensed */
};
struct inventory_place { /* a project or a repository */
    struct text key;     /* of the record, in lower case: "prj", "prj/app" */
    struct text body;
    uint64_t id;
};
struct inventory_key {
    uint64_t id;
    struct text body;
};

struct inventory {
    struct snapshot *snapshot;
    struct inventory_user *users;                    /* ascending by id */
    struct inventory_group *groups;                  /* by number */
    struct inventory_place *projects, *repositories; /* ascending by key */
    struct inventory_key *keys;                      /* ascending by id */
    uint32_t *by_id;                                 /* places in repositories[], ascending by id */
    struct place_record global;
    struct text parts; /* body of the record, if there is one */
    uint32_t user_count, group_count, project_count, repository_count, key_count;
    uint32_t licensed_count; /* active users who surely are licensed */
    uint32_t licensed_unsure;
};

/* Decodes what all findings need. Arrays in `arena`. STATUS_FORMAT: damaged; STATUS_MEMORY. */
enum status inventory_read(struct snapshot *snapshot, struct arena *arena, struct inventory *out,
                           struct error *err) MUST_CHECK;

/* May this user do anything at all? Who is perhaps licensed counts. */
static inline bool inventory_user_live(const struct inventory_user *user)
{
    return user->active && (user->licensed != ANSWER_NO || user->global_unsure);
}

/* Places in the arrays; INVENTORY_NONE: not there. */
uint32_t inventory_user_by_id(const struct inventory *inventory, uint64_t id);
uint32_t inventory_user_by_name(const struct inventory *inventory, struct text name);
uint32_t inventory_repository_by_id(const struct inventory *inventory, uint64_t id);
uint32_t inventory_repository_by_name(const struct inventory *inventory, struct text project,
                                      struct text slug);
uint32_t inventory_project_by_name(const struct inventory *inventory, struct text project);
const struct inventory_key *inventory_key_by_id(const struct inventory *inventory, uint64_t id);
/* The repositories of a project: [*from, *until). */
void inventory_repositories(const struct inventory *inventory, uint32_t project, uint32_t *from,
                            uint32_t *until);

#endif
