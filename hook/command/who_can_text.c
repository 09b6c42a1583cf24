/*
 * who_can_text.c - the tables of `refgate who-can`. Users with the same permission by the same grants
 * and the same answers for the same reasons are one row, unless they are few.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "command/columns.h"
#include "command/footnotes.h"
#include "command/standing_print.h"
#include "command/who_can.h"

#define NAMED_MAX 4  /* so many users with the same answer are still listed by name */
#define GRANTS_MAX 3 /* of one row */

struct row { /* one writer, and what his row says besides his name */
    const struct writer *writer;
    size_t place; /* in the order of writers */
    struct text says;
};

struct table {
    const struct who_can *who;
    struct footnotes *notes;
    struct row *rows;
    size_t count;
    struct arena arena;
    bool failed;
};

/* ------------------------------------------------------------------ rows that say the same */

static void say(struct table *table, struct row *row)
{
    const struct standing *standing = row->writer->standing;
    struct standing_lines lines = {.arena = &table->arena};
    struct buffer says;
    buffer_init(&says, SIZE_MAX);
    standing_permission(standing, &says);
    buffer_string(&says, " ");
    standing_grants(&table->who->question, standing, PERMISSION_REPO_READ, SIZE_MAX, &says);
    for (size_t i = 0; i < standing->change_count; i++)
        buffer_printf(&says, " %s", standing_answer_name(standing->changes[i].answer));
    standing_reasons(standing, 0, standing->change_count, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        buffer_string(&says, "\n");
        buffer_text(&says, lines.items[i]);
    }
    row->says = arena_text(&table->arena, buffer_view(&says));
    table->failed = table->failed || lines.failed || says.failed || !row->says.at;
    buffer_free(&says);
}

/* By standing, so that each is put into words once. */
static int compare_standings(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    uintptr_t x = (uintptr_t)a->writer->standing, y = (uintptr_t)b->writer->standing;
    if (x != y)
        return x < y ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* Users with the most rights first; then keys and tokens; those who say the same are neighbours. */
static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    enum principal_type x = a->writer->principal.type, y = b->writer->principal.type;
    if (x != y)
        return (int)x - (int)y;
    if (x != PRINCIPAL_USER)
        return a->place < b->place ? -1 : 1;
    const struct standing *p = a->writer->standing, *q = b->writer->standing;
    if (p->least != q->least)
        return permission_higher(p->least, q->least) == p->least ? -1 : 1;
    int order = text_compare(a->says, b->says);
    if (!order)
        order = a->place < b->place ? -1 : 1;
    return order;
}

static bool wanted(const struct who_can *who, const struct writer *writer, bool may)
{
    return who_can_wants(who, writer) && standing_may(standing_best(writer->standing)) == may;
}

static void make_rows(struct table *table, bool may)
{
    const struct writers *writers = &table->who->writers;
    table->rows = calloc(writers->count + 1, sizeof *table->rows);
    table->failed = !table->rows;
    if (table->failed)
        return;
    for (size_t i = 0; i < writers->count; i++)
        if (wanted(table->who, &writers->items[i], may))
            table->rows[table->count++] = (struct row){.writer = &writers->items[i], .place = i};
    qsort(table->rows, table->count, sizeof *table->rows, compare_standings);
    for (size_t i = 0; i < table->count; i++) {
        struct row *row = &table->rows[i];
        if (i && row[-1].writer->standing == row->writer->standing) {
            row->says = row[-1].says;
        } else {
            say(table, row);
        }
    }
    qsort(table->rows, table->count, sizeof *table->rows, compare_rows);
}

/* ------------------------------------------------------------------ one row */

/* "4812 users of group developers", "25000 users by the default permission". */
static void many(const struct writer *writer, size_t count, struct buffer *out)
{
    const struct effective *effective = &writer->standing->effective;
    buffer_printf(out, "%zu users", count);
    if (!effective->grant_count)
        return;
    const struct effective_grant *grant = &effective->grants[0];
    switch (grant->source) {
    case GRANT_GROUP:
        buffer_string(out, " of group ");
        buffer_text(out, grant->group_name);
        break;
    case GRANT_DEFAULT:
        buffer_string(out, " by the default permission");
        break;
    case GRANT_DIRECT:
    case GRANT_OWNER:
    case GRANT_PUBLIC:
        break;
    }
}

/* "1, 3": the footnotes of a standing. */
static void add_why(struct table *table, const struct standing *standing, struct buffer *out)
{
    struct arena arena;
    struct standing_lines lines = {.arena = &arena};
    arena_init(&arena, SIZE_MAX);
    standing_reasons(standing, 0, standing->change_count, &lines);
    for (size_t i = 0; i < lines.count; i++)
        buffer_printf(out, "%s%zu", i ? ", " : "", footnotes_number(table->notes, lines.items[i]));
    table->failed = table->failed || lines.failed || table->notes->failed || out->failed;
    arena_free(&arena);
}

