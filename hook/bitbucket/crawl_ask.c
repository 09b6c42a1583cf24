/*
 * crawl_ask.c - one request: its URL, its routes, and what its answer leads to.
 */
#include "bitbucket/crawl_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitbucket/url.h"

/* ------------------------------------------------------------------ asking */

static void make_url(struct buffer *url, const struct outcome_route *route,
                     const struct target *target, uint64_t start)
{
    const struct endpoint *endpoint = &endpoints[route->endpoint];
    const struct url_values values = {.project = target->project_key,
                                      .repository = target->slug,
                                      .group = target->group,
                                      .user = target->user,
                                      .slug = target->user_slug};
    url->size = 0;
    buffer_string(url, endpoint->before);
    buffer_string(url, route->number ? endpoint->version : "latest");
    url_fill(url, endpoint->after, &values);
    if (endpoint->flags & ENDPOINT_PAGED)
        buffer_printf(url, "%sstart=%" PRIu64 "&limit=" CRAWL_PAGE_LIMIT,
                      strchr(endpoint->after, '?') ? "&" : "?", start);
}

static enum status ask(struct crawl *c, size_t slot, struct error *err)
{
    struct request *r = &c->requests[slot];
    make_url(&r->url, &r->route, &r->job->target, r->start);
    if (r->url.failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    const struct question question = {r->route.endpoint, r->url.data, r->job->look};
    return c->source->ask(c->source->self, slot, &question, err);
}

enum status request_begin(struct crawl *c, struct job *job, enum endpoint_id wanted,
                          struct error *err)
{
    size_t slot = c->free_slots[c->free_count - 1];
    struct request *r = &c->requests[slot];
    struct buffer url = r->url;
    enum endpoint_id fallback = endpoints[wanted].fallback;
    *r = (struct request){
        .job = job,
        .wanted = wanted,
        .known = {.number_first = c->number_first[wanted],
                  .fallback_number_first = fallback != ENDPOINTS && c->number_first[fallback],
                  .fallback_first = c->fallback_first[wanted]},
        .url = url,
    };
    outcome_route(wanted, &r->known, 0, &r->route);
    enum status status = ask(c, slot, err);
    if (status != STATUS_OK)
        return status;
    c->free_count--;
    job->todo &= ~BIT(wanted);
    job->under_way++;
    job->probing = job->probing || outcome_is_default_probe(wanted);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ sentences */

enum status request_refuse(const struct request *r, const struct response *response,
                           struct error *err)
{
    struct buffer said;
    struct text message = feed_error_message(response->body);
    bool refused = response->status == 401 || response->status == 403;
    buffer_init(&said, SIZE_MAX);
    buffer_escaped(&said, message, 200, false);
    /* There a token is refused whoever its account is (rest-api.md 4.1). */
    bool no_token = refused && (endpoints[r->wanted].flags & ENDPOINT_ADMIN);
    enum status status = refused ? STATUS_TRUST : STATUS_FORMAT;
    error_set(err, status, "%s: Bitbucket answered %d%s%s%s%s%s%s", r->url.data,
              response->status, message.size ? " (" : "", said.data ? said.data : "",
              message.size ? ")" : "", refused ? "; the account needs " : "",
              refused ? endpoints[r->wanted].permission : "",
              no_token ? ", and a user with a password: Bitbucket takes no token here" : "");
    buffer_free(&said);
    return status;
}

static enum status unrecorded(enum endpoint_id wanted, const char *url, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "%s: the recording has no answer to %s",
                     endpoints[wanted].name, url);
}

enum status request_unrecorded(const struct job *job, enum endpoint_id wanted, struct error *err)
{
    struct buffer url;
    const struct outcome_route first = {wanted, false};
    buffer_init(&url, SIZE_MAX);
    make_url(&url, &first, &job->target, 0);
    enum status status = unrecorded(wanted, url.data ? url.data : "", err);
    buffer_free(&url);
    return status;
}

/* The message names the URL that everybody would look for. */
static enum status no_route(const struct request *r, struct error *err)
{
    struct buffer url;
    const struct outcome_route first = {r->wanted, false};
    buffer_init(&url, SIZE_MAX);
    make_url(&url, &first, &r->job->target, r->start);
    enum status status = error_set(err, STATUS_FORMAT,
                                   "%s: Bitbucket answered 404: there is no such route (%s)",
                                   url.data ? url.data : "", endpoints[r->wanted].name);
    buffer_free(&url);
    return status;
}

enum status request_note(struct crawl *c, enum note note, enum endpoint_id endpoint,
                         struct error *err)
{
    static const char *const words[NOTES] = {
        [NOTE_LACKS] = "this version of Bitbucket has no ",
        [NOTE_REFUSED] = "the account may not read all that there is: ",
        [NOTE_REPORT_REFUSED] = "the account may not read what only reports need: ",
        [NOTE_REPORT_UNREAD] = "what only reports need could not be read everywhere: ",
    };
    char text[200];
    if (c->noted[note] & BIT(endpoint))
        return STATUS_OK;
    c->noted[note] |= BIT(endpoint);
    snprintf(text, sizeof text, "%s%s", words[note], endpoints[endpoint].name);
    return builder_note(c->builder, text_of(text), err);
}

/* ------------------------------------------------------------------ what an answer leads to */

static bool is_report(enum endpoint_id id)
{
    return endpoints[id].flags & ENDPOINT_REPORT;
}

static bool is_place(const struct job *job)
{
    return job->level == LEVEL_PROJECT || job->level == LEVEL_REPOSITORY;
}

/* What only reports need never fails the decision data. */
static enum status note_report(struct crawl *c, enum endpoint_id id, struct error *err)
{
    return request_note(c, NOTE_REPORT_UNREAD, id, err);
}

enum status request_feed(struct crawl *c, const struct job *job, enum endpoint_id endpoint,
                         const char *url, uint64_t start, const json_t *body,
                         struct feed_result *result, struct error *err)
{
    c->feeding = job;
    c->feeding_endpoint = endpoint;
    enum status status = feed_answer(&c->feed, endpoint, &job->target, url, start, body, result,
                                     err);
    if (is_report(endpoint) && (status == STATUS_FORMAT || status == STATUS_LIMIT)) {
        *result = (struct feed_result){0};
        return note_report(c, endpoint, err);
    }
    return status;
}

/* Servers before 8.0 do not know `projectkey`, and list the repositories of all projects. */
static bool lists_other_projects(const struct request *r, const json_t *body)
{
    const json_t *values = json_object_get(body, "values");
    if (r->route.endpoint != ENDPOINT_PROJECT_REPOSITORIES)
        return false;
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *project = json_object_get(json_array_get(values, i), "project");
        const json_t *key = json_object_get(project, "key");
        if (json_is_string(key) &&
            !text_equal_fold(text_of(json_string_value(key)), r->job->target.project_key))
            return true;
    }
    return false;
}

