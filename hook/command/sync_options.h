/*
 * sync_options.h - what `refgate sync` was asked to do: its options, checked against each other.
 */
#ifndef REFGATE_COMMAND_SYNC_OPTIONS_H
#define REFGATE_COMMAND_SYNC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bitbucket/crawl.h"
#include "command/command.h"
#include "policy/policy.h"

#define SYNC_OPTION_COUNT 32
#define SYNC_PARTS_MAX ARGUMENTS_MAX

#define SYNC_CONCURRENCY_DEFAULT 16
#define SYNC_ATTEMPTS_DEFAULT 5
#define SYNC_SELF_CHECK_DEFAULT 20
#define SYNC_SELF_CHECK_MAX 10000

/* The table of the command: --help, completion and the man page's test read it. */
extern const struct option_spec sync_option_specs[SYNC_OPTION_COUNT];

struct sync_options {
    const char *replay; /* a recording; NULL: a live Bitbucket */
    size_t concurrency;
    double rate;        /* requests a second; 0: not limited by us */
    int64_t timeout_ms; /* of an answer; 0: the client's own */
    unsigned attempts;
    bool resume;
    const char *record;
    const char *projects[SYNC_PARTS_MAX]; /* --project, --repo: only these */
    struct crawl_repository repositories[SYNC_PARTS_MAX];
    size_t project_count, repository_count;
    char *names[SYNC_PARTS_MAX]; /* what repositories[].project_key points to */
    bool with_reports, allow_partial, force, quiet, json;
    const char *reports_output; /* NULL: beside the snapshot */
    const char *service_users, *metrics;
    unsigned max_shrink; /* percent */
    size_t self_check;   /* repositories; 0: none */
    uint32_t snapshot_format; /* 0: what the configuration says */
    bool now_known;
    int64_t now_ms;
};

/* STATUS_USAGE with a sentence. Texts are the arguments' own. */
enum status sync_options_read(const struct arguments *args, struct sync_options *out,
                              struct error *err) MUST_CHECK;
void sync_options_free(struct sync_options *options); /* also of a zeroed one */
/* The format to write: --snapshot-format, else what the policy says, else the newest. STATUS_USAGE if
 * the policy names one that this program does not write. */
enum status sync_options_format(const struct sync_options *options, const struct policy *policy,
                                uint32_t *out, struct error *err) MUST_CHECK;
static inline bool sync_options_part(const struct sync_options *options)
{
    return options->project_count + options->repository_count > 0;
}

/* "20%" and "20" -> 20; 0 to 100. */
bool sync_parse_percent(struct text t, unsigned *percent);
/* "5", "0.5": above 0, at most a million, three decimals. */
bool sync_parse_rate(struct text t, double *rate);

#endif
