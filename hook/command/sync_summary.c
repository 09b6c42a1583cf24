#include "command/sync_summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

/* ------------------------------------------------------------------ text */

static void line(const char *name, struct text value, const char *more)
{
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, value, SIZE_MAX, false);
    printf("%-18s%s%s\n", name, safe.data ? safe.data : "", more);
    buffer_free(&safe);
}

static void number(const char *name, uint64_t value)
{
    printf("%-18s%" PRIu64 "\n", name, value);
}

static void number_if(const char *name, uint64_t value)
{
    if (value)
        number(name, value);
}

static void text_of_requests(const struct sync_run *run)
{
    const struct client_stats *stats = &run->stats;
    if (run->options.replay)
        return;
    number("requests", stats->requests);
    number_if("retries", stats->retries);
    if (stats->throttled) {
        char waited[64];
        clock_format_duration(stats->waited_ms, waited, sizeof waited);
        printf("%-18s%" PRIu64 " (waited %s)\n", "429", stats->throttled, waited);
    }
    number_if("reused answers", run->reused);
    if (run->self_checked)
        printf("%-18s%" PRIu64 " of %" PRIu64 " permissions differ (%" PRIu64 " repositories)\n",
               "self-check", run->self_check.too_much + run->self_check.too_little,
               run->self_check.pairs, run->self_check.repositories);
    if (*run->journal)
        line("recording", text_of(run->journal), "");
}

/* What was read, and from when the age of the rest counts. */
static void text_of_parts(const struct sync_run *run)
{
    const struct sync_options *o = &run->options;
    char time[CLOCK_TEXT_SIZE], repository[256];
    if (!sync_options_part(o))
        return;
    clock_format(run->header.started_ms, true, time);
    printf("%-18s%s\n", "age counts from", time);
    for (size_t i = 0; i < o->project_count; i++)
        line("part", text_of(o->projects[i]), "");
    for (size_t i = 0; i < o->repository_count; i++) {
        snprintf(repository, sizeof repository, "%s/%s", o->repositories[i].project_key,
                 o->repositories[i].slug);
        line("part", text_of(repository), "");
    }
}

void sync_summary_text(const struct sync_run *run)
{
    char time[CLOCK_TEXT_SIZE], version[96];
    clock_format(run->header.generated_ms, true, time);
    snprintf(version, sizeof version, " (Bitbucket %s)", run->crawl.version);
    line("published", text_of(run->output.path), "");
    line("source", text_of(run->base_url), version);
    printf("%-18s%s\n", "generated", time);
    text_of_parts(run);
    number("answers", run->crawl.answers);
    text_of_requests(run);
    number_if("moved", run->crawl.moved);
    number_if("gone", run->crawl.gone);
    number_if("appeared", run->crawl.appeared);
    number_if("refused", run->crawl.refused);
    number_if("warnings", json_array_size(run->warnings));
    printf("%-18s%s\n", "digest", run->summary.digest.hex);
    printf("%-18s%" PRIu64 " bytes\n", "size", run->summary.size);
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        number(layout_count_name((enum layout_count)i), run->summary.counts[i]);
    if (*run->reports) {
        line("reports", text_of(run->reports), "");
        number("facts", run->facts);
    }
}

/* ------------------------------------------------------------------ JSON */

static json_t *integer(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

static json_t *time_of(int64_t ms)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(ms, false, time);
    return json_string(time);
}

static json_t *parts(const struct sync_options *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < o->project_count; i++)
        json_array_append_new(list, json_string(o->projects[i]));
    for (size_t i = 0; i < o->repository_count; i++)
        json_array_append_new(list, json_sprintf("%s/%s", o->repositories[i].project_key,
                                                 o->repositories[i].slug));
    return list;
}

static json_t *self_check(const struct sync_run *run)
{
    const struct self_check *check = &run->self_check;
    if (!run->self_checked)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "repositories", (json_int_t)check->repositories,
                     "pairs", (json_int_t)check->pairs, "undecided", (json_int_t)check->undecided,
                     "too_much", (json_int_t)check->too_much, "too_little",
                     (json_int_t)check->too_little);
}

static void add_run(const struct sync_run *run, json_t *all)
{
    const struct sync_options *o = &run->options;
    const struct client_stats *stats = &run->stats;
    json_object_set_new(all, "mode", json_string(o->replay                ? "replay"
                                                 : sync_options_part(o) ? "part"
                                                                        : "full"));
    json_object_set_new(all, "parts", parts(o));
    json_object_set_new(all, "resumed", json_boolean(o->resume));
    json_object_set_new(all, "duration_ms",
                        json_integer((clock_monotonic_us() - run->begun_us) / 1000));
    json_object_set_new(all, "requests", integer(stats->requests));
    json_object_set_new(all, "errors", integer(stats->errors));
    json_object_set_new(all, "retries", integer(stats->retries));
    json_object_set_new(all, "throttled", integer(stats->throttled));
    json_object_set_new(all, "throttled_wait_ms", json_integer(stats->waited_ms));
    json_object_set_new(all, "received_bytes", integer(stats->bytes));
    json_object_set_new(all, "reused", integer(run->reused));
    json_object_set_new(all, "self_check", self_check(run));
    json_object_set_new(all, "journal", text_or_null(run->journal));
    json_object_set(all, "warnings", run->warnings);
}

static void add_snapshot(const struct sync_run *run, json_t *all)
{
    const struct crawl_result *crawl = &run->crawl;
    json_t *counts = json_object();
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        json_object_set_new(counts, layout_count_name((enum layout_count)i),
                            integer(run->summary.counts[i]));
    json_object_set_new(all, "bitbucket_version", json_string(crawl->version));
    json_object_set_new(all, "generated", time_of(run->header.generated_ms));
    json_object_set_new(all, "started", time_of(run->header.started_ms));
    json_object_set_new(all, "answers", integer(crawl->answers));
    json_object_set_new(all, "moved", integer(crawl->moved));
    json_object_set_new(all, "gone", integer(crawl->gone));
    json_object_set_new(all, "appeared", integer(crawl->appeared));
    json_object_set_new(all, "refused", integer(crawl->refused));
    json_object_set_new(all, "digest", json_string(run->summary.digest.hex));
    json_object_set_new(all, "size", integer(run->summary.size));
    json_object_set_new(all, "counts", counts);
    json_object_set_new(all, "reports", text_or_null(run->reports));
    json_object_set_new(all, "facts", integer(run->facts));
}

static json_t *problem(const struct sync_run *run)
{
    struct buffer safe;
    if (run->result == SYNC_PUBLISHED)
        return json_null();
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, text_of(run->problem.text), SIZE_MAX, false);
    json_t *text = json_string(safe.data ? safe.data : "");
    buffer_free(&safe);
    return text;
}

bool sync_summary_json(const struct sync_run *run)
{
    json_t *all = json_object(), *file = json_string(run->output.path);
    if (!file) {
        json_decref(all);
        return false;
    }
    json_object_set_new(all, "published", json_boolean(run->complete));
    json_object_set_new(all, "problem", problem(run));
    json_object_set_new(all, "file", file);
    json_object_set_new(all, "base_url", text_or_null(run->base_url));
    add_run(run, all);
    if (run->complete)
        add_snapshot(run, all);
    bool good = !json_dumpf(all, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(all);
    return good;
}
