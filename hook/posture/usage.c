#include "posture/usage.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/audit_entry.h"
#include "record/audit_read.h"
#include "posture/usage_table.h"

#define DAYS_MOST 3700 /* ten years */

struct reading {
    const struct inventory *inventory;
    struct usage *out;
    struct usage_table table;
    struct posture_day *days; /* from the day of from_ms on */
    size_t day_room, day_count;
    int64_t first_ms, from_ms, until_ms;
    struct usage_outside *outside;
    size_t outside_count, outside_room;
    struct arena *arena;
    bool failed;
};

static int64_t midnight(int64_t ms)
{
    return ms - ((ms % CLOCK_DAY) + CLOCK_DAY) % CLOCK_DAY;
}

/* ------------------------------------------------------------------ counts */

/* What became of it; in monitor mode what would have. */
static void count_day(struct reading *r, const json_t *record, int64_t ms)
{
    size_t at = (size_t)((midnight(ms) - midnight(r->from_ms)) / CLOCK_DAY);
    if (at >= r->day_room)
        return;
    if (at >= r->day_count)
        r->day_count = at + 1;
    struct posture_day *day = &r->days[at];
    struct text verdict = entry_text(record, "verdict", NULL);
    if (json_integer_value(json_object_get(record, "exit")) == 2)
        day->failed++;
    else if (text_equal(verdict, TEXT("reject")) || text_equal(verdict, TEXT("require-approval")))
        day->rejected++;
    else if (text_equal(verdict, TEXT("annotate")))
        day->annotated++;
    else
        day->accepted++;
}

static enum credential_class class_of(const json_t *record)
{
    enum credential_class class = CREDENTIAL_UNKNOWN;
    (void)credential_class_parse(entry_text(record, "credential", "class"), &class);
    return class;
}

/* ------------------------------------------------------------------ who, where, which refs */

static uint32_t repository_of(const struct reading *r, const json_t *record)
{
    const json_t *push = json_object_get(record, "push");
    const json_t *id = json_object_get(push, "repository_id");
    uint32_t at = INVENTORY_NONE;
    if (json_is_integer(id))
        at = inventory_repository_by_id(r->inventory, (uint64_t)json_integer_value(id));
    if (at != INVENTORY_NONE)
        return at;
    return inventory_repository_by_name(r->inventory, entry_text(record, "push", "project"),
                                        entry_text(record, "push", "repository"));
}

static void see(struct reading *r, uint32_t repository, enum seen_what what, uint64_t who,
                struct text ref)
{
    const struct seen seen = {repository, what, who, ref};
    if (!usage_table_add(&r->table, &seen, r->arena))
        r->failed = true;
}

static void see_key(struct reading *r, uint32_t repository, const json_t *credential)
{
    const json_t *candidates = json_object_get(credential, "candidates");
    for (size_t i = 0; i < json_array_size(candidates); i++)
        see(r, repository, SEEN_KEY, (uint64_t)json_integer_value(json_array_get(candidates, i)),
            TEXT(""));
    if (!json_array_size(candidates) || json_object_get(credential, "candidates_open"))
        see(r, repository, SEEN_OTHER, OTHER_KEY, TEXT(""));
}

static void see_pusher(struct reading *r, uint32_t repository, const json_t *record,
                       enum credential_class class)
{
    if (class == CREDENTIAL_ACCESS_KEY) {
        see_key(r, repository, json_object_get(record, "credential"));
        return;
    }
    uint32_t user = inventory_user_by_name(r->inventory, entry_text(record, "pusher", "name"));
    if (user == INVENTORY_NONE)
        see(r, repository, SEEN_OTHER, OTHER_STRANGER, TEXT(""));
    else
        see(r, repository, SEEN_USER, user, TEXT(""));
}

static void see_refs(struct reading *r, uint32_t repository, const json_t *record)
{
    const json_t *changes = json_object_get(record, "changes");
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        /* A name that was escaped or cut is not the ref's. */
        if (!json_object_get(change, "ref_escaped") && !json_object_get(change, "ref_cut"))
            see(r, repository, SEEN_REF, 0, entry_text(change, "ref", NULL));
    }
}

/* ------------------------------------------------------------------ service accounts outside */

