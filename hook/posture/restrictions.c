/*
 * restrictions.c - branch restrictions that do not do what they seem to do: exemptions that nobody can
 * use, patterns that match nothing that is in use.
 *
 * A repository lists its project's restrictions too; those are looked at once, with the project.
 */
#include <stdlib.h>

#include "policy/matcher.h"
#include "posture/visit.h"

/* A restriction where it is looked at. */
struct ground {
    struct visit *v;
    const struct restriction *restriction;
    const struct reach *reach;
    bool of_project;
    struct text where;
};

static struct text proof_of(const struct ground *ground)
{
    struct visit *v = ground->v;
    return visit_text(v->f, "%s/%.*s#%llu", ground->of_project ? "project" : "repo",
                      TEXT_ARG(ground->of_project ? v->project.key : v->where),
                      (unsigned long long)ground->restriction->id);
}

static struct text type_of(const struct restriction *restriction)
{
    return restriction->type_text.size ? restriction->type_text
                                       : text_of(restriction_type_name(restriction->type));
}

/* "restriction 9 (pull-request-only, refs/heads/main)" */
static struct text words_of(struct finder *f, const struct restriction *restriction)
{
    return visit_text(f, "restriction %llu (%.*s, %.*s)", (unsigned long long)restriction->id,
                      TEXT_ARG(type_of(restriction)),
                      TEXT_ARG(restriction->matcher_id.size ? restriction->matcher_id
                                                            : restriction->matcher_type_text));
}

/* ------------------------------------------------------------------ exemptions */

/* `what` is for people ("access key"), `proof_word` for evidence ("key"). */
static void tell_unusable(const struct ground *ground, const char *what, const char *proof_word,
                          struct text name, const char *problem)
{
    struct finder *f = ground->v->f;
    if (!finder_open(f, POSTURE_EXEMPTION_UNUSABLE, ground->where))
        return;
    struct text who = visit_text(f, "%s/%.*s", proof_word, TEXT_ARG(name));
    finder_subject(f, "%llu %.*s", (unsigned long long)ground->restriction->id, TEXT_ARG(who));
    finder_what(f, "%.*s exempts %s %.*s, %s", TEXT_ARG(words_of(f, ground->restriction)), what,
                TEXT_ARG(name), problem);
    finder_evidence(f, "%.*s", TEXT_ARG(proof_of(ground)));
    finder_evidence(f, "%.*s", TEXT_ARG(who));
    finder_close(f);
}

/* Why the user cannot use it; NULL: he can, or nobody can tell. */
static const char *user_problem(const struct ground *ground, uint32_t user)
{
    const struct inventory_user *row = &ground->v->f->inventory.users[user];
    if (!row->active)
        return "who is not active";
    if (!inventory_user_live(row))
        return "who has no licence";
    if (ground->reach->open || reach_has(ground->reach->write, user))
        return NULL;
    return "who may not write there";
}

static void check_user(const struct ground *ground, const struct exempt_user *exempt)
{
    struct finder *f = ground->v->f;
    uint32_t user = exempt->id ? inventory_user_by_id(&f->inventory, exempt->id) : INVENTORY_NONE;
    if (user == INVENTORY_NONE && exempt->name.size)
        user = inventory_user_by_name(&f->inventory, exempt->name);
    struct text name = user != INVENTORY_NONE ? f->inventory.users[user].name : exempt->name;
    if (!name.size)
        name = visit_text(f, "#%llu", (unsigned long long)exempt->id);
    const char *problem = user == INVENTORY_NONE ? "whom the instance does not have"
                                                 : user_problem(ground, user);
    if (problem)
        tell_unusable(ground, "user", "user", name, problem);
}

static const char *group_problem(const struct ground *ground, const struct exempt_group *exempt)
{
    const struct finder *f = ground->v->f;
    if (exempt->group == GROUP_NONE || exempt->group >= f->inventory.group_count)
        return "which does not exist";
    const struct inventory_group *group = &f->inventory.groups[exempt->group];
    if (exempt->incomplete || group->incomplete)
        return NULL;
    bool live = false;
    for (uint32_t m = 0; m < group->member_count; m++) {
        uint32_t user = group->members[m];
        if (!inventory_user_live(&f->inventory.users[user]))
            continue;
        if (ground->reach->open || reach_has(ground->reach->write, user))
            return NULL;
        live = true;
    }
    if (live)
        return "of which nobody may write there";
    return group->member_count ? "which has no active member" : "which is empty";
}

