/*
 * unused.c - write access that was not used within the window of the audit log: least privilege.
 *
 * A hook sees pushes only: who reads, reviews or merges elsewhere leaves no trace there, so these are
 * questions to ask, not rights to take away. Administrators administer; only grants of write are
 * looked at. Where nobody pushed at all one finding stands for all grants of the place.
 */
#include <string.h>

#include "base/clock.h"
#include "posture/visit.h"

#define COVERED_LEAST (30 * CLOCK_DAY) /* a shorter log says nothing of what is needed */
#define FEW_MEMBERS 10                 /* of so many and more, one in ten may be too few */

/* A place whose grants are looked at. */
struct ground {
    const struct place_record *place;
    struct text where;
    const char *proof; /* "repo/PRJ/app" */
    const uint64_t *pushers;
    uint32_t from, until; /* its repositories */
};

static bool window_covered(const struct finder *f)
{
    const struct usage *usage = &f->usage;
    int64_t wanted = f->inquiry->window_ms < COVERED_LEAST ? f->inquiry->window_ms : COVERED_LEAST;
    return usage->read && usage->decisions && usage->until_ms - usage->from_ms >= wanted;
}

void unused_prepare(struct visit *v)
{
    struct finder *f = v->f;
    if (window_covered(f))
        return;
    finder_not_looked(f, POSTURE_UNUSED_WRITE_GRANT);
    if (f->usage.read && !f->usage.decisions)
        finder_note(f, "the audit log has no decision within the window: which grants are used "
                       "cannot be told");
    else if (f->usage.read)
        finder_note(f,
                    "the audit log begins on %s, which is too late to say which grants are not "
                    "used: it has to cover %s",
                    finder_date(f, f->usage.from_ms),
                    finder_days(f, f->inquiry->window_ms < COVERED_LEAST ? f->inquiry->window_ms
                                                                         : COVERED_LEAST));
}

static bool only_writes(enum permission granted)
{
    return permission_on_repository(granted) == PERMISSION_REPO_WRITE;
}

static const char *window_words(struct finder *f)
{
    return finder_days(f, f->usage.until_ms - f->usage.from_ms);
}

static void close_with_window(struct finder *f, const struct ground *ground, struct text who)
{
    finder_evidence(f, "%s", ground->proof);
    if (who.size)
        finder_evidence(f, "%.*s", TEXT_ARG(who));
    finder_evidence(f, "audit log from %s to %s", finder_date(f, f->usage.from_ms),
                    finder_date(f, f->usage.until_ms));
    finder_close(f);
}

/* ------------------------------------------------------------------ each grant */

static void user_grants(struct finder *f, const struct ground *ground)
{
    for (uint32_t i = 0; i < ground->place->user_count; i++) {
        enum permission granted;
        uint32_t user = inventory_user_by_id(&f->inventory, place_user(ground->place, i, &granted));
        if (!only_writes(granted) || user == INVENTORY_NONE ||
            !inventory_user_live(&f->inventory.users[user]) || reach_has(ground->pushers, user) ||
            !finder_open(f, POSTURE_UNUSED_WRITE_GRANT, ground->where))
            continue;
        struct text name = f->inventory.users[user].name;
        struct text who = visit_text(f, "user/%.*s", TEXT_ARG(name));
        finder_subject(f, "%.*s", TEXT_ARG(who));
        finder_what(f, "user %.*s has %s and did not push in %s", TEXT_ARG(name),
                    permission_name(granted), window_words(f));
        close_with_window(f, ground, who);
    }
}

static uint32_t members_who_pushed(const struct finder *f, const struct inventory_group *group,
                                   const uint64_t *pushers)
{
    uint32_t count = 0;
    for (uint32_t m = 0; m < group->member_count; m++)
        count += inventory_user_live(&f->inventory.users[group->members[m]]) &&
                 reach_has(pushers, group->members[m]);
    return count;
}

static void group_grants(struct finder *f, const struct ground *ground)
{
    for (uint32_t i = 0; i < ground->place->group_count; i++) {
        struct group_grant grant = place_group(ground->place, i);
        if (!only_writes(grant.permission) || grant.group >= f->inventory.group_count)
            continue;
        const struct inventory_group *group = &f->inventory.groups[grant.group];
        uint32_t pushed = members_who_pushed(f, group, ground->pushers);
        bool few = group->live_count >= FEW_MEMBERS &&
                   (uint64_t)pushed * 10 <= (uint64_t)group->live_count;
        if ((pushed && !few) || group->incomplete || grant.incomplete ||
            !finder_open(f, POSTURE_UNUSED_WRITE_GRANT, ground->where))
            continue;
        if (pushed)
            finder_severity(f, SEVERITY_INFO);
        struct text who = visit_text(f, "group/%.*s", TEXT_ARG(group->name));
        finder_subject(f, "%.*s", TEXT_ARG(who));
        finder_what(f, "group %.*s has %s, and of its %u active members %u pushed in %s",
                    TEXT_ARG(group->name), permission_name(grant.permission), group->live_count,
                    pushed, window_words(f));
        close_with_window(f, ground, who);
    }
}

