/* policy/config_keys.h: the table of keys; the shipped configuration agrees with it. The manual:
 * test_config_manual.c. */
#include "tsv.h"

#include <unistd.h>

#include "base/clock.h"
#include "policy/config.h"
#include "policy/config_keys.h"
#include "policy/config_value.h"

#define MEMORY ((size_t)16 * 1024 * 1024)

static struct buffer shipped;

static int read_files(void **state)
{
    (void)state;
    struct error err = {0};
    buffer_init(&shipped, SIZE_MAX);
    if (config_read_file("config/refgate.conf", &shipped, &err)) {
        print_error("%s: run from the top of the tree\n", err.text);
        return -1;
    }
    return 0;
}

static int free_files(void **state)
{
    (void)state;
    buffer_free(&shipped);
    return 0;
}

static enum status parse(struct text bytes, struct arena *arena, struct policy *policy,
                         struct config_errors *errors)
{
    arena_init(arena, MEMORY);
    config_errors_init(errors);
    memset(policy, 0, sizeof *policy);
    return config_parse(bytes, "refgate.conf", arena, policy, errors);
}

/* ------------------------------------------------------------------ the table */

static void table_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *section = &config_sections[i];
        assert_ptr_equal(config_section_find(text_of(section->name)), section);
        assert_true(section->key_count > 0 && section->key_count <= CONFIG_KEYS_MAX);
        assert_true(strlen(section->help) > 0);
        for (size_t k = 0; k < section->key_count; k++) {
            const struct config_key *key = &section->keys[k];
            size_t help = strlen(key->help);
            if (config_key_find(section, text_of(key->name)) != key)
                fail_msg("[%s] %s is there twice", section->name, key->name);
            if (help < 10 || key->help[help - 1] != '.' || strlen(key->name) > 30)
                fail_msg("[%s] %s: the help is one sentence", section->name, key->name);
            if (key->type == &config_type_word)
                assert_true(key->word_count > 1);
        }
    }
    assert_null(config_section_find(TEXT("")));
    assert_null(config_key_find(&config_sections[0], TEXT("")));
    assert_null(config_key_find(&config_sections[0], TEXT("mod")));
    assert_null(config_key_find(&config_sections[0], TEXT("modes")));
}

/* "[section]", or with a name, and what it needs besides. */
static void begin_section(struct buffer *out, const struct config_section *section)
{
    buffer_printf(out, section->named ? "[%s \"x\"]\n" : "[%s]\n", section->name);
}

static void values(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/config-values.tsv");
    while (tsv_next(&tsv)) {
        assert_int_equal(tsv.fields, 4);
        const struct config_section *section = config_section_find(tsv.field[0]);
        if (!section)
            fail_msg("%s:%d: no such section", tsv.path, tsv.line);
        struct buffer text;
        struct arena arena;
        struct policy policy;
        struct config_errors errors;
        buffer_init(&text, SIZE_MAX);
        begin_section(&text, section);
        if (section->holder == HOLDER_RULE && !text_equal(tsv.field[1], TEXT("action")))
            buffer_string(&text, "action = reject\n");
        buffer_text(&text, tsv.field[1]);
        buffer_string(&text, " = ");
        buffer_text(&text, tsv.field[2]);
        buffer_string(&text, "\n");
        enum status status = parse(buffer_view(&text), &arena, &policy, &errors);
        const char *said = errors.lines.data ? errors.lines.data : "";
        char want[512];
        snprintf(want, sizeof want, "%.*s", TEXT_ARG(tsv.field[3]));
        bool good = tsv.field[3].size == 0;
        if (good ? status != STATUS_OK : status != STATUS_FORMAT || !strstr(said, want))
            fail_msg("%s:%d: status %d: %s", tsv.path, tsv.line, status, said);
        arena_free(&arena);
        config_errors_free(&errors);
        buffer_free(&text);
    }
}

static void every_key_has_its_values(void **state)
{
    (void)state;
    /* Each key of the table occurs in the table of values, or has only names in it. */
    for (size_t i = 0; i < config_section_count; i++)
        for (size_t k = 0; k < config_sections[i].key_count; k++) {
            const struct config_key *key = &config_sections[i].keys[k];
            bool found = key->type == &config_type_names || key->type == &config_type_changes ||
                         key->type == &config_type_flag || key->type == &config_type_duration ||
                         key->type == &config_type_credentials || key->type == &config_type_refs ||
                         key->type == &config_type_repos || key->type == &config_type_text;
            struct tsv tsv;
            tsv_open(&tsv, "tests/unit/data/config-values.tsv");
            while (tsv_next(&tsv))
                found |= text_equal(tsv.field[0], text_of(config_sections[i].name)) &&
                         text_equal(tsv.field[1], text_of(key->name));
            if (!found)
                fail_msg("config-values.tsv has no value for [%s] %s", config_sections[i].name,
                         key->name);
        }
}

/* ------------------------------------------------------------------ defaults */

