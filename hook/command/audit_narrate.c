/*
 * refgate audit narrate - one decision in plain sentences: who, what, when, where, what became of it,
 * and for each reason its proof and the controls that it is evidence for.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/audit.h"
#include "command/audit_entry.h"
#include "command/audit_source.h"
#include "command/controls.h"
#include "command/narrate.h"
#include "record/audit_line.h"
#include "snapshot/configured.h"

#define ID_MOST ((size_t)64)

struct narrate {
    const struct arguments *args;
    struct audit_files files;
    struct instance own;             /* the configuration, where files were named */
    const struct instance *instance; /* NULL: there is none */
    struct arena arena;
    struct control_map map;
    struct narration narration;
    /* The decision. */
    struct audit_filter filter;
    json_t *record;
    char id[ID_MOST + 1];
    struct line_check line;
    size_t others; /* decisions with another id that begins so, too */
};

/* ------------------------------------------------------------------ finding it */

static void check_line(struct narrate *narrate, const struct audit_source *source)
{
    struct line_check *line = &narrate->line;
    struct audit_seal seal;
    struct digest none = audit_hash_none();
    *line = (struct line_check){.path = source->path, .number = source->number};
    line->sealed = audit_line_read(source->line, &seal);
    if (!line->sealed)
        return;
    line->genuine = audit_line_genuine(&seal);
    line->hash = arena_text(&narrate->arena, seal.hash);
    line->first = text_equal(seal.prev, text_of(none.hex));
    line->follows_known = *source->before.hex || line->first;
    line->follows = *source->before.hex ? text_equal(seal.prev, text_of(source->before.hex))
                                        : line->first;
}

static void take(struct narrate *narrate, const struct audit_source *source)
{
    struct text id = entry_text(source->record, "id", NULL);
    if (!text_starts(id, narrate->filter.id) || id.size > ID_MOST)
        return;
    if (narrate->record) { /* the same line twice is a copy of the log */
        narrate->others += !text_equal(id, text_of(narrate->id));
        return;
    }
    memcpy(narrate->id, id.at, id.size);
    narrate->id[id.size] = '\0';
    narrate->record = json_incref(source->record);
    check_line(narrate, source);
}

static bool search(struct narrate *narrate, const char *const *paths, size_t count)
{
    struct audit_source source = {.args = narrate->args,
                                  .filter = &narrate->filter,
                                  .paths = paths,
                                  .count = count,
                                  .log = audit_files_take(&narrate->files)};
    if (audit_source_open(&source)) {
        audit_source_next(&source);
        for (; source.record; audit_source_next(&source))
            take(narrate, &source);
    }
    audit_source_close(&source);
    return !source.trouble;
}

static bool search_all(struct narrate *narrate)
{
    const struct audit_files *files = &narrate->files;
    bool good = true;
    if (files->of_one_log)
        return search(narrate, files->paths, files->count);
    for (size_t i = 0; i < files->count && good; i++)
        good = search(narrate, files->paths + i, 1);
    return good;
}

/* ------------------------------------------------------------------ what it is told with */

/* Where files are named there need not be a configuration: then rules are nobody's, and the control
 * map is the one that is installed. */
static bool find_configuration(struct narrate *narrate)
{
    char path[INSTANCE_PATH_MAX];
    const char *named = argument(narrate->args, "config");
    if (narrate->files.of_one_log) {
        narrate->instance = &narrate->files.instance;
        return true;
    }
    if (!named &&
        (config_locate(NULL, path, sizeof path, NULL) != STATUS_OK || access(path, F_OK) != 0))
        return true;
    narrate->instance = &narrate->own;
    return instance_configure(narrate->args, &narrate->own);
}

static bool find_policy(struct narrate *narrate, struct policy *out)
{
    struct config_errors errors;
    if (narrate->instance) {
        *out = narrate->instance->policy;
        return true;
    }
    config_errors_init(&errors);
    enum status status = config_parse(TEXT(""), "defaults", &narrate->arena, out, &errors);
    config_errors_free(&errors);
    if (status != STATUS_OK)
        command_trouble(narrate->args, "out of memory");
    return status == STATUS_OK;
}

static bool tell_snapshots(struct narrate *narrate)
{
    const struct arguments *args = narrate->args;
    const char *files[] = {argument(args, "before"), argument(args, "after")};
    struct snapshot *snapshots[] = {NULL, NULL};
    struct view views[2];
    struct policy policy;
    if (!files[0])
        return true;
    bool good = find_policy(narrate, &policy);
    for (size_t i = 0; i < 2 && good; i++) {
        struct error err = {STATUS_OK, ""};
        views[i] = snapshot_configured(&policy, files[i], SNAPSHOT_READ, &narrate->arena,
                                       &snapshots[i], &err);
        good = !views[i].problem;
        if (!good)
            command_trouble(args, "%s: %s", files[i], err.text);
    }
    if (good)
        good = narrate_snapshots(&narrate->narration, narrate->record, &policy, &views[0],
                                 &views[1]);
    snapshot_close(snapshots[0]);
    snapshot_close(snapshots[1]);
    return good;
}

