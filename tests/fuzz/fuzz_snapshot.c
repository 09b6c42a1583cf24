/*
 * Any bytes as a snapshot file: opened in both ways, asked everything, verified and dumped. The input
 * is a patch of a good file (position, byte, position, byte, …) with the checksums of the records made
 * right again if its first byte is odd, so that the decoders are reached; or a whole file. What can be
 * mapped is also read into a builder, and written by it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "command/snapshot_dump.h"
#include "snapshot/builder.h"
#include "snapshot/reader.h"
#include "snapshot/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buffer good;
static FILE *nowhere;
static char reloaded[64]; /* where reload() would publish */

static void must(enum status status)
{
    if (status != STATUS_OK)
        abort();
}

static void make_good(void)
{
    char path[] = "/tmp/fuzz-snapshot.XXXXXX";
    struct builder *b;
    struct builder_summary summary;
    const struct place project = {GRANT_PROJECT, 1}, repository = {GRANT_REPOSITORY, 2};
    const struct exempt_user user = {1, TEXT("u")};
    const struct exempt_group group = {.name = TEXT("g")};
    const uint64_t key = 3;
    const struct builder_restriction row = {
        .head = {.id = 5,
                 .type = RESTRICTION_UNKNOWN,
                 .type_text = TEXT("future"),
                 .matcher = MATCHER_PATTERN,
                 .matcher_id = TEXT("release/*"),
                 .matcher_active = true},
        .exempt = {&user, &group, &key, 1, 1, 1},
    };
    const struct branch_model model = {.configured = true,
                                       .category = {{TEXT("X"), TEXT("x/"), true}},
                                       .category_count = 1};
    int fd = mkstemp(path);
    if (fd < 0)
        abort();
    close(fd);
    must(builder_new(NULL, &b, NULL));
    must(builder_user(b,
                      &(struct builder_user){1, TEXT("u"), TEXT_NONE, TEXT("u@x"), true, true},
                      NULL));
    must(builder_group(b, TEXT("g"), true, NULL));
    must(builder_member(b, TEXT("g"), 1, NULL));
    must(builder_project(b, &(struct builder_project){.id = 1, .key = TEXT("P")}, NULL));
    must(builder_repository(
        b, &(struct builder_repository){.id = 2, .project_id = 1, .slug = TEXT("r")}, NULL));
    must(builder_grant_user(b, repository, 1, PERMISSION_REPO_WRITE, NULL));
    must(builder_grant_group(b, project, TEXT("g"), PERMISSION_PROJECT_WRITE, NULL));
    must(builder_key(b, &(struct builder_key){.id = 3, .label = TEXT("k")}, NULL));
    must(builder_grant_key(b, repository, 3, PERMISSION_REPO_WRITE, NULL));
    must(builder_restriction(b, repository, &row, NULL));
    must(builder_model(b, project, &model, NULL));
    must(builder_service(b, TEXT("s"), 3, NULL));
    must(builder_user(b, &(struct builder_user){2, TEXT("U"), TEXT_NONE, TEXT("v@x"), true, false},
                      NULL)); /* the name is the first one's */
    must(builder_incomplete(b, project, INCOMPLETE_KEYS, NULL));
    must(builder_incomplete(b, (struct place){GRANT_GLOBAL, 0}, INCOMPLETE_GRANTS, NULL));
    must(builder_part(b, repository, 1, NULL));
    must(builder_note(b, TEXT("n"), NULL));
    must(builder_finish(b, &(struct builder_header){.base_url = TEXT("http://x")}, path, 0,
                        NULL, &summary, NULL));
    builder_free(b);
    FILE *in = fopen(path, "r");
    if (!in)
        abort();
    buffer_init(&good, SIZE_MAX);
    must(file_read_all(fileno(in), 1 << 20, &good, NULL));
    fclose(in);
    unlink(path);
    char kept[64];
    snprintf(kept, sizeof kept, "%s.1", path);
    unlink(kept);
    nowhere = fopen("/dev/null", "w");
    snprintf(reloaded, sizeof reloaded, "%s.new", path);
}

static void mend_checksums(unsigned char *bytes, size_t size)
{
    size_t end = layout_load32(bytes), at = LAYOUT_HEADER_SIZE;
    while (at + 12 <= end && end <= size) {
        size_t key = layout_load32(bytes + at), value = layout_load32(bytes + at + 4);
        if (key > end || value > end || value < 4 || at + 8 + key + value > end)
            return;
        const char *text = (const char *)bytes + at + 8;
        layout_store32(bytes + at + 8 + key,
                       layout_crc((struct text){text, key},
                                  (struct text){text + key + 4, value - 4}));
        at += 8 + key + value;
    }
}

