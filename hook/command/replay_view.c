/*
 * replay_view.c - a snapshot that is as old as it was (replay_push.h): every question is passed on,
 * but for the one about its age.
 */
#include "command/replay_push.h"
#include "policy/view.h"

/* enum status NAME(void *self, PARAMETERS) asks the same of the snapshot. */
#define PASS_ON(name, parameters, arguments)                            \
    static enum status name parameters                                  \
    {                                                                   \
        const struct view *inner = ((struct replay_view *)self)->inner; \
        return inner->name arguments;                                   \
    }
PASS_ON(user, (void *self, struct text name, struct snapshot_user *out, struct error *err),
        (inner->self, name, out, err))
PASS_ON(email_user, (void *self, struct text address, uint64_t *user_id, struct error *err),
        (inner->self, address, user_id, err))
PASS_ON(service, (void *self, struct text name, uint64_t *key_id, struct error *err),
        (inner->self, name, key_id, err))
PASS_ON(repository,
        (void *self, struct text project_key, struct text slug, struct snapshot_repository *out,
         struct error *err),
        (inner->self, project_key, slug, out, err))
PASS_ON(project,
        (void *self, struct text project_key, struct snapshot_project *out, struct error *err),
        (inner->self, project_key, out, err))
PASS_ON(repository_name,
        (void *self, uint64_t id, struct text *project_key, struct text *slug, struct error *err),
        (inner->self, id, project_key, slug, err))
PASS_ON(project_name, (void *self, uint64_t id, struct text *project_key, struct error *err),
        (inner->self, id, project_key, err))
PASS_ON(user_grant,
        (void *self, enum grant_scope scope, struct text project_key, struct text slug,
         struct text user_name, enum permission *out, struct error *err),
        (inner->self, scope, project_key, slug, user_name, out, err))
PASS_ON(global_groups,
        (void *self, const struct group_grant **out, size_t *count, struct error *err),
        (inner->self, out, count, err))
PASS_ON(group, (void *self, struct text name, struct snapshot_group *out, struct error *err),
        (inner->self, name, out, err))
PASS_ON(group_name, (void *self, uint32_t group, struct text *out, struct error *err),
        (inner->self, group, out, err))
PASS_ON(repository_keys,
        (void *self, struct text project_key, struct text slug, const struct repository_key **out,
         size_t *count, struct error *err),
        (inner->self, project_key, slug, out, count, err))
PASS_ON(access_key, (void *self, uint64_t id, struct snapshot_key *out, struct error *err),
        (inner->self, id, out, err))
PASS_ON(part,
        (void *self, struct text project_key, struct text slug, int64_t *started_ms,
         struct error *err),
        (inner->self, project_key, slug, started_ms, err))
PASS_ON(exemptions,
        (void *self, const struct restriction *restriction, struct exemptions *out,
         struct error *err),
        (inner->self, restriction, out, err))

static void choose_restrictions(void *self, restriction_wanted *wanted, const void *asker)
{
    const struct view *inner = ((struct replay_view *)self)->inner;
    if (inner->choose_restrictions)
        inner->choose_restrictions(inner->self, wanted, asker);
}

/* A question that view.h gets and that is forgotten here would be a call of NULL. */
_Static_assert(sizeof(struct view) == offsetof(struct view, meta) + 17 * sizeof(void (*)(void)),
               "each question is passed on");

static enum status meta(void *self, struct snapshot_meta *out, struct error *err)
{
    const struct replay_view *view = self;
    enum status status = view->inner->meta(view->inner->self, out, err);
    if (status == STATUS_OK) {
        out->started_ms = view->started_ms;
        out->generated_ms = view->generated_ms;
    }
    return status;
}

struct view replay_view_of(struct replay_view *self, const struct view *inner,
                           const struct replay_push *replay)
{
    static const struct view questions = {
        .meta = meta,
        .user = user,
        .email_user = email_user,
        .service = service,
        .repository = repository,
        .project = project,
        .repository_name = repository_name,
        .project_name = project_name,
        .user_grant = user_grant,
        .global_groups = global_groups,
        .group = group,
        .group_name = group_name,
        .repository_keys = repository_keys,
        .access_key = access_key,
        .part = part,
        .exemptions = exemptions,
        .choose_restrictions = choose_restrictions,
    };
    *self = (struct replay_view){inner, replay->started_ms, replay->generated_ms};
    if (inner->problem)
        return *inner;
    struct view view = questions;
    view.self = self;
    if (!replay->snapshot_known) {
        view.problem = "there was none";
        view.problem_code = STATUS_NOT_FOUND;
    }
    return view;
}
