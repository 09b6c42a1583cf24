/*
 * worklist.h - names that are still to be asked for, first in, first out, and a set of what was seen.
 *
 * Names beyond 64 KiB lie in an unlinked temporary file ($TMPDIR, else /var/tmp, else /tmp), so that
 * a list of a hundred thousand repositories takes no memory.
 */
#ifndef REFGATE_BITBUCKET_WORKLIST_H
#define REFGATE_BITBUCKET_WORKLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

enum { /* what is known of an item */
    WORK_PERSONAL = 1, /* a personal project */
    WORK_NAMED = 2,    /* by the caller of the crawl: its id is not known yet */
    WORK_CHECK = 4,    /* listed twice under different names: look where it is now */
};

struct work {
    uint64_t id;
    uint32_t flags;
    struct text name, slug; /* group, user, key; of a repository or a user also its slug */
};

struct worklist {
    int fd;                  /* -1: everything is in memory */
    uint64_t written, read;  /* bytes of the file */
    struct buffer tail;      /* newer than the file */
    struct buffer head;      /* taken from the file or the tail, from `at` on */
    size_t at;
    uint64_t added, taken;   /* items */
};

void worklist_init(struct worklist *list);
void worklist_free(struct worklist *list);
/* STATUS_IO names the directory; STATUS_LIMIT for a name beyond 64 KiB. */
enum status worklist_add(struct worklist *list, const struct work *item,
                         struct error *err) MUST_CHECK;
/* The next item, out of the list; its texts live until the next call. STATUS_NOT_FOUND: there is
 * none now (err is untouched). */
enum status worklist_take(struct worklist *list, struct work *out, struct error *err) MUST_CHECK;

/* Numbers that were seen, each with a 32-bit mark. In parts that grow by an eighth, each for itself: so
 * at least seven ninths of seven eighths of the slots are in use, and what is copied while a part grows
 * is small. 12 bytes a slot: about 16 bytes an item at most, and a few KiB. */
#define SEEN_PARTS 64
struct seen_part {
    uint64_t *keys; /* 0: an empty slot */
    uint32_t *marks; /* in the same piece of memory */
    size_t room, used;
};
struct seen {
    struct seen_part parts[SEEN_PARTS];
    size_t used; /* of all parts */
};
void seen_free(struct seen *seen);
/* The mark of `key`, which may be changed; NULL if it was not seen. */
uint32_t *seen_find(const struct seen *seen, uint64_t key);
/* A key that was not seen. STATUS_MEMORY. */
enum status seen_add(struct seen *seen, uint64_t key, uint32_t mark, struct error *err) MUST_CHECK;

/* Has another key than this one the mark? Looks at all of them. */
bool seen_shares(const struct seen *seen, uint64_t key, uint32_t mark);

/* 64 bits of a name (or of two: key and slug), without ASCII case; 0: out of memory. From SHA-256, so
 * that nobody makes two groups that are taken for one. */
uint64_t seen_name(struct text name, struct text slug);

#endif
