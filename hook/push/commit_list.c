#include "push/commit_list.h"

#include <stdlib.h>

void commit_list_free(struct commit_list *list)
{
    free(list->items);
    *list = (struct commit_list){0};
}

bool commit_list_add(struct commit_list *list, uint32_t item)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 64;
        uint32_t *items = room < UINT32_MAX ? realloc(list->items, room * sizeof(*items)) : NULL;
        if (!items)
            return false;
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = item;
    return true;
}

bool commit_heap_push(const struct commit_graph *graph, struct commit_list *heap, uint32_t item)
{
    if (!commit_list_add(heap, item))
        return false;
    int64_t date = graph->nodes[item].date;
    size_t at = heap->count - 1;
    while (at) {
        size_t above = (at - 1) / 2;
        if (graph->nodes[heap->items[above]].date >= date)
            break;
        heap->items[at] = heap->items[above];
        at = above;
    }
    heap->items[at] = item;
    return true;
}

uint32_t commit_heap_pop(const struct commit_graph *graph, struct commit_list *heap)
{
    uint32_t top = heap->items[0], last = heap->items[--heap->count];
    int64_t date = graph->nodes[last].date;
    size_t at = 0;
    for (size_t below; (below = 2 * at + 1) < heap->count; at = below) {
        if (below + 1 < heap->count &&
            graph->nodes[heap->items[below + 1]].date > graph->nodes[heap->items[below]].date)
            below++;
        if (graph->nodes[heap->items[below]].date <= date)
            break;
        heap->items[at] = heap->items[below];
    }
    if (heap->count)
        heap->items[at] = last;
    return top;
}
