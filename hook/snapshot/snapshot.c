#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "snapshot/format.h"
#include "snapshot/reader.h"

#define KEY_TEXT_MAX 200 /* of a record's key in a message */
#define META_SIZE_MAX ((uint64_t)4 * 1024 * 1024)

enum status(snapshot_damaged)(struct error *err, struct text key, const char *how)
{
    struct buffer name;
    buffer_init(&name, (size_t)16 * KEY_TEXT_MAX);
    buffer_escaped(&name, key, KEY_TEXT_MAX, false);
    error_set(err, STATUS_FORMAT, "the snapshot is damaged: record %s %s",
              name.data ? name.data : "", how);
    buffer_free(&name);
    return STATUS_FORMAT;
}

/* ------------------------------------------------------------------ finding */

/* Where a record's value is in the file. 1: found, 0: not, -1: the table or the record is outside
 * the file. In a mapped file tinycdb does the search. */
static int locate(struct snapshot *snapshot, struct text key, uint64_t *at, uint64_t *size)
{
    int found;
    *at = *size = 0;
    if (snapshot->file.map) {
        found = cdb_find(&snapshot->cdb, key.at, (unsigned)key.size);
        *at = cdb_datapos(&snapshot->cdb);
        *size = cdb_datalen(&snapshot->cdb);
    } else {
        found = index_find(&snapshot->index, &snapshot->file, key, at, size);
    }
    if (found > 0 && (*at > snapshot->file.size || *size > snapshot->file.size - *at))
        return -1;
    return found;
}

/* value: u32 crc32, body */
static bool record_body(struct text key, struct text value, struct text *body)
{
    if (value.size < LAYOUT_RECORD_HEADER)
        return false;
    struct text rest = text_skip(value, LAYOUT_RECORD_HEADER);
    if (layout_crc(key, rest) != layout_load32((const unsigned char *)value.at))
        return false;
    *body = rest;
    return true;
}

/* The hash tables' checksums, looked for when the first negative answer needs them. */
static bool find_index(struct snapshot *snapshot)
{
    uint64_t at, size;
    if (snapshot->index.sums_at)
        return true;
    if (locate(snapshot, TEXT("index"), &at, &size) <= 0 || size < LAYOUT_RECORD_HEADER)
        return false;
    /* The record's own checksum is for verify: here a change in it makes a block look damaged, which
     * is the safe side. */
    return index_locate(&snapshot->index, &snapshot->file, at + LAYOUT_RECORD_HEADER,
                        size - LAYOUT_RECORD_HEADER);
}

/* Where the record is, or that there is surely none. */
static enum status find(struct snapshot *snapshot, const struct layout_key *key, uint64_t *at,
                        uint64_t *size, struct error *err)
{
    struct text name = {key->bytes, key->size};
    if (!key->size) /* longer than the builder writes: cannot be there */
        return error_set(err, STATUS_NOT_FOUND, "the snapshot has no such name");
    int found = locate(snapshot, name, at, size);
    if (found < 0)
        return snapshot_damaged(err, name, "cannot be looked up");
    if (!found) {
        if (!find_index(snapshot) || !index_search_sound(&snapshot->index, &snapshot->file, name))
            return snapshot_damaged(err, name, "cannot be looked up (the hash table is changed)");
        return error_set(err, STATUS_NOT_FOUND, "the snapshot has no such record");
    }
    return STATUS_OK;
}

static enum status read_record(const struct snapshot *snapshot, const struct layout_key *key,
                               uint64_t at, uint64_t size, struct arena *arena, struct text *body,
                               struct error *err)
{
    struct text name = {key->bytes, key->size}, value;
    if (snapshot->file.map) {
        value = (struct text){(const char *)snapshot->file.map + at, (size_t)size};
    } else {
        char *bytes = arena_alloc(arena, (size_t)size, 1);
        if (!bytes)
            return error_set(err, STATUS_MEMORY,
                             "out of memory, or over the memory limit of a push");
        if (!file_bytes_read(&snapshot->file, at, bytes, (size_t)size))
            return snapshot_damaged(err, name, "cannot be read");
        value = (struct text){bytes, (size_t)size};
    }
    if (!record_body(name, value, body))
        return snapshot_damaged(err, name, "has a wrong checksum");
    return STATUS_OK;
}

enum status snapshot_find(struct snapshot *snapshot, const struct layout_key *key,
                          struct arena *arena, struct text *body, struct error *err)
{
    uint64_t at, size;
    enum status status = find(snapshot, key, &at, &size, err);
    return status == STATUS_OK ? read_record(snapshot, key, at, size, arena, body, err) : status;
}

enum status snapshot_find_place(struct snapshot *snapshot, const struct layout_key *key,
                                enum place_kind kind, const struct restriction_choice *choice,
                                struct arena *arena, struct text *body, struct error *err)
{
    uint64_t at, size;
    enum status status = find(snapshot, key, &at, &size, err);
    if (status != STATUS_OK)
        return status;
    if (choice->wanted && !snapshot->file.map &&
        long_record_choose(&snapshot->file, (struct text){key->bytes, key->size}, at, size, kind,
                           choice, arena, body))
        return STATUS_OK;
    return read_record(snapshot, key, at, size, arena, body, err);
}

/* ------------------------------------------------------------------ opening */

