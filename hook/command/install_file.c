/* install_file.c - files and directories that `refgate install` puts into place or takes away. */
#include "command/install.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

/* What a file that comes back may be: one with set-user-ID, written by root, would be root's. */
#define MODE_MOST 0755

/* The directory above `path`; NULL: out of memory. */
static const char *parent_of(struct install *in, const char *path)
{
    const char *slash = strrchr(path, '/');
    int size = slash && slash != path ? (int)(slash - path) : 1;
    return arena_printf(&in->arena, "%.*s", size, path);
}

/* Not through a link: what is there is what will be replaced. */
static enum status read_file(struct install *in, const char *path, struct text *out,
                             struct stat *st, struct error *err)
{
    struct buffer bytes;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "%s does not exist", path);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open %s", path);
    buffer_init(&bytes, SIZE_MAX);
    enum status status = fstat(fd, st) || !S_ISREG(st->st_mode)
                             ? error_set(err, STATUS_IO, "%s is not a regular file", path)
                             : file_read_all(fd, HOOK_CONTENT_MAX, &bytes, err);
    close(fd);
    if (status == STATUS_OK) {
        *out = arena_text(&in->arena, buffer_view(&bytes));
        if (text_absent(*out))
            status = error_set(err, STATUS_MEMORY, "out of memory");
    } else {
        error_prefix(err, "%s", path);
    }
    buffer_free(&bytes);
    return status;
}

/* Ends what install_act_begin() began; the first thing that went wrong counts. */
static enum status act_end(struct install *in, enum status status, struct error *err)
{
    struct error why = {STATUS_OK, ""};
    if (install_act_end(in, &why) == STATUS_OK)
        return status;
    return error_set(err, why.code, "%s", why.text);
}

/* As whom the directory that `path` is in may be touched; *parent is that directory. */
static enum status act_beside(struct install *in, const char *path, const char **parent,
                              struct error *err)
{
    *parent = parent_of(in, path);
    return *parent ? install_act_begin(in, *parent, err)
                   : error_set(err, STATUS_MEMORY, "out of memory");
}

/* The file, and the directory that it is in. */
static enum status read_there(struct install *in, const char *path, struct text *out,
                              struct stat *st, struct stat *directory, struct error *err)
{
    const char *parent;
    enum status status = act_beside(in, path, &parent, err);
    if (status != STATUS_OK)
        return status;
    status = read_file(in, path, out, st, err);
    if (status == STATUS_OK && stat(parent, directory))
        status = error_errno(err, STATUS_IO, errno, "cannot look at %s", parent);
    return act_end(in, status, err);
}

/* Only root can give files away; what others make is theirs. */
static bool is_owned(const struct install *in, const struct stat *st, const struct stat *directory)
{
    return geteuid() != 0 || st->st_uid == directory->st_uid ||
           (in->runner.known && st->st_uid == in->runner.uid);
}

static enum status look_at_file(struct install *in, struct install_step *step, struct error *err)
{
    struct stat st = {0}, directory = {0};
    struct text there = TEXT_NONE;
    enum status status = read_there(in, step->path, &there, &st, &directory, err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    bool is = status == STATUS_OK, wanted = !text_absent(step->content);
    bool same = is && wanted && text_equal(there, step->content);
    if (is && step->guarded && !same && !install_script_ours(there) && !in->replace)
        return error_set(err, STATUS_USAGE,
                         "%s is there and not made by refgate: give --replace if it shall go",
                         step->path);
    if (!wanted && is)
        step->todo = arena_printf(&in->arena, "remove %s", step->path);
    else if (!wanted)
        step->is = arena_printf(&in->arena, "%s is not there", step->path);
    else if (!is)
        step->todo = arena_printf(&in->arena, "write %s (%zu bytes, mode %04o)", step->path,
                                  step->content.size, (unsigned)step->mode);
    else if (!same)
        step->todo = arena_printf(&in->arena, "replace %s (%zu bytes, now %zu)", step->path,
                                  step->content.size, there.size);
    else if ((st.st_mode & 07777) != step->mode || !is_owned(in, &st, &directory))
        step->todo = arena_printf(&in->arena, "write %s again, for its owner and mode (%04o)",
                                  step->path, (unsigned)step->mode);
    else
        step->is = arena_printf(&in->arena, "%s is there already", step->path);
    return STATUS_OK;
}

/* What is there now, unless that is known already: a second install must not take the first one's file
 * for what was there before. */
static enum status remember(struct install *in, const struct install_step *step, struct error *err)
{
    struct stat st = {0}, directory = {0};
    struct text there = TEXT_NONE;
    json_t *files = install_state_at(in, true, (const char *const[]){"files", NULL}), *was = NULL;
    if (files && json_object_get(files, step->path))
        return STATUS_OK;
    enum status status = read_there(in, step->path, &there, &st, &directory, err);
    if (status == STATUS_NOT_FOUND)
        was = json_null();
    else if (status == STATUS_OK)
        was = json_pack("{s:i, s:o}", "mode", (int)(st.st_mode & MODE_MOST), "content",
                        install_state_bytes(there));
    else
        return status;
    if (!files || !was || json_object_set_new(files, step->path, was))
        return error_set(err, STATUS_MEMORY, "out of memory");
    return install_state_save(in, err);
}

static enum status forget(struct install *in, const char *path, struct error *err)
{
    json_t *files = install_state_at(in, false, (const char *const[]){"files", NULL});
    if (!files || json_object_del(files, path))
        return STATUS_OK;
    return install_state_save(in, err);
}

/* A new file gets its owner before it gets its name: whoever owns the directory must not be able to
 * have another file given to them. */
static enum status give_away(const char *path, const struct stat *directory, struct error *err)
{
    struct stat st;
    enum status status = STATUS_OK;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        status = error_errno(err, STATUS_IO, errno, "cannot open %s", path);
    else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
        status = error_set(err, STATUS_TRUST, "somebody else put another file at %s", path);
    else if (fchown(fd, directory->st_uid, directory->st_gid) || fsync(fd))
        status = error_errno(err, STATUS_IO, errno, "cannot give %s to its owner", path);
    if (fd >= 0)
        close(fd);
    return status;
}

static enum status put(struct install *in, const struct install_step *step, const char *parent,
                       struct error *err)
{
    struct stat directory;
    char *fresh = arena_printf(&in->arena, "%s.new", step->path);
    if (!fresh)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (stat(parent, &directory))
        return error_errno(err, STATUS_IO, errno, "cannot look at %s", parent);
    enum status status = file_replace(fresh, step->content, step->mode, err);
    if (status == STATUS_OK && geteuid() == 0)
        status = give_away(fresh, &directory, err);
    if (status == STATUS_OK && rename(fresh, step->path))
        status = error_errno(err, STATUS_IO, errno, "cannot put %s into place", step->path);
    if (status != STATUS_OK)
        (void)unlink(fresh);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) { /* if it fails: the rename stands, and a power cut brings the old one back */
        (void)fsync(fd);
        close(fd);
    }
    return status;
}

