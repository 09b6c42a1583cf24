#include "command/command.h"

#include <jansson.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/table.h"

#define HELP_COLUMN 26
#define PATH_MAX_TEXT 128

static void print_entry(FILE *out, const char *left, const char *right)
{
    if (strlen(left) + 2 < HELP_COLUMN)
        fprintf(out, "  %-*s%s\n", HELP_COLUMN - 2, left, right);
    else
        fprintf(out, "  %s\n%*s%s\n", left, HELP_COLUMN, "", right);
}

void command_help(const char *path, const struct command *command, FILE *out)
{
    fprintf(out, "usage: %s%s%s%s\n\n%s.\n", path,
            command->subcommand_count ? " COMMAND ..."
            : command->option_count   ? " [OPTION...]"
                                      : "",
            command->operands && *command->operands ? " " : "",
            command->operands ? command->operands : "", command->summary);
    if (command->subcommand_count) {
        fprintf(out, "\nCommands:\n");
        for (size_t i = 0; i < command->subcommand_count; i++)
            print_entry(out, command->subcommands[i]->name, command->subcommands[i]->summary);
    }
    fprintf(out, "\nOptions:\n");
    for (size_t i = 0; i < command->option_count; i++) {
        const struct option_spec *option = &command->options[i];
        char left[96];
        snprintf(left, sizeof left, "--%s%s%s", option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        print_entry(out, left, option->help);
    }
    print_entry(out, "-h, --help", "show this help");
    if (command->details)
        fprintf(out, "\n%s\n", command->details);
}

static enum command_exit usage_error(const char *path, const char *format, ...) PRINTF_LIKE(2, 3);
static enum command_exit usage_error(const char *path, const char *format, ...)
{
    struct buffer safe;
    buffer_init(&safe, 8192);
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buffer_escaped(&safe, text_of(text), sizeof text, false);
    fprintf(stderr, "%s: %s\nTry '%s --help'.\n", path, safe.data ? safe.data : "", path);
    buffer_free(&safe);
    return EXIT_TROUBLE;
}

static const struct option_spec *find_option(const struct command *command, struct text name)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (text_equal(text_of(command->options[i].name), name))
            return &command->options[i];
    return NULL;
}

static bool is_given(const struct arguments *args, const struct option_spec *option)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (args->given[i].option == option)
            return true;
    return false;
}

/* One "--name", "--name=value" or "--name value" at argv[*at]; moves *at over what it took. */
static enum command_exit parse_option(const char *path, struct arguments *args, int argc,
                                      char **argv, int *at)
{
    struct text name = text_of(argv[*at] + 2);
    const char *equals = strchr(name.at, '=');
    if (equals)
        name.size = (size_t)(equals - name.at);
    const struct option_spec *option = find_option(args->command, name);
    if (!option)
        return usage_error(path, "unknown option --%.*s", TEXT_ARG(name));
    if (!option->repeat && is_given(args, option))
        return usage_error(path, "--%s is given twice", option->name);
    const char *value = equals ? equals + 1 : NULL;
    if (!option->argument && value)
        return usage_error(path, "--%s takes no value", option->name);
    if (option->argument && !value) {
        if (*at + 1 >= argc)
            return usage_error(path, "--%s needs a value: %s", option->name, option->argument);
        value = argv[++*at];
    }
    if (args->given_count == ARGUMENTS_MAX)
        return usage_error(path, "more than %d options", ARGUMENTS_MAX);
    args->given[args->given_count].option = option;
    args->given[args->given_count++].value = value ? value : "";
    return EXIT_YES;
}

static enum command_exit finish_output(const char *path, enum command_exit status)
{
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "%s: cannot write the output: %s\n", path, strerror(errno));
        return EXIT_TROUBLE;
    }
    return status;
}

