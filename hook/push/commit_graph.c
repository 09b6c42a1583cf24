#include "push/commit_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "push/commit_list.h"

/* How many tags may stand on each other; git itself has no bound, people use one. */
#define PEEL_MAX 32
/* The clock is looked at once in so many commits. */
#define CLOCK_EVERY 16

/* ------------------------------------------------------------------ the table of commits */

void commit_graph_init(struct commit_graph *graph, struct object_store *store, uint64_t budget,
                       int64_t deadline_us)
{
    *graph = (struct commit_graph){
        .store = store, .budget = budget, .deadline_us = deadline_us, .reach = 1};
}

void commit_graph_free(struct commit_graph *graph)
{
    free(graph->nodes);
    free(graph->slots);
    commit_list_free(&graph->parents);
    commit_list_free(&graph->heap);
    commit_list_free(&graph->order);
    commit_list_free(&graph->stack);
    commit_list_free(&graph->reach_heap);
    commit_list_free(&graph->reach_unread);
    *graph = (struct commit_graph){0};
}

static enum status fail(struct commit_graph *graph, enum status status, const char *why)
{
    graph->why = why;
    return status;
}

enum status commit_graph_spend(struct commit_graph *graph)
{
    if (!graph->budget)
        return fail(graph, STATUS_LIMIT, "more commits than [limits] history-commits allows");
    graph->budget--;
    if (graph->deadline_us && graph->budget % CLOCK_EVERY == 0 &&
        clock_monotonic_us() >= graph->deadline_us)
        return fail(graph, STATUS_DEADLINE, "the time for one push ([limits] deadline) is over");
    return STATUS_OK;
}

/* Ids are hashes already: a part of one spreads as well as anything. Somebody who spends hours on
 * ids that collide in it makes a walk slower, and the budget and the deadline still hold. */
static size_t slot_of(const struct commit_graph *graph, const struct object_id *id)
{
    uint64_t part;
    memcpy(&part, id->bytes + 4, sizeof(part));
    return (size_t)part & (graph->slot_count - 1);
}

