/*
 * survey_rights.c - may the account read what a crawl asks for? One small request an endpoint, about
 * the first group, user, project and repository that the account sees.
 */
#include "bitbucket/survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "bitbucket/feed.h"
#include "bitbucket/survey_parse.h"
#include "bitbucket/url.h"

#define REPOSITORIES_LOOKED_AT 25 /* for one that is not personal */
#define WORDS_MAX ((size_t)16 * 1024)

struct rights {
    struct client *client;
    bool with_reports;
    void (*tell)(void *self, const struct survey_right *right);
    void *self;
    bool default_found; /* the project has one: lower ones are not asked for */
    struct buffer url, words, sample;
    /* What was seen first; NULL: nothing yet. */
    json_t *user, *group, *project, *repository;
};

static struct text member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value)
               ? (struct text){json_string_value(value), json_string_length(value)}
               : TEXT_NONE;
}

/* ------------------------------------------------------------------ what to ask about */

static bool is_personal(const json_t *project)
{
    return text_equal(member(project, "type"), TEXT("PERSONAL"));
}

static void keep(json_t **kept, json_t *value)
{
    if (!*kept && value)
        *kept = json_incref(value);
}

/* A personal project has no settings (rest-api.md 3.5), and its repositories are of its owner: they
 * serve only where there is nothing else. */
static void keep_repository(struct rights *r, const json_t *values)
{
    json_t *best = NULL;
    for (size_t i = json_array_size(values); i-- > 0;) {
        json_t *value = json_array_get(values, i);
        const json_t *project = json_object_get(value, "project");
        if (!member(value, "slug").size || !member(project, "key").size)
            continue;
        if (!best || !is_personal(project) || is_personal(json_object_get(best, "project")))
            best = value;
    }
    keep(&r->repository, best);
}

static void keep_sample(struct rights *r, enum endpoint_id id, const json_t *body)
{
    const json_t *values = json_object_get(body, "values");
    json_t *first = json_array_get(values, 0);
    switch (id) {
    case ENDPOINT_USERS:
    case ENDPOINT_USERS_PLAIN:
        keep(&r->user, first);
        break;
    case ENDPOINT_GROUPS:
    case ENDPOINT_GROUPS_PLAIN:
        keep(&r->group, json_is_object(first) ? json_object_get(first, "name") : first);
        break;
    case ENDPOINT_PROJECTS:
        if (first && !is_personal(first))
            keep(&r->project, first);
        break;
    case ENDPOINT_REPOSITORIES:
        keep_repository(r, values);
        break;
    default:
        break;
    }
}

static bool is_default(enum endpoint_id id)
{
    return id == ENDPOINT_DEFAULT_ADMIN || id == ENDPOINT_DEFAULT_CREATE ||
           id == ENDPOINT_DEFAULT_WRITE || id == ENDPOINT_DEFAULT_READ;
}

/* A crawl asks from the highest down, and no further than the one that is permitted. */
static void keep_default(struct rights *r, enum endpoint_id id, const json_t *body)
{
    if (is_default(id) && json_is_true(json_object_get(body, "permitted")))
        r->default_found = true;
}

/* false: there is nothing to ask about. r->sample: its name. */
static bool find_target(struct rights *r, enum endpoint_level level, struct url_values *values)
{
    struct url_values v = {.project = TEXT_NONE};
    bool there = true;
    r->sample.size = 0;
    switch (level) {
    case LEVEL_INSTANCE:
        break;
    case LEVEL_GROUP:
        there = json_is_string(r->group);
        if (there)
            v.group = (struct text){json_string_value(r->group), json_string_length(r->group)};
        buffer_text(&r->sample, v.group);
        break;
    case LEVEL_USER:
        v.user = member(r->user, "name");
        v.slug = member(r->user, "slug");
        if (!v.slug.size)
            v.slug = v.user;
        there = v.user.size > 0;
        buffer_text(&r->sample, v.user);
        break;
    case LEVEL_PROJECT:
        v.project = member(r->project, "key");
        there = v.project.size > 0;
        buffer_text(&r->sample, v.project);
        break;
    case LEVEL_REPOSITORY:
        v.project = member(json_object_get(r->repository, "project"), "key");
        v.repository = member(r->repository, "slug");
        there = v.repository.size > 0;
        buffer_printf(&r->sample, "%.*s/%.*s", TEXT_ARG(v.project), TEXT_ARG(v.repository));
        break;
    }
    *values = v;
    return there;
}

/* ------------------------------------------------------------------ asking */

static void release(struct client_answer *answer)
{
    json_decref(answer->body);
    free(answer->location);
    answer->body = NULL;
    answer->location = NULL;
}

