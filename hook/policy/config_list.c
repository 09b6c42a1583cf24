/* The types of config_value.h that are lists. */
#include "policy/config_value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/glob.h"
#include "model/change.h"
#include "model/credential.h"
#include "policy/policy.h"

#define PASSWD_FILE "/etc/passwd"
#define PASSWD_SIZE_MAX ((size_t)16 * 1024 * 1024)
#define ITEM_MAX 1024

static bool add_item(struct config_context *c, struct text item)
{
    if (c->item_count == c->item_room) {
        size_t room = c->item_room ? c->item_room * 2 : 64;
        struct text *items = arena_alloc(c->arena, room, sizeof *items);
        if (!items) {
            c->problems->out_of_memory = true;
            return false;
        }
        if (c->item_count)
            memcpy(items, c->items, c->item_count * sizeof *items);
        c->items = items;
        c->item_room = room;
    }
    c->items[c->item_count++] = item;
    return true;
}

/* Cuts a name at the next comma; in double quotes it may have commas and outer blanks. Blank names
 * are skipped, so that a comma may end a line. A quote anywhere else is a mistake that would cut
 * names where nobody wants it. false at the end, or after a problem (*bad). */
static bool next_name(struct config_context *c, const struct config_key *key, unsigned line,
                      struct text *rest, struct text *item, bool *bad)
{
    while (rest->size && (rest->at[0] == ',' || ascii_blank(rest->at[0])))
        *rest = text_skip(*rest, 1);
    if (!rest->size)
        return false;
    if (rest->at[0] != '"') {
        const char *comma = memchr(rest->at, ',', rest->size);
        size_t size = comma ? (size_t)(comma - rest->at) : rest->size;
        *item = text_trim((struct text){rest->at, size});
        *rest = text_skip(*rest, size);
        if (!memchr(item->at, '"', item->size))
            return true;
        config_problem(c->problems, line, "%s: %s has a quote in it; quotes stand around a name",
                       key->name, config_quoted(c->problems, *item));
        *bad = true;
        return false;
    }
    struct text inner = text_skip(*rest, 1);
    const char *end = inner.size ? memchr(inner.at, '"', inner.size) : NULL;
    size_t size = end ? (size_t)(end - inner.at) : 0;
    struct text after = end ? text_trim(text_skip(inner, size + 1)) : inner;
    if (!end || !size || (after.size && after.at[0] != ',')) {
        config_problem(c->problems, line,
                       "%s: a name in quotes is \"NAME\", then a comma or the end, not %s",
                       key->name, config_quoted(c->problems, *rest));
        *bad = true;
        return false;
    }
    *item = (struct text){inner.at, size};
    *rest = after;
    return true;
}

static void empty_list(struct config_context *c, const struct config_key *key,
                       const struct config_value *value)
{
    config_problem(c->problems, value->lines[0], "%s is an empty list; leave the key out instead",
                   key->name);
}

typedef const char *item_problem(struct text item); /* NULL: it is good */

/* Fills context->items from all lines of the value. false if something was wrong: the key is then
 * not set. */
static bool gather(struct config_context *c, const struct config_key *key,
                   const struct config_value *value, bool names, item_problem *problem)
{
    c->item_count = 0;
    bool bad = false;
    for (size_t i = 0; i < value->count; i++) {
        struct text rest = value->parts[i], item;
        while (names ? next_name(c, key, value->lines[i], &rest, &item, &bad)
                     : text_next_item(&rest, &item)) {
            const char *why = item.size > ITEM_MAX ? "it is longer than 1024 bytes"
                              : problem            ? problem(item)
                                                   : NULL;
            if (why) {
                config_problem(c->problems, value->lines[i], "%s: %s cannot be used: %s", key->name,
                               config_quoted(c->problems, item), why);
                bad = true;
            } else if (!add_item(c, item)) {
                return false;
            }
        }
    }
    if (!c->item_count && !bad)
        empty_list(c, key, value);
    return c->item_count && !bad;
}

static void keep_list(struct config_context *c, struct text_list *field)
{
    struct text *items = arena_alloc(c->arena, c->item_count, sizeof *items);
    if (!items) {
        c->problems->out_of_memory = true;
        return;
    }
    memcpy(items, c->items, c->item_count * sizeof *items);
    *field = (struct text_list){items, c->item_count};
}

static void set_names(struct config_context *c, const struct config_key *key,
                      const struct config_value *value, void *field)
{
    if (gather(c, key, value, true, NULL))
        keep_list(c, field);
}

