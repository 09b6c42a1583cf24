/*
 * refgate report - findings about who can write where nobody meant it: snapshot, facts, audit log and
 * configuration, looked at by posture/.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/glob.h"
#include "command/audit.h"
#include "command/controls.h"
#include "command/instance.h"
#include "command/report_print.h"
#include "policy/config.h"
#include "posture/baseline.h"
#include "posture/html.h"
#include "posture/inquiry.h"
#include "posture/kinds.h"
#include "record/audit_read.h"

#define REPORT_MEMORY ((size_t)4 * 1024 * 1024 * 1024)
#define LOGS_MAX AUDIT_FILES_MAX
#define INSIDE_MAX 64
#define FILE_MODE 0640 /* it says who may do what */


struct report {
    const struct arguments *args;
    struct instance instance;
    struct control_map controls;
    struct inquiry inquiry;
    struct posture posture;
    struct arena arena;
    bool wanted[POSTURE_KINDS];
    struct text inside[INSIDE_MAX];
    const char *logs[LOGS_MAX];
    struct audit_series rotated; /* holds paths of logs */
    char facts_path[INSTANCE_PATH_MAX];
    enum output_format format;
    struct report_style style;
    enum severity fail_on;
};

/* ------------------------------------------------------------------ options */

static bool take_severity(const struct arguments *args, const char *option, enum severity otherwise,
                          enum severity *out)
{
    const char *value = argument(args, option);
    *out = otherwise;
    if (!value || severity_parse(text_of(value), out))
        return true;
    command_trouble(args, "--%s is one of info, low, medium, high, critical, not %s", option,
                    value);
    return false;
}

static bool take_age(const struct arguments *args, const char *option, int64_t otherwise,
                     int64_t *out)
{
    const char *value = argument(args, option);
    *out = otherwise;
    if (!value || (clock_parse_duration(text_of(value), out) && *out > 0))
        return true;
    command_trouble(args, "--%s wants an age, as 24h, 90d or 12w, not %s", option, value);
    return false;
}

static bool take_number(const struct arguments *args, const char *option, uint64_t otherwise,
                        uint64_t most, uint64_t *out)
{
    const char *value = argument(args, option);
    *out = otherwise;
    if (!value || text_parse_u64(text_of(value), most, false, out))
        return true;
    command_trouble(args, "--%s wants a number up to %llu, not %s", option,
                    (unsigned long long)most, value);
    return false;
}

static bool take_kinds(struct report *report)
{
    const char *value;
    for (size_t n = 0; (value = argument_nth(report->args, "kind", n)); n++) {
        const struct posture_kind *kind = posture_kind_find(text_of(value));
        if (!kind) {
            command_trouble(report->args, "there is no kind of finding %s (--kinds lists them)",
                            value);
            return false;
        }
        report->wanted[kind - posture_kinds] = true;
        report->inquiry.wanted = report->wanted;
    }
    return true;
}

static bool take_hosts(struct report *report)
{
    const char *value;
    size_t count = 0;
    for (; (value = argument_nth(report->args, "inside", count)); count++) {
        if (count == INSIDE_MAX || !*value) {
            command_trouble(report->args,
                            "--inside wants a host, as *.example.net, %d times at most",
                            INSIDE_MAX);
            return false;
        }
        report->inside[count] = text_of(value);
    }
    report->inquiry.inside = (struct text_list){report->inside, count};
    return true;
}

static bool take_time(struct report *report)
{
    const char *value = argument(report->args, "at");
    report->inquiry.now_ms = clock_now_ms();
    if (!value || clock_parse(text_of(value), &report->inquiry.now_ms))
        return true;
    command_trouble(report->args, "--at wants a time, as 2026-11-22T04:10:00Z, not %s", value);
    return false;
}

static bool take_measures(struct report *report)
{
    const struct arguments *args = report->args;
    struct inquiry *inquiry = &report->inquiry;
    uint64_t percent, limit;
    if (!take_age(args, "window", 90 * CLOCK_DAY, &inquiry->window_ms) ||
        !take_age(args, "stale", 90 * CLOCK_DAY, &inquiry->stale_ms) ||
        !take_age(args, "old", 365 * CLOCK_DAY, &inquiry->old_ms) ||
        !take_age(args, "expiring", 30 * CLOCK_DAY, &inquiry->expiring_ms) ||
        !take_number(args, "broad", 50, 100, &percent) ||
        !take_number(args, "limit", 20, SIZE_MAX, &limit))
        return false;
    inquiry->broad_percent = (unsigned)percent;
    report->style.limit = limit ? (size_t)limit : SIZE_MAX;
    const char *hook = argument(args, "hook");
    inquiry->hook = hook ? text_of(hook) : TEXT("*refgate*");
    return true;
}

