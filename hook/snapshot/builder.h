/*
 * builder.h - a snapshot from what Bitbucket answered, in whatever order it was answered.
 *
 * Facts are added as they come; nothing needs to be known before it is referred to. At the end they
 * are sorted, joined, checked and written, so that the same facts in another order give the same
 * file (but for the times) and always the same digest. What is added twice counts once: pages of a
 * list that changes while it is read overlap (rest-api.md 1.2).
 *
 * Texts are copied. Memory: about 24 bytes a grant, and what the texts take.
 */
#ifndef REFGATE_SNAPSHOT_BUILDER_H
#define REFGATE_SNAPSHOT_BUILDER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "model/permission.h"
#include "policy/view.h"
#include "snapshot/layout.h"

struct builder;

/* A project or a repository by Bitbucket's id, or the whole instance (id 0). */
struct place {
    enum grant_scope scope;
    uint64_t id;
};

struct builder_user {
    uint64_t id;
    struct text name, slug, email; /* slug absent: the name; email may be absent */
    bool active;
    bool listed; /* from the list of users; else only mentioned in another answer, which counts
                    less where both are there */
};
struct builder_project {
    uint64_t id;
    struct text key;
    bool personal, is_public;
    uint64_t owner_id; /* of a personal project */
    struct text owner_name;
    bool current; /* as of a repository */
};
struct builder_repository {
    uint64_t id, project_id, origin_id; /* origin 0: not a fork */
    struct text slug;
    bool archived, is_public;
    bool current; /* asked for by its name after the lists were read: counts more than a list */
};
struct builder_restriction {
    struct restriction head;     /* exemptions in it are not looked at */
    struct exemptions exempt;    /* group numbers in it are not looked at */
};
struct builder_key {
    uint64_t id;
    struct text label, algorithm, fingerprint;
    uint32_t bits;
    bool created_known, use_known, used, expiry_known, expires;
    int64_t created_ms, last_used_ms, expires_ms;
};

struct builder_header {
    struct text base_url;          /* trailing slashes are dropped */
    struct text bitbucket_version;
    int64_t started_ms, generated_ms, duration_ms;
    uint32_t format; /* to write: 0 the newest */
};

struct builder_summary {
    struct digest digest;
    uint64_t counts[LAYOUT_COUNTS];
    uint64_t size; /* bytes of the file */
};

/* `cancel` (may be NULL) is looked at again and again; not 0: STATUS_DEADLINE, nothing is left. */
enum status builder_new(const volatile sig_atomic_t *cancel, struct builder **out,
                        struct error *err) MUST_CHECK;
/* One that checks and keeps nothing: for a crawl that only fetches. It cannot be finished. */
enum status builder_new_checking(const volatile sig_atomic_t *cancel, struct builder **out,
                                 struct error *err) MUST_CHECK;
void builder_free(struct builder *builder); /* NULL is fine */

/* Each: STATUS_MEMORY, or STATUS_LIMIT for a text that is too long. */
enum status builder_user(struct builder *b, const struct builder_user *user,
                         struct error *err) MUST_CHECK;
/* A group that exists. `incomplete`: its members could not all be read. */
enum status builder_group(struct builder *b, struct text name, bool incomplete,
                          struct error *err) MUST_CHECK;
/* One that exists no longer, though an exemption may name it: it has no members, and none of those
 * that builder_reload() knows. */
enum status builder_group_gone(struct builder *b, struct text name, struct error *err) MUST_CHECK;
enum status builder_member(struct builder *b, struct text group, uint64_t user_id,
                           struct error *err) MUST_CHECK;
enum status builder_project(struct builder *b, const struct builder_project *project,
                            struct error *err) MUST_CHECK;
enum status builder_repository(struct builder *b, const struct builder_repository *repository,
                               struct error *err) MUST_CHECK;
/* Direct grants; of two for the same the higher counts. The level must fit the place. */
enum status builder_grant_user(struct builder *b, struct place place, uint64_t user_id,
                               enum permission permission, struct error *err) MUST_CHECK;