static const char *email_problem(struct text item)
{
    const char *at = memchr(item.at, '@', item.size);
    if (!at || at == item.at || at == item.at + item.size - 1)
        return "it is neither an address nor *@DOMAIN";
    for (size_t i = 0; i < item.size; i++) {
        if (ascii_blank(item.at[i]) || item.at[i] == '<' || item.at[i] == '>')
            return "an address here is the plain address, without a name";
        if (item.at[i] == '*' && (i || at != item.at + 1))
            return "* stands for the whole part before @ only";
    }
    return NULL;
}

static void set_emails(struct config_context *c, const struct config_key *key,
                       const struct config_value *value, void *field)
{
    if (gather(c, key, value, true, email_problem))
        keep_list(c, field);
}

static const char *word_problem(struct text item)
{
    for (size_t i = 0; i < item.size; i++) {
        char lower = ascii_lower(item.at[i]);
        if (!((lower >= 'a' && lower <= 'z') || ascii_digit(lower) || strchr("-_.:@", lower)))
            return "words have letters, digits and - _ . : @";
    }
    return NULL;
}

static void set_words(struct config_context *c, const struct config_key *key,
                      const struct config_value *value, void *field)
{
    if (gather(c, key, value, false, word_problem))
        keep_list(c, field);
}

static const char *ref_problem(struct text item)
{
    if (item.at[0] == '"')
        return "patterns have no quotes around them";
    return glob_ref_problem(item);
}

static void set_refs(struct config_context *c, const struct config_key *key,
                     const struct config_value *value, void *field)
{
    if (gather(c, key, value, false, ref_problem))
        keep_list(c, field);
}

static const char *project_problem(struct text item)
{
    if (item.at[0] == '"')
        return "patterns have no quotes around them";
    if (memchr(item.at, '/', item.size))
        return "a project key has no /; repositories go into repos";
    return NULL;
}

static void set_projects(struct config_context *c, const struct config_key *key,
                         const struct config_value *value, void *field)
{
    if (gather(c, key, value, false, project_problem))
        keep_list(c, field);
}

static const char *repo_problem(struct text item)
{
    if (item.at[0] == '"')
        return "patterns have no quotes around them";
    const char *slash = memchr(item.at, '/', item.size);
    if (!slash || slash == item.at || slash == item.at + item.size - 1 ||
        memchr(slash + 1, '/', (size_t)(item.at + item.size - slash - 1)))
        return "a repository is KEY/SLUG, all of a project KEY/*";
    return NULL;
}

static void set_repos(struct config_context *c, const struct config_key *key,
                      const struct config_value *value, void *field)
{
    if (gather(c, key, value, false, repo_problem))
        keep_list(c, field);
}

static void unknown_bit(struct config_context *c, const struct config_key *key, unsigned line,
                        struct text item, const char *(*word)(size_t))
{
    struct config_guess guess = config_guess_start(item);
    char allowed[160] = "";
    for (size_t i = 0; word(i); i++) {
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%s", i ? ", " : "", word(i));
        config_guess_try(&guess, word(i));
    }
    config_problem(c->problems, line, "%s has the words %s, not %s%s", key->name, allowed,
                   config_quoted(c->problems, item), config_guess_hint(&guess, c->problems));
}

/* Each word of the value gives bits. word(i): the words that there are, then NULL. */
static void set_bit_words(struct config_context *c, const struct config_key *key,
                          const struct config_value *value, unsigned *field,
                          bool (*parse)(struct text, unsigned *), const char *(*word)(size_t))
{
    unsigned all = 0, bits;
    bool bad = false;
    for (size_t i = 0; i < value->count; i++) {
        struct text rest = value->parts[i], item;
        while (text_next_item(&rest, &item)) {
            if (parse(item, &bits)) {
                all |= bits;
                continue;
            }
            unknown_bit(c, key, value->lines[i], item, word);
            bad = true;
        }
    }
    if (!all && !bad)
        empty_list(c, key, value);
    if (all && !bad)
        *field = all;
}

static const char *change_word(size_t i)
{
    static const char *const words[] = {"create", "update", "rewrite", "delete"};
    return i < TABLE_COUNT(words) ? words[i] : NULL;
}

static const char *credential_word(size_t i)
{
    return i < CREDENTIAL_CLASSES ? credential_class_name((enum credential_class)i) : NULL;
}

static const struct name_value resolvers[] = {{"name", RESOLVER_NAME},
                                              {"environment", RESOLVER_ENVIRONMENT},
                                              {"access-log", RESOLVER_ACCESS_LOG}};

