/*
 * usage.h - what was pushed by whom, as the audit log has it, within a window of time.
 *
 * Reads leave no trace there, nor do repositories where the hook is not active.
 */
#ifndef REFGATE_POSTURE_USAGE_H
#define REFGATE_POSTURE_USAGE_H

#include "model/credential.h"
#include "posture/inventory.h"
#include "posture/posture.h"

enum seen_what {
    SEEN_USER = 1, /* who: a place in the inventory's users */
    SEEN_KEY,      /* who: an access key's id, or one of those that it may have been */
    SEEN_OTHER,    /* neither: one of enum seen_other */
    SEEN_REF,
};
enum seen_other { OTHER_KEY = 1 /* an access key, nobody could tell which */, OTHER_STRANGER };
struct seen {
    uint32_t repository; /* place in the inventory */
    enum seen_what what;
    uint64_t who;
    struct text ref;
};

struct usage_outside { /* pushes that the log says were outside a service account's scope */
    struct text account;
    uint64_t count;
    struct text last_id, last_time, last_repository;
};

struct usage {
    bool read;       /* at least one file could be */
    int64_t from_ms; /* of the window, or of the first decision where the log begins later */
    int64_t until_ms;
    uint64_t decisions;      /* in the window */
    uint64_t damaged;        /* lines that are no decision */
    const struct seen *seen; /* ascending, each once */
    size_t seen_count;
    const struct posture_day *days;
    size_t day_count;
    uint64_t by_credential[CREDENTIAL_CLASSES];
    const struct usage_outside *outside; /* by name */
    size_t outside_count;
};

struct audit_reader; /* record/audit_read.h */

struct usage_files {
    const char *const *paths;
    size_t count;
    struct audit_reader *last; /* the last of them, if it is open already: it stays so; else NULL */
    bool must; /* one that cannot be read is an error; else it is told to `unread` */
    void (*unread)(void *self, const char *why);
    void *self;
};

/* Decisions of [from_ms, until_ms). Arrays in `arena`. STATUS_NOT_FOUND, STATUS_IO: a file cannot be
 * read, with its name; STATUS_MEMORY. */
enum status usage_read(const struct usage_files *files, const struct inventory *inventory,
                       int64_t from_ms, int64_t until_ms, struct arena *arena, struct usage *out,
                       struct error *err) MUST_CHECK;

bool usage_has(const struct usage *usage, uint32_t repository, enum seen_what what, uint64_t who);
/* Does the log know of any push there? */
bool usage_any(const struct usage *usage, uint32_t repository);
/* What was seen of one sort there: `count` entries. */
const struct seen *usage_of(const struct usage *usage, uint32_t repository, enum seen_what what,
                            size_t *count);

#endif
