#include "command/policy_run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "command/case_verdict.h"
#include "command/explain.h"
#include "command/policy_cases.h"
#include "command/test_instance.h"
#include "policy/decide.h"
#include "record/report.h"
#include "snapshot/configured.h"

#define FILE_MEMORY ((size_t)256 * 1024 * 1024)
#define CASE_MEMORY ((size_t)256 * 1024 * 1024)
#define SHOWN_NAME_MAX 400

struct runner {
    const struct policy_run *run;
    const char *name; /* of the file of tests, for messages */
    struct arena arena;
    struct policy_cases cases;
    struct snapshot *snapshot;
    struct utsname node;
};

/* ---------------------------------------------------------------- one push */

/* What the hook would be told, through the same reader as `refgate check`. */
static enum status prepare(const struct policy_case *test, const struct policy *policy,
                           struct check_case *check, struct arena *arena, struct error *err)
{
    json_t *object = json_object(), *changes = json_array();
    int failed = !object || !changes;
    for (size_t i = 0; i < CHECK_FIELDS; i++)
        if (test->field[i])
            failed |= json_object_set_new(object, check_field_names[i],
                                          json_string(test->field[i]));
    for (size_t i = 0; i < test->change_count; i++)
        failed |= json_array_append_new(changes,
                                        json_pack("{s:s,s:s}", "ref", test->changes[i].ref, "kind",
                                                  change_kind_name(test->changes[i].kind)));
    failed |= json_object_set_new(object, "changes", changes);
    enum status status = failed ? error_set(err, STATUS_MEMORY, "out of memory")
                                : check_case_json(check, object, arena, err);
    json_decref(object);
    if (status == STATUS_OK)
        status = check_case_prepare(check, policy, arena, err);
    check->push.storage_id_known = test->storage_id_known;
    check->push.storage_id = test->storage_id;
    return status;
}

/* History as the test tells it: of kinds what check_case knows, of commits one that author and
 * committer describe. */
struct told_history {
    struct history kinds;
    const struct policy_case *test;
};

static enum answer told_descends(void *self, const struct change *change,
                                 enum history_trouble *trouble, const char **why)
{
    const struct told_history *told = self;
    return told->kinds.descends(told->kinds.self, change, trouble, why);
}

static enum history_trouble told_commits(void *self, const struct change *change,
                                         bool (*visit)(void *, const struct history_commit *),
                                         void *context, const char **why)
{
    const struct told_history *told = self;
    const char *author = told->test->author, *committer = told->test->committer;
    if (!author && !committer)
        return told->kinds.new_commits(told->kinds.self, change, visit, context, why);
    const struct history_commit commit = {
        .id = change_new(change),
        .author_email = text_of(author ? author : committer),
        .committer_email = text_of(committer ? committer : author),
        .merge = told->test->merge_commit,
    };
    if (change->kind != CHANGE_DELETE)
        (void)visit(context, &commit);
    return HISTORY_FINE;
}

static struct view view_for(const struct runner *r, const struct policy_case *test,
                            struct arena *arena)
{
    if (test->without_snapshot)
        return snapshot_view_missing(STATUS_NOT_FOUND, "there is no permissions snapshot");
    return snapshot_view(r->snapshot, arena);
}

