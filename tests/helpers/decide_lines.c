/*
 * decide_lines - what the engine says of pushes, one JSON line each: for tests/oracle.
 *
 * usage: decide_lines DIRECTORY      writes DIRECTORY/snapshot.cdb
 *        decide_lines --match        judges patterns instead
 *
 * A line of stdin may have, in this order of use; what is not there stays as in the line before:
 *
 *   "instance"  facts (json_facts.h), "base_url", "started", "generated" (ms); "state" missing,
 *               truncated or unknown-format: then the snapshot file is made so
 *   "config"    the text of refgate.conf
 *   "push"      "env": variables; "stdin": bytes; "now": ms; "storage": repository id in the path;
 *               "native"; "observed": [class, token id or null] what the access log says;
 *               "history": by ref: {"descends": yes, no, unavailable, limit,
 *               "commits": unavailable, limit or [[author, committer, merge]]}
 *
 * Each line with a push is answered. The steps are those of refgate-hook: real configuration text, a
 * real snapshot file, the hook's readers of the environment and of stdin, decide().
 *
 * With --match a line is {"patterns": […], "refs": […]}; the answer is one string a pattern, with a
 * digit for each ref: 1 if it matches, 2 if it matches anchored, 3 both; or "!" for a pattern that is
 * not usable.
 */
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/glob.h"
#include "json_facts.h"
#include "policy/config.h"
#include "policy/decide.h"
#include "push/environment.h"
#include "push/updates.h"
#include "snapshot/snapshot.h"

#define MEMORY ((size_t)512 * 1024 * 1024)

struct session {
    char path[4096]; /* of the snapshot */
    struct snapshot *snapshot;
    enum status snapshot_code; /* why there is none */
    struct arena policy_arena;
    struct policy policy;
    bool policy_valid;
};

/* One push: what it is made of and what comes out. */
struct run {
    struct session *session;
    const json_t *line;
    struct arena arena;
    struct push push;
    struct decision decision;
    struct observer observer;
    struct error err;
    const char *failed; /* the step that failed; NULL: judged */
};

/* ------------------------------------------------------------------ instance and configuration */

static void damage(const char *path, const char *state)
{
    char bytes[4096];
    FILE *file = fopen(path, "r+b");
    facts_expect(file, path);
    facts_expect(fread(bytes, 1, sizeof bytes, file) > 0, path);
    fclose(file);
    facts_expect(!unlink(path), path);
    if (!strcmp(state, "missing"))
        return;
    file = fopen(path, "wb");
    facts_expect(file, path);
    if (!strcmp(state, "truncated"))
        fwrite(bytes, 1, 3000, file);
    else
        fputs("not a snapshot", file);
    fclose(file);
}

static void set_instance(struct session *session, const json_t *instance)
{
    struct arena arena;
    struct error err;
    struct builder_summary summary;
    arena_init(&arena, MEMORY);
    struct facts facts = {.arena = &arena};
    facts_must(&facts, builder_new(NULL, &facts.builder, &facts.err));
    facts_fill(&facts, instance);
    const struct builder_header header = {.base_url = facts_text(&facts, instance, "base_url"),
                                          .bitbucket_version = TEXT("9.4.2"),
                                          .started_ms = facts_number(instance, "started"),
                                          .generated_ms = facts_number(instance, "generated"),
                                          .duration_ms = 5};
    snapshot_close(session->snapshot);
    session->snapshot = NULL;
    facts_must(&facts, builder_finish(facts.builder, &header, session->path, 0, NULL, &summary,
                                      &facts.err));
    builder_free(facts.builder);
    arena_free(&arena);
    const char *state = json_string_value(json_object_get(instance, "state"));
    if (state)
        damage(session->path, state);
    session->snapshot_code = snapshot_open(session->path, &(struct file_owners){NULL, 0}, 0,
                                           &session->snapshot, &err);
    if (session->snapshot_code != STATUS_OK && !state) {
        fprintf(stderr, "decide_lines: %s\n", err.text);
        exit(2);
    }
}

static void set_config(struct session *session, const json_t *config)
{
    struct config_errors errors;
    struct arena bytes;
    arena_free(&session->policy_arena);
    arena_init(&session->policy_arena, MEMORY);
    arena_init(&bytes, MEMORY);
    config_errors_init(&errors);
    session->policy_valid = config_parse(facts_bytes(&bytes, config), "refgate.conf",
                                         &session->policy_arena, &session->policy,
                                         &errors) == STATUS_OK;
    config_errors_free(&errors);
    arena_free(&bytes);
}

/* ------------------------------------------------------------------ what a push is asked */

static const char *variable_of(void *self, const char *name)
{
    struct run *run = self;
    return facts_bytes(&run->arena, json_object_get(json_object_get(run->line, "env"), name)).at;
}

