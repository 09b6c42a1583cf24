/*
 * refgate policy apply - a new configuration into use, after everything that can be known about it
 * was looked at: a wrong one rejects every push (semantics.md 8).
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/apply_danger.h"
#include "command/apply_steps.h"
#include "command/config_swap.h"
#include "command/inspection.h"
#include "command/policy.h"
#include "command/policy_run.h"
#include "command/replay.h"
#include "snapshot/configured.h"

#define MEMORY ((size_t)1024 * 1024 * 1024)
#define SINCE_DEFAULT (7 * CLOCK_DAY)
#define CHANGES_SHOWN 10
#define DIGITS_SHOWN 12

struct apply {
    const struct arguments *args;
    bool json, dry_run, force, yes;
    int64_t now_ms, since_ms;
    bool limited; /* --max-newly-rejected: */
    uint64_t limit;
    char path[PATH_MAX]; /* what --config or the default names */
    struct arena arena;
    struct config_swap swap;
    struct inspection fresh;  /* the new one */
    struct instance instance; /* the policy in use, and the new one's snapshot */
    struct audit_files files;
    struct arguments log_args; /* as of a command without operands */
    struct replay_result replay;
    bool replayed;
    struct apply_steps steps;
    json_t *tests; /* results, for JSON */
};

/* ---------------------------------------------------------------- options */

static bool read_options(struct apply *a)
{
    const char *since = argument(a->args, "since"), *most = argument(a->args, "max-newly-rejected");
    int64_t ago = SINCE_DEFAULT;
    struct error err = {STATUS_OK, ""};
    if (!argument_json(a->args, &a->json))
        return false;
    a->dry_run = argument_flag(a->args, "dry-run");
    a->force = argument_flag(a->args, "force");
    a->yes = argument_flag(a->args, "yes");
    a->limited = most != NULL;
    if (since && !clock_parse_duration(text_of(since), &ago)) {
        command_trouble(a->args, "--since wants an age such as 7d, not %s", since);
        return false;
    }
    if (most && !text_parse_u64(text_of(most), UINT64_MAX, false, &a->limit)) {
        command_trouble(a->args, "--max-newly-rejected wants a number, not %s", most);
        return false;
    }
    if (config_locate(argument(a->args, "config"), a->path, sizeof a->path, &err)) {
        command_trouble(a->args, "%s", err.text);
        return false;
    }
    a->now_ms = clock_now_ms();
    a->since_ms = a->now_ms - ago;
    return true;
}

/* ---------------------------------------------------------------- target */

/* People compare the first digits, and have 80 columns. */
static int digits(const struct apply *a)
{
    return a->json ? DIGEST_HEX_SIZE : DIGITS_SHOWN;
}

static enum command_exit open_target(struct apply *a)
{
    struct error err = {STATUS_OK, ""};
    if (config_swap_open(a->path, !a->dry_run, &a->arena, &a->swap, &err) != STATUS_OK)
        return command_trouble(a->args, "%s", err.text);
    if (a->swap.good)
        apply_say(&a->steps, APPLY_OK, "target", "%s: in use, SHA-256 %.*s", a->swap.target,
                  digits(a), a->swap.policy.digest.hex);
    else if (a->swap.exists)
        apply_say(&a->steps, APPLY_NOTE, "target",
                  "%s: hooks cannot load it, so every push is rejected: %s", a->swap.target,
                  a->swap.problem);
    else
        apply_say(&a->steps, APPLY_NOTE, "target", "%s: there is none yet", a->swap.target);
    struct text reason;
    if (config_disabled(a->path, &a->arena, &reason, &err) == ANSWER_YES)
        apply_say(&a->steps, APPLY_NOTE, "target",
                  "refgate is disabled (%.*s): every push is accepted until 'refgate enable'",
                  TEXT_ARG(reason));
    return EXIT_YES;
}

/* People edit the file in its place. Then it is too late to try it first. */
static enum command_exit refuse_in_place(const struct apply *a, const char *file)
{
    struct stat st;
    if (!a->swap.exists || stat(file, &st) || st.st_dev != a->swap.st.st_dev ||
        st.st_ino != a->swap.st.st_ino)
        return EXIT_YES;
    return command_trouble(a->args,
                           "%s is the configuration in use: copy it, edit the copy, and apply "
                           "that (to check the one in use: refgate policy lint)",
                           file);
}

