#include "record/audit_read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "record/audit.h"
#include "record/audit_series.h"
#include "record/gunzip.h"

#define ROOM_FIRST ((size_t)64 * 1024)
#define ROOM_MOST (AUDIT_LINE_MAX + 1) /* a line and its newline */
#define LOCK_TRIES 200
#define LOCK_SLEEP_NS 5000000

struct audit_reader {
    int fd;
    bool close_fd, limited;
    bool begun;            /* the first bytes were looked at */
    struct gunzip *gunzip; /* NULL: they are no compressed file's */
    uint64_t size, left;   /* bytes of the file to read, when limited */
    uint64_t number;
    char *data;
    size_t room, start, end; /* data[start..end) is read and not yet given out */
};

/* Writers hold the lock while they append: under it, the file ends with a whole line (or with one
 * that was torn long ago). Held for one fstat() only, since each push waits for it. false: not a
 * regular file. */
static bool whole_lines_size(int fd, uint64_t *size)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return false;
    bool locked = false;
    for (int i = 0; i < LOCK_TRIES && !locked; i++) {
        locked = !flock(fd, LOCK_SH | LOCK_NB);
        if (!locked && errno != EWOULDBLOCK && errno != EINTR)
            break; /* no locks on this file system */
        if (!locked)
            nanosleep(&(struct timespec){.tv_nsec = LOCK_SLEEP_NS}, NULL);
    }
    bool known = !fstat(fd, &st);
    if (locked)
        flock(fd, LOCK_UN);
    *size = (uint64_t)st.st_size;
    return known;
}

/* A rotated file that was listed a moment ago may have been compressed since: it is PATH.gz then. */
static int open_file(const char *path, bool rotated)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (rotated ? O_NONBLOCK : 0);
    int fd = open(path, flags);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    char compressed[PATH_MAX];
    int size = snprintf(compressed, sizeof compressed, "%s.gz", path);
    if (size > 0 && (size_t)size < sizeof compressed)
        fd = open(compressed, flags);
    return fd;
}

enum status audit_read_open(const char *path, struct audit_reader **out, struct error *err)
{
    int64_t when;
    struct stat st;
    bool standard = !strcmp(path, "-"), rotated = audit_series_time(text_of(path), &when);
    int fd = standard ? STDIN_FILENO : open_file(path, rotated);
    if (fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                           "cannot open the audit log");
    /* Found by its name, perhaps: nobody asked to wait for what writes to a FIFO of that name. */
    if (rotated && !fstat(fd, &st) && !S_ISREG(st.st_mode)) {
        close(fd);
        return error_set(err, STATUS_TRUST, "a rotated audit log is not a regular file");
    }
    struct audit_reader *reader = calloc(1, sizeof *reader);
    if (reader)
        reader->data = malloc(ROOM_FIRST);
    if (!reader || !reader->data) {
        free(reader);
        if (!standard)
            close(fd);
        return error_set(err, STATUS_MEMORY, "out of memory");
    }
    reader->fd = fd;
    reader->close_fd = !standard;
    reader->room = ROOM_FIRST;
    if (!standard)
        reader->limited = whole_lines_size(fd, &reader->size);
    reader->left = reader->size;
    *out = reader;
    return STATUS_OK;
}

void audit_read_close(struct audit_reader *reader)
{
    if (!reader)
        return;
    if (reader->close_fd)
        close(reader->fd);
    gunzip_free(reader->gunzip);
    free(reader->data);
    free(reader);
}

bool audit_read_rewind(struct audit_reader *reader)
{
    if (!reader->limited || lseek(reader->fd, 0, SEEK_SET) != 0)
        return false;
    gunzip_free(reader->gunzip);
    reader->gunzip = NULL;
    reader->begun = false;
    reader->left = reader->size;
    reader->start = reader->end = 0;
    reader->number = 0;
    return true;
}

enum audit_growth audit_read_grow(struct audit_reader *reader)
{
    uint64_t size;
    if (!reader->limited || reader->gunzip || !whole_lines_size(reader->fd, &size) ||
        size == reader->size)
        return AUDIT_SAME;
    if (size < reader->size)
        return AUDIT_CUT;
    reader->left += size - reader->size;
    reader->size = size;
    return AUDIT_GREW;
}

enum answer audit_read_names(const struct audit_reader *reader, const char *path)
{
    struct stat ours, named;
    if (fstat(reader->fd, &ours) || stat(path, &named))
        return ANSWER_CANNOT_TELL;
    return ours.st_dev == named.st_dev && ours.st_ino == named.st_ino ? ANSWER_YES : ANSWER_NO;
}

