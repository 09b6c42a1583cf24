/*
 * marks.c - what is wrong with the evidence itself: a snapshot that is old or not complete.
 */
#include "base/clock.h"
#include "posture/visit.h"

static const struct {
    unsigned bit;
    const char *words;
} marks[] = {
    {INCOMPLETE_GRANTS, "grants"},
    {INCOMPLETE_RESTRICTIONS, "branch restrictions"},
    {INCOMPLETE_MODEL, "the branching model"},
    {INCOMPLETE_KEYS, "access keys"},
};

static void check_place(struct finder *f, unsigned incomplete, struct text where, struct text proof)
{
    if (!incomplete)
        return;
    finder_unread(f, where);
    if (!finder_open(f, POSTURE_INCOMPLETE_SNAPSHOT, where))
        return;
    struct text words = TEXT("");
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (incomplete & marks[i].bit)
            words = words.size ? visit_text(f, "%.*s, %s", TEXT_ARG(words), marks[i].words)
                               : text_of(marks[i].words);
    finder_what(f, "the sync could not read: %.*s", TEXT_ARG(words));
    finder_evidence(f, "%.*s", TEXT_ARG(proof));
    finder_close(f);
}

static void check_places(struct finder *f)
{
    const struct inventory *inventory = &f->inventory;
    struct project_record project;
    struct repository_record repository;
    check_place(f, inventory->global.incomplete, TEXT("instance"), TEXT("global"));
    for (uint32_t i = 0; i < inventory->project_count && !f->failed; i++)
        if (decode_project(inventory->projects[i].body, &project) && project.place.incomplete)
            check_place(f, project.place.incomplete,
                        visit_text(f, "project %.*s", TEXT_ARG(project.key)),
                        visit_text(f, "project/%.*s", TEXT_ARG(project.key)));
    for (uint32_t i = 0; i < inventory->repository_count && !f->failed; i++)
        if (decode_repository(inventory->repositories[i].body, &repository) &&
            repository.place.incomplete)
            check_place(
                f, repository.place.incomplete,
                visit_text(f, "%.*s/%.*s", TEXT_ARG(repository.key), TEXT_ARG(repository.slug)),
                visit_text(f, "repo/%.*s/%.*s", TEXT_ARG(repository.key),
                           TEXT_ARG(repository.slug)));
}

static void check_groups(struct finder *f)
{
    for (uint32_t i = 0; i < f->inventory.group_count && !f->failed; i++) {
        const struct inventory_group *group = &f->inventory.groups[i];
        if (!group->incomplete)
            continue;
        struct text where = visit_text(f, "group %.*s", TEXT_ARG(group->name));
        finder_unread(f, where);
        if (!finder_open(f, POSTURE_INCOMPLETE_SNAPSHOT, where))
            continue;
        finder_what(f, "the sync could not read all of its members");
        finder_evidence(f, "group/%.*s", TEXT_ARG(group->name));
        finder_close(f);
    }
}

static void check_age(struct finder *f)
{
    const struct snapshot_meta *meta = &snapshot_meta_record(f->inventory.snapshot)->meta;
    int64_t age = f->inquiry->now_ms - meta->started_ms, most = f->inquiry->policy->max_age_ms;
    char words[64], limit[64], time[CLOCK_TEXT_SIZE];
    if ((age >= 0 && age <= most) || !finder_open(f, POSTURE_STALE_SNAPSHOT, TEXT("instance")))
        return;
    clock_format(meta->started_ms, true, time);
    clock_format_duration(age < 0 ? -age : age, words, sizeof words);
    clock_format_duration(most, limit, sizeof limit);
    if (age < 0)
        finder_what(f, "the snapshot is from the future, by %s: a clock is wrong", words);
    else
        finder_what(f, "the snapshot is %s old; [freshness] max-age is %s", words, limit);
    finder_evidence(f, "the sync began at %s", time);
    finder_close(f);
}

/* What the sync says of its facts: findings that hang on them are not all there. */
static void note_of_sync(struct finder *f, struct text note)
{
    static const struct {
        const char *what;
        enum posture_kind_row kind;
    } unread[] = {
        {": HTTP access tokens of projects", POSTURE_TOKEN_WITHOUT_EXPIRY},
        {": HTTP access tokens of repositories", POSTURE_TOKEN_WITHOUT_EXPIRY},
        {": HTTP access tokens of users", POSTURE_TOKEN_WITHOUT_EXPIRY},
        {": SSH keys of users", POSTURE_USER_KEY_STALE},
        {": SSH keys of users", POSTURE_USER_KEY_WEAK},
        {": webhooks of projects", POSTURE_WEBHOOK_EXTERNAL},
        {": webhooks of projects", POSTURE_WEBHOOK_WITHOUT_OWNER},
        {": webhooks of repositories", POSTURE_WEBHOOK_EXTERNAL},
        {": webhooks of repositories", POSTURE_WEBHOOK_WITHOUT_OWNER},
        {": hooks of repositories", POSTURE_HOOK_INACTIVE},
        {": hook scripts of repositories", POSTURE_HOOK_INACTIVE},
    };
    finder_note(f, "the sync noted: %.*s", TEXT_ARG(note));
    for (size_t i = 0; i < sizeof unread / sizeof unread[0]; i++) {
        struct text what = text_of(unread[i].what);
        if (note.size > what.size && text_equal(text_skip(note, note.size - what.size), what))
            finder_not_looked(f, unread[i].kind);
    }
}

void snapshot_find_marks(struct finder *f)
{
    const struct meta_record *meta = snapshot_meta_record(f->inventory.snapshot);
    check_age(f);
    if (meta->counts[COUNT_INCOMPLETE_PLACES])
        check_places(f);
    check_groups(f);
    for (size_t i = 0; i < meta->note_count; i++)
        note_of_sync(f, meta->notes[i]);
    if (f->inventory.licensed_unsure)
        finder_note(f, "of %u active users it is not known whether they have a licence",
                    f->inventory.licensed_unsure);
}
