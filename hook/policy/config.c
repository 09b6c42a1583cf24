#include "policy/config.h"

#include <stdint.h>
#include <string.h>

#include "policy/config_reader.h"
#include "policy/config_renamed.h"
#include "policy/config_value.h"

#define RULE_NAME_MAX 64     /* it stands in messages and records */
#define ACCOUNT_NAME_MAX 255 /* a user name */

struct parser {
    struct config_context context;
    struct config_problems problems;
    struct policy policy;
    struct rule rule_template; /* all defaults */
    struct service_account account_template;
    struct rule *rules;
    struct service_account *accounts;
    size_t rule_room, account_room;

    /* The section that is open. NULL: none yet, or one that is not known and whose keys are passed
     * over. */
    const struct config_section *section;
    struct text section_name;
    unsigned section_line;
    char *base;                     /* what its keys' offsets count from */
    unsigned seen[CONFIG_KEYS_MAX]; /* line of each key, 0: not yet */
    bool any_section;

    /* The key that is open: its lines may go on. NULL: none, or one that was refused. */
    const struct config_key *key;
    const struct config_renamed *renamed; /* it is called so in the file */
    struct text *parts;
    unsigned *lines;
    size_t part_count, part_room;

    /* For duplicates. Sections that are not named: line of each, 0: not yet. Named ones: a hash
     * table with open addressing; 0: free, else a rule's index + 1, or a service account's with the
     * top bit set. Small, since the first touch of a page costs more than what is done with it. */
    unsigned section_lines[CONFIG_SECTIONS_MAX];
    uint32_t *names;
    size_t name_mask;

    /* Keys that have moved to another section: where their value came from. */
    const struct config_renames *renames;
    struct {
        const struct config_key *key;
        unsigned line;
    } moved[CONFIG_RENAMES_MAX];
    size_t moved_count;

    bool want_listing;
    struct config_entry *entries;
    size_t entry_count, entry_room;
};

static void no_memory(struct parser *p)
{
    p->problems.out_of_memory = true;
}

/* Twice the room for an array in the arena; the old one is left behind. false: out of memory. */
static bool grow(struct parser *p, void **array, size_t count, size_t *room, size_t size)
{
    size_t more = *room ? *room * 2 : 32;
    void *larger = arena_alloc(p->context.arena, more, size);
    if (!larger) {
        no_memory(p);
        return false;
    }
    if (count)
        memcpy(larger, *array, count * size);
    *array = larger;
    *room = more;
    return true;
}

static void list_entry(struct parser *p, const struct config_key *key, unsigned line,
                       struct text value)
{
    if (!p->want_listing)
        return;
    void *entries = p->entries;
    if (p->entry_count == p->entry_room &&
        !grow(p, &entries, p->entry_count, &p->entry_room, sizeof *p->entries))
        return;
    p->entries = entries;
    const struct config_section *section = p->section;
    if (key && p->renamed)
        section = config_section_find(text_of(p->renamed->new_section));
    p->entries[p->entry_count++] = (struct config_entry){
        section, p->section_name, p->section_line, key, line, value, key ? p->renamed : NULL};
}

/* As it could be written on one line. Names may have blanks in them, so only a comma keeps the end
 * of one line and the beginning of the next apart. */
static struct text joined_parts(struct parser *p, const struct config_type *type)
{
    size_t size = 0;
    for (size_t i = 0; i < p->part_count; i++)
        size += p->parts[i].size + 2;
    char *joined = arena_alloc(p->context.arena, size + 1, 1);
    if (!joined) {
        no_memory(p);
        return TEXT_NONE;
    }
    size_t at = 0;
    for (size_t i = 0; i < p->part_count; i++) {
        if (at && type != &config_type_text && joined[at - 1] != ',')
            joined[at++] = ',';
        if (at)
            joined[at++] = ' ';
        if (p->parts[i].size)
            memcpy(joined + at, p->parts[i].at, p->parts[i].size);
        at += p->parts[i].size;
    }
    return (struct text){joined, at};
}

