/* refgate enable - takes the kill switch of `refgate disable` back. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/kill_switch.h"

static enum command_exit run(const struct arguments *args)
{
    static struct kill_switch paths;
    if (!kill_switch_paths(args, &paths))
        return EXIT_TROUBLE;
    if (unlink(paths.path) == 0) {
        printf("enabled: %s is gone; hooks that use %s judge pushes again\n", paths.path,
               paths.config);
        return EXIT_YES;
    }
    if (errno != ENOENT && errno != ENOTDIR)
        return command_trouble(args, "cannot remove %s: %s", paths.path, strerror(errno));
    printf("was not disabled: there is no %s\n", paths.path);
    return EXIT_YES;
}

static const struct option_spec options[] = {OPTION_CONFIG};

const struct command command_enable = {
    .name = "enable",
    .summary = "make the hooks judge pushes again, after disable",
    .operands = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
