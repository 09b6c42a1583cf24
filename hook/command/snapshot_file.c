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

enum status snapshot_file_open(const struct snapshot_file *file, const char *path,
                               struct snapshot **out, struct error *err)
{
    const struct policy *policy = &file->instance.policy;
    const struct file_owners owners = {policy->owners, policy->owner_count};
    return snapshot_open_mode(path, &owners, policy->snapshot_max_size, SNAPSHOT_MAPPED, out, err);
}

void snapshot_file_free(struct snapshot_file *file)
{
    instance_close(&file->instance);
}