/* To the first route of the fallback, from the beginning of the list. false: that was tried. */
static bool skip_to_fallback(struct crawl *c, struct request *r)
{
    if (r->known.fallback_first)
        return false;
    c->fallback_first[r->wanted] = true;
    r->routes_tried = 2; /* both of the endpoint itself */
    r->start = 0;
    r->pages = 0;
    return outcome_route(r->wanted, &r->known, r->routes_tried, &r->route);
}

static bool may_hold(const struct request *r, const struct feed_result *page)
{
    enum endpoint_id id = r->wanted;
    if (!is_place(r->job) || (endpoints[id].flags & ENDPOINT_SINGLE))
        return false;
    return id == ENDPOINT_PROJECT_RESTRICTIONS || id == ENDPOINT_REPOSITORY_RESTRICTIONS ||
           (!page->more && r->start == 0);
}

/* Of a part the list of groups is not read: that a group is there is known by its members. */
static enum status tell_group(struct crawl *c, const struct job *job, bool there, struct error *err)
{
    if (job->level != LEVEL_GROUP || !c->options->scope)
        return STATUS_OK;
    return there ? builder_group(c->builder, job->target.group, false, err)
                 : builder_group_gone(c->builder, job->target.group, err);
}

/* An answer that is there: to the builder, or held; *again: another page is to be asked for. */
static enum status have(struct crawl *c, struct request *r, struct response *response, bool *again,
                        struct error *err)
{
    struct feed_result page = {0};
    if (lists_other_projects(r, response->body)) {
        *again = skip_to_fallback(c, r);
        if (!*again)
            return request_refuse(r, response, err);
        return STATUS_OK;
    }
    enum status status = feed_peek(r->route.endpoint, r->url.data, r->start, response->body, &page,
                                   err);
    if (status == STATUS_FORMAT && is_report(r->wanted))
        return note_report(c, r->wanted, err);
    if (status == STATUS_OK && may_hold(r, &page))
        status = job_hold(c, r->job, r->route.endpoint, r->url.data, r->start, response, err);
    else if (status == STATUS_OK)
        status = request_feed(c, r->job, r->route.endpoint, r->url.data, r->start, response->body,
                              &page, err);
    if (status == STATUS_OK && !r->start)
        status = tell_group(c, r->job, true, err);
    if (status != STATUS_OK)
        return status;
    r->job->probed = r->job->probed || page.permitted;
    *again = page.more;
    if (page.more && ++r->pages >= CRAWL_PAGES_MAX)
        return error_set(err, STATUS_LIMIT, "%s: the list has no end", r->url.data);
    r->start = page.next;
    return STATUS_OK;
}