/* The open key has all its lines: check and store it. */
static void close_key(struct parser *p)
{
    const struct config_key *key = p->key;
    if (!key)
        return;
    p->key = NULL;
    struct config_value value = {p->parts, p->lines, p->part_count};
    if (!value.parts[0].size) { /* a list may begin on the next line */
        value.parts++;
        value.lines++;
        value.count--;
    }
    if (!value.count) {
        config_problem(&p->problems, p->lines[0], "%s has no value; leave the key out instead",
                       key->name);
        return;
    }
    if (p->want_listing)
        list_entry(p, key, p->lines[0], joined_parts(p, key->type));
    key->type->set(&p->context, key, &value, p->base + key->offset);
}

static void check_section(struct parser *p)
{
    for (size_t i = 0; i < p->section->key_count; i++)
        if (p->section->keys[i].required && !p->seen[i])
            config_problem(&p->problems, p->section_line, "%s %s has no %s", p->section->name,
                           config_quoted(&p->problems, p->section_name), p->section->keys[i].name);
    if (p->section->holder == HOLDER_RULE)
        config_freeze_check(&p->context, p->section_line, (struct rule *)(void *)p->base);
    else if (p->policy.audit_required && text_absent(p->policy.audit_file) &&
             !strcmp(p->section->name, "audit"))
        config_problem(&p->problems, p->section_line,
                       "required = yes with file = none would reject every push");
    else if (p->policy.resolvers & RESOLVER_ACCESS_LOG && text_absent(p->policy.access_log) &&
             !strcmp(p->section->name, "credential"))
        config_problem(&p->problems, p->section_line,
                       "resolvers has access-log, so access-log must say where the log is");
}

static void close_section(struct parser *p)
{
    close_key(p);
    if (p->section)
        check_section(p);
    p->section = NULL;
    memset(p->seen, 0, sizeof p->seen);
}

/* ---------------------------------------------------------------- sections */

#define ACCOUNT_BIT UINT32_C(0x80000000)

/* FNV-1a without ASCII case. */
static size_t name_hash(uint32_t seed, struct text name)
{
    uint32_t hash = 2166136261u ^ seed;
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (unsigned char)ascii_lower(name.at[i])) * 16777619u;
    return hash ^ hash >> 15;
}

/* Remembers a named section, whose index in its array this is; gives the line of an earlier one of
 * the same name, or 0. */
static unsigned remember_name(struct parser *p, uint32_t kind, size_t index, struct text name)
{
    size_t at = name_hash(kind, name) & p->name_mask;
    for (; p->names[at]; at = (at + 1) & p->name_mask) {
        uint32_t slot = p->names[at];
        size_t other = (slot & ~ACCOUNT_BIT) - 1;
        if ((slot & ACCOUNT_BIT) != kind)
            continue;
        struct text known = kind ? p->accounts[other].name : p->rules[other].name;
        if (text_equal_fold(known, name))
            return kind ? p->accounts[other].source.line : p->rules[other].source.line;
    }
    p->names[at] = (uint32_t)(index + 1) | kind;
    return 0;
}

/* rule "NAME" -> word and name; name absent if there is none. false: neither form. */
static bool split_header(struct text header, struct text *word, struct text *name)
{
    size_t end = 0;
    while (end < header.size && !ascii_blank(header.at[end]) && header.at[end] != '"')
        end++;
    *word = (struct text){header.at, end};
    *name = TEXT_NONE;
    struct text rest = text_trim(text_skip(header, end));
    if (!rest.size)
        return end > 0;
    if (!end || rest.size < 2 || rest.at[0] != '"' || rest.at[rest.size - 1] != '"')
        return false;
    *name = (struct text){rest.at + 1, rest.size - 2};
    return true;
}

/* A configuration that was written for a newer version may say what this one cannot know, and it must
 * not be overlooked: it may be what forbids. Where a known word is near, that is likelier. */
static const char *unknown_hint(struct parser *p, const struct config_guess *guess)
{
    return guess->best ? config_guess_hint(guess, &p->problems)
                       : " (written for a newer refgate? this is " REFGATE_VERSION ")";
}

static void unknown_section(struct parser *p, unsigned line, struct text word)
{
    struct config_guess guess = config_guess_start(word);
    for (size_t i = 0; i < config_section_count; i++)
        config_guess_try(&guess, config_sections[i].name);
    config_problem(&p->problems, line, "there is no section %s%s",
                   config_quoted(&p->problems, word), unknown_hint(p, &guess));
}

