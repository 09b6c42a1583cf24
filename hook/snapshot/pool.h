/*
 * pool.h - each text once: names become numbers while a snapshot is built.
 */
#ifndef REFGATE_SNAPSHOT_POOL_H
#define REFGATE_SNAPSHOT_POOL_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

struct pool {
    struct buffer bytes; /* u32 size and the bytes of each text */
    uint32_t *slots;     /* offset into `bytes` plus one; 0: empty */
    size_t slot_count, used;
};

void pool_init(struct pool *pool);
void pool_free(struct pool *pool);
/* The number of a text (an absent one counts as empty). Equal texts have equal numbers. STATUS_MEMORY. */
enum status pool_add(struct pool *pool, struct text t, uint32_t *number,
                     struct error *err) MUST_CHECK;
/* Valid until the next pool_add(). */
struct text pool_text(const struct pool *pool, uint32_t number);

#endif
