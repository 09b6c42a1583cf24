/*
 * enrich_join.c - which finished request was behind which decision.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/glob.h"
#include "command/audit_entry.h"
#include "command/enrich.h"

#define BEGUN_SLOTS ((size_t)1 << 16)
#define NAME_ROOM 512
#define HTTP_OK 200

struct enrich_begun { /* when a request began, by its id; a later one takes the slot */
    uint64_t id;
    int64_t wall_ms;
};

/* ------------------------------------------------------------------ memory */

bool enrich_init(struct enrich *enrich)
{
    arena_init(&enrich->arena, SIZE_MAX);
    enrich->begun = calloc(BEGUN_SLOTS, sizeof *enrich->begun);
    enrich->strays = calloc(ENRICH_STRAY_MOST, sizeof *enrich->strays);
    return enrich->begun && enrich->strays;
}

void enrich_free(struct enrich *enrich)
{
    free(enrich->begun);
    free(enrich->strays);
    free(enrich->decisions);
    arena_free(&enrich->arena);
}

static struct text kept(struct enrich *enrich, struct text t)
{
    struct text copy = arena_text(&enrich->arena, t);
    enrich->out_of_memory |= text_absent(copy);
    return text_absent(copy) ? TEXT("") : copy;
}

/* ------------------------------------------------------------------ keys and times */

int64_t enrich_wall(int64_t utc_ms)
{
    time_t seconds = (time_t)(utc_ms / CLOCK_SECOND);
    struct tm tm;
    return localtime_r(&seconds, &tm) ? utc_ms + tm.tm_gmtoff * CLOCK_SECOND : utc_ms;
}

/* FNV-1a, without ASCII case if `fold`; a byte that is in no name ends each part. */
static uint64_t hash_part(uint64_t hash, struct text t, bool fold)
{
    for (size_t i = 0; i <= t.size; i++) {
        char c = i == t.size ? '\0' : fold ? ascii_lower(t.at[i]) : t.at[i];
        hash = (hash ^ (unsigned char)c) * UINT64_C(1099511628211);
    }
    return hash;
}
#define HASH_START UINT64_C(14695981039346656037)

static uint64_t key_of(struct text user, struct text project, struct text slug)
{
    return hash_part(hash_part(hash_part(HASH_START, user, true), project, true), slug, true);
}

/* ------------------------------------------------------------------ decisions */

static uint64_t hash_of_push(const json_t *record)
{
    const json_t *change = json_array_get(json_object_get(record, "changes"), 0);
    static const char *const parts[] = {"ref", "old", "new"};
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < 3; i++)
        hash = hash_part(hash, entry_text(change, parts[i], NULL), false);
    return hash;
}

static struct enrich_decision *new_decision(struct enrich *enrich)
{
    if (enrich->decision_count == enrich->decision_room) {
        size_t room = enrich->decision_room ? enrich->decision_room * 2 : 1024;
        void *more = reallocarray(enrich->decisions, room, sizeof *enrich->decisions);
        if (!more) {
            enrich->out_of_memory = true;
            return NULL;
        }
        enrich->decisions = more;
        enrich->decision_room = room;
    }
    return &enrich->decisions[enrich->decision_count++];
}

/* A git client pushed: not the web interface, no merge, not under a native hook. */
static bool is_push(const json_t *record)
{
    return text_equal(entry_text(record, "push", "trigger"), TEXT("push")) &&
           !json_is_true(json_object_get(json_object_get(record, "push"), "dry_run")) &&
           entry_text(record, "pusher", "name").size && entry_text(record, "push", "project").size;
}

void enrich_add(struct enrich *enrich, const json_t *record)
{
    int64_t utc_ms;
    if (!is_push(record) || !clock_parse(entry_text(record, "time", NULL), &utc_ms)) {
        enrich->not_joined++;
        return;
    }
    struct enrich_decision *decision = new_decision(enrich);
    if (!decision)
        return;
    *decision = (struct enrich_decision){
        .id = kept(enrich, entry_text(record, "id", NULL)),
        .time = kept(enrich, entry_text(record, "time", NULL)),
        .host = kept(enrich, entry_text(record, "host", NULL)),
        .user = kept(enrich, entry_text(record, "pusher", "name")),
        .project = kept(enrich, entry_text(record, "push", "project")),
        .slug = kept(enrich, entry_text(record, "push", "repository")),
        .verdict = kept(enrich, entry_text(record, "verdict", NULL)),
        .class = kept(enrich, entry_text(record, "credential", "class")),
        .wall_ms = enrich_wall(utc_ms),
        .push = hash_of_push(record),
    };
    decision->key = key_of(decision->user, decision->project, decision->slug);
}

