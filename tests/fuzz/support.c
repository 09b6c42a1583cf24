#include "support.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ------------------------------------------------------------------ conditions */

void fuzz_violated(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

void fuzz_require_inside(struct text part, struct text whole)
{
    if (part.size)
        REQUIRE(part.at >= whole.at && part.at + part.size <= whole.at + whole.size);
}

void fuzz_require_plain(struct text text, bool lines, bool ascii)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        REQUIRE((byte >= ' ' && byte != 0x7f) || (lines && byte == '\n'));
        REQUIRE(!ascii || byte < 0x80);
    }
}

void fuzz_require_sentence(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    REQUIRE(err->code == status && err->text[0]);
    REQUIRE(memchr(err->text, '\0', sizeof err->text));
}

/* ------------------------------------------------------------------ what was found */

static const uint64_t fnv_start = UINT64_C(14695981039346656037);
static uint64_t told = UINT64_C(14695981039346656037);

void fuzz_tell(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        told = (told ^ at[i]) * UINT64_C(1099511628211);
}

void fuzz_tell_number(uint64_t number)
{
    fuzz_tell(&number, sizeof number);
}

void fuzz_tell_text(struct text text)
{
    fuzz_tell_number(text_absent(text) ? UINT64_MAX : text.size);
    fuzz_tell(text.at, text.size);
}

uint64_t fuzz_told(void)
{
    uint64_t found = told;
    told = fnv_start;
    return found;
}

/* ------------------------------------------------------------------ the input */

struct text input_bytes(struct input *in, size_t size)
{
    struct text bytes = {(const char *)in->at, size < in->left ? size : in->left};
    if (!bytes.size)
        return TEXT("");
    in->at += bytes.size;
    in->left -= bytes.size;
    return bytes;
}

unsigned input_byte(struct input *in)
{
    struct text byte = input_bytes(in, 1);
    return byte.size ? (unsigned char)byte.at[0] : 0;
}

unsigned input_u16(struct input *in)
{
    unsigned low = input_byte(in);
    return low | input_byte(in) << 8;
}

struct text input_section(struct input *in)
{
    struct text all = {(const char *)in->at, in->left};
    const char *mark = all.size ? memmem(all.at, all.size, "\n%%\n", 4) : NULL;
    if (all.size >= 3 && !memcmp(all.at, "%%\n", 3)) { /* an empty one */
        input_bytes(in, 3);
        return TEXT("");
    }
    if (!mark)
        return input_bytes(in, in->left);
    struct text section = input_bytes(in, (size_t)(mark - all.at) + 1);
    input_bytes(in, 3);
    return section;
}

/* ------------------------------------------------------------------ files */

int fuzz_file(struct text bytes)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, bytes.at, bytes.size) == (ssize_t)bytes.size);
    REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

void fuzz_file_path(int fd, char path[32])
{
    snprintf(path, 32, "/proc/self/fd/%d", fd);
}

static char directory[] = "/tmp/refgate-fuzz.XXXXXX";
static pid_t directory_of;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static void remove_directory(void)
{
    if (directory_of == getpid()) /* not in a child */
        nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_directory(void)
{
    if (directory_of != getpid()) {
        memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
        REQUIRE(mkdtemp(directory));
        directory_of = getpid();
        REQUIRE(!atexit(remove_directory));
    }
    return directory;
}

void fuzz_write(const char *name, struct text bytes)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", fuzz_directory(), name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, bytes.at, bytes.size) == (ssize_t)bytes.size);
    close(fd);
}
