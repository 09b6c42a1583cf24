/* completion_fish.c - the completion script for fish 3. */
#include <stdio.h>

#include "command/completion.h"

/* Commands come before all options, so that a path is compared with the first words. */
static const char helpers[] =
    "# fish completion for refgate; made by 'refgate completion fish'\n"
    "# The words before the cursor begin with these.\n"
    "function __refgate_in\n"
    "    set -l size (count $argv)\n"
    "    test $size -gt 0; or return 0\n"
    "    set -l words (commandline -opc)[2..-1]\n"
    "    test (count $words) -ge $size; or return 1\n"
    "    set -l path $words[1..$size]\n"
    "    test \"$path\" = \"$argv\"\n"
    "end\n"
    "# They are these, and nothing more.\n"
    "function __refgate_at\n"
    "    test (count (commandline -opc)) -eq (math (count $argv) + 1); and __refgate_in $argv\n"
    "end\n"
    "# Where the operand number $argv[1] of the command $argv[2..-1] is (0: the first); with + in\n"
    "# front, that one or a later one.\n"
    "function __refgate_operand\n"
    "    set -l path $argv[2..-1]\n"
    "    __refgate_in $path; or return 1\n"
    "    set -l valued (__refgate_valued $path)\n"
    "    set -l place 0\n"
    "    set -l only\n"
    "    set -l value\n"
    "    set -l words (commandline -opc)[2..-1]\n"
    "    for word in $words[(math (count $path) + 1)..-1]\n"
    "        if test -n \"$value\"\n"
    "            set value\n"
    "        else if test -z \"$only\" -a \"x$word\" = x--\n"
    "            set only 1\n"
    "        else if test -z \"$only\"; and string match -q -- '-*' $word\n"
    "            contains -- $word $valued; and set value 1\n"
    "        else\n"
    "            set place (math $place + 1)\n"
    "        end\n"
    "    end\n"
    "    if string match -q -- '+*' $argv[1]\n"
    "        test $place -ge (string sub -s 2 -- $argv[1])\n"
    "    else\n"
    "        test $place -eq $argv[1]\n"
    "    end\n"
    "end\n";

static void print_quoted(const char *text)
{
    completion_print_quoted(text_of(text), "\\", "\\'");
}

/* The options with a value, of each command: the word after one is no operand. */
static void print_valued(const struct completion_node *nodes, size_t count)
{
    printf("function __refgate_valued\n"
           "    switch \"$argv\"\n");
    for (size_t i = 0; i < count; i++) {
        const struct command *command = nodes[i].command;
        bool any = false;
        for (size_t j = 0; j < command->option_count; j++) {
            if (!command->options[j].argument)
                continue;
            if (!any)
                printf("        case '%s'\n            printf '%%s\\n'", nodes[i].path);
            any = true;
            printf(" --%s", command->options[j].name);
        }
        if (any)
            putchar('\n');
    }
    printf("    end\n"
           "end\n");
}

static void print_hint(enum completion_hint hint, struct text name)
{
    switch (hint) {
    case COMPLETE_FILES:
        printf(" -F");
        break;
    case COMPLETE_DIRECTORIES:
        printf(" -a '(__fish_complete_directories)'");
        break;
    case COMPLETE_WORDS:
        printf(" -a '");
        completion_print_words(name);
        putchar('\'');
        break;
    case COMPLETE_NOTHING:
        break;
    }
}

static void print_option(const struct completion_node *node, const struct option_spec *option)
{
    printf("complete -c refgate -n '__refgate_in %s' -l %s", node->path, option->name);
    if (option->argument) {
        struct text argument = text_of(option->argument);
        enum completion_hint hint = completion_hint(argument);
        /* -r alone would offer files */
        printf(hint == COMPLETE_FILES ? " -r" : " -x");
        print_hint(hint, argument);
    }
    printf(" -d '");
    print_quoted(option->help);
    printf("'\n");
}

static void print_operands(const struct completion_node *node)
{
    struct completion_operands operands;
    completion_operands(node->command, &operands);
    for (size_t i = 0; i < operands.count; i++) {
        const struct completion_operand *operand = &operands.items[i];
        if (operand->hint == COMPLETE_NOTHING)
            continue;
        printf("complete -c refgate -n '__refgate_operand %s%zu %s'",
               operands.repeat && i + 1 == operands.count ? "+" : "", i, node->path);
        print_hint(operand->hint, operand->name);
        putchar('\n');
    }
}

static void print_node(const struct completion_node *node)
{
    const struct command *command = node->command;
    const char *blank = *node->path ? " " : "";
    for (size_t i = 0; i < command->subcommand_count; i++) {
        printf("complete -c refgate -n '__refgate_at%s%s' -a %s -d '", blank, node->path,
               command->subcommands[i]->name);
        print_quoted(command->subcommands[i]->summary);
        printf("'\n");
    }
    for (size_t i = 0; i < command->option_count; i++)
        print_option(node, &command->options[i]);
    print_operands(node);
    if (command->subcommand_count)
        printf("complete -c refgate -n '__refgate_at%s%s' -s h -l help -d 'show this help'\n",
               blank, node->path);
    else
        printf("complete -c refgate -n '__refgate_in %s' -s h -l help -d 'show this help'\n",
               node->path);
}

void completion_fish(const struct completion_node *nodes, size_t count)
{
    printf("%s", helpers);
    print_valued(nodes, count);
    printf("complete -c refgate -f\n"
           "complete -c refgate -n '__refgate_at' -l version -d 'show the version'\n");
    for (size_t i = 0; i < count; i++)
        print_node(&nodes[i]);
}