/* ---------------------------------------------------------------- lint */

static void print_lines(struct apply *a, const char *step, const struct buffer *lines)
{
    struct text rest = buffer_view(lines), line;
    while (text_next_field(&rest, '\n', &line))
        if (line.size && a->json)
            apply_say(&a->steps, APPLY_NOTE, step, "%.*s", TEXT_ARG(line));
        else if (line.size)
            printf("         %.*s\n", TEXT_ARG(line)); /* escaped where they were made */
}

static enum command_exit lint(struct apply *a)
{
    struct inspection *in = &a->fresh;
    const struct view *view = &a->instance.view;
    enum command_exit result = inspection_lint(a->args, in, view->problem ? NULL : view);
    if (result != EXIT_YES)
        return result;
    bool stop = in->warnings.count && argument_flag(a->args, "strict");
    apply_say(&a->steps,
              stop                 ? APPLY_STOP
              : in->warnings.count ? APPLY_NOTE
                                   : APPLY_OK,
              "lint", "%s: 0 errors, %zu warning%s%s", in->name, in->warnings.count,
              in->warnings.count == 1 ? "" : "s", stop ? ", and --strict" : "");
    print_lines(a, "lint", &in->warnings.lines);
    return stop ? EXIT_NO : EXIT_YES;
}

static enum command_exit read_file(struct apply *a)
{
    const char *file = a->args->operands[0];
    enum command_exit result = refuse_in_place(a, file);
    if (result == EXIT_YES)
        result = inspection_read(a->args, file, &a->fresh);
    if (result == EXIT_NO) {
        apply_say(&a->steps, APPLY_STOP, "lint", "%s: %zu error%s", a->fresh.name,
                  a->fresh.errors.count, a->fresh.errors.count == 1 ? "" : "s");
        print_lines(a, "lint", &a->fresh.errors.lines);
    }
    if (result != EXIT_YES)
        return result;
    struct error err = {STATUS_OK, ""};
    a->instance.view = snapshot_configured(&a->fresh.policy, NULL, SNAPSHOT_MAPPED, &a->arena,
                                           &a->instance.snapshot, &err);
    result = lint(a);
    if (a->instance.view.problem)
        apply_say(&a->steps, APPLY_NOTE, "snapshot", "cannot be used: %s", err.text);
    else
        apply_say(&a->steps, APPLY_OK, "snapshot", "%s", a->fresh.policy.snapshot_file.at);
    return result;
}

/* ---------------------------------------------------------------- the policy's own tests */

/* --tests, else the ones beside FILE, else the ones beside the configuration in use. */
static const char *find_tests(const struct apply *a, char path[PATH_MAX])
{
    const char *given = argument(a->args, "tests");
    const char *const beside[] = {a->args->operands[0], a->swap.target};
    if (given)
        return given;
    for (size_t i = 0; i < 2; i++)
        if (policy_tests_of(beside[i], path, PATH_MAX) && access(path, F_OK) == 0)
            return path;
    return NULL;
}

static enum command_exit run_tests(struct apply *a)
{
    char path[PATH_MAX];
    struct policy_run_counts counts;
    const struct policy_run run = {.args = a->args,
                                   .tests = find_tests(a, path),
                                   .policy = &a->fresh.policy,
                                   .out = a->json ? NULL : stdout,
                                   .cases = a->tests};
    if (!run.tests) {
        apply_say(&a->steps, APPLY_SKIPPED, "tests",
                  "there are none: a file of expected verdicts beside the configuration would be "
                  "run here, see refgate-policy-test(5)");
        return EXIT_YES;
    }
    enum command_exit result = policy_run(&run, &counts);
    apply_say(&a->steps, result == EXIT_YES ? APPLY_OK : APPLY_STOP, "tests",
              "%s: %zu passed, %zu failed%s", run.tests, counts.passed, counts.failed,
              result == EXIT_TROUBLE ? ", and it has errors" : "");
    return result;
}

/* ---------------------------------------------------------------- what it would reject */