static bool name_usable(struct parser *p, unsigned line, const struct config_section *section,
                        struct text name)
{
    bool rule = section->holder == HOLDER_RULE;
    size_t most = rule ? RULE_NAME_MAX : ACCOUNT_NAME_MAX;
    bool usable = name.size > 0 && name.size <= most;
    for (size_t i = 0; usable && rule && i < name.size; i++)
        usable = name.at[i] >= ' ' && name.at[i] <= '~' && name.at[i] != '"' && name.at[i] != '\\';
    if (!usable)
        config_problem(&p->problems, line,
                       rule ? "the name of a rule has 1 to %zu ASCII characters, "
                              "without quotes and backslashes, not %s"
                            : "the name of a user has 1 to %zu bytes, not %s",
                       most, config_quoted(&p->problems, name));
    return usable;
}

/* A new rule or service account with all defaults, and where its keys go. *earlier: line of one of
 * the same name, or 0. */
static bool open_named(struct parser *p, const struct config_section *section, struct text name,
                       unsigned line, unsigned *earlier)
{
    const struct source source = {p->policy.file_name, line};
    if (section->holder == HOLDER_RULE && p->policy.rule_count < p->rule_room) {
        size_t index = p->policy.rule_count++;
        struct rule *rule = &p->rules[index];
        *rule = p->rule_template;
        rule->name = name;
        rule->source = source;
        p->base = (char *)rule;
        *earlier = remember_name(p, 0, index, name);
        return true;
    }
    if (section->holder == HOLDER_SERVICE_ACCOUNT &&
        p->policy.service_account_count < p->account_room) {
        size_t index = p->policy.service_account_count++;
        struct service_account *account = &p->accounts[index];
        *account = p->account_template;
        account->name = name;
        account->source = source;
        p->base = (char *)account;
        *earlier = remember_name(p, ACCOUNT_BIT, index, name);
        return true;
    }
    config_problem(&p->problems, line, "too many sections"); /* they were counted before */
    return false;
}

/* The same for a section without a name, of which there is one. */
static bool open_single(struct parser *p, const struct config_section *section, unsigned line,
                        unsigned *earlier)
{
    unsigned *known = &p->section_lines[section - config_sections];
    *earlier = *known;
    if (!*known)
        *known = line;
    p->base = (char *)&p->policy;
    if (!strcmp(section->name, "access-keys"))
        p->policy.access_keys.source.line = line;
    return true;
}

static void take_section(void *self, unsigned line, struct text header)
{
    struct parser *p = self;
    close_section(p);
    p->any_section = true;
    if (text_absent(header)) /* reported already */
        return;
    struct text word, name;
    if (!split_header(header, &word, &name)) {
        config_problem(&p->problems, line, "a section is [NAME] or [NAME \"...\"], not %s",
                       config_quoted(&p->problems, header));
        return;
    }
    const struct config_section *section = config_section_find(word);
    if (!section) {
        unknown_section(p, line, word);
        return;
    }
    if (section->named && text_absent(name)) {
        config_problem(&p->problems, line, "[%s \"NAME\"] needs a name", section->name);
        return;
    }
    if (!section->named && !text_absent(name)) {
        config_problem(&p->problems, line, "[%s] has no name", section->name);
        return;
    }
    if (section->named && !name_usable(p, line, section, name))
        return;
    unsigned earlier = 0;
    if (section->named ? !open_named(p, section, name, line, &earlier)
                       : !open_single(p, section, line, &earlier))
        return;
    if (earlier)
        config_problem(&p->problems, line, "[%s%s%s] is on line %u already", section->name,
                       section->named ? " " : "",
                       section->named ? config_quoted(&p->problems, name) : "", earlier);
    p->section = section;
    p->section_name = name;
    p->section_line = line;
    list_entry(p, NULL, line, TEXT_NONE);
}

/* ---------------------------------------------------------------- keys */

static void unknown_key(struct parser *p, unsigned line, struct text name)
{
    struct config_guess guess = config_guess_start(name);
    for (size_t i = 0; i < p->section->key_count; i++)
        config_guess_try(&guess, p->section->keys[i].name);
    if (!guess.best)
        for (size_t i = 0; i < config_section_count; i++)
            if (config_key_find(&config_sections[i], name)) {
                config_problem(&p->problems, line, "[%s] has no key %s; [%s] has one",
                               p->section->name, config_quoted(&p->problems, name),
                               config_sections[i].name);
                return;
            }
    config_problem(&p->problems, line, "[%s] has no key %s%s", p->section->name,
                   config_quoted(&p->problems, name), unknown_hint(p, &guess));
}