static int by_key(const void *a, const void *b)
{
    const struct enrich_decision *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->wall_ms > y->wall_ms) - (x->wall_ms < y->wall_ms);
}

static int by_time(const void *a, const void *b)
{
    const struct enrich_decision *x = a, *y = b;
    int order = text_compare(x->time, y->time);
    return order ? order : text_compare(x->id, y->id);
}

void enrich_sort(struct enrich *enrich)
{
    const struct audit_filter *filter = &enrich->filter;
    enrich->from_ms = INT64_MAX;
    enrich->to_ms = INT64_MIN;
    for (size_t i = 0; i < enrich->decision_count; i++) {
        int64_t wall = enrich->decisions[i].wall_ms;
        enrich->from_ms = wall < enrich->from_ms ? wall : enrich->from_ms;
        enrich->to_ms = wall > enrich->to_ms ? wall : enrich->to_ms;
    }
    if (filter->since_set)
        enrich->from_ms = enrich_wall(filter->since_ms);
    if (filter->until_set)
        enrich->to_ms = enrich_wall(filter->until_ms);
    if (enrich->decision_count)
        qsort(enrich->decisions, enrich->decision_count, sizeof *enrich->decisions, by_key);
}

/* The first decision of the key that was not made before `wall`. */
static size_t first_after(const struct enrich *enrich, uint64_t key, int64_t wall)
{
    size_t low = 0, high = enrich->decision_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct enrich_decision *at = &enrich->decisions[middle];
        if (at->key < key || (at->key == key && at->wall_ms < wall))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ------------------------------------------------------------------ requests */

struct finished { /* a request as its last line tells it */
    const struct access_line *line;
    struct text project, slug;
    char project_room[NAME_ROOM], slug_room[NAME_ROOM];
    int64_t start_ms, end_ms;
};

static struct enrich_begun *begun_slot(struct enrich *enrich, struct text id, uint64_t *hash)
{
    *hash = hash_part(HASH_START, id, false);
    return &enrich->begun[*hash % BEGUN_SLOTS];
}

static int64_t started(struct enrich *enrich, const struct access_line *line)
{
    uint64_t hash;
    if (line->duration_ms >= 0 && line->duration_ms <= CLOCK_DAY)
        return line->time_ms - line->duration_ms;
    const struct enrich_begun *begun = begun_slot(enrich, line->request_id, &hash);
    if (begun->id == hash && begun->wall_ms <= line->time_ms &&
        begun->wall_ms >= line->time_ms - CLOCK_DAY)
        return begun->wall_ms;
    return line->time_ms - ENRICH_LONGEST_MS;
}

static bool decoded(const struct access_line *line, struct text typed, char *room, struct text *out)
{
    *out = typed;
    return line->protocol == ACCESS_SSH || access_name_decode(typed, room, NAME_ROOM, out);
}

static bool wanted(const struct enrich *enrich, const struct finished *finished)
{
    const struct audit_filter *filter = &enrich->filter;
    if (filter->user.at && !text_equal_fold(finished->line->user, filter->user))
        return false;
    if (!filter->repository.at)
        return true;
    char name[2 * NAME_ROOM + 2];
    int size = snprintf(name, sizeof name, "%.*s/%.*s", TEXT_ARG(finished->project),
                        TEXT_ARG(finished->slug));
    return size > 0 && (size_t)size < sizeof name &&
           glob_name_match(filter->repository, (struct text){name, (size_t)size});
}

static struct enrich_request *keep_request(struct enrich *enrich, const struct finished *finished,
                                           struct enrich_request *out)
{
    const struct access_line *line = finished->line;
    char *repository = arena_printf(&enrich->arena, "%.*s/%.*s", TEXT_ARG(finished->project),
                                    TEXT_ARG(finished->slug));
    enrich->out_of_memory |= !out || !repository;
    if (!out || !repository)
        return NULL;
    *out = (struct enrich_request){.start_ms = finished->start_ms,
                                   .end_ms = finished->end_ms,
                                   .user = kept(enrich, line->user),
                                   .repository = text_of(repository),
                                   .address = kept(enrich, line->addresses),
                                   .agent = kept(enrich, line->agent),
                                   .request_id = kept(enrich, line->request_id),
                                   .ssh = line->protocol == ACCESS_SSH};
    return out;
}

static void add_fit(struct enrich *enrich, struct enrich_decision *decision,
                    struct enrich_request *request)
{
    if (decision->fit_count++ >= ENRICH_FITS_MOST)
        return;
    struct enrich_fit *fit = arena_alloc(&enrich->arena, 1, sizeof *fit);
    enrich->out_of_memory |= !fit;
    if (!fit)
        return;
    *fit = (struct enrich_fit){request, decision->fits};
    decision->fits = fit;
}

static bool fits(const struct enrich_decision *decision, const struct finished *finished,
                 uint64_t key)
{
    return decision->key == key && text_equal_fold(decision->user, finished->line->user) &&
           text_equal_fold(decision->project, finished->project) &&
           text_equal_fold(decision->slug, finished->slug);
}

static void join(struct enrich *enrich, const struct finished *finished)
{
    uint64_t key = key_of(finished->line->user, finished->project, finished->slug);
    size_t first = first_after(enrich, key, finished->start_ms - ENRICH_SLACK_MS), last = first;
    while (last < enrich->decision_count && fits(&enrich->decisions[last], finished, key) &&
           enrich->decisions[last].wall_ms <= finished->end_ms + ENRICH_SLACK_MS)
        last++;
    if (first == last && !access_line_labelled(finished->line, TEXT("push")))
        return; /* nothing was pushed: a client that looked and was up to date */
    enrich->requests++;
    if (finished->end_ms < enrich->from_ms || finished->start_ms > enrich->to_ms) {
        enrich->outside++;
        return;
    }
    struct enrich_request *request = NULL;
    if (first < last)
        request = arena_alloc(&enrich->arena, 1, sizeof *request);
    else if (enrich->stray_count++ < ENRICH_STRAY_MOST)
        request = &enrich->strays[enrich->stray_count - 1];
    const struct enrich_credential *credential = enrich_credential_use(enrich, finished->line);
    if (first == last && !request)
        return; /* counted, but not listed */
    request = keep_request(enrich, finished, request);
    if (request)
        request->credential = credential;
    for (size_t i = first; i < last && request; i++)
        add_fit(enrich, &enrich->decisions[i], request);
}

static void note_end(struct enrich *enrich, const struct access_line *line)
{
    struct finished finished = {.line = line};
    if (!decoded(line, line->project, finished.project_room, &finished.project) ||
        !decoded(line, line->slug, finished.slug_room, &finished.slug) ||
        !wanted(enrich, &finished))
        return;
    finished.end_ms = line->time_ms;
    finished.start_ms = started(enrich, line);
    join(enrich, &finished);
}

static void note_begin(struct enrich *enrich, const struct access_line *line)
{
    uint64_t hash;
    struct enrich_begun *begun = begun_slot(enrich, line->request_id, &hash);
    *begun = (struct enrich_begun){hash, line->time_ms};
}

void enrich_line(struct enrich *enrich, struct text text)
{
    struct access_line line;
    enrich->lines++;
    if (!text.size || !memmem(text.at, text.size, ACCESS_PUSH_WORD, sizeof ACCESS_PUSH_WORD - 1) ||
        !access_line_parse(text, &line) || line.action != ACCESS_RECEIVE)
        return;
    bool refused = line.protocol == ACCESS_HTTP && line.status >= 0 && line.status != HTTP_OK;
    if (!line.ended)
        note_begin(enrich, &line);
    else if (!refused && !text_equal(line.user, TEXT("-")))
        note_end(enrich, &line);
}

/* ------------------------------------------------------------------ what follows */

void enrich_conclude(struct enrich *enrich)
{
    for (size_t i = 0; i < enrich->decision_count; i++) {
        const struct enrich_decision *decision = &enrich->decisions[i];
        struct enrich_request *request = decision->fits ? decision->fits->request : NULL;
        if (!request || decision->fit_count != 1 ||
            (request->sole && request->sole_push == decision->push))
            continue;
        request->sole++;
        request->sole_push = decision->push;
    }
    if (enrich->decision_count)
        qsort(enrich->decisions, enrich->decision_count, sizeof *enrich->decisions, by_time);
}

enum enrich_confidence enrich_confidence(const struct enrich_decision *decision)
{
    const struct enrich_fit *first = decision->fits;
    if (!first)
        return ENRICH_NONE;
    if (decision->fit_count == 1) /* one request is one push: of two decisions, one lacks its own */
        return first->request->sole == 1 ? ENRICH_CERTAIN : ENRICH_AMBIGUOUS;
    if (decision->fit_count > ENRICH_FITS_MOST)
        return ENRICH_AMBIGUOUS;
    for (const struct enrich_fit *fit = first; fit; fit = fit->next)
        if (!fit->request->credential || fit->request->credential != first->request->credential)
            return ENRICH_AMBIGUOUS;
    return ENRICH_AGREED;
}
