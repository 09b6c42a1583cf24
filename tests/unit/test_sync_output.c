/* command/sync_progress.h, sync_metrics.h, sync_lock.h, sync_gate.h: what a sync tells and asks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/sync_gate.h"
#include "command/sync_lock.h"
#include "command/sync_metrics.h"
#include "support/top.h"
#include "small_snapshot.h"

/* ------------------------------------------------------------------ progress */

static void assert_line(struct progress_view view, const char *want)
{
    struct buffer line;
    buffer_init(&line, SIZE_MAX);
    progress_line(&view, &line);
    assert_string_equal(line.data, want);
    buffer_free(&line);
}

static void lines(void **state)
{
    (void)state;
    struct progress_view view = {.stage = "", .phase = "instance", .left_ms = -1};
    assert_line(view, "instance");
    view.done = 7;
    view.requests = 9;
    assert_line(view, "instance 7, 9 requests");
    view = (struct progress_view){"", "repositories", 5200, 52000, 31200, 950.4, 140000, 0};
    assert_line(view, "repositories 5200/52000, 31200 requests, 950/s, 2m 20s left");
    view.rate = 4.96;
    view.waiting_ms = 4001;
    assert_line(view, "repositories 5200/52000, 31200 requests, 5.0/s, 429: waiting 5s");
    view = (struct progress_view){"building", "groups", 1, 2, 0, 0, -1, 0};
    assert_line(view, "building: groups 1/2");
    view = (struct progress_view){"writing", "", 0, 0, 0, 0, -1, 0};
    assert_line(view, "writing");
}

static void summaries(void **state)
{
    (void)state;
    struct buffer line;
    buffer_init(&line, SIZE_MAX);
    progress_summary("repositories", 52000, 312100, 312000, &line);
    assert_string_equal(line.data, "repositories: 52000 in 312 s, 312000 requests");
    line.size = 0;
    progress_summary("instance", 0, 1240, 40, &line);
    assert_string_equal(line.data, "instance: 1.2 s, 40 requests");
    buffer_free(&line);
}

static void what_is_left(void **state)
{
    (void)state;
    assert_int_equal(progress_left_ms(100, 400, 10000), 30000);
    assert_int_equal(progress_left_ms(400, 400, 10000), 0);
    assert_int_equal(progress_left_ms(100, 400, 1000), -1);  /* too early */
    assert_int_equal(progress_left_ms(3, 400, 10000), -1);   /* too little */
    assert_int_equal(progress_left_ms(100, 0, 10000), -1);   /* no total */
    double rate = progress_rate(0, 100, 1000000);
    assert_true(rate > 99 && rate < 101);
    double slower = progress_rate(rate, 0, 1000000);
    assert_true(slower < rate && slower > rate / 2);
    assert_true(progress_rate(rate, 5, 0) >= rate && progress_rate(rate, 5, 0) <= rate);
    for (int i = 0; i < 100; i++)
        slower = progress_rate(slower, 20, 1000000);
    assert_true(slower > 19.9 && slower < 20.1);
}

/* ------------------------------------------------------------------ metrics */

static void metrics(void **state)
{
    (void)state;
    const struct metric_sample samples[] = {
        {METRIC_SNAPSHOT_RECORDS, "users", 8},
        {METRIC_DURATION, NULL, 312.25},
        {METRIC_SNAPSHOT_RECORDS, "a\"b\\c\nd", 1e12},
        {METRIC_SUCCESS, NULL, 1},
    };
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    metrics_text(samples, sizeof samples / sizeof samples[0], &text);
    assert_string_equal(text.data,
                        "# HELP refgate_sync_success Did the last sync publish? 1 yes, 0 no.\n"
                        "# TYPE refgate_sync_success gauge\n"
                        "refgate_sync_success 1\n"
                        "# HELP refgate_sync_duration_seconds How long the last sync took.\n"
                        "# TYPE refgate_sync_duration_seconds gauge\n"
                        "refgate_sync_duration_seconds 312.250\n"
                        "# HELP refgate_snapshot_records What is in the snapshot.\n"
                        "# TYPE refgate_snapshot_records gauge\n"
                        "refgate_snapshot_records{kind=\"users\"} 8\n"
                        "refgate_snapshot_records{kind=\"a\\\"b\\\\c\\nd\"} 1000000000000\n");
    buffer_free(&text);
}

