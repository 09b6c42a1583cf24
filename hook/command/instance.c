#include "command/instance.h"

#include <string.h>
#include <sys/utsname.h>

#include "policy/config.h"
#include "snapshot/configured.h"

#define INSTANCE_MEMORY ((size_t)2 * 1024 * 1024 * 1024)

bool instance_configure(const struct arguments *args, struct instance *out)
{
    struct error err = {STATUS_OK, ""};
    struct config_errors errors;
    memset(out, 0, sizeof *out);
    out->args = args;
    arena_init(&out->arena, INSTANCE_MEMORY);
    static struct utsname node;
    if (uname(&node) == 0)
        out->host = text_of(node.nodename);
    if (config_locate(argument(args, "config"), out->config_path, sizeof out->config_path, &err) !=
        STATUS_OK) {
        command_trouble(args, "%s", err.text);
        return false;
    }
    config_errors_init(&errors);
    enum status status = config_load(out->config_path, &out->arena, &out->policy, &errors);
    if (status != STATUS_OK) {
        fputs(errors.lines.data ? errors.lines.data : "out of memory\n", stderr);
        command_trouble(args, "the configuration is not usable");
    }
    config_errors_free(&errors);
    return status == STATUS_OK;
}

static bool has_option(const struct command *command, const char *name)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (!strcmp(command->options[i].name, name))
            return true;
    return false;
}

bool instance_open(const struct arguments *args, enum snapshot_mode mode, bool must,
                   struct instance *out)
{
    struct error err = {STATUS_OK, ""};
    if (!instance_configure(args, out))
        return false;
    const char *file = has_option(args->command, "snapshot") ? argument(args, "snapshot") : NULL;
    out->view = snapshot_configured(&out->policy, file, mode, &out->arena, &out->snapshot, &err);
    if (!out->view.problem)
        return true;
    command_trouble(args, "%s", err.text);
    return !must;
}

struct view instance_view(const struct instance *instance, struct arena *arena)
{
    return instance->snapshot ? snapshot_view(instance->snapshot, arena) : instance->view;
}

void instance_close(struct instance *instance)
{
    snapshot_close(instance->snapshot);
    arena_free(&instance->arena);
    instance->snapshot = NULL;
}
