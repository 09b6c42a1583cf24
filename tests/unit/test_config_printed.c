/*
 * A configuration that is printed, setting by setting, and read again is the same configuration: each
 * field of it, and what it decides. On random files from fixed seeds, many of them with bytes changed:
 * what can be read at all can be printed; a failure names the seed. `refgate policy show` prints so.
 */
#include "support/scene_random.h"

#include "base/buffer.h"
#include "policy/config.h"
#include "policy/config_keys.h"
#include "policy/config_value.h"

#define CASES 6000
#define MEMORY ((size_t)16 * 1024 * 1024)

/* ------------------------------------------------------------------ random files */

/* Values of each type, between bars: good ones, and some that are refused. */
static const struct {
    const struct config_type *type;
    const char *good, *bad;
} samples[] = {
    {&config_type_flag, "yes|no", "maybe"},
    {&config_type_text, "platform@example.com|a; b|two\n  lines\n  or three|\xc3\xa4 = x", " "},
    {&config_type_link, "https://example.com/a|http://x", "ftp://x|https://a b|https://\x7f"},
    {&config_type_path, "/var/x|/a/b c", "none|relative|/|/x/"},
    {&config_type_zone, "UTC|Europe/Berlin|Etc/GMT+1|Mars-1_2", "/etc/x|a b|x/|{}"},
    {&config_type_variable, "REFGATE_CREDENTIAL|_X9", "9X|BB_X|lower|A-B|A{"},
    {&config_type_duration, "90s|15m|24h", "none|1x|0|9999999w|7d|2w"},
    {&config_type_bytes, "1M|256M|1048576", "1G|8K|300|1048577|4096K|x|K|99999999999G|-1"},
    {&config_type_number, "1|200000|1000", "none|x|007"},
    {&config_type_bits, "2048|none", "1|99999999"},
    {&config_type_format, "newest|1|2", "0|x"},
    {&config_type_names, "jdoe|a b\n  c d|devs, \"a, b\"|x,\n  \"y\"|\"q\", r|s\n  later",
     "\"open|a\"b|,|\"\"|\"a\" b|\""},
    {&config_type_emails, "a@b, *@example.com|x@y\n  z@y", "x|@b|a@|a b@c|a*@b|<a@b>|a>@b|*x@b"},
    {&config_type_words, "push, branch-create|rsa ED25519|x.y:z@w_1", "a/b|a{b"},
    {&config_type_refs, "main, release/*|v*|refs/heads/**|a b\n  c", "\"x\"|//"},
    {&config_type_projects, "PRJ, O*|~jdoe", "A/B|\"A\""},
    {&config_type_repos, "PRJ/app, */*|OPS/x?", "app|A/|/b|a/b/c|\"x/y\""},
    {&config_type_changes, "create, update|delete|rewrite update create delete", "none|Create x"},
    {&config_type_credentials, "user, access-key|web|project-token unknown", "key|tokens"},
    {&config_type_resolvers, "name|name, environment", "access-log name|dns"},
    {&config_type_owners, "0|root, 1000|root", "nobody-at-all|4294967295"},
    {&config_type_after, "08:00|07:59",
     "2026-09-01|24:00|08:60|2026-02-29|8:00|x|1999-1x-01|ab:00"},
    {&config_type_before, "18:30|24:00|01:00",
     "2026-12-31|08:0a|2024-02-29|1900-02-29|1969-01-01|2026-13-01|2000-02-29|2026-00-10|2026-04-31|"
     "2026-04-00|2026/04-01|2026-04x01|2026-04-0x|x026-04-01|20y6-04-01|26:00|0x:00|12:60|12x00|1a:00"},
    {&config_type_days, "mon-fri|sat, sun|fri-mon|mon",
     "funday|mon-xxx|xxx-mon|,|mon-sun-|abcdefg"},
};

static struct text choice(const struct config_key *key, bool bad)
{
    struct text rest = TEXT("x"), item = rest;
    unsigned skip = below(24);
    if (key->words)
        return text_of(key->words[below((unsigned)key->word_count)].name);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        if (samples[i].type == key->type) {
            const char *values = bad ? samples[i].bad : samples[i].good;
            rest = text_of(values);
            for (; text_next_field(&rest, '|', &item) && skip; skip--)
                if (!rest.size)
                    rest = text_of(values);
        }
    return item;
}

/* `faults`: one in so many values is a bad one, or too long; 0: none is. */
static void write_keys(struct buffer *file, const struct config_section *section, unsigned faults)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (!section->keys[i].required && !one_in(section->named ? 4 : 3))
            continue;
        struct text value = choice(&section->keys[i], faults && one_in(faults));
        buffer_printf(file, "%s = %.*s", section->keys[i].name, TEXT_ARG(value));
        for (unsigned n = faults && one_in(2 * faults) ? 70 * (1 + below(16)) : 0; n > 0; n--)
            buffer_string(file, "X"); /* longer than most may be */
        buffer_string(file, one_in(6) ? " ; a comment\n" : "\n");
    }
}

