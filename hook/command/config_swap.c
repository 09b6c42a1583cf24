#include "command/config_swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "command/sync_lock.h"
#include "policy/config.h"

#define NEW_MODE 0644

/* ---------------------------------------------------------------- looking */

/* The bytes and the policy of a file as the hook would load it. */
static enum status load(const char *path, struct arena *arena, struct text *bytes,
                        struct policy *policy, struct error *err)
{
    struct config_errors errors;
    struct buffer read;
    buffer_init(&read, CONFIG_SIZE_MAX + 1);
    enum status status = config_read_file(path, &read, err);
    if (status == STATUS_OK) {
        *bytes = arena_text(arena, buffer_view(&read));
        if (text_absent(*bytes))
            status = error_set(err, STATUS_MEMORY, "out of memory");
    }
    buffer_free(&read);
    if (status != STATUS_OK)
        return status;
    config_errors_init(&errors);
    status = config_load(path, arena, policy, &errors);
    if (status != STATUS_OK) {
        struct text rest = buffer_view(&errors.lines), line = TEXT_NONE;
        (void)text_next_field(&rest, '\n', &line);
        error_set(err, status, "%.*s", TEXT_ARG(line));
    } else if (strcmp(policy->digest.hex, digest_of(*bytes).hex) != 0) {
        status = error_set(err, STATUS_BUSY, "%s changed while it was read", path);
    }
    config_errors_free(&errors);
    return status;
}

/* The directory of a path must be trusted: whoever can write it can swap the file himself. */
static enum status check_directory(const char *path, struct error *err)
{
    int fd = -1;
    struct text parent = {path, (size_t)(strrchr(path, '/') - path)};
    char *name = strndup(path, parent.size ? parent.size : 1);
    if (!name)
        return error_set(err, STATUS_MEMORY, "out of memory");
    enum status status = file_open_trusted_directory(name, NULL, &fd, err);
    free(name);
    if (fd >= 0)
        close(fd);
    if (status == STATUS_TRUST)
        error_prefix(err, "the hook would not believe a file there");
    return status;
}

static enum status resolve(const char *path, struct config_swap *out, struct error *err)
{
    struct stat st;
    char followed[PATH_MAX];
    if (!lstat(path, &st) && S_ISLNK(st.st_mode)) {
        if (!realpath(path, followed))
            return error_errno(err, STATUS_IO, errno, "cannot follow the link %s", path);
        path = followed;
    }
    int size = snprintf(out->target, sizeof out->target, "%s", path);
    if (size < 0 || (size_t)size >= sizeof out->target || !strchr(path, '/'))
        return error_set(err, STATUS_LIMIT, "the path of the configuration is too long");
    snprintf(out->last_good, sizeof out->last_good, "%s.last-good", out->target);
    snprintf(out->fresh, sizeof out->fresh, "%s.new", out->target);
    return STATUS_OK;
}

static enum status take_lock(struct config_swap *swap, struct error *err)
{
    enum status status = sync_lock_take(swap->target, clock_now_ms(), &swap->lock, err);
    return status == STATUS_BUSY
               ? error_set(err, status, "somebody else applies a configuration to %s right now",
                           swap->target)
               : status;
}

enum status config_swap_open(const char *path, bool lock, struct arena *arena,
                             struct config_swap *out, struct error *err)
{
    *out = (struct config_swap){.lock = -1};
    enum status status = resolve(path, out, err);
    if (status == STATUS_OK)
        status = check_directory(out->target, err);
    if (status == STATUS_OK && lock)
        status = take_lock(out, err);
    if (status != STATUS_OK)
        return status;
    out->exists = lstat(out->target, &out->st) == 0;
    if (!out->exists && errno != ENOENT)
        return error_errno(err, STATUS_IO, errno, "cannot look at %s", out->target);
    if (out->exists && !S_ISREG(out->st.st_mode))
        return error_set(err, STATUS_IO, "%s is not a regular file", out->target);
    struct error why = {STATUS_OK, ""};
    out->bytes = TEXT("");
    if (!out->exists)
        return STATUS_OK;
    status = load(out->target, arena, &out->bytes, &out->policy, &why);
    out->good = status == STATUS_OK;
    if (!out->good)
        out->problem = arena_printf(arena, "%s", why.text);
    return status == STATUS_MEMORY ? error_set(err, status, "out of memory") : STATUS_OK;
}

void config_swap_close(struct config_swap *swap)
{
    if (swap->lock >= 0)
        close(swap->lock);
    swap->lock = -1;
}

/* ---------------------------------------------------------------- writing */

/* Who could read the old one can read the new one: the hook may run as another user than root. */
static enum status give_away(const struct config_swap *swap, int fd, struct error *err)
{
    struct stat now;
    mode_t mode = swap->exists ? swap->st.st_mode & 0755 : NEW_MODE;
    if (swap->exists && fchown(fd, swap->st.st_uid, swap->st.st_gid) &&
        fchown(fd, (uid_t)-1, swap->st.st_gid) && fstat(fd, &now) == 0 &&
        now.st_gid != swap->st.st_gid && (mode & 0044) == 0040)
        return error_set(err, STATUS_TRUST,
                         "%s is readable by its group %ju only, which you cannot give to a new "
                         "file: apply it as root, or as a member of that group",
                         swap->target, (uintmax_t)swap->st.st_gid);
    return fchmod(fd, mode | 0600) ? error_errno(err, STATUS_IO, errno, "cannot set the mode")
                                   : STATUS_OK;
}