enum status builder_grant_group(struct builder *b, struct place place, struct text group,
                                enum permission permission, struct error *err) MUST_CHECK;
enum status builder_grant_key(struct builder *b, struct place place, uint64_t key_id,
                              enum permission permission, struct error *err) MUST_CHECK;
/* What every licensed user has on a project; the highest of all calls. */
enum status builder_default_permission(struct builder *b, uint64_t project_id,
                                       enum permission permission, struct error *err) MUST_CHECK;
enum status builder_default_branch(struct builder *b, uint64_t repository_id, struct text ref,
                                   struct error *err) MUST_CHECK;
enum status builder_model(struct builder *b, struct place place, const struct branch_model *model,
                          struct error *err) MUST_CHECK;
/* `place` is where it was listed; head.of_project says whose it is. */
enum status builder_restriction(struct builder *b, struct place place,
                                const struct builder_restriction *restriction,
                                struct error *err) MUST_CHECK;
enum status builder_key(struct builder *b, const struct builder_key *key,
                        struct error *err) MUST_CHECK;
enum status builder_service(struct builder *b, struct text name, uint64_t key_id,
                            struct error *err) MUST_CHECK;
/* Deleted while the instance was read: left out, whatever else was told of it. */
enum status builder_gone(struct builder *b, struct place place, struct error *err) MUST_CHECK;
/* What was told so far of what this place grants and restricts does not count: it is told again, since
 * it has another name, and the answers to the old one may have been another place's. */
enum status builder_anew(struct builder *b, struct place place, struct error *err) MUST_CHECK;
/* Bits of enum incomplete: what could not be read of the place (GRANT_GLOBAL: the global grants). */
enum status builder_incomplete(struct builder *b, struct place place, unsigned what,
                               struct error *err) MUST_CHECK;
/* This project, with all its repositories, or this repository is told anew: builder_reload() takes
 * nothing of it from the old snapshot. */
enum status builder_part(struct builder *b, struct place place, int64_t started_ms,
                         struct error *err) MUST_CHECK;
/* Everything of an older snapshot that was not told anew: for a part that is read on its own. After
 * all facts, before builder_finish(), once; the snapshot must be open mapped (reader.h). It is verified
 * first: STATUS_FORMAT if it is damaged, and the builder is then good for nothing more.
 *
 * Users that were told replace the old ones (who is only mentioned keeps his place in the list, and
 * his address if the answer has none); groups that were told with builder_group() or
 * builder_group_gone() replace the old ones with all their members; service users that were told
 * replace all old ones. Global grants are told anew always; with builder_incomplete(GRANT_GLOBAL) the
 * old ones stay beside what was told, with the old mark or none: they are as old as the rest. A
 * project or a repository that has lost its name to another one is left out. builder_finish() wants
 * the instance and the started_ms of the old snapshot. */
struct snapshot;
enum status builder_reload(struct builder *b, struct snapshot *old, struct error *err) MUST_CHECK;
/* Something the administrator should know ("… is not in this version of Bitbucket"); each once. */
enum status builder_note(struct builder *b, struct text note, struct error *err) MUST_CHECK;

/* The last word before publishing: the new snapshot, complete and verified, not yet in place. An
 * error keeps the old one. */
struct builder_gate {
    enum status (*check)(void *self, struct snapshot *fresh, const struct builder_summary *summary,
                         struct error *err);
    void *self;
};
/* Joins, writes, reads back and publishes PATH (publish.h). `gate` may be NULL. STATUS_FORMAT if the
 * facts contradict each other (a repository of an unknown project, two users of one name),
 * STATUS_LIMIT if the file would be larger than `max_size` or 4 GiB (0: 4 GiB), STATUS_IO. Whatever
 * fails, PATH is as it was and no temporary file is left. Once; then only builder_free(). */
enum status builder_finish(struct builder *b, const struct builder_header *header, const char *path,
                           uint64_t max_size, const struct builder_gate *gate,
                           struct builder_summary *summary, struct error *err) MUST_CHECK;

#endif
