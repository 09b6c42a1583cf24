/* snapshot/snapshot.h: a file that is not as it was written is refused, never believed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/digest.h"
#include "scratch.h"
#include "small_snapshot.h"
#include "snapshot/reader.h"
#include "snapshot/verify.h"

static char top[PATH_MAX];
static struct buffer good; /* the bytes of a small snapshot */

static const char *at(const char *name)
{
    return scratch_path(top, name);
}

static int set_up(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    small_write(at("small.cdb"), false, SMALL_NOW);
    int fd = open(at("small.cdb"), O_RDONLY | O_CLOEXEC);
    buffer_init(&good, SIZE_MAX);
    assert_int_equal(file_read_all(fd, 1 << 24, &good, NULL), STATUS_OK);
    close(fd);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    buffer_free(&good);
    scratch_remove(top);
    return 0;
}

static const char *write_file(const char *name, const void *bytes, size_t size)
{
    const char *path = at(name);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes, size, NULL), STATUS_OK);
    close(fd);
    return path;
}

/* Opens and closes; gives the status. There is always a sentence. */
static struct error opened;
static enum status try_open(const char *path, uint64_t max_size)
{
    struct snapshot *snapshot = NULL;
    opened = (struct error){STATUS_OK, ""};
    enum status status = snapshot_open(path, NULL, max_size, &snapshot, &opened);
    snapshot_close(snapshot);
    if (status != STATUS_OK) {
        assert_true(opened.text[0]);
        assert_int_equal(opened.code, status);
    }
    return status;
}

/* ------------------------------------------------------------------ what is no snapshot */

static void a_good_one_opens(void **state)
{
    (void)state;
    assert_int_equal(try_open(at("small.cdb"), 0), STATUS_OK);
    assert_int_equal(try_open(at("small.cdb"), good.size), STATUS_OK);
}

static void a_missing_one_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(try_open(at("none.cdb"), 0), STATUS_NOT_FOUND);
}

static void an_empty_or_short_one_is_damaged(void **state)
{
    (void)state;
    assert_int_equal(try_open(write_file("empty", "", 0), 0), STATUS_FORMAT);
    assert_non_null(strstr(opened.text, "empty"));
    assert_int_equal(try_open(write_file("short", good.data, 2047), 0), STATUS_FORMAT);
    assert_non_null(strstr(opened.text, "cut short"));
}

static void a_cut_anywhere_shows_at_once(void **state)
{
    (void)state;
    for (size_t size = 2048; size < good.size; size++) {
        if (size % 7 && size + 64 < good.size)
            continue;
        assert_int_equal(try_open(write_file("cut", good.data, size), 0), STATUS_FORMAT);
        assert_non_null(strstr(opened.text, "cut short"));
    }
}

static void bytes_after_the_end_show(void **state)
{
    (void)state;
    struct buffer longer;
    buffer_init(&longer, SIZE_MAX);
    buffer_text(&longer, buffer_view(&good));
    buffer_string(&longer, "x");
    assert_int_equal(try_open(write_file("longer", longer.data, longer.size), 0), STATUS_FORMAT);
    buffer_free(&longer);
}

static void garbage_is_refused(void **state)
{
    (void)state;
    char *bytes = malloc(65536);
    assert_non_null(bytes);
    uint32_t x = 1;
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < 65536; i++)
            bytes[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
        assert_int_equal(try_open(write_file("garbage", bytes, 65536), 0), STATUS_FORMAT);
    }
    memset(bytes, 0, 65536);
    assert_int_equal(try_open(write_file("zeros", bytes, 65536), 0), STATUS_FORMAT);
    memset(bytes, 0xff, 65536);
    assert_int_equal(try_open(write_file("ones", bytes, 65536), 0), STATUS_FORMAT);
    free(bytes);
}

