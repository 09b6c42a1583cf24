/*
 * grants.c - write access that nobody decided for anybody: by default, and for groups that nearly
 * everybody is in.
 */
#include "posture/visit.h"

#define BROAD_LEAST \
    10 /* members; a smaller group is no crowd, whatever part of a small team it is */

/* More than the part of the licensed users that --broad says. */
static bool is_broad(const struct finder *f, const struct inventory_group *group)
{
    return group->live_count >= BROAD_LEAST &&
           (uint64_t)group->live_count * 100 >
               (uint64_t)f->inventory.licensed_count * f->inquiry->broad_percent;
}

static enum severity broad_severity(enum permission granted)
{
    switch (permission_on_repository(granted)) {
    case PERMISSION_REPO_ADMIN:
        return granted >= PERMISSION_ADMIN ? SEVERITY_CRITICAL : SEVERITY_HIGH;
    default:
        return SEVERITY_MEDIUM;
    }
}

static void broad_groups(struct finder *f, const struct place_record *place, struct text where,
                         const char *proof)
{
    for (uint32_t i = 0; i < place->group_count; i++) {
        struct group_grant grant = place_group(place, i);
        if (permission_on_repository(grant.permission) < PERMISSION_REPO_WRITE ||
            grant.group >= f->inventory.group_count)
            continue;
        const struct inventory_group *group = &f->inventory.groups[grant.group];
        if (!is_broad(f, group) || !finder_open(f, POSTURE_WRITE_BY_BROAD_GROUP, where))
            continue;
        finder_severity(f, broad_severity(grant.permission));
        finder_subject(f, "group/%.*s", TEXT_ARG(group->name));
        finder_what(f, "group %.*s has %s, and %u of %u licensed users are in it%s",
                    TEXT_ARG(group->name), permission_name(grant.permission), group->live_count,
                    f->inventory.licensed_count, group->incomplete ? " at least" : "");
        finder_evidence(f, "%s", proof);
        finder_evidence(f, "group/%.*s", TEXT_ARG(group->name));
        finder_close(f);
    }
}

static bool default_writes(const struct project_record *project)
{
    return permission_on_repository(project->default_permission) >= PERMISSION_REPO_WRITE;
}

void grants_of_instance(struct visit *v)
{
    broad_groups(v->f, &v->f->inventory.global, TEXT("instance"), "global");
}

void grants_of_project(struct visit *v)
{
    struct finder *f = v->f;
    bool is_public = v->project.flags & PROJECT_PUBLIC;
    struct text proof = visit_text(f, "project/%.*s", TEXT_ARG(v->project.key));
    broad_groups(f, &v->project.place, v->project_where, proof.at);
    if (!default_writes(&v->project) ||
        !finder_open(f, is_public ? POSTURE_PUBLIC_WRITE_DEFAULT : POSTURE_WRITE_BY_DEFAULT,
                     v->project_where))
        return;
    if (v->project.default_permission == PERMISSION_PROJECT_ADMIN)
        finder_severity(f, SEVERITY_CRITICAL);
    finder_what(f, "%sthe default permission is %s: each of %u licensed users may write to %u %s",
                is_public ? "the project is public, and " : "",
                permission_name(v->project.default_permission), f->inventory.licensed_count,
                v->project_live, v->project_live == 1 ? "repository" : "repositories");
    finder_evidence(f, "%s", proof.at);
    finder_evidence(f, "default permission %s", permission_name(v->project.default_permission));
    finder_close(f);
}

void grants_of_repository(struct visit *v)
{
    struct finder *f = v->f;
    struct text proof = visit_text(f, "repo/%.*s", TEXT_ARG(v->where));
    broad_groups(f, &v->record.place, v->where, proof.at);
    /* Of a public project the finding is the project's. */
    if (!(v->record.flags & REPOSITORY_PUBLIC) || (v->project.flags & PROJECT_PUBLIC) ||
        !default_writes(&v->project) || !finder_open(f, POSTURE_PUBLIC_WRITE_DEFAULT, v->where))
        return;
    finder_what(f, "the repository is public, and the project's default permission is %s",
                permission_name(v->project.default_permission));
    finder_evidence(f, "%s", proof.at);
    finder_evidence(f, "project/%.*s", TEXT_ARG(v->project.key));
    finder_close(f);
}
