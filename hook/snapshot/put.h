/*
 * put.h - the other side of layout.h's cursor: numbers and texts appended to a body.
 */
#ifndef REFGATE_SNAPSHOT_PUT_H
#define REFGATE_SNAPSHOT_PUT_H

#include "base/buffer.h"
#include "snapshot/layout.h"

static inline void put_number(struct buffer *out, uint64_t value, size_t bytes)
{
    unsigned char le[8];
    for (size_t i = 0; i < bytes; i++)
        le[i] = (unsigned char)(value >> (8 * i));
    buffer_add(out, le, bytes);
}
static inline void put_u8(struct buffer *out, uint8_t value)
{
    buffer_add(out, &value, 1);
}
static inline void put_u32(struct buffer *out, uint32_t value)
{
    put_number(out, value, 4);
}
static inline void put_u64(struct buffer *out, uint64_t value)
{
    put_number(out, value, 8);
}
static inline void put_i64(struct buffer *out, int64_t value)
{
    put_number(out, (uint64_t)value, 8);
}
/* The caller has seen to it that t.size <= LAYOUT_TEXT_MAX. */
static inline void put_text(struct buffer *out, struct text t)
{
    put_number(out, t.size, 2);
    buffer_text(out, t);
}

#endif
