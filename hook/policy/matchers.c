/*
 * matchers.c - which refs a branch restriction is about (semantics.md 4.3).
 */
#include "base/glob.h"
#include "policy/judge.h"

static struct text branches(void)
{
    return TEXT("refs/heads/");
}

static enum answer answer_of(bool matches)
{
    return matches ? ANSWER_YES : ANSWER_NO;
}

enum answer default_branch_is(struct change_judge *c)
{
    const struct snapshot_repository *repository = &c->judge->repository;
    if (repository->default_branch_known)
        return answer_of(text_equal(repository->default_branch, c->change->ref));
    if (!c->branch) /* whatever it is, it is a branch */
        return ANSWER_NO;
    c->default_asked = true;
    return c->is_default;
}

/* The full ref, or a branch's name. */
static enum answer names_ref(struct text id, struct text ref)
{
    if (!id.size)
        return ANSWER_CANNOT_TELL;
    if (text_starts(id, TEXT("refs/")))
        return answer_of(text_equal(id, ref));
    return answer_of(text_starts(ref, branches()) &&
                     text_equal(text_skip(ref, branches().size), id));
}

/* The repository's own model counts, else its project's: the project's matters only if the
 * repository has none, and the one that is there is its own if the project's could not be read. */
static bool model_unread(const struct change_judge *c)
{
    const struct snapshot_repository *repository = &c->judge->repository;
    return (repository->incomplete & INCOMPLETE_MODEL) ||
           ((repository->project.incomplete & INCOMPLETE_MODEL) && !repository->model.configured);
}

static enum answer model_branch_is(struct change_judge *c, struct text id)
{
    const struct branch_model *model = &c->judge->repository.model;
    bool development = text_equal(id, TEXT("development"));
    if (!development && !text_equal(id, TEXT("production")))
        return ANSWER_CANNOT_TELL;
    if (model_unread(c)) /* whatever the model names, it is a branch */
        return c->branch ? ANSWER_CANNOT_TELL : ANSWER_NO;
    if (!model->configured || !(development ? model->development_set : model->production_set))
        return ANSWER_NO;
    if (development ? model->development_default : model->production_default)
        return default_branch_is(c);
    return names_ref(development ? model->development : model->production, c->change->ref);
}

static bool is_category(struct text id)
{
    static const char *const names[] = {"BUGFIX", "FEATURE", "HOTFIX", "RELEASE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_equal_fold(id, text_of(names[i])))
            return true;
    return false;
}

/* A branch whose name begins with the category's prefix and goes on. */
static enum answer in_category(const struct change_judge *c, struct text id)
{
    const struct branch_model *model = &c->judge->repository.model;
    if (!is_category(id))
        return ANSWER_CANNOT_TELL;
    if (!c->branch)
        return ANSWER_NO;
    if (model_unread(c))
        return ANSWER_CANNOT_TELL;
    if (!model->configured)
        return ANSWER_NO;
    struct text name = text_skip(c->change->ref, branches().size);
    for (size_t i = 0; i < model->category_count && i < 8; i++)
        if (model->category[i].enabled && model->category[i].prefix.size &&
            text_equal_fold(model->category[i].id, id) &&
            name.size > model->category[i].prefix.size &&
            text_starts(name, model->category[i].prefix))
            return ANSWER_YES;
    return ANSWER_NO;
}

bool matcher_may_match(const struct restriction *restriction, struct text ref)
{
    if (restriction->matcher == MATCHER_BRANCH)
        return names_ref(restriction->matcher_id, ref) != ANSWER_NO;
    if (restriction->matcher == MATCHER_PATTERN)
        return glob_ref_match(restriction->matcher_id, ref) || !matcher_usable(restriction);
    return true;
}

bool matcher_usable(const struct restriction *restriction)
{
    return restriction->matcher != MATCHER_PATTERN || !glob_ref_problem(restriction->matcher_id);
}

static enum answer match(struct change_judge *c, const struct restriction *restriction)
{
    switch (restriction->matcher) {
    case MATCHER_BRANCH:
        return names_ref(restriction->matcher_id, c->change->ref);
    case MATCHER_PATTERN:
        return answer_of(glob_ref_match(restriction->matcher_id, c->change->ref));
    case MATCHER_MODEL_BRANCH:
        return model_branch_is(c, restriction->matcher_id);
    case MATCHER_MODEL_CATEGORY:
        return in_category(c, restriction->matcher_id);
    case MATCHER_ANY_REF:
        return ANSWER_YES;
    case MATCHER_DEFAULT_BRANCH:
        return default_branch_is(c);
    case MATCHER_UNKNOWN:
        break;
    }
    return ANSWER_CANNOT_TELL;
}

static bool asks_model(const struct restriction *restriction)
{
    return restriction->matcher == MATCHER_MODEL_BRANCH ||
           restriction->matcher == MATCHER_MODEL_CATEGORY;
}

enum answer matcher_matches(struct change_judge *c, const struct restriction *restriction,
                            unsigned *questions)
{
    bool asked_before = c->default_asked;
    c->default_asked = false;
    enum answer matches = match(c, restriction);
    if (matches != ANSWER_YES && matches != ANSWER_NO)
        *questions |= c->default_asked                             ? QUESTION_DEFAULT_BRANCH
                      : asks_model(restriction) && model_unread(c) ? QUESTION_MODEL
                                                                   : QUESTION_MATCHER;
    c->default_asked = c->default_asked || asked_before;
    return matches;
}
