#include "command/sync_metrics.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/file.h"
#include "command/sync_part.h"

#define SAMPLES_MAX (SYNC_METRICS + LAYOUT_COUNTS + 1)

const struct metric_row sync_metric_rows[SYNC_METRICS] = {
    [METRIC_LAST_ATTEMPT] = {"refgate_sync_last_attempt_timestamp_seconds", NULL,
                             "When the last sync began."},
    [METRIC_LAST_SUCCESS] = {"refgate_sync_last_success_timestamp_seconds", NULL,
                             "When the snapshot that is in place was made."},
    [METRIC_SUCCESS] = {"refgate_sync_success", NULL, "Did the last sync publish? 1 yes, 0 no."},
    [METRIC_REFUSED] = {"refgate_sync_refused", NULL,
                        "Was its snapshot complete but not fit to be published? 1 yes, 0 no."},
    [METRIC_DURATION] = {"refgate_sync_duration_seconds", NULL, "How long the last sync took."},
    [METRIC_REQUESTS] = {"refgate_sync_requests", NULL, "Requests of the last sync."},
    [METRIC_ERRORS] = {"refgate_sync_errors", NULL,
                       "Requests of the last sync that failed, those that succeeded later included."},
    [METRIC_RETRIES] = {"refgate_sync_retries", NULL, "Requests that were repeated."},
    [METRIC_THROTTLED] = {"refgate_sync_throttled", NULL, "Answers with status 429."},
    [METRIC_THROTTLED_WAIT] = {"refgate_sync_throttled_wait_seconds", NULL,
                               "How long the last sync waited because of them."},
    [METRIC_RECEIVED] = {"refgate_sync_received_bytes", NULL, "Bytes that the last sync received."},
    [METRIC_ANSWERS] = {"refgate_sync_answers", NULL, "Answers that the snapshot was made from."},
    [METRIC_REUSED] = {"refgate_sync_reused_answers", NULL,
                       "Answers that came from a sync that was interrupted."},
    [METRIC_WARNINGS] = {"refgate_sync_warnings", NULL, "Warnings of the last sync."},
    [METRIC_CHECK_PAIRS] = {"refgate_sync_self_check_permissions", NULL,
                            "Permissions that were compared with Bitbucket's own answer."},
    [METRIC_CHECK_DIFFERENCES] = {"refgate_sync_self_check_differences", "direction",
                                  "Of these, how many the snapshot has too much and too little."},
    [METRIC_SNAPSHOT_STARTED] = {"refgate_snapshot_started_timestamp_seconds", NULL,
                                 "Start of the crawl that the snapshot's age counts from."},
    [METRIC_SNAPSHOT_GENERATED] = {"refgate_snapshot_generated_timestamp_seconds", NULL,
                                   "When the snapshot in place was made."},
    [METRIC_SNAPSHOT_AGE] = {"refgate_snapshot_age_seconds", NULL,
                             "Age of the snapshot when this file was written."},
    [METRIC_SNAPSHOT_SIZE] = {"refgate_snapshot_size_bytes", NULL, "Size of the snapshot."},
    [METRIC_SNAPSHOT_RECORDS] = {"refgate_snapshot_records", "kind", "What is in the snapshot."},
    [METRIC_SNAPSHOT_PARTS] = {"refgate_snapshot_parts", NULL,
                               "Projects and repositories that were refreshed on their own since the "
                               "last full sync."},
};

/* ------------------------------------------------------------------ the format */

/* Prometheus, "Exposition formats": backslash, double quote and newline are escaped. */
static void put_label(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, "{%s=\"", name);
    for (const char *c = value; *c; c++) {
        if (*c == '\n')
            buffer_string(out, "\\n");
        else if (*c == '\\' || *c == '"')
            buffer_printf(out, "\\%c", *c);
        else
            buffer_add(out, c, 1);
    }
    buffer_string(out, "\"}");
}

static void put_value(struct buffer *out, double value)
{
    if (value > -9e15 && value < 9e15 && (double)(int64_t)value == value)
        buffer_printf(out, " %" PRId64 "\n", (int64_t)value);
    else
        buffer_printf(out, " %.3f\n", value);
}

