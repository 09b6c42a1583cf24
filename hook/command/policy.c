/*
 * refgate policy - looks at the configuration: lint, show, match.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "command/inspection.h"
#include "command/policy.h"
#include "policy/config_keys.h"
#include "snapshot/configured.h"

#define SOURCE_COLUMN 44

/* ---------------------------------------------------------------- lint */

/* The view for names: the one that --snapshot names must open, the configured one may. */
static enum command_exit lint_view(const struct arguments *args, struct inspection *in,
                                   struct snapshot **snapshot, struct view *view)
{
    struct error err = {0};
    const char *file = argument(args, "snapshot");
    *view = snapshot_configured(&in->policy, file, SNAPSHOT_READ, &in->arena, snapshot, &err);
    if (!view->problem)
        return EXIT_YES;
    if (file)
        return command_trouble(args, "%s", err.text);
    fprintf(stderr, "refgate lint: names are not looked up: %s\n", view->problem);
    return EXIT_YES;
}

static enum command_exit find_warnings(const struct arguments *args, struct inspection *in)
{
    struct snapshot *snapshot = NULL;
    struct view view;
    enum command_exit result = lint_view(args, in, &snapshot, &view);
    if (result == EXIT_YES)
        result = inspection_lint(args, in, view.problem ? NULL : &view);
    snapshot_close(snapshot);
    return result;
}

/* "refgate.conf:12: warning: sentence" -> {"line":12,"text":"sentence"} */
static void add_findings(json_t *array, struct text lines, const char *name)
{
    struct text line;
    while (text_next_field(&lines, '\n', &line)) {
        uint64_t number = 0;
        struct text rest = line, digits;
        if (!text_starts(rest, text_of(name)))
            continue;
        rest = text_skip(rest, strlen(name));
        if (text_starts(rest, TEXT(":")) && rest.size > 1 && rest.at[1] != ' ') {
            rest = text_skip(rest, 1);
            (void)text_next_field(&rest, ':', &digits);
            (void)text_parse_u64(digits, UINT32_MAX, false, &number);
        } else if (rest.size) {
            rest = text_skip(rest, 1);
        }
        rest = text_trim(rest);
        if (text_starts(rest, TEXT("warning: ")))
            rest = text_skip(rest, 9);
        json_t *finding = json_object();
        json_object_set_new(finding, "line",
                            number ? json_integer((json_int_t)number) : json_null());
        json_object_set_new(finding, "text", json_stringn(rest.at ? rest.at : "", rest.size));
        json_array_append_new(array, finding);
    }
}

enum command_exit policy_print_json(const struct arguments *args, json_t *object)
{
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    if (!text)
        return command_trouble(args, "out of memory");
    puts(text);
    free(text);
    return EXIT_YES;
}

static enum command_exit print_findings(const struct arguments *args, const struct inspection *in,
                                        bool json)
{
    if (in->errors.lines.failed || in->warnings.lines.failed)
        return command_trouble(args, "out of memory");
    if (json) {
        json_t *errors = json_array(), *warnings = json_array();
        add_findings(errors, buffer_view(&in->errors.lines), in->name);
        add_findings(warnings, buffer_view(&in->warnings.lines), in->name);
        return policy_print_json(args, json_pack("{s:s,s:o,s:o}", "file", in->name, "errors",
                                                 errors, "warnings", warnings));
    }
    printf("%.*s%.*s", TEXT_ARG(buffer_view(&in->errors.lines)),
           TEXT_ARG(buffer_view(&in->warnings.lines)));
    printf("%s: %zu error%s, %zu warning%s\n", in->name, in->errors.count,
           in->errors.count == 1 ? "" : "s", in->warnings.count,
           in->warnings.count == 1 ? "" : "s");
    return EXIT_YES;
}

static enum command_exit run_lint(const struct arguments *args)
{
    static struct inspection in;
    bool json;
    if (!argument_json(args, &json))
        return EXIT_TROUBLE;
    const char *file = args->operand_count ? args->operands[0] : NULL;
    if (file && argument(args, "config"))
        return command_trouble(args, "a FILE and --config are one too many");
    enum command_exit result = inspection_read(args, file, &in);
    if (result == EXIT_YES)
        result = find_warnings(args, &in);
    if (result != EXIT_TROUBLE && print_findings(args, &in, json) != EXIT_YES)
        result = EXIT_TROUBLE;
    if (result == EXIT_YES && in.warnings.count && argument_flag(args, "strict"))
        result = EXIT_NO;
    inspection_free(&in);
    return result;
}

