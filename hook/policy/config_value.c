#include "policy/config_value.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "policy/policy.h"

#define NAME_OF(key) (key)->name

/* Everything but lists and texts has exactly one line. */
static struct text only_line(const struct config_value *value)
{
    return value->parts[0];
}

static bool is_none(const struct config_key *key, struct text t)
{
    return key->may_be_none && text_equal(t, TEXT("none"));
}

/* Stored as the caller's field wants it: NUL-terminated, in the arena. */
static bool keep_text(struct config_context *c, struct text t, struct text *field)
{
    struct text copy = arena_text(c->arena, t);
    if (text_absent(copy)) {
        c->problems->out_of_memory = true;
        return false;
    }
    *field = copy;
    return true;
}

static void unknown_word(struct config_context *c, const struct config_key *key,
                         const struct config_value *value)
{
    struct text word = only_line(value);
    struct config_guess guess = config_guess_start(word);
    char allowed[160] = "";
    for (size_t i = 0; i < key->word_count; i++) {
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%s",
                 !i                        ? ""
                 : i + 1 < key->word_count ? ", "
                                           : " or ",
                 key->words[i].name);
        config_guess_try(&guess, key->words[i].name);
    }
    config_problem(c->problems, value->lines[0], "%s is %s, not %s%s", NAME_OF(key), allowed,
                   config_quoted(c->problems, word), config_guess_hint(&guess, c->problems));
}

static void set_word(struct config_context *c, const struct config_key *key,
                     const struct config_value *value, void *field)
{
    int number;
    if (!table_value(key->words, key->word_count, only_line(value), false, &number)) {
        unknown_word(c, key, value);
        return;
    }
    /* Every enum of struct policy has the size of an int; see the assertion below. */
    memcpy(field, &number, sizeof number);
}
_Static_assert(sizeof(enum verdict) == sizeof(int) && sizeof(enum mode) == sizeof(int) &&
                   sizeof(enum identity_want) == sizeof(int) &&
                   sizeof(enum confidence) == sizeof(int) &&
                   sizeof(enum foreign_token) == sizeof(int) &&
                   sizeof(enum syslog_what) == sizeof(int),
               "set_word() stores an int into each of them");

static void set_flag(struct config_context *c, const struct config_key *key,
                     const struct config_value *value, void *field)
{
    bool yes = text_equal(only_line(value), TEXT("yes"));
    if (!yes && !text_equal(only_line(value), TEXT("no"))) {
        config_problem(c->problems, value->lines[0], "%s is yes or no, not %s", NAME_OF(key),
                       config_quoted(c->problems, only_line(value)));
        return;
    }
    *(bool *)field = yes;
}

/* Lines are joined by one blank. */
static void set_text(struct config_context *c, const struct config_key *key,
                     const struct config_value *value, void *field)
{
    size_t size = 0;
    for (size_t i = 0; i < value->count; i++)
        size += value->parts[i].size + (i > 0);
    if (size < key->least || size > key->most) {
        config_problem(c->problems, value->lines[0], "%s has at most %u bytes, not %zu",
                       NAME_OF(key), (unsigned)key->most, size);
        return;
    }
    char *joined = arena_alloc(c->arena, size + 1, 1);
    if (!joined) {
        c->problems->out_of_memory = true;
        return;
    }
    size_t at = 0;
    for (size_t i = 0; i < value->count; i++) {
        if (i)
            joined[at++] = ' ';
        if (value->parts[i].size)
            memcpy(joined + at, value->parts[i].at, value->parts[i].size);
        at += value->parts[i].size;
    }
    *(struct text *)field = (struct text){joined, size};
}

static void set_link(struct config_context *c, const struct config_key *key,
                     const struct config_value *value, void *field)
{
    struct text link = only_line(value);
    bool good = text_starts(link, TEXT("https://")) || text_starts(link, TEXT("http://"));
    for (size_t i = 0; good && i < link.size; i++)
        good = link.at[i] > ' ' && link.at[i] < 0x7f;
    if (!good || link.size > key->most) {
        config_problem(c->problems, value->lines[0],
                       "%s is an https:// or http:// address, ASCII, without blanks, of at most %u "
                       "bytes, not %s",
                       NAME_OF(key), (unsigned)key->most, config_quoted(c->problems, link));
        return;
    }
    (void)keep_text(c, link, field);
}

