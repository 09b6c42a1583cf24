#include "command/sync_part.h"

/* One who is not is asked for his groups, so "cannot be told" is "no". */
static bool knows_user(void *self, uint64_t id)
{
    struct layout_key key;
    struct text body;
    layout_key_id(&key, "user-id/", id);
    return snapshot_find(self, &key, NULL, &body, NULL) == STATUS_OK;
}

struct crawl_scope sync_part_scope(struct sync_run *run, int64_t started_ms)
{
    const struct sync_options *o = &run->options;
    return (struct crawl_scope){
        .projects = o->projects,
        .project_count = o->project_count,
        .repositories = o->repositories,
        .repository_count = o->repository_count,
        .started_ms = started_ms,
        .knows_user = knows_user,
        .self = run->old,
    };
}

uint64_t sync_part_count(struct snapshot *snapshot)
{
    struct layout_key key;
    struct text body;
    layout_key_name(&key, "parts", TEXT(""), false);
    if (snapshot_find(snapshot, &key, NULL, &body, NULL) != STATUS_OK)
        return 0;
    struct cursor parts;
    uint32_t count;
    return decode_parts(body, &parts, &count) ? count : 0;
}
