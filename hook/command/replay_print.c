/*
 * replay_print.c - what replay_run() found, as text, JSON and CSV.
 */
#include <inttypes.h>
#include <stdarg.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "command/csv.h"
#include "command/replay.h"
#include "record/record_json.h"

#define ROWS_MOST 20 /* of each table, in text */
#define NAME_MOST ((size_t)200)
#define NAME_COLUMN 36

static const char *const skip_names[REPLAY_SKIPS][2] = {
    [REPLAY_NATIVE] = {"native", "of a native git hook"},
    [REPLAY_UNJUDGED] = {"failed", "failed before judging"},
    [REPLAY_SWITCHED_OFF] = {"disabled", "let through by the kill switch"},
    [REPLAY_DAMAGED] = {"damaged", "not readable"},
};

/* ------------------------------------------------------------------ text */
/* Escaped, and blanks up to `width` columns. */
static void print_name(struct text name, size_t width, FILE *out)
{
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, name, NAME_MOST, false);
    struct text text = buffer_view(&safe);
    size_t columns = utf8_columns(text);
    fprintf(out, "%.*s%*s", TEXT_ARG(text), columns < width ? (int)(width - columns) : 0, "");
    buffer_free(&safe);
}

static void print_number(FILE *out, uint64_t number, const char *format, ...) PRINTF_LIKE(3, 4);
/* "  12 of them …", nothing for 0. */
static void print_number(FILE *out, uint64_t number, const char *format, ...)
{
    if (!number)
        return;
    va_list list;
    va_start(list, format);
    fprintf(out, "%10" PRIu64 "  ", number);
    vfprintf(out, format, list);
    fputc('\n', out);
    va_end(list);
}

static void print_period(const struct replay_result *result, FILE *out)
{
    char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];
    clock_format(result->first_ms, true, first);
    clock_format(result->last_ms, true, last);
    fprintf(out, "%" PRIu64 " decision%s judged again", result->decisions,
            result->decisions == 1 ? "" : "s");
    if (result->decisions)
        fprintf(out, ", %s to %s", first, last);
    fprintf(out, "\n");
}

static void print_caveats(const struct replay_result *result, FILE *out)
{
    if (result->monitor_before && result->monitor_after)
        fprintf(out, "%10s  both policies are in monitor mode: neither stops anybody\n", "note");
    else if (result->monitor_before || result->monitor_after)
        fprintf(out, "%10s  %s is in monitor mode: it stops nobody\n", "note",
                result->monitor_after ? "the new policy" : "the policy in use");
    print_number(out, result->watched,
                 "in which a rule of the new policy has a say that is in monitor mode");
    print_number(out, result->partial, "judged by a part of the changes: the rest is not recorded");
    print_number(out, result->drifted,
                 "drifted: the policy in use decides otherwise than was recorded");
    print_number(out, result->drifted_policy, "  of them were made by another policy");
    print_number(out, result->drifted_snapshot, "  of them on another snapshot");
    for (size_t i = 0; i < REPLAY_SKIPS; i++)
        if (skip_names[i][0])
            print_number(out, result->skips[i], "left out: %s", skip_names[i][1]);
}

static void print_summary(const struct replay_result *result, FILE *out)
{
    print_period(result, out);
    print_number(out, result->newly_rejected, "would be rejected (accepted by the policy in use)");
    print_number(out, result->newly_accepted, "would be accepted (rejected by the policy in use)");
    print_number(out, result->otherwise, "another verdict, but the same effect");
    print_number(out, result->open, "open: the answer hangs on what was not recorded");
    print_number(out, result->same, "the same");
    print_caveats(result, out);
    if (result->decisions && result->same == result->decisions)
        fprintf(out, "nothing would change\n");
}

static void print_table(const char *title, const struct replay_count *rows, size_t count, FILE *out)
{
    if (!count)
        return;
    fprintf(out, "\n%-*s %9s %9s %9s %9s %9s\n", NAME_COLUMN, title, "rejected", "accepted",
            "otherwise", "open", "watched");
    for (size_t i = 0; i < count && i < ROWS_MOST; i++) {
        print_name(rows[i].name, NAME_COLUMN, out);
        fprintf(out, " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
                rows[i].rejected, rows[i].accepted, rows[i].otherwise, rows[i].open,
                rows[i].watched);
    }
    if (count > ROWS_MOST)
        fprintf(out, "... and %zu more\n", count - ROWS_MOST);
}

static void print_change(const struct replay_change *change, FILE *out)
{
    print_name(change->time, 24, out);
    fprintf(out, "  ");
    print_name(change->id, 26, out);
    fprintf(out, "  %s -> %s  ", verdict_name(change->before), verdict_name(change->after));
    print_name(change->user, 0, out);
    fprintf(out, "  ");
    print_name(change->repository, 0, out);
    fprintf(out, "%s\n    ", change->effect == REPLAY_OPEN ? "  (open)" : "");
    if (change->effect == REPLAY_OPEN)
        fprintf(out, "perhaps: ");
    if (change->rule.size) {
        fprintf(out, "rule ");
        print_name(change->rule, 0, out);
        fprintf(out, ": ");
    }
    print_name(change->why, 0, out);
    fprintf(out, "\n");
}

