/*
 * refgate approve list, show - which approvals there are, what became of them.
 */
#include <inttypes.h>
#include <jansson.h>

#include "base/clock.h"
#include "command/approve.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

/* Nobody could read it, so that the hook will not either. */
static bool is_broken(enum approval_state state)
{
    return state == APPROVAL_UNTRUSTED || state == APPROVAL_MALFORMED ||
           state == APPROVAL_UNREADABLE;
}

static bool is_listed(const struct approve *approve, const struct approval *approval)
{
    enum approval_state state = approval_at(approval, approve->now_ms);
    return state == APPROVAL_OPEN || state == APPROVAL_NOT_YET || is_broken(state) ||
           argument_flag(approve->args, "all");
}

static void add_state(enum approval_state state, struct buffer *out)
{
    bool colour = command_colour(stdout);
    const char *on = is_broken(state) ? RED : state == APPROVAL_OPEN ? GREEN : "";
    buffer_printf(out, "%s%-10s%s ", colour ? on : "", approval_state_name(state),
                  colour && *on ? PLAIN : "");
}

static void add_line(const struct approve *approve, const struct approval *approval,
                     struct buffer *out)
{
    enum approval_state state = approval_at(approval, approve->now_ms);
    buffer_escaped(out, approval->id, 100, false);
    buffer_string(out, "  ");
    add_state(state, out);
    if (is_broken(state)) {
        buffer_string(out, "no hook counts it\n");
        return;
    }
    buffer_printf(out, "%" PRIu64 "/%" PRIu64 "  ", approval->used, approval->uses);
    approve_sentence(approval, out);
    buffer_string(out, "\n");
}

static enum command_exit print_text(const struct approve *approve, const struct buffer *text)
{
    if (text->failed)
        return command_trouble(approve->args, "out of memory");
    fwrite(text->data ? text->data : "", 1, text->size, stdout);
    return EXIT_YES;
}

static enum command_exit list(struct approve *approve, bool json)
{
    bool broken = false;
    struct buffer text;
    json_t *array = json ? json_array() : NULL;
    buffer_init(&text, SIZE_MAX);
    for (size_t i = 0; i < approve->store.count; i++) {
        const struct approval *approval = &approve->store.approvals[i];
        if (!is_listed(approve, approval))
            continue;
        broken = broken || is_broken(approval->state);
        if (!json)
            add_line(approve, approval, &text);
        else if (array && json_array_append_new(array, approve_json(approve, approval)))
            text.failed = true;
    }
    enum command_exit status = print_text(approve, &text);
    buffer_free(&text);
    if (json && status == EXIT_YES)
        status = approve_print_json(approve, array);
    else
        json_decref(array);
    return status == EXIT_YES && broken ? EXIT_NO : status;
}

static enum command_exit run_list(const struct arguments *args)
{
    return approve_run(args, true, list);
}

