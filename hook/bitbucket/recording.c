#include "bitbucket/recording.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "bitbucket/field.h"
#include "bitbucket/url.h"

#define SLOTS_FIRST 1024
#define LINE_START "{\"url\":"

struct entry { /* one answer: where its line is */
    uint64_t hash; /* of the normalised URL */
    uint64_t offset;
    uint32_t size; /* 0: an empty slot */
    uint32_t file;
};

struct recording {
    json_t *meta;
    struct text base_url;
    bool started_known;
    int64_t started_ms, duration_ms;
    char **names;
    int *fds;
    size_t file_count;
    struct entry *slots;
    size_t slot_count, used;
    char *line; /* reused */
    size_t line_room;
    struct buffer url, other; /* reused */
};

static uint64_t hash_of(struct text t)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < t.size; i++)
        hash = (hash ^ (unsigned char)t.at[i]) * UINT64_C(1099511628211);
    return hash ^ hash >> 32;
}

/* {"url": "/rest/…", -> /rest/…. Percent-encoded, so there is nothing to unescape. */
static bool line_url(struct text line, struct text *url)
{
    struct text rest = line;
    if (!text_starts(rest, TEXT(LINE_START)))
        return false;
    rest = text_trim(text_skip(rest, sizeof LINE_START - 1));
    if (!rest.size || rest.at[0] != '"')
        return false;
    rest = text_skip(rest, 1);
    const char *end = memchr(rest.at, '"', rest.size);
    if (!end)
        return false;
    *url = (struct text){rest.at, (size_t)(end - rest.at)};
    return !memchr(url->at, '\\', url->size);
}

