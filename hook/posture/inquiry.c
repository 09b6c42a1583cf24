/*
 * inquiry.c - the order of looking: the evidence, then place by place, then what is kept beside them.
 */
#include "posture/inquiry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "posture/fact_list.h"
#include "posture/visit.h"

#define PLACE_MEMORY ((size_t)512 * 1024 * 1024)

struct text visit_text(struct finder *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct text text = text_of(arena_vprintf(f->arena, format, args));
    va_end(args);
    if (!text_absent(text))
        return text;
    f->failed = true;
    return TEXT("");
}

/* ------------------------------------------------------------------ the evidence */

static void note_unread(void *self, const char *why)
{
    finder_note(self, "an audit log could not be read: %s", why);
}

static enum status read_usage(struct finder *f, struct error *err)
{
    const struct inquiry *inquiry = f->inquiry;
    const struct usage_files files = {inquiry->logs, inquiry->log_count, inquiry->log,
                                      inquiry->logs_must, note_unread, f};
    enum status status = usage_read(&files, &f->inventory, inquiry->now_ms - inquiry->window_ms,
                                    inquiry->now_ms + 1, f->arena, &f->usage, err);
    if (status != STATUS_OK)
        return status;
    if (!f->usage.read)
        finder_note(f, "without an audit log it is not known which grants are used and which refs "
                       "are pushed");
    if (f->usage.damaged)
        finder_note(f, "%llu lines of the audit log are damaged and were not looked at",
                    (unsigned long long)f->usage.damaged);
    return STATUS_OK;
}