static const json_t *told(const struct run *run, const struct change *change, const char *what)
{
    json_t *history = json_object_get(run->line, "history"), *value;
    const char *ref;
    json_object_foreach(history, ref, value)
    {
        struct arena arena;
        json_t *name = json_string(ref);
        arena_init(&arena, MEMORY);
        bool same = text_equal(facts_bytes(&arena, name), change->ref);
        arena_free(&arena);
        json_decref(name);
        if (same)
            return json_object_get(value, what);
    }
    return NULL;
}

static enum history_trouble trouble_of(const json_t *value)
{
    const char *word = json_string_value(value);
    return word && !strcmp(word, "limit") ? HISTORY_LIMIT : HISTORY_UNAVAILABLE;
}

static enum answer descends(void *self, const struct change *change, enum history_trouble *trouble,
                            const char **why)
{
    const json_t *value = told(self, change, "descends");
    const char *word = json_string_value(value);
    if (word && (!strcmp(word, "yes") || !strcmp(word, "no")))
        return *word == 'y' ? ANSWER_YES : ANSWER_NO;
    *trouble = trouble_of(value);
    *why = "it is said so";
    return ANSWER_CANNOT_TELL;
}

static enum history_trouble new_commits(void *self, const struct change *change,
                                        bool (*visit)(void *context,
                                                      const struct history_commit *commit),
                                        void *context, const char **why)
{
    struct run *run = self;
    const json_t *list = told(run, change, "commits"), *row;
    size_t i;
    *why = "it is said so";
    if (!json_is_array(list))
        return trouble_of(list);
    json_array_foreach(list, i, row)
    {
        const struct history_commit commit = {
            .id = change_new(change),
            .author_email = facts_bytes(&run->arena, json_array_get(row, 0)),
            .committer_email = facts_bytes(&run->arena, json_array_get(row, 1)),
            .merge = json_is_true(json_array_get(row, 2))};
        if (!visit(context, &commit))
            break;
    }
    return HISTORY_FINE;
}

static void observe(void *self, const struct push *push, struct observation *out)
{
    struct run *run = self;
    (void)push;
    const json_t *observed = json_object_get(run->line, "observed");
    const char *word = json_string_value(json_array_get(observed, 0));
    const json_t *id = json_array_get(observed, 1);
    *out = (struct observation){.class = CREDENTIAL_USER, .evidence = TEXT("the log")};
    facts_expect(!word || credential_class_parse(text_of(word), &out->class), word);
    out->id_known = json_is_integer(id);
    out->id = (uint64_t)json_integer_value(id);
}

/* ------------------------------------------------------------------ the hook's steps */

static void fail(struct run *run, const char *step, bool monitorable)
{
    const struct policy *policy = run->session->policy_valid ? &run->session->policy : NULL;
    decision_failure(policy, &run->push, monitorable, step, &run->arena, &run->decision);
    run->failed = step;
}

static bool read_changes(struct run *run, const struct environment *env)
{
    const struct policy *policy = &run->session->policy;
    if (run->push.dry_run) {
        struct change *change = arena_alloc(&run->arena, 1, sizeof *change);
        facts_expect(change, "memory");
        if (environment_dry_run_change(env, &run->arena, change, &run->err) != STATUS_OK)
            return fail(run, "dry-run", true), false;
        run->push.changes = change;
        run->push.change_count = 1;
        return true;
    }
    const struct updates_limits limits = {policy->max_refs, policy->max_line,
                                          policy->memory_bytes / 2, 0};
    struct updates updates;
    struct text bytes = facts_bytes(&run->arena, json_object_get(run->line, "stdin"));
    enum status status = updates_parse(bytes, &limits, &run->arena, &updates, &run->err);
    if (status != STATUS_OK)
        return fail(run, status == STATUS_FORMAT ? "malformed" : "limit", status != STATUS_FORMAT),
               false;
    run->push.changes = updates.changes;
    run->push.change_count = updates.count;
    return true;
}

static void judge(struct run *run)
{
    struct session *session = run->session;
    const struct policy *policy = &session->policy;
    const json_t *storage = json_object_get(run->line, "storage");
    run->push.storage_id_known = json_is_integer(storage);
    run->push.storage_id = (uint64_t)json_integer_value(storage);
    if (policy->needs_local_time)
        run->push.local = clock_local(run->push.now_ms, policy->timezone.at);
    if (policy->resolvers & RESOLVER_ACCESS_LOG) {
        run->observer = (struct observer){run, observe};
        run->push.observer = &run->observer;
    }
    struct view view = session->snapshot
                           ? snapshot_view(session->snapshot, &run->arena)
                           : snapshot_view_missing(session->snapshot_code, "there is no snapshot");
    const struct history history = {run, descends, new_commits};
    if (decide(policy, &run->push, &view, &history, NULL, &run->arena, &run->decision, &run->err) !=
        STATUS_OK)
        fail(run, "memory", true);
}

