/* audit.h - what the subcommands of `refgate audit` share. */
#ifndef REFGATE_COMMAND_AUDIT_H
#define REFGATE_COMMAND_AUDIT_H

#include "command/command.h"
#include "command/instance.h"
#include "record/audit_series.h"

#define AUDIT_FILES_MAX 4096

struct audit_files {
    const char *paths[AUDIT_FILES_MAX];
    size_t count;
    bool of_one_log; /* one chain, oldest first; the last is the log itself */
    struct audit_reader
        *log; /* the last of one log, open, so that a rotation hides nothing; or NULL */
    struct audit_series series; /* holds the paths of rotated files */
    struct instance instance;   /* the configuration, when it named the file */
};

/* The operands, or else the log that the configuration names, with the files that were rotated away
 * from it before it, oldest first. `out` is zeroed by the caller. false: trouble was printed. In any
 * case the caller calls audit_files_free(). */
bool audit_files(const struct arguments *args, struct audit_files *out);
/* The log itself, if it is open: who asks closes it. */
struct audit_reader *audit_files_take(struct audit_files *files);
void audit_files_free(struct audit_files *files);

extern const struct command command_audit_show, command_audit_narrate, command_audit_replay,
    command_audit_enrich, command_audit_rotate;

#endif
