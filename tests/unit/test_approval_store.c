/* The directory of approvals (semantics.md 7, 8): what is in its files, which of them count, how uses are
 * taken by many at once, and on NFS. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "record/approval_grant.h"
#include "record/approval_name.h"
#include "record/approval_store.h"
#include "samples.h"
#include "scratch.h"

#define ID_A "01JDA8AAAAAAAAAAAAAAAAAAAA"
#define ID_B "01JDA8BBBBBBBBBBBBBBBBBBBB"
#define DECISION "01JDA8ZZZZZZZZZZZZZZZZZZZZ"

/* ------------------------------------------------------------------ link(2) of NFS */

/* In place of libc's: the program's own functions come first. */
static enum link_mode { LINK_PLAIN, LINK_REPLY_LOST, LINK_BROKEN } link_mode;

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    if (link_mode == LINK_BROKEN) {
        errno = EIO;
        return -1;
    }
    int result = (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    if (link_mode == LINK_REPLY_LOST && result == 0) {
        errno = EEXIST; /* to the request that was sent again */
        return -1;
    }
    return result;
}

/* ------------------------------------------------------------------ a directory */

struct fixture {
    char directory[256];
    struct arena arena;
    struct approval_store store;
};

static const struct text repository = {"PRJ/app", 7}, ref = {"main", 4}, user = {"jdoe", 4};

static struct approval sample(const char *id, uint64_t uses)
{
    int64_t now = clock_now_ms();
    return (struct approval){
        .id = text_of(id),
        .state = APPROVAL_OPEN,
        .repositories = {&repository, 1},
        .refs = {&ref, 1},
        .users = {&user, 1},
        .kinds = KIND_UPDATE | KIND_REWRITE,
        .not_before_ms = now - CLOCK_MINUTE,
        .not_after_ms = now + CLOCK_HOUR,
        .uses = uses,
        .approver = {1000, TEXT("lead"), TEXT("boss")},
        .reason = TEXT("CHG-1 \"quoted\" \xc3\xa4"),
        .created_ms = now - CLOCK_MINUTE,
    };
}

static void fixture_open(struct fixture *f)
{
    struct error err = {STATUS_OK, ""};
    if (approval_store_open(f->directory, false, INT64_MAX, &f->arena, &f->store, &err) !=
        STATUS_OK)
        fail_msg("%s", err.text);
}

static void fixture_reopen(struct fixture *f)
{
    approval_store_close(&f->store);
    fixture_open(f);
}

static void fixture_init(struct fixture *f)
{
    link_mode = LINK_PLAIN;
    scratch_make(f->directory, sizeof f->directory);
    arena_init(&f->arena, (size_t)256 * 1024 * 1024);
    fixture_open(f);
}

static void fixture_free(struct fixture *f)
{
    approval_store_close(&f->store);
    arena_free(&f->arena);
    scratch_remove(f->directory);
}

