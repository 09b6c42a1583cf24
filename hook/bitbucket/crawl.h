/*
 * crawl.h - asks a source for everything the endpoint table names, into a builder.
 *
 * The same code walks a live Bitbucket (several questions under way at once) and a recording of it.
 * What it remembers of the instance is a few bytes a repository: names of what is still to be asked
 * for lie in a temporary file.
 */
#ifndef REFGATE_BITBUCKET_CRAWL_H
#define REFGATE_BITBUCKET_CRAWL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "bitbucket/facts.h"
#include "bitbucket/feed.h"
#include "bitbucket/source.h"

struct crawl_repository {
    const char *project_key, *slug;
};
/* A part of the instance, with the users and groups that it names (sync --project, --repo). */
struct crawl_scope {
    const char *const *projects; /* keys: each with all its repositories */
    size_t project_count;
    const struct crawl_repository *repositories;
    size_t repository_count;
    int64_t started_ms; /* of this crawl: the time of the part, builder_part() */
    /* Is this user in the snapshot that the part goes into? One who is not is asked for his groups. */
    bool (*knows_user)(void *self, uint64_t id);
    void *self;
};

enum crawl_phase {
    CRAWL_INSTANCE,     /* version, lists, global grants */
    CRAWL_GROUPS,       /* members */
    CRAWL_USERS,        /* reports; users that a part names for the first time */
    CRAWL_PROJECTS,
    CRAWL_REPOSITORIES,
    CRAWL_AGAIN,        /* the second look at the lists, and what it found */
    CRAWL_PHASES
};
const char *crawl_phase_name(enum crawl_phase phase); /* "repositories", for people and logs */

struct crawl_progress {
    enum crawl_phase phase;
    uint64_t done, total; /* groups, projects, …; total 0: not known */
    uint64_t answers;     /* of the crawl so far */
};

struct crawl_options {
    bool allow_partial;             /* what may not be read is marked (builder_incomplete()) */
    bool with_reports;              /* also what only reports need */
    const struct crawl_scope *scope; /* NULL: the whole instance */
    void (*progress)(void *self, const struct crawl_progress *progress); /* may be NULL */
    void *self;
};

struct crawl_result {
    char version[64];  /* of Bitbucket */
    uint64_t answers;  /* that were read */
    uint64_t moved;    /* repositories and projects that were followed to another place */
    uint64_t gone;     /* … that were deleted meanwhile */
    uint64_t appeared; /* … that only the second look found */
    uint64_t refused;  /* answers that --allow-partial did without */
};

/* `facts` is for what reports need; NULL if !with_reports. STATUS_NOT_FOUND if the source lacks an
 * answer, or Bitbucket a project or repository that the scope names; STATUS_FORMAT if an answer
 * cannot be used or contradicts another; STATUS_TRUST for a refusal. The sentence names the answer,
 * what it is needed for, and for a refusal the permission that the account lacks. */
enum status crawl_run(const struct answer_source *source, struct builder *builder, struct facts *facts,
                      const struct crawl_options *options, struct crawl_result *result,
                      struct error *err) MUST_CHECK;

#endif
