/*
 * Does an existing ref reach a commit?
 *
 * A rare question (performance.md, new commits of a push): only about commits that came with the
 * push although the repository held them before. What the refs reach is found newest first, and
 * only as far back as the commit that is asked about.
 */
#include "push/commit_graph.h"
#include "push/commit_list.h"

/* Children may be dated before their parents by this much (seconds). */
#define SKEW_MAX (24 * 60 * 60)
#define REFS_A_COMMIT 64

static enum status out_of_memory(struct commit_graph *graph)
{
    graph->why = "out of memory for the history";
    return STATUS_MEMORY;
}

void commit_graph_reach_restart(struct commit_graph *graph)
{
    graph->reach++;
    graph->reach_by_refs = false;
    graph->reach_heap.count = graph->reach_unread.count = 0;
}

static bool is_marked(const struct commit_graph *graph, uint32_t node)
{
    return graph->nodes[node].reach == graph->reach;
}

/* Marks a commit and puts it where its parents will be looked at. */
enum status commit_graph_reach_add(struct commit_graph *graph, uint32_t node)
{
    if (is_marked(graph, node))
        return STATUS_OK;
    bool known = graph->nodes[node].state != COMMIT_UNREAD;
    enum status status = known ? commit_graph_spend(graph) : commit_graph_read(graph, node, NULL);
    if (status)
        return status;
    graph->nodes[node].reach = graph->reach;
    if (graph->nodes[node].state == COMMIT_READ &&
        !commit_heap_push(graph, &graph->reach_heap, node))
        return out_of_memory(graph);
    return STATUS_OK;
}

static enum status walk_to(struct commit_graph *graph, uint32_t node)
{
    int64_t oldest = graph->nodes[node].date - SKEW_MAX;
    while (!is_marked(graph, node) && graph->reach_heap.count &&
           graph->nodes[graph->reach_heap.items[0]].date >= oldest) {
        uint32_t top = commit_heap_pop(graph, &graph->reach_heap);
        for (uint32_t i = 0; i < graph->nodes[top].parent_count; i++) {
            uint32_t parent = graph->parents.items[graph->nodes[top].parents + i];
            enum status status = commit_graph_reach_add(graph, parent);
            if (status)
                return status;
        }
    }
    return STATUS_OK;
}

struct ref_visit {
    struct commit_graph *graph;
    const struct ref_exception *except;
    uint32_t wanted;
    bool named; /* a ref names the wanted commit itself */
    size_t listed;
    enum status status;
};

static bool visit_ref(void *context, struct text name, const struct object_id *id)
{
    struct ref_visit *visit = context;
    struct commit_graph *graph = visit->graph;
    const struct ref_exception *except = visit->except;
    uint32_t node;
    /* A ref that is only listed costs a part of a commit that is read. */
    if (visit->listed++ % REFS_A_COMMIT == 0)
        visit->status = commit_graph_spend(graph);
    if (visit->status)
        return false;
    if (except && (text_equal(name, except->name) || !memcmp(id, &except->target, sizeof(*id))))
        return true;
    visit->status = commit_graph_node(graph, id, &node);
    if (!visit->status && !commit_list_add(&graph->reach_unread, node))
        visit->status = out_of_memory(graph);
    visit->named = visit->named || node == visit->wanted;
    return !visit->status;
}

/* All refs at once, but unread: often one of them names the commit, and then nothing is. */
static enum status list_refs(struct commit_graph *graph, uint32_t wanted,
                             const struct ref_exception *except, bool *named)
{
    struct ref_visit visit = {.graph = graph, .except = except, .wanted = wanted};
    enum status status = object_store_refs(graph->store, visit_ref, &visit);
    if (status) {
        graph->why = "the refs of the repository cannot be read";
        return status;
    }
    graph->reach_by_refs = true;
    *named = visit.named;
    return visit.status;
}

static enum status read_refs(struct commit_graph *graph)
{
    while (graph->reach_unread.count) {
        uint32_t node = graph->reach_unread.items[--graph->reach_unread.count];
        struct object_id id = graph->nodes[node].id;
        enum status status = commit_graph_peel(graph, &id, &node);
        if (status == STATUS_NOT_FOUND) /* a broken ref reaches nothing */
            continue;
        if (!status && node != COMMIT_NONE)
            status = commit_graph_reach_add(graph, node);
        if (status)
            return status;
    }
    return STATUS_OK;
}

enum status commit_graph_is_reached(struct commit_graph *graph, uint32_t node,
                                    const struct ref_exception *except, bool *reached)
{
    bool named = false;
    enum status status = walk_to(graph, node);
    if (!status && !is_marked(graph, node) && !graph->reach_by_refs)
        status = list_refs(graph, node, except, &named);
    if (!status && named)
        status = commit_graph_reach_add(graph, node);
    if (!status && !is_marked(graph, node))
        status = read_refs(graph);
    if (!status && !is_marked(graph, node))
        status = walk_to(graph, node);
    if (!status)
        *reached = is_marked(graph, node);
    return status;
}
