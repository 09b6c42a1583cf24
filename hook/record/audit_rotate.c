#include "record/audit_rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "record/audit.h"
#include "record/audit_compress.h"
#include "record/audit_line.h"
#include "record/audit_read.h"
#include "record/beside.h"
#include "record/record_json.h"

struct rotate {
    const struct audit_rotation_request *request;
    struct audit_rotation *done;
    struct beside place;
    struct audit_series series;
    size_t excess;              /* of the series, that --keep lets go */
    struct digest begins_after; /* what then comes first does; empty: cannot be told */
    int log;                    /* the old one, locked; -1: not open */
    struct stat st;
    struct digest head; /* of the old one */
    struct buffer line; /* the first of the new one */
    char name[NAME_MAX + 1];
};

/* ------------------------------------------------------------------ is it time? */

static enum status first_line(const char *path, struct audit_reader **reader,
                              struct audit_line *line, struct error *err)
{
    enum status status = audit_read_open(path, reader, err);
    return status == STATUS_OK ? audit_read_next(*reader, line, err) : status;
}

/* Of a record whose time cannot be told, nobody can say that it is young. */
static bool is_older(struct text line, int64_t now_ms, int64_t age_ms)
{
    json_t *record = json_loadb(line.at, line.size, 0, NULL);
    const char *written = json_string_value(json_object_get(record, "time"));
    int64_t time_ms = 0;
    bool known = written && clock_parse(text_of(written), &time_ms);
    json_decref(record);
    return !known || now_ms - time_ms > age_ms;
}

static const char *why_not_now(const struct rotate *rotate, const struct audit_line *line)
{
    const struct audit_rotation_request *request = rotate->request;
    uint64_t size = (uint64_t)rotate->st.st_size;
    if (text_starts(line->text, TEXT(AUDIT_ROTATION_START)) && size == line->text.size + 1)
        return "nothing was recorded since the last rotation";
    if (!request->if_larger && !request->if_older_ms)
        return NULL;
    if (request->if_larger && size > request->if_larger)
        return NULL;
    if (request->if_older_ms && is_older(line->text, request->now_ms, request->if_older_ms))
        return NULL;
    return "it is neither large nor old enough";
}

/* Looked at without the lock, which pushes wait for: a log only grows, and the other rotations wait
 * for ours. */
static enum status is_due(struct rotate *rotate, struct error *err)
{
    struct audit_reader *reader = NULL;
    struct audit_line line;
    if (fstatat(rotate->place.directory, rotate->place.name, &rotate->st, AT_SYMLINK_NOFOLLOW))
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                           "the audit log cannot be examined");
    if (!S_ISREG(rotate->st.st_mode))
        return error_set(err, STATUS_TRUST, "the audit log is not a regular file");
    enum status status = first_line(rotate->request->path, &reader, &line, err);
    if (status == STATUS_OK)
        rotate->done->why_not = why_not_now(rotate, &line);
    else if (status == STATUS_NOT_FOUND && reader) {
        rotate->done->why_not = "it is empty";
        status = STATUS_OK;
    }
    audit_read_close(reader);
    return status;
}

/* ------------------------------------------------------------------ the first line */

/* The files that --keep lets go, for the chain to tell that they went on purpose. */
static json_t *json_of_dropped(const struct rotate *rotate, struct record_maker *maker)
{
    const char *newest = rotate->series.paths[rotate->excess - 1], *slash = strrchr(newest, '/');
    struct text name = audit_series_stem(text_of(slash ? slash + 1 : newest));
    json_t *dropped = json_object();
    json_put(maker, dropped, "files", json_number(rotate->excess));
    json_put(maker, dropped, "newest", json_text(name, RECORD_NAME_MAX, NULL));
    json_put(maker, dropped, "begins_after",
             *rotate->begins_after.hex ? json_string(rotate->begins_after.hex) : json_null());
    return dropped;
}

static enum status make_record(struct rotate *rotate, struct buffer *out, struct error *err)
{
    const struct audit_rotation_request *request = rotate->request;
    struct record_maker maker = {false};
    char time[CLOCK_TEXT_SIZE];
    clock_format(request->now_ms, false, time);
    json_t *record = json_object();
    json_put(&maker, record, "type", json_string("rotation"));
    json_put(&maker, record, "time", json_string(time));
    json_put(&maker, record, "host", json_text(text_of(request->host), RECORD_NAME_MAX, NULL));
    json_put(&maker, record, "version", json_string(request->version));
    json_put(&maker, record, "continues", json_text(text_of(rotate->name), RECORD_NAME_MAX, NULL));
    if (rotate->excess)
        json_put(&maker, record, "dropped", json_of_dropped(rotate, &maker));
    char *text = maker.failed ? NULL : json_dumps(record, JSON_COMPACT);
    json_decref(record);
    buffer_string(out, text ? text : "");
    out->failed |= !text;
    free(text);
    return out->failed ? error_set(err, STATUS_MEMORY, "out of memory") : STATUS_OK;
}