/* The key that is meant by a name that it had; NULL if it never was one, or is not taken any more. */
static const struct config_key *renamed_key(struct parser *p, unsigned line, struct text name)
{
    const struct config_renamed *renamed = config_renamed_find(p->renames, p->section, name);
    if (!renamed) {
        unknown_key(p, line, name);
        return NULL;
    }
    if (!config_renamed_taken(p->renames, renamed)) {
        config_problem(&p->problems, line, "%s is called %s in [%s] since refgate %s", renamed->key,
                       renamed->new_key, renamed->new_section, renamed->since);
        return NULL;
    }
    p->renamed = renamed;
    return config_renamed_key(renamed);
}

/* Where the line of a key is noted, to find it twice: by its place in the open section, or, of those
 * that have moved between sections, in a list. */
static unsigned *seen_line(struct parser *p, const struct config_key *key)
{
    const struct config_section *section = p->section;
    bool here = key >= section->keys && key < section->keys + section->key_count;
    if (here && !config_renamed_moved(p->renames, key))
        return &p->seen[key - section->keys];
    size_t at = 0;
    while (at < p->moved_count && p->moved[at].key != key)
        at++;
    if (at == p->moved_count) {
        p->moved[at].key = key;
        p->moved_count++;
    }
    return &p->moved[at].line;
}

static void open_key(struct parser *p, unsigned line, struct text name)
{
    close_key(p);
    p->renamed = NULL;
    p->part_count = 0;
    if (!p->section) {
        if (!p->any_section)
            config_problem(&p->problems, line, "%s stands before the first [SECTION]",
                           config_quoted(&p->problems, name));
        return;
    }
    const struct config_key *key = config_key_find(p->section, name);
    if (!key)
        key = renamed_key(p, line, name);
    if (!key)
        return;
    unsigned *seen = seen_line(p, key);
    if (*seen) {
        config_problem(&p->problems, line,
                       p->renamed ? "%s, by its old name, is on line %u already"
                                  : "%s is on line %u already",
                       key->name, *seen);
        return;
    }
    *seen = line;
    p->key = key;
}

static void take_value(void *self, unsigned line, struct text name, struct text value,
                       bool continues)
{
    struct parser *p = self;
    if (!continues)
        open_key(p, line, name);
    if (!p->key)
        return;
    if (continues && !p->key->type->continues) {
        config_problem(&p->problems, line,
                       "%s has one line; this one begins with a blank, so it "
                       "continues it",
                       p->key->name);
        p->key = NULL;
        return;
    }
    if (p->part_count == p->part_room) {
        void *parts = p->parts, *lines = p->lines;
        size_t room = p->part_room;
        if (!grow(p, &parts, p->part_count, &room, sizeof *p->parts) ||
            !grow(p, &lines, p->part_count, &p->part_room, sizeof *p->lines)) {
            p->key = NULL;
            return;
        }
        p->parts = parts;
        p->lines = lines;
    }
    p->parts[p->part_count] = value;
    p->lines[p->part_count++] = line;
}

/* ---------------------------------------------------------------- the whole */

static void set_defaults(struct parser *p, const struct config_section *section, char *base)
{
    static const unsigned no_line = 0;
    for (size_t i = 0; i < section->key_count; i++) {
        const struct config_key *key = &section->keys[i];
        if (!key->fallback)
            continue;
        struct text text = text_of(key->fallback);
        const struct config_value value = {&text, &no_line, 1};
        key->type->set(&p->context, key, &value, base + key->offset);
    }
}

static void set_all_defaults(struct parser *p)
{
    p->rule_template.freeze.before_minute = 24 * 60;
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *section = &config_sections[i];
        set_defaults(p, section,
                     section->holder == HOLDER_RULE              ? (char *)&p->rule_template
                     : section->holder == HOLDER_SERVICE_ACCOUNT ? (char *)&p->account_template
                                                                 : (char *)&p->policy);
    }
}

/* Room for all sections of the file: at most as many rules and service accounts as there are lines
 * that begin with "[" and with their first letter after it. */
