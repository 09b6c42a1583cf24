/*
 * Snapshot files. The first byte says what the rest is:
 *
 * - edits of the small one's records, sealed again (snapshots.h): what the checksums protect is reached;
 * - a patch of its bytes (position of two bytes, byte, ...), with the records' checksums made right
 *   again or not: what the checksums are for;
 * - a whole file.
 *
 * Opened in both ways, asked everything, verified and dumped; read into a builder, and written by it.
 * Both ways give the same answers. What verify finds whole is damaged for nobody.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "command/snapshot_dump.h"
#include "fuzz/snapshots.h"
#include "snapshot/builder.h"
#include "snapshot/verify.h"

enum kind { EDITS_SEALED, EDITS_SEALED_TOO, PATCH, PATCH_MENDED, WHOLE, KINDS };

static void mend_checksums(unsigned char *bytes, size_t size)
{
    size_t end = layout_load32(bytes), at = LAYOUT_HEADER_SIZE;
    while (at + 12 <= end && end <= size) {
        size_t key = layout_load32(bytes + at), value = layout_load32(bytes + at + 4);
        if (key > end || value > end || value < 4 || at + 8 + key + value > end)
            return;
        const char *text = (const char *)bytes + at + 8;
        layout_store32(bytes + at + 8 + key, layout_crc((struct text){text, key},
                                                        (struct text){text + key + 4, value - 4}));
        at += 8 + key + value;
    }
}

static int patched_file(struct input *in, bool mended, uint64_t *size)
{
    struct buffer *good = snapshots_good();
    unsigned char *bytes = malloc(good->size);
    REQUIRE(bytes);
    memcpy(bytes, good->data, good->size);
    while (in->left) {
        size_t at = input_u16(in) % good->size;
        bytes[at] = (unsigned char)input_byte(in);
    }
    if (mended)
        mend_checksums(bytes, good->size);
    *size = good->size;
    int fd = fuzz_file((struct text){(const char *)bytes, good->size});
    free(bytes);
    return fd;
}

/* Written and read back is enough: publishing waits for the disk. */
static enum status stop(void *self, struct snapshot *fresh, const struct builder_summary *summary,
                        struct error *err)
{
    (void)self;
    (void)summary;
    REQUIRE(!snapshots_ask(fresh)); /* it was just written and verified */
    return error_set(err, STATUS_UNSUPPORTED, "not published");
}

/* A part told anew: project PRJ without its repositories. */
static void reload(struct snapshot *snapshot, bool part)
{
    struct builder *b;
    struct error err;
    char path[128];
    snprintf(path, sizeof path, "%s/reloaded", fuzz_directory());
    REQUIRE(!builder_new(NULL, &b, NULL));
    if (part) {
        REQUIRE(!builder_project(b, &(struct builder_project){.id = 2, .key = TEXT("PRJ")}, NULL));
        REQUIRE(!builder_part(b, (struct place){GRANT_PROJECT, 2}, 2, NULL));
    } else {
        REQUIRE(!builder_incomplete(b, (struct place){GRANT_GLOBAL, 0}, INCOMPLETE_GRANTS, NULL));
    }
    if (builder_reload(b, snapshot, &err) == STATUS_OK) {
        struct builder_summary summary;
        const struct meta_record *meta = snapshot_meta_record(snapshot);
        const struct builder_header header = {.base_url = meta->meta.base_url,
                                              .started_ms = meta->meta.started_ms};
        const struct builder_gate gate = {stop, NULL};
        (void)!builder_finish(b, &header, path, 0, &gate, &summary, &err);
    }
    builder_free(b);
}

/* True: verify says that it is whole. */
static bool check_mapped(struct snapshot *snapshot)
{
    static FILE *nowhere;
    struct error err = {STATUS_OK, ""};
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    enum status status = snapshot_verify(snapshot, NULL, NULL, &err);
    fuzz_require_sentence(status, &err);
    fuzz_require_plain(text_of(status ? err.text : ""), false, false);
    (void)!snapshot_dump_all(snapshot, TEXT(""), nowhere, &err);
    reload(snapshot, false);
    reload(snapshot, true);
    return status == STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    unsigned kind = input_byte(&in) % KINDS;
    uint64_t total = in.left, before = fuzz_told(), answers[2] = {0, 0};
    enum status status[2];
    bool damaged[2] = {false, false}, whole = false;
    int fd = kind == WHOLE   ? fuzz_file(input_bytes(&in, in.left))
             : kind >= PATCH ? patched_file(&in, kind == PATCH_MENDED, &total)
                             : snapshots_edited(&in, &total);
    for (int mode = SNAPSHOT_READ; mode <= SNAPSHOT_MAPPED; mode++) {
        struct snapshot *snapshot;
        struct error err = {STATUS_OK, ""};
        status[mode] = snapshot_open_fd(dup(fd), total, 0, (enum snapshot_mode)mode, &snapshot,
                                        &err);
        fuzz_require_sentence(status[mode], &err);
        if (status[mode] != STATUS_OK)
            continue;
        damaged[mode] = snapshots_ask(snapshot);
        answers[mode] = fuzz_told();
        whole = mode == SNAPSHOT_MAPPED && check_mapped(snapshot);
        snapshot_close(snapshot);
    }
    close(fd);
    REQUIRE(status[SNAPSHOT_READ] == status[SNAPSHOT_MAPPED]);
    REQUIRE(status[0] != STATUS_OK || answers[SNAPSHOT_READ] == answers[SNAPSHOT_MAPPED]);
    REQUIRE(!whole || (!damaged[SNAPSHOT_READ] && !damaged[SNAPSHOT_MAPPED]));
    fuzz_tell_number(before);
    fuzz_tell_number(status[0]);
    fuzz_tell_number(answers[0]);
    return 0;
}