static enum status read_meta(struct snapshot *snapshot, struct error *err)
{
    const struct text key = TEXT("meta");
    struct text body;
    uint64_t at, size;
    if (locate(snapshot, key, &at, &size) <= 0 || size > META_SIZE_MAX)
        return error_set(err, STATUS_FORMAT, "the snapshot is damaged, or it is no snapshot");
    snapshot->meta_bytes = malloc((size_t)size + 1);
    if (!snapshot->meta_bytes)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (!file_bytes_read(&snapshot->file, at, snapshot->meta_bytes, (size_t)size))
        return snapshot_damaged(err, key, "cannot be read");
    if (!record_body(key, (struct text){snapshot->meta_bytes, (size_t)size}, &body))
        return snapshot_damaged(err, key, "has a wrong checksum");
    struct cursor c = cursor_of(body);
    uint32_t format = cursor_u32(&c);
    enum status status = c.failed ? STATUS_OK : format_check(format, format_known, err);
    if (status != STATUS_OK)
        return status;
    if (!decode_meta(body, &snapshot->meta))
        return snapshot_damaged(err, key, "is malformed");
    return STATUS_OK;
}

static enum status map_file(struct snapshot *snapshot, struct error *err)
{
    if (cdb_init(&snapshot->cdb, snapshot->file.fd) < 0)
        return error_errno(err, STATUS_IO, errno, "cannot map the snapshot");
    snapshot->file.map = cdb_get(&snapshot->cdb, (unsigned)snapshot->file.size, 0);
    /* cdb_init() asked for the size itself: the file may have been changed in between. */
    if (snapshot->cdb.cdb_fsize == snapshot->file.size && snapshot->file.map)
        return STATUS_OK;
    cdb_free(&snapshot->cdb);
    snapshot->file.map = NULL;
    return error_set(err, STATUS_FORMAT, "the snapshot changed while it was opened");
}

static enum status check_size(uint64_t size, uint64_t max_size, struct error *err)
{
    if (!size)
        return error_set(err, STATUS_FORMAT, "the snapshot is an empty file");
    if (size < LAYOUT_HEADER_SIZE)
        return error_set(err, STATUS_FORMAT, "the snapshot is damaged: it is cut short");
    if (max_size && size > max_size)
        return error_set(err, STATUS_LIMIT,
                         "the snapshot is larger than [snapshot] max-size allows");
    if (size > LAYOUT_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "the snapshot is larger than 4 GiB");
    return STATUS_OK;
}

enum status snapshot_open_fd(int fd, uint64_t size, uint64_t max_size, enum snapshot_mode mode,
                             struct snapshot **out, struct error *err)
{
    enum status status = check_size(size, max_size, err);
    struct snapshot *snapshot = status == STATUS_OK ? calloc(1, sizeof *snapshot) : NULL;
    if (!snapshot) {
        close(fd);
        return status != STATUS_OK ? status : error_set(err, STATUS_MEMORY, "out of memory");
    }
    snapshot->file = (struct file_bytes){.fd = fd, .size = size, .window = &snapshot->window};
    if (mode == SNAPSHOT_MAPPED)
        status = map_file(snapshot, err);
    if (status == STATUS_OK)
        status = index_open(&snapshot->file, &snapshot->index, err);
    if (status == STATUS_OK)
        status = read_meta(snapshot, err);
    if (status == STATUS_OK)
        *out = snapshot;
    else
        snapshot_close(snapshot);
    return status;
}

enum status snapshot_open_mode(const char *path, const struct file_owners *owners,
                               uint64_t max_size, enum snapshot_mode mode, struct snapshot **out,
                               struct error *err)
{
    int fd;
    struct stat st;
    enum status status = file_open_trusted(path, owners, &fd, &st, err);
    if (status != STATUS_OK)
        return status;
    return snapshot_open_fd(fd, (uint64_t)st.st_size, max_size, mode, out, err);
}

enum status snapshot_open(const char *path, const struct file_owners *owners, uint64_t max_size,
                          struct snapshot **out, struct error *err)
{
    return snapshot_open_mode(path, owners, max_size, SNAPSHOT_READ, out, err);
}

void snapshot_close(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    if (snapshot->file.map)
        cdb_free(&snapshot->cdb);
    close(snapshot->file.fd);
    free(snapshot->meta_bytes);
    free(snapshot);
}

/* ------------------------------------------------------------------ all records */

enum status snapshot_next(const struct snapshot *snapshot, uint32_t *position, struct text *key,
                          struct text *body, struct error *err)
{
    const unsigned char *bytes = snapshot->file.map;
    uint64_t end = snapshot->index.tables_at;
    uint64_t at = *position ? *position : LAYOUT_HEADER_SIZE;
    *key = *body = TEXT_NONE;
    if (!bytes || at >= end)
        return error_set(err, STATUS_NOT_FOUND, "no more records");
    uint64_t key_size = 0, value_size = 0;
    if (end - at >= 8) {
        key_size = layout_load32(bytes + at);
        value_size = layout_load32(bytes + at + 4);
    }
    if (end - at < 8 || key_size + value_size > end - at - 8) {
        *position = UINT32_MAX;
        return error_set(err, STATUS_FORMAT,
                         "the snapshot is damaged: a record at byte %llu is longer than the file",
                         (unsigned long long)at);
    }
    *position = (uint32_t)(at + 8 + key_size + value_size);
    *key = (struct text){(const char *)bytes + at + 8, (size_t)key_size};
    struct text value = {key->at + key_size, (size_t)value_size};
    if (!record_body(*key, value, body))
        return snapshot_damaged(err, *key, "has a wrong checksum");
    return STATUS_OK;
}

uint64_t snapshot_size(const struct snapshot *snapshot)
{
    return snapshot->file.size;
}

const struct meta_record *snapshot_meta_record(const struct snapshot *snapshot)
{
    return &snapshot->meta;
}