static bool make_room(struct parser *p, struct text bytes)
{
    for (size_t at = 0; at < bytes.size; at++) {
        const char *bracket = memchr(bytes.at + at, '[', bytes.size - at);
        if (!bracket)
            break;
        at = (size_t)(bracket - bytes.at);
        if (at && bytes.at[at - 1] != '\n')
            continue;
        size_t first = at + 1;
        while (first < bytes.size && ascii_blank(bytes.at[first]))
            first++;
        p->rule_room += first < bytes.size && bytes.at[first] == 'r';
        p->account_room += first < bytes.size && bytes.at[first] == 's';
    }
    size_t slots = 16;
    while (slots < (p->rule_room + p->account_room) * 2)
        slots *= 2;
    p->names = arena_alloc(p->context.arena, slots, sizeof *p->names);
    p->rules = arena_alloc(p->context.arena, p->rule_room, sizeof *p->rules);
    p->accounts = arena_alloc(p->context.arena, p->account_room, sizeof *p->accounts);
    p->name_mask = slots - 1;
    return p->names && p->rules && p->accounts;
}

static enum status parse_all(struct parser *p, struct text bytes)
{
    if (text_starts(bytes, TEXT("\xef\xbb\xbf"))) /* byte order mark: editors on Windows */
        bytes = text_skip(bytes, 3);
    if (!make_room(p, bytes))
        return STATUS_MEMORY;
    set_all_defaults(p);
    const struct config_events events = {p, take_section, take_value};
    config_read(bytes, &events, &p->problems);
    close_section(p);
    if (p->problems.out_of_memory)
        return STATUS_MEMORY;
    return p->problems.count ? STATUS_FORMAT : STATUS_OK;
}

enum status config_parse_renamed(struct text bytes, const char *file_name, struct arena *arena,
                                 struct policy *out, struct config_errors *errors,
                                 struct config_listing *listing,
                                 const struct config_renames *renames)
{
    struct parser p = {.want_listing = listing != NULL, .renames = renames};
    config_problems_init(&p.problems, arena);
    p.context = (struct config_context){.arena = arena, .problems = &p.problems};
    p.policy.file_name = arena_text(arena, text_of(file_name));
    p.policy.access_keys.source.file = p.policy.file_name;
    enum status status = STATUS_FORMAT;
    if (bytes.size > CONFIG_SIZE_MAX)
        config_problem(&p.problems, 0, "the file is larger than %zu bytes", CONFIG_SIZE_MAX);
    else
        status = text_absent(p.policy.file_name) ? STATUS_MEMORY : parse_all(&p, bytes);
    if (status) {
        config_problems_print(&p.problems, text_of(file_name), errors);
        if (status == STATUS_MEMORY) {
            buffer_printf(&errors->lines, "out of memory\n");
            errors->count++;
        }
        return status;
    }
    p.policy.rules = p.rules;
    p.policy.service_accounts = p.accounts;
    for (size_t i = 0; i < p.policy.rule_count; i++)
        p.policy.needs_local_time |= p.rules[i].freeze_set;
    p.policy.digest = digest_of(bytes);
    *out = p.policy;
    if (listing)
        *listing = (struct config_listing){p.entries, p.entry_count};
    return STATUS_OK;
}

enum status config_parse_kept(struct text bytes, const char *file_name, struct arena *arena,
                              struct policy *out, struct config_errors *errors,
                              struct config_listing *listing)
{
    return config_parse_renamed(bytes, file_name, arena, out, errors, listing, &config_renames);
}

enum status config_parse(struct text bytes, const char *file_name, struct arena *arena,
                         struct policy *out, struct config_errors *errors)
{
    /* Too large a file is not copied; config_parse_kept() says so. */
    struct text kept = bytes.size > CONFIG_SIZE_MAX ? bytes : arena_text(arena, bytes);
    if (text_absent(kept)) {
        buffer_string(&errors->lines, "out of memory\n");
        errors->count++;
        return STATUS_MEMORY;
    }
    return config_parse_kept(kept, file_name, arena, out, errors, NULL);
}

const struct config_entry *config_listing_find(const struct config_listing *listing,
                                               const char *section, unsigned section_line,
                                               const char *key)
{
    for (size_t i = 0; i < listing->count; i++) {
        const struct config_entry *entry = &listing->entries[i];
        if (entry->key && !strcmp(entry->section->name, section) &&
            (!section_line || entry->section_line == section_line) &&
            !strcmp(entry->key->name, key))
            return entry;
    }
    return NULL;
}
