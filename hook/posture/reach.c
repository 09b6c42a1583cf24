#include "posture/reach.h"

#include <string.h>

bool reach_make(const struct inventory *inventory, struct arena *arena, struct reach *out)
{
    out->words = ((size_t)inventory->user_count + 63) / 64;
    out->write = arena_alloc(arena, out->words, sizeof *out->write);
    out->admin = arena_alloc(arena, out->words, sizeof *out->admin);
    out->open = false;
    return out->write && out->admin;
}

static void copy(struct reach *to, const struct reach *from)
{
    if (to->words) {
        memcpy(to->write, from->write, to->words * sizeof *to->write);
        memcpy(to->admin, from->admin, to->words * sizeof *to->admin);
    }
    to->open = from->open;
}

static void add(const struct inventory *inventory, uint32_t user, enum permission here,
                struct reach *out)
{
    if (user == INVENTORY_NONE || !inventory_user_live(&inventory->users[user]))
        return;
    uint64_t bit = UINT64_C(1) << (user % 64);
    if (here >= PERMISSION_REPO_WRITE)
        out->write[user / 64] |= bit;
    if (here >= PERMISSION_REPO_ADMIN)
        out->admin[user / 64] |= bit;
}

static void add_place(const struct inventory *inventory, const struct place_record *place,
                      struct reach *out)
{
    for (uint32_t i = 0; i < place->user_count; i++) {
        enum permission granted;
        uint64_t id = place_user(place, i, &granted);
        enum permission here = permission_on_repository(granted);
        if (here >= PERMISSION_REPO_WRITE)
            add(inventory, inventory_user_by_id(inventory, id), here, out);
    }
    for (uint32_t i = 0; i < place->group_count; i++) {
        struct group_grant grant = place_group(place, i);
        enum permission here = permission_on_repository(grant.permission);
        if (here < PERMISSION_REPO_WRITE || grant.group >= inventory->group_count)
            continue;
        const struct inventory_group *group = &inventory->groups[grant.group];
        for (uint32_t m = 0; m < group->member_count; m++)
            add(inventory, group->members[m], here, out);
        out->open = out->open || group->incomplete || grant.incomplete;
    }
    out->open = out->open || (place->incomplete & INCOMPLETE_GRANTS);
}

void reach_everywhere(const struct inventory *inventory, struct reach *out)
{
    for (uint32_t i = 0; i < inventory->user_count; i++) {
        add(inventory, i, permission_on_repository(inventory->users[i].global), out);
        out->open = out->open || inventory->users[i].global_unsure;
    }
    add_place(inventory, &inventory->global, out);
    if (out->words)
        memset(out->admin, 0, out->words * sizeof *out->admin);
}

static uint32_t owner_of(const struct inventory *inventory, const struct project_record *project)
{
    if (!(project->flags & PROJECT_PERSONAL))
        return INVENTORY_NONE;
    if (project->owner_id) /* ids win over names */
        return inventory_user_by_id(inventory, project->owner_id);
    return project->owner_name.size ? inventory_user_by_name(inventory, project->owner_name)
                                    : INVENTORY_NONE;
}

void reach_project(const struct inventory *inventory, const struct project_record *project,
                   const struct reach *everywhere, struct reach *out)
{
    copy(out, everywhere);
    enum permission all = permission_on_repository(project->default_permission);
    for (uint32_t i = 0; all >= PERMISSION_REPO_WRITE && i < inventory->user_count; i++)
        add(inventory, i, all, out);
    add(inventory, owner_of(inventory, project), PERMISSION_REPO_ADMIN, out);
    add_place(inventory, &project->place, out);
}

void reach_repository(const struct inventory *inventory, const struct place_record *place,
                      const struct reach *project, struct reach *out)
{
    copy(out, project);
    add_place(inventory, place, out);
}

void reach_join(struct reach *to, const struct reach *from)
{
    for (size_t i = 0; i < to->words; i++) {
        to->write[i] |= from->write[i];
        to->admin[i] |= from->admin[i];
    }
    to->open = to->open || from->open;
}

uint32_t reach_count(const uint64_t *set, size_t words)
{
    uint32_t count = 0;
    for (size_t i = 0; i < words; i++)
        count += (uint32_t)__builtin_popcountll(set[i]);
    return count;
}
