#include "bitbucket/self_check.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "bitbucket/feed.h"
#include "bitbucket/field.h"
#include "bitbucket/excerpt.h"
#include "bitbucket/url.h"

#define PAGE_LIMIT 1000
#define PAGES_MAX 100000      /* of one list: ends a server that leads on for ever */
#define DIFFERENCES_MAX 10000 /* a snapshot that differs so much needs no further look */
#define REFUSALS_MAX 5        /* of the first repositories: then it answers about none */
#define LINES_MAX 20
#define NAMES_MEMORY ((size_t)16 * 1024 * 1024)

struct ids {
    uint64_t *at;
    size_t count, room;
};

struct difference {
    uint32_t repository; /* of the excerpt */
    enum permission level;
    bool too_much;
    uint64_t user_id;
    struct text user_name;
};

struct checker {
    struct client *client;
    struct snapshot *snapshot;
    struct excerpt excerpt;
    struct excerpt_permission *permissions; /* one a user, on the repository that is looked at */
    struct arena names;                     /* of users whom the snapshot does not know */
    struct difference *differences;
    size_t difference_count, difference_room;
    struct ids holders; /* whom the server named for one question, ascending */
    struct buffer url;
    bool refused, gone; /* what the last question came to */
    bool answered;      /* one of them was */
    size_t refusals;    /* repositories about which it was not answered */
    struct self_check result;
};

static enum status out_of_memory(struct error *err)
{
    return error_set(err, STATUS_MEMORY, "out of memory");
}

/* ------------------------------------------------------------------ what the server says */

static enum status add_difference(struct checker *c, struct difference difference,
                                  struct error *err)
{
    if (c->difference_count == c->difference_room) {
        size_t room = c->difference_room ? c->difference_room * 2 : 64;
        struct difference *at = reallocarray(c->differences, room, sizeof *at);
        if (!at)
            return out_of_memory(err);
        c->differences = at;
        c->difference_room = room;
    }
    c->differences[c->difference_count++] = difference;
    return STATUS_OK;
}

static enum status add_holder(struct ids *ids, uint64_t id, struct error *err)
{
    if (ids->count == ids->room) {
        size_t room = ids->room ? ids->room * 2 : 1024;
        uint64_t *at = reallocarray(ids->at, room, sizeof *at);
        if (!at)
            return out_of_memory(err);
        ids->at = at;
        ids->room = room;
    }
    ids->at[ids->count++] = id;
    return STATUS_OK;
}

/* Somebody whom the snapshot does not know. On two pages he counts once. */
static enum status add_unknown(struct checker *c, const struct difference *where, uint64_t id,
                               struct text name, struct error *err)
{
    struct difference difference = *where;
    for (size_t i = c->difference_count; i-- > 0;) {
        const struct difference *d = &c->differences[i];
        if (d->repository != where->repository || d->level != where->level)
            break;
        if (d->user_id == id)
            return STATUS_OK;
    }
    if (c->difference_count >= DIFFERENCES_MAX)
        return STATUS_OK;
    difference.user_id = id;
    difference.user_name = arena_text(&c->names, name);
    return difference.user_name.at ? add_difference(c, difference, err) : out_of_memory(err);
}

/* `where`: unknown users are differences there; NULL: they are only counted as holders. */
static enum status read_user(struct checker *c, struct fields *f, const json_t *user,
                             const struct difference *where, struct error *err)
{
    struct text type = field_text(f, user, "type", OPTIONAL);
    struct text name = field_text(f, user, "name", REQUIRED);
    uint64_t id = field_u64(f, user, "id", REQUIRED, NULL);
    if (f->status != STATUS_OK)
        return f->status;
    if (text_equal(type, TEXT("SERVICE"))) /* the principal of tokens: not in the snapshot */
        return STATUS_OK;
    enum status status = add_holder(&c->holders, id, err);
    if (status == STATUS_OK && where && !excerpt_find_user(&c->excerpt, id))
        status = add_unknown(c, where, id, name, err);
    return status;
}