static const char *resolver_word(size_t i)
{
    return i < TABLE_COUNT(resolvers) ? resolvers[i].name : NULL;
}

static bool resolver_bit(struct text name, unsigned *bit)
{
    int value;
    if (!table_value(resolvers, TABLE_COUNT(resolvers), name, false, &value))
        return false;
    *bit = (unsigned)value;
    return true;
}

static void set_changes(struct config_context *c, const struct config_key *key,
                        const struct config_value *value, void *field)
{
    unsigned bits = KIND_ALL;
    set_bit_words(c, key, value, &bits, change_kind_bit, change_word);
    /* All kinds is no condition: nobody needs to ask the history which one it is. */
    *(unsigned *)field = bits == KIND_ALL ? 0 : bits;
}

static void set_credentials(struct config_context *c, const struct config_key *key,
                            const struct config_value *value, void *field)
{
    set_bit_words(c, key, value, field, credential_class_set, credential_word);
}

static void set_resolvers(struct config_context *c, const struct config_key *key,
                          const struct config_value *value, void *field)
{
    set_bit_words(c, key, value, field, resolver_bit, resolver_word);
}

/* One line of passwd(5): NAME:PASSWORD:UID:... */
static bool passwd_line_names(struct text line, struct text name, uint32_t *uid)
{
    struct text field;
    uint64_t number;
    if (!text_next_field(&line, ':', &field) || !text_equal(field, name) ||
        !text_next_field(&line, ':', &field) || !text_next_field(&line, ':', &field) ||
        !text_parse_u64(field, UINT32_MAX - 1, false, &number))
        return false;
    *uid = (uint32_t)number;
    return true;
}

enum answer config_user_id(struct text name, uint32_t *uid)
{
    enum answer found = ANSWER_CANNOT_TELL;
    struct buffer file;
    buffer_init(&file, PASSWD_SIZE_MAX);
    int fd = open(PASSWD_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && file_read_all(fd, PASSWD_SIZE_MAX, &file, NULL) == STATUS_OK) {
        struct text rest = buffer_view(&file), line;
        found = ANSWER_NO;
        while (found == ANSWER_NO && text_next_field(&rest, '\n', &line))
            if (passwd_line_names(line, name, uid))
                found = ANSWER_YES;
    }
    if (fd >= 0)
        close(fd);
    buffer_free(&file);
    return found;
}

static bool owner_id(struct config_context *c, const struct config_key *key, unsigned line,
                     struct text item, uint32_t *uid)
{
    uint64_t number;
    if (text_parse_u64(item, UINT32_MAX - 1, true, &number)) {
        *uid = (uint32_t)number;
        return true;
    }
    enum answer known = config_user_id(item, uid);
    if (known != ANSWER_YES)
        config_problem(c->problems, line,
                       known == ANSWER_NO
                           ? "%s: %s is neither a number nor a user in " PASSWD_FILE
                           : "%s: cannot tell the number of %s, as " PASSWD_FILE " cannot be read",
                       key->name, config_quoted(c->problems, item));
    return known == ANSWER_YES;
}

/* `field` is policy.owners; the count stands behind it. */
static void set_owners(struct config_context *c, const struct config_key *key,
                       const struct config_value *value, void *field)
{
    struct policy *policy = (struct policy *)((char *)field - offsetof(struct policy, owners));
    if (!gather(c, key, value, false, NULL))
        return;
    uint32_t *owners = arena_alloc(c->arena, c->item_count, sizeof *owners);
    if (!owners) {
        c->problems->out_of_memory = true;
        return;
    }
    size_t count = 0;
    for (size_t i = 0; i < value->count; i++) {
        struct text rest = value->parts[i], item;
        while (text_next_item(&rest, &item))
            count += owner_id(c, key, value->lines[i], item, &owners[count]);
    }
    policy->owners = owners;
    policy->owner_count = count;
}

#define TYPE(id, text) const struct config_type config_type_##id = {#id, text, true, set_##id}
TYPE(names, "names, separated by commas");
TYPE(emails, "addresses, separated by commas");
TYPE(words, "words");
TYPE(refs, "patterns of refs");
TYPE(projects, "patterns of project keys");
TYPE(repos, "patterns of KEY/SLUG");
TYPE(changes, "of create, update, rewrite, delete");
TYPE(credentials, "kinds of credential");
TYPE(resolvers, "of name, environment, access-log");
TYPE(owners, "users, by number or name");