static void a_cdb_that_is_no_snapshot_is_refused(void **state)
{
    struct cdb_make cdb;
    (void)state;
    int fd = open(at("other.cdb"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(cdb_make_start(&cdb, fd), 0);
    assert_int_equal(cdb_make_add(&cdb, "key", 3, "value", 5), 0);
    assert_int_equal(cdb_make_finish(&cdb), 0);
    close(fd);
    assert_int_equal(try_open(at("other.cdb"), 0), STATUS_FORMAT);
}

/* The value of the record META, changed and with a right checksum again. */
static void with_format(struct buffer *out, uint32_t format)
{
    buffer_init(out, SIZE_MAX);
    buffer_text(out, buffer_view(&good));
    unsigned char *bytes = (unsigned char *)out->data;
    for (size_t i = 2048; i + 12 < out->size; i++) {
        if (memcmp(bytes + i, "meta", 4) || layout_load32(bytes + i - 8) != 4)
            continue;
        size_t size = layout_load32(bytes + i - 4);
        unsigned char *value = bytes + i + 4;
        layout_store32(value + 4, format);
        layout_store32(value, layout_crc(TEXT("meta"), (struct text){(char *)value + 4, size - 4}));
        return;
    }
    fail_msg("no meta record");
}

static void another_format_is_named(void **state)
{
    struct buffer other;
    (void)state;
    with_format(&other, 2);
    assert_int_equal(try_open(write_file("v2", other.data, other.size), 0), STATUS_UNSUPPORTED);
    assert_string_equal(opened.text,
                        "the snapshot has format 2, and refgate " REFGATE_VERSION
                        " on this node reads format 1: upgrade refgate-hook here first, or let sync "
                        "write the older one (--snapshot-format 1, or [snapshot] format = 1)");
    buffer_free(&other);
    with_format(&other, 0);
    assert_int_equal(try_open(write_file("v0", other.data, other.size), 0), STATUS_UNSUPPORTED);
    assert_string_equal(opened.text, "the snapshot has format 0, and refgate " REFGATE_VERSION
                                     " on this node reads format 1: run refgate sync of this version");
    buffer_free(&other);
    with_format(&other, 1);
    assert_int_equal(try_open(write_file("v1", other.data, other.size), 0), STATUS_OK);
    buffer_free(&other);
}

/* ------------------------------------------------------------------ trust */

static void a_file_larger_than_configured_is_refused(void **state)
{
    (void)state;
    assert_int_equal(try_open(at("small.cdb"), good.size - 1), STATUS_LIMIT);
}

static void a_file_that_others_may_write_is_not_trusted(void **state)
{
    (void)state;
    const char *path = write_file("open", good.data, good.size);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(try_open(path, 0), STATUS_TRUST);
    assert_int_equal(chmod(path, 0664), 0);
    assert_int_equal(try_open(path, 0), STATUS_TRUST);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(try_open(path, 0), STATUS_OK);
}

static void a_file_of_a_stranger_is_not_trusted_unless_named(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        printf("# not root: nothing to give away\n");
        return;
    }
    const char *path = write_file("theirs", good.data, good.size);
    assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
    assert_int_equal(try_open(path, 0), STATUS_TRUST);
    const uid_t uids[] = {12345};
    const struct file_owners owners = {uids, 1};
    struct snapshot *snapshot = NULL;
    assert_int_equal(snapshot_open(path, &owners, 0, &snapshot, NULL), STATUS_OK);
    snapshot_close(snapshot);
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir(at("dir"), 0755), 0);
    assert_int_not_equal(try_open(at("dir"), 0), STATUS_OK);
    assert_int_equal(mkfifo(at("fifo"), 0644), 0);
    assert_int_not_equal(try_open(at("fifo"), 0), STATUS_OK); /* and does not hang */
    assert_int_equal(symlink("small.cdb", at("link")), 0);
    assert_int_equal(try_open(at("link"), 0), STATUS_OK);
    assert_int_equal(symlink("nowhere", at("dangling")), 0);
    assert_int_not_equal(try_open(at("dangling"), 0), STATUS_OK);
}

/* ------------------------------------------------------------------ damage */

/* All that the small snapshot can be asked, as text; "damaged" for each question that says so. */
struct transcript {
    struct buffer lines[64];
    size_t count;
};

