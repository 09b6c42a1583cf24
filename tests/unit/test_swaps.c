/* What lies at a path is swapped for something else exactly between two steps of whoever opens it: for
 * each step, and each two things. base/file.h, base/path_walk.h, policy/config.h, record/audit.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "policy/config.h"
#include "record/audit.h"
#include "scratch.h"

#define STEPS_MAX 200 /* a loop of links has most */
#define STRANGER 64999

static char top[PATH_MAX];

/* ------------------------------------------------------------------ the steps */

/* tests/flags.mk: these calls of the code come here first. */
int __real_open(const char *path, int flags, ...);
int __real_openat(int directory, const char *path, int flags, ...);
int __real_lstat(const char *path, struct stat *st);
int __real_fstat(int fd, struct stat *st);
int __real_fstatat(int directory, const char *path, struct stat *st, int flags);
ssize_t __real_readlink(const char *path, char *out, size_t size);
ssize_t __real_read(int fd, void *to, size_t size);

static struct {
    bool armed;
    int seen, at; /* before the at-th call */
    void (*swap)(void *context);
    void *context;
} steps;

/* Each of the first ones, then some: a loop of links takes more than a hundred. */
static int next_step(int n)
{
    return n < 25 ? n + 1 : n + 12;
}

static void step(void)
{
    if (!steps.armed || ++steps.seen != steps.at)
        return;
    steps.armed = false;
    steps.swap(steps.context);
    steps.armed = true;
}

static mode_t mode_of(int flags, va_list args)
{
    return flags & O_CREAT ? va_arg(args, mode_t) : 0;
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    step();
    return __real_open(path, flags, mode);
}

int __wrap_openat(int directory, const char *path, int flags, ...);
int __wrap_openat(int directory, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    step();
    return __real_openat(directory, path, flags, mode);
}

/* What _FORTIFY_SOURCE makes of open(2). */
int __wrap___open_2(const char *path, int flags);
int __wrap___open_2(const char *path, int flags)
{
    step();
    return __real_open(path, flags);
}

int __wrap_lstat(const char *path, struct stat *st);
int __wrap_lstat(const char *path, struct stat *st)
{
    step();
    return __real_lstat(path, st);
}

int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st)
{
    step();
    return __real_fstat(fd, st);
}

int __wrap_fstatat(int directory, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int directory, const char *path, struct stat *st, int flags)
{
    step();
    return __real_fstatat(directory, path, st, flags);
}

ssize_t __wrap_readlink(const char *path, char *out, size_t size);
ssize_t __wrap_readlink(const char *path, char *out, size_t size)
{
    step();
    return __real_readlink(path, out, size);
}

ssize_t __wrap_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size)
{
    step();
    return __real_read(fd, to, size);
}

/* ------------------------------------------------------------------ things */

enum thing {
    NOTHING,
    GOOD,      /* a trusted file; what may be opened, and where a good link leads */
    EVIL,      /* one that everybody may write */
    DIRECTORY, /* trusted */
    OPEN,      /* a directory that everybody may write */
    FIFO,
    SOCKET,
    TO_GOOD, /* symbolic links */
    TO_EVIL,
    TO_OPEN,      /* through the open directory, to a trusted file in it */
    THROUGH_OPEN, /* to a link in the open directory that leads to the good one */
    TO_DIRECTORY,
    LOOP,
    THINGS,
};

static const char *const names[THINGS] = {"nothing",
                                          "good",
                                          "evil",
                                          "directory",
                                          "open directory",
                                          "FIFO",
                                          "socket",
                                          "link to good",
                                          "link to evil",
                                          "link into open",
                                          "link through open",
                                          "link to directory",
                                          "loop"};

static const char *at(const char *name)
{
    return scratch_path(top, name);
}

