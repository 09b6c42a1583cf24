/*
 * command.h - the subcommands of `refgate`: one table drives dispatch, option parsing, --help and
 * completion.
 *
 * One file a subcommand: hook/command/NAME.c defines `const struct command command_NAME`, which
 * hook/refgate.c lists. Exit codes are the same everywhere: EXIT_YES, EXIT_NO, EXIT_TROUBLE.
 */
#ifndef REFGATE_COMMAND_COMMAND_H
#define REFGATE_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"

enum command_exit {
    EXIT_YES = 0,     /* yes, ok, accepted */
    EXIT_NO = 1,      /* no: rejected, differs, findings, broken */
    EXIT_TROUBLE = 2, /* could not be answered: usage, input, I/O */
};

struct option_spec {
    const char *name;     /* without the dashes: "file" */
    const char *argument; /* "FILE"; NULL for a flag */
    const char *help;     /* one line */
    bool repeat;          /* may be given more than once */
};
/* Options that several commands share, so that they read the same everywhere. */
#define OPTION_CONFIG                                                                            \
    {                                                                                            \
        "config", "FILE",                                                                        \
            "configuration (default: refgate.conf beside the program, then /etc/refgate)", false \
    }
#define OPTION_FORMAT                                                 \
    {                                                                 \
        "format", "text|json", "output format (default: text)", false \
    }

#define OPTION_FORMATS                                                    \
    {                                                                     \
        "format", "text|json|csv", "output format (default: text)", false \
    }

struct arguments;

struct command {
    const char *name;
    const char *summary;  /* one line, lower-case start, no full stop */
    const char *operands; /* synopsis of what is not an option: "PATTERN REF..." or "" */
    const char *details;  /* further text for --help, may be NULL; lines of at most 79 columns */
    const struct option_spec *options;
    size_t option_count;
    size_t operands_min, operands_max;                      /* SIZE_MAX: any number */
    enum command_exit (*run)(const struct arguments *args); /* NULL if it has subcommands */
    const struct command *const *subcommands;
    size_t subcommand_count;
};

#define ARGUMENTS_MAX 256
struct arguments {
    const struct command *command;
    const char *path; /* what was typed: "refgate snapshot verify" */
    struct {
        const struct option_spec *option;
        const char *value; /* "" for a flag */
    } given[ARGUMENTS_MAX];
    size_t given_count;
    char **operands;
    size_t operand_count;
};

/* Parses argv (without the program and the command's name), answers --help, checks the number of
 * operands, finds the subcommand, runs it, checks that stdout could be written. `path` is what was
 * typed so far: "refgate" or "refgate snapshot". */
enum command_exit command_dispatch(const char *path, const struct command *command, int argc,
                                   char **argv);
void command_help(const char *path, const struct command *command, FILE *out);

/* Value of an option; NULL if it was not given. The name must be one of the command's options. */
const char *argument(const struct arguments *args, const char *option);
bool argument_flag(const struct arguments *args, const char *option);
/* The n-th value of a repeatable option, NULL past the last. */
const char *argument_nth(const struct arguments *args, const char *option, size_t n);
/* --format; prints the error and gives false for anything but text and json. */
bool argument_json(const struct arguments *args, bool *json);
/* --format of a command that has OPTION_FORMATS. */
enum output_format { OUTPUT_TEXT = 1, OUTPUT_JSON, OUTPUT_CSV };
bool argument_format(const struct arguments *args, enum output_format *format);
/* A time, a date, or an age like 24h; *set (may be NULL): was it given? If not, *ms stays. */
bool argument_time(const struct arguments *args, const char *option, bool *set, int64_t *ms);

/* "PATH: MESSAGE" on stderr, escaped for a terminal; returns EXIT_TROUBLE. */
enum command_exit command_trouble(const struct arguments *args, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* Outside text, escaped for a terminal; at most `most` bytes of it. */
void command_escaped(FILE *out, struct text t, size_t most);
/* Colour only on a terminal, and not if NO_COLOR is set to anything but "" or TERM is dumb. */
bool command_colour(FILE *out);
/* jansson's flags and these: on a terminal, names must not be able to steer it. */
size_t command_json_flags(size_t flags);

extern const struct command command_access, command_approve, command_audit, command_check,
    command_completion, command_disable, command_doctor, command_enable, command_install,
    command_policy, command_report, command_snapshot, command_snapshot_diff, command_sync,
    command_who_can;

/* For `completion`: the program's own table, defined in refgate.c. */
extern const struct command command_refgate;

#endif
