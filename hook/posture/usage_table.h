/*
 * usage_table.h - what was seen, each once: a hash table while a log is read, a sorted list then.
 */
#ifndef REFGATE_POSTURE_USAGE_TABLE_H
#define REFGATE_POSTURE_USAGE_TABLE_H

#include "posture/usage.h"

struct usage_table { /* zeroed: empty */
    struct seen *slots;
    size_t room, count;
};

/* The ref is copied into `arena` if it is new. false: out of memory. */
bool usage_table_add(struct usage_table *table, const struct seen *seen, struct arena *arena);
/* By repository, what, who and ref; nothing can be added any more. Until usage_table_free(). */
const struct seen *usage_table_sorted(struct usage_table *table, size_t *count);
int usage_table_compare(const struct seen *a, const struct seen *b);
void usage_table_free(struct usage_table *table);

#endif
