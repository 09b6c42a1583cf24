#include "record/approval_file.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "record/record_approval.h"
#include "record/record_json.h"

#define FORMAT 1
#define NUMBER_MAX INT64_C(0xffffffff)

/* ------------------------------------------------------------------ reading */

/* One file while it is read. What is wrong first is kept; later questions give nothing. */
struct file_reader {
    struct arena *arena;
    const json_t *object;
    size_t taken; /* fields that somebody asked for and that are there */
    bool out_of_memory;
    const char *wrong; /* the field, or NULL */
};

static const json_t *take(struct file_reader *reader, const char *field)
{
    const json_t *value = json_object_get(reader->object, field);
    reader->taken += value != NULL;
    return value;
}

static struct text wrong(struct file_reader *reader, const char *field)
{
    if (!reader->wrong)
        reader->wrong = field;
    return TEXT_NONE;
}

static struct text keep(struct file_reader *reader, const char *field, const json_t *value)
{
    if (!json_is_string(value))
        return wrong(reader, field);
    const struct text text = {json_string_value(value), json_string_length(value)};
    struct text kept = arena_text(reader->arena, text);
    reader->out_of_memory = reader->out_of_memory || !kept.at;
    return kept;
}

static struct text take_text(struct file_reader *reader, const char *field)
{
    return keep(reader, field, take(reader, field));
}

/* A text, or null: absent. */
static struct text take_text_or_null(struct file_reader *reader, const char *field)
{
    const json_t *value = take(reader, field);
    return json_is_null(value) ? TEXT_NONE : keep(reader, field, value);
}

static uint64_t take_number(struct file_reader *reader, const char *field)
{
    const json_t *value = take(reader, field);
    json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    if (number < 0 || number > NUMBER_MAX) {
        wrong(reader, field);
        return 0;
    }
    return (uint64_t)number;
}

static int64_t take_time(struct file_reader *reader, const char *field)
{
    int64_t ms = 0;
    struct text text = take_text(reader, field);
    if (text.at && !clock_parse(text, &ms))
        wrong(reader, field);
    return ms;
}

static struct text_list take_list(struct file_reader *reader, const char *field)
{
    const json_t *array = take(reader, field);
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > APPROVAL_LIST_MAX) {
        wrong(reader, field);
        return (struct text_list){NULL, 0};
    }
    struct text *items = arena_alloc(reader->arena, count + 1, sizeof *items);
    reader->out_of_memory = reader->out_of_memory || !items;
    for (size_t i = 0; items && i < count; i++)
        items[i] = keep(reader, field, json_array_get(array, i));
    return (struct text_list){items, items ? count : 0};
}

static unsigned take_kinds(struct file_reader *reader, const char *field)
{
    struct text_list names = take_list(reader, field);
    unsigned kinds = 0, bit = 0;
    for (size_t i = 0; i < names.count; i++) {
        if (!names.items[i].at || !change_kind_bit(names.items[i], &bit))
            wrong(reader, field);
        kinds |= bit;
    }
    return kinds;
}

static struct account take_account(struct file_reader *reader, const char *field)
{
    struct file_reader inner = {.arena = reader->arena, .object = take(reader, field)};
    struct account account = {
        .uid = take_number(&inner, "uid"),
        .name = take_text(&inner, "name"),
        .sudo_user = take_text_or_null(&inner, "sudo_user"),
    };
    if (inner.wrong || inner.taken != json_object_size(inner.object))
        wrong(reader, field);
    reader->out_of_memory = reader->out_of_memory || inner.out_of_memory;
    return account;
}

static bool starved;

static void *noted_malloc(size_t size)
{
    void *memory = malloc(size);
    starved = starved || !memory;
    return memory;
}

/* jansson 2.14 takes a string for which it has no memory for one that is malformed, or goes on without
 * the byte that found no room: the approval would be another one. */
