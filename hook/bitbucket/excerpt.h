/*
 * excerpt.h - some repositories of a snapshot, all its users, and what these may do there as the
 * snapshot has it: judged by decide(), as pushes are. For self_check.c.
 */
#ifndef REFGATE_BITBUCKET_EXCERPT_H
#define REFGATE_BITBUCKET_EXCERPT_H

#include "snapshot/snapshot.h"

struct excerpt_user {
    uint64_t id;
    struct text name;
};
struct excerpt_repository {
    struct text key, slug;
};
struct excerpt_permission {
    bool known;                 /* false: the snapshot leaves it open */
    enum permission permission; /* on the repository's scale */
};
struct excerpt {
    struct excerpt_user *users; /* ascending by id; those that a name leads to */
    size_t user_count;
    struct excerpt_repository *repositories; /* ascending by name */
    size_t repository_count;
};

/* Texts live as long as the snapshot, which must be mapped (reader.h). The same seed takes the same
 * repositories. STATUS_FORMAT if the snapshot is damaged. */
enum status excerpt_take(struct snapshot *snapshot, size_t repositories, uint64_t seed,
                         struct excerpt *out, struct error *err) MUST_CHECK;
void excerpt_free(struct excerpt *excerpt);
/* NULL if there is none. */
const struct excerpt_user *excerpt_find_user(const struct excerpt *excerpt, uint64_t id);
/* What each user of the excerpt may do on one repository: out[i] is of users[i]. *is_public: everybody
 * may read it. */
enum status excerpt_permissions(struct snapshot *snapshot, const struct excerpt *excerpt,
                                const struct excerpt_repository *repository,
                                struct excerpt_permission *out, bool *is_public,
                                struct error *err) MUST_CHECK;

#endif
