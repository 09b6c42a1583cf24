/* access_text.c - what `refgate access` prints for people. */
#include <inttypes.h>

#include "command/access.h"
#include "command/columns.h"
#include "command/footnotes.h"
#include "command/standing_print.h"

/* ------------------------------------------------------------------ permission */

static void print_grants(const struct access *access, bool *failed)
{
    static const struct text head[] = {TEXT("GIVES"), TEXT("GRANTED"), TEXT("BY")};
    const struct effective *effective = &access->standing.effective;
    struct columns columns;
    struct buffer by;
    columns_init(&columns, sizeof head / sizeof head[0]);
    buffer_init(&by, SIZE_MAX);
    columns_row(&columns, head);
    for (size_t i = 0; i < effective->grant_count; i++) {
        const struct effective_grant *grant = &effective->grants[i];
        by.size = 0;
        standing_grant(&access->question, grant, &by);
        const struct text cells[] = {text_of(permission_name(grant->here)),
                                     text_of(permission_name(grant->granted)), buffer_view(&by)};
        columns_row(&columns, cells);
    }
    *failed = *failed || columns.failed || by.failed;
    if (effective->grant_count && !columns.failed)
        columns_print(&columns, 2, stdout);
    buffer_free(&by);
    columns_free(&columns);
}

static void print_permission(const struct access *access, bool *failed)
{
    const struct standing *standing = &access->standing;
    struct buffer line;
    buffer_init(&line, SIZE_MAX);
    standing_permission(standing, &line);
    *failed = *failed || line.failed;
    printf("\npermission %s", line.data ? line.data : "");
    buffer_free(&line);
    if (standing->may_write != ANSWER_YES)
        printf(": %.*s", TEXT_ARG(standing->closed));
    else if (access->principal.permission)
        printf(" (taken to have it: a token's scope is in no snapshot)");
    putchar('\n');
    print_grants(access, failed);
}

/* ------------------------------------------------------------------ restrictions and rules */

void access_effect(const struct limit *limit, struct buffer *out)
{
    static const char *const names[] = {"create", "update", "rewrite", "delete"};
    size_t named = 0;
    switch (limit->effect) {
    case LIMIT_APPLIES:
        buffer_string(out, "applies to ");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            unsigned bit = 0;
            if (change_kind_bit(text_of(names[i]), &bit) && (limit->kinds & bit))
                buffer_printf(out, "%s%s", named++ ? ", " : "", names[i]);
        }
        break;
    case LIMIT_UNTOLD:
        buffer_string(out, "not asked: too many; name a ref");
        break;
    case LIMIT_OPEN:
    case LIMIT_NOT:
        buffer_string(out, limit->why ? limit->why : "");
        break;
    }
}

static void add_limit(struct columns *columns, struct text *cells, size_t last,
                      const struct limit *limit)
{
    struct buffer effect;
    buffer_init(&effect, SIZE_MAX);
    access_effect(limit, &effect);
    cells[last] = buffer_view(&effect);
    columns_row(columns, cells);
    columns->failed = columns->failed || effect.failed;
    buffer_free(&effect);
}

static void print_restrictions(const struct access *access, bool *failed)
{
    static const struct text head[] = {TEXT("ID"),      TEXT("RESTRICTION"), TEXT("MATCHER"),
                                       TEXT("MATCHES"), TEXT("OF"),          TEXT("HERE")};
    const struct snapshot_repository *repository = &access->question.repository;
    struct columns columns;
    columns_init(&columns, sizeof head / sizeof head[0]);
    columns_row(&columns, head);
    for (size_t i = 0; i < repository->restriction_count; i++) {
        const struct restriction *restriction = &repository->restrictions[i];
        char id[24];
        snprintf(id, sizeof id, "%" PRIu64, restriction->id);
        struct text cells[] = {
            text_of(id),
            limit_type(restriction),
            limit_matcher(restriction),
            restriction->matcher_id,
            restriction->of_project ? TEXT("project") : TEXT("repository"),
            TEXT_NONE,
        };
        add_limit(&columns, cells, 5, &access->limits.restrictions[i]);
    }
    if (repository->restriction_count && !columns.failed) {
        printf("\nrestrictions\n");
        columns_print(&columns, 2, stdout);
    }
    *failed = *failed || columns.failed;
    columns_free(&columns);
}