static void set_path(struct config_context *c, const struct config_key *key,
                     const struct config_value *value, void *field)
{
    struct text path = only_line(value);
    if (is_none(key, path)) {
        *(struct text *)field = TEXT_NONE;
        return;
    }
    if (path.at[0] != '/' || path.size < 2 || path.size >= PATH_MAX ||
        path.at[path.size - 1] == '/') {
        config_problem(c->problems, value->lines[0],
                       "%s is the path of a file that begins with /%s, not %s", NAME_OF(key),
                       key->may_be_none ? ", or none" : "", config_quoted(c->problems, path));
        return;
    }
    (void)keep_text(c, path, field);
}

/* The name becomes part of a path below the zoneinfo directory. */
static void set_zone(struct config_context *c, const struct config_key *key,
                     const struct config_value *value, void *field)
{
    struct text zone = only_line(value);
    bool good = zone.size <= 64 && zone.at[0] != '/' && zone.at[zone.size - 1] != '/';
    for (size_t i = 0; good && i < zone.size; i++) {
        char lower = ascii_lower(zone.at[i]);
        good = (lower >= 'a' && lower <= 'z') || ascii_digit(lower) || strchr("/_-+", lower);
    }
    if (!good) {
        config_problem(c->problems, value->lines[0],
                       "%s is a name such as UTC or Europe/Berlin, not %s", NAME_OF(key),
                       config_quoted(c->problems, zone));
        return;
    }
    (void)keep_text(c, zone, field);
}

/* A pusher or his client can choose what these say: push options, HTTP headers, display names. */
static const char *const foreign_variables[] = {"BB_", "STASH_", "GIT_",     "HTTP_",   "SSH_",
                                                "LC_", "QUERY_", "REQUEST_", "REMOTE_", "CONTENT_"};

static void set_variable(struct config_context *c, const struct config_key *key,
                         const struct config_value *value, void *field)
{
    struct text name = only_line(value);
    bool good = name.size <= 64 && !ascii_digit(name.at[0]);
    for (size_t i = 0; good && i < name.size; i++)
        good = (name.at[i] >= 'A' && name.at[i] <= 'Z') || ascii_digit(name.at[i]) ||
               name.at[i] == '_';
    if (!good) {
        config_problem(c->problems, value->lines[0],
                       "%s is the name of an environment variable (A-Z, 0-9, _), not %s",
                       NAME_OF(key), config_quoted(c->problems, name));
        return;
    }
    for (size_t i = 0; i < TABLE_COUNT(foreign_variables); i++)
        if (text_starts(name, text_of(foreign_variables[i]))) {
            config_problem(c->problems, value->lines[0],
                           "%s cannot begin with %s: others than the wrapper set such variables",
                           NAME_OF(key), foreign_variables[i]);
            return;
        }
    (void)keep_text(c, name, field);
}

static void set_duration(struct config_context *c, const struct config_key *key,
                         const struct config_value *value, void *field)
{
    struct text t = only_line(value);
    int64_t ms = 0;
    if (is_none(key, t)) {
        *(int64_t *)field = 0;
        return;
    }
    if (clock_parse_duration(t, &ms) && ms >= (int64_t)key->least && ms <= (int64_t)key->most) {
        *(int64_t *)field = ms;
        return;
    }
    char least[32], most[32];
    clock_format_duration((int64_t)key->least, least, sizeof least);
    clock_format_duration((int64_t)key->most, most, sizeof most);
    config_problem(c->problems, value->lines[0],
                   "%s is a duration such as 90s, 15m, 24h, 7d or 2w, from %s to %s%s, not %s",
                   NAME_OF(key), least, most, key->may_be_none ? ", or none" : "",
                   config_quoted(c->problems, t));
}

