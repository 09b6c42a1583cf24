#include "command/sync_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bitbucket/client.h"
#include "bitbucket/gate.h"
#include "command/connection.h"
#include "snapshot/format.h"

#define ATTEMPTS_MAX 100
#define TIMEOUT_MAX CLOCK_HOUR
#define RATE_MAX 1000000

const struct option_spec sync_option_specs[SYNC_OPTION_COUNT] = {
    OPTIONS_CONNECTION,
    {"output", "FILE", "the snapshot (default: what the configuration names)", false},
    {"project", "KEY", "refresh only this project with its repositories (repeatable)", true},
    {"repo", "KEY/SLUG", "refresh only this repository (repeatable)", true},
    {"resume", NULL, "go on with what an interrupted sync has read, if there is one", false},
    {"full", NULL, "read everything anew (this is the default)", false},
    {"record", "DIR", "keep all answers, without secrets, as a recording", false},
    {"replay", "DIR", "build from a recording (refgate-snapshot(5)); asks nobody", false},
    {"with-reports", NULL, "also read what only reports need", false},
    {"reports-output", "FILE", "where that goes (default: beside the snapshot)", false},
    {"snapshot-format", "N", "write this format, for hooks that are older (default: the newest)", false},
    {"service-users", "FILE", "which access key a service user stands for: name,key id", false},
    {"allow-partial", NULL, "mark what may not be read instead of giving up", false},
    {"max-shrink", "PERCENT", "publish only if no more than this was lost (default: 20%)", false},
    {"self-check", "N", "compare so many repositories with Bitbucket's answer (default: 20)", false},
    {"force", NULL, "publish in spite of --max-shrink and --self-check", false},
    {"concurrency", "N", "requests under way at once (default: 16, at most 256)", false},
    {"rate", "N", "requests a second at most (default: what Bitbucket allows)", false},
    {"timeout", "DURATION", "longest wait for one answer, like 30s or 5m", false},
    {"attempts", "N", "how often a request is tried (default: 5)", false},
    {"metrics", "FILE", "write metrics for Prometheus (node_exporter's textfile)", false},
    {"now", "TIME", "the time of the snapshot, e.g. 2026-11-22T04:10:00Z (default: now)", false},
    {"quiet", NULL, "no progress", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

/* ------------------------------------------------------------------ values */

bool sync_parse_percent(struct text t, unsigned *percent)
{
    uint64_t value;
    if (t.size && t.at[t.size - 1] == '%')
        t.size--;
    if (!text_parse_u64(t, 100, false, &value))
        return false;
    *percent = (unsigned)value;
    return true;
}

bool sync_parse_rate(struct text t, double *rate)
{
    struct text whole = t;
    uint64_t high = 0, low = 0;
    double scale = 1;
    if (memchr(t.size ? t.at : "", '.', t.size)) {
        struct text fraction = t;
        if (!text_next_field(&fraction, '.', &whole) || !fraction.size || fraction.size > 3 ||
            !text_parse_u64(fraction, 999, false, &low))
            return false;
        for (size_t i = 0; i < fraction.size; i++)
            scale *= 10;
    }
    if (!text_parse_u64(whole, RATE_MAX, false, &high) || (!high && !low))
        return false;
    *rate = (double)high + (double)low / scale;
    return true;
}

static enum status read_number(const struct arguments *args, const char *name, uint64_t least,
                               uint64_t most, uint64_t *out, struct error *err)
{
    const char *given = argument(args, name);
    uint64_t value;
    if (!given)
        return STATUS_OK;
    if (!text_parse_u64(text_of(given), most, false, &value) || value < least)
        return error_set(err, STATUS_USAGE, "--%s takes a number from %llu to %llu", name,
                         (unsigned long long)least, (unsigned long long)most);
    *out = value;
    return STATUS_OK;
}

static enum status read_numbers(const struct arguments *args, struct sync_options *out,
                                struct error *err)
{
    uint64_t slots = SYNC_CONCURRENCY_DEFAULT, attempts = SYNC_ATTEMPTS_DEFAULT;
    uint64_t check = SYNC_SELF_CHECK_DEFAULT, format = 0;
    enum status status = read_number(args, "concurrency", 1, CLIENT_SLOTS_MAX, &slots, err);
    if (status == STATUS_OK)
        status = read_number(args, "attempts", 1, ATTEMPTS_MAX, &attempts, err);
    if (status == STATUS_OK)
        status = read_number(args, "self-check", 0, SYNC_SELF_CHECK_MAX, &check, err);
    if (status == STATUS_OK)
        status = read_number(args, "snapshot-format", format_known.oldest, format_known.newest,
                             &format, err);
    if (status != STATUS_OK)
        return status;
    out->concurrency = (size_t)slots;
    out->attempts = (unsigned)attempts;
    out->self_check = (size_t)check;
    out->snapshot_format = (uint32_t)format;
    return STATUS_OK;
}

static enum status read_measures(const struct arguments *args, struct sync_options *out,
                                 struct error *err)
{
    const char *shrink = argument(args, "max-shrink"), *rate = argument(args, "rate");
    const char *timeout = argument(args, "timeout"), *now = argument(args, "now");
    out->max_shrink = GATE_SHRINK_DEFAULT;
    if (shrink && !sync_parse_percent(text_of(shrink), &out->max_shrink))
        return error_set(err, STATUS_USAGE, "--max-shrink takes a percentage like 20%%");
    if (rate && !sync_parse_rate(text_of(rate), &out->rate))
        return error_set(err, STATUS_USAGE, "--rate takes requests a second, like 5 or 0.5");
    if (timeout && (!clock_parse_duration(text_of(timeout), &out->timeout_ms) ||
                    out->timeout_ms < CLOCK_SECOND || out->timeout_ms > TIMEOUT_MAX))
        return error_set(err, STATUS_USAGE, "--timeout takes a duration from 1s to 1h, like 30s");
    out->now_known = now != NULL;
    if (now && !clock_parse(text_of(now), &out->now_ms))
        return error_set(err, STATUS_USAGE, "--now takes a time like 2026-11-22T04:10:00Z");
    return STATUS_OK;
}

/* KEY/SLUG */
static enum status add_repository(struct sync_options *out, const char *given, struct error *err)
{
    const char *slash = strchr(given, '/');
    if (!slash || slash == given || !slash[1] || strchr(slash + 1, '/'))
        return error_set(err, STATUS_USAGE, "--repo takes a project's key and a slug: KEY/SLUG");
    char *key = strndup(given, (size_t)(slash - given));
    if (!key)
        return error_set(err, STATUS_MEMORY, "out of memory");
    out->names[out->repository_count] = key;
    out->repositories[out->repository_count++] = (struct crawl_repository){key, slash + 1};
    return STATUS_OK;
}

static enum status read_parts(const struct arguments *args, struct sync_options *out,
                              struct error *err)
{
    const char *given;
    while ((given = argument_nth(args, "project", out->project_count))) {
        if (strchr(given, '/'))
            return error_set(err, STATUS_USAGE, "--project takes a key; for a repository there is "
                                                "--repo KEY/SLUG");
        out->projects[out->project_count++] = given;
    }
    while ((given = argument_nth(args, "repo", out->repository_count))) {
        enum status status = add_repository(out, given, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ------------------------------------------------------------------ one with another */

static const char *const live_only[] = {
    "url",     "auth-file", "auth-fd",     "resume",     "record", "self-check", "concurrency",
    "rate",    "timeout",   "attempts",    "cacert",     "client-cert", "client-key",
    "proxy",   "allow-http",
};

static const struct {
    const char *a, *b, *why;
} contradictions[] = {
    {"full", "resume", "the one reads everything anew, the other goes on with what was read"},
    {"full", "project", "the one reads everything, the other a part"},
    {"full", "repo", "the one reads everything, the other a part"},
    {"resume", "project", "a part is read anew as a whole"},
    {"resume", "repo", "a part is read anew as a whole"},
    {"with-reports", "project", "what reports need is read of the whole instance only"},
    {"with-reports", "repo", "what reports need is read of the whole instance only"},
};

static enum status check_together(const struct arguments *args, struct error *err)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (args->given[i].option->argument && !*args->given[i].value)
            return error_set(err, STATUS_USAGE, "--%s has an empty value",
                             args->given[i].option->name);
    for (size_t i = 0; i < sizeof live_only / sizeof live_only[0]; i++)
        if (argument(args, "replay") && argument(args, live_only[i]))
            return error_set(err, STATUS_USAGE,
                             "--%s is for a live Bitbucket, and --replay asks nobody", live_only[i]);
    for (size_t i = 0; i < sizeof contradictions / sizeof contradictions[0]; i++)
        if (argument(args, contradictions[i].a) && argument(args, contradictions[i].b))
            return error_set(err, STATUS_USAGE, "--%s and --%s contradict each other: %s",
                             contradictions[i].a, contradictions[i].b, contradictions[i].why);
    if (argument(args, "reports-output") && !argument(args, "with-reports"))
        return error_set(err, STATUS_USAGE, "--reports-output needs --with-reports");
    return STATUS_OK;
}

static enum status read_addresses(const struct arguments *args, struct sync_options *out,
                                  struct error *err)
{
    out->replay = argument(args, "replay");
    if (!out->replay && !connection_url(args))
        return error_set(err, STATUS_USAGE, "name Bitbucket with --url URL or REFGATE_URL, or a "
                                            "recording with --replay DIR");
    return out->replay ? STATUS_OK : connection_check(args, err);
}

static void read_plain(const struct arguments *args, struct sync_options *out)
{
    out->resume = argument_flag(args, "resume");
    out->record = argument(args, "record");
    out->with_reports = argument_flag(args, "with-reports");
    out->reports_output = argument(args, "reports-output");
    out->service_users = argument(args, "service-users");
    out->allow_partial = argument_flag(args, "allow-partial");
    out->force = argument_flag(args, "force");
    out->metrics = argument(args, "metrics");
    out->quiet = argument_flag(args, "quiet");
}

enum status sync_options_read(const struct arguments *args, struct sync_options *out,
                              struct error *err)
{
    *out = (struct sync_options){0};
    enum status status = check_together(args, err);
    if (status == STATUS_OK)
        status = read_addresses(args, out, err);
    if (status == STATUS_OK)
        status = read_numbers(args, out, err);
    if (status == STATUS_OK)
        status = read_measures(args, out, err);
    if (status == STATUS_OK)
        status = read_parts(args, out, err);
    read_plain(args, out);
    return status;
}

enum status sync_options_format(const struct sync_options *options, const struct policy *policy,
                                uint32_t *out, struct error *err)
{
    uint32_t wanted = options->snapshot_format ? options->snapshot_format : policy->snapshot_format;
    return format_choose(wanted, format_known, "[snapshot] format", out, err);
}

void sync_options_free(struct sync_options *options)
{
    for (size_t i = 0; i < options->repository_count; i++)
        free(options->names[i]);
    options->repository_count = 0;
}