/* ------------------------------------------------------------------ the swap */

static enum status name_result(struct rotate *rotate, bool compressed, struct error *err)
{
    free(rotate->done->rotated_to);
    rotate->done->rotated_to = NULL;
    int directory = (int)(rotate->place.name - rotate->request->path);
    if (asprintf(&rotate->done->rotated_to, "%.*s%s%s", directory, rotate->request->path,
                 rotate->name, compressed ? ".gz" : "") >= 0)
        return STATUS_OK;
    rotate->done->rotated_to = NULL;
    return error_set(err, STATUS_MEMORY, "out of memory");
}

static enum status choose_name(struct rotate *rotate, struct error *err)
{
    char suffix[AUDIT_SUFFIX_SIZE];
    enum status status = audit_series_suffix(&rotate->series, rotate->request->now_ms, suffix, err);
    if (status != STATUS_OK)
        return status;
    int size = snprintf(rotate->name, sizeof rotate->name, "%s%s", rotate->place.name, suffix);
    if (size < 0 || (size_t)size >= sizeof rotate->name)
        return error_set(err, STATUS_LIMIT, "the audit log's name is too long");
    return name_result(rotate, false, err);
}

/* The new log, whole and on the disk, under a name of its own. */
static enum status prepare(struct rotate *rotate, const char *temporary, struct error *err)
{
    struct buffer record;
    struct digest hash;
    buffer_init(&record, AUDIT_LINE_MAX - AUDIT_SEAL_SIZE);
    enum status status = make_record(rotate, &record, err);
    if (status == STATUS_OK)
        audit_line_seal(buffer_view(&record), &rotate->head, &rotate->line, &hash);
    buffer_string(&rotate->line, "\n");
    buffer_free(&record);
    if (status == STATUS_OK && rotate->line.failed)
        status = error_set(err, STATUS_MEMORY, "out of memory");
    int fd = -1;
    if (status == STATUS_OK)
        status = beside_create(&rotate->place, temporary, &rotate->st, &fd, err);
    if (status == STATUS_OK)
        status = file_write_all(fd, rotate->line.data, rotate->line.size, err);
    if (status == STATUS_OK && (fsync(fd) || fsync(rotate->log)))
        status = error_errno(err, STATUS_IO, errno, "the log cannot be written to the disk");
    if (fd >= 0)
        close(fd);
    return status;
}

/* First the second name, on the disk, then the new log over the first one: the old log has a name at
 * each moment, and its path a log. */
static enum status swap(struct rotate *rotate, const char *temporary, struct error *err)
{
    int directory = rotate->place.directory;
    if (linkat(directory, rotate->place.name, directory, rotate->name, 0))
        return error_errno(err, STATUS_IO, errno, "the audit log cannot be given a second name");
    enum status status = beside_sync(&rotate->place, err);
    if (status == STATUS_OK && renameat(directory, temporary, directory, rotate->place.name))
        status = error_errno(err, STATUS_IO, errno, "the new log cannot be renamed");
    if (status != STATUS_OK) {
        unlinkat(directory, rotate->name, 0);
        return status;
    }
    rotate->done->rotated = true;
    return beside_sync(&rotate->place, err);
}

static enum status swap_locked(struct rotate *rotate, struct error *err)
{
    char temporary[NAME_MAX + 1];
    int size = snprintf(temporary, sizeof temporary, ".%s.new", rotate->place.name);
    if (size < 0 || (size_t)size >= sizeof temporary)
        return error_set(err, STATUS_LIMIT, "the audit log's name is too long");
    if (fstat(rotate->log, &rotate->st))
        return error_errno(err, STATUS_IO, errno, "the audit log cannot be examined");
    enum status status = audit_read_head(rotate->log, &rotate->head, err);
    if (status == STATUS_OK)
        status = choose_name(rotate, err);
    if (status == STATUS_OK)
        status = prepare(rotate, temporary, err);
    if (status == STATUS_OK)
        status = swap(rotate, temporary, err);
    if (!rotate->done->rotated)
        unlinkat(rotate->place.directory, temporary, 0);
    return status;
}

static enum status swap_logs(struct rotate *rotate, struct error *err)
{
    const struct audit_rotation_request *request = rotate->request;
    /* What can take long on a slow disk is done before pushes have to wait for the lock. */
    int fd = openat(rotate->place.directory, rotate->place.name,
                    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0) {
        fdatasync(fd); /* under the lock it is done again, and looked at */
        close(fd);
    }
    enum status status = audit_open_locked(request->path, request->deadline_us, &rotate->log, err);
    if (status != STATUS_OK)
        return status;
    status = swap_locked(rotate, err);
    close(rotate->log);
    return status;
}

/* ------------------------------------------------------------------ afterwards */

