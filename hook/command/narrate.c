/* Sentences: how they are put together and printed. */
#include "command/narrate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 79
#define NAME_MOST ((size_t)300)
#define TEXT_MOST ((size_t)2000)
#define INDENT 2

/* ------------------------------------------------------------------ making them */

static bool keep(struct narration *n, struct buffer *text, struct text *out)
{
    *out = text->failed ? TEXT_NONE : arena_text(n->arena, buffer_view(text));
    buffer_free(text);
    n->failed |= !out->at;
    return out->at != NULL;
}

static bool make_room(struct narration *n)
{
    if (n->count < n->room)
        return true;
    size_t room = n->room ? n->room * 2 : 64;
    struct sentence *items = arena_alloc(n->arena, room, sizeof *items);
    if (!items) {
        n->failed = true;
        return false;
    }
    if (n->count)
        memcpy(items, n->items, n->count * sizeof *items);
    n->items = items;
    n->room = room;
    return true;
}

void narration_say(struct narration *n, const char *kind, unsigned depth, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct text text = text_of(arena_vprintf(n->arena, format, args));
    va_end(args);
    if (!text.at || !make_room(n)) {
        n->failed = true;
        return;
    }
    n->items[n->count++] = (struct sentence){.kind = kind, .depth = depth, .text = text};
}

static void add_once(struct narration *n, struct text_list *list, struct text item)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], item))
            return;
    struct text *items = arena_alloc(n->arena, list->count + 1, sizeof *items);
    if (!items || !item.at) {
        n->failed = true;
        return;
    }
    if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    items[list->count] = item;
    *list = (struct text_list){items, list->count + 1};
}

void narration_prove(struct narration *n, struct text proof)
{
    if (n->count && proof.size)
        add_once(n, &n->items[n->count - 1].proof, text_of(narration_plain(n, proof)));
}

void narration_control(struct narration *n, struct text control)
{
    if (n->count && control.size)
        add_once(n, &n->items[n->count - 1].controls, text_of(narration_plain(n, control)));
}

const char *narration_plain(struct narration *n, struct text t)
{
    struct buffer text;
    struct text kept;
    buffer_init(&text, SIZE_MAX);
    buffer_escaped(&text, t, TEXT_MOST, false);
    return keep(n, &text, &kept) ? kept.at : "";
}

const char *narration_quoted(struct narration *n, struct text t)
{
    struct buffer text;
    struct text kept;
    struct text escaped;
    buffer_init(&text, SIZE_MAX);
    buffer_escaped(&text, t, NAME_MOST, false);
    if (!keep(n, &text, &escaped))
        return "\"\"";
    buffer_init(&text, SIZE_MAX);
    buffer_string(&text, "\"");
    for (size_t i = 0; i < escaped.size; i++)
        buffer_add(&text, escaped.at[i] == '"' ? "\\x22" : escaped.at + i,
                   escaped.at[i] == '"' ? 4 : 1);
    buffer_string(&text, "\"");
    return keep(n, &text, &kept) ? kept.at : "\"\"";
}

/* ------------------------------------------------------------------ printing them */

struct paragraph {
    struct buffer *out;
    size_t indent, column;
    bool fresh; /* nothing on the line yet */
};

/* Bytes of the first code points that fit into `columns`; at least one. */
static size_t fitting(struct text word, size_t columns, size_t *used)
{
    size_t size = 0;
    *used = 0;
    while (size < word.size && (*used < columns || !size)) {
        size++;
        while (size < word.size && ((unsigned char)word.at[size] & 0xc0) == 0x80)
            size++;
        ++*used;
    }
    return size;
}

static void new_line(struct paragraph *p)
{
    buffer_printf(p->out, "\n%*s", (int)p->indent, "");
    p->column = p->indent;
    p->fresh = true;
}