static void fixture_add(struct fixture *f, const char *id, uint64_t uses)
{
    struct approval approval = sample(id, uses);
    struct error err = {STATUS_OK, ""};
    if (approval_store_add(&f->store, &approval, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    fixture_reopen(f);
}

static void fixture_put(struct fixture *f, const char *name, const char *content)
{
    struct error err = {STATUS_OK, ""};
    if (file_replace(scratch_path(f->directory, name), text_of(content), 0644, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static bool fixture_has(struct fixture *f, const char *name)
{
    return access(scratch_path(f->directory, name), F_OK) == 0;
}

static struct approval_use push_number(unsigned number)
{
    struct approval_use use = {.decision = TEXT(DECISION),
                               .repository = TEXT("PRJ/app"),
                               .pusher = TEXT("jdoe"),
                               .time_ms = clock_now_ms(),
                               .host = TEXT("bb1")};
    char input[32];
    snprintf(input, sizeof input, "push %u", number);
    struct digest digest = digest_of(text_of(input));
    use.push = approval_use_digest(&use, &digest);
    return use;
}

/* The state that came of it; *number 0 if none was taken. */
static enum approval_state take(struct fixture *f, const struct approval_use *use, uint64_t *number,
                                bool *again)
{
    struct error err = {STATUS_OK, ""};
    struct approval_hold hold;
    enum status status = approval_store_take(&f->store, &f->store.approvals[0], use, INT64_MAX,
                                             &hold, &err);
    assert_int_equal(status == STATUS_OK, f->store.approvals[0].state != APPROVAL_UNREADABLE);
    approval_store_settle(f->store.fd, &hold, true);
    *number = hold.number;
    *again = hold.again;
    return f->store.approvals[0].state;
}

/* ------------------------------------------------------------------ files */

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_add(&f, ID_A, 2);
    assert_int_equal(f.store.count, 1);
    const struct approval want = sample(ID_A, 2), *got = &f.store.approvals[0];
    assert_int_equal(got->state, APPROVAL_OPEN);
    assert_true(text_equal(got->id, want.id));
    assert_true(text_equal(got->repositories.items[0], repository));
    assert_true(text_equal(got->refs.items[0], ref));
    assert_true(text_equal(got->users.items[0], user));
    assert_int_equal(got->new_ids.count, 0);
    assert_int_equal(got->kinds, want.kinds);
    assert_true(got->not_after_ms - got->not_before_ms == CLOCK_HOUR + CLOCK_MINUTE);
    assert_int_equal(got->uses, 2);
    assert_int_equal(got->used, 0);
    assert_int_equal(got->approver.uid, 1000);
    assert_true(text_equal(got->approver.name, want.approver.name));
    assert_true(text_equal(got->approver.sudo_user, want.approver.sudo_user));
    assert_true(text_equal(got->reason, want.reason));
    /* An id is never used twice. */
    struct error err;
    assert_int_equal(approval_store_add(&f.store, &want, &err), STATUS_BUSY);
    fixture_free(&f);
}

#define WHOLE                                                                                    \
    "{\"format\":1,\"id\":\"" ID_A "\",\"repositories\":[\"PRJ/app\"],\"refs\":[\"main\"],"      \
    "\"users\":[\"jdoe\"],\"changes\":[\"update\"],\"new\":[],"                                  \
    "\"not_before\":\"2026-11-22T04:10:00Z\",\"not_after\":\"2026-11-23T04:10:00Z\",\"uses\":1," \
    "\"approver\":{\"uid\":1000,\"name\":\"lead\",\"sudo_user\":null},\"reason\":\"CHG-1\","     \
    "\"created\":\"2026-11-22T04:10:00Z\"}"

static enum status read_text(const char *text, struct arena *arena)
{
    struct approval approval;
    struct error err = {STATUS_OK, ""};
    return approval_file_read(text_of(text), arena, &approval, &err);
}

static void malformed_files(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } changes[] = {
        {"\"format\":1", "\"format\":2"},
        {"\"format\":1", "\"format\":1,\"format\":1"},
        {"\"format\":1", "\"format\":1,\"only_on\":\"monday\""},
        {"\"format\":1,", ""},
        {ID_A, "01JDA8"},
        {"[\"PRJ/app\"]", "\"PRJ/app\""},
        {"[\"PRJ/app\"]", "[\"PRJ/app\",7]"},
        {"[\"PRJ/app\"]", "[]"},
        {"[\"PRJ/app\"]", "[\"PRJ/app\",null]"},
        {"[\"main\"]", "[\"\"]"},
        {"[\"main\"]", "[\"ma\\u0000in\"]"},
        {"[\"jdoe\"]", "[\"*\"]"},
        {"[\"update\"]", "[\"update\",\"everything\"]"},
        {"[\"update\"]", "[]"},
        {"\"new\":[]", "\"new\":null"},
        {"\"new\":[]", "\"new\":[\"9b1d\"]"},
        {"2026-11-23T04:10:00Z", "tomorrow"},
        {"2026-11-23T04:10:00Z", "2028-11-23T04:10:00Z"},
        {"2026-11-23T04:10:00Z", "2026-11-22T04:10:00Z"},
        {"\"uses\":1", "\"uses\":0"},
        {"\"uses\":1", "\"uses\":-1"},
        {"\"uses\":1", "\"uses\":1.5"},
        {"\"uses\":1", "\"uses\":99999999999"},
        {"\"uid\":1000", "\"uid\":-1"},
        {"\"uid\":1000", "\"uid\":1000,\"gid\":1"},
        {"\"name\":\"lead\"", "\"name\":\"\""},
        {",\"sudo_user\":null", ""},
        {"CHG-1", ""},
        {"CHG-1", "a\\nb"},
        {"CHG-1", "\xff"},
        {"{\"uid\":1000,\"name\":\"lead\",\"sudo_user\":null}", "null"},
    };
    struct arena arena;
    arena_init(&arena, 1 << 24);
    assert_int_equal(read_text(WHOLE, &arena), STATUS_OK);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char text[2048];
        const char *at = strstr(WHOLE, changes[i].from);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - WHOLE), WHOLE, changes[i].to,
                 at + strlen(changes[i].from));
        if (read_text(text, &arena) != STATUS_FORMAT)
            fail_msg("%s was read", text);
    }
    for (size_t size = 0; size < strlen(WHOLE); size++) {
        char text[2048];
        snprintf(text, sizeof text, "%.*s", (int)size, WHOLE);
        assert_int_equal(read_text(text, &arena), STATUS_FORMAT);
    }
    static const char *const others[] = {"[]", "null", "\"x\"", "1", "{} {}", "{}"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(read_text(others[i], &arena), STATUS_FORMAT);
    arena_free(&arena);
}

static void names_of_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum approval_name_kind kind;
        bool id;
        uint64_t number;
    } cases[] = {
        {ID_A ".approval", APPROVAL_FILE, true, 0},
        {ID_A ".revoked", APPROVAL_REVOCATION, true, 0},
        {ID_A ".use.1", APPROVAL_USE, true, 1},
        {ID_A ".use.1000", APPROVAL_USE, true, 1000},
        {ID_A ".use.0", APPROVAL_NONE, true, 0},
        {ID_A ".use.01", APPROVAL_NONE, true, 0},
        {ID_A ".use.", APPROVAL_NONE, true, 0},
        {ID_A ".use.1x", APPROVAL_NONE, true, 0},
        {ID_A ".approval~", APPROVAL_NONE, true, 0},
        {ID_A "", APPROVAL_NONE, false, 0},
        {ID_A "x.approval", APPROVAL_NONE, false, 0},
        {"x.approval", APPROVAL_NONE, false, 0},
        {"01jda8aaaaaaaaaaaaaaaaaaaa.approval", APPROVAL_NONE, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct approval_name_parts parts = approval_name_parse(text_of(cases[i].name));
        if (parts.kind != cases[i].kind || (parts.id.size > 0) != cases[i].id ||
            (parts.kind == APPROVAL_USE && parts.number != cases[i].number))
            fail_msg("%s", cases[i].name);
        if (parts.kind != APPROVAL_NONE)
            assert_string_equal(approval_name_of(parts.id, parts.kind, parts.number).text,
                                cases[i].name);
    }
}

