/*
 * refgate audit rotate - begins a new audit log that goes on where the old one ended.
 */
#include "record/audit_rotate.h"

#include <jansson.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/table.h"
#include "command/audit.h"

#define LOCK_WAIT_US (30 * INT64_C(1000000))
#define KEEP_MAX 100000
#define NAME_MOST ((size_t)4096)

/* 512, 64K, 100M, 1G (case does not matter), in powers of 1024. */
static bool parse_size(struct text t, uint64_t *bytes)
{
    static const struct name_value units[] = {{"k", 10}, {"m", 20}, {"g", 30}};
    int shift = 0;
    if (t.size &&
        table_value(units, TABLE_COUNT(units), (struct text){t.at + t.size - 1, 1}, true, &shift))
        t.size--;
    if (!text_parse_u64(t, UINT64_MAX >> shift, true, bytes))
        return false;
    *bytes <<= shift;
    return *bytes != 0;
}

static bool rotate_options(const struct arguments *args, struct audit_rotation_request *request)
{
    const char *larger = argument(args, "if-larger"), *older = argument(args, "if-older");
    const char *keep = argument(args, "keep");
    uint64_t count = 0;
    if (larger && !parse_size(text_of(larger), &request->if_larger)) {
        command_trouble(args, "--if-larger wants a number of bytes, or of K, M or G, not %s",
                        larger);
        return false;
    }
    if (older &&
        (!clock_parse_duration(text_of(older), &request->if_older_ms) || !request->if_older_ms)) {
        command_trouble(args, "--if-older wants an age like 24h or 7d, not %s", older);
        return false;
    }
    if (keep && (!text_parse_u64(text_of(keep), KEEP_MAX, false, &count) || !count)) {
        command_trouble(args, "--keep wants a number from 1 to %d, not %s", KEEP_MAX, keep);
        return false;
    }
    request->keep = (size_t)count;
    request->compress = argument_flag(args, "compress");
    return true;
}

/* The operand, or the log that the configuration names. */
static bool find_log(const struct arguments *args, struct instance *instance, const char **path)
{
    *path = args->operand_count ? args->operands[0] : NULL;
    if (*path)
        return true;
    if (!instance_configure(args, instance))
        return false;
    *path = instance->policy.audit_file.at;
    if (!instance->policy.audit_file.size)
        command_trouble(args, "the configuration names no audit log ([audit] file): name the file");
    return instance->policy.audit_file.size != 0;
}

/* ------------------------------------------------------------------ what was done */

static void print_line(const char *what, const char *path, const char *more, const char *path_2)
{
    struct buffer line;
    buffer_init(&line, SIZE_MAX);
    buffer_string(&line, what);
    buffer_escaped(&line, text_of(path), NAME_MOST, false);
    buffer_string(&line, more);
    buffer_escaped(&line, text_of(path_2 ? path_2 : ""), NAME_MOST, false);
    printf("%s\n", line.data ? line.data : "");
    buffer_free(&line);
}

static void print_text(const char *path, const struct audit_rotation *done)
{
    if (done->rotated)
        print_line("rotated ", path, " to ", done->rotated_to);
    else if (done->why_not)
        print_line("not rotated ", path, ": ", done->why_not);
    for (size_t i = 0; i < done->compressed.count; i++)
        print_line("compressed ", done->compressed.paths[i], "", NULL);
    for (size_t i = 0; i < done->dropped.count; i++)
        print_line("deleted ", done->dropped.paths[i], "", NULL);
}

static json_t *json_of_paths(const struct audit_series *series)
{
    json_t *list = json_array();
    for (size_t i = 0; i < series->count; i++) {
        json_t *path = json_string(series->paths[i]);
        json_array_append_new(list, path ? path : json_null()); /* not UTF-8 */
    }
    return list;
}

static bool print_json(const char *path, const struct audit_rotation *done)
{
    json_t *whole = json_pack("{s:b, s:s*, s:s*, s:s*, s:o, s:o}", "rotated", done->rotated, "file",
                              path, "to", done->rotated ? done->rotated_to : NULL, "why_not",
                              done->why_not, "compressed", json_of_paths(&done->compressed),
                              "deleted", json_of_paths(&done->dropped));
    bool printed = whole && !json_dumpf(whole, stdout, JSON_INDENT(2));
    json_decref(whole);
    printf("\n");
    return printed;
}

static enum command_exit rotate_log(const struct arguments *args,
                                    const struct audit_rotation_request *request, bool json)
{
    struct audit_rotation done = {0};
    struct error err = {STATUS_OK, ""};
    enum command_exit exit = EXIT_YES;
    enum status status = audit_rotate(request, &done, &err);
    /* A node that has not been pushed to yet has no log; a file that was named must be there. */
    if (status == STATUS_NOT_FOUND && !args->operand_count && !done.rotated) {
        done.why_not = "there is no log yet";
        status = STATUS_OK;
    }
    if (!json)
        print_text(request->path, &done);
    else if (!print_json(request->path, &done))
        exit = command_trouble(args, "out of memory");
    if (status != STATUS_OK)
        exit = command_trouble(args, "%s: %s", request->path, err.text);
    audit_rotation_free(&done);
    return exit;
}

static enum command_exit run_rotate(const struct arguments *args)
{
    bool json;
    struct utsname node;
    struct instance instance = {0};
    struct audit_rotation_request request = {.now_ms = clock_now_ms(),
                                             .deadline_us = clock_monotonic_us() + LOCK_WAIT_US,
                                             .host = uname(&node) ? "" : node.nodename,
                                             .version = REFGATE_VERSION};
    enum command_exit status = EXIT_TROUBLE;
    if (argument_json(args, &json) && rotate_options(args, &request) &&
        find_log(args, &instance, &request.path))
        status = rotate_log(args, &request, json);
    instance_close(&instance);
    return status;
}

static const struct option_spec rotate_option[] = {
    {"compress", NULL, "compress the rotated files (gzip)", false},
    {"keep", "N", "delete the oldest rotated files, so that N are left", false},
    {"if-larger", "SIZE", "only if the log is larger: 100M, 1G", false},
    {"if-older", "AGE", "only if its first record is older: 24h, 7d", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

const struct command command_audit_rotate = {
    .name = "rotate",
    .summary = "begin a new audit log that goes on where the old one ended",
    .operands = "[FILE]",
    .details = "Without FILE, the log that the configuration names. The old log becomes\n"
               "FILE-20261122T041000Z beside it, and the chain goes on in the new one, so that\n"
               "verify follows it. Pushes go on meanwhile. Of --if-larger and --if-older, one is\n"
               "enough.\n"
               "Exit code: 0 done, or not due; 2 trouble (the log is whole all the same).",
    .options = rotate_option,
    .option_count = sizeof rotate_option / sizeof rotate_option[0],
    .operands_max = 1,
    .run = run_rotate,
};
