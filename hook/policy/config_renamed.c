#include "policy/config_renamed.h"

#include <string.h>

/* None so far; an entry looks like this:
 *     {"snapshot", "max-size", "limits", "snapshot-size", "0.2.0", "0.3.0"},
 */
const struct config_renames config_renames = {NULL, 0, REFGATE_VERSION};

const struct config_renamed *config_renamed_find(const struct config_renames *renames,
                                                 const struct config_section *section,
                                                 struct text key)
{
    for (size_t i = 0; i < renames->count; i++)
        if (!strcmp(renames->list[i].section, section->name) &&
            text_equal(text_of(renames->list[i].key), key))
            return &renames->list[i];
    return NULL;
}

const struct config_key *config_renamed_key(const struct config_renamed *renamed)
{
    const struct config_section *section = config_section_find(text_of(renamed->new_section));
    return section ? config_key_find(section, text_of(renamed->new_key)) : NULL;
}

bool config_renamed_moved(const struct config_renames *renames, const struct config_key *key)
{
    for (size_t i = 0; i < renames->count; i++)
        if (strcmp(renames->list[i].section, renames->list[i].new_section) != 0 &&
            config_renamed_key(&renames->list[i]) == key)
            return true;
    return false;
}

/* The number that *at begins with, and past it and the dot behind it. */
static unsigned long next_number(const char **at)
{
    unsigned long number = 0;
    while (ascii_digit(**at) && number < 1000000)
        number = number * 10 + (unsigned long)(*(*at)++ - '0');
    if (**at == '.')
        ++*at;
    return number;
}

int config_version_compare(const char *a, const char *b)
{
    for (int part = 0; part < 3; part++) {
        unsigned long x = next_number(&a), y = next_number(&b);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

bool config_renamed_taken(const struct config_renames *renames,
                          const struct config_renamed *renamed)
{
    return config_version_compare(renames->version, renamed->gone) < 0;
}
