/*
 * refgate-hook-faults - the hook's own objects, with each call to libc and libgit2 wrapped, and a main
 * around its main: runs one push again and again, each time with another call failing.
 *
 * usage: refgate-hook-faults [--every K | --at N] [--show] SCENE [CLASS...]
 *
 *   --every K   only each K-th call of those that fail one by one
 *   --at N      only the N-th
 *   --show      each run: what failed, and what came of it
 *
 * Each run is a child of this process that never ran the hook before. One TAP-like line a class and
 * way: `ok` or `not ok`; tests/faults/hook.t counts them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "faults/fault.h"
#include "faults/outcome.h"
#include "faults/scene.h"

#define HUNG_AFTER 60 /* seconds; the hook's own watchdog ends it long before */
#define PROBLEMS_SHOWN 8

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

/* ------------------------------------------------------------------ ways to fail */

#define IN(class) (1u << (class))
#define IN_FILES                                                                          \
    (IN(FAULT_OPEN) | IN(FAULT_READ) | IN(FAULT_STAT) | IN(FAULT_MAP) | IN(FAULT_WRITE) | \
     IN(FAULT_NAME) | IN(FAULT_SYNC) | IN(FAULT_LOCK))
#define IN_ALL \
    (IN_FILES | IN(FAULT_ALLOC) | IN(FAULT_SOCKET) | IN(FAULT_RANDOM) | IN(FAULT_PROCESS))

enum { ONCE = 1, ALL = 2, OTHERS = 4 }; /* this call; from this on; this and every third one */

static const struct way {
    const char *name;
    unsigned classes;
    enum fault_way way;
    int error;
    bool transparent;
    unsigned again;
} ways[] = {
    {"ENOMEM", IN_ALL, FAULT_ERROR, ENOMEM, false, ONCE | ALL},
    {"EIO", IN_FILES | IN(FAULT_SOCKET), FAULT_ERROR, EIO, false, ONCE | ALL},
    {"EMFILE", IN(FAULT_OPEN) | IN(FAULT_LOCK) | IN(FAULT_SOCKET), FAULT_ERROR, EMFILE, false,
     ONCE | ALL},
    {"EACCES", IN(FAULT_OPEN) | IN(FAULT_STAT) | IN(FAULT_NAME), FAULT_ERROR, EACCES, false,
     ONCE | ALL},
    {"ENOSPC", IN(FAULT_WRITE) | IN(FAULT_NAME) | IN(FAULT_SYNC), FAULT_ERROR, ENOSPC, false,
     ONCE | ALL},
    {"EINTR", IN(FAULT_READ) | IN(FAULT_WRITE), FAULT_ERROR, EINTR, true, ONCE | OTHERS},
    {"less by one", IN(FAULT_READ) | IN(FAULT_WRITE) | IN(FAULT_RANDOM), FAULT_LESS_BY_ONE, 0, true,
     ONCE | ALL},
    {"one byte", IN(FAULT_READ) | IN(FAULT_WRITE) | IN(FAULT_RANDOM), FAULT_ONE_BYTE, 0, true,
     ONCE | ALL},
    {"end", IN(FAULT_READ), FAULT_END, 0, false, ONCE | ALL},
    {"no space", IN(FAULT_WRITE), FAULT_END, 0, false, ONCE | ALL},
    {"system", IN(FAULT_GIT), FAULT_GIT_OS, 0, false, ONCE | ALL},
    {"memory", IN(FAULT_GIT), FAULT_GIT_MEMORY, 0, false, ONCE | ALL},
    {"silent", IN(FAULT_GIT), FAULT_GIT_SILENT, 0, false, ONCE | ALL},
    {"forward", IN(FAULT_CLOCK), FAULT_FORWARD, 0, false, ONCE | ALL},
    {"back", IN(FAULT_CLOCK), FAULT_BACK, 0, false, ONCE | ALL},
    {"1960", IN(FAULT_CLOCK), FAULT_BEFORE_TIME, 0, false, ONCE | ALL},
};

/* ------------------------------------------------------------------ one run */

