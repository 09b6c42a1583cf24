/*
 * layout.h - the format of the snapshot file: keys, records, and how to read them. What is here is
 * format 1; format.h has who reads which.
 *
 * The file is a cdb (constant database, written by tinycdb): 256 pairs (position, slots) of the
 * hash tables, the records, the hash tables, all numbers 32 bits little-endian, 4 GiB at most.
 * Every record's value is
 *
 *     u32 crc32 (zlib's) over the key and then the body, and the body
 *
 * so that neither a changed byte nor a record under another's key passes. Numbers in bodies are
 * little-endian. "text" is u16 length and bytes, without a NUL. Counts are u32. "N x" repeats.
 * Permissions are the numbers of enum permission (model/permission.h).
 *
 * Keys are typed by a prefix. Names of users and groups, project keys, slugs and addresses are in
 * lower ASCII case there (semantics.md 1), and as Bitbucket writes them in the bodies. Ids are
 * decimal.
 *
 *   meta               u32 format (the only field that all formats share), text base URL without
 *                      trailing slash, text Bitbucket version, i64 generated, i64 started (ms since
 *                      1970 UTC), i64 duration in ms, text digest (64 hex digits), u8 N and N x u64
 *                      counts (enum layout_count; fewer in older files, more in newer ones), count x
 *                      text notes
 *   index              u32 size of a block, count x u32 crc32 of each block of the hash tables:
 *                      what makes "not found" as trustworthy as "found"
 *   user/NAME          u64 id, text name, slug, email; u8 flags USER_*, u8 licensed (LICENSED_*),
 *                      u8 direct global permission, count x u32 group numbers, ascending
 *   user-id/ID         text name
 *   email/ADDRESS      u64 user id (of several users with one address: active before inactive, then
 *                      the lowest id)
 *   group/NAME         u32 number, u8 flags GROUP_*, text name, u32 number of members
 *   group-number/N     u8 flags, text name. Groups are numbered from 0 in the order of their names
 *   group-members/N    count x u64 user ids, ascending
 *   service/NAME       u64 access key id; NAME exactly (semantics.md 5)
 *   global             groups and users as in "place" below; u8 bits of enum incomplete, only if
 *                      there are any
 *   project/KEY        u64 id, text key, u8 flags PROJECT_*, u64 owner id, text owner name,
 *                      u8 default permission, place
 *   repo/KEY/SLUG      u64 id, text key, text slug, u8 flags REPOSITORY_*, text default branch (full
 *                      ref), u64 id of the repository it was forked from or 0, place
 *   parts              count x (text key, text slug or nothing, i64 started): what was read anew after
 *                      the rest, ascending by key and slug; only in a snapshot that has such parts. Not
 *                      in the digest: it is a time
 *   project-id/ID      text key
 *   repo-id/ID         text key, text slug
 *   key/ID             text label, algorithm, fingerprint; u32 bits, u8 flags KEY_*, i64 created,
 *                      i64 last used, i64 expires, count x (u8 1 project 0 repository, u64 its id,
 *                      u8 permission)
 *
 *   place              what a project and a repository have in common:
 *                      count x (u32 group, u8 flags GROUP_*, u8 permission), ascending;
 *                      count x (u64 user id, u8 permission), ascending;
 *                      count x (u64 key id, u8 permission, text label), ascending;
 *                      u8 1 if there is a branch model, then u8 flags MODEL_*, text development,
 *                      text production, u8 N and N x (u8 enabled, text id, text prefix);
 *                      count x restriction, ascending by id
 *   restriction        u32 size of what follows, u64 id, u8 flags RESTRICTION_*, u8 type, u8 matcher
 *                      (enum restriction_type, enum matcher_type), if the type is unknown its text,
 *                      if the matcher is unknown its text, text matcher id, exemptions
 *   exemptions         nothing at all, or count x (u64 user id, text name), count x (u32 group
 *                      number or GROUP_NONE, u8 flags GROUP_*, text name), count x u64 key id
 *
 * A repository's restrictions are its own and such copies of its project's that differ from what
 * the project lists; the view adds the rest from the project's record.
 */
#ifndef REFGATE_SNAPSHOT_LAYOUT_H
#define REFGATE_SNAPSHOT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "model/permission.h"
#include "model/restriction.h"

/* What is read, from the oldest on, and what is written if nobody asks for an older one. */
#define LAYOUT_FORMAT_OLDEST 1
#define LAYOUT_FORMAT 1
#define LAYOUT_TEXT_MAX 4096        /* bytes of one text; the builder refuses longer ones */
#define LAYOUT_KEY_MAX 8300         /* two texts, a prefix and a slash */
#define LAYOUT_SIZE_MAX UINT32_MAX  /* cdb's positions are 32 bits */
#define LAYOUT_HEADER_SIZE 2048     /* cdb: 256 x (position, slots) */
#define LAYOUT_BLOCK 512            /* bytes of hash table under one checksum of `index` */
#define LAYOUT_RECORD_HEADER 4      /* the crc32 */