static void ask(struct snapshot *snapshot)
{
    struct arena arena;
    struct snapshot_meta meta;
    struct snapshot_user user;
    struct snapshot_project project;
    struct snapshot_repository repository;
    struct snapshot_group group;
    struct snapshot_key key;
    struct exemptions exemptions;
    int64_t started;
    const struct group_grant *groups;
    const struct repository_key *keys;
    enum permission permission;
    struct text a, c;
    uint64_t id;
    size_t count;
    arena_init(&arena, (size_t)32 * 1024 * 1024);
    struct view v = snapshot_view(snapshot, &arena);
    must(v.meta(v.self, &meta, NULL));
    (void)!v.user(v.self, TEXT("U"), &user, NULL);
    (void)!v.user(v.self, TEXT("nobody"), &user, NULL);
    (void)!v.email_user(v.self, TEXT("u@x"), &id, NULL);
    (void)!v.service(v.self, TEXT("s"), &id, NULL);
    (void)!v.project(v.self, TEXT("P"), &project, NULL);
    (void)!v.repository_name(v.self, 2, &a, &c, NULL);
    (void)!v.project_name(v.self, 1, &a, NULL);
    (void)!v.group(v.self, TEXT("g"), &group, NULL);
    (void)!v.group_name(v.self, 0, &a, NULL);
    (void)!v.global_groups(v.self, &groups, &count, NULL);
    (void)!v.access_key(v.self, 3, &key, NULL);
    for (int scope = GRANT_GLOBAL; scope <= GRANT_REPOSITORY; scope++)
        (void)!v.user_grant(v.self, (enum grant_scope)scope, TEXT("P"), TEXT("r"), TEXT("u"),
                            &permission, NULL);
    (void)!v.repository_keys(v.self, TEXT("P"), TEXT("r"), &keys, &count, NULL);
    (void)!v.part(v.self, TEXT("P"), TEXT("r"), &started, NULL);
    if (v.repository(v.self, TEXT("P"), TEXT("r"), &repository, NULL) == STATUS_OK)
        for (size_t i = 0; i < repository.restriction_count; i++)
            (void)!v.exemptions(v.self, &repository.restrictions[i], &exemptions, NULL);
    arena_free(&arena);
}

/* Written and read back is enough: publishing waits for the disk. */
static enum status stop(void *self, struct snapshot *fresh, const struct builder_summary *summary,
                        struct error *err)
{
    (void)self;
    (void)summary;
    ask(fresh);
    return error_set(err, STATUS_UNSUPPORTED, "not published");
}

/* A part told anew: project 1 without its repository. */
static void reload(struct snapshot *snapshot, bool part)
{
    struct builder *b;
    struct error err;
    must(builder_new(NULL, &b, NULL));
    if (part) {
        must(builder_project(b, &(struct builder_project){.id = 1, .key = TEXT("P")}, NULL));
        must(builder_part(b, (struct place){GRANT_PROJECT, 1}, 2, NULL));
    } else {
        must(builder_incomplete(b, (struct place){GRANT_GLOBAL, 0}, INCOMPLETE_GRANTS, NULL));
    }
    if (builder_reload(b, snapshot, &err) == STATUS_OK) {
        struct builder_summary summary;
        const struct meta_record *meta = snapshot_meta_record(snapshot);
        const struct builder_header header = {.base_url = meta->meta.base_url,
                                              .started_ms = meta->meta.started_ms};
        const struct builder_gate gate = {stop, NULL};
        (void)!builder_finish(b, &header, reloaded, 0, &gate, &summary, &err);
    }
    builder_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!good.size)
        make_good();
    int fd = memfd_create("snapshot", MFD_CLOEXEC);
    unsigned char *bytes = malloc(good.size + size + 1);
    size_t total = good.size;
    if (fd < 0 || !bytes)
        abort();
    if (size >= LAYOUT_HEADER_SIZE) {
        memcpy(bytes, data, size);
        total = size;
    } else {
        memcpy(bytes, good.data, total);
        for (size_t i = 1; i + 2 < size; i += 3)
            bytes[(data[i] | (size_t)data[i + 1] << 8) % total] = data[i + 2];
        if (size && data[0] & 1)
            mend_checksums(bytes, total);
    }
    must(file_write_all(fd, bytes, total, NULL));
    for (int mode = SNAPSHOT_READ; mode <= SNAPSHOT_MAPPED; mode++) {
        struct snapshot *snapshot;
        struct error err;
        if (snapshot_open_fd(dup(fd), total, 0, (enum snapshot_mode)mode, &snapshot, &err) !=
            STATUS_OK)
            continue;
        ask(snapshot);
        if (mode == SNAPSHOT_MAPPED) {
            (void)!snapshot_verify(snapshot, NULL, NULL, &err);
            (void)!snapshot_dump_all(snapshot, TEXT(""), nowhere, &err);
            reload(snapshot, false);
            reload(snapshot, true);
        }
        snapshot_close(snapshot);
    }
    free(bytes);
    close(fd);
    return 0;
}
