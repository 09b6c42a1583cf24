/* completion_zsh.c - the completion script for zsh: one function a command, for _arguments. */
#include <stdio.h>

#include "command/completion.h"

#define QUOTE "'\\''"
#define HELP "'(- *)'{-h,--help}'[show this help]'"

static void print_function_name(const struct completion_node *node)
{
    printf("_refgate");
    for (const char *c = node->path; *c; c++) {
        if (c == node->path)
            putchar('_');
        putchar(*c == ' ' ? '_' : *c);
    }
}

static void print_quoted(const char *text, const char *special)
{
    completion_print_quoted(text_of(text), special, QUOTE);
}

/* ":MESSAGE:ACTION" */
static void print_action(struct text name, enum completion_hint hint)
{
    putchar(':');
    completion_print_quoted(name, ":\\", QUOTE);
    putchar(':');
    switch (hint) {
    case COMPLETE_FILES:
        printf("_files");
        break;
    case COMPLETE_DIRECTORIES:
        printf("_files -/");
        break;
    case COMPLETE_WORDS:
        putchar('(');
        completion_print_words(name);
        putchar(')');
        break;
    case COMPLETE_NOTHING:
        putchar(' '); /* says what is wanted, and offers nothing */
        break;
    }
}

static void print_option(const struct option_spec *option)
{
    printf(" \\\n        '%s--%s%s[", option->repeat ? "*" : "", option->name,
           option->argument ? "=" : "");
    print_quoted(option->help, "[]:\\");
    putchar(']');
    if (option->argument) {
        struct text argument = text_of(option->argument);
        print_action(argument, completion_hint(argument));
    }
    putchar('\'');
}

static void print_leaf(const struct command *command)
{
    struct completion_operands operands;
    completion_operands(command, &operands);
    printf("    _arguments -S");
    for (size_t i = 0; i < command->option_count; i++)
        print_option(&command->options[i]);
    printf(" \\\n        " HELP);
    for (size_t i = 0; i < operands.count; i++) {
        printf(" \\\n        '%s", operands.repeat && i + 1 == operands.count ? "*" : "");
        print_action(operands.items[i].name, operands.items[i].hint);
        putchar('\'');
    }
    putchar('\n');
}

static void print_group(const struct completion_node *node)
{
    const struct command *command = node->command;
    printf("    local curcontext=$curcontext state line\n"
           "    local -a commands=(\n");
    for (size_t i = 0; i < command->subcommand_count; i++) {
        printf("        '%s:", command->subcommands[i]->name);
        print_quoted(command->subcommands[i]->summary, ":\\");
        printf("'\n");
    }
    printf("    )\n"
           "    _arguments -C " HELP " \\\n");
    if (completion_is_root(node))
        printf("        '(- *)--version[show the version]' \\\n");
    printf("        '1:command:->command' '*:: :->rest' && return\n"
           "    case $state in\n"
           "    command) _describe -t commands 'command' commands ;;\n"
           "    rest)\n"
           "        case $words[1] in\n");
    for (size_t i = 0; i < command->subcommand_count; i++) {
        printf("        %s) ", command->subcommands[i]->name);
        print_function_name(node);
        printf("_%s ;;\n", command->subcommands[i]->name);
    }
    printf("        *) _message 'no such command' ;;\n"
           "        esac\n"
           "        ;;\n"
           "    esac\n");
}

void completion_zsh(const struct completion_node *nodes, size_t count)
{
    printf("#compdef refgate\n"
           "# zsh completion for refgate; made by 'refgate completion zsh'\n");
    for (size_t i = 0; i < count; i++) {
        print_function_name(&nodes[i]);
        printf("() {\n");
        if (nodes[i].command->subcommand_count)
            print_group(&nodes[i]);
        else
            print_leaf(nodes[i].command);
        printf("}\n");
    }
    /* Loaded by compinit the file is the body of _refgate, and called at once; sourced it is not. */
    printf("if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
           "    _refgate \"$@\"\n"
           "else\n"
           "    compdef _refgate refgate\n"
           "fi\n");
}
