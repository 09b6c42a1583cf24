/*
 * refgate policy test - a table of pushes and what the policy is expected to say of each.
 */
#include <jansson.h>
#include <limits.h>
#include <unistd.h>

#include "command/inspection.h"
#include "command/policy.h"
#include "command/policy_run.h"

#define TESTS_SUFFIX ".tests"
#define CONFIG_SUFFIX ".conf"

static bool sibling(const char *path, const char *from, const char *to, char *out, size_t size)
{
    struct text stem = text_of(path), suffix = text_of(from);
    if (stem.size <= suffix.size || !text_equal(text_skip(stem, stem.size - suffix.size), suffix))
        return false;
    stem.size -= suffix.size;
    int written = snprintf(out, size, "%.*s%s", TEXT_ARG(stem), to);
    return written > 0 && (size_t)written < size;
}

bool policy_tests_of(const char *config, char *out, size_t size)
{
    return sibling(config, CONFIG_SUFFIX, TESTS_SUFFIX, out, size);
}

/* --config, else NAME.conf beside NAME.tests, else the configuration in use (NULL). */
static const char *tested_config(const struct arguments *args, char beside[PATH_MAX])
{
    const char *file = argument(args, "config");
    if (!file && sibling(args->operands[0], TESTS_SUFFIX, CONFIG_SUFFIX, beside, PATH_MAX) &&
        access(beside, F_OK) == 0)
        file = beside;
    return file;
}

static enum command_exit print_json(const struct arguments *args, const struct inspection *in,
                                    const struct policy_run *run,
                                    const struct policy_run_counts *counts)
{
    return policy_print_json(
        args, json_pack("{s:s,s:s,s:I,s:I,s:I,s:O}", "config", in->name, "tests", run->tests, "passed",
                        (json_int_t)counts->passed, "failed", (json_int_t)counts->failed, "broken",
                        (json_int_t)counts->broken, "cases", run->cases));
}

static enum command_exit run_tests(const struct arguments *args, const struct inspection *in,
                                   bool json)
{
    struct policy_run_counts counts;
    const struct policy_run run = {
        .args = args,
        .tests = args->operands[0],
        .policy = &in->policy,
        .snapshot = argument(args, "snapshot"),
        .verbose = argument_flag(args, "verbose"),
        .out = json ? NULL : stdout,
        .cases = json ? json_array() : NULL,
    };
    enum command_exit result = policy_run(&run, &counts);
    bool judged = counts.passed || counts.failed || counts.broken;
    if (judged && json) {
        if (print_json(args, in, &run, &counts) != EXIT_YES)
            result = EXIT_TROUBLE;
    } else if (judged) {
        printf("%s: ", in->name);
        policy_run_print_counts(&counts, stdout);
        printf("\n");
    }
    json_decref(run.cases);
    return result;
}

static enum command_exit run(const struct arguments *args)
{
    static struct inspection in;
    static char beside[PATH_MAX];
    bool json;
    if (!argument_json(args, &json))
        return EXIT_TROUBLE;
    enum command_exit result = inspection_read(args, tested_config(args, beside), &in);
    if (result == EXIT_NO) {
        fputs(in.errors.lines.data ? in.errors.lines.data : "", stderr);
        result = command_trouble(args, "%s has errors, so there is nothing to test", in.name);
    } else if (result == EXIT_YES) {
        result = run_tests(args, &in, json);
    }
    inspection_free(&in);
    return result;
}

static const struct option_spec options[] = {
    {"config", "FILE", "what is tested (default: NAME.conf, or the one in use)", false},
    {"snapshot", "FILE", "judge by this snapshot, if FILE describes no instance", false},
    {"verbose", NULL, "list the pushes that passed, too", false},
    OPTION_FORMAT,
};

const struct command command_policy_test = {
    .name = "test",
    .summary = "judge a table of pushes, and compare with what is expected",
    .operands = "FILE",
    .details = "FILE (- is standard input) has a section for each push:\n\n"
               "  [push \"a deploy key does not push to main\"]\n"
               "  repo = PRJ/app\n"
               "  user = 3adc96b3b93443e4\n"
               "  display-name = Access Key User - ci-deploy\n"
               "  changes = update refs/heads/main\n"
               "  expect = reject\n"
               "  rule = keys-stay-off-main\n\n"
               "and may describe the instance that they are judged by, see\n"
               "refgate-policy-test(5). Exit codes: 0 all as expected, 1 some are not, 2 FILE\n"
               "or the configuration has errors.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
