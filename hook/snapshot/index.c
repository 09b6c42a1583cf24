#include "snapshot/index.h"

#include <cdb.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "snapshot/checksum.h"

#define SLOT_SIZE 8
#define TABLES 256

/* As many bytes as there are, up to `size`. */
static size_t read_at(const struct file_bytes *file, uint64_t at, void *out, size_t size)
{
    char *to = out;
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(file->fd, to + done, size - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break; /* an error, or the file was cut while we had it open */
        done += (size_t)got;
    }
    return done;
}

static bool in_window(const struct file_window *window, uint64_t at, size_t size)
{
    return at >= window->at && size <= window->size && at - window->at <= window->size - size;
}

bool file_bytes_read(const struct file_bytes *file, uint64_t at, void *out, size_t size)
{
    struct file_window *window = file->window;
    if (at > file->size || size > file->size - at)
        return false;
    if (file->map) {
        memcpy(out, file->map + at, size);
        return true;
    }
    if (!window || size > sizeof window->bytes)
        return read_at(file, at, out, size) == size;
    if (!in_window(window, at, size)) {
        uint64_t left = file->size - at;
        window->at = at;
        window->size = read_at(file, at, window->bytes,
                               left < sizeof window->bytes ? (size_t)left : sizeof window->bytes);
        if (window->size < size)
            return false;
    }
    memcpy(out, window->bytes + (at - window->at), size);
    return true;
}

enum status index_open(const struct file_bytes *file, struct hash_index *out, struct error *err)
{
    struct hash_index index = {0};
    if (file->size < LAYOUT_HEADER_SIZE)
        return error_set(err, STATUS_FORMAT, "the snapshot is damaged: it is cut short");
    if (!file_bytes_read(file, 0, index.header, sizeof index.header))
        return error_set(err, STATUS_IO, "the snapshot cannot be read");
    uint64_t expected = layout_load32(index.header);
    bool good = expected >= LAYOUT_HEADER_SIZE;
    index.tables_at = expected;
    for (size_t i = 0; good && i < TABLES; i++) {
        good = layout_load32(index.header + i * 8) == expected;
        expected += (uint64_t)layout_load32(index.header + i * 8 + 4) * SLOT_SIZE;
    }
    if (!good)
        return error_set(err, STATUS_FORMAT, "the snapshot is damaged, or it is no snapshot");
    if (expected > file->size)
        return error_set(err, STATUS_FORMAT, "the snapshot is damaged: it is cut short");
    if (expected < file->size)
        return error_set(err, STATUS_FORMAT,
                         "the snapshot is damaged: there are bytes after its end");
    index.tables_size = file->size - index.tables_at;
    *out = index;
    return STATUS_OK;
}

#define RUN_SLOTS 8 /* read at once: searches are mostly shorter */
#define KEY_PIECE 256

/* Is the record at `at` this key's? 1 yes, 0 no, -1 it is not in the file. */
static int record_is(const struct file_bytes *file, uint64_t at, struct text key,
                     uint64_t *value_at, uint64_t *size)
{
    unsigned char piece[8 + KEY_PIECE] READ_INTO;
    size_t head = 8, done = 0;
    do { /* one piece, for nearly all keys */
        size_t part = key.size - done < KEY_PIECE ? key.size - done : KEY_PIECE;
        if (!file_bytes_read(file, at + (head ? 0 : 8 + done), piece, head + part))
            return -1;
        if (head && layout_load32(piece) != key.size)
            return 0;
        if (head)
            *size = layout_load32(piece + 4);
        if (memcmp(piece + head, key.at + done, part) != 0)
            return 0;
        done += part;
        head = 0;
    } while (done < key.size);
    *value_at = at + 8 + key.size;
    return 1;
}

int index_find(const struct hash_index *index, const struct file_bytes *file, struct text key,
               uint64_t *at, uint64_t *size)
{
    uint32_t hash = cdb_hash(key.at, (unsigned)key.size);
    const unsigned char *entry = index->header + (hash & (TABLES - 1)) * 8;
    uint64_t table = layout_load32(entry), slots = layout_load32(entry + 4);
    uint64_t slot = slots ? (hash >> 8) % slots : 0;
    for (uint64_t seen = 0, count; seen < slots; seen += count) {
        unsigned char run[RUN_SLOTS * SLOT_SIZE];
        count = slots - slot < RUN_SLOTS ? slots - slot : RUN_SLOTS;
        if (!file_bytes_read(file, table + slot * SLOT_SIZE, run, count * SLOT_SIZE))
            return -1;
        for (uint64_t i = 0; i < count; i++) {
            uint32_t record = layout_load32(run + i * SLOT_SIZE + 4);
            if (!record)
                return 0; /* an empty slot ends a search */
            int same = layout_load32(run + i * SLOT_SIZE) == hash
                           ? record_is(file, record, key, at, size)
                           : 0;
            if (same)
                return same;
        }
        slot = slot + count == slots ? 0 : slot + count;
    }
    return 0;
}

static uint64_t block_count(uint64_t tables_size)
{
    return (tables_size + LAYOUT_BLOCK - 1) / LAYOUT_BLOCK;
}

