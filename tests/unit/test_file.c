/* base/file.h: files that decide something. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static char top[PATH_MAX]; /* of this test's files; its links are resolved */
static bool top_trusted;   /* not where somebody else's directory is above it */

/* ------------------------------------------------------------------ files to look at */

static char *at(const char *name) /* a few at a time */
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next++ % 4];
    if (snprintf(path, PATH_MAX, "%s/%s", top, name) >= PATH_MAX)
        abort();
    return path;
}

static const char *make_file(const char *name, mode_t mode)
{
    const char *path = at(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "content\n", 8), 8);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static const char *make_directory(const char *name, mode_t mode)
{
    const char *path = at(name);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char below[PATH_MAX];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
            snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= (int)sizeof below)
            continue;
        if (unlink(below))
            remove_tree(below);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static int entries_of(const char *path)
{
    int count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static int set_up(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    char template[PATH_MAX];
    snprintf(template, sizeof template, "%s/refgate-file.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(template) || !realpath(template, top))
        return -1;
    int fd;
    top_trusted = file_open_trusted_directory(top, NULL, &fd, NULL) == STATUS_OK;
    if (top_trusted)
        close(fd);
    umask(022);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_tree(top);
    return 0;
}

/* cmocka's own skip() is "not ok" to readers of TAP. */
#define SKIP(why)                       \
    do {                                \
        printf("# skipped: %s\n", why); \
        return;                         \
    } while (0)
#define NEEDS_TRUSTED_TOP()                                                  \
    do {                                                                     \
        if (!top_trusted)                                                    \
            SKIP("others can write to a directory above the temporary one"); \
    } while (0)

/* Opening says this, the sentence holds `says`, nothing is left open or written. */
static void check_open(const char *path, enum status expected, const char *says)
{
    struct error err = {0};
    int fd = -77, before = entries_of("/proc/self/fd");
    enum status status = file_open_trusted(path, NULL, &fd, NULL, &err);
    if (status != expected || (says && !strstr(err.text, says)))
        fail_msg("%s: %d, \"%s\"", path, status, err.text);
    if (status) {
        assert_int_equal(err.code, status);
        assert_int_equal(fd, -77);
    } else {
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        close(fd);
    }
    assert_int_equal(entries_of("/proc/self/fd"), before);
    int again = -77; /* nobody has to want the sentence */
    assert_int_equal(file_open_trusted(path, NULL, &again, NULL, NULL), expected);
    if (!expected)
        close(again);
}

/* ------------------------------------------------------------------ trust */

static void modes(void **state)
{
    (void)state;
    NEEDS_TRUSTED_TOP();
    check_open(make_file("good", 0644), STATUS_OK, NULL);
    check_open(make_file("private", 0600), STATUS_OK, NULL);
    check_open(make_file("executable", 0755), STATUS_OK, NULL);
    check_open(make_file("group", 0664), STATUS_TRUST, "file can be written by group or others");
    check_open(make_file("others", 0646), STATUS_TRUST, "(mode 0646): chmod go-w ");
    check_open(make_file("sticky-file", 01666), STATUS_TRUST, "/sticky-file");
}

static void directories_above(void **state)
{
    (void)state;
    NEEDS_TRUSTED_TOP();
    make_directory("d", 0755);
    make_directory("d/e", 0755);
    make_file("d/e/f", 0644);
    check_open(at("d/e/f"), STATUS_OK, NULL);
    assert_int_equal(chmod(at("d/e"), 0775), 0);
    check_open(at("d/e/f"), STATUS_TRUST, "directory can be written by group or others");
    assert_int_equal(chmod(at("d/e"), 0755), 0);
    assert_int_equal(chmod(at("d"), 0757), 0);
    check_open(at("d/e/f"), STATUS_TRUST, "(mode 0757): chmod go-w ");
    assert_int_equal(chmod(at("d"), 01777), 0);
    check_open(at("d/e/f"), STATUS_OK, NULL);
}

static void links(void **state)
{
    (void)state;
    NEEDS_TRUSTED_TOP();
    make_directory("links", 0755);
    make_directory("open", 0777);
    make_file("links/good", 0644);
    make_file("links/bad", 0666);
    make_file("open/file", 0644);
    assert_int_equal(symlink("good", at("links/to-good")), 0);
    assert_int_equal(symlink(at("links/bad"), at("links/to-bad")), 0);
    assert_int_equal(symlink("../open/file", at("links/to-open")), 0);
    assert_int_equal(symlink("../open", at("links/to-directory")), 0);
    assert_int_equal(symlink("nothing", at("links/dangling")), 0);
    assert_int_equal(symlink("loop", at("links/loop")), 0);
    check_open(at("links/to-good"), STATUS_OK, NULL);
    check_open(at("links/to-bad"), STATUS_TRUST, "/links/bad");
    check_open(at("links/to-open"), STATUS_TRUST, "directory can be written");
    check_open(at("links/to-directory/file"), STATUS_TRUST, "directory can be written");
    check_open(at("links/dangling"), STATUS_NOT_FOUND, "does not exist");
    check_open(at("links/loop"), STATUS_IO, "cannot resolve");
}

static void missing(void **state)
{
    (void)state;
    NEEDS_TRUSTED_TOP();
    make_file("plain", 0644);
    check_open(at("nowhere"), STATUS_NOT_FOUND, "does not exist");
    check_open(at("no/where"), STATUS_NOT_FOUND, "does not exist");
    check_open(at("plain/below"), STATUS_NOT_FOUND, "does not exist");
    check_open("", STATUS_NOT_FOUND, NULL);
}

static void not_regular(void **state)
{
    (void)state;
    NEEDS_TRUSTED_TOP();
    check_open(make_directory("directory", 0755), STATUS_TRUST, "not a regular file");
    check_open("/", STATUS_TRUST, "not a regular file");
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    alarm(20); /* should it wait for a writer */
    check_open(at("fifo"), STATUS_TRUST, "not a regular file");
    alarm(0);
    if (access("/dev/null", F_OK) == 0)
        check_open("/dev/null", STATUS_TRUST, NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(at("socket")) < sizeof address.sun_path) {
        memcpy(address.sun_path, at("socket"), strlen(at("socket")) + 1);
        assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
        check_open(at("socket"), STATUS_IO, "cannot open");
    }
    close(listener);
}

static void owners(void **state)
{
    (void)state;
    NEEDS_TRUSTED_TOP();
    if (geteuid() != 0)
        SKIP("only root can give files away");
    const uid_t stranger = 64999, friends[] = {64998, 64999};
    const struct file_owners none = {NULL, 0}, some = {friends, 1}, all = {friends, 2};
    int fd;
    make_directory("given", 0755);
    make_file("given/file", 0644);
    assert_int_equal(chown(at("given/file"), stranger, (gid_t)-1), 0);
    check_open(at("given/file"), STATUS_TRUST, "file belongs to uid 64999");
    assert_int_equal(file_open_trusted(at("given/file"), &none, &fd, NULL, NULL), STATUS_TRUST);
    assert_int_equal(file_open_trusted(at("given/file"), &some, &fd, NULL, NULL), STATUS_TRUST);
    assert_int_equal(file_open_trusted(at("given/file"), &all, &fd, NULL, NULL), STATUS_OK);
    close(fd);
    assert_int_equal(chown(at("given/file"), 0, (gid_t)-1), 0);
    assert_int_equal(chown(at("given"), stranger, (gid_t)-1), 0);
    check_open(at("given/file"), STATUS_TRUST, "directory belongs to uid 64999");
    /* Sticky excepts from the mode, not from the owner. */
    assert_int_equal(chmod(at("given"), 01777), 0);
    check_open(at("given/file"), STATUS_TRUST, "directory belongs to uid 64999");
    assert_int_equal(file_open_trusted(at("given/file"), &all, &fd, NULL, NULL), STATUS_OK);
    close(fd);
}

static void directories(void **state)
{
    (void)state;
    NEEDS_TRUSTED_TOP();
    struct error err = {0};
    int fd = -77;
    make_directory("inside", 0755);
    make_file("inside/file", 0644);
    assert_int_equal(file_open_trusted_directory(at("inside"), NULL, &fd, &err), STATUS_OK);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(faccessat(fd, "file", R_OK, 0), 0);
    close(fd);
    fd = -77;
    assert_int_equal(file_open_trusted_directory(at("inside/file"), NULL, &fd, &err), STATUS_TRUST);
    assert_non_null(strstr(err.text, "not a directory"));
    assert_int_equal(chmod(at("inside"), 0777), 0);
    assert_int_equal(file_open_trusted_directory(at("inside"), NULL, &fd, &err), STATUS_TRUST);
    assert_int_equal(file_open_trusted_directory(at("none"), NULL, &fd, &err), STATUS_NOT_FOUND);
    assert_int_equal(fd, -77);
    assert_int_equal(file_open_trusted_directory("/", NULL, &fd, &err), STATUS_OK);
    close(fd);
}

static void what_was_opened(void **state)
{
    (void)state;
    NEEDS_TRUSTED_TOP();
    struct stat st, same;
    int fd;
    const char *path = make_file("stat", 0644);
    assert_int_equal(file_open_trusted(path, NULL, &fd, &st, NULL), STATUS_OK);
    assert_int_equal(stat(path, &same), 0);
    assert_true(st.st_ino == same.st_ino && st.st_size == 8);
    close(fd);
}

/* ------------------------------------------------------------------ reading and writing */

static void read_with_a_limit(void **state)
{
    (void)state;
    struct error err = {0};
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);
    buffer_string(&buffer, "before ");
    int fd = open(make_file("read", 0644), O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_read_all(fd, 7, &buffer, &err), STATUS_LIMIT);
    assert_non_null(strstr(err.text, "7 bytes"));
    assert_string_equal(buffer.data, "before ");
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(file_read_all(fd, 8, &buffer, &err), STATUS_OK);
    assert_string_equal(buffer.data, "before content\n");
    assert_int_equal(file_read_all(fd, 0, &buffer, &err), STATUS_OK); /* at the end */
    assert_int_equal(buffer.size, 15);
    close(fd);
    assert_int_equal(file_read_all(fd, 8, &buffer, &err), STATUS_IO); /* closed */
    fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(file_read_all(fd, 8, &buffer, &err), STATUS_IO); /* EISDIR */
    close(fd);
    assert_string_equal(buffer.data, "before content\n");
    buffer_free(&buffer);
}

/* The limit is passed only by a later piece. */
static void read_long_file(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);
    buffer_string(&buffer, "before ");
    int fd = open(make_file("long", 0644), O_RDWR | O_CLOEXEC);
    assert_int_equal(ftruncate(fd, 100000), 0);
    assert_int_equal(file_read_all(fd, 99999, &buffer, NULL), STATUS_LIMIT);
    assert_int_equal(buffer.size, 7);
    assert_string_equal(buffer.data, "before ");
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(file_read_all(fd, 100000, &buffer, NULL), STATUS_OK);
    assert_int_equal(buffer.size, 100007);
    close(fd);
    buffer_free(&buffer);
}

