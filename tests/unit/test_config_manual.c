/* refgate.conf(5) against policy/config_keys.h: each key with how its value is written, its range and
 * its default, exactly as the table has them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/credential.h"
#include "model/push.h"
#include "policy/config.h"
#include "policy/config_keys.h"
#include "policy/config_value.h"

static struct buffer manual;

static int read_manual(void **state)
{
    (void)state;
    struct error err = {0};
    buffer_init(&manual, SIZE_MAX);
    if (config_read_file("packaging/man/refgate.conf.5", &manual, &err)) {
        print_error("%s: run from the top of the tree\n", err.text);
        return -1;
    }
    return 0;
}

static int free_manual(void **state)
{
    (void)state;
    buffer_free(&manual);
    return 0;
}

static bool has(struct text text, const char *part)
{
    return memmem(text.at, text.size, part, strlen(part)) != NULL;
}

/* ------------------------------------------------------------------ finding a key */

/* The part of the manual about a section: from its .Ss to the end of its list. */
static struct text manual_section(const struct config_section *section)
{
    char heading[64];
    snprintf(heading, sizeof heading, ".Ss [%s%s]\\&\n", section->name,
             section->named ? " \\(dqNAME\\(dq" : "");
    const char *start = strstr(manual.data, heading);
    if (!start)
        fail_msg("refgate.conf(5) has no section [%s]", section->name);
    const char *end = strstr(start, "\n.El\n");
    assert_non_null(end);
    return (struct text){start, (size_t)(end - start) + 1};
}

/* What the manual says of a key: from its .It to the next. */
static struct text manual_key(const struct config_section *section, const struct config_key *key)
{
    struct text part = manual_section(section);
    char item[64];
    snprintf(item, sizeof item, ".It Ic %s No = ", key->name);
    const char *start = memmem(part.at, part.size, item, strlen(item));
    if (!start)
        fail_msg("refgate.conf(5) lacks [%s] %s", section->name, key->name);
    struct text rest = {start, (size_t)(part.at + part.size - start)};
    const char *next = memmem(rest.at + 1, rest.size - 1, "\n.It ", 5);
    if (next)
        rest.size = (size_t)(next - rest.at) + 1;
    return rest;
}

typedef void key_check(const struct config_section *section, const struct config_key *key,
                       struct text part);

static void for_each_key(key_check *check)
{
    for (size_t i = 0; i < config_section_count; i++)
        for (size_t k = 0; k < config_sections[i].key_count; k++) {
            const struct config_key *key = &config_sections[i].keys[k];
            check(&config_sections[i], key, manual_key(&config_sections[i], key));
        }
}

/* ------------------------------------------------------------------ how a value is written */

static const struct {
    const struct config_type *type;
    const char *form; /* in the manual; of words: made from the table */
} forms[] = {
    {&config_type_word, NULL},
    {&config_type_flag, "Cm yes | no"},
    {&config_type_text, "Ar TEXT"},
    {&config_type_link, "Ar URL"},
    {&config_type_path, "Ar PATH"},
    {&config_type_zone, "Ar ZONE"},
    {&config_type_variable, "Ar NAME"},
    {&config_type_duration, "Ar DURATION"},
    {&config_type_bytes, "Ar BYTES"},
    {&config_type_number, "Ar NUMBER"},
    {&config_type_bits, "Ar NUMBER"},
    {&config_type_format, "Cm newest | Ar NUMBER"},
    {&config_type_owners, "Ar USER ..."},
    {&config_type_resolvers, "Cm name | environment | access-log ..."},
    {&config_type_credentials, "Ar KIND ..."},
    {&config_type_changes, "Cm create | update | rewrite | delete ..."},
    {&config_type_names, "Ar NAME, ..."},
    {&config_type_emails, "Ar ADDRESS, ..."},
    {&config_type_words, "Ar WORD ..."},
    {&config_type_refs, "Ar PATTERN ..."},
    {&config_type_projects, "Ar PATTERN ..."},
    {&config_type_repos, "Ar PATTERN ..."},
    {&config_type_after, "Ar TIME | DATE"},
    {&config_type_before, "Ar TIME | DATE"},
    {&config_type_days, "Ar DAYS ..."},
};

static const char *form_of(const struct config_key *key)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i].type == key->type)
            return forms[i].form;
    fail_msg("%s: nobody knows how the type %s is written", key->name, key->type->name);
    return NULL;
}

/* Words: all of them, in the order of the table, and no other. */
static void check_form(const struct config_section *section, const struct config_key *key,
                       struct text part)
{
    struct buffer want;
    struct text heading;
    const char *form = form_of(key);
    buffer_init(&want, SIZE_MAX);
    buffer_printf(&want, ".It Ic %s No = %s", key->name, form ? form : "Cm");
    for (size_t w = 0; !form && w < key->word_count; w++)
        buffer_printf(&want, "%s %s", w ? " |" : "", key->words[w].name);
    if (key->may_be_none)
        buffer_string(&want, " | Cm none");
    assert_true(text_next_field(&part, '\n', &heading));
    if (!text_equal(heading, buffer_view(&want)))
        fail_msg("refgate.conf(5): [%s] %s is written \"%.*s\", not \"%.*s\"", section->name,
                 key->name, TEXT_ARG(buffer_view(&want)), TEXT_ARG(heading));
    buffer_free(&want);
}