static const struct option_spec lint_options[] = {
    OPTION_CONFIG,
    {"snapshot", "FILE", "look names up in this snapshot (default: the configured one)", false},
    {"strict", NULL, "warnings are findings too: exit 1", false},
    OPTION_FORMAT,
};

static const struct command lint_command = {
    .name = "lint",
    .summary = "check a configuration: mistakes, and what is surely not meant",
    .operands = "[FILE]",
    .details = "FILE is any configuration, - is standard input; without it the one in use is\n"
               "checked, its owner and mode included. Exit codes: 0 clean or warnings only,\n"
               "1 errors, 2 cannot be read.",
    .options = lint_options,
    .option_count = sizeof lint_options / sizeof lint_options[0],
    .operands_max = 1,
    .run = run_lint,
};

/* ---------------------------------------------------------------- show */

static void print_setting(const struct inspection *in, const struct config_key *key,
                          const struct config_entry *entry)
{
    if (!entry && !key->fallback) {
        printf("; %s is not set\n", key->name);
        return;
    }
    int width = entry ? printf("%s = %.*s", key->name, TEXT_ARG(entry->value))
                      : printf("%s = %s", key->name, key->fallback);
    int gap = width > 0 && width < SOURCE_COLUMN ? SOURCE_COLUMN - width : 1;
    if (entry)
        printf("%*s; %s:%u\n", gap, "", in->name, entry->line);
    else
        printf("%*s; default\n", gap, "");
}

/* One section: all keys of those that are there once, what is set of the others. */
static void print_section(const struct inspection *in, const struct config_section *section,
                          const struct config_entry *header)
{
    if (header)
        printf("\n[%s \"%.*s\"] ; %s:%u\n", section->name, TEXT_ARG(header->name), in->name,
               header->line);
    else
        printf("\n[%s]\n", section->name);
    for (size_t i = 0; i < section->key_count; i++) {
        const struct config_entry *entry = config_listing_find(
            &in->listing, section->name, header ? header->line : 0, section->keys[i].name);
        if (entry || !section->named)
            print_setting(in, &section->keys[i], entry);
    }
}

static json_t *json_setting(const struct inspection *in, const struct config_section *section,
                            const struct config_key *key, const struct config_entry *header,
                            const struct config_entry *entry)
{
    json_t *value = entry           ? json_stringn(entry->value.at, entry->value.size)
                    : key->fallback ? json_string(key->fallback)
                                    : json_null();
    char source[300] = "default";
    if (entry)
        snprintf(source, sizeof source, "%s:%u", in->name, entry->line);
    json_t *name = header ? json_stringn(header->name.at, header->name.size) : json_null();
    return json_pack("{s:s,s:o,s:s,s:o,s:s}", "section", section->name, "name", name, "key",
                     key->name, "value", value, "source", source);
}

static void add_json_section(const struct inspection *in, const struct config_section *section,
                             const struct config_entry *header, json_t *array)
{
    for (size_t i = 0; i < section->key_count; i++) {
        const struct config_entry *entry = config_listing_find(
            &in->listing, section->name, header ? header->line : 0, section->keys[i].name);
        json_array_append_new(array, json_setting(in, section, &section->keys[i], header, entry));
    }
}

/* Sections that are there once in the order of the table, then the others in that of the file. */
static void each_section(const struct inspection *in, json_t *array)
{
    for (size_t i = 0; i < config_section_count; i++) {
        if (config_sections[i].named)
            continue;
        if (array)
            add_json_section(in, &config_sections[i], NULL, array);
        else
            print_section(in, &config_sections[i], NULL);
    }
    for (size_t i = 0; i < in->listing.count; i++) {
        const struct config_entry *header = &in->listing.entries[i];
        if (header->key || !header->section->named)
            continue;
        if (array)
            add_json_section(in, header->section, header, array);
        else
            print_section(in, header->section, header);
    }
}

static enum command_exit show(const struct arguments *args, const struct inspection *in, bool json)
{
    if (!json) {
        printf("# %s, SHA-256 %s\n", in->name, in->policy.digest.hex);
        each_section(in, NULL);
        return EXIT_YES;
    }
    json_t *settings = json_array();
    each_section(in, settings);
    return policy_print_json(args, json_pack("{s:s,s:s,s:o}", "file", in->name, "digest",
                                             in->policy.digest.hex, "settings", settings));
}

