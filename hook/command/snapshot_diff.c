/*
 * refgate snapshot diff - what changed between two snapshots, as people understand it.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "command/command.h"
#include "command/csv.h"
#include "command/instance.h"
#include "model/instance_url.h"
#include "record/record_json.h"
#include "snapshot/diff.h"

#define WHERE_MOST ((size_t)200)
#define WHERE_COLUMN 24


struct run {
    const struct arguments *args;
    enum output_format format;
    bool force;
    struct diff_options options;
    struct instance instance;
    const char *paths[2];
    struct snapshot *snapshots[2];
    struct diff diff;
};

/* ------------------------------------------------------------------ options */

static bool options_good(struct run *run)
{
    const char *severity = argument(run->args, "severity");
    if (!argument_format(run->args, &run->format))
        return false;
    run->force = argument_flag(run->args, "force");
    run->options.repository = text_of(argument(run->args, "repo"));
    if (severity && !severity_parse(text_of(severity), &run->options.least)) {
        command_trouble(run->args, "--severity is info, low, medium, high or critical, not %s",
                        severity);
        return false;
    }
    return true;
}

/* One operand: that one, against the one in use. The configuration is read only where it is needed. */
static bool find_paths(struct run *run)
{
    bool configured = run->args->operand_count == 1;
    if ((configured || argument(run->args, "config")) &&
        !instance_configure(run->args, &run->instance))
        return false;
    run->paths[0] = run->args->operands[0];
    run->paths[1] = configured ? run->instance.policy.snapshot_file.at : run->args->operands[1];
    if (run->paths[1])
        return true;
    command_trouble(run->args, "name two snapshots");
    return false;
}

/* The same checks as the hook's, the owner and the mode of the file included. */
static bool open_both(struct run *run)
{
    const struct policy *policy = &run->instance.policy;
    const struct file_owners owners = {policy->owners, policy->owner_count};
    for (int i = 0; i < 2; i++) {
        struct error err = {STATUS_OK, ""};
        if (snapshot_open_mode(run->paths[i], &owners, policy->snapshot_max_size, SNAPSHOT_MAPPED,
                               &run->snapshots[i], &err) != STATUS_OK) {
            command_trouble(run->args, "%s: %s", run->paths[i], err.text);
            return false;
        }
    }
    return true;
}

static const struct snapshot_meta *meta_of(const struct run *run, int i)
{
    return &snapshot_meta_record(run->snapshots[i])->meta;
}

static bool same_instance(const struct run *run)
{
    if (run->force || instance_url_same(meta_of(run, 0)->base_url, meta_of(run, 1)->base_url))
        return true;
    command_trouble(run->args, "these are of two instances of Bitbucket, %.*s and %.*s (--force)",
                    TEXT_ARG(meta_of(run, 0)->base_url), TEXT_ARG(meta_of(run, 1)->base_url));
    return false;
}

/* ------------------------------------------------------------------ text */

static const char *severity_colour(enum severity severity)
{
    static const char *const colours[SEVERITY_COUNT] = {[SEVERITY_MEDIUM] = "\033[33m",
                                                        [SEVERITY_HIGH] = "\033[31m",
                                                        [SEVERITY_CRITICAL] = "\033[1;31m"};
    return command_colour(stdout) && colours[severity] ? colours[severity] : "";
}

static void print_header(const struct run *run)
{
    static const char *const names[] = {"old", "new"};
    for (int i = 0; i < 2; i++) {
        struct buffer path;
        char time[CLOCK_TEXT_SIZE];
        buffer_init(&path, SIZE_MAX);
        buffer_escaped(&path, text_of(run->paths[i]), SIZE_MAX, false);
        clock_format(meta_of(run, i)->generated_ms, true, time);
        printf("%s  %s  %.12s  %s\n", names[i], time, meta_of(run, i)->digest.at,
               path.data ? path.data : "");
        buffer_free(&path);
    }
}
static bool print_change(const struct diff_change *change)
{
    struct buffer line;
    const char *colour = severity_colour(change->severity);
    buffer_init(&line, SIZE_MAX);
    buffer_escaped(&line, change->where, WHERE_MOST, false);
    size_t columns = utf8_columns(buffer_view(&line));
    buffer_printf(&line, "%*s  ", columns < WHERE_COLUMN ? (int)(WHERE_COLUMN - columns) : 0, "");
    diff_sentence(change, &line);
    bool good = !line.failed;
    if (good)
        printf("%s%-8s%s  %s\n", colour, severity_name(change->severity), *colour ? "\033[0m" : "",
               line.data);
    buffer_free(&line);
    return good;
}

static bool print_text(const struct run *run)
{
    const struct diff *diff = &run->diff;
    print_header(run);
    if (!diff->count) {
        printf("no difference\n");
        return true;
    }
    printf("%zu change%s:", diff->count, diff->count == 1 ? "" : "s");
    const char *comma = "";
    for (int i = SEVERITY_COUNT - 1; i > 0; i--)
        if (diff->by_severity[i]) {
            printf("%s %zu %s", comma, diff->by_severity[i], severity_name((enum severity)i));
            comma = ",";
        }
    printf("\n\n");
    bool good = true;
    for (size_t i = 0; i < diff->count && good; i++)
        good = print_change(&diff->changes[i]);
    return good;
}

/* ------------------------------------------------------------------ JSON and CSV */

/* null for an absent text; what is not UTF-8 is escaped. */
static json_t *text_json(struct text t)
{
    return json_text(t, SIZE_MAX, NULL);
}

