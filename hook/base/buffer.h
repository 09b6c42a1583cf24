/*
 * buffer.h - bytes that grow, with a sticky failure.
 *
 * Output is built piece by piece and written once. If memory runs out or the cap is reached,
 * `failed` is set, later calls do nothing, and whoever writes the buffer out must look at it.
 */
#ifndef REFGATE_BASE_BUFFER_H
#define REFGATE_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

/* For a large array that is read into before anybody looks at it: the compiler's clearing of all
 * variables (-ftrivial-auto-var-init) would touch each of its pages at each start of the hook. */
#define READ_INTO __attribute__((uninitialized))

struct buffer {
    char *data; /* malloc'ed, NUL-terminated when not NULL */
    size_t size, room, cap;
    bool failed;
};

void buffer_init(struct buffer *buffer, size_t cap); /* cap in bytes, SIZE_MAX for none */
void buffer_free(struct buffer *buffer);
void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_text(struct buffer *buffer, struct text t);
void buffer_string(struct buffer *buffer, const char *string);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
static inline struct text buffer_view(const struct buffer *buffer)
{
    return (struct text){buffer->data ? buffer->data : "", buffer->size};
}

/* Outside text made safe for a terminal or a log: control characters, DEL, backslash and bytes
 * that are not valid UTF-8 become \xNN; C1 controls, bidirectional overrides and other invisible
 * formatting code points become \u{NNNN}. At most `most` bytes of input; longer ends in "...".
 * With `ascii`, everything beyond ASCII is escaped too (what the pusher sees is ASCII). */
void buffer_escaped(struct buffer *buffer, struct text t, size_t most, bool ascii);

#endif
