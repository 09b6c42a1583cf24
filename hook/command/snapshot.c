/*
 * refgate snapshot - what is in the snapshot: `info`, `verify`, and `dump` (snapshot_dump.c); `diff` and
 * `rollback` have files of their own.
 */
#include <inttypes.h>
#include <jansson.h>

#include "base/clock.h"
#include "command/command.h"
#include "command/snapshot_dump.h"
#include "command/snapshot_file.h"
#include "snapshot/verify.h"

#define FINDINGS_PRINTED 100

static struct option_spec const file_options[] = {
    {"file", "FILE", "the snapshot (default: what the configuration names)", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

typedef enum command_exit snapshot_action(const struct arguments *args,
                                          const struct snapshot_file *file,
                                          struct snapshot *snapshot, bool json);

static enum command_exit with_snapshot(const struct arguments *args, snapshot_action *action,
                                       enum command_exit when_damaged)
{
    static struct snapshot_file file; /* large */
    struct snapshot *snapshot = NULL;
    struct error err = {STATUS_OK, ""};
    bool json;
    enum command_exit result = EXIT_TROUBLE;
    if (!argument_json(args, &json))
        return EXIT_TROUBLE;
    if (snapshot_file_find(args, "file", &file)) {
        enum status status = snapshot_file_open(&file, file.path, &snapshot, &err);
        if (status == STATUS_OK)
            result = action(args, &file, snapshot, json);
        else
            command_trouble(args, "%s", err.text);
        if (status == STATUS_FORMAT)
            result = when_damaged;
    }
    snapshot_close(snapshot);
    snapshot_file_free(&file);
    return result;
}

static void print_line(const char *name, struct text value)
{
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, value, SIZE_MAX, false);
    printf("%-18s%s\n", name, safe.data ? safe.data : "");
    buffer_free(&safe);
}

/* ------------------------------------------------------------------ info */

static void print_time(const char *name, int64_t ms, bool age)
{
    char time[CLOCK_TEXT_SIZE], since[64] = "";
    int64_t now = clock_now_ms();
    clock_format(ms, true, time);
    if (age && now >= ms)
        clock_format_duration(now - ms, since, sizeof since);
    printf("%-18s%s%s%s%s\n", name, time, *since ? " (" : "", since, *since ? " ago)" : "");
}

/* What was read anew after the rest. */
struct parts {
    json_t *list;
    int64_t oldest_ms, newest_ms; /* if there are any */
};

/* false: damaged. */
static bool read_parts(struct snapshot *snapshot, struct parts *out, struct error *err)
{
    struct layout_key key;
    struct text body;
    struct cursor at;
    struct part_record part;
    uint32_t count;
    *out = (struct parts){0};
    layout_key_name(&key, "parts", TEXT(""), false);
    enum status status = snapshot_find(snapshot, &key, NULL, &body, err);
    if (status == STATUS_NOT_FOUND)
        out->list = json_array();
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND;
    out->list = snapshot_dump_parts(body);
    if (!out->list || !decode_parts(body, &at, &count)) {
        snapshot_damaged(err, TEXT("parts"), "is malformed");
        return false;
    }
    for (uint32_t i = 0; i < count && decode_next_part(&at, &part); i++) {
        if (!i || part.started_ms < out->oldest_ms)
            out->oldest_ms = part.started_ms;
        if (!i || part.started_ms > out->newest_ms)
            out->newest_ms = part.started_ms;
    }
    return true;
}

static void print_parts(const struct parts *parts)
{
    size_t count = json_array_size(parts->list);
    if (!count)
        return;
    printf("%-18s%zu\n", "parts", count);
    print_time("oldest part", parts->oldest_ms, true);
    print_time("newest part", parts->newest_ms, true);
}

static void info_text(const struct snapshot_file *file, struct snapshot *snapshot,
                      const struct parts *parts)
{
    const struct meta_record *meta = snapshot_meta_record(snapshot);
    char duration[64];
    clock_format_duration(meta->duration_ms, duration, sizeof duration);
    print_line("file", text_of(file->path));
    printf("%-18s%" PRIu32 "\n", "format", meta->format);
    print_line("base URL", meta->meta.base_url);
    print_line("Bitbucket version", meta->meta.bitbucket_version);
    print_time("generated", meta->meta.generated_ms, true);
    print_time("crawl started", meta->meta.started_ms, true);
    printf("%-18s%s\n", "crawl took", duration);
    print_parts(parts);
    print_line("digest", meta->meta.digest);
    printf("%-18s%" PRIu64 " bytes\n", "size", snapshot_size(snapshot));
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        printf("%-18s%" PRIu64 "\n", layout_count_name((enum layout_count)i), meta->counts[i]);
    for (size_t i = 0; i < meta->note_count; i++)
        print_line("note", meta->notes[i]);
}

static json_t *parts_json(const struct parts *parts)
{
    json_t *out = json_object();
    size_t count = json_array_size(parts->list);
    char time[CLOCK_TEXT_SIZE];
    json_object_set_new(out, "count", json_integer((json_int_t)count));
    if (count) {
        clock_format(parts->oldest_ms, false, time);
        json_object_set_new(out, "oldest", json_string(time));
        clock_format(parts->newest_ms, false, time);
        json_object_set_new(out, "newest", json_string(time));
    }
    json_object_set(out, "list", parts->list);
    return out;
}

static void info_json(const struct snapshot_file *file, struct snapshot *snapshot,
                      const struct parts *parts)
{
    const struct meta_record *meta = snapshot_meta_record(snapshot);
    json_t *out = snapshot_dump_meta(meta);
    json_object_set_new(out, "file", json_string(file->path));
    json_object_set_new(out, "size", json_integer((json_int_t)snapshot_size(snapshot)));
    json_object_set_new(out, "age_s",
                        json_integer((clock_now_ms() - meta->meta.started_ms) / 1000));
    json_object_set_new(out, "parts", parts_json(parts));
    json_dumpf(out, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(out);
}

static enum command_exit info(const struct arguments *args, const struct snapshot_file *file,
                              struct snapshot *snapshot, bool json)
{
    struct error err = {STATUS_OK, ""};
    struct parts parts;
    enum command_exit result = EXIT_YES;
    if (!read_parts(snapshot, &parts, &err))
        result = command_trouble(args, "%s", err.text);
    else if (json)
        info_json(file, snapshot, &parts);
    else
        info_text(file, snapshot, &parts);
    json_decref(parts.list);
    return result;
}

static enum command_exit run_info(const struct arguments *args)
{
    return with_snapshot(args, info, EXIT_TROUBLE);
}

/* ------------------------------------------------------------------ verify */

struct findings {
    uint64_t count;
    json_t *list; /* with --format json */
};

static void add_finding(void *self, const char *text)
{
    struct findings *f = self;
    if (f->count++ >= FINDINGS_PRINTED)
        return;
    if (f->list)
        json_array_append_new(f->list, json_string(text));
    else
        printf("%s\n", text);
}

static enum command_exit verify(const struct arguments *args, const struct snapshot_file *file,
                                struct snapshot *snapshot, bool json)
{
    struct findings findings = {.list = json ? json_array() : NULL};
    struct error err = {STATUS_OK, ""};
    (void)file;
    enum status status = snapshot_verify(snapshot, add_finding, &findings, &err);
    if (json) {
        json_t *out = json_object();
        json_object_set_new(out, "good", json_boolean(status == STATUS_OK));
        json_object_set_new(out, "findings", json_integer((json_int_t)findings.count));
        json_object_set_new(out, "first", findings.list);
        json_dumpf(out, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(out);
    } else if (findings.count > FINDINGS_PRINTED) {
        printf("and %" PRIu64 " more\n", findings.count - FINDINGS_PRINTED);
    } else if (status == STATUS_OK) {
        printf("good: every record was read\n");
    }
    if (status != STATUS_OK && !findings.count) {
        command_trouble(args, "%s", err.text);
        return EXIT_TROUBLE;
    }
    return findings.count ? EXIT_NO : EXIT_YES;
}

static enum command_exit run_verify(const struct arguments *args)
{
    return with_snapshot(args, verify, EXIT_NO);
}

/* ------------------------------------------------------------------ dump */

static enum command_exit dump(const struct arguments *args, const struct snapshot_file *file,
                              struct snapshot *snapshot, bool json)
{
    struct error err = {STATUS_OK, ""};
    const char *key = argument(args, "key"), *prefix = argument(args, "prefix");
    (void)file;
    (void)json;
    if (key && prefix)
        return command_trouble(args, "give --key or --prefix, not both");
    enum status status = key ? snapshot_dump_one(snapshot, text_of(key), stdout, &err)
                             : snapshot_dump_all(snapshot, text_of(prefix ? prefix : ""), stdout,
                                                 &err);
    if (status == STATUS_OK)
        return EXIT_YES;
    command_trouble(args, "%s", err.text);
    return status == STATUS_NOT_FOUND || status == STATUS_FORMAT ? EXIT_NO : EXIT_TROUBLE;
}

static enum command_exit run_dump(const struct arguments *args)
{
    return with_snapshot(args, dump, EXIT_NO);
}

static const struct option_spec dump_options[] = {
    {"file", "FILE", "the snapshot (default: what the configuration names)", false},
    {"key", "KEY", "only this record, e.g. repo/PRJ/app", false},
    {"prefix", "TEXT", "only records whose key begins so, e.g. group/", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

#define OPTIONS(list) .options = list, .option_count = sizeof list / sizeof list[0]

static const struct command command_info = {
    .name = "info",
    .summary = "when and from where it was made, and how much is in it",
    .operands = "",
    OPTIONS(file_options),
    .run = run_info,
};
static const struct command command_verify = {
    .name = "verify",
    .summary = "read every record: checksum, contents, references",
    .operands = "",
    .details = "Exit status: 0 good, 1 damaged (what and where is printed), 2 cannot be read.",
    OPTIONS(file_options),
    .run = run_verify,
};
static const struct command command_dump = {
    .name = "dump",
    .summary = "print records, one JSON object a line (with either format)",
    .operands = "",
    .details = "Exit status: 0 printed, 1 no such record or a damaged one, 2 cannot be read.",
    OPTIONS(dump_options),
    .run = run_dump,
};

static const struct command *const subcommands[] = {&command_info, &command_verify, &command_dump,
                                                    &command_snapshot_diff,
                                                    &command_snapshot_rollback};

const struct command command_snapshot = {
    .name = "snapshot",
    .summary = "look into the snapshot (info, verify, dump, diff), or go back (rollback)",
    .operands = "",
    .subcommands = subcommands,
    .subcommand_count = sizeof subcommands / sizeof subcommands[0],
};
