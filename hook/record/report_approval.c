#include "record/report_approval.h"

#include <stdio.h>

#include "record/report_lines.h"

#define APPROVALS_TOLD_MAX 3
#define COMMAND_INDENT 10
#define REPOSITORY_SIZE ((int)APPROVAL_NAME_MAX + 1)

struct words {
    struct text items[24];
    size_t count;
};

static void add_word(struct words *words, struct text option, struct text value)
{
    if (option.size)
        words->items[words->count++] = option;
    words->items[words->count++] = value;
}

/* "KEY/SLUG"; false: there is none, or it is no name. */
static bool add_repository(struct words *words, struct text key, struct text slug,
                           char space[REPOSITORY_SIZE])
{
    int size = snprintf(space, REPOSITORY_SIZE, "%.*s/%.*s", TEXT_ARG(key), TEXT_ARG(slug));
    if (!key.size || !slug.size || size < 0 || size >= REPOSITORY_SIZE)
        return false;
    add_word(words, TEXT("--repo"), text_of(space));
    return true;
}

static bool add_repositories(const struct report *report, struct words *words,
                             char space[2][REPOSITORY_SIZE])
{
    const struct push *push = report->push;
    const struct decision *decision = report->decision;
    bool good = add_repository(words, push->project_key, push->repository_slug, space[0]);
    /* One that was moved since the snapshot goes by two names. */
    if (good && (!text_equal_fold(push->project_key, decision->project_key) ||
                 !text_equal_fold(push->repository_slug, decision->repository_slug)))
        good = add_repository(words, decision->project_key, decision->repository_slug, space[1]);
    return good;
}

/* The command that would approve just this: the pusher hands it on. */
static bool add_command(const struct report *report, const struct change *change,
                        const struct change_result *result, struct buffer *out)
{
    const struct push *push = report->push;
    struct words words = {.count = 0};
    char space[2][REPOSITORY_SIZE];
    bool moved = result->kind == CHANGE_MOVE || result->kind == CHANGE_UNKNOWN;
    add_word(&words, TEXT("refgate"), TEXT("approve"));
    add_word(&words, TEXT_NONE, TEXT("create"));
    bool good = push->user_name.size && add_repositories(report, &words, space);
    add_word(&words, TEXT("--ref"), change->ref);
    add_word(&words, TEXT("--changes"),
             text_of(moved ? "update,rewrite" : change_kind_name(result->kind)));
    add_word(&words, TEXT("--user"), push->user_name);
    add_word(&words, TEXT("--reason"), TEXT("..."));
    /* Nobody knows a merge's id before it is made, and what is deleted has no new id. */
    if (result->kind != CHANGE_DELETE && !push->merge)
        add_word(&words, TEXT("--new"), change_new(change));
    return good && lines_command(out, COMMAND_INDENT, words.items, words.count);
}

void report_add_approval(const struct report *report, const struct change *change,
                         const struct change_result *result, bool also, struct buffer *out)
{
    const char *lead = also ? "          or " : "    do:   ";
    if (result->approval.size) {
        buffer_string(out, "    covered by approval ");
        buffer_escaped(out, result->approval, 40, true);
        buffer_string(out, ", which was not used\n");
        return;
    }
    buffer_string(out, lead);
    struct buffer command;
    buffer_init(&command, SIZE_MAX);
    if (!report->tells_command)
        buffer_string(out, "ask for an approval likewise\n");
    else if (add_command(report, change, result, &command))
        buffer_string(out, "ask somebody else to approve it, with\n");
    else
        buffer_string(out, "ask for an approval, and name the decision below\n");
    buffer_text(out, buffer_view(&command));
    buffer_free(&command);
}

void report_add_approvals(const struct approval_outcome *outcome, struct buffer *out)
{
    for (size_t i = 0, told = 0; i < outcome->seen_count && told < APPROVALS_TOLD_MAX; i++) {
        const struct approval_seen *seen = &outcome->seen[i];
        if (!seen->about || seen->state == APPROVAL_OPEN)
            continue;
        buffer_printf(out, "approval %.*s %s\n", TEXT_ARG(seen->id),
                      approval_state_words(seen->state));
        told++;
    }
}
