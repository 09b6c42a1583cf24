/* The bytes of a commit or tag object: whoever pushes chooses them. */
#include <stdint.h>
#include <stdlib.h>

#include "push/commit_object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct text part, struct text whole)
{
    if (part.size && (part.at < whole.at || part.at + part.size > whole.at + whole.size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text bytes = {(const char *)data, size};
    struct commit_header header;
    struct object_id id;
    if (commit_header_parse(bytes, &header)) {
        inside(header.author_email, bytes);
        inside(header.committer_email, bytes);
        if (header.date < 0 || header.parent_count > size / 48)
            abort();
        for (size_t i = 0; i < header.parent_count; i++)
            (void)commit_parent(&header, i);
    }
    (void)tag_target_parse(bytes, &id);
    return 0;
}