/* What only --force goes on after. Where every push is rejected already, nothing can get worse. */
static enum command_exit objection(struct apply *a, const char *step, const char *sentence)
{
    if (!a->swap.good)
        apply_say(&a->steps, APPLY_NOTE, step, "%s (hooks reject every push already)", sentence);
    else if (a->force)
        apply_say(&a->steps, APPLY_FORCED, step, "%s", sentence);
    else
        apply_say(&a->steps, APPLY_STOP, step, "%s", sentence);
    return a->swap.good && !a->force ? EXIT_NO : EXIT_YES;
}

static enum command_exit check_dangers(struct apply *a)
{
    struct buffer lines;
    enum command_exit result = EXIT_YES;
    buffer_init(&lines, SIZE_MAX);
    if (!apply_dangers(&a->fresh.policy, &a->instance.view, a->now_ms, &lines)) {
        apply_say(&a->steps, APPLY_OK, "danger", "nothing in it rejects every push");
    } else {
        struct text rest = buffer_view(&lines), line;
        while (text_next_field(&rest, '\n', &line)) {
            char *sentence = line.size
                                 ? arena_printf(&a->arena, "every push would be rejected: %.*s",
                                                TEXT_ARG(line))
                                 : NULL;
            if (sentence && objection(a, "danger", sentence) != EXIT_YES)
                result = EXIT_NO;
        }
    }
    buffer_free(&lines);
    return result;
}

/* NULL: there is something to replay. */
static const char *nothing_to_replay(const struct apply *a)
{
    if (!a->swap.good)
        return "no configuration is in use that the new one could be compared with";
    if (a->instance.view.problem)
        return "there is no snapshot to judge by";
    if (!a->swap.policy.audit_file.size)
        return "the configuration in use keeps no audit log";
    if (access(a->swap.policy.audit_file.at, F_OK) && (errno == ENOENT || errno == ENOTDIR))
        return "there is no audit log yet";
    return NULL;
}

static enum command_exit judge_replay(struct apply *a)
{
    const struct replay_result *r = &a->replay;
    char *sentence = arena_printf(&a->arena,
                                  "of %" PRIu64 " decision%s %" PRIu64
                                  " would newly be rejected, %" PRIu64 " newly accepted, %" PRIu64
                                  " judged otherwise to the same effect; %" PRIu64
                                  " cannot be told",
                                  r->decisions, r->decisions == 1 ? "" : "s", r->newly_rejected,
                                  r->newly_accepted, r->otherwise, r->open);
    bool over = a->limited ? r->newly_rejected > a->limit : r->newly_rejected > r->decisions / 2;
    if (!sentence)
        return command_trouble(a->args, "out of memory");
    if (!over || !r->newly_rejected) {
        apply_say(&a->steps, APPLY_OK, "replay", "%s", sentence);
        return EXIT_YES;
    }
    sentence = a->limited
                   ? arena_printf(&a->arena, "%s: more than --max-newly-rejected %" PRIu64,
                                  sentence, a->limit)
                   : arena_printf(&a->arena,
                                  "%s: more than half (--max-newly-rejected %" PRIu64 " allows it)",
                                  sentence, r->newly_rejected);
    return sentence ? objection(a, "replay", sentence) : command_trouble(a->args, "out of memory");
}

static enum command_exit replay(struct apply *a)
{
    const char *why = nothing_to_replay(a);
    if (why) {
        apply_say(&a->steps, APPLY_SKIPPED, "replay", "%s", why);
        return EXIT_YES;
    }
    a->log_args = *a->args;
    a->log_args.operand_count = 0;
    a->instance.policy = a->swap.policy;
    const struct replay_request request = {.args = a->args,
                                           .instance = &a->instance,
                                           .policy = &a->fresh.policy,
                                           .files = &a->files,
                                           .since_ms = a->since_ms};
    a->replayed = true;
    if (!audit_files(&a->log_args, &a->files) || !replay_run(&request, &a->replay)) {
        enum command_exit result = objection(a, "replay", "the audit log could not be replayed");
        return result == EXIT_NO ? EXIT_TROUBLE : result;
    }
    if (!a->json && a->replay.same != a->replay.decisions) {
        printf("\n");
        replay_print(&a->replay, CHANGES_SHOWN, stdout);
        printf("\n");
    }
    return judge_replay(a); /* below the list, where it is read */
}