static struct buffer *next_line(struct transcript *t, enum status status)
{
    assert_true(t->count < 64);
    struct buffer *line = &t->lines[t->count++];
    buffer_init(line, SIZE_MAX);
    if (status == STATUS_FORMAT)
        buffer_string(line, "damaged");
    else if (status == STATUS_NOT_FOUND)
        buffer_string(line, "none");
    else
        assert_int_equal(status, STATUS_OK);
    return line;
}

static void ask_people(const struct view *v, struct transcript *t)
{
    static const char *const names[] = {"admin", "jdoe", "gone", "outsider", "nobody", ""};
    for (size_t i = 0; i < 6; i++) {
        struct snapshot_user u;
        enum status status = v->user(v->self, text_of(names[i]), &u, NULL);
        struct buffer *line = next_line(t, status);
        if (status != STATUS_OK)
            continue;
        buffer_printf(line, "%llu %.*s %.*s %.*s %d %d %d %d %zu", (unsigned long long)u.id,
                      TEXT_ARG(u.name), TEXT_ARG(u.slug), TEXT_ARG(u.email), u.active,
                      (int)u.licensed, (int)u.global, (int)u.groups_complete, u.group_count);
        for (size_t k = 0; k < u.group_count; k++)
            buffer_printf(line, " %u", u.groups[k]);
    }
    static const char *const groups[] = {"developers", "secret", "no-longer-there"};
    for (uint32_t i = 0; i < 3; i++) {
        struct snapshot_group g;
        struct text name;
        enum status status = v->group(v->self, text_of(groups[i]), &g, NULL);
        struct buffer *line = next_line(t, status);
        if (status == STATUS_OK)
            buffer_printf(line, "%u %d", g.group, g.incomplete);
        status = v->group_name(v->self, i, &name, NULL);
        line = next_line(t, status);
        if (status == STATUS_OK)
            buffer_text(line, name);
    }
    static const char *const addresses[] = {"admin@example.com", "jane@example.com", "x@y"};
    for (size_t i = 0; i < 3; i++) {
        uint64_t id = 0;
        enum status status = v->email_user(v->self, text_of(addresses[i]), &id, NULL);
        buffer_printf(next_line(t, status), " %llu", (unsigned long long)id);
    }
    uint64_t key = 0;
    enum status status = v->service(v->self, TEXT("3adc96b3b93443e4"), &key, NULL);
    buffer_printf(next_line(t, status), " %llu", (unsigned long long)key);
}

static void put_groups(struct buffer *line, const struct group_grant *groups, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_printf(line, " group %u %d %d", groups[i].group, groups[i].incomplete,
                      (int)groups[i].permission);
}

static void put_restriction(const struct view *v, struct buffer *line, const struct restriction *r)
{
    struct exemptions e;
    buffer_printf(line, " restriction %llu %d %.*s %.*s %.*s %d", (unsigned long long)r->id,
                  r->of_project, TEXT_ARG(r->type_text), TEXT_ARG(r->matcher_type_text),
                  TEXT_ARG(r->matcher_id), r->matcher_active);
    assert_int_equal(v->exemptions(v->self, r, &e, NULL), STATUS_OK); /* its checksum was right */
    for (size_t i = 0; i < e.user_count; i++)
        buffer_printf(line, " %llu %.*s", (unsigned long long)e.users[i].id,
                      TEXT_ARG(e.users[i].name));
    for (size_t i = 0; i < e.group_count; i++)
        buffer_printf(line, " %u %d %.*s", e.groups[i].group, e.groups[i].incomplete,
                      TEXT_ARG(e.groups[i].name));
    for (size_t i = 0; i < e.access_key_count; i++)
        buffer_printf(line, " %llu", (unsigned long long)e.access_keys[i]);
}

