#include "policy/control_map.h"

#include <string.h>

#include "policy/config_reader.h"
#include "policy/control_frameworks.h"


/* ------------------------------------------------------------------ identifiers */

static const struct control_framework *framework_of(struct text id, struct text *control)
{
    const char *colon = memchr(id.size ? id.at : "", ':', id.size);
    if (!colon)
        return NULL;
    struct text prefix = {id.at, (size_t)(colon - id.at)};
    *control = text_skip(id, prefix.size + 1);
    for (size_t i = 0; i < control_framework_count; i++)
        if (text_equal(prefix, text_of(control_frameworks[i].prefix)))
            return &control_frameworks[i];
    return NULL;
}

/* Cuts the digits at the beginning; a number from first to last, written in the one way. */
static bool cut_number(struct text *rest, unsigned first, unsigned last)
{
    size_t size = 0;
    uint64_t number;
    while (size < rest->size && ascii_digit(rest->at[size]))
        size++;
    if (!text_parse_u64((struct text){rest->at, size}, last, true, &number) || number < first)
        return false;
    *rest = text_skip(*rest, size);
    return true;
}

static bool cut_byte(struct text *rest, char byte)
{
    if (!rest->size || rest->at[0] != byte)
        return false;
    *rest = text_skip(*rest, 1);
    return true;
}

/* "", "(9)", "(1)(f)" */
static bool detail_known(const struct control_framework *framework, struct text rest)
{
    if (!rest.size)
        return true;
    if (framework->detail == DETAIL_NONE || !cut_byte(&rest, '(') ||
        !cut_number(&rest, 1, framework->detail_most) || !cut_byte(&rest, ')'))
        return false;
    if (!rest.size || framework->detail != DETAIL_PARAGRAPH)
        return !rest.size;
    return rest.size == 3 && rest.at[0] == '(' && rest.at[1] >= 'a' && rest.at[1] <= 'z' &&
           rest.at[2] == ')';
}

bool control_known(struct text id)
{
    struct text control;
    const struct control_framework *framework = framework_of(id, &control);
    for (size_t i = 0; framework && i < framework->range_count; i++) {
        const struct control_range *range = &framework->ranges[i];
        struct text group = text_of(range->group);
        if (!text_starts(control, group))
            continue;
        struct text rest = text_skip(control, group.size);
        if (cut_number(&rest, range->first, range->last) && detail_known(framework, rest))
            return true;
    }
    return false;
}

const char *control_framework(struct text id)
{
    struct text control;
    return control_known(id) ? framework_of(id, &control)->name : NULL;
}

/* ------------------------------------------------------------------ the file */

enum map_key { KEY_TITLE, KEY_REASON, KEY_COVERS, KEYS };
static const char *const key_names[KEYS] = {"title", "reason", "covers"};

struct map_parser {
    struct arena *arena;
    struct config_problems problems;
    bool (*subject_known)(struct text subject);
    struct control *controls;
    size_t count, room;
    bool open;     /* the last control is the section that values belong to */
    unsigned line; /* of its header */
    unsigned seen[KEYS];
    enum map_key key;    /* that came last; KEYS: one that is passed over */
    struct text *covers; /* of the last control */
    size_t cover_room;
};

/* Twice the room for an array in the arena. NULL: out of memory. */
static void *grown(struct map_parser *p, const void *array, size_t count, size_t *room, size_t size)
{
    size_t more = *room ? *room * 2 : 16;
    void *larger = arena_alloc(p->arena, more, size);
    if (!larger) {
        p->problems.out_of_memory = true;
        return NULL;
    }
    if (count)
        memcpy(larger, array, count * size);
    *room = more;
    return larger;
}

static struct control *current(struct map_parser *p)
{
    return &p->controls[p->count - 1];
}

static void close_section(struct map_parser *p)
{
    for (size_t i = 0; p->open && i < KEYS; i++)
        if (!p->seen[i])
            config_problem(&p->problems, p->line, "control %s has no %s",
                           config_quoted(&p->problems, current(p)->id), key_names[i]);
    p->open = false;
    p->key = KEYS;
}

/* control "soc2:CC6.1" -> soc2:CC6.1 */
static bool split_header(struct text header, struct text *id)
{
    static const struct text word = {"control", 7};
    if (!text_starts(header, word))
        return false;
    struct text rest = text_trim(text_skip(header, word.size));
    if (rest.size < 2 || rest.at[0] != '"' || rest.at[rest.size - 1] != '"')
        return false;
    *id = (struct text){rest.at + 1, rest.size - 2};
    return true;
}

static bool already_there(const struct map_parser *p, struct text id)
{
    for (size_t i = 0; i < p->count; i++)
        if (text_equal(p->controls[i].id, id))
            return true;
    return false;
}

