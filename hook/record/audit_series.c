#include "record/audit_series.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "record/audit_read.h"

#define STAMP_SIZE 16   /* 20261122T041000Z */
#define ORDINAL_SIZE 3  /* _02 */
#define ORDINAL_MOST 99 /* two digits, so that names sort */
#define COMPRESSED TEXT(".gz")
#define ROTATED_MOST 100 /* times that the log may be rotated while we list */

struct text audit_series_stem(struct text path)
{
    if (path.size > COMPRESSED.size &&
        !memcmp(path.at + path.size - COMPRESSED.size, COMPRESSED.at, COMPRESSED.size))
        path.size -= COMPRESSED.size;
    return path;
}

/* false: it is none, or of a day that no calendar has: nothing could be named to come after that. */
static bool stamp_time(struct text t, int64_t *ms)
{
    if (t.size != STAMP_SIZE)
        return false;
    for (size_t i = 0; i < t.size; i++)
        if (i == 8 ? t.at[i] != 'T' : i == 15 ? t.at[i] != 'Z' : !ascii_digit(t.at[i]))
            return false;
    char time[CLOCK_TEXT_SIZE];
    snprintf(time, sizeof time, "%.4s-%.2s-%.5s:%.2s:%.3s", t.at, t.at + 4, t.at + 6, t.at + 11,
             t.at + 13);
    return clock_parse(text_of(time), ms);
}

/* The stamp in -20261122T041000Z, with or without _02 behind it; absent: it is none. */
static struct text suffix_stamp(struct text suffix)
{
    int64_t ms;
    struct text stamp = {suffix.at + 1, STAMP_SIZE};
    if (suffix.size < 1 + STAMP_SIZE || suffix.at[0] != '-' || !stamp_time(stamp, &ms))
        return TEXT_NONE;
    struct text rest = text_skip(suffix, 1 + STAMP_SIZE);
    bool good = !rest.size || (rest.size == ORDINAL_SIZE && rest.at[0] == '_' &&
                               ascii_digit(rest.at[1]) && ascii_digit(rest.at[2]));
    return good ? stamp : TEXT_NONE;
}

static bool is_rotated(struct text log_name, struct text name)
{
    return text_starts(name, log_name) &&
           suffix_stamp(audit_series_stem(text_skip(name, log_name.size))).at;
}

/* Of a path that ends so. */
static struct text path_stamp(struct text path)
{
    struct text stem = audit_series_stem(path);
    for (size_t tail = 0; tail <= ORDINAL_SIZE; tail += ORDINAL_SIZE) {
        size_t size = 1 + STAMP_SIZE + tail;
        if (stem.size < size)
            continue;
        struct text stamp = suffix_stamp(text_skip(stem, stem.size - size));
        if (stamp.at)
            return stamp;
    }
    return TEXT_NONE;
}

bool audit_series_time(struct text path, int64_t *ms)
{
    return stamp_time(path_stamp(path), ms);
}

void audit_series_free(struct audit_series *series)
{
    for (size_t i = 0; i < series->count; i++)
        free(series->paths[i]);
    free(series->paths);
    free(series->twin);
    *series = (struct audit_series){0};
}

static bool add_path(struct audit_series *series, size_t *room, struct text directory,
                     const char *name)
{
    if (series->count == *room) {
        size_t more = *room ? *room * 2 : 32;
        char **paths = realloc(series->paths, more * sizeof *paths);
        if (!paths)
            return false;
        series->paths = paths;
        *room = more;
    }
    char *path = NULL;
    if (asprintf(&path, "%.*s%s", TEXT_ARG(directory), name) < 0)
        return false;
    series->paths[series->count++] = path;
    return true;
}

/* By their names without .gz; of two that differ in that only, the plain one first. */
static int compare_paths(const void *left, const void *right)
{
    struct text a = text_of(*(char *const *)left), b = text_of(*(char *const *)right);
    int order = text_compare(audit_series_stem(a), audit_series_stem(b));
    return order ? order : text_compare(a, b);
}

static bool is_same_file(const struct stat *a, const char *path)
{
    struct stat b;
    return a && !stat(path, &b) && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

static void drop_doubles(struct audit_series *series, const struct stat *log)
{
    size_t kept = 0;
    for (size_t i = 0; i < series->count; i++) {
        char *path = series->paths[i];
        bool twice = kept && text_equal(audit_series_stem(text_of(series->paths[kept - 1])),
                                        audit_series_stem(text_of(path)));
        bool twin = is_same_file(log, path);
        if (twin && !series->twin)
            series->twin = path;
        else if (twice || twin)
            free(path);
        else
            series->paths[kept++] = path;
    }
    series->count = kept;
}

static enum status read_names(DIR *stream, struct text directory, struct text log_name,
                              struct audit_series *out, struct error *err)
{
    size_t room = 0;
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(stream)))
        if (is_rotated(log_name, text_of(entry->d_name)) &&
            !add_path(out, &room, directory, entry->d_name))
            return error_set(err, STATUS_MEMORY, "out of memory");
    if (errno)
        return error_errno(err, STATUS_IO, errno, "the log's directory cannot be read");
    return STATUS_OK;
}