static void check_group(const struct ground *ground, const struct exempt_group *exempt)
{
    struct finder *f = ground->v->f;
    const char *problem = group_problem(ground, exempt);
    struct text name = exempt->name;
    if (!name.size && exempt->group < f->inventory.group_count)
        name = f->inventory.groups[exempt->group].name;
    if (problem)
        tell_unusable(ground, "group", "group", name, problem);
}

/* Is it a place where the restriction holds? A project's holds in each of its repositories. */
static bool place_counts(const struct ground *ground, const struct key_place *place)
{
    const struct visit *v = ground->v;
    if (permission_on_repository(place->permission) < PERMISSION_REPO_WRITE)
        return false;
    if (place->of_project)
        return place->id == v->project.id;
    if (!ground->of_project)
        return place->id == v->record.id;
    uint32_t at = inventory_repository_by_id(&v->f->inventory, place->id);
    return at != INVENTORY_NONE && at >= v->from && at < v->until;
}

/* May a key have a grant there that the sync could not read? */
static bool keys_unread(const struct ground *ground)
{
    const struct visit *v = ground->v;
    unsigned here = v->project.place.incomplete | v->record.place.incomplete;
    return ground->of_project ? v->keys_unread : (here & INCOMPLETE_KEYS) != 0;
}

static void check_key(const struct ground *ground, uint64_t id)
{
    struct finder *f = ground->v->f;
    const struct inventory_key *row = inventory_key_by_id(&f->inventory, id);
    struct key_record key;
    const char *problem = "which does not exist";
    if (keys_unread(ground))
        return;
    if (row && decode_key(row->body, &key)) {
        problem = "which may not write there";
        for (uint32_t i = 0; i < key.place_count; i++) {
            struct key_place place = decode_key_place(&key, i);
            if (place_counts(ground, &place))
                return;
        }
    }
    tell_unusable(ground, "access key", "key", visit_text(f, "%llu", (unsigned long long)id),
                  problem);
}

static void check_exemptions(const struct ground *ground, struct arena *arena)
{
    struct visit *v = ground->v;
    const struct restriction *restriction = ground->restriction;
    struct exemptions exempt;
    bool memory;
    if (!restriction->exemptions_size || !finder_wants(v->f, POSTURE_EXEMPTION_UNUSABLE))
        return;
    const struct text bytes = {restriction->exemptions, restriction->exemptions_size};
    if (!decode_exemptions(bytes, arena, &exempt, &memory)) {
        v->status = memory ? error_set(&v->error, STATUS_MEMORY, "out of memory")
                           : error_set(&v->error, STATUS_FORMAT,
                                       "the snapshot is damaged: exemptions of restriction %llu",
                                       (unsigned long long)restriction->id);
        return;
    }
    for (size_t i = 0; i < exempt.user_count; i++)
        check_user(ground, &exempt.users[i]);
    for (size_t i = 0; i < exempt.group_count; i++)
        check_group(ground, &exempt.groups[i]);
    for (size_t i = 0; i < exempt.access_key_count; i++)
        check_key(ground, exempt.access_keys[i]);
}

/* ------------------------------------------------------------------ refs in use */

/* Does it match a ref that was pushed here, or the default branch? */
static enum answer in_use(const struct visit *v, const struct restriction *restriction)
{
    size_t count;
    const struct seen *refs = usage_of(&v->f->usage, v->at, SEEN_REF, &count);
    const struct snapshot_repository *repository = &v->repository;
    enum answer used = ANSWER_NO;
    if (repository->default_branch_known)
        used = restriction_matches(restriction, repository, repository->default_branch);
    for (size_t i = 0; i < count && used != ANSWER_YES; i++)
        used = answer_or(used, restriction_matches(restriction, repository, refs[i].ref));
    return used;
}