/* ------------------------------------------------------------------ which count */

static void which_files_count(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_add(&f, ID_A, 1);
    /* A file of another name between an approval and its revocation hides nothing. */
    fixture_put(&f, ID_A ".notes", "x");
    fixture_put(&f, ID_A ".revoked", "{}");
    fixture_put(&f, ID_B ".approval", "{}");
    fixture_put(&f, "x.approval", "{}");
    fixture_put(&f, ".x.approval", "{}");
    fixture_put(&f, "README", "what this is");
    fixture_put(&f, DECISION ".use.1", "{}");
    fixture_reopen(&f);
    assert_int_equal(f.store.count, 3);
    assert_int_equal(f.store.approvals[0].state, APPROVAL_REVOKED);
    assert_int_equal(f.store.approvals[1].state, APPROVAL_MALFORMED);
    assert_true(text_equal(f.store.approvals[1].id, TEXT(ID_B)));
    assert_int_equal(f.store.approvals[2].state, APPROVAL_MALFORMED);
    assert_int_equal(f.store.orphan_count, 1);
    assert_int_equal(approval_store_sweep(&f.store, clock_now_ms()), 0); /* too young */
    assert_int_equal(approval_store_sweep(&f.store, clock_now_ms() + 2 * CLOCK_HOUR), 1);
    assert_false(fixture_has(&f, DECISION ".use.1"));
    assert_true(fixture_has(&f, "README"));
    /* The name of one that was copied is not its id. */
    scratch_sh(f.directory, "rm -f *.approval *.revoked");
    fixture_add(&f, ID_A, 1);
    scratch_sh(f.directory, "mv " ID_A ".approval " ID_B ".approval");
    fixture_reopen(&f);
    assert_int_equal(f.store.approvals[0].state, APPROVAL_MALFORMED);
    fixture_free(&f);
}