static void read_over_the_cap(void **state)
{
    (void)state;
    struct error err = {0};
    struct buffer buffer;
    buffer_init(&buffer, 4);
    int fd = open(make_file("cap", 0644), O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_read_all(fd, 100, &buffer, &err), STATUS_MEMORY);
    assert_int_equal(buffer.size, 0);
    close(fd);
    buffer_free(&buffer);
}

/* Through a pipe: short writes on one side, short reads on the other. */
static void large_through_a_pipe(void **state)
{
    (void)state;
    const size_t size = 300000;
    int ends[2];
    char *bytes = test_malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 >> 3);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        close(ends[0]);
        _exit(file_write_all(ends[1], bytes, size, NULL) == STATUS_OK ? 0 : 1);
    }
    close(ends[1]);
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);
    assert_int_equal(file_read_all(ends[0], size, &buffer, NULL), STATUS_OK);
    assert_int_equal(buffer.size, size);
    assert_memory_equal(buffer.data, bytes, size);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ends[0]);
    buffer_free(&buffer);
    test_free(bytes);
}

static void disk_full(void **state)
{
    (void)state;
    struct error err = {0};
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        SKIP("no /dev/full here");
    assert_int_equal(file_write_all(fd, "x", 1, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "cannot write: "));
    assert_int_equal(file_write_all(fd, "", 0, &err), STATUS_OK);
    close(fd);
}