/* ---------------------------------------------------------------- asking */

/* EXIT_NO: it is not to be done, which was said. */
static enum command_exit ask(struct apply *a, const char *what, const char *name)
{
    char answer[16] = "";
    const char *step = argument_flag(a->args, "undo") ? "undo" : "apply";
    if (a->dry_run) {
        apply_say(&a->steps, APPLY_NOTE, step, "--dry-run: nothing is changed");
        return EXIT_NO;
    }
    if (a->yes)
        return EXIT_YES;
    if (a->json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        apply_say(&a->steps, APPLY_STOP, step,
                  "there is nobody to ask; --yes does it without asking");
        return EXIT_NO;
    }
    printf("\n%s judges every push from now on%s.\n%s %s? [y/N] ", name,
           a->swap.good ? ", and what is in use is kept" : "", what, a->swap.target);
    fflush(stdout);
    bool yes = fgets(answer, sizeof answer, stdin) &&
               (!strcmp(answer, "y\n") || !strcmp(answer, "yes\n"));
    if (!yes)
        apply_say(&a->steps, APPLY_STOP, step, "nobody said yes");
    return yes ? EXIT_YES : EXIT_NO;
}

/* --dry-run answers whether it could be done. */
static enum command_exit not_done(const struct apply *a)
{
    return a->dry_run && !a->steps.stopped ? EXIT_YES : EXIT_NO;
}

static void say_undo(struct apply *a)
{
    const char *config = argument(a->args, "config");
    if (a->swap.good)
        apply_say(&a->steps, APPLY_NOTE, "undo", "refgate policy apply --undo%s%s",
                  config ? " --config " : "", config ? config : "");
}

/* ---------------------------------------------------------------- apply */

static enum command_exit swap(struct apply *a)
{
    struct error err = {STATUS_OK, ""};
    if (a->swap.exists && text_equal(a->swap.bytes, a->fresh.bytes)) {
        apply_say(&a->steps, APPLY_OK, "apply", "%s is in use already", a->fresh.name);
        return EXIT_YES;
    }
    if (ask(a, "Put it into use as", "The new configuration") != EXIT_YES)
        return not_done(a);
    if (config_swap_install(&a->swap, a->fresh.bytes, &a->arena, &err) != STATUS_OK) {
        apply_say(&a->steps, APPLY_STOP, "apply", "%s", err.text);
        return EXIT_TROUBLE;
    }
    apply_say(&a->steps, APPLY_DONE, "apply", "%s is in use as %s, SHA-256 %.*s", a->fresh.name,
              a->swap.target, digits(a), a->fresh.policy.digest.hex);
    if (a->swap.good)
        apply_say(&a->steps, APPLY_DONE, "apply", "what was in use is kept as %s",
                  a->swap.last_good);
    say_undo(a);
    return EXIT_YES;
}

static enum command_exit apply(struct apply *a)
{
    static enum command_exit (*const steps[])(struct apply *) = {read_file, run_tests,
                                                                 check_dangers, replay, swap};
    enum command_exit result = open_target(a);
    for (size_t i = 0; result == EXIT_YES && i < sizeof steps / sizeof steps[0]; i++)
        result = steps[i](a);
    return result;
}

/* ---------------------------------------------------------------- undo */

static enum command_exit undo(struct apply *a)
{
    struct error err = {STATUS_OK, ""};
    struct text bytes;
    struct policy policy;
    enum command_exit result = open_target(a);
    if (result != EXIT_YES)
        return result;
    enum status status = config_swap_last_good(&a->swap, &a->arena, &bytes, &policy, &err);
    if (status == STATUS_NOT_FOUND)
        return command_trouble(a->args, "there is no last good one: %s", a->swap.last_good);
    if (status != STATUS_OK)
        return command_trouble(a->args, "the last good one cannot be used: %s", err.text);
    if (a->swap.exists && text_equal(a->swap.bytes, bytes)) {
        apply_say(&a->steps, APPLY_OK, "undo", "the last good one is in use already");
        return EXIT_YES;
    }
    apply_say(&a->steps, APPLY_OK, "undo", "%s, SHA-256 %.*s", a->swap.last_good, digits(a),
              policy.digest.hex);
    if (ask(a, "Put the last good one back as", "The last good one") != EXIT_YES)
        return not_done(a);
    if (config_swap_undo(&a->swap, bytes, &a->arena, &err) != STATUS_OK) {
        apply_say(&a->steps, APPLY_STOP, "undo", "%s", err.text);
        return EXIT_TROUBLE;
    }
    apply_say(&a->steps, APPLY_DONE, "undo", "the last good one is in use as %s", a->swap.target);
    if (a->swap.good)
        apply_say(&a->steps, APPLY_DONE, "undo",
                  "what was in use is kept as %s: the same again takes this back",
                  a->swap.last_good);
    return EXIT_YES;
}

