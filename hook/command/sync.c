/*
 * refgate sync - builds and publishes the snapshot. In this version from a recording only.
 */
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bitbucket/crawl.h"
#include "bitbucket/recording.h"
#include "bitbucket/service_users.h"
#include "command/command.h"
#include "command/snapshot_file.h"

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    interrupted = signal_number;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* ------------------------------------------------------------------ progress */

struct progress {
    bool shown;
    const char *phase;
    int64_t next_us;
};

static void show_progress(void *self, const char *phase, uint64_t done, uint64_t total)
{
    struct progress *p = self;
    int64_t now = clock_monotonic_us();
    if (!p->shown || (phase == p->phase && now < p->next_us))
        return;
    p->phase = phase;
    p->next_us = now + 100000;
    if (total)
        fprintf(stderr, "\r\033[K%s %" PRIu64 "/%" PRIu64, phase, done, total);
    else
        fprintf(stderr, "\r\033[K%s", phase);
    fflush(stderr);
}

static void end_progress(struct progress *p)
{
    if (p->shown && p->phase)
        fputs("\r\033[K", stderr);
}

/* ------------------------------------------------------------------ summary */

struct outcome {
    const char *path;
    struct text base_url;
    struct crawl_result crawl;
    struct builder_header header;
    struct builder_summary summary;
};

static void print_text(const struct outcome *o)
{
    char time[CLOCK_TEXT_SIZE];
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, text_of(o->path), SIZE_MAX, false);
    clock_format(o->header.generated_ms, true, time);
    printf("published   %s\n", safe.data ? safe.data : "");
    safe.size = 0;
    buffer_escaped(&safe, o->base_url, SIZE_MAX, false);
    buffer_string(&safe, " (Bitbucket ");
    buffer_escaped(&safe, text_of(o->crawl.version), SIZE_MAX, false);
    printf("source      %s)\n", safe.data ? safe.data : "");
    printf("generated   %s\n", time);
    printf("answers     %" PRIu64 "\n", o->crawl.answers);
    printf("digest      %s\n", o->summary.digest.hex);
    printf("size        %" PRIu64 " bytes\n", o->summary.size);
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        printf("%-18s%" PRIu64 "\n", layout_count_name((enum layout_count)i), o->summary.counts[i]);
    buffer_free(&safe);
}

static enum command_exit print_json(const struct arguments *args, const struct outcome *o)
{
    char generated[CLOCK_TEXT_SIZE], started[CLOCK_TEXT_SIZE];
    clock_format(o->header.generated_ms, false, generated);
    clock_format(o->header.started_ms, false, started);
    json_t *counts = json_object();
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        json_object_set_new(counts, layout_count_name((enum layout_count)i),
                            json_integer((json_int_t)o->summary.counts[i]));
    json_t *all = json_pack("{s:s?, s:s%, s:s, s:s, s:s, s:I, s:s, s:I, s:o}", "file", o->path,
                            "base_url", o->base_url.at, o->base_url.size, "bitbucket_version",
                            o->crawl.version, "generated", generated, "started", started,
                            "answers", (json_int_t)o->crawl.answers, "digest",
                            o->summary.digest.hex, "size", (json_int_t)o->summary.size, "counts",
                            counts);
    if (!all)
        return command_trouble(args, "out of memory, or a name that is not valid UTF-8");
    json_dumpf(all, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(all);
    return EXIT_YES;
}

/* ------------------------------------------------------------------ the work */

static enum status times(const struct arguments *args, const struct recording *recording,
                         struct builder_header *header, struct error *err)
{
    const char *now = argument(args, "now");
    header->generated_ms = clock_now_ms();
    if (now && !clock_parse(text_of(now), &header->generated_ms))
        return error_set(err, STATUS_USAGE, "--now takes a time like 2026-11-22T04:10:00Z");
    header->started_ms = header->generated_ms;
    recording_started(recording, &header->started_ms);
    header->duration_ms = recording_duration(recording);
    return STATUS_OK;
}

static enum status build(const struct arguments *args, struct recording *recording,
                         const struct snapshot_file *output, struct builder *builder,
                         struct outcome *o, struct error *err)
{
    struct progress progress = {.shown = isatty(STDERR_FILENO) == 1};
    const struct crawl_options options = {
        .allow_partial = argument_flag(args, "allow-partial"),
        .progress = show_progress,
        .self = &progress,
    };
    const struct answer_source source = recording_source(recording);
    const char *service_users = argument(args, "service-users");
    enum status status = times(args, recording, &o->header, err);
    if (status == STATUS_OK && service_users)
        status = service_users_read(service_users, builder, err);
    if (status == STATUS_OK)
        status = crawl_run(&source, builder, &options, &o->crawl, err);
    if (status == STATUS_OK) {
        show_progress(&progress, "writing", 0, 0);
        o->base_url = o->header.base_url = recording_base_url(recording);
        o->header.bitbucket_version = text_of(o->crawl.version);
        status = builder_finish(builder, &o->header, output->path,
                                output->policy.snapshot_max_size, &o->summary, err);
    }
    end_progress(&progress);
    return status;
}

static enum command_exit replay(const struct arguments *args, const struct snapshot_file *output,
                                bool json)
{
    struct recording *recording = NULL;
    struct builder *builder = NULL;
    struct error err = {STATUS_OK, ""};
    struct outcome outcome = {.path = output->path};
    enum command_exit result = EXIT_YES;
    catch_signals();
    enum status status = recording_open(argument(args, "replay"), &recording, &err);
    if (status == STATUS_OK)
        status = builder_new(&interrupted, &builder, &err);
    if (status == STATUS_OK)
        status = build(args, recording, output, builder, &outcome, &err);
    if (status != STATUS_OK)
        result = command_trouble(args, "%s", err.text);
    else if (json)
        result = print_json(args, &outcome);
    else
        print_text(&outcome);
    builder_free(builder);
    recording_close(recording);
    return result;
}

static enum command_exit run(const struct arguments *args)
{
    static struct snapshot_file output; /* large */
    bool json;
    if (!argument_json(args, &json))
        return EXIT_TROUBLE;
    if (!argument(args, "replay"))
        return command_trouble(args, "reading from a live Bitbucket is not in this version: "
                                     "give --replay DIR with recorded answers");
    if (!snapshot_file_find(args, "output", &output)) {
        snapshot_file_free(&output);
        return EXIT_TROUBLE;
    }
    enum command_exit result = replay(args, &output, json);
    snapshot_file_free(&output);
    return result;
}

static const struct option_spec options[] = {
    {"replay", "DIR", "recorded answers to build from (refgate-snapshot(5))", false},
    {"output", "FILE", "the snapshot (default: what the configuration names)", false},
    {"service-users", "FILE", "which access key a service user stands for: name,key id", false},
    {"allow-partial", NULL, "mark groups that cannot be read instead of giving up", false},
    {"now", "TIME", "the time of the snapshot, e.g. 2026-11-22T04:10:00Z (default: now)", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

const struct command command_sync = {
    .name = "sync",
    .summary = "build the snapshot and publish it",
    .operands = "",
    .details = "The old snapshot stays in use until the new one is complete and verified, and is\n"
               "kept as FILE.1. Exit status: 0 published, 2 not published.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
