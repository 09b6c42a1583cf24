#include "bitbucket/excerpt.h"

#include <stdlib.h>

#include "policy/config.h"
#include "policy/decide.h"
#include "snapshot/reader.h"

#define USERS_AT_ONCE 1000 /* then the memory that judging took is given back */
#define JUDGE_MEMORY ((size_t)256 * 1024 * 1024)
#define POLICY_MEMORY ((size_t)4 * 1024 * 1024)

/* ------------------------------------------------------------------ taking it */

struct taking {
    struct excerpt *excerpt;
    size_t user_room, wanted;
    uint64_t seen; /* repositories so far */
    uint64_t random;
};

/* splitmix64 (Vigna, "Further scramblings of Marsaglia's xorshift generators") */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static enum status take_user(struct taking *t, struct text key, struct text body, struct error *err)
{
    struct excerpt *excerpt = t->excerpt;
    struct user_record user;
    if (!decode_user(body, &user))
        return snapshot_damaged(err, key, "is malformed");
    if (excerpt->user_count == t->user_room) {
        size_t room = t->user_room ? t->user_room * 2 : 1024;
        struct excerpt_user *users = reallocarray(excerpt->users, room, sizeof *users);
        if (!users)
            return error_set(err, STATUS_MEMORY, "out of memory");
        excerpt->users = users;
        t->user_room = room;
    }
    excerpt->users[excerpt->user_count++] = (struct excerpt_user){user.id, user.name};
    return STATUS_OK;
}

/* Reservoir sampling: each repository has the same chance, however many there are. */
static enum status take_repository(struct taking *t, struct text key, struct text body,
                                   struct error *err)
{
    struct excerpt *excerpt = t->excerpt;
    struct excerpt_repository repository;
    if (!decode_texts(body, &repository.key, &repository.slug))
        return snapshot_damaged(err, key, "is malformed");
    uint64_t at = t->seen++;
    if (excerpt->repository_count < t->wanted) {
        excerpt->repositories[excerpt->repository_count++] = repository;
        return STATUS_OK;
    }
    at = next_random(&t->random) % (at + 1);
    if (at < t->wanted)
        excerpt->repositories[at] = repository;
    return STATUS_OK;
}

