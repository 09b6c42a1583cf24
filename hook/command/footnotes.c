#include "command/footnotes.h"

#include <stdlib.h>

void footnotes_init(struct footnotes *notes)
{
    *notes = (struct footnotes){.items = NULL};
    arena_init(&notes->arena, SIZE_MAX);
}

void footnotes_free(struct footnotes *notes)
{
    arena_free(&notes->arena);
    free(notes->items);
    free(notes->slots);
    footnotes_init(notes);
}

static size_t *find_slot(const struct footnotes *notes, struct text sentence)
{
    size_t at = (size_t)text_hash(sentence) & (notes->slot_count - 1);
    while (notes->slots[at] && !text_equal(notes->items[notes->slots[at] - 1], sentence))
        at = (at + 1) & (notes->slot_count - 1);
    return &notes->slots[at];
}

static bool grow(struct footnotes *notes)
{
    size_t room = notes->room ? notes->room * 2 : 32;
    struct text *items = realloc(notes->items, room * sizeof *items);
    size_t *slots = calloc(room * 2, sizeof *slots);
    if (items)
        notes->items = items;
    if (!items || !slots) {
        free(slots);
        return false;
    }
    free(notes->slots);
    notes->slots = slots;
    notes->slot_count = room * 2;
    notes->room = room;
    for (size_t i = 0; i < notes->count; i++)
        *find_slot(notes, notes->items[i]) = i + 1;
    return true;
}

size_t footnotes_number(struct footnotes *notes, struct text sentence)
{
    if (notes->count == notes->room && !grow(notes)) {
        notes->failed = true;
        return 0;
    }
    size_t *slot = find_slot(notes, sentence);
    if (!*slot) {
        struct text copy = arena_text(&notes->arena, sentence);
        if (!copy.at) {
            notes->failed = true;
            return 0;
        }
        notes->items[notes->count++] = copy;
        *slot = notes->count;
    }
    return *slot;
}

void footnotes_print(const struct footnotes *notes, FILE *out)
{
    if (notes->count)
        fputc('\n', out);
    for (size_t i = 0; i < notes->count; i++) {
        fprintf(out, "%3zu  ", i + 1);
        fwrite(notes->items[i].at, 1, notes->items[i].size, out);
        fputc('\n', out);
    }
}
