#include "command/snapshot_file.h"

#include <string.h>

bool snapshot_file_find(const struct arguments *args, const char *option,
                        struct snapshot_file *out)
{
    const char *given = argument(args, option);
    memset(out, 0, sizeof *out);
    if ((!given || argument(args, "config")) && !instance_configure(args, &out->instance))
        return false;
    struct text path = given ? text_of(given) : out->instance.policy.snapshot_file;
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
    instance_close(&file->instance);
}
