/*
 * completion.h - what the completion scripts for bash, zsh and fish are made from: the table of
 * commands, flattened, and what can stand where an option or an operand wants a value.
 *
 * A synopsis is written for people ("ID [FILE...]", "text|json"); these functions read it. What they
 * do not know is completed by nothing, so that a shell never offers files where a name is wanted.
 */
#ifndef REFGATE_COMMAND_COMPLETION_H
#define REFGATE_COMMAND_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>

#include "command/command.h"

#define COMPLETION_NODES_MAX 128
#define COMPLETION_PATH_SIZE 96
#define COMPLETION_OPERANDS_MAX 8

/* The values are what the script for bash calls them. */
enum completion_hint {
    COMPLETE_NOTHING = '-',
    COMPLETE_FILES = 'f',
    COMPLETE_DIRECTORIES = 'd',
    COMPLETE_WORDS = 'w', /* "text|json": one of these */
};

struct completion_node {
    const struct command *command;
    char path[COMPLETION_PATH_SIZE]; /* "audit verify"; "" is refgate itself */
};

struct completion_operand {
    struct text name; /* "FILE", in the command's synopsis */
    enum completion_hint hint;
};
struct completion_operands {
    struct completion_operand items[COMPLETION_OPERANDS_MAX];
    size_t count;
    bool repeat; /* the last may be there any number of times */
};

/* refgate, its commands, their subcommands. Gives how many; 0: more than there is room for. */
size_t completion_nodes(struct completion_node nodes[COMPLETION_NODES_MAX]);
/* What "FILE", "text|json" or "KEY/SLUG" stands for. */
enum completion_hint completion_hint(struct text placeholder);
/* The operands of a command, by the first of the ways to write them (" | "). */
void completion_operands(const struct command *command, struct completion_operands *out);
/* Does it take options of its own besides --help? refgate itself has --version. */
bool completion_is_root(const struct completion_node *node);

/* To stdout, for the inside of single quotes: each of `special` has a backslash before it, and a
 * single quote is written as `quote`. */
void completion_print_quoted(struct text t, const char *special, const char *quote);
/* "text|json" as "text json". */
void completion_print_words(struct text placeholder);

/* The scripts, to stdout. */
void completion_bash(const struct completion_node *nodes, size_t count);
void completion_zsh(const struct completion_node *nodes, size_t count);
void completion_fish(const struct completion_node *nodes, size_t count);

#endif
