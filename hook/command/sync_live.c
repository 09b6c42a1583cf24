/*
 * sync_live.c - a live Bitbucket is read into a journal (first pass), and the snapshot is built from
 * the journal (second pass), so that an interrupted sync goes on where it was and a replay of the
 * journal gives the same bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bitbucket/facts.h"
#include "bitbucket/live.h"
#include "bitbucket/survey.h"
#include "command/connection.h"
#include "command/sync_run.h"
#include "model/instance_url.h"

#define SKEW_WORTH_A_WORD CLOCK_MINUTE
#define LIMIT_WORTH_A_WORD (10 * CLOCK_MINUTE)
#define COMPLETE_MOST_MS (10 * CLOCK_MINUTE) /* since a crawl that --resume builds from was complete */
/* About, of each, for the estimate that an operator is given (rest-api.md 5.3). */
#define REQUESTS_A_PROJECT 9
#define REQUESTS_A_REPOSITORY 6

struct reading {
    struct sync_run *run;
    struct client *client;
    struct journal *journal;
    struct recording *earlier; /* --resume: what is in the journal already */
    struct recording *whole;   /* all of it */
    struct live *live;
};

/* ------------------------------------------------------------------ signing in */

static enum status connect_client(struct reading *r, struct error *err)
{
    const struct sync_options *o = &r->run->options;
    const struct client_options tuning = {
        .slots = o->concurrency,
        .rate = o->rate,
        .attempts = o->attempts,
        .answer_timeout_ms = o->timeout_ms,
        .tick = sync_progress_tick,
        .tick_self = &r->run->progress,
    };
    enum status status =
        connection_open(r->run->args, &tuning, r->run->interrupted, &r->client, err);
    if (status != STATUS_OK)
        return status;
    r->run->progress.stats = client_stats(r->client);
    r->run->base_url = strdup(client_base_url(r->client));
    return r->run->base_url ? STATUS_OK : error_set(err, STATUS_MEMORY, "out of memory");
}

static void keep_accounts(struct reading *r)
{
    for (int i = 0; i < 2; i++)
        snprintf(r->run->accounts[i], sizeof r->run->accounts[i], "%s",
                 client_account(r->client, i == 0));
}

/* ------------------------------------------------------------------ what is there */

static void warn_limited(struct sync_run *run, const struct survey *survey)
{
    uint64_t projects = 1000, repositories = 10000;
    const char *what = "10000 repositories take";
    char took[64];
    if (run->old) {
        const uint64_t *counts = snapshot_meta_record(run->old)->counts;
        projects = counts[COUNT_PROJECTS];
        repositories = counts[COUNT_REPOSITORIES];
        what = "a full sync takes";
    }
    double requests = (double)projects * REQUESTS_A_PROJECT +
                      (double)repositories * REQUESTS_A_REPOSITORY;
    double ms = requests / survey->fill_per_s * 1000;
    if (ms < LIMIT_WORTH_A_WORD)
        return;
    clock_format_duration(ms < 1000.0 * CLOCK_DAY ? (int64_t)ms : 1000 * CLOCK_DAY, took,
                          sizeof took);
    sync_warn(run, "Bitbucket allows this account %.4g requests a second: %s about %s; exempt it from "
                   "rate limiting",
              survey->fill_per_s, what, took);
}

