/*
 * instance.h - the configuration and the snapshot that a subcommand works with, opened as the hook
 * opens them.
 */
#ifndef REFGATE_COMMAND_INSTANCE_H
#define REFGATE_COMMAND_INSTANCE_H

#include "base/arena.h"
#include "command/command.h"
#include "policy/policy.h"
#include "policy/view.h"
#include "snapshot/reader.h"

#define INSTANCE_PATH_MAX 4096

struct instance {
    const struct arguments *args;
    char config_path[INSTANCE_PATH_MAX]; /* what --config or the default names */
    struct arena arena;                  /* of policy and view */
    struct policy policy;
    struct snapshot *snapshot; /* NULL: none that can be used; view.problem says why */
    struct view view;          /* of instance_open(): over `arena` */
    struct text host;          /* this machine's name */
};

/* Reads the configuration that --config or the default names. false: what is wrong was printed (each
 * line of it). In any case the caller calls instance_close(). */
bool instance_configure(const struct arguments *args, struct instance *out);
/* The same, and opens the snapshot: `--snapshot` if the command has that option and it was given,
 * else the configured one. Without a snapshot that can be used it prints why and is still true: the
 * hook, too, judges then. `must`: it is false then. MAPPED for tools that read all of it. */
bool instance_open(const struct arguments *args, enum snapshot_mode mode, bool must,
                   struct instance *out);
/* A view whose arrays live in another arena, for a loop that frees them after each turn. */
struct view instance_view(const struct instance *instance, struct arena *arena);
void instance_close(struct instance *instance); /* also of a zeroed one */

#endif