static struct usage_outside *outside_of(struct reading *r, struct text account)
{
    for (size_t i = 0; i < r->outside_count; i++)
        if (text_equal_fold(r->outside[i].account, account))
            return &r->outside[i];
    if (r->outside_count == r->outside_room) {
        size_t more = r->outside_room ? r->outside_room * 2 : 16;
        struct usage_outside *larger = arena_alloc(r->arena, more, sizeof *larger);
        if (!larger)
            return NULL;
        if (r->outside_count)
            memcpy(larger, r->outside, r->outside_count * sizeof *larger);
        r->outside = larger;
        r->outside_room = more;
    }
    struct text name = arena_text(r->arena, account);
    if (text_absent(name))
        return NULL;
    r->outside[r->outside_count] = (struct usage_outside){.account = name};
    return &r->outside[r->outside_count++];
}

/* The last one is kept for the evidence; logs of several nodes overlap. */
static void count_outside(struct reading *r, struct text account, const json_t *record)
{
    struct usage_outside *outside = outside_of(r, account);
    struct text time = entry_text(record, "time", NULL);
    if (!outside) {
        r->failed = true;
        return;
    }
    if (!outside->count++ || text_compare(time, outside->last_time) > 0) {
        struct text project = entry_text(record, "push", "project");
        struct text slug = entry_text(record, "push", "repository");
        outside->last_time = arena_text(r->arena, time);
        outside->last_id = arena_text(r->arena, entry_text(record, "id", NULL));
        outside->last_repository = text_of(
            arena_printf(r->arena, "%.*s/%.*s", TEXT_ARG(project), TEXT_ARG(slug)));
    }
}

static bool judged_outside(const json_t *holder, struct text *account)
{
    const json_t *reasons = json_object_get(holder, "reasons");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        *account = entry_text(reason, "rule", NULL);
        if (account->size && text_equal(entry_text(reason, "type", NULL), TEXT("service-account")))
            return true;
    }
    return false;
}

static void see_outside(struct reading *r, const json_t *record)
{
    struct text account;
    const json_t *changes = json_object_get(record, "changes");
    bool outside = judged_outside(record, &account);
    for (size_t i = 0; !outside && i < json_array_size(changes); i++)
        outside = judged_outside(json_array_get(changes, i), &account);
    if (outside)
        count_outside(r, account, record);
}

/* ------------------------------------------------------------------ the lines */

static void take_decision(struct reading *r, const json_t *record)
{
    int64_t ms;
    if (!clock_parse(entry_text(record, "time", NULL), &ms)) {
        r->out->damaged++;
        return;
    }
    if (ms < r->first_ms)
        r->first_ms = ms;
    if (ms < r->from_ms || ms >= r->until_ms)
        return;
    enum credential_class class = class_of(record);
    r->out->decisions++;
    r->out->by_credential[class]++;
    count_day(r, record, ms);
    see_outside(r, record);
    uint32_t repository = repository_of(r, record);
    if (repository == INVENTORY_NONE ||
        json_is_true(json_object_get(json_object_get(record, "push"), "dry_run")))
        return;
    see_pusher(r, repository, record, class);
    see_refs(r, repository, record);
}

/* `last`: it is open already, and stays so; else NULL. */
static enum status read_file(struct reading *r, const char *path, struct audit_reader *last,
                             struct error *err)
{
    struct audit_reader *reader = last;
    struct audit_line line;
    enum status status = last ? STATUS_OK : audit_read_open(path, &reader, err);
    while (status == STATUS_OK && (status = audit_read_next(reader, &line, err)) == STATUS_OK) {
        json_t *record = line.too_long || line.unfinished ? NULL : entry_parse(line.text);
        if (record)
            take_decision(r, record);
        else if (!entry_is_rotation(line.text))
            r->out->damaged++;
        json_decref(record);
        if (r->failed)
            status = error_set(err, STATUS_MEMORY, "out of memory");
    }
    bool opened = reader != NULL;
    if (!last)
        audit_read_close(reader);
    if (opened && status == STATUS_NOT_FOUND) { /* its end */
        r->out->read = true;
        return STATUS_OK;
    }
    return status;
}