static enum status look_around(struct reading *r, struct error *err)
{
    struct sync_run *run = r->run;
    struct survey survey = {.limited = ANSWER_CANNOT_TELL};
    char skew[64];
    enum status status = survey_server(r->client, &survey, err);
    if (status != STATUS_OK)
        return status;
    keep_accounts(r);
    const char *token = run->accounts[0], *user = run->accounts[1];
    const bool two = *token && *user && !text_equal_fold(text_of(token), text_of(user));
    sync_say(run, "Bitbucket %s at %s, signed in as %s%s%s", survey.version,
             client_base_url(r->client), *token ? token : user, two ? " and " : "",
             two ? user : "");
    if (survey.skew_known && llabs(survey.skew_ms) > SKEW_WORTH_A_WORD) {
        clock_format_duration(llabs(survey.skew_ms), skew, sizeof skew);
        sync_warn(run, "Bitbucket's clock is %s %s ours: the age of the snapshot counts by ours",
                  skew, survey.skew_ms > 0 ? "ahead of" : "behind");
    }
    if (survey.limited == ANSWER_YES && survey.exempt != ANSWER_YES && survey.fill_per_s > 0) {
        client_limit(r->client, survey.capacity, survey.fill_per_s);
        if (!sync_options_part(&run->options))
            warn_limited(run, &survey);
    }
    return STATUS_OK;
}

/* ------------------------------------------------------------------ the journal */

static enum status journal_path(const struct sync_run *run, char out[PATH_MAX], struct error *err)
{
    const struct sync_options *o = &run->options;
    if (!o->record)
        return sync_path(run, sync_options_part(o) ? ".part" : ".crawl", out, err);
    if ((size_t)snprintf(out, PATH_MAX, "%s", o->record) >= PATH_MAX)
        return error_set(err, STATUS_IO, "the path of --record is too long");
    return STATUS_OK;
}

/* What was published after the crawl began (a part) is newer than its answers: a grant that was taken
 * away since would come back. */
static enum status check_newest(const struct sync_run *run, int64_t started_ms, struct error *err)
{
    char generated[CLOCK_TEXT_SIZE], started[CLOCK_TEXT_SIZE];
    const struct snapshot_meta *old = run->old ? &snapshot_meta_record(run->old)->meta : NULL;
    if (!old || old->generated_ms <= started_ms || run->options.force)
        return STATUS_OK;
    clock_format(old->generated_ms, true, generated);
    clock_format(started_ms, true, started);
    return error_set(err, STATUS_USAGE,
                     "the snapshot in place was published at %s, and what was interrupted began at %s",
                     generated, started);
}

/* A timer says --resume each time: what was not fit to be published must not be all that it ever looks
 * at. */
static enum status check_recent(const struct sync_run *run, int64_t finished_ms, struct error *err)
{
    char finished[CLOCK_TEXT_SIZE];
    if (run->options.force || run->options.record ||
        clock_now_ms() - finished_ms <= COMPLETE_MOST_MS)
        return STATUS_OK;
    clock_format(finished_ms, true, finished);
    return error_set(err, STATUS_USAGE, "what was read until %s was not published then", finished);
}

/* One that is complete (the snapshot was not published, or not fit) is only built from. */
static enum status resume_journal(struct reading *r, const char *path, struct error *err)
{
    const char *url = client_base_url(r->client);
    int64_t started = 0, finished;
    if (journal_check(path, err) == STATUS_OK && recording_open(path, &r->whole, err) == STATUS_OK) {
        if (recording_finished(r->whole, &finished) && recording_started(r->whole, &started) &&
            instance_url_same(recording_base_url(r->whole), text_of(url))) {
            enum status status = check_recent(r->run, finished, err);
            return status == STATUS_OK ? check_newest(r->run, started, err) : status;
        }
        recording_close(r->whole);
        r->whole = NULL;
    }
    enum status status = journal_resume(path, text_of(url), &r->journal, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, status, "there is nothing to go on with in %s", path);
    if (status == STATUS_OK)
        status = check_newest(r->run, journal_started(r->journal), err);
    if (status == STATUS_OK)
        status = recording_open(path, &r->earlier, err);
    return status;
}

static enum status begin_journal(struct reading *r, const char *path, struct error *err)
{
    enum status status = STATUS_OK;
    if (!r->run->options.record) /* of an earlier sync */
        status = journal_remove(path, err);
    if (status == STATUS_OK)
        status = journal_create(path, text_of(client_base_url(r->client)), clock_now_ms(),
                                &r->journal, err);
    return status;
}