static enum status judge_case(struct runner *r, const struct policy_case *test, struct arena *arena,
                              struct case_result *out, struct error *err)
{
    struct check_case check = {.stated = NULL};
    enum status status = prepare(test, r->run->policy, &check, arena, err);
    if (status != STATUS_OK)
        return status;
    struct view view = view_for(r, test, arena);
    struct told_history told = {check_case_history(&check), test};
    const struct history history = {&told, told_descends, told_commits};
    struct snapshot_meta meta;
    check.push.host = text_of(r->node.nodename);
    if (text_absent(check.push.base_url) && !view.problem &&
        view.meta(view.self, &meta, err) == STATUS_OK)
        check.push.base_url = meta.base_url;
    struct explain explain;
    explain_init(&explain, check.push.changes);
    const struct trace trace = explain_trace(&explain);
    struct decision decision;
    status = decide(r->run->policy, &check.push, &view, &history, &trace, arena, &decision, err);
    if (status == STATUS_OK) {
        struct buffer pusher;
        buffer_init(&pusher, 2 * REPORT_BYTES_MAX);
        report_render(&decision, &check.push, r->run->policy, "(none: a test)", &pusher);
        status = case_compare(test, r->run->policy, &check.push, &decision, buffer_view(&pusher),
                              out, err);
        out->trace = arena_text(arena, buffer_view(&explain.text));
        out->pusher = arena_text(arena, buffer_view(&pusher));
        buffer_free(&pusher);
    }
    buffer_free(&explain.text);
    return status;
}

/* ---------------------------------------------------------------- printing */

static void put_escaped(FILE *out, struct text t)
{
    command_escaped(out, t, SHOWN_NAME_MAX);
}

static void print_case(const struct runner *r, const struct policy_case *test,
                       const struct case_result *result)
{
    FILE *out = r->run->out;
    bool passed = !result->problems.size;
    if (!out || (passed && !r->run->verbose))
        return;
    const char *colour = command_colour(out) ? passed ? "\033[32m" : "\033[1;31m" : "";
    put_escaped(out, text_of(r->name));
    fprintf(out, ":%u: %s%s%s: ", test->line, colour, passed ? "passed" : "failed",
            *colour ? "\033[0m" : "");
    put_escaped(out, test->name);
    if (passed) {
        fprintf(out, ": %s\n", result->got);
        return;
    }
    fprintf(out, "\n%.*s", TEXT_ARG(result->problems));
    fprintf(out, "  the pusher sees%s\n", result->pusher.size ? ":\n" : " nothing");
    struct text rest = result->pusher, line;
    while (text_next_field(&rest, '\n', &line) && rest.at)
        fprintf(out, line.size ? "    %.*s\n" : "\n", TEXT_ARG(line));
    fprintf(out, "  considered (+ counted, - did not, ? cannot tell):\n\n%.*s\n",
            TEXT_ARG(result->trace));
}

static json_t *json_of(struct text t)
{
    return json_stringn(t.at ? t.at : "", t.size);
}

static void add_json(const struct runner *r, const struct policy_case *test,
                     const struct case_result *result, const char *broken)
{
    if (!r->run->cases)
        return;
    char expected[EXPECTATIONS_TEXT];
    expectation_text(test->expect, expected);
    json_t *problems = json_array();
    struct text rest = result->problems, line;
    while (text_next_field(&rest, '\n', &line))
        if (line.size)
            json_array_append_new(problems, json_of(text_trim(line)));
    if (broken)
        json_array_append_new(problems, json_string(broken));
    json_t *object = json_pack(
        "{s:o,s:i,s:s,s:s,s:o,s:o}", "name", json_of(test->name), "line", (int)test->line, "result",
        broken                  ? "broken"
        : result->problems.size ? "failed"
                                : "passed",
        "expected", expected, "got", broken ? json_null() : json_string(result->got), "problems",
        problems);
    if (object && !broken) {
        json_object_set_new(object, "exit", json_integer(result->exit_code));
        json_object_set_new(object, "pusher", json_of(result->pusher));
        json_object_set_new(object, "trace", json_of(result->trace));
    }
    json_array_append_new(r->run->cases, object);
}

static void run_case(struct runner *r, const struct policy_case *test,
                     struct policy_run_counts *counts)
{
    struct error err = {STATUS_OK, ""};
    struct case_result result = {.problems = TEXT_NONE};
    struct arena arena;
    arena_init(&arena, CASE_MEMORY);
    result.arena = &arena;
    if (judge_case(r, test, &arena, &result, &err) != STATUS_OK) {
        counts->broken++;
        result.problems = TEXT_NONE;
        command_trouble(r->run->args, "%s:%u: %s", r->name, test->line, err.text);
        add_json(r, test, &result, err.text);
    } else {
        *(result.problems.size ? &counts->failed : &counts->passed) += 1;
        print_case(r, test, &result);
        add_json(r, test, &result, NULL);
    }
    arena_free(&arena);
}

