/* completion_bash.c - the completion script for bash 4 and later, with or without bash-completion. */
#include <stdio.h>

#include "command/completion.h"

/* The commands are looked for where the program looks: before all options. */
static const char walk[] =
    "# bash completion for refgate; made by 'refgate completion bash'\n"
    "_refgate() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} path='' option='' only='' words='' options=''\n"
    "    local word operands='' hint place=0 walking=1 i\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        # bash cuts words at = and at colons: what follows is a value, or more of the word.\n"
    "        if [[ $word == [=:] ]]; then\n"
    "            [[ $option ]] || ((i++))\n"
    "        elif [[ $option ]]; then\n"
    "            option=''\n"
    "        elif [[ ! $only && $word == -- ]]; then\n"
    "            only=1 walking=''\n"
    "        elif [[ ! $only && $word == -* ]]; then\n"
    "            walking=''\n"
    "            _refgate_value \"$path $word\" && option=$word\n"
    "        elif [[ $walking ]] && _refgate_command \"$path $word\"; then\n"
    "            path+=\" $word\"\n"
    "        else\n"
    "            walking='' place=$((place + 1))\n"
    "        fi\n"
    "    done\n";

/* A hint is one letter a place; '*' after the last one: any number of them. Files are left to
 * readline, which quotes their names. */
static const char answer[] =
    "    hint=${operands:place:1}\n"
    "    [[ $operands == *'*' && $place -ge $((${#operands} - 1)) ]] && hint=${operands: -2:1}\n"
    "    if [[ $option ]]; then\n"
    "        [[ $cur == = ]] && cur=''\n"
    "        _refgate_value \"$path $option\"\n"
    "    elif [[ ! $only && $cur == -* ]]; then\n"
    "        words=$options hint=w\n"
    "    fi\n"
    "    case $hint in\n"
    "    w) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
    "    f) compopt -o default 2>/dev/null ;;\n"
    "    d) compopt -o dirnames 2>/dev/null ;;\n"
    "    esac\n"
    "    return 0\n"
    "}\n"
    "complete -F _refgate refgate\n";

static const char *spaced(const struct completion_node *node)
{
    return *node->path ? " " : "";
}

static void print_commands(const struct completion_node *nodes, size_t count)
{
    printf("_refgate_command() {\n"
           "    case $1 in\n");
    for (size_t i = 1; i < count; i++)
        printf("    ' %s') ;;\n", nodes[i].path);
    printf("    *) return 1 ;;\n"
           "    esac\n"
           "}\n");
}

/* Which options have a value, and what it is made of. */
static void print_values(const struct completion_node *nodes, size_t count)
{
    printf("_refgate_value() {\n"
           "    hint='-'\n"
           "    case $1 in\n");
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < nodes[i].command->option_count; j++) {
            const struct option_spec *option = &nodes[i].command->options[j];
            if (!option->argument)
                continue;
            struct text argument = text_of(option->argument);
            enum completion_hint hint = completion_hint(argument);
            printf("    '%s%s --%s') ", spaced(&nodes[i]), nodes[i].path, option->name);
            if (hint == COMPLETE_WORDS) {
                printf("words='");
                completion_print_words(argument);
                printf("' ");
            }
            printf(hint == COMPLETE_NOTHING ? ";;\n" : "hint=%c ;;\n", hint);
        }
    printf("    *) return 1 ;;\n"
           "    esac\n"
           "}\n");
}

static void print_operands(const struct command *command)
{
    struct completion_operands operands;
    struct text words = TEXT_NONE;
    completion_operands(command, &operands);
    for (size_t i = 0; i < operands.count; i++)
        if (operands.items[i].hint == COMPLETE_WORDS)
            words = operands.items[i].name;
    if (command->subcommand_count || words.size) {
        printf(" words='");
        for (size_t i = 0; i < command->subcommand_count; i++)
            printf("%s%s", i ? " " : "", command->subcommands[i]->name);
        completion_print_words(words);
        printf("'");
    }
    printf(" operands='%s", command->subcommand_count ? "w" : "");
    for (size_t i = 0; i < operands.count; i++)
        putchar((char)operands.items[i].hint);
    printf("%s'", operands.repeat && operands.count ? "*" : "");
}

static void print_node(const struct completion_node *node)
{
    const struct command *command = node->command;
    printf("    '%s%s') options='", spaced(node), node->path);
    for (size_t i = 0; i < command->option_count; i++)
        printf("--%s ", command->options[i].name);
    printf("--help%s'", completion_is_root(node) ? " --version" : "");
    print_operands(command);
    printf(" ;;\n");
}

void completion_bash(const struct completion_node *nodes, size_t count)
{
    printf("%s    case $path in\n", walk);
    for (size_t i = 0; i < count; i++)
        print_node(&nodes[i]);
    printf("    esac\n%s", answer);
    print_commands(nodes, count);
    print_values(nodes, count);
}
