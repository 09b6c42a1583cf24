/*
 * posture.h - what `refgate report` found out about an instance, apart from how it is printed.
 *
 * Filled by posture/ (one file a group of findings) from the snapshot, the facts that `refgate sync
 * --with-reports` keeps, the audit log and the configuration; printed as text, JSON and HTML. All
 * texts are as they came from Bitbucket: whoever prints them escapes them.
 */
#ifndef REFGATE_POSTURE_POSTURE_H
#define REFGATE_POSTURE_POSTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "model/severity.h"
#include "policy/policy.h"

/* One row a kind of finding (posture_kinds[]): drives report, manual page, control map and tests. */
struct posture_kind {
    const char *name; /* "unprotected-default-branch": stable, in JSON and in the control map */
    enum severity severity; /* the usual one; a finding may differ */
    const char *title;      /* "Default branch is not protected" */
    const char *why;        /* why it matters: one or two sentences */
    const char *action;     /* what to do: a sentence that begins with a verb */
};
extern const struct posture_kind posture_kinds[];
extern const size_t posture_kind_count;
const struct posture_kind *posture_kind_find(struct text name); /* NULL: unknown */

enum posture_change { POSTURE_SAME = 0, POSTURE_NEW, POSTURE_GONE };

struct posture_finding {
    const struct posture_kind *kind;
    enum severity severity;
    enum posture_change change; /* against --baseline; GONE: only the baseline has it */
    struct text id;             /* stable from run to run: 16 hex digits of kind, where and what */
    struct text where;          /* "PRJ/app", "project OPS", "user jdoe", "instance" */
    struct text what;           /* one sentence without a full stop */
    struct text_list
        evidence; /* "repo/PRJ/app", "key/158", "last used 2024-01-02": how to see it */
    struct text_list controls; /* "soc2:CC6.1", from the control map and the configuration */
};

struct posture_count { /* one bar of a chart, one row of its table */
    struct text name;
    uint64_t count;
};
struct posture_day {
    int64_t day_ms;                                 /* midnight UTC */
    uint64_t accepted, annotated, rejected, failed; /* decisions: failed = exit code 2 */
};

struct posture {
    int64_t now_ms;
    const char *version;
    struct text base_url, bitbucket_version, snapshot_digest;
    int64_t snapshot_started_ms;
    uint64_t users, groups, projects, repositories, keys, restrictions; /* looked at */

    const struct posture_finding *findings; /* worst first, then by kind and place */
    size_t finding_count;
    size_t by_severity[SEVERITY_COUNT]; /* without those that are gone */
    bool filtered;                      /* somebody wanted only some kinds or severities */
    bool compared;                      /* there was a --baseline */
    int64_t baseline_ms;
    size_t new_count, gone_count;

    /* From the audit log within the window; empty without one. */
    bool audit_read;
    int64_t window_from_ms, window_to_ms;
    uint64_t decisions;
    const struct posture_day *days; /* ascending, without holes */
    size_t day_count;
    const struct posture_count *by_credential; /* decisions by credential class, most first */
    size_t by_credential_count;
    /* Who can write at all, by kind of principal: people, access keys, tokens, … */
    const struct posture_count *writers;
    size_t writer_count;

    struct text_list notes;  /* what could not be looked at, and why: a sentence each */
    struct text_list unread; /* by the sync: "PRJ/app", "project OPS", "group devs", "instance";
                                       also where nobody wanted that as a finding */
    struct text_list not_looked_at; /* kinds of findings that could not be looked for, or not
                                       everywhere: no finding of these is no good news */
};

#endif