static json_t *load(struct text bytes, json_error_t *why)
{
    json_malloc_t usual_malloc;
    json_free_t usual_free;
    json_get_alloc_funcs(&usual_malloc, &usual_free);
    json_set_alloc_funcs(noted_malloc, free);
    starved = false;
    json_t *object = json_loadb(bytes.at, bytes.size, JSON_REJECT_DUPLICATES, why);
    json_set_alloc_funcs(usual_malloc, usual_free);
    if (!starved)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *parse(struct text bytes, struct file_reader *reader, struct error *err)
{
    json_error_t why;
    json_t *object = load(bytes, &why);
    if (!object && starved)
        error_set(err, STATUS_MEMORY, "out of memory");
    else if (!object)
        error_set(err, STATUS_FORMAT, "not JSON, line %d", why.line);
    else if (!json_is_object(object))
        error_set(err, STATUS_FORMAT, "not a JSON object");
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    reader->object = object;
    if (take_number(reader, "format") != FORMAT)
        wrong(reader, "format");
    return object;
}

/* Unknown fields are malformed, too: one that limits an approval must not be overlooked. */
static enum status finish(struct file_reader *reader, json_t *object, struct error *err)
{
    enum status status = STATUS_OK;
    if (reader->out_of_memory)
        status = error_set(err, STATUS_MEMORY, "out of memory");
    else if (reader->wrong)
        status = error_set(err, STATUS_FORMAT, "\"%s\" is missing or not what it should be",
                           reader->wrong);
    else if (reader->taken != json_object_size(object))
        status = error_set(err, STATUS_FORMAT, "it has fields that nobody knows");
    json_decref(object);
    return status;
}

enum status approval_file_read(struct text bytes, struct arena *arena, struct approval *out,
                               struct error *err)
{
    struct file_reader reader = {.arena = arena};
    json_t *object = parse(bytes, &reader, err);
    if (!object)
        return starved ? STATUS_MEMORY : STATUS_FORMAT;
    struct approval approval = {
        .state = APPROVAL_OPEN,
        .id = take_text(&reader, "id"),
        .repositories = take_list(&reader, "repositories"),
        .refs = take_list(&reader, "refs"),
        .users = take_list(&reader, "users"),
        .kinds = take_kinds(&reader, "changes"),
        .new_ids = take_list(&reader, "new"),
        .not_before_ms = take_time(&reader, "not_before"),
        .not_after_ms = take_time(&reader, "not_after"),
        .uses = take_number(&reader, "uses"),
        .approver = take_account(&reader, "approver"),
        .reason = take_text(&reader, "reason"),
        .created_ms = take_time(&reader, "created"),
    };
    enum status status = finish(&reader, object, err);
    if (status != STATUS_OK)
        return status;
    const char *problem = ulid_valid(approval.id) ? approval_problem(&approval) : "its id is none";
    if (problem)
        return error_set(err, STATUS_FORMAT, "%s", problem);
    *out = approval;
    return STATUS_OK;
}

enum status approval_use_read(struct text bytes, struct arena *arena, struct approval_use *out,
                              struct error *err)
{
    struct file_reader reader = {.arena = arena};
    json_t *object = parse(bytes, &reader, err);
    if (!object)
        return starved ? STATUS_MEMORY : STATUS_FORMAT;
    struct approval_use use = {
        .decision = take_text(&reader, "decision"),
        .repository = take_text_or_null(&reader, "repository"),
        .pusher = take_text_or_null(&reader, "pusher"),
        .time_ms = take_time(&reader, "time"),
        .host = take_text_or_null(&reader, "host"),
    };
    struct text push = take_text(&reader, "push");
    if (push.size != DIGEST_HEX_SIZE - 1)
        wrong(&reader, "push");
    else
        memcpy(use.push.hex, push.at, push.size);
    enum status status = finish(&reader, object, err);
    if (status == STATUS_OK)
        *out = use;
    return status;
}

enum status approval_revocation_read(struct text bytes, struct arena *arena,
                                     struct approval_revocation *out, struct error *err)
{
    struct file_reader reader = {.arena = arena};
    json_t *object = parse(bytes, &reader, err);
    if (!object)
        return starved ? STATUS_MEMORY : STATUS_FORMAT;
    struct approval_revocation revocation = {
        .by = take_account(&reader, "by"),
        .reason = take_text(&reader, "reason"),
        .time_ms = take_time(&reader, "time"),
    };
    enum status status = finish(&reader, object, err);
    if (status == STATUS_OK)
        *out = revocation;
    return status;
}

/* ------------------------------------------------------------------ writing */

static json_t *text_json(struct text t)
{
    return json_text(t, RECORD_TEXT_MAX, NULL);
}

static json_t *time_json(int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(ms, false, text);
    return json_string_nocheck(text);
}

static json_t *list_json(struct record_maker *maker, const struct text_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_append(maker, array, json_text(list->items[i], RECORD_REF_MAX, NULL));
    return array;
}

static json_t *kinds_json(struct record_maker *maker, unsigned kinds)
{
    static const enum change_kind all[] = {CHANGE_CREATE, CHANGE_UPDATE, CHANGE_REWRITE,
                                           CHANGE_DELETE};
    json_t *array = json_array();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (approval_kinds(all[i]) & kinds)
            json_append(maker, array, json_string_nocheck(change_kind_name(all[i])));
    return array;
}

static json_t *begin(struct record_maker *maker)
{
    json_t *object = json_object();
    json_put(maker, object, "format", json_integer(FORMAT));
    return object;
}

static int add_bytes(const char *bytes, size_t size, void *buffer)
{
    buffer_add(buffer, bytes, size);
    return ((struct buffer *)buffer)->failed ? -1 : 0;
}

static enum status dump(struct record_maker *maker, json_t *object, struct buffer *out,
                        struct error *err)
{
    if (!maker->failed && json_dump_callback(object, add_bytes, out, JSON_INDENT(1)))
        maker->failed = true;
    json_decref(object);
    buffer_string(out, "\n");
    if (maker->failed || out->failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    return STATUS_OK;
}

enum status approval_file_write(const struct approval *a, struct buffer *out, struct error *err)
{
    struct record_maker maker = {false};
    json_t *object = begin(&maker);
    json_put(&maker, object, "id", text_json(a->id));
    json_put(&maker, object, "repositories", list_json(&maker, &a->repositories));
    json_put(&maker, object, "refs", list_json(&maker, &a->refs));
    json_put(&maker, object, "users", list_json(&maker, &a->users));
    json_put(&maker, object, "changes", kinds_json(&maker, a->kinds));
    json_put(&maker, object, "new", list_json(&maker, &a->new_ids));
    json_put(&maker, object, "not_before", time_json(a->not_before_ms));
    json_put(&maker, object, "not_after", time_json(a->not_after_ms));
    json_put(&maker, object, "uses", json_number(a->uses));
    json_put(&maker, object, "approver", record_account_json(&maker, &a->approver));
    json_put(&maker, object, "reason", text_json(a->reason));
    json_put(&maker, object, "created", time_json(a->created_ms));
    return dump(&maker, object, out, err);
}

enum status approval_use_write(const struct approval_use *use, struct buffer *out,
                               struct error *err)
{
    struct record_maker maker = {false};
    json_t *object = begin(&maker);
    json_put(&maker, object, "decision", text_json(use->decision));
    json_put(&maker, object, "repository", text_json(use->repository));
    json_put(&maker, object, "pusher", text_json(use->pusher));
    json_put(&maker, object, "push", json_string_nocheck(use->push.hex));
    json_put(&maker, object, "time", time_json(use->time_ms));
    json_put(&maker, object, "host", text_json(use->host));
    return dump(&maker, object, out, err);
}

enum status approval_revocation_write(const struct approval_revocation *revocation,
                                      struct buffer *out, struct error *err)
{
    struct record_maker maker = {false};
    json_t *object = begin(&maker);
    json_put(&maker, object, "by", record_account_json(&maker, &revocation->by));
    json_put(&maker, object, "reason", text_json(revocation->reason));
    json_put(&maker, object, "time", time_json(revocation->time_ms));
    return dump(&maker, object, out, err);
}
