#include "base/table.h"

bool table_value(const struct name_value *table, size_t count, struct text name, bool fold,
                 int *value)
{
    for (size_t i = 0; i < count; i++) {
        struct text known = text_of(table[i].name);
        if (fold ? text_equal_fold(known, name) : text_equal(known, name)) {
            *value = table[i].value;
            return true;
        }
    }
    return false;
}

const char *table_name(const struct name_value *table, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].value == value)
            return table[i].name;
    return NULL;
}
