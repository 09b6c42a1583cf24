/*
 * history_probe.c - asks push/ what the hook would ask, from a hook of a real push or by hand.
 *
 * usage: history_probe [--git-dir DIR] [--budget N] [--deadline-ms N] QUESTION [OLD NEW REF]...
 *
 *   location   where the repository, the quarantine and the alternates are
 *   descends   one line a change: yes|no|cannot-tell fine|unavailable|limit WHY
 *   new        one line a commit: ID AUTHOR-EMAIL COMMITTER-EMAIL single|merge, then the trouble
 *
 * Without OLD NEW REF the changes are read from stdin, as a pre-receive hook gets them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "push/git_history.h"
#include "push/updates.h"

static const char *trouble_name(enum history_trouble trouble)
{
    return trouble == HISTORY_FINE ? "fine" : trouble == HISTORY_LIMIT ? "limit" : "unavailable";
}

static bool print_commit(void *context, const struct history_commit *commit)
{
    (void)context;
    printf("%.*s %.*s %.*s %s\n", TEXT_ARG(commit->id), TEXT_ARG(commit->author_email),
           TEXT_ARG(commit->committer_email), commit->merge ? "merge" : "single");
    return true;
}

static void print_location(const struct location *location)
{
    printf("repository %s\n", location->repository ? location->repository : "-");
    printf("quarantine %s\n", location->quarantine ? location->quarantine : "-");
    for (size_t i = 0; i < location->alternate_count; i++)
        printf("alternate %s\n", location->alternates[i]);
    if (location->storage_id_known)
        printf("storage-id %llu\n", (unsigned long long)location->storage_id);
}

static void ask(const char *question, const struct history *history, const struct change *change)
{
    enum history_trouble trouble = HISTORY_FINE;
    const char *why = "";
    if (!strcmp(question, "new")) {
        trouble = history->new_commits(history->self, change, print_commit, NULL, &why);
        printf("%s%s%s\n", trouble_name(trouble), *why ? " " : "", why);
    } else {
        enum answer answer = history->descends(history->self, change, &trouble, &why);
        printf("%s %s%s%s\n",
               answer == ANSWER_YES  ? "yes"
               : answer == ANSWER_NO ? "no"
                                     : "cannot-tell",
               trouble_name(trouble), *why ? " " : "", why);
    }
}

/* From the command line or from stdin. */
static enum status read_changes(char **words, struct buffer *bytes, struct arena *arena,
                                struct updates *out, struct error *err)
{
    const struct updates_limits limits = {100000, 4000, 64 << 20, 0};
    buffer_init(bytes, SIZE_MAX);
    for (; words[0] && words[1] && words[2]; words += 3)
        buffer_printf(bytes, "%s %s %s\n", words[0], words[1], words[2]);
    enum status status = bytes->size ? STATUS_OK : updates_read(0, &limits, bytes, err);
    return status ? status : updates_parse(buffer_view(bytes), &limits, arena, out, err);
}

int main(int argc, char **argv)
{
    const char *git_dir = NULL, *question = "location";
    uint64_t budget = 1000000;
    int64_t deadline_us = 0;
    int i = 1;
    for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
        if (!strcmp(argv[i], "--git-dir"))
            git_dir = argv[i + 1];
        else if (!strcmp(argv[i], "--budget"))
            budget = strtoull(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--deadline-ms"))
            deadline_us = clock_monotonic_us() + strtoll(argv[i + 1], NULL, 10) * 1000;
    }
    if (i < argc)
        question = argv[i++];

    struct arena arena;
    struct buffer bytes = {0};
    struct error err = {STATUS_OK, ""};
    struct location location;
    struct updates updates = {0};
    struct git_history *history = NULL;
    const struct environment env = environment_of_process();
    arena_init(&arena, SIZE_MAX);
    enum status status = location_find(&env, git_dir, &arena, &location, &err);
    if (!status && !strcmp(question, "location")) {
        print_location(&location);
    } else if (!status) {
        status = read_changes(argv + i, &bytes, &arena, &updates, &err);
        if (!status)
            status = git_history_new(&location, budget, deadline_us, &history, &err);
        if (!status) {
            struct history interface = git_history_interface(history);
            for (size_t c = 0; c < updates.count; c++)
                ask(question, &interface, &updates.changes[c]);
        }
    }
    if (status)
        printf("failed %s\n", err.text);
    git_history_free(history);
    buffer_free(&bytes);
    arena_free(&arena);
    return status ? 2 : 0;
}
