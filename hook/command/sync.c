/*
 * refgate sync - reads Bitbucket, builds the snapshot and publishes it.
 */
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/command.h"
#include "command/sync_lock.h"
#include "command/sync_metrics.h"
#include "command/sync_options.h"
#include "command/sync_run.h"
#include "command/sync_summary.h"

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    interrupted = signal_number;
}

/* What the caller has ignored (nohup) stays so. */
static void catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = interrupt}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
}

static enum status replay(struct sync_run *run, struct error *err)
{
    struct recording *recording = NULL;
    enum status status = recording_open(run->options.replay, &recording, err);
    if (status == STATUS_OK)
        status = sync_build(run, recording, NULL, err);
    recording_close(recording);
    return status;
}

/* What it was, and how to go on. */
static void tell_problem(struct sync_run *run)
{
    const bool stopped = interrupted && run->result != SYNC_PUBLISHED;
    command_trouble(run->args, "%s", stopped ? "interrupted" : run->problem.text);
    if (*run->journal && !run->complete && !sync_options_part(&run->options))
        command_trouble(run->args, "what was read is kept in %s: --resume, with the same options, %s",
                        run->journal,
                        run->result == SYNC_REFUSED ? "does not read it again" : "goes on");
}

static enum command_exit tell(struct sync_run *run)
{
    static const enum command_exit exits[] = {
        [SYNC_FAILED] = EXIT_TROUBLE, [SYNC_REFUSED] = EXIT_NO, [SYNC_PUBLISHED] = EXIT_YES};
    struct error err;
    if (run->options.metrics && sync_metrics_write(run, &err) != STATUS_OK)
        sync_warn(run, "no metrics: %s", err.text);
    if (run->result != SYNC_PUBLISHED)
        tell_problem(run);
    if (run->options.json && !sync_summary_json(run))
        return command_trouble(run->args, "out of memory, or a name that is not valid UTF-8");
    if (!run->options.json && run->result == SYNC_PUBLISHED)
        sync_summary_text(run);
    return exits[run->result];
}

/* With the lock. */
static enum command_exit work(struct sync_run *run)
{
    run->problem = (struct error){STATUS_OK, ""};
    sync_progress_begin(&run->progress, run->options.quiet, !run->options.replay);
    enum status status = sync_old_open(run, &run->problem);
    if (status == STATUS_OK)
        status = run->options.replay ? replay(run, &run->problem) : sync_live(run, &run->problem);
    sync_progress_end(&run->progress, status == STATUS_OK);
    snapshot_close(run->old);
    run->old = NULL;
    return tell(run);
}

static enum command_exit run(const struct arguments *args)
{
    static struct sync_run run; /* large */
    struct error err = {STATUS_OK, ""};
    enum command_exit result = EXIT_TROUBLE;
    int lock = -1;
    bool json;
    if (!argument_json(args, &json))
        return EXIT_TROUBLE;
    run = (struct sync_run){.args = args, .interrupted = &interrupted, .warnings = json_array()};
    run.begun_ms = clock_now_ms();
    run.begun_us = clock_monotonic_us();
    enum status status = sync_options_read(args, &run.options, &err);
    run.options.json = json;
    if (status == STATUS_OK && snapshot_file_find(args, "output", &run.output)) {
        catch_signals();
        status = sync_options_format(&run.options, &run.output.instance.policy, &run.header.format,
                                     &err);
        if (status == STATUS_OK)
            status = sync_lock_take(run.output.path, run.begun_ms, &lock, &err);
        if (status == STATUS_OK)
            result = work(&run);
    }
    if (status != STATUS_OK)
        command_trouble(args, "%s", err.text);
    if (lock >= 0)
        close(lock);
    snapshot_file_free(&run.output);
    sync_options_free(&run.options);
    json_decref(run.warnings);
    free(run.base_url);
    return result;
}

const struct command command_sync = {
    .name = "sync",
    .summary = "read Bitbucket, build the snapshot and publish it",
    .operands = "",
    .details = "The old snapshot stays in use until the new one is complete and verified, and is\n"
               "kept as FILE.1. Exit status: 0 published; 1 complete, but not fit to be published\n"
               "(--max-shrink, --self-check, rights of the account); 2 could not be done.",
    .options = sync_option_specs,
    .option_count = SYNC_OPTION_COUNT,
    .run = run,
};
