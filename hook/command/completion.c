/*
 * refgate completion - prints the completion script for a shell, as packaging/completion holds it; a
 * test compares the two, so that the completion cannot fall behind the table of commands.
 */
#include "command/completion.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ reading the table */

size_t completion_nodes(struct completion_node nodes[COMPLETION_NODES_MAX])
{
    size_t count = 1;
    nodes[0] = (struct completion_node){.command = &command_refgate};
    for (size_t i = 0; i < count; i++) {
        const struct command *command = nodes[i].command;
        for (size_t j = 0; j < command->subcommand_count; j++) {
            if (count == COMPLETION_NODES_MAX)
                return 0;
            struct completion_node *node = &nodes[count++];
            node->command = command->subcommands[j];
            int size = snprintf(node->path, sizeof node->path, "%s%s%s", nodes[i].path,
                                *nodes[i].path ? " " : "", node->command->name);
            if (size < 0 || (size_t)size >= sizeof node->path)
                return 0;
        }
    }
    return count;
}

bool completion_is_root(const struct completion_node *node)
{
    return node->command == &command_refgate;
}

static bool is_words(struct text placeholder)
{
    if (!placeholder.size || !memchr(placeholder.at, '|', placeholder.size))
        return false;
    for (size_t i = 0; i < placeholder.size; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-|", placeholder.at[i]))
            return false;
    return true;
}

enum completion_hint completion_hint(struct text placeholder)
{
    static const struct {
        struct text name;
        enum completion_hint hint;
    } known[] = {
        {TEXT("FILE"), COMPLETE_FILES},      {TEXT("LOG"), COMPLETE_FILES},
        {TEXT("SNAPSHOT"), COMPLETE_FILES},  {TEXT("OLD"), COMPLETE_FILES}, /* snapshot diff */
        {TEXT("NEW"), COMPLETE_FILES},       {TEXT("FILE|DIR"), COMPLETE_FILES},
        {TEXT("DIR"), COMPLETE_DIRECTORIES}, {TEXT("REPOSITORY-DIRECTORY"), COMPLETE_DIRECTORIES},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (text_equal(known[i].name, placeholder))
            return known[i].hint;
    return is_words(placeholder) ? COMPLETE_WORDS : COMPLETE_NOTHING;
}

/* Cuts "[" from the beginning, "]" and "..." from the end. */
static struct text bare_word(struct text word, bool *repeat)
{
    while (word.size && word.at[0] == '[')
        word = text_skip(word, 1);
    while (word.size && strchr("].", word.at[word.size - 1])) {
        *repeat |= word.at[word.size - 1] == '.';
        word.size--;
    }
    return word;
}

void completion_operands(const struct command *command, struct completion_operands *out)
{
    struct text rest = text_of(command->operands), word;
    *out = (struct completion_operands){.count = 0};
    while (rest.size && text_next_field(&rest, ' ', &word)) {
        if (text_equal(word, TEXT("|")) || out->count == COMPLETION_OPERANDS_MAX)
            return;
        /* "[OLD NEW REF]...": a group that repeats; what comes where is not told by its place. */
        if (text_starts(word, TEXT("[")) && !memchr(word.at, ']', word.size)) {
            out->count = 0;
            return;
        }
        struct text name = bare_word(word, &out->repeat);
        out->items[out->count++] = (struct completion_operand){name, completion_hint(name)};
    }
}

/* ------------------------------------------------------------------ printing */

void completion_print_quoted(struct text t, const char *special, const char *quote)
{
    for (size_t i = 0; i < t.size; i++) {
        char c = t.at[i];
        if (c == '\'') {
            fputs(quote, stdout);
            continue;
        }
        if (c && strchr(special, c))
            putchar('\\');
        putchar(c);
    }
}

void completion_print_words(struct text placeholder)
{
    struct text word;
    const char *before = "";
    while (text_next_field(&placeholder, '|', &word)) {
        printf("%s%.*s", before, TEXT_ARG(word));
        before = " ";
    }
}

/* ------------------------------------------------------------------ the command */

static enum command_exit run(const struct arguments *args)
{
    static const struct {
        const char *name;
        void (*print)(const struct completion_node *nodes, size_t count);
    } shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};
    static struct completion_node nodes[COMPLETION_NODES_MAX]; /* large */
    size_t count = completion_nodes(nodes);
    if (!count)
        return command_trouble(args, "there are too many commands");
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (!strcmp(args->operands[0], shells[i].name)) {
            shells[i].print(nodes, count);
            return EXIT_YES;
        }
    return command_trouble(args, "the shell is bash, zsh or fish, not %s", args->operands[0]);
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print the completion script for a shell",
    .operands = "bash|zsh|fish",
    .details = "Packages put these scripts where each shell looks for them. Without a package:\n\n"
               "  refgate completion bash >~/.local/share/bash-completion/completions/refgate\n"
               "  refgate completion zsh >DIRECTORY-IN-FPATH/_refgate\n"
               "  refgate completion fish >~/.config/fish/completions/refgate.fish",
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
