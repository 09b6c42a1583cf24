/*
 * reach.h - who may write to, and who administers, a project or a repository: semantics.md 3 for all
 * users at once, as sets of bits by their place in the inventory.
 *
 * Only those who can do anything at all are in the sets: active, and not surely without a licence.
 */
#ifndef REFGATE_POSTURE_REACH_H
#define REFGATE_POSTURE_REACH_H

#include "posture/inventory.h"

struct reach {
    uint64_t *write; /* everybody, administrators of the instance too */
    uint64_t
        *admin; /* by a grant on the project or the repository; without those of the instance */
    size_t words;
    bool open; /* not all grants, or not all members of a group that has some, could be read */
};

/* Rows of sets that a walk needs, in `arena`. */
bool reach_make(const struct inventory *inventory, struct arena *arena, struct reach *out);
/* Who has it everywhere: administrators of the instance. */
void reach_everywhere(const struct inventory *inventory, struct reach *out);
/* `everywhere` and what the project grants; for a repository: the project's and what it grants itself. */
void reach_project(const struct inventory *inventory, const struct project_record *project,
                   const struct reach *everywhere, struct reach *out);
void reach_repository(const struct inventory *inventory, const struct place_record *place,
                      const struct reach *project, struct reach *out);
/* Adds the writers of one to another. */
void reach_join(struct reach *to, const struct reach *from);

static inline bool reach_has(const uint64_t *set, uint32_t user)
{
    return set[user / 64] >> (user % 64) & 1;
}
uint32_t reach_count(const uint64_t *set, size_t words);

#endif
