/*
 * sync_build.c - from a recording to a snapshot in its place: the second pass of a live sync, and
 * all of a replay. The same recording gives the same bytes.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "bitbucket/facts.h"
#include "bitbucket/service_users.h"
#include "command/sync_gate.h"
#include "command/sync_part.h"
#include "command/sync_run.h"

/* A recording that says when it was made is as old as that, whenever it is replayed; --now is for
 * tests and for what else must be repeatable. */
static void set_times(struct sync_run *run, const struct recording *recording)
{
    struct builder_header *header = &run->header;
    header->generated_ms = clock_now_ms();
    recording_finished(recording, &header->generated_ms);
    if (run->options.now_known)
        header->generated_ms = run->options.now_ms;
    header->started_ms = header->generated_ms;
    recording_started(recording, &header->started_ms);
    header->duration_ms = recording_duration(recording);
}

static enum status begin_facts(struct sync_run *run, struct facts **facts, struct error *err)
{
    const char *given = run->options.reports_output;
    enum status status = STATUS_OK;
    if (!run->options.with_reports)
        return STATUS_OK;
    if (!given)
        status = sync_path(run, ".facts.jsonl", run->reports, err);
    else if ((size_t)snprintf(run->reports, sizeof run->reports, "%s", given) >=
             sizeof run->reports)
        status = error_set(err, STATUS_IO, "the path of --reports-output is too long");
    if (status != STATUS_OK)
        return status;
    return facts_begin(run->reports, run->header.base_url, run->header.started_ms, facts, err);
}

enum status sync_crawl(struct sync_run *run, const struct answer_source *source, int64_t started_ms,
                       struct builder *builder, struct facts *facts, struct error *err)
{
    const struct crawl_scope scope = sync_part_scope(run, started_ms);
    const struct crawl_options options = {
        .allow_partial = run->options.allow_partial,
        .with_reports = run->options.with_reports,
        .scope = sync_options_part(&run->options) ? &scope : NULL,
        .progress = sync_progress_crawl,
        .self = &run->progress,
    };
    enum status status = STATUS_OK;
    if (run->options.service_users)
        status = service_users_read(run->options.service_users, builder, err);
    if (status == STATUS_OK)
        status = crawl_run(source, builder, facts, &options, &run->crawl, err);
    return status;
}

/* The rest of the snapshot is as old as it was: its age counts from the last full sync. */
static enum status add_the_rest(struct sync_run *run, struct builder *builder, struct error *err)
{
    const struct meta_record *old = snapshot_meta_record(run->old);
    run->header.started_ms = old->meta.started_ms;
    run->header.duration_ms = old->duration_ms;
    return builder_reload(builder, run->old, err);
}

static enum status finish(struct sync_run *run, struct builder *builder, struct client *client,
                          struct error *err)
{
    struct sync_gate gate = {run, client};
    const struct builder_gate check = {sync_gate_check, &gate};
    enum status status = STATUS_OK;
    if (sync_options_part(&run->options))
        status = add_the_rest(run, builder, err);
    if (status == STATUS_OK) {
        sync_progress_stage(&run->progress, "writing");
        status = builder_finish(builder, &run->header, run->output.path,
                                run->output.instance.policy.snapshot_max_size, &check, &run->summary, err);
    }
    if (status == STATUS_OK) {
        run->complete = true;
        run->result = SYNC_PUBLISHED;
    }
    return status;
}

static enum status begin(struct sync_run *run, const struct recording *recording, struct error *err)
{
    struct text url = recording_base_url(recording);
    free(run->base_url);
    run->base_url = strndup(url.at, url.size);
    if (!run->base_url)
        return error_set(err, STATUS_MEMORY, "out of memory");
    run->header.base_url = text_of(run->base_url);
    set_times(run, recording);
    enum status status = sync_options_format(&run->options, &run->output.instance.policy,
                                             &run->header.format, err);
    if (status != STATUS_OK)
        return status;
    return sync_old_check_instance(run, run->header.base_url, err);
}

enum status sync_build(struct sync_run *run, struct recording *recording, struct client *client,
                       struct error *err)
{
    struct builder *builder = NULL;
    struct facts *facts = NULL;
    const struct answer_source source = recording_source(recording);
    enum status status = begin(run, recording, err);
    if (status == STATUS_OK)
        status = begin_facts(run, &facts, err);
    if (status == STATUS_OK)
        status = builder_new(run->interrupted, &builder, err);
    if (status == STATUS_OK)
        status = sync_crawl(run, &source, run->header.started_ms, builder, facts, err);
    run->header.bitbucket_version = text_of(run->crawl.version);
    if (status == STATUS_OK)
        status = finish(run, builder, client, err);
    if (status == STATUS_OK && facts) {
        run->facts = facts_count(facts);
        status = facts_publish(facts, run->summary.digest.hex, err);
        if (status != STATUS_OK) {
            run->result = SYNC_FAILED;
            error_prefix(err, "the snapshot was published, but not what reports need");
        }
    }
    facts_free(facts);
    builder_free(builder);
    return status;
}
