#include "command/install_start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define PATIENCE_MS (10 * CLOCK_SECOND)
#define NAP_NS 5000000L

static int spawn(const char *program, int out, pid_t *child)
{
    char name[PATH_MAX], option[] = "--version";
    char *const environment[] = {NULL};
    char *const arguments[] = {name, option, NULL};
    snprintf(name, sizeof name, "%s", program);
    posix_spawn_file_actions_t files;
    int failed = posix_spawn_file_actions_init(&files);
    if (failed)
        return failed;
    failed = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    if (!failed)
        failed = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!failed)
        failed = posix_spawn(child, program, &files, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* Until the end of its output: what is more than `size` is read and forgotten. */
static enum status listen_to(int fd, int64_t until, char *out, size_t size, struct error *err)
{
    size_t used = 0;
    for (;;) {
        char more[512];
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = (until - clock_monotonic_us()) / 1000;
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return error_set(err, STATUS_DEADLINE, "no answer in ten seconds");
        ssize_t got = read(fd, more, sizeof more);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size_t room = size - 1 - used, take = (size_t)got < room ? (size_t)got : room;
        memcpy(out + used, more, take);
        used += take;
    }
    out[used] = '\0';
    return STATUS_OK;
}

/* Its end, also of one that closed its output and goes on: that is killed when its time is up. */
static enum status wait_for(pid_t child, int64_t until_us, int *code, struct error *err)
{
    const struct timespec nap = {0, NAP_NS};
    for (;;) {
        pid_t ended = waitpid(child, code, WNOHANG);
        if (ended == child)
            return STATUS_OK;
        if (ended < 0 && errno != EINTR)
            return error_errno(err, STATUS_IO, errno, "its end cannot be waited for");
        if (clock_monotonic_us() > until_us)
            return error_set(err, STATUS_DEADLINE, "it does not end in ten seconds");
        nanosleep(&nap, NULL);
    }
}

enum status install_start(const char *program, char *out, size_t size, struct error *err)
{
    int ends[2], code = 0;
    pid_t child;
    if (pipe2(ends, O_CLOEXEC))
        return error_errno(err, STATUS_IO, errno, "cannot make a pipe");
    int failed = spawn(program, ends[1], &child);
    close(ends[1]);
    if (failed) {
        close(ends[0]);
        return error_errno(err, STATUS_IO, failed, "it does not start");
    }
    int64_t until = clock_monotonic_us() + PATIENCE_MS * 1000;
    enum status status = listen_to(ends[0], until, out, size, err);
    close(ends[0]);
    if (status == STATUS_OK)
        status = wait_for(child, until, &code, err);
    if (status != STATUS_OK) {
        kill(child, SIGKILL);
        while (waitpid(child, &code, 0) < 0 && errno == EINTR)
            continue;
        return status;
    }
    if (!WIFEXITED(code) || WEXITSTATUS(code) != 0)
        return error_set(err, STATUS_IO, "it ends with %s %d",
                         WIFEXITED(code) ? "exit code" : "signal",
                         WIFEXITED(code) ? WEXITSTATUS(code) : WTERMSIG(code));
    return *out ? STATUS_OK : error_set(err, STATUS_IO, "it prints nothing");
}
