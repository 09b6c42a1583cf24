/*
 * refgate check - decides a push without pushing: the same configuration, snapshot and decide() as
 * the hook, with the push described by options, by stdin in the hook's form, or by JSON lines.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "command/check_case.h"
#include "command/command.h"
#include "command/explain.h"
#include "command/instance.h"
#include "policy/decide.h"
#include "push/git_history.h"
#include "push/location.h"
#include "record/approval_grant.h"
#include "record/record.h"
#include "record/report.h"

#define CASE_MEMORY ((size_t)512 * 1024 * 1024)
#define RECORD_MAX ((size_t)16 * 1024 * 1024)

struct checker { /* lives through a batch */
    const struct arguments *args;
    struct instance instance;
    bool json, explain;
};

struct judged {
    struct decision decision;
    struct explain explain;
    struct git_history *git; /* the decision may quote it */
    struct ulid id;
    int64_t duration_us;
};

static void judged_free(struct judged *judged)
{
    git_history_free(judged->git);
    buffer_free(&judged->explain.text);
}

static const char *no_variable(void *self, const char *name)
{
    (void)self, (void)name;
    return NULL;
}

static enum status open_git(const char *git_dir, const struct policy *policy, int64_t deadline_us,
                            struct check_case *check, struct arena *arena, struct git_history **git,
                            struct error *err)
{
    const struct environment env = {no_variable, NULL};
    struct location *location = arena_alloc(arena, 1, sizeof *location);
    if (!location)
        return error_set(err, STATUS_MEMORY, "out of memory");
    enum status status = location_find(&env, git_dir, arena, location, err);
    if (status != STATUS_OK)
        return status;
    if (!location->repository)
        return error_set(err, STATUS_USAGE, "git-dir %s is not a git repository", git_dir);
    check->push.storage_id_known = location->storage_id_known;
    check->push.storage_id = location->storage_id;
    return git_history_new(location, policy->history_commits, deadline_us, git, err);
}

/* The one call that the hook makes too. */
static enum status judge(const struct checker *checker, struct check_case *check,
                         struct arena *arena, struct judged *out, struct error *err)
{
    const struct policy *policy = &checker->instance.policy;
    int64_t started = clock_monotonic_us();
    struct history history = check_case_history(check);
    struct view view = instance_view(&checker->instance, arena);
    const char *git_dir = check->field[CHECK_GIT_DIR];
    out->git = NULL;
    explain_init(&out->explain, check->push.changes);
    if (git_dir) {
        enum status status = open_git(git_dir, policy, started + policy->deadline_ms * 1000, check,
                                      arena, &out->git, err);
        if (status != STATUS_OK)
            return status;
        history = git_history_interface(out->git);
    }
    check->push.host = checker->instance.host;
    struct snapshot_meta meta;
    if (text_absent(check->push.base_url) && !view.problem &&
        view.meta(view.self, &meta, err) == STATUS_OK)
        check->push.base_url = meta.base_url;
    struct trace trace = explain_trace(&out->explain);
    enum status status = decide(policy, &check->push, &view, &history,
                                checker->explain ? &trace : NULL, arena, &out->decision, err);
    out->id = ulid_new(check->push.now_ms);
    if (status == STATUS_OK) { /* as the hook would, but nothing is taken */
        const struct approval_request request = {
            policy, &check->push, out->id.text, started + policy->deadline_ms * 1000, arena, true};
        approval_grant(&request, &out->decision, NULL);
    }
    out->duration_us = clock_monotonic_us() - started;
    return status;
}

static enum status print_json(const struct checker *checker, const struct check_case *check,
                              const struct judged *judged, struct error *err)
{
    struct buffer record;
    buffer_init(&record, RECORD_MAX);
    const struct record_frame frame = {judged->id.text, REFGATE_VERSION, judged->duration_us};
    enum status status = record_json(&frame, &check->push, &judged->decision,
                                     &checker->instance.policy, &record, err);
    if (status == STATUS_OK)
        printf("%s\n", record.data);
    buffer_free(&record);
    return status;
}

static void print_escaped(struct text t)
{
    command_escaped(stdout, t, 1000);
}