static void print_rules(const struct access *access, bool *failed)
{
    static const struct text head[] = {TEXT("LINE"), TEXT("RULE"), TEXT("ACTION"), TEXT("MODE"),
                                       TEXT("HERE")};
    const struct policy *policy = &access->question.instance->policy;
    struct columns columns;
    columns_init(&columns, sizeof head / sizeof head[0]);
    columns_row(&columns, head);
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        char line[24];
        snprintf(line, sizeof line, "%u", rule->source.line);
        struct text cells[] = {text_of(line), rule->name, text_of(verdict_name(rule->action)),
                               rule->mode == MODE_MONITOR ? TEXT("monitor") : TEXT_NONE, TEXT_NONE};
        add_limit(&columns, cells, 4, &access->limits.rules[i]);
    }
    if (policy->rule_count && !columns.failed) {
        printf("\nrules\n");
        columns_print(&columns, 2, stdout);
    }
    *failed = *failed || columns.failed;
    columns_free(&columns);
}

/* ------------------------------------------------------------------ refs */

static void add_ref(const struct access *access, size_t ref, struct columns *columns,
                    struct footnotes *notes)
{
    const struct standing *standing = &access->standing;
    size_t first = ref * access->kinds, at = 0;
    struct text cells[COLUMNS_MAX] = {{NULL, 0}};
    struct standing_lines lines = {.arena = &columns->arena};
    struct buffer why;
    buffer_init(&why, SIZE_MAX);
    /* Why he may not write at all is said above. */
    if (standing->may_write != ANSWER_NO)
        standing_reasons(standing, first, access->kinds, &lines);
    for (size_t i = 0; i < lines.count; i++)
        buffer_printf(&why, "%s%zu", i ? ", " : "", footnotes_number(notes, lines.items[i]));
    cells[at++] = standing->changes[first].ref;
    for (size_t i = first; i < first + access->kinds; i++)
        cells[at++] = text_of(standing_answer_name(standing->changes[i].answer));
    cells[at++] = buffer_view(&why);
    if (access->by_example)
        cells[at] = access->examples.of[ref];
    columns_row(columns, cells);
    columns->failed = columns->failed || lines.failed || why.failed || notes->failed;
    buffer_free(&why);
}

static void print_refs(const struct access *access, bool *failed)
{
    static const struct text head[] = {TEXT("REF"),       TEXT("CREATE"), TEXT("UPDATE"),
                                       TEXT("REWRITE"),   TEXT("DELETE"), TEXT("WHY"),
                                       TEXT("EXAMPLE OF")};
    struct columns columns;
    struct footnotes notes;
    columns_init(&columns, sizeof head / sizeof head[0]);
    footnotes_init(&notes);
    columns_row(&columns, head);
    for (size_t i = 0; i < access->ref_count; i++)
        add_ref(access, i, &columns, &notes);
    if (!columns.failed) {
        printf("\nrefs\n");
        columns_print(&columns, 2, stdout);
        footnotes_print(&notes, stdout);
    }
    if (access->by_example && access->examples.more)
        printf("\nnot all patterns have an example here: name a ref\n");
    *failed = *failed || columns.failed;
    columns_free(&columns);
    footnotes_free(&notes);
}

bool access_text(const struct access *access)
{
    const struct standing_question *question = &access->question;
    struct buffer who;
    bool failed = false;
    buffer_init(&who, SIZE_MAX);
    principal_words(&access->principal, &who);
    command_escaped(stdout, buffer_view(&who), 400);
    buffer_free(&who);
    printf(" in ");
    command_escaped(stdout, question->repository.project_key, 200);
    putchar('/');
    command_escaped(stdout, question->repository.slug, 200);
    putchar('\n');
    standing_print_head(question);
    print_permission(access, &failed);
    print_restrictions(access, &failed);
    print_rules(access, &failed);
    print_refs(access, &failed);
    return !failed;
}