static bool take_options(struct report *report)
{
    return argument_format(report->args, &report->format) && take_kinds(report) &&
           take_hosts(report) && take_time(report) && take_measures(report) &&
           take_severity(report->args, "severity", SEVERITY_INFO, &report->inquiry.least) &&
           take_severity(report->args, "fail-on", SEVERITY_LOW, &report->fail_on);
}

/* ------------------------------------------------------------------ what is looked at */

/* The log that the configuration names, after what was rotated away from it. What was rotated before
 * the window began has nothing of it. */
static void name_configured_logs(struct report *report)
{
    struct inquiry *inquiry = &report->inquiry;
    const char *log = report->instance.policy.audit_file.at;
    struct audit_series *rotated = &report->rotated;
    struct error err = {STATUS_OK, ""};
    if (audit_series_open(log, rotated, &inquiry->log, &err) != STATUS_OK)
        command_trouble(report->args, "rotated audit logs are left out: %s", err.text);
    for (size_t i = 0; i < rotated->count; i++) {
        int64_t until_ms;
        bool before = audit_series_time(text_of(rotated->paths[i]), &until_ms) &&
                      until_ms < inquiry->now_ms - inquiry->window_ms;
        if (!before && rotated->count - i < LOGS_MAX)
            report->logs[inquiry->log_count++] = rotated->paths[i];
    }
    report->logs[inquiry->log_count++] = log;
}

static bool name_files(struct report *report)
{
    const struct arguments *args = report->args;
    struct inquiry *inquiry = &report->inquiry;
    const struct policy *policy = &report->instance.policy;
    if (args->operand_count > LOGS_MAX) {
        command_trouble(args, "more than %d files", LOGS_MAX);
        return false;
    }
    for (size_t i = 0; i < args->operand_count; i++)
        report->logs[i] = args->operands[i];
    inquiry->log_count = args->operand_count;
    inquiry->logs_must = args->operand_count != 0;
    if (!args->operand_count && policy->audit_file.size)
        name_configured_logs(report);
    inquiry->logs = report->logs;
    const char *snapshot = argument(args, "snapshot");
    inquiry->facts_path = argument(args, "facts");
    inquiry->facts_must = inquiry->facts_path != NULL;
    if (!inquiry->facts_path) {
        struct text path = snapshot ? text_of(snapshot) : policy->snapshot_file;
        snprintf(report->facts_path, sizeof report->facts_path, "%.*s.facts.jsonl", TEXT_ARG(path));
        inquiry->facts_path = report->facts_path;
    }
    return true;
}

static bool compare(struct report *report)
{
    const char *path = argument(report->args, "baseline");
    struct error err = {STATUS_OK, ""};
    struct buffer bytes;
    int fd = -1;
    if (!path)
        return true;
    buffer_init(&bytes, SIZE_MAX);
    enum status status = STATUS_IO;
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        error_set(&err, STATUS_IO, "cannot be opened");
    else
        status = file_read_all(fd, BASELINE_SIZE_MAX, &bytes, &err);
    if (fd >= 0)
        close(fd);
    if (status == STATUS_OK)
        status = baseline_compare(buffer_view(&bytes), report->inquiry.wanted,
                                  report->inquiry.least, &report->arena, &report->posture, &err);
    buffer_free(&bytes);
    if (status != STATUS_OK)
        command_trouble(report->args, "--baseline %s: %s", path, err.text);
    return status == STATUS_OK;
}

static bool inquire(struct report *report)
{
    struct error err = {STATUS_OK, ""};
    struct inquiry *inquiry = &report->inquiry;
    if (!instance_open(report->args, SNAPSHOT_MAPPED, true, &report->instance) ||
        !controls_load(report->args, report->instance.config_path, &report->arena,
                       &report->controls) ||
        !name_files(report))
        return false;
    inquiry->policy = &report->instance.policy;
    inquiry->snapshot = report->instance.snapshot;
    inquiry->controls = &report->controls;
    if (posture_inquire(inquiry, &report->arena, &report->posture, &err) != STATUS_OK) {
        command_trouble(report->args, "%s", err.text);
        return false;
    }
    return compare(report);
}

/* ------------------------------------------------------------------ what is printed */

typedef void make_document(const struct posture *posture, struct buffer *out);

/* To PATH whole, or to stdout for "-". */
static bool write_document(const struct report *report, make_document *make, const char *path)
{
    struct error err = {STATUS_OK, ""};
    struct buffer document;
    buffer_init(&document, SIZE_MAX);
    make(&report->posture, &document);
    enum status status = STATUS_OK;
    if (document.failed)
        status = error_set(&err, STATUS_MEMORY, "out of memory");
    else if (!strcmp(path, "-"))
        fwrite(document.data, 1, document.size, stdout);
    else
        status = file_replace(path, buffer_view(&document), FILE_MODE, &err);
    buffer_free(&document);
    if (status != STATUS_OK)
        command_trouble(report->args, "%s: %s", path, err.text);
    return status == STATUS_OK;
}