static const char *verdict_colour(enum verdict verdict)
{
    if (!command_colour(stdout))
        return "";
    return !verdict_accepts(verdict)     ? "\033[1;31m"
           : verdict == VERDICT_ANNOTATE ? "\033[33m"
                                         : "\033[32m";
}

static void print_credential(const struct credential *credential)
{
    printf("credential  %s", credential_class_name(credential->class));
    if (credential->candidate_count == 1 && !credential->candidates_open)
        printf(" %llu", (unsigned long long)credential->candidates[0]);
    if (credential->label.size) {
        printf(" \"");
        print_escaped(credential->label);
        printf("\"");
    }
    printf(" (%s: ", confidence_name(credential->confidence));
    print_escaped(credential->evidence);
    printf(")\n");
}

static void print_permission(const struct decision *decision)
{
    printf("permission  snapshot: %s; Bitbucket: %s\n",
           decision->snapshot_permission_known ? permission_name(decision->snapshot_permission)
                                               : "not known",
           decision->bitbucket_permission_known ? permission_name(decision->bitbucket_permission)
                                                : "not stated");
}

static void print_text(const struct checker *checker, const struct check_case *check,
                       const struct judged *judged)
{
    const struct decision *decision = &judged->decision;
    const char *colour = verdict_colour(decision->verdict);
    printf("verdict     %s%s%s (exit %d)%s\n", colour, verdict_name(decision->verdict),
           *colour ? "\033[0m" : "", decision->exit_code,
           decision->mode == MODE_MONITOR ? ", monitor mode: accepted all the same" : "");
    print_credential(&decision->credential);
    print_permission(decision);
    struct buffer text;
    buffer_init(&text, 2 * REPORT_BYTES_MAX);
    report_render(decision, &check->push, &checker->instance.policy, judged->id.text, &text);
    if (text.size)
        printf("\nthe pusher sees:\n\n%s", text.data);
    else
        printf("\nthe pusher sees nothing: the push is accepted\n");
    buffer_free(&text);
    if (checker->explain)
        printf("\nconsidered (+ counted, - did not, ? cannot tell):\n\n%s",
               judged->explain.text.data ? judged->explain.text.data : "  nothing\n");
}

static enum command_exit exit_of(const struct decision *decision)
{
    return decision->exit_code == 0 ? EXIT_YES : decision->exit_code == 1 ? EXIT_NO : EXIT_TROUBLE;
}

static void state_options(const struct arguments *args, struct check_case *check)
{
    for (size_t i = 0; i < CHECK_FIELDS; i++)
        check->field[i] = argument(args, check_field_names[i]);
}

static enum command_exit check_one(struct checker *checker)
{
    const struct arguments *args = checker->args;
    struct check_case check = {.stated = NULL};
    struct buffer input;
    struct error err;
    struct judged judged = {.git = NULL};
    enum command_exit result = EXIT_TROUBLE;
    state_options(args, &check);
    buffer_init(&input, SIZE_MAX);
    enum status status = check_case_prepare(&check, &checker->instance.policy,
                                            &checker->instance.arena, &err);
    if (status == STATUS_OK)
        status = args->operand_count
                     ? check_case_operands(&check, args->operands, args->operand_count,
                                           &checker->instance.arena, &err)
                     : check_case_stdin(&check, &checker->instance.policy, &input,
                                        &checker->instance.arena, &err);
    if (status == STATUS_OK)
        status = judge(checker, &check, &checker->instance.arena, &judged, &err);
    if (status == STATUS_OK) {
        if (checker->json)
            status = print_json(checker, &check, &judged, &err);
        else
            print_text(checker, &check, &judged);
        result = exit_of(&judged.decision);
    }
    if (status != STATUS_OK)
        result = command_trouble(args, "%s", err.text);
    judged_free(&judged);
    buffer_free(&input);
    return result;
}

static enum command_exit batch_error(const char *text)
{
    json_t *object = json_pack("{s:s}", "error", text);
    char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
    printf("%s\n", line ? line : "{\"error\":\"out of memory\"}");
    free(line);
    json_decref(object);
    return EXIT_TROUBLE;
}