static void check_defaults(const struct policy *p)
{
    assert_int_equal(p->mode, MODE_ENFORCE);
    assert_true(text_absent(p->contact) && text_absent(p->link));
    assert_string_equal(p->timezone.at, "UTC");
    assert_string_equal(p->snapshot_file.at, "/var/lib/refgate/snapshot.cdb");
    assert_true(p->snapshot_max_size == UINT64_C(4) << 30);
    assert_int_equal(p->snapshot_format, 0);
    assert_int_equal(p->owner_count, 0);
    assert_int_equal(p->no_snapshot, VERDICT_REJECT);
    assert_int_equal(p->unknown_repo, VERDICT_NOTE);
    assert_int_equal(p->unknown_user, VERDICT_NOTE);
    assert_int_equal(p->undecided, VERDICT_REJECT);
    assert_int_equal(p->undecided_restriction, VERDICT_ANNOTATE);
    assert_true(p->max_age_ms == CLOCK_DAY);
    assert_int_equal(p->when_stale, VERDICT_NOTE);
    assert_int_equal(p->permissions_check, VERDICT_NOTE);
    assert_int_equal(p->restrictions_check, VERDICT_REJECT);
    assert_false(p->admins_exempt);
    assert_int_equal(p->other_refs, VERDICT_ACCEPT);
    assert_int_equal(p->resolvers, RESOLVER_NAME);
    assert_string_equal(p->credential_variable.at, "REFGATE_CREDENTIAL");
    assert_int_equal(p->foreign_token, FOREIGN_CONFIRMED);
    const struct access_key_policy *keys = &p->access_keys;
    assert_int_equal(keys->push, VERDICT_ACCEPT);
    assert_int_equal(keys->shared, VERDICT_ACCEPT);
    assert_int_equal(keys->kinds, 0);
    assert_true(!keys->refs.count && !keys->algorithms.count && !keys->min_rsa_bits);
    assert_true(!keys->max_age_ms && !keys->max_idle_ms && !keys->warn_before_expiry_ms);
    assert_int_equal(p->extra_emails.count, 0);
    assert_false(p->excuse_merges || p->excuse_service_accounts);
    assert_string_equal(p->audit_file.at, "/var/log/refgate/audit.jsonl");
    assert_false(p->audit_required || p->audit_sync);
    assert_int_equal(p->syslog, SYSLOG_ALL);
    assert_string_equal(p->syslog_socket.at, "/dev/log");
    assert_true(p->deadline_ms == 10 * CLOCK_SECOND);
    assert_true(p->memory_bytes == UINT64_C(256) << 20);
    assert_int_equal(p->max_refs, 200000);
    assert_int_equal(p->max_line, 8192);
    assert_int_equal(p->history_commits, 500000);
    assert_int_equal(p->rule_count + p->service_account_count, 0);
    assert_false(p->needs_local_time);
}

static void defaults_of_an_empty_file(void **state)
{
    (void)state;
    struct arena arena;
    struct policy policy;
    struct config_errors errors;
    assert_int_equal(parse(TEXT(""), &arena, &policy, &errors), STATUS_OK);
    check_defaults(&policy);
    arena_free(&arena);
    config_errors_free(&errors);
}

/* ------------------------------------------------------------------ config/refgate.conf */

static void shipped_file_is_the_defaults(void **state)
{
    (void)state;
    struct arena arena;
    struct policy policy;
    struct config_errors errors;
    if (parse(buffer_view(&shipped), &arena, &policy, &errors) != STATUS_OK)
        fail_msg("%s", errors.lines.data);
    check_defaults(&policy);
    arena_free(&arena);
    config_errors_free(&errors);
}

/* The shipped file with the settings uncommented: ";key = value" and ";[rule ...]". */
static void uncomment(struct buffer *out)
{
    struct text rest = buffer_view(&shipped), line;
    buffer_init(out, SIZE_MAX);
    while (text_next_field(&rest, '\n', &line)) {
        if (text_starts(line, TEXT(";")))
            line = text_skip(line, 1);
        buffer_text(out, line);
        buffer_string(out, "\n");
    }
}

static const struct config_entry *find_entry(const struct config_listing *listing,
                                             const struct config_section *section,
                                             const struct config_key *key)
{
    return config_listing_find(listing, section->name, 0, key->name);
}

static void shipped_file_has_every_key(void **state)
{
    (void)state;
    struct buffer text;
    struct arena arena;
    struct policy policy;
    struct config_errors errors;
    struct config_listing listing;
    uncomment(&text);
    arena_init(&arena, MEMORY);
    config_errors_init(&errors);
    if (config_parse_kept(buffer_view(&text), "refgate.conf", &arena, &policy, &errors, &listing))
        fail_msg("%s", errors.lines.data);
    for (size_t i = 0; i < config_section_count; i++)
        for (size_t k = 0; k < config_sections[i].key_count; k++) {
            const struct config_key *key = &config_sections[i].keys[k];
            const struct config_entry *entry = find_entry(&listing, &config_sections[i], key);
            if (!entry)
                fail_msg("config/refgate.conf lacks [%s] %s", config_sections[i].name, key->name);
            if (key->fallback && !text_equal(entry->value, text_of(key->fallback)))
                fail_msg("config/refgate.conf:%u: the default of %s is %s", entry->line, key->name,
                         key->fallback);
        }
    arena_free(&arena);
    config_errors_free(&errors);
    buffer_free(&text);
}

static void shipped_file_is_all_comments(void **state)
{
    (void)state;
    struct text rest = buffer_view(&shipped), line;
    while (text_next_field(&rest, '\n', &line))
        if (line.size && !memchr("#;[", line.at[0], 3))
            fail_msg("config/refgate.conf has an active setting: %.*s", TEXT_ARG(line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"the table is complete and without duplicates", table_is_complete, NULL, NULL, NULL},
        {"semantics 3 to 8: good and bad values of each key", values, NULL, NULL, NULL},
        {"the table of values knows every key", every_key_has_its_values, NULL, NULL, NULL},
        {"semantics 3 to 8: the defaults", defaults_of_an_empty_file, NULL, NULL, NULL},
        {"the shipped configuration is exactly the defaults", shipped_file_is_the_defaults, NULL,
         NULL, NULL},
        {"the shipped configuration has every key at its default", shipped_file_has_every_key, NULL,
         NULL, NULL},
        {"nothing in the shipped configuration is active", shipped_file_is_all_comments, NULL, NULL,
         NULL},
    };
    return cmocka_run_group_tests_name("config_keys", tests, read_files, free_files);
}