static json_t *change_json(const struct diff_change *change)
{
    struct buffer sentence;
    buffer_init(&sentence, SIZE_MAX);
    diff_sentence(change, &sentence);
    json_t *out = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:o}", "kind",
                            diff_kinds[change->kind].name, "severity",
                            severity_name(change->severity), "where", text_json(change->where),
                            "subject", text_json(change->subject), "before",
                            text_json(change->before), "after", text_json(change->after), "unsure",
                            change->unsure, "text", text_json(buffer_view(&sentence)));
    if (sentence.failed) {
        json_decref(out);
        out = NULL;
    }
    buffer_free(&sentence);
    return out;
}

static json_t *snapshot_json(const struct run *run, int i)
{
    const struct snapshot_meta *meta = meta_of(run, i);
    char time[CLOCK_TEXT_SIZE];
    clock_format(meta->generated_ms, false, time);
    return json_pack("{s:o, s:o, s:s}", "base_url", text_json(meta->base_url), "digest",
                     text_json(meta->digest), "generated", time);
}

static bool print_json(const struct run *run)
{
    json_t *counts = json_object(), *changes = json_array();
    bool failed = !counts || !changes;
    for (int i = SEVERITY_COUNT - 1; i > 0; i--)
        failed |= json_object_set_new(counts, severity_name((enum severity)i),
                                      json_integer((json_int_t)run->diff.by_severity[i])) != 0;
    for (size_t i = 0; i < run->diff.count && !failed; i++)
        failed = json_array_append_new(changes, change_json(&run->diff.changes[i])) != 0;
    json_t *whole = json_pack("{s:o, s:o, s:o, s:o}", "old", snapshot_json(run, 0), "new",
                              snapshot_json(run, 1), "counts", counts, "changes", changes);
    failed = failed || !whole || json_dumpf(whole, stdout, command_json_flags(JSON_INDENT(2)));
    json_decref(whole);
    printf("\n");
    return !failed;
}

static bool print_row(const struct text *cells, size_t count)
{
    struct buffer row;
    buffer_init(&row, SIZE_MAX);
    csv_row(&row, cells, count);
    bool good = !row.failed && fwrite(row.data, 1, row.size, stdout) == row.size;
    buffer_free(&row);
    return good;
}

static bool print_csv(const struct run *run)
{
    static const struct text head[] = {TEXT("severity"), TEXT("kind"),   TEXT("where"),
                                       TEXT("subject"),  TEXT("before"), TEXT("after"),
                                       TEXT("unsure"),   TEXT("text")};
    bool good = print_row(head, sizeof head / sizeof head[0]);
    for (size_t i = 0; i < run->diff.count && good; i++) {
        const struct diff_change *change = &run->diff.changes[i];
        struct buffer sentence;
        buffer_init(&sentence, SIZE_MAX);
        diff_sentence(change, &sentence);
        const struct text cells[] = {text_of(severity_name(change->severity)),
                                     text_of(diff_kinds[change->kind].name),
                                     change->where,
                                     change->subject,
                                     change->before,
                                     change->after,
                                     change->unsure ? TEXT("yes") : TEXT("no"),
                                     buffer_view(&sentence)};
        good = !sentence.failed && print_row(cells, sizeof cells / sizeof cells[0]);
        buffer_free(&sentence);
    }
    return good;
}

/* ------------------------------------------------------------------ the command */

static enum command_exit diff(struct run *run)
{
    static bool (*const print[])(const struct run *) = {
        [OUTPUT_TEXT] = print_text, [OUTPUT_JSON] = print_json, [OUTPUT_CSV] = print_csv};
    struct error err = {STATUS_OK, ""};
    if (!options_good(run) || !find_paths(run) || !open_both(run) || !same_instance(run))
        return EXIT_TROUBLE;
    /* The digest is over everything but times. */
    if (!text_equal(meta_of(run, 0)->digest, meta_of(run, 1)->digest) &&
        diff_snapshots(run->snapshots[0], run->snapshots[1], &run->options, &run->diff, &err) !=
            STATUS_OK)
        return command_trouble(run->args, "%s", err.text);
    if (!print[run->format](run))
        return command_trouble(run->args, "out of memory, or the output cannot be written");
    return run->diff.count ? EXIT_NO : EXIT_YES;
}

static enum command_exit run_diff(const struct arguments *args)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return command_trouble(args, "out of memory");
    run->args = args;
    enum command_exit status = diff(run);
    diff_free(&run->diff);
    snapshot_close(run->snapshots[0]);
    snapshot_close(run->snapshots[1]);
    instance_close(&run->instance);
    free(run);
    return status;
}

static const struct option_spec options[] = {
    {"severity", "LEVEL", "leave out what matters less: info, low, medium, high, critical", false},
    {"repo", "KEY/SLUG", "only these repositories and their projects (* and ? allowed)", false},
    {"force", NULL, "compare snapshots of two instances of Bitbucket", false},
    OPTION_FORMATS,
    OPTION_CONFIG,
};

const struct command command_snapshot_diff = {
    .name = "diff",
    .summary = "what changed between two snapshots, worst first",
    .operands = "OLD [NEW]",
    .details = "Without NEW, the snapshot that the configuration names. The last one that was in\n"
               "use stays beside it with .1 at the end of its name.\n"
               "Exit code: 0 no difference, 1 something changed, 2 cannot be read.\n\n"
               "  refgate snapshot diff --severity medium monday.cdb friday.cdb",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 1,
    .operands_max = 2,
    .run = run_diff,
};
