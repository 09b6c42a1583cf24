#include "command/policy_cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "command/test_instance.h"
#include "policy/decision.h"

#define SECTIONS (TEST_INSTANCE_SECTIONS + 2)

/* What a push says of itself; [defaults] says it for all that do not. */
static const struct sheet_key push_keys[] = {
    SHEET_TEXT("repo"),     SHEET_TEXT("user"),       SHEET_TEXT("display-name"),
    SHEET_TEXT("email"),    SHEET_TEXT("permission"), SHEET_TEXT("trigger"),
    SHEET_TEXT("base-url"), SHEET_TEXT("credential"), SHEET_TEXT("at"),
    SHEET_LIST("changes"),  SHEET_TEXT("storage-id"), SHEET_TEXT("without-snapshot"),
    SHEET_TEXT("author"),   SHEET_TEXT("committer"),  SHEET_TEXT("merge-commit"),
    SHEET_LIST("unknown"),  SHEET_TEXT("expect"),     SHEET_LIST("expect-changes"),
    SHEET_TEXT("exit"),     SHEET_LIST("rule"),       SHEET_LIST("monitored"),
    SHEET_LIST("because"),  SHEET_TEXT("message"),
};
static const struct sheet_section push_sections[] = {
    {"defaults", false, push_keys, TABLE_COUNT(push_keys)},
    {"push", true, push_keys, TABLE_COUNT(push_keys)},
};

static const struct name_value expectations[] = {
    {"accept", EXPECT_ACCEPT},     {"note", EXPECT_NOTE},
    {"annotate", EXPECT_ANNOTATE}, {"require-approval", EXPECT_REQUIRE_APPROVAL},
    {"reject", EXPECT_REJECT},     {"undecided", EXPECT_UNDECIDED},
};

void expectation_text(unsigned bits, char out[EXPECTATIONS_TEXT])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < TABLE_COUNT(expectations); i++)
        if (bits & (unsigned)expectations[i].value)
            used += (size_t)snprintf(out + used, EXPECTATIONS_TEXT - used, "%s%s",
                                     used ? " or " : "", expectations[i].name);
}

/* ---------------------------------------------------------------- reading one push */

struct case_reader {
    const struct sheet *sheet;
    const struct sheet_block *defaults, *block;
    bool described;
    struct arena *arena;
    struct config_problems *problems;
    bool told[SHEET_KEYS_MAX]; /* what is wrong with a value of [defaults] is said once */
};

static bool told_before(struct case_reader *r, unsigned line)
{
    for (size_t i = 0; r->defaults && i < r->defaults->value_count; i++)
        if (r->defaults->values[i].line == line) {
            bool before = r->told[i];
            r->told[i] = true;
            return before;
        }
    return false;
}

static void problem(struct case_reader *r, unsigned line, const char *format, ...)
    PRINTF_LIKE(3, 4);
static void problem(struct case_reader *r, unsigned line, const char *format, ...)
{
    char sentence[600];
    va_list args;
    if (told_before(r, line))
        return;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    config_problem(r->problems, line, "%s", sentence);
}

static const struct sheet_value *value_of(const struct case_reader *r, const char *key)
{
    const struct sheet_value *value = sheet_value(r->block, key);
    return value ? value : sheet_value(r->defaults, key);
}

static struct text rest_of(const struct sheet_value *value)
{
    return value ? value->text : TEXT_NONE;
}

static const char *string_of(const struct case_reader *r, const char *key)
{
    const struct sheet_value *value = value_of(r, key);
    return value ? value->text.at : NULL;
}

static bool flag_of(struct case_reader *r, const char *key)
{
    const struct sheet_value *value = value_of(r, key);
    bool yes = value && text_equal(value->text, TEXT("yes"));
    if (value && !yes && !text_equal(value->text, TEXT("no")))
        problem(r, value->line, "%s is yes or no, not %s", key,
                config_quoted(r->problems, value->text));
    return yes;
}

static size_t item_count(const struct sheet_value *value)
{
    struct text rest = rest_of(value), item;
    size_t count = 0;
    while (sheet_next(&rest, &item))
        count++;
    return count;
}

static void *room_for(struct case_reader *r, size_t count, size_t size)
{
    void *room = arena_alloc(r->arena, count ? count : 1, size);
    if (!room)
        r->problems->out_of_memory = true;
    return room;
}

static struct text_list list_of(struct case_reader *r, const char *key)
{
    const struct sheet_value *value = value_of(r, key);
    struct text rest = rest_of(value), item;
    struct text *items = room_for(r, item_count(value), sizeof *items);
    size_t count = 0;
    while (items && sheet_next(&rest, &item))
        items[count++] = item;
    return (struct text_list){items, count};
}

