/*
 * builder_write.c - the joined rows as the records of layout.h, into a cdb.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/decode.h"
#include "snapshot/index.h"
#include "snapshot/writing.h"

#define SLOTS_A_RECORD 16 /* bytes of hash table that tinycdb writes for a record */

static void digest_number(struct writing *w, uint64_t value)
{
    unsigned char le[8];
    for (int i = 0; i < 8; i++)
        le[i] = (unsigned char)(value >> (8 * i));
    SHA256Update(&w->digest, le, sizeof le);
}
static void digest_bytes(struct writing *w, const void *bytes, size_t size)
{
    digest_number(w, size);
    SHA256Update(&w->digest, bytes, size);
}

void writing_record(struct writing *w)
{
    struct text key = {w->key.bytes, w->key.size}, body = buffer_view(&w->body);
    if (w->status != STATUS_OK)
        return;
    if (w->body.failed || !key.size) {
        writing_fail(w, error_set(w->err, STATUS_MEMORY, "out of memory"));
        return;
    }
    uint64_t size = w->size + 8 + key.size + body.size; /* the body has its checksum */
    if (size + (w->records + 1) * SLOTS_A_RECORD > w->limit) {
        writing_fail(
            w, error_set(w->err, STATUS_LIMIT,
                         "the snapshot would be larger than %llu bytes; nothing was published",
                         (unsigned long long)w->limit));
        return;
    }
    if (w->digesting) {
        digest_bytes(w, key.at, key.size);
        digest_bytes(w, body.at, body.size);
    }
    /* The checksum takes the place that writing_begin() left for it. */
    unsigned char *value = (unsigned char *)w->body.data;
    layout_store32(value, layout_crc(key, text_skip(body, LAYOUT_RECORD_HEADER)));
    if (cdb_make_add(&w->cdb, key.at, (unsigned)key.size, value, (unsigned)body.size) < 0)
        writing_fail(w, error_errno(w->err, STATUS_IO, errno, "cannot write the new snapshot"));
    w->size = size;
    w->records++;
    if (w->status == STATUS_OK)
        w->status = builder_cancelled(w->b, w->err);
}

struct buffer *writing_begin(struct writing *w)
{
    w->body.size = 0;
    put_u32(&w->body, 0);
    return &w->body;
}

static void write_meta(struct writing *w, const struct builder_header *header, const char *digest)
{
    struct builder *b = w->b;
    struct buffer *out = writing_begin(w);
    put_u32(out, header->format);
    put_text(out, header->base_url);
    put_text(out, header->bitbucket_version);
    put_i64(out, header->generated_ms);
    put_i64(out, header->started_ms);
    put_i64(out, header->duration_ms);
    put_text(out, text_of(digest));
    put_u8(out, LAYOUT_COUNTS);
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        put_u64(out, b->counts[i]);
    size_t notes = b->notes.count < META_NOTES_MAX ? b->notes.count : META_NOTES_MAX;
    put_u32(out, (uint32_t)notes);
    for (size_t i = 0; i < notes; i++)
        put_text(out, writing_text(w, *ROW(uint32_t, b->notes, i)));
    layout_key_name(&w->key, "meta", TEXT(""), false);
    writing_record(w);
}

/* The checksums of the hash tables are known only when these are on disk: the record was written
 * full of zeros and is filled in now. */
static enum status fill_index(int fd, uint64_t value_at, size_t value_size, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_errno(err, STATUS_IO, errno, "cannot look at the new snapshot");
    const struct file_bytes file = {.fd = fd, .size = (uint64_t)st.st_size};
    struct hash_index index;
    unsigned char *value = malloc(value_size);
    enum status status = value ? index_open(&file, &index, err)
                               : error_set(err, STATUS_MEMORY, "out of memory");
    if (status == STATUS_OK &&
        index_body_size(index.tables_size / SLOTS_A_RECORD) + LAYOUT_RECORD_HEADER != value_size)
        status = error_set(err, STATUS_FORMAT, "the new snapshot has another size than it should");
    if (status == STATUS_OK && !index_fill_body(&index, &file, value + LAYOUT_RECORD_HEADER))
        status = error_set(err, STATUS_IO, "cannot read the new snapshot back");
    if (status == STATUS_OK) {
        struct text body = {(const char *)value + LAYOUT_RECORD_HEADER,
                            value_size - LAYOUT_RECORD_HEADER};
        layout_store32(value, layout_crc(TEXT("index"), body));
        if (pwrite(fd, value, value_size, (off_t)value_at) != (ssize_t)value_size)
            status = error_errno(err, STATUS_IO, errno, "cannot write the new snapshot");
    }
    free(value);
    return status;
}

