/*
 * refgate install - makes Bitbucket run the hook: as a hook script, by the External Hooks add-on, or in a
 * repository's own hooks directory. Shows what it will do before it does it, and reads it back.
 */
#include "command/install.h"

#include "command/connection.h"

static enum command_exit run_way(const struct arguments *args, const char *way,
                                 enum command_exit (*carry_out)(struct install *in))
{
    static struct install in; /* large */
    enum command_exit code = install_begin(&in, args, way) ? carry_out(&in) : EXIT_TROUBLE;
    install_end(&in);
    return code;
}

static enum command_exit run_hook_script(const struct arguments *args)
{
    return run_way(args, "hook-script", install_hook_script);
}

static enum command_exit run_external_hooks(const struct arguments *args)
{
    return run_way(args, "external-hooks", install_external_hooks);
}

static enum command_exit run_native(const struct arguments *args)
{
    return run_way(args, "native", install_native);
}

#define OPTIONS_INSTALL                                                                        \
    {"dry-run", NULL, "only show what would be done", false},                                  \
        {"uninstall", NULL, "take it away, and restore what was before", false},               \
        {"replace", NULL, "also what is there and not made by refgate", false},                \
        {"hook", "FILE", "the hook (default: ../lib/refgate/refgate-hook, or beside)", false}, \
        {"hook-config", "FILE", "start the hook with --config FILE", false},                   \
        {"home", "DIR", "Bitbucket's home; its owner runs the hook", false},                   \
        {"state", "FILE", "what was before (default: install.json at the snapshot)", false},   \
        OPTION_CONFIG, OPTION_FORMAT

#define EXIT_CODES                                                                       \
    "Exit status: 0 done, or nothing to do; 1 something would be done (--dry-run), or\n" \
    "was not there when read back; 2 could not be done, or not all of it: running it\n"  \
    "again goes on."

static const struct option_spec script_options[] = {
    {"all-projects", NULL, "every project that the account sees", false},
    {"name", "NAME", "of the hook script (default: refgate)", false},
    {"content", "script|program", "two lines that start it (default), or itself", false},
    {"triggers", "LIST", "what it runs on (default: all that change refs)", false},
    OPTIONS_INSTALL,
    OPTIONS_CONNECTION,
};

static const struct command command_hook_script = {
    .name = "hook-script",
    .summary = "as a hook script of Bitbucket (6.2 and later)",
    .operands = "[KEY|KEY/SLUG...]",
    .details = "Registers the script and runs it in these projects and repositories. The\n"
               "account needs SYS_ADMIN. --uninstall without places removes the script, too.\n"
               "\n" EXIT_CODES,
    .options = script_options,
    .option_count = sizeof script_options / sizeof script_options[0],
    .operands_max = SIZE_MAX,
    .run = run_hook_script,
};

static const struct option_spec addon_options[] = {
    {"global", NULL, "everywhere (version 12 of the add-on and later)", false},
    {"with-config", "FILE", "copy it beside the hook as refgate.conf", false},
    {"no-merge-check", NULL, "leave merges of pull requests uncovered", false},
    OPTIONS_INSTALL,
    OPTIONS_CONNECTION,
};

static const struct command command_external_hooks = {
    .name = "external-hooks",
    .summary = "by the External Hooks add-on",
    .operands = "[KEY|KEY/SLUG...]",
    .details = "With --home, copies the hook into shared/external-hooks there; without, the\n"
               "add-on starts it where it is. --uninstall without places takes all away.\n"
               "\n" EXIT_CODES,
    .options = addon_options,
    .option_count = sizeof addon_options / sizeof addon_options[0],
    .operands_max = SIZE_MAX,
    .run = run_external_hooks,
};

static const struct option_spec native_options[] = {
    {"order", "NN", "number of the file's name (default: 10)", false},
    OPTIONS_INSTALL,
};

static const struct command command_native = {
    .name = "native",
    .summary = "into pre-receive.d of repositories (discouraged)",
    .operands = "REPOSITORY-DIRECTORY...",
    .details = "Nothing tells such a hook who pushes: only rules that do not ask hold.\n"
               "\n" EXIT_CODES,
    .options = native_options,
    .option_count = sizeof native_options / sizeof native_options[0],
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run_native,
};

static const struct command *const ways[] = {&command_hook_script, &command_external_hooks,
                                             &command_native};

const struct command command_install = {
    .name = "install",
    .summary = "make Bitbucket run the hook, or no longer",
    .subcommands = ways,
    .subcommand_count = sizeof ways / sizeof ways[0],
    .details = "Each way looks first, prints its plan, does it, and reads it back. What is\n"
               "there already is left alone, so that running it again does no harm.\n"
               "refgate-install(8) compares the ways.",
};
