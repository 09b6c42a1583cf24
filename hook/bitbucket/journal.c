#include "bitbucket/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "bitbucket/field.h"
#include "bitbucket/journal_directory.h"
#include "bitbucket/recording.h"
#include "bitbucket/redact.h"

/* What a crash of the machine may cost: the journal is on the disk after so many answers or so long,
 * whichever is first. A killed process loses nothing. */
#define SYNC_ANSWERS 2000
#define SYNC_US INT64_C(1000000)
#define LINE_KEPT ((size_t)1024 * 1024) /* memory of a longer line is given back */
#define LINE_START "{\"url\":"

struct journal {
    int fd;         /* answers.jsonl, locked */
    char *meta;     /* path of recording.json */
    char *base_url;
    int64_t started_ms;
    uint64_t size;  /* of whole lines */
    struct buffer line;
    bool closed;    /* finished, or a line could not be written */
    unsigned unsynced;
    int64_t synced_us;
};

static struct journal *journal_new(const char *directory, struct text base_url)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->fd = -1;
    buffer_init(&j->line, SIZE_MAX);
    j->synced_us = clock_monotonic_us();
    base_url = text_without_slashes(base_url);
    j->base_url = strndup(base_url.at ? base_url.at : "", base_url.size);
    if (!j->base_url || asprintf(&j->meta, "%s/" JOURNAL_META, directory) < 0) {
        j->meta = NULL;
        journal_close(j);
        return NULL;
    }
    return j;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        close(j->fd);
    free(j->meta);
    free(j->base_url);
    buffer_free(&j->line);
    free(j);
}

int64_t journal_started(const struct journal *j)
{
    return j->started_ms;
}

uint64_t journal_size(const struct journal *j)
{
    return j->size;
}

/* ------------------------------------------------------------------ recording.json */

static enum status write_meta(const struct journal *j, const int64_t *finished_ms, struct error *err)
{
    char started[CLOCK_TEXT_SIZE], finished[CLOCK_TEXT_SIZE] = "";
    clock_format(j->started_ms, false, started);
    if (finished_ms)
        clock_format(*finished_ms, false, finished);
    json_t *meta = json_pack("{s:i, s:s, s:s}", "format", RECORDING_FORMAT, "base_url", j->base_url,
                             "started", started);
    int failed = !meta || (finished_ms &&
                           json_object_set_new(meta, "finished", json_string(finished)) < 0);
    char *bytes = failed ? NULL : json_dumps(meta, JSON_INDENT(2));
    json_decref(meta);
    if (!bytes)
        return error_set(err, STATUS_MEMORY, "out of memory, or an address that is not UTF-8");
    struct buffer content;
    buffer_init(&content, SIZE_MAX);
    buffer_string(&content, bytes);
    buffer_string(&content, "\n");
    free(bytes);
    enum status status = content.failed ?
                             error_set(err, STATUS_MEMORY, "out of memory") :
                             file_replace(j->meta, buffer_view(&content), 0600, err);
    buffer_free(&content);
    return status;
}

static enum status load_meta(int directory, json_t **out, struct error *err)
{
    int fd;
    struct buffer bytes;
    json_error_t why;
    enum status status = journal_file_open(directory, JOURNAL_META, O_RDONLY, &fd, err);
    if (status != STATUS_OK)
        return status;
    buffer_init(&bytes, RECORDING_META_MAX + 1);
    status = file_read_all(fd, RECORDING_META_MAX, &bytes, err);
    close(fd);
    if (status == STATUS_OK) {
        json_t *meta =
            json_loadb(bytes.data ? bytes.data : "", bytes.size, JSON_REJECT_DUPLICATES, &why);
        if (meta)
            *out = meta;
        else
            status = error_set(err, STATUS_FORMAT, JOURNAL_META ":%d: %s", why.line, why.text);
    }
    buffer_free(&bytes);
    return status;
}

