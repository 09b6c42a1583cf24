/*
 * administrators.c - places whose whole administration is one person by one grant.
 *
 * Administrators of the instance do not count: they can always help, but they are not those who look
 * after the place. A personal project has one owner by its nature. A repository is only looked at
 * where its project has no administrator of its own, since it inherits the project's.
 */
#include "posture/visit.h"

struct right { /* of one person's right */
    uint32_t grants;
    struct text by; /* "a direct grant", "group maintainers" */
};

static bool is_member(const struct inventory_group *group, uint32_t user)
{
    for (uint32_t i = 0; i < group->member_count; i++)
        if (group->members[i] == user)
            return true;
    return false;
}

static void add_sources(struct finder *f, const struct place_record *place, uint32_t user,
                        struct right *source)
{
    enum permission granted;
    if (place_find_user(place, f->inventory.users[user].id, &granted) &&
        permission_on_repository(granted) == PERMISSION_REPO_ADMIN) {
        source->grants++;
        source->by = TEXT("a direct grant");
    }
    for (uint32_t i = 0; i < place->group_count; i++) {
        struct group_grant grant = place_group(place, i);
        if (permission_on_repository(grant.permission) != PERMISSION_REPO_ADMIN ||
            grant.group >= f->inventory.group_count)
            continue;
        const struct inventory_group *group = &f->inventory.groups[grant.group];
        if (!is_member(group, user))
            continue;
        source->grants++;
        source->by = visit_text(f, "group %.*s", TEXT_ARG(group->name));
    }
}

static uint32_t first_of(const struct reach *reach)
{
    for (size_t i = 0; i < reach->words; i++)
        if (reach->admin[i])
            return (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(reach->admin[i]);
    return INVENTORY_NONE;
}

static void look(struct visit *v, const struct reach *reach, const struct place_record *place,
                 struct text where, const char *proof)
{
    struct finder *f = v->f;
    if (reach->open || reach_count(reach->admin, reach->words) != 1)
        return;
    uint32_t user = first_of(reach);
    struct right source = {0, TEXT("")};
    add_sources(f, place, user, &source);
    if (source.grants != 1 || !finder_open(f, POSTURE_SINGLE_ADMIN_GRANT, where))
        return;
    struct text name = f->inventory.users[user].name;
    finder_subject(f, "user/%.*s", TEXT_ARG(name));
    finder_what(f, "user %.*s alone administers it, by %.*s", TEXT_ARG(name), TEXT_ARG(source.by));
    finder_evidence(f, "%s%.*s", proof,
                    TEXT_ARG(place == &v->project.place ? v->project.key : v->where));
    finder_evidence(f, "user/%.*s", TEXT_ARG(name));
    finder_close(f);
}

void administrators_of_project(struct visit *v)
{
    if (!(v->project.flags & PROJECT_PERSONAL))
        look(v, &v->project_reach, &v->project.place, v->project_where, "project/");
}

void administrators_of_repository(struct visit *v)
{
    const struct reach *above = &v->project_reach;
    if (!(v->project.flags & PROJECT_PERSONAL) && !v->repository.archived &&
        !reach_count(above->admin, above->words))
        look(v, &v->reach, &v->record.place, v->where, "repo/");
}
