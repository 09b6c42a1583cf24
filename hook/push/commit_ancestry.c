/*
 * Is one commit an ancestor of another?
 *
 * Two colours spread from child to parent: OLD from the older commit, NEW from the newer one. If
 * NEW gets to the older commit itself the answer is yes. What is OLD needs no second look: an
 * ancestor of the older commit cannot have it as ancestor. So as soon as nothing is left that is
 * only NEW, the answer is no. Both hold whatever the dates say. Dates only choose what to look at
 * next, newest first: honest ones end the walk near the place where the histories part. Whoever
 * pushes can write any date, so after a while every eighth step goes to each colour in turn, in
 * order of arrival.
 */
#include "push/commit_graph.h"
#include "push/commit_list.h"

enum colour { COLOUR_NONE = 0, COLOUR_NEW, COLOUR_OLD };

#define STEPS_BY_DATE 64 /* honest histories are mostly decided by then */
#define FAIR_EVERY 8

struct ancestry {
    struct commit_graph *graph;
    uint32_t older;
    size_t fresh;              /* NEW and not expanded */
    size_t missing;            /* NEW and not to be had */
    size_t next_new, next_old; /* into graph->order */
    bool found;
};

static enum status out_of_memory(struct commit_graph *graph)
{
    graph->why = "out of memory for the history";
    return STATUS_MEMORY;
}

static enum status first_colour(struct ancestry *a, uint32_t node, enum colour colour)
{
    struct commit_graph *graph = a->graph;
    bool known = graph->nodes[node].state != COMMIT_UNREAD;
    enum status status = known ? commit_graph_spend(graph) : commit_graph_read(graph, node, NULL);
    if (status)
        return status;
    struct commit_node *commit = &graph->nodes[node];
    commit->walk = graph->walk;
    commit->colour = (uint8_t)colour;
    commit->expanded = false;
    if (commit->state != COMMIT_READ) {
        a->missing += colour == COLOUR_NEW;
        return STATUS_OK;
    }
    a->fresh += colour == COLOUR_NEW;
    if (!commit_heap_push(graph, &graph->heap, node) || !commit_list_add(&graph->order, node))
        return out_of_memory(graph);
    return STATUS_OK;
}

static enum status paint(struct ancestry *a, uint32_t node, enum colour colour)
{
    struct commit_graph *graph = a->graph;
    struct commit_node *commit = &graph->nodes[node];
    if (colour == COLOUR_NEW && node == a->older) {
        a->found = true;
        return STATUS_OK;
    }
    if (commit->walk != graph->walk)
        return first_colour(a, node, colour);
    if (commit->colour == COLOUR_OLD || commit->colour == colour)
        return STATUS_OK;
    commit->colour = COLOUR_OLD; /* it was NEW */
    if (commit->state != COMMIT_READ)
        a->missing--;
    else if (!commit->expanded)
        a->fresh--;
    else if (!commit_list_add(&graph->stack, node)) /* its parents are NEW, and must follow */
        return out_of_memory(graph);
    return STATUS_OK;
}

static enum status paint_parents(struct ancestry *a, uint32_t node, enum colour colour)
{
    struct commit_graph *graph = a->graph;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; !status && i < graph->nodes[node].parent_count; i++)
        status = paint(a, graph->parents.items[graph->nodes[node].parents + i], colour);
    return status;
}

static enum status expand(struct ancestry *a, uint32_t node)
{
    struct commit_graph *graph = a->graph;
    enum colour colour = graph->nodes[node].colour;
    graph->nodes[node].expanded = true;
    a->fresh -= colour == COLOUR_NEW;
    enum status status = paint_parents(a, node, colour);
    while (!status && graph->stack.count)
        status = paint_parents(a, graph->stack.items[--graph->stack.count], COLOUR_OLD);
    return status;
}

/* The first commit from *next on, in order of arrival, that has this colour and is not expanded. */
static uint32_t in_order(struct commit_graph *graph, enum colour colour, size_t *next)
{
    for (; *next < graph->order.count; ++*next) {
        uint32_t node = graph->order.items[*next];
        if (!graph->nodes[node].expanded && graph->nodes[node].colour == colour)
            return node;
    }
    return COMMIT_NONE;
}

/* There is one: something is fresh, and all that is fresh is in the heap. */
static uint32_t choose(struct ancestry *a, size_t step)
{
    struct commit_graph *graph = a->graph;
    uint32_t node = COMMIT_NONE;
    if (step > STEPS_BY_DATE && step % FAIR_EVERY == 0)
        node = in_order(graph, COLOUR_NEW, &a->next_new);
    else if (step > STEPS_BY_DATE && step % FAIR_EVERY == FAIR_EVERY / 2)
        node = in_order(graph, COLOUR_OLD, &a->next_old);
    while (node == COMMIT_NONE && graph->heap.count) {
        uint32_t top = commit_heap_pop(graph, &graph->heap);
        if (!graph->nodes[top].expanded)
            node = top;
    }
    return node;
}

enum status commit_graph_descends(struct commit_graph *graph, uint32_t older, uint32_t newer,
                                  enum answer *answer)
{
    struct ancestry a = {.graph = graph, .older = older};
    graph->walk++;
    graph->heap.count = graph->order.count = graph->stack.count = 0;
    enum status status = paint(&a, newer, COLOUR_NEW);
    if (!status && !a.found)
        status = paint(&a, older, COLOUR_OLD);
    for (size_t step = 1; !status && !a.found && a.fresh; step++)
        status = expand(&a, choose(&a, step));
    if (status)
        return status;
    if (!a.found && a.missing) {
        graph->why = "the history is not complete in the repository (shallow?)";
        return STATUS_NOT_FOUND;
    }
    *answer = a.found ? ANSWER_YES : ANSWER_NO;
    return STATUS_OK;
}

/* New commits that are looked at before the repository is opened: more than people push at once. */
#define INCOMING_MAX 256

/* Puts the parents at the end of graph->order; true: one of them is `wanted`. */
static enum status queue_parents(struct commit_graph *graph, uint32_t node, uint32_t wanted,
                                 bool *found)
{
    for (uint32_t i = 0; i < graph->nodes[node].parent_count; i++) {
        uint32_t parent = graph->parents.items[graph->nodes[node].parents + i];
        *found = *found || parent == wanted;
        if (graph->nodes[parent].walk == graph->walk)
            continue;
        graph->nodes[parent].walk = graph->walk;
        if (!commit_list_add(&graph->order, parent))
            return out_of_memory(graph);
    }
    return STATUS_OK;
}

enum status commit_graph_descends_incoming(struct commit_graph *graph,
                                           const struct object_id *older,
                                           const struct object_id *newer, enum answer *answer)
{
    uint32_t wanted, first;
    bool found = false;
    enum status status = commit_graph_node(graph, older, &wanted);
    if (!status)
        status = commit_graph_node(graph, newer, &first);
    graph->walk++;
    graph->order.count = 0;
    if (!status && !commit_list_add(&graph->order, first))
        status = out_of_memory(graph);
    for (size_t i = 0; !status && !found && i < graph->order.count && i < INCOMING_MAX; i++) {
        uint32_t node = graph->order.items[i];
        status = commit_graph_read_incoming(graph, node);
        if (!status && graph->nodes[node].state == COMMIT_READ)
            status = queue_parents(graph, node, wanted, &found);
    }
    if (!status)
        *answer = found ? ANSWER_YES : ANSWER_NO;
    return status;
}
