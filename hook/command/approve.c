/*
 * refgate approve - approvals for pushes that a rule lets through only with one (semantics.md 7).
 */
#include "command/approve.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ulid.h"

#define TIME_DEFAULT CLOCK_DAY

/* ------------------------------------------------------------------ options */

static struct text_list all_of(struct approve *approve, const char *option)
{
    size_t count = 0;
    while (argument_nth(approve->args, option, count))
        count++;
    struct text *items = arena_alloc(&approve->instance.arena, count + 1, sizeof *items);
    for (size_t i = 0; items && i < count; i++)
        items[i] = text_of(argument_nth(approve->args, option, i));
    return (struct text_list){items, items ? count : 0};
}

static bool kinds_option(const struct approve *approve, unsigned *kinds)
{
    struct text rest = text_of(argument(approve->args, "changes")), name;
    *kinds = rest.at ? 0 : KIND_CREATE | KIND_UPDATE;
    while (text_next_item(&rest, &name)) {
        unsigned bit;
        if (!change_kind_bit(name, &bit)) {
            command_trouble(approve->args,
                            "--changes is a list of create, update, rewrite and delete, not %.*s",
                            TEXT_ARG(name));
            return false;
        }
        *kinds |= bit;
    }
    return true;
}

static bool time_option(const struct approve *approve, const char *option, int64_t *ms)
{
    const char *value = argument(approve->args, option);
    if (!value || clock_parse(text_of(value), ms))
        return true;
    command_trouble(approve->args, "--%s wants a time like 2026-11-22T04:10:00Z, not %s", option,
                    value);
    return false;
}

static bool times(const struct approve *approve, struct approval *out)
{
    const struct arguments *args = approve->args;
    const char *length = argument(args, "for");
    int64_t ms = TIME_DEFAULT;
    out->not_before_ms = out->created_ms = approve->now_ms;
    if (length && argument(args, "until")) {
        command_trouble(args, "--for and --until: one of them");
        return false;
    }
    if (length && (!clock_parse_duration(text_of(length), &ms) || ms <= 0)) {
        command_trouble(args, "--for wants a duration like 90m, 24h or 7d, not %s", length);
        return false;
    }
    if (!time_option(approve, "not-before", &out->not_before_ms))
        return false;
    out->not_after_ms = out->not_before_ms + ms;
    if (!time_option(approve, "until", &out->not_after_ms))
        return false;
    if (out->not_after_ms <= approve->now_ms) {
        command_trouble(args, "the approval would have ended already");
        return false;
    }
    return true;
}

static bool uses_option(const struct approve *approve, uint64_t *uses)
{
    const char *value = argument(approve->args, "uses");
    *uses = 1;
    if (!value || (text_parse_u64(text_of(value), APPROVAL_USES_MAX, false, uses) && *uses))
        return true;
    command_trouble(approve->args, "--uses wants a number from 1 to %d", APPROVAL_USES_MAX);
    return false;
}

static bool required(const struct arguments *args)
{
    static const char *const options[] = {"repo", "ref", "user", "reason"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (!argument_nth(args, options[i], 0)) {
            command_trouble(args, "--%s is needed", options[i]);
            return false;
        }
    return true;
}

/* What is asked for, checked; EXIT_NO: by somebody who may not. */
static enum command_exit from_options(struct approve *approve, struct approval *out)
{
    const struct arguments *args = approve->args;
    *out = (struct approval){
        .state = APPROVAL_OPEN,
        .repositories = all_of(approve, "repo"),
        .refs = all_of(approve, "ref"),
        .users = all_of(approve, "user"),
        .new_ids = all_of(approve, "new"),
    };
    if (!kinds_option(approve, &out->kinds) || !times(approve, out) ||
        !uses_option(approve, &out->uses) || !approve_reason(args, &out->reason) ||
        !approve_account(args, &out->approver))
        return EXIT_TROUBLE;
    const char *problem = approval_problem(out);
    if (problem)
        return command_trouble(args, "%s", problem);
    if (approval_names(out, out->approver.name) || approval_names(out, out->approver.sudo_user)) {
        command_trouble(args, "nobody approves his own push: somebody else has to do it");
        return EXIT_NO;
    }
    return EXIT_YES;
}

/* ------------------------------------------------------------------ create */

static enum command_exit print_created(const struct approve *approve,
                                       const struct approval *approval, bool json)
{
    if (json)
        return approve_print_json(approve, approve_json(approve, approval));
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    approve_sentence(approval, &text);
    enum command_exit status = EXIT_YES;
    if (text.failed)
        status = command_trouble(approve->args, "out of memory");
    else
        printf("%.*s\n%s\n", TEXT_ARG(approval->id), text.data);
    buffer_free(&text);
    return status;
}

static enum command_exit create(struct approve *approve, bool json)
{
    struct approval approval;
    struct error err = {STATUS_OK, ""};
    enum command_exit status = from_options(approve, &approval);
    if (status != EXIT_YES)
        return status;
    if (!approve_can_write(approve))
        return EXIT_TROUBLE;
    struct ulid id = ulid_new(approve->now_ms);
    approval.id = text_of(id.text);
    if (approval_store_add(&approve->store, &approval, &err) != STATUS_OK)
        return command_trouble(approve->args, "%s", err.text);
    approval_store_sweep(&approve->store, approve->now_ms);
    return print_created(approve, &approval, json);
}

static enum command_exit run_create(const struct arguments *args)
{
    return required(args) ? approve_run(args, true, create) : EXIT_TROUBLE;
}

static const struct option_spec create_options[] = {
    {"repo", "KEY/SLUG", "for pushes to this repository (* and ? allowed)", true},
    {"ref", "PATTERN", "that change this ref; main is refs/heads/main only", true},
    {"changes", "KINDS", "create, update, rewrite, delete (default: create,update)", false},
    {"user", "NAME", "by this user", true},
    {"new", "ID", "to this object id, in full (default: any)", true},
    {"uses", "N", "so many pushes (default: 1)", false},
    {"for", "DURATION", "for so long, 90 days at most (default: 24h)", false},
    {"until", "TIME", "before this time, in place of --for", false},
    {"not-before", "TIME", "from this time on (default: now)", false},
    {"reason", "TEXT", "why this is right; goes into the audit log", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

static const struct command create_command = {
    .name = "create",
    .summary = "approve pushes that a rule lets through only with an approval",
    .operands = "",
    .details = "--repo, --ref, --user and --reason are needed. Prints the id of the approval\n"
               "and what it allows. Nobody approves a push of his own. Whoever may write the\n"
               "directory that [approvals] directory names can approve: root, and the user\n"
               "that the hook runs as.",
    .options = create_options,
    .option_count = sizeof create_options / sizeof create_options[0],
    .run = run_create,
};

static const struct command *const subcommands[] = {&create_command, &command_approve_list,
                                                    &command_approve_show, &command_approve_revoke,
                                                    &command_approve_prune};

const struct command command_approve = {
    .name = "approve",
    .summary = "approvals for pushes that a rule lets through only with one",
    .operands = "",
    .subcommands = subcommands,
    .subcommand_count = sizeof subcommands / sizeof subcommands[0],
};
