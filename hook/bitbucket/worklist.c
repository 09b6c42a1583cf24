#include "bitbucket/worklist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"

#define IN_MEMORY ((size_t)64 * 1024) /* of the tail; what is read back is read in such pieces */
#define NAME_MAX_BYTES ((size_t)64 * 1024)
#define SEEN_MORE 8 /* slots, beside an eighth */

struct head { /* of an item in the file: id, flags, sizes; then the names */
    uint64_t id;
    uint32_t flags, name, slug;
};

void worklist_init(struct worklist *list)
{
    *list = (struct worklist){.fd = -1};
    buffer_init(&list->tail, SIZE_MAX);
    buffer_init(&list->head, SIZE_MAX);
}

void worklist_free(struct worklist *list)
{
    if (list->fd >= 0)
        close(list->fd);
    buffer_free(&list->tail);
    buffer_free(&list->head);
    worklist_init(list);
}

static int open_unnamed(const char *directory)
{
    char path[4096];
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    /* A file system that knows no files without a name. */
    int size = snprintf(path, sizeof path, "%s/refgate.XXXXXX", directory);
    if (size < 0 || (size_t)size >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static enum status open_file(struct worklist *list, struct error *err)
{
    const char *wanted = secure_getenv("TMPDIR");
    const char *const directories[] = {wanted && *wanted ? wanted : "/var/tmp", "/tmp"};
    for (size_t i = 0; list->fd < 0 && i < 2; i++) {
        list->fd = open_unnamed(directories[i]);
        if (list->fd < 0 && i == 1)
            return error_errno(err, STATUS_IO, errno, "cannot make a temporary file in %s or %s",
                               directories[0], directories[1]);
    }
    return STATUS_OK;
}

static enum status spill(struct worklist *list, struct error *err)
{
    enum status status = list->fd < 0 ? open_file(list, err) : STATUS_OK;
    for (size_t done = 0; status == STATUS_OK && done < list->tail.size;) {
        ssize_t put = pwrite(list->fd, list->tail.data + done, list->tail.size - done,
                             (off_t)(list->written + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return error_errno(err, STATUS_IO, put ? errno : EIO, "cannot write a temporary file");
        done += (size_t)put;
    }
    if (status == STATUS_OK) {
        list->written += list->tail.size;
        list->tail.size = 0;
    }
    return status;
}

enum status worklist_add(struct worklist *list, const struct work *item, struct error *err)
{
    if (item->name.size > NAME_MAX_BYTES || item->slug.size > NAME_MAX_BYTES)
        return error_set(err, STATUS_LIMIT, "a name has %zu bytes; more than %zu are not supported",
                         item->name.size > item->slug.size ? item->name.size : item->slug.size,
                         NAME_MAX_BYTES);
    const struct head head = {item->id, item->flags, (uint32_t)item->name.size,
                              (uint32_t)item->slug.size};
    buffer_add(&list->tail, &head, sizeof head);
    buffer_text(&list->tail, item->name);
    buffer_text(&list->tail, item->slug);
    if (list->tail.failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    list->added++;
    return list->tail.size >= IN_MEMORY ? spill(list, err) : STATUS_OK;
}

/* The unread rest of the head moves to its front. */
static void shift(struct worklist *list)
{
    size_t rest = list->head.size - list->at;
    if (list->at && rest)
        memmove(list->head.data, list->head.data + list->at, rest);
    list->head.size = rest;
    list->at = 0;
}

/* At least `size` bytes at head.at, from the file, and after it from the tail. */
static enum status fill(struct worklist *list, size_t size, struct error *err)
{
    if (list->head.size - list->at >= size)
        return STATUS_OK;
    shift(list);
    while (list->head.size < size && list->read < list->written) {
        static const char zeros[4096];
        size_t before = list->head.size;
        uint64_t left = list->written - list->read;
        size_t wanted = left < IN_MEMORY ? (size_t)left : IN_MEMORY;
        for (size_t room = 0; room < wanted; room += sizeof zeros) /* room to read into */
            buffer_add(&list->head, zeros, sizeof zeros);
        if (list->head.failed)
            return error_set(err, STATUS_MEMORY, "out of memory");
        ssize_t got = pread(list->fd, list->head.data + before, wanted, (off_t)list->read);
        list->head.size = before + (got > 0 ? (size_t)got : 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_errno(err, STATUS_IO, got ? errno : EIO, "cannot read a temporary file");
        list->read += (uint64_t)got;
    }
    if (list->head.size < size) { /* the file ends at an item's end: so does what is left of it */
        struct buffer empty = list->head;
        list->head = list->tail;
        list->tail = empty;
        list->tail.size = 0;
    }
    return STATUS_OK;
}

enum status worklist_take(struct worklist *list, struct work *out, struct error *err)
{
    struct head head;
    if (list->taken == list->added)
        return STATUS_NOT_FOUND;
    enum status status = fill(list, sizeof head, err);
    if (status != STATUS_OK)
        return status;
    memcpy(&head, list->head.data + list->at, sizeof head);
    size_t size = sizeof head + head.name + head.slug;
    status = fill(list, size, err);
    if (status != STATUS_OK)
        return status;
    const char *name = list->head.data + list->at + sizeof head;
    *out = (struct work){.id = head.id,
                         .flags = head.flags,
                         .name = {name, head.name},
                         .slug = {name + head.name, head.slug}};
    list->at += size;
    list->taken++;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ seen */

void seen_free(struct seen *seen)
{
    for (size_t i = 0; i < SEEN_PARTS; i++)
        free(seen->parts[i].keys);
    *seen = (struct seen){.used = 0};
}

static uint64_t key_of(uint64_t key)
{
    return key ? key : UINT64_MAX; /* 0 is the empty slot, and no id */
}

static uint64_t scattered(uint64_t key)
{
    key *= UINT64_C(0x9e3779b97f4a7c15);
    key ^= key >> 32;
    return key * UINT64_C(0x9e3779b97f4a7c15);
}

/* The slot of a key, or the empty one where it belongs. */
static size_t slot_of(const struct seen_part *part, uint64_t key)
{
    size_t slot = (size_t)((scattered(key) & UINT32_MAX) * part->room >> 32);
    while (part->keys[slot] && part->keys[slot] != key)
        slot = slot + 1 < part->room ? slot + 1 : 0;
    return slot;
}

static size_t part_of(uint64_t key)
{
    return (size_t)(scattered(key) >> 32) % SEEN_PARTS;
}

uint32_t *seen_find(const struct seen *seen, uint64_t key)
{
    const struct seen_part *part = &seen->parts[part_of(key_of(key))];
    if (!part->room)
        return NULL;
    size_t slot = slot_of(part, key_of(key));
    return part->keys[slot] ? &part->marks[slot] : NULL;
}

static enum status grow(struct seen_part *part, struct error *err)
{
    struct seen_part larger = {.room = part->room + part->room / 8 + SEEN_MORE, .used = part->used};
    larger.keys = calloc(larger.room, sizeof *larger.keys + sizeof *larger.marks);
    if (!larger.keys)
        return error_set(err, STATUS_MEMORY, "out of memory");
    larger.marks = (uint32_t *)(larger.keys + larger.room);
    for (size_t i = 0; i < part->room; i++)
        if (part->keys[i]) {
            size_t slot = slot_of(&larger, part->keys[i]);
            larger.keys[slot] = part->keys[i];
            larger.marks[slot] = part->marks[i];
        }
    free(part->keys);
    *part = larger;
    return STATUS_OK;
}

enum status seen_add(struct seen *seen, uint64_t key, uint32_t mark, struct error *err)
{
    struct seen_part *part = &seen->parts[part_of(key_of(key))];
    if (part->used >= part->room / 8 * 7) {
        enum status status = grow(part, err);
        if (status != STATUS_OK)
            return status;
    }
    size_t slot = slot_of(part, key_of(key));
    bool fresh = !part->keys[slot];
    part->used += fresh;
    seen->used += fresh;
    part->keys[slot] = key_of(key);
    part->marks[slot] = mark;
    return STATUS_OK;
}

bool seen_shares(const struct seen *seen, uint64_t key, uint32_t mark)
{
    for (size_t n = 0; n < SEEN_PARTS; n++) {
        const struct seen_part *part = &seen->parts[n];
        for (size_t i = 0; i < part->room; i++)
            if (part->marks[i] == mark && part->keys[i] && part->keys[i] != key_of(key))
                return true;
    }
    return false;
}

static void fold(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.size; i++) {
        char c = ascii_lower(t.at[i]);
        buffer_add(out, &c, 1);
    }
}

uint64_t seen_name(struct text name, struct text slug)
{
    struct buffer folded;
    uint64_t number = 0;
    buffer_init(&folded, SIZE_MAX);
    fold(&folded, name);
    if (!text_absent(slug))
        buffer_add(&folded, "/", 1); /* in no key and no slug */
    fold(&folded, slug);
    const struct digest digest = digest_of(buffer_view(&folded));
    bool failed = folded.failed;
    buffer_free(&folded);
    if (failed)
        return 0;
    for (size_t i = 0; i < 16; i++) {
        char c = digest.hex[i];
        number = number * 16 + (uint64_t)(ascii_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return number ? number : 1;
}