/* What may not be read is an error, or with allow_partial a mark. */
static enum status refused(struct crawl *c, struct request *r, const struct response *response,
                           struct error *err)
{
    struct job *job = r->job;
    unsigned flags = endpoints[r->wanted].flags;
    if (flags & ENDPOINT_REPORT) {
        c->given_up |= BIT(r->wanted);
        return request_note(c, NOTE_REPORT_REFUSED, r->wanted, err);
    }
    unsigned what = outcome_incomplete(r->wanted);
    bool markable = job->level == LEVEL_GROUP || what ||
                    (is_place(job) && !(flags & ENDPOINT_SINGLE));
    if (!c->options->allow_partial || !markable)
        return request_refuse(r, response, err);
    c->result.refused++;
    enum status status = STATUS_OK;
    if (job->level == LEVEL_GROUP)
        status = builder_group(c->builder, job->target.group, true, err);
    else if (what)
        status = builder_incomplete(c->builder, job->target.place, what, err);
    /* The other levels of the default permission would be refused as well. */
    job->probed = job->probed || outcome_is_default_probe(r->wanted);
    if (status == STATUS_OK)
        status = request_note(c, NOTE_REFUSED, r->wanted, err);
    return status;
}

static enum status moved(struct request *r, const struct response *response, struct error *err)
{
    struct job *job = r->job;
    if (!is_place(job) || !response->location) {
        error_set(err, STATUS_FORMAT,
                  "%s: Bitbucket answered 307, which leads to no place of this instance",
                  r->url.data);
        return STATUS_FORMAT;
    }
    if (job->location && job->location_of > r->wanted)
        return STATUS_OK;
    char *location = strdup(response->location);
    if (!location)
        return error_set(err, STATUS_MEMORY, "out of memory");
    free(job->location);
    job->location = location;
    job->location_of = r->wanted;
    return STATUS_OK;
}

/* "No such …": of a group or a user it is an answer; of a place it has to be looked into. */
static enum status absent(struct crawl *c, struct request *r, const struct response *response,
                          struct error *err)
{
    struct error sentence;
    struct job *job = r->job;
    if (job->level == LEVEL_GROUP || job->level == LEVEL_USER)
        return r->start ? STATUS_OK : tell_group(c, job, false, err);
    if (is_report(r->wanted))
        return note_report(c, r->wanted, err);
    if (!is_place(job))
        return request_refuse(r, response, err);
    (void)request_refuse(r, response, &sentence);
    bool of_place = !(endpoints[r->route.endpoint].flags & ENDPOINT_404_EITHER);
    if (job->absent && (job->absent_place || !of_place))
        return STATUS_OK;
    free(job->absent);
    job->absent = strdup(sentence.text);
    job->absent_place = of_place;
    return job->absent ? STATUS_OK : error_set(err, STATUS_MEMORY, "out of memory");
}

/* The recording has no answer. Of a place it is judged when the round is over: it may have moved. */
static enum status missing(struct crawl *c, struct request *r, struct error *err)
{
    struct job *job = r->job;
    struct error sentence;
    if (job->look == LOOK_SECOND && r->start == 0 && job->level == LEVEL_INSTANCE)
        return STATUS_OK; /* it was made without second looks */
    if (job->level == LEVEL_GROUP && c->options->allow_partial) {
        c->result.refused++;
        return builder_group(c->builder, job->target.group, true, err);
    }
    if (r->start == 0 && (is_place(job) || is_report(r->wanted))) {
        job->missing |= BIT(r->wanted);
        return STATUS_OK;
    }
    if (!is_place(job) && !is_report(r->wanted))
        return r->start ? unrecorded(r->wanted, r->url.data, err)
                        : request_unrecorded(job, r->wanted, err);
    (void)unrecorded(r->wanted, r->url.data, &sentence);
    if (is_report(r->wanted))
        return note_report(c, r->wanted, err);
    if (!job->missing_page)
        job->missing_page = strdup(sentence.text);
    return job->missing_page ? STATUS_OK : error_set(err, STATUS_MEMORY, "out of memory");
}