static void without_facts(struct finder *f)
{
    static const enum posture_kind_row kinds[] = {
        POSTURE_USER_KEY_WEAK,    POSTURE_USER_KEY_STALE,        POSTURE_TOKEN_WITHOUT_EXPIRY,
        POSTURE_WEBHOOK_EXTERNAL, POSTURE_WEBHOOK_WITHOUT_OWNER, POSTURE_HOOK_INACTIVE,
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        finder_not_looked(f, kinds[i]);
    f->facts = NULL;
}

#define MORE "SSH keys of users, tokens, webhooks and hooks were not looked at"

static enum status facts_unusable(struct finder *f, enum status status, struct error *err)
{
    const struct inquiry *inquiry = f->inquiry;
    if (status == STATUS_MEMORY || inquiry->facts_must)
        return error_prefix(err, "%s", inquiry->facts_path);
    if (status == STATUS_NOT_FOUND)
        finder_note(f, MORE ": there is no file of facts (refgate sync --with-reports)");
    else
        finder_note(f, MORE ": %s", err->text);
    without_facts(f);
    return STATUS_OK;
}

static enum status read_facts(struct finder *f, struct fact_list *list, struct error *err)
{
    const struct inquiry *inquiry = f->inquiry;
    const struct snapshot_meta *meta = &snapshot_meta_record(inquiry->snapshot)->meta;
    if (!inquiry->facts_path) {
        finder_note(f, MORE ": there is no file of facts (refgate sync --with-reports)");
        without_facts(f);
        return STATUS_OK;
    }
    enum status status = fact_list_read(inquiry->facts_path, inquiry->hook, f->arena, list, err);
    if (status == STATUS_OK && !text_equal(list->base_url, meta->base_url))
        status = error_set(err, STATUS_FORMAT, "the facts are of another instance");
    if (status != STATUS_OK)
        return facts_unusable(f, status, err);
    if (!text_equal(list->snapshot_digest, meta->digest))
        finder_note(f, "the facts for reports were read with another snapshot: what they say of "
                       "keys, tokens, webhooks and hooks is of another day");
    f->facts = list;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ place by place */

static void set_bits(struct visit *v, uint64_t *set, uint32_t at)
{
    size_t count;
    const struct seen *seen = usage_of(&v->f->usage, at, SEEN_USER, &count);
    for (size_t i = 0; i < count; i++)
        set[seen[i].who / 64] |= UINT64_C(1) << (seen[i].who % 64);
}

static void clear(uint64_t *set, size_t words)
{
    if (words)
        memset(set, 0, words * sizeof *set);
}

static void join(uint64_t *to, const uint64_t *from, size_t words)
{
    for (size_t i = 0; i < words; i++)
        to[i] |= from[i];
}

static void look_at_repository(struct visit *v)
{
    branches_of_repository(v);
    grants_of_repository(v);
    administrators_of_repository(v);
    unused_of_repository(v);
    restrictions_of_repository(v);
    accounts_of_repository(v);
}

static void visit_repository(struct visit *v)
{
    const struct inventory_place *row = &v->f->inventory.repositories[v->at];
    if (!decode_repository(row->body, &v->record))
        return; /* inventory_read() has seen them all */
    v->where = visit_text(v->f, "%.*s/%.*s", TEXT_ARG(v->record.key), TEXT_ARG(v->record.slug));
    arena_init(&v->arena, PLACE_MEMORY);
    v->view = snapshot_view(v->f->inventory.snapshot, &v->arena);
    enum status status = v->view.repository(v->view.self, v->record.key, v->record.slug,
                                            &v->repository, &v->error);
    if (status == STATUS_OK) {
        size_t words = v->reach.words;
        reach_repository(&v->f->inventory, &v->record.place, &v->project_reach, &v->reach);
        reach_join(&v->any_reach, &v->reach);
        join(v->writers, v->reach.write, words);
        v->pushed = usage_any(&v->f->usage, v->at);
        clear(v->pushers, words);
        set_bits(v, v->pushers, v->at);
        join(v->project_pushers, v->pushers, words);
        v->project_pushed = v->project_pushed || v->pushed;
        v->project_live += !v->repository.archived;
        v->keys_unread = v->keys_unread || (v->record.place.incomplete & INCOMPLETE_KEYS);
        look_at_repository(v);
    } else {
        v->status = status;
    }
    arena_free(&v->arena);
}

static void begin_project(struct visit *v)
{
    struct finder *f = v->f;
    inventory_repositories(&f->inventory, v->project_at, &v->from, &v->until);
    v->project_where = visit_text(f, "project %.*s", TEXT_ARG(v->project.key));
    v->project_pushed = false;
    v->project_live = 0;
    v->keys_unread = v->project.place.incomplete & INCOMPLETE_KEYS;
    clear(v->project_pushers, v->reach.words);
    reach_project(&f->inventory, &v->project, &v->everywhere, &v->project_reach);
    clear(v->any_reach.write, v->any_reach.words);
    clear(v->any_reach.admin, v->any_reach.words);
    v->any_reach.open = v->project_reach.open;
    restrictions_begin_project(v);
}

static void visit_project(struct visit *v)
{
    if (!decode_project(v->f->inventory.projects[v->project_at].body, &v->project))
        return;
    arena_init(&v->project_arena, PLACE_MEMORY);
    begin_project(v);
    for (v->at = v->from; v->at < v->until && v->status == STATUS_OK && !v->f->failed; v->at++)
        visit_repository(v);
    if (v->status == STATUS_OK && !v->f->failed) {
        grants_of_project(v);
        administrators_of_project(v);
        unused_of_project(v);
        if (v->until > v->from)
            restrictions_of_project(v);
    }
    arena_free(&v->project_arena);
}

static bool make_sets(struct visit *v)
{
    struct inventory *inventory = &v->f->inventory;
    struct reach *rows[] = {&v->everywhere, &v->project_reach, &v->any_reach, &v->reach};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!reach_make(inventory, v->f->arena, rows[i]))
            return false;
    v->pushers = arena_alloc(v->f->arena, v->reach.words, sizeof *v->pushers);
    v->project_pushers = arena_alloc(v->f->arena, v->reach.words, sizeof *v->pushers);
    v->writers = arena_alloc(v->f->arena, v->reach.words, sizeof *v->writers);
    return v->pushers && v->project_pushers && v->writers;
}

static enum status visit_all(struct visit *v, struct error *err)
{
    if (!make_sets(v))
        return error_set(err, STATUS_MEMORY, "out of memory");
    reach_everywhere(&v->f->inventory, &v->everywhere);
    join(v->writers, v->everywhere.write, v->everywhere.words);
    branches_prepare(v);
    unused_prepare(v);
    restrictions_prepare_visit(v);
    accounts_prepare(v);
    grants_of_instance(v);
    for (v->project_at = 0;
         v->project_at < v->f->inventory.project_count && v->status == STATUS_OK && !v->f->failed;
         v->project_at++)
        visit_project(v);
    branches_finish(v);
    accounts_finish(v);
    if (v->status != STATUS_OK)
        return error_set(err, v->status, "%s", v->error.text);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ numbers */

static uint64_t count_keys(const struct finder *f)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < f->inventory.key_count; i++) {
        struct key_record key;
        bool writes = false;
        if (!decode_key(f->inventory.keys[i].body, &key))
            continue;
        for (uint32_t p = 0; p < key.place_count && !writes; p++)
            writes = permission_on_repository(decode_key_place(&key, p).permission) >=
                     PERMISSION_REPO_WRITE;
        count += writes && !((key.flags & KEY_EXPIRES) && key.expires_ms <= f->inquiry->now_ms);
    }
    return count;
}

static uint64_t count_tokens(const struct finder *f, enum fact_kind kind)
{
    uint64_t count = 0;
    for (size_t i = 0; f->facts && i < f->facts->count; i++) {
        const struct fact *fact = &f->facts->facts[i];
        count += fact->kind == kind && fact->may_write &&
                 !(fact->expires_ms && fact->expires_ms <= f->inquiry->now_ms);
    }
    return count;
}