static enum command_exit run_leaf(const char *path, const struct command *command, int argc,
                                  char **argv)
{
    static struct arguments args; /* large, and there is one command a process */
    args = (struct arguments){.command = command, .path = path};
    args.operands = calloc((size_t)argc + 1, sizeof *args.operands);
    if (!args.operands)
        return usage_error(path, "out of memory");
    bool only_operands = false;
    enum command_exit status = EXIT_YES;
    for (int i = 0; i < argc && status == EXIT_YES; i++) {
        const char *word = argv[i];
        if (!only_operands && !strcmp(word, "--")) {
            only_operands = true;
        } else if (!only_operands && (!strcmp(word, "--help") || !strcmp(word, "-h"))) {
            command_help(path, command, stdout);
            free(args.operands);
            return finish_output(path, EXIT_YES);
        } else if (!only_operands && word[0] == '-' && word[1] == '-') {
            status = parse_option(path, &args, argc, argv, &i);
        } else if (!only_operands && word[0] == '-' && word[1]) {
            status = usage_error(path, "unknown option %s", word);
        } else {
            args.operands[args.operand_count++] = argv[i];
        }
    }
    if (status == EXIT_YES && args.operand_count < command->operands_min)
        status = usage_error(path, "missing operand: %s", command->operands);
    else if (status == EXIT_YES && args.operand_count > command->operands_max)
        status = usage_error(path, "unexpected operand: %s", args.operands[command->operands_max]);
    else if (status == EXIT_YES)
        status = finish_output(path, command->run(&args));
    free(args.operands);
    return status;
}

enum command_exit command_dispatch(const char *path, const struct command *command, int argc,
                                   char **argv)
{
    char deeper[PATH_MAX_TEXT];
    snprintf(deeper, sizeof deeper, "%s", path);
    while (command->subcommand_count) {
        if (!argc || !strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")) {
            command_help(deeper, command, argc ? stdout : stderr);
            return argc ? finish_output(deeper, EXIT_YES) : EXIT_TROUBLE;
        }
        const struct command *next = NULL;
        for (size_t i = 0; i < command->subcommand_count; i++)
            if (!strcmp(command->subcommands[i]->name, argv[0]))
                next = command->subcommands[i];
        if (!next)
            return usage_error(deeper, "unknown command %s", argv[0]);
        size_t used = strlen(deeper);
        snprintf(deeper + used, sizeof deeper - used, " %s", next->name);
        command = next;
        argc--, argv++;
    }
    return run_leaf(deeper, command, argc, argv);
}

const char *argument_nth(const struct arguments *args, const char *option, size_t n)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (!strcmp(args->given[i].option->name, option) && !n--)
            return args->given[i].value;
    return NULL;
}

const char *argument(const struct arguments *args, const char *option)
{
    return argument_nth(args, option, 0);
}

bool argument_flag(const struct arguments *args, const char *option)
{
    return argument(args, option) != NULL;
}

bool argument_json(const struct arguments *args, bool *json)
{
    const char *format = argument(args, "format");
    if (format && strcmp(format, "text") && strcmp(format, "json")) {
        command_trouble(args, "--format is text or json, not %s", format);
        return false;
    }
    *json = format && !strcmp(format, "json");
    return true;
}

bool argument_format(const struct arguments *args, enum output_format *format)
{
    static const struct name_value names[] = {
        {"text", OUTPUT_TEXT}, {"json", OUTPUT_JSON}, {"csv", OUTPUT_CSV}};
    const char *given = argument(args, "format");
    int value = OUTPUT_TEXT;
    if (given && !table_value(names, TABLE_COUNT(names), text_of(given), false, &value)) {
        command_trouble(args, "--format is text, json or csv, not %s", given);
        return false;
    }
    *format = (enum output_format)value;
    return true;
}

bool argument_time(const struct arguments *args, const char *option, bool *set, int64_t *ms)
{
    const char *value = argument(args, option);
    int64_t ago;
    if (set)
        *set = value != NULL;
    if (!value || clock_parse(text_of(value), ms))
        return true;
    if (clock_parse_duration(text_of(value), &ago)) {
        *ms = clock_now_ms() - ago;
        return true;
    }
    command_trouble(args,
                    "--%s wants a time like 2026-11-22T04:10:00Z, a date or an age "
                    "like 24h, not %s",
                    option, value);
    return false;
}

void command_escaped(FILE *out, struct text t, size_t most)
{
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, t, most, false);
    fputs(safe.data ? safe.data : "", out);
    buffer_free(&safe);
}

enum command_exit command_trouble(const struct arguments *args, const char *format, ...)
{
    char text[2048];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    struct buffer safe;
    buffer_init(&safe, 16384);
    buffer_escaped(&safe, text_of(text), sizeof text, false);
    fprintf(stderr, "%s: %s\n", args->path, safe.data ? safe.data : "");
    buffer_free(&safe);
    return EXIT_TROUBLE;
}

size_t command_json_flags(size_t flags)
{
    return flags | (isatty(STDOUT_FILENO) == 1 ? JSON_ENSURE_ASCII : 0);
}

bool command_colour(FILE *out)
{
    const char *off = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(fileno(out)) && !(off && *off) && terminal && strcmp(terminal, "dumb") != 0;
}