static bool print_text(const struct report *report)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    report_text(&report->posture, &report->style, &text);
    bool failed = text.failed;
    if (!failed)
        fwrite(text.data, 1, text.size, stdout);
    buffer_free(&text);
    if (failed)
        command_trouble(report->args, "out of memory");
    return !failed;
}

static bool print(const struct report *report)
{
    const char *save = argument(report->args, "save"), *html = argument(report->args, "html");
    if (save && !write_document(report, report_json, save))
        return false;
    if (html && !write_document(report, posture_html, html))
        return false;
    if (html && !strcmp(html, "-"))
        return true;
    switch (report->format) {
    case OUTPUT_JSON:
        return write_document(report, report_json, "-");
    case OUTPUT_CSV:
        return write_document(report, report_csv, "-");
    case OUTPUT_TEXT:
        break;
    }
    return print_text(report);
}

static enum command_exit exit_of(const struct report *report)
{
    const struct posture *posture = &report->posture;
    for (size_t i = 0; i < posture->finding_count; i++) {
        const struct posture_finding *finding = &posture->findings[i];
        if (finding->severity >= report->fail_on && finding->change != POSTURE_GONE &&
            (!posture->compared || finding->change == POSTURE_NEW))
            return EXIT_NO;
    }
    return EXIT_YES;
}

static enum command_exit list_kinds(void)
{
    for (size_t i = 0; i < posture_kind_count; i++)
        printf("%-8s  %-28s  %s\n", severity_name(posture_kinds[i].severity), posture_kinds[i].name,
               posture_kinds[i].title);
    return EXIT_YES;
}

static enum command_exit run(const struct arguments *args)
{
    if (argument_flag(args, "kinds"))
        return list_kinds();
    struct report *report = calloc(1, sizeof *report);
    if (!report)
        return command_trouble(args, "out of memory");
    report->args = args;
    report->style.colour = command_colour(stdout);
    arena_init(&report->arena, REPORT_MEMORY);
    enum command_exit status = EXIT_TROUBLE;
    if (take_options(report) && inquire(report) && print(report))
        status = exit_of(report);
    audit_read_close(report->inquiry.log);
    audit_series_free(&report->rotated);
    instance_close(&report->instance);
    arena_free(&report->arena);
    free(report);
    return status;
}

static const struct option_spec options[] = {
    OPTION_FORMATS,
    {"html", "FILE", "write a report to look at; - is stdout", false},
    {"save", "FILE", "write the JSON, too: the next --baseline", false},
    {"baseline", "FILE", "the JSON of an earlier report: what is new, what is gone", false},
    {"kind", "NAME", "only findings of this kind", true},
    {"kinds", NULL, "list the kinds of findings", false},
    {"severity", "LEVEL", "only these and worse: info, low, medium, high, critical", false},
    {"fail-on", "LEVEL", "exit code 1 for these and worse (default: low)", false},
    {"limit", "N", "places a kind that text names (default: 20, 0: all)", false},
    {"window", "AGE", "how much of the audit log counts (default: 90d)", false},
    {"stale", "AGE", "a key is stale if it was not used for so long (default: 90d)", false},
    {"old", "AGE", "a key is old from this age on (default: 365d)", false},
    {"expiring", "AGE", "a key expires soon if within this time (default: 30d)", false},
    {"broad", "PERCENT", "a broad group has more of the licensed users (default: 50)", false},
    {"inside", "HOST", "webhooks to such hosts are not outside (* and ? allowed)", true},
    {"hook", "PATTERN", "name of refgate's hook in Bitbucket (default: *refgate*)", false},
    {"facts", "FILE", "facts of sync --with-reports (default: SNAPSHOT.facts.jsonl)", false},
    {"snapshot", "FILE", "snapshot (default: as configured)", false},
    {"at", "TIME", "look as of this time (default: now)", false},
    OPTION_CONTROL_MAP,
    OPTION_CONFIG,
};

const struct command command_report = {
    .name = "report",
    .summary = "findings: who can write where nobody meant it",
    .operands = "[LOG...]",
    .details =
        "Looks at the snapshot, at the facts beside it, at the audit log (LOG, else the one\n"
        "that the configuration names, with its rotated files) and at the configuration.\n"
        "What could not be looked at is listed at the end: no finding there is no good\n"
        "news.\n"
        "\n"
        "Exit code: 0 no finding from --fail-on up, 1 there are some (with --baseline:\n"
        "new ones), 2 could not be read.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_max = SIZE_MAX,
    .run = run,
};
