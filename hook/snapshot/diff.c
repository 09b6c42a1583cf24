/*
 * diff.c - walks over both snapshots: each record of the old one beside its like in the new one, then
 * what only the new one has.
 */
#include "snapshot/diff.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/glob.h"
#include "snapshot/differ.h"
#include "snapshot/names.h"

#define DIFF_MEMORY ((size_t)2 * 1024 * 1024 * 1024)
#define FIRST_ROOM ((size_t)256)

void differ_fail(struct differ *d, enum status status)
{
    if (d->status != STATUS_OK)
        return;
    d->status = status;
    if (status == STATUS_MEMORY)
        error_set(d->err, status, "out of memory");
}

void differ_damaged(struct differ *d, struct text key)
{
    if (d->status == STATUS_OK)
        differ_fail(d, snapshot_damaged(d->err, key, "is malformed"));
}

struct text differ_printf(struct differ *d, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    struct text text = text_of(arena_vprintf(d->arena, format, list));
    va_end(list);
    if (text.at)
        return text;
    differ_fail(d, STATUS_MEMORY);
    return TEXT("");
}

/* ------------------------------------------------------------------ the list */

/* Of a project: does the pattern's part before the slash match? */
static bool asked_for(const struct diff_options *options, const char *what, struct text key,
                      struct text slug, struct arena *arena)
{
    if (text_absent(options->repository))
        return true;
    bool project = text_equal(text_of(what), TEXT("project "));
    if (slug.at) {
        const char *name = arena_printf(arena, "%.*s/%.*s", TEXT_ARG(key), TEXT_ARG(slug));
        return !name || glob_name_match(options->repository, text_of(name));
    }
    struct text rest = options->repository, pattern;
    return project && text_next_field(&rest, '/', &pattern) && glob_name_match(pattern, key);
}

void differ_at(struct differ *d, const char *what, struct text key, struct text slug, bool fresh)
{
    d->what = what;
    d->key = key;
    d->slug = slug;
    d->where = TEXT_NONE;
    d->fresh = fresh;
    d->muted = !asked_for(d->options, what, key, slug, d->arena);
}

static struct text place_text(struct differ *d)
{
    if (!d->where.at)
        d->where = differ_printf(d, "%s%.*s%s%.*s", d->what, TEXT_ARG(d->key),
                                 d->slug.at ? "/" : "", TEXT_ARG(d->slug));
    return d->where;
}

static bool grow(struct differ *d)
{
    if (d->count < d->room)
        return true;
    if (d->count >= DIFF_CHANGES_MAX) {
        error_set(d->err, STATUS_LIMIT, "more than %zu changes: see --severity and --repo",
                  DIFF_CHANGES_MAX);
        differ_fail(d, STATUS_LIMIT);
        return false;
    }
    size_t room = d->room ? d->room * 2 : FIRST_ROOM;
    struct diff_change *changes = realloc(d->changes, room * sizeof *changes);
    if (!changes) {
        differ_fail(d, STATUS_MEMORY);
        return false;
    }
    d->changes = changes;
    d->room = room;
    return true;
}

void differ_add(struct differ *d, struct diff_change change)
{
    if (!change.severity)
        change.severity = diff_kinds[change.kind].severity;
    if (d->status != STATUS_OK || d->muted || change.severity < d->options->least ||
        (d->fresh && change.severity < SEVERITY_MEDIUM) || !grow(d))
        return;
    change.where = place_text(d);
    d->changes[d->count++] = change;
}

static int by_weight(const void *a, const void *b)
{
    const struct diff_change *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    int order = text_compare(x->where, y->where);
    if (!order)
        order = (int)x->kind - (int)y->kind;
    if (!order)
        order = text_compare(x->subject, y->subject);
    if (!order)
        order = text_compare(x->before, y->before);
    return order ? order : text_compare(x->after, y->after);
}

/* ------------------------------------------------------------------ records */

