/* semantics 8: what the fault injection of tests/faults found, each with a test of its own. */
#include "tsv.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "push/location.h"
#include "record/approval_file.h"
#include "record/audit.h"
#include "record/audit_verify.h"
#include "scratch.h"

/* ------------------------------------------------------------------ what fails */

static int writes_before_short = -1, errno_after_short; /* of write(2) */
static int errno_of_lstat;
static long allocations_before_failure = -1; /* one fails, those after it do not */

ssize_t __real_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size)
{
    if (fd <= STDERR_FILENO || writes_before_short < 0 || writes_before_short-- > 0)
        return __real_write(fd, from, size);
    if (size > 40) {
        writes_before_short = 0; /* and the next one, too */
        return __real_write(fd, from, size / 2);
    }
    if (!errno_after_short)
        return __real_write(fd, from, size);
    errno = errno_after_short;
    return -1;
}

int __real_lstat(const char *path, struct stat *st);
int __wrap_lstat(const char *path, struct stat *st);
int __wrap_lstat(const char *path, struct stat *st)
{
    if (!errno_of_lstat || !strstr(path, "/HEAD"))
        return __real_lstat(path, st);
    errno = errno_of_lstat;
    return -1;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return allocations_before_failure >= 0 && allocations_before_failure-- == 0
               ? NULL
               : __real_malloc(size);
}

/* ------------------------------------------------------------------ a short write */

static char top[PATH_MAX];

static enum status append(const char *log)
{
    struct digest head;
    struct error err;
    return audit_append(
        log, TEXT("{\"id\":\"1\",\"verdict\":\"accept\",\"text\":\"long enough to be cut\"}"),
        false, clock_monotonic_us() + 60 * INT64_C(1000000), &head, &err);
}

static void assert_intact(const char *log, uint64_t lines)
{
    struct audit_findings findings = {0};
    struct digest heads[1];
    struct audit_verifier verifier = {.heads = heads};
    struct error err = {STATUS_OK, ""};
    if (audit_verify(&verifier, log, &findings, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(findings.breaks, 0);
    assert_int_equal(findings.lines, lines);
}

static void short_write_of_a_record_goes_on(void **state)
{
    (void)state;
    const char *log = scratch_path(top, "short.jsonl");
    assert_int_equal(append(log), STATUS_OK);
    writes_before_short = 0;
    assert_int_equal(append(log), STATUS_OK);
    writes_before_short = -1;
    assert_int_equal(append(log), STATUS_OK);
    assert_intact(log, 3);
}

static void short_write_before_the_disk_is_full_is_taken_back(void **state)
{
    (void)state;
    const char *log = scratch_path(top, "full.jsonl");
    struct stat before, after;
    assert_int_equal(append(log), STATUS_OK);
    assert_int_equal(stat(log, &before), 0);
    writes_before_short = 0;
    errno_after_short = ENOSPC;
    assert_int_equal(append(log), STATUS_IO);
    writes_before_short = -1;
    errno_after_short = 0;
    assert_int_equal(stat(log, &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    assert_int_equal(append(log), STATUS_OK);
    assert_intact(log, 2);
}

/* ------------------------------------------------------------------ where the repository is */

static const char *no_variables(void *self, const char *name)
{
    (void)name;
    return self;
}

static enum status find(const char *repository, struct location *out)
{
    struct arena arena;
    struct error err;
    const struct environment env = {NULL, no_variables};
    arena_init(&arena, SIZE_MAX);
    enum status status = location_find(&env, repository, &arena, out, &err);
    bool known = status == STATUS_OK && out->storage_id_known;
    arena_free(&arena);
    return known ? STATUS_OK : status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

static void disk_error_is_no_repository_elsewhere(void **state)
{
    (void)state;
    struct location location;
    const char *repository = scratch_path(top, "84");
    scratch_sh(top, "mkdir -p 84/objects 84/refs; echo 'ref: refs/heads/main' >84/HEAD");
    assert_int_equal(find(repository, &location), STATUS_OK);
    errno_of_lstat = EIO;
    assert_int_equal(find(repository, &location), STATUS_IO);
    errno_of_lstat = ENOENT;
    assert_int_equal(find(repository, &location), STATUS_NOT_FOUND);
    errno_of_lstat = EACCES; /* Mesh: not for us to see */
    assert_int_equal(find(repository, &location), STATUS_NOT_FOUND);
    errno_of_lstat = 0;
}

/* ------------------------------------------------------------------ an approval, changed */

#define LONG_REF "refs/heads/release/2026-11-22/with-a-name-that-needs-room"
static const char approval[] =
    "{\"format\":1,\"id\":\"01M82D6GSKCFP0DEBN8XY9YQKY\",\"repositories\":[\"PRJ/a-repository-name\"],"
    "\"refs\":[\"" LONG_REF
    "\"],\"users\":[\"somebody-with-a-long-name\"],\"changes\":[\"create\"],"
    "\"new\":[],\"not_before\":\"2026-11-22T00:00:00.000Z\",\"not_after\":\"2026-11-23T00:00:00.000Z\","
    "\"uses\":1,\"approver\":{\"uid\":1000,\"name\":\"lead\",\"sudo_user\":null},"
    "\"reason\":\"CHG-1, which is long as well\",\"created\":\"2026-11-22T00:00:00.000Z\"}";

static void approval_without_memory_is_not_another_one(void **state)
{
    (void)state;
    size_t failures = 0;
    for (long n = 0; n >= 0; n++) {
        struct arena arena;
        struct approval out;
        struct error err;
        arena_init(&arena, SIZE_MAX);
        allocations_before_failure = n;
        enum status status = approval_file_read(text_of(approval), &arena, &out, &err);
        bool failed = allocations_before_failure < 0;
        allocations_before_failure = -1;
        if (status == STATUS_OK)
            assert_true(text_equal(out.refs.items[0], TEXT(LONG_REF)));
        /* Neither a byte less nor "malformed". */
        assert_int_equal(status, failed ? STATUS_MEMORY : STATUS_OK);
        failures += failed;
        arena_free(&arena);
        if (!failed)
            break;
    }
    assert_true(failures > 20);
}

/* ------------------------------------------------------------------ */

static int make(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    return 0;
}

static int throw_away(void **state)
{
    (void)state;
    scratch_remove(top);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_write_of_a_record_goes_on),
        cmocka_unit_test(short_write_before_the_disk_is_full_is_taken_back),
        cmocka_unit_test(disk_error_is_no_repository_elsewhere),
        cmocka_unit_test(approval_without_memory_is_not_another_one),
    };
    return cmocka_run_group_tests_name("faults", tests, make, throw_away);
}
