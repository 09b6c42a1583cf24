/*
 * replay - the corpus of every fuzz target, in any build, without libFuzzer: part of make check.
 *
 * usage: replay [TARGET [FILE...]]          (TOP=..., else the directory that it is started in)
 *
 * Each target runs in a process of its own, each file of tests/fuzz/corpus/TARGET (and no byte at all)
 * twice: what the first run left behind would show in the second, which must tell the same. With FILE,
 * these instead, here, so that a debugger sees them. The output is TAP.
 *
 * The last cases are the ones that must fail: that the sanitizers are armed (armed.c).
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/table.h"
#include "fuzz/support.h"
#include "fuzz/targets.h"

#define SECONDS_MAX 300 /* of a target: something hangs, not something is slow */
#define SANITIZER_EXIT 99

/* For whoever starts it without make check: as scripts/run-tests has it. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__asan_default_options(void)
{
    return "exitcode=99:detect_leaks=1";
}
const char *__ubsan_default_options(void)
{
    return "exitcode=99:halt_on_error=1";
}

typedef int target(const uint8_t *data, size_t size);
#define DECLARE(name) target name;
FUZZ_TARGETS(DECLARE)
target armed;

static const struct {
    const char *name;
    target *run;
} targets[] = {
#define ROW(name) {#name, name},
    FUZZ_TARGETS(ROW)};

/* What a child is at, for when it ends there. */
static struct progress {
    size_t files;
    char file[PATH_MAX];
} * progress;
static unsigned cases, failures;

static void result(bool good, const char *what, const char *why)
{
    printf("%sok %u - %s\n", good ? "" : "not ", ++cases, what);
    if (!good)
        printf("# %s\n", why);
    failures += !good;
}

/* ------------------------------------------------------------------ one target */

static void run_twice(target *run, const uint8_t *bytes, size_t size)
{
    uint64_t told[2];
    (void)fuzz_told();
    for (int i = 0; i < 2; i++) {
        REQUIRE(run(bytes, size) == 0);
        told[i] = fuzz_told();
    }
    REQUIRE(told[0] == told[1]); /* the same input, the same findings */
    progress->files++;
}

static void run_file(target *run, const char *path)
{
    snprintf(progress->file, sizeof progress->file, "%s", path);
    FILE *in = fopen(path, "rb");
    struct buffer bytes;
    char part[4096];
    size_t got;
    buffer_init(&bytes, SIZE_MAX);
    REQUIRE(in);
    while ((got = fread(part, 1, sizeof part, in)) > 0)
        buffer_add(&bytes, part, got);
    REQUIRE(!ferror(in) && !bytes.failed);
    fclose(in);
    /* Of its very size, so that a byte too far is seen. */
    uint8_t *exact = malloc(bytes.size ? bytes.size : 1);
    REQUIRE(exact);
    memcpy(exact, buffer_view(&bytes).at, bytes.size);
    run_twice(run, exact, bytes.size);
    free(exact);
    buffer_free(&bytes);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_corpus(const char *name, target *run)
{
    char directory[PATH_MAX / 2], path[PATH_MAX];
    struct dirent **entries;
    const char *top = getenv("TOP");
    snprintf(directory, sizeof directory, "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
    snprintf(progress->file, sizeof progress->file, "no input");
    run_twice(run, (const uint8_t *)"", 0);
    int count = scandir(directory, &entries, not_hidden, alphasort);
    REQUIRE(count > 0);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        run_file(run, path);
        free(entries[i]);
    }
    free(entries);
}

/* ------------------------------------------------------------------ children */

/* Gives the child's wait status; its stderr goes to `out` (cut). */
static int in_child(void (*run)(const char *name, target *run), const char *name, target *what,
                    char *out, size_t size)
{
    int ends[2], status = 0;
    size_t used = 0;
    char rest[512];
    fflush(stdout);
    REQUIRE(!pipe(ends));
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (!child) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        alarm(SECONDS_MAX);
        run(name, what);
        exit(0); /* with leaks: the sanitizer's own code */
    }
    close(ends[1]);
    for (;;) {
        bool room = used + 1 < size;
        ssize_t got = room ? read(ends[0], out + used, size - 1 - used)
                           : read(ends[0], rest, sizeof rest);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            break;
        used += room && got > 0 ? (size_t)got : 0;
    }
    out[used] = '\0';
    close(ends[0]);
    REQUIRE(waitpid(child, &status, 0) == child);
    return status;
}

