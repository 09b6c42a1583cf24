/* Where refgate.conf is, whether it can be trusted, and the kill switch beside it. */
#include "policy/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define CONFIG_NAME "refgate.conf"
#define CONFIG_SYSTEM_PATH "/etc/refgate/" CONFIG_NAME
#define DISABLED_SIZE_MAX ((size_t)64 * 1024)
#define DISABLED_REASON_MAX 200

const char *config_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static enum status fit(char *out, size_t size, int written, struct error *err)
{
    if (written < 0 || (size_t)written >= size) {
        if (size)
            out[0] = '\0';
        return error_set(err, STATUS_LIMIT, "the path of the configuration is too long");
    }
    return STATUS_OK;
}

/* Relative to where the program was started: whoever has it open later may be elsewhere. */
static enum status locate_option(const char *option, char *out, size_t size, struct error *err)
{
    if (!*option)
        return error_set(err, STATUS_USAGE, "--config is empty");
    if (option[0] == '/')
        return fit(out, size, snprintf(out, size, "%s", option), err);
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here))
        return error_errno(err, STATUS_IO, errno, "cannot tell the current directory");
    return fit(out, size, snprintf(out, size, "%s/%s", here, option), err);
}

enum status config_locate(const char *option, char *out, size_t size, struct error *err)
{
    if (option)
        return locate_option(option, out, size, err);
    char self[PATH_MAX], beside[PATH_MAX + sizeof CONFIG_NAME];
    enum status status = file_self_path(self, sizeof self, err);
    if (status)
        return status;
    char *slash = strrchr(self, '/');
    if (!slash)
        return error_set(err, STATUS_IO, "cannot tell the directory of the program");
    slash[1] = '\0';
    status = fit(beside, sizeof beside, snprintf(beside, sizeof beside, "%s" CONFIG_NAME, self),
                 err);
    if (status)
        return status;
    /* Only if it surely is not there is the other one meant: a configuration that cannot be looked
     * at, or a link to nowhere, must not be passed over for a more permissive one. */
    struct stat st;
    if (lstat(beside, &st) == 0 || (errno != ENOENT && errno != ENOTDIR))
        return fit(out, size, snprintf(out, size, "%s", beside), err);
    return fit(out, size, snprintf(out, size, CONFIG_SYSTEM_PATH), err);
}

enum status config_read_file(const char *path, struct buffer *out, struct error *err)
{
    if (!strcmp(path, "-"))
        return file_read_all(STDIN_FILENO, CONFIG_SIZE_MAX, out, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_errno(err, errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO,
                           errno, "cannot open %s", path);
    enum status status = file_read_all(fd, CONFIG_SIZE_MAX, out, err);
    close(fd);
    if (status)
        error_prefix(err, "cannot read %s", path);
    return status;
}

/* A trusted file's bytes, straight into the arena: every push reads it, and a page that is touched
 * costs more than parsing what is on it. */
static enum status read_trusted(const char *path, size_t most, struct arena *arena,
                                struct text *out, struct error *err)
{
    int fd = -1;
    struct stat st;
    enum status status = file_open_trusted(path, NULL, &fd, &st, err);
    if (status)
        return status;
    size_t size = st.st_size > 0 ? (size_t)st.st_size : 0, got = 0;
    char *bytes = size > most ? NULL : arena_alloc(arena, size + 1, 1);
    if (size > most)
        status = error_set(err, STATUS_LIMIT, "%s is larger than %zu bytes", path, most);
    else if (!bytes)
        status = error_set(err, STATUS_MEMORY, "out of memory");
    /* One byte more than there should be shows a file that is being written. */
    while (!status && got <= size) {
        ssize_t n = read(fd, bytes + got, size + 1 - got);
        if (n > 0)
            got += (size_t)n;
        else if (n == 0)
            break;
        else if (errno != EINTR)
            status = error_errno(err, STATUS_IO, errno, "cannot read %s", path);
    }
    if (!status && got != size)
        status = error_set(err, STATUS_IO, "%s changed while it was read", path);
    close(fd);
    if (!status)
        *out = (struct text){bytes, size};
    return status;
}

enum status config_load(const char *path, struct arena *arena, struct policy *out,
                        struct config_errors *errors)
{
    struct error err = {0};
    struct text bytes;
    enum status status = read_trusted(path, CONFIG_SIZE_MAX, arena, &bytes, &err);
    if (status) {
        buffer_escaped(&errors->lines, text_of(config_base_name(path)), 255, false);
        buffer_string(&errors->lines, ": ");
        buffer_escaped(&errors->lines, text_of(err.text), sizeof err.text, false);
        buffer_string(&errors->lines, "\n");
        errors->count++;
        return status;
    }
    return config_parse_kept(bytes, config_base_name(path), arena, out, errors, NULL);
}

/* The first line, without what `refgate disable` puts in front of it. */
static enum answer disabled_reason(struct text bytes, struct arena *arena, struct text *reason,
                                   struct error *err)
{
    struct text rest = bytes, line = TEXT_NONE;
    (void)text_next_field(&rest, '\n', &line);
    if (text_starts(line, TEXT("reason: ")))
        line = text_skip(line, 8);
    line = text_trim(line);
    if (!line.size)
        line = TEXT("no reason given");
    struct buffer safe;
    buffer_init(&safe, 4096);
    buffer_escaped(&safe, line, DISABLED_REASON_MAX, false);
    /* Escapes make it longer; a cut escape is still plain text. */
    struct text view = buffer_view(&safe);
    if (view.size > DISABLED_REASON_MAX)
        view.size = DISABLED_REASON_MAX;
    while (view.size && view.size < safe.size && (view.at[view.size] & 0xc0) == 0x80)
        view.size--; /* not in the middle of a UTF-8 sequence */
    struct text copy = safe.failed ? TEXT_NONE : arena_text(arena, view);
    buffer_free(&safe);
    if (text_absent(copy)) {
        error_set(err, STATUS_MEMORY, "out of memory");
        return ANSWER_CANNOT_TELL;
    }
    *reason = copy;
    return ANSWER_YES;
}

enum answer config_disabled(const char *config_path, struct arena *arena, struct text *reason,
                            struct error *err)
{
    struct error local;
    if (!err)
        err = &local;
    const char *slash = strrchr(config_path, '/');
    int directory = slash ? (int)(slash + 1 - config_path) : 0;
    char path[PATH_MAX + sizeof CONFIG_DISABLED_NAME];
    enum status status = fit(
        path, sizeof path,
        snprintf(path, sizeof path, "%.*s" CONFIG_DISABLED_NAME, directory, config_path), err);
    if (status)
        return ANSWER_CANNOT_TELL;
    struct stat st;
    if (lstat(path, &st) && (errno == ENOENT || errno == ENOTDIR))
        return ANSWER_NO; /* nearly always: one system call instead of a walk from the root */
    struct text bytes;
    status = read_trusted(path, DISABLED_SIZE_MAX, arena, &bytes, err);
    if (status)
        return status == STATUS_NOT_FOUND ? ANSWER_NO : ANSWER_CANNOT_TELL;
    return disabled_reason(bytes, arena, reason, err);
}
