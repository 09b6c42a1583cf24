#include "fuzz/snapshots.h"

#include <cdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/table.h"
#include "unit/small_snapshot.h"

#define RECORDS_MAX 128
#define BODY_MAX 4096

struct record {
    struct text key, body;
};

/* ------------------------------------------------------------------ the small one */

static struct buffer good;
static struct record records[RECORDS_MAX];
static size_t record_count;

static void read_records(void)
{
    struct snapshot *snapshot;
    struct text key, body;
    uint32_t position = 0;
    int fd = fuzz_file(buffer_view(&good));
    REQUIRE(!snapshot_open_fd(fd, good.size, 0, SNAPSHOT_MAPPED, &snapshot, NULL));
    while (snapshot_next(snapshot, &position, &key, &body, NULL) == STATUS_OK) {
        REQUIRE(record_count < RECORDS_MAX);
        const char *map = (const char *)snapshot->file.map;
        if (!text_equal(key, TEXT("index"))) /* in the bytes that stay */
            records[record_count++] = (struct record){{good.data + (key.at - map), key.size},
                                                      {good.data + (body.at - map), body.size}};
    }
    snapshot_close(snapshot);
}

struct buffer *snapshots_good(void)
{
    char path[4096], kept[4096 + 2];
    if (good.size)
        return &good;
    snprintf(path, sizeof path, "%s/small", fuzz_directory());
    small_write(path, false, SMALL_NOW);
    FILE *in = fopen(path, "r");
    REQUIRE(in);
    buffer_init(&good, SIZE_MAX);
    REQUIRE(!file_read_all(fileno(in), 1 << 20, &good, NULL));
    fclose(in);
    snprintf(kept, sizeof kept, "%s.1", path);
    unlink(kept);
    unlink(path);
    read_records();
    return &good;
}

/* ------------------------------------------------------------------ edits */

/* The records while they are edited; bodies that were changed live in `room`. */
struct edits {
    struct record records[2 * RECORDS_MAX];
    size_t count, rooms;
    char room[RECORDS_MAX][BODY_MAX];
};

enum edit { STOP, DROP, BYTE, BODY, ADD, COPY, INSERT, REMOVE, EDITS };

/* A copy of the record's body that may be changed; NULL: too many of them. */
static char *own_body(struct edits *e, struct record *record)
{
    if (e->rooms == RECORDS_MAX || record->body.size > BODY_MAX)
        return NULL;
    char *room = e->room[e->rooms++];
    memcpy(room, record->body.at, record->body.size);
    record->body.at = room;
    return room;
}

static void change_bytes(struct edits *e, struct record *record, enum edit what, struct input *in)
{
    char *body = own_body(e, record);
    size_t at = input_u16(in);
    if (!body || !record->body.size)
        return;
    at %= record->body.size;
    size_t most = what == INSERT ? BODY_MAX - record->body.size : record->body.size - at;
    if (what == BYTE) {
        body[at] = (char)input_byte(in);
    } else if (what == REMOVE) {
        size_t size = input_byte(in);
        size = size < most ? size : most;
        memmove(body + at, body + at + size, record->body.size - at - size);
        record->body.size -= size;
    } else {
        struct text bytes = input_bytes(in, input_byte(in));
        bytes.size = bytes.size < most ? bytes.size : most;
        memmove(body + at + bytes.size, body + at, record->body.size - at);
        memcpy(body + at, bytes.at, bytes.size);
        record->body.size += bytes.size;
    }
}

static void edit(struct edits *e, enum edit what, struct input *in)
{
    struct record *record = e->count ? &e->records[input_byte(in) % e->count] : NULL;
    struct record added;
    if (!record && what != ADD)
        return;
    switch (what) {
    case DROP:
        *record = e->records[--e->count];
        break;
    case BODY:
        record->body = input_bytes(in, input_u16(in) % BODY_MAX);
        break;
    case ADD:
    case COPY: /* of a body, under the key of the input */
        added.key = input_bytes(in, input_byte(in));
        added.body = what == COPY ? record->body : input_bytes(in, input_u16(in) % BODY_MAX);
        if (e->count < 2 * RECORDS_MAX && added.key.size && !text_equal(added.key, TEXT("index")))
            e->records[e->count++] = added;
        break;
    default:
        change_bytes(e, record, what, in);
        break;
    }
}

/* ------------------------------------------------------------------ sealing */