static void trust(void **state)
{
    (void)state;
    struct fixture f;
    struct error err;
    fixture_init(&f);
    fixture_add(&f, ID_A, 1);
    scratch_sh(f.directory, "chmod g+w *.approval");
    fixture_reopen(&f);
    assert_int_equal(f.store.approvals[0].state, APPROVAL_UNTRUSTED);
    scratch_sh(f.directory, "rm *.approval; mkfifo " ID_A ".approval; mkdir " ID_B ".approval");
    fixture_reopen(&f);
    assert_int_equal(f.store.approvals[0].state, APPROVAL_UNTRUSTED);
    assert_int_equal(f.store.approvals[1].state, APPROVAL_UNTRUSTED);
    scratch_sh(f.directory,
               "rmdir *B.approval; rm *A.approval; head -c 70000 /dev/zero >" ID_A ".approval");
    fixture_reopen(&f);
    assert_int_equal(f.store.approvals[0].state, APPROVAL_MALFORMED);
    approval_store_close(&f.store);
    scratch_sh(f.directory, "chmod o+w .");
    assert_int_equal(approval_store_open(f.directory, false, INT64_MAX, &f.arena, &f.store, &err),
                     STATUS_TRUST);
    approval_store_close(&f.store);
    scratch_sh(f.directory, "chmod o-w .");
    assert_int_equal(approval_store_open(scratch_path(f.directory, "nowhere"), false, INT64_MAX,
                                         &f.arena, &f.store, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(approval_store_open(f.directory, false, 0, &f.arena, &f.store, &err),
                     STATUS_DEADLINE);
    fixture_free(&f);
}

/* ------------------------------------------------------------------ taking */

static void one_use_once(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t number;
    bool again;
    fixture_init(&f);
    fixture_add(&f, ID_A, 2);
    struct approval_use one = push_number(1), two = push_number(2), three = push_number(3);
    assert_int_equal(take(&f, &one, &number, &again), APPROVAL_OPEN);
    assert_int_equal(number, 1);
    assert_false(again);
    fixture_reopen(&f);
    assert_int_equal(f.store.approvals[0].used, 1);
    assert_int_equal(take(&f, &two, &number, &again), APPROVAL_OPEN);
    assert_int_equal(number, 2);
    assert_int_equal(take(&f, &three, &number, &again), APPROVAL_USED_UP);
    assert_int_equal(number, 0);
    fixture_reopen(&f);
    assert_int_equal(f.store.approvals[0].state, APPROVAL_USED_UP);
    /* What was given back is free, in the middle, too. */
    scratch_sh(f.directory, "rm " ID_A ".use.1");
    assert_int_equal(take(&f, &three, &number, &again), APPROVAL_OPEN);
    assert_int_equal(number, 1);
    struct approval_use read;
    struct error err;
    assert_int_equal(approval_store_use(&f.store, &f.store.approvals[0], 1, &read, &err),
                     STATUS_OK);
    assert_string_equal(read.push.hex, three.push.hex);
    assert_true(text_equal(read.pusher, TEXT("jdoe")));
    assert_true(text_equal(read.decision, TEXT(DECISION)));
    fixture_free(&f);
}

static void the_same_again(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t number;
    bool again;
    fixture_init(&f);
    fixture_add(&f, ID_A, 1);
    struct approval_use one = push_number(1);
    assert_int_equal(take(&f, &one, &number, &again), APPROVAL_OPEN);
    /* Not yet listed as used: found while taking. */
    assert_int_equal(take(&f, &one, &number, &again), APPROVAL_OPEN);
    assert_true(again);
    fixture_reopen(&f);
    assert_true(approval_store_again(&f.store, &f.store.approvals[0], &one, INT64_MAX));
    one.time_ms += 9 * CLOCK_MINUTE;
    assert_int_equal(take(&f, &one, &number, &again), APPROVAL_OPEN);
    assert_true(again);
    assert_int_equal(number, 1);
    one.time_ms += 2 * CLOCK_MINUTE;
    assert_int_equal(take(&f, &one, &number, &again), APPROVAL_USED_UP);
    /* Another pusher's is not the same, nor is one to another repository. */
    struct approval_use other = push_number(1);
    struct digest digest = digest_of(TEXT("push 1"));
    other.pusher = TEXT("rroe");
    other.push = approval_use_digest(&other, &digest);
    assert_int_equal(take(&f, &other, &number, &again), APPROVAL_USED_UP);
    other = push_number(1);
    other.repository = TEXT("PRJ/lib");
    other.push = approval_use_digest(&other, &digest);
    assert_int_equal(take(&f, &other, &number, &again), APPROVAL_USED_UP);
    /* A use that nobody can read is taken all the same. */
    fixture_put(&f, ID_A ".use.1", "{");
    one = push_number(1);
    assert_int_equal(take(&f, &one, &number, &again), APPROVAL_USED_UP);
    fixture_free(&f);
}

static void revoked_before_and_after(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t number;
    bool again;
    struct error err;
    fixture_init(&f);
    fixture_add(&f, ID_A, 3);
    struct approval_use one = push_number(1), two = push_number(2);
    const struct approval_revocation revocation = {{1, TEXT("boss"), TEXT_NONE}, TEXT("stop"), 5};
    assert_int_equal(take(&f, &one, &number, &again), APPROVAL_OPEN);
    assert_int_equal(approval_store_revoke(&f.store, &f.store.approvals[0], &revocation, &err),
                     STATUS_OK);
    assert_int_equal(approval_store_revoke(&f.store, &f.store.approvals[0], &revocation, &err),
                     STATUS_BUSY);
    assert_int_equal(take(&f, &two, &number, &again), APPROVAL_REVOKED);
    assert_false(fixture_has(&f, ID_A ".use.2"));
    assert_int_equal(take(&f, &one, &number, &again), APPROVAL_REVOKED); /* not again either */
    struct approval_revocation read;
    assert_int_equal(approval_store_revocation(&f.store, &f.store.approvals[0], &read, &err),
                     STATUS_OK);
    assert_true(text_equal(read.reason, TEXT("stop")));
    /* An approval that was removed by hand counts no more. */
    scratch_sh(f.directory, "rm *");
    assert_int_equal(take(&f, &two, &number, &again), APPROVAL_REVOKED);
    fixture_free(&f);
}

/* The three-push race: another push gives a number back that ours had passed by already. */
static void the_same_push_never_has_two(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t number;
    bool again;
    struct error err;
    fixture_init(&f);
    fixture_add(&f, ID_A, 3);
    struct approval_use ours = push_number(1), other = push_number(2);
    struct approval_hold hold;
    /* Nobody reads the directory again: to each of them, no use is taken yet. */
    assert_int_equal(
        approval_store_take(&f.store, &f.store.approvals[0], &other, INT64_MAX, &hold, &err),
        STATUS_OK);
    assert_int_equal(take(&f, &ours, &number, &again), APPROVAL_OPEN);
    assert_int_equal(number, 2);
    approval_store_settle(f.store.fd, &hold, false);
    assert_false(fixture_has(&f, ID_A ".use.1"));
    assert_int_equal(take(&f, &ours, &number, &again), APPROVAL_OPEN);
    assert_true(again);
    assert_int_equal(number, 2);
    assert_false(fixture_has(&f, ID_A ".use.1"));
    fixture_free(&f);
}

/* In another process, while we hold a use of the same push; the number, and 100 more if it was ours. */
static pid_t take_beside(struct fixture *f, const struct approval_use *use)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child)
        return child;
    struct approval approval = f->store.approvals[0];
    struct approval_hold hold;
    struct error err;
    if (approval_store_take(&f->store, &approval, use, INT64_MAX, &hold, &err) != STATUS_OK)
        _exit(99);
    approval_store_settle(f->store.fd, &hold, true);
    _exit((int)hold.number + (hold.again ? 100 : 0));
}