struct block {
    uint64_t number; /* UINT64_MAX: none yet */
    unsigned char bytes[LAYOUT_BLOCK];
};

static bool block_read(const struct hash_index *index, const struct file_bytes *file,
                       uint64_t number, struct block *block, uint32_t *sum)
{
    uint64_t start = number * LAYOUT_BLOCK, left = index->tables_size - start;
    size_t size = left < LAYOUT_BLOCK ? (size_t)left : LAYOUT_BLOCK;
    block->number = number;
    if (!file_bytes_read(file, index->tables_at + start, block->bytes, size))
        return false;
    *sum = checksum_add(CHECKSUM_START, (struct text){(const char *)block->bytes, size});
    return true;
}

static bool block_sound(const struct hash_index *index, const struct file_bytes *file,
                        uint64_t number, struct block *block)
{
    unsigned char wanted[4];
    uint32_t sum;
    return index->sums_at && number < index->sum_count &&
           block_read(index, file, number, block, &sum) &&
           file_bytes_read(file, index->sums_at + number * 4, wanted, sizeof wanted) &&
           layout_load32(wanted) == sum;
}

bool index_locate(struct hash_index *index, const struct file_bytes *file, uint64_t at,
                  uint64_t size)
{
    unsigned char head[8];
    if (size < sizeof head || !file_bytes_read(file, at, head, sizeof head))
        return false;
    uint64_t count = layout_load32(head + 4);
    if (layout_load32(head) != LAYOUT_BLOCK || count != block_count(index->tables_size) ||
        size != sizeof head + count * 4)
        return false;
    index->sums_at = at + sizeof head;
    index->sum_count = (uint32_t)count;
    return true;
}

/* cdb compares a key only where the hash is the same: that record is another key's, whole, or it was
 * the right one before its key was changed. */
static bool record_sound(const struct hash_index *index, const struct file_bytes *file, uint64_t at)
{
    unsigned char head[8];
    uint64_t end = index->tables_at;
    if (at < LAYOUT_HEADER_SIZE || at + sizeof head > end ||
        !file_bytes_read(file, at, head, sizeof head))
        return false;
    uint64_t key_size = layout_load32(head), value_size = layout_load32(head + 4);
    if (value_size < LAYOUT_RECORD_HEADER || key_size + value_size > end - at - sizeof head)
        return false;
    size_t size = (size_t)(key_size + value_size);
    char *bytes = malloc(size);
    bool sound = bytes && file_bytes_read(file, at + sizeof head, bytes, size);
    if (sound) {
        struct text key = {bytes, (size_t)key_size};
        struct text body = {bytes + key_size + LAYOUT_RECORD_HEADER,
                            (size_t)value_size - LAYOUT_RECORD_HEADER};
        sound = layout_crc(key, body) == layout_load32((const unsigned char *)bytes + key_size);
    }
    free(bytes);
    return sound;
}

bool index_search_sound(const struct hash_index *index, const struct file_bytes *file,
                        struct text key)
{
    uint32_t hash = cdb_hash(key.at, (unsigned)key.size);
    const unsigned char *entry = index->header + (hash & (TABLES - 1)) * 8;
    uint64_t slots = layout_load32(entry + 4);
    if (!slots)
        return true; /* an empty table, as the header says, which was checked as a whole */
    uint64_t base = layout_load32(entry) - index->tables_at, slot = (hash >> 8) % slots;
    struct block block = {.number = UINT64_MAX};
    for (uint64_t i = 0; i < slots; i++) {
        /* Tables are made of whole slots and blocks hold a whole number of slots: none lies across
         * two blocks. */
        uint64_t offset = base + slot * SLOT_SIZE;
        if (block.number != offset / LAYOUT_BLOCK &&
            !block_sound(index, file, offset / LAYOUT_BLOCK, &block))
            return false;
        const unsigned char *at = block.bytes + offset % LAYOUT_BLOCK;
        uint32_t record = layout_load32(at + 4);
        if (!record)
            return true; /* an empty slot ends a search */
        if (layout_load32(at) == hash && !record_sound(index, file, record))
            return false;
        slot = slot + 1 == slots ? 0 : slot + 1;
    }
    return true;
}

bool index_all_sound(const struct hash_index *index, const struct file_bytes *file)
{
    struct block block;
    for (uint64_t i = 0; i < block_count(index->tables_size); i++)
        if (!block_sound(index, file, i, &block))
            return false;
    return true;
}

size_t index_body_size(uint64_t records)
{
    /* tinycdb: two slots a record */
    return (size_t)(8 + 4 * block_count(records * 2 * SLOT_SIZE));
}

bool index_fill_body(const struct hash_index *index, const struct file_bytes *file,
                     unsigned char *body)
{
    uint64_t count = block_count(index->tables_size);
    struct block block;
    layout_store32(body, LAYOUT_BLOCK);
    layout_store32(body + 4, (uint32_t)count);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t sum;
        if (!block_read(index, file, i, &block, &sum))
            return false;
        layout_store32(body + 8 + i * 4, sum);
    }
    return true;
}