static void decide_push(struct run *run)
{
    const struct environment env = {variable_of, run};
    const struct policy *policy = &run->session->policy;
    run->push.now_ms = facts_number(run->line, "now");
    run->push.trigger = TRIGGER_UNKNOWN;
    if (!run->session->policy_valid) {
        fail(run, "configuration", false);
        return;
    }
    const char *variable = policy->resolvers & RESOLVER_ENVIRONMENT ? policy->credential_variable.at
                                                                    : NULL;
    if (environment_read(&env, facts_flag(run->line, "native"), variable, &run->push, &run->err) !=
        STATUS_OK)
        fail(run, "environment", true);
    else if (read_changes(run, &env))
        judge(run);
}

/* ------------------------------------------------------------------ answers */

static json_t *reasons_of(const struct reason_link *link)
{
    json_t *list = json_array();
    for (; link; link = link->next) {
        const struct reason *reason = link->reason;
        json_array_append_new(list,
                              json_pack("[s s b b s% I s%]", reason_type_name(reason->type),
                                        verdict_name(reason->verdict), reason->definite,
                                        reason->monitored, reason->rule.at ? reason->rule.at : "",
                                        reason->rule.size, (json_int_t)reason->restriction_id,
                                        reason->text.at ? reason->text.at : "", reason->text.size));
    }
    return list;
}

static json_t *answer_of(const struct run *run)
{
    const struct decision *d = &run->decision;
    bool explain = facts_flag(run->line, "explain");
    json_t *changes = json_array(), *keys = json_array();
    for (size_t i = 0; d->changes && i < d->change_count; i++) {
        json_array_append_new(changes, json_string(verdict_name(d->changes[i].verdict)));
        if (explain)
            json_array_append_new(changes, reasons_of(d->changes[i].reasons));
    }
    for (size_t i = 0; i < d->credential.candidate_count; i++)
        json_array_append_new(keys, json_integer((json_int_t)d->credential.candidates[i]));
    json_t *out = json_pack(
        "{s:s s:i s:o s:s? s:s s:s s:b s:o s:I s:s? s:s?}", "verdict", verdict_name(d->verdict),
        "exit", d->exit_code, "changes", changes, "failed", run->failed, "class",
        run->failed ? "unknown" : credential_class_name(d->credential.class), "confidence",
        run->failed ? "none" : confidence_name(d->credential.confidence), "foreign",
        d->credential.foreign_token, "keys", keys, "repository",
        (json_int_t)(d->repository_known ? d->repository_id : 0), "stated",
        d->bitbucket_permission_known ? permission_name(d->bitbucket_permission) : NULL, "computed",
        d->snapshot_permission_known ? permission_name(d->snapshot_permission) : NULL);
    facts_expect(out, "an answer");
    if (explain)
        json_object_set_new(out, "reasons", reasons_of(d->push_reasons));
    return out;
}

static void print_line(json_t *value)
{
    facts_expect(!json_dumpf(value, stdout, JSON_COMPACT), "stdout");
    putchar('\n');
    json_decref(value);
}

static void answer_line(struct session *session, const json_t *line)
{
    const json_t *instance = json_object_get(line, "instance"),
                 *config = json_object_get(line, "config"), *push = json_object_get(line, "push");
    if (instance)
        set_instance(session, instance);
    if (config)
        set_config(session, config);
    if (!push)
        return;
    struct run run = {.session = session, .line = push};
    arena_init(&run.arena, MEMORY);
    decide_push(&run);
    print_line(answer_of(&run));
    arena_free(&run.arena);
}

static void match_line(const json_t *line)
{
    const json_t *patterns = json_object_get(line, "patterns"), *pattern, *ref;
    const json_t *refs = json_object_get(line, "refs");
    char *digits = calloc(json_array_size(refs) + 1, 1);
    struct arena arena;
    size_t i, j;
    facts_expect(digits, "memory");
    arena_init(&arena, MEMORY);
    json_array_foreach(patterns, i, pattern)
    {
        struct text text = facts_bytes(&arena, pattern);
        if (glob_ref_problem(text)) {
            puts("!");
            continue;
        }
        json_array_foreach(refs, j, ref)
        {
            struct text name = facts_bytes(&arena, ref);
            digits[j] = (char)('0' + glob_ref_match(text, name) +
                               2 * glob_ref_match_anchored(text, name));
        }
        puts(digits);
    }
    arena_free(&arena);
    free(digits);
}

int main(int argc, char **argv)
{
    struct session session = {.snapshot_code = STATUS_NOT_FOUND};
    facts_expect(argc == 2, "arguments");
    bool match = !strcmp(argv[1], "--match");
    snprintf(session.path, sizeof session.path, "%s/snapshot.cdb", argv[1]);
    char *bytes = NULL;
    size_t room = 0;
    for (ssize_t size; (size = getline(&bytes, &room, stdin)) > 0;) {
        json_error_t error;
        json_t *line = json_loadb(bytes, (size_t)size, JSON_ALLOW_NUL, &error);
        facts_expect(line, error.text);
        if (match)
            match_line(line);
        else
            answer_line(&session, line);
        json_decref(line);
    }
    free(bytes);
    snapshot_close(session.snapshot);
    arena_free(&session.policy_arena);
    return fflush(stdout) ? 2 : 0;
}