static bool grow_slots(struct commit_graph *graph)
{
    size_t count = graph->slot_count ? graph->slot_count * 4 : 256;
    uint32_t *slots = calloc(count, sizeof(*slots));
    if (!slots)
        return false;
    free(graph->slots);
    graph->slots = slots;
    graph->slot_count = count;
    for (size_t i = 0; i < graph->node_count; i++) {
        size_t at = slot_of(graph, &graph->nodes[i].id);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    return true;
}

static bool grow_nodes(struct commit_graph *graph)
{
    size_t room = graph->node_room ? graph->node_room * 2 : 128;
    struct commit_node *nodes = room < COMMIT_NONE / 2
                                    ? realloc(graph->nodes, room * sizeof(*nodes))
                                    : NULL;
    if (!nodes)
        return false;
    graph->nodes = nodes;
    graph->node_room = room;
    return true;
}

enum status commit_graph_node(struct commit_graph *graph, const struct object_id *id, uint32_t *out)
{
    if ((graph->node_count * 2 >= graph->slot_count && !grow_slots(graph)) ||
        (graph->node_count == graph->node_room && !grow_nodes(graph)))
        return fail(graph, STATUS_MEMORY, "out of memory for the history");
    size_t at = slot_of(graph, id);
    for (; graph->slots[at]; at = (at + 1) & (graph->slot_count - 1)) {
        uint32_t node = graph->slots[at] - 1;
        if (!memcmp(&graph->nodes[node].id, id, sizeof(*id))) {
            *out = node;
            return STATUS_OK;
        }
    }
    graph->nodes[graph->node_count] = (struct commit_node){.id = *id};
    *out = (uint32_t)graph->node_count++;
    graph->slots[at] = *out + 1;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ reading */

/* What is damaged in the quarantine was sent by the pusher, who must not get out of a rule by an
 * object that git reads and libgit2 does not (of 2 GiB, say): that is a limit, not bad luck. */
static enum status damaged(struct commit_graph *graph, uint32_t node)
{
    return graph->nodes[node].outside
               ? fail(graph, STATUS_FORMAT, "an object of the repository is damaged")
               : fail(graph, STATUS_LIMIT, "an object of this push cannot be read");
}

static enum status read_problem(struct commit_graph *graph, uint32_t node, enum status status)
{
    switch (status) {
    case STATUS_NOT_FOUND:
        return fail(graph, status, "objects are missing in the repository");
    case STATUS_LIMIT:
        return fail(graph, status, "a commit or tag is too large to be looked at");
    case STATUS_MEMORY:
        return fail(graph, status, "out of memory for the history");
    default:
        return damaged(graph, node);
    }
}

/* From the quarantine first: it is small. What is not in it is asked for in the repository. */
static enum status read_object(struct commit_graph *graph, uint32_t node, bool incoming_only,
                               struct stored_object *out)
{
    struct commit_node *commit = &graph->nodes[node];
    enum status status = commit_graph_spend(graph);
    if (status)
        return status;
    status = commit->outside ? STATUS_NOT_FOUND
                             : object_store_read(graph->store, &commit->id, true, out);
    if (status == STATUS_NOT_FOUND || status == STATUS_IO) { /* IO: there is no such directory */
        commit->outside = true;
        if (incoming_only) {
            graph->budget++; /* it was not looked at */
            return STATUS_NOT_FOUND;
        }
        status = object_store_open(graph->store, &graph->why);
        if (status)
            return status;
        status = object_store_read(graph->store, &commit->id, false, out);
    }
    return status ? read_problem(graph, node, status) : STATUS_OK;
}

static enum status set_commit(struct commit_graph *graph, uint32_t node, struct text bytes)
{
    struct commit_header header;
    if (!commit_header_parse(bytes, &header))
        return damaged(graph, node);
    size_t first = graph->parents.count;
    for (size_t i = 0; i < header.parent_count; i++) {
        struct object_id id = commit_parent(&header, i);
        uint32_t parent;
        /* A commit can name as many parents as fit into it: from the third on they cost. */
        enum status status = i < 2 ? STATUS_OK : commit_graph_spend(graph);
        if (!status)
            status = commit_graph_node(graph, &id, &parent);
        if (status)
            return status;
        if (!commit_list_add(&graph->parents, parent))
            return fail(graph, STATUS_MEMORY, "out of memory for the history");
        /* What the repository held has parents that it held, too. */
        graph->nodes[parent].outside |= graph->nodes[node].outside;
    }
    struct commit_node *commit = &graph->nodes[node];
    commit->parents = (uint32_t)first;
    commit->parent_count = (uint32_t)header.parent_count;
    commit->date = header.date;
    commit->state = COMMIT_READ;
    return STATUS_OK;
}

static enum status read_node(struct commit_graph *graph, uint32_t node, bool incoming_only,
                             struct stored_object *keep)
{
    struct stored_object object = {0};
    if (keep)
        *keep = object;
    uint8_t state = graph->nodes[node].state;
    if (state != COMMIT_UNREAD && !(keep && state == COMMIT_READ))
        return STATUS_OK;
    enum status status = read_object(graph, node, incoming_only, &object);
    if (status == STATUS_NOT_FOUND && state == COMMIT_UNREAD) {
        graph->nodes[node].state = incoming_only ? COMMIT_UNREAD : COMMIT_ABSENT;
        return STATUS_OK;
    }
    if (status)
        return status;
    if (object.type != OBJECT_COMMIT)
        graph->nodes[node].state = COMMIT_NOT_ONE;
    else if (state == COMMIT_UNREAD)
        status = set_commit(graph, node, object.bytes);
    if (!status && keep && object.type == OBJECT_COMMIT)
        *keep = object;
    else
        stored_object_release(&object);
    return status;
}

enum status commit_graph_read(struct commit_graph *graph, uint32_t node, struct stored_object *keep)
{
    return read_node(graph, node, false, keep);
}

enum status commit_graph_read_incoming(struct commit_graph *graph, uint32_t node)
{
    return read_node(graph, node, true, NULL);
}

enum status commit_graph_peel(struct commit_graph *graph, const struct object_id *id, uint32_t *out)
{
    struct object_id at = *id;
    for (int i = 0; i < PEEL_MAX; i++) {
        struct stored_object object;
        uint32_t node;
        enum status status = commit_graph_node(graph, &at, &node);
        bool known = !status && graph->nodes[node].state == COMMIT_READ;
        if (!status && !known)
            status = read_object(graph, node, false, &object);
        if (status)
            return status;
        enum object_type type = known ? OBJECT_COMMIT : object.type;
        if (!known && type == OBJECT_COMMIT)
            status = set_commit(graph, node, object.bytes);
        else if (type == OBJECT_TAG && !tag_target_parse(object.bytes, &at))
            status = damaged(graph, node);
        if (!known)
            stored_object_release(&object);
        if (status)
            return status;
        if (type != OBJECT_TAG) {
            *out = type == OBJECT_COMMIT ? node : COMMIT_NONE;
            return STATUS_OK;
        }
    }
    return fail(graph, STATUS_LIMIT, "too many tags of tags");
}