/* What a server has for one place it has for all. A plugin that is switched off or updated meanwhile
 * answers as a server without it would: the restrictions or models of the rest would be lost. */
static enum status contradicts(const struct request *r, struct error *err)
{
    return error_set(err, STATUS_FORMAT,
                     "%s: Bitbucket answered as if it had no %s, but has answered about others: is a "
                     "plugin being updated? Run sync again",
                     r->url.data, endpoints[r->wanted].name);
}

static enum status lacks(struct crawl *c, const struct request *r, struct error *err)
{
    c->lacking |= BIT(r->wanted);
    if ((c->had & BIT(r->wanted)) && !is_report(r->wanted))
        return contradicts(r, err);
    return request_note(c, NOTE_LACKS, r->wanted, err);
}

static enum status has(struct crawl *c, const struct request *r, struct error *err)
{
    c->had |= BIT(r->wanted);
    if ((c->lacking & BIT(r->wanted)) && !is_report(r->wanted))
        return contradicts(r, err);
    return STATUS_OK;
}

static enum status conclude(struct crawl *c, struct request *r, enum outcome outcome,
                            struct response *response, bool *again, struct error *err)
{
    enum status status;
    switch (outcome) {
    case OUTCOME_HAVE:
        status = has(c, r, err);
        return status == STATUS_OK ? have(c, r, response, again, err) : status;
    case OUTCOME_NONE:
        return has(c, r, err);
    case OUTCOME_LACKS:
        return lacks(c, r, err);
    case OUTCOME_REFUSED:
        return refused(c, r, response, err);
    case OUTCOME_MOVED:
        return moved(r, response, err);
    case OUTCOME_ABSENT:
        return absent(c, r, response, err);
    case OUTCOME_UNRECORDED:
        return missing(c, r, err);
    case OUTCOME_NO_ROUTE:
        return is_report(r->wanted) ? note_report(c, r->wanted, err) : no_route(r, err);
    case OUTCOME_NEXT:
    case OUTCOME_UNUSABLE:
        break;
    }
    return is_report(r->wanted) ? note_report(c, r->wanted, err) : request_refuse(r, response, err);
}

/* What the answer says of the routes; *again: the next one is to be tried. */
static enum outcome judge(struct crawl *c, struct request *r, const struct response *response)
{
    struct outcome_route next = r->route;
    bool route_missing = !response->missing && response->status == 404 &&
                         !feed_is_resource_error(response->body);
    size_t tried = r->routes_tried + 1;
    const struct outcome_facts facts = {
        .endpoint = r->route.endpoint,
        .missing = response->missing,
        .status = response->status,
        .resource_error = feed_is_resource_error(response->body),
        .more_routes = r->start == 0 && outcome_route(r->wanted, &r->known, tried, &next),
        .route_seen_missing = r->route_seen_missing,
        .first_page = r->start == 0,
    };
    enum outcome outcome = outcome_of(&facts);
    if (outcome == OUTCOME_NEXT) {
        r->routes_tried = tried;
        r->route = next;
        r->route_seen_missing = r->route_seen_missing || route_missing;
    } else if (!response->missing && !route_missing) {
        c->number_first[r->route.endpoint] = r->route.number;
        if (endpoints[r->wanted].fallback != ENDPOINTS)
            c->fallback_first[r->wanted] = r->route.endpoint != r->wanted &&
                                           (r->route_seen_missing || c->fallback_first[r->wanted]);
    }
    return outcome;
}

enum status request_answered(struct crawl *c, size_t slot, struct response *response,
                             struct error *err)
{
    struct request *r = &c->requests[slot];
    struct job *job = r->job;
    bool again = false;
    c->result.answers += !response->missing;
    enum outcome outcome = judge(c, r, response);
    enum status status = STATUS_OK;
    if (outcome == OUTCOME_NEXT)
        again = true;
    else if (job->lookup != LOOKUP_NO)
        status = job_looked_up(c, job, r, outcome, response, err);
    else
        status = conclude(c, r, outcome, response, &again, err);
    c->source->release(c->source->self, response);
    if (status != STATUS_OK)
        return status;
    if (again)
        return ask(c, slot, err);
    if (outcome_is_default_probe(r->wanted))
        job->probing = false;
    r->job = NULL;
    c->free_slots[c->free_count++] = slot;
    job->under_way--;
    return job_settle(c, job, err);
}
