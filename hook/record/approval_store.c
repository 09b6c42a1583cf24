#include "record/approval_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "record/approval_name.h"

#define ORPHAN_AGE_MS CLOCK_HOUR

/* ------------------------------------------------------------------ files */

static struct file_owners owners_of(const struct approval_store *store)
{
    return (struct file_owners){&store->owner, store->any_hook ? 1 : 0};
}

/* Reads DIRECTORY/NAME, with all checks. */
static enum status read_file(const struct approval_store *store, const char *name,
                             struct buffer *out, struct error *err)
{
    char *path = arena_printf(store->arena, "%s/%s", store->directory, name);
    if (!path)
        return error_set(err, STATUS_MEMORY, "out of memory");
    const struct file_owners owners = owners_of(store);
    int fd = -1;
    enum status status = file_open_trusted(path, &owners, &fd, NULL, err);
    if (status == STATUS_OK) {
        status = file_read_all(fd, APPROVAL_FILE_MAX, out, err);
        close(fd);
    }
    return status;
}

static enum status read_part(const struct approval_store *store, const struct approval *approval,
                             enum approval_name_kind kind, uint64_t number, struct buffer *out,
                             struct error *err)
{
    buffer_init(out, APPROVAL_FILE_MAX + 1);
    return read_file(store, approval_name_of(approval->id, kind, number).text, out, err);
}

static enum approval_state state_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return APPROVAL_OPEN;
    case STATUS_TRUST:
        return APPROVAL_UNTRUSTED;
    case STATUS_FORMAT:
    case STATUS_LIMIT:
        return APPROVAL_MALFORMED;
    default:
        return APPROVAL_UNREADABLE;
    }
}

static enum status load(struct approval_store *store, struct text id, struct approval *out)
{
    struct error why = {STATUS_OK, ""};
    struct buffer bytes;
    const struct approval named = {.id = id};
    enum status status = read_part(store, &named, APPROVAL_FILE, 0, &bytes, &why);
    if (status == STATUS_OK)
        status = approval_file_read(buffer_view(&bytes), store->arena, out, &why);
    buffer_free(&bytes);
    if (status == STATUS_OK && !text_equal(out->id, id))
        status = STATUS_FORMAT;
    if (status == STATUS_MEMORY)
        return status;
    if (status != STATUS_OK)
        *out = (struct approval){.id = id, .state = state_of(status)};
    return STATUS_OK;
}

/* ------------------------------------------------------------------ the directory */

struct listing {
    struct approval_store *store;
    struct text *names;
    size_t count;
};

struct group { /* of files with the same id */
    struct text id;
    bool there, revoked; /* ID.approval, ID.revoked */
    uint64_t used;
};

static int compare_names(const void *left, const void *right)
{
    return text_compare(*(const struct text *)left, *(const struct text *)right);
}

static enum status list_names(DIR *stream, int64_t deadline_us, struct listing *out,
                              struct error *err)
{
    struct arena *arena = out->store->arena;
    const size_t most = out->store->any_hook ? APPROVAL_STORE_FILES_TOOL : APPROVAL_STORE_FILES_MAX;
    out->names = arena_alloc(arena, most, sizeof *out->names);
    if (!out->names)
        return error_set(err, STATUS_MEMORY, "out of memory");
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry && errno)
            return error_errno(err, STATUS_IO, errno, "cannot read the directory of approvals");
        if (!entry)
            break;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (out->count == most)
            return error_set(err, STATUS_LIMIT,
                             "more than %zu files in the directory of approvals: refgate approve "
                             "prune",
                             most);
        if (clock_monotonic_us() >= deadline_us)
            return error_set(err, STATUS_DEADLINE, "reading the approvals took too long");
        struct text name = arena_text(arena, text_of(entry->d_name));
        if (!name.at)
            return error_set(err, STATUS_MEMORY, "out of memory");
        out->names[out->count++] = name;
    }
    qsort(out->names, out->count, sizeof *out->names, compare_names);
    return STATUS_OK;
}

/* What the names that begin with the same id are, from `from` on. A name without one is a group of its
 * own. Gives where the next group begins. */
static size_t read_group(const struct listing *listing, size_t from, struct group *group)
{
    *group = (struct group){.id = approval_name_parse(listing->names[from]).id};
    size_t at = from;
    do {
        enum approval_name_kind kind = approval_name_parse(listing->names[at]).kind;
        group->there = group->there || kind == APPROVAL_FILE;
        group->revoked = group->revoked || kind == APPROVAL_REVOCATION;
        group->used += kind == APPROVAL_USE;
        at++;
    } while (group->id.size && at < listing->count &&
             text_equal(approval_name_parse(listing->names[at]).id, group->id));
    return at;
}

static void note_orphans(struct listing *listing, size_t from, size_t to)
{
    struct approval_store *store = listing->store;
    for (size_t i = from; i < to; i++)
        if (approval_name_parse(listing->names[i]).kind != APPROVAL_NONE ||
            approval_name_temporary(listing->names[i]))
            store->orphans[store->orphan_count++] = listing->names[i];
}

/* A file that is called an approval and has no id for a name. */
static bool is_misnamed(struct text name)
{
    static const struct text end = {".approval", 9};
    return name.size > end.size && name.at[0] != '.' &&
           text_equal(text_skip(name, name.size - end.size), end);
}

