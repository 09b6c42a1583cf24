/*
 * inquiry.h - what `refgate report` is to look at, and by which measures; and the looking.
 */
#ifndef REFGATE_POSTURE_INQUIRY_H
#define REFGATE_POSTURE_INQUIRY_H

#include "base/arena.h"
#include "policy/control_map.h"
#include "posture/posture.h"
#include "snapshot/reader.h"

#define INQUIRY_KIND_MOST 100000 /* findings of one kind; more are counted, and a note says so */

struct audit_reader; /* record/audit_read.h */

struct inquiry {
    const struct policy *policy;
    struct snapshot *snapshot;          /* open mapped */
    const struct control_map *controls; /* may be NULL */
    int64_t now_ms;

    const char *facts_path;  /* NULL: there is none */
    bool facts_must;         /* it was named: that it is missing is an error */
    const char *const *logs; /* of the audit log */
    size_t log_count;
    struct audit_reader *log; /* the last of them, if it is open; else NULL */
    bool logs_must;    /* likewise */
    int64_t window_ms; /* how far back the log counts */

    int64_t stale_ms, old_ms, expiring_ms; /* of keys */
    unsigned broad_percent;                /* of the licensed users: a broad group has more */
    struct text_list inside;               /* patterns of hosts that are not outside */
    struct text hook;                      /* pattern of the hook's name */

    const bool *wanted; /* by row of posture_kinds[]; NULL: all */
    enum severity least;
};

/* All texts of *out live in the arena or in the snapshot. STATUS_FORMAT: the snapshot is damaged, or a
 * file that must be read is not what it should be; STATUS_NOT_FOUND and STATUS_IO of such a file;
 * STATUS_MEMORY. */
enum status posture_inquire(const struct inquiry *inquiry, struct arena *arena, struct posture *out,
                            struct error *err) MUST_CHECK;

#endif
