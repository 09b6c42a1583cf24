#include "record/audit_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "record/audit.h"

#define ROOM_FIRST ((size_t)64 * 1024)
#define ROOM_MOST (AUDIT_LINE_MAX + 1) /* a line and its newline */
#define LOCK_TRIES 200
#define LOCK_SLEEP_NS 5000000

struct audit_reader {
    int fd;
    bool close_fd, limited;
    uint64_t size, left; /* bytes to read, when limited */
    uint64_t number;
    char *data;
    size_t room, start, end; /* data[start..end) is read and not yet given out */
};

/* Writers hold the lock while they append: under it, the file ends with a whole line (or with one
 * that was torn long ago). Held for one fstat() only, since each push waits for it. */
static void limit_to_whole_lines(struct audit_reader *reader)
{
    struct stat st;
    if (fstat(reader->fd, &st) || !S_ISREG(st.st_mode))
        return;
    bool locked = false;
    for (int i = 0; i < LOCK_TRIES && !locked; i++) {
        locked = !flock(reader->fd, LOCK_SH | LOCK_NB);
        if (!locked && errno != EWOULDBLOCK && errno != EINTR)
            break; /* no locks on this file system */
        if (!locked)
            nanosleep(&(struct timespec){.tv_nsec = LOCK_SLEEP_NS}, NULL);
    }
    reader->limited = !fstat(reader->fd, &st);
    reader->size = reader->left = (uint64_t)st.st_size;
    if (locked)
        flock(reader->fd, LOCK_UN);
}

enum status audit_read_open(const char *path, struct audit_reader **out, struct error *err)
{
    bool standard = !strcmp(path, "-");
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                           "cannot open the audit log");
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
        limit_to_whole_lines(reader);
    *out = reader;
    return STATUS_OK;
}

void audit_read_close(struct audit_reader *reader)
{
    if (!reader)
        return;
    if (reader->close_fd)
        close(reader->fd);
    free(reader->data);
    free(reader);
}

bool audit_read_rewind(struct audit_reader *reader)
{
    if (!reader->limited || lseek(reader->fd, 0, SEEK_SET) != 0)
        return false;
    reader->left = reader->size;
    reader->start = reader->end = 0;
    reader->number = 0;
    return true;
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

/* *got: 0 at the end. */
static enum status read_more(struct audit_reader *reader, size_t *got, struct error *err)
{
    size_t room = reader->room - reader->end;
    if (reader->limited && room > reader->left)
        room = (size_t)reader->left;
    ssize_t count;
    do
        count = read(reader->fd, reader->data + reader->end, room);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return error_errno(err, STATUS_IO, errno, "cannot read the audit log");
    reader->end += (size_t)count;
    reader->left -= reader->limited ? (uint64_t)count : 0;
    *got = (size_t)count;
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