bool differ_find(struct differ *d, int side, const struct layout_key *key, struct text *body)
{
    if (d->status != STATUS_OK)
        return false;
    enum status status = snapshot_find(d->side[side].snapshot, key, NULL, body, d->err);
    if (status == STATUS_OK)
        return true;
    if (status != STATUS_NOT_FOUND)
        differ_fail(d, status);
    return false;
}

struct text differ_user(struct differ *d, int side, uint64_t id)
{
    return names_user(d->side[side].snapshot, id, d->arena);
}

struct text differ_key(struct differ *d, uint64_t id, struct text label)
{
    if (!label.size)
        return differ_printf(d, "%llu", (unsigned long long)id);
    return differ_printf(d, "%llu \"%.*s\"", (unsigned long long)id, TEXT_ARG(label));
}

/* ------------------------------------------------------------------ the walk */

static const struct {
    struct text prefix;
    diff_record *record[SIDES];
} records[] = {
    {TEXT("user/"), {diff_user, diff_user_new}},
    {TEXT("service/"), {diff_service, diff_service_new}},
    {TEXT("global"), {diff_global, NULL}},
    {TEXT("project/"), {diff_project, diff_project_new}},
    {TEXT("repo/"), {diff_repository, diff_repository_new}},
    {TEXT("key/"), {diff_access_key, NULL}},
};

static void one_record(struct differ *d, int side, struct text key, struct text body)
{
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        if (text_starts(key, records[i].prefix) && records[i].record[side])
            records[i].record[side](d, key, body);
}

static void walk(struct differ *d, int side)
{
    uint32_t position = 0;
    while (d->status == STATUS_OK) {
        struct text key, body;
        enum status status = snapshot_next(d->side[side].snapshot, &position, &key, &body, d->err);
        if (status == STATUS_NOT_FOUND)
            return;
        if (status != STATUS_OK)
            differ_fail(d, status);
        else
            one_record(d, side, key, body);
    }
}

static void compare_versions(struct differ *d)
{
    const struct snapshot_meta *before = &snapshot_meta_record(d->side[OLD].snapshot)->meta;
    const struct snapshot_meta *after = &snapshot_meta_record(d->side[NEW].snapshot)->meta;
    differ_at(d, "instance", TEXT_NONE, TEXT_NONE, false);
    if (!text_equal(before->bitbucket_version, after->bitbucket_version))
        differ_add(d, (struct diff_change){.kind = DIFF_VERSION_CHANGED,
                                           .before = before->bitbucket_version,
                                           .after = after->bitbucket_version});
}

static void conclude(struct differ *d)
{
    struct diff *out = d->out;
    struct diff_change *list = arena_alloc(d->arena, d->count + 1, sizeof *list);
    if (!list) {
        differ_fail(d, STATUS_MEMORY);
        return;
    }
    if (d->count) {
        qsort(d->changes, d->count, sizeof *d->changes, by_weight);
        memcpy(list, d->changes, d->count * sizeof *list);
    }
    for (size_t i = 0; i < d->count; i++)
        out->by_severity[list[i].severity]++;
    out->changes = list;
    out->count = d->count;
}

enum status diff_snapshots(struct snapshot *before, struct snapshot *after,
                           const struct diff_options *options, struct diff *out, struct error *err)
{
    struct error local = {STATUS_OK, ""};
    *out = (struct diff){.count = 0};
    arena_init(&out->arena, DIFF_MEMORY);
    struct differ d = {.side = {{.snapshot = before}, {.snapshot = after}},
                       .options = options,
                       .out = out,
                       .arena = &out->arena,
                       .err = err ? err : &local};
    enum status status = diff_groups_prepare(&d);
    if (status != STATUS_OK)
        differ_fail(&d, status);
    compare_versions(&d);
    diff_groups(&d);
    walk(&d, OLD);
    walk(&d, NEW);
    if (d.status == STATUS_OK)
        conclude(&d);
    free(d.changes);
    return d.status;
}

void diff_free(struct diff *diff)
{
    arena_free(&diff->arena);
    *diff = (struct diff){.count = 0};
}