/* ---------------------------------------------------------------- the file */

static bool print_problems(const struct runner *r, const struct config_problems *problems)
{
    if (problems->out_of_memory) {
        command_trouble(r->run->args, "out of memory");
        return true;
    }
    if (!problems->count)
        return false;
    struct config_errors errors;
    config_errors_init(&errors);
    config_problems_print(problems, text_of(r->name), &errors);
    fputs(errors.lines.data ? errors.lines.data : "out of memory\n", stderr);
    config_errors_free(&errors);
    command_trouble(r->run->args, "%s has %zu error%s", r->name, problems->count,
                    problems->count == 1 ? "" : "s");
    return true;
}

static bool read_cases(struct runner *r)
{
    struct error err = {STATUS_OK, ""};
    struct buffer bytes;
    buffer_init(&bytes, CONFIG_SIZE_MAX + 1);
    enum status status = config_read_file(r->run->tests, &bytes, &err);
    struct text kept = status == STATUS_OK ? arena_text(&r->arena, buffer_view(&bytes)) : TEXT_NONE;
    buffer_free(&bytes);
    if (text_absent(kept)) {
        command_trouble(r->run->args, "%s", status == STATUS_OK ? "out of memory" : err.text);
        return false;
    }
    struct config_problems *problems = arena_alloc(&r->arena, 1, sizeof *problems);
    if (!problems) {
        command_trouble(r->run->args, "out of memory");
        return false;
    }
    config_problems_init(problems, &r->arena);
    policy_cases_read(kept, &r->arena, problems, &r->cases);
    if (!problems->out_of_memory && r->cases.described)
        status = test_instance_open(&r->cases.sheet, &r->arena, problems, &r->snapshot, &err);
    if (print_problems(r, problems))
        return false;
    if (status != STATUS_OK)
        command_trouble(r->run->args, "%s: %s", r->name, err.text);
    return status == STATUS_OK;
}

static bool open_snapshot(struct runner *r)
{
    struct error err = {STATUS_OK, ""};
    if (r->cases.described) {
        if (r->run->snapshot)
            command_trouble(r->run->args,
                            "%s describes an instance of its own: --snapshot is one too many",
                            r->name);
        return !r->run->snapshot;
    }
    const struct view view = snapshot_configured(r->run->policy, r->run->snapshot, SNAPSHOT_READ,
                                                 &r->arena, &r->snapshot, &err);
    if (view.problem)
        command_trouble(r->run->args, "%s describes no instance, and %s", r->name, err.text);
    return !view.problem;
}

enum command_exit policy_run(const struct policy_run *run, struct policy_run_counts *counts)
{
    struct runner *r = calloc(1, sizeof *r);
    *counts = (struct policy_run_counts){.passed = 0};
    if (!r)
        return command_trouble(run->args, "out of memory");
    r->run = run;
    r->name = strcmp(run->tests, "-") ? config_base_name(run->tests) : "standard input";
    arena_init(&r->arena, FILE_MEMORY);
    (void)uname(&r->node);
    bool usable = read_cases(r) && open_snapshot(r);
    for (size_t i = 0; usable && i < r->cases.count; i++)
        run_case(r, &r->cases.items[i], counts);
    snapshot_close(r->snapshot);
    arena_free(&r->arena);
    free(r);
    return !usable || counts->broken ? EXIT_TROUBLE : counts->failed ? EXIT_NO : EXIT_YES;
}

void policy_run_print_counts(const struct policy_run_counts *counts, FILE *out)
{
    fprintf(out, "%zu passed, %zu failed", counts->passed, counts->failed);
    if (counts->broken)
        fprintf(out, ", %zu cannot be judged", counts->broken);
}
