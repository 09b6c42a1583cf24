/*
 * timeit - what whole processes cost, measured side by side.
 *
 * usage: timeit RUNS CASES              medians over RUNS runs of each case, A B C A B C …
 *        timeit --most MS RUNS CASES    a case that took MS in all is not run again (but three times)
 *        timeit --burst N CASES         N processes of each case started at once
 *
 * CASES is a file of blocks with an empty line between them:
 *
 *     case NAME
 *     exit CODE                  the expected exit code (default 0); any other ends the run
 *     cd DIRECTORY
 *     stdin FILE                 default /dev/null
 *     env NAME=VALUE             the environment is these and nothing else
 *     arg PROGRAM-OR-ARGUMENT    in order; the program by its path
 *
 * Output, tabs between: name, wall clock ms (median, least), cpu ms (median), peak memory KiB
 * (largest), page faults (median). With --burst: name, processes, wall clock ms of all, cpu ms of
 * one, peak memory KiB.
 *
 * Cases are interleaved so that a slower minute of the machine is everybody's. The program is small
 * and starts its children with posix_spawn(): a child's peak memory counts what it shared before
 * exec (getrusage(2)), and a fork of a large process would be part of the time.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CASES_MAX = 64, STRINGS_MAX = 128, RUNS_MAX = 10000, LINE_SIZE = 4096 };

struct sample {
    double wall_ms, cpu_ms;
    double faults; /* of memory: page cache and disk */
    long peak_kib;
};
struct test_case {
    char *name, *directory, *input;
    char *env[STRINGS_MAX], *arg[STRINGS_MAX];
    size_t env_count, arg_count;
    int exit_code;
    struct sample *samples;
    size_t run_count;
    double total_ms;
};

static struct test_case cases[CASES_MAX];
static size_t case_count;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "timeit: %s: %s\n", name, what);
    exit(2);
}

static char *copy(const char *s)
{
    char *c = strdup(s);
    if (!c)
        die("out of memory", s);
    return c;
}

static void add(char **list, size_t *count, const char *s)
{
    if (*count + 2 > STRINGS_MAX)
        die("too many", s);
    list[(*count)++] = copy(s);
}

static void read_line(char *line)
{
    char *value = strchr(line, ' ');
    if (!value)
        die("no value", line);
    *value++ = '\0';
    if (!strcmp(line, "case")) {
        if (case_count == CASES_MAX)
            die("too many cases", value);
        cases[case_count++].name = copy(value);
        return;
    }
    if (!case_count)
        die("no case before it", line);
    struct test_case *c = &cases[case_count - 1];
    if (!strcmp(line, "exit"))
        c->exit_code = (int)strtol(value, NULL, 10);
    else if (!strcmp(line, "cd"))
        c->directory = copy(value);
    else if (!strcmp(line, "stdin"))
        c->input = copy(value);
    else if (!strcmp(line, "env"))
        add(c->env, &c->env_count, value);
    else if (!strcmp(line, "arg"))
        add(c->arg, &c->arg_count, value);
    else
        die("unknown word", line);
}

