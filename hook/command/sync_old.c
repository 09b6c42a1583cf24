/*
 * sync_old.c - the snapshot that is in place: of which instance, and can it be read?
 */
#include "command/sync_run.h"
#include "model/instance_url.h"

enum status sync_old_open(struct sync_run *run, struct error *err)
{
    const struct policy *policy = &run->output.instance.policy;
    const struct file_owners owners = {policy->owners, policy->owner_count};
    const bool part = sync_options_part(&run->options);
    struct error why;
    enum status status =
        snapshot_open_mode(run->output.path, &owners, policy->snapshot_max_size,
                           part ? SNAPSHOT_MAPPED : SNAPSHOT_READ, &run->old, &why);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (status == STATUS_MEMORY)
        return error_set(err, status, "%s", why.text);
    if (part)
        return error_set(err, status, "a part needs a snapshot to go into: %s; run a full sync first",
                         why.text);
    if (status != STATUS_NOT_FOUND)
        sync_warn(run, "the snapshot in place is not compared with%s: %s",
                  status == STATUS_TRUST ? ", and the hook would not use one there" : "", why.text);
    return STATUS_OK;
}

enum status sync_old_check_instance(const struct sync_run *run, struct text base_url,
                                    struct error *err)
{
    if (!run->old)
        return STATUS_OK;
    struct text old = snapshot_meta_record(run->old)->meta.base_url;
    if (instance_url_same(old, base_url))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE,
                     "%s is the snapshot of another instance, %.*s, not of %.*s: remove it first if "
                     "this one is to take its place",
                     run->output.path, TEXT_ARG(old), TEXT_ARG(base_url));
}
