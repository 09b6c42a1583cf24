/*
 * decode.h - bodies of records into structs; the one decoder that view, verify and dump share.
 *
 * Texts and byte ranges point into the body. A function gives false if the body is malformed or has
 * bytes left over; *out is then not to be used.
 */
#ifndef REFGATE_SNAPSHOT_DECODE_H
#define REFGATE_SNAPSHOT_DECODE_H

#include "base/arena.h"
#include "policy/view.h"
#include "snapshot/layout.h"

#define META_NOTES_MAX 64
struct meta_record {
    uint32_t format; /* LAYOUT_FORMAT_OLDEST to LAYOUT_FORMAT */
    struct snapshot_meta meta;
    int64_t duration_ms;
    uint64_t counts[LAYOUT_COUNTS];
    struct text notes[META_NOTES_MAX];
    size_t note_count;
};
struct user_record {
    uint64_t id;
    struct text name, slug, email;
    uint8_t flags, licensed;
    enum permission global;
    const unsigned char *groups; /* u32 each, ascending */
    uint32_t group_count;
};
struct group_record {
    uint32_t number, member_count;
    uint8_t flags;
    struct text name;
};
/* Items stay where they are; place_*() below reads them. */
struct place_record {
    const unsigned char *groups, *users;
    uint32_t group_count, user_count, key_count, restriction_count;
    struct cursor keys, restrictions;
    struct branch_model model;
    unsigned incomplete; /* bits of enum incomplete */
};
struct project_record {
    uint64_t id, owner_id;
    struct text key, owner_name;
    uint8_t flags;
    enum permission default_permission;
    struct place_record place;
};
struct repository_record {
    uint64_t id, origin_id;
    struct text key, slug, default_branch;
    uint8_t flags;
    struct place_record place;
};
struct key_place {
    bool of_project;
    uint64_t id;
    enum permission permission;
};
struct key_record {
    struct text label, algorithm, fingerprint;
    uint32_t bits;
    uint8_t flags;
    int64_t created_ms, last_used_ms, expires_ms;
    const unsigned char *places; /* see decode_key_place() */
    uint32_t place_count;
};
struct part_record {
    struct text key, slug; /* slug: "" for a project */
    int64_t started_ms;
};

bool decode_meta(struct text body, struct meta_record *out);
bool decode_user(struct text body, struct user_record *out);
bool decode_group(struct text body, struct group_record *out);
bool decode_group_number(struct text body, uint8_t *flags, struct text *name);
bool decode_members(struct text body, const unsigned char **ids, uint32_t *count);
bool decode_id(struct text body, uint64_t *id);             /* email/, service/ */
bool decode_text(struct text body, struct text *out);       /* user-id/, project-id/ */
bool decode_texts(struct text body, struct text *a, struct text *b); /* repo-id/ */
bool decode_global(struct text body, struct place_record *out); /* groups and users only */
bool decode_project(struct text body, struct project_record *out);
bool decode_repository(struct text body, struct repository_record *out);
/* Where the restrictions of such a record begin, and how many there are, by its beginning. false: there
 * must be more of it, or it is malformed. */
enum place_kind { PLACE_PROJECT, PLACE_REPOSITORY };
bool decode_head(enum place_kind kind, struct text bytes, size_t *restrictions_at, uint32_t *count);
bool decode_key(struct text body, struct key_record *out);
bool decode_parts(struct text body, struct cursor *parts, uint32_t *count);
bool decode_next_part(struct cursor *parts, struct part_record *out);
struct key_place decode_key_place(const struct key_record *key, uint32_t at);

/* The items of a place. `at` counts from 0 and must be in range. */
struct group_grant place_group(const struct place_record *place, uint32_t at);
uint64_t place_user(const struct place_record *place, uint32_t at, enum permission *out);
/* A user's direct grant, by binary search. */
bool place_find_user(const struct place_record *place, uint64_t id, enum permission *out);
/* In order, from a copy of place->keys and place->restrictions. */
bool place_next_key(struct cursor *keys, struct repository_key *out);
bool place_next_restriction(struct cursor *restrictions, struct restriction *out);
/* The same, without the texts of a type and a matcher that are known: for who keeps few of many, and
 * has restriction_name_types() add them to these. */
bool place_next_bare_restriction(struct cursor *restrictions, struct restriction *out);
void restriction_name_types(struct restriction *restriction);

/* Arrays in `arena`. false: malformed, or (*memory set) out of memory. */
bool decode_exemptions(struct text bytes, struct arena *arena, struct exemptions *out,
                       bool *memory);

#endif
