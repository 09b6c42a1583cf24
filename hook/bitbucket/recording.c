#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "bitbucket/field.h"
#include "bitbucket/json_slab.h"
#include "bitbucket/recording_index.h"
#include "bitbucket/url.h"

#define SLOTS_FIRST 1024
#define READ_FIRST ((size_t)1024 * 1024)

static enum status grow(struct recording *r, struct error *err)
{
    size_t count = r->slot_count ? r->slot_count * 2 : SLOTS_FIRST;
    struct recording_entry *slots = calloc(count, sizeof *slots);
    if (!slots)
        return error_set(err, STATUS_MEMORY, "out of memory");
    for (size_t i = 0; i < r->slot_count; i++) {
        if (!r->slots[i].size)
            continue;
        size_t at = (size_t)r->slots[i].hash & (count - 1);
        while (slots[at].size)
            at = (at + 1) & (count - 1);
        slots[at] = r->slots[i];
    }
    free(r->slots);
    r->slots = slots;
    r->slot_count = count;
    return STATUS_OK;
}

static enum status add_line(struct recording *r, uint32_t file, uint64_t number, uint64_t offset,
                            struct text line, struct error *err)
{
    struct text url;
    if (line.size > RECORDING_LINE_MAX)
        return error_set(err, STATUS_LIMIT, "%s:%llu: the line is longer than %zu MiB",
                         r->names[file], (unsigned long long)number, RECORDING_LINE_MAX >> 20);
    r->reader.wanted.size = 0;
    if (!recording_line_url(line, &url) || !url_normalise(&r->reader.wanted, r->base_url, url))
        return error_set(err, STATUS_FORMAT,
                         "%s:%llu: the line does not begin with " RECORDING_LINE_START
                         "\"/rest/...\"",
                         r->names[file], (unsigned long long)number);
    enum status status = STATUS_OK;
    if (r->used * 3 >= r->slot_count * 2)
        status = grow(r, err);
    size_t slot;
    if (status == STATUS_OK)
        status = recording_find(r, &r->reader, &slot, err);
    if (status != STATUS_OK)
        return status;
    if (!r->slots[slot].size)
        r->used++;
    r->slots[slot] = (struct recording_entry){
        .hash = text_hash(buffer_view(&r->reader.wanted)),
        .offset = offset,
        .size = (uint32_t)line.size,
        .file = file,
    };
    return STATUS_OK;
}

/* The lines of a file, one after another. getline() would take a file without any into memory whole. */
struct lines {
    int fd;
    char *bytes; /* from `begin` to `end`: read, and not given yet */
    size_t room, begin, end;
    uint64_t offset; /* of bytes[end] in the file */
};

static enum status read_more(struct lines *in, size_t *got, struct error *err)
{
    size_t rest = in->end - in->begin;
    if (in->begin)
        memmove(in->bytes, in->bytes + in->begin, rest);
    in->begin = 0;
    in->end = rest;
    if (in->end == in->room) {
        size_t room = in->room ? in->room * 2 : READ_FIRST;
        char *bytes = realloc(in->bytes, room);
        if (!bytes)
            return error_set(err, STATUS_MEMORY, "out of memory");
        in->bytes = bytes;
        in->room = room;
    }
    ssize_t more;
    do
        more = pread(in->fd, in->bytes + in->end, in->room - in->end, (off_t)in->offset);
    while (more < 0 && errno == EINTR);
    if (more < 0)
        return error_errno(err, STATUS_IO, errno, "cannot read");
    in->end += (size_t)more;
    in->offset += (uint64_t)more;
    *got = (size_t)more;
    return STATUS_OK;
}

/* The next line without its newline; STATUS_NOT_FOUND: there is none. */
static enum status next_line(struct lines *in, struct text *line, uint64_t *offset, struct error *err)
{
    size_t looked_at = 0, got = 1;
    for (;;) {
        const char *start = in->bytes ? in->bytes + in->begin : "";
        size_t size = in->end - in->begin;
        const char *end = size ? memchr(start + looked_at, '\n', size - looked_at) : NULL;
        if (end) {
            *line = (struct text){start, (size_t)(end - start)};
            *offset = in->offset - size;
            in->begin += line->size + 1;
            return STATUS_OK;
        }
        if (size > RECORDING_LINE_MAX)
            return error_set(err, STATUS_LIMIT, "the line is longer than %zu MiB",
                             RECORDING_LINE_MAX >> 20);
        if (!got)
            return size ? error_set(err, STATUS_FORMAT, "the last line is cut off") :
                          STATUS_NOT_FOUND;
        looked_at = size;
        enum status status = read_more(in, &got, err);
        if (status != STATUS_OK)
            return status;
    }
}