static int code_of(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A use that its push gives back after all lets nobody else in: not the same push either. */
static void nobody_relies_on_what_is_given_back(void **state)
{
    (void)state;
    static const bool keeps[] = {false, true};
    for (size_t i = 0; i < sizeof keeps / sizeof keeps[0]; i++) {
        struct fixture f;
        struct error err;
        fixture_init(&f);
        fixture_add(&f, ID_A, 1);
        f.store.alive_ms = CLOCK_HOUR;
        struct approval_use use = push_number(1);
        struct approval_hold hold;
        assert_int_equal(
            approval_store_take(&f.store, &f.store.approvals[0], &use, INT64_MAX, &hold, &err),
            STATUS_OK);
        pid_t child = take_beside(&f, &use);
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL); /* so that it has to wait */
        approval_store_settle(f.store.fd, &hold, keeps[i]);
        assert_int_equal(code_of(child), keeps[i] ? 101 : 1);
        assert_true(fixture_has(&f, ID_A ".use.1"));
        fixture_free(&f);
    }
}

/* A hook that was killed while it held a use: its push comes in with that one. */
static void what_a_dead_hook_held(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t number;
    bool again;
    struct error err;
    fixture_init(&f);
    fixture_add(&f, ID_A, 1);
    struct approval_use use = push_number(1);
    struct approval_hold hold;
    f.store.alive_ms = CLOCK_MINUTE;
    use.time_ms -= 2 * CLOCK_MINUTE;
    assert_int_equal(
        approval_store_take(&f.store, &f.store.approvals[0], &use, INT64_MAX, &hold, &err),
        STATUS_OK);
    use.time_ms += 2 * CLOCK_MINUTE;
    assert_int_equal(take(&f, &use, &number, &again), APPROVAL_OPEN);
    assert_true(again);
    /* One that may be alive still is waited for, until the deadline. */
    f.store.alive_ms = CLOCK_HOUR;
    assert_int_equal(approval_store_take(&f.store, &f.store.approvals[0], &use,
                                         clock_monotonic_us() + 20000, &hold, &err),
                     STATUS_DEADLINE);
    assert_true(fixture_has(&f, ID_A ".use.1"));
    fixture_free(&f);
}

