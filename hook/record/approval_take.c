/*
 * approval_take.c - taking a use of an approval, revoking it, adding one: the writing half of
 * approval_store.h. Whatever is written gets its name by link(2) or rename(2), whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "record/approval_name.h"
#include "record/approval_store.h"

#define FILE_MODE 0644

/* ------------------------------------------------------------------ a file of our own */

struct temporary {
    int directory;
    char name[APPROVAL_NAME_SIZE];
};

static enum status temporary_fill(int fd, struct text content, struct error *err)
{
    enum status status = file_write_all(fd, content.at, content.size, err);
    if (status == STATUS_OK && fchmod(fd, FILE_MODE))
        status = error_errno(err, STATUS_IO, errno, "cannot set the mode of a file");
    if (status == STATUS_OK && fsync(fd))
        status = error_errno(err, STATUS_IO, errno, "cannot write to the disk");
    return status;
}

static enum status temporary_make(int directory, struct text content, struct temporary *out,
                                  struct error *err)
{
    struct ulid mark = ulid_new(clock_now_ms());
    out->directory = directory;
    snprintf(out->name, sizeof out->name, APPROVAL_TEMPORARY "use.%s", mark.text);
    int fd = openat(directory, out->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno,
                           "cannot create a file in the directory of approvals");
    enum status status = temporary_fill(fd, content, err);
    if (close(fd) && status == STATUS_OK) /* NFS may say only now that it could not write */
        status = error_errno(err, STATUS_IO, errno, "cannot write to the disk");
    if (status != STATUS_OK)
        unlinkat(directory, out->name, 0);
    return status;
}

static void temporary_drop(const struct temporary *temporary)
{
    unlinkat(temporary->directory, temporary->name, 0);
}

/* link(2) said no. Did it do it all the same? NFS sends a request again when the answer is lost, and
 * gets EEXIST for what the first one did; open(2), O_EXCL. */
static bool is_ours(const struct temporary *temporary, const char *name)
{
    struct stat ours, there;
    if (fstatat(temporary->directory, temporary->name, &ours, AT_SYMLINK_NOFOLLOW))
        return false;
    if (fstatat(temporary->directory, name, &there, AT_SYMLINK_NOFOLLOW))
        return ours.st_nlink > 1; /* it has a second name, which can be no other */
    return there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;
}

/* STATUS_BUSY: the name is somebody else's. */
static enum status temporary_link(const struct temporary *temporary, const char *name,
                                  struct error *err)
{
    if (!linkat(temporary->directory, temporary->name, temporary->directory, name, 0))
        return STATUS_OK;
    int failed = errno;
    if (is_ours(temporary, name))
        return STATUS_OK;
    if (failed == EEXIST)
        return error_set(err, STATUS_BUSY, "it is there already");
    return error_errno(err, STATUS_IO, failed, "cannot write to the directory of approvals");
}

/* EINVAL: this file system has no such thing. */
static enum status sync_directory(int directory, struct error *err)
{
    if (fsync(directory) && errno != EINVAL)
        return error_errno(err, STATUS_IO, errno, "cannot write the directory to the disk");
    return STATUS_OK;
}

/* ------------------------------------------------------------------ adding, revoking */

/* Takes `content` over; `written`: what came of filling it. */
static enum status put_file(const struct approval_store *store, struct approval_name name,
                            enum status written, struct buffer *content, struct error *err)
{
    struct temporary temporary;
    enum status status = written;
    if (status == STATUS_OK && content->size > APPROVAL_FILE_MAX)
        status = error_set(err, STATUS_LIMIT, "it takes more than %zu bytes", APPROVAL_FILE_MAX);
    if (status == STATUS_OK)
        status = temporary_make(store->fd, buffer_view(content), &temporary, err);
    buffer_free(content);
    if (status != STATUS_OK)
        return status;
    status = temporary_link(&temporary, name.text, err);
    temporary_drop(&temporary);
    return status == STATUS_OK ? sync_directory(store->fd, err) : status;
}

enum status approval_store_add(const struct approval_store *store, const struct approval *approval,
                               struct error *err)
{
    struct buffer content;
    buffer_init(&content, SIZE_MAX);
    enum status written = approval_file_write(approval, &content, err);
    return put_file(store, approval_name_of(approval->id, APPROVAL_FILE, 0), written, &content,
                    err);
}

enum status approval_store_revoke(const struct approval_store *store,
                                  const struct approval *approval,
                                  const struct approval_revocation *revocation, struct error *err)
{
    struct buffer content;
    buffer_init(&content, SIZE_MAX);
    enum status written = approval_revocation_write(revocation, &content, err);
    return put_file(store, approval_name_of(approval->id, APPROVAL_REVOCATION, 0), written,
                    &content, err);
}

/* ------------------------------------------------------------------ taking a use */

struct digest approval_use_digest(const struct approval_use *use, const struct digest *input)
{
    const struct text parts[] = {
        use->repository, {"\n", 1}, use->pusher, {"\n", 1}, text_of(input->hex)};
    return digest_of_parts(parts, sizeof parts / sizeof parts[0]);
}

