/*
 * crawl_job.c - a job from its beginning to its end; places that moved or are gone.
 */
#include "bitbucket/crawl_state.h"

#include <stdlib.h>
#include <string.h>

#include "bitbucket/field.h"

#define INCOMPLETE_ALL \
    (INCOMPLETE_GRANTS | INCOMPLETE_RESTRICTIONS | INCOMPLETE_MODEL | INCOMPLETE_KEYS)

static bool is_place(const struct job *job)
{
    return job->level == LEVEL_PROJECT || job->level == LEVEL_REPOSITORY;
}

/* ------------------------------------------------------------------ making and freeing */

/* Forgets what a round found. */
static void clear_round(struct job *job)
{
    while (job->held) {
        struct held *held = job->held;
        job->held = held->next;
        held->source->release(held->source->self, &held->answer);
        free(held->url);
        free(held);
    }
    free(job->location);
    free(job->absent);
    free(job->missing_page);
    job->held_end = &job->held;
    job->location = job->absent = job->missing_page = NULL;
    job->missing = 0;
    job->absent_place = false;
    job->probed = job->probing = false;
}

void job_free(struct job *job)
{
    clear_round(job);
    free(job->name);
    free(job->slug);
    free(job);
}

static char *copy_of(struct text t)
{
    return strndup(t.at ? t.at : "", t.size);
}

/* Another name for the job's target; texts may be its own. */
static enum status set_names(struct job *job, struct text name, struct text slug, struct error *err)
{
    char *new_name = copy_of(name), *new_slug = copy_of(slug);
    if (!new_name || !new_slug) {
        free(new_name);
        free(new_slug);
        return error_set(err, STATUS_MEMORY, "out of memory");
    }
    free(job->name);
    free(job->slug);
    job->name = new_name;
    job->slug = new_slug;
    struct target *t = &job->target;
    if (job->level == LEVEL_GROUP)
        t->group = text_of(new_name);
    else if (job->level == LEVEL_USER)
        t->user = text_of(new_name), t->user_slug = text_of(new_slug);
    else if (is_place(job))
        t->project_key = text_of(new_name);
    t->slug = job->level == LEVEL_REPOSITORY ? text_of(new_slug) : TEXT_NONE;
    return STATUS_OK;
}

static void begin_round(const struct crawl *c, struct job *job)
{
    clear_round(job);
    job->lookup = LOOKUP_NO;
    job->todo = c->level_todo[job->level];
    if (job->level == LEVEL_INSTANCE && job->look == LOOK_SECOND) {
        for (size_t i = 0; i < ENDPOINTS; i++)
            if (!(endpoints[i].flags & ENDPOINT_TWICE))
                job->todo &= ~BIT(i);
    }
    if (job->level == LEVEL_PROJECT && job->personal)
        job->todo = 0;
    if (job->level == LEVEL_PROJECT && job->named)
        job->todo |= BIT(ENDPOINT_PROJECT_REPOSITORIES);
}

static void begin_lookup(struct job *job, enum lookup why)
{
    job->lookup = why;
    job->todo = BIT(job->level == LEVEL_PROJECT ? ENDPOINT_PROJECT : ENDPOINT_REPOSITORY);
}

enum status job_open(struct crawl *c, enum endpoint_level level, const struct work *item,
                     enum look look, struct error *err)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return error_set(err, STATUS_MEMORY, "out of memory");
    job->level = level;
    job->look = look;
    job->held_end = &job->held;
    job->personal = item->flags & WORK_PERSONAL;
    job->named = item->flags & WORK_NAMED;
    job->target.place.scope = level == LEVEL_PROJECT      ? GRANT_PROJECT
                              : level == LEVEL_REPOSITORY ? GRANT_REPOSITORY
                                                          : GRANT_GLOBAL;
    if (is_place(job))
        job->target.place.id = item->id;
    else
        job->target.user_id = item->id;
    *c->youngest = job;
    c->youngest = &job->next;
    c->open_jobs++;
    enum status status = set_names(job, item->name, item->slug, err);
    if (status != STATUS_OK)
        return status;
    if (job->named)
        begin_lookup(job, LOOKUP_NAMED);
    else if (item->flags & WORK_CHECK)
        begin_lookup(job, LOOKUP_LISTED);
    else
        begin_round(c, job);
    return job_settle(c, job, err);
}

static void finish(struct crawl *c, struct job *job)
{
    struct job **link = &c->oldest;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    if (c->youngest == &job->next)
        c->youngest = link;
    c->open_jobs--;
    c->done += job->level != LEVEL_INSTANCE;
    job_free(job);
    crawl_report(c);
}

/* ------------------------------------------------------------------ a round */