static bool keep_path(struct audit_series *series, const char *path)
{
    char **paths = realloc(series->paths, (series->count + 1) * sizeof *paths);
    if (!paths)
        return false;
    series->paths = paths;
    paths[series->count] = strdup(path);
    if (!paths[series->count])
        return false;
    series->count++;
    return true;
}

/* The newest of them first: killed in between, the ones that are left have a beginning, and what
 * comes after the gap begins where the record says. */
static enum status drop_excess(struct rotate *rotate, struct error *err)
{
    for (size_t i = rotate->excess; i > 0; i--) {
        const char *path = rotate->series.paths[i - 1];
        if (unlink(path) && errno != ENOENT)
            return error_errno(err, STATUS_IO, errno, "an old file cannot be removed");
        if (!keep_path(&rotate->done->dropped, path))
            return error_set(err, STATUS_MEMORY, "out of memory");
    }
    return STATUS_OK;
}

/* All that are not compressed yet: also those of a rotation that was interrupted, or that was made
 * without --compress. */
static enum status compress_all(struct rotate *rotate, struct error *err)
{
    struct audit_series now = {0};
    enum status status = audit_series_list(rotate->request->path, &now, err);
    for (size_t i = 0; status == STATUS_OK && i < now.count; i++) {
        struct text path = text_of(now.paths[i]);
        if (audit_series_stem(path).size != path.size)
            continue;
        status = audit_compress(path.at, err);
        if (status == STATUS_OK && !keep_path(&rotate->done->compressed, path.at))
            status = error_set(err, STATUS_MEMORY, "out of memory");
        else if (status != STATUS_OK)
            error_prefix(err, "a rotated file cannot be compressed");
    }
    audit_series_free(&now);
    return status;
}

/* ------------------------------------------------------------------ all of it */

/* One rotation at a time; the lock on the log itself is held for the swap only. A file system
 * without such locks has that one. */
static enum status lock_directory(const struct rotate *rotate, struct error *err)
{
    if (flock(rotate->place.directory, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        return error_set(err, STATUS_BUSY, "another rotation is under way here");
    return STATUS_OK;
}

/* The oldest file that stays begins after the last line of those that go; the log itself may be that
 * one. */
static void find_beginning(struct rotate *rotate)
{
    const struct audit_series *series = &rotate->series;
    const char *stays = rotate->excess < series->count ? series->paths[rotate->excess]
                                                       : rotate->request->path;
    struct audit_reader *reader = NULL;
    struct audit_line line;
    struct audit_seal seal;
    if (first_line(stays, &reader, &line, NULL) == STATUS_OK && audit_line_read(line.text, &seal))
        memcpy(rotate->begins_after.hex, seal.prev.at, seal.prev.size);
    audit_read_close(reader);
}

static enum status list_series(struct rotate *rotate, struct error *err)
{
    enum status status = audit_series_list(rotate->request->path, &rotate->series, err);
    if (status != STATUS_OK)
        return status;
    if (rotate->series.twin && unlink(rotate->series.twin) && errno != ENOENT)
        return error_errno(err, STATUS_IO, errno,
                           "what an interrupted rotation left over cannot be removed");
    size_t after = rotate->series.count + 1, keep = rotate->request->keep;
    rotate->excess = keep && after > keep ? after - keep : 0;
    if (rotate->excess)
        find_beginning(rotate);
    return STATUS_OK;
}

static enum status rotate_in_place(struct rotate *rotate, struct error *err)
{
    enum status status = lock_directory(rotate, err);
    if (status == STATUS_OK)
        status = is_due(rotate, err);
    if (status == STATUS_OK)
        status = list_series(rotate, err);
    if (status == STATUS_OK && !rotate->done->why_not) {
        status = swap_logs(rotate, err);
        if (status == STATUS_OK)
            status = drop_excess(rotate, err);
    }
    if (status == STATUS_OK && rotate->request->compress) {
        status = compress_all(rotate, err);
        if (status == STATUS_OK && rotate->done->rotated)
            status = name_result(rotate, true, err);
    }
    return status;
}

enum status audit_rotate(const struct audit_rotation_request *request, struct audit_rotation *out,
                         struct error *err)
{
    *out = (struct audit_rotation){0};
    struct rotate *rotate = calloc(1, sizeof *rotate);
    if (!rotate)
        return error_set(err, STATUS_MEMORY, "out of memory");
    *rotate = (struct rotate){.request = request, .done = out, .log = -1};
    buffer_init(&rotate->line, AUDIT_LINE_MAX + 1);
    enum status status = beside_open(request->path, &rotate->place, err);
    if (status == STATUS_OK) {
        status = rotate_in_place(rotate, err);
        close(rotate->place.directory); /* drops its lock */
    }
    audit_series_free(&rotate->series);
    buffer_free(&rotate->line);
    free(rotate);
    return status;
}

void audit_rotation_free(struct audit_rotation *rotation)
{
    free(rotation->rotated_to);
    audit_series_free(&rotation->dropped);
    audit_series_free(&rotation->compressed);
    *rotation = (struct audit_rotation){0};
}