static enum status read_page(struct checker *c, const json_t *body, const struct difference *where,
                             uint64_t *start, bool *more, struct error *err)
{
    struct fields f = {.where = c->url.data, .err = err};
    const json_t *values = field_array(&f, body, "values", REQUIRED);
    *more = !field_bool(&f, body, "isLastPage", REQUIRED, true);
    uint64_t next = *more ? field_u64(&f, body, "nextPageStart", REQUIRED, NULL) : 0;
    if (*more && f.status == STATUS_OK && next <= *start)
        field_fail(&f, "nextPageStart", "does not lead on");
    f.in_page = true;
    for (size_t i = 0; i < json_array_size(values) && f.status == STATUS_OK; i++) {
        f.index = i;
        enum status status = read_user(c, &f, json_array_get(values, i), where, err);
        if (status != STATUS_OK)
            return status;
    }
    *start = next;
    return f.status;
}

static enum status make_url(struct checker *c, const struct difference *where, uint64_t start,
                            struct error *err)
{
    const struct excerpt_repository *repository = &c->excerpt.repositories[where->repository];
    c->url.size = 0;
    buffer_printf(&c->url, "/rest/api/latest/users?permission.1=%s", permission_name(where->level));
    url_fill(&c->url, "&permission.1.projectKey={project}&permission.1.repositorySlug={repository}",
             &(struct url_values){.project = repository->key, .repository = repository->slug});
    buffer_printf(&c->url, "&start=%" PRIu64 "&limit=%d", start, PAGE_LIMIT);
    return c->url.failed ? out_of_memory(err) : STATUS_OK;
}

static void judge_status(struct checker *c, const struct client_answer *answer)
{
    /* Deleted or moved since the crawl: nothing to compare. */
    c->gone = answer->status == 307 ||
              (answer->status == 404 && feed_is_resource_error(answer->body));
    c->refused = answer->status != 200 && !c->gone;
    c->answered = c->answered || answer->status == 200;
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Who has the level, by the server: c->holders, unless c->refused or c->gone. */
static enum status ask_holders(struct checker *c, const struct difference *where, bool note_unknown,
                               struct error *err)
{
    uint64_t start = 0;
    bool more = true;
    enum status status = STATUS_OK;
    c->holders.count = 0;
    c->refused = c->gone = false;
    for (size_t page = 0; more && status == STATUS_OK && page < PAGES_MAX; page++) {
        struct client_answer answer;
        status = make_url(c, where, start, err);
        if (status != STATUS_OK)
            return status;
        const struct client_request request = {.url = c->url.data};
        status = client_get(c->client, &request, &answer, err);
        if (status != STATUS_OK)
            return status;
        judge_status(c, &answer);
        more = !c->refused && !c->gone;
        if (more)
            status = read_page(c, answer.body, note_unknown ? where : NULL, &start, &more, err);
        json_decref(answer.body);
        free(answer.location);
    }
    if (status == STATUS_OK && more)
        status = error_set(err, STATUS_LIMIT, "%s: the list has no end", c->url.data);
    if (c->holders.count)
        qsort(c->holders.at, c->holders.count, sizeof *c->holders.at, compare_ids);
    return status;
}

static bool is_holder(const struct checker *c, uint64_t id)
{
    return c->holders.count &&
           bsearch(&id, c->holders.at, c->holders.count, sizeof *c->holders.at, compare_ids);
}

/* ------------------------------------------------------------------ comparing */

static enum status compare_level(struct checker *c, const struct difference *where,
                                 struct error *err)
{
    enum status status = ask_holders(c, where, true, err);
    for (size_t i = 0; i < c->excerpt.user_count && status == STATUS_OK; i++) {
        const struct excerpt_user *user = &c->excerpt.users[i];
        if (c->refused || c->gone || c->difference_count >= DIFFERENCES_MAX)
            break;
        if (!c->permissions[i].known) {
            c->result.undecided++;
            continue;
        }
        bool here = c->permissions[i].permission >= where->level;
        c->result.pairs++;
        if (here == is_holder(c, user->id))
            continue;
        struct difference difference = *where;
        difference.too_much = here;
        difference.user_id = user->id;
        difference.user_name = user->name;
        status = add_difference(c, difference, err);
    }
    return status;
}

static enum status compare_repository(struct checker *c, size_t number, struct error *err)
{
    static const enum permission levels[] = {PERMISSION_REPO_READ, PERMISSION_REPO_WRITE,
                                             PERMISSION_REPO_ADMIN};
    struct difference where = {.repository = (uint32_t)number};
    bool is_public;
    enum status status = excerpt_permissions(c->snapshot, &c->excerpt,
                                             &c->excerpt.repositories[number], c->permissions,
                                             &is_public, err);
    for (size_t i = 0; i < 3 && status == STATUS_OK; i++) {
        where.level = levels[i];
        /* Whether the server names those who may read only because everybody may is not known. */
        if (is_public && levels[i] == PERMISSION_REPO_READ)
            continue;
        status = compare_level(c, &where, err);
        if (c->gone || c->refused)
            break;
    }
    if (c->refused)
        c->refusals++;
    else if (!c->gone)
        c->result.repositories++;
    return status;
}

static void say(struct checker *c, const struct difference *d)
{
    const struct excerpt_repository *repository = &c->excerpt.repositories[d->repository];
    struct buffer *lines = &c->result.lines;
    if (c->result.too_much + c->result.too_little > LINES_MAX)
        return;
    buffer_escaped(lines, repository->key, SIZE_MAX, false);
    buffer_string(lines, "/");
    buffer_escaped(lines, repository->slug, SIZE_MAX, false);
    buffer_string(lines, ": ");
    buffer_escaped(lines, d->user_name, SIZE_MAX, false);
    buffer_printf(lines, " has %s in %s\n", permission_name(d->level),
                  d->too_much ? "the snapshot, not in Bitbucket"
                              : "Bitbucket, not in the snapshot");
}

static bool same_question(const struct difference *a, const struct difference *b)
{
    return a->repository == b->repository && a->level == b->level;
}

/* Each question with a difference is asked once more: pages that shifted while they were read, and
 * what was being changed, are no differences. */
static enum status ask_again(struct checker *c, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < c->difference_count && status == STATUS_OK; i++) {
        const struct difference *d = &c->differences[i];
        if (!i || !same_question(d, d - 1))
            status = ask_holders(c, d, false, err);
        /* Refused this time: what was seen the first time counts. */
        bool settled = !c->refused && is_holder(c, d->user_id) == d->too_much;
        if (status != STATUS_OK || c->gone || settled)
            continue;
        if (d->too_much)
            c->result.too_much++;
        else
            c->result.too_little++;
        say(c, d);
    }
    return status;
}