/* "accept, note" and "accept or note" alike */
static unsigned expectation_of(struct case_reader *r, const struct sheet_value *value,
                               struct text words)
{
    unsigned bits = 0;
    struct text item;
    while (text_next_item(&words, &item)) {
        int bit = 0;
        if (text_equal(item, TEXT("or")))
            continue;
        if (table_value(expectations, TABLE_COUNT(expectations), item, false, &bit)) {
            bits |= (unsigned)bit;
            continue;
        }
        struct config_guess guess = config_guess_start(item);
        char all[EXPECTATIONS_TEXT];
        expectation_text(~0u, all);
        for (size_t i = 0; i < TABLE_COUNT(expectations); i++)
            config_guess_try(&guess, expectations[i].name);
        problem(r, value->line, "%s is %s, not %s%s", value->key->name, all,
                config_quoted(r->problems, item), config_guess_hint(&guess, r->problems));
    }
    return bits;
}

/* ---------------------------------------------------------------- changes */

static bool change_kind_of(struct text word, enum change_kind *out)
{
    static const enum change_kind kinds[] = {CHANGE_CREATE, CHANGE_UPDATE, CHANGE_REWRITE,
                                             CHANGE_DELETE, CHANGE_UNKNOWN};
    for (size_t i = 0; i < TABLE_COUNT(kinds); i++)
        if (text_equal(word, text_of(change_kind_name(kinds[i])))) {
            *out = kinds[i];
            return true;
        }
    return false;
}

static void read_changes(struct case_reader *r, struct policy_case *out)
{
    const struct sheet_value *value = value_of(r, "changes");
    struct text rest = rest_of(value), item, word;
    struct case_change *changes = room_for(r, item_count(value), sizeof *changes);
    size_t count = 0;
    while (changes && sheet_next(&rest, &item)) {
        struct text ref = item;
        (void)text_next_field(&ref, ' ', &word);
        struct text kept = arena_text(r->arena, text_trim(ref));
        changes[count].ref = kept.at;
        if (!kept.size || !change_kind_of(word, &changes[count].kind))
            problem(r, value->line,
                    "changes is a list of KIND REF, with create, update, rewrite, delete or "
                    "unknown, not %s",
                    config_quoted(r->problems, item));
        else
            count++;
    }
    if (!value)
        problem(r, r->block->line, "the push has no changes");
    out->changes = changes;
    out->change_count = count;
    value = value_of(r, "expect-changes");
    if (!value || !changes)
        return;
    size_t wanted = item_count(value), at = 0;
    if (wanted != count)
        problem(r, value->line, "expect-changes has %zu entries for %zu changes", wanted, count);
    for (rest = value->text; at < count && sheet_next(&rest, &item); at++)
        changes[at].expect = expectation_of(r, value, item);
}

/* ---------------------------------------------------------------- names and expectations */

/* Names that the file's own instance does not know are mistakes, unless the push says that they are
 * meant: unknown = user, repo. */
static void check_names(struct case_reader *r, const struct policy_case *test)
{
    static const struct {
        const char *key;
        enum check_field field;
        bool (*has)(const struct sheet *sheet, struct text name);
    } names[] = {{"user", CHECK_USER, test_instance_has_user},
                 {"repo", CHECK_REPO, test_instance_has_repository}};
    struct text_list unknown = list_of(r, "unknown");
    for (size_t i = 0; i < unknown.count; i++)
        if (!text_equal(unknown.items[i], TEXT("user")) &&
            !text_equal(unknown.items[i], TEXT("repo")))
            problem(r, value_of(r, "unknown")->line, "unknown is a list of user and repo, not %s",
                    config_quoted(r->problems, unknown.items[i]));
    for (size_t i = 0; i < TABLE_COUNT(names); i++) {
        bool meant = false;
        for (size_t k = 0; k < unknown.count; k++)
            meant |= text_equal(unknown.items[k], text_of(names[i].key));
        const char *name = test->field[names[i].field];
        const struct sheet_value *value = value_of(r, names[i].key);
        if (!name)
            problem(r, r->block->line, "the push has no %s", names[i].key);
        else if (r->described && names[i].has(r->sheet, text_of(name)) == meant)
            problem(r, value->line,
                    meant ? "the instance has the %s %s, though unknown says that it has not"
                          : "the instance has no %s %s; if that is meant, say unknown = %s",
                    names[i].key, config_quoted(r->problems, value->text), names[i].key);
    }
}