/* Is it the journal of this instance, and not at its end? */
static enum status read_meta(struct journal *j, int directory, struct error *err)
{
    json_t *meta = NULL;
    enum status status = load_meta(directory, &meta, err);
    if (status != STATUS_OK)
        return status;
    struct fields f = {.where = JOURNAL_META, .err = err};
    uint64_t format = field_u64(&f, meta, "format", REQUIRED, NULL);
    if (f.status == STATUS_OK && format != RECORDING_FORMAT)
        field_fail(&f, "format", "is not 1, which is what this version of refgate reads");
    struct text base_url = text_without_slashes(field_text(&f, meta, "base_url", REQUIRED));
    struct text started = field_text(&f, meta, "started", REQUIRED);
    if (f.status == STATUS_OK && !clock_parse(started, &j->started_ms))
        field_fail(&f, "started", "is not a time like 2026-11-22T04:10:00Z");
    struct text finished = field_text(&f, meta, "finished", OPTIONAL);
    if (f.status == STATUS_OK && finished.size)
        f.status = error_set(err, STATUS_FORMAT,
                             "this crawl was finished: there is nothing to go on with");
    if (f.status == STATUS_OK && !text_equal(base_url, text_of(j->base_url))) {
        struct buffer other;
        buffer_init(&other, SIZE_MAX);
        buffer_escaped(&other, base_url, 200, false);
        f.status = error_set(err, STATUS_FORMAT, "it is a crawl of %s, not of %s",
                             other.data ? other.data : "", j->base_url);
        buffer_free(&other);
    }
    json_decref(meta);
    return f.status;
}

/* ------------------------------------------------------------------ beginning, going on */

static enum status lock(const struct journal *j, struct error *err)
{
    if (!flock(j->fd, LOCK_EX | LOCK_NB))
        return STATUS_OK;
    return errno == EWOULDBLOCK ?
               error_set(err, STATUS_BUSY, "another refgate is writing it") :
               error_errno(err, STATUS_IO, errno, "cannot lock " JOURNAL_ANSWERS);
}

static enum status begin(struct journal *j, int directory, struct error *err)
{
    enum status status = write_meta(j, NULL, err);
    if (status == STATUS_OK)
        status = journal_file_open(directory, JOURNAL_ANSWERS,
                                   O_RDWR | O_APPEND | O_CREAT | O_EXCL, &j->fd, err);
    if (status == STATUS_OK)
        status = lock(j, err);
    if (status == STATUS_OK && fsync(directory) && errno != EINVAL)
        status = error_errno(err, STATUS_IO, errno, "cannot write the directory to the disk");
    if (status != STATUS_OK) {
        unlinkat(directory, JOURNAL_META, 0);
        if (j->fd >= 0)
            unlinkat(directory, JOURNAL_ANSWERS, 0);
    }
    return status;
}

enum status journal_create(const char *path, struct text base_url, int64_t started_ms,
                           struct journal **out, struct error *err)
{
    int directory = -1;
    bool made = false;
    char *plain = journal_directory_path(path);
    struct journal *j = plain ? journal_new(plain, base_url) : NULL;
    enum status status = STATUS_OK;
    if (!j)
        status = error_set(err, STATUS_MEMORY, "out of memory");
    if (status == STATUS_OK) {
        j->started_ms = started_ms;
        status = journal_directory_make(plain, &directory, &made, err);
    }
    if (status == STATUS_OK) {
        status = begin(j, directory, err);
        close(directory);
        if (status != STATUS_OK && made)
            rmdir(plain);
    }
    free(plain);
    if (status == STATUS_OK)
        *out = j;
    else
        journal_close(j);
    return status;
}