void metrics_text(const struct metric_sample *samples, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < SYNC_METRICS; i++) {
        const struct metric_row *row = &sync_metric_rows[i];
        bool told = false;
        for (size_t j = 0; j < count; j++) {
            if ((size_t)samples[j].metric != i)
                continue;
            if (!told)
                buffer_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", row->name, row->help,
                              row->name);
            told = true;
            buffer_string(out, row->name);
            if (row->label && samples[j].value_of_label)
                put_label(out, row->label, samples[j].value_of_label);
            put_value(out, samples[j].value);
        }
    }
}

/* ------------------------------------------------------------------ what there is to tell */

struct samples {
    struct metric_sample at[SAMPLES_MAX];
    size_t count;
};

static void add(struct samples *s, enum sync_metric metric, const char *label, double value)
{
    if (s->count < SAMPLES_MAX)
        s->at[s->count++] = (struct metric_sample){metric, label, value};
}

static double seconds(int64_t ms)
{
    return (double)ms / 1000;
}

static void add_run(const struct sync_run *run, struct samples *s)
{
    const struct client_stats *stats = &run->stats;
    add(s, METRIC_LAST_ATTEMPT, NULL, seconds(run->begun_ms));
    add(s, METRIC_SUCCESS, NULL, run->result == SYNC_PUBLISHED);
    add(s, METRIC_REFUSED, NULL, run->result == SYNC_REFUSED);
    add(s, METRIC_DURATION, NULL, seconds((clock_monotonic_us() - run->begun_us) / 1000));
    add(s, METRIC_REQUESTS, NULL, (double)stats->requests);
    add(s, METRIC_ERRORS, NULL, (double)stats->errors);
    add(s, METRIC_RETRIES, NULL, (double)stats->retries);
    add(s, METRIC_THROTTLED, NULL, (double)stats->throttled);
    add(s, METRIC_THROTTLED_WAIT, NULL, seconds(stats->waited_ms));
    add(s, METRIC_RECEIVED, NULL, (double)stats->bytes);
    add(s, METRIC_ANSWERS, NULL, (double)run->crawl.answers);
    add(s, METRIC_REUSED, NULL, (double)run->reused);
    add(s, METRIC_WARNINGS, NULL, (double)json_array_size(run->warnings));
    if (run->self_checked) {
        add(s, METRIC_CHECK_PAIRS, NULL, (double)run->self_check.pairs);
        add(s, METRIC_CHECK_DIFFERENCES, "too_much", (double)run->self_check.too_much);
        add(s, METRIC_CHECK_DIFFERENCES, "too_little", (double)run->self_check.too_little);
    }
}

static void add_snapshot(struct snapshot *snapshot, uint64_t part_count, struct samples *s)
{
    const struct meta_record *meta = snapshot_meta_record(snapshot);
    add(s, METRIC_LAST_SUCCESS, NULL, seconds(meta->meta.generated_ms));
    add(s, METRIC_SNAPSHOT_STARTED, NULL, seconds(meta->meta.started_ms));
    add(s, METRIC_SNAPSHOT_GENERATED, NULL, seconds(meta->meta.generated_ms));
    add(s, METRIC_SNAPSHOT_AGE, NULL, seconds(clock_now_ms() - meta->meta.started_ms));
    add(s, METRIC_SNAPSHOT_SIZE, NULL, (double)snapshot_size(snapshot));
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        add(s, METRIC_SNAPSHOT_RECORDS, layout_count_name((enum layout_count)i),
            (double)meta->counts[i]);
    add(s, METRIC_SNAPSHOT_PARTS, NULL, (double)part_count);
}

enum status sync_metrics_write(const struct sync_run *run, struct error *err)
{
    const struct policy *policy = &run->output.instance.policy;
    const struct file_owners owners = {policy->owners, policy->owner_count};
    struct samples samples = {.count = 0};
    struct snapshot *snapshot = NULL;
    struct buffer text;
    add_run(run, &samples);
    if (snapshot_open_mode(run->output.path, &owners, policy->snapshot_max_size, SNAPSHOT_MAPPED,
                           &snapshot, NULL) == STATUS_OK)
        add_snapshot(snapshot, sync_part_count(snapshot), &samples);
    snapshot_close(snapshot);
    buffer_init(&text, SIZE_MAX);
    metrics_text(samples.at, samples.count, &text);
    enum status status = text.failed
                             ? error_set(err, STATUS_MEMORY, "out of memory")
                             : file_replace(run->options.metrics, buffer_view(&text), 0644, err);
    buffer_free(&text);
    return status;
}