static void write_file(struct buffer *file, unsigned faults)
{
    static const char *const names[] = {"a", "b c", "jdoe", "[x]", "ci-bot"};
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *section = &config_sections[i];
        if (!section->named && one_in(3)) {
            buffer_printf(file, "[%s]\n", section->name);
            write_keys(file, section, faults);
        }
        for (unsigned n = section->named ? below(3) : 0; n > 0; n--) {
            buffer_printf(file, "[%s \"%s%u\"]\n", section->name, PICK(names), n);
            write_keys(file, section, faults);
        }
    }
}

static void change_bytes(struct buffer *file)
{
    static const char bytes[] = "=[]\";#, \t\n\r-:/x0\x01\xc3\x7f*?~";
    for (unsigned n = one_in(2) ? below(4) : 0; n > 0 && file->size; n--) {
        size_t at = below((unsigned)file->size);
        file->data[at] = bytes[below(sizeof bytes - 1)];
    }
}

/* ------------------------------------------------------------------ reading and printing */

struct reading {
    struct arena arena;
    struct policy policy;
    struct config_errors errors;
    struct config_listing listing;
    enum status status;
};

static void read_bytes(struct reading *r, struct text bytes)
{
    arena_init(&r->arena, MEMORY);
    config_errors_init(&r->errors);
    r->status = config_parse_kept(bytes, "refgate.conf", &r->arena, &r->policy, &r->errors,
                                  &r->listing);
}

static void reading_free(struct reading *r)
{
    arena_free(&r->arena);
    config_errors_free(&r->errors);
}

/* As the table and the listing have it: the sections in the table's order, then those with names. */
static void print_section(struct buffer *out, const struct reading *r,
                          const struct config_section *section, const struct config_entry *header)
{
    if (header)
        buffer_printf(out, "[%s \"%.*s\"]\n", section->name, TEXT_ARG(header->name));
    else
        buffer_printf(out, "[%s]\n", section->name);
    for (size_t i = 0; i < section->key_count; i++) {
        const struct config_key *key = &section->keys[i];
        const struct config_entry *entry = config_listing_find(
            &r->listing, section->name, header ? header->line : 0, key->name);
        if (entry)
            buffer_printf(out, "%s = %.*s ; line %u\n", key->name, TEXT_ARG(entry->value),
                          entry->line);
        else if (!section->named && key->fallback)
            buffer_printf(out, "%s = %s ; default\n", key->name, key->fallback);
    }
}

static void print_policy(struct buffer *out, const struct reading *r)
{
    for (size_t i = 0; i < config_section_count; i++)
        if (!config_sections[i].named)
            print_section(out, r, &config_sections[i], NULL);
    for (size_t i = 0; i < r->listing.count; i++)
        if (!r->listing.entries[i].key && r->listing.entries[i].section->named)
            print_section(out, r, r->listing.entries[i].section, &r->listing.entries[i]);
}

/* ------------------------------------------------------------------ field by field */

