/*
 * A repository's files as the hook reads them: bytes of a loose object, as they are or deflated; a pack
 * and its index; its configuration and packed refs. Two ids are asked for, and all refs. Nothing here may
 * end otherwise than by an answer that push/object_store.h has.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "fuzz/support.h"
#include "model/ref.h"
#include "push/object_store.h"

#define LOOSE "objects/11/11111111111111111111111111111111111111"
#define CONFIG "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"

enum kind { LOOSE_RAW, LOOSE_DEFLATED, PACK, REFS, CONFIGURATION, KINDS };

static void write_in(const char *name, struct text bytes)
{
    char path[128];
    snprintf(path, sizeof path, "repository/%s", name);
    fuzz_write(path, bytes);
}

static void make_repository(void)
{
    static const char *const names[] = {"",      "/objects",   "/objects/pack", "/objects/11",
                                        "/refs", "/refs/heads"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/repository%s", fuzz_directory(), names[i]);
        (void)mkdir(path, 0700);
    }
    write_in("HEAD", TEXT("ref: refs/heads/main\n"));
    write_in("config", TEXT(CONFIG));
    write_in("packed-refs", TEXT(""));
}

static void remove_in(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/repository/%s", fuzz_directory(), name);
    unlink(path);
}

static void write_deflated(struct text bytes)
{
    uLongf size = compressBound((uLong)bytes.size);
    Bytef *room = malloc(size);
    REQUIRE(room && compress2(room, &size, (const Bytef *)bytes.at, (uLong)bytes.size, 1) == Z_OK);
    write_in(LOOSE, (struct text){(char *)room, size});
    free(room);
}

/* libgit2 1.9.0 does not get over some damaged files, unless packaging/libgit2 has mended it: left out
 * then, so that something else can be found. */
#if __has_include(<git2/refgate-mended>)
#define MENDED true
#else
#define MENDED false
#endif

static void read_one(struct object_store *store, unsigned char byte)
{
    struct object_id id;
    struct stored_object object;
    struct commit_header header;
    bool there = false;
    memset(id.bytes, byte, sizeof id.bytes);
    for (int incoming = 0; incoming < 2; incoming++) {
        enum status status = object_store_read(store, &id, incoming, &object);
        fuzz_tell_number(status);
        REQUIRE(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_LIMIT ||
                status == STATUS_FORMAT || status == STATUS_MEMORY || status == STATUS_IO);
        if (status != STATUS_OK)
            continue;
        REQUIRE(object.bytes.size <= OBJECT_SIZE_MAX);
        REQUIRE(object.type != OBJECT_OTHER || !object.bytes.size);
        fuzz_tell_text(object.bytes);
        if (object.type == OBJECT_COMMIT && commit_header_parse(object.bytes, &header))
            fuzz_tell_number(header.parent_count);
        stored_object_release(&object);
    }
    fuzz_tell_number(object_store_is_held(store, &id, &there) * 2U + there);
}

static bool each(void *context, struct text name, const struct object_id *id)
{
    fuzz_tell_text(name);
    fuzz_tell(id->bytes, sizeof id->bytes);
    return ++*(size_t *)context < 100;
}

static void ask(void)
{
    char path[PATH_MAX];
    struct object_store *store;
    struct object_id id;
    const char *why = NULL;
    size_t refs = 0;
    snprintf(path, sizeof path, "%s/repository", fuzz_directory());
    const struct location location = {.repository = path};
    REQUIRE(!object_store_new(&location, &store));
    enum status status = object_store_open(store, &why);
    fuzz_tell_number(status);
    REQUIRE(status == STATUS_OK || (why && *why));
    if (status == STATUS_OK) {
        read_one(store, 0x11);
        read_one(store, 0x22);
        (void)!object_store_ref(store, TEXT("refs/heads/main"), &id);
        fuzz_tell_number(object_store_refs(store, each, &refs));
    }
    object_store_free(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    unsigned kind = input_byte(&in) % KINDS;
    make_repository();
    if (kind == PACK) {
        size_t first = input_u16(&in);
        write_in("objects/pack/pack-1111111111111111111111111111111111111111.pack",
                 input_bytes(&in, first));
        write_in("objects/pack/pack-1111111111111111111111111111111111111111.idx",
                 input_bytes(&in, in.left));
    } else if (kind == LOOSE_DEFLATED) {
        write_deflated(input_bytes(&in, in.left));
    } else {
        static const char *const names[] = {
            [LOOSE_RAW] = LOOSE, [REFS] = "packed-refs", [CONFIGURATION] = "config"};
        struct text bytes = input_bytes(&in, in.left);
        if (MENDED || kind == REFS)
            write_in(names[kind], bytes);
    }
    ask();
    remove_in("objects/pack/pack-1111111111111111111111111111111111111111.pack");
    remove_in("objects/pack/pack-1111111111111111111111111111111111111111.idx");
    remove_in(LOOSE);
    return 0;
}
