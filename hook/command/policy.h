/* policy.h - the subcommands of `refgate policy` that have a file of their own. */
#ifndef REFGATE_COMMAND_POLICY_H
#define REFGATE_COMMAND_POLICY_H

#include <jansson.h>

#include "command/command.h"

extern const struct command command_policy_test, command_policy_apply;

/* NAME.tests beside a configuration NAME.conf, whether it exists or not; false: it has no such name,
 * or that is too long. */
bool policy_tests_of(const char *config, char *out, size_t size);
/* Prints the object, which is taken over; NULL: out of memory. */
enum command_exit policy_print_json(const struct arguments *args, json_t *object);

#endif
