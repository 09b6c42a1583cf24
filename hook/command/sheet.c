#include "command/sheet.h"

#include "policy/config_reader.h"

struct sheet_parser {
    const struct sheet_section *sections;
    size_t section_count;
    struct arena *arena;
    struct config_problems *problems;

    struct sheet_block *blocks;
    size_t block_count, block_room;
    bool open; /* values belong to the last block; else its section was refused */
    bool any;  /* some section has begun */
    struct sheet_value values[SHEET_KEYS_MAX]; /* of the open block */
    size_t value_count;
    bool continuing; /* the last value may go on */
};

static void no_memory(struct sheet_parser *p)
{
    p->problems->out_of_memory = true;
}

/* ---------------------------------------------------------------- lists */

static struct text without_quotes(struct text t)
{
    bool quoted = t.size >= 2 && t.at[0] == '"' && t.at[t.size - 1] == '"';
    return quoted ? (struct text){t.at + 1, t.size - 2} : t;
}

bool sheet_next(struct text *rest, struct text *item)
{
    while (rest->size) {
        bool quoted = false;
        size_t end = 0;
        for (; end < rest->size && (quoted || rest->at[end] != ','); end++)
            if (rest->at[end] == '"')
                quoted = !quoted;
        struct text found = text_trim((struct text){rest->at, end});
        *rest = text_skip(*rest, end < rest->size ? end + 1 : end);
        found = without_quotes(found);
        if (found.size) {
            *item = found;
            return true;
        }
    }
    return false;
}

bool sheet_split(struct text item, char separator, struct text *left, struct text *right)
{
    size_t at = item.size;
    while (at && item.at[at - 1] != separator && item.at[at - 1] != '"')
        at--;
    if (!at || item.at[at - 1] != separator)
        return false;
    *left = without_quotes(text_trim((struct text){item.at, at - 1}));
    *right = text_trim(text_skip(item, at));
    return left->size && right->size;
}

/* ---------------------------------------------------------------- sections */

static const struct sheet_section *find_section(const struct sheet_parser *p, struct text word)
{
    for (size_t i = 0; i < p->section_count; i++)
        if (text_equal(text_of(p->sections[i].word), word))
            return &p->sections[i];
    return NULL;
}

/* user "jdoe" -> word and name; name absent if there are no quotes. false: neither form. */
static bool header_parts(struct text header, struct text *word, struct text *name)
{
    const char *quote = header.size ? memchr(header.at, '"', header.size) : NULL;
    *name = TEXT_NONE;
    *word = header;
    if (!quote)
        return header.size && !memchr(header.at, ' ', header.size);
    size_t before = (size_t)(quote - header.at), inside = header.size - before;
    *word = text_trim((struct text){header.at, before});
    if (!word->size || inside < 2 || header.at[header.size - 1] != '"')
        return false;
    *name = (struct text){quote + 1, inside - 2};
    return !name->size || !memchr(name->at, '"', name->size);
}

static void close_block(struct sheet_parser *p)
{
    if (!p->open)
        return;
    p->open = p->continuing = false;
    struct sheet_block *block = &p->blocks[p->block_count - 1];
    struct sheet_value *values = arena_alloc(p->arena, p->value_count, sizeof *values);
    if (!values) {
        no_memory(p);
        return;
    }
    for (size_t i = 0; i < p->value_count; i++)
        values[i] = p->values[i];
    block->values = values;
    block->value_count = p->value_count;
}

static struct sheet_block *add_block(struct sheet_parser *p)
{
    if (p->block_count == p->block_room) {
        size_t room = p->block_room ? p->block_room * 2 : 64;
        struct sheet_block *more = arena_alloc(p->arena, room, sizeof *more);
        if (!more) {
            no_memory(p);
            return NULL;
        }
        for (size_t i = 0; i < p->block_count; i++)
            more[i] = p->blocks[i];
        p->blocks = more;
        p->block_room = room;
    }
    return &p->blocks[p->block_count++];
}

static const struct sheet_section *known_section(struct sheet_parser *p, unsigned line,
                                                 struct text word, struct text name)
{
    const struct sheet_section *section = find_section(p, word);
    if (!section) {
        struct config_guess guess = config_guess_start(word);
        for (size_t i = 0; i < p->section_count; i++)
            config_guess_try(&guess, p->sections[i].word);
        config_problem(p->problems, line, "there is no section %s%s",
                       config_quoted(p->problems, word), config_guess_hint(&guess, p->problems));
        return NULL;
    }
    if (section->named == text_absent(name) || (section->named && !name.size)) {
        config_problem(p->problems, line,
                       section->named ? "[%s \"NAME\"] needs a name" : "[%s] has no name",
                       section->word);
        return NULL;
    }
    return section;
}