/* The end of the last whole line. */
static enum status find_end(int fd, uint64_t size, uint64_t *end, struct error *err)
{
    char piece[16 * 1024];
    for (uint64_t at = size; at;) {
        size_t want = at < sizeof piece ? (size_t)at : sizeof piece;
        uint64_t from = at - want;
        ssize_t got = pread(fd, piece, want, (off_t)from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)want)
            return error_errno(err, STATUS_IO, got < 0 ? errno : EIO,
                               "cannot read " JOURNAL_ANSWERS);
        const char *newline = memrchr(piece, '\n', want);
        if (newline) {
            *end = from + (uint64_t)(newline - piece) + 1;
            return STATUS_OK;
        }
        if (size - from > RECORDING_LINE_MAX)
            return error_set(err, STATUS_FORMAT, JOURNAL_ANSWERS ": its last line is too long");
        at = from;
    }
    *end = 0;
    return STATUS_OK;
}

/* A process that was killed leaves at most one line that is cut, a machine that fell perhaps zeros
 * instead. What does not look like a journal is not cut. */
static enum status cut_last_line(struct journal *j, struct error *err)
{
    struct stat st;
    char start[sizeof LINE_START - 1];
    uint64_t end;
    if (fstat(j->fd, &st))
        return error_errno(err, STATUS_IO, errno, "cannot look at " JOURNAL_ANSWERS);
    uint64_t size = (uint64_t)st.st_size;
    ssize_t got = pread(j->fd, start, sizeof start, 0);
    if (got < 0)
        return error_errno(err, STATUS_IO, errno, "cannot read " JOURNAL_ANSWERS);
    enum status status = find_end(j->fd, size, &end, err);
    if (status != STATUS_OK)
        return status;
    size_t same = 0;
    while (same < (size_t)got && start[same] == LINE_START[same])
        same++;
    if (same < (size_t)got && (end || start[same] != '\0'))
        return error_set(err, STATUS_FORMAT, JOURNAL_ANSWERS " does not begin with " LINE_START);
    if (end < size && (ftruncate(j->fd, (off_t)end) || fdatasync(j->fd)))
        return error_errno(err, STATUS_IO, errno, "cannot cut the last line of " JOURNAL_ANSWERS);
    j->size = end;
    return STATUS_OK;
}

enum status journal_resume(const char *path, struct text base_url, struct journal **out,
                           struct error *err)
{
    int directory = -1;
    char *plain = journal_directory_path(path);
    struct journal *j = plain ? journal_new(plain, base_url) : NULL;
    enum status status = STATUS_OK;
    if (!j)
        status = error_set(err, STATUS_MEMORY, "out of memory");
    if (status == STATUS_OK)
        status = journal_directory_open(plain, &directory, err);
    if (status == STATUS_OK)
        status = read_meta(j, directory, err);
    if (status == STATUS_OK) /* killed between the two files: it is made now */
        status = journal_file_open(directory, JOURNAL_ANSWERS, O_RDWR | O_APPEND | O_CREAT, &j->fd,
                                   err);
    if (status == STATUS_OK)
        status = lock(j, err);
    if (status == STATUS_OK)
        status = cut_last_line(j, err);
    if (status != STATUS_OK && directory >= 0)
        error_prefix(err, "%s", plain);
    if (directory >= 0)
        close(directory);
    free(plain);
    if (status == STATUS_OK)
        *out = j;
    else
        journal_close(j);
    return status;
}

/* ------------------------------------------------------------------ answers */

/* An URL as it stands between quotes: what would need an escape in JSON is percent-encoded, which
 * means the same. */
static void put_url(struct buffer *out, const char *url)
{
    for (const char *at = url; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c > ' ' && c < 0x7f && c != '"' && c != '\\')
            buffer_add(out, at, 1);
        else
            buffer_printf(out, "%%%02X", c);
    }
}

static int add_bytes(const char *bytes, size_t size, void *self)
{
    struct buffer *out = self;
    buffer_add(out, bytes, size);
    return out->failed ? -1 : 0;
}

