/*
 * builder_anew.c - places that were told again from the beginning: what was told before is dropped.
 */
#include <string.h>

#include "snapshot/rows.h"

/* Where rows of a place are. Each begins with the id of the place. */
struct kind {
    struct rows *rows;
    size_t scope_at; /* offset of its scope; 0: always `scope` */
    enum grant_scope scope;
};

static void kinds_of(struct builder *b, struct kind out[ANEW_ROWS])
{
    const struct kind kinds[ANEW_ROWS] = {
        {&b->user_grants, offsetof(struct grant_row, scope), GRANT_GLOBAL},
        {&b->group_grants, offsetof(struct grant_row, scope), GRANT_GLOBAL},
        {&b->key_grants, offsetof(struct grant_row, scope), GRANT_GLOBAL},
        {&b->levels, 0, GRANT_PROJECT},
        {&b->branches, 0, GRANT_REPOSITORY},
        {&b->models, offsetof(struct blob_row, scope), GRANT_GLOBAL},
        {&b->restrictions, offsetof(struct blob_row, scope), GRANT_GLOBAL},
        {&b->marks, offsetof(struct mark_row, scope), GRANT_GLOBAL},
    };
    memcpy(out, kinds, sizeof kinds);
}
_Static_assert(offsetof(struct grant_row, place) == 0 && offsetof(struct level_row, project) == 0 &&
                   offsetof(struct branch_row, repository) == 0 &&
                   offsetof(struct blob_row, place) == 0 && offsetof(struct mark_row, place) == 0,
               "drop() reads the place at the beginning of a row");

enum status builder_anew(struct builder *b, struct place place, struct error *err)
{
    struct kind kinds[ANEW_ROWS];
    struct anew_row row = {
        .place = place.id, .scope = (uint8_t)place.scope, .number = b->anew.count};
    if (place.scope != GRANT_PROJECT && place.scope != GRANT_REPOSITORY)
        return error_set(err, STATUS_USAGE, "only a project or a repository can be told anew");
    kinds_of(b, kinds);
    for (size_t i = 0; i < ANEW_ROWS; i++)
        row.before[i] = kinds[i].rows->count;
    return facts_row(b, &b->anew, &row, STATUS_OK, err);
}

/* By place, the last time first. */
static int by_place(const void *a, const void *c, void *builder)
{
    const struct anew_row *x = a, *y = c;
    (void)builder;
    int order = COMPARE(x->scope, y->scope);
    if (!order)
        order = COMPARE(x->place, y->place);
    return order ? order : COMPARE(y->number, x->number);
}
static bool same_place(const void *a, const void *c)
{
    const struct anew_row *x = a, *y = c;
    return x->scope == y->scope && x->place == y->place;
}

static const struct anew_row *find(const struct builder *b, uint8_t scope, uint64_t place)
{
    size_t low = 0, high = b->anew.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct anew_row *row = ROW(struct anew_row, b->anew, middle);
        int order = COMPARE(row->scope, scope);
        if (!order)
            order = COMPARE(row->place, place);
        if (!order)
            return row;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void drop(const struct builder *b, const struct kind *kind, size_t number)
{
    struct rows *rows = kind->rows;
    unsigned char *bytes = rows->at;
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const unsigned char *row = bytes + i * rows->size;
        uint8_t scope = kind->scope_at ? row[kind->scope_at] : (uint8_t)kind->scope;
        uint64_t place;
        memcpy(&place, row, sizeof place);
        const struct anew_row *anew = find(b, scope, place);
        if (anew && i < anew->before[number])
            continue;
        if (kept != i)
            memcpy(bytes + kept * rows->size, row, rows->size);
        kept++;
    }
    rows->count = kept;
}

void join_anew(struct builder *b)
{
    struct kind kinds[ANEW_ROWS];
    if (!b->anew.count)
        return;
    rows_sort(b, &b->anew, by_place);
    rows_unique(&b->anew, same_place);
    kinds_of(b, kinds);
    for (size_t i = 0; i < ANEW_ROWS; i++)
        drop(b, &kinds[i], i);
    b->anew.count = 0;
}
