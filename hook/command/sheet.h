/*
 * sheet.h - files of sections and keys that people write by hand, other than refgate.conf: read as
 * strictly as that one (policy/config_reader.h), by a table of what may be in them.
 */
#ifndef REFGATE_COMMAND_SHEET_H
#define REFGATE_COMMAND_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"
#include "policy/config_problem.h"

#define SHEET_SIZE_MAX ((size_t)1024 * 1024)
#define SHEET_BLOCKS_MAX 4000
#define SHEET_KEYS_MAX 32 /* of one section */

struct sheet_key {
    const char *name;
    bool list; /* may go on in lines that begin with a blank; its items are cut at commas */
    bool required;
};
#define SHEET_TEXT(name)   \
    {                      \
        name, false, false \
    }
#define SHEET_NEEDED(name) \
    {                      \
        name, false, true  \
    }
#define SHEET_LIST(name)  \
    {                     \
        name, true, false \
    }

struct sheet_section {
    const char *word;
    bool named; /* [word "NAME"], any number of them; else [word], once */
    const struct sheet_key *keys;
    size_t key_count;
};

struct sheet_value {
    const struct sheet_key *key;
    unsigned line;
    struct text text; /* NUL-terminated; the lines of a list are joined by commas */
};
struct sheet_block { /* one section of the file */
    const struct sheet_section *section;
    struct text name; /* absent unless the section is named */
    unsigned line;
    const struct sheet_value *values; /* in the order of the file */
    size_t value_count;
};
struct sheet {
    const struct sheet_block *blocks; /* in the order of the file */
    size_t count;
};

/* Everything that is wrong goes into `problems`; what is right is in *out all the same, so that a
 * caller can find more. `bytes` and all texts that come out live as long as `arena`, into which they
 * are copied where needed; so do `sections`. */
void sheet_read(struct text bytes, const struct sheet_section *sections, size_t section_count,
                struct arena *arena, struct config_problems *problems, struct sheet *out);

/* NULL: not in the file. Names without ASCII case. */
const struct sheet_block *sheet_find(const struct sheet *sheet, const char *word, struct text name);
const struct sheet_value *sheet_value(const struct sheet_block *block, const char *key);
/* Cuts the next item of a list at a comma; between double quotes a comma is an ordinary byte. Items
 * are trimmed and never empty; quotes around the whole item are taken away. false at the end. */
bool sheet_next(struct text *rest, struct text *item);
/* "NAME" and what follows the last `separator` outside quotes, as in jdoe:REPO_WRITE; false: there
 * is none, or one side is empty. */
bool sheet_split(struct text item, char separator, struct text *left, struct text *right);

#endif
