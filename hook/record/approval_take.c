/*
 * approval_take.c - taking a use of an approval, revoking it, adding one: the writing half of
 * approval_store.h. Whatever is written gets its name by link(2) or rename(2), whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "record/approval_name.h"
#include "record/approval_store.h"

#define FILE_MODE 0644
#define WAIT_FIRST_NS 200000
#define WAIT_MOST_NS 10000000

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
    if (fd < 0) {
        *out->name = '\0';
        return error_errno(err, STATUS_IO, errno,
                           "cannot create a file in the directory of approvals");
    }
    enum status status = temporary_fill(fd, content, err);
    if (close(fd) && status == STATUS_OK) /* NFS may say only now that it could not write */
        status = error_errno(err, STATUS_IO, errno, "cannot write to the disk");
    if (status != STATUS_OK) {
        unlinkat(directory, out->name, 0);
        *out->name = '\0';
    }
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

/* OPEN, or REVOKED (also when it is gone), or UNREADABLE: a name cannot be looked at. */
static enum approval_state still(const struct approval_store *store,
                                 const struct approval *approval)
{
    struct stat st;
    struct approval_name revoked = approval_name_of(approval->id, APPROVAL_REVOCATION, 0);
    struct approval_name there = approval_name_of(approval->id, APPROVAL_FILE, 0);
    if (!fstatat(store->fd, revoked.text, &st, AT_SYMLINK_NOFOLLOW))
        return APPROVAL_REVOKED;
    if (errno != ENOENT)
        return APPROVAL_UNREADABLE;
    if (!fstatat(store->fd, there.text, &st, AT_SYMLINK_NOFOLLOW))
        return APPROVAL_OPEN;
    return errno == ENOENT ? APPROVAL_REVOKED : APPROVAL_UNREADABLE;
}

struct taking { /* one use, while it is taken */
    const struct approval_store *store;
    struct approval *approval;
    const struct approval_use *use;
    int64_t deadline_us;
    struct temporary temporary;
    bool linked; /* use `number` is ours */
    bool again;  /* it is that of the same push, which took it before */
    uint64_t number;
};

static bool is_late(const struct taking *taking)
{
    return clock_monotonic_us() >= taking->deadline_us;
}

/* Whose is a use? THEIRS: another push's, or nobody can tell. HELD: the same push's, which may give it
 * back yet: it has not dropped its temporary file. */
enum whose { THEIRS, GONE, HELD, SAME };

