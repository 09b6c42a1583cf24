/*
 * Files that an administrator of the server writes: the first byte says bitbucket.properties (its key is
 * the first line), or a table of service users.
 */
#include <unistd.h>

#include "bitbucket/properties.h"
#include "bitbucket/service_users.h"
#include "fuzz/support.h"

static void properties(struct text bytes)
{
    struct text key;
    struct buffer value;
    unsigned line = 0;
    struct error err = {STATUS_OK, ""};
    if (!text_next_field(&bytes, '\n', &key) || text_absent(bytes))
        return;
    buffer_init(&value, SIZE_MAX);
    enum status status = properties_get(bytes, key, &value, &line, &err);
    fuzz_require_sentence(status, &err);
    fuzz_tell_number(status * 1000 + line);
    if (status == STATUS_OK) {
        REQUIRE(line > 0 && value.size <= bytes.size);
        fuzz_tell_text(buffer_view(&value));
    }
    buffer_free(&value);
}

static void service_users(struct text bytes)
{
    char path[32];
    struct builder *b;
    struct error err = {STATUS_OK, ""};
    int fd = fuzz_file(bytes);
    fuzz_file_path(fd, path);
    REQUIRE(!builder_new(NULL, &b, NULL));
    enum status status = service_users_read(path, b, &err);
    REQUIRE(status == STATUS_OK || status == STATUS_FORMAT || status == STATUS_LIMIT);
    fuzz_require_sentence(status, &err);
    fuzz_tell_text(text_of(err.text));
    builder_free(b);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    unsigned kind = input_byte(&in);
    struct text bytes = input_bytes(&in, in.left);
    (kind & 1 ? service_users : properties)(bytes);
    return 0;
}