void replay_print(const struct replay_result *result, size_t changes_most, FILE *out)
{
    print_summary(result, out);
    print_table("by rule", result->by_rule, result->by_rule_count, out);
    print_table("by user", result->by_user, result->by_user_count, out);
    print_table("by repository", result->by_repository, result->by_repository_count, out);
    size_t count = result->change_count;
    size_t from = count > changes_most ? count - changes_most : 0;
    if (from < count && from)
        fprintf(out, "\nthe last %zu of %zu that would change\n", count - from, count);
    else if (from < count)
        fprintf(out, "\nwhat would change\n");
    for (size_t i = from; i < count; i++)
        print_change(&result->changes[i], out);
}

/* ------------------------------------------------------------------ JSON */

/* What is not UTF-8 is escaped. */
static json_t *name_json(struct text t)
{
    return json_text(t, SIZE_MAX, NULL);
}

static json_t *number_json(uint64_t number)
{
    return json_integer((json_int_t)number);
}

static json_t *time_json(const struct replay_result *result, int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(ms, false, text);
    return result->decisions ? json_string(text) : json_null();
}

/* A row that cannot be made (out of memory) makes the whole fail. */
static json_t *append(json_t *array, json_t *value)
{
    if (array && value && !json_array_append_new(array, value))
        return array;
    json_decref(array);
    return NULL;
}

static json_t *rows_json(const struct replay_count *rows, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count && array; i++)
        array = append(array,
                       json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "name", name_json(rows[i].name),
                                 "rejected", number_json(rows[i].rejected), "accepted",
                                 number_json(rows[i].accepted), "otherwise",
                                 number_json(rows[i].otherwise), "open", number_json(rows[i].open),
                                 "watched", number_json(rows[i].watched)));
    return array;
}

static json_t *change_json(const struct replay_change *change)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o}", "id", name_json(change->id),
                     "time", name_json(change->time), "user", name_json(change->user), "repository",
                     name_json(change->repository), "before", verdict_name(change->before), "after",
                     verdict_name(change->after), "effect", replay_effect_name(change->effect),
                     "rule", name_json(change->rule), "why", name_json(change->why));
}

static json_t *changes_json(const struct replay_result *result)
{
    json_t *array = json_array();
    for (size_t i = 0; i < result->change_count && array; i++)
        array = append(array, change_json(&result->changes[i]));
    return array;
}

static json_t *skips_json(const struct replay_result *result)
{
    json_t *object = json_object();
    for (size_t i = 0; i < REPLAY_SKIPS; i++)
        if (skip_names[i][0])
            json_object_set_new(object, skip_names[i][0], number_json(result->skips[i]));
    return object;
}

json_t *replay_json(const struct replay_result *result)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"decisions", result->decisions},
        {"same", result->same},
        {"newly_rejected", result->newly_rejected},
        {"newly_accepted", result->newly_accepted},
        {"otherwise", result->otherwise},
        {"open", result->open},
        {"watched", result->watched},
        {"partial", result->partial},
        {"drifted", result->drifted},
        {"drifted_by_policy", result->drifted_policy},
        {"drifted_by_snapshot", result->drifted_snapshot},
        {"skipped", result->skipped},
    };
    json_t *out = json_object();
    bool failed = !out;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        failed |= json_object_set_new(out, numbers[i].name, number_json(numbers[i].value)) != 0;
    json_t *rest = json_pack(
        "{s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o}", "skips", skips_json(result), "first",
        time_json(result, result->first_ms), "last", time_json(result, result->last_ms),
        "monitor_before", result->monitor_before, "monitor_after", result->monitor_after, "by_rule",
        rows_json(result->by_rule, result->by_rule_count), "by_user",
        rows_json(result->by_user, result->by_user_count), "by_repository",
        rows_json(result->by_repository, result->by_repository_count), "changes",
        changes_json(result));
    failed |= !rest || json_object_update(out, rest) != 0;
    json_decref(rest);
    if (!failed)
        return out;
    json_decref(out);
    return NULL;
}

/* ------------------------------------------------------------------ CSV */

bool replay_csv(const struct replay_result *result, FILE *out)
{
    static const struct text head[] = {TEXT("time"),       TEXT("id"),     TEXT("user"),
                                       TEXT("repository"), TEXT("before"), TEXT("after"),
                                       TEXT("effect"),     TEXT("rule"),   TEXT("why")};
    bool good = true;
    for (size_t i = 0; i <= result->change_count && good; i++) {
        struct buffer row;
        buffer_init(&row, SIZE_MAX);
        if (i) {
            const struct replay_change *c = &result->changes[i - 1];
            const struct text cells[] = {c->time,
                                         c->id,
                                         c->user,
                                         c->repository,
                                         text_of(verdict_name(c->before)),
                                         text_of(verdict_name(c->after)),
                                         text_of(replay_effect_name(c->effect)),
                                         c->rule,
                                         c->why};
            csv_row(&row, cells, sizeof cells / sizeof cells[0]);
        } else {
            csv_row(&row, head, sizeof head / sizeof head[0]);
        }
        good = !row.failed && fwrite(row.data, 1, row.size, out) == row.size;
        buffer_free(&row);
    }
    return good;
}
