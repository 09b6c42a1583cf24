#include "posture/baseline.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/audit_entry.h"
#include "posture/finder.h"

struct comparing {
    struct posture *posture;
    const bool *wanted;
    enum severity least;
    struct arena *arena;
    struct text *ids; /* of the findings of now, sorted */
    struct posture_finding *all;
    size_t count;      /* in `all` */
    uint64_t unlooked; /* of the baseline, that nothing could tell today */
};

static struct text text_member(const json_t *object, const char *name, struct arena *arena)
{
    return arena_text(arena, entry_text(object, name, NULL));
}

static int compare_texts(const void *a, const void *b)
{
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

static bool sort_ids(struct comparing *c)
{
    size_t count = c->posture->finding_count;
    c->ids = arena_alloc(c->arena, count, sizeof *c->ids);
    for (size_t i = 0; c->ids && i < count; i++)
        c->ids[i] = c->posture->findings[i].id;
    if (c->ids && count)
        qsort(c->ids, count, sizeof *c->ids, compare_texts);
    return c->ids != NULL;
}

/* ------------------------------------------------------------------ what is new */

static bool lists(const struct text_list *list, struct text item)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], item))
            return true;
    return false;
}

static bool mark_new(struct comparing *c, const json_t *before)
{
    size_t count = json_array_size(before), known = 0;
    struct text *ids = arena_alloc(c->arena, count, sizeof *ids);
    if (!ids)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!json_object_get(json_array_get(before, i), "change") ||
            !text_equal(entry_text(json_array_get(before, i), "change", NULL), TEXT("gone")))
            ids[known++] = entry_text(json_array_get(before, i), "id", NULL);
    if (known)
        qsort(ids, known, sizeof *ids, compare_texts);
    for (size_t i = 0; i < c->count; i++) {
        struct posture_finding *finding = &c->all[i];
        bool same = known && bsearch(&finding->id, ids, known, sizeof *ids, compare_texts);
        finding->change = same ? POSTURE_SAME : POSTURE_NEW;
        c->posture->new_count += !same;
    }
    return true;
}

/* ------------------------------------------------------------------ what is gone */

static bool list_member(const json_t *object, const char *name, struct arena *arena,
                        struct text_list *out)
{
    const json_t *array = json_object_get(object, name);
    struct text *items = arena_alloc(arena, json_array_size(array), sizeof *items);
    *out = (struct text_list){items, 0};
    for (size_t i = 0; items && i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        if (json_is_string(item))
            items[out->count++] = arena_text(
                arena, (struct text){json_string_value(item), json_string_length(item)});
    }
    return items != NULL;
}

static bool still_there(const struct comparing *c, struct text id)
{
    size_t count = c->posture->finding_count;
    return count && bsearch(&id, c->ids, count, sizeof id, compare_texts);
}

#define PROJECT TEXT("project ")
#define GROUP TEXT("group ")

