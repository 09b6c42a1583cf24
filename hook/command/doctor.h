/*
 * doctor.h - `refgate doctor`: one line a check, and what to do about those that fail.
 */
#ifndef REFGATE_COMMAND_DOCTOR_H
#define REFGATE_COMMAND_DOCTOR_H

#include <jansson.h>

#include "bitbucket/client.h"
#include "command/command.h"
#include "command/snapshot_file.h"
#include "snapshot/layout.h"

enum doctor_mark { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_SKIP, DOCTOR_MARKS };

struct doctor {
    const struct arguments *args;
    bool json, colour;
    json_t *list; /* with --format json */
    size_t found[DOCTOR_MARKS];

    struct snapshot_file file;      /* large */
    char target[SNAPSHOT_PATH_MAX]; /* the snapshot, symbolic links resolved */
    int64_t max_age_ms;
    bool known; /* there is a snapshot that can be read; then: */
    uint64_t counts[LAYOUT_COUNTS], size;
    char *base_url; /* NULL: there is none */
};

/* Prints a line, or adds it to the list. `check` is one or two words. `advice`, what to do, may be
 * NULL. Texts are escaped here. */
void doctor_say(struct doctor *d, enum doctor_mark mark, const char *check, const char *advice,
                const char *format, ...) PRINTF_LIKE(5, 6);

/* About how many requests a full crawl of what the snapshot holds takes (rest-api.md 5.3); 0: there
 * is no snapshot to count from. */
uint64_t doctor_requests(const struct doctor *d);

/* doctor_local.c: directory, disk, the snapshot in place, the lock, the metrics. */
void doctor_local(struct doctor *d);
/* doctor_server.c. Makes the client, if the server is to be asked; asks nothing yet. STATUS_USAGE if
 * the options cannot be meant. */
enum status doctor_connect(struct doctor *d, struct client **out, struct error *err) MUST_CHECK;
/* The server, the account, its rights. `client` NULL: only says why not, by `problem` (NULL: there is
 * no URL). */
void doctor_server(struct doctor *d, struct client *client, const struct error *problem);

#endif