static void check_because(struct case_reader *r, const struct text_list *because)
{
    for (size_t i = 0; i < because->count; i++) {
        struct text rest = because->items[i], word;
        bool known = false;
        (void)text_next_field(&rest, ' ', &word);
        for (int t = REASON_RESTRICTION; t <= REASON_FAILURE && !known; t++)
            known = text_equal(word, text_of(reason_type_name((enum reason_type)t)));
        if (!known || (!text_absent(rest) && !text_equal(word, TEXT("restriction"))))
            problem(r, value_of(r, "because")->line,
                    "because is a list of restriction (and its number or type), rule, "
                    "permission, access-key, service-account, identity, namespace, "
                    "freshness, undecided or failure, not %s",
                    config_quoted(r->problems, because->items[i]));
    }
}

static void read_expectations(struct case_reader *r, struct policy_case *out)
{
    const struct sheet_value *value = value_of(r, "expect");
    if (!value)
        problem(r, r->block->line, "the push has no expect");
    out->expect = value ? expectation_of(r, value, value->text) : 0;
    value = value_of(r, "exit");
    uint64_t code = 0;
    out->exit_code = -1;
    if (value && !text_parse_u64(value->text, 2, true, &code))
        problem(r, value->line, "exit is 0, 1 or 2, not %s",
                config_quoted(r->problems, value->text));
    else if (value)
        out->exit_code = (int)code;
    out->rules = list_of(r, "rule");
    out->monitored = list_of(r, "monitored");
    out->because = list_of(r, "because");
    check_because(r, &out->because);
    value = value_of(r, "message");
    out->message = value ? value->text : TEXT_NONE;
}

/* The keys that are options of `refgate check` too. What they may say is checked where that command
 * checks it. */
static void read_fields(struct case_reader *r, struct policy_case *out)
{
    for (size_t i = 0; i < CHECK_FIELDS; i++)
        if (i != CHECK_KIND && i != CHECK_GIT_DIR)
            out->field[i] = string_of(r, check_field_names[i]);
    if (out->field[CHECK_AT] || !r->described)
        return;
    char now[CLOCK_TEXT_SIZE];
    clock_format(test_instance_time(r->sheet), false, now);
    out->field[CHECK_AT] = arena_text(r->arena, text_of(now)).at;
}

static void read_case(struct case_reader *r, struct policy_case *out)
{
    *out = (struct policy_case){.name = r->block->name, .line = r->block->line};
    read_fields(r, out);
    check_names(r, out);
    read_changes(r, out);
    read_expectations(r, out);
    out->without_snapshot = flag_of(r, "without-snapshot");
    out->author = string_of(r, "author");
    out->committer = string_of(r, "committer");
    out->merge_commit = flag_of(r, "merge-commit");
    const struct sheet_value *id = value_of(r, "storage-id");
    out->storage_id_known = id != NULL;
    if (id && !text_parse_u64(id->text, INT64_MAX, true, &out->storage_id))
        problem(r, id->line, "storage-id is a number, not %s",
                config_quoted(r->problems, id->text));
}

/* ---------------------------------------------------------------- the file */

static void sections_of_file(struct sheet_section out[SECTIONS])
{
    memcpy(out, test_instance_sections, sizeof test_instance_sections);
    memcpy(out + TEST_INSTANCE_SECTIONS, push_sections, sizeof push_sections);
}

void policy_cases_read(struct text bytes, struct arena *arena, struct config_problems *problems,
                       struct policy_cases *out)
{
    struct sheet_section *sections = arena_alloc(arena, SECTIONS, sizeof *sections);
    *out = (struct policy_cases){.items = NULL};
    if (!sections) {
        problems->out_of_memory = true;
        return;
    }
    sections_of_file(sections);
    sheet_read(bytes, sections, SECTIONS, arena, problems, &out->sheet);
    out->described = test_instance_described(&out->sheet, problems);
    struct case_reader r = {.sheet = &out->sheet,
                            .defaults = sheet_find(&out->sheet, "defaults", TEXT_NONE),
                            .described = out->described,
                            .arena = arena,
                            .problems = problems};
    struct policy_case *items = room_for(&r, out->sheet.count, sizeof *items);
    for (size_t i = 0; items && i < out->sheet.count; i++) {
        r.block = &out->sheet.blocks[i];
        if (!strcmp(r.block->section->word, "push"))
            read_case(&r, &items[out->count++]);
    }
    out->items = items;
    if (!out->count && !problems->count)
        config_problem(problems, 0, "the file has no section [push \"NAME\"]");
}
