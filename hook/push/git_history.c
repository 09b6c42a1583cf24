#include "push/git_history.h"

#include <stdlib.h>

#include "model/ref.h"
#include "push/commit_graph.h"
#include "push/new_commits.h"
#include "push/object_store.h"

struct git_history {
    const struct location *location;
    struct commit_graph graph;
    /* A question is being answered. If that is still so later, a disk error under a mapped pack was
     * jumped out of (base/emergency.h), and libgit2's locks are held for good. */
    bool busy;
};

enum status git_history_new(const struct location *location, uint64_t commit_budget,
                            int64_t deadline_us, struct git_history **out, struct error *err)
{
    struct git_history *history = calloc(1, sizeof(*history));
    if (!history)
        return error_set(err, STATUS_MEMORY, "out of memory");
    history->location = location;
    commit_graph_init(&history->graph, NULL, commit_budget, deadline_us);
    *out = history;
    return STATUS_OK;
}

void git_history_free(struct git_history *history)
{
    if (!history || history->busy)
        return; /* closing would wait for a lock; the process is about to end */
    struct object_store *store = history->graph.store;
    commit_graph_free(&history->graph);
    object_store_free(store);
    free(history);
}

/* What a pusher can choose is a limit: such a push is rejected whatever [failure] says. */
static enum history_trouble trouble_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return HISTORY_FINE;
    case STATUS_LIMIT:
    case STATUS_DEADLINE:
    case STATUS_MEMORY:
        return HISTORY_LIMIT;
    default:
        return HISTORY_UNAVAILABLE;
    }
}

/* At the first question: initialising libgit2 costs a tenth of a whole push. */
static enum status prepare(struct git_history *history, const struct change *change)
{
    struct commit_graph *graph = &history->graph;
    if (history->busy) {
        graph->why = "the history could not be read to its end (disk error?)";
        return STATUS_IO;
    }
    if (change->id_size != 2 * OBJECT_ID_SIZE) {
        graph->why = "the repository does not use SHA-1";
        return STATUS_UNSUPPORTED;
    }
    if (graph->store || !object_store_new(history->location, &graph->store))
        return STATUS_OK;
    graph->why = "out of memory for the history";
    return STATUS_MEMORY;
}

static enum status ask_descends(struct git_history *history, const struct change *change,
                                enum answer *answer)
{
    struct commit_graph *graph = &history->graph;
    struct object_id old_id, new_id;
    uint32_t older, newer;
    enum status status;
    if (object_id_zero(change_old(change)) || object_id_zero(change_new(change)) ||
        !object_id_parse(change_old(change), &old_id) ||
        !object_id_parse(change_new(change), &new_id)) {
        graph->why = "the change has no old or no new object";
        return STATUS_FORMAT;
    }
    if (history->location->quarantine) {
        status = commit_graph_descends_incoming(graph, &old_id, &new_id, answer);
        if (status || *answer == ANSWER_YES)
            return status;
    }
    status = object_store_open(graph->store, &graph->why);
    if (!status)
        status = commit_graph_peel(graph, &new_id, &newer);
    if (!status)
        status = commit_graph_peel(graph, &old_id, &older);
    if (status)
        return status;
    if (older != COMMIT_NONE && newer != COMMIT_NONE)
        return commit_graph_descends(graph, older, newer, answer);
    *answer = ANSWER_NO; /* to or from something that has no history: rewritten */
    return STATUS_OK;
}

static enum answer descends(void *self, const struct change *change, enum history_trouble *trouble,
                            const char **why)
{
    struct git_history *history = self;
    enum answer answer = ANSWER_YES;
    enum status status = STATUS_OK;
    bool moves = !text_equal(change_old(change), change_new(change));
    if (moves)
        status = prepare(history, change);
    if (!status && moves) {
        history->busy = true;
        status = ask_descends(history, change, &answer);
        history->busy = false;
    }
    if (status)
        *why = history->graph.why;
    *trouble = trouble_of(status);
    return status ? ANSWER_CANNOT_TELL : answer;
}

static enum history_trouble new_commits(void *self, const struct change *change,
                                        bool (*visit)(void *context,
                                                      const struct history_commit *commit),
                                        void *context, const char **why)
{
    struct git_history *history = self;
    if (object_id_zero(change_new(change)))
        return HISTORY_FINE;
    enum status status = prepare(history, change);
    if (!status) {
        history->busy = true;
        status = object_store_open(history->graph.store, &history->graph.why);
        if (!status)
            status = new_commits_visit(&history->graph, change, visit, context);
        history->busy = false;
    }
    if (status)
        *why = history->graph.why;
    return trouble_of(status);
}

struct history git_history_interface(struct git_history *history)
{
    return (struct history){history, descends, new_commits};
}
