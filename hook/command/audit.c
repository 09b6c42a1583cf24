/*
 * refgate audit - reads the audit log: `verify` its chain, `show` its decisions (audit_show.c).
 */
#include "command/audit.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "record/audit_line.h"
#include "record/audit_read.h"
#include "record/audit_verify.h"

#define ANCHORS_MAX 64
#define NAME_MOST ((size_t)4096)

static bool configured_files(const struct arguments *args, struct audit_files *out)
{
    if (!instance_configure(args, &out->instance)) {
        command_trouble(args, "name the audit log's file");
        return false;
    }
    if (!out->instance.policy.audit_file.size) {
        command_trouble(args, "the configuration names no audit log ([audit] file): name the file");
        return false;
    }
    struct error err = {STATUS_OK, ""};
    const char *log = out->instance.policy.audit_file.at;
    if (audit_series_open(log, &out->series, &out->log, &err) != STATUS_OK) {
        command_trouble(args, "%s: %s", log, err.text);
        return false;
    }
    if (out->series.count >= AUDIT_FILES_MAX) {
        command_trouble(args, "more than %d rotated files: name those to read",
                        AUDIT_FILES_MAX - 1);
        return false;
    }
    for (size_t i = 0; i < out->series.count; i++)
        out->paths[out->count++] = out->series.paths[i];
    out->paths[out->count++] = log;
    out->of_one_log = true;
    return true;
}

bool audit_files(const struct arguments *args, struct audit_files *out)
{
    if (!args->operand_count)
        return configured_files(args, out);
    if (args->operand_count > AUDIT_FILES_MAX) {
        command_trouble(args, "more than %d files", AUDIT_FILES_MAX);
        return false;
    }
    for (; out->count < args->operand_count; out->count++)
        out->paths[out->count] = args->operands[out->count];
    return true;
}

struct audit_reader *audit_files_take(struct audit_files *files)
{
    struct audit_reader *log = files->log;
    files->log = NULL;
    return log;
}

void audit_files_free(struct audit_files *files)
{
    audit_read_close(files->log);
    audit_series_free(&files->series);
    instance_close(&files->instance);
}

/* ------------------------------------------------------------------ verify */

struct verify {
    const struct arguments *args;
    struct audit_files files;
    struct audit_findings found[AUDIT_FILES_MAX];
    bool readable[AUDIT_FILES_MAX];
    struct digest heads[AUDIT_FILES_MAX], dropped[AUDIT_FILES_MAX];
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
                                               .dropped = verify->dropped,
                                               .from = text_of(hash),
                                               .anchors = verify->anchors,
                                               .anchors_found = verify->anchors_found,
                                               .anchor_count = count};
    return true;
}

static void print_name(const char *name)
{
    command_escaped(stdout, text_of(name), NAME_MOST);
}

static void print_break(const char *path, const struct audit_findings *found,
                        const struct audit_break *at)
{
    print_name(path);
    printf(":%llu: %s: %s", (unsigned long long)at->line, audit_damage_name(at->damage),
           audit_damage_text(at->damage));
    if (at->other)
        printf(" %llu", (unsigned long long)at->other);
    if (at->damage == AUDIT_BEHEADED && *found->continues) {
        printf(" (it goes on from ");
        print_name(found->continues);
        printf(")");
    }
    printf("\n");
}

static void print_findings(const char *path, const struct audit_findings *found)
{
    for (size_t i = 0; i < AUDIT_BREAKS_LISTED && found->listed[i].line; i++)
        print_break(path, found, &found->listed[i]);
    print_name(path);
    printf(": %llu line%s, ", (unsigned long long)found->lines, found->lines == 1 ? "" : "s");
    if (found->breaks > AUDIT_BREAKS_LISTED)
        printf("%llu breaks (the first %d are listed)", (unsigned long long)found->breaks,
               AUDIT_BREAKS_LISTED);
    else if (found->breaks)
        printf("%llu break%s", (unsigned long long)found->breaks, found->breaks == 1 ? "" : "s");
    else
        printf("chain intact");
    printf(found->has_head ? ", head %s\n" : "\n", found->head.hex);
    if (!found->dropped)
        return;
    print_name(path);
    printf(": begins after %s: a rotation deleted the files before it (--keep)\n",
           found->begins_after.hex);
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

static json_t *json_of_break(const struct audit_break *at)
{
    if (!at->line)
        return json_null();
    json_t *object = json_pack("{s:I, s:s, s:s}", "line", (json_int_t)at->line, "damage",
                               audit_damage_name(at->damage), "text",
                               audit_damage_text(at->damage));
    if (at->other)
        json_object_set_new(object, "follows", json_integer((json_int_t)at->other));
    return object;
}

/* A name that is not UTF-8 cannot be written in JSON; the file's place in the list is known. */
static json_t *json_of_name(const char *name)
{
    json_t *string = *name ? json_string(name) : NULL;
    return string ? string : json_null();
}

static json_t *json_of_findings(const char *path, const struct audit_findings *found)
{
    json_t *listed = json_array();
    for (size_t i = 0; i < AUDIT_BREAKS_LISTED && found->listed[i].line; i++)
        json_array_append_new(listed, json_of_break(&found->listed[i]));
    return json_pack("{s:o, s:I, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:b}", "file",
                     json_of_name(path), "lines", (json_int_t)found->lines, "intact",
                     !found->breaks, "breaks", (json_int_t)found->breaks, "first",
                     json_of_break(&found->listed[0]), "listed", listed, "head",
                     found->has_head ? json_string(found->head.hex) : json_null(), "begins_after",
                     json_of_name(found->begins_after.hex), "continues",
                     json_of_name(found->continues), "dropped", found->dropped);
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
        bool last = i + 1 == verify->files.count;
        struct audit_reader *log = last ? audit_files_take(&verify->files) : NULL;
        struct audit_findings *found = &verify->found[i];
        enum status read = log ? audit_verify_reader(&verify->verifier, log, found, &err)
                               : audit_verify(&verify->verifier, path, found, &err);
        verify->readable[i] = read == STATUS_OK;
        if (!verify->readable[i])
            status = command_trouble(verify->args, "%s: %s", path, err.text);
    }
    for (size_t i = 0; i < verify->files.count; i++) {
        if (verify->readable[i])
            audit_verify_excuse(&verify->verifier, &verify->found[i]);
        if (verify->found[i].breaks && status == EXIT_YES)
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
    audit_files_free(&verify->files);
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
    .details = "Without FILE, the log that the configuration names, with its rotated files; - is\n"
               "stdin. Several files: of several nodes, or of one, oldest first; compressed ones\n"
               "too. A cut end shows only with --anchor.\n"
               "Exit code: 0 intact, 1 broken or an anchor is missing, 2 could not be read.",
    .options = verify_option,
    .option_count = sizeof verify_option / sizeof verify_option[0],
    .operands_max = SIZE_MAX,
    .run = run_verify,
};

static const struct command *const subcommands[] = {
    &command_audit_show,   &command_verify,       &command_audit_narrate,
    &command_audit_replay, &command_audit_enrich, &command_audit_rotate,
};

const struct command command_audit = {
    .name = "audit",
    .summary = "read the audit log: show, verify, narrate, replay, enrich, rotate",
    .subcommands = subcommands,
    .subcommand_count = sizeof subcommands / sizeof subcommands[0],
};
