/*
 * index.h - trust in cdb's hash tables.
 *
 * tinycdb stays inside the file whatever the file says, but a changed byte in a hash table makes it
 * say "not found" for what is there: a grant, a restriction, a user; and so does a changed byte in a
 * record's key. So the tables have checksums of
 * their own, in blocks, in the record `index`; a negative answer counts only if the blocks that were
 * looked at are as they were written. The 256 positions at the start of the file need none: tinycdb
 * writes the tables one after the other, up to the end of the file, so each position follows from the
 * others; that also shows a file that was cut.
 */
#ifndef REFGATE_SNAPSHOT_INDEX_H
#define REFGATE_SNAPSHOT_INDEX_H

#include "base/error.h"
#include "snapshot/layout.h"

/* What was read last. A record's head, its key and mostly its value lie side by side: one read(2). */
#define FILE_WINDOW_SIZE 1536
struct file_window {
    uint64_t at;
    size_t size; /* 0: nothing yet */
    unsigned char bytes[FILE_WINDOW_SIZE];
};

/* The bytes of the file: mapped, or read piece by piece. */
struct file_bytes {
    int fd;
    uint64_t size;
    const unsigned char *map;   /* NULL: not mapped */
    struct file_window *window; /* NULL: without */
};
/* false: not that many bytes there, or an error of the disk. */
bool file_bytes_read(const struct file_bytes *file, uint64_t at, void *out, size_t size) MUST_CHECK;

struct hash_index {
    unsigned char header[LAYOUT_HEADER_SIZE];
    uint64_t tables_at, tables_size; /* all tables; they reach to the end of the file */
    uint64_t sums_at;                /* u32 per block; 0 until index_locate() */
    uint32_t sum_count;
};

/* Reads and checks the header. STATUS_FORMAT with a sentence, STATUS_IO. */
enum status index_open(const struct file_bytes *file, struct hash_index *out,
                       struct error *err) MUST_CHECK;
/* Where the value of KEY's record is: 1 found, 0 not, -1 a table or record is outside the file. The
 * same search as cdb_seek(3) makes, with a third of its system calls: the header is here already, a
 * run of slots is read at once, and pread(2) needs no seek. */
int index_find(const struct hash_index *index, const struct file_bytes *file, struct text key,
               uint64_t *at, uint64_t *size);
/* `at`, `size`: where the body of the record `index` is. false if it does not fit the tables. */
bool index_locate(struct hash_index *index, const struct file_bytes *file, uint64_t at,
                  uint64_t size);
/* Is all that a search for KEY looks at undamaged: the slots, and each record whose hash is KEY's? Only
 * then does "not found" count. */
bool index_search_sound(const struct hash_index *index, const struct file_bytes *file,
                        struct text key);
/* Are all blocks undamaged? */
bool index_all_sound(const struct hash_index *index, const struct file_bytes *file);

/* For the builder: size of the record's body for so many records in the file (this one included),
 * and the checksums into it. */
size_t index_body_size(uint64_t records);
bool index_fill_body(const struct hash_index *index, const struct file_bytes *file,
                     unsigned char *body) MUST_CHECK;

#endif