static enum status take_all(struct taking *t, struct snapshot *snapshot, struct error *err)
{
    struct text key, body;
    uint32_t position = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        status = snapshot_next(snapshot, &position, &key, &body, err);
        if (status == STATUS_OK && text_starts(key, TEXT("user/")))
            status = take_user(t, key, body, err);
        else if (status == STATUS_OK && text_starts(key, TEXT("repo-id/")))
            status = take_repository(t, key, body, err);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static int by_id(const void *a, const void *b)
{
    const struct excerpt_user *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_name(const void *a, const void *b)
{
    const struct excerpt_repository *x = a, *y = b;
    int order = text_compare_fold(x->key, y->key);
    return order ? order : text_compare_fold(x->slug, y->slug);
}

enum status excerpt_take(struct snapshot *snapshot, size_t repositories, uint64_t seed,
                         struct excerpt *out, struct error *err)
{
    struct excerpt excerpt = {
        .repositories = calloc(repositories + 1, sizeof *excerpt.repositories)};
    struct taking t = {.excerpt = &excerpt, .wanted = repositories, .random = seed};
    if (!excerpt.repositories)
        return error_set(err, STATUS_MEMORY, "out of memory");
    enum status status = take_all(&t, snapshot, err);
    if (status == STATUS_OK && t.seen != snapshot_meta_record(snapshot)->counts[COUNT_REPOSITORIES])
        status = error_set(
            err, STATUS_FORMAT,
            "the snapshot is damaged: it has %llu repositories by id, and says %llu",
            (unsigned long long)t.seen,
            (unsigned long long)snapshot_meta_record(snapshot)->counts[COUNT_REPOSITORIES]);
    if (status != STATUS_OK) {
        excerpt_free(&excerpt);
        return status;
    }
    if (excerpt.user_count)
        qsort(excerpt.users, excerpt.user_count, sizeof *excerpt.users, by_id);
    qsort(excerpt.repositories, excerpt.repository_count, sizeof *excerpt.repositories, by_name);
    *out = excerpt;
    return STATUS_OK;
}

void excerpt_free(struct excerpt *excerpt)
{
    free(excerpt->users);
    free(excerpt->repositories);
    *excerpt = (struct excerpt){.users = NULL};
}

const struct excerpt_user *excerpt_find_user(const struct excerpt *excerpt, uint64_t id)
{
    const struct excerpt_user wanted = {.id = id};
    return excerpt->user_count ? bsearch(&wanted, excerpt->users, excerpt->user_count,
                                         sizeof *excerpt->users, by_id)
                               : NULL;
}

/* ------------------------------------------------------------------ who may do what */

/*
 * decide() asks its view for the repository and for the global grants, for each user anew. This view
 * asks the snapshot once and hands out what it got. The repository's restrictions are left out: they
 * never touch what somebody's permission is (semantics.md 3), only what is done with it, and there
 * may be thousands.
 */
struct remembering {
    struct view below;
    struct snapshot_repository repository;
    const struct group_grant *global;
    size_t global_count;
};

/* The questions that are passed on. */
#define PASS_ON(question, parameters, ...)                         \
    static enum status pass_##question parameters                  \
    {                                                              \
        struct remembering *r = self;                              \
        return r->below.question(r->below.self, __VA_ARGS__, err); \
    }
#define NAMES struct text key, struct text slug
PASS_ON(user, (void *self, struct text name, struct snapshot_user *out, struct error *err), name,
        out)
PASS_ON(email_user, (void *self, struct text name, uint64_t *id, struct error *err), name, id)
PASS_ON(service, (void *self, struct text name, uint64_t *id, struct error *err), name, id)
PASS_ON(project, (void *self, struct text key, struct snapshot_project *out, struct error *err),
        key, out)
PASS_ON(repository_name,
        (void *self, uint64_t id, struct text *key, struct text *slug, struct error *err), id, key,
        slug)
PASS_ON(project_name, (void *self, uint64_t id, struct text *key, struct error *err), id, key)
PASS_ON(user_grant,
        (void *self, enum grant_scope scope, NAMES, struct text name, enum permission *out,
         struct error *err),
        scope, key, slug, name, out)
PASS_ON(group, (void *self, struct text name, struct snapshot_group *out, struct error *err), name,
        out)
PASS_ON(group_name, (void *self, uint32_t group, struct text *out, struct error *err), group, out)
PASS_ON(repository_keys,
        (void *self, NAMES, const struct repository_key **out, size_t *count, struct error *err),
        key, slug, out, count)
PASS_ON(access_key, (void *self, uint64_t id, struct snapshot_key *out, struct error *err), id, out)
PASS_ON(part, (void *self, NAMES, int64_t *started_ms, struct error *err), key, slug, started_ms)
PASS_ON(exemptions,
        (void *self, const struct restriction *restriction, struct exemptions *out,
         struct error *err),
        restriction, out)

static enum status pass_meta(void *self, struct snapshot_meta *out, struct error *err)
{
    struct remembering *r = self;
    return r->below.meta(r->below.self, out, err);
}

static enum status remembered_repository(void *self, struct text key, struct text slug,
                                         struct snapshot_repository *out, struct error *err)
{
    struct remembering *r = self;
    (void)key, (void)slug, (void)err; /* only one is ever asked for */
    *out = r->repository;
    return STATUS_OK;
}

static enum status remembered_globals(void *self, const struct group_grant **out, size_t *count,
                                      struct error *err)
{
    struct remembering *r = self;
    (void)err;
    *out = r->global;
    *count = r->global_count;
    return STATUS_OK;
}

static enum status remember(struct remembering *r, struct snapshot *snapshot,
                            const struct excerpt_repository *repository, struct arena *arena,
                            struct view *out, struct error *err)
{
    *r = (struct remembering){.below = snapshot_view(snapshot, arena)};
    if (r->below.problem)
        return error_set(err, r->below.problem_code, "%s", r->below.problem);
    enum status status = r->below.repository(r->below.self, repository->key, repository->slug,
                                             &r->repository, err);
    if (status == STATUS_OK)
        status = r->below.global_groups(r->below.self, &r->global, &r->global_count, err);
    if (status != STATUS_OK)
        return status;
    r->repository.restrictions = NULL;
    r->repository.restriction_count = 0;
    *out = (struct view){
        .self = r,
        .meta = pass_meta,
        .user = pass_user,
        .email_user = pass_email_user,
        .service = pass_service,
        .repository = remembered_repository,
        .project = pass_project,
        .repository_name = pass_repository_name,
        .project_name = pass_project_name,
        .user_grant = pass_user_grant,
        .global_groups = remembered_globals,
        .group = pass_group,
        .group_name = pass_group_name,
        .repository_keys = pass_repository_keys,
        .access_key = pass_access_key,
        .part = pass_part,
        .exemptions = pass_exemptions,
    };
    return STATUS_OK;
}

static enum status judge_some(struct snapshot *snapshot, const struct policy *policy,
                              const struct excerpt_repository *repository,
                              const struct excerpt_user *users, size_t count,
                              struct excerpt_permission *out, bool *is_public, struct error *err)
{
    struct arena arena, judging;
    struct remembering memory;
    struct view view;
    struct push push = {.trigger = TRIGGER_PUSH,
                        .project_key = repository->key,
                        .repository_slug = repository->slug};
    arena_init(&arena, JUDGE_MEMORY);
    arena_init(&judging, JUDGE_MEMORY);
    enum status status = remember(&memory, snapshot, repository, &arena, &view, err);
    if (status == STATUS_OK) {
        push.now_ms = snapshot_meta_record(snapshot)->meta.generated_ms;
        *is_public = memory.repository.is_public || memory.repository.project.is_public;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct decision decision;
        struct error damage = {STATUS_OK, ""};
        push.user_name = users[i].name;
        status = decide(policy, &push, &view, NULL, NULL, &judging, &decision, &damage);
        if (status == STATUS_OK)
            status = damage.code;
        if (status != STATUS_OK) {
            status = error_set(err, status, "%s", damage.text);
            break;
        }
        out[i] = (struct excerpt_permission){decision.snapshot_permission_known,
                                             decision.snapshot_permission};
        arena_free(&judging); /* 25,000 decisions touch the same few pages */
    }
    arena_free(&judging);
    arena_free(&arena);
    return status;
}

/* The policy that an empty refgate.conf is: what it says does not touch whose permission is what. */
static enum status default_policy(struct arena *arena, struct policy *policy, struct error *err)
{
    struct config_errors errors;
    config_errors_init(&errors);
    enum status status = config_parse(TEXT(""), "defaults", arena, policy, &errors);
    config_errors_free(&errors);
    return status == STATUS_OK ? status : error_set(err, status, "no policy to judge with");
}

enum status excerpt_permissions(struct snapshot *snapshot, const struct excerpt *excerpt,
                                const struct excerpt_repository *repository,
                                struct excerpt_permission *out, bool *is_public, struct error *err)
{
    struct arena arena;
    struct policy policy;
    bool everybody = false;
    arena_init(&arena, POLICY_MEMORY);
    enum status status = default_policy(&arena, &policy, err);
    for (size_t i = 0; i < excerpt->user_count && status == STATUS_OK; i += USERS_AT_ONCE) {
        size_t left = excerpt->user_count - i;
        status = judge_some(snapshot, &policy, repository, excerpt->users + i,
                            left < USERS_AT_ONCE ? left : USERS_AT_ONCE, out + i, &everybody, err);
    }
    arena_free(&arena);
    if (status == STATUS_OK)
        *is_public = everybody;
    return status;
}