static enum status load_group(struct approval_store *store, const struct group *group)
{
    struct approval *approval = &store->approvals[store->count];
    enum status status = load(store, group->id, approval);
    if (status != STATUS_OK)
        return status;
    store->count++;
    approval->used = group->used;
    if (approval->state == APPROVAL_OPEN && group->revoked)
        approval->state = APPROVAL_REVOKED;
    else if (approval->state == APPROVAL_OPEN && approval->used >= approval->uses)
        approval->state = APPROVAL_USED_UP;
    return STATUS_OK;
}

static enum status load_all(struct listing *listing, int64_t deadline_us, struct error *err)
{
    struct approval_store *store = listing->store;
    store->approvals = arena_alloc(store->arena, listing->count + 1, sizeof *store->approvals);
    store->orphans = arena_alloc(store->arena, listing->count + 1, sizeof *store->orphans);
    if (!store->approvals || !store->orphans)
        return error_set(err, STATUS_MEMORY, "out of memory");
    struct group group;
    for (size_t at = 0, next; at < listing->count; at = next) {
        next = read_group(listing, at, &group);
        if (clock_monotonic_us() >= deadline_us)
            return error_set(err, STATUS_DEADLINE, "reading the approvals took too long");
        if (group.there && load_group(store, &group) != STATUS_OK)
            return error_set(err, STATUS_MEMORY, "out of memory while reading the approvals");
        if (!group.id.size && is_misnamed(listing->names[at]))
            store->approvals[store->count++] = (struct approval){.id = listing->names[at],
                                                                 .state = APPROVAL_MALFORMED};
        if (!group.there)
            note_orphans(listing, at, next);
    }
    return STATUS_OK;
}

static enum status open_directory(struct approval_store *store, struct error *err)
{
    struct stat st;
    if (store->any_hook && !stat(store->directory, &st))
        store->owner = st.st_uid;
    const struct file_owners owners = owners_of(store);
    return file_open_trusted_directory(store->directory, &owners, &store->fd, err);
}

enum status approval_store_open(const char *directory, bool any_hook, int64_t deadline_us,
                                struct arena *arena, struct approval_store *out, struct error *err)
{
    *out = (struct approval_store){
        .directory = directory, .fd = -1, .arena = arena, .any_hook = any_hook};
    enum status status = open_directory(out, err);
    if (status != STATUS_OK)
        return status;
    int fd = fcntl(out->fd, F_DUPFD_CLOEXEC, 0);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        status = error_errno(err, STATUS_IO, errno, "cannot read the directory of approvals");
        if (fd >= 0)
            close(fd);
        return status;
    }
    struct listing listing = {.store = out};
    status = list_names(stream, deadline_us, &listing, err);
    closedir(stream);
    return status == STATUS_OK ? load_all(&listing, deadline_us, err) : status;
}

void approval_store_close(struct approval_store *store)
{
    if (store->fd >= 0)
        close(store->fd);
    store->fd = -1;
}

/* ------------------------------------------------------------------ what the tool asks */

enum status approval_store_use(const struct approval_store *store, const struct approval *approval,
                               uint64_t number, struct approval_use *out, struct error *err)
{
    struct buffer bytes;
    enum status status = read_part(store, approval, APPROVAL_USE, number, &bytes, err);
    if (status == STATUS_OK)
        status = approval_use_read(buffer_view(&bytes), store->arena, out, err);
    buffer_free(&bytes);
    return status;
}

enum status approval_store_revocation(const struct approval_store *store,
                                      const struct approval *approval,
                                      struct approval_revocation *out, struct error *err)
{
    struct buffer bytes;
    enum status status = read_part(store, approval, APPROVAL_REVOCATION, 0, &bytes, err);
    if (status == STATUS_OK)
        status = approval_revocation_read(buffer_view(&bytes), store->arena, out, err);
    buffer_free(&bytes);
    return status;
}

static enum status remove_name(const struct approval_store *store, const char *name,
                               struct error *err)
{
    if (unlinkat(store->fd, name, 0) && errno != ENOENT)
        return error_errno(err, STATUS_IO, errno, "cannot remove %s", name);
    return STATUS_OK;
}

enum status approval_store_remove(const struct approval_store *store,
                                  const struct approval *approval, struct error *err)
{
    /* The approval first: without it, its uses mean nothing. */
    struct approval_name name = approval_name_of(approval->id, APPROVAL_FILE, 0);
    enum status status = remove_name(store, name.text, err);
    for (uint64_t n = 1; status == STATUS_OK && n <= approval->uses; n++) {
        name = approval_name_of(approval->id, APPROVAL_USE, n);
        status = remove_name(store, name.text, err);
    }
    name = approval_name_of(approval->id, APPROVAL_REVOCATION, 0);
    return status == STATUS_OK ? remove_name(store, name.text, err) : status;
}

size_t approval_store_sweep(const struct approval_store *store, int64_t now_ms)
{
    size_t removed = 0;
    for (size_t i = 0; i < store->orphan_count; i++) {
        struct stat st;
        if (fstatat(store->fd, store->orphans[i].at, &st, AT_SYMLINK_NOFOLLOW) ||
            !S_ISREG(st.st_mode) ||
            now_ms - (int64_t)st.st_mtim.tv_sec * CLOCK_SECOND < ORPHAN_AGE_MS)
            continue;
        removed += !unlinkat(store->fd, store->orphans[i].at, 0);
    }
    return removed;
}
