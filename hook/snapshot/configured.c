#include "snapshot/configured.h"

/* What a pusher is told; the details go to the record and to syslog. */
static const char *public_problem(enum status code)
{
    switch (code) {
    case STATUS_NOT_FOUND:
        return "there is no permissions snapshot";
    case STATUS_TRUST:
        return "the permissions snapshot is not trusted (owner or mode of its file)";
    case STATUS_FORMAT:
        return "the permissions snapshot is damaged";
    case STATUS_UNSUPPORTED:
        return "the permissions snapshot has a format that this version of refgate does not read";
    case STATUS_LIMIT:
        return "the permissions snapshot is larger than allowed";
    default:
        return "the permissions snapshot cannot be read";
    }
}

struct view snapshot_configured(const struct policy *policy, const char *file,
                                enum snapshot_mode mode, struct arena *arena,
                                struct snapshot **snapshot, struct error *err)
{
    struct error local;
    if (!err)
        err = &local;
    *snapshot = NULL;
    const struct file_owners owners = {policy->owners, policy->owner_count};
    enum status status = snapshot_open_mode(file ? file : policy->snapshot_file.at, &owners,
                                            policy->snapshot_max_size, mode, snapshot, err);
    if (status != STATUS_OK)
        return snapshot_view_missing(status, public_problem(status));
    return snapshot_view(*snapshot, arena);
}