static void check_content(const char *path, const char *content, mode_t mode)
{
    char got[64];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t size = read(fd, got, sizeof got - 1);
    assert_true(size >= 0);
    got[size] = '\0';
    assert_string_equal(got, content);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
    close(fd);
}

static void replace(void **state)
{
    (void)state;
    struct error err = {0};
    make_directory("replace", 0755);
    int before = entries_of(at("replace")), fds = entries_of("/proc/self/fd");
    umask(077); /* the mode is what was asked for, whatever the umask */
    assert_int_equal(file_replace(at("replace/f"), TEXT("one"), 0644, &err), STATUS_OK);
    umask(022);
    check_content(at("replace/f"), "one", 0644);
    assert_int_equal(file_replace(at("replace/f"), TEXT("second"), 0600, &err), STATUS_OK);
    check_content(at("replace/f"), "second", 0600);
    assert_int_equal(file_replace(at("replace/f"), TEXT(""), 0640, &err), STATUS_OK);
    check_content(at("replace/f"), "", 0640);
    assert_int_equal(entries_of(at("replace")), before + 1);
    /* Who has the old file open keeps it whole. */
    int old = open(at("replace/f"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_replace(at("replace/f"), TEXT("third"), 0644, &err), STATUS_OK);
    struct stat st;
    assert_int_equal(fstat(old, &st), 0);
    assert_true(st.st_size == 0 && st.st_nlink == 0);
    close(old);
    assert_int_equal(entries_of("/proc/self/fd"), fds);
}

static void replace_in_the_current_directory(void **state)
{
    (void)state;
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(chdir(top), 0);
    enum status status = file_replace("bare-name", TEXT("x"), 0644, NULL);
    assert_int_equal(fchdir(here), 0);
    close(here);
    assert_int_equal(status, STATUS_OK);
    check_content(at("bare-name"), "x", 0644);
}

static void replace_fails_whole(void **state)
{
    (void)state;
    struct error err = {0};
    make_directory("stays", 0755);
    make_directory("stays/target", 0755);
    make_file("stays/target/f", 0644);
    int before = entries_of(at("stays")), fds = entries_of("/proc/self/fd");
    /* A directory is in the way: the rename fails, the temporary file goes. */
    assert_int_equal(file_replace(at("stays/target"), TEXT("x"), 0644, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "cannot rename"));
    assert_int_equal(entries_of(at("stays")), before);
    assert_int_equal(file_replace(at("no/where"), TEXT("x"), 0644, &err), STATUS_IO);
    assert_int_equal(file_replace(at("stays/"), TEXT("x"), 0644, &err), STATUS_USAGE);
    assert_int_equal(file_replace("", TEXT("x"), 0644, &err), STATUS_USAGE);
    assert_int_equal(entries_of("/proc/self/fd"), fds);
}

static void self_path(void **state)
{
    (void)state;
    char path[PATH_MAX], tiny[2] = "?";
    struct error err = {0};
    struct stat self, same;
    assert_int_equal(file_self_path(path, sizeof path, &err), STATUS_OK);
    assert_int_equal(stat(path, &same), 0);
    assert_int_equal(stat("/proc/self/exe", &self), 0);
    assert_true(path[0] == '/' && self.st_ino == same.st_ino && self.st_dev == same.st_dev);
    assert_int_equal(file_self_path(tiny, sizeof tiny, &err), STATUS_IO);
    assert_int_equal(tiny[0], '?');
    assert_int_equal(file_self_path(tiny, 0, &err), STATUS_IO);
    assert_int_equal(file_self_path(path, strlen(path), &err), STATUS_IO);
    assert_int_equal(file_self_path(path, strlen(path) + 1, &err), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 8: a trusted file is not writable by group or others", modes, 0, 0, 0},
        {"semantics 8: nor is a directory above it, sticky ones excepted", directories_above, 0, 0,
         0},
        {"semantics 8: links are followed, then what was opened is checked", links, 0, 0, 0},
        {"a missing file is not found, not a trust error", missing, 0, 0, 0},
        {"semantics 8: only regular files are trusted; a FIFO does not block", not_regular, 0, 0,
         0},
        {"semantics 8: owned by root, this user or a named one", owners, 0, 0, 0},
        {"a trusted directory can be used with openat", directories, 0, 0, 0},
        {"the caller gets the stat of what was opened", what_was_opened, 0, 0, 0},
        {"reading stops at the limit and leaves the buffer as it was", read_with_a_limit, 0, 0, 0},
        {"nothing half-read is left behind", read_long_file, 0, 0, 0},
        {"reading over the buffer's cap is an error", read_over_the_cap, 0, 0, 0},
        {"short reads and writes are completed", large_through_a_pipe, 0, 0, 0},
        {"a full disk is an error", disk_full, 0, 0, 0},
        {"replacing gives the new content and mode, and nothing else", replace, 0, 0, 0},
        {"replacing a bare name works in the current directory", replace_in_the_current_directory,
         0, 0, 0},
        {"a replacement that fails leaves no temporary file", replace_fails_whole, 0, 0, 0},
        {"the program's own path", self_path, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("file", tests, set_up, tear_down);
}
