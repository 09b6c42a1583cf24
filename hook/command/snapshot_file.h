/* snapshot_file.h - which snapshot a subcommand is about: --file, else what the configuration names. */
#ifndef REFGATE_COMMAND_SNAPSHOT_FILE_H
#define REFGATE_COMMAND_SNAPSHOT_FILE_H

#include "command/command.h"
#include "command/instance.h"

#define SNAPSHOT_PATH_MAX 4096

struct snapshot_file {
    struct instance instance;     /* its policy is zeroed if no configuration was read */
    char path[SNAPSHOT_PATH_MAX]; /* NUL-terminated */
};

/* The value of `option` if it was given (the configuration is then read only if --config was), else
 * [snapshot] file of the configuration. Prints what is wrong and gives false. */
bool snapshot_file_find(const struct arguments *args, const char *option,
                        struct snapshot_file *out);
void snapshot_file_free(struct snapshot_file *file);
/* Opens PATH mapped, with the same checks as the hook's: owner, mode, size, format. */
enum status snapshot_file_open(const struct snapshot_file *file, const char *path,
                               struct snapshot **out, struct error *err) MUST_CHECK;

/* snapshot_rollback.c */
extern const struct command command_snapshot_rollback;

#endif