static bool same_lists(const struct text_list *a, const struct text_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!text_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

static bool same_owners(const struct policy *a, const struct policy *b)
{
    return a->owner_count == b->owner_count &&
           (!a->owner_count || !memcmp(a->owners, b->owners, a->owner_count * sizeof *a->owners));
}

static bool same_freezes(const struct freeze *a, const struct freeze *b)
{
    return a->time_set == b->time_set && a->after_minute == b->after_minute &&
           a->before_minute == b->before_minute && a->days == b->days &&
           a->from_set == b->from_set && a->from_date == b->from_date &&
           a->until_set == b->until_set && a->until_date == b->until_date;
}

static size_t plain_size(const struct config_type *type)
{
    static const struct {
        const struct config_type *type;
        size_t size;
    } plain[] = {
        {&config_type_word, sizeof(enum verdict)},    {&config_type_flag, sizeof(bool)},
        {&config_type_duration, sizeof(int64_t)},     {&config_type_bytes, sizeof(uint64_t)},
        {&config_type_number, sizeof(uint64_t)},      {&config_type_bits, sizeof(uint32_t)},
        {&config_type_format, sizeof(uint32_t)},      {&config_type_changes, sizeof(unsigned)},
        {&config_type_credentials, sizeof(unsigned)}, {&config_type_resolvers, sizeof(unsigned)},
    };
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (plain[i].type == type)
            return plain[i].size;
    return 0;
}

static bool is_text(const struct config_type *type)
{
    return type == &config_type_text || type == &config_type_link || type == &config_type_path ||
           type == &config_type_zone || type == &config_type_variable;
}

/* `a` and `b`: the policies, rules or service accounts that have the key. */
static bool same_field(const struct config_key *key, const void *a, const void *b)
{
    const void *x = (const char *)a + key->offset, *y = (const char *)b + key->offset;
    size_t size = plain_size(key->type);
    if (size)
        return !memcmp(x, y, size);
    if (is_text(key->type)) {
        const struct text *s = x, *t = y;
        return text_absent(*s) == text_absent(*t) && text_equal(*s, *t);
    }
    if (key->type == &config_type_owners)
        return same_owners(a, b);
    if (key->type == &config_type_after || key->type == &config_type_before ||
        key->type == &config_type_days)
        return same_freezes(x, y);
    return same_lists(x, y);
}

static const char *differing(const struct config_section *section, const void *a, const void *b)
{
    for (size_t i = 0; i < section->key_count; i++)
        if (!same_field(&section->keys[i], a, b))
            return section->keys[i].name;
    return NULL;
}

/* The first key that differs; NULL: the policies are the same. */
static const char *difference(const struct policy *a, const struct policy *b)
{
    const struct config_section *rule = config_section_find(TEXT("rule")),
                                *account = config_section_find(TEXT("service-account"));
    const char *key = NULL;
    if (a->rule_count != b->rule_count || a->service_account_count != b->service_account_count ||
        a->needs_local_time != b->needs_local_time)
        return "how many there are";
    for (size_t i = 0; i < config_section_count && !key; i++)
        if (config_sections[i].holder == HOLDER_POLICY)
            key = differing(&config_sections[i], a, b);
    for (size_t i = 0; i < a->rule_count && !key; i++)
        key = !text_equal(a->rules[i].name, b->rules[i].name) ||
                      a->rules[i].freeze_set != b->rules[i].freeze_set
                  ? "the rule itself"
                  : differing(rule, &a->rules[i], &b->rules[i]);
    for (size_t i = 0; i < a->service_account_count && !key; i++)
        key = !text_equal(a->service_accounts[i].name, b->service_accounts[i].name)
                  ? "the account itself"
                  : differing(account, &a->service_accounts[i], &b->service_accounts[i]);
    return key;
}

/* ------------------------------------------------------------------ what it decides */

static void assert_decides_the_same(const struct policy *a, const struct policy *b, uint64_t at)
{
    struct scene s;
    for (uint64_t push = 0; push < 4; push++) {
        random_scene(&s, at * 4 + push);
        s.policy = *a;
        struct outcome one = outcome_of(&s);
        s.policy = *b;
        struct outcome other = outcome_of(&s);
        if (!same(&one, &other) || one.reasons != other.reasons)
            fail_msg("SEED=%llu: %s became %s", (unsigned long long)at, verdict_name(one.verdict),
                     verdict_name(other.verdict));
        scene_free(&s);
    }
}

static void print_and_read_again(const struct reading *first, uint64_t at)
{
    struct reading second;
    struct buffer printed;
    buffer_init(&printed, SIZE_MAX);
    print_policy(&printed, first);
    read_bytes(&second, buffer_view(&printed));
    if (second.status != STATUS_OK)
        fail_msg("SEED=%llu: what is printed is refused: %s\n%s", (unsigned long long)at,
                 second.errors.lines.data, printed.data);
    const char *key = difference(&first->policy, &second.policy);
    if (key)
        fail_msg("SEED=%llu: %s is another one:\n%s", (unsigned long long)at, key, printed.data);
    assert_decides_the_same(&first->policy, &second.policy, at);
    buffer_free(&printed);
    reading_free(&second);
}

static void what_is_printed_is_what_was_read(void **state)
{
    (void)state;
    size_t read = 0, refused = 0;
    for (EACH_CASE(at, CASES)) {
        struct buffer file;
        struct reading first;
        seed = at * UINT64_C(0x9e3779b97f4a7c15) + 7;
        buffer_init(&file, SIZE_MAX);
        bool good = one_in(2);
        write_file(&file, good ? 0 : 6);
        if (!good)
            change_bytes(&file);
        read_bytes(&first, buffer_view(&file));
        if (first.status == STATUS_OK)
            print_and_read_again(&first, at);
        else if (first.status != STATUS_FORMAT || !first.errors.count)
            fail_msg("SEED=%llu: status %d", (unsigned long long)at, first.status);
        read += first.status == STATUS_OK;
        refused += first.status != STATUS_OK;
        reading_free(&first);
        buffer_free(&file);
    }
    assert_met(read, CASES, 6);
    assert_met(refused, CASES, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 6: what is printed of a configuration is that configuration",
         what_is_printed_is_what_was_read, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("configuration, printed", tests, NULL, NULL);
}
