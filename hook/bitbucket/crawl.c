#include "bitbucket/crawl_state.h"

#include <stdlib.h>
#include <string.h>

const char *crawl_phase_name(enum crawl_phase phase)
{
    static const char *const names[CRAWL_PHASES] = {
        "instance", "groups", "users", "projects", "repositories", "second look",
    };
    return names[phase];
}

void crawl_report(struct crawl *c)
{
    const struct crawl_progress progress = {c->phase, c->done, c->total, c->result.answers};
    if (c->options->progress)
        c->options->progress(c->options->self, &progress);
}

/* ------------------------------------------------------------------ filling slots */

/* Levels whose lists give jobs in a phase, in this order. */
static const enum endpoint_level *levels_of(enum crawl_phase phase, size_t *count)
{
    static const enum endpoint_level all[] = {LEVEL_GROUP, LEVEL_USER, LEVEL_PROJECT,
                                              LEVEL_REPOSITORY};
    switch (phase) {
    case CRAWL_GROUPS:
    case CRAWL_USERS:
    case CRAWL_PROJECTS:
    case CRAWL_REPOSITORIES:
        *count = 1;
        return &all[phase - CRAWL_GROUPS];
    case CRAWL_AGAIN:
        *count = 4;
        return all;
    default:
        *count = 0;
        return all;
    }
}

/* A job for the next thing that was found; *opened says if there was one. */
static enum status open_next(struct crawl *c, bool *opened, struct error *err)
{
    size_t count;
    const enum endpoint_level *levels = levels_of(c->phase, &count);
    *opened = false;
    for (size_t i = 0; i < count; i++) {
        struct work item;
        enum status status = worklist_take(found_list(c, levels[i]), &item, err);
        if (status == STATUS_NOT_FOUND)
            continue;
        *opened = true;
        return status == STATUS_OK ? job_open(c, levels[i], &item, LOOK_FIRST, err) : status;
    }
    return STATUS_OK;
}

/* Open jobs first, the oldest first; then new ones. */
static enum status fill_slots(struct crawl *c, struct error *err)
{
    enum status status = STATUS_OK;
    bool opened = true;
    while (status == STATUS_OK && c->free_count && opened) {
        struct job *job = c->oldest;
        enum endpoint_id next = ENDPOINTS;
        while (job && (next = job_next(c, job)) == ENDPOINTS && job->under_way)
            job = job->next;
        if (job && next != ENDPOINTS)
            status = request_begin(c, job, next, err);
        else if (job) /* what it still had to ask turned out to be lacking: another job found out */
            status = job_settle(c, job, err);
        else if (c->open_jobs < 2 * c->source->slots)
            status = open_next(c, &opened, err);
        else
            opened = false;
    }
    return status;
}

static enum status take_answer(struct crawl *c, struct error *err)
{
    struct response response = {0};
    size_t slot = SIZE_MAX;
    enum status status = c->source->wait(c->source->self, &slot, &response, err);
    if (status != STATUS_OK)
        return status;
    if (slot < c->source->slots && c->requests[slot].job)
        return request_answered(c, slot, &response, err);
    c->source->release(c->source->self, &response);
    return error_set(err, STATUS_FORMAT, "an answer came that nobody asked for");
}

/* ------------------------------------------------------------------ phases */

static uint64_t waiting(struct crawl *c)
{
    size_t count;
    uint64_t sum = 0;
    const enum endpoint_level *levels = levels_of(c->phase, &count);
    for (size_t i = 0; i < count; i++) {
        const struct worklist *list = found_list(c, levels[i]);
        sum += list->added - list->taken;
    }
    return sum;
}

static enum status run_phase(struct crawl *c, enum crawl_phase phase, struct error *err)
{
    enum status status = STATUS_OK;
    bool lists = phase == CRAWL_INSTANCE || (phase == CRAWL_AGAIN && !c->options->scope);
    c->phase = phase;
    c->done = 0;
    c->total = waiting(c);
    if (!lists && !c->total)
        return STATUS_OK;
    crawl_report(c);
    if (lists) {
        static const struct work instance;
        status = job_open(c, LEVEL_INSTANCE, &instance,
                          phase == CRAWL_AGAIN ? LOOK_SECOND : LOOK_FIRST, err);
    }
    while (status == STATUS_OK) {
        status = fill_slots(c, err);
        if (status != STATUS_OK || c->free_count == c->source->slots)
            break;
        status = take_answer(c, err);
        if (phase != CRAWL_INSTANCE)
            c->total = c->done + c->open_jobs + waiting(c);
        if (lists)
            crawl_report(c);
    }
    return status;
}

/* What the source had no answer to must be what the server lacks. */
static enum status judge_parked(struct crawl *c, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ENDPOINTS && status == STATUS_OK; i++) {
        if (!c->parked[i] || ((c->lacking | c->given_up) & BIT(i)))
            continue;
        if (endpoints[i].flags & ENDPOINT_REPORT)
            status = request_note(c, NOTE_REPORT_UNREAD, (enum endpoint_id)i, err);
        else
            status = error_set(err, STATUS_NOT_FOUND, "%s", c->parked[i]);
    }
    return status;
}

/* "Has no branching model" would make such a matcher match nothing: a hole. The API of the model is older
 * than these matchers, so this is a plugin that is off, or a proxy that hides it. */
