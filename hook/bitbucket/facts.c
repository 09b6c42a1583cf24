#include "bitbucket/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bitbucket/redact.h"
#include "snapshot/publish.h"

#define FLUSH_SIZE ((size_t)64 * 1024)
#define FACTS_BYTES_MAX (UINT64_C(4) << 30)

struct facts {
    bool checking; /* counts, and keeps nothing */
    bool open;     /* publication_end() is due */
    bool broken;   /* a line is missing or torn: it will not be published */
    struct publication publication;
    struct buffer pending;
    uint64_t count, size;
};

/* ------------------------------------------------------------------ writing */

static enum status flush(struct facts *facts, struct error *err)
{
    const char *at = facts->pending.data;
    size_t left = facts->pending.size;
    while (left) {
        ssize_t written = write(facts->publication.fd, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_errno(err, STATUS_IO, errno, "cannot write the facts for reports");
        at += written;
        left -= (size_t)written;
    }
    facts->pending.size = 0;
    return STATUS_OK;
}

static int add_bytes(const char *bytes, size_t size, void *buffer)
{
    buffer_add(buffer, bytes, size);
    return ((struct buffer *)buffer)->failed ? -1 : 0;
}

static enum status out_of_memory(struct error *err)
{
    return error_set(err, STATUS_MEMORY, "out of memory while writing the facts for reports");
}

/* {"kind":KIND, and the members of `fact`}; KIND is a word of ours. */
static enum status write_members(struct facts *facts, const char *kind, const json_t *fact,
                                 struct error *err)
{
    struct buffer *out = &facts->pending;
    size_t before = out->size;
    buffer_printf(out, "{\"kind\":\"%s\"", kind);
    if (json_object_size(fact))
        buffer_string(out, ",");
    if (json_dump_callback(fact, add_bytes, out, JSON_COMPACT | JSON_EMBED) || out->failed)
        return out_of_memory(err);
    buffer_string(out, "}\n");
    if (out->failed)
        return out_of_memory(err);
    facts->size += out->size - before;
    if (facts->size > FACTS_BYTES_MAX)
        return error_set(err, STATUS_LIMIT, "the facts for reports are larger than 4 GiB");
    return out->size >= FLUSH_SIZE ? flush(facts, err) : STATUS_OK;
}

/* `line` is taken over. */
static enum status write_line(struct facts *facts, const char *kind, json_t *line,
                              struct error *err)
{
    enum status status = STATUS_OK;
    if (facts->broken)
        status = error_set(err, STATUS_IO, "the facts for reports could not be written before");
    else if (!line)
        status = out_of_memory(err);
    else
        status = write_members(facts, kind, line, err);
    facts->broken = status != STATUS_OK;
    json_decref(line);
    return status;
}

/* ------------------------------------------------------------------ the interface */

static json_t *header(struct text base_url, int64_t started_ms)
{
    char started[CLOCK_TEXT_SIZE];
    clock_format(started_ms, true, started);
    base_url = text_without_slashes(base_url);
    return json_pack("{s:i, s:s%, s:s, s:I}", "format", FACTS_FORMAT, "base_url",
                     base_url.at ? base_url.at : "", base_url.size, "started", started,
                     "started_ms", (json_int_t)started_ms);
}

enum status facts_begin(const char *path, struct text base_url, int64_t started_ms,
                        struct facts **out, struct error *err)
{
    struct facts *facts = calloc(1, sizeof *facts);
    if (!facts)
        return out_of_memory(err);
    buffer_init(&facts->pending, SIZE_MAX);
    enum status status = publication_begin(&facts->publication, path, err);
    facts->open = status == STATUS_OK;
    /* The hook never reads it, and it has addresses and hosts in it: not for everybody. */
    if (status == STATUS_OK && fchmod(facts->publication.fd, facts->publication.mode & 0640 ?
                                      facts->publication.mode & 0640 : 0640) < 0)
        status = error_errno(err, STATUS_IO, errno, "cannot set the mode of the file for reports");
    if (status == STATUS_OK)
        status = write_line(facts, "facts", header(base_url, started_ms), err);
    if (status != STATUS_OK) {
        facts_free(facts);
        return status;
    }
    *out = facts;
    return STATUS_OK;
}

enum status facts_begin_checking(struct facts **out, struct error *err)
{
    struct facts *facts = calloc(1, sizeof *facts);
    if (!facts)
        return out_of_memory(err);
    buffer_init(&facts->pending, SIZE_MAX);
    facts->checking = true;
    *out = facts;
    return STATUS_OK;
}

enum status facts_add(struct facts *facts, const char *kind, json_t *fact, struct error *err)
{
    enum status status = STATUS_OK;
    if (facts->checking) {
        status = fact ? STATUS_OK : out_of_memory(err);
        json_decref(fact);
    } else {
        /* Each member was chosen; but names and labels are text that people typed. */
        if (fact && !redact_json(fact)) {
            json_decref(fact);
            fact = NULL;
        }
        status = write_line(facts, kind, fact, err);
    }
    if (status == STATUS_OK)
        facts->count++;
    return status;
}

uint64_t facts_count(const struct facts *facts)
{
    return facts->count;
}

enum status facts_publish(struct facts *facts, const char *snapshot_digest, struct error *err)
{
    if (facts->checking)
        return error_set(err, STATUS_UNSUPPORTED, "facts that were only checked have no file");
    enum status status = write_line(
        facts, "end",
        json_pack("{s:I, s:s?}", "facts", (json_int_t)facts->count, "snapshot", snapshot_digest),
        err);
    if (status == STATUS_OK)
        status = flush(facts, err);
    if (status == STATUS_OK)
        status = publication_commit(&facts->publication, err);
    return status;
}

void facts_free(struct facts *facts)
{
    if (!facts)
        return;
    if (facts->open)
        publication_end(&facts->publication);
    buffer_free(&facts->pending);
    free(facts);
}