/* ---------------------------------------------------------------- the command */

static enum command_exit print_json(struct apply *a)
{
    json_t *result = a->replayed ? replay_json(&a->replay) : json_null();
    return policy_print_json(a->args,
                             json_pack("{s:s,s:b,s:O,s:O,s:o}", "target", a->swap.target, "changed",
                                       a->steps.changed, "steps", a->steps.list, "tests", a->tests,
                                       "replay", result ? result : json_null()));
}

static const char *usage_problem(const struct arguments *args)
{
    static const char *const not_of_undo[] = {"tests", "max-newly-rejected", "since", "force",
                                              "strict"};
    if (!argument_flag(args, "undo"))
        return args->operand_count ? NULL : "FILE is missing: the new configuration";
    if (args->operand_count)
        return "--undo takes no FILE: it puts the last good one back";
    for (size_t i = 0; i < sizeof not_of_undo / sizeof not_of_undo[0]; i++)
        if (argument(args, not_of_undo[i]))
            return "--undo looks only at whether the last good one can be loaded: no --tests, "
                   "--since, --max-newly-rejected, --strict and --force";
    return NULL;
}

static enum command_exit run(const struct arguments *args)
{
    const char *problem = usage_problem(args);
    if (problem)
        return command_trouble(args, "%s", problem);
    struct apply *a = calloc(1, sizeof *a);
    if (!a)
        return command_trouble(args, "out of memory");
    a->args = a->steps.args = args;
    a->swap.lock = -1;
    arena_init(&a->arena, MEMORY);
    enum command_exit result = EXIT_TROUBLE;
    if (read_options(a)) {
        a->steps.list = a->json ? json_array() : NULL;
        a->tests = a->json ? json_array() : NULL;
        result = argument_flag(args, "undo") ? undo(a) : apply(a);
        if (a->steps.stopped && !a->steps.changed && !a->json)
            printf("%s: nothing was changed\n", a->swap.target);
        if (a->json && print_json(a) != EXIT_YES)
            result = EXIT_TROUBLE;
    }
    json_decref(a->steps.list);
    json_decref(a->tests);
    replay_free(&a->replay);
    audit_files_free(&a->files);
    instance_close(&a->instance);
    inspection_free(&a->fresh);
    config_swap_close(&a->swap);
    arena_free(&a->arena);
    free(a);
    return result;
}

static const struct option_spec options[] = {
    {"yes", NULL, "do not ask", false},
    {"dry-run", NULL, "look at everything, change nothing", false},
    {"undo", NULL, "put the last good configuration back", false},
    {"tests", "FILE", "its tests (default: NAME.tests, or those in use)", false},
    {"since", "AGE", "replay the decisions of this time (default: 7d)", false},
    {"max-newly-rejected", "N", "stop if more would newly be rejected (default: half)", false},
    {"strict", NULL, "stop at warnings, too", false},
    {"force", NULL, "go on although pushes would newly be rejected", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

const struct command command_policy_apply = {
    .name = "apply",
    .summary = "put a new configuration into use, after it was tried",
    .operands = "FILE | --undo",
    .details = "FILE is checked, its own tests are run, and what it would have said of the last\n"
               "week's pushes is shown; then it replaces what is in use, which is kept. Exit\n"
               "codes: 0 it is in use (with --dry-run: could be), 1 it is not: something spoke\n"
               "against it, or nobody said yes, 2 trouble.\n\n"
               "  cp /etc/refgate/refgate.conf new.conf; edit new.conf\n"
               "  refgate policy apply new.conf",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_max = 1,
    .run = run,
};