static void finish_digest(struct writing *w, struct digest *out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[SHA256_DIGEST_LENGTH];
    SHA256Final(raw, &w->digest);
    for (size_t i = 0; i < sizeof raw; i++) {
        out->hex[2 * i] = digits[raw[i] >> 4];
        out->hex[2 * i + 1] = digits[raw[i] & 15];
    }
    out->hex[2 * sizeof raw] = '\0';
    w->digesting = false;
}

static void write_all(struct writing *w, const struct builder_header *header,
                      struct builder_summary *summary)
{
    w->digesting = true;
    digest_number(w, header->format);
    digest_bytes(w, header->base_url.at, header->base_url.size);
    digest_bytes(w, header->bitbucket_version.at, header->bitbucket_version.size);
    writing_licensed_groups(w);
    void (*const steps[])(struct writing *) = {
        writing_users,    writing_emails, writing_groups,
        writing_services, writing_places, writing_keys,
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && w->status == STATUS_OK; i++)
        steps[i](w);
    finish_digest(w, &summary->digest);
    if (w->status == STATUS_OK)
        writing_parts(w, header->started_ms);
    if (w->status == STATUS_OK)
        write_meta(w, header, summary->digest.hex);
}

struct text builder_clean_url(struct text url)
{
    return url.at ? text_without_slashes(url) : TEXT("");
}

enum status write_records(struct builder *b, const struct builder_header *header, int fd,
                          uint64_t max_size, struct builder_summary *summary, struct error *err)
{
    struct writing *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(err, STATUS_MEMORY, "out of memory");
    struct builder_header clean = *header;
    clean.format = header->format ? header->format : LAYOUT_FORMAT;
    clean.base_url = builder_clean_url(header->base_url);
    if (text_absent(clean.bitbucket_version))
        clean.bitbucket_version = TEXT("");
    w->b = b;
    w->err = err;
    w->size = LAYOUT_HEADER_SIZE;
    w->limit = max_size && max_size < LAYOUT_SIZE_MAX ? max_size : LAYOUT_SIZE_MAX;
    buffer_init(&w->body, LAYOUT_SIZE_MAX);
    SHA256Init(&w->digest);
    if (clean.base_url.size > LAYOUT_TEXT_MAX || clean.bitbucket_version.size > LAYOUT_TEXT_MAX)
        writing_fail(w, error_set(err, STATUS_LIMIT, "the base URL or the version is too long"));
    else if (cdb_make_start(&w->cdb, fd) < 0)
        writing_fail(w, error_errno(err, STATUS_IO, errno, "cannot write the new snapshot"));
    else
        w->started = true;
    if (w->status == STATUS_OK)
        write_all(w, &clean, summary);
    layout_key_name(&w->key, "index", TEXT(""), false);
    uint64_t index_at = w->size + 8 + w->key.size;
    size_t index_size = LAYOUT_RECORD_HEADER + index_body_size(w->records + 1);
    writing_begin(w);
    while (w->body.size < index_size && !w->body.failed)
        put_u32(&w->body, 0);
    writing_record(w);
    /* Also after a failure: it frees what tinycdb allocated. */
    if (w->started && cdb_make_finish(&w->cdb) < 0)
        writing_fail(w, error_errno(err, STATUS_IO, errno, "cannot write the new snapshot"));
    if (w->status == STATUS_OK)
        w->status = fill_index(fd, index_at, index_size, err);
    for (size_t i = 0; i < LAYOUT_COUNTS; i++)
        summary->counts[i] = b->counts[i];
    enum status status = w->status;
    buffer_free(&w->body);
    free(w->group_licensed);
    free(w);
    return status;
}
