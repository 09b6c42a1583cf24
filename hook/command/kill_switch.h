/* kill_switch.h - where `refgate disable` and `refgate enable` find their file. */
#ifndef REFGATE_COMMAND_KILL_SWITCH_H
#define REFGATE_COMMAND_KILL_SWITCH_H

#include <limits.h>
#include <stdbool.h>

#include "command/command.h"
#include "policy/config.h"

struct kill_switch {
    char config[PATH_MAX];                             /* absolute, need not exist */
    char path[PATH_MAX + sizeof CONFIG_DISABLED_NAME]; /* beside it */
};

/* From --config, or where the program's own configuration is. false: said why on stderr. */
bool kill_switch_paths(const struct arguments *args, struct kill_switch *out);

#endif