static enum status put_redacted(struct buffer *out, const json_t *body, struct error *err)
{
    json_t *copy = json_deep_copy(body);
    bool good = copy && redact_json(copy) &&
                !json_dump_callback(copy, add_bytes, out, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(copy);
    return good ? STATUS_OK : error_set(err, STATUS_MEMORY, "out of memory");
}

static enum status put_body(struct buffer *out, struct text raw, const json_t *body,
                            struct error *err)
{
    if (!body) {
        buffer_string(out, "null");
        return STATUS_OK;
    }
    /* A copy of what was sent is cheap, and as exact as can be. */
    if (!raw.size || memchr(raw.at, '\n', raw.size) || memchr(raw.at, '\r', raw.size) ||
        redact_needed(raw))
        return put_redacted(out, body, err);
    buffer_text(out, raw);
    return STATUS_OK;
}

static enum status write_line(struct journal *j, struct error *err)
{
    for (size_t done = 0; done < j->line.size;) {
        ssize_t wrote = write(j->fd, j->line.data + done, j->line.size - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            int why = wrote ? errno : ENOSPC;
            j->closed = true;
            /* Should that fail too, the next journal_resume() does it. */
            bool whole = !ftruncate(j->fd, (off_t)j->size);
            return error_errno(err, STATUS_IO, why, "cannot write to %.*s" JOURNAL_ANSWERS "%s",
                               (int)(strlen(j->meta) - strlen(JOURNAL_META)), j->meta,
                               whole ? "" : " (a part of an answer is there)");
        }
        done += (size_t)wrote;
    }
    j->size += j->line.size;
    return STATUS_OK;
}

static enum status sync_now(struct journal *j, struct error *err)
{
    j->unsynced = 0;
    j->synced_us = clock_monotonic_us();
    if (!fdatasync(j->fd))
        return STATUS_OK;
    j->closed = true; /* which answers are there, nobody can tell */
    return error_errno(err, STATUS_IO, errno, "cannot write " JOURNAL_ANSWERS " to the disk");
}

static enum status check_open(const struct journal *j, struct error *err)
{
    return j->closed ? error_set(err, STATUS_USAGE, "the journal is closed: %s", j->meta) : STATUS_OK;
}

static enum status make_line(struct journal *j, const struct question *question, int code,
                             const char *location, struct text raw, const json_t *body,
                             struct error *err)
{
    struct buffer *line = &j->line;
    if (line->failed || line->room > LINE_KEPT)
        buffer_free(line);
    line->size = 0;
    buffer_string(line, LINE_START "\"");
    put_url(line, question->url);
    if (question->look == LOOK_SECOND)
        buffer_string(line, strchr(question->url, '?') ? "&look=2" : "?look=2");
    buffer_printf(line, "\",\"status\":%d,", code);
    if (location) {
        buffer_string(line, "\"location\":\"");
        put_url(line, location);
        buffer_string(line, "\",");
    }
    buffer_string(line, "\"body\":");
    enum status status = put_body(line, raw, body, err);
    buffer_string(line, "}\n");
    if (status == STATUS_OK && line->failed)
        status = error_set(err, STATUS_MEMORY, "out of memory");
    if (status == STATUS_OK && line->size - 1 > RECORDING_LINE_MAX)
        status = error_set(err, STATUS_LIMIT, "%s: the answer is longer than %zu MiB",
                           question->url, RECORDING_LINE_MAX >> 20);
    return status;
}

enum status journal_add(struct journal *j, const struct question *question, int code,
                        const char *location, struct text raw, const json_t *body,
                        struct error *err)
{
    enum status status = check_open(j, err);
    if (status == STATUS_OK)
        status = make_line(j, question, code, location, raw, body, err);
    if (status == STATUS_OK)
        status = write_line(j, err);
    if (status == STATUS_OK && (++j->unsynced >= SYNC_ANSWERS ||
                                clock_monotonic_us() - j->synced_us >= SYNC_US))
        status = sync_now(j, err);
    return status;
}

enum status journal_finish(struct journal *j, int64_t finished_ms, struct error *err)
{
    enum status status = check_open(j, err);
    if (status == STATUS_OK)
        status = sync_now(j, err);
    if (status == STATUS_OK)
        status = write_meta(j, &finished_ms, err);
    if (status == STATUS_OK)
        j->closed = true;
    return status;
}
