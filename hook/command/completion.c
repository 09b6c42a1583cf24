/*
 * refgate completion - prints the bash completion that packaging/completion/refgate.bash holds; a
 * test compares the two, so that the completion cannot fall behind the table of commands.
 */
#include <stdio.h>
#include <string.h>

#include "command/command.h"

static void print_words(const struct command *command)
{
    for (size_t i = 0; i < command->subcommand_count; i++)
        printf("%s ", command->subcommands[i]->name);
    for (size_t i = 0; i < command->option_count; i++)
        printf("--%s ", command->options[i].name);
    printf("--help");
}

static void print_case(const char *path, const struct command *command)
{
    printf("    '%s') words='", path);
    print_words(command);
    printf("' ;;\n");
}

static enum command_exit run(const struct arguments *args)
{
    if (strcmp(args->operands[0], "bash"))
        return command_trouble(args, "only bash is known, not %s", args->operands[0]);
    printf("# bash completion for refgate; made by 'refgate completion bash'\n"
           "_refgate() {\n"
           "    local path='' words='' word i\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        word=${COMP_WORDS[i]}\n"
           "        [[ $word == -* ]] && break\n"
           "        path+=\" $word\"\n"
           "    done\n"
           "    case $path in\n");
    print_case("", &command_refgate);
    for (size_t i = 0; i < command_refgate.subcommand_count; i++) {
        const struct command *command = command_refgate.subcommands[i];
        char path[96];
        snprintf(path, sizeof path, " %s", command->name);
        print_case(path, command);
        for (size_t j = 0; j < command->subcommand_count; j++) {
            snprintf(path, sizeof path, " %s %s", command->name, command->subcommands[j]->name);
            print_case(path, command->subcommands[j]);
        }
    }
    printf("    esac\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
           "    [[ ${COMP_WORDS[COMP_CWORD]} == -* ]] || "
           "mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < "
           "<(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
           "}\n"
           "complete -F _refgate refgate\n");
    return EXIT_YES;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print the completion script for a shell",
    .operands = "bash",
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