static void write_file(const char *path, const char *content, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void clear(const char *path)
{
    if (unlink(path) && errno != ENOENT)
        rmdir(path);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (strlen(path) < sizeof address.sun_path) {
        memcpy(address.sun_path, path, strlen(path) + 1);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    }
    close(fd);
}

/* All of one path: hard links, so that what was opened can be told by its inode. */
static void put(const char *path, enum thing thing)
{
    static const char *const targets[THINGS] = {
        [TO_GOOD] = "good",           [TO_EVIL] = "evil",
        [TO_OPEN] = "open/file",      [THROUGH_OPEN] = "open/to-good",
        [TO_DIRECTORY] = "directory", [LOOP] = "loop"};
    char target[PATH_MAX + 64];
    clear(path);
    switch (thing) {
    case NOTHING:
    case THINGS:
        break;
    case GOOD:
    case EVIL:
        assert_int_equal(link(at(names[thing]), path), 0);
        break;
    case DIRECTORY:
    case OPEN:
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(chmod(path, thing == OPEN ? 0777 : 0755), 0);
        break;
    case FIFO:
        assert_int_equal(mkfifo(path, 0600), 0);
        break;
    case SOCKET:
        make_socket(path);
        break;
    case TO_GOOD:
    case TO_EVIL:
    case TO_OPEN:
    case THROUGH_OPEN:
    case TO_DIRECTORY:
    case LOOP:
        snprintf(target, sizeof target, "%s/%s", top, targets[thing]);
        assert_int_equal(symlink(target, path), 0);
        break;
    }
}

static bool top_trusted;

static int make(void **state)
{
    int fd;
    (void)state;
    umask(022);
    scratch_make(top, sizeof top);
    write_file(at("good"), "good\n", 0644);
    write_file(at("evil"), "evil\n", 0666);
    if (mkdir(at("open"), 0755) || chmod(at("open"), 0777) || mkdir(at("directory"), 0755) ||
        mkdir(at("place"), 0755) || mkdir(at("sticky"), 0755) || chmod(at("sticky"), 01777) ||
        symlink("loop", at("loop")))
        return -1;
    write_file(at("open/file"), "evil\n", 0644);
    if (symlink("../good", at("open/to-good")))
        return -1;
    top_trusted = file_open_trusted_directory(top, NULL, &fd, NULL) == STATUS_OK;
    if (top_trusted)
        close(fd);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    scratch_remove(top);
    return 0;
}

#define NEEDS(what, why)                    \
    do {                                    \
        if (!(what)) {                      \
            printf("# skipped: %s\n", why); \
            return;                         \
        }                                   \
    } while (0)
#define TRUSTED_TOP "others can write to a directory above the temporary one"

/* The lowest that is free: one that was left open raises it. */
static int descriptors(void)
{
    int free_ = dup(STDERR_FILENO);
    close(free_);
    return free_;
}

/* ------------------------------------------------------------------ opening */

struct swap {
    const char *path;
    enum thing to;
    bool strangers; /* it is a stranger's then */
};

static void swap_thing(void *context)
{
    const struct swap *swap = context;
    put(swap->path, swap->to);
    if (swap->strangers && swap->to != NOTHING && swap->to != GOOD && swap->to != EVIL)
        assert_int_equal(lchown(swap->path, STRANGER, (gid_t)-1), 0);
}

static bool is_same(int fd, const char *path)
{
    struct stat opened, wanted;
    return !__real_fstat(fd, &opened) && !stat(path, &wanted) && opened.st_ino == wanted.st_ino &&
           opened.st_dev == wanted.st_dev;
}

/* What may be opened: by each of the two alone, or never. */
static bool may_open(enum thing thing, bool directory)
{
    return directory ? thing == DIRECTORY || thing == TO_DIRECTORY
                     : thing == GOOD || thing == TO_GOOD;
}

/* Opens `path` while `from` becomes `to` before step `at_step`; false: there are fewer steps. */
static bool open_swapped(const char *path, enum thing from, struct swap *swap, int at_step,
                         bool directory, bool never)
{
    int fd = -77, before = descriptors();
    struct error err = {0};
    steps.armed = false;
    put(swap->path, from);
    memset(&steps, 0, sizeof steps);
    steps.at = at_step;
    steps.swap = swap_thing;
    steps.context = swap;
    steps.armed = true;
    enum status status = directory ? file_open_trusted_directory(path, NULL, &fd, &err)
                                   : file_open_trusted(path, NULL, &fd, NULL, &err);
    steps.armed = false;
    if (status == STATUS_OK) {
        const char *wanted = !directory                ? at("good")
                             : is_same(fd, swap->path) ? swap->path
                                                       : at("directory");
        struct stat st;
        bool right = directory ? !__real_fstat(fd, &st) && !(st.st_mode & 022)
                               : is_same(fd, wanted);
        if (never || !right || (!may_open(from, directory) && !may_open(swap->to, directory)))
            fail_msg("%s -> %s before step %d: opened", names[from], names[swap->to], at_step);
        close(fd);
    } else if (fd != -77 || err.code != status || !err.text[0]) {
        fail_msg("%s -> %s before step %d: %d \"%s\"", names[from], names[swap->to], at_step,
                 (int)status, err.text);
    }
    assert_int_equal(descriptors(), before);
    return steps.seen >= at_step;
}

static void swap_each(const char *path, const char *swapped, bool directory, bool never,
                      bool strangers)
{
    int cases = 0;
    alarm(60); /* a FIFO must not make it wait */
    for (enum thing from = NOTHING; from < THINGS; from++)
        for (enum thing to = NOTHING; to < THINGS; to++) {
            struct swap swap = {swapped, to, strangers};
            for (int n = 1; from != to && open_swapped(path, from, &swap, n, directory, never);
                 n = next_step(n), cases++)
                assert_true(n < STEPS_MAX);
        }
    alarm(0);
    assert_true(cases > 500);
    print_message("# %d swaps\n", cases);
}

static void a_file(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", at("place/file"));
    swap_each(path, path, false, false, false);
}

static void a_directory(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", at("place/directory"));
    swap_each(path, path, true, false, false);
    clear(path);
}

/* Whoever may write the directory may choose: nothing is opened there, and nothing behind a link in
 * there, however trusted it is where it lies. */
static void in_an_open_directory(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    char path[PATH_MAX], swapped[PATH_MAX];
    snprintf(swapped, sizeof swapped, "%s", at("open/swapped"));
    swap_each(swapped, swapped, false, true, false);
    clear(at("place/file"));
    assert_int_equal(symlink("../open/swapped", at("place/file")), 0);
    snprintf(path, sizeof path, "%s", at("place/file"));
    swap_each(path, swapped, false, true, false);
    clear(swapped);
}

/* In a sticky directory a stranger can make whatever is not there yet. */
static void a_strangers_in_a_sticky_directory(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    NEEDS(geteuid() == 0, "only root can give files away");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", at("sticky/file"));
    for (enum thing to = DIRECTORY; to < THINGS; to++) {
        struct swap swap = {path, to, true};
        for (int i = 1; open_swapped(path, NOTHING, &swap, i, false, true); i++)
            assert_true(i < STEPS_MAX);
        clear(path);
    }
    /* His link stays his, also when nothing changes; ours is ours. */
    int fd;
    put(path, TO_GOOD);
    assert_int_equal(file_open_trusted(path, NULL, &fd, NULL, NULL), STATUS_OK);
    close(fd);
    assert_int_equal(lchown(path, STRANGER, (gid_t)-1), 0);
    struct error err;
    assert_int_equal(file_open_trusted(path, NULL, &fd, NULL, &err), STATUS_TRUST);
    assert_non_null(strstr(err.text, "symbolic link belongs to uid 64999"));
    /* Where only we make links, whose they are is all the same. */
    put(at("place/file"), TO_GOOD);
    assert_int_equal(lchown(at("place/file"), STRANGER, (gid_t)-1), 0);
    assert_int_equal(file_open_trusted(at("place/file"), NULL, &fd, NULL, &err), STATUS_OK);
    close(fd);
    clear(path);
}

/* ------------------------------------------------------------------ paths with links in them */

static void links_are_followed_as_the_system_does(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    static const struct {
        const char *path;
        enum status want;
    } cases[] = {
        {"directory/../good", STATUS_OK},
        {"./good", STATUS_OK},
        {"directory//../directory/./../good", STATUS_OK},
        {"up/good", STATUS_OK},
        {"absolute/good", STATUS_OK},
        {"chain/../up/good", STATUS_OK},
        {"good/", STATUS_NOT_FOUND},
        {"good/.", STATUS_NOT_FOUND},
        {"good/../good", STATUS_NOT_FOUND},
        {"directory/", STATUS_TRUST}, /* no file */
        {"up", STATUS_TRUST},
        {"up/", STATUS_TRUST},
        {"nowhere/../good", STATUS_NOT_FOUND},
        {"dangling/../good", STATUS_NOT_FOUND},
        {"dangling", STATUS_NOT_FOUND},
        {"loop", STATUS_IO},
        {"loop/good", STATUS_IO},
        {"open/../good", STATUS_TRUST}, /* who may swap it may swap where .. leads */
        {"link-39/good", STATUS_OK},
        {"link-40/good", STATUS_IO},
    };
    char name[32], target[32];
    assert_int_equal(symlink("directory/..", at("up")), 0);
    assert_int_equal(symlink(top, at("absolute")), 0);
    assert_int_equal(symlink("up/absolute/directory", at("chain")), 0);
    assert_int_equal(symlink("none", at("dangling")), 0);
    for (int i = 0; i <= 40; i++) {
        snprintf(name, sizeof name, "link-%d", i);
        snprintf(target, sizeof target, i ? "link-%d" : ".", i - 1);
        assert_int_equal(symlink(target, at(name)), 0);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = -1;
        struct error err = {0};
        enum status status = file_open_trusted(at(cases[i].path), NULL, &fd, NULL, &err);
        if (status != cases[i].want)
            fail_msg("%s: %d \"%s\"", cases[i].path, (int)status, err.text);
        if (status == STATUS_OK) {
            assert_true(is_same(fd, at("good")));
            close(fd);
        }
    }
}

static void relative_paths_begin_here(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    int fd = -1, here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(chdir(at("directory")), 0);
    enum status status = file_open_trusted("../good", NULL, &fd, NULL, NULL);
    assert_int_equal(mkdir("gone", 0755), 0);
    assert_int_equal(chdir("gone"), 0);
    assert_int_equal(rmdir(at("directory/gone")), 0);
    enum status nowhere = file_open_trusted("../good", NULL, &here, NULL, NULL);
    assert_int_equal(fchdir(here), 0);
    close(here);
    assert_int_equal(status, STATUS_OK);
    assert_true(is_same(fd, at("good")));
    close(fd);
    assert_int_equal(nowhere, STATUS_IO);
}

static void too_long_paths(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    static char path[3 * PATH_MAX];
    int fd = -77;
    struct error err;
    memset(path, '/', sizeof path - 1);
    assert_int_equal(file_open_trusted(path, NULL, &fd, NULL, &err), STATUS_IO);
    path[PATH_MAX - 1] = '\0'; /* just short enough: it is "/" */
    assert_int_equal(file_open_trusted(path, NULL, &fd, NULL, &err), STATUS_TRUST);
    path[PATH_MAX - 1] = 'x';
    memset(path + 1, 'x', sizeof path - 2);
    assert_int_equal(file_open_trusted(path, NULL, &fd, NULL, &err), STATUS_IO);
    path[300] = '\0';
    assert_int_equal(file_open_trusted(path, NULL, &fd, NULL, &err), STATUS_IO);
    /* A link makes it too long. */
    memset(path, 'y', 4000);
    path[4000] = '\0';
    for (size_t i = 0; i < 4000; i += 200)
        path[i] = '/';
    assert_int_equal(symlink(path, at("long")), 0);
    char named[PATH_MAX];
    snprintf(named, sizeof named, "%s%.200s", at("long"), path);
    assert_int_equal(file_open_trusted(named, NULL, &fd, NULL, &err), STATUS_IO);
    assert_int_equal(fd, -77);
}

/* ------------------------------------------------------------------ the configuration */

static void resize(void *context)
{
    const off_t *size = context;
    assert_int_equal(truncate(at("refgate.conf"), *size), 0);
}

/* What was looked at is not what would be read: refused, not read in part. */
static void a_configuration_that_changes_its_size(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    static off_t sizes[] = {0, 10, 100000};
    static const char text[] = "[refgate]\nmode = monitor\n";
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        bool refused = false;
        for (int n = 1; n < STEPS_MAX; n = next_step(n)) {
            struct arena arena;
            struct policy policy;
            struct config_errors errors;
            arena_init(&arena, (size_t)4 * 1024 * 1024);
            config_errors_init(&errors);
            write_file(at("refgate.conf"), text, 0644);
            memset(&steps, 0, sizeof steps);
            steps.at = n;
            steps.swap = resize;
            steps.context = &sizes[i];
            steps.armed = true;
            enum status status = config_load(at("refgate.conf"), &arena, &policy, &errors);
            steps.armed = false;
            bool more = steps.seen >= n;
            refused = refused || (status == STATUS_IO &&
                                  strstr(errors.lines.data, "changed while it was read"));
            config_errors_free(&errors);
            arena_free(&arena);
            if (!more)
                break;
        }
        assert_true(refused);
    }
    unlink(at("refgate.conf"));
}