enum endpoint_id job_next(const struct crawl *c, const struct job *job)
{
    uint64_t todo = job->todo & ~(c->lacking | c->given_up);
    for (size_t i = 0; todo >> i && i < ENDPOINTS; i++) {
        bool probe = outcome_is_default_probe((enum endpoint_id)i);
        if ((todo & BIT(i)) && !(probe && (job->probing || job->probed)))
            return (enum endpoint_id)i;
    }
    return ENDPOINTS;
}

enum status job_hold(struct crawl *c, struct job *job, enum endpoint_id endpoint, const char *url,
                     uint64_t start, struct response *response, struct error *err)
{
    struct held *held = calloc(1, sizeof *held);
    char *copy = strdup(url);
    if (!held || !copy) {
        free(held);
        free(copy);
        return error_set(err, STATUS_MEMORY, "out of memory");
    }
    *held = (struct held){NULL, endpoint, start, c->source, *response, NULL};
    held->url = copy;
    *response = (struct response){0};
    *job->held_end = held;
    job->held_end = &held->next;
    return STATUS_OK;
}

/* No answer in the recording. If the server lacks the endpoint, the crawl that made the recording may
 * have known that already, and not have asked; that shows at the end. */
static enum status judge_missing(struct crawl *c, struct job *job, struct error *err)
{
    struct error sentence;
    if (job->missing_page)
        return error_set(err, STATUS_NOT_FOUND, "%s", job->missing_page);
    for (size_t i = 0; i < ENDPOINTS; i++) {
        enum endpoint_id id = (enum endpoint_id)i;
        if (!(job->missing & BIT(i)))
            continue;
        if (!(endpoints[i].flags & (ENDPOINT_OLD_LACKS | ENDPOINT_400_LACKS | ENDPOINT_REPORT)))
            return request_unrecorded(job, id, err);
        (void)request_unrecorded(job, id, &sentence);
        if (!c->parked[i])
            c->parked[i] = strdup(sentence.text);
        if (!c->parked[i])
            return error_set(err, STATUS_MEMORY, "out of memory");
    }
    return STATUS_OK;
}

static enum status feed_held(struct crawl *c, const struct job *job, struct error *err)
{
    enum status status = STATUS_OK;
    for (const struct held *held = job->held; held && status == STATUS_OK; held = held->next) {
        struct feed_result result = {0};
        status = request_feed(c, job, held->endpoint, held->url, held->start, held->answer.body,
                              &result, err);
    }
    return status;
}

static enum status follow(struct job *job, const char *location, struct error *err)
{
    struct buffer key, slug, safe;
    bool repository = job->level == LEVEL_REPOSITORY;
    buffer_init(&key, SIZE_MAX);
    buffer_init(&slug, SIZE_MAX);
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, text_of(location), 300, false);
    const char *where = safe.data ? safe.data : "";
    enum status status = STATUS_OK;
    if (!outcome_location(text_of(location), &key, repository ? &slug : NULL))
        status = error_set(err, STATUS_FORMAT,
                           "Bitbucket answered 307, which leads to %s: that is no %s", where,
                           repository ? "repository" : "project");
    else if (++job->moves > CRAWL_MOVES_MAX)
        status = error_set(err, STATUS_FORMAT,
                           "Bitbucket answered 307 again and again, the last time to %s", where);
    else
        status = set_names(job, buffer_view(&key), repository ? buffer_view(&slug) : TEXT_NONE,
                           err);
    if (status == STATUS_OK)
        begin_lookup(job, job->lookup == LOOKUP_NAMED ? LOOKUP_NAMED : LOOKUP_MOVED);
    buffer_free(&key);
    buffer_free(&slug);
    buffer_free(&safe);
    return status;
}

/* All that the round asked is answered. */
static enum status end_round(struct crawl *c, struct job *job, struct error *err)
{
    if (job->location) {
        char *location = job->location;
        job->location = NULL;
        clear_round(job);
        enum status status = follow(job, location, err);
        free(location);
        return status;
    }
    if (job->absent) {
        begin_lookup(job, LOOKUP_ABSENT);
        return STATUS_OK;
    }
    enum status status = judge_missing(c, job, err);
    if (status == STATUS_OK)
        status = feed_held(c, job, err);
    if (status == STATUS_OK)
        finish(c, job);
    return status;
}

enum status job_settle(struct crawl *c, struct job *job, struct error *err)
{
    if (job->under_way || job_next(c, job) != ENDPOINTS)
        return STATUS_OK;
    return end_round(c, job, err);
}

/* ------------------------------------------------------------------ a look-up */

static enum status gone(struct crawl *c, struct job *job, struct error *err)
{
    struct buffer name;
    enum status status;
    clear_round(job);
    job->lookup = LOOKUP_NO;
    job->todo = 0;
    if (!job->named) {
        c->result.gone++;
        status = builder_gone(c->builder, job->target.place, err);
        return status == STATUS_OK ? found_gone(c, job, err) : status;
    }
    buffer_init(&name, SIZE_MAX);
    buffer_escaped(&name, job->target.project_key, 200, false);
    if (job->level == LEVEL_REPOSITORY)
        buffer_string(&name, "/");
    buffer_escaped(&name, job->target.slug, 200, false);
    status = error_set(
        err, STATUS_NOT_FOUND, "Bitbucket has no %s %s, or the account may not see it",
        job->level == LEVEL_REPOSITORY ? "repository" : "project", name.data ? name.data : "");
    buffer_free(&name);
    return status;
}

