/*
 * refgate audit - reads the audit log: `verify` its chain, `show` its decisions (audit_show.c).
 */
#include "command/audit.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "policy/config.h"
#include "record/audit_line.h"
#include "record/audit_verify.h"

#define CONFIG_PATH_MAX 4096
#define CONFIG_MEMORY ((size_t)64 * 1024 * 1024)
#define ANCHORS_MAX 64
#define NAME_MOST ((size_t)4096)

static bool configured_file(const struct arguments *args, struct audit_files *out)
{
    static struct policy policy; /* large; the file's name lives in the arena */
    char path[CONFIG_PATH_MAX];
    struct error err = {STATUS_OK, ""};
    if (config_locate(argument(args, "config"), path, sizeof path, &err) != STATUS_OK) {
        command_trouble(args, "%s", err.text);
        return false;
    }
    struct config_errors errors;
    config_errors_init(&errors);
    enum status status = config_load(path, &out->arena, &policy, &errors);
    if (status != STATUS_OK) {
        fputs(errors.lines.data ? errors.lines.data : "out of memory\n", stderr);
        command_trouble(args, "the configuration is not usable: name the audit log's file");
    } else if (!policy.audit_file.size) {
        command_trouble(args, "the configuration names no audit log ([audit] file): name the file");
        status = STATUS_USAGE;
    }
    config_errors_free(&errors);
    out->paths[0] = policy.audit_file.at;
    out->count = 1;
    return status == STATUS_OK;
}

bool audit_files(const struct arguments *args, struct audit_files *out)
{
    arena_init(&out->arena, CONFIG_MEMORY);
    out->count = args->operand_count;
    if (!args->operand_count)
        return configured_file(args, out);
    if (args->operand_count > AUDIT_FILES_MAX) {
        command_trouble(args, "more than %d files", AUDIT_FILES_MAX);
        return false;
    }
    for (size_t i = 0; i < args->operand_count; i++)
        out->paths[i] = args->operands[i];
    return true;
}

/* ------------------------------------------------------------------ verify */

struct verify {
    const struct arguments *args;
    struct audit_files files;
    struct audit_findings found[AUDIT_FILES_MAX];
    bool readable[AUDIT_FILES_MAX];
    struct digest heads[AUDIT_FILES_MAX];
    struct text anchors[ANCHORS_MAX];
    bool anchors_found[ANCHORS_MAX];
    struct audit_verifier verifier;
    bool json;
};

static bool verify_options(struct verify *verify)
{
    const struct arguments *args = verify->args;
    if (!argument_json(args, &verify->json))
        return false;
    const char *hash;
    size_t count = 0;
    while ((hash = argument_nth(args, "anchor", count))) {
        if (count == ANCHORS_MAX || !audit_hash_valid(text_of(hash))) {
            command_trouble(args, "--anchor wants 64 lower-case hex digits, %d times at most",
                            ANCHORS_MAX);
            return false;
        }
        verify->anchors[count++] = text_of(hash);
    }
    hash = argument(args, "from");
    if (hash && !audit_hash_valid(text_of(hash))) {
        command_trouble(args, "--from wants 64 lower-case hex digits");
        return false;
    }
    verify->verifier = (struct audit_verifier){.heads = verify->heads,
                                               .from = text_of(hash),
                                               .anchors = verify->anchors,
                                               .anchors_found = verify->anchors_found,
                                               .anchor_count = count};
    return true;
}

static void print_path(const char *path)
{
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    buffer_escaped(&name, text_of(path), NAME_MOST, false);
    fputs(name.data ? name.data : "", stdout);
    buffer_free(&name);
}

static void print_findings(const char *path, const struct audit_findings *found)
{
    print_path(path);
    if (found->first != AUDIT_INTACT) {
        printf(":%llu: %s: %s", (unsigned long long)found->first_line,
               audit_damage_name(found->first), audit_damage_text(found->first));
        if (found->other)
            printf(" %llu", (unsigned long long)found->other);
        printf("\n");
        print_path(path);
    }
    printf(": %llu line%s, ", (unsigned long long)found->lines, found->lines == 1 ? "" : "s");
    if (found->breaks)
        printf("%llu break%s", (unsigned long long)found->breaks,
               found->breaks == 1 ? "" : "s (the first is shown)");
    else
        printf("chain intact");
    printf(found->has_head ? ", head %s\n" : "\n", found->head.hex);
}