enum {
    USER_ACTIVE = 1,
    USER_GROUPS_UNSURE = 2,
    USER_GLOBAL_UNSURE = 4, /* the global grants could not all be read */
    USER_MENTIONED = 8,     /* not in the list of users, only named in other answers */
};
enum { LICENSED_NO = 0, LICENSED_YES = 1, LICENSED_UNSURE = 2 };
enum { GROUP_INCOMPLETE = 1, GROUP_MENTIONED = 2 }; /* … of groups; never beside a grant */
enum { PROJECT_PERSONAL = 1, PROJECT_PUBLIC = 2 };
#define PLACE_INCOMPLETE_SHIFT 4 /* the upper half of a place's flags: bits of enum incomplete */
enum { REPOSITORY_ARCHIVED = 1, REPOSITORY_PUBLIC = 2, REPOSITORY_BRANCH_KNOWN = 4 };
enum {
    KEY_CREATED_KNOWN = 1,
    KEY_USE_KNOWN = 2,
    KEY_USED = 4,
    KEY_EXPIRY_KNOWN = 8,
    KEY_EXPIRES = 16,
};
enum {
    MODEL_DEVELOPMENT = 1,
    MODEL_PRODUCTION = 2,
    MODEL_DEVELOPMENT_DEFAULT = 4,
    MODEL_PRODUCTION_DEFAULT = 8,
};
enum { RESTRICTION_OF_PROJECT = 1, RESTRICTION_INACTIVE = 2 };
#define LAYOUT_CATEGORIES_MAX 8

enum layout_count {
    COUNT_USERS,
    COUNT_GROUPS,
    COUNT_PROJECTS,
    COUNT_REPOSITORIES,
    COUNT_GRANTS, /* of users, groups and keys, on all levels */
    COUNT_RESTRICTIONS,
    COUNT_KEYS,
    COUNT_SERVICES,
    COUNT_INCOMPLETE_GROUPS,
    COUNT_INCOMPLETE_PLACES, /* projects, repositories and the instance (its global grants) */
    LAYOUT_COUNTS
};
const char *layout_count_name(enum layout_count count); /* "users", …, for people and JSON */

/* Sizes of the items that are repeated without texts. */
enum {
    GRANT_GROUP_SIZE = 6,
    GRANT_USER_SIZE = 9,
    KEY_GRANT_SIZE = 11, /* and the label's bytes */
};

/* A record's key, built on the caller's stack. */
struct layout_key {
    size_t size; /* 0: cannot be a key of any record (too long) */
    char bytes[LAYOUT_KEY_MAX];
};
/* PREFIX and NAME in lower ASCII case (exactly if !fold). */
void layout_key_name(struct layout_key *key, const char *prefix, struct text name, bool fold);
/* PREFIX, A, slash, B; both in lower ASCII case. */
void layout_key_pair(struct layout_key *key, const char *prefix, struct text a, struct text b);
/* PREFIX and a decimal number. */
void layout_key_id(struct layout_key *key, const char *prefix, uint64_t id);

uint32_t layout_crc(struct text key, struct text body);

static inline uint32_t layout_load32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}
static inline uint64_t layout_load64(const unsigned char *at)
{
    return (uint64_t)layout_load32(at) | (uint64_t)layout_load32(at + 4) << 32;
}

/* A cursor over one body. Once something did not fit, `failed` is set, everything that is read is
 * zero or empty, and nothing is read beyond the end. */
struct cursor {
    const unsigned char *at, *end;
    bool failed;
};
struct cursor cursor_of(struct text body);
static inline size_t cursor_left(const struct cursor *c)
{
    return (size_t)(c->end - c->at);
}
/* `size` bytes in place, or NULL and failed. Inline: thousands of restrictions are read so. */
static inline const unsigned char *cursor_bytes(struct cursor *c, size_t size)
{
    if (c->failed || size > cursor_left(c)) {
        c->failed = true;
        c->at = c->end;
        return NULL;
    }
    const unsigned char *at = c->at;
    c->at += size;
    return at;
}
static inline uint8_t cursor_u8(struct cursor *c)
{
    const unsigned char *at = cursor_bytes(c, 1);
    return at ? *at : 0;
}
static inline uint16_t cursor_u16(struct cursor *c)
{
    const unsigned char *at = cursor_bytes(c, 2);
    return at ? (uint16_t)(at[0] | at[1] << 8) : 0;
}
static inline uint32_t cursor_u32(struct cursor *c)
{
    const unsigned char *at = cursor_bytes(c, 4);
    return at ? layout_load32(at) : 0;
}
static inline uint64_t cursor_u64(struct cursor *c)
{
    const unsigned char *at = cursor_bytes(c, 8);
    return at ? layout_load64(at) : 0;
}
static inline struct text cursor_text(struct cursor *c)
{
    size_t size = cursor_u16(c);
    const unsigned char *at = cursor_bytes(c, size);
    return at ? (struct text){(const char *)at, size} : TEXT("");
}
int64_t cursor_i64(struct cursor *c);
/* A count of items of at least `item_size` bytes each: fails unless so many fit in the rest, so that
 * nobody allocates for a count that was made up. */
uint32_t cursor_count(struct cursor *c, size_t item_size);
/* One that enum permission has, else the cursor fails. */
enum permission cursor_permission(struct cursor *c);
bool layout_permission_valid(uint8_t value);

static inline void layout_store32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

#endif