/* Found or not by who is in a group. */
static bool hangs_on_members(const struct posture_kind *kind)
{
    static const enum posture_kind_row rows[] = {
        POSTURE_WRITE_BY_BROAD_GROUP,  POSTURE_SINGLE_ADMIN_GRANT,
        POSTURE_UNUSED_WRITE_GRANT,    POSTURE_EXEMPTION_UNUSABLE,
        POSTURE_WEBHOOK_WITHOUT_OWNER, POSTURE_SERVICE_ACCOUNT_OUT_OF_SCOPE,
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (kind == &posture_kinds[rows[i]])
            return true;
    return false;
}

/* "PRJ" of "PRJ/app" and of "project PRJ"; "" of what is no place. */
static struct text project_of(struct text where)
{
    struct text project, rest = where;
    if (text_starts(where, PROJECT))
        return text_skip(where, PROJECT.size);
    return text_next_field(&rest, '/', &project) && rest.size ? project : TEXT("");
}

/* Told of a key or an account, wherever that may write. */
static bool is_anywhere(const struct posture_kind *kind)
{
    return (kind >= &posture_kinds[POSTURE_WRITE_KEY_NEVER_USED] &&
            kind <= &posture_kinds[POSTURE_WRITE_KEY_EXPIRING]) ||
           kind == &posture_kinds[POSTURE_SERVICE_ACCOUNT_OUT_OF_SCOPE];
}

/* May a finding hang on what could not be read at `unread`? One of a project does on its repositories,
 * and theirs on the project. */
static bool concerns(struct text unread, const struct posture_kind *kind, struct text where)
{
    struct text project = project_of(where);
    if (text_starts(unread, GROUP))
        return hangs_on_members(kind);
    if (is_anywhere(kind) || text_equal(unread, where))
        return true;
    if (!project.size || text_equal(unread, TEXT("instance")))
        return project.size != 0;
    return text_equal(project_of(unread), project) &&
           (text_starts(unread, PROJECT) || text_starts(where, PROJECT));
}

/* The sync could not read something that this hangs on: what is missing may still be so. */
static bool was_unread(const struct comparing *c, const struct posture_kind *kind,
                       struct text where)
{
    const struct text_list *unread = &c->posture->unread;
    bool of_snapshot = kind == &posture_kinds[POSTURE_INCOMPLETE_SNAPSHOT] ||
                       kind == &posture_kinds[POSTURE_STALE_SNAPSHOT];
    for (size_t i = 0; i < unread->count && !of_snapshot; i++)
        if (concerns(unread->items[i], kind, where))
            return true;
    return false;
}

static bool take_gone(struct comparing *c, const json_t *before)
{
    struct posture_finding finding = {.change = POSTURE_GONE};
    struct text id = entry_text(before, "id", NULL), kind = entry_text(before, "kind", NULL);
    finding.kind = posture_kind_find(kind);
    if (!finding.kind || !severity_parse(entry_text(before, "severity", NULL), &finding.severity) ||
        still_there(c, id) || text_equal(entry_text(before, "change", NULL), TEXT("gone")) ||
        finding.severity < c->least || (c->wanted && !c->wanted[finding.kind - posture_kinds]))
        return true;
    if (lists(&c->posture->not_looked_at, kind) ||
        was_unread(c, finding.kind, entry_text(before, "where", NULL))) {
        c->unlooked++;
        return true;
    }
    finding.id = arena_text(c->arena, id);
    finding.where = text_member(before, "where", c->arena);
    finding.what = text_member(before, "what", c->arena);
    if (text_absent(finding.id) || text_absent(finding.where) || text_absent(finding.what) ||
        !list_member(before, "evidence", c->arena, &finding.evidence) ||
        !list_member(before, "controls", c->arena, &finding.controls))
        return false;
    c->all[c->count++] = finding;
    c->posture->gone_count++;
    return true;
}

/* NULL is a failure. */
static bool add_note(struct comparing *c, const char *note)
{
    struct posture *posture = c->posture;
    struct text *notes = arena_alloc(c->arena, posture->notes.count + 1, sizeof *notes);
    if (!notes || !note)
        return false;
    if (posture->notes.count)
        memcpy(notes, posture->notes.items, posture->notes.count * sizeof *notes);
    notes[posture->notes.count] = text_of(note);
    posture->notes = (struct text_list){notes, posture->notes.count + 1};
    return true;
}

static bool add_notes(struct comparing *c, bool filtered)
{
    if (c->unlooked &&
        !add_note(c, arena_printf(c->arena,
                                  "%llu findings of the baseline could not be looked at again: "
                                  "whether they are gone is not known",
                                  (unsigned long long)c->unlooked)))
        return false;
    return !filtered || add_note(c, "the baseline was made with --kind or --severity: what these "
                                    "left out counts as new");
}

static bool compare(struct comparing *c, const json_t *before)
{
    size_t room = c->posture->finding_count + json_array_size(before);
    c->all = arena_alloc(c->arena, room, sizeof *c->all);
    if (!c->all || !sort_ids(c))
        return false;
    c->count = c->posture->finding_count;
    if (c->count)
        memcpy(c->all, c->posture->findings, c->count * sizeof *c->all);
    if (!mark_new(c, before))
        return false;
    for (size_t i = 0; i < json_array_size(before); i++)
        if (!take_gone(c, json_array_get(before, i)))
            return false;
    finder_sort(c->all, c->count);
    c->posture->findings = c->all;
    c->posture->finding_count = c->count;
    return true;
}

enum status baseline_compare(struct text bytes, const bool *wanted, enum severity least,
                             struct arena *arena, struct posture *posture, struct error *err)
{
    json_error_t problem;
    struct comparing c = {.posture = posture, .wanted = wanted, .least = least, .arena = arena};
    json_t *before = json_loadb(bytes.at ? bytes.at : "", bytes.size,
                                JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
    const json_t *findings = json_object_get(before, "findings");
    enum status status = STATUS_OK;
    if (!json_is_array(findings) ||
        !clock_parse(entry_text(before, "time", NULL), &posture->baseline_ms))
        status = error_set(err, STATUS_FORMAT,
                           "this is not what refgate report --format json prints");
    else if (!text_equal(entry_text(before, "base_url", NULL), posture->base_url))
        status = error_set(err, STATUS_FORMAT, "this is a report of another instance");
    else if (!compare(&c, findings) ||
             !add_notes(&c, json_is_true(json_object_get(before, "filtered"))))
        status = error_set(err, STATUS_MEMORY, "out of memory");
    posture->compared = status == STATUS_OK;
    json_decref(before);
    return status;
}
