#include "push/new_commits.h"

#include "model/ref.h"
#include "push/commit_list.h"

struct new_commits {
    struct commit_graph *graph;
    bool quarantine;
    bool own_ref_added;
    struct text ref;
    struct ref_exception except; /* used without a quarantine */
    bool (*visit)(void *context, const struct history_commit *commit);
    void *context;
    bool stopped;
};

/* ------------------------------------------------------------------ is it new? */

static enum status add_tip(struct commit_graph *graph, const struct object_id *id)
{
    uint32_t node;
    enum status status = commit_graph_peel(graph, id, &node);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (!status && node != COMMIT_NONE)
        status = commit_graph_reach_add(graph, node);
    return status;
}

/* The change's own ref first: a thin pack is completed with what the pusher knew to be there, which
 * mostly is this ref. What it names is looked up; the old id on stdin is only what the client
 * claims, and git compares it after the hook. */
static enum status add_own_ref(struct new_commits *n)
{
    struct object_id id;
    if (n->own_ref_added)
        return STATUS_OK;
    n->own_ref_added = true;
    if (object_store_ref(n->graph->store, n->ref, &id))
        return STATUS_OK;
    return add_tip(n->graph, &id);
}

static enum status is_held(struct commit_graph *graph, uint32_t node, bool *held)
{
    enum status status = object_store_is_held(graph->store, &graph->nodes[node].id, held);
    if (status)
        graph->why = "the repository's objects cannot be opened";
    return status;
}

/* A commit that is in the quarantine. */
static enum status is_new_incoming(struct new_commits *n, uint32_t node, bool *is_new)
{
    struct commit_graph *graph = n->graph;
    bool held, reached;
    enum status status = is_held(graph, node, &held);
    if (status || !held) {
        *is_new = true;
        return status;
    }
    status = add_own_ref(n);
    if (!status)
        status = commit_graph_is_reached(graph, node, NULL, &reached);
    if (!status)
        *is_new = !reached;
    return status;
}

/* A commit that is not in the quarantine: the repository has it, or nobody knows whose it is. */
static enum status is_old(struct new_commits *n, uint32_t node)
{
    bool held;
    enum status status = is_held(n->graph, node, &held);
    if (status || held)
        return status;
    n->graph->why = "the history is not complete in the repository (shallow?)";
    return STATUS_NOT_FOUND;
}

static enum status is_new(struct new_commits *n, uint32_t node, bool *is_new_out)
{
    bool reached;
    if (n->quarantine)
        return is_new_incoming(n, node, is_new_out);
    enum status status = commit_graph_is_reached(n->graph, node, &n->except, &reached);
    if (!status)
        *is_new_out = !reached;
    return status;
}

/* ------------------------------------------------------------------ walking */

static enum status show(struct new_commits *n, uint32_t node, const struct stored_object *object)
{
    struct commit_header header;
    char hex[2 * OBJECT_ID_SIZE];
    if (!commit_header_parse(object->bytes, &header)) {
        n->graph->why = "a commit of the push is damaged";
        return STATUS_FORMAT;
    }
    object_id_format(&n->graph->nodes[node].id, hex);
    const struct history_commit commit = {
        .id = {hex, sizeof(hex)},
        .author_email = header.author_email,
        .committer_email = header.committer_email,
        .merge = header.parent_count > 1,
    };
    n->stopped = !n->visit(n->context, &commit);
    return STATUS_OK;
}

static enum status push_parents(struct commit_graph *graph, uint32_t node)
{
    for (uint32_t i = 0; i < graph->nodes[node].parent_count; i++) {
        uint32_t parent = graph->parents.items[graph->nodes[node].parents + i];
        if (graph->nodes[parent].walk == graph->walk)
            continue;
        graph->nodes[parent].walk = graph->walk;
        if (!commit_list_add(&graph->stack, parent)) {
            graph->why = "out of memory for the history";
            return STATUS_MEMORY;
        }
    }
    return STATUS_OK;
}

/* One commit: shown, and its parents put on the stack, if it is new. */
static enum status look_at(struct new_commits *n, uint32_t node)
{
    struct commit_graph *graph = n->graph;
    struct stored_object object;
    bool incoming, fresh = false;
    enum status status = object_store_is_incoming(graph->store, &graph->nodes[node].id, &incoming);
    if (status) {
        graph->why = "the objects of the push cannot be opened";
        return status;
    }
    if (n->quarantine && !incoming)
        return is_old(n, node);
    status = commit_graph_read(graph, node, &object);
    if (!status && graph->nodes[node].state != COMMIT_READ) {
        graph->why = "the history is not complete in the repository (shallow?)";
        status = STATUS_NOT_FOUND;
    }
    if (!status)
        status = is_new(n, node, &fresh);
    if (!status && fresh)
        status = show(n, node, &object);
    stored_object_release(&object);
    if (!status && fresh && !n->stopped)
        status = push_parents(graph, node);
    return status;
}

/* Tells the walk what does not count as new, before it starts. */
static enum status begin(struct new_commits *n, const struct change *change,
                         const struct object_id *new_id)
{
    struct object_id old_id;
    if (n->quarantine)
        return STATUS_OK;
    n->except = (struct ref_exception){change->ref, *new_id};
    commit_graph_reach_restart(n->graph);
    if (object_id_zero(change_old(change)) || !object_id_parse(change_old(change), &old_id))
        return STATUS_OK;
    return add_tip(n->graph, &old_id);
}

enum status new_commits_visit(struct commit_graph *graph, const struct change *change,
                              bool (*visit)(void *context, const struct history_commit *commit),
                              void *context)
{
    struct new_commits n = {
        .graph = graph,
        .quarantine = object_store_has_quarantine(graph->store),
        .ref = change->ref,
        .visit = visit,
        .context = context,
    };
    struct object_id id;
    uint32_t tip;
    if (object_id_zero(change_new(change)))
        return STATUS_OK;
    if (!object_id_parse(change_new(change), &id)) {
        graph->why = "the new id is malformed";
        return STATUS_FORMAT;
    }
    enum status status = commit_graph_peel(graph, &id, &tip);
    if (status || tip == COMMIT_NONE)
        return status;
    status = begin(&n, change, &id);
    graph->walk++;
    graph->stack.count = 0;
    graph->nodes[tip].walk = graph->walk;
    if (!status && !commit_list_add(&graph->stack, tip)) {
        graph->why = "out of memory for the history";
        status = STATUS_MEMORY;
    }
    while (!status && !n.stopped && graph->stack.count)
        status = look_at(&n, graph->stack.items[--graph->stack.count]);
    return status;
}
