#include "bitbucket/crawl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "bitbucket/url.h"

#define PAGES_MAX 1000000 /* of one list: ends a source that leads on for ever */

struct found { /* a group, a project or a repository that is to be read */
    uint64_t id;
    char *name; /* group name, project key */
    char *slug;
    bool personal;
};
struct founds {
    struct found *at;
    size_t count, room;
};

struct crawl {
    const struct answer_source *source;
    struct builder *builder;
    const struct crawl_options *options;
    struct feed feed;
    struct founds groups, projects, repositories;
    struct buffer url;
    bool old_version[ENDPOINTS]; /* `latest` is not there: ask for the number first */
    bool lacking[ENDPOINTS];     /* this server has no such thing */
    uint64_t answers;
};

/* ------------------------------------------------------------------ what was found */

static enum status add_found(struct founds *list, struct found item, struct error *err)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 64;
        struct found *at = realloc(list->at, room * sizeof *at);
        if (!at)
            goto memory;
        list->at = at;
        list->room = room;
    }
    if (!item.name)
        goto memory;
    list->at[list->count++] = item;
    return STATUS_OK;
memory:
    free(item.name);
    free(item.slug);
    return error_set(err, STATUS_MEMORY, "out of memory");
}

static char *copy_text(struct text t)
{
    return strndup(t.at ? t.at : "", t.size);
}

static enum status found_group(void *self, struct text name, struct error *err)
{
    struct crawl *c = self;
    return add_found(&c->groups, (struct found){.name = copy_text(name)}, err);
}

static enum status found_project(void *self, uint64_t id, struct text key, bool personal,
                                 struct error *err)
{
    struct crawl *c = self;
    struct found *last = c->projects.count ? &c->projects.at[c->projects.count - 1] : NULL;
    if (last && last->id == id) /* the repositories of one project follow each other */
        return STATUS_OK;
    return add_found(&c->projects,
                     (struct found){.id = id, .name = copy_text(key), .personal = personal}, err);
}

static enum status found_repository(void *self, uint64_t id, struct text project_key,
                                    struct text slug, struct error *err)
{
    struct crawl *c = self;
    struct found item = {.id = id, .name = copy_text(project_key), .slug = copy_text(slug)};
    if (!item.slug) {
        free(item.name);
        item.name = NULL;
    }
    return add_found(&c->repositories, item, err);
}

static int by_id(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void free_founds(struct founds *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->at[i].name);
        free(list->at[i].slug);
    }
    free(list->at);
}

/* Each id (each name, of groups) once. */
static void unique_founds(struct founds *list)
{
    if (list->count > 1)
        qsort(list->at, list->count, sizeof *list->at, by_id);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct found *last = kept ? &list->at[kept - 1] : NULL;
        if (last && last->id == list->at[i].id && (last->id || !strcmp(last->name, list->at[i].name))) {
            free(list->at[i].name);
            free(list->at[i].slug);
            continue;
        }
        list->at[kept++] = list->at[i];
    }
    list->count = kept;
}

/* ------------------------------------------------------------------ asking */

static void make_url(struct crawl *c, const struct endpoint *endpoint, const char *version,
                     const struct target *target, uint64_t start)
{
    const struct url_values values = {target->project_key, target->slug, target->group};
    c->url.size = 0;
    buffer_string(&c->url, endpoint->before);
    buffer_string(&c->url, version);
    url_fill(&c->url, endpoint->after, &values);
    if (endpoint->flags & ENDPOINT_PAGED)
        buffer_printf(&c->url, "%sstart=%" PRIu64, strchr(endpoint->after, '?') ? "&" : "?", start);
}

