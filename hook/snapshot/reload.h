/*
 * reload.h - a snapshot's facts back into a builder, but for what was told anew (for builder_reload*.c
 * and told.c only).
 */
#ifndef REFGATE_SNAPSHOT_RELOAD_H
#define REFGATE_SNAPSHOT_RELOAD_H

#include "snapshot/reader.h"
#include "snapshot/rows.h"

struct told_key { /* a project by its key */
    uint32_t key;
    uint64_t id;
};
struct told_slug { /* a repository by its name */
    uint64_t project, id;
    uint32_t slug;
};

/* What a builder had been told before; every array is sorted. */
struct told {
    struct id_set users;
    size_t user_count;  /* the builder's first rows: each user once, by id */
    struct rows groups; /* uint32_t names */
    struct rows projects, repositories; /* uint64_t ids */
    struct rows keys, slugs;     /* told_key, told_slug */
    /* uint64_t ids of what is told anew as a whole; of repositories also those in a project that is. */
    struct rows project_parts, repository_parts;
    bool services, global_incomplete;
};
enum status told_collect(struct told *told, struct builder *b, struct error *err) MUST_CHECK;
void told_free(struct told *told);
bool told_group(const struct told *told, const struct builder *b, uint32_t name);
/* Has another project, another repository of the project, this name now? */
bool told_other_project(const struct told *told, const struct builder *b, uint64_t id,
                        uint32_t key);
bool told_other_repository(const struct told *told, const struct builder *b, uint64_t id,
                           uint64_t project, uint32_t slug);

/* Ids that the old snapshot names in what stays and in what goes. Who is named only in what goes, and
 * stands in no list, goes too. */
struct named {
    struct id_set stays, goes;
};
static inline bool named_stays(const struct named *named, uint64_t id)
{
    return id_set_has(&named->stays, id) || !id_set_has(&named->goes, id);
}

struct reload {
    struct builder *b;
    struct snapshot *old;
    struct error *err;
    struct text key; /* of the record at hand */
    struct told told;
    uint32_t *group_names; /* by the old number */
    uint32_t group_count;
    struct named users, keys;
    struct rows shadowed; /* uint64_t ids of users whose name another one has */
};

/* "the snapshot is damaged: record KEY is malformed"; the record at hand. */
static inline enum status reload_malformed(const struct reload *r)
{
    return snapshot_damaged(r->err, r->key, "is malformed");
}
enum status reload_name(const struct reload *r, struct id_set *set, uint64_t id) MUST_CHECK;

/* builder_reload_places.c: one record each. */
enum status reload_global(struct reload *r, struct text body) MUST_CHECK;
enum status reload_project(struct reload *r, struct text body) MUST_CHECK;
enum status reload_repository(struct reload *r, struct text body) MUST_CHECK;
enum status reload_parts(struct reload *r, struct text body) MUST_CHECK;

/* builder_blobs.c: the encoded restriction (without its size) again, with what it names by number of
 * the old snapshot named by name. false: malformed. */
bool blobs_restriction(struct builder *b, struct place place, struct text bytes,
                       enum status *status, struct error *err);

#endif