static void add_row(struct table *table, struct columns *columns, const struct row *row,
                    size_t count)
{
    const struct writer *writer = row->writer;
    const struct standing *standing = writer->standing;
    struct text cells[COLUMNS_MAX] = {{NULL, 0}};
    struct buffer who, why, permission, grants;
    size_t at = 0;
    buffer_init(&who, SIZE_MAX);
    buffer_init(&why, SIZE_MAX);
    buffer_init(&permission, SIZE_MAX);
    buffer_init(&grants, SIZE_MAX);
    if (count > 1)
        many(writer, count, &who);
    else
        principal_words(&writer->principal, &who);
    add_why(table, standing, &why);
    standing_permission(standing, &permission);
    standing_grants(&table->who->question, standing, PERMISSION_REPO_WRITE, GRANTS_MAX, &grants);
    if (writer->principal.permission)
        buffer_string(&grants, "if there is one");
    cells[at++] = buffer_view(&who);
    for (size_t i = 0; i < standing->change_count; i++)
        cells[at++] = text_of(standing_answer_name(standing->changes[i].answer));
    cells[at++] = buffer_view(&why);
    cells[at++] = buffer_view(&permission);
    cells[at] = buffer_view(&grants);
    columns_row(columns, cells);
    table->failed = table->failed || who.failed || permission.failed || grants.failed;
    buffer_free(&who);
    buffer_free(&why);
    buffer_free(&permission);
    buffer_free(&grants);
}

static void add_head(const struct table *table, struct columns *columns)
{
    static const struct {
        enum change_kind kind;
        struct text name;
    } heads[] = {{CHANGE_CREATE, TEXT("CREATE")},
                 {CHANGE_UPDATE, TEXT("UPDATE")},
                 {CHANGE_REWRITE, TEXT("REWRITE")},
                 {CHANGE_DELETE, TEXT("DELETE")}};
    const struct standing_question *question = &table->who->question;
    struct text cells[COLUMNS_MAX] = {TEXT("WHO")};
    size_t at = 1;
    for (size_t i = 0; i < question->check.push.change_count; i++)
        for (size_t k = 0; k < sizeof heads / sizeof heads[0]; k++)
            if (heads[k].kind == question->check.stated[i])
                cells[at++] = question->merge ? TEXT("MERGE") : heads[k].name;
    cells[at++] = TEXT("WHY");
    cells[at++] = TEXT("PERMISSION");
    cells[at] = TEXT("BY");
    columns_row(columns, cells);
}

/* ------------------------------------------------------------------ tables */

static size_t same_as(const struct table *table, size_t first)
{
    size_t end = first + 1;
    while (end < table->count && table->rows[first].writer->principal.type == PRINCIPAL_USER &&
           table->rows[end].writer->principal.type == PRINCIPAL_USER &&
           text_equal(table->rows[end].says, table->rows[first].says))
        end++;
    return end - first;
}

/* Gives how many rows stand for several users; SIZE_MAX when out of memory. */
static size_t print_table(const struct who_can *who, bool may, const char *title,
                          struct footnotes *notes)
{
    struct table table = {.who = who, .notes = notes};
    struct columns columns;
    size_t summed = 0;
    arena_init(&table.arena, SIZE_MAX);
    columns_init(&columns, who->question.check.push.change_count + 4);
    make_rows(&table, may);
    add_head(&table, &columns);
    for (size_t i = 0; i < table.count;) {
        size_t same = same_as(&table, i);
        bool sum = same > NAMED_MAX && !who->all;
        summed += sum;
        for (size_t k = 0; k < (sum ? 1 : same); k++)
            add_row(&table, &columns, &table.rows[i + k], sum ? same : 1);
        i += same;
    }
    if (table.failed || columns.failed) {
        summed = SIZE_MAX;
    } else if (table.count) {
        printf("\n%s\n\n", title);
        columns_print(&columns, 2, stdout);
    }
    columns_free(&columns);
    arena_free(&table.arena);
    free(table.rows);
    return summed;
}

static void print_head(const struct who_can *who)
{
    const struct standing_question *question = &who->question;
    printf("%s ", who->action);
    command_escaped(stdout, question->repository.project_key, 200);
    putchar('/');
    command_escaped(stdout, question->repository.slug, 200);
    putchar(' ');
    command_escaped(stdout, question->check.push.changes[0].ref, 1000);
    putchar('\n');
    standing_print_head(question);
}

static void print_tail(const struct who_can *who, bool summed)
{
    const struct writers *writers = &who->writers;
    printf("\n%" PRIu64 " of %" PRIu64 " users may not write here", writers->closed,
           writers->users);
    if (writers->keys_closed)
        printf("; %" PRIu64 " access key%s may %s", writers->keys_closed,
               writers->keys_closed == 1 ? "" : "s",
               who->question.repository.archived ? "not, either" : "only read");
    printf("\n");
    if (!standing_may(who->best))
        printf("%s\n", who->best == STANDING_CANNOT_TELL ? "cannot tell whether anybody can"
                       : who->best == STANDING_APPROVAL  ? "nobody can without an approval"
                                                         : "nobody can");
    if (summed)
        printf("--all lists each user\n");
}

bool who_can_text(const struct who_can *who)
{
    struct footnotes notes;
    footnotes_init(&notes);
    print_head(who);
    size_t first = print_table(who, true, who->question.merge ? "Can merge:" : "Can:", &notes);
    size_t second = print_table(who, false,
                                "May write, but is stopped, or it cannot be told:", &notes);
    bool good = first != SIZE_MAX && second != SIZE_MAX;
    if (good) {
        footnotes_print(&notes, stdout);
        print_tail(who, first + second > 0);
    }
    footnotes_free(&notes);
    return good;
}
