/*
 * commit_list.h - growing lists of commits: as a stack, and as a heap with the newest on top.
 */
#ifndef REFGATE_PUSH_COMMIT_LIST_H
#define REFGATE_PUSH_COMMIT_LIST_H

#include "push/commit_graph.h"

void commit_list_free(struct commit_list *list);
bool commit_list_add(struct commit_list *list, uint32_t item) MUST_CHECK; /* false: no memory */

/* As a heap: all items were put in with commit_heap_push(). Dates are those of the graph's nodes;
 * they must not change while a node is in a heap. */
bool commit_heap_push(const struct commit_graph *graph, struct commit_list *heap,
                      uint32_t item) MUST_CHECK;
uint32_t commit_heap_pop(const struct commit_graph *graph, struct commit_list *heap); /* count>0 */

#endif
