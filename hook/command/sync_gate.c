#include "command/sync_gate.h"

#include <inttypes.h>

#include "bitbucket/gate.h"

#define ACCOUNT_MEMORY ((size_t)64 * 1024 * 1024)

static enum status refuse(struct sync_run *run, struct error *err)
{
    run->result = SYNC_REFUSED;
    return err->code;
}

/* Each line of `lines` on its own. */
static void warn_lines(struct sync_run *run, const struct buffer *lines)
{
    struct text rest = buffer_view(lines), line;
    while (text_next_field(&rest, '\n', &line))
        if (line.size)
            sync_warn(run, "%.*s", TEXT_ARG(line));
}

/* ------------------------------------------------------------------ shrinking */

static enum status check_shrink(struct sync_run *run, const struct builder_summary *summary,
                                struct error *err)
{
    struct buffer lines;
    enum status status = STATUS_OK;
    if (!run->old || sync_options_part(&run->options))
        return STATUS_OK;
    buffer_init(&lines, SIZE_MAX);
    if (!gate_shrink(snapshot_meta_record(run->old)->counts, summary->counts,
                     run->options.max_shrink, &lines)) {
        warn_lines(run, &lines);
        if (!run->options.force) {
            error_set(err, STATUS_LIMIT,
                      "not published: more than %u%% is gone; if that is right, --force publishes it",
                      run->options.max_shrink);
            status = refuse(run, err);
        }
    }
    buffer_free(&lines);
    return status;
}

/* ------------------------------------------------------------------ rights */

/* What --allow-partial did without, or what reports need; what an old Bitbucket lacks is no news, nor
 * is, in a part, what the last full sync did without. */
static void warn_refused(struct sync_run *run, struct snapshot *fresh)
{
    const struct meta_record *meta = snapshot_meta_record(fresh);
    if (sync_options_part(&run->options) && !run->crawl.refused)
        return;
    for (size_t i = 0; i < meta->note_count; i++)
        if (!text_starts(meta->notes[i], TEXT("this version of Bitbucket")))
            sync_warn(run, "%.*s", TEXT_ARG(meta->notes[i]));
}

static bool administers(enum permission permission)
{
    return permission == PERMISSION_ADMIN || permission == PERMISSION_SYS_ADMIN;
}

static enum answer through_groups(const struct snapshot_user *user, const struct group_grant *grants,
                                  size_t count)
{
    enum answer result = ANSWER_NO;
    for (size_t i = 0; i < count; i++) {
        if (!administers(grants[i].permission))
            continue;
        for (size_t j = 0; j < user->group_count; j++)
            if (user->groups[j] == grants[i].group)
                return ANSWER_YES;
        if (grants[i].incomplete)
            result = ANSWER_CANNOT_TELL;
    }
    return result;
}

