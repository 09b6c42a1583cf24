/*
 * builder_blobs.c - branch models and branch restrictions, encoded as the file has them.
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot/reload.h"

static enum status check_size(struct text t, const char *what, struct error *err)
{
    if (t.size > LAYOUT_TEXT_MAX)
        return error_set(err, STATUS_LIMIT, "%s has %zu bytes; more than %d are not supported",
                         what, t.size, LAYOUT_TEXT_MAX);
    return STATUS_OK;
}

static enum status add_blob(struct builder *b, struct rows *rows, struct blob_row *row,
                            struct error *err)
{
    if (b->blobs.failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (b->blobs.size - row->at > UINT32_MAX / 2)
        return error_set(err, STATUS_LIMIT, "a restriction is too large");
    row->size = (uint32_t)(b->blobs.size - row->at);
    return facts_row(b, rows, row, STATUS_OK, err);
}

enum status builder_model(struct builder *b, struct place place, const struct branch_model *model,
                          struct error *err)
{
    struct blob_row row = {.place = place.id, .scope = (uint8_t)place.scope, .at = b->blobs.size};
    enum status status = check_size(model->development, "the development branch", err);
    if (status == STATUS_OK)
        status = check_size(model->production, "the production branch", err);
    for (size_t i = 0; status == STATUS_OK && i < model->category_count; i++) {
        status = check_size(model->category[i].id, "a branch category", err);
        if (status == STATUS_OK)
            status = check_size(model->category[i].prefix, "the prefix of a branch category", err);
    }
    if (status != STATUS_OK || b->checking)
        return status == STATUS_OK ? builder_cancelled(b, err) : status;
    put_u8(&b->blobs, (uint8_t)((model->development_set ? MODEL_DEVELOPMENT : 0) |
                                (model->production_set ? MODEL_PRODUCTION : 0) |
                                (model->development_default ? MODEL_DEVELOPMENT_DEFAULT : 0) |
                                (model->production_default ? MODEL_PRODUCTION_DEFAULT : 0)));
    put_text(&b->blobs, model->development);
    put_text(&b->blobs, model->production);
    put_u8(&b->blobs, (uint8_t)model->category_count);
    for (size_t i = 0; i < model->category_count; i++) {
        put_u8(&b->blobs, model->category[i].enabled);
        put_text(&b->blobs, model->category[i].id);
        put_text(&b->blobs, model->category[i].prefix);
    }
    return add_blob(b, &b->models, &row, err);
}

static enum status check_restriction(const struct builder_restriction *r, struct error *err)
{
    enum status status = check_size(r->head.type_text, "the type of a restriction", err);
    if (status == STATUS_OK)
        status = check_size(r->head.matcher_type_text, "the matcher of a restriction", err);
    if (status == STATUS_OK)
        status = check_size(r->head.matcher_id, "the pattern of a restriction", err);
    for (size_t i = 0; status == STATUS_OK && i < r->exempt.user_count; i++)
        status = check_size(r->exempt.users[i].name, "the name of an exempt user", err);
    for (size_t i = 0; status == STATUS_OK && i < r->exempt.group_count; i++)
        status = check_size(r->exempt.groups[i].name, "the name of an exempt group", err);
    return status;
}

/* Sorted, so that two listings of one restriction are the same bytes. */
static int compare_users(const void *a, const void *b)
{
    const struct exempt_user *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return text_compare(x->name, y->name);
}
static int compare_groups(const void *a, const void *b)
{
    const struct exempt_group *x = a, *y = b;
    int order = text_compare_fold(x->name, y->name);
    return order ? order : text_compare(x->name, y->name);
}
static int compare_ids(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static void *sorted_copy(const void *items, size_t count, size_t size,
                         int (*compare)(const void *, const void *))
{
    void *copy = calloc(count + 1, size);
    if (copy && count) {
        memcpy(copy, items, count * size);
        qsort(copy, count, size, compare);
    }
    return copy;
}

static enum status put_exemptions(struct builder *b, const struct exemptions *exempt,
                                  struct blob_row *row, struct error *err)
{
    if (!exempt->user_count && !exempt->group_count && !exempt->access_key_count)
        return STATUS_OK;
    struct exempt_user *users =
        sorted_copy(exempt->users, exempt->user_count, sizeof *users, compare_users);
    struct exempt_group *groups =
        sorted_copy(exempt->groups, exempt->group_count, sizeof *groups, compare_groups);
    uint64_t *keys =
        sorted_copy(exempt->access_keys, exempt->access_key_count, sizeof *keys, compare_ids);
    enum status status = users && groups && keys ? STATUS_OK
                                                 : error_set(err, STATUS_MEMORY, "out of memory");
    struct buffer *out = &b->blobs;
    if (status == STATUS_OK) {
        put_u32(out, (uint32_t)exempt->user_count);
        for (size_t i = 0; i < exempt->user_count; i++) {
            put_u64(out, users[i].id);
            put_text(out, users[i].name);
        }
        row->groups_at = (uint32_t)(out->size - row->at);
        put_u32(out, (uint32_t)exempt->group_count);
    }
    for (size_t i = 0; status == STATUS_OK && i < exempt->group_count; i++) {
        put_u32(out, facts_text(b, groups[i].name, "the name of a group", &status, err));
        put_u8(out, 0);
        put_text(out, groups[i].name);
    }
    if (status == STATUS_OK) {
        put_u32(out, (uint32_t)exempt->access_key_count);
        for (size_t i = 0; i < exempt->access_key_count; i++)
            put_u64(out, keys[i]);
    }
    free(users);
    free(groups);
    free(keys);
    return status;
}

enum status builder_restriction(struct builder *b, struct place place,
                                const struct builder_restriction *restriction, struct error *err)
{
    const struct restriction *head = &restriction->head;
    struct blob_row row = {
        .place = place.id, .scope = (uint8_t)place.scope, .id = head->id, .at = b->blobs.size};
    enum status status = check_restriction(restriction, err);
    if (status != STATUS_OK || b->checking)
        return status == STATUS_OK ? builder_cancelled(b, err) : status;
    put_u64(&b->blobs, head->id);
    put_u8(&b->blobs, (uint8_t)((head->of_project ? RESTRICTION_OF_PROJECT : 0) |
                                (head->matcher_active ? 0 : RESTRICTION_INACTIVE)));
    put_u8(&b->blobs, (uint8_t)head->type);
    put_u8(&b->blobs, (uint8_t)head->matcher);
    if (head->type == RESTRICTION_UNKNOWN)
        put_text(&b->blobs, head->type_text);
    if (head->matcher == MATCHER_UNKNOWN)
        put_text(&b->blobs, head->matcher_type_text);
    put_text(&b->blobs, head->matcher_id);
    status = put_exemptions(b, &restriction->exempt, &row, err);
    return status == STATUS_OK ? add_blob(b, &b->restrictions, &row, err) : status;
}

/* Copies the exemptions, with the pool's number of each group's name in place of the old number. */
static bool copy_exemptions(struct builder *b, struct cursor *c, struct blob_row *row,
                            enum status *status, struct error *err)
{
    const unsigned char *start = c->at;
    uint32_t count = cursor_count(c, 10);
    for (uint32_t i = 0; i < count; i++) {
        cursor_bytes(c, 8);
        cursor_text(c);
    }
    buffer_add(&b->blobs, start, (size_t)(c->at - start));
    row->groups_at = (uint32_t)(b->blobs.size - row->at);
    count = cursor_count(c, 7);
    put_u32(&b->blobs, count);
    for (uint32_t i = 0; i < count && !c->failed; i++) {
        cursor_bytes(c, 5);
        struct text name = cursor_text(c);
        put_u32(&b->blobs, facts_text(b, name, "the name of a group", status, err));
        put_u8(&b->blobs, 0);
        put_text(&b->blobs, name);
    }
    start = c->at;
    count = cursor_count(c, 8);
    cursor_bytes(c, (size_t)count * 8);
    buffer_add(&b->blobs, start, (size_t)(c->at - start));
    return !c->failed && c->at == c->end;
}

bool blobs_restriction(struct builder *b, struct place place, struct text bytes,
                       enum status *status, struct error *err)
{
    struct cursor c = cursor_of(bytes);
    struct blob_row row = {.place = place.id,
                           .scope = (uint8_t)place.scope,
                           .id = cursor_u64(&c),
                           .at = b->blobs.size,
                           .old = true};
    cursor_u8(&c);
    uint8_t type = cursor_u8(&c), matcher = cursor_u8(&c);
    if (type == RESTRICTION_UNKNOWN)
        cursor_text(&c);
    if (matcher == MATCHER_UNKNOWN)
        cursor_text(&c);
    cursor_text(&c);
    buffer_add(&b->blobs, bytes.at, bytes.size - cursor_left(&c));
    if (c.failed || (cursor_left(&c) && !copy_exemptions(b, &c, &row, status, err)))
        return false;
    if (*status == STATUS_OK)
        *status = add_blob(b, &b->restrictions, &row, err);
    return true;
}
