/*
 * commit_graph.h - the commits that were looked at in one push, and the walks over them.
 *
 * A commit is read once, whatever the number of changes that ask about it. All walks together keep
 * within a budget of commits and a deadline (semantics.md 8: a pusher chooses how much history a
 * push is about).
 */
#ifndef REFGATE_PUSH_COMMIT_GRAPH_H
#define REFGATE_PUSH_COMMIT_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/answer.h"
#include "push/commit_object.h"
#include "push/object_store.h"

#define COMMIT_NONE UINT32_MAX

struct commit_node {
    struct object_id id;
    uint32_t parents; /* index into parents[] */
    int64_t date;
    uint32_t parent_count;
    uint32_t walk;  /* number of the walk that `colour` and the flags belong to */
    uint32_t reach; /* number of the reach that marked it as reached by a ref; 0: none */
    uint8_t state;  /* enum commit_state */
    uint8_t colour; /* enum colour */
    bool expanded;  /* its parents were painted */
    bool outside;   /* not in the quarantine, as far as one can guess */
};

enum commit_state { COMMIT_UNREAD = 0, COMMIT_READ, COMMIT_ABSENT, COMMIT_NOT_ONE };

struct commit_list { /* see commit_list.h */
    uint32_t *items;
    size_t count, room;
};

struct commit_graph {
    struct object_store *store;
    uint64_t budget;     /* commits left */
    int64_t deadline_us; /* 0: none */
    const char *why;     /* static sentence, set with every failure */

    struct commit_node *nodes;
    size_t node_count, node_room;
    uint32_t *slots; /* hash table of indices + 1 */
    size_t slot_count;
    struct commit_list parents;

    uint32_t walk; /* number of the current walk */
    struct commit_list heap, order, stack;
    uint32_t reach;     /* number of the current set of refs */
    bool reach_by_refs; /* the repository's refs were added to it */
    struct commit_list reach_heap, reach_unread;
};

/* All functions that give a status: STATUS_LIMIT and STATUS_DEADLINE when the budget, the size of
 * an object or the time is used up, STATUS_MEMORY, STATUS_NOT_FOUND for objects that are missing,
 * STATUS_FORMAT for damaged ones, STATUS_IO; graph->why says it in a sentence. */
void commit_graph_init(struct commit_graph *graph, struct object_store *store, uint64_t budget,
                       int64_t deadline_us);
void commit_graph_free(struct commit_graph *graph); /* not the store */

/* Takes one commit off the budget. */
enum status commit_graph_spend(struct commit_graph *graph) MUST_CHECK;
/* The node of an id, made if there is none; nothing is read. */
enum status commit_graph_node(struct commit_graph *graph, const struct object_id *id,
                              uint32_t *out) MUST_CHECK;
/* Reads the commit if it was not, and only if it is in the quarantine; else its state stays. */
enum status commit_graph_read_incoming(struct commit_graph *graph, uint32_t node) MUST_CHECK;
/* Reads the commit if it was not. State is READ, ABSENT or NOT_ONE (another type) then. With `keep`
 * not NULL its bytes are given to the caller, who releases them (handle NULL unless READ). */
enum status commit_graph_read(struct commit_graph *graph, uint32_t node,
                              struct stored_object *keep) MUST_CHECK;
/* Follows annotated tags from `id` to what they name at last. *node is a commit, or COMMIT_NONE if
 * it is another object. STATUS_NOT_FOUND if something on the way is missing. */
enum status commit_graph_peel(struct commit_graph *graph, const struct object_id *id,
                              uint32_t *node) MUST_CHECK;

/* The same question by a walk that leaves the quarantine alone: YES is sure, NO only means that it
 * is not answered. Costs a few reads of new objects, whatever the size of the repository. */
enum status commit_graph_descends_incoming(struct commit_graph *graph,
                                           const struct object_id *older,
                                           const struct object_id *newer,
                                           enum answer *answer) MUST_CHECK;
/* Is `older` an ancestor of, or equal to, `newer`? Exact whatever the dates are; dates only order
 * the walk. STATUS_NOT_FOUND if missing commits (shallow history) leave it open. */
enum status commit_graph_descends(struct commit_graph *graph, uint32_t older, uint32_t newer,
                                  enum answer *answer) MUST_CHECK;

/* What a question about refs leaves out: the ref of this name, and refs that name this object. */
struct ref_exception {
    struct text name;
    struct object_id target;
};
/* Forgets which commits are reached by refs; needed when the exception changes. */
void commit_graph_reach_restart(struct commit_graph *graph);
/* Adds a commit that an existing ref is known to name. */
enum status commit_graph_reach_add(struct commit_graph *graph, uint32_t node) MUST_CHECK;
/* Does an existing ref of the repository reach this commit (state READ)? Where a commit is dated
 * more than a day before its own parent, a reached commit may be taken for one that is not; never
 * the other way round. `except` may be NULL. */
enum status commit_graph_is_reached(struct commit_graph *graph, uint32_t node,
                                    const struct ref_exception *except, bool *reached) MUST_CHECK;

#endif