/* Each metric is described in the man page, and the page describes no other. */
static void manual(void **state)
{
    (void)state;
    static char page[128 * 1024];
    FILE *file = fopen("packaging/man/refgate-sync.8", "r");
    assert_non_null(file);
    size_t size = fread(page, 1, sizeof page - 1, file), found = 0;
    fclose(file);
    page[size] = '\0';
    for (size_t i = 0; i < SYNC_METRICS; i++) {
        char item[128];
        assert_non_null(sync_metric_rows[i].name);
        snprintf(item, sizeof item, "\n.It Li %s\n", sync_metric_rows[i].name);
        if (sync_metric_rows[i].label)
            snprintf(item, sizeof item, "\n.It Li %s Ns Brq %s\n", sync_metric_rows[i].name,
                     sync_metric_rows[i].label);
        if (!strstr(page, item))
            fail_msg("refgate-sync(8) lacks%s", item);
    }
    for (const char *at = page; (at = strstr(at, "\n.It Li refgate_")); at++)
        found++;
    assert_int_equal(found, SYNC_METRICS);
}

/* ------------------------------------------------------------------ lock */

static void who_has_the_lock(void **state)
{
    (void)state;
    uint64_t process = 0;
    int64_t since = 0;
    assert_true(sync_lock_parse(TEXT("123 2026-11-22T04:00:00Z\n"), &process, &since));
    assert_int_equal(process, 123);
    assert_int_equal(since, SMALL_NOW);
    static const char *const bad[] = {"",     "123",    "123 \n",  "x 2026-11-22T04:00:00Z\n",
                                      "1 2",  "1 noon\n", "123 2026-11-22T04:00:00Z"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(sync_lock_parse(text_of(bad[i]), &process, &since));
}

static void one_at_a_time(void **state)
{
    (void)state;
    struct error err;
    struct stat before, after;
    int fd, other;
    char want[64];
    const char *path = scratch_path(top, "s.cdb"), *lock = scratch_path(top, "s.cdb.lock");
    assert_int_equal(sync_lock_take(path, SMALL_NOW, &fd, &err), STATUS_OK);
    assert_int_equal(stat(lock, &before), 0);
    /* An open file description is what holds it: also this process is another one. */
    assert_int_equal(sync_lock_take(path, SMALL_NOW + 1, &other, &err), STATUS_BUSY);
    snprintf(want, sizeof want, "(process %ld, since 2026-11-22T04:00:00Z)", (long)getpid());
    assert_non_null(strstr(err.text, want));
    close(fd);
    assert_int_equal(sync_lock_take(path, SMALL_NOW, &fd, &err), STATUS_OK);
    assert_int_equal(stat(lock, &after), 0);
    assert_true(before.st_ino == after.st_ino); /* never removed */
    close(fd);
    /* The link and what it points to have one lock. */
    scratch_sh(top, "touch target.cdb; ln -s target.cdb link.cdb");
    assert_int_equal(sync_lock_take(scratch_path(top, "target.cdb"), SMALL_NOW, &fd, &err),
                     STATUS_OK);
    assert_int_equal(sync_lock_take(scratch_path(top, "link.cdb"), SMALL_NOW, &other, &err),
                     STATUS_BUSY);
    close(fd);
    assert_int_equal(sync_lock_take(scratch_path(top, "none/s.cdb"), SMALL_NOW, &fd, &err),
                     STATUS_IO);
    scratch_sh(top, "mkdir d.cdb.lock; ln -s s.cdb.lock l.cdb.lock");
    assert_int_equal(sync_lock_take(scratch_path(top, "d.cdb"), SMALL_NOW, &fd, &err), STATUS_IO);
    assert_int_equal(sync_lock_take(scratch_path(top, "l.cdb"), SMALL_NOW, &fd, &err), STATUS_IO);
}

/* A reader's lock on it would keep every sync away. */
static void nobody_else_can_open_the_lock(void **state)
{
    (void)state;
    struct error err;
    struct stat st;
    int fd;
    const char *path = scratch_path(top, "s.cdb"), *lock = scratch_path(top, "s.cdb.lock");
    mode_t before = umask(0);
    assert_int_equal(sync_lock_take(path, SMALL_NOW, &fd, &err), STATUS_OK);
    umask(before);
    close(fd);
    assert_int_equal(stat(lock, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(chmod(lock, 0644), 0);
    assert_int_equal(sync_lock_take(path, SMALL_NOW, &fd, &err), STATUS_OK);
    close(fd);
    assert_int_equal(stat(lock, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    /* What somebody linked there is not overwritten. */
    scratch_sh(top, "echo precious >other; ln other o.cdb.lock");
    assert_int_equal(sync_lock_take(scratch_path(top, "o.cdb"), SMALL_NOW, &fd, &err), STATUS_IO);
    scratch_sh(top, "test \"$(cat other)\" = precious");
}

/* ------------------------------------------------------------------ gate */

static void differences(void **state)
{
    (void)state;
    struct self_check check = {.pairs = 900, .too_little = 9};
    assert_true(sync_self_check_passes(&check));
    check.too_little = 10;
    assert_false(sync_self_check_passes(&check));
    check.too_little = 0;
    check.too_much = 1; /* of fewer than a thousand: none */
    assert_false(sync_self_check_passes(&check));
    check.pairs = 1000;
    assert_true(sync_self_check_passes(&check));
    check = (struct self_check){.pairs = 0};
    assert_true(sync_self_check_passes(&check));
    check.too_little = 1;
    assert_false(sync_self_check_passes(&check));
}

static enum answer sees_all(const struct view *view, const char *account, bool *known)
{
    enum answer answer;
    assert_int_equal(sync_account_sees_all(view, text_of(account), &answer, known, NULL), STATUS_OK);
    return answer;
}

/* acme: admin has SYS_ADMIN; jdoe is only licensed, through a group. */
static void accounts(void **state)
{
    (void)state;
    struct builder_summary summary;
    struct snapshot *snapshot;
    struct error err;
    struct arena arena;
    bool known = false;
    const char *path = scratch_path(top, "acme.cdb");
    assert_int_equal(small_replay("tests/fixtures/acme", path, false, &summary, &err), STATUS_OK);
    assert_int_equal(snapshot_open(path, NULL, 0, &snapshot, &err), STATUS_OK);
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    const struct view view = snapshot_view(snapshot, &arena);
    assert_int_equal(sees_all(&view, "ADMIN", &known), ANSWER_YES);
    assert_true(known);
    assert_int_equal(sees_all(&view, "jdoe", &known), ANSWER_NO);
    assert_true(known);
    assert_int_equal(sees_all(&view, "access-token-user/PRJ/1", &known), ANSWER_NO);
    assert_false(known);
    arena_free(&arena);
    snapshot_close(snapshot);
}

static enum status fake_user(void *self, struct text name, struct snapshot_user *out,
                             struct error *err)
{
    static const uint32_t groups[] = {2, 5};
    (void)self;
    (void)err;
    *out = (struct snapshot_user){.id = 1,
                                  .name = name,
                                  .groups = groups,
                                  .group_count = 2,
                                  .global_unsure = text_equal(name, TEXT("unsure"))};
    return STATUS_OK;
}

static enum status fake_groups(void *self, const struct group_grant **out, size_t *count,
                               struct error *err)
{
    (void)err;
    *out = self;
    *count = 2;
    return STATUS_OK;
}

static void accounts_by_group(void **state)
{
    (void)state;
    bool known;
    struct group_grant grants[] = {{2, false, PERMISSION_LICENSED_USER},
                                   {5, false, PERMISSION_ADMIN}};
    const struct view view = {.self = grants, .user = fake_user, .global_groups = fake_groups};
    assert_int_equal(sees_all(&view, "x", &known), ANSWER_YES);
    grants[1].group = 6;
    assert_int_equal(sees_all(&view, "x", &known), ANSWER_NO);
    assert_int_equal(sees_all(&view, "unsure", &known), ANSWER_CANNOT_TELL);
    grants[1].incomplete = true; /* its members could not all be read */
    assert_int_equal(sees_all(&view, "x", &known), ANSWER_CANNOT_TELL);
    grants[1].permission = PERMISSION_PROJECT_CREATE;
    assert_int_equal(sees_all(&view, "x", &known), ANSWER_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"progress: the line", lines, NULL, NULL, NULL},
        {"progress: a phase in a log", summaries, NULL, NULL, NULL},
        {"progress: what is left, and the rate", what_is_left, NULL, NULL, NULL},
        {"metrics: the format of the file", metrics, NULL, NULL, NULL},
        {"metrics: the man page lists them all", manual, NULL, NULL, NULL},
        {"lock: what is written into it", who_has_the_lock, NULL, NULL, NULL},
        {"lock: one at a time, whatever the name", one_at_a_time, NULL, NULL, NULL},
        {"lock: nobody else can open it", nobody_else_can_open_the_lock, NULL, NULL, NULL},
        {"self-check: how many differences are too many", differences, NULL, NULL, NULL},
        {"rights: who sees the whole instance", accounts, NULL, NULL, NULL},
        {"rights: through groups, and where it cannot be told", accounts_by_group, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("sync_output", tests, set_up, tear_down);
}
