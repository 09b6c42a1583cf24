/*
 * rows.h - what a builder has been told, as arrays of rows (for builder*.c only).
 *
 * Texts are numbers of the pool. A row's place is (scope, id). Rows are only appended until
 * join_rows() sorts them, drops what is there twice and numbers the groups.
 */
#ifndef REFGATE_SNAPSHOT_ROWS_H
#define REFGATE_SNAPSHOT_ROWS_H

#include "snapshot/builder.h"
#include "snapshot/pool.h"
#include "snapshot/put.h"

struct user_row {
    uint64_t id;
    uint32_t name, slug, email;
    bool active, listed;
    bool shadowed; /* another user has this name now: found by id only */
    bool old;      /* here and below: from the snapshot that builder_reload() read; what was told
                      counts more */
};
struct group_row {
    uint32_t name;
    bool incomplete, listed, old;
    bool gone; /* told that there is none: no group unless something else names it */
};
struct member_row {
    uint64_t user;
    uint32_t group; /* the name; its number after the join */
};
struct project_row {
    uint64_t id, owner_id;
    uint32_t key, owner_name;
    uint8_t flags;
    bool current, old;
};
struct repository_row {
    uint64_t id, project, origin;
    uint32_t slug;
    uint8_t flags;
    bool current, old;
};
struct grant_row {
    uint64_t place, who; /* user id, key id; group: the name, its number after the join */
    uint8_t scope, permission;
    bool old;
};
struct level_row { /* a project's default permission */
    uint64_t project;
    uint8_t permission;
    bool old;
};
struct branch_row {
    uint64_t repository;
    uint32_t ref;
    bool old;
};
struct blob_row { /* a branch model or a restriction, encoded, in builder->blobs */
    uint64_t place, id, at;
    uint32_t size;
    uint32_t groups_at; /* restriction: where its exempt groups begin; 0: it has none */
    uint8_t scope;
    bool old;
};
struct key_row {
    uint64_t id;
    uint32_t label, algorithm, fingerprint, bits;
    int64_t created_ms, last_used_ms, expires_ms;
    uint8_t flags;
    bool old;
};
struct service_row {
    uint64_t key;
    uint32_t name;
};
struct mark_row { /* builder_incomplete() */
    uint64_t place;
    uint8_t scope, what;
};
struct part_row { /* builder_part() */
    uint64_t place;
    int64_t started_ms;
    uint8_t scope;
};
enum { ANEW_ROWS = 8 };
struct anew_row { /* builder_anew() */
    uint64_t place, number;
    uint8_t scope;
    size_t before[ANEW_ROWS]; /* rows of each kind that are older */
};

struct rows {
    void *at;
    size_t count, room, size; /* size of one row */
};

struct id_set { /* of numbers above 0 */
    uint64_t *slots; /* 0: empty */
    size_t slot_count, used;
};

struct builder {
    const volatile sig_atomic_t *cancel;
    bool checking; /* nothing is kept */
    bool broken;   /* builder_reload() failed: some of the old facts are missing */
    struct id_set listed; /* users of the list: to mention them again tells nothing new */
    struct pool pool;
    struct buffer blobs;
    struct rows users, groups, members, projects, repositories;
    struct rows user_grants, group_grants, key_grants;
    struct rows levels, branches, models, restrictions, keys, services, notes;
    struct rows marks, parts, anew;
    struct rows gone_projects, gone_repositories; /* uint64_t ids */
    uint8_t global_incomplete; /* after the join: what is marked of the whole instance */
    bool reloaded;             /* of a snapshot of this instance: */
    uint32_t reloaded_url;
    int64_t reloaded_started_ms;
    uint64_t counts[LAYOUT_COUNTS];
};

/* Row `i` of `rows`, as a pointer to TYPE. */
#define ROW(TYPE, rows, i) (&((TYPE *)(rows).at)[i])