static void ask_places(const struct view *v, struct transcript *t)
{
    static const char *const slugs[] = {"app", "old", "none"};
    for (size_t i = 0; i < 3; i++) {
        struct snapshot_repository r;
        struct text slug = text_of(slugs[i]);
        enum status status = v->repository(v->self, TEXT("PRJ"), slug, &r, NULL);
        struct buffer *line = next_line(t, status);
        if (status == STATUS_OK) {
            buffer_printf(line, "%llu %.*s %.*s %d %d %d %.*s %d %.*s %zu",
                          (unsigned long long)r.id, TEXT_ARG(r.project_key), TEXT_ARG(r.slug),
                          r.archived, r.is_public, r.default_branch_known,
                          TEXT_ARG(r.default_branch), r.model.configured,
                          TEXT_ARG(r.model.production), r.model.category_count);
            put_groups(line, r.groups, r.group_count);
            put_groups(line, r.project.groups, r.project.group_count);
            for (size_t k = 0; k < r.restriction_count; k++)
                put_restriction(v, line, &r.restrictions[k]);
        }
        static const char *const names[] = {"gone", "jdoe"};
        for (size_t k = 0; k < 2; k++) {
            enum permission p = PERMISSION_NONE;
            status = v->user_grant(v->self, GRANT_REPOSITORY, TEXT("PRJ"), slug, text_of(names[k]),
                                   &p, NULL);
            buffer_printf(next_line(t, status), " %d", (int)p);
        }
        const struct repository_key *keys;
        size_t count;
        status = v->repository_keys(v->self, TEXT("PRJ"), slug, &keys, &count, NULL);
        line = next_line(t, status);
        for (size_t k = 0; status == STATUS_OK && k < count; k++)
            buffer_printf(line, " %llu %.*s %d", (unsigned long long)keys[k].id,
                          TEXT_ARG(keys[k].label), (int)keys[k].permission);
    }
    static const char *const projects[] = {"PRJ", "~JDOE", "OTHER"};
    for (size_t i = 0; i < 3; i++) {
        struct snapshot_project p;
        enum permission level = PERMISSION_NONE;
        enum status status = v->project(v->self, text_of(projects[i]), &p, NULL);
        struct buffer *line = next_line(t, status);
        if (status == STATUS_OK) {
            buffer_printf(line, "%llu %.*s %d %d %llu %.*s %d", (unsigned long long)p.id,
                          TEXT_ARG(p.key), p.personal, p.is_public, (unsigned long long)p.owner_id,
                          TEXT_ARG(p.owner_name), (int)p.default_permission);
            put_groups(line, p.groups, p.group_count);
        }
        status = v->user_grant(v->self, GRANT_PROJECT, text_of(projects[i]), TEXT(""), TEXT("jdoe"),
                               &level, NULL);
        buffer_printf(next_line(t, status), " %d", (int)level);
    }
}

static void ask_ids(const struct view *v, struct transcript *t)
{
    static const uint64_t ids[] = {84, 85, 2, 4, 158, 160};
    const struct group_grant *groups;
    size_t count;
    for (size_t i = 0; i < 6; i++) {
        struct text key = TEXT(""), slug = TEXT("");
        struct snapshot_key k;
        enum status status;
        struct buffer *line;
        if (i < 2) {
            status = v->repository_name(v->self, ids[i], &key, &slug, NULL);
            buffer_printf(next_line(t, status), " %.*s %.*s", TEXT_ARG(key), TEXT_ARG(slug));
        } else if (i < 4) {
            status = v->project_name(v->self, ids[i], &key, NULL);
            buffer_printf(next_line(t, status), " %.*s", TEXT_ARG(key));
        } else {
            status = v->access_key(v->self, ids[i], &k, NULL);
            line = next_line(t, status);
            if (status == STATUS_OK)
                buffer_printf(line, "%.*s %.*s %u %lld %lld %lld %d %d %d %u", TEXT_ARG(k.label),
                              TEXT_ARG(k.algorithm), k.bits, (long long)k.created_ms,
                              (long long)k.last_used_ms, (long long)k.expires_ms, k.created_known,
                              (int)k.ever_used, (int)k.expires, k.places);
        }
    }
    enum status status = v->global_groups(v->self, &groups, &count, NULL);
    struct buffer *line = next_line(t, status);
    if (status == STATUS_OK)
        put_groups(line, groups, count);
}