/* Whatever is swapped when: the kill switch is on only where a trusted file was there. */
static void the_kill_switch(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    char path[PATH_MAX], conf[PATH_MAX];
    int yes = 0;
    snprintf(path, sizeof path, "%s", at("place/" CONFIG_DISABLED_NAME));
    snprintf(conf, sizeof conf, "%s", at("place/refgate.conf"));
    for (enum thing from = NOTHING; from < THINGS; from++)
        for (enum thing to = NOTHING; to < THINGS; to++)
            for (int n = 1; n < STEPS_MAX; n = next_step(n)) {
                struct arena arena;
                struct text reason;
                struct error err;
                struct swap swap = {path, to, false};
                arena_init(&arena, (size_t)1024 * 1024);
                put(path, from);
                memset(&steps, 0, sizeof steps);
                steps.at = n;
                steps.swap = swap_thing;
                steps.context = &swap;
                steps.armed = true;
                enum answer answer = config_disabled(conf, &arena, &reason, &err);
                steps.armed = false;
                if (answer == ANSWER_YES && (!text_equal(reason, TEXT("good")) ||
                                             (!may_open(from, false) && !may_open(to, false))))
                    fail_msg("%s -> %s before step %d: on", names[from], names[to], n);
                yes += answer == ANSWER_YES;
                arena_free(&arena);
                if (steps.seen < n)
                    break;
            }
    assert_true(yes > 0);
    clear(path);
}

