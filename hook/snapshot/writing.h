/*
 * writing.h - one file being written from the joined rows (for builder_*.c only).
 */
#ifndef REFGATE_SNAPSHOT_WRITING_H
#define REFGATE_SNAPSHOT_WRITING_H

#include <cdb.h>
#include <sha2.h>

#include "snapshot/rows.h"

struct writing {
    struct builder *b;
    struct cdb_make cdb;
    bool started;
    uint64_t size, records, limit;
    SHA2_CTX digest;
    bool digesting;
    struct buffer body;
    struct layout_key key;
    bool *group_licensed; /* by group number: it has a global permission */
    struct error *err;
    enum status status;   /* sticky */
};

static inline struct text writing_text(const struct writing *w, uint32_t number)
{
    return pool_text(&w->b->pool, number);
}
static inline void writing_fail(struct writing *w, enum status status)
{
    if (w->status == STATUS_OK)
        w->status = status;
}
/* An empty body (with room for the checksum) to put things into. */
struct buffer *writing_begin(struct writing *w);
/* Writes the record of w->key and w->body. */
void writing_record(struct writing *w);

/* In this order: some sort the rows anew. */
void writing_licensed_groups(struct writing *w);
void writing_users(struct writing *w);
void writing_emails(struct writing *w);   /* changes the order of the users */
void writing_groups(struct writing *w);   /* changes the order of the members */
void writing_services(struct writing *w);
void writing_places(struct writing *w);
void writing_keys(struct writing *w);     /* changes the order of the keys' grants */
/* After the digest. Only what is newer than `started_ms`. */
void writing_parts(struct writing *w, int64_t started_ms);

#endif