/* Makes room behind `end`: moves what is there to the front, then grows. */
static enum status make_room(struct audit_reader *reader, struct error *err)
{
    if (reader->start) {
        memmove(reader->data, reader->data + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    if (reader->end < reader->room)
        return STATUS_OK;
    size_t room = reader->room * 2 < ROOM_MOST ? reader->room * 2 : ROOM_MOST;
    char *data = realloc(reader->data, room);
    if (!data)
        return error_set(err, STATUS_MEMORY, "out of memory");
    reader->data = data;
    reader->room = room;
    return STATUS_OK;
}

/* Bytes as they are in the file; *got: 0 at the end. */
static enum status read_bytes(struct audit_reader *reader, char *to, size_t room, size_t *got,
                              struct error *err)
{
    if (reader->limited && room > reader->left)
        room = (size_t)reader->left;
    ssize_t count;
    do
        count = read(reader->fd, to, room);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return error_errno(err, STATUS_IO, errno, "cannot read the audit log");
    reader->left -= reader->limited ? (uint64_t)count : 0;
    *got = (size_t)count;
    return STATUS_OK;
}

/* Looks whether the file is a compressed one: by its first bytes, which go the way that they should. */
static enum status begin(struct audit_reader *reader, struct error *err)
{
    char first[GUNZIP_MAGIC_SIZE];
    size_t held = 0, got = 1, room;
    while (held < sizeof first && got) {
        enum status status = read_bytes(reader, first + held, sizeof first - held, &got, err);
        if (status != STATUS_OK)
            return status;
        held += got;
    }
    reader->begun = true;
    if (!gunzip_magic((struct text){first, held})) {
        memcpy(reader->data + reader->end, first, held); /* an empty buffer has that room */
        reader->end += held;
        return STATUS_OK;
    }
    reader->gunzip = gunzip_new();
    if (!reader->gunzip)
        return error_set(err, STATUS_MEMORY, "out of memory");
    memcpy(gunzip_input(reader->gunzip, &room), first, held);
    gunzip_fed(reader->gunzip, held);
    return STATUS_OK;
}

static enum status read_inflated(struct audit_reader *reader, char *to, size_t room, size_t *got,
                                 struct error *err)
{
    for (;;) {
        enum status status = gunzip_read(reader->gunzip, to, room, got, err);
        if (status != STATUS_OK || *got || !gunzip_hungry(reader->gunzip))
            return status;
        size_t fed, most;
        char *input = gunzip_input(reader->gunzip, &most);
        status = read_bytes(reader, input, most, &fed, err);
        if (status != STATUS_OK)
            return status;
        if (!fed && !gunzip_whole(reader->gunzip))
            return error_set(err, STATUS_FORMAT, "the compressed audit log is cut short");
        if (!fed)
            return STATUS_OK;
        gunzip_fed(reader->gunzip, fed);
    }
}

/* *got: 0 at the end. */
static enum status read_more(struct audit_reader *reader, size_t *got, struct error *err)
{
    size_t before = reader->end;
    enum status status = reader->begun ? STATUS_OK : begin(reader, err);
    if (status != STATUS_OK)
        return status;
    if (reader->end > before) {
        *got = reader->end - before;
        return STATUS_OK;
    }
    char *to = reader->data + reader->end;
    size_t room = reader->room - reader->end, count;
    status = reader->gunzip ? read_inflated(reader, to, room, &count, err)
                            : read_bytes(reader, to, room, &count, err);
    if (status != STATUS_OK)
        return status;
    reader->end += count;
    *got = count;
    return STATUS_OK;
}

/* Drops the rest of a line. */
static enum status skip_line(struct audit_reader *reader, struct error *err)
{
    for (;;) {
        char *newline = memchr(reader->data + reader->start, '\n', reader->end - reader->start);
        if (newline) {
            reader->start = (size_t)(newline - reader->data) + 1;
            return STATUS_OK;
        }
        reader->start = reader->end = 0;
        size_t got = 0;
        enum status status = read_more(reader, &got, err);
        if (status != STATUS_OK || !got)
            return status;
    }
}

/* A line of more than AUDIT_LINE_MAX is no record of ours: only its number is told. */
static enum status give_too_long(struct audit_reader *reader, struct audit_line *line,
                                 struct error *err)
{
    enum status status = skip_line(reader, err);
    if (status == STATUS_OK)
        *line = (struct audit_line){TEXT(""), ++reader->number, true, false};
    return status;
}

enum status audit_read_next(struct audit_reader *reader, struct audit_line *line, struct error *err)
{
    size_t seen = 0; /* bytes from `start` that hold no newline */
    for (;;) {
        size_t held = reader->end - reader->start;
        char *at = reader->data + reader->start;
        char *newline = memchr(at + seen, '\n', held - seen);
        if (newline) {
            size_t size = (size_t)(newline - at);
            *line = (struct audit_line){{at, size}, ++reader->number, false, false};
            reader->start += size + 1;
            return STATUS_OK;
        }
        if (held >= ROOM_MOST)
            return give_too_long(reader, line, err);
        seen = held;
        enum status status = make_room(reader, err);
        size_t got = 0;
        if (status == STATUS_OK)
            status = read_more(reader, &got, err);
        if (status != STATUS_OK)
            return status;
        if (!got && !held)
            return STATUS_NOT_FOUND;
        if (!got) {
            at = reader->data + reader->start;
            *line = (struct audit_line){{at, held}, ++reader->number, false, true};
            reader->start = reader->end;
            return STATUS_OK;
        }
    }
}
