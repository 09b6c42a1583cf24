#include "record/gunzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define INPUT_SIZE ((size_t)32 * 1024)
#define GZIP_ONLY (MAX_WBITS + 16)

struct gunzip {
    z_stream stream;
    bool inside; /* a member has begun and not ended */
    unsigned char input[INPUT_SIZE];
};

bool gunzip_magic(struct text bytes)
{
    return bytes.size >= GUNZIP_MAGIC_SIZE && !memcmp(bytes.at, "\x1f\x8b", GUNZIP_MAGIC_SIZE);
}

struct gunzip *gunzip_new(void)
{
    struct gunzip *gunzip = calloc(1, sizeof *gunzip);
    if (gunzip && inflateInit2(&gunzip->stream, GZIP_ONLY) != Z_OK) {
        free(gunzip);
        gunzip = NULL;
    }
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip)
        inflateEnd(&gunzip->stream);
    free(gunzip);
}

char *gunzip_input(struct gunzip *gunzip, size_t *room)
{
    *room = sizeof gunzip->input;
    return (char *)gunzip->input;
}

void gunzip_fed(struct gunzip *gunzip, size_t bytes)
{
    gunzip->stream.next_in = gunzip->input;
    gunzip->stream.avail_in = (uInt)bytes;
}

bool gunzip_hungry(const struct gunzip *gunzip)
{
    return !gunzip->stream.avail_in;
}

bool gunzip_whole(const struct gunzip *gunzip)
{
    return !gunzip->inside && gunzip_hungry(gunzip);
}

enum status gunzip_read(struct gunzip *gunzip, char *to, size_t room, size_t *got,
                        struct error *err)
{
    z_stream *stream = &gunzip->stream;
    uInt asked = room < UINT_MAX ? (uInt)room : UINT_MAX;
    stream->next_out = (Bytef *)to;
    stream->avail_out = asked;
    while (stream->avail_in && stream->avail_out) {
        if (!gunzip->inside && inflateReset(stream) != Z_OK)
            return error_set(err, STATUS_FORMAT, "the compressed audit log cannot be read");
        gunzip->inside = true;
        int code = inflate(stream, Z_NO_FLUSH);
        if (code == Z_MEM_ERROR)
            return error_set(err, STATUS_MEMORY, "out of memory");
        if (code == Z_STREAM_END)
            gunzip->inside = false;
        else if (code != Z_OK && code != Z_BUF_ERROR)
            return error_set(err, STATUS_FORMAT, "the compressed audit log is damaged");
    }
    *got = asked - stream->avail_out;
    return STATUS_OK;
}