static void take_section(void *self, unsigned line, struct text header)
{
    struct sheet_parser *p = self;
    close_block(p);
    p->any = true;
    if (text_absent(header))
        return; /* reported already */
    struct text word, name;
    if (!header_parts(header, &word, &name)) {
        config_problem(p->problems, line, "a section is [NAME] or [NAME \"...\"], not %s",
                       config_quoted(p->problems, header));
        return;
    }
    const struct sheet_section *section = known_section(p, line, word, name);
    if (!section)
        return;
    const struct sheet so_far = {p->blocks, p->block_count};
    const struct sheet_block *earlier = sheet_find(&so_far, section->word, name);
    if (earlier)
        config_problem(p->problems, line, "[%s%s%s] is on line %u already", section->word,
                       section->named ? " " : "",
                       section->named ? config_quoted(p->problems, name) : "", earlier->line);
    if (p->block_count == SHEET_BLOCKS_MAX) {
        config_problem(p->problems, line, "more than %d sections", SHEET_BLOCKS_MAX);
        return;
    }
    struct sheet_block *block = add_block(p);
    if (!block)
        return;
    *block = (struct sheet_block){.section = section, .name = name, .line = line};
    p->value_count = 0;
    p->open = true;
}

/* ---------------------------------------------------------------- values */

static void go_on(struct sheet_parser *p, unsigned line, struct text more)
{
    if (!p->continuing)
        return;
    struct sheet_value *value = &p->values[p->value_count - 1];
    if (!value->key->list) {
        config_problem(p->problems, line,
                       "%s has one line; this one begins with a blank, so it continues it",
                       value->key->name);
        p->continuing = false;
        return;
    }
    char *joined = arena_printf(p->arena, "%.*s, %.*s", TEXT_ARG(value->text), TEXT_ARG(more));
    if (!joined)
        no_memory(p);
    else
        value->text = text_of(joined);
}

static const struct sheet_key *known_key(struct sheet_parser *p, unsigned line, struct text name)
{
    const struct sheet_section *section = p->blocks[p->block_count - 1].section;
    struct config_guess guess = config_guess_start(name);
    for (size_t i = 0; i < section->key_count; i++) {
        if (text_equal(text_of(section->keys[i].name), name))
            return &section->keys[i];
        config_guess_try(&guess, section->keys[i].name);
    }
    config_problem(p->problems, line, "[%s] has no key %s%s", section->word,
                   config_quoted(p->problems, name), config_guess_hint(&guess, p->problems));
    return NULL;
}

static void take_value(void *self, unsigned line, struct text name, struct text value,
                       bool continues)
{
    struct sheet_parser *p = self;
    if (continues) {
        go_on(p, line, value);
        return;
    }
    p->continuing = false;
    if (!p->open) {
        if (!p->any)
            config_problem(p->problems, line, "%s stands before the first [SECTION]",
                           config_quoted(p->problems, name));
        return;
    }
    const struct sheet_key *key = known_key(p, line, name);
    for (size_t i = 0; key && i < p->value_count; i++)
        if (p->values[i].key == key) {
            config_problem(p->problems, line, "%s is on line %u already", key->name,
                           p->values[i].line);
            key = NULL;
        }
    if (!key)
        return;
    struct text kept = arena_text(p->arena, value);
    if (text_absent(kept)) {
        no_memory(p);
        return;
    }
    p->values[p->value_count++] = (struct sheet_value){key, line, kept};
    p->continuing = true;
}

/* ---------------------------------------------------------------- the whole */

/* What is known only once all lines of a section were seen. */
static void check_blocks(struct sheet_parser *p)
{
    for (size_t i = 0; i < p->block_count; i++) {
        const struct sheet_block *block = &p->blocks[i];
        for (size_t k = 0; k < block->section->key_count; k++) {
            const struct sheet_key *key = &block->section->keys[k];
            const struct sheet_value *value = sheet_value(block, key->name);
            struct text rest = value ? value->text : TEXT_NONE, item;
            if (!value && key->required)
                config_problem(p->problems, block->line, "[%s%s%s] has no %s", block->section->word,
                               block->section->named ? " " : "",
                               block->section->named ? config_quoted(p->problems, block->name) : "",
                               key->name);
            else if (value && !sheet_next(&rest, &item))
                config_problem(p->problems, value->line,
                               "%s has no value; leave the key out instead", key->name);
        }
    }
}

void sheet_read(struct text bytes, const struct sheet_section *sections, size_t section_count,
                struct arena *arena, struct config_problems *problems, struct sheet *out)
{
    struct sheet_parser p = {
        .sections = sections, .section_count = section_count, .arena = arena, .problems = problems};
    const struct config_events events = {&p, take_section, take_value};
    if (bytes.size > SHEET_SIZE_MAX) {
        config_problem(problems, 0, "the file is larger than %zu bytes", SHEET_SIZE_MAX);
    } else {
        config_read(bytes, &events, problems);
        close_block(&p);
        check_blocks(&p);
    }
    *out = (struct sheet){p.blocks, p.block_count};
}

const struct sheet_block *sheet_find(const struct sheet *sheet, const char *word, struct text name)
{
    for (size_t i = 0; i < sheet->count; i++) {
        const struct sheet_block *block = &sheet->blocks[i];
        if (text_equal_fold(block->name, name) && !strcmp(block->section->word, word))
            return block;
    }
    return NULL;
}

const struct sheet_value *sheet_value(const struct sheet_block *block, const char *key)
{
    for (size_t i = 0; block && i < block->value_count; i++)
        if (!strcmp(block->values[i].key->name, key))
            return &block->values[i];
    return NULL;
}