struct bench { /* what all runs of a scene share */
    struct scene scene;
    struct outcome sound;
    uint32_t calls[FAULT_CLASSES]; /* without a fault */
    int said;                      /* stderr of the children */
    uint32_t every, at;
    bool show;
    size_t runs, problems;
};

static volatile sig_atomic_t hung;

static void note_hung(int number)
{
    (void)number;
    hung = 1;
}

/* In the child. Never comes back. */
static void be_the_hook(const struct bench *bench, const struct fault_plan *plan)
{
    const struct scene *scene = &bench->scene;
    static char name[] = "refgate-hook";
    char *arguments[SCENE_LIST_MAX + 2] = {name};
    int input = open(scene->input, O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0 || dup2(bench->said, 1) < 0 || dup2(bench->said, 2) < 0 ||
        chdir(scene->directory))
        _exit(90);
    close(input);
    memcpy(arguments + 1, scene->arguments.items, scene->arguments.count * sizeof arguments[0]);
    environ = (char **)(uintptr_t)scene->environment.items;
    fault_arm(plan);
    int code = __real_main((int)scene->arguments.count + 1, arguments);
    fault_disarm();
    exit(code);
}

/* What is different each time: the id of the decision, ages. */
static void normalise(struct buffer *said)
{
    size_t out = 0;
    for (size_t i = 0; i < said->size; i++) {
        if (said->size - i > 35 && !memcmp(said->data + i, "decision ", 9))
            i += 35;
        if (said->data[i] < '0' || said->data[i] > '9')
            said->data[out++] = said->data[i];
    }
    said->size = out;
    if (said->data)
        said->data[out] = '\0';
}

static bool run(struct bench *bench, const struct fault_plan *plan, struct outcome *out)
{
    struct error err;
    int status = 0;
    *out = (struct outcome){.exit = -1};
    if (!scene_restore(&bench->scene) || ftruncate(bench->said, 0) ||
        lseek(bench->said, 0, SEEK_SET))
        return false;
    fflush(stdout);
    pid_t child = fork();
    if (!child)
        be_the_hook(bench, plan);
    hung = 0;
    alarm(HUNG_AFTER);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        if (hung)
            kill(child, SIGKILL);
    alarm(0);
    out->hung = hung;
    out->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    buffer_init(&out->said, SIZE_MAX);
    lseek(bench->said, 0, SEEK_SET);
    if (child < 0 || file_read_all(bench->said, SIZE_MAX, &out->said, &err) != STATUS_OK)
        return false;
    normalise(&out->said);
    outcome_collect(&bench->scene, out);
    bench->runs++;
    return true;
}

/* ------------------------------------------------------------------ all of them */

static const char *again_text(uint32_t every)
{
    return every == 0 ? "once" : every == 1 ? "from then on" : "every third time";
}

static void show(const struct bench *bench, const struct way *way, const struct fault_plan *plan,
                 const struct outcome *outcome, const char *problem)
{
    const struct fault_seen *seen = fault_seen();
    printf("#   %s %u %s %s, at %s called from %p: exit %d%s%s\n", fault_class_names[plan->class],
           plan->first, way->name, again_text(plan->every), seen->function ? seen->function : "-",
           seen->site, outcome->exit, problem ? ": " : "", problem ? problem : "");
    if (!problem)
        return;
    const struct buffer *texts[] = {&bench->sound.signature, &outcome->signature, &outcome->said};
    static const char *const names[] = {"sound", "now", "said"};
    for (size_t i = 0; i < 3; i++) {
        struct text rest = buffer_view(texts[i]), line;
        while (text_next_field(&rest, '\n', &line))
            printf("#       %s: %.*s\n", names[i], TEXT_ARG(line));
    }
}