/* Opens what `fd` is and asks; STATUS_OK or what opening said. */
static enum status transcribe(int fd, uint64_t size, enum snapshot_mode mode, struct transcript *t)
{
    struct snapshot *snapshot;
    struct arena arena;
    int copy = dup(fd);
    assert_true(copy >= 0);
    t->count = 0;
    enum status status = snapshot_open_fd(copy, size, 0, mode, &snapshot, NULL);
    if (status != STATUS_OK)
        return status;
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    struct view v = snapshot_view(snapshot, &arena);
    struct snapshot_meta meta;
    assert_int_equal(v.meta(v.self, &meta, NULL), STATUS_OK);
    buffer_printf(next_line(t, STATUS_OK), "%.*s %.*s %lld %lld %.*s", TEXT_ARG(meta.base_url),
                  TEXT_ARG(meta.bitbucket_version), (long long)meta.generated_ms,
                  (long long)meta.started_ms, TEXT_ARG(meta.digest));
    ask_people(&v, t);
    ask_places(&v, t);
    ask_ids(&v, t);
    arena_free(&arena);
    snapshot_close(snapshot);
    return STATUS_OK;
}

static void free_transcript(struct transcript *t)
{
    for (size_t i = 0; i < t->count; i++)
        buffer_free(&t->lines[i]);
    t->count = 0;
}

/* Each answer is the right one or "damaged". Gives how many were damaged. */
static size_t compare(const struct transcript *got, const struct transcript *want, size_t offset)
{
    size_t damaged = 0;
    assert_int_equal(got->count, want->count);
    for (size_t i = 0; i < got->count; i++) {
        if (text_starts(buffer_view(&got->lines[i]), TEXT("damaged")))
            damaged++;
        else if (!text_equal(buffer_view(&got->lines[i]), buffer_view(&want->lines[i])))
            fail_msg("byte %zu changed: question %zu answers \"%s\" instead of \"%s\"", offset, i,
                     got->lines[i].data, want->lines[i].data);
    }
    return damaged;
}