static enum status index_file(struct recording *r, uint32_t file, struct error *err)
{
    struct lines in = {.fd = r->fds[file]};
    struct error why;
    struct text line = TEXT_NONE;
    enum status status = STATUS_OK;
    uint64_t offset = 0, number = 0;
    while (status == STATUS_OK) {
        number++;
        status = next_line(&in, &line, &offset, &why);
        if (status == STATUS_OK && line.size)
            status = add_line(r, file, number, offset, line, err);
        else if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            error_set(err, status, "%s:%llu: %s", r->names[file], (unsigned long long)number,
                      why.text);
    }
    free(in.bytes);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ------------------------------------------------------------------ opening */

static enum status read_meta(struct recording *r, int directory, struct error *err)
{
    struct buffer bytes;
    json_error_t why;
    int fd = openat(directory, "recording.json", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                           "cannot open recording.json (is this a recording?)");
    buffer_init(&bytes, RECORDING_META_MAX + 1);
    enum status status = file_read_all(fd, RECORDING_META_MAX, &bytes, err);
    close(fd);
    if (status == STATUS_OK) {
        r->meta = json_loadb(bytes.data ? bytes.data : "", bytes.size, JSON_REJECT_DUPLICATES, &why);
        if (!r->meta)
            status = error_set(err, STATUS_FORMAT, "recording.json:%d: %s", why.line, why.text);
    }
    buffer_free(&bytes);
    if (status != STATUS_OK)
        return status;
    struct fields f = {.where = "recording.json", .err = err};
    uint64_t format = field_u64(&f, r->meta, "format", REQUIRED, NULL);
    if (f.status == STATUS_OK && format != RECORDING_FORMAT)
        field_fail(&f, "format", "is not 1, which is what this version of refgate reads");
    r->base_url = text_without_slashes(field_text(&f, r->meta, "base_url", REQUIRED));
    struct text started = field_text(&f, r->meta, "started", OPTIONAL);
    r->started_known = started.size > 0;
    if (f.status == STATUS_OK && r->started_known && !clock_parse(started, &r->started_ms))
        field_fail(&f, "started", "is not a time like 2026-11-22T04:10:00Z");
    struct text finished = field_text(&f, r->meta, "finished", OPTIONAL);
    r->finished_known = finished.size > 0;
    if (f.status == STATUS_OK && r->finished_known && !clock_parse(finished, &r->finished_ms))
        field_fail(&f, "finished", "is not a time like 2026-11-22T04:10:00Z");
    return f.status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_answers(const char *name)
{
    size_t size = strlen(name);
    return size > 6 && name[0] != '.' && !strcmp(name + size - 6, ".jsonl");
}

static enum status list_files(struct recording *r, int directory, struct error *err)
{
    int copy = dup(directory);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir) {
        if (copy >= 0)
            close(copy);
        return error_errno(err, STATUS_IO, errno, "cannot list the recording");
    }
    enum status status = STATUS_OK;
    const struct dirent *item;
    while (status == STATUS_OK && (item = readdir(dir))) {
        if (!is_answers(item->d_name))
            continue;
        char **names = realloc(r->names, (r->file_count + 1) * sizeof *names);
        char *name = names ? strdup(item->d_name) : NULL;
        if (names)
            r->names = names;
        if (!name)
            status = error_set(err, STATUS_MEMORY, "out of memory");
        else
            r->names[r->file_count++] = name;
        if (status == STATUS_OK && r->file_count > RECORDING_FILES_MAX)
            status = error_set(err, STATUS_LIMIT, "the recording has more than %d files",
                               RECORDING_FILES_MAX);
    }
    closedir(dir);
    if (status == STATUS_OK && !r->file_count)
        status = error_set(err, STATUS_FORMAT, "the recording has no .jsonl file");
    if (status == STATUS_OK)
        qsort(r->names, r->file_count, sizeof *r->names, by_name);
    return status;
}

static enum status open_files(struct recording *r, int directory, struct error *err)
{
    r->fds = malloc(r->file_count * sizeof *r->fds);
    if (!r->fds)
        return error_set(err, STATUS_MEMORY, "out of memory");
    for (size_t i = 0; i < r->file_count; i++)
        r->fds[i] = -1;
    for (uint32_t i = 0; i < r->file_count; i++) {
        struct stat st;
        r->fds[i] = openat(directory, r->names[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (r->fds[i] < 0 || fstat(r->fds[i], &st) < 0)
            return error_errno(err, STATUS_IO, errno, "cannot open %s of the recording",
                               r->names[i]);
        if (!S_ISREG(st.st_mode))
            return error_set(err, STATUS_FORMAT, "%s of the recording is not a regular file",
                             r->names[i]);
        enum status status = index_file(r, i, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status recording_open(const char *path, struct recording **out, struct error *err)
{
    struct recording *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, STATUS_MEMORY, "out of memory");
    recording_reader_init(&r->reader);
    json_slab_prepare();
    enum status status = STATUS_OK;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        status = error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                             "cannot open the directory %s", path);
    if (status == STATUS_OK)
        status = read_meta(r, directory, err);
    if (status == STATUS_OK)
        status = list_files(r, directory, err);
    if (status == STATUS_OK)
        status = grow(r, err);
    if (status == STATUS_OK)
        status = open_files(r, directory, err);
    if (directory >= 0)
        close(directory);
    if (status == STATUS_OK)
        *out = r;
    else
        recording_close(r);
    return status;
}

void recording_close(struct recording *r)
{
    if (!r)
        return;
    recording_stop(r);
    json_decref(r->meta);
    for (size_t i = 0; i < r->file_count; i++) {
        if (r->fds && r->fds[i] >= 0)
            close(r->fds[i]);
        free(r->names[i]);
    }
    free(r->names);
    free(r->fds);
    free(r->slots);
    recording_reader_free(&r->reader);
    free(r);
}

struct text recording_base_url(const struct recording *r)
{
    return r->base_url;
}

bool recording_started(const struct recording *r, int64_t *ms)
{
    if (r->started_known)
        *ms = r->started_ms;
    return r->started_known;
}

bool recording_finished(const struct recording *r, int64_t *ms)
{
    if (r->finished_known)
        *ms = r->finished_ms;
    return r->finished_known;
}

int64_t recording_duration(const struct recording *r)
{
    bool known = r->started_known && r->finished_known && r->finished_ms > r->started_ms;
    return known ? r->finished_ms - r->started_ms : 0;
}

size_t recording_answers(const struct recording *r)
{
    return r->used;
}