static void on_section(void *self, unsigned line, struct text header)
{
    struct map_parser *p = self;
    struct text id;
    close_section(p);
    if (!header.at) /* refused already */
        return;
    if (!split_header(header, &id)) {
        config_problem(&p->problems, line, "a section is [control \"FRAMEWORK:ID\"], not %s",
                       config_quoted(&p->problems, header));
        return;
    }
    if (!control_known(id))
        config_problem(&p->problems, line, "%s is no control of a framework that is known",
                       config_quoted(&p->problems, id));
    if (already_there(p, id))
        config_problem(&p->problems, line, "control %s is there twice",
                       config_quoted(&p->problems, id));
    if (p->count == p->room) {
        struct control *more = grown(p, p->controls, p->count, &p->room, sizeof *more);
        if (!more)
            return;
        p->controls = more;
    }
    p->controls[p->count++] = (struct control){.id = id};
    p->open = true;
    p->line = line;
    p->covers = NULL;
    p->cover_room = 0;
    memset(p->seen, 0, sizeof p->seen);
}

static void add_sentence(struct map_parser *p, struct text *all, struct text more)
{
    if (!all->size) {
        *all = more;
        return;
    }
    const char *joined = arena_printf(p->arena, "%.*s %.*s", TEXT_ARG(*all), TEXT_ARG(more));
    if (joined)
        *all = text_of(joined);
    else
        p->problems.out_of_memory = true;
}

static bool covers(const struct text_list *list, struct text subject)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], subject))
            return true;
    return false;
}

static void add_subjects(struct map_parser *p, unsigned line, struct text value)
{
    struct text_list *list = &current(p)->covers;
    struct text subject;
    while (text_next_item(&value, &subject)) {
        if (!p->subject_known(subject)) {
            config_problem(&p->problems, line,
                           "%s is neither a type of reason nor finding: and the name of a finding",
                           config_quoted(&p->problems, subject));
            continue;
        }
        if (covers(list, subject)) {
            config_problem(&p->problems, line, "%s is there twice",
                           config_quoted(&p->problems, subject));
            continue;
        }
        if (list->count == p->cover_room) {
            struct text *more = grown(p, p->covers, list->count, &p->cover_room, sizeof *more);
            if (!more)
                return;
            list->items = p->covers = more;
        }
        p->covers[list->count++] = subject;
    }
}

/* Which key it is; KEYS for one that is not known or not wanted here, which was told. */
static enum map_key find_key(struct map_parser *p, unsigned line, struct text key)
{
    size_t i = 0;
    while (i < KEYS && !text_equal(key, text_of(key_names[i])))
        i++;
    if (i == KEYS) {
        config_problem(&p->problems, line, "a control has no key %s; title, reason and covers",
                       config_quoted(&p->problems, key));
        return KEYS;
    }
    if (p->seen[i]) {
        config_problem(&p->problems, line, "%s is there twice (line %u)", key_names[i], p->seen[i]);
        return KEYS;
    }
    p->seen[i] = line;
    return (enum map_key)i;
}

static void on_value(void *self, unsigned line, struct text key, struct text value, bool continues)
{
    struct map_parser *p = self;
    if (!p->open)
        return;
    if (!continues) {
        p->key = find_key(p, line, key);
        if (p->key != KEYS && !value.size)
            config_problem(&p->problems, line, "%s has no value", key_names[p->key]);
    }
    switch (p->key) {
    case KEY_TITLE:
        add_sentence(p, &current(p)->title, value);
        break;
    case KEY_REASON:
        add_sentence(p, &current(p)->reason, value);
        break;
    case KEY_COVERS:
        add_subjects(p, line, value);
        break;
    case KEYS:
        break;
    }
}

enum status control_map_parse(struct text bytes, const char *file_name,
                              bool (*subject_known)(struct text subject), struct arena *arena,
                              struct control_map *out, struct config_errors *errors)
{
    struct map_parser parser = {.arena = arena, .subject_known = subject_known, .key = KEYS};
    const struct config_events events = {&parser, on_section, on_value};
    config_problems_init(&parser.problems, arena);
    config_read(bytes, &events, &parser.problems);
    close_section(&parser);
    if (parser.problems.out_of_memory)
        return STATUS_MEMORY;
    if (parser.problems.count) {
        config_problems_print(&parser.problems, text_of(file_name), errors);
        return STATUS_FORMAT;
    }
    *out = (struct control_map){parser.controls, parser.count};
    return STATUS_OK;
}

/* ------------------------------------------------------------------ questions */

bool control_map_of(const struct control_map *map, struct text subject, struct arena *arena,
                    struct text_list *out)
{
    size_t count = 0;
    for (size_t i = 0; i < map->count; i++)
        count += covers(&map->controls[i].covers, subject);
    struct text *ids = count ? arena_alloc(arena, count, sizeof *ids) : NULL;
    if (count && !ids)
        return false;
    size_t at = 0;
    for (size_t i = 0; at < count; i++)
        if (covers(&map->controls[i].covers, subject))
            ids[at++] = map->controls[i].id;
    *out = (struct text_list){ids, count};
    return true;
}

const struct control *control_map_find(const struct control_map *map, struct text id)
{
    for (size_t i = 0; i < map->count; i++)
        if (text_equal(map->controls[i].id, id))
            return &map->controls[i];
    return NULL;
}
