#include "record/audit_compress.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "record/beside.h"
#include "record/gunzip.h"

#define BLOCK ((size_t)64 * 1024)
#define LEVEL 6
#define GZIP_FORMAT (MAX_WBITS + 16)
#define MEMORY_LEVEL 8 /* zlib's own default */

struct compress {
    int from, to;
    char in[BLOCK], out[BLOCK], back[BLOCK];
};

static enum status read_block(int fd, char *block, size_t size, size_t *got, struct error *err)
{
    *got = 0;
    while (*got < size) {
        ssize_t count = read(fd, block + *got, size - *got);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_errno(err, STATUS_IO, errno, "cannot be read");
        if (!count)
            break;
        *got += (size_t)count;
    }
    return STATUS_OK;
}

static enum status deflate_all(struct compress *work, z_stream *stream, struct error *err)
{
    bool last = false;
    while (!last) {
        size_t got;
        enum status status = read_block(work->from, work->in, BLOCK, &got, err);
        if (status != STATUS_OK)
            return status;
        last = got < BLOCK;
        stream->next_in = (Bytef *)work->in;
        stream->avail_in = (uInt)got;
        do {
            stream->next_out = (Bytef *)work->out;
            stream->avail_out = BLOCK;
            if (deflate(stream, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
                return error_set(err, STATUS_FORMAT, "cannot be compressed");
            status = file_write_all(work->to, work->out, BLOCK - stream->avail_out, err);
            if (status != STATUS_OK)
                return status;
        } while (!stream->avail_out);
    }
    return STATUS_OK;
}

static enum status write_compressed(struct compress *work, struct error *err)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_FORMAT, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return error_set(err, STATUS_MEMORY, "out of memory");
    enum status status = deflate_all(work, &stream, err);
    deflateEnd(&stream);
    if (status == STATUS_OK && fsync(work->to))
        status = error_errno(err, STATUS_IO, errno, "the compressed file cannot be written");
    return status;
}

/* The next bytes of the text; *got 0 at the end of a whole file. */
static enum status inflate_block(struct compress *work, struct gunzip *gunzip, size_t *got,
                                 struct error *err)
{
    enum status status;
    while ((status = gunzip_read(gunzip, work->out, BLOCK, got, err)) == STATUS_OK && !*got) {
        size_t room, fed;
        char *input = gunzip_input(gunzip, &room);
        status = read_block(work->to, input, room, &fed, err);
        if (status != STATUS_OK)
            return status;
        if (!fed)
            return gunzip_whole(gunzip)
                       ? STATUS_OK
                       : error_set(err, STATUS_FORMAT, "the compressed file is cut short");
        gunzip_fed(gunzip, fed);
    }
    return status;
}

static enum status compare_with(struct compress *work, struct gunzip *gunzip, struct error *err)
{
    size_t got, want;
    do {
        enum status status = inflate_block(work, gunzip, &got, err);
        if (status == STATUS_OK) /* at the end, one byte more than nothing is too much */
            status = read_block(work->from, work->back, got ? got : 1, &want, err);
        if (status != STATUS_OK)
            return status;
        if (got != want || memcmp(work->out, work->back, got))
            return error_set(err, STATUS_FORMAT,
                             "the compressed file does not read back to the same bytes");
    } while (got);
    return STATUS_OK;
}

static enum status read_back(struct compress *work, struct error *err)
{
    if (lseek(work->from, 0, SEEK_SET) || lseek(work->to, 0, SEEK_SET))
        return error_errno(err, STATUS_IO, errno, "cannot be read again");
    struct gunzip *gunzip = gunzip_new();
    if (!gunzip)
        return error_set(err, STATUS_MEMORY, "out of memory");
    enum status status = compare_with(work, gunzip, err);
    gunzip_free(gunzip);
    return status;
}

static enum status open_plain(const struct beside *place, int *fd, struct stat *st,
                              struct error *err)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    *fd = openat(place->directory, place->name, flags);
    if (*fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                           "cannot be opened");
    if (fstat(*fd, st))
        return error_errno(err, STATUS_IO, errno, "cannot be examined");
    if (!S_ISREG(st->st_mode))
        return error_set(err, STATUS_TRUST, "not a regular file");
    return STATUS_OK;
}

static enum status compress_into(struct compress *work, const struct beside *place,
                                 const char *temporary, const struct stat *st, struct error *err)
{
    enum status status = beside_create(place, temporary, st, &work->to, err);
    if (status == STATUS_OK)
        status = write_compressed(work, err);
    if (status == STATUS_OK)
        status = read_back(work, err);
    struct timespec times[] = {st->st_atim, st->st_mtim};
    if (status == STATUS_OK && futimens(work->to, times))
        status = error_errno(err, STATUS_IO, errno, "the time cannot be set");
    if (work->to >= 0)
        close(work->to);
    return status;
}

static enum status compress_at(struct compress *work, const struct beside *place, struct error *err)
{
    char temporary[NAME_MAX + 1], compressed[NAME_MAX + 1];
    int size = snprintf(temporary, sizeof temporary, ".%s.gz.part", place->name);
    if (size < 0 || (size_t)size >= sizeof temporary)
        return error_set(err, STATUS_LIMIT, "the name is too long");
    snprintf(compressed, sizeof compressed, "%s.gz", place->name);
    struct stat st;
    enum status status = open_plain(place, &work->from, &st, err);
    if (status == STATUS_OK)
        status = compress_into(work, place, temporary, &st, err);
    if (status == STATUS_OK && renameat(place->directory, temporary, place->directory, compressed))
        status = error_errno(err, STATUS_IO, errno, "the compressed file cannot be renamed");
    if (status == STATUS_OK)
        status = beside_sync(place, err);
    if (status == STATUS_OK && unlinkat(place->directory, place->name, 0))
        status = error_errno(err, STATUS_IO, errno, "cannot be removed");
    if (status != STATUS_OK)
        unlinkat(place->directory, temporary, 0);
    if (work->from >= 0)
        close(work->from);
    return status;
}

enum status audit_compress(const char *path, struct error *err)
{
    struct compress *work = malloc(sizeof *work);
    struct beside place;
    if (!work)
        return error_set(err, STATUS_MEMORY, "out of memory");
    work->from = work->to = -1;
    enum status status = beside_open(path, &place, err);
    if (status == STATUS_OK) {
        status = compress_at(work, &place, err);
        close(place.directory);
    }
    free(work);
    return status;
}
