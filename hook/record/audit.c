#include "record/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path_walk.h"
#include "record/audit_line.h"

/* The hash stands at the very end of a line, so that one small read finds it nearly always; after
 * a torn line of the largest size, the good line before it is still found. */
#define TAIL_FIRST ((size_t)4096)
#define TAIL_MOST (2 * AUDIT_LINE_MAX)

#define LOCK_SLEEP_FIRST_US 50
#define LOCK_SLEEP_MOST_US 5000
#define RENAMED_MOST 100 /* times that the log may be renamed while we wait for it */

enum purpose { TO_APPEND, TO_ROTATE };

static enum status check_file(int fd, enum purpose purpose, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return error_errno(err, STATUS_IO, errno, "the audit log cannot be examined");
    if (!S_ISREG(st.st_mode))
        return error_set(err, STATUS_TRUST, "the audit log is not a regular file");
    /* An administrator rotates as root what the hook writes as another user. */
    bool of_anybody = purpose == TO_ROTATE && geteuid() == 0;
    if (st.st_uid != 0 && st.st_uid != geteuid() && !of_anybody)
        return error_set(err, STATUS_TRUST,
                         "the audit log belongs to another user: make root or the user that runs "
                         "the hook its owner");
    if (st.st_mode & S_IWOTH)
        return error_set(err, STATUS_TRUST, "everybody may write the audit log: chmod o-w");
    return STATUS_OK;
}

/* ------------------------------------------------------------------ where it is */

struct place { /* the log's directory, open, and its name there */
    int directory;
    const char *name;
    bool said; /* what is wrong, without naming a path */
};

/* Who may rename what is on the way to the log may swap it: everybody may not. A group may, and so may
 * whoever owns a directory: logs often belong to people who look after logs. */
static enum status pass(void *self, const char *path, const struct stat *st, struct error *err)
{
    struct place *place = self;
    bool link = S_ISLNK(st->st_mode);
    place->said = true;
    if (link && file_check_link(path, st, NULL, NULL) != STATUS_OK)
        return error_set(err, STATUS_TRUST,
                         "somebody else's symbolic link is on the way to the audit log");
    if (!link && (st->st_mode & S_IWOTH) && !(st->st_mode & S_ISVTX))
        return error_set(
            err, STATUS_TRUST,
            "everybody may write the audit log's directory, or one above it: chmod o-w");
    place->said = false;
    return STATUS_OK;
}

static enum status open_directory(void *self, const char *path, bool *link, struct error *err)
{
    struct place *place = self;
    struct stat st;
    int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int failed = errno;
    *link = fd < 0 && !lstat(path, &st) && S_ISLNK(st.st_mode);
    if (*link)
        return STATUS_OK;
    if (fd >= 0 && fstat(fd, &st)) {
        failed = errno;
        close(fd);
        fd = -1;
    }
    place->said = true;
    if (fd < 0)
        return error_errno(err, STATUS_IO, failed, "the audit log's directory cannot be examined");
    enum status status = pass(place, path, &st, err);
    if (status != STATUS_OK)
        close(fd);
    else
        place->directory = fd;
    return status;
}

static enum status find_place(const char *path, struct place *place, struct error *err)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) + 1 : 1;
    if (size >= sizeof directory)
        return error_set(err, STATUS_USAGE, "the audit log's path is too long");
    memcpy(directory, slash ? path : ".", size);
    directory[slash && size > 1 ? size - 1 : size] = '\0';
    *place = (struct place){-1, slash ? slash + 1 : path, false};
    const struct path_walk walk = {place, pass, open_directory};
    enum status status = path_walk(directory, &walk, err);
    if (status == STATUS_OK || place->said)
        return status;
    return error_set(err, status == STATUS_NOT_FOUND ? STATUS_IO : status,
                     status == STATUS_NOT_FOUND ? "the audit log's directory does not exist"
                                                : "the audit log's directory cannot be examined");
}