/* NO: it surely did not push here. */
static enum answer key_pushed(const struct usage *usage, const struct ground *ground, uint64_t id)
{
    enum answer answer = ANSWER_NO;
    for (uint32_t at = ground->from; at < ground->until; at++) {
        if (usage_has(usage, at, SEEN_KEY, id))
            return ANSWER_YES;
        if (usage_has(usage, at, SEEN_OTHER, OTHER_KEY))
            answer = ANSWER_CANNOT_TELL;
    }
    return answer;
}

static void key_grants(struct finder *f, const struct ground *ground)
{
    struct cursor keys = ground->place->keys;
    struct repository_key key;
    for (uint32_t i = 0; i < ground->place->key_count && place_next_key(&keys, &key); i++) {
        if (permission_on_repository(key.permission) < PERMISSION_REPO_WRITE ||
            key_pushed(&f->usage, ground, key.id) != ANSWER_NO ||
            !finder_open(f, POSTURE_UNUSED_WRITE_GRANT, ground->where))
            continue;
        struct text who = visit_text(f, "key/%llu", (unsigned long long)key.id);
        finder_subject(f, "%.*s", TEXT_ARG(who));
        finder_what(f, "access key %llu (%.*s) has %s and did not push in %s",
                    (unsigned long long)key.id, TEXT_ARG(key.label),
                    permission_name(key.permission), window_words(f));
        close_with_window(f, ground, who);
    }
}

/* ------------------------------------------------------------------ a place where nobody pushed */

static uint32_t grants_of_write(const struct place_record *place)
{
    uint32_t count = 0;
    struct cursor keys = place->keys;
    struct repository_key key;
    enum permission granted;
    for (uint32_t i = 0; i < place->user_count; i++) {
        (void)place_user(place, i, &granted);
        count += only_writes(granted);
    }
    for (uint32_t i = 0; i < place->group_count; i++)
        count += only_writes(place_group(place, i).permission);
    for (uint32_t i = 0; i < place->key_count && place_next_key(&keys, &key); i++)
        count += permission_on_repository(key.permission) >= PERMISSION_REPO_WRITE;
    return count;
}

static void idle_place(struct finder *f, const struct ground *ground)
{
    uint32_t count = grants_of_write(ground->place);
    if (!count || !finder_open(f, POSTURE_UNUSED_WRITE_GRANT, ground->where))
        return;
    finder_severity(f, SEVERITY_INFO);
    finder_subject(f, "idle");
    finder_what(f, "nobody pushed here in %s, or the hook did not see it: %u grant%s of write",
                window_words(f), count, count == 1 ? "" : "s");
    close_with_window(f, ground, TEXT(""));
}

static void look(struct finder *f, const struct ground *ground, bool pushed)
{
    if (f->not_looked_at[POSTURE_UNUSED_WRITE_GRANT] ||
        !finder_wants(f, POSTURE_UNUSED_WRITE_GRANT))
        return;
    if (!pushed) {
        idle_place(f, ground);
        return;
    }
    user_grants(f, ground);
    group_grants(f, ground);
    key_grants(f, ground);
}

void unused_of_repository(struct visit *v)
{
    struct finder *f = v->f;
    const struct ground ground = {.place = &v->record.place,
                                  .where = v->where,
                                  .proof = visit_text(f, "repo/%.*s", TEXT_ARG(v->where)).at,
                                  .pushers = v->pushers,
                                  .from = v->at,
                                  .until = v->at + 1};
    if (!v->repository.archived)
        look(f, &ground, v->pushed);
}

void unused_of_project(struct visit *v)
{
    struct finder *f = v->f;
    const struct ground ground = {
        .place = &v->project.place,
        .where = v->project_where,
        .proof = visit_text(f, "project/%.*s", TEXT_ARG(v->project.key)).at,
        .pushers = v->project_pushers,
        .from = v->from,
        .until = v->until};
    if (v->project_live)
        look(f, &ground, v->project_pushed);
}