static enum status run(struct checker *c, size_t size, uint64_t seed, struct error *err)
{
    enum status status = excerpt_take(c->snapshot, size, seed, &c->excerpt, err);
    if (status != STATUS_OK)
        return status;
    c->permissions = calloc(c->excerpt.user_count + 1, sizeof *c->permissions);
    if (!c->permissions)
        return out_of_memory(err);
    for (size_t i = 0; i < c->excerpt.repository_count && status == STATUS_OK; i++) {
        status = compare_repository(c, i, err);
        if (c->difference_count >= DIFFERENCES_MAX)
            break;
        /* What a server says of a repository that was deleted is not known (400?): so one refusal
         * proves nothing, if it answers about others. */
        if (!c->answered && c->refusals >= REFUSALS_MAX)
            break;
    }
    c->result.unsupported = c->refusals && !c->answered;
    if (status == STATUS_OK)
        status = ask_again(c, err);
    if (status == STATUS_OK && c->result.lines.failed)
        status = out_of_memory(err);
    return status;
}

enum status self_check_run(struct client *client, struct snapshot *snapshot, size_t sample,
                           uint64_t seed, struct self_check *out, struct error *err)
{
    struct checker c = {.client = client, .snapshot = snapshot};
    arena_init(&c.names, NAMES_MEMORY);
    buffer_init(&c.url, (size_t)64 * 1024);
    buffer_init(&c.result.lines, SIZE_MAX);
    enum status status = run(&c, sample, seed, err);
    if (status == STATUS_OK)
        *out = c.result;
    else
        buffer_free(&c.result.lines);
    excerpt_free(&c.excerpt);
    free(c.permissions);
    free(c.differences);
    free(c.holders.at);
    arena_free(&c.names);
    buffer_free(&c.url);
    return status;
}