/* ------------------------------------------------------------------ all of it */

static bool print_text(const struct narrate *narrate)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    buffer_string(&text, "Decision ");
    buffer_escaped(&text, text_of(narrate->id), ID_MOST, false);
    buffer_string(&text, "\n\n");
    narration_print(&narrate->narration, &text);
    bool good = !text.failed;
    if (good)
        fwrite(text.data, 1, text.size, stdout);
    buffer_free(&text);
    return good;
}

static bool print_json(const struct narrate *narrate, bool holds)
{
    json_t *whole = json_pack("{s:s, s:b, s:o}", "id", narrate->id, "line_holds", holds,
                              "sentences", narration_json(&narrate->narration));
    size_t flags = command_json_flags(JSON_INDENT(2));
    bool good = whole && !json_dumpf(whole, stdout, flags);
    json_decref(whole);
    printf("\n");
    return good;
}

static enum command_exit tell(struct narrate *narrate, bool json)
{
    struct narration *n = &narrate->narration;
    *n = (struct narration){.arena = &narrate->arena, .map = &narrate->map};
    narrate_record(n, narrate->record);
    bool holds = narrate_line(n, &narrate->line);
    bool compared = tell_snapshots(narrate);
    narrate_controls(n, holds);
    bool printed = !n->failed && (json ? print_json(narrate, holds) : print_text(narrate));
    if (!printed)
        return command_trouble(narrate->args, "out of memory");
    if (!compared)
        return EXIT_TROUBLE;
    return holds ? EXIT_YES : EXIT_NO;
}

static enum command_exit find_and_tell(struct narrate *narrate, bool json)
{
    const struct arguments *args = narrate->args;
    const char *config_path;
    if (!find_configuration(narrate))
        return EXIT_TROUBLE;
    config_path = narrate->instance ? narrate->instance->config_path : NULL;
    if (!controls_load(args, config_path, &narrate->arena, &narrate->map) || !search_all(narrate))
        return EXIT_TROUBLE;
    if (!narrate->record) {
        command_trouble(args, "no decision has an id that begins with %s", narrate->filter.id.at);
        return EXIT_NO;
    }
    if (narrate->others)
        return command_trouble(args, "the ids of %zu decisions begin with %s: give more of it",
                               narrate->others + 1, narrate->filter.id.at);
    return tell(narrate, json);
}

/* The first operand is the id; what follows are files, as for the other subcommands. */
static enum command_exit run_narrate(const struct arguments *args)
{
    bool json;
    struct arguments files = *args;
    if (!argument_json(args, &json))
        return EXIT_TROUBLE;
    if (!argument(args, "before") != !argument(args, "after"))
        return command_trouble(args, "--before and --after go together");
    if (!*args->operands[0])
        return command_trouble(args, "the id is empty");
    files.operands++;
    files.operand_count--;
    struct narrate *narrate = calloc(1, sizeof *narrate);
    if (!narrate)
        return command_trouble(args, "out of memory");
    narrate->args = args;
    narrate->filter.id = text_of(args->operands[0]);
    arena_init(&narrate->arena, SIZE_MAX);
    enum command_exit status = EXIT_TROUBLE;
    if (audit_files(&files, &narrate->files))
        status = find_and_tell(narrate, json);
    json_decref(narrate->record);
    audit_files_free(&narrate->files);
    instance_close(&narrate->own);
    arena_free(&narrate->arena);
    free(narrate);
    return status;
}

static const struct option_spec narrate_option[] = {
    {"before", "SNAPSHOT", "with --after: what the pusher could do by each of the two", false},
    {"after", "SNAPSHOT", "see --before", false},
    OPTION_CONTROL_MAP,
    OPTION_CONFIG,
    OPTION_FORMAT,
};

const struct command command_audit_narrate = {
    .name = "narrate",
    .summary = "tell a decision in sentences: rule, reason, proof, control",
    .operands = "ID [FILE...]",
    .details =
        "ID is that of the decision, or a beginning that no other has; the pusher saw it\n"
        "with the rejection. Without FILE, the log that the configuration names, with its\n"
        "rotated files.\n"
        "Exit code: 0 told, and its line holds; 1 there is none, or its line does not hold;\n"
        "2 trouble.",
    .options = narrate_option,
    .option_count = sizeof narrate_option / sizeof narrate_option[0],
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run_narrate,
};
