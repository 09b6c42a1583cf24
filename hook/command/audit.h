/* audit.h - what the subcommands of `refgate audit` share. */
#ifndef REFGATE_COMMAND_AUDIT_H
#define REFGATE_COMMAND_AUDIT_H

#include "base/arena.h"
#include "command/command.h"

#define AUDIT_FILES_MAX 256

struct audit_files {
    const char *paths[AUDIT_FILES_MAX];
    size_t count;
    struct arena arena; /* holds the configuration when it named the file */
};

/* The operands, or else the file that the configuration names. false: trouble was printed. In any
 * case the caller frees `arena`. */
bool audit_files(const struct arguments *args, struct audit_files *out);

extern const struct command command_audit_show;

#endif
