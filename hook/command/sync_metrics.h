/*
 * sync_metrics.h - `sync --metrics FILE`: what a monitoring system wants to know, as a text file for
 * Prometheus (node_exporter's textfile collector). One table has the names; refgate-sync(8) lists
 * them, and a test compares the two.
 */
#ifndef REFGATE_COMMAND_SYNC_METRICS_H
#define REFGATE_COMMAND_SYNC_METRICS_H

#include "base/buffer.h"
#include "command/sync_run.h"

enum sync_metric {
    METRIC_LAST_ATTEMPT,
    METRIC_LAST_SUCCESS,
    METRIC_SUCCESS,
    METRIC_REFUSED,
    METRIC_DURATION,
    METRIC_REQUESTS,
    METRIC_ERRORS,
    METRIC_RETRIES,
    METRIC_THROTTLED,
    METRIC_THROTTLED_WAIT,
    METRIC_RECEIVED,
    METRIC_ANSWERS,
    METRIC_REUSED,
    METRIC_WARNINGS,
    METRIC_CHECK_PAIRS,
    METRIC_CHECK_DIFFERENCES,
    METRIC_SNAPSHOT_STARTED,
    METRIC_SNAPSHOT_GENERATED,
    METRIC_SNAPSHOT_AGE,
    METRIC_SNAPSHOT_SIZE,
    METRIC_SNAPSHOT_RECORDS,
    METRIC_SNAPSHOT_PARTS,
    SYNC_METRICS
};

struct metric_row {
    const char *name, *label; /* label NULL: none */
    const char *help;
};
extern const struct metric_row sync_metric_rows[SYNC_METRICS];

struct metric_sample {
    enum sync_metric metric;
    const char *value_of_label; /* NULL: none */
    double value;
};
/* HELP, TYPE and samples of each metric that has any, in the order of the table. */
void metrics_text(const struct metric_sample *samples, size_t count, struct buffer *out);

/* Of the run, and of the snapshot that is in place now. Replaces the file whole. */
enum status sync_metrics_write(const struct sync_run *run, struct error *err) MUST_CHECK;

#endif