static enum status open_log(const struct place *place, enum purpose purpose, int *out,
                            struct error *err)
{
    /* O_NONBLOCK: a FIFO of that name must not hold the push until somebody reads it. */
    int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = openat(place->directory, place->name, purpose == TO_APPEND ? flags | O_CREAT : flags,
                    0640);
    if (fd < 0 && errno == ELOOP)
        return error_set(err, STATUS_TRUST, "the audit log is a symbolic link: name the file");
    if (fd < 0 && errno == ENOENT && purpose == TO_ROTATE)
        return error_set(err, STATUS_NOT_FOUND, "there is no audit log");
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "the audit log cannot be opened for writing");
    enum status status = check_file(fd, purpose, err);
    if (status != STATUS_OK)
        close(fd);
    else
        *out = fd;
    return status;
}

/* flock() rather than fcntl(): the lock belongs to this open file, also among threads, and goes
 * when the process dies. No alarm signals: sleeps that grow, until the deadline. */
static enum status wait_for_lock(int fd, int64_t deadline_us, struct error *err)
{
    for (long sleep_us = LOCK_SLEEP_FIRST_US;; sleep_us *= 2) {
        if (!flock(fd, LOCK_EX | LOCK_NB))
            return STATUS_OK;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_errno(err, STATUS_IO, errno, "the audit log cannot be locked");
        if (clock_monotonic_us() >= deadline_us)
            return error_set(err, STATUS_DEADLINE,
                             "the audit log was locked by somebody else until the deadline");
        if (sleep_us > LOCK_SLEEP_MOST_US)
            sleep_us = LOCK_SLEEP_MOST_US;
        nanosleep(&(struct timespec){.tv_nsec = sleep_us * 1000}, NULL);
    }
}

/* Opens and locks; if the file was renamed away while we waited (a rotation), starts again with
 * the new one, so that no line goes to a file that somebody has taken for finished. */
static enum status open_locked(const struct place *place, enum purpose purpose, int64_t deadline_us,
                               int *out, struct error *err)
{
    for (int i = 0; i < RENAMED_MOST; i++) {
        int fd = -1;
        enum status status = open_log(place, purpose, &fd, err);
        if (status != STATUS_OK)
            return status;
        status = wait_for_lock(fd, deadline_us, err);
        struct stat opened, named;
        if (status == STATUS_OK && fstat(fd, &opened))
            status = error_errno(err, STATUS_IO, errno, "the audit log cannot be examined");
        if (status == STATUS_OK &&
            !fstatat(place->directory, place->name, &named, AT_SYMLINK_NOFOLLOW) &&
            named.st_ino == opened.st_ino && named.st_dev == opened.st_dev) {
            *out = fd;
            return STATUS_OK;
        }
        close(fd);
        if (status != STATUS_OK)
            return status;
    }
    return error_set(err, STATUS_BUSY, "the audit log is being replaced all the time");
}

static enum status open_at(const char *path, enum purpose purpose, int64_t deadline_us, int *fd,
                           struct error *err)
{
    struct place place;
    enum status status = find_place(path, &place, err);
    if (status != STATUS_OK)
        return status;
    status = open_locked(&place, purpose, deadline_us, fd, err);
    close(place.directory);
    return status;
}

static enum status read_at(int fd, char *at, size_t size, off_t from, struct error *err)
{
    while (size) {
        ssize_t got = pread(fd, at, size, from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, STATUS_IO, errno, "the audit log cannot be read");
        if (!got)
            return error_set(err, STATUS_IO, "the audit log shrank while it was read");
        at += got;
        size -= (size_t)got;
        from += got;
    }
    return STATUS_OK;
}

/* The hash of the last whole line among the last bytes of the file, looking backwards. A line that
 * lacks nothing but its newline is whole. */
static bool find_last_hash(struct text tail, struct digest *hash)
{
    size_t end = tail.size;
    while (end) {
        size_t start = end;
        if (tail.at[end - 1] == '\n')
            end--, start--;
        while (start && tail.at[start - 1] != '\n')
            start--;
        struct text found;
        if (audit_line_hash((struct text){tail.at + start, end - start}, &found)) {
            memcpy(hash->hex, found.at, found.size);
            hash->hex[found.size] = '\0';
            return true;
        }
        end = start;
    }
    return false;
}