/* A new file under a temporary name, on the disk. */
static enum status write_file(const struct config_swap *swap, const char *name, struct text bytes,
                              struct error *err)
{
    /* A leftover of an apply that was killed: the lock is ours. */
    if (unlink(name) && errno != ENOENT)
        return error_errno(err, STATUS_IO, errno, "cannot remove %s", name);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot write %s", name);
    enum status status = file_write_all(fd, bytes.at, bytes.size, err);
    if (status == STATUS_OK)
        status = give_away(swap, fd, err);
    if (status == STATUS_OK && fsync(fd))
        status = error_errno(err, STATUS_IO, errno, "cannot write %s to the disk", name);
    if (close(fd) && status == STATUS_OK) /* NFS may say only now that there is no room */
        status = error_errno(err, STATUS_IO, errno, "cannot write %s", name);
    if (status != STATUS_OK)
        unlink(name);
    return status;
}

static enum status rename_file(const char *name, const char *path, struct error *err)
{
    if (rename(name, path)) {
        int failed = errno;
        unlink(name);
        return error_errno(err, STATUS_IO, failed, "cannot put %s into place", path);
    }
    /* Nothing to be done if it fails: the rename stands, and a power cut brings the old one back. */
    char directory[CONFIG_SWAP_PATH];
    int size = (int)(strrchr(path, '/') - path), fd;
    snprintf(directory, sizeof directory, "%.*s", size ? size : 1, path);
    if ((fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    return STATUS_OK;
}

/* TARGET.new, which the hook could load. */
static enum status stage(const struct config_swap *swap, struct text bytes, struct arena *arena,
                         struct error *err)
{
    struct policy policy;
    struct text read;
    enum status status = write_file(swap, swap->fresh, bytes, err);
    if (status != STATUS_OK)
        return status;
    status = load(swap->fresh, arena, &read, &policy, err);
    if (status == STATUS_OK && !text_equal(read, bytes))
        status = error_set(err, STATUS_IO, "%s is not what was written", swap->fresh);
    if (status != STATUS_OK)
        unlink(swap->fresh);
    return status;
}

static enum status keep(const struct config_swap *swap, struct error *err)
{
    char name[CONFIG_SWAP_PATH + 8];
    if (!swap->good)
        return STATUS_OK;
    snprintf(name, sizeof name, "%s.new", swap->last_good);
    enum status status = write_file(swap, name, swap->bytes, err);
    if (status == STATUS_OK)
        status = rename_file(name, swap->last_good, err);
    if (status != STATUS_OK)
        error_prefix(err, "cannot keep what was in use");
    return status;
}

static enum status put_back(const struct config_swap *swap, struct error *err)
{
    if (!swap->exists)
        return unlink(swap->target)
                   ? error_errno(err, STATUS_IO, errno, "cannot remove %s", swap->target)
                   : STATUS_OK;
    enum status status = write_file(swap, swap->fresh, swap->bytes, err);
    return status == STATUS_OK ? rename_file(swap->fresh, swap->target, err) : status;
}

/* From TARGET.new into its place. Would a hook load it there? If not, what was there comes back. */
static enum status put(const struct config_swap *swap, struct text wanted, struct arena *arena,
                       struct error *err)
{
    struct policy policy;
    struct text bytes;
    struct error why = {STATUS_OK, ""}, undo = {STATUS_OK, ""};
    enum status status = rename_file(swap->fresh, swap->target, err);
    if (status != STATUS_OK)
        return status;
    status = load(swap->target, arena, &bytes, &policy, &why);
    if (status == STATUS_OK && !text_equal(bytes, wanted))
        status = error_set(&why, STATUS_IO, "somebody else wrote it, too");
    if (status == STATUS_OK)
        return STATUS_OK;
    enum status back = put_back(swap, &undo);
    return error_set(err, status, "%s cannot be loaded from its place: %s; %s%s", swap->target,
                     why.text,
                     back == STATUS_OK ? "what was in use is in use again"
                                       : "what was in use could not be put back: ",
                     undo.text);
}

enum status config_swap_install(struct config_swap *swap, struct text bytes, struct arena *arena,
                                struct error *err)
{
    enum status status = stage(swap, bytes, arena, err);
    if (status != STATUS_OK)
        return status;
    status = keep(swap, err);
    if (status != STATUS_OK)
        unlink(swap->fresh);
    return status == STATUS_OK ? put(swap, bytes, arena, err) : status;
}

enum status config_swap_last_good(const struct config_swap *swap, struct arena *arena,
                                  struct text *out, struct policy *policy, struct error *err)
{
    return load(swap->last_good, arena, out, policy, err);
}

/* First the good one into use, then the other one out of the way: a crash in between leaves the good
 * one twice. */
enum status config_swap_undo(struct config_swap *swap, struct text bytes, struct arena *arena,
                             struct error *err)
{
    enum status status = stage(swap, bytes, arena, err);
    if (status == STATUS_OK)
        status = put(swap, bytes, arena, err);
    return status == STATUS_OK ? keep(swap, err) : status;
}