static void count_writers(struct visit *v, struct posture *out)
{
    struct finder *f = v->f;
    const struct posture_count rows[] = {
        {TEXT("people"), reach_count(v->writers, v->reach.words)},
        {TEXT("access keys"), count_keys(f)},
        {TEXT("repository tokens"), count_tokens(f, FACT_REPOSITORY_TOKEN)},
        {TEXT("project tokens"), count_tokens(f, FACT_PROJECT_TOKEN)},
        {TEXT("tokens of users"), count_tokens(f, FACT_USER_TOKEN)},
    };
    size_t count = f->facts ? sizeof rows / sizeof rows[0] : 2;
    struct posture_count *kept = arena_alloc(f->arena, count, sizeof *kept);
    if (!kept) {
        f->failed = true;
        return;
    }
    memcpy(kept, rows, count * sizeof *kept);
    out->writers = kept;
    out->writer_count = count;
}

static int compare_counts(const void *a, const void *b)
{
    const struct posture_count *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return text_compare(x->name, y->name);
}

static void count_credentials(struct finder *f, struct posture *out)
{
    struct posture_count *rows = arena_alloc(f->arena, CREDENTIAL_CLASSES, sizeof *rows);
    if (!rows) {
        f->failed = true;
        return;
    }
    for (size_t i = 0; i < CREDENTIAL_CLASSES; i++)
        if (f->usage.by_credential[i])
            rows[out->by_credential_count++] = (struct posture_count){
                text_of(credential_class_name((enum credential_class)i)),
                f->usage.by_credential[i]};
    if (out->by_credential_count)
        qsort(rows, out->by_credential_count, sizeof *rows, compare_counts);
    out->by_credential = rows;
}

static void fill_head(const struct finder *f, struct posture *out)
{
    const struct meta_record *meta = snapshot_meta_record(f->inquiry->snapshot);
    out->now_ms = f->inquiry->now_ms;
    out->version = REFGATE_VERSION;
    out->filtered = f->inquiry->wanted || f->inquiry->least > SEVERITY_INFO;
    out->base_url = meta->meta.base_url;
    out->bitbucket_version = meta->meta.bitbucket_version;
    out->snapshot_digest = meta->meta.digest;
    out->snapshot_started_ms = meta->meta.started_ms;
    out->users = meta->counts[COUNT_USERS];
    out->groups = meta->counts[COUNT_GROUPS];
    out->projects = meta->counts[COUNT_PROJECTS];
    out->repositories = meta->counts[COUNT_REPOSITORIES];
    out->keys = meta->counts[COUNT_KEYS];
    out->restrictions = meta->counts[COUNT_RESTRICTIONS];
    out->audit_read = f->usage.read;
    out->window_from_ms = f->usage.from_ms;
    out->window_to_ms = f->inquiry->now_ms;
    out->decisions = f->usage.decisions;
    out->days = f->usage.days;
    out->day_count = f->usage.day_count;
}

/* ------------------------------------------------------------------ all of it */

static enum status find_all(struct visit *v, struct posture *out, struct error *err)
{
    struct finder *f = v->f;
    struct fact_list facts;
    enum status status = inventory_read(f->inquiry->snapshot, f->arena, &f->inventory, err);
    if (status == STATUS_OK)
        status = read_usage(f, err);
    if (status == STATUS_OK)
        status = read_facts(f, &facts, err);
    if (status == STATUS_OK)
        status = visit_all(v, err);
    if (status != STATUS_OK)
        return status;
    keys_find(f);
    snapshot_find_marks(f);
    if (f->facts) {
        tokens_find(f);
        webhooks_find(f, &v->everywhere);
        hooks_find(f);
    }
    fill_head(f, out);
    count_writers(v, out);
    count_credentials(f, out);
    finder_finish(f, out);
    return f->failed ? error_set(err, STATUS_MEMORY, "out of memory") : STATUS_OK;
}

enum status posture_inquire(const struct inquiry *inquiry, struct arena *arena, struct posture *out,
                            struct error *err)
{
    struct error own = {STATUS_OK, ""};
    struct finder finder;
    struct visit *visit = calloc(1, sizeof *visit);
    enum status status = STATUS_MEMORY;
    struct posture result = {0};
    if (!visit)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (finder_begin(&finder, inquiry, arena)) {
        visit->f = &finder;
        visit->status = STATUS_OK;
        status = find_all(visit, &result, err ? err : &own);
    } else {
        error_set(err, STATUS_MEMORY, "out of memory");
    }
    if (status == STATUS_OK)
        *out = result;
    finder_free(&finder);
    free(visit);
    return status;
}