static enum status ask_version(struct rights *r, enum endpoint_id id, const char *version,
                               const struct url_values *values, struct client_answer *answer,
                               struct error *err)
{
    const struct endpoint *endpoint = &endpoints[id];
    r->url.size = 0;
    buffer_string(&r->url, endpoint->before);
    buffer_string(&r->url, version);
    url_fill(&r->url, endpoint->after, values);
    if (endpoint->flags & ENDPOINT_PAGED)
        buffer_printf(&r->url, "%climit=%d", strchr(endpoint->after, '?') ? '&' : '?',
                      id == ENDPOINT_REPOSITORIES ? REPOSITORIES_LOOKED_AT : 1);
    if (r->url.failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    const struct client_request request = {.url = r->url.data,
                                           .admin = endpoint->flags & ENDPOINT_ADMIN,
                                           .anonymous = id == ENDPOINT_PROPERTIES};
    return client_get(r->client, &request, answer, err);
}

/* `latest`, and where the server does not know it the number (rest-api.md 1.1). */
static enum status ask(struct rights *r, enum endpoint_id id, const struct url_values *values,
                       struct client_answer *answer, struct error *err)
{
    enum status status = ask_version(r, id, "latest", values, answer, err);
    if (status != STATUS_OK || answer->status != 404 || feed_is_resource_error(answer->body))
        return status;
    release(answer);
    return ask_version(r, id, endpoints[id].version, values, answer, err);
}

static void tell_nothing_to_ask(struct rights *r, enum endpoint_id id)
{
    static const char *const nothing[] = {
        [LEVEL_INSTANCE] = "",
        [LEVEL_GROUP] = "the account sees no group to ask about",
        [LEVEL_USER] = "the account sees no user to ask about",
        [LEVEL_PROJECT] = "the account sees no project to ask about",
        [LEVEL_REPOSITORY] = "the account sees no repository to ask about",
    };
    const struct survey_right right = {
        .endpoint = id, .may = ANSWER_CANNOT_TELL, .sentence = nothing[endpoints[id].level]};
    r->tell(r->self, &right);
}

/* *lacking: this version does not have it (its fallback is asked then). */
static enum status try_one(struct rights *r, enum endpoint_id id, bool *lacking, struct error *err)
{
    struct url_values values;
    struct client_answer answer;
    struct survey_right right;
    *lacking = false;
    if (!find_target(r, endpoints[id].level, &values)) {
        tell_nothing_to_ask(r, id);
        return STATUS_OK;
    }
    enum status status = ask(r, id, &values, &answer, err);
    if (status != STATUS_OK)
        return status;
    r->words.size = 0;
    survey_judge(id, answer.status, answer.body, r->sample.size ? r->sample.data : "", &right,
                 &r->words);
    if (r->words.size)
        right.sentence = r->words.data;
    if (answer.status == 200) {
        keep_sample(r, id, answer.body);
        keep_default(r, id, answer.body);
    }
    release(&answer);
    if (r->words.failed || r->sample.failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    *lacking = right.lacking;
    r->tell(r->self, &right);
    return STATUS_OK;
}

static bool wanted(const struct rights *r, enum endpoint_id id)
{
    unsigned flags = endpoints[id].flags;
    return !(flags & (ENDPOINT_FALLBACK | ENDPOINT_SINGLE)) &&
           !(r->default_found && is_default(id)) && (r->with_reports || !(flags & ENDPOINT_REPORT));
}

static enum status try_level(struct rights *r, enum endpoint_level level, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ENDPOINTS && status == STATUS_OK; i++) {
        enum endpoint_id id = (enum endpoint_id)i;
        bool lacking;
        if (endpoints[id].level != level || !wanted(r, id))
            continue;
        status = try_one(r, id, &lacking, err);
        if (status == STATUS_OK && lacking && endpoints[id].fallback != ENDPOINTS)
            status = try_one(r, endpoints[id].fallback, &lacking, err);
    }
    return status;
}

enum status survey_rights(struct client *client, bool with_reports,
                          void (*tell)(void *self, const struct survey_right *right), void *self,
                          struct error *err)
{
    struct rights r = {.client = client, .with_reports = with_reports, .tell = tell, .self = self};
    /* The lists of the instance first: they say what else can be asked about. */
    static const enum endpoint_level order[] = {LEVEL_INSTANCE, LEVEL_GROUP, LEVEL_PROJECT,
                                                LEVEL_REPOSITORY, LEVEL_USER};
    enum status status = STATUS_OK;
    buffer_init(&r.url, WORDS_MAX);
    buffer_init(&r.words, WORDS_MAX);
    buffer_init(&r.sample, WORDS_MAX);
    for (size_t i = 0; i < sizeof order / sizeof order[0] && status == STATUS_OK; i++)
        status = try_level(&r, order[i], err);
    json_decref(r.user);
    json_decref(r.group);
    json_decref(r.project);
    json_decref(r.repository);
    buffer_free(&r.url);
    buffer_free(&r.words);
    buffer_free(&r.sample);
    return status;
}