/* One call of a class after the other. false: cannot go on. */
static bool run_way(struct bench *bench, enum fault_class class, const struct way *way,
                    uint32_t every)
{
    size_t runs = 0, problems = 0;
    const struct outcome_fault fault = {class, every == 0, way->transparent,
                                        way->way == FAULT_END || class == FAULT_CLOCK};
    for (uint32_t n = 1; n <= bench->calls[class]; n++) {
        const struct fault_plan plan = {class, way->way, way->error, n, every};
        struct outcome outcome;
        if (bench->at ? n != bench->at : (n + (uint32_t)way->error) % bench->every != 0)
            continue;
        if (!run(bench, &plan, &outcome))
            return false;
        const char *problem = outcome_problem(&bench->scene, &bench->sound, &outcome, &fault);
        if (problem ? problems < PROBLEMS_SHOWN : bench->show)
            show(bench, way, &plan, &outcome, problem);
        problems += problem != NULL;
        runs++;
        outcome_free(&outcome);
    }
    if (runs)
        printf("%s %s: %s %s, %zu calls one by one\n", problems ? "not ok" : "ok",
               fault_class_names[class], way->name, again_text(every), runs);
    bench->problems += problems;
    return true;
}

static bool run_class(struct bench *bench, enum fault_class class)
{
    static const uint32_t every[] = {0, 1, 3};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        for (size_t k = 0; k < 3; k++)
            if ((ways[i].classes & IN(class)) && (ways[i].again & (1u << k)) &&
                !run_way(bench, class, &ways[i], every[k]))
                return false;
    return true;
}

/* Without a fault, twice: it is as the scene says, and the same again. */
static bool run_sound(struct bench *bench)
{
    struct outcome again;
    const struct scene *scene = &bench->scene;
    if (!run(bench, NULL, &bench->sound))
        return false;
    memcpy(bench->calls, fault_seen()->calls, sizeof bench->calls);
    if (!run(bench, NULL, &again))
        return false;
    const struct outcome_fault none = {FAULT_CLASSES, true, true, false};
    const char *problem = outcome_problem(scene, &bench->sound, &again, &none);
    size_t size = strlen(scene->verdict);
    bool good = !problem && bench->sound.exit == scene->exit &&
                (!strcmp(scene->verdict, "unrecorded")
                     ? !bench->sound.signature.size
                     : bench->sound.signature.size > size &&
                           !strncmp(bench->sound.signature.data + 1, scene->verdict, size));
    outcome_free(&again);
    printf("%s without a fault: exit %d, %s\n", good ? "ok" : "not ok", scene->exit,
           scene->verdict);
    if (!good)
        show(bench, &ways[0], &(struct fault_plan){0}, &bench->sound, problem ? problem : "not so");
    printf("# calls:");
    for (size_t i = 0; i < FAULT_CLASSES; i++)
        printf(" %s %u", fault_class_names[i], bench->calls[i]);
    printf("\n");
    return good;
}

static bool is_wanted(enum fault_class class, int count, char **names)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(names[i], fault_class_names[class]))
            return true;
    return count == 0;
}

static int drive(struct bench *bench, const char *scene, int count, char **names)
{
    const struct sigaction action = {.sa_handler = note_hung};
    bench->said = memfd_create("stderr", MFD_CLOEXEC);
    if (bench->said < 0 || sigaction(SIGALRM, &action, NULL) || !fault_prepare() ||
        !scene_read(scene, &bench->scene) || !run_sound(bench))
        return 2;
    for (size_t i = 0; i < FAULT_CLASSES; i++)
        if (is_wanted((enum fault_class)i, count, names) &&
            !run_class(bench, (enum fault_class)i)) {
            printf("not ok it could not go on\n");
            return 2;
        }
    printf("# runs: %zu, of them with a problem: %zu\n", bench->runs, bench->problems);
    return scene_restore(&bench->scene) && !bench->problems ? 0 : 1;
}

int __wrap_main(int argc, char **argv)
{
    static struct bench bench = {.every = 1};
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (!strcmp(argv[at], "--every") && at + 1 < argc)
            bench.every = (uint32_t)strtoul(argv[++at], NULL, 10);
        else if (!strcmp(argv[at], "--at") && at + 1 < argc)
            bench.at = (uint32_t)strtoul(argv[++at], NULL, 10);
        else if (!strcmp(argv[at], "--show"))
            bench.show = true;
    }
    if (at >= argc || !bench.every) {
        fputs("usage: refgate-hook-faults [--every K | --at N] [--show] SCENE [CLASS...]\n",
              stderr);
        return 2;
    }
    return drive(&bench, argv[at], argc - at - 1, argv + at + 1);
}