enum status sync_account_sees_all(const struct view *view, struct text account, enum answer *out,
                                  bool *known, struct error *err)
{
    struct snapshot_user user;
    const struct group_grant *grants;
    size_t count;
    enum status status = view->user(view->self, account, &user, err);
    if (status == STATUS_NOT_FOUND) {
        *out = ANSWER_NO;
        *known = false;
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = view->global_groups(view->self, &grants, &count, err);
    if (status != STATUS_OK)
        return status;
    *known = true;
    *out = administers(user.global) ? ANSWER_YES : through_groups(&user, grants, count);
    if (*out == ANSWER_NO && user.global_unsure)
        *out = ANSWER_CANNOT_TELL;
    return STATUS_OK;
}

static enum status check_account(struct sync_run *run, const struct view *view, const char *account,
                                 struct error *err)
{
    enum answer all;
    bool known;
    enum status status = sync_account_sees_all(view, text_of(account), &all, &known, err);
    if (status != STATUS_OK || all == ANSWER_YES)
        return status;
    const char *what = !known                ? "is no user's (a project's or a repository's token?)"
                       : all == ANSWER_NO ? "does not have the global permission ADMIN"
                                          : "may not have the global permission ADMIN";
    if (run->options.allow_partial) {
        sync_warn(run, "the account %s %s: what it may not see is missing", account, what);
        return STATUS_OK;
    }
    error_set(err, STATUS_TRUST,
              "not published: the account %s %s, and would be shown a part of the projects and "
              "repositories only; give it ADMIN (or use --allow-partial)",
              account, what);
    return refuse(run, err);
}

static enum status check_rights(struct sync_run *run, struct snapshot *fresh, struct error *err)
{
    struct arena arena;
    enum status status = STATUS_OK;
    arena_init(&arena, ACCOUNT_MEMORY);
    const struct view view = snapshot_view(fresh, &arena);
    if (!*run->accounts[0] && !*run->accounts[1])
        status = error_set(err, STATUS_TRUST, "Bitbucket did not say whose account this is");
    const bool one = text_equal_fold(text_of(run->accounts[0]), text_of(run->accounts[1]));
    for (size_t i = 0; i < (one ? 1 : 2) && status == STATUS_OK; i++)
        if (*run->accounts[i])
            status = check_account(run, &view, run->accounts[i], err);
    arena_free(&arena);
    return status;
}

/* ------------------------------------------------------------------ the server's own answer */

bool sync_self_check_passes(const struct self_check *check)
{
    return check->too_much <= check->pairs / 1000 &&
           check->too_much + check->too_little <= check->pairs / 100;
}

static enum status judge_differences(struct sync_run *run, const struct self_check *check,
                                     struct error *err)
{
    const uint64_t differences = check->too_much + check->too_little;
    if (!differences)
        return STATUS_OK;
    warn_lines(run, &check->lines);
    if (sync_self_check_passes(check) || run->options.force) {
        sync_warn(run, "self-check: %" PRIu64 " of %" PRIu64 " permissions differ from Bitbucket's",
                  differences, check->pairs);
        return STATUS_OK;
    }
    error_set(err, STATUS_TRUST,
              "not published: %" PRIu64 " of %" PRIu64 " permissions differ from what Bitbucket says "
              "(%" PRIu64 " too much, %" PRIu64 " too little); if they were changed meanwhile, run it "
              "again; --force publishes it",
              differences, check->pairs, check->too_much, check->too_little);
    return refuse(run, err);
}

static enum status check_with_server(struct sync_run *run, struct client *client,
                                     struct snapshot *fresh, struct error *err)
{
    struct self_check check = {0};
    if (!run->options.self_check || sync_options_part(&run->options))
        return STATUS_OK;
    sync_progress_stage(&run->progress, "comparing with Bitbucket");
    enum status status = self_check_run(client, fresh, run->options.self_check,
                                        (uint64_t)run->header.started_ms, &check, err);
    if (status == STATUS_UNSUPPORTED || (status == STATUS_OK && check.unsupported)) {
        sync_warn(run, "not compared with Bitbucket: it does not answer such questions");
        status = STATUS_OK;
    } else if (status == STATUS_OK) {
        run->self_checked = true;
        run->self_check = check;
        if (check.undecided && !check.pairs)
            sync_warn(run, "nothing was compared with Bitbucket: the snapshot leaves all of it open");
        status = judge_differences(run, &check, err);
    } else if (status != STATUS_DEADLINE) {
        error_prefix(err, "the self-check failed (--self-check 0 leaves it out)");
    }
    buffer_free(&check.lines);
    run->self_check.lines = (struct buffer){0};
    return status;
}

enum status sync_gate_check(void *self, struct snapshot *fresh,
                            const struct builder_summary *summary, struct error *err)
{
    const struct sync_gate *gate = self;
    struct sync_run *run = gate->run;
    if (!summary->counts[COUNT_REPOSITORIES])
        sync_warn(run, "the snapshot has no repositories");
    warn_refused(run, fresh);
    enum status status = check_shrink(run, summary, err);
    if (status == STATUS_OK && gate->client)
        status = check_rights(run, fresh, err);
    if (status == STATUS_OK && gate->client)
        status = check_with_server(run, gate->client, fresh, err);
    return status;
}