static void flip_each_byte(enum snapshot_mode mode)
{
    static const unsigned char flips[] = {0x01, 0x80, 0xff};
    struct transcript want, got;
    size_t refused = 0, damaged = 0;
    int fd = open(write_file("flip", good.data, good.size), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(transcribe(fd, good.size, mode, &want), STATUS_OK);
    for (size_t i = 0; i < good.size; i++) {
        unsigned char byte = (unsigned char)((unsigned char)good.data[i] ^ flips[i % 3]);
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
        enum status status = transcribe(fd, good.size, mode, &got);
        if (status == STATUS_OK)
            damaged += compare(&got, &want, i);
        else
            assert_int_equal(status, STATUS_FORMAT);
        refused += status != STATUS_OK;
        free_transcript(&got);
        assert_int_equal(pwrite(fd, &good.data[i], 1, (off_t)i), 1);
    }
    assert_true(refused > 2048); /* the header at least */
    assert_true(damaged > 500);
    free_transcript(&want);
    close(fd);
}

static void a_changed_byte_never_gives_a_wrong_answer(void **state)
{
    (void)state;
    flip_each_byte(SNAPSHOT_READ);
}
static void nor_does_it_when_the_file_is_mapped(void **state)
{
    (void)state;
    flip_each_byte(SNAPSHOT_MAPPED);
}

static void a_file_cut_while_it_is_open_is_an_error(void **state)
{
    (void)state;
    const char *path = write_file("shrinks", good.data, good.size);
    struct snapshot *snapshot;
    struct arena arena;
    assert_int_equal(snapshot_open(path, NULL, 0, &snapshot, NULL), STATUS_OK);
    assert_int_equal(truncate(path, 2048), 0);
    arena_init(&arena, 1 << 20);
    struct view v = snapshot_view(snapshot, &arena);
    struct snapshot_user user;
    uint64_t id;
    assert_int_equal(v.user(v.self, TEXT("jdoe"), &user, NULL), STATUS_FORMAT);
    assert_int_equal(v.service(v.self, TEXT("nobody"), &id, NULL), STATUS_FORMAT);
    arena_free(&arena);
    snapshot_close(snapshot);
}

/* Two records with each other's contents: every checksum is of a record that exists. */
static void a_record_under_anothers_key_is_damaged(void **state)
{
    (void)state;
    char *bytes = malloc(good.size);
    assert_non_null(bytes);
    memcpy(bytes, good.data, good.size);
    char *a = NULL, *b = NULL;
    for (size_t i = 2048; i + 13 < good.size; i++) { /* keys of equal size, values of equal size */
        if (!memcmp(bytes + i, "project-id/2", 12))
            a = bytes + i + 12;
        if (!memcmp(bytes + i, "project-id/4", 12))
            b = bytes + i + 12;
    }
    assert_non_null(a);
    assert_non_null(b);
    /* "PRJ" (9 bytes with checksum and size) under the key of the other, whose value is longer: the
     * first nine bytes are enough to see. */
    memcpy(b, a, 9);
    struct snapshot *snapshot;
    struct arena arena;
    struct text key;
    assert_int_equal(snapshot_open(write_file("swapped", bytes, good.size), NULL, 0, &snapshot, NULL),
                     STATUS_OK);
    arena_init(&arena, 1 << 20);
    struct view v = snapshot_view(snapshot, &arena);
    assert_int_equal(v.project_name(v.self, 2, &key, NULL), STATUS_OK);
    assert_int_equal(v.project_name(v.self, 4, &key, NULL), STATUS_FORMAT);
    arena_free(&arena);
    snapshot_close(snapshot);
    free(bytes);
}

/* ------------------------------------------------------------------ verify */

static size_t findings;
static void count_finding(void *self, const char *text)
{
    (void)self;
    assert_true(text[0]);
    findings++;
}

static void verify_finds_every_changed_byte(void **state)
{
    (void)state;
    size_t missed = 0;
    int fd = open(write_file("verify", good.data, good.size), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t i = 0; i < good.size; i++) {
        struct snapshot *snapshot;
        unsigned char byte = (unsigned char)((unsigned char)good.data[i] ^ 0x10);
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
        int copy = dup(fd);
        if (snapshot_open_fd(copy, good.size, 0, SNAPSHOT_MAPPED, &snapshot, NULL) == STATUS_OK) {
            findings = 0;
            enum status status = snapshot_verify(snapshot, count_finding, NULL, NULL);
            if (status == STATUS_OK || !findings) {
                printf("# byte %zu\n", i);
                missed++;
            }
            snapshot_close(snapshot);
        }
        assert_int_equal(pwrite(fd, &good.data[i], 1, (off_t)i), 1);
    }
    close(fd);
    assert_int_equal(missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_opens),
        cmocka_unit_test(a_missing_one_is_not_found),
        cmocka_unit_test(an_empty_or_short_one_is_damaged),
        cmocka_unit_test(a_cut_anywhere_shows_at_once),
        cmocka_unit_test(bytes_after_the_end_show),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(a_cdb_that_is_no_snapshot_is_refused),
        cmocka_unit_test(another_format_is_named),
        cmocka_unit_test(a_file_larger_than_configured_is_refused),
        cmocka_unit_test(a_file_that_others_may_write_is_not_trusted),
        cmocka_unit_test(a_file_of_a_stranger_is_not_trusted_unless_named),
        cmocka_unit_test(what_is_no_regular_file_is_refused),
        cmocka_unit_test(a_changed_byte_never_gives_a_wrong_answer),
        cmocka_unit_test(nor_does_it_when_the_file_is_mapped),
        cmocka_unit_test(a_file_cut_while_it_is_open_is_an_error),
        cmocka_unit_test(a_record_under_anothers_key_is_damaged),
        cmocka_unit_test(verify_finds_every_changed_byte),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