/* *prev: the hash that the next line carries; *torn: the file does not end with a newline. */
static enum status read_tail(int fd, off_t size, struct digest *prev, bool *torn, struct error *err)
{
    *prev = audit_hash_none();
    *torn = false;
    char small[TAIL_FIRST];
    size_t window = (uintmax_t)size < TAIL_FIRST ? (size_t)size : TAIL_FIRST;
    if (!window)
        return STATUS_OK;
    enum status status = read_at(fd, small, window, size - (off_t)window, err);
    if (status != STATUS_OK)
        return status;
    *torn = small[window - 1] != '\n';
    if (find_last_hash((struct text){small, window}, prev) || window == (size_t)size)
        return STATUS_OK;

    window = (uintmax_t)size < TAIL_MOST ? (size_t)size : TAIL_MOST;
    char *large = malloc(window);
    if (!large)
        return error_set(err, STATUS_MEMORY, "out of memory while reading the audit log");
    status = read_at(fd, large, window, size - (off_t)window, err);
    /* Nothing like a record in all that: begin a new chain, which `audit verify` will show. */
    if (status == STATUS_OK)
        find_last_hash((struct text){large, window}, prev);
    free(large);
    return status;
}

/* Mostly one write(2) to an O_APPEND file. After a short one the rest follows, behind the same lock;
 * what cannot be written whole (full disk, quota, file size limit) is taken back: half a line would
 * cost the next reader two. */
static enum status write_line(int fd, off_t old_size, struct text line, struct error *err)
{
    size_t done = 0;
    int failed = 0;
    while (done < line.size && !failed) {
        ssize_t written = write(fd, line.at + done, line.size - done);
        if (written > 0)
            done += (size_t)written;
        else if (written == 0)
            failed = ENOSPC;
        else if (errno != EINTR)
            failed = errno;
    }
    if (!failed)
        return STATUS_OK;
    if (done && ftruncate(fd, old_size))
        return error_errno(err, STATUS_IO, failed,
                           "only a part of the line could be written to the audit log");
    return error_errno(err, STATUS_IO, failed, "the audit log cannot be written");
}

static enum status append_locked(int fd, struct text record, bool sync, struct digest *head,
                                 struct error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return error_errno(err, STATUS_IO, errno, "the audit log cannot be examined");
    struct digest prev, hash;
    bool torn;
    enum status status = read_tail(fd, st.st_size, &prev, &torn, err);
    if (status != STATUS_OK)
        return status;

    struct buffer line;
    buffer_init(&line, AUDIT_LINE_MAX + 2);
    if (torn)
        buffer_string(&line, "\n");
    audit_line_seal(record, &prev, &line, &hash);
    buffer_string(&line, "\n");
    if (line.failed)
        status = error_set(err, STATUS_MEMORY, "out of memory while writing the audit log");
    else
        status = write_line(fd, st.st_size, buffer_view(&line), err);
    buffer_free(&line);
    if (status == STATUS_OK && sync && fdatasync(fd))
        status = error_errno(err, STATUS_IO, errno,
                             "the audit log was written, but not safely to disk");
    if (status == STATUS_OK)
        *head = hash;
    return status;
}

enum status audit_open_locked(const char *path, int64_t deadline_us, int *fd, struct error *err)
{
    return open_at(path, TO_ROTATE, deadline_us, fd, err);
}

enum status audit_read_head(int fd, struct digest *head, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return error_errno(err, STATUS_IO, errno, "the audit log cannot be examined");
    bool torn;
    return read_tail(fd, st.st_size, head, &torn, err);
}

enum status audit_append(const char *path, struct text record, bool sync, int64_t deadline_us,
                         struct digest *head, struct error *err)
{
    if (record.size < 3 || record.at[0] != '{' || record.at[record.size - 1] != '}' ||
        memchr(record.at, '\n', record.size))
        return error_set(err, STATUS_FORMAT, "the decision is not one JSON object on one line");
    if (record.size > AUDIT_LINE_MAX - AUDIT_SEAL_SIZE)
        return error_set(err, STATUS_LIMIT, "the decision is too large for the audit log");
    int fd = -1;
    enum status status = open_at(path, TO_APPEND, deadline_us, &fd, err);
    if (status != STATUS_OK)
        return status;
    status = append_locked(fd, record, sync, head, err);
    close(fd); /* drops the lock */
    return status;
}
