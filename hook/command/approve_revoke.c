/*
 * refgate approve revoke, prune - ends an approval; removes the files of those that ended long ago.
 */
#include "base/clock.h"
#include "command/approve.h"

static enum command_exit revoke_one(struct approve *approve, bool json)
{
    (void)json;
    const struct arguments *args = approve->args;
    struct approval *approval;
    struct approval_revocation revocation = {.time_ms = approve->now_ms};
    struct error err = {STATUS_OK, ""};
    if (!approve_reason(args, &revocation.reason) || !approve_account(args, &revocation.by))
        return EXIT_TROUBLE;
    enum command_exit status = approve_find(approve, args->operands[0], &approval);
    if (status != EXIT_YES)
        return status;
    if (!approve_can_write(approve))
        return EXIT_TROUBLE;
    enum status revoked = approval_store_revoke(&approve->store, approval, &revocation, &err);
    if (revoked == STATUS_BUSY) {
        command_trouble(args, "%.*s was revoked before", TEXT_ARG(approval->id));
        return EXIT_NO;
    }
    if (revoked != STATUS_OK)
        return command_trouble(args, "%s", err.text);
    printf("%.*s is revoked; %llu of its uses had been taken\n", TEXT_ARG(approval->id),
           (unsigned long long)approval->used);
    return EXIT_YES;
}

static enum command_exit run_revoke(const struct arguments *args)
{
    return approve_run(args, false, revoke_one);
}

static const struct option_spec revoke_options[] = {
    {"reason", "TEXT", "why; is kept beside the approval", false},
    OPTION_CONFIG,
};

const struct command command_approve_revoke = {
    .name = "revoke",
    .summary = "end an approval now",
    .operands = "ID",
    .details = "--reason is needed. Uses that were taken before stay taken. Exit code 1: there is\n"
               "no such approval, or it was revoked before.",
    .options = revoke_options,
    .option_count = sizeof revoke_options / sizeof revoke_options[0],
    .operands_min = 1,
    .operands_max = 1,
    .run = run_revoke,
};

/* ------------------------------------------------------------------ prune */

#define AGE_DEFAULT (30 * CLOCK_DAY)

/* Only what can be told to have ended: a file that nobody can read stays. */
static bool ended_before(const struct approval *approval, int64_t ms)
{
    return approval->uses && approval->not_after_ms < ms;
}

static enum command_exit prune(struct approve *approve, bool json)
{
    (void)json;
    size_t removed = 0;
    int64_t age_ms = AGE_DEFAULT;
    struct error err = {STATUS_OK, ""};
    const char *age = argument(approve->args, "older-than");
    if (age && !clock_parse_duration(text_of(age), &age_ms))
        return command_trouble(approve->args, "--older-than wants an age like 30d, not %s", age);
    if (!approve_can_write(approve))
        return EXIT_TROUBLE;
    for (size_t i = 0; i < approve->store.count; i++) {
        const struct approval *approval = &approve->store.approvals[i];
        if (!ended_before(approval, approve->now_ms - age_ms))
            continue;
        if (approval_store_remove(&approve->store, approval, &err) != STATUS_OK)
            return command_trouble(approve->args, "%s", err.text);
        removed++;
    }
    size_t left = approval_store_sweep(&approve->store, approve->now_ms);
    printf("removed %zu approval%s and %zu file%s that belonged to none\n", removed,
           removed == 1 ? "" : "s", left, left == 1 ? "" : "s");
    return EXIT_YES;
}

static enum command_exit run_prune(const struct arguments *args)
{
    return approve_run(args, false, prune);
}

static const struct option_spec prune_options[] = {
    {"older-than", "AGE", "how long ago they must have ended (default: 30d)", false},
    OPTION_CONFIG,
};

const struct command command_approve_prune = {
    .name = "prune",
    .summary = "remove the files of approvals that ended long ago",
    .operands = "",
    .details = "The audit log keeps what they were used for. The hook reads all approvals when a\n"
               "push needs one, and refuses more than 10,000 files.",
    .options = prune_options,
    .option_count = sizeof prune_options / sizeof prune_options[0],
    .run = run_prune,
};
