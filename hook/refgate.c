/*
 * refgate - the administrator's and auditor's side of refgate-hook: builds and inspects the
 * snapshot, judges pushes without pushing, checks the configuration, reads the audit log.
 *
 * The table below drives dispatch, --help and completion.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "command/about.h"
#include "command/command.h"

static const struct command *const commands[] = {
    &command_access,  &command_approve,  &command_audit,  &command_check,   &command_completion,
    &command_disable, &command_doctor,   &command_enable, &command_install, &command_policy,
    &command_report,  &command_snapshot, &command_sync,   &command_who_can,
};

const struct command command_refgate = {
    .name = "refgate",
    .summary = "administer refgate-hook, the pre-receive hook for Bitbucket Data Center",
    .subcommands = commands,
    .subcommand_count = sizeof commands / sizeof commands[0],
    .details =
        "  --version               show the version, the build, its libraries, and which formats of\n"
        "                          the snapshot it reads (--format json)\n\n"
        "Exit codes: 0 yes or ok, 1 no (rejected, differs, findings), 2 could not be\n"
        "answered (usage, input, I/O). 'refgate COMMAND --help' tells more; so does\n"
        "refgate(8).",
};

int main(int argc, char **argv)
{
    /* What this program reads may be confidential: no core files, whatever happens. */
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    /* A closed pipe is an error of writing, reported as one. */
    sigaction(SIGPIPE, &(const struct sigaction){.sa_handler = SIG_IGN}, NULL);
    if (argc >= 2 && !strcmp(argv[1], "--version"))
        return (int)about_run(argc - 2, argv + 2);
    return (int)command_dispatch("refgate", &command_refgate, argc - 1, argv + 1);
}