enum status audit_series_list(const char *log, struct audit_series *out, struct error *err)
{
    const char *slash = strrchr(log, '/');
    struct text name = text_of(slash ? slash + 1 : log);
    struct text directory = {log, (size_t)(name.at - log)};
    char where[PATH_MAX];
    int size = snprintf(where, sizeof where, "%.*s", TEXT_ARG(directory));
    if (size < 0 || (size_t)size >= sizeof where)
        return error_set(err, STATUS_LIMIT, "the audit log's path is too long");
    struct audit_series found = {0};
    DIR *stream = opendir(size ? where : ".");
    if (!stream && errno != ENOENT)
        return error_errno(err, STATUS_IO, errno, "the log's directory cannot be read");
    enum status status = STATUS_OK;
    if (stream) {
        status = read_names(stream, directory, name, &found, err);
        closedir(stream);
    }
    if (status != STATUS_OK) {
        audit_series_free(&found);
        return status;
    }
    struct stat st;
    if (found.count)
        qsort(found.paths, found.count, sizeof *found.paths, compare_paths);
    drop_doubles(&found, stat(log, &st) ? NULL : &st);
    *out = found;
    return STATUS_OK;
}

enum status audit_series_open(const char *log, struct audit_series *out,
                              struct audit_reader **reader, struct error *err)
{
    for (int i = 0; i < ROTATED_MOST; i++) {
        struct audit_reader *opened = NULL;
        enum status ignored = audit_read_open(log, &opened, NULL);
        enum status status = audit_series_list(log, out, err);
        bool rotated = ignored == STATUS_OK && audit_read_names(opened, log) != ANSWER_YES;
        if (status == STATUS_OK && !rotated) {
            *reader = opened;
            return STATUS_OK;
        }
        audit_read_close(opened);
        if (status != STATUS_OK)
            return status;
        audit_series_free(out);
    }
    return error_set(err, STATUS_BUSY, "the audit log is being rotated all the time");
}

/* 2026-11-22T04:10:00Z without its punctuation. */
static void stamp_of(int64_t now_ms, char out[STAMP_SIZE + 1])
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(now_ms, true, time);
    size_t size = 0;
    for (const char *at = time; *at && size < STAMP_SIZE; at++)
        if (*at != '-' && *at != ':')
            out[size++] = *at;
    out[size] = '\0';
}

/* Where the clock was wrong once, and is years behind that now, names must not run out. */
static bool next_second(char stamp[STAMP_SIZE + 1])
{
    int64_t ms;
    struct text text = {stamp, STAMP_SIZE};
    if (!stamp_time(text, &ms))
        return false;
    stamp_of(ms + CLOCK_SECOND, stamp);
    return stamp_time(text, &ms); /* the last second of the calendar has no next one */
}

enum status audit_series_suffix(const struct audit_series *series, int64_t now_ms,
                                char out[AUDIT_SUFFIX_SIZE], struct error *err)
{
    char stamp[STAMP_SIZE + 1];
    unsigned ordinal = 1;
    stamp_of(now_ms, stamp);
    if (series->count) {
        struct text last = audit_series_stem(text_of(series->paths[series->count - 1]));
        struct text newest = path_stamp(last);
        if (newest.size == STAMP_SIZE && text_compare(newest, text_of(stamp)) >= 0) {
            memcpy(stamp, newest.at, STAMP_SIZE);
            ordinal = 2;
            if (last.at[last.size - 1] != 'Z')
                ordinal = (unsigned)(last.at[last.size - 2] - '0') * 10 +
                          (unsigned)(last.at[last.size - 1] - '0') + 1;
        }
    }
    if (ordinal > ORDINAL_MOST) {
        ordinal = 1;
        if (!next_second(stamp))
            return error_set(err, STATUS_LIMIT,
                             "no name comes after that of the newest rotated file");
    }
    if (ordinal == 1)
        snprintf(out, AUDIT_SUFFIX_SIZE, "-%s", stamp);
    else
        snprintf(out, AUDIT_SUFFIX_SIZE, "-%s_%02u", stamp, ordinal);
    return STATUS_OK;
}