static void add_record(struct cdb_make *cdb, struct text key, struct text body)
{
    struct buffer value;
    unsigned char crc[LAYOUT_RECORD_HEADER];
    buffer_init(&value, SIZE_MAX);
    layout_store32(crc, layout_crc(key, body));
    buffer_add(&value, crc, sizeof crc);
    buffer_text(&value, body);
    REQUIRE(!cdb_make_add(cdb, key.at, (unsigned)key.size, value.data, (unsigned)value.size));
    buffer_free(&value);
}

/* The record "index", which was written last and full of zeros. */
static void seal_index(int fd, uint64_t size, size_t body_size)
{
    static struct hash_index index;
    struct file_bytes file = {.fd = fd, .size = size};
    unsigned char crc[LAYOUT_RECORD_HEADER], *body = calloc(1, body_size);
    REQUIRE(body && !index_open(&file, &index, NULL));
    REQUIRE(index_fill_body(&index, &file, body));
    layout_store32(crc, layout_crc(TEXT("index"), (struct text){(const char *)body, body_size}));
    off_t at = (off_t)(index.tables_at - body_size);
    REQUIRE(pwrite(fd, body, body_size, at) == (ssize_t)body_size);
    REQUIRE(pwrite(fd, crc, sizeof crc, at - (off_t)sizeof crc) == (ssize_t)sizeof crc);
    free(body);
}

static int write_file(const struct edits *e, uint64_t *size)
{
    struct cdb_make cdb;
    int fd = fuzz_file(TEXT(""));
    REQUIRE(!cdb_make_start(&cdb, fd));
    for (size_t i = 0; i < e->count; i++)
        add_record(&cdb, e->records[i].key, e->records[i].body);
    size_t body_size = index_body_size(e->count + 1);
    char *zeros = calloc(1, body_size);
    REQUIRE(zeros);
    add_record(&cdb, TEXT("index"), (struct text){zeros, body_size});
    free(zeros);
    REQUIRE(!cdb_make_finish(&cdb));
    *size = (uint64_t)lseek(fd, 0, SEEK_END);
    seal_index(fd, *size, body_size);
    return fd;
}

int snapshots_edited(struct input *in, uint64_t *size)
{
    static struct edits edits;
    struct edits *e = &edits;
    snapshots_good();
    e->rooms = 0;
    e->count = record_count;
    memcpy(e->records, records, record_count * sizeof *records);
    for (unsigned what; (what = input_byte(in) % EDITS) != STOP;)
        edit(e, (enum edit)what, in);
    return write_file(e, size);
}

/* ------------------------------------------------------------------ asking */

struct asking {
    struct view view;
    bool damaged;
};

/* One answer: was it an error, and what the question was told. */
static bool good_answer(struct asking *a, enum status status)
{
    fuzz_tell_number(status);
    a->damaged = a->damaged || status == STATUS_FORMAT;
    REQUIRE(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_FORMAT ||
            status == STATUS_MEMORY);
    return status == STATUS_OK;
}

static const struct text users[] = {TEXT("Admin"), TEXT("jdoe"), TEXT("gone"), TEXT("nobody")};
static const struct text keys[] = {TEXT("PRJ"), TEXT("~JDOE"), TEXT("NONE")};
static const struct text slugs[] = {TEXT("app"), TEXT("old"), TEXT("none")};

static void ask_people(struct asking *a)
{
    struct view *v = &a->view;
    struct snapshot_user user;
    struct snapshot_group group;
    struct text name;
    uint64_t id;
    for (size_t i = 0; i < TABLE_COUNT(users); i++) {
        if (good_answer(a, v->user(v->self, users[i], &user, NULL))) {
            fuzz_tell_text(user.email);
            fuzz_tell(user.groups, user.group_count * sizeof *user.groups);
        }
    }
    if (good_answer(a, v->email_user(v->self, TEXT("jane@example.com"), &id, NULL)))
        fuzz_tell_number(id);
    if (good_answer(a, v->service(v->self, TEXT("3adc96b3b93443e4"), &id, NULL)))
        fuzz_tell_number(id);
    if (good_answer(a, v->group(v->self, TEXT("developers"), &group, NULL)))
        fuzz_tell_number(group.group);
    for (uint32_t i = 0; i < 3; i++)
        if (good_answer(a, v->group_name(v->self, i, &name, NULL)))
            fuzz_tell_text(name);
}

