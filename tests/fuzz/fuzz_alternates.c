/* GIT_ALTERNATE_OBJECT_DIRECTORIES: any bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "push/quoted_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct text list = {(const char *)data, size};
    const char *path;
    arena_init(&arena, 4 << 20);
    for (int i = 0; i < 64; i++) {
        size_t before = list.size;
        if (quoted_path_next(&list, &arena, &path))
            break;
        /* Never empty, never longer than what it was made of, and the rest gets shorter. */
        if (!path[0] || strlen(path) > before - list.size || list.size >= before)
            abort();
    }
    arena_free(&arena);
    return 0;
}