/* A timer that always says --resume: what cannot be gone on with is read anew. */
static enum status resume_or_begin(struct reading *r, const char *path, struct error *err)
{
    enum status status = resume_journal(r, path, err);
    bool anew = status == STATUS_NOT_FOUND ||
                (!r->run->options.record && (status == STATUS_USAGE || status == STATUS_FORMAT));
    if (status == STATUS_OK || !anew)
        return status;
    sync_say(r->run, "%s: everything is read anew", err->text);
    journal_close(r->journal);
    recording_close(r->whole);
    r->journal = NULL;
    r->whole = NULL;
    return begin_journal(r, path, err);
}

static enum status open_journal(struct reading *r, struct error *err)
{
    struct sync_run *run = r->run;
    char path[PATH_MAX];
    enum status status = journal_path(run, path, err);
    if (status == STATUS_OK)
        status = run->options.resume ? resume_or_begin(r, path, err) : begin_journal(r, path, err);
    if (status == STATUS_OK)
        memcpy(run->journal, path, sizeof path);
    return status;
}

/* Not for the next one: a part, and what is published. */
static void drop_journal(struct sync_run *run)
{
    struct error why;
    if (run->options.record || !*run->journal)
        return;
    if (journal_remove(run->journal, &why) != STATUS_OK)
        sync_warn(run, "cannot remove the journal: %s", why.text);
    *run->journal = '\0';
}

/* ------------------------------------------------------------------ the first pass */

static enum status crawl(struct reading *r, struct error *err)
{
    struct sync_run *run = r->run;
    struct builder *builder = NULL;
    struct facts *facts = NULL;
    enum status status =
        live_new(r->client, r->journal, r->earlier, run->options.concurrency, &r->live, err);
    if (status == STATUS_OK)
        status = builder_new_checking(run->interrupted, &builder, err);
    if (status == STATUS_OK && run->options.with_reports)
        status = facts_begin_checking(&facts, err);
    if (status == STATUS_OK) {
        const struct answer_source source = live_source(r->live);
        status = sync_crawl(run, &source, journal_started(r->journal), builder, facts, err);
    }
    run->reused = r->live ? live_reused(r->live) : 0;
    keep_accounts(r);
    facts_free(facts);
    builder_free(builder);
    live_free(r->live);
    r->live = NULL;
    return status;
}

static enum status read_all(struct reading *r, struct error *err)
{
    enum status status = crawl(r, err);
    if (status == STATUS_OK) {
        /* A clock that was set back must not make it look unfinished. */
        int64_t now = clock_now_ms(), started = journal_started(r->journal);
        status = journal_finish(r->journal, now > started ? now : started + 1, err);
    }
    journal_close(r->journal);
    recording_close(r->earlier);
    r->journal = NULL;
    r->earlier = NULL;
    if (status == STATUS_OK)
        status = recording_open(r->run->journal, &r->whole, err);
    return status;
}

enum status sync_live(struct sync_run *run, struct error *err)
{
    struct reading r = {.run = run};
    enum status status = connect_client(&r, err);
    if (status == STATUS_OK)
        status = sync_old_check_instance(run, text_of(client_base_url(r.client)), err);
    if (status == STATUS_OK)
        status = look_around(&r, err);
    if (status == STATUS_OK)
        status = open_journal(&r, err);
    if (status == STATUS_OK && !r.whole)
        status = read_all(&r, err);
    if (status == STATUS_OK) {
        sync_progress_stage(&run->progress, "building");
        status = sync_build(run, r.whole, r.client, err);
    }
    journal_close(r.journal);
    recording_close(r.earlier);
    recording_close(r.whole);
    /* Answers that cannot be used, or contradict each other: to go on would end in the same way. */
    if (status == STATUS_FORMAT && !run->options.record)
        drop_journal(run);
    if (run->complete || sync_options_part(&run->options))
        drop_journal(run);
    if (r.client)
        run->stats = *client_stats(r.client);
    run->progress.stats = NULL;
    client_free(r.client);
    return status;
}
