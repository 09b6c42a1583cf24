/*
 * footnotes.h - sentences that several rows of a table refer to by a number: each is printed once.
 */
#ifndef REFGATE_COMMAND_FOOTNOTES_H
#define REFGATE_COMMAND_FOOTNOTES_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"

struct footnotes {
    struct arena arena;
    struct text *items;
    size_t count, room;
    size_t *slots; /* by hash: number of the note, 0: free */
    size_t slot_count;
    bool failed; /* out of memory */
};

void footnotes_init(struct footnotes *notes);
void footnotes_free(struct footnotes *notes);
/* The number of this sentence, from 1 on in the order in which they came; 0 when out of memory. */
size_t footnotes_number(struct footnotes *notes, struct text sentence);
/* "  1  SENTENCE" a line, after an empty line; nothing if there are none. Sentences are escaped
 * already. */
void footnotes_print(const struct footnotes *notes, FILE *out);

#endif
