/*
 * sync_progress.h - how far a sync is: one line that is rewritten on a terminal, one line a phase in
 * a log, nothing with --quiet. All of it on the standard error.
 */
#ifndef REFGATE_COMMAND_SYNC_PROGRESS_H
#define REFGATE_COMMAND_SYNC_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "bitbucket/client.h"
#include "bitbucket/crawl.h"

/* What a line says, at one moment. */
struct progress_view {
    const char *stage; /* "" or "building" */
    const char *phase;
    uint64_t done, total; /* total 0: not known */
    uint64_t requests;    /* answers, where nobody is asked */
    double rate;          /* requests a second; 0: not known yet */
    int64_t left_ms;      /* of this phase; -1: cannot be told */
    int64_t waiting_ms;   /* 429: so long from now; 0: no */
};
void progress_line(const struct progress_view *view, struct buffer *out);
/* "repositories: 52000 in 312 s, 312000 requests" */
void progress_summary(const char *phase, uint64_t done, int64_t took_ms, uint64_t requests,
                      struct buffer *out);
/* What is left of a phase, by how long the part took that is done; -1 where that says nothing yet. */
int64_t progress_left_ms(uint64_t done, uint64_t total, int64_t took_ms);
/* A moving average: half of it is younger than some seconds. */
double progress_rate(double before, uint64_t requests, int64_t took_us);

struct sync_progress {
    bool terminal, log;               /* neither: quiet */
    const struct client_stats *stats; /* NULL: nobody is asked */
    const char *stage;
    struct crawl_progress now;
    const char *phase; /* NULL: nothing was shown yet */
    bool shown;        /* a line is on the terminal */
    int64_t phase_us, stage_us, next_us, rate_us;
    uint64_t phase_requests, rate_requests;
    double rate;
};

/* `log_lines`: where it is no terminal, a line a phase (a replay is silent there). */
void sync_progress_begin(struct sync_progress *p, bool quiet, bool log_lines);
/* A crawl begins, or something without parts ("writing"). A stage with a name has one line in the log,
 * whatever its phases; with "" each phase has its own. */
void sync_progress_stage(struct sync_progress *p, const char *stage);
/* For crawl_options.progress. */
void sync_progress_crawl(void *self, const struct crawl_progress *progress);
/* Shows what is there if it is time to. */
void sync_progress_tick(void *self);
/* Before anything else is printed: the line on the terminal goes. */
void sync_progress_clear(struct sync_progress *p);
/* `good`: the last phase came to its end, and is told of. */
void sync_progress_end(struct sync_progress *p, bool good);

#endif