static void an_answer_that_nfs_lost(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t number;
    bool again;
    fixture_init(&f);
    fixture_add(&f, ID_A, 1);
    struct approval_use one = push_number(1), two = push_number(2);
    link_mode = LINK_REPLY_LOST;
    assert_int_equal(take(&f, &one, &number, &again), APPROVAL_OPEN);
    assert_int_equal(number, 1);
    assert_false(again);
    assert_int_equal(take(&f, &two, &number, &again), APPROVAL_USED_UP);
    fixture_reopen(&f);
    assert_int_equal(f.store.approvals[0].used, 1);
    /* One that really failed takes nothing, and takes nobody else's away. */
    link_mode = LINK_BROKEN;
    assert_int_equal(take(&f, &two, &number, &again), APPROVAL_UNREADABLE);
    assert_true(fixture_has(&f, ID_A ".use.1"));
    fixture_reopen(&f);
    assert_int_equal(f.store.orphan_count, 0); /* no temporary file stays */
    fixture_free(&f);
}

/* ------------------------------------------------------------------ many at once */

#define PROCESSES 32
#define TRIES 8

/* A process: tries for several pushes of its own; exit status: how many uses it got. */
static void compete(struct fixture *f, unsigned process, int gate)
{
    char byte;
    unsigned got = 0;
    if (read(gate, &byte, 1) != 0) /* until all are there: the other end is closed */
        _exit(99);
    for (unsigned i = 0; i < TRIES; i++) {
        struct approval_hold hold;
        struct error err;
        struct approval_use use = push_number(process * TRIES + i);
        struct approval approval = f->store.approvals[0];
        if (approval_store_take(&f->store, &approval, &use, INT64_MAX, &hold, &err) != STATUS_OK)
            _exit(98);
        approval_store_settle(f->store.fd, &hold, true);
        got += approval.state == APPROVAL_OPEN;
    }
    _exit((int)got);
}