static enum whose whose_use(const struct taking *taking, uint64_t number)
{
    const struct approval_store *store = taking->store;
    struct approval_name name = approval_name_of(taking->approval->id, APPROVAL_USE, number);
    struct approval_use taken;
    struct error ignored;
    struct stat st;
    if (fstatat(store->fd, name.text, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? GONE : THEIRS;
    if (approval_store_use(store, taking->approval, number, &taken, &ignored) != STATUS_OK ||
        strcmp(taken.push.hex, taking->use->push.hex) != 0)
        return THEIRS;
    /* Less than ten minutes ago? Clocks of nodes differ. */
    int64_t age = taking->use->time_ms - taken.time_ms;
    if (age >= APPROVAL_AGAIN_MS || age <= -APPROVAL_AGAIN_MS)
        return THEIRS;
    /* What is held for longer than a hook lives is a dead one's. */
    return st.st_nlink > 1 && clock_now_ms() - taken.time_ms < store->alive_ms ? HELD : SAME;
}

/* The first use of the same push, ours left out; 0: there is none. */
static uint64_t find_same(const struct taking *taking)
{
    for (uint64_t n = 1; n <= taking->approval->uses && !is_late(taking); n++) {
        if (taking->linked && n == taking->number)
            continue;
        enum whose whose = whose_use(taking, n);
        if (whose == SAME || whose == HELD)
            return n;
    }
    return 0;
}

bool approval_store_again(const struct approval_store *store, const struct approval *approval,
                          const struct approval_use *use, int64_t deadline_us)
{
    struct approval copy = *approval;
    const struct taking taking = {
        .store = store, .approval = &copy, .use = use, .deadline_us = deadline_us};
    return find_same(&taking) != 0;
}

static void give_back(struct taking *taking)
{
    struct approval_name name = approval_name_of(taking->approval->id, APPROVAL_USE,
                                                 taking->number);
    if (taking->linked)
        unlinkat(taking->store->fd, name.text, 0);
    taking->linked = false;
}

/* Waits until the same push, which runs at the same time, keeps its use (SAME) or has given it back.
 * HELD: the deadline came first. */
static enum whose wait_for(const struct taking *taking, uint64_t number)
{
    enum whose whose = whose_use(taking, number);
    for (long ns = WAIT_FIRST_NS; whose == HELD && !is_late(taking); ns *= 2) {
        ns = ns < WAIT_MOST_NS ? ns : WAIT_MOST_NS;
        nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
        whose = whose_use(taking, number);
    }
    return whose;
}

static enum status too_late(struct error *err)
{
    return error_set(err, STATUS_DEADLINE, "taking a use of an approval took too long");
}

/* One push takes one use, however often it is started at the same time: of two that see each other, the
 * one with the larger number gives way at once; the one with the smaller waits whether the other saw it.
 * So nobody who is waited for waits. *settled: nothing is left to do. */
static enum status share(struct taking *taking, uint64_t same, bool *settled, struct error *err)
{
    if (taking->linked && same < taking->number)
        give_back(taking);
    enum whose whose = wait_for(taking, same);
    if (whose == HELD)
        return too_late(err);
    if (whose == SAME) {
        give_back(taking);
        taking->number = same;
        taking->again = *settled = true;
    }
    return STATUS_OK;
}

/* The first number that nobody has. STATUS_NOT_FOUND: there is none. */
static enum status link_first(struct taking *taking, struct error *err)
{
    for (uint64_t n = 1; n <= taking->approval->uses; n++) {
        struct approval_name name = approval_name_of(taking->approval->id, APPROVAL_USE, n);
        if (is_late(taking))
            return too_late(err);
        enum status status = temporary_link(&taking->temporary, name.text, err);
        if (status == STATUS_BUSY)
            continue;
        taking->number = n;
        taking->linked = status == STATUS_OK;
        return status;
    }
    return STATUS_NOT_FOUND;
}

/* Links, then looks for the same push, again and again: while one looks, another may give a use back or
 * take one that was given back. */
static enum status link_alone(struct taking *taking, struct error *err)
{
    bool settled = false;
    for (;;) {
        enum status status = taking->linked ? STATUS_OK : link_first(taking, err);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        uint64_t same = find_same(taking);
        if (is_late(taking))
            return too_late(err);
        if (!same)
            return status;
        status = share(taking, same, &settled, err);
        if (status != STATUS_OK || settled)
            return status;
    }
}

static enum status take(struct taking *taking, struct error *err)
{
    const struct approval_store *store = taking->store;
    struct buffer content;
    buffer_init(&content, APPROVAL_FILE_MAX);
    enum status status = approval_use_write(taking->use, &content, err);
    if (status == STATUS_OK)
        status = temporary_make(store->fd, buffer_view(&content), &taking->temporary, err);
    buffer_free(&content);
    if (status != STATUS_OK)
        return status;
    status = link_alone(taking, err);
    if (status == STATUS_OK && taking->linked)
        status = sync_directory(store->fd, err);
    if (status == STATUS_NOT_FOUND) {
        taking->approval->state = APPROVAL_USED_UP;
        status = STATUS_OK;
    }
    return status;
}

/* Only where the listing has uses: else most pushes would look at names that are not there. */
static enum status take_once(struct taking *taking, struct error *err)
{
    uint64_t same = taking->approval->used ? find_same(taking) : 0;
    bool settled = false;
    enum status status = same ? share(taking, same, &settled, err) : STATUS_OK;
    if (status == STATUS_OK && !settled)
        status = take(taking, err);
    return status;
}

enum status approval_store_take(const struct approval_store *store, struct approval *approval,
                                const struct approval_use *use, int64_t deadline_us,
                                struct approval_hold *hold, struct error *err)
{
    struct taking taking = {
        .store = store, .approval = approval, .use = use, .deadline_us = deadline_us};
    *hold = (struct approval_hold){.id = approval->id};
    approval->state = still(store, approval);
    if (approval->state != APPROVAL_OPEN)
        return STATUS_OK;
    enum status status = take_once(&taking, err);
    if (status != STATUS_OK)
        approval->state = APPROVAL_UNREADABLE;
    else if (approval->state == APPROVAL_OPEN) /* who revokes it sees the use, or it is not taken */
        approval->state = still(store, approval);
    if (approval->state != APPROVAL_OPEN)
        give_back(&taking);
    else
        *hold = (struct approval_hold){approval->id, taking.number, taking.again, ""};
    if (taking.linked)
        memcpy(hold->temporary, taking.temporary.name, sizeof hold->temporary);
    else if (*taking.temporary.name)
        temporary_drop(&taking.temporary);
    return status;
}

void approval_store_settle(int directory, const struct approval_hold *hold, bool keep)
{
    struct approval_name name = approval_name_of(hold->id, APPROVAL_USE, hold->number);
    if (!*hold->temporary)
        return; /* it is another run's of the same push */
    if (!keep)
        unlinkat(directory, name.text, 0);
    unlinkat(directory, hold->temporary, 0);
}