static void tell_unused(const struct ground *ground, size_t repositories)
{
    struct finder *f = ground->v->f;
    if (!finder_open(f, POSTURE_RESTRICTION_UNUSED_PATTERN, ground->where))
        return;
    finder_subject(f, "%llu", (unsigned long long)ground->restriction->id);
    struct text words = words_of(f, ground->restriction);
    if (!ground->restriction->matcher_active)
        finder_what(f, "%.*s matches nothing: Bitbucket says that its matcher is not active",
                    TEXT_ARG(words));
    else
        finder_what(f, "%.*s matches no ref that was pushed in %s, nor the default branch",
                    TEXT_ARG(words), finder_days(f, f->usage.until_ms - f->usage.from_ms));
    finder_evidence(f, "%.*s", TEXT_ARG(proof_of(ground)));
    if (ground->restriction->matcher_active && ground->of_project)
        finder_evidence(f, "pushes to %zu of %u repositories were seen, other refs were not",
                        repositories, ground->v->until - ground->v->from);
    else if (ground->restriction->matcher_active) {
        size_t count;
        (void)usage_of(&f->usage, ground->v->at, SEEN_REF, &count);
        finder_evidence(f, "%zu ref%s pushed, others were not seen", count,
                        count == 1 ? " was" : "s were");
    }
    finder_close(f);
}

/* ------------------------------------------------------------------ the walk */

void restrictions_prepare_visit(struct visit *v)
{
    if (v->f->usage.read)
        return;
    finder_not_looked(v->f, POSTURE_RESTRICTION_UNUSED_PATTERN);
}

void restrictions_begin_project(struct visit *v)
{
    struct cursor at = v->project.place.restrictions;
    v->restriction_count = v->project.place.restriction_count;
    v->restrictions = arena_alloc(&v->project_arena, v->restriction_count, sizeof *v->restrictions);
    if (!v->restrictions) {
        v->f->failed = true;
        v->restriction_count = 0;
    }
    for (size_t i = 0; i < v->restriction_count; i++) {
        v->restrictions[i].used = ANSWER_NO;
        if (!place_next_restriction(&at, &v->restrictions[i].restriction)) {
            v->status = error_set(&v->error, STATUS_FORMAT,
                                  "the snapshot is damaged: restrictions of a project");
            return;
        }
    }
}

static int compare_restrictions(const void *a, const void *b)
{
    uint64_t x = ((const struct project_restriction *)a)->restriction.id;
    uint64_t y = ((const struct project_restriction *)b)->restriction.id;
    return (x > y) - (x < y);
}

static struct project_restriction *of_project(const struct visit *v,
                                              const struct restriction *restriction)
{
    const struct project_restriction wanted = {.restriction = {.id = restriction->id}};
    if (!restriction->of_project || !v->restriction_count)
        return NULL;
    return bsearch(&wanted, v->restrictions, v->restriction_count, sizeof wanted,
                   compare_restrictions);
}

static bool refs_were_seen(const struct visit *v)
{
    size_t count;
    (void)usage_of(&v->f->usage, v->at, SEEN_REF, &count);
    return v->f->usage.read && count && finder_wants(v->f, POSTURE_RESTRICTION_UNUSED_PATTERN);
}

void restrictions_of_repository(struct visit *v)
{
    bool seen = refs_were_seen(v) && !v->repository.archived;
    for (size_t i = 0; i < v->repository.restriction_count; i++) {
        const struct restriction *restriction = &v->repository.restrictions[i];
        struct project_restriction *above = of_project(v, restriction);
        if (above) {
            above->seen = above->seen || seen;
            if (seen && above->used != ANSWER_YES)
                above->used = answer_or(above->used, in_use(v, restriction));
            continue;
        }
        const struct ground ground = {v, restriction, &v->reach, false, v->where};
        check_exemptions(&ground, &v->arena);
        if (!restriction->matcher_active || (seen && in_use(v, restriction) == ANSWER_NO))
            tell_unused(&ground, 1);
    }
}

void restrictions_of_project(struct visit *v)
{
    size_t repositories = 0, count;
    for (uint32_t at = v->from; at < v->until; at++) {
        (void)usage_of(&v->f->usage, at, SEEN_REF, &count);
        repositories += count != 0;
    }
    for (size_t i = 0; i < v->restriction_count; i++) {
        const struct project_restriction *row = &v->restrictions[i];
        const struct ground ground = {v, &row->restriction, &v->any_reach, true, v->project_where};
        check_exemptions(&ground, &v->project_arena);
        if (!row->restriction.matcher_active || (row->seen && row->used == ANSWER_NO))
            tell_unused(&ground, repositories);
    }
}