static void manual_has_every_form(void **state)
{
    (void)state;
    for_each_key(check_form);
}

/* ------------------------------------------------------------------ ranges and defaults */

static void format_limit(const struct config_type *type, uint64_t limit, char *out, size_t size)
{
    size_t unit = 0;
    if (type == &config_type_duration) {
        clock_format_duration((int64_t)limit, out, size);
        return;
    }
    while (type == &config_type_bytes && limit >= 1024 && limit % 1024 == 0 && unit < 3)
        limit /= 1024, unit++;
    snprintf(out, size, "%llu%.1s", (unsigned long long)limit, &"\0KMG"[unit]);
}

static void check_range(const struct config_section *section, const struct config_key *key,
                        struct text part)
{
    char least[32], most[32], want[96];
    bool text = key->type == &config_type_text || key->type == &config_type_link;
    format_limit(key->type, key->least, least, sizeof least);
    format_limit(key->type, key->most, most, sizeof most);
    if (text)
        snprintf(want, sizeof want, "\nAt most %s bytes", most);
    else
        snprintf(want, sizeof want, "\nFrom %s to %s.\n", least, most);
    if (key->most && !has(part, want))
        fail_msg("refgate.conf(5): [%s] %s lacks its range: \"%s\"", section->name, key->name,
                 want + 1);
    if (!key->most && (has(part, "\nAt most ") || has(part, "\nFrom 1")))
        fail_msg("refgate.conf(5): [%s] %s has a range that is not there", section->name,
                 key->name);
}

static void manual_has_every_range(void **state)
{
    (void)state;
    for_each_key(check_range);
}

static void check_default(const struct config_section *section, const struct config_key *key,
                          struct text part)
{
    char want[128];
    if (key->fallback)
        snprintf(want, sizeof want, "\nDefault:\n.Li %s .\n", key->fallback);
    else
        snprintf(want, sizeof want, "Default: not set.\n");
    if (!has(part, want))
        fail_msg("refgate.conf(5): the default of [%s] %s is not \"%s\"", section->name, key->name,
                 key->fallback ? key->fallback : "");
    if (key->required != has(part, "\nThis key is needed.\n"))
        fail_msg("refgate.conf(5): is [%s] %s needed?", section->name, key->name);
}

static void manual_has_every_default(void **state)
{
    (void)state;
    for_each_key(check_default);
}

static void manual_has_no_other_key(void **state)
{
    (void)state;
    size_t documented = 0, known = 0;
    for (const char *at = manual.data; (at = strstr(at, "\n.It Ic ")); at++)
        documented++;
    for (size_t i = 0; i < config_section_count; i++)
        known += config_sections[i].key_count;
    assert_int_equal(documented, known);
}

/* ------------------------------------------------------------------ words in lists */

/* As a word of its own, not as a part of another. */
static bool names_word(struct text text, const char *word)
{
    for (const char *end = " \n,."; *end; end++) {
        char want[64];
        snprintf(want, sizeof want, " %s%c", word, *end);
        if (has(text, want))
            return true;
    }
    return false;
}

static void manual_has_every_word(void **state)
{
    (void)state;
    const struct config_section *rule = config_section_find(TEXT("rule"));
    assert_non_null(rule);
    struct text kinds = manual_key(rule, config_key_find(rule, TEXT("credentials")));
    for (int class = 0; class < CREDENTIAL_CLASSES; class ++)
        if (!names_word(kinds, credential_class_name((enum credential_class) class)))
            fail_msg("refgate.conf(5): credentials lacks %s",
                     credential_class_name((enum credential_class) class));
    struct text triggers = manual_key(rule, config_key_find(rule, TEXT("triggers")));
    for (int trigger = TRIGGER_PUSH; trigger < TRIGGER_MERGE; trigger++)
        if (!names_word(triggers, trigger_name((enum trigger)trigger)))
            fail_msg("refgate.conf(5): triggers lacks %s", trigger_name((enum trigger)trigger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"refgate.conf(5) has every key, its type and its words", manual_has_every_form, NULL, NULL,
         NULL},
        {"refgate.conf(5) has the range of every key that has one", manual_has_every_range, NULL,
         NULL, NULL},
        {"refgate.conf(5) has the default of every key", manual_has_every_default, NULL, NULL,
         NULL},
        {"refgate.conf(5) has no other key", manual_has_no_other_key, NULL, NULL, NULL},
        {"refgate.conf(5) has every kind of credential and every trigger", manual_has_every_word,
         NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("config_manual", tests, read_manual, free_manual);
}