/* Is it revoked, or gone? A name that cannot be looked at counts as revoked. */
static bool is_revoked(const struct approval_store *store, const struct approval *approval)
{
    struct stat st;
    struct approval_name revoked = approval_name_of(approval->id, APPROVAL_REVOCATION, 0);
    struct approval_name there = approval_name_of(approval->id, APPROVAL_FILE, 0);
    return !fstatat(store->fd, revoked.text, &st, AT_SYMLINK_NOFOLLOW) || errno != ENOENT ||
           fstatat(store->fd, there.text, &st, AT_SYMLINK_NOFOLLOW);
}

/* Was this use taken by the same push, less than ten minutes ago? Clocks of nodes differ. */
static bool is_again(const struct approval_store *store, const struct approval *approval,
                     uint64_t number, const struct approval_use *use)
{
    struct approval_use taken;
    struct error ignored;
    if (approval_store_use(store, approval, number, &taken, &ignored) != STATUS_OK ||
        strcmp(taken.push.hex, use->push.hex) != 0)
        return false;
    int64_t age = use->time_ms - taken.time_ms;
    return age < APPROVAL_AGAIN_MS && age > -APPROVAL_AGAIN_MS;
}

struct taking { /* one use, while it is taken */
    const struct approval_store *store;
    struct approval *approval;
    const struct approval_use *use;
    int64_t deadline_us;
    uint64_t number;
    bool linked, again;
};

static bool find_again(struct taking *taking)
{
    for (uint64_t n = 1; n <= taking->approval->uses && !taking->again &&
                         clock_monotonic_us() < taking->deadline_us;
         n++) {
        taking->again = is_again(taking->store, taking->approval, n, taking->use);
        taking->number = n;
    }
    return taking->again;
}

bool approval_store_again(const struct approval_store *store, const struct approval *approval,
                          const struct approval_use *use, int64_t deadline_us)
{
    struct approval copy = *approval;
    struct taking taking = {
        .store = store, .approval = &copy, .use = use, .deadline_us = deadline_us};
    return find_again(&taking);
}

/* The first number that nobody has. STATUS_NOT_FOUND: there is none. */
static enum status link_first(struct taking *taking, const struct temporary *temporary,
                              struct error *err)
{
    for (uint64_t n = 1; n <= taking->approval->uses; n++) {
        struct approval_name name = approval_name_of(taking->approval->id, APPROVAL_USE, n);
        if (clock_monotonic_us() >= taking->deadline_us)
            return error_set(err, STATUS_DEADLINE, "taking a use of an approval took too long");
        enum status status = temporary_link(temporary, name.text, err);
        taking->number = n;
        taking->linked = status == STATUS_OK;
        if (status != STATUS_BUSY)
            return status;
        /* The same push, started twice at the same time: it takes one use. */
        taking->again = is_again(taking->store, taking->approval, n, taking->use);
        if (taking->again)
            return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

static enum status take(struct taking *taking, struct error *err)
{
    const struct approval_store *store = taking->store;
    struct approval *approval = taking->approval;
    struct temporary temporary;
    struct buffer content;
    buffer_init(&content, APPROVAL_FILE_MAX);
    enum status status = approval_use_write(taking->use, &content, err);
    if (status == STATUS_OK)
        status = temporary_make(store->fd, buffer_view(&content), &temporary, err);
    buffer_free(&content);
    if (status != STATUS_OK)
        return status;
    status = link_first(taking, &temporary, err);
    temporary_drop(&temporary);
    if (status == STATUS_NOT_FOUND) {
        approval->state = APPROVAL_USED_UP;
        return STATUS_OK;
    }
    if (status == STATUS_OK && taking->linked)
        status = sync_directory(store->fd, err);
    return status;
}

enum status approval_store_take(const struct approval_store *store, struct approval *approval,
                                const struct approval_use *use, int64_t deadline_us,
                                uint64_t *number, bool *again, struct error *err)
{
    struct taking taking = {
        .store = store, .approval = approval, .use = use, .deadline_us = deadline_us};
    enum status status = STATUS_OK;
    if (is_revoked(store, approval)) {
        approval->state = APPROVAL_REVOKED;
        return STATUS_OK;
    }
    approval->state = APPROVAL_OPEN;
    if (!approval->used || !find_again(&taking))
        status = take(&taking, err);
    if (status != STATUS_OK)
        approval->state = APPROVAL_UNREADABLE;
    else if (approval->state == APPROVAL_OPEN && is_revoked(store, approval))
        approval->state = APPROVAL_REVOKED; /* who revokes it sees the use, or it is not taken */
    if (approval->state == APPROVAL_OPEN) {
        *number = taking.number;
        *again = taking.again;
    } else if (taking.linked) {
        approval_store_release(store, approval, taking.number);
    }
    return status;
}

void approval_store_release(const struct approval_store *store, const struct approval *approval,
                            uint64_t number)
{
    struct approval_name name = approval_name_of(approval->id, APPROVAL_USE, number);
    unlinkat(store->fd, name.text, 0);
}