static void show(const char *said)
{
    struct text rest = text_of(said), line;
    while (text_next_field(&rest, '\n', &line))
        printf("#   %.*s\n", TEXT_ARG(line));
}

static void check_target(const char *name, target *run)
{
    static char said[16384];
    char what[256], why[PATH_MAX + 64];
    progress->files = 0;
    int status = in_child(run_corpus, name, run, said, sizeof said);
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    snprintf(what, sizeof what, "%s: %zu inputs, twice each, tell the same", name, progress->files);
    snprintf(why, sizeof why, "%s %d at %s", WIFSIGNALED(status) ? "signal" : "exit code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), progress->file);
    result(good, what, why);
    if (!good)
        show(said);
}

/* ------------------------------------------------------------------ what must fail */

static void run_armed(const char *name, target *run)
{
    run((const uint8_t *)name, strlen(name));
}

static bool armed_build(void)
{
#ifdef __SANITIZE_ADDRESS__
    return true;
#else
    return false;
#endif
}

static void check_armed(const char *fault, const char *words)
{
    static char said[16384];
    char what[128], why[64];
    bool violation = !strcmp(fault, "violation");
    snprintf(what, sizeof what, "a fault on purpose is found: %s", fault);
    if (!violation && !armed_build()) {
        printf("ok %u - %s # SKIP this build has no sanitizers (VARIANT=asan has)\n", ++cases,
               what);
        return;
    }
    int status = in_child(run_armed, fault, armed, said, sizeof said);
    bool ended = violation ? WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT
                           : WIFEXITED(status) && WEXITSTATUS(status) == SANITIZER_EXIT;
    snprintf(why, sizeof why, "%s %d", WIFSIGNALED(status) ? "signal" : "exit code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    result(ended && strstr(said, words), what, why);
    if (!ended || !strstr(said, words))
        show(said);
}

static void check_all_armed(void)
{
    check_armed("heap-overflow", "heap-buffer-overflow");
    check_armed("use-after-free", "heap-use-after-free");
    check_armed("undefined-shift", "shift exponent 36");
    check_armed("leak", "detected memory leaks");
    check_armed("violation", "does not hold: nine != 9");
}

/* ------------------------------------------------------------------ all of it */

/* A target that nobody replays would look like one without findings. */
static void check_complete(void)
{
    char directory[PATH_MAX / 2], lacks[NAME_MAX + 1] = "";
    struct dirent **entries;
    const char *top = getenv("TOP");
    snprintf(directory, sizeof directory, "%s/tests/fuzz", top ? top : ".");
    int count = scandir(directory, &entries, not_hidden, alphasort);
    for (int i = 0; i < count; i++) {
        struct text name = text_of(entries[i]->d_name);
        bool is_target = text_starts(name, TEXT("fuzz_")) && name.size > 7 &&
                         text_equal(text_skip(name, name.size - 2), TEXT(".c"));
        bool known = !is_target;
        name.size -= 2;
        for (size_t k = 0; !known && k < TABLE_COUNT(targets); k++)
            known = text_equal(name, text_of(targets[k].name));
        if (!known)
            snprintf(lacks, sizeof lacks, "%s", entries[i]->d_name);
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
    result(count > 0 && !*lacks, "each tests/fuzz/fuzz_*.c is in targets.h", lacks);
}

int main(int argc, char **argv)
{
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                    0);
    REQUIRE(progress != MAP_FAILED);
    if (argc == 1)
        check_complete();
    for (size_t i = 0; i < TABLE_COUNT(targets); i++) {
        if (argc > 1 && strcmp(argv[1], targets[i].name) != 0)
            continue;
        if (argc < 3)
            check_target(targets[i].name, targets[i].run);
        for (int k = 2; k < argc; k++)
            run_file(targets[i].run, argv[k]);
    }
    if (argc == 1)
        check_all_armed();
    if (argc < 3)
        printf("1..%u\n", cases);
    return failures || (!cases && argc < 3) ? 1 : 0;
}
