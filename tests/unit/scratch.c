#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void scratch_make(char *path, size_t size)
{
    const char *base = getenv("TMPDIR");
    char real[PATH_MAX];
    assert_non_null(realpath(base && base[0] == '/' ? base : "/tmp", real));
    assert_true(snprintf(path, size, "%s/refgate-test-XXXXXX", real) < (int)size);
    assert_non_null(mkdtemp(path));
}

const char *scratch_path(const char *directory, const char *name)
{
    static char paths[4][PATH_MAX + 64];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

void scratch_remove(const char *path)
{
    assert_true(strstr(path, "/refgate-test-") != NULL);
    pid_t child = fork();
    if (!child) {
        execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    assert_int_equal(status, 0);
}

#define DATE "1700000000 +0000"

static void run_child(const char *directory, const char *script, const char *const *more, int out)
{
    static const char *const fixed[] = {
        "LC_ALL=C",
        "TZ=UTC",
        "GIT_CONFIG_NOSYSTEM=1",
        "GIT_CONFIG_GLOBAL=/dev/null",
        "GIT_AUTHOR_NAME=Jane Doe",
        "GIT_AUTHOR_EMAIL=jane@example.com",
        "GIT_COMMITTER_NAME=Jane Doe",
        "GIT_COMMITTER_EMAIL=jane@example.com",
        "GIT_AUTHOR_DATE=" DATE,
        "GIT_COMMITTER_DATE=" DATE,
    };
    const char *path = getenv("PATH");
    char path_entry[4096], home[PATH_MAX + 8];
    char *environment[64];
    size_t count = 0;
    snprintf(path_entry, sizeof path_entry, "PATH=%s", path ? path : "/usr/bin:/bin");
    snprintf(home, sizeof home, "HOME=%s", directory);
    environment[count++] = path_entry;
    environment[count++] = home;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        environment[count++] = strdup(fixed[i]);
    for (; more && *more && count < 60; more++)
        environment[count++] = strdup(*more);
    environment[count] = NULL;
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || chdir(directory))
        _exit(126);
    char shell[] = "sh", options[] = "-euc";
    char *arguments[] = {shell, options, strdup(script), NULL};
    execvpe(shell, arguments, environment);
    _exit(127);
}

int scratch_run(const char *directory, const char *script, const char *const *more, char *out,
                size_t size)
{
    int fds[2], status = 0;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child)
        run_child(directory, script, more, fds[1]);
    close(fds[1]);
    size_t used = 0;
    char rest[512];
    for (;;) {
        bool room = used + 1 < size;
        ssize_t got = read(fds[0], room ? out + used : rest, room ? size - 1 - used : sizeof rest);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += room ? (size_t)got : 0;
    }
    out[used] = '\0';
    close(fds[0]);
    while (waitpid(child, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void scratch_sh(const char *directory, const char *script)
{
    char out[8192];
    int status = scratch_run(directory, script, NULL, out, sizeof out);
    if (status)
        fail_msg("exit %d: %.400s\n%s", status, out, script);
}

#define IDS_MAX 512

const char *scratch_id(const char *directory, const char *repository, const char *name)
{
    static struct {
        char key[256], id[65];
    } known[IDS_MAX];
    char key[256], script[512], out[256];
    size_t i = 0;
    assert_true(snprintf(key, sizeof key, "%s %s %s", directory, repository, name) <
                (int)sizeof key);
    while (i < IDS_MAX && known[i].key[0] && strcmp(known[i].key, key) != 0)
        i++;
    assert_true(i < IDS_MAX);
    if (!known[i].key[0]) {
        snprintf(script, sizeof script, "git --git-dir='%s' rev-parse --verify '%s'", repository,
                 name);
        if (scratch_run(directory, script, NULL, out, sizeof out))
            fail_msg("%s: %s", script, out);
        out[strcspn(out, "\n")] = '\0';
        assert_true(strlen(out) == 40 || strlen(out) == 64);
        memcpy(known[i].id, out, strlen(out) + 1);
        memcpy(known[i].key, key, strlen(key) + 1);
    }
    return known[i].id;
}

void scratch_program(const char *name, char *path, size_t size)
{
    const char *build = getenv("BUILD");
    char self[PATH_MAX] = "";
    if (!build || build[0] != '/') { /* run by hand: this program is tests/unit/test_x in there */
        ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
        assert_true(length > 0);
        self[length] = '\0';
        for (int i = 0; i < 3; i++) {
            char *slash = strrchr(self, '/');
            assert_non_null(slash);
            *slash = '\0';
        }
        build = self;
    }
    assert_true(snprintf(path, size, "%s/%s", build, name) < (int)size);
    if (access(path, X_OK))
        fail_msg("%s is missing: run make tests", path);
}