static enum status apply_file(struct install *in, struct install_step *step, struct error *err)
{
    const char *parent;
    enum status status = step->restored ? STATUS_OK : remember(in, step, err);
    if (status == STATUS_OK)
        status = act_beside(in, step->path, &parent, err);
    if (status != STATUS_OK)
        return status;
    if (!text_absent(step->content))
        status = put(in, step, parent, err);
    else if (unlink(step->path) && errno != ENOENT)
        status = error_errno(err, STATUS_IO, errno, "cannot remove %s", step->path);
    status = act_end(in, status, err);
    return status == STATUS_OK && step->restored ? forget(in, step->path, err) : status;
}

const struct install_kind install_kind_file = {look_at_file, apply_file};

bool install_file_restore(struct install *in, const char *path)
{
    struct error err = {STATUS_OK, ""};
    struct text content = TEXT_NONE;
    json_t *files = install_state_at(in, false, (const char *const[]){"files", NULL});
    json_t *was = json_object_get(files, path);
    struct install_step *step = install_step_add(in, &install_kind_file, "file");
    if (json_is_object(was) && install_state_text(json_object_get(was, "content"), &in->arena,
                                                  &content, &err) != STATUS_OK)
        return command_trouble(in->args, "%s", err.text), false;
    if (!step)
        return command_trouble(in->args, "out of memory"), false;
    step->path = path;
    step->content = content;
    step->mode = (mode_t)(json_integer_value(json_object_get(was, "mode")) & MODE_MOST);
    step->restored = true;
    return true;
}

/* ---------------------------------------------------------------- directories */

/* As stat(2), for who may look; *error is 0, or what it says. */
static enum status look_there(struct install *in, const char *path, struct stat *st, int *error,
                              struct error *err)
{
    const char *parent;
    enum status status = act_beside(in, path, &parent, err);
    if (status != STATUS_OK)
        return status;
    *error = lstat(path, st) || (S_ISLNK(st->st_mode) && stat(path, st)) ? errno : 0;
    if (*error == ENOENT && !lstat(path, st)) /* a link that leads nowhere is there */
        *error = ENOTDIR;
    return act_end(in, STATUS_OK, err);
}

static enum status look_at_directory(struct install *in, struct install_step *step,
                                     struct error *err)
{
    struct stat st;
    int error = 0;
    bool owned = step->uid != (uid_t)-1;
    enum status status = look_there(in, step->path, &st, &error, err);
    if (status != STATUS_OK)
        return status;
    if (error && error != ENOENT && error != ENOTDIR)
        return error_errno(err, STATUS_IO, error, "cannot look at %s", step->path);
    if (error == ENOTDIR || (!error && !S_ISDIR(st.st_mode)))
        return error_set(err, STATUS_IO, "%s is not a directory", step->path);
    if (error)
        step->todo = arena_printf(&in->arena, "make directory %s (mode %04o)%s%s", step->path,
                                  (unsigned)step->mode, owned ? ", owned by " : "",
                                  owned ? in->runner.name : "");
    else
        step->is = arena_printf(&in->arena, "%s is there already", step->path);
    return STATUS_OK;
}

static enum status make_directory(const struct install_step *step, const char *parent,
                                  struct error *err)
{
    struct stat above;
    if (stat(parent, &above))
        return error_errno(err, STATUS_IO, errno, "cannot look at %s", parent);
    if (mkdir(step->path, 0700))
        return error_errno(err, STATUS_IO, errno, "cannot make %s", step->path);
    uid_t uid = step->uid != (uid_t)-1 ? step->uid : above.st_uid;
    gid_t gid = step->uid != (uid_t)-1 ? step->gid : above.st_gid;
    int fd = open(step->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    enum status status = STATUS_OK;
    if (fd < 0 || (geteuid() == 0 && fchown(fd, uid, gid)) || fchmod(fd, step->mode))
        status = error_errno(err, STATUS_IO, errno, "cannot set owner and mode of %s", step->path);
    if (fd >= 0)
        close(fd);
    return status;
}

static enum status apply_directory(struct install *in, struct install_step *step, struct error *err)
{
    const char *parent;
    enum status status = act_beside(in, step->path, &parent, err);
    return status == STATUS_OK ? act_end(in, make_directory(step, parent, err), err) : status;
}

const struct install_kind install_kind_directory = {look_at_directory, apply_directory};