static const struct option_spec list_options[] = {
    {"all", NULL, "also those that are expired, used up or revoked", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

const struct command command_approve_list = {
    .name = "list",
    .summary = "list approvals, oldest first",
    .operands = "",
    .details = "A line each: id, state, uses taken and allowed, what it allows. Exit code 1: some\n"
               "file is no approval, or not trusted; the hook does not count it.",
    .options = list_options,
    .option_count = sizeof list_options / sizeof list_options[0],
    .run = run_list,
};

/* ------------------------------------------------------------------ show */

static void add_time(const char *what, int64_t ms, struct buffer *out)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(ms, true, time);
    buffer_printf(out, "%s %s", what, time);
}

static void add_use(const struct approval_use *use, uint64_t number, struct buffer *out)
{
    char what[32];
    snprintf(what, sizeof what, "  use %" PRIu64 ":", number);
    add_time(what, use->time_ms, out);
    buffer_string(out, " ");
    buffer_escaped(out, use->pusher, APPROVAL_NAME_MAX, false);
    buffer_string(out, " to ");
    buffer_escaped(out, use->repository, 2 * APPROVAL_NAME_MAX, false);
    buffer_string(out, ", decision ");
    buffer_escaped(out, use->decision, 40, false);
    buffer_string(out, " on ");
    buffer_escaped(out, use->host, APPROVAL_NAME_MAX, false);
    buffer_string(out, "\n");
}

static void add_uses(const struct approve *approve, const struct approval *approval,
                     struct buffer *out)
{
    for (uint64_t n = 1; n <= approval->uses; n++) {
        struct approval_use use;
        struct error err = {STATUS_OK, ""};
        enum status status = approval_store_use(&approve->store, approval, n, &use, &err);
        if (status == STATUS_OK) {
            add_use(&use, n, out);
        } else if (status != STATUS_NOT_FOUND) {
            buffer_printf(out, "  use %" PRIu64 ": cannot be read: ", n);
            buffer_escaped(out, text_of(err.text), ERROR_TEXT_SIZE, false);
            buffer_string(out, "\n");
        }
    }
}

static void add_revocation(const struct approve *approve, const struct approval *approval,
                           struct buffer *out)
{
    struct approval_revocation revocation;
    struct error err = {STATUS_OK, ""};
    enum status status = approval_store_revocation(&approve->store, approval, &revocation, &err);
    if (status == STATUS_NOT_FOUND)
        return;
    if (status != STATUS_OK) {
        buffer_string(out, "  revoked, by a file that cannot be read: ");
        buffer_escaped(out, text_of(err.text), ERROR_TEXT_SIZE, false);
    } else {
        add_time("  revoked:", revocation.time_ms, out);
        buffer_string(out, " by ");
        approve_who(&revocation.by, out);
        buffer_string(out, ": ");
        buffer_escaped(out, revocation.reason, APPROVAL_REASON_MAX, false);
    }
    buffer_string(out, "\n");
}

static void add_approval(const struct approve *approve, const struct approval *approval,
                         struct buffer *out)
{
    buffer_escaped(out, approval->id, 100, false);
    buffer_printf(out, " %s", approval_state_words(approval_at(approval, approve->now_ms)));
    if (is_broken(approval->state)) {
        buffer_string(out, "; no hook counts it\n");
        return;
    }
    buffer_printf(out, ", %" PRIu64 " of %" PRIu64 " use%s taken\n  allows: ", approval->used,
                  approval->uses, approval->uses == 1 ? "" : "s");
    approve_sentence(approval, out);
    add_time("\n  approved:", approval->created_ms, out);
    buffer_string(out, " by ");
    approve_who(&approval->approver, out);
    buffer_string(out, "\n  reason: ");
    buffer_escaped(out, approval->reason, APPROVAL_REASON_MAX, false);
    buffer_string(out, "\n");
    add_uses(approve, approval, out);
    add_revocation(approve, approval, out);
}

/* The approval with `taken` and `revoked`; what cannot be read is null. */
static json_t *whole_json(const struct approve *approve, const struct approval *approval)
{
    json_t *object = approve_json(approve, approval), *taken = json_array(), *revoked = json_null();
    struct approval_use use;
    struct approval_revocation revocation;
    for (uint64_t n = 1; n <= approval->uses; n++) {
        enum status status = approval_store_use(&approve->store, approval, n, &use, NULL);
        if (status != STATUS_NOT_FOUND)
            json_array_append_new(taken,
                                  status == STATUS_OK ? approve_use_json(&use, n) : json_null());
    }
    if (approval_store_revocation(&approve->store, approval, &revocation, NULL) == STATUS_OK)
        revoked = approve_revocation_json(&revocation);
    json_object_set_new(object, "taken", taken);
    json_object_set_new(object, "revoked", revoked);
    return object;
}

static enum command_exit show(struct approve *approve, bool json)
{
    struct approval *approval;
    enum command_exit status = approve_find(approve, approve->args->operands[0], &approval);
    if (status != EXIT_YES)
        return status;
    if (json)
        return approve_print_json(approve, whole_json(approve, approval));
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    add_approval(approve, approval, &text);
    status = print_text(approve, &text);
    buffer_free(&text);
    return status;
}

static enum command_exit run_show(const struct arguments *args)
{
    return approve_run(args, true, show);
}

static const struct option_spec show_options[] = {OPTION_CONFIG, OPTION_FORMAT};

const struct command command_approve_show = {
    .name = "show",
    .summary = "show an approval: who gave it, why, which pushes used it",
    .operands = "ID",
    .details = "ID may be the beginning of one. Exit code 1: there is no such approval.",
    .options = show_options,
    .option_count = sizeof show_options / sizeof show_options[0],
    .operands_min = 1,
    .operands_max = 1,
    .run = run_show,
};