static void read_cases(const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        die(strerror(errno), path);
    char line[LINE_SIZE];
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (*line)
            read_line(line);
    }
    fclose(f);
    for (size_t i = 0; i < case_count; i++)
        if (!cases[i].arg_count)
            die("no program", cases[i].name);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static pid_t start(const struct test_case *c)
{
    posix_spawn_file_actions_t files;
    if (posix_spawn_file_actions_init(&files))
        die("out of memory", c->name);
    posix_spawn_file_actions_addopen(&files, 0, c->input ? c->input : "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    if (c->directory)
        posix_spawn_file_actions_addchdir_np(&files, c->directory);
    pid_t pid;
    int failed = posix_spawn(&pid, c->arg[0], &files, NULL, c->arg, c->env);
    posix_spawn_file_actions_destroy(&files);
    if (failed)
        die(strerror(failed), c->name);
    return pid;
}

static struct sample finish(const struct test_case *c, pid_t pid)
{
    int status;
    struct rusage usage;
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            die(strerror(errno), c->name);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != c->exit_code) {
        fprintf(stderr, "timeit: %s: %s %d, not exit code %d\n", c->name,
                WIFEXITED(status) ? "exit code" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), c->exit_code);
        exit(2);
    }
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
    return (struct sample){.cpu_ms = cpu,
                           .faults = (double)(usage.ru_minflt + usage.ru_majflt),
                           .peak_kib = usage.ru_maxrss};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void summary(const struct test_case *c)
{
    size_t runs = c->run_count;
    static double wall[RUNS_MAX], cpu[RUNS_MAX], faults[RUNS_MAX];
    long peak = 0;
    for (size_t i = 0; i < runs; i++) {
        wall[i] = c->samples[i].wall_ms;
        cpu[i] = c->samples[i].cpu_ms;
        faults[i] = c->samples[i].faults;
        if (c->samples[i].peak_kib > peak)
            peak = c->samples[i].peak_kib;
    }
    qsort(wall, runs, sizeof *wall, compare);
    qsort(cpu, runs, sizeof *cpu, compare);
    qsort(faults, runs, sizeof *faults, compare);
    printf("%s\t%.4f\t%.4f\t%.4f\t%ld\t%.0f\n", c->name, wall[runs / 2], wall[0], cpu[runs / 2],
           peak, faults[runs / 2]);
}

static void run(struct test_case *c, double most_ms)
{
    if (c->run_count >= 3 && c->total_ms > most_ms)
        return;
    double before = now_ms();
    pid_t pid = start(c);
    struct sample s = finish(c, pid);
    s.wall_ms = now_ms() - before;
    c->total_ms += s.wall_ms;
    c->samples[c->run_count++] = s;
}

static void interleaved(size_t runs, double most_ms)
{
    /* Once without counting: page cache, and a wrong exit code is found at once. */
    for (size_t i = 0; i < case_count; i++) {
        finish(&cases[i], start(&cases[i]));
        cases[i].samples = calloc(runs, sizeof *cases[i].samples);
        if (!cases[i].samples)
            die("out of memory", cases[i].name);
    }
    for (size_t i = 0; i < runs; i++)
        for (size_t k = 0; k < case_count; k++)
            run(&cases[k], most_ms);
    for (size_t i = 0; i < case_count; i++)
        summary(&cases[i]);
}

static void burst(const struct test_case *c, size_t count)
{
    static pid_t pids[RUNS_MAX];
    double cpu = 0, before = now_ms();
    long peak = 0;
    for (size_t i = 0; i < count; i++)
        pids[i] = start(c);
    for (size_t i = 0; i < count; i++) {
        struct sample s = finish(c, pids[i]);
        cpu += s.cpu_ms;
        if (s.peak_kib > peak)
            peak = s.peak_kib;
    }
    printf("%s\t%zu\t%.1f\t%.4f\t%ld\n", c->name, count, now_ms() - before, cpu / (double)count,
           peak);
}

static unsigned long number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || !value || value > RUNS_MAX)
        die("not a number from 1 to 10000", text);
    return value;
}

int main(int argc, char **argv)
{
    int at_once = argc == 4 && !strcmp(argv[1], "--burst");
    int bounded = argc == 5 && !strcmp(argv[1], "--most");
    if (argc != 3 && !at_once && !bounded) {
        fprintf(stderr, "usage: timeit [--most MS] RUNS CASES | timeit --burst N CASES\n");
        return 2;
    }
    unsigned long runs = number(argv[argc - 2]);
    read_cases(argv[argc - 1]);
    if (at_once)
        for (size_t i = 0; i < case_count; i++)
            burst(&cases[i], runs);
    else
        interleaved(runs, bounded ? (double)number(argv[2]) : HUGE_VAL);
    return fflush(stdout) ? 2 : 0;
}
