/*
 * sync_old.c - the snapshot that is in place: of which instance, and can it be read?
 */
#include "command/sync_run.h"

enum status sync_old_open(struct sync_run *run, struct error *err)
{
    const struct policy *policy = &run->output.policy;
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

/* "https://host:port" without its path. */
static struct text server_of(struct text url)
{
    size_t at = 0;
    while (at + 3 <= url.size && memcmp(url.at + at, "://", 3) != 0)
        at++;
    for (at += 3; at < url.size; at++)
        if (url.at[at] == '/')
            return (struct text){url.at, at};
    return url;
}

bool sync_same_instance(struct text a, struct text b)
{
    a = text_without_slashes(a);
    b = text_without_slashes(b);
    struct text server_a = server_of(a), server_b = server_of(b);
    return text_equal_fold(server_a, server_b) &&
           text_equal(text_skip(a, server_a.size), text_skip(b, server_b.size));
}

enum status sync_old_check_instance(const struct sync_run *run, struct text base_url,
                                    struct error *err)
{
    if (!run->old)
        return STATUS_OK;
    struct text old = snapshot_meta_record(run->old)->meta.base_url;
    if (sync_same_instance(old, base_url))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE,
                     "%s is the snapshot of another instance, %.*s, not of %.*s: remove it first if "
                     "this one is to take its place",
                     run->output.path, TEXT_ARG(old), TEXT_ARG(base_url));
}
