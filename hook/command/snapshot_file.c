#include "command/snapshot_file.h"

#include <string.h>

#include "policy/config.h"

#define CONFIG_MEMORY ((size_t)64 * 1024 * 1024)

static bool load(const struct arguments *args, struct snapshot_file *out)
{
    char path[SNAPSHOT_PATH_MAX];
    struct error err = {STATUS_OK, ""};
    struct config_errors errors;
    if (config_locate(argument(args, "config"), path, sizeof path, &err) != STATUS_OK) {
        command_trouble(args, "%s", err.text);
        return false;
    }
    config_errors_init(&errors);
    enum status status = config_load(path, &out->arena, &out->policy, &errors);
    if (status != STATUS_OK) {
        fputs(errors.lines.data ? errors.lines.data : "out of memory\n", stderr);
        command_trouble(args, "the configuration is not usable");
    }
    config_errors_free(&errors);
    return status == STATUS_OK;
}

bool snapshot_file_find(const struct arguments *args, const char *option,
                        struct snapshot_file *out)
{
    const char *given = argument(args, option);
    memset(&out->policy, 0, sizeof out->policy);
    arena_init(&out->arena, CONFIG_MEMORY);
    if ((!given || argument(args, "config")) && !load(args, out))
        return false;
    struct text path = given ? text_of(given) : out->policy.snapshot_file;
    if (!path.size || path.size >= sizeof out->path) {
        command_trouble(args, "name the snapshot with --%s", option);
        return false;
    }
    memcpy(out->path, path.at, path.size);
    out->path[path.size] = '\0';
    return true;
}

void snapshot_file_free(struct snapshot_file *file)
{
    arena_free(&file->arena);
}