static enum status read_files(struct reading *r, const struct usage_files *files, struct error *err)
{
    struct error own = {STATUS_OK, ""};
    err = err ? err : &own;
    for (size_t i = 0; i < files->count; i++) {
        struct audit_reader *last = i + 1 == files->count ? files->last : NULL;
        enum status status = read_file(r, files->paths[i], last, err);
        if (status == STATUS_OK)
            continue;
        if (files->must || status == STATUS_MEMORY)
            return error_prefix(err, "%s", files->paths[i]);
        if (files->unread)
            files->unread(files->self, err->text);
    }
    return STATUS_OK;
}

static int compare_outside(const void *a, const void *b)
{
    return text_compare_fold(((const struct usage_outside *)a)->account,
                             ((const struct usage_outside *)b)->account);
}

static bool is_quiet(const struct posture_day *day)
{
    return !day->accepted && !day->annotated && !day->rejected && !day->failed;
}

static bool finish(struct reading *r)
{
    struct usage *out = r->out;
    out->seen = usage_table_sorted(&r->table, &out->seen_count);
    size_t quiet = 0; /* days before the log begins */
    while (quiet < r->day_count && is_quiet(&r->days[quiet]))
        quiet++;
    out->days = r->days + quiet;
    out->day_count = r->day_count - quiet;
    if (r->first_ms > out->from_ms && r->first_ms <= out->until_ms)
        out->from_ms = r->first_ms;
    if (r->outside_count)
        qsort(r->outside, r->outside_count, sizeof *r->outside, compare_outside);
    out->outside = r->outside;
    out->outside_count = r->outside_count;
    struct seen *kept = arena_alloc(r->arena, out->seen_count, sizeof *kept);
    if (kept && out->seen_count)
        memcpy(kept, out->seen, out->seen_count * sizeof *kept);
    out->seen = kept;
    return kept != NULL;
}

enum status usage_read(const struct usage_files *files, const struct inventory *inventory,
                       int64_t from_ms, int64_t until_ms, struct arena *arena, struct usage *out,
                       struct error *err)
{
    struct reading r = {.inventory = inventory,
                        .out = out,
                        .from_ms = from_ms,
                        .until_ms = until_ms,
                        .first_ms = INT64_MAX,
                        .arena = arena};
    int64_t days = (midnight(until_ms) - midnight(from_ms)) / CLOCK_DAY + 1;
    r.day_room = days < 1 ? 0 : days < DAYS_MOST ? (size_t)days : DAYS_MOST;
    *out = (struct usage){.from_ms = from_ms, .until_ms = until_ms};
    r.days = arena_alloc(arena, r.day_room, sizeof *r.days);
    for (size_t i = 0; r.days && i < r.day_room; i++)
        r.days[i].day_ms = midnight(from_ms) + (int64_t)i * CLOCK_DAY;
    enum status status = STATUS_OK;
    if (!r.days)
        status = error_set(err, STATUS_MEMORY, "out of memory");
    if (status == STATUS_OK)
        status = read_files(&r, files, err);
    if (status == STATUS_OK && !finish(&r))
        status = error_set(err, STATUS_MEMORY, "out of memory");
    usage_table_free(&r.table);
    return status;
}

/* ------------------------------------------------------------------ questions */

/* The first entry that is not before this one. */
static size_t first_at(const struct usage *usage, const struct seen *wanted)
{
    size_t low = 0, high = usage->seen_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (usage_table_compare(&usage->seen[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool usage_has(const struct usage *usage, uint32_t repository, enum seen_what what, uint64_t who)
{
    const struct seen wanted = {repository, what, who, TEXT("")};
    size_t at = first_at(usage, &wanted);
    return at < usage->seen_count && !usage_table_compare(&usage->seen[at], &wanted);
}

bool usage_any(const struct usage *usage, uint32_t repository)
{
    const struct seen wanted = {repository, (enum seen_what)0, 0, TEXT("")};
    size_t at = first_at(usage, &wanted);
    return at < usage->seen_count && usage->seen[at].repository == repository;
}

const struct seen *usage_of(const struct usage *usage, uint32_t repository, enum seen_what what,
                            size_t *count)
{
    const struct seen wanted = {repository, what, 0, TEXT("")};
    size_t at = first_at(usage, &wanted);
    *count = 0;
    while (at + *count < usage->seen_count && usage->seen[at + *count].repository == repository &&
           usage->seen[at + *count].what == what)
        ++*count;
    return usage->seen + at;
}
