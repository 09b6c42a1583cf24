/*
 * crawl_found.c - what answers name that is to be asked for: each once.
 *
 * The mark of a project or a repository is taken from its name: an id that comes again under another
 * name was renamed or moved while lists were read, and is looked up where it is now. If another place
 * has its old name by then, what was read under that name may be of either: that ends the crawl.
 */
#include "bitbucket/crawl_state.h"

#include <stdio.h>
#include <string.h>

#define MARK_GONE 0

struct worklist *found_list(struct crawl *c, enum endpoint_level level)
{
    switch (level) {
    case LEVEL_GROUP:
        return &c->groups;
    case LEVEL_USER:
        return &c->users;
    case LEVEL_PROJECT:
        return &c->projects;
    default:
        return &c->repositories;
    }
}

static enum status changed(const char *what, struct text key, struct text slug, struct error *err)
{
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    buffer_escaped(&name, key, 100, false);
    if (slug.size)
        buffer_string(&name, "/");
    buffer_escaped(&name, slug, 100, false);
    enum status status = error_set(err, STATUS_FORMAT,
                                   "%s %s changed while it was read, run sync again", what,
                                   name.data ? name.data : "");
    buffer_free(&name);
    return status;
}

static enum status leave(struct crawl *c, uint32_t mark, struct error *err)
{
    buffer_add(&c->left, &mark, sizeof mark);
    return c->left.failed ? error_set(err, STATUS_MEMORY, "out of memory") : STATUS_OK;
}

static bool was_left(const struct crawl *c, uint32_t mark)
{
    uint32_t left;
    for (size_t at = 0; at < c->left.size; at += sizeof left) {
        memcpy(&left, c->left.data + at, sizeof left);
        if (left == mark)
            return true;
    }
    return false;
}

/* Is a name that a place has, or has left, another one's? `known`: NULL for a new place. Of those, the
 * first look would be at all names for each one; what it misses the second look finds. */
static bool taken_over(const struct crawl *c, const struct seen *seen, uint64_t id,
                       const uint32_t *known, uint32_t mark)
{
    if (was_left(c, mark) || (known && seen_shares(seen, id, *known)))
        return true;
    return (known || c->feeding->look == LOOK_SECOND) && seen_shares(seen, id, mark);
}

/* A place with a name: new, known by that name, or known by another. */
static enum status found_place(struct crawl *c, struct seen *seen, struct worklist *list,
                               struct work item, bool ask, struct error *err)
{
    uint64_t name = seen_name(item.name, item.slug);
    uint32_t mark = (uint32_t)name | 1;
    uint32_t *known = seen_find(seen, item.id);
    bool second = c->feeding->look == LOOK_SECOND;
    enum status status = STATUS_OK;
    if (!name)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (known && *known == mark)
        return STATUS_OK;
    if ((known && *known == MARK_GONE) || taken_over(c, seen, item.id, known, mark))
        return changed(item.slug.size ? "repository" : "project", item.name, item.slug, err);
    if (known) {
        status = leave(c, *known, err);
        *known = mark;
        item.flags |= WORK_CHECK;
        return status == STATUS_OK ? worklist_add(list, &item, err) : status;
    }
    status = seen_add(seen, item.id, mark, err);
    if (status == STATUS_OK && second)
        c->result.appeared++;
    return status == STATUS_OK && ask ? worklist_add(list, &item, err) : status;
}

static bool is_lookup(const struct crawl *c, enum endpoint_id endpoint)
{
    return c->feeding->lookup != LOOKUP_NO && c->feeding_endpoint == endpoint;
}

static enum status found_project(void *self, uint64_t id, struct text key, bool personal,
                                 struct error *err)
{
    struct crawl *c = self;
    /* Of a part, projects are asked for only if they were named. A project that is looked up is
     * marked by its job. */
    if (c->options->scope || is_lookup(c, ENDPOINT_PROJECT))
        return STATUS_OK;
    const struct work item = {
        .id = id, .flags = personal ? WORK_PERSONAL : 0, .name = key, .slug = TEXT_NONE};
    /* A personal project has no settings of its own: it "is fully managed by the system" (javadoc of
     * PersonalProject); its owner administers it (rest-api.md 3.5). */
    return found_place(c, &c->seen_projects, &c->projects, item, !personal, err);
}

static enum status found_repository(void *self, uint64_t id, struct text project_key,
                                    struct text slug, struct error *err)
{
    struct crawl *c = self;
    if (is_lookup(c, ENDPOINT_REPOSITORY))
        return STATUS_OK;
    const struct work item = {.id = id, .name = project_key, .slug = slug};
    return found_place(c, &c->seen_repositories, &c->repositories, item, true, err);
}

static enum status add_group(struct crawl *c, struct text name, struct error *err)
{
    const struct work item = {.name = name, .slug = TEXT_NONE};
    uint64_t key = seen_name(name, TEXT_NONE);
    if (!key)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (seen_find(&c->seen_groups, key))
        return STATUS_OK;
    enum status status = seen_add(&c->seen_groups, key, 1, err);
    return status == STATUS_OK ? worklist_add(&c->groups, &item, err) : status;
}

static enum status found_group(void *self, struct text name, struct error *err)
{
    return add_group(self, name, err);
}

/* Of a part: the groups that its own grants and exemptions name. Those that have global grants only
 * are as they were in the snapshot that the part goes into. */
static enum status found_named_group(void *self, struct text name, struct error *err)
{
    struct crawl *c = self;
    if (c->feeding->level == LEVEL_INSTANCE)
        return STATUS_OK;
    return add_group(c, name, err);
}

static enum status found_user(void *self, uint64_t id, struct text name, struct text slug,
                              bool listed, struct error *err)
{
    struct crawl *c = self;
    const struct crawl_scope *scope = c->options->scope;
    bool wanted = scope ? !(scope->knows_user && scope->knows_user(scope->self, id)) : listed;
    if (!wanted || seen_find(&c->seen_users, id))
        return STATUS_OK;
    const struct work item = {.id = id, .name = name, .slug = slug};
    enum status status = seen_add(&c->seen_users, id, 1, err);
    return status == STATUS_OK ? worklist_add(&c->users, &item, err) : status;
}

static enum status set_mark(struct crawl *c, const struct job *job, uint32_t mark, bool *fresh,
                            struct error *err)
{
    struct seen *seen = job->level == LEVEL_PROJECT ? &c->seen_projects : &c->seen_repositories;
    uint32_t *known = seen_find(seen, job->target.place.id);
    *fresh = known == NULL;
    if (!known)
        return seen_add(seen, job->target.place.id, mark, err);
    *known = mark;
    return STATUS_OK;
}

enum status found_here(struct crawl *c, const struct job *job, bool *fresh, struct error *err)
{
    uint64_t name = seen_name(job->target.project_key, job->target.slug);
    if (!name)
        return error_set(err, STATUS_MEMORY, "out of memory");
    return set_mark(c, job, (uint32_t)name | 1, fresh, err);
}

enum status found_gone(struct crawl *c, const struct job *job, struct error *err)
{
    bool fresh;
    return set_mark(c, job, MARK_GONE, &fresh, err);
}

void found_listen(struct crawl *c)
{
    bool part = c->options->scope != NULL;
    c->listener = (struct feed_listener){
        .group = part ? NULL : found_group,
        .project = found_project,
        .repository = found_repository,
        .user = part || c->options->with_reports ? found_user : NULL,
        .named_group = part ? found_named_group : NULL,
        .self = c,
    };
}