/* ------------------------------------------------------------------ the audit log */

static off_t size_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(at(name), &st), 0);
    return st.st_size;
}

/* The line goes to a file that is the log, or was when it was looked at; never to somebody else's. */
static void the_audit_log(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    char path[PATH_MAX];
    int recorded = 0;
    off_t evil = size_of("evil"), other = size_of("open/file");
    snprintf(path, sizeof path, "%s", at("place/audit"));
    for (enum thing from = NOTHING; from < THINGS; from++)
        for (enum thing to = NOTHING; to < THINGS; to++)
            for (int n = 1; n < STEPS_MAX; n = next_step(n)) {
                struct digest head;
                struct error err = {0};
                struct swap swap = {path, to, false};
                int before = descriptors();
                write_file(at("good"), "good\n", 0644);
                put(path, from);
                memset(&steps, 0, sizeof steps);
                steps.at = n;
                steps.swap = swap_thing;
                steps.context = &swap;
                steps.armed = true;
                enum status status = audit_append(path, TEXT("{\"id\":\"1\"}"), false,
                                                  clock_monotonic_us() + 2000000, &head, &err);
                steps.armed = false;
                recorded += status == STATUS_OK;
                assert_int_equal(size_of("evil"), evil);
                assert_int_equal(size_of("open/file"), other);
                if (status == STATUS_OK && from != GOOD && to != GOOD && from != NOTHING &&
                    to != NOTHING)
                    fail_msg("%s -> %s before step %d: written", names[from], names[to], n);
                if (status != STATUS_OK && strstr(err.text, top))
                    fail_msg("it names a path: %s", err.text);
                assert_int_equal(descriptors(), before);
                if (steps.seen < n)
                    break;
            }
    assert_true(recorded > 0);
    write_file(at("good"), "good\n", 0644);
    clear(path);
}

