/*
 * refgate audit replay - past decisions judged again by another policy: what would change.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/audit.h"
#include "command/replay.h"
#include "policy/config.h"

#define LIMIT_DEFAULT 50


struct run {
    const struct arguments *args;
    enum output_format format;
    uint64_t limit; /* changes shown */
    struct instance instance;
    struct audit_files files;
    struct policy policy; /* the new one */
    struct replay_request request;
    struct replay_result result;
};

static bool options_good(struct run *run)
{
    const char *limit = argument(run->args, "limit");
    run->limit = LIMIT_DEFAULT;
    if (limit && !text_parse_u64(text_of(limit), REPLAY_CHANGES_MAX, false, &run->limit)) {
        command_trouble(run->args, "--limit wants a number of at most %d", REPLAY_CHANGES_MAX);
        return false;
    }
    if (!argument(run->args, "policy")) {
        command_trouble(run->args, "--policy is missing: the configuration to try");
        return false;
    }
    return argument_format(run->args, &run->format) &&
           argument_time(run->args, "since", NULL, &run->request.since_ms) &&
           argument_time(run->args, "until", NULL, &run->request.until_ms);
}

/* A configuration that is not in use: no trust check. */
static bool load(struct run *run, const char *path, struct policy *out)
{
    struct error err = {STATUS_OK, ""};
    struct config_errors errors;
    struct buffer bytes;
    buffer_init(&bytes, CONFIG_SIZE_MAX + 1);
    config_errors_init(&errors);
    enum status status = config_read_file(path, &bytes, &err);
    bool good = false;
    if (status != STATUS_OK) {
        command_trouble(run->args, "%s: %s", path, err.text);
    } else if (config_parse(buffer_view(&bytes), config_base_name(path), &run->instance.arena, out,
                            &errors) != STATUS_OK) {
        fputs(errors.lines.data ? errors.lines.data : "out of memory\n", stderr);
        command_trouble(run->args, "the configuration is not usable: %s", path);
    } else {
        good = true;
    }
    config_errors_free(&errors);
    buffer_free(&bytes);
    return good;
}

static bool prepare(struct run *run)
{
    const char *old = argument(run->args, "old");
    if (!options_good(run) || !audit_files(run->args, &run->files) ||
        !instance_open(run->args, SNAPSHOT_MAPPED, true, &run->instance))
        return false;
    if (old && !load(run, old, &run->instance.policy))
        return false;
    run->request.args = run->args;
    run->request.instance = &run->instance;
    run->request.policy = &run->policy;
    run->request.files = &run->files;
    return load(run, argument(run->args, "policy"), &run->policy);
}

static bool print(const struct run *run)
{
    if (run->format == OUTPUT_CSV)
        return replay_csv(&run->result, stdout);
    if (run->format == OUTPUT_TEXT) {
        replay_print(&run->result, (size_t)run->limit, stdout);
        return true;
    }
    json_t *whole = replay_json(&run->result);
    bool good = whole && !json_dumpf(whole, stdout, command_json_flags(JSON_INDENT(2)));
    printf("\n");
    json_decref(whole);
    return good;
}

static enum command_exit replay(struct run *run)
{
    const struct replay_result *result = &run->result;
    if (!prepare(run) || !replay_run(&run->request, &run->result))
        return EXIT_TROUBLE;
    if (!print(run))
        return command_trouble(run->args, "out of memory, or the output cannot be written");
    if (!result->decisions && result->skips[REPLAY_DAMAGED])
        return command_trouble(run->args, "no line of the log is a decision that can be read");
    return result->same == result->decisions ? EXIT_YES : EXIT_NO;
}

static enum command_exit run_replay(const struct arguments *args)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return command_trouble(args, "out of memory");
    run->args = args;
    enum command_exit status = replay(run);
    replay_free(&run->result);
    audit_files_free(&run->files);
    instance_close(&run->instance);
    free(run);
    return status;
}

static const struct option_spec options[] = {
    {"policy", "FILE", "the configuration to try", false},
    {"old", "FILE", "compare with this one instead of the one in use", false},
    {"snapshot", "FILE", "use this snapshot instead of the configured one", false},
    {"since", "TIME", "not before: 2026-11-22T04:10:00Z, a date, or an age (24h, 7d)", false},
    {"until", "TIME", "before", false},
    {"limit", "N", "list only the last N of what would change (text; default: 50)", false},
    OPTION_FORMATS,
    OPTION_CONFIG,
};

const struct command command_audit_replay = {
    .name = "replay",
    .summary = "judge recorded decisions again by another policy: what would change",
    .operands = "[FILE...]",
    .details = "Without FILE, the log that the configuration names; - is stdin. Each decision is\n"
               "judged twice on one snapshot, by the policy in use and by --policy.\n"
               "Exit code: 0 nothing would change, 1 something would, 2 could not be answered.\n\n"
               "  refgate audit replay --policy new.conf --since 30d",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_max = SIZE_MAX,
    .run = run_replay,
};
