/*
 * repository.c - which repository of the snapshot is pushed to? (semantics.md 8, rest of the table)
 *
 * Bitbucket names it, the storage path may end in its id. Where the two disagree it was renamed or
 * moved since the snapshot, or another one has its old name now: the id is right.
 */
#include "base/glob.h"
#include "policy/judge.h"

static void add_names(struct judge *j, struct text key, struct text slug)
{
    j->project_names[j->name_count] = key;
    j->repository_names[j->name_count] = text_of(
        judge_printf(j, "%.*s/%.*s", TEXT_ARG(key), TEXT_ARG(slug)));
    j->name_count++;
}

static enum answer find_by_id(struct judge *j, uint64_t id)
{
    struct text key, slug;
    enum answer known = ASK(j, repository_name, id, &key, &slug);
    if (known != ANSWER_YES)
        return known;
    known = ASK(j, repository, key, slug, &j->repository);
    if (known == ANSWER_NO) { /* an index that points nowhere */
        error_set(&j->detail, STATUS_FORMAT, "the snapshot is damaged: its index of ids");
        return judge_answer(j, STATUS_FORMAT);
    }
    return known;
}

/* *moved: it is known by another name than the push has. */
static enum answer find(struct judge *j, bool *moved)
{
    const struct push *push = j->push;
    enum answer by_name = ASK(j, repository, push->project_key, push->repository_slug,
                              &j->repository);
    *moved = false;
    if (!push->storage_id_known || by_name == ANSWER_CANNOT_TELL ||
        (by_name == ANSWER_YES && j->repository.id == push->storage_id))
        return by_name;
    *moved = true;
    return find_by_id(j, push->storage_id);
}

static void note_moved(struct judge *j)
{
    findings_add(j, &j->findings,
                 reason_new(j, REASON_FRESHNESS, VERDICT_NOTE, true,
                            "renamed or moved since the snapshot: judged as %s/%s, by its id",
                            judge_name(j, j->repository.project_key),
                            judge_name(j, j->repository.slug)),
                 VERDICT_NOTE);
}

static void note_unknown(struct judge *j)
{
    findings_add(j, &j->findings,
                 reason_new(j, REASON_FAILURE, j->policy->unknown_repo, false,
                            "the snapshot does not know this repository (is it younger?)"),
                 j->policy->unknown_repo);
}

static void record_repository(struct judge *j, bool moved)
{
    const struct snapshot_repository *found = &j->repository;
    j->out->repository_known = true;
    j->out->repository_id = found->id;
    j->out->project_key = found->project_key;
    j->out->repository_slug = found->slug;
    j->storage_confirms = j->push->storage_id_known && j->push->storage_id == found->id;
    if (moved) {
        note_moved(j);
        add_names(j, found->project_key, found->slug);
    }
}

void repository_judge(struct judge *j)
{
    const struct push *push = j->push;
    j->repository_known = ANSWER_CANNOT_TELL;
    if (push->native)
        return;
    j->out->project_key = push->project_key;
    j->out->repository_slug = push->repository_slug;
    add_names(j, push->project_key, push->repository_slug);
    bool moved;
    j->repository_known = find(j, &moved);
    if (j->repository_known == ANSWER_YES)
        record_repository(j, moved);
    else if (j->repository_known == ANSWER_NO)
        note_unknown(j);
    if (j->trace)
        judge_trace(j, TRACE_REPOSITORY, TRACE_PUSH_LEVEL, j->repository_known,
                    j->repository_known == ANSWER_NO ? j->policy->unknown_repo
                    : moved                          ? VERDICT_NOTE
                                                     : VERDICT_ACCEPT,
                    judge_printf(j, "repository %.*s", TEXT_ARG(j->repository_names[0])),
                    judge_printf(j, "repo/%.*s/%.*s", TEXT_ARG(j->out->project_key),
                                 TEXT_ARG(j->out->repository_slug)),
                    j->repository_known != ANSWER_YES ? "not in the snapshot"
                    : moved                           ? "found by its id, under another name"
                                                      : "found");
}

unsigned repository_incomplete(const struct judge *j)
{
    if (j->repository_known != ANSWER_YES)
        return 0;
    return j->repository.incomplete | j->repository.project.incomplete;
}

enum answer repository_in(const struct judge *j, const struct text_list *patterns, bool projects,
                          bool all)
{
    const struct text *names = projects ? j->project_names : j->repository_names;
    if (!j->name_count)
        return ANSWER_CANNOT_TELL;
    size_t matching = 0;
    for (size_t n = 0; n < j->name_count; n++) {
        bool match = false;
        for (size_t i = 0; i < patterns->count && !match; i++)
            match = glob_name_match(patterns->items[i], names[n]);
        matching += match;
    }
    return (all ? matching == j->name_count : matching > 0) ? ANSWER_YES : ANSWER_NO;
}