static void audit_expect(const char *path, enum status want, const char *says)
{
    struct digest head;
    struct error err = {0};
    enum status status = audit_append(path, TEXT("{\"id\":\"1\"}"), false,
                                      clock_monotonic_us() + 2000000, &head, &err);
    if (status != want || (says && !strstr(err.text, says)) || strstr(err.text, top))
        fail_msg("%s: %d \"%s\"", path, (int)status, err.text);
}

static void the_way_to_the_audit_log(void **state)
{
    (void)state;
    NEEDS(top_trusted, TRUSTED_TOP);
    static char path[3 * PATH_MAX];
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdir(at("open/logs"), 0755), 0);
    assert_int_equal(symlink("directory", at("logs")), 0);
    audit_expect(at("directory/log"), STATUS_OK, NULL);
    audit_expect(at("logs/log"), STATUS_OK, NULL);
    assert_int_equal(chmod(at("directory"), 0775), 0);
    audit_expect(at("logs/log"), STATUS_OK, NULL); /* a group may look after logs */
    assert_int_equal(chmod(at("directory"), 0755), 0);
    audit_expect(at("open/log"), STATUS_TRUST, "chmod o-w");
    audit_expect(at("open/logs/log"), STATUS_TRUST, "chmod o-w");
    audit_expect(at("sticky/log"), STATUS_OK, NULL);
    audit_expect(at("none/log"), STATUS_IO, "cannot be examined");
    audit_expect(at("none/where/log"), STATUS_IO, "does not exist");
    audit_expect(at("good/log"), STATUS_IO, "cannot be examined");
    audit_expect(at("loop/log"), STATUS_IO, "cannot be examined");
    audit_expect(at("directory/"), STATUS_IO, NULL);
    memset(path, '/', sizeof path - 1);
    audit_expect(path, STATUS_USAGE, "too long");
    assert_int_equal(chdir(at("directory")), 0);
    audit_expect("log", STATUS_OK, NULL);
    assert_int_equal(fchdir(here), 0);
    close(here);
    if (geteuid() == 0) {
        assert_int_equal(symlink("../directory", at("sticky/logs")), 0);
        audit_expect(at("sticky/logs/log"), STATUS_OK, NULL);
        assert_int_equal(lchown(at("sticky/logs"), STRANGER, (gid_t)-1), 0);
        audit_expect(at("sticky/logs/log"), STATUS_TRUST, "somebody else's symbolic link");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 8: a file that is swapped while it is opened", a_file, 0, 0, 0},
        {"semantics 8: a directory that is swapped", a_directory, 0, 0, 0},
        {"semantics 8: nothing in, or behind a link in, a directory that others write to",
         in_an_open_directory, 0, 0, 0},
        {"semantics 8: nothing of a stranger's in a sticky directory, links neither",
         a_strangers_in_a_sticky_directory, 0, 0, 0},
        {"semantics 8: links are followed one by one", links_are_followed_as_the_system_does, 0, 0,
         0},
        {"a relative path begins in the current directory", relative_paths_begin_here, 0, 0, 0},
        {"a path that is too long is an error", too_long_paths, 0, 0, 0},
        {"semantics 8: a configuration that changes its size is refused",
         a_configuration_that_changes_its_size, 0, 0, 0},
        {"semantics 2, 8: a kill switch that is swapped", the_kill_switch, 0, 0, 0},
        {"semantics 8: an audit log that is swapped", the_audit_log, 0, 0, 0},
        {"semantics 8: the way to the audit log", the_way_to_the_audit_log, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("swaps", tests, make, unmake);
}
