/*
 * hooks.c - repositories where refgate is not active.
 *
 * Bitbucket tells which hooks and hook scripts it has, not what they run: ours is known by its name
 * (--hook). A repository's own setting counts, else its project's. Where a push was recorded the hook
 * is active, whatever it is called there.
 */
#include "posture/fact_list.h"
#include "posture/visit.h"

struct setting { /* of a project or a repository */
    bool read;   /* the sync could look there */
    bool said, on;
};

struct settings {
    struct setting *projects, *repositories; /* by place in the inventory */
    bool found;                              /* our hook is somewhere */
};

static struct setting *setting_of(const struct finder *f, const struct settings *settings,
                                  const struct fact *fact)
{
    const struct inventory *inventory = &f->inventory;
    uint32_t at;
    if (text_absent(fact->project))
        return NULL;
    if (text_absent(fact->repository)) {
        at = inventory_project_by_name(inventory, fact->project);
        return at == INVENTORY_NONE ? NULL : &settings->projects[at];
    }
    at = inventory_repository_by_name(inventory, fact->project, fact->repository);
    return at == INVENTORY_NONE ? NULL : &settings->repositories[at];
}

static bool read_settings(struct finder *f, struct settings *settings)
{
    const struct inventory *inventory = &f->inventory;
    settings->projects = arena_alloc(f->arena, inventory->project_count, sizeof(struct setting));
    settings->repositories = arena_alloc(f->arena, inventory->repository_count,
                                         sizeof(struct setting));
    if (!settings->projects || !settings->repositories) {
        f->failed = true;
        return false;
    }
    for (size_t i = 0; i < f->facts->count; i++) {
        const struct fact *fact = &f->facts->facts[i];
        if (fact->kind != FACT_HOOK && fact->kind != FACT_HOOK_SCRIPT && fact->kind != FACT_OTHER)
            continue;
        struct setting *setting = setting_of(f, settings, fact);
        if (!setting)
            continue;
        setting->read = true;
        if (fact->kind == FACT_OTHER)
            continue;
        settings->found = true;
        setting->said = true;
        setting->on = setting->on || fact->active;
    }
    return true;
}

static void tell(struct finder *f, const struct repository_record *repository,
                 const struct setting *own)
{
    struct text where = visit_text(f, "%.*s/%.*s", TEXT_ARG(repository->key),
                                   TEXT_ARG(repository->slug));
    if (!finder_open(f, POSTURE_HOOK_INACTIVE, where))
        return;
    finder_what(f,
                own->said ? "a hook called %.*s is there, and switched off"
                          : "no hook called %.*s is switched on",
                TEXT_ARG(f->inquiry->hook));
    finder_evidence(f, "repo/%.*s", TEXT_ARG(where));
    if (f->usage.read)
        finder_evidence(f, "no push to it is in the audit log since %s",
                        finder_date(f, f->usage.from_ms));
    finder_close(f);
}

static void look(struct finder *f, const struct settings *settings)
{
    const struct inventory *inventory = &f->inventory;
    struct tally unread = {0, TEXT("")};
    for (uint32_t p = 0; p < inventory->project_count && !f->failed; p++) {
        uint32_t from, until;
        const struct setting *above = &settings->projects[p];
        inventory_repositories(inventory, p, &from, &until);
        for (uint32_t at = from; at < until; at++) {
            const struct setting *own = &settings->repositories[at];
            struct repository_record repository;
            if ((own->said ? own->on : above->on) ||
                !decode_repository(inventory->repositories[at].body, &repository) ||
                (repository.flags & REPOSITORY_ARCHIVED) || usage_any(&f->usage, at))
                continue;
            if (own->read || above->read)
                tell(f, &repository, own);
            else
                tally_add(&unread, visit_text(f, "%.*s/%.*s", TEXT_ARG(repository.key),
                                              TEXT_ARG(repository.slug)));
        }
    }
    if (unread.count)
        finder_note(f,
                    "the hooks of %llu repositories could not be read: cannot tell whether refgate "
                    "is active there (the first is %.*s)",
                    (unsigned long long)unread.count, TEXT_ARG(unread.first));
}

void hooks_find(struct finder *f)
{
    struct settings settings = {NULL, NULL, false};
    if (!finder_wants(f, POSTURE_HOOK_INACTIVE) || !read_settings(f, &settings))
        return;
    if (settings.found) {
        look(f, &settings);
        return;
    }
    finder_not_looked(f, POSTURE_HOOK_INACTIVE);
    finder_note(f,
                "no hook and no hook script is called %.*s (--hook): cannot tell where refgate is "
                "active; one that is installed in the file system does not show",
                TEXT_ARG(f->inquiry->hook));
}
