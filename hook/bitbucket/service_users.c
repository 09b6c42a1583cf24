#include "bitbucket/service_users.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

/* What database clients put around a value. */
static struct text unquoted(struct text t)
{
    t = text_trim(t);
    if (t.size >= 2 && t.at[0] == '"' && t.at[t.size - 1] == '"')
        t = (struct text){t.at + 1, t.size - 2};
    return t;
}

static bool is_plain(struct text t)
{
    for (size_t i = 0; i < t.size; i++)
        if ((unsigned char)t.at[i] < 0x20 || t.at[i] == 0x7f || t.at[i] == '"')
            return false;
    return t.size > 0;
}

static enum status read_line(struct builder *builder, struct text line, size_t number,
                             struct error *err)
{
    struct text name, rest = line;
    uint64_t id;
    if (!text_next_field(&rest, ',', &name))
        return STATUS_OK;
    name = unquoted(name);
    bool good = is_plain(name) && text_parse_u64(unquoted(rest), INT64_MAX, false, &id) && id > 0;
    if (good)
        return builder_service(builder, name, id, err);
    if (number == 1 && text_equal_fold(name, TEXT("name")))
        return STATUS_OK;
    return error_set(err, STATUS_FORMAT,
                     "line %zu of the service users is not \"name,number of an access key\"",
                     number);
}

enum status service_users_read(const char *path, struct builder *builder, struct error *err)
{
    struct buffer bytes;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open %s", path);
    buffer_init(&bytes, SERVICE_USERS_SIZE_MAX + 1);
    enum status status = file_read_all(fd, SERVICE_USERS_SIZE_MAX, &bytes, err);
    close(fd);
    struct text rest = buffer_view(&bytes), line;
    for (size_t number = 1; status == STATUS_OK && text_next_field(&rest, '\n', &line); number++) {
        if (line.size && line.at[line.size - 1] == '\r')
            line.size--;
        line = text_trim(line);
        if (line.size && line.at[0] != '#')
            status = read_line(builder, line, number, err);
    }
    buffer_free(&bytes);
    return status;
}