static enum command_exit batch_line(struct checker *checker, const char *line, size_t size)
{
    struct check_case check = {.stated = NULL};
    struct error err = {STATUS_OK, ""};
    struct judged judged = {.git = NULL};
    struct arena arena;
    json_error_t problem;
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &problem);
    if (!object)
        return batch_error(problem.text);
    state_options(checker->args, &check); /* where the line says nothing */
    arena_init(&arena, CASE_MEMORY);
    enum status status = check_case_json(&check, object, &arena, &err);
    if (status == STATUS_OK)
        status = check_case_prepare(&check, &checker->instance.policy, &arena, &err);
    if (status == STATUS_OK)
        status = judge(checker, &check, &arena, &judged, &err);
    enum command_exit result = EXIT_TROUBLE;
    if (status == STATUS_OK) {
        status = print_json(checker, &check, &judged, &err);
        result = exit_of(&judged.decision);
    }
    if (status != STATUS_OK)
        result = batch_error(err.text);
    judged_free(&judged);
    json_decref(object);
    arena_free(&arena);
    return result;
}

static enum command_exit check_batch(struct checker *checker)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    enum command_exit worst = EXIT_YES;
    while ((size = getline(&line, &room, stdin)) >= 0) {
        while (size && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            size--;
        if (!size)
            continue;
        enum command_exit result = batch_line(checker, line, (size_t)size);
        worst = result > worst ? result : worst;
    }
    bool broken = ferror(stdin);
    free(line);
    return broken ? command_trouble(checker->args, "cannot read stdin: %s", strerror(errno))
                  : worst;
}

static enum command_exit run(const struct arguments *args)
{
    struct checker checker = {.args = args};
    if (!argument_json(args, &checker.json))
        return EXIT_TROUBLE;
    bool batch = argument_flag(args, "batch");
    checker.explain = argument_flag(args, "explain");
    if (batch && (args->operand_count || checker.explain))
        return command_trouble(args, "--batch reads stdin: no ref updates and no --explain");
    if (checker.json && checker.explain)
        return command_trouble(args, "--explain is for text");
    enum command_exit result = EXIT_TROUBLE;
    /* Without a snapshot it is judged as the hook would judge it. */
    if (instance_open(args, SNAPSHOT_READ, false, &checker.instance))
        result = batch ? check_batch(&checker) : check_one(&checker);
    instance_close(&checker.instance);
    return result;
}

static const struct option_spec options[] = {
    {"repo", "KEY/SLUG", "the repository that is pushed to", false},
    {"user", "NAME", "the pusher, as in BB_USER_NAME", false},
    {"display-name", "NAME", "as in BB_USER_DISPLAY_NAME (names an access key)", false},
    {"email", "ADDRESS", "as in BB_USER_EMAIL", false},
    {"permission", "LEVEL", "Bitbucket's word, as in BB_USER_PERMISSION", false},
    {"trigger", "ID", "as in BB_HOOK_TRIGGER_ID (default: push)", false},
    {"base-url", "URL", "as in BB_BASE_URL (default: the snapshot's)", false},
    {"credential", "CLASS[:ID]", "what the `environment` resolver would read", false},
    {"observed", "CLASS[:ID]", "what the `access-log` resolver would see", false},
    {"git-dir", "DIR", "bare repository to ask for history", false},
    {"at", "TIME", "decide as of this time (default: now)", false},
    {"kind", "KIND", "create, update, rewrite, delete or unknown, if there is no history to ask",
     false},
    {"explain", NULL, "list each restriction and rule considered, and why it counted", false},
    {"batch", NULL, "read one JSON object a line, print one decision a line", false},
    {"snapshot", "FILE", "use this snapshot instead of the configured one", false},
    OPTION_FORMAT,
    OPTION_CONFIG,
};

const struct command command_check = {
    .name = "check",
    .summary = "decide a push without pushing",
    .operands = "[OLD NEW REF]... | REF...",
    .details = "Ref updates are read from stdin (OLD NEW REF a line, as git gives them to a hook)\n"
               "unless they are operands: triples of ids and ref, or with --kind just names of\n"
               "refs. Exit codes: 0 accepted, 1 rejected, 2 rejected because something could not\n"
               "be answered, or the question is wrong.\n\n"
               "  refgate check --repo PRJ/app --user jdoe --kind update refs/heads/main",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_max = SIZE_MAX,
    .run = run,
};
