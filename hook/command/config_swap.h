/*
 * config_swap.h - the configuration in use, replaced whole, with the last good one kept beside it.
 *
 * TARGET.new is written, synced, and loaded as the hook loads a configuration; then what was in use
 * is kept as TARGET.last-good, and one rename puts the new one in its place. A hook that starts at
 * any moment reads the one or the other; so does a crash at any step leave it. One process at a time
 * (TARGET.lock).
 */
#ifndef REFGATE_COMMAND_CONFIG_SWAP_H
#define REFGATE_COMMAND_CONFIG_SWAP_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "policy/policy.h"

#define CONFIG_SWAP_PATH (PATH_MAX + 16)

struct config_swap {
    char target[PATH_MAX];            /* absolute; links are followed */
    char last_good[CONFIG_SWAP_PATH]; /* beside it, whether it exists or not */
    char fresh[CONFIG_SWAP_PATH];     /* TARGET.new */
    bool exists;                      /* there is a configuration in use ... */
    bool good;                        /* ... and the hook can load it */
    struct stat st;                   /* of it */
    struct text bytes;                /* of it, in the arena */
    struct policy policy;             /* of it, if good */
    const char *problem;              /* why it is not good */
    int lock;                         /* -1: not locked */
};

/* Looks at the configuration at `path`: its directory must be one that the hook would trust. With
 * `lock`, takes the lock: STATUS_BUSY if another process has it. Texts live in `arena`. */
enum status config_swap_open(const char *path, bool lock, struct arena *arena,
                             struct config_swap *out, struct error *err) MUST_CHECK;
/* Puts `bytes` into use; what was in use becomes the last good one, if it was good. On failure what
 * was in use is in use. Mode, group and owner stay as they were where that is allowed; STATUS_TRUST
 * if the hook could then not read the new file. */
enum status config_swap_install(struct config_swap *swap, struct text bytes, struct arena *arena,
                                struct error *err) MUST_CHECK;
/* The bytes of the last good one, if the hook could load it. STATUS_NOT_FOUND: there is none. */
enum status config_swap_last_good(const struct config_swap *swap, struct arena *arena,
                                  struct text *out, struct policy *policy,
                                  struct error *err) MUST_CHECK;
/* Puts the last good one (its bytes) into use, and what was in use becomes the last good one. */
enum status config_swap_undo(struct config_swap *swap, struct text bytes, struct arena *arena,
                             struct error *err) MUST_CHECK;
void config_swap_close(struct config_swap *swap); /* also of a zeroed one with lock -1 */

#endif