static enum status ask(struct crawl *c, enum endpoint_id id, const char *version,
                       const struct target *target, uint64_t start, struct response *answer,
                       struct error *err)
{
    make_url(c, &endpoints[id], version, target, start);
    if (c->url.failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    *answer = (struct response){0};
    enum status status = c->source->get(c->source->self, c->url.data, answer, err);
    if (status == STATUS_OK)
        c->answers++;
    return status;
}

static bool is_route_missing(const struct response *answer)
{
    return answer->status == 404 && !feed_is_resource_error(answer->body);
}

/* `latest`, and where this server does not know it the number (rest-api.md 1.1). STATUS_NOT_FOUND:
 * the source has neither. */
static enum status ask_versions(struct crawl *c, enum endpoint_id id, const struct target *target,
                                uint64_t start, struct response *answer, struct error *err)
{
    const char *versions[2] = {"latest", endpoints[id].version};
    struct response second = {0};
    struct error other;
    bool swapped = c->old_version[id];
    enum status status = ask(c, id, versions[swapped], target, start, answer, err);
    if (status != STATUS_NOT_FOUND && (status != STATUS_OK || !is_route_missing(answer)))
        return status;
    enum status next = ask(c, id, versions[!swapped], target, start, &second, &other);
    if (next == STATUS_OK && !is_route_missing(&second)) {
        json_decref(answer->body);
        *answer = second;
        c->old_version[id] = !swapped;
        return STATUS_OK;
    }
    json_decref(second.body);
    if (next != STATUS_OK && next != STATUS_NOT_FOUND) {
        json_decref(answer->body);
        if (err)
            *err = other;
        return next;
    }
    /* The message names the URL that everybody would look for. */
    make_url(c, &endpoints[id], "latest", target, start);
    return status;
}

static enum status refuse(const struct crawl *c, const struct endpoint *endpoint,
                          const struct response *answer, struct error *err)
{
    struct buffer said;
    struct text message = feed_error_message(answer->body);
    buffer_init(&said, SIZE_MAX);
    buffer_escaped(&said, message, 200, false);
    bool refused = answer->status == 401 || answer->status == 403;
    error_set(err, STATUS_FORMAT, "%s: Bitbucket answered %d%s%s%s%s%s", c->url.data,
              answer->status, message.size ? " (" : "", said.data ? said.data : "",
              message.size ? ")" : "", refused ? "; the account needs " : "",
              refused ? endpoint->permission : "");
    buffer_free(&said);
    return STATUS_FORMAT;
}

static enum status note_lacking(struct crawl *c, enum endpoint_id id, struct error *err)
{
    char note[160];
    if (c->lacking[id])
        return STATUS_OK;
    c->lacking[id] = true;
    snprintf(note, sizeof note, "this version of Bitbucket has no %s", endpoints[id].name);
    return builder_note(c->builder, text_of(note), err);
}

/* An answer that is not 200: is it as good as an empty one? *none says so. */
static enum status judge(struct crawl *c, enum endpoint_id id, const struct response *answer,
                         bool *none, struct error *err)
{
    const struct endpoint *endpoint = &endpoints[id];
    *none = true;
    if (answer->status == 204 && (endpoint->flags & ENDPOINT_204_NONE))
        return STATUS_OK;
    if (answer->status == 404 && feed_is_resource_error(answer->body) &&
        (endpoint->flags & ENDPOINT_404_NONE))
        return STATUS_OK;
    if (is_route_missing(answer) && (endpoint->flags & ENDPOINT_OLD_LACKS))
        return note_lacking(c, id, err);
    if (answer->status == 400 && (endpoint->flags & ENDPOINT_400_LACKS))
        return note_lacking(c, id, err);
    return refuse(c, endpoint, answer, err);
}

/* The first page, by the endpoint or by what older servers have instead. *id: which it was. */
static enum status ask_first(struct crawl *c, enum endpoint_id *id, const struct target *target,
                             struct response *answer, struct error *err)
{
    enum endpoint_id fallback = endpoints[*id].fallback;
    enum status status = ask_versions(c, *id, target, 0, answer, err);
    if (fallback == ENDPOINTS ||
        (status != STATUS_NOT_FOUND && (status != STATUS_OK || !is_route_missing(answer))))
        return status;
    struct response second = {0};
    struct error other;
    enum status next = ask_versions(c, fallback, target, 0, &second, &other);
    if (next != STATUS_OK || is_route_missing(&second)) {
        json_decref(second.body);
        make_url(c, &endpoints[*id], "latest", target, 0);
        return status;
    }
    json_decref(answer->body);
    *answer = second;
    *id = fallback;
    return STATUS_OK;
}

/* All pages of one list, or the one answer. */
static enum status read_all(struct crawl *c, enum endpoint_id id, const struct target *target,
                            struct feed_result *result, struct error *err)
{
    struct response answer = {0};
    struct feed_result page = {0};
    uint64_t start = 0;
    enum status status = ask_first(c, &id, target, &answer, err);
    for (size_t pages = 0; status == STATUS_OK; pages++) {
        bool none = false;
        if (answer.status != 200)
            status = judge(c, id, &answer, &none, err);
        if (status == STATUS_OK && !none) {
            page = (struct feed_result){0};
            status = feed_answer(&c->feed, id, target, c->url.data, start, answer.body, &page, err);
        }
        json_decref(answer.body);
        answer = (struct response){0};
        if (status != STATUS_OK || none || !page.more)
            break;
        if (pages == PAGES_MAX) {
            status = error_set(err, STATUS_LIMIT, "%s: the list has no end", c->url.data);
            break;
        }
        start = page.next;
        status = ask_versions(c, id, target, start, &answer, err);
    }
    json_decref(answer.body);
    if (status == STATUS_NOT_FOUND)
        error_prefix(err, "%s", endpoints[id].name);
    if (result)
        *result = page;
    return status;
}

/* ------------------------------------------------------------------ the order of things */

static void report(struct crawl *c, const char *phase, uint64_t done, uint64_t total)
{
    if (c->options->progress)
        c->options->progress(c->options->self, phase, done, total);
}

static enum status read_instance(struct crawl *c, struct error *err)
{
    const struct target nothing = {.place = {GRANT_GLOBAL, 0}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ENDPOINTS && status == STATUS_OK; i++) {
        if (endpoints[i].level != LEVEL_INSTANCE || (endpoints[i].flags & ENDPOINT_FALLBACK))
            continue;
        report(c, endpoints[i].name, 0, 0);
        status = read_all(c, (enum endpoint_id)i, &nothing, NULL, err);
    }
    return status;
}

static enum status read_members(struct crawl *c, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < c->groups.count && status == STATUS_OK; i++) {
        struct text name = text_of(c->groups.at[i].name);
        const struct target target = {.group = name};
        struct error why;
        report(c, "members of groups", i, c->groups.count);
        status = read_all(c, ENDPOINT_MEMBERS, &target, NULL, &why);
        if (status == STATUS_OK)
            continue;
        bool tolerable = status == STATUS_FORMAT || status == STATUS_NOT_FOUND;
        if (c->options->allow_partial && tolerable)
            status = builder_group(c->builder, name, true, err);
        else if (err)
            *err = why;
    }
    return status;
}