static void add_word(struct paragraph *p, struct text word)
{
    size_t columns;
    fitting(word, SIZE_MAX, &columns);
    if (!p->fresh && p->column + 1 + columns > COLUMNS)
        new_line(p);
    if (!p->fresh) {
        buffer_string(p->out, " ");
        p->column++;
    }
    while (word.size) { /* a word that is longer than a line is broken */
        size_t size = fitting(word, COLUMNS - p->column, &columns);
        buffer_add(p->out, word.at, size);
        p->column += columns;
        p->fresh = false;
        word = text_skip(word, size);
        if (word.size)
            new_line(p);
    }
}

static void add_words(struct paragraph *p, struct text t)
{
    struct text word;
    while (text_next_field(&t, ' ', &word))
        if (word.size)
            add_word(p, word);
}

/* "[a, b]" or "controls: a, b" */
static void add_list(struct paragraph *p, const char *start, const struct text_list *list,
                     const char *end)
{
    for (size_t i = 0; i < list->count; i++) {
        struct buffer word;
        buffer_init(&word, SIZE_MAX);
        buffer_string(&word, i ? "" : start);
        buffer_text(&word, list->items[i]);
        buffer_string(&word, i + 1 < list->count ? "," : end);
        add_words(p, buffer_view(&word));
        p->out->failed |= word.failed;
        buffer_free(&word);
    }
}

static void print_sentence(const struct sentence *sentence, struct buffer *out)
{
    size_t indent = (size_t)sentence->depth * INDENT;
    struct paragraph p = {out, indent, indent, true};
    buffer_printf(out, "%*s", (int)indent, "");
    if (sentence->depth) {
        buffer_string(out, "- ");
        p.indent = p.column = indent + INDENT;
    }
    add_words(&p, sentence->text);
    add_list(&p, "[", &sentence->proof, "]");
    if (sentence->controls.count && strcmp(sentence->kind, "control") != 0) {
        new_line(&p);
        add_list(&p, "controls: ", &sentence->controls, "");
    }
    buffer_string(out, "\n");
}

void narration_print(const struct narration *n, struct buffer *out)
{
    for (size_t i = 0; i < n->count; i++) {
        if (i && !n->items[i].depth && strcmp(n->items[i].kind, n->items[i - 1].kind) != 0)
            buffer_string(out, "\n");
        print_sentence(&n->items[i], out);
    }
}

static json_t *json_of_list(const struct text_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_stringn(list->items[i].at, list->items[i].size));
    return array;
}

json_t *narration_json(const struct narration *n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n->count; i++) {
        const struct sentence *sentence = &n->items[i];
        json_t *object = json_pack("{s:s%, s:s, s:i, s:o, s:o}", "sentence", sentence->text.at,
                                   sentence->text.size, "kind", sentence->kind, "depth",
                                   (int)sentence->depth, "proof", json_of_list(&sentence->proof),
                                   "controls", json_of_list(&sentence->controls));
        if (!object || json_array_append_new(list, object)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* ------------------------------------------------------------------ controls */

static void narrate_control(struct narration *n, struct text id)
{
    const struct control *control = control_map_find(n->map, id);
    const char *framework = control_framework(id);
    if (control)
        narration_say(n, "control", 1, "%.*s (%s), %s: %s", TEXT_ARG(id), framework,
                      narration_plain(n, control->title), narration_plain(n, control->reason));
    else if (framework)
        narration_say(n, "control", 1,
                      "%.*s (%s) is named by the configuration; the control map does not say why.",
                      TEXT_ARG(id), framework);
    else
        narration_say(n, "control", 1,
                      "%.*s is named by the configuration; it is no control of a framework that is "
                      "known.",
                      TEXT_ARG(id));
    narration_control(n, id);
}

void narrate_controls(struct narration *n, bool holds)
{
    struct text_list all = {NULL, 0};
    for (size_t i = 0; i < n->count; i++)
        for (size_t k = 0; k < n->items[i].controls.count; k++)
            add_once(n, &all, n->items[i].controls.items[k]);
    if (all.count)
        narration_say(n, "controls", 0, "%s",
                      holds ? "It is evidence for these controls:"
                            : "It would be evidence for these controls, if its line held:");
    for (size_t i = 0; i < all.count; i++)
        narrate_control(n, all.items[i]);
}
