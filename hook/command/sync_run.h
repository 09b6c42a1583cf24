/*
 * sync_run.h - one run of `refgate sync`: what it was asked, what is in place, what came of it.
 */
#ifndef REFGATE_COMMAND_SYNC_RUN_H
#define REFGATE_COMMAND_SYNC_RUN_H

#include <jansson.h>
#include <limits.h>
#include <signal.h>

#include "bitbucket/client.h"
#include "bitbucket/crawl.h"
#include "bitbucket/recording.h"
#include "bitbucket/self_check.h"
#include "command/command.h"
#include "command/snapshot_file.h"
#include "command/sync_options.h"
#include "command/sync_progress.h"
#include "snapshot/builder.h"
#include "snapshot/reader.h"

enum sync_result {
    SYNC_FAILED,    /* could not be done: exit 2 */
    SYNC_REFUSED,   /* done, but not fit to be published: exit 1 */
    SYNC_PUBLISHED, /* exit 0 */
};

struct sync_run {
    const struct arguments *args;
    struct sync_options options;
    struct snapshot_file output; /* large */
    const volatile sig_atomic_t *interrupted;
    struct sync_progress progress;
    json_t *warnings; /* texts, escaped */
    int64_t begun_ms, begun_us;
    struct snapshot *old; /* that is in place; NULL: none, or none that can be read */

    enum sync_result result;
    struct error problem;  /* if it was not published */
    char *base_url;        /* NULL: not known */
    char accounts[2][256]; /* of the token, of the password; "": none */
    struct crawl_result crawl;
    struct builder_header header; /* base_url as above; the version is crawl.version */
    struct builder_summary summary;
    bool complete;             /* the three above are */
    struct client_stats stats; /* zeroed in a replay */
    uint64_t reused;           /* answers of an interrupted sync */
    bool self_checked;
    struct self_check self_check; /* without its lines */
    char journal[PATH_MAX];       /* where what was read is kept; "" if it is not */
    char reports[PATH_MAX];       /* "" if there are none */
    uint64_t facts;
};

/* A warning on the standard error, and for the summary. */
void sync_warn(struct sync_run *run, const char *format, ...) PRINTF_LIKE(2, 3);
/* A line for people on the standard error, unless --quiet. */
void sync_say(struct sync_run *run, const char *format, ...) PRINTF_LIKE(2, 3);

/* OUTPUT and SUFFIX; STATUS_IO if that is too long. */
enum status sync_path(const struct sync_run *run, const char *suffix, char out[PATH_MAX],
                      struct error *err) MUST_CHECK;

/* sync_old.c: the snapshot that is in place. Opens it; one that is damaged or not to be trusted is a
 * warning, and an error for a part, which needs it. */
enum status sync_old_open(struct sync_run *run, struct error *err) MUST_CHECK;
/* STATUS_USAGE if the snapshot in place is of another instance. */
enum status sync_old_check_instance(const struct sync_run *run, struct text base_url,
                                    struct error *err) MUST_CHECK;

/* sync_live.c: reads a live Bitbucket and builds from what was read. */
enum status sync_live(struct sync_run *run, struct error *err) MUST_CHECK;
/* sync_build.c: one pass over a source, for all that this run is about. */
enum status sync_crawl(struct sync_run *run, const struct answer_source *source, int64_t started_ms,
                       struct builder *builder, struct facts *facts, struct error *err) MUST_CHECK;
/* A snapshot (and what reports need) from a recording, published. `client` is asked
 * for the last checks; NULL: none. */
enum status sync_build(struct sync_run *run, struct recording *recording, struct client *client,
                       struct error *err) MUST_CHECK;

#endif