struct place_names { /* of an answer to a look-up */
    uint64_t id;
    struct text key, slug;
    bool personal;
};

static enum status read_place(const struct job *job, const char *url, const json_t *body,
                              struct place_names *out, struct error *err)
{
    struct fields f = {.where = url, .err = err};
    bool repository = job->level == LEVEL_REPOSITORY;
    *out = (struct place_names){.id = field_u64(&f, body, "id", REQUIRED, NULL), .slug = TEXT_NONE};
    out->key = field_text(&f, body, repository ? "project.key" : "key", REQUIRED);
    if (repository)
        out->slug = field_text(&f, body, "slug", REQUIRED);
    else
        out->personal = text_equal(field_text(&f, body, "type", OPTIONAL), TEXT("PERSONAL"));
    return f.status;
}

/* The place is here: its row as it is now, and all its endpoints. */
static enum status settle_here(struct crawl *c, struct job *job, const struct request *r,
                               const struct response *response, const struct place_names *names,
                               struct error *err)
{
    struct feed_result result = {0};
    bool fresh = true, named = job->lookup == LOOKUP_NAMED;
    const struct crawl_scope *scope = c->options->scope;
    job->target.place.id = names->id;
    job->personal = names->personal;
    enum status status = set_names(job, names->key, names->slug, err);
    /* What was read under another name has the restrictions of the project that it was in. */
    if (status == STATUS_OK && !named)
        status = builder_anew(c->builder, job->target.place, err);
    if (status == STATUS_OK)
        status = request_feed(c, job, r->route.endpoint, r->url.data, 0, response->body, &result,
                              err);
    if (status == STATUS_OK)
        status = found_here(c, job, &fresh, err);
    if (status == STATUS_OK && named && scope)
        status = builder_part(c->builder, job->target.place, scope->started_ms, err);
    if (status != STATUS_OK)
        return status;
    c->result.moved += !named || job->moves > 0;
    begin_round(c, job);
    if (named && !fresh)
        job->todo = 0; /* another job has it: it was named twice, or with its project */
    return STATUS_OK;
}

/* The place is there, only what may be missing is missing: what the round read is good. */
static enum status stay(struct job *job)
{
    free(job->absent);
    job->absent = NULL;
    job->lookup = LOOKUP_NO;
    return STATUS_OK;
}

static enum status is_here(struct crawl *c, struct job *job, const struct request *r,
                           const struct response *response, struct error *err)
{
    struct place_names names;
    enum status status = read_place(job, r->url.data, response->body, &names, err);
    if (status != STATUS_OK)
        return status;
    bool same = job->lookup == LOOKUP_NAMED || names.id == job->target.place.id;
    switch (job->lookup) {
    case LOOKUP_ABSENT: /* it is there after all: then nothing of it should be missing that each has */
        if (same && job->absent_place)
            return error_set(err, STATUS_FORMAT, "%s", job->absent);
        if (same)
            return stay(job);
        break;
    case LOOKUP_LISTED:
        if (!same)
            return error_set(err, STATUS_FORMAT,
                             "%s: its name was taken over while it was read, run sync again",
                             r->url.data);
        break;
    default:
        break;
    }
    if (!same)
        return gone(c, job, err);
    return settle_here(c, job, r, response, &names, err);
}

enum status job_looked_up(struct crawl *c, struct job *job, const struct request *r,
                          enum outcome outcome, const struct response *response, struct error *err)
{
    switch (outcome) {
    case OUTCOME_HAVE:
        return is_here(c, job, r, response, err);
    case OUTCOME_ABSENT:
        return gone(c, job, err);
    case OUTCOME_MOVED:
        clear_round(job);
        if (response->location)
            return follow(job, response->location, err);
        return error_set(err, STATUS_FORMAT,
                         "%s: Bitbucket answered 307, which leads to no place of this instance",
                         r->url.data);
    case OUTCOME_UNRECORDED:
        if (job->lookup == LOOKUP_ABSENT)
            return error_set(err, STATUS_FORMAT, "%s", job->absent);
        return request_unrecorded(job, r->wanted, err);
    case OUTCOME_REFUSED:
        if (!c->options->allow_partial || job->named)
            return request_refuse(r, response, err);
        /* It moved to where the account sees nothing. */
        clear_round(job);
        job->lookup = LOOKUP_NO;
        c->result.refused++;
        return builder_incomplete(c->builder, job->target.place, INCOMPLETE_ALL, err);
    default:
        return request_refuse(r, response, err);
    }
}