static bool is_default_probe(enum endpoint_id id)
{
    return id >= ENDPOINT_DEFAULT_ADMIN && id <= ENDPOINT_DEFAULT_READ;
}

static enum status read_place(struct crawl *c, enum endpoint_level level,
                              const struct target *target, struct error *err)
{
    enum status status = STATUS_OK;
    bool permitted = false; /* the highest default permission was found */
    for (size_t i = 0; i < ENDPOINTS && status == STATUS_OK; i++) {
        enum endpoint_id id = (enum endpoint_id)i;
        if (endpoints[i].level != level || (endpoints[i].flags & ENDPOINT_FALLBACK) ||
            c->lacking[i] || (is_default_probe(id) && permitted))
            continue;
        struct feed_result result = {0};
        status = read_all(c, id, target, &result, err);
        permitted = permitted || (is_default_probe(id) && result.permitted);
    }
    return status;
}

static enum status read_projects(struct crawl *c, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < c->projects.count && status == STATUS_OK; i++) {
        const struct found *project = &c->projects.at[i];
        report(c, "projects", i, c->projects.count);
        /* A personal project has no settings of its own: it "is fully managed by the system"
         * (javadoc of PersonalProject); its owner administers it (rest-api.md 3.5). */
        if (project->personal)
            continue;
        const struct target target = {.place = {GRANT_PROJECT, project->id},
                                      .project_key = text_of(project->name)};
        status = read_place(c, LEVEL_PROJECT, &target, err);
    }
    return status;
}

static enum status read_repositories(struct crawl *c, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < c->repositories.count && status == STATUS_OK; i++) {
        const struct found *repository = &c->repositories.at[i];
        const struct target target = {.place = {GRANT_REPOSITORY, repository->id},
                                      .project_key = text_of(repository->name),
                                      .slug = text_of(repository->slug)};
        report(c, "repositories", i, c->repositories.count);
        status = read_place(c, LEVEL_REPOSITORY, &target, err);
    }
    return status;
}

enum status crawl_run(const struct answer_source *source, struct builder *builder,
                      const struct crawl_options *options, struct crawl_result *result,
                      struct error *err)
{
    struct crawl c = {.source = source, .builder = builder, .options = options};
    const struct feed_listener listener = {found_group, found_project, found_repository, &c};
    c.feed = (struct feed){.builder = builder, .listener = &listener};
    buffer_init(&c.url, (size_t)1024 * 1024);
    enum status (*const phases[])(struct crawl *, struct error *) = {
        read_instance,
        read_members,
        read_projects,
        read_repositories,
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof phases / sizeof phases[0] && status == STATUS_OK; i++) {
        status = phases[i](&c, err);
        if (i == 0) {
            unique_founds(&c.groups);
            unique_founds(&c.projects);
            unique_founds(&c.repositories);
        }
    }
    if (status == STATUS_OK) {
        memcpy(result->version, c.feed.version, sizeof result->version);
        result->answers = c.answers;
    }
    free_founds(&c.groups);
    free_founds(&c.projects);
    free_founds(&c.repositories);
    buffer_free(&c.url);
    return status;
}