static void ask_restrictions(struct asking *a, const struct snapshot_repository *repository)
{
    struct view *v = &a->view;
    struct exemptions exempt;
    for (size_t i = 0; i < repository->restriction_count; i++) {
        const struct restriction *r = &repository->restrictions[i];
        fuzz_tell_number(r->id);
        fuzz_tell_text(r->matcher_id);
        if (good_answer(a, v->exemptions(v->self, r, &exempt, NULL)))
            fuzz_tell_number(exempt.user_count + 3 * exempt.group_count +
                             7 * exempt.access_key_count);
        /* Each id once. */
        for (size_t k = 0; k < i && k < 100; k++)
            REQUIRE(repository->restrictions[k].id != r->id);
    }
}

static void ask_repository(struct asking *a, struct text key, struct text slug)
{
    struct view *v = &a->view;
    struct snapshot_repository repository;
    const struct repository_key *found;
    enum permission permission;
    int64_t started;
    size_t count;
    if (good_answer(a, v->repository(v->self, key, slug, &repository, NULL))) {
        /* Another's record under this key: verify must have said so. */
        a->damaged = a->damaged || !text_equal_fold(repository.project_key, key) ||
                     !text_equal_fold(repository.slug, slug);
        fuzz_tell_number(repository.id);
        fuzz_tell(&repository.model.configured, sizeof repository.model.configured);
        ask_restrictions(a, &repository);
    }
    if (good_answer(a, v->repository_keys(v->self, key, slug, &found, &count, NULL)))
        for (size_t i = 0; i < count; i++)
            fuzz_tell_number(found[i].id);
    if (good_answer(a, v->part(v->self, key, slug, &started, NULL)))
        fuzz_tell_number((uint64_t)started);
    for (size_t i = 0; i < TABLE_COUNT(users); i++)
        if (good_answer(a, v->user_grant(v->self, GRANT_REPOSITORY, key, slug, users[i],
                                         &permission, NULL)))
            fuzz_tell_number(permission);
}

static void ask_project(struct asking *a, struct text key)
{
    struct view *v = &a->view;
    struct snapshot_project project;
    enum permission permission;
    if (good_answer(a, v->project(v->self, key, &project, NULL))) {
        a->damaged = a->damaged || !text_equal_fold(project.key, key);
        fuzz_tell_number(project.default_permission);
        fuzz_tell_number(project.group_count);
    }
    for (size_t i = 0; i < TABLE_COUNT(users); i++)
        if (good_answer(a, v->user_grant(v->self, GRANT_PROJECT, key, TEXT(""), users[i],
                                         &permission, NULL)))
            fuzz_tell_number(permission);
    for (size_t i = 0; i < TABLE_COUNT(slugs); i++)
        ask_repository(a, key, slugs[i]);
}

static void ask_instance(struct asking *a)
{
    struct view *v = &a->view;
    static const uint64_t numbers[] = {0, 1, 2, 9, 84, 85, 158, 160, UINT64_MAX};
    const struct group_grant *groups;
    struct snapshot_meta meta;
    struct snapshot_key key;
    struct text one, other;
    size_t count;
    if (good_answer(a, v->meta(v->self, &meta, NULL)))
        fuzz_tell_text(meta.base_url);
    if (good_answer(a, v->global_groups(v->self, &groups, &count, NULL)))
        for (size_t i = 0; i < count; i++)
            fuzz_tell_number(groups[i].group * 16 + groups[i].permission);
    for (size_t i = 0; i < TABLE_COUNT(numbers); i++) {
        if (good_answer(a, v->repository_name(v->self, numbers[i], &one, &other, NULL)))
            fuzz_tell_text(other);
        if (good_answer(a, v->project_name(v->self, numbers[i], &one, NULL)))
            fuzz_tell_text(one);
        if (good_answer(a, v->access_key(v->self, numbers[i], &key, NULL)))
            fuzz_tell_text(key.label);
    }
}

bool snapshots_ask(struct snapshot *snapshot)
{
    struct arena arena;
    struct asking a = {.damaged = false};
    arena_init(&arena, (size_t)64 * 1024 * 1024);
    a.view = snapshot_view(snapshot, &arena);
    ask_instance(&a);
    ask_people(&a);
    for (size_t i = 0; i < TABLE_COUNT(keys); i++)
        ask_project(&a, keys[i]);
    arena_free(&arena);
    return a.damaged;
}