enum status rows_add(struct rows *rows, const void *row, struct error *err) MUST_CHECK;
/* Sorts by `compare` (which sees the builder) and drops each row that `same` as the one before. */
typedef int row_compare(const void *a, const void *b, void *builder);
void rows_sort(struct builder *b, struct rows *rows, row_compare *compare);
void rows_unique(struct rows *rows, bool (*same)(const void *a, const void *b));
/* Drops the rows that `keep` does not want. */
void rows_filter(struct rows *rows, bool (*keep)(const void *row, void *self), void *self);
/* The row that begins with this id, in rows that join_rows() has sorted by it; NULL. */
const void *rows_find(const struct rows *rows, uint64_t id);
_Static_assert(offsetof(struct user_row, id) == 0 && offsetof(struct project_row, id) == 0 &&
                   offsetof(struct repository_row, id) == 0 && offsetof(struct key_row, id) == 0 &&
                   offsetof(struct level_row, project) == 0,
               "rows_find() reads the id at the beginning of a row");

/* By the id that a row begins with: for rows that rows_find() looks into. */
row_compare rows_by_id;

bool id_set_has(const struct id_set *set, uint64_t id);
enum status id_set_add(struct id_set *set, uint64_t id, struct error *err) MUST_CHECK;

#define COMPARE(x, y) ((x) < (y) ? -1 : (x) > (y))
/* Texts of the pool by their numbers. */
static inline int compare_texts(const struct builder *b, uint32_t x, uint32_t y)
{
    return x == y ? 0 : text_compare(pool_text(&b->pool, x), pool_text(&b->pool, y));
}
static inline int compare_folded(const struct builder *b, uint32_t x, uint32_t y)
{
    return x == y ? 0 : text_compare_fold(pool_text(&b->pool, x), pool_text(&b->pool, y));
}

/* builder_facts.c */
/* A text into the pool, by its number; the first failure stays in *status. `what` is for messages. */
uint32_t facts_text(struct builder *b, struct text t, const char *what, enum status *status,
                    struct error *err);
/* Appends a row, unless *status says no, the builder only checks, or is interrupted. */
enum status facts_row(const struct builder *b, struct rows *rows, const void *row,
                      enum status status, struct error *err) MUST_CHECK;

/* builder_join.c. STATUS_FORMAT if the facts contradict each other. */
enum status join_rows(struct builder *b, struct error *err) MUST_CHECK;
/* Each user once, by id. */
void join_users(struct builder *b);
/* What builder_anew() took back goes: before anything is sorted. */
void join_anew(struct builder *b);
/* builder_join_places.c: projects and repositories, each once, without what is gone and what was told
 * of it. */
enum status join_places(struct builder *b, struct error *err) MUST_CHECK;
/* Marks and parts, when the places are joined. */
enum status join_marks(struct builder *b, struct error *err) MUST_CHECK;
/* builder_check.c: does what the joined rows refer to exist? STATUS_FORMAT. */
enum status join_check(const struct builder *b, struct error *err) MUST_CHECK;
/* … and does a place? `of` names what refers to it. */
enum status join_check_place(const struct builder *b, uint8_t scope, uint64_t place,
                             const char *of, struct error *err) MUST_CHECK;
/* The number of a group by its name (pool); GROUP_NONE. */
uint32_t join_group_number(const struct builder *b, uint32_t name);
/* Rows of one place in a sorted array: the first at or after (scope, id). */
size_t join_first_grant(const struct rows *grants, enum grant_scope scope, uint64_t place);
size_t join_first_blob(const struct rows *blobs, enum grant_scope scope, uint64_t place);

/* builder_write.c: all records into fd. */
enum status write_records(struct builder *b, const struct builder_header *header, int fd,
                          uint64_t max_size, struct builder_summary *summary,
                          struct error *err) MUST_CHECK;

/* A base URL as the file has it: without trailing slashes. */
struct text builder_clean_url(struct text url);

enum status builder_cancelled(const struct builder *b, struct error *err) MUST_CHECK;

#endif