static void print_verify_text(const struct verify *verify)
{
    for (size_t i = 0; i < verify->files.count; i++)
        if (verify->readable[i])
            print_findings(verify->files.paths[i], &verify->found[i]);
    for (size_t i = 0; i < verify->verifier.anchor_count; i++)
        printf("anchor %.*s: %s\n", TEXT_ARG(verify->anchors[i]),
               verify->anchors_found[i]
                   ? "found"
                   : "not found: the end of a log was cut off, or it was written anew");
}

static json_t *json_of_findings(const char *path, const struct audit_findings *found)
{
    json_t *first = json_null();
    if (found->first != AUDIT_INTACT)
        first = json_pack("{s:I, s:s, s:s}", "line", (json_int_t)found->first_line, "damage",
                          audit_damage_name(found->first), "text", audit_damage_text(found->first));
    if (found->other)
        json_object_set_new(first, "follows", json_integer((json_int_t)found->other));
    /* A path that is not UTF-8 cannot be written in JSON; its place in the list is known. */
    json_t *name = json_string(path);
    return json_pack("{s:o, s:I, s:b, s:I, s:o, s:o}", "file", name ? name : json_null(), "lines",
                     (json_int_t)found->lines, "intact", !found->breaks, "breaks",
                     (json_int_t)found->breaks, "first", first, "head",
                     found->has_head ? json_string(found->head.hex) : json_null());
}

static bool print_verify_json(const struct verify *verify, enum command_exit status)
{
    json_t *files = json_array(), *anchors = json_array();
    for (size_t i = 0; i < verify->files.count; i++)
        if (verify->readable[i])
            json_array_append_new(files,
                                  json_of_findings(verify->files.paths[i], &verify->found[i]));
    for (size_t i = 0; i < verify->verifier.anchor_count; i++)
        json_array_append_new(anchors, json_pack("{s:s%, s:b}", "hash", verify->anchors[i].at,
                                                 verify->anchors[i].size, "found",
                                                 verify->anchors_found[i]));
    json_t *whole = json_pack("{s:b, s:o, s:o}", "intact", status == EXIT_YES, "files", files,
                              "anchors", anchors);
    bool printed = whole && !json_dumpf(whole, stdout, JSON_INDENT(2));
    json_decref(whole);
    printf("\n");
    return printed;
}

static enum command_exit verify_files(struct verify *verify)
{
    enum command_exit status = EXIT_YES;
    for (size_t i = 0; i < verify->files.count; i++) {
        struct error err = {STATUS_OK, ""};
        const char *path = verify->files.paths[i];
        verify->readable[i] = audit_verify(&verify->verifier, path, &verify->found[i], &err) ==
                              STATUS_OK;
        if (!verify->readable[i])
            status = command_trouble(verify->args, "%s: %s", path, err.text);
        else if (verify->found[i].breaks && status == EXIT_YES)
            status = EXIT_NO;
    }
    for (size_t i = 0; i < verify->verifier.anchor_count; i++)
        if (!verify->anchors_found[i] && status == EXIT_YES)
            status = EXIT_NO;
    return status;
}

static enum command_exit run_verify(const struct arguments *args)
{
    struct verify *verify = calloc(1, sizeof *verify);
    if (!verify)
        return command_trouble(args, "out of memory");
    verify->args = args;
    enum command_exit status = EXIT_TROUBLE;
    if (verify_options(verify) && audit_files(args, &verify->files)) {
        status = verify_files(verify);
        if (!verify->json)
            print_verify_text(verify);
        else if (!print_verify_json(verify, status))
            status = command_trouble(args, "out of memory");
    }
    arena_free(&verify->files.arena);
    free(verify);
    return status;
}

static const struct option_spec verify_option[] = {
    {"anchor", "HASH", "a hash that must be in the log (from syslog)", true},
    {"from", "HASH", "a hash that the first file may begin after", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

static const struct command command_verify = {
    .name = "verify",
    .summary = "check that no line of the audit log was edited, removed, inserted or moved",
    .operands = "[FILE...]",
    .details = "Without FILE, the log that the configuration names; - is stdin. Several files: of\n"
               "several nodes, or of one, oldest first. A cut end shows only with --anchor.\n"
               "Exit code: 0 intact, 1 broken or an anchor is missing, 2 could not be read.",
    .options = verify_option,
    .option_count = sizeof verify_option / sizeof verify_option[0],
    .operands_max = SIZE_MAX,
    .run = run_verify,
};

static const struct command *const subcommands[] = {&command_audit_show, &command_verify};

const struct command command_audit = {
    .name = "audit",
    .summary = "show the decisions in the audit log, verify its chain",
    .subcommands = subcommands,
    .subcommand_count = sizeof subcommands / sizeof subcommands[0],
};