static void many_at_once(void **state)
{
    (void)state;
    static const uint64_t uses[] = {1, 2, 17};
    for (size_t u = 0; u < sizeof uses / sizeof uses[0]; u++) {
        struct fixture f;
        int gate[2];
        unsigned total = 0;
        fixture_init(&f);
        fixture_add(&f, ID_A, uses[u]);
        assert_int_equal(pipe(gate), 0);
        for (unsigned i = 0; i < PROCESSES; i++) {
            pid_t child = fork();
            assert_true(child >= 0);
            if (child == 0) {
                close(gate[1]);
                compete(&f, i, gate[0]);
            }
        }
        close(gate[1]);
        for (unsigned i = 0; i < PROCESSES; i++) {
            int status = 0;
            assert_true(wait(&status) > 0);
            assert_true(WIFEXITED(status));
            assert_true(WEXITSTATUS(status) <= TRIES);
            total += (unsigned)WEXITSTATUS(status);
        }
        close(gate[0]);
        assert_int_equal(total, uses[u]);
        fixture_reopen(&f);
        assert_int_equal(f.store.approvals[0].used, uses[u]);
        assert_int_equal(f.store.orphan_count, 0);
        fixture_free(&f);
    }
}

/* ------------------------------------------------------------------ the whole */

static void several_or_none(void **state)
{
    (void)state;
    struct fixture f;
    struct sample s;
    struct error err = {STATUS_OK, ""};
    fixture_init(&f);
    fixture_add(&f, ID_A, 1);
    sample_init(&s);
    const struct reason *reason = sample_rule(&s, VERDICT_REQUIRE_APPROVAL, "needs an approval");
    sample_attach(&s, sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE), reason);
    sample_attach(&s, sample_change(&s, TEXT("refs/heads/topic"), CHANGE_UPDATE), reason);
    sample_finish(&s, 1);
    s.push.now_ms = clock_now_ms();
    s.policy.approvals_directory = text_of(f.directory);
    struct decision before = s.decision;
    const struct approval_request request = {
        &s.policy, &s.push, DECISION, clock_monotonic_us() + 60 * INT64_C(1000000),
        &s.arena,  false};
    approval_grant(&request, &s.decision, &err);
    assert_int_equal(s.decision.verdict, VERDICT_REQUIRE_APPROVAL);
    assert_int_equal(s.decision.exit_code, 1);
    assert_false(fixture_has(&f, ID_A ".use.1"));
    /* Out of time: nothing is taken, and nobody says that there is none. */
    struct approval_request late = request;
    late.deadline_us = clock_monotonic_us();
    s.decision = before;
    approval_grant(&late, &s.decision, &err);
    assert_int_equal(err.code, STATUS_DEADLINE);
    assert_int_equal(s.decision.exit_code, 2);
    assert_int_equal(s.decision.verdict, VERDICT_REQUIRE_APPROVAL);
    err.code = STATUS_OK;
    /* The second one cannot be had: the first is given back. */
    static const struct text topic = {"topic", 5};
    struct approval second = sample(ID_B, 1);
    second.refs = (struct text_list){&topic, 1};
    assert_int_equal(approval_store_add(&f.store, &second, &err), STATUS_OK);
    link_mode = LINK_BROKEN;
    s.decision = before;
    approval_grant(&request, &s.decision, &err);
    assert_int_equal(s.decision.exit_code, 2);
    assert_int_equal(err.code, STATUS_IO);
    assert_true(s.decision.approval->problem.size > 0);
    link_mode = LINK_PLAIN;
    err.code = STATUS_OK;
    s.decision = before;
    approval_grant(&request, &s.decision, &err);
    assert_int_equal(err.code, STATUS_OK);
    assert_int_equal(s.decision.exit_code, 0);
    assert_int_equal(s.decision.approval->used_count, 2);
    assert_true(fixture_has(&f, ID_A ".use.1") && fixture_has(&f, ID_B ".use.1"));
    /* What cannot be recorded, and must be, is not let in after all: it gives back what it took. */
    scratch_sh(f.directory, "rm *.use.*");
    struct approval_holds holds = {0};
    s.decision = before;
    approval_grant_held(&request, &s.decision, &holds, &err);
    assert_int_equal(holds.count, 2);
    assert_true(fixture_has(&f, ID_A ".use.1") && fixture_has(&f, ID_B ".use.1"));
    approval_holds_end(&holds, false);
    assert_false(fixture_has(&f, ID_A ".use.1") || fixture_has(&f, ID_B ".use.1"));
    scratch_sh(f.directory, "test -z \"$(find . -name '.refgate*')\"");
    sample_free(&s);
    fixture_free(&f);
}