/* The line of an entry into r->line, which only grows. */
static enum status read_line(struct recording *r, const struct entry *entry, struct error *err)
{
    if (r->line_room < entry->size) {
        free(r->line);
        r->line_room = 0;
        r->line = malloc((size_t)entry->size * 2);
        if (!r->line)
            return error_set(err, STATUS_MEMORY, "out of memory");
        r->line_room = (size_t)entry->size * 2;
    }
    for (size_t done = 0; done < entry->size;) {
        ssize_t got = pread(r->fds[entry->file], r->line + done, entry->size - done,
                            (off_t)(entry->offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_errno(err, STATUS_IO, got ? errno : EIO, "cannot read %s of the recording",
                               r->names[entry->file]);
        done += (size_t)got;
    }
    return STATUS_OK;
}

/* The slot of the URL in r->url (its line is in r->line then), or the empty one where it belongs. */
static enum status find_slot(struct recording *r, size_t *slot, struct error *err)
{
    struct text wanted = buffer_view(&r->url), url;
    uint64_t hash = hash_of(wanted);
    size_t at = (size_t)hash & (r->slot_count - 1);
    for (; r->slots[at].size; at = (at + 1) & (r->slot_count - 1)) {
        if (r->slots[at].hash != hash)
            continue;
        enum status status = read_line(r, &r->slots[at], err);
        if (status != STATUS_OK)
            return status;
        r->other.size = 0;
        if (line_url((struct text){r->line, r->slots[at].size}, &url) &&
            url_normalise(&r->other, r->base_url, url) &&
            text_equal(buffer_view(&r->other), wanted))
            break;
    }
    *slot = at;
    return STATUS_OK;
}

static enum status grow(struct recording *r, struct error *err)
{
    size_t count = r->slot_count ? r->slot_count * 2 : SLOTS_FIRST;
    struct entry *slots = calloc(count, sizeof *slots);
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
    r->url.size = 0;
    if (!line_url(line, &url) || !url_normalise(&r->url, r->base_url, url))
        return error_set(err, STATUS_FORMAT,
                         "%s:%llu: the line does not begin with " LINE_START "\"/rest/...\"",
                         r->names[file], (unsigned long long)number);
    enum status status = STATUS_OK;
    if (r->used * 2 >= r->slot_count)
        status = grow(r, err);
    size_t slot;
    if (status == STATUS_OK)
        status = find_slot(r, &slot, err);
    if (status != STATUS_OK)
        return status;
    if (!r->slots[slot].size)
        r->used++;
    r->slots[slot] =
        (struct entry){hash_of(buffer_view(&r->url)), offset, (uint32_t)line.size, file};
    return STATUS_OK;
}

static enum status index_file(struct recording *r, uint32_t file, struct error *err)
{
    enum status status = STATUS_OK;
    char *line = NULL;
    size_t room = 0;
    uint64_t offset = 0, number = 0;
    int copy = dup(r->fds[file]);
    FILE *in = copy < 0 ? NULL : fdopen(copy, "r");
    if (!in) {
        if (copy >= 0)
            close(copy);
        return error_errno(err, STATUS_IO, errno, "cannot read %s of the recording",
                           r->names[file]);
    }
    ssize_t got;
    errno = 0;
    while (status == STATUS_OK && (got = getline(&line, &room, in)) > 0) {
        number++;
        size_t size = (size_t)got;
        if (line[size - 1] != '\n')
            status = error_set(err, STATUS_FORMAT, "%s:%llu: the last line is cut off",
                               r->names[file], (unsigned long long)number);
        else if (size > 1)
            status = add_line(r, file, number, offset, (struct text){line, size - 1}, err);
        offset += size;
    }
    if (status == STATUS_OK && ferror(in))
        status = error_errno(err, STATUS_IO, errno, "cannot read %s of the recording",
                             r->names[file]);
    free(line);
    fclose(in);
    return status;
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
    r->base_url = field_text(&f, r->meta, "base_url", REQUIRED);
    while (r->base_url.size && r->base_url.at[r->base_url.size - 1] == '/')
        r->base_url.size--;
    struct text started = field_text(&f, r->meta, "started", OPTIONAL);
    r->started_known = started.size > 0;
    if (f.status == STATUS_OK && r->started_known && !clock_parse(started, &r->started_ms))
        field_fail(&f, "started", "is not a time like 2026-11-22T04:10:00Z");
    struct text finished = field_text(&f, r->meta, "finished", OPTIONAL);
    int64_t end = 0;
    if (f.status == STATUS_OK && finished.size && !clock_parse(finished, &end))
        field_fail(&f, "finished", "is not a time like 2026-11-22T04:10:00Z");
    else if (finished.size && r->started_known && end > r->started_ms)
        r->duration_ms = end - r->started_ms;
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
    buffer_init(&r->url, SIZE_MAX);
    buffer_init(&r->other, SIZE_MAX);
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
    json_decref(r->meta);
    for (size_t i = 0; i < r->file_count; i++) {
        if (r->fds && r->fds[i] >= 0)
            close(r->fds[i]);
        free(r->names[i]);
    }
    free(r->names);
    free(r->fds);
    free(r->slots);
    free(r->line);
    buffer_free(&r->url);
    buffer_free(&r->other);
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

int64_t recording_duration(const struct recording *r)
{
    return r->duration_ms;
}

size_t recording_answers(const struct recording *r)
{
    return r->used;
}

/* ------------------------------------------------------------------ answers */

static enum status get(void *self, const char *url, struct response *out, struct error *err)
{
    struct recording *r = self;
    size_t slot;
    json_error_t why;
    r->url.size = 0;
    if (!url_normalise(&r->url, r->base_url, text_of(url)))
        return error_set(err, STATUS_FORMAT, "%s is no URL of the REST API", url);
    if (r->url.failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    enum status status = find_slot(r, &slot, err);
    if (status != STATUS_OK)
        return status;
    const struct entry *entry = &r->slots[slot];
    if (!entry->size)
        return error_set(err, STATUS_NOT_FOUND, "the recording has no answer to %s", url);
    json_t *line = json_loadb(r->line, entry->size, JSON_REJECT_DUPLICATES, &why);
    if (!line)
        return error_set(err, STATUS_FORMAT, "%s: the recorded answer is not JSON: %s (column %d)",
                         url, why.text, why.column);
    struct fields f = {.where = url, .err = err};
    uint64_t code = field_u64(&f, line, "status", REQUIRED, NULL);
    if (f.status == STATUS_OK && (code < 100 || code > 599))
        field_fail(&f, "status", "is no HTTP status");
    if (f.status == STATUS_OK) {
        json_t *body = json_object_get(line, "body");
        *out = (struct response){(int)code, body && !json_is_null(body) ? json_incref(body) : NULL};
    }
    json_decref(line);
    return f.status;
}

struct answer_source recording_source(struct recording *recording)
{
    return (struct answer_source){get, recording};
}
