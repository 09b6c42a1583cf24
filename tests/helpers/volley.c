/*
 * volley - starts one program many times, as many at once as it is told, and measures each run.
 *
 * usage: volley PROGRAM [ARGUMENT…]
 *
 * stdin: one run a line, tabs between:
 *
 *     ID STDIN STDERR KILL_US [+ARGUMENT | NAME=VALUE]…
 *
 * STDIN and STDERR are files, "-" is /dev/null; KILL_US: SIGKILL after that time, "-" never. The
 * environment is volley's own with those variables, the working directory is volley's own.
 *
 * stdout: a line for each run that has ended: ID, exit code (or minus the signal), peak memory KiB,
 * cpu us, when it began (CLOCK_MONOTONIC, us), wall clock us. At the end of stdin it waits for the runs
 * that are under way.
 *
 * It is small and starts its children with posix_spawn(): a child's peak memory counts what it shared
 * before exec (getrusage(2)).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 4096, ITEMS_MAX = 64, INPUT_SIZE = 1 << 20, NAME_SIZE = 64 };

struct run {
    char id[NAME_SIZE];
    pid_t pid;                     /* 0: a free place */
    long long started_us, kill_us; /* kill_us: when; 0 never */
};

static struct run runs[RUNS_MAX];
static size_t run_count, used; /* places in use lie below `used` */
static char **arguments;
static size_t argument_count, environment_count;
static char input[INPUT_SIZE];
static size_t held;
extern char **environ;

static void die(const char *what)
{
    fprintf(stderr, "volley: %s: %s\n", what, strerror(errno));
    exit(2);
}

static long long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct run *free_place(void)
{
    size_t i = 0;
    while (i < used && runs[i].pid)
        i++;
    if (i == RUNS_MAX) {
        errno = EAGAIN;
        die("too many at once");
    }
    used = i == used ? used + 1 : used;
    return &runs[i];
}

static void open_files(posix_spawn_file_actions_t *files, const char *from, const char *to)
{
    const char *none = "/dev/null";
    if (posix_spawn_file_actions_init(files) ||
        posix_spawn_file_actions_addopen(files, 0, strcmp(from, "-") ? from : none, O_RDONLY, 0) ||
        posix_spawn_file_actions_addopen(files, 1, none, O_WRONLY, 0) ||
        posix_spawn_file_actions_addopen(files, 2, strcmp(to, "-") ? to : none,
                                         O_WRONLY | O_CREAT | O_TRUNC, 0600))
        die("no memory");
}

/* Does one of the first `count` of the list set the same variable? (Of two, programs do not agree on
 * which counts.) */
static int is_set(char *const *list, size_t count, const char *variable)
{
    size_t name = strcspn(variable, "=") + 1;
    for (size_t i = 0; i < count; i++)
        if (!strncmp(list[i], variable, name))
            return 1;
    return 0;
}

static void start(char *line)
{
    char *field[4] = {NULL}, *item;
    char *argv[2 * ITEMS_MAX + 1], *env[ITEMS_MAX + 256];
    size_t args = argument_count, vars = 0;
    memcpy(argv, arguments, argument_count * sizeof *argv);
    for (size_t i = 0; i < 4; i++)
        if (!(field[i] = strsep(&line, "\t")))
            die("a field is missing");
    while ((item = strsep(&line, "\t"))) {
        if (args == (size_t)2 * ITEMS_MAX || vars == ITEMS_MAX)
            die("too many items");
        if (*item == '+')
            argv[args++] = item + 1;
        else
            env[vars++] = item;
    }
    argv[args] = NULL;
    size_t own = vars;
    for (size_t i = 0; i < environment_count; i++)
        if (!is_set(env, own, environ[i]))
            env[vars++] = environ[i];
    env[vars] = NULL;

    struct run *run = free_place();
    snprintf(run->id, sizeof run->id, "%s", field[0]);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    open_files(&files, field[1], field[2]);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    run->started_us = now_us();
    errno = posix_spawn(&run->pid, argv[0], &files, &attributes, argv, env);
    if (errno)
        die(argv[0]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    run->kill_us = strcmp(field[3], "-") ? run->started_us + strtoll(field[3], NULL, 10) : 0;
    run_count++;
}

static long long microseconds(struct timeval t)
{
    return (long long)t.tv_sec * 1000000 + t.tv_usec;
}

static void finish(pid_t pid, int status, const struct rusage *usage)
{
    for (size_t i = 0; i < used; i++) {
        struct run *run = &runs[i];
        if (run->pid != pid)
            continue;
        printf("%s\t%d\t%ld\t%lld\t%lld\t%lld\n", run->id,
               WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), usage->ru_maxrss,
               microseconds(usage->ru_utime) + microseconds(usage->ru_stime), run->started_us,
               now_us() - run->started_us);
        run->pid = 0;
        run_count--;
    }
}

static void reap(int signals)
{
    struct signalfd_siginfo info;
    struct rusage usage;
    int status;
    pid_t pid;
    while (read(signals, &info, sizeof info) > 0)
        continue;
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
        finish(pid, status, &usage);
    if (fflush(stdout))
        die("stdout");
}

/* Kills what is due; gives how long to wait for the next, in ms, -1: there is none. */
static int kill_due(void)
{
    long long now = now_us(), next = 0;
    for (size_t i = 0; i < used; i++) {
        struct run *run = &runs[i];
        if (!run->pid || !run->kill_us)
            continue;
        if (run->kill_us <= now) {
            kill(run->pid, SIGKILL);
            run->kill_us = 0;
        } else if (!next || run->kill_us < next) {
            next = run->kill_us;
        }
    }
    return next ? (int)((next - now) / 1000) : -1;
}

/* false: stdin has ended. */
static int take_lines(void)
{
    ssize_t got = read(STDIN_FILENO, input + held, sizeof input - held);
    if (got < 0 && errno != EINTR)
        die("stdin");
    if (got <= 0)
        return got < 0;
    held += (size_t)got;
    char *at = input, *newline;
    while ((newline = memchr(at, '\n', held - (size_t)(at - input)))) {
        *newline = '\0';
        start(at);
        at = newline + 1;
    }
    held -= (size_t)(at - input);
    memmove(input, at, held);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > ITEMS_MAX) {
        fprintf(stderr, "usage: volley PROGRAM [ARGUMENT...] <RUNS\n");
        return 2;
    }
    arguments = argv + 1;
    argument_count = (size_t)argc - 1;
    while (environ[environment_count])
        environment_count++;
    if (environment_count >= 256)
        die("the environment is too large");
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        die("signalfd");
    struct pollfd wait[2] = {{.fd = signals, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    while (wait[1].fd >= 0 || run_count) {
        int timeout = kill_due();
        if (poll(wait, 2, timeout) < 0 && errno != EINTR)
            die("poll");
        if (wait[1].revents && !take_lines())
            wait[1].fd = -1;
        reap(signals);
    }
    return 0;
}
