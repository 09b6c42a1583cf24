#include "snapshot/long_record.h"

#include "snapshot/checksum.h"

#define PIECE_SIZE ((size_t)16 * 1024)
#define HEAD_MOST ((size_t)1024 * 1024) /* more grants than that: not worth it */
#define COUNT_SIZE 4                    /* of restrictions, right in front of the first one */

struct long_record {
    const struct file_bytes *file;
    struct arena *arena;
    uint64_t at, left; /* of the body, what was not read yet */
    uint32_t sum;
    struct cursor here; /* read, but not looked at */
    char *piece;
    char *body; /* what is kept */
    size_t kept, room;
};

static bool read_more(struct long_record *l, void *to, size_t size)
{
    if (size > l->left || !file_bytes_read(l->file, l->at, to, size))
        return false;
    l->sum = checksum_add(l->sum, (struct text){to, size});
    l->at += size;
    l->left -= size;
    return true;
}

/* What is left moves to the front of the piece, and more of the body behind it. */
static bool refill(struct long_record *l)
{
    size_t left = cursor_left(&l->here);
    if (left >= PIECE_SIZE || !l->left)
        return false; /* a restriction as large as that, or one that goes on behind the end */
    size_t more = PIECE_SIZE - left < l->left ? PIECE_SIZE - left : (size_t)l->left;
    memmove(l->piece, l->here.at, left);
    if (!read_more(l, l->piece + left, more))
        return false;
    l->here = cursor_of((struct text){l->piece, left + more});
    return true;
}

static bool keep(struct long_record *l, const unsigned char *bytes, size_t size)
{
    if (size > l->room - l->kept) {
        size_t room = l->room * 2 + size;
        char *larger = arena_alloc(l->arena, room, 1);
        if (!larger)
            return false;
        memcpy(larger, l->body, l->kept);
        l->body = larger;
        l->room = room;
    }
    memcpy(l->body + l->kept, bytes, size);
    l->kept += size;
    return true;
}

/* The next restriction, wholly in what was read: `size` bytes at *bytes, the number of bytes included. */
static bool next(struct long_record *l, const unsigned char **bytes, size_t *size,
                 struct restriction *out)
{
    for (;;) {
        struct cursor c = l->here;
        cursor_bytes(&c, cursor_u32(&c));
        if (!c.failed)
            break;
        if (!refill(l))
            return false;
    }
    *bytes = l->here.at;
    bool good = place_next_bare_restriction(&l->here, out);
    *size = (size_t)(l->here.at - *bytes);
    return good;
}

static bool choose(struct long_record *l, const struct restriction_choice *choice, uint32_t count,
                   uint32_t *kept)
{
    uint64_t last = 0;
    *kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        const unsigned char *bytes;
        size_t size;
        struct restriction restriction;
        if (!next(l, &bytes, &size, &restriction) || (i && restriction.id <= last))
            return false;
        last = restriction.id;
        if (!restriction.of_project && !choice->wanted(choice->asker, &restriction))
            continue;
        if (!keep(l, bytes, size))
            return false;
        ++*kept;
    }
    return !l->left && !cursor_left(&l->here);
}

/* Everything in front of the restrictions, in the arena; what lies behind it was read with it. */
static bool read_head(struct long_record *l, enum place_kind kind, size_t *restrictions_at,
                      uint32_t *count)
{
    const struct long_record start = *l;
    for (size_t size = PIECE_SIZE; size < start.left && size <= HEAD_MOST; size *= 2) {
        *l = start;
        l->body = arena_alloc(l->arena, size, 1);
        if (!l->body || !read_more(l, l->body, size))
            return false;
        if (decode_head(kind, (struct text){l->body, size}, restrictions_at, count)) {
            l->room = size;
            return true;
        }
    }
    return false;
}

bool long_record_choose(const struct file_bytes *file, struct text key, uint64_t at, uint64_t size,
                        enum place_kind kind, const struct restriction_choice *choice,
                        struct arena *arena, struct text *body)
{
    unsigned char wanted_sum[LAYOUT_RECORD_HEADER];
    size_t restrictions_at;
    uint32_t count, kept;
    if (size < LONG_RECORD_SIZE || !file_bytes_read(file, at, wanted_sum, sizeof wanted_sum))
        return false;
    struct long_record l = {.file = file,
                            .arena = arena,
                            .at = at + sizeof wanted_sum,
                            .left = size - sizeof wanted_sum,
                            .sum = checksum_add(CHECKSUM_START, key)};
    l.piece = arena_alloc(arena, PIECE_SIZE, 1);
    if (!l.piece || !read_head(&l, kind, &restrictions_at, &count))
        return false;
    /* What was read of the restrictions makes room for those that are kept. */
    size_t behind = l.room - restrictions_at;
    if (behind > PIECE_SIZE)
        return false;
    memcpy(l.piece, l.body + restrictions_at, behind);
    l.here = cursor_of((struct text){l.piece, behind});
    l.kept = restrictions_at;
    if (!choose(&l, choice, count, &kept) || l.sum != layout_load32(wanted_sum))
        return false;
    layout_store32((unsigned char *)l.body + restrictions_at - COUNT_SIZE, kept);
    *body = (struct text){l.body, l.kept};
    return true;
}
