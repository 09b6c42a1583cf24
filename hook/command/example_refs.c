#include "command/example_refs.h"

#include <string.h>

#include "base/buffer.h"
#include "base/glob.h"
#include "model/ref.h"

#define OTHER_BRANCH "refs/heads/any-other-branch"
#define OTHER_TAG "refs/tags/any-other-tag"

/* ------------------------------------------------------------------ of a pattern */

/* `**` stands for no segment, or at the end for one; `*` for one letter, `?` for one. */
static void add_segment(struct buffer *out, struct text segment, bool last)
{
    if (text_equal(segment, TEXT("**")) && !last)
        return;
    if (out->size)
        buffer_string(out, "/");
    for (size_t i = 0; i < segment.size; i++) {
        bool again = i && segment.at[i] == '*' && segment.at[i - 1] == '*';
        if (segment.at[i] == '*' || segment.at[i] == '?')
            buffer_string(out, again ? "" : "x");
        else
            buffer_add(out, segment.at + i, 1);
    }
}

static char *tried(struct arena *arena, const char *prefix, struct text name, struct text pattern)
{
    char *ref = arena_printf(arena, "%s%.*s", prefix, TEXT_ARG(name));
    if (!ref || !ref_name_valid(text_of(ref)) || !glob_ref_match(pattern, text_of(ref)))
        return NULL;
    return ref_is_branch(text_of(ref)) || ref_is_tag(text_of(ref)) ? ref : NULL;
}

char *example_ref(struct text pattern, struct arena *arena)
{
    struct buffer name;
    struct text rest = pattern, segment;
    char *ref = NULL;
    buffer_init(&name, SIZE_MAX);
    if (rest.size && *rest.at == '/')
        rest = text_skip(rest, 1);
    while (text_next_field(&rest, '/', &segment)) {
        bool open = !segment.size; /* a slash at the end stands for all below */
        add_segment(&name, open ? TEXT("*") : segment, !rest.at);
    }
    if (!name.failed && name.size && !glob_ref_problem(pattern))
        ref = tried(arena, "", buffer_view(&name), pattern);
    if (!name.failed && name.size && !ref && !glob_ref_problem(pattern))
        ref = tried(arena, "refs/heads/", buffer_view(&name), pattern);
    buffer_free(&name);
    return ref;
}

/* ------------------------------------------------------------------ of a matcher */

static char *branch(struct text name, struct arena *arena)
{
    bool whole = text_starts(name, TEXT("refs/"));
    char *ref = arena_printf(arena, "%s%.*s", whole ? "" : "refs/heads/", TEXT_ARG(name));
    return ref && ref_name_valid(text_of(ref)) ? ref : NULL;
}

static char *default_branch(const struct snapshot_repository *repository, struct arena *arena)
{
    return repository->default_branch_known ? branch(repository->default_branch, arena) : NULL;
}

static char *of_model(const struct snapshot_repository *repository, struct text id,
                      struct arena *arena)
{
    const struct branch_model *model = &repository->model;
    bool production = text_equal_fold(id, TEXT("production"));
    if (!model->configured || !(production ? model->production_set : model->development_set))
        return NULL;
    if (production ? model->production_default : model->development_default)
        return default_branch(repository, arena);
    return branch(production ? model->production : model->development, arena);
}

static char *of_category(const struct snapshot_repository *repository, struct text id,
                         struct arena *arena)
{
    const struct branch_model *model = &repository->model;
    for (size_t i = 0; model->configured && i < model->category_count; i++)
        if (model->category[i].enabled && text_equal_fold(model->category[i].id, id)) {
            char *ref = arena_printf(arena, "refs/heads/%.*sx",
                                     TEXT_ARG(model->category[i].prefix));
            return ref && ref_name_valid(text_of(ref)) ? ref : NULL;
        }
    return NULL;
}

static char *of_matcher(const struct snapshot_repository *repository,
                        const struct restriction *restriction, struct arena *arena)
{
    switch (restriction->matcher) {
    case MATCHER_BRANCH:
        return branch(restriction->matcher_id, arena);
    case MATCHER_PATTERN:
        return example_ref(restriction->matcher_id, arena);
    case MATCHER_MODEL_BRANCH:
        return of_model(repository, restriction->matcher_id, arena);
    case MATCHER_MODEL_CATEGORY:
        return of_category(repository, restriction->matcher_id, arena);
    case MATCHER_DEFAULT_BRANCH:
        return default_branch(repository, arena);
    case MATCHER_ANY_REF:
    case MATCHER_UNKNOWN:
        break;
    }
    return NULL;
}

/* ------------------------------------------------------------------ all of them */

/* Its place in the list; NONE if there is no ref or no room. */
static size_t add_ref(struct example_refs *out, char *ref, struct text of)
{
    size_t at = 0;
    while (ref && at < out->count && strcmp(out->refs[at], ref) != 0)
        at++;
    if (!ref || at < out->count)
        return ref ? at : EXAMPLE_NONE;
    if (out->count == EXAMPLE_REFS_MAX - 2) { /* the last two are for what nothing names */
        out->more = true;
        return EXAMPLE_NONE;
    }
    out->refs[out->count] = ref;
    out->of[out->count++] = of;
    return at;
}

static void add_patterns(struct example_refs *out, const struct text_list *list,
                         struct arena *arena)
{
    for (size_t i = 0; i < list->count; i++)
        add_ref(out, example_ref(list->items[i], arena), list->items[i]);
}

enum status example_refs_find(const struct snapshot_repository *repository,
                              const struct policy *policy, struct arena *arena,
                              struct example_refs *out, struct error *err)
{
    *out = (struct example_refs){.count = 0};
    out->of_restriction = arena_alloc(arena, repository->restriction_count,
                                      sizeof *out->of_restriction);
    if (!out->of_restriction)
        return error_set(err, STATUS_MEMORY, "out of memory");
    add_ref(out, default_branch(repository, arena), TEXT("the default branch"));
    /* What is about every ref, or about none that is known, is asked about some other branch. */
    size_t *of = out->of_restriction, other = EXAMPLE_REFS_MAX;
    for (size_t i = 0; i < repository->restriction_count; i++) {
        char *ref = of_matcher(repository, &repository->restrictions[i], arena);
        of[i] = ref ? add_ref(out, ref, repository->restrictions[i].matcher_id) : other;
    }
    for (size_t i = 0; i < policy->rule_count; i++)
        add_patterns(out, &policy->rules[i].refs, arena);
    add_patterns(out, &policy->access_keys.refs, arena);
    for (size_t i = 0; i < policy->service_account_count; i++)
        add_patterns(out, &policy->service_accounts[i].refs, arena);
    other = out->count;
    out->refs[out->count] = arena_printf(arena, "%s", OTHER_BRANCH);
    out->of[out->count++] = TEXT("any other branch");
    out->refs[out->count] = arena_printf(arena, "%s", OTHER_TAG);
    out->of[out->count++] = TEXT("any other tag");
    for (size_t i = 0; i < repository->restriction_count; i++)
        if (of[i] == EXAMPLE_REFS_MAX)
            of[i] = other;
    return out->refs[other] && out->refs[other + 1]
               ? STATUS_OK
               : error_set(err, STATUS_MEMORY, "out of memory");
}
