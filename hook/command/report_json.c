#include <jansson.h>
#include <stdlib.h>

#include "base/clock.h"
#include "command/report_print.h"
#include "record/record_json.h"

#define REPORT_FORMAT 1

static json_t *text_json(struct text t)
{
    return json_text(text_absent(t) ? TEXT("") : t, SIZE_MAX, NULL);
}

static json_t *time_json(int64_t ms)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(ms, true, time);
    return json_string(time);
}

static json_t *list_json(struct record_maker *maker, const struct text_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_append(maker, array, text_json(list->items[i]));
    return array;
}

/* Takes over the value. */
static void add_value(struct buffer *out, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII)
                       : NULL;
    if (text)
        buffer_string(out, text);
    else
        out->failed = true;
    free(text);
    json_decref(value);
}

static void add_member(struct buffer *out, const char *name, json_t *value)
{
    buffer_printf(out, ",\n\"%s\":", name);
    add_value(out, value);
}

static json_t *finding_json(struct record_maker *maker, const struct posture *posture,
                            const struct posture_finding *finding)
{
    json_t *object = json_object();
    json_put(maker, object, "id", text_json(finding->id));
    json_put(maker, object, "kind", json_string(finding->kind->name));
    json_put(maker, object, "severity", json_string(severity_name(finding->severity)));
    if (posture->compared)
        json_put(maker, object, "change",
                 finding->change == POSTURE_SAME
                     ? json_null()
                     : json_string(report_change_name(finding->change)));
    json_put(maker, object, "where", text_json(finding->where));
    json_put(maker, object, "what", text_json(finding->what));
    json_put(maker, object, "evidence", list_json(maker, &finding->evidence));
    json_put(maker, object, "controls", list_json(maker, &finding->controls));
    return object;
}

static void add_findings(struct record_maker *maker, const struct posture *posture,
                         struct buffer *out)
{
    buffer_string(out, ",\n\"findings\":[");
    for (size_t i = 0; i < posture->finding_count && !maker->failed && !out->failed; i++) {
        buffer_string(out, i ? ",\n" : "\n");
        add_value(out, finding_json(maker, posture, &posture->findings[i]));
    }
    buffer_string(out, "]");
}

/* Title, why and what to do, once a kind: only those that were found. */
static json_t *kinds_json(struct record_maker *maker, const struct posture *posture)
{
    json_t *kinds = json_object();
    for (size_t i = 0; i < posture->finding_count; i++) {
        const struct posture_kind *kind = posture->findings[i].kind;
        if (json_object_get(kinds, kind->name))
            continue;
        json_t *object = json_object();
        json_put(maker, object, "title", json_string(kind->title));
        json_put(maker, object, "why", json_string(kind->why));
        json_put(maker, object, "action", json_string(kind->action));
        json_put(maker, kinds, kind->name, object);
    }
    return kinds;
}

static json_t *summary_json(struct record_maker *maker, const struct posture *posture)
{
    json_t *object = json_object();
    for (int level = SEVERITY_CRITICAL; level >= SEVERITY_INFO; level--)
        json_put(maker, object, severity_name((enum severity)level),
                 json_number(posture->by_severity[level]));
    return object;
}

static json_t *snapshot_json(struct record_maker *maker, const struct posture *posture)
{
    json_t *object = json_object();
    json_put(maker, object, "digest", text_json(posture->snapshot_digest));
    json_put(maker, object, "started", time_json(posture->snapshot_started_ms));
    json_put(maker, object, "users", json_number(posture->users));
    json_put(maker, object, "groups", json_number(posture->groups));
    json_put(maker, object, "projects", json_number(posture->projects));
    json_put(maker, object, "repositories", json_number(posture->repositories));
    json_put(maker, object, "keys", json_number(posture->keys));
    json_put(maker, object, "restrictions", json_number(posture->restrictions));
    return object;
}

static json_t *counts_json(struct record_maker *maker, const struct posture_count *counts,
                           size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *key = text_json(counts[i].name);
        if (json_string_value(key))
            json_put(maker, object, json_string_value(key), json_number(counts[i].count));
        json_decref(key);
    }
    return object;
}

static json_t *days_json(struct record_maker *maker, const struct posture *posture)
{
    json_t *array = json_array();
    for (size_t i = 0; i < posture->day_count; i++) {
        const struct posture_day *day = &posture->days[i];
        json_t *object = json_object();
        char date[CLOCK_TEXT_SIZE];
        clock_format(day->day_ms, true, date);
        json_put(maker, object, "day", json_stringn(date, sizeof "2026-11-22" - 1));
        json_put(maker, object, "accepted", json_number(day->accepted));
        json_put(maker, object, "annotated", json_number(day->annotated));
        json_put(maker, object, "rejected", json_number(day->rejected));
        json_put(maker, object, "failed", json_number(day->failed));
        json_append(maker, array, object);
    }
    return array;
}

static json_t *audit_json(struct record_maker *maker, const struct posture *posture)
{
    if (!posture->audit_read)
        return json_null();
    json_t *object = json_object();
    json_put(maker, object, "from", time_json(posture->window_from_ms));
    json_put(maker, object, "to", time_json(posture->window_to_ms));
    json_put(maker, object, "decisions", json_number(posture->decisions));
    json_put(maker, object, "by_credential",
             counts_json(maker, posture->by_credential, posture->by_credential_count));
    json_put(maker, object, "days", days_json(maker, posture));
    return object;
}

static json_t *baseline_json(struct record_maker *maker, const struct posture *posture)
{
    if (!posture->compared)
        return json_null();
    json_t *object = json_object();
    json_put(maker, object, "time", time_json(posture->baseline_ms));
    json_put(maker, object, "new", json_number(posture->new_count));
    json_put(maker, object, "gone", json_number(posture->gone_count));
    return object;
}

void report_json(const struct posture *posture, struct buffer *out)
{
    struct record_maker maker = {false};
    buffer_printf(out, "{\"format\":%d", REPORT_FORMAT);
    add_member(out, "version", json_string(posture->version));
    add_member(out, "time", time_json(posture->now_ms));
    add_member(out, "base_url", text_json(posture->base_url));
    add_member(out, "bitbucket_version", text_json(posture->bitbucket_version));
    add_member(out, "snapshot", snapshot_json(&maker, posture));
    add_member(out, "filtered", json_boolean(posture->filtered));
    add_member(out, "summary", summary_json(&maker, posture));
    add_member(out, "baseline", baseline_json(&maker, posture));
    add_member(out, "audit", audit_json(&maker, posture));
    add_member(out, "writers", counts_json(&maker, posture->writers, posture->writer_count));
    add_member(out, "notes", list_json(&maker, &posture->notes));
    add_member(out, "not_looked_at", list_json(&maker, &posture->not_looked_at));
    add_member(out, "kinds", kinds_json(&maker, posture));
    add_findings(&maker, posture, out);
    buffer_string(out, "}\n");
    if (maker.failed)
        out->failed = true;
}