static enum status judge_models(const struct crawl *c, struct error *err)
{
    if (c->feed.names_model && (c->lacking & BIT(ENDPOINT_REPOSITORY_MODEL)))
        return error_set(err, STATUS_FORMAT,
                         "branch restrictions speak of the branching model, and Bitbucket answers as "
                         "if it had none: is a plugin being updated? Run sync again");
    return STATUS_OK;
}

static enum status run_phases(struct crawl *c, struct error *err)
{
    static const enum crawl_phase whole[CRAWL_PHASES] = {
        CRAWL_INSTANCE, CRAWL_GROUPS, CRAWL_USERS, CRAWL_PROJECTS, CRAWL_REPOSITORIES, CRAWL_AGAIN};
    /* Of a part, the places say which groups and users are to be asked for. */
    static const enum crawl_phase part[CRAWL_PHASES] = {
        CRAWL_INSTANCE, CRAWL_PROJECTS, CRAWL_REPOSITORIES, CRAWL_GROUPS, CRAWL_USERS, CRAWL_AGAIN};
    const enum crawl_phase *order = c->options->scope ? part : whole;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < CRAWL_PHASES && status == STATUS_OK; i++)
        status = run_phase(c, order[i], err);
    if (status == STATUS_OK)
        status = judge_parked(c, err);
    return status == STATUS_OK ? judge_models(c, err) : status;
}

/* ------------------------------------------------------------------ the beginning and the end */

static void choose_endpoints(struct crawl *c)
{
    bool part = c->options->scope != NULL;
    for (size_t i = 0; i < ENDPOINTS; i++) {
        unsigned flags = endpoints[i].flags;
        if (flags & (ENDPOINT_FALLBACK | ENDPOINT_SINGLE))
            continue;
        if ((flags & ENDPOINT_REPORT) && !c->options->with_reports)
            continue;
        if (part && ((flags & ENDPOINT_TWICE) || endpoints[i].level == LEVEL_USER))
            continue;
        c->level_todo[endpoints[i].level] |= BIT(i);
    }
    if (part)
        c->level_todo[LEVEL_USER] = BIT(ENDPOINT_GROUPS_OF_USER);
}

static enum status begin(struct crawl *c, struct error *err)
{
    const struct crawl_scope *scope = c->options->scope;
    size_t slots = c->source->slots;
    worklist_init(&c->groups);
    worklist_init(&c->users);
    worklist_init(&c->projects);
    worklist_init(&c->repositories);
    buffer_init(&c->left, SIZE_MAX);
    c->youngest = &c->oldest;
    choose_endpoints(c);
    c->requests = calloc(slots, sizeof *c->requests);
    c->free_slots = calloc(slots, sizeof *c->free_slots);
    if (!c->requests || !c->free_slots)
        return error_set(err, STATUS_MEMORY, "out of memory");
    for (size_t i = 0; i < slots; i++) {
        buffer_init(&c->requests[i].url, (size_t)1024 * 1024);
        c->free_slots[c->free_count++] = slots - 1 - i; /* slot 0 first */
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; scope && i < scope->project_count && status == STATUS_OK; i++) {
        const struct work item = {.flags = WORK_NAMED, .name = text_of(scope->projects[i])};
        status = worklist_add(&c->projects, &item, err);
    }
    for (size_t i = 0; scope && i < scope->repository_count && status == STATUS_OK; i++) {
        const struct work item = {.flags = WORK_NAMED,
                                  .name = text_of(scope->repositories[i].project_key),
                                  .slug = text_of(scope->repositories[i].slug)};
        status = worklist_add(&c->repositories, &item, err);
    }
    return status;
}

static void end(struct crawl *c)
{
    while (c->oldest) {
        struct job *job = c->oldest;
        c->oldest = job->next;
        job_free(job);
    }
    for (size_t i = 0; c->requests && i < c->source->slots; i++)
        buffer_free(&c->requests[i].url);
    for (size_t i = 0; i < ENDPOINTS; i++)
        free(c->parked[i]);
    free(c->requests);
    free(c->free_slots);
    worklist_free(&c->groups);
    worklist_free(&c->users);
    worklist_free(&c->projects);
    worklist_free(&c->repositories);
    buffer_free(&c->left);
    seen_free(&c->seen_groups);
    seen_free(&c->seen_users);
    seen_free(&c->seen_projects);
    seen_free(&c->seen_repositories);
}

enum status crawl_run(const struct answer_source *source, struct builder *builder,
                      struct facts *facts, const struct crawl_options *options,
                      struct crawl_result *result, struct error *err)
{
    struct crawl c = {.source = source, .builder = builder, .options = options};
    struct error why = {STATUS_OK, ""};
    c.feed = (struct feed){
        .builder = builder, .facts = options->with_reports ? facts : NULL, .listener = &c.listener};
    found_listen(&c);
    enum status status = begin(&c, &why);
    if (status == STATUS_OK)
        status = run_phases(&c, &why);
    if (status == STATUS_OK) {
        memcpy(c.result.version, c.feed.version, sizeof c.result.version);
        *result = c.result;
    } else if (err) {
        *err = why;
    }
    end(&c);
    return status;
}