/* 256M -> bytes, in powers of 1024; false if it is not one or does not fit. */
static bool parse_bytes(struct text t, uint64_t *out)
{
    static const char units[] = "KMG";
    unsigned shift = 0;
    const char *unit = t.size ? strchr(units, t.at[t.size - 1]) : NULL;
    if (unit && *unit) {
        shift = 10 * ((unsigned)(unit - units) + 1);
        t.size--;
    }
    uint64_t number;
    if (!text_parse_u64(t, UINT64_MAX >> shift, true, &number))
        return false;
    *out = number << shift;
    return true;
}

static void format_bytes(uint64_t bytes, char *out, size_t size)
{
    static const char units[] = " KMG";
    size_t unit = 0;
    while (bytes >= 1024 && bytes % 1024 == 0 && unit < 3)
        bytes /= 1024, unit++;
    snprintf(out, size, unit ? "%llu%c" : "%llu", (unsigned long long)bytes, units[unit]);
}

static void set_bytes(struct config_context *c, const struct config_key *key,
                      const struct config_value *value, void *field)
{
    uint64_t bytes;
    if (parse_bytes(only_line(value), &bytes) && bytes >= key->least && bytes <= key->most) {
        *(uint64_t *)field = bytes;
        return;
    }
    char least[32], most[32];
    format_bytes(key->least, least, sizeof least);
    format_bytes(key->most, most, sizeof most);
    config_problem(c->problems, value->lines[0],
                   "%s is a number of bytes, or of K, M or G, from %s to %s, not %s", NAME_OF(key),
                   least, most, config_quoted(c->problems, only_line(value)));
}

static bool parse_number(struct config_context *c, const struct config_key *key,
                         const struct config_value *value, uint64_t *out)
{
    struct text t = only_line(value);
    if (is_none(key, t)) {
        *out = 0;
        return true;
    }
    uint64_t number;
    if (text_parse_u64(t, key->most, true, &number) && number >= key->least) {
        *out = number;
        return true;
    }
    config_problem(c->problems, value->lines[0], "%s is a number from %llu to %llu%s, not %s",
                   NAME_OF(key), (unsigned long long)key->least, (unsigned long long)key->most,
                   key->may_be_none ? ", or none" : "", config_quoted(c->problems, t));
    return false;
}

static void set_number(struct config_context *c, const struct config_key *key,
                       const struct config_value *value, void *field)
{
    (void)parse_number(c, key, value, field);
}

static void set_bits(struct config_context *c, const struct config_key *key,
                     const struct config_value *value, void *field)
{
    uint64_t number;
    if (parse_number(c, key, value, &number))
        *(uint32_t *)field = (uint32_t)number; /* the key's range fits */
}

/* Which formats there are is not asked here: that is sync's to say, and a hook that does not know the
 * number must not refuse each push for what does not concern it. */
static void set_format(struct config_context *c, const struct config_key *key,
                       const struct config_value *value, void *field)
{
    uint64_t number = 0;
    if (text_equal(only_line(value), TEXT("newest")) ||
        (text_parse_u64(only_line(value), key->most, true, &number) && number >= key->least))
        *(uint32_t *)field = (uint32_t)number;
    else
        config_problem(c->problems, value->lines[0], "%s is newest, or a number from %llu to %llu, not %s",
                       NAME_OF(key), (unsigned long long)key->least, (unsigned long long)key->most,
                       config_quoted(c->problems, only_line(value)));
}

#define TYPE(id, goes_on, text) \
    const struct config_type config_type_##id = {#id, text, goes_on, set_##id}
TYPE(word, false, "one of the words");
TYPE(flag, false, "yes or no");
TYPE(text, true, "text");
TYPE(link, false, "an http or https address");
TYPE(path, false, "an absolute path");
TYPE(zone, false, "a time zone");
TYPE(variable, false, "the name of an environment variable");
TYPE(duration, false, "a number and s, m, h, d or w");
TYPE(bytes, false, "a number, with K, M or G if it is large");
TYPE(number, false, "a number");
TYPE(bits, false, "a number");
TYPE(format, false, "newest or a number");
