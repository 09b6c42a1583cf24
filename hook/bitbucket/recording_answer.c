/* Looking up and parsing one answer of a recording. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitbucket/field.h"
#include "bitbucket/json_slab.h"
#include "bitbucket/recording_index.h"
#include "bitbucket/url.h"

void recording_reader_init(struct recording_reader *reader)
{
    *reader = (struct recording_reader){0};
    buffer_init(&reader->wanted, SIZE_MAX);
    buffer_init(&reader->other, SIZE_MAX);
}

void recording_reader_free(struct recording_reader *reader)
{
    free(reader->line);
    buffer_free(&reader->wanted);
    buffer_free(&reader->other);
}

bool recording_line_url(struct text line, struct text *url)
{
    struct text rest = line;
    if (!text_starts(rest, TEXT(RECORDING_LINE_START)))
        return false;
    rest = text_trim(text_skip(rest, sizeof RECORDING_LINE_START - 1));
    if (!rest.size || rest.at[0] != '"')
        return false;
    rest = text_skip(rest, 1);
    const char *end = memchr(rest.at, '"', rest.size);
    if (!end)
        return false;
    *url = (struct text){rest.at, (size_t)(end - rest.at)};
    return !memchr(url->at, '\\', url->size);
}

/* The line of an entry into reader->line, which only grows. */
static enum status read_line(const struct recording *r, struct recording_reader *reader,
                             const struct recording_entry *entry, struct error *err)
{
    if (reader->room < entry->size) {
        free(reader->line);
        reader->room = 0;
        reader->line = malloc((size_t)entry->size * 2);
        if (!reader->line)
            return error_set(err, STATUS_MEMORY, "out of memory");
        reader->room = (size_t)entry->size * 2;
    }
    for (size_t done = 0; done < entry->size;) {
        ssize_t got = pread(r->fds[entry->file], reader->line + done, entry->size - done,
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

enum status recording_find(const struct recording *r, struct recording_reader *reader, size_t *slot,
                           struct error *err)
{
    struct text wanted = buffer_view(&reader->wanted), url;
    uint64_t hash = text_hash(wanted);
    size_t at = (size_t)hash & (r->slot_count - 1);
    for (; r->slots[at].size; at = (at + 1) & (r->slot_count - 1)) {
        if (r->slots[at].hash != hash)
            continue;
        enum status status = read_line(r, reader, &r->slots[at], err);
        if (status != STATUS_OK)
            return status;
        reader->other.size = 0;
        if (recording_line_url((struct text){reader->line, r->slots[at].size}, &url) &&
            url_normalise(&reader->other, r->base_url, url) &&
            text_equal(buffer_view(&reader->other), wanted))
            break;
    }
    *slot = at;
    return STATUS_OK;
}

/* The URL under which the answer is stored, normalised. */
static enum status put_wanted(const struct recording *r, struct recording_reader *reader,
                              const struct question *question, struct error *err)
{
    struct text url = text_of(question->url);
    struct buffer second; /* look=2 */
    buffer_init(&second, SIZE_MAX);
    if (question->look == LOOK_SECOND) {
        buffer_text(&second, url);
        buffer_string(&second, memchr(url.at, '?', url.size) ? "&look=2" : "?look=2");
        url = buffer_view(&second);
    }
    reader->wanted.size = 0;
    bool good = url_normalise(&reader->wanted, r->base_url, url);
    bool memory = reader->wanted.failed || second.failed;
    buffer_free(&second);
    if (memory)
        return error_set(err, STATUS_MEMORY, "out of memory");
    return good ? STATUS_OK :
                  error_set(err, STATUS_FORMAT, "%s is no URL of the REST API", question->url);
}

static enum status parse_line(struct text bytes, const char *url, struct response *out,
                              struct error *err)
{
    json_error_t why;
    json_t *line = json_loadb(bytes.at, bytes.size, JSON_REJECT_DUPLICATES, &why);
    if (!line)
        return error_set(err, STATUS_FORMAT, "%s: the recorded answer is not JSON: %s (column %d)",
                         url, why.text, why.column);
    struct fields f = {.where = url, .err = err};
    uint64_t code = field_u64(&f, line, "status", REQUIRED, NULL);
    if (f.status == STATUS_OK && (code < 100 || code > 599))
        field_fail(&f, "status", "is no HTTP status");
    struct text location = TEXT_NONE;
    if (f.status == STATUS_OK && code == 307)
        location = field_text(&f, line, "location", OPTIONAL);
    if (f.status == STATUS_OK && location.at && !text_starts(location, TEXT("/rest/")))
        field_fail(&f, "location", "does not begin with /rest/");
    char *copy = NULL;
    if (f.status == STATUS_OK && location.at && !(copy = strndup(location.at, location.size)))
        f.status = error_set(err, STATUS_MEMORY, "out of memory");
    if (f.status == STATUS_OK) {
        json_t *body = json_object_get(line, "body");
        *out = (struct response){.status = (int)code, .location = copy};
        out->body = body && !json_is_null(body) ? json_incref(body) : NULL;
    }
    json_decref(line);
    return f.status;
}

enum status recording_read(const struct recording *r, struct recording_reader *reader,
                           const struct question *question, struct response *out,
                           struct error *err)
{
    size_t slot;
    enum status status = put_wanted(r, reader, question, err);
    if (status == STATUS_OK)
        status = recording_find(r, reader, &slot, err);
    if (status != STATUS_OK)
        return status;
    const struct recording_entry *entry = &r->slots[slot];
    if (!entry->size)
        return error_set(err, STATUS_NOT_FOUND, "the recording has no answer to %s", question->url);
    return parse_line((struct text){reader->line, entry->size}, question->url, out, err);
}

enum status recording_get(struct recording *r, const struct question *question,
                          struct response *out, struct error *err)
{
    return recording_read(r, &r->reader, question, out, err);
}

void recording_release(struct response *response)
{
    json_slab_release(response->body);
    free(response->location);
    *response = (struct response){0};
}
