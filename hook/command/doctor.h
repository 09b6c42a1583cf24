/*
 * doctor.h - `refgate doctor`: one line a check, and what to do about those that fail.
 */
#ifndef REFGATE_COMMAND_DOCTOR_H
#define REFGATE_COMMAND_DOCTOR_H

#include <jansson.h>
#include <limits.h>

#include "bitbucket/client.h"
#include "command/command.h"
#include "command/file_access.h"
#include "command/inspection.h"
#include "command/snapshot_file.h"
#include "snapshot/layout.h"

enum doctor_mark { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_SKIP, DOCTOR_MARKS };

/* What to do about the snapshot. Root's own sync would leave a lock that the account cannot open. */
#define DOCTOR_SYNC "systemctl start refgate-sync.service, or refgate sync as the sync's own user"

#define DOCTOR_GROUPS_MAX 1024 /* of the runner */
#define DOCTOR_OWNERS_MAX 256

struct doctor {
    const struct arguments *args;
    bool json, colour;
    json_t *list;      /* with --format json */
    const char *group; /* of the lines that come now */
    const char *title; /* of the group, until a line of it was printed */
    size_t found[DOCTOR_MARKS];

    /* doctor_setup.c. Without `whole` only what a sync needs is looked at. */
    bool whole;
    char hook[PATH_MAX]; /* the hook's program; "": there is none here */
    struct inspection config;
    bool configured; /* the configuration was read, and is right in form; else its defaults hold */
    /* Who runs the hook. Not known: judged for who runs doctor. */
    struct file_user runner;
    bool runner_known;
    char runner_name[64];
    gid_t groups[DOCTOR_GROUPS_MAX];
    struct file_owners owners; /* whom else the hook trusts: [trust] owners; and the runner, of whom
                                  this process would not know */
    uid_t uids[DOCTOR_OWNERS_MAX];

    struct snapshot_file file;      /* large */
    char target[SNAPSHOT_PATH_MAX]; /* the snapshot, symbolic links resolved */
    int64_t max_age_ms;
    bool known; /* there is a snapshot that can be read; then: */
    uint64_t counts[LAYOUT_COUNTS], size;
    char *base_url;     /* NULL: there is none */
    int64_t decided_ms; /* the newest decision in the audit log; 0: none was seen */
    char version[64];   /* Bitbucket's, once doctor_server() has asked; "" before */
};

/* The lines from now on are of this group: `name` for JSON, `title` is their heading. */
void doctor_group(struct doctor *d, const char *name, const char *title);
/* Prints a line, or adds it to the list. `check` is one or two words. `advice`, what to do, may be
 * NULL. Texts are escaped here. */
void doctor_say(struct doctor *d, enum doctor_mark mark, const char *check, const char *advice,
                const char *format, ...) PRINTF_LIKE(5, 6);

/* About how many requests a full crawl of what the snapshot holds takes (rest-api.md 5.3); 0: there
 * is no snapshot to count from. */
uint64_t doctor_requests(const struct doctor *d);

/* doctor_setup.c: the options that say what is looked at. false: trouble was printed. In any case the
 * caller calls doctor_setup_free(). */
bool doctor_setup(struct doctor *d);
void doctor_setup_free(struct doctor *d);
/* Says who runs the hook, if that is of interest. */
void doctor_runner(struct doctor *d);

/* doctor_local.c: directory, disk, the snapshot in place, the lock, the metrics. */
void doctor_local(struct doctor *d);
/* The directory of `path`; "." for a bare name. */
void doctor_directory(const char *path, char out[PATH_MAX]);
struct doctor_size { /* "0.3 KiB", "10.6 MiB", "71.2 GiB" */
    char text[32];
};
struct doctor_size doctor_size(uint64_t bytes);

/* doctor_server.c. Makes the client, if the server is to be asked; asks nothing yet. STATUS_USAGE if
 * the options cannot be meant. */
enum status doctor_connect(struct doctor *d, struct client **out, struct error *err) MUST_CHECK;
/* The server, the account, its rights. `client` NULL: only says why not, by `problem` (NULL: there is
 * no URL). true: somebody is signed in. */
bool doctor_server(struct doctor *d, struct client *client, const struct error *problem);
/* Is Bitbucket of this version, or newer? CANNOT_TELL: it was not asked, or says nothing that is known. */
enum answer doctor_version_is(const struct doctor *d, uint64_t major, uint64_t minor);

/* doctor_hook.c: what the hook needs on this machine: its program, the configuration, trust along each
 * path, the kill switch; the audit log by way of doctor_log(). */
void doctor_hook(struct doctor *d);
/* doctor_log.c: the audit log, and what was decided last. */
void doctor_log(struct doctor *d);
/* doctor_registration.c: does Bitbucket run the hook where it should? Over REST (`client` may be NULL)
 * and, with --home, by bitbucket.properties. */
void doctor_registration(struct doctor *d, struct client *client);

#endif