static void untouched_without_need(void **state)
{
    (void)state;
    struct sample s;
    struct error err = {STATUS_OK, ""};
    sample_init(&s);
    s.policy.approvals_directory = TEXT("/nowhere/at/all");
    const struct approval_request request = {&s.policy, &s.push,  DECISION,
                                             INT64_MAX, &s.arena, false};
    static const enum verdict verdicts[] = {VERDICT_ACCEPT, VERDICT_ANNOTATE, VERDICT_REJECT};
    size_t change = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        sample_attach(&s, change, sample_rule(&s, verdicts[i], "x"));
        sample_finish(&s, 1);
        approval_grant(&request, &s.decision, &err);
        assert_null(s.decision.approval);
        assert_int_equal(err.code, STATUS_OK);
    }
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 7: an approval is written and read", what_is_written_is_read, 0, 0, 0},
        {"semantics 7: what is malformed is none", malformed_files, 0, 0, 0},
        {"names of files", names_of_files, 0, 0, 0},
        {"semantics 7: which files count", which_files_count, 0, 0, 0},
        {"semantics 8: trust", trust, 0, 0, 0},
        {"semantics 7: a use is taken once", one_use_once, 0, 0, 0},
        {"semantics 7: the same push within ten minutes is free", the_same_again, 0, 0, 0},
        {"semantics 7: revoked before and after", revoked_before_and_after, 0, 0, 0},
        {"semantics 7: one push takes one use, when another gives one back",
         the_same_push_never_has_two, 0, 0, 0},
        {"semantics 7: nobody relies on a use that is given back",
         nobody_relies_on_what_is_given_back, 0, 0, 0},
        {"semantics 7: a use that a killed hook held", what_a_dead_hook_held, 0, 0, 0},
        {"semantics 7: NFS loses the answer of link(2)", an_answer_that_nfs_lost, 0, 0, 0},
        {"semantics 7: many at once never take more than there are", many_at_once, 0, 0, 0},
        {"semantics 7: a push takes all that it needs, or none", several_or_none, 0, 0, 0},
        {"semantics 7: other verdicts touch no file", untouched_without_need, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("approval store", tests, NULL, NULL);
}