static enum command_exit run_show(const struct arguments *args)
{
    static struct inspection in;
    bool json;
    if (!argument_json(args, &json))
        return EXIT_TROUBLE;
    enum command_exit result = inspection_read(args, NULL, &in);
    if (result == EXIT_YES) {
        fputs(in.warnings.lines.data ? in.warnings.lines.data : "", stderr);
        result = show(args, &in, json);
    } else if (result == EXIT_NO) {
        fputs(in.errors.lines.data ? in.errors.lines.data : "", stderr);
        result = command_trouble(args, "the configuration has errors, so nothing is in effect");
    }
    inspection_free(&in);
    return result;
}

static const struct option_spec show_options[] = {OPTION_CONFIG, OPTION_FORMAT};

static const struct command show_command = {
    .name = "show",
    .summary = "show every setting in effect, and where it is from",
    .operands = "",
    .details =
        "The text form is a configuration itself. Of rules and service accounts it has what\n"
        "is set; --format json has every key.",
    .options = show_options,
    .option_count = sizeof show_options / sizeof show_options[0],
    .run = run_show,
};

/* ---------------------------------------------------------------- match */

static bool match(struct text pattern, struct text ref, bool anchored)
{
    return anchored ? glob_ref_match_anchored(pattern, ref) : glob_ref_match(pattern, ref);
}

static const char *match_problem(struct text pattern, struct text ref)
{
    const char *problem = glob_ref_problem(pattern);
    if (!problem && !text_starts(ref, TEXT("refs/")))
        problem = "a ref is given by its full name, such as refs/heads/main";
    return problem;
}

/* PATTERN tab REF lines; 1 or 0 for each. A line that cannot be answered gets 0 and a message. */
static enum command_exit match_lines(const struct arguments *args, bool anchored)
{
    char *line = NULL;
    size_t room = 0;
    enum command_exit result = EXIT_YES;
    ssize_t size;
    for (unsigned long long number = 1; (size = getline(&line, &room, stdin)) >= 0; number++) {
        struct text ref = {line, (size_t)size}, pattern;
        if (ref.size && ref.at[ref.size - 1] == '\n')
            ref.size--;
        bool tab = text_next_field(&ref, '\t', &pattern) && ref.at;
        const char *problem = tab ? match_problem(pattern, ref) : "the line is not PATTERN tab REF";
        if (problem)
            result = command_trouble(args, "line %llu: %s", number, problem);
        puts(!problem && match(pattern, ref, anchored) ? "1" : "0");
    }
    free(line);
    return ferror(stdin) ? command_trouble(args, "cannot read standard input") : result;
}

static enum command_exit run_match(const struct arguments *args)
{
    bool anchored = argument_flag(args, "anchored");
    if (args->operand_count == 1 && !strcmp(args->operands[0], "-"))
        return match_lines(args, anchored);
    if (args->operand_count < 2)
        return command_trouble(args, "PATTERN REF... or - is needed");
    struct text pattern = text_of(args->operands[0]);
    for (size_t i = 1; i < args->operand_count; i++) {
        const char *problem = match_problem(pattern, text_of(args->operands[i]));
        if (problem)
            return command_trouble(args, "%s", problem);
    }
    enum command_exit result = EXIT_YES;
    for (size_t i = 1; i < args->operand_count; i++) {
        struct text ref = text_of(args->operands[i]);
        struct buffer shown;
        buffer_init(&shown, SIZE_MAX);
        buffer_escaped(&shown, ref, ref.size, false);
        bool yes = match(pattern, ref, anchored);
        printf("%-3s %s\n", yes ? "yes" : "no", shown.data ? shown.data : "");
        buffer_free(&shown);
        if (!yes)
            result = EXIT_NO;
    }
    return result;
}

static const struct option_spec match_options[] = {
    {"anchored", NULL, "as in lists that permit: main is refs/heads/main only", false},
};

static const struct command match_command = {
    .name = "match",
    .summary = "whether a pattern matches refs",
    .operands = "PATTERN REF... | -",
    .details = "With - it reads lines of PATTERN, a tab and REF, and prints 1 or 0 for each. Exit\n"
               "codes: 0 all match (with -: all lines were answered), 1 some do not, 2 usage.",
    .options = match_options,
    .option_count = sizeof match_options / sizeof match_options[0],
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run_match,
};

static const struct command *const subcommands[] = {
    &command_policy_apply, &lint_command, &show_command, &command_policy_test, &match_command};

const struct command command_policy = {
    .name = "policy",
    .summary = "check, test and apply the configuration",
    .operands = "",
    .subcommands = subcommands,
    .subcommand_count = sizeof subcommands / sizeof subcommands[0],
};
